"""What was named or passed in, as a list of readable sources with digests. No network, no pickle."""

from __future__ import annotations

import glob
import hashlib
import re
import shutil
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa

from plaudit.errors import InputError, UnknownInput

STDIN = "-"
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]+://")
_DIGEST_ROWS = 1 << 16
_MAGICS: tuple[tuple[bytes, str], ...] = (
    (b"PK\x03\x04", "a ZIP archive or an Excel workbook; unpack it, or save the sheet as CSV"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook; save the sheet as CSV"),
    (b"SQLite format 3", "an SQLite database; export the table as CSV"),
    (b"%PDF", "a PDF; export the log as CSV"),
    (b"BZh", "bzip2; recompress it with gzip or zstd"),
    (b"\xfd7zXZ", "xz; recompress it with gzip or zstd"),
    (b"ARROW1", "an Arrow IPC file; save it as Parquet"),
    (b"ORC", "an ORC file; save it as Parquet"),
    (b"Obj\x01", "an Avro file; save it as Parquet"),
)


@dataclass(frozen=True)
class Source:
    """One thing to read: a file at ``path``, or an in-memory ``table``. ``name`` is what messages call it."""

    name: str
    sha256: str
    bytes: int
    path: Path | None = None
    table: pa.Table | None = None

    @property
    def stem(self) -> str:
        """The name without directories and extensions: what a file is about when nothing inside says it."""
        return re.sub(r"(\.(csv|tsv|txt|jsonl|ndjson|json|parquet|gz|zst))+$", "", Path(self.name).name, flags=re.I)


def resolve(source: Any, spool: Path) -> list[Source]:
    """Every source named by ``source`` (path, glob, ``-``, table-like, or a sequence of those), in the order given.

    Args:
        source: see :func:`plaudit.ingest.read_events`.
        spool: directory for what arrives on standard input.

    Raises:
        InputError: nothing matches, a directory, a web address, or an object that is no table.
    """
    found: list[Source] = []
    for item in _items(source):
        if isinstance(item, str | Path):
            found.extend(_from_path(str(item), spool))
        else:
            found.append(_from_memory(item, f"table {len(found) + 1}"))
    if not found:
        raise InputError("no source was given: name a file, a glob, or - for standard input.")
    names = [one.name for one in found]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise InputError(f"{twice} is named twice: name each source once.")
    return found


def junk(head: bytes) -> str | None:
    """What a file that is no log is, when its first bytes tell."""
    for magic, words in _MAGICS:
        if head.startswith(magic):
            return words
    return None


def _items(source: Any) -> Iterable[Any]:
    if isinstance(source, Sequence) and not isinstance(source, str | bytes):
        return source
    return [source]


def _from_path(text: str, spool: Path) -> list[Source]:
    if text == STDIN:
        return [_from_stdin(spool)]
    if _SCHEME.match(text):
        raise InputError(
            f"{text} is a web or cloud address and Plaudit reads no network: download the file, then name it."
        )
    path = Path(text).expanduser()
    if path.is_dir():
        raise InputError(f"{text} is a directory: name the files in it, for example '{text.rstrip('/')}/*.parquet'.")
    if path.exists():
        return [_from_file(path, text)]
    if any(sign in text for sign in "*?["):
        matches = [one for one in sorted(glob.glob(str(path), recursive=True)) if Path(one).is_file()]
        if not matches:
            raise InputError(f"no file matches {text}: check the folder and the pattern.")
        return [_from_file(Path(one), one) for one in matches]
    raise InputError(f"{text} does not exist: check the path.")


def _from_file(path: Path, name: str) -> Source:
    try:
        size = path.stat().st_size
        with path.open("rb") as handle:
            digest = hashlib.file_digest(handle, "sha256").hexdigest()
    except OSError as error:
        raise InputError(f"{name} cannot be read ({error.strerror}): check its permissions.") from error
    if size == 0:
        raise UnknownInput(f"{name} is empty: nothing to read.", "empty")
    return Source(name=name, sha256=digest, bytes=size, path=path)


def _from_stdin(spool: Path) -> Source:
    stream: BinaryIO = sys.stdin.buffer
    path = spool / "stdin"
    # The format is told by the first and (for Parquet) last bytes, so a pipe is laid down on disk first.
    with path.open("wb") as handle:
        shutil.copyfileobj(stream, handle, 1 << 20)
    if path.stat().st_size == 0:
        raise InputError("standard input is empty: pipe a log into it, or name a file.")
    return _from_file(path, STDIN)


def _from_memory(item: Any, name: str) -> Source:
    if isinstance(item, pa.Table):
        table = item
    elif isinstance(item, pa.RecordBatch):
        table = pa.Table.from_batches([item])
    elif hasattr(item, "__arrow_c_stream__") or type(item).__module__.split(".")[0] == "pandas":
        table = _from_frame(item, name)
    else:
        raise _no_table(item)
    # Names beside the columns (pandas puts its index there) say nothing about the rows. By place: names may repeat.
    table = table.select([at for at, one in enumerate(table.column_names) if not one.startswith("__index_level_")])
    for at, column in enumerate(table.columns):
        if pa.types.is_dictionary(column.type) and pa.types.is_string_view(column.type.value_type):
            # Categories of polars: Arrow can neither cast nor unpack these, and can once their words are plain.
            chunks = [
                pa.DictionaryArray.from_arrays(one.indices, one.dictionary.cast(pa.string())) for one in column.chunks
            ]
            table = table.set_column(at, table.column_names[at], pa.chunked_array(chunks))
    if table.num_rows == 0:
        raise InputError(f"{name} has no rows: nothing to read.")
    return Source(name=name, sha256=_digest(table), bytes=int(table.nbytes), table=table)


def _from_frame(item: Any, name: str) -> pa.Table:
    """A frame, or whatever else streams Arrow, as a table."""
    try:
        if hasattr(item, "__arrow_c_stream__"):
            return pa.RecordBatchReader.from_stream(item).read_all()
        return pa.Table.from_pandas(item, preserve_index=False)
    except pa.ArrowException as error:
        if not hasattr(item, "columns"):
            raise _no_table(item) from error
        # Of columns that hold objects, pandas says nothing about what these are until one is asked.
        mixed = next((str(one) for one in item.columns if _is_mixed(item[one])), None)
        if mixed is None:
            raise InputError(f"{name} cannot be read as a table ({str(error).splitlines()[0]}).") from error
        raise InputError(
            f"{name}: column {mixed!r} holds values of several types; make it text first, such as "
            f"frame[{mixed!r}] = frame[{mixed!r}].astype('string')."
        ) from error


def _is_mixed(column: Any) -> bool:
    try:
        pa.array(column)
    except (pa.ArrowException, TypeError):
        return True
    return False


def _no_table(item: Any) -> InputError:
    return InputError(
        f"a {type(item).__name__} is neither a path nor a table: "
        "pass a file name, an Arrow table, or a pandas or polars frame."
    )


def _digest(table: pa.Table) -> str:
    """Digest of the rows alone: the same for a pandas, polars or Arrow holder and however it is cut into batches."""
    schema = pa.schema([pa.field(one.name, _plain(one.type)) for one in table.schema])
    canonical = table.replace_schema_metadata(None).cast(schema)
    sha = hashlib.sha256(str(schema).encode())
    for start in range(0, canonical.num_rows, _DIGEST_ROWS):
        batch = canonical.slice(start, _DIGEST_ROWS).combine_chunks().to_batches()[0]
        sha.update(batch.serialize())
    return sha.hexdigest()


def _plain(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_dictionary(kind):
        return _plain(kind.value_type)
    if pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return pa.string()
    return kind
