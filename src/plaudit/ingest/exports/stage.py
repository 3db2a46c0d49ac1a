"""From an opened file to rows of text: one table per sort of row, one column per role, nothing judged yet."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from plaudit.engine import DuckEngine
from plaudit.errors import InputError
from plaudit.ingest import text as texts
from plaudit.ingest.exports.apis import Api
from plaudit.ingest.exports.documents import stage_api, stage_documents, stage_plain
from plaudit.ingest.exports.opening import Opened
from plaudit.ingest.exports.recognition import Known
from plaudit.ingest.exports.selects import IDS, columns_of, select_of

_BATCH = 1 << 17
_EXACT = 2.0**53


@dataclass
class Staged:
    """What became of one file: rows staged (table ``<sort>_rows``), and rows refused before they could be."""

    rows: int = 0
    rejects: texts.Rejects = field(default_factory=texts.Rejects)


def stage(engine: DuckEngine, number: int, file: Opened, known: Known, tick: Callable[[int], None]) -> Staged:
    """Append the rows of ``file`` to table ``<sort>_rows`` as file ``number``; ``tick`` hears the bytes read."""
    staged = Staged()
    table = f"{known.sort}_rows"
    if file.form == "parquet":
        staged.rows = _stage_parquet(engine, number, file, known, table, tick)
    elif file.form == "sheet":
        assert file.table is not None
        staged.rows = _stage_texts(engine, number, known, table, iter(file.table.to_batches(_BATCH)))
    elif file.form == "csv":
        assert file.shape is not None
        used = columns_of(known)
        at = {column: file.columns.index(column) for column in used}
        batches = texts.csv_batches(file.path, file.source.name, file.shape, sorted(at.values()), staged.rejects, tick)
        names = {f"c{place}": column for column, place in at.items()}
        renamed = (batch.rename_columns([names.get(one, one) for one in batch.schema.names]) for batch in batches)
        staged.rows = _stage_texts(engine, number, known, table, renamed)
    else:
        stage_documents(engine, number, file, staged.rejects, tick)
        staged.rows = stage_plain(engine, number, known, table, staged.rejects)
        engine.drop("docs")
    return staged


def stage_responses(
    engine: DuckEngine, files: Sequence[tuple[int, Opened]], api: Api, tick: Callable[[int], None]
) -> dict[int, Staged]:
    """Append the comments of numbered files of one platform's JSON to table ``comment_rows``; what became of each.

    Files go through together: a curve is hundreds of small exports, and asking for each anew would take the most time.
    """
    staged = {number: Staged() for number, _ in files}
    for number, file in files:
        stage_documents(engine, number, file, staged[number].rejects, tick)
    if engine.holds("docs"):
        stage_api(engine, api, "comment_rows")
        engine.drop("docs")
    if engine.holds("comment_rows"):
        counts = engine.arrow("SELECT file, count(*) AS n FROM comment_rows GROUP BY file")
        for number, rows in zip(counts.column("file").to_pylist(), counts.column("n").to_pylist(), strict=True):
            if number in staged:
                staged[number].rows = int(rows)
    return staged


def _stage_texts(engine: DuckEngine, number: int, known: Known, table: str, batches: Iterator[pa.RecordBatch]) -> int:
    used = columns_of(known)
    names = {column: f"c{at}" for at, column in enumerate(used)}

    def picked() -> Iterator[pa.RecordBatch]:
        for batch in batches:
            columns = [batch.column(batch.schema.get_field_index(one)) for one in ("row", *used)]
            yield pa.RecordBatch.from_arrays(columns, names=["row", *names.values()])

    return engine.read(table, picked(), select=f"{select_of(number, known, names)} FROM batch")


def _stage_parquet(
    engine: DuckEngine, number: int, file: Opened, known: Known, table: str, tick: Callable[[int], None]
) -> int:
    used = columns_of(known)
    ids = {column for role, column in known.roles.items() if role in IDS}

    def batches() -> Iterator[pa.RecordBatch]:
        row = 1
        try:
            with pq.ParquetFile(file.path) as parquet:
                for batch in parquet.iter_batches(batch_size=_BATCH, columns=used):
                    rows = pa.array(np.arange(row, row + batch.num_rows, dtype=np.int64))
                    row += batch.num_rows
                    columns = [_as_text(batch.column(one), file.source.name, one, one in ids) for one in used]
                    tick(file.source.bytes * row // max(1, parquet.metadata.num_rows))
                    yield pa.RecordBatch.from_arrays([rows, *columns], names=["row", *used])
        except (pa.ArrowInvalid, OSError) as error:
            raise InputError(
                f"{file.source.name} is damaged after row {row - 1}; write or fetch the Parquet file again."
            ) from error

    return _stage_texts(engine, number, known, table, batches())


def _as_text(values: pa.Array, file: str, column: str, is_id: bool) -> pa.Array:
    """A column of any type as the text an export would have written; ids that went through floats are refused."""
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    kind = values.type
    if pa.types.is_floating(kind):
        finite = values.filter(pc.fill_null(pc.is_finite(values), False))
        whole = pc.equal(pc.floor(finite), finite)
        if is_id and pc.any(pc.or_(pc.invert(whole), pc.greater_equal(pc.abs(finite), _EXACT))).as_py():
            raise InputError(
                f"{file}: column {column!r} holds floating-point numbers that are no exact ids (fractions, or beyond "
                "2^53 where digits are lost); export ids as text or integers."
            )
        if not is_id and pc.any(pc.is_nan(values)).as_py():
            return pc.if_else(pc.is_nan(values), "NaN", _numbers(values))
        return _numbers(values)
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        text = values.cast(pa.timestamp("ms"), safe=False).cast(pa.string())
        return pc.binary_join_element_wise(text, "Z", "") if getattr(kind, "tz", None) else text
    return values.cast(pa.string())


def _numbers(values: pa.Array) -> pa.Array:
    """Floats as text: whole ones without their point."""
    filled = pc.fill_null(pc.and_(pc.is_finite(values), pc.less(pc.abs(values), _EXACT)), False)
    whole = pc.and_(filled, pc.equal(pc.floor(pc.if_else(filled, values, 0.5)), values))
    digits = pc.if_else(whole, values, 0.0).cast(pa.int64(), safe=False).cast(pa.string())
    return pc.if_else(pc.is_valid(values), pc.if_else(whole, digits, values.cast(pa.string())), None)
