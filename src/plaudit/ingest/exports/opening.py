"""A file opened: its form, its columns or the beginning of its JSON, in UTF-8 whatever it was written in."""

from __future__ import annotations

import codecs
import csv
import json
import re
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from plaudit.errors import InputError, UnknownInput
from plaudit.ingest import text as texts
from plaudit.ingest.exports.sheets import sheet_of
from plaudit.ingest.sources import Source

Form = Literal["parquet", "sheet", "csv", "document", "lines"]
MAX_DEPTH = 50
"""Levels of JSON inside JSON beyond which a file is no export of anybody: real ones have six."""
_PARSED = 32 << 20
"""Characters of a document up to which it is parsed whole to be recognised."""
_NAMED_JSON = re.compile(r"\.(json|jsonl|ndjson)(\.(gz|zst))?$", re.IGNORECASE)
_SAMPLE = 200
_CHUNK = 1 << 20
_STRINGS = re.compile(r'"(?:[^"\\]|\\.)*"?', re.DOTALL)
_SIGNS = re.compile(r'"(?:[^"\\]|\\.)*"?|[\[\]{},]', re.DOTALL)


@dataclass(frozen=True)
class Opened:
    """One file, ready to be recognised.

    Attributes:
        source: the file as named.
        path: where to read it from: the file itself, or a UTF-8 copy of it.
        form: how its rows are held.
        columns: names of its columns (tables only).
        documents: the first parsed JSON values (JSON only; an outer list is opened).
        table: its rows as text, with ``row`` first (``sheet`` only).
        shape: how a CSV is cut.
        note: what was said about its encoding.
    """

    source: Source
    path: Path
    form: Form
    columns: tuple[str, ...] = ()
    documents: tuple[Any, ...] = ()
    table: pa.Table | None = None
    shape: texts.Shape | None = None
    note: str = ""
    samples: dict[str, list[str]] = field(default_factory=dict)


def opened(source: Source, spool: Path) -> Opened:
    """Open a file.

    Args:
        source: what to open; it has a path.
        spool: where a copy in UTF-8 may stand.

    Raises:
        InputError: the file is empty, cut off, damaged, binary, in an encoding that is not read, or nested too deeply.
    """
    path = source.path
    assert path is not None
    with path.open("rb") as handle:
        magic = handle.read(4)
    if magic == b"PAR1":
        return _parquet(source, path)
    if magic == b"PK\x03\x04" and _is_workbook(path, source.name):
        table = sheet_of(path, source.name)
        names = table.column_names[1:]
        seen = {name: [one for one in table.column(name)[:_SAMPLE].to_pylist() if one] for name in names}
        return Opened(source, path, "sheet", columns=tuple(names), table=table, samples=seen)
    path, note = _in_utf8(source, path, spool)
    head = texts.head_of(path, source.name)
    if head.lstrip()[:1] in ("{", "["):
        return _json(source, path, head, note)
    if _NAMED_JSON.search(source.name):
        raise InputError(
            f"{source.name} is named JSON and does not begin like it ({head.lstrip()[:20]!r}); is it complete?"
        )
    return _csv(source, path, head, note)


def depth_of(text: str) -> int:
    """Levels of JSON inside JSON; a bracket inside a string is none."""
    bare = np.frombuffer(_STRINGS.sub("", text).encode(), np.uint8)
    steps = np.isin(bare, (0x7B, 0x5B)).astype(np.int64) - np.isin(bare, (0x7D, 0x5D)).astype(np.int64)
    return int(np.cumsum(steps).max(initial=0))


def refuse_deep(text: str, name: str) -> None:
    """Refuse JSON of more than :data:`MAX_DEPTH` levels."""
    if text.count("[") + text.count("{") >= MAX_DEPTH and (depth := depth_of(text)) >= MAX_DEPTH:
        raise InputError(
            f"{name} is JSON of {depth} levels inside each other, and no export has {MAX_DEPTH}: it is damaged, or "
            "was made to do harm; export it again."
        )


