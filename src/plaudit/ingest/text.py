"""CSV, TSV, JSON and JSON lines as Arrow batches: streamed, checked byte by byte, and bounded in memory.

Rows are numbered as an editor shows lines (a header is line 1); a quoted value that spans lines counts as one line, and
blank lines of a CSV are not counted.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv

from plaudit.errors import InputError, UnknownInput
from plaudit.ingest.sources import junk

MAX_LINE = 4 << 20
"""Longest line, in bytes. A longer one is no event, and reading it whole would cost the memory of the machine."""
MAX_DOCUMENT = 512 << 20
"""Largest JSON document that is one value instead of lines, in bytes after unpacking."""
_BLOCK = 2 * MAX_LINE
HEAD = 1 << 20
"""Bytes of a file that tell its kind."""
_KEPT = 200_000
_DELIMITERS = ",\t;|"
_SEPARATOR = re.compile(r'"?sep=.?"?', re.IGNORECASE)


@dataclass
class Rejects:
    """Rows refused before they could be told apart into columns."""

    rows: list[int] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    contents: list[str] = field(default_factory=list)

    def add(self, row: int, reason: str, content: str) -> None:
        """Note one row; contents are kept for the first 200,000 only, so that a hopeless file cannot fill memory."""
        self.rows.append(row)
        self.reasons.append(reason)
        self.contents.append(content[:200] if len(self.rows) <= _KEPT else "")


class CheckedText(io.RawIOBase):
    """Unpacked bytes of a text file; refuses NUL bytes, anything but UTF-8, and lines over :data:`MAX_LINE`.

    Attributes:
        lines, quotes: line ends and quote marks seen so far.
        position: bytes seen so far.
    """

    def __init__(self, stream: pa.NativeFile, name: str) -> None:
        super().__init__()
        self._stream, self._name = stream, name
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._pending = self._open_line = 0
        self.lines = self.quotes = self.position = 0

    def readable(self) -> bool:
        """Always."""
        return True

    def read(self, size: int = -1) -> bytes:
        """The next bytes, checked. Raises :class:`InputError`."""
        try:
            data = bytes(self._stream.read(size if size and size > 0 else HEAD))
        except OSError as error:
            raise InputError(
                f"{self._name} ends early or is damaged inside its compression; unpack it by hand, or fetch it again."
            ) from error
        self._check(data)
        return data

    def _check(self, data: bytes) -> None:
        if b"\0" in data:
            line = self.lines + data[: data.index(b"\0")].count(b"\n") + 1
            raise InputError(
                f"{self._name} line {line} holds NUL bytes: it is binary, UTF-16 or damaged; export it as UTF-8 text."
            )
        if self._pending or not data.isascii() or not data:
            self._check_utf8(data)
        self.lines += data.count(b"\n")
        self.quotes += data.count(b'"')
        self.position += len(data)
        self._check_lines(data)

    def _check_utf8(self, data: bytes) -> None:
        try:
            self._decoder.decode(data, final=not data)
        except UnicodeDecodeError as error:
            line = self.lines + data[: max(error.start, 0)].count(b"\n") + 1
            raise InputError(f"{self._name} line {line} is not UTF-8{_encoding_hint(data)}.") from error
        self._pending = len(self._decoder.getstate()[0])

    def _check_lines(self, data: bytes) -> None:
        first = _first_end(data)
        if first < 0:
            self._open_line += len(data)
        else:
            longest = self._open_line + first
            self._open_line = len(data) - max(data.rfind(b"\n"), data.rfind(b"\r")) - 1
            if longest <= MAX_LINE:
                return
        if self._open_line > MAX_LINE or first >= 0:
            raise InputError(
                f"{self._name} has a line longer than {MAX_LINE >> 20} MB (near line {self.lines + 1}): "
                "it is not a log with one event a line."
            )


def _first_end(data: bytes) -> int:
    ends = [place for place in (data.find(b"\n"), data.find(b"\r")) if place >= 0]
    return min(ends, default=-1)


def _encoding_hint(data: bytes) -> str:
    for codec, words in (("gb18030", "GBK/GB18030"), ("big5", "Big5")):
        try:
            decoded = codecs.getincrementaldecoder(codec)().decode(data)
        except UnicodeDecodeError:
            continue
        # Latin text with accents also decodes as GBK now and then; runs of common Han characters do not come by chance.
        if sum("\u4e00" <= sign <= "\u9fff" for sign in decoded[:100_000]) >= 2:
            return f" and looks like {words}; convert it with iconv -f {codec.upper()} -t UTF-8"
    return "; convert it with iconv -f THE_ENCODING -t UTF-8, or save it again as UTF-8"


def compression_of(head: bytes) -> str | None:
    """``gzip``, ``zstd`` or None, by the first bytes: file endings lie."""
    if head.startswith(b"\x1f\x8b"):
        return "gzip"
    return "zstd" if head.startswith(b"\x28\xb5\x2f\xfd") else None


def open_text(path: Path, name: str) -> CheckedText:
    """A text file from its first byte, unpacked where it is compressed."""
    with path.open("rb") as handle:
        compression = compression_of(handle.read(4))
    stream = pa.OSFile(str(path), "rb")
    return CheckedText(pa.CompressedInputStream(stream, compression) if compression else stream, name)


def head_of(path: Path, name: str) -> str:
    """The first megabyte of a text file (cut back to whole characters), after refusing what is no text."""
    with path.open("rb") as handle:
        raw = handle.read(64)
    if words := junk(raw):
        raise InputError(f"{name} is {words}.")
    packed = compression_of(raw)
    text = open_text(path, name)
    if not packed and raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise InputError(f"{name} is UTF-16; save it again as UTF-8 (iconv -f UTF-16 -t UTF-8).")
    if not packed and _looks_binary(raw):
        raise InputError(f"{name} is binary, not a log: Plaudit reads CSV, TSV, JSON lines and Parquet, text as UTF-8.")
    data = text.read(HEAD)
    if packed and data[:4] == b"PAR1":
        raise InputError(f"{name} is a Parquet file inside {packed}; unpack it, Parquet is compressed already.")
    if packed and (words := junk(data)):
        raise InputError(f"{name} holds {words}.")
    if not data.strip():
        raise UnknownInput(f"{name} is empty: nothing to read.", "empty")
    return data.decode("utf-8", errors="ignore").removeprefix("\ufeff")


def _looks_binary(raw: bytes) -> bool:
    controls = sum(byte < 32 and byte not in b"\t\n\r\f\x1b" for byte in raw)
    return controls > len(raw) // 16


@dataclass(frozen=True)
class Shape:
    """How a CSV is cut: number of columns, the sign between them, and the line of the header (1 for the first)."""

    width: int
    delimiter: str
    header: int


def fields_of(line: str, delimiter: str, name: str) -> list[str]:
    """The fields of a CSV's header.

    Raises:
        InputError: one is longer than any name of a column.
    """
    try:
        return next(csv.reader([line], delimiter=delimiter))
    except csv.Error as error:
        raise InputError(
            f"{name} begins with a field of more than {csv.field_size_limit():,} signs: the first line names the "
            "columns, and the lines need ends; export it again."
        ) from error


def header_of(head: str, name: str) -> tuple[list[str], str, int]:
    """Column names, delimiter and line number of a CSV's header, its first line that is not blank.

    Raises:
        InputError: there is one column, or nothing after the header.
    """
    lines = head.splitlines()
    # Spreadsheets may say before the header what separates fields ("sep=;"); the header itself shows it.
    number = next((at for at, one in enumerate(lines) if one.strip() and not _SEPARATOR.fullmatch(one.strip())), 0)
    line = lines[number]
    counts = {sign: len(fields_of(line, sign, name)) for sign in _DELIMITERS}
    delimiter = max(_DELIMITERS, key=lambda sign: counts[sign])
    columns = [column.strip() for column in fields_of(line, delimiter, name)]
    if counts[delimiter] < 2:
        raise InputError(
            f"{name} has one column ({line.strip()[:60]!r}): a log needs actor, target and time, separated by commas, "
            "tabs, semicolons or bars and named in the first line."
        )
    if len(head) < HEAD // 4 and not any(one.strip() for one in lines[number + 1 :]):
        held = ", ".join(repr(column) for column in columns[:20])
        raise UnknownInput(f"{name} has a header and no rows: nothing to read.", "no_rows", held)
    return columns, delimiter, number + 1


def csv_batches(
    path: Path, name: str, shape: Shape, wanted: list[int], rejects: Rejects, tick: Callable[[int], None]
) -> Iterator[pa.RecordBatch]:
    """Batches of ``row`` (int64) and ``c<i>`` (string) per column number ``wanted``; ragged rows go to ``rejects``."""
    columns = [f"c{number}" for number in range(shape.width)]
    text = open_text(path, name)

    def ragged(row: pacsv.InvalidRow) -> str:
        rejects.add(int(row.number), f"row has another number of fields than the header ({shape.width})", str(row.text))
        return "skip"

    options = pacsv.ParseOptions(
        delimiter=shape.delimiter, newlines_in_values=True, ignore_empty_lines=True, invalid_row_handler=ragged
    )
    kept = [f"c{number}" for number in wanted]
    rows = yield from _stream(text, name, columns, kept, options, rejects, tick, skip=shape.header)
    # A producer that quotes at all closes its quotes. An odd number of marks with line ends inside values means that
    # one open quote has swallowed whole rows, and silence about them would be a wrong count.
    if text.quotes % 2 and text.lines > rows + len(rejects.rows) + shape.header + 1:
        raise InputError(
            f"{name} has a quote mark that is never closed and swallows rows; remove stray quote marks, or double them."
        )


def line_batches(path: Path, name: str, rejects: Rejects, tick: Callable[[int], None]) -> Iterator[pa.RecordBatch]:
    """Batches of ``row`` (int64) and ``line`` (string) of a text file; blank lines come as empty strings."""
    text = open_text(path, name)

    def odd(row: pacsv.InvalidRow) -> str:
        rejects.add(int(row.number), "not valid JSON", str(row.text))
        return "skip"

    # The unit separator may not stand raw in JSON, so a reader of one column never splits a line that is valid.
    options = pacsv.ParseOptions(
        delimiter="\x1f", quote_char=False, double_quote=False, ignore_empty_lines=False, invalid_row_handler=odd
    )
    yield from _stream(text, name, ["line"], ["line"], options, rejects, tick, skip=0)


def document_of(path: Path, name: str) -> str:
    """A whole JSON document, unpacked. Raises :class:`InputError` when it is larger than :data:`MAX_DOCUMENT`."""
    text = _Unlined(open_text(path, name))
    whole = bytearray()
    while data := text.read():
        whole += data
        if len(whole) > MAX_DOCUMENT:
            raise InputError(
                f"{name} is one JSON value of more than {MAX_DOCUMENT >> 20} MB; write one event a line (JSONL)."
            )
    return whole.decode("utf-8-sig")


class _Unlined:
    """Checked text without the limit on line length: a document may be one line."""

    def __init__(self, text: CheckedText) -> None:
        self._text = text

    def read(self) -> bytes:
        self._text._open_line = -MAX_DOCUMENT
        return self._text.read(HEAD)


def _stream(
    text: CheckedText,
    name: str,
    columns: list[str],
    kept: list[str],
    options: pacsv.ParseOptions,
    rejects: Rejects,
    tick: Callable[[int], None],
    *,
    skip: int,
) -> Generator[pa.RecordBatch, None, int]:
    last = skip
    rows = 0
    try:
        reader = pacsv.open_csv(
            pa.PythonFile(text, mode="r"),
            # One thread: only then does the parser know the number of a row it rejects.
            read_options=pacsv.ReadOptions(use_threads=False, block_size=_BLOCK, column_names=columns, skip_rows=skip),
            parse_options=options,
            convert_options=pacsv.ConvertOptions(
                column_types={column: pa.string() for column in columns}, include_columns=kept, check_utf8=False
            ),
        )
        for batch in reader:
            numbers = _numbers(last, batch.num_rows, rejects.rows)
            last = int(numbers[-1]) if numbers.size else last
            rows += batch.num_rows
            tick(text.position)
            yield pa.RecordBatch.from_arrays([pa.array(numbers), *batch.columns], names=["row", *kept])
    except pa.ArrowInvalid as error:
        if "empty" in str(error).lower():
            return rows
        raise InputError(
            f"{name} cannot be split into rows after line {last}: "
            "most likely a quote mark is opened there and never closed."
        ) from error
    return rows


def _numbers(last: int, count: int, rejected: list[int]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Line numbers of ``count`` good rows after line ``last``, stepping over the rejected ones."""
    if not rejected or rejected[-1] <= last:
        return np.arange(last + 1, last + 1 + count, dtype=np.int64)
    bad = np.asarray(rejected, dtype=np.int64)
    bad = bad[bad > last]
    candidates = np.arange(last + 1, last + 1 + count + bad.size, dtype=np.int64)
    return candidates[~np.isin(candidates, bad)][:count]
