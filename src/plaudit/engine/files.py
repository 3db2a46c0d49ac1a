"""Files appear whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from plaudit.engine.base import Engine, mapped

ROW_GROUP = 1 << 18
"""Rows per Parquet row group: fixed, so that bytes do not depend on how batches arrived."""


@contextmanager
def atomic_path(path: Path | str) -> Iterator[Path]:
    """A temporary path beside ``path`` to write to; on success it is flushed to disk and renamed over ``path``.

    When the block raises, nothing appears at ``path`` and the temporary file is gone. The directory must exist.
    """
    final = Path(path)
    handle, name = tempfile.mkstemp(prefix=f".{final.name}.", suffix=".part", dir=final.parent)
    os.close(handle)
    part = Path(name)
    try:
        yield part
        with part.open("rb") as written:
            os.fsync(written.fileno())
        # mkstemp makes private files; a result should have the permissions any new file here would have.
        mask = os.umask(0)
        os.umask(mask)
        part.chmod(0o666 & ~mask)
        os.replace(part, final)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    _sync_directory(final.parent)


def write_parquet(
    source: pa.Table | Iterable[pa.RecordBatch], path: Path | str, schema: pa.Schema | None = None
) -> int:
    """Write rows as zstd Parquet by atomic rename and return their number.

    Args:
        source: an Arrow table, or batches in order (then ``schema`` is required).
        path: final place; its directory must exist.
        schema: schema of the file; rows are cast to it.

    The same rows give the same bytes whatever the batching (row groups are cut at fixed sizes).
    """
    if isinstance(source, pa.Table):
        schema = schema or source.schema
        batches: Iterable[pa.RecordBatch] = source.to_batches()
    else:
        batches = source
    if schema is None:
        raise ValueError("write_parquet needs a schema when it is given batches")
    rows = 0
    with atomic_path(path) as part, pq.ParquetWriter(part, schema, compression="zstd", compression_level=1) as writer:
        for table in _regroup(batches, schema):
            writer.write_table(table, row_group_size=ROW_GROUP)
            rows += table.num_rows
    return rows


def copy(name: str, source: Engine, to: Engine, folder: Path) -> int:
    """Carry relation ``name`` from one engine to another through a file in ``folder``; returns the rows carried.

    Memory holds one row group at a time. A relation of this name that ``to`` has already is replaced.
    """
    path = folder / f"{name}.parquet"
    source.write(f"SELECT * FROM {name}", path)
    try:
        with pq.ParquetFile(path) as file:
            to.drop(name)
            return to.read(name, mapped(file.iter_batches(ROW_GROUP), file.schema_arrow, lambda batch: batch))
    finally:
        path.unlink()


def _regroup(batches: Iterable[pa.RecordBatch], schema: pa.Schema) -> Iterator[pa.Table]:
    """Cut any batching into tables of ROW_GROUP rows (the last one shorter)."""
    waiting: list[pa.Table] = []
    held = 0
    for batch in batches:
        waiting.append(pa.Table.from_batches([batch]).cast(schema))
        held += batch.num_rows
        while held >= ROW_GROUP:
            whole = pa.concat_tables(waiting, promote_options="none")
            yield _joined(whole.slice(0, ROW_GROUP))
            rest = whole.slice(ROW_GROUP)
            waiting, held = [rest], rest.num_rows
    if held:
        yield _joined(pa.concat_tables(waiting, promote_options="none"))


def _joined(table: pa.Table) -> pa.Table:
    return table.unify_dictionaries().combine_chunks()


def _sync_directory(directory: Path) -> None:
    try:
        handle = os.open(directory, os.O_RDONLY)
    except OSError:  # a platform that cannot open directories has renamed already; there is nothing more to flush
        return
    try:
        os.fsync(handle)
    except OSError:
        pass  # some network file systems refuse; the rename itself stands
    finally:
        os.close(handle)