def completed(text: str) -> str:
    """The longest beginning of cut-off JSON that ends with a whole element, with its brackets closed."""
    stack: list[str] = []
    kept, closers = 0, ""
    for match in _SIGNS.finditer(text):
        sign = match.group()
        if sign in "[{":
            stack.append("]" if sign == "[" else "}")
        elif sign in "]}":
            if not stack:
                break
            stack.pop()
            kept, closers = match.end(), "".join(reversed(stack))
        elif sign == ",":
            kept, closers = match.start(), "".join(reversed(stack))
    return text[:kept] + closers


def _parquet(source: Source, path: Path) -> Opened:
    try:
        with pq.ParquetFile(path) as file:
            if file.metadata.num_rows == 0:
                raise UnknownInput(f"{source.name} has columns and no rows: nothing to read.", "no_rows")
            names = [name for name in file.schema_arrow.names if file.schema_arrow.names.count(name) == 1]
            plain = [name for name in names if not pa.types.is_nested(file.schema_arrow.field(name).type)]
            first = next(file.iter_batches(batch_size=_SAMPLE, columns=plain))
    except (pa.ArrowInvalid, OSError, StopIteration) as error:
        raise InputError(f"{source.name} is a truncated or damaged Parquet file; write or fetch it again.") from error
    seen = {name: _as_text(first.column(name)) for name in plain}
    return Opened(source, path, "parquet", columns=tuple(plain), samples=seen)


def _as_text(values: pa.Array) -> list[str]:
    """What is there, as text. Moments are cast by Arrow: asked for objects, it would load all of pandas for them."""
    moments = pa.types.is_timestamp(values.type)
    return [str(one) for one in (values.cast(pa.string()) if moments else values).to_pylist() if one is not None]


def _csv(source: Source, path: Path, head: str, note: str) -> Opened:
    line = next(one for one in head.splitlines() if one.strip())
    if not any(len(texts.fields_of(line, sign, source.name)) > 1 for sign in ",\t;|"):
        raise UnknownInput(
            f"{source.name} has one column ({line.strip()[:60]!r}): a table needs several, separated by commas, tabs, "
            "semicolons or bars and named in the first line.",
            "one_column",
            repr(line.strip()[:60]),
        )
    names, delimiter, header = texts.header_of(head, source.name)
    if twice := [name for name in names if name and names.count(name) > 1]:
        raise InputError(f"{source.name} has several columns named {twice[0]!r}: rename all but one.")
    lines = [one for one in head.splitlines()[header : header + _SAMPLE] if one.strip()]
    rows = [row for row in _sampled(lines, delimiter) if len(row) == len(names)]
    seen = {name: [row[at] for row in rows if row[at]] for at, name in enumerate(names)}
    shape = texts.Shape(len(names), delimiter, header)
    return Opened(source, path, "csv", columns=tuple(names), shape=shape, note=note, samples=seen)


def _sampled(lines: list[str], delimiter: str) -> Iterator[list[str]]:
    """Rows up to one that is too long to be looked at; whoever reads them all says what is wrong with it."""
    with suppress(csv.Error):
        yield from csv.reader(lines, delimiter=delimiter)


def _json(source: Source, path: Path, head: str, note: str) -> Opened:
    lines = [line.strip() for line in head.splitlines() if line.strip()]
    if lines[0].startswith("{") and len(lines) > 1 and lines[1].startswith("{"):
        return Opened(source, path, "lines", documents=tuple(_parsed_lines(lines[:_SAMPLE], source.name)), note=note)
    named = _NAMED_JSON.search(source.name)
    if len(lines) == 1 and len(head) >= texts.HEAD // 4 and named and named[1].lower() != "json":
        # Whoever reads the lines says that this one has no end; read as one document, it would fill memory first.
        return Opened(source, path, "lines", note=note)
    whole = texts.document_of(path, source.name)
    refuse_deep(whole, source.name)
    try:
        value = json.loads(whole if len(whole) <= _PARSED else completed(head), parse_int=str)
    except ValueError as error:
        raise InputError(
            f"{source.name} is not valid JSON as a whole: it may be cut off; export it again, or one object a line."
        ) from error
    documents = tuple(value[:_SAMPLE]) if isinstance(value, list) else (value,)
    return Opened(source, path, "document", documents=documents, note=note)


def _parsed_lines(lines: list[str], name: str) -> Iterator[Any]:
    for line in lines:
        refuse_deep(line, name)
        try:
            yield json.loads(line, parse_int=str)
        except ValueError:  # broken lines are set apart when all are read; the last one may be cut off here
            continue


def _is_workbook(path: Path, name: str) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return "xl/workbook.xml" in archive.namelist()
    except (zipfile.BadZipFile, OSError) as error:
        raise InputError(f"{name} is a truncated or damaged Excel workbook; save or fetch it again.") from error


def _in_utf8(source: Source, path: Path, spool: Path) -> tuple[Path, str]:
    """The file, or where it is written as spreadsheets write it, in GB18030 (CSV in China) or UTF-16 with its mark
    ("Unicode text"), a copy in UTF-8.
    """
    codec = _codec_of(_raw(path, _CHUNK, source.name))
    if codec == "UTF-8":
        return path, ""
    copy = spool / f"{source.sha256}.utf8"
    decoder = codecs.getincrementaldecoder(codec)()
    with copy.open("w", encoding="utf-8", newline="") as out, _stream(path) as stream:
        try:
            while chunk := stream.read(_CHUNK):
                out.write(decoder.decode(bytes(chunk)))
            out.write(decoder.decode(b"", final=True))
        except UnicodeDecodeError as error:
            raise InputError(
                f"{source.name} begins in {codec} and goes on in something else; save it again as UTF-8."
            ) from error
        except OSError as error:
            raise InputError(
                f"{source.name} ends early or is damaged inside its compression; fetch it again."
            ) from error
    return copy, f"read as {codec}"


def _codec_of(head: bytes) -> str:
    """What a text is read in; UTF-8 also where it is none that is known, and is refused as such."""
    if head[:2] in (b"\xff\xfe", b"\xfe\xff") and head[:4] != b"\xff\xfe\0\0" and len(head) > 2:
        return "UTF-16"
    if _decodes(head, "utf-8") or b"\0" in head or not _is_gb18030(head):
        return "UTF-8"
    return "GB18030"


def _stream(path: Path) -> pa.NativeFile:
    with path.open("rb") as handle:
        packed = texts.compression_of(handle.read(4))
    file = pa.OSFile(str(path), "rb")
    return pa.CompressedInputStream(file, packed) if packed else file


def _raw(path: Path, size: int, name: str) -> bytes:
    try:
        with _stream(path) as stream:
            return bytes(stream.read(size))
    except OSError as error:
        raise InputError(
            f"{name} ends early or is damaged inside its compression; unpack it by hand, or fetch it again."
        ) from error


def _decodes(data: bytes, codec: str) -> bool:
    try:
        codecs.getincrementaldecoder(codec)().decode(data)
    except UnicodeDecodeError:
        return False
    return True


def _is_gb18030(data: bytes) -> bool:
    """Text whose every byte is GB18030 and whose letters beyond ASCII are nearly all common simplified Chinese.

    Big5 and Latin text also decode now and then; what comes out is rare characters, which GB 2312 does not hold.
    """
    if not _decodes(data, "gb18030"):
        return False
    beyond = [sign for sign in codecs.getincrementaldecoder("gb18030")().decode(data) if not sign.isascii()][:10_000]
    common = len("".join(beyond).encode("gb2312", "ignore")) // 2
    han = sum("\u4e00" <= sign <= "\u9fff" for sign in beyond)
    return han >= 2 and common >= 0.9 * len(beyond)
