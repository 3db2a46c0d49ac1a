"""From any source to the staging table ``raw``: one row per event with the text of each role, typed by nothing yet."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from plaudit.engine import DuckEngine
from plaudit.errors import InputError
from plaudit.ingest import text as texts
from plaudit.ingest.clean import ABSENT, ahead, cleaned, is_text
from plaudit.ingest.columns import READ_ROLES
from plaudit.ingest.layouts import Plan, paths_of, plan
from plaudit.ingest.sources import Source
from plaudit.ingest.times import columns_sql, stripped

BATCH_ROWS = 1 << 18
_SAMPLE = 2000
_HOLDERS = ("items", "events", "likes", "rows", "results", "records", "list")
_LISTS = (
    "$",
    *(f"$.{name}" for name in ("orderedItems", "data", *_HOLDERS)),
    *(f"$.data.{name}" for name in _HOLDERS),
    "$.first.orderedItems",
    "$.first.items",
)
_EXACT = 2.0**53
_NOTHING = ", ".join(f"'{word}'" for word in ("", *ABSENT))


@dataclass
class Staged:
    """What became of one source: its plan, rows refused before columns could be told apart, and how many are staged."""

    shown: dict[str, str]
    native_time: bool
    guessed_id: bool
    rejects: texts.Rejects = field(default_factory=texts.Rejects)
    rows: int = 0


def stage(
    engine: DuckEngine, number: int, source: Source, mapping: dict[str, str], tick: Callable[[int], None]
) -> Staged:
    """Append the rows of ``source`` to table ``raw`` as file ``number``; ``tick`` hears how many bytes are read."""
    if source.table is not None:
        return _stage_arrow(
            engine, number, source, source.table.schema, iter(source.table.to_batches(BATCH_ROWS)), mapping
        )
    assert source.path is not None
    with source.path.open("rb") as handle:
        if handle.read(4) == b"PAR1":
            return _stage_parquet(engine, number, source, source.path, mapping, tick)
    head = texts.head_of(source.path, source.name)
    first = head.lstrip()[:1]
    suffix = "".join(source.path.suffixes[-2:]).lower()
    if first in ("{", "[") and ".csv" not in suffix and ".tsv" not in suffix:
        return _stage_json(engine, number, source, source.path, head, mapping, tick)
    if any(one in suffix for one in (".json", ".ndjson")):
        raise InputError(
            f"{source.name} is named JSON and does not begin like it ({head.lstrip()[:20]!r}); is it complete?"
        )
    return _stage_csv(engine, number, source, source.path, head, mapping, tick)


def _select(number: int, plan: Plan, time: str, clean: Container[str] = ()) -> str:
    """SELECT from one batch into the columns of ``raw``; texts that are columns in ``clean`` are taken as they are."""
    roles = []
    for role in READ_ROLES:
        if role == "at":
            continue
        text = plan.texts.get(role)
        if text is None:
            roles.append(f"CAST(NULL AS VARCHAR) AS {role}")
        elif text in clean:
            roles.append(f"{text} AS {role}")
        else:
            bare = stripped(text)
            roles.append(f"CASE WHEN {bare} NOT IN ({_NOTHING}) THEN {bare} END AS {role}")
    return f"SELECT CAST({number} AS INTEGER) AS file, CAST(row AS BIGINT) AS row, {', '.join(roles)}, {time}"


def _stage_csv(
    engine: DuckEngine,
    number: int,
    source: Source,
    path: Path,
    head: str,
    mapping: dict[str, str],
    tick: Callable[[int], None],
) -> Staged:
    columns, delimiter, header = texts.header_of(head, source.name)
    labels = _told_apart(columns)
    used: dict[str, int] = {}

    def text(column: str) -> str:
        used[column] = labels.index(column)
        return f"c{used[column]}"

    chosen = plan(source.name, labels, mapping, text, stem=source.stem, document=False)
    time = columns_sql(text(chosen.at), pa.string())
    staged = Staged(dict(chosen.shown), native_time=False, guessed_id=chosen.guessed_id)
    if twice := [name for name in map(columns.__getitem__, used.values()) if columns.count(name) > 1]:
        raise _named_twice(source.name, twice[0])
    wanted = sorted(set(used.values()))
    shape = texts.Shape(len(columns), delimiter, header)
    batches = texts.csv_batches(path, source.name, shape, wanted, staged.rejects, tick)

    def clean() -> Iterator[pa.RecordBatch]:
        for batch in batches:
            row, *values = batch.columns
            yield pa.RecordBatch.from_arrays([row, *map(cleaned, values)], schema=batch.schema)

    plain = {f"c{one}" for one in wanted}
    staged.rows = engine.read("raw", ahead(clean()), select=f"{_select(number, chosen, time, plain)} FROM batch")
    return staged


def _stage_json(
    engine: DuckEngine,
    number: int,
    source: Source,
    path: Path,
    head: str,
    mapping: dict[str, str],
    tick: Callable[[int], None],
) -> Staged:
    rejects = texts.Rejects()
    if _is_document(head):
        batches = iter(_document_batches(engine, texts.document_of(path, source.name), source.name))
    else:
        batches = texts.line_batches(path, source.name, rejects, tick)
    first = next(batches, None)
    if first is None:
        raise InputError(f"{source.name} holds no JSON objects: nothing to read.")
    step = max(1, first.num_rows // _SAMPLE)
    paths = paths_of(first.column("line").take(pa.array(range(0, first.num_rows, step))).to_pylist())
    if not paths:
        raise InputError(
            f'{source.name} holds no readable JSON objects: each line must be one event like {{"actor": …}}.'
        )
    asked: dict[str, tuple[str, ...]] = {}

    def text(column: str) -> str:
        # A layout may ask for a path that the sample does not show; its keys are then as it is written.
        asked.setdefault(column, paths.get(column, tuple(column.split("."))))
        value = f"v[{list(asked).index(column) + 1}]"
        # A value that is an object or a list here is no id; its leaves are paths of their own.
        return f"CASE WHEN {value}[1] NOT IN ('{{', '[') OR {value} IS NULL THEN {value} END"

    chosen = plan(source.name, list(paths), mapping, text, stem=source.stem, document=True)
    time = columns_sql(text(chosen.at), pa.string())
    staged = Staged(dict(chosen.shown), native_time=False, guessed_id=chosen.guessed_id, rejects=rejects)
    quoted = ", ".join("'$." + ".".join(f'"{_escaped(part)}"' for part in keys) + "'" for keys in asked.values())
    values = f"SELECT row, json_extract_string(line, [{quoted}]) AS v FROM batch WHERE fine"
    staged.rows = engine.read(
        "raw",
        _parted(chain([first], batches), rejects, engine),
        select=f"{_select(number, chosen, time)} FROM ({values})",
    )
    return staged


def _escaped(part: str) -> str:
    return part.replace("\\", "\\\\").replace('"', '\\"').replace("'", "''")


def _parted(batches: Iterator[pa.RecordBatch], rejects: texts.Rejects, engine: DuckEngine) -> Iterator[pa.RecordBatch]:
    """Batches without blank lines; lines that are not JSON objects go to ``rejects``."""
    for batch in batches:
        engine.drop("lines_now")
        engine.read(
            "lines_now",
            [batch],
            select="SELECT row, line, "
            "CASE WHEN json_valid(line) THEN json_type(line) = 'OBJECT' ELSE FALSE END AS fine "
            "FROM batch WHERE trim(line, ' \t\r') <> ''",
        )
        broken = engine.arrow(
            "SELECT row, CASE WHEN json_valid(line) THEN 'not a JSON object' ELSE 'not valid JSON' END AS reason, "
            "substr(line, 1, 200) AS content FROM lines_now WHERE NOT fine ORDER BY row"
        )
        rejects.rows.extend(broken.column("row").to_pylist())
        rejects.reasons.extend(broken.column("reason").to_pylist())
        rejects.contents.extend(broken.column("content").to_pylist())
        fine = engine.arrow("SELECT row, line, fine FROM lines_now WHERE fine ORDER BY row")
        engine.drop("lines_now")
        yield from fine.combine_chunks().to_batches()


def _is_document(head: str) -> bool:
    """One JSON value for the whole file (a list, or an object around a list) rather than one object a line."""
    lines = [line.strip() for line in head.splitlines() if line.strip()]
    if lines[0].startswith("["):
        return True
    if len(lines) == 1:
        return any(f'"{one.rsplit(".", 1)[1]}"' in lines[0] for one in _LISTS[1:])
    # Lines of a pretty-printed object go on where JSON lines would begin anew.
    return not lines[1].startswith("{")


def _document_batches(engine: DuckEngine, document: str, name: str) -> list[pa.RecordBatch]:
    engine.read("document", [pa.record_batch({"text": pa.array([document], pa.large_string())})])
    try:
        if not engine.arrow("SELECT json_valid(text) AS fine FROM document").column("fine")[0].as_py():
            raise InputError(
                f"{name} is not valid JSON as a whole: it may be cut off; export it again, or one event a line."
            )
        for path in _LISTS:
            if (
                engine.arrow(f"SELECT json_type(text, '{path}') AS kind FROM document").column("kind")[0].as_py()
                == "ARRAY"
            ):
                items = f"SELECT unnest(json_extract(text, '{path}[*]')) AS item, "
                rows = "generate_subscripts(json_extract(text, '" + path + "[*]'), 1) AS row FROM document"
                table = engine.arrow(f"SELECT row, CAST(item AS VARCHAR) AS line FROM ({items}{rows}) ORDER BY row")
                typed = table.cast(pa.schema([("row", pa.int64()), ("line", pa.string())]))
                return list(typed.to_batches(BATCH_ROWS))
        if engine.arrow("SELECT json_type(text) AS kind FROM document").column("kind")[0].as_py() != "OBJECT":
            raise InputError(f"{name} is JSON and holds no list of events.")
        return [pa.record_batch({"row": pa.array([1], pa.int64()), "line": pa.array([document], pa.string())})]
    finally:
        engine.drop("document")


def _stage_parquet(
    engine: DuckEngine, number: int, source: Source, path: Path, mapping: dict[str, str], tick: Callable[[int], None]
) -> Staged:
    try:
        # memory_map stays off: a file that shrinks while it is mapped kills the process instead of raising.
        file = pq.ParquetFile(path)
    except (pa.ArrowInvalid, OSError) as error:
        raise InputError(f"{source.name} is a truncated or damaged Parquet file; write or fetch it again.") from error
    with file:
        if file.metadata.num_rows == 0:
            raise InputError(f"{source.name} has columns and no rows: nothing to read.")
        wanted = _planned(source, file.schema_arrow, mapping)[3]

        def batches() -> Iterator[pa.RecordBatch]:
            done = 0
            try:
                for batch in file.iter_batches(batch_size=BATCH_ROWS, columns=wanted):
                    done += batch.num_rows
                    tick(source.bytes * done // file.metadata.num_rows)
                    yield batch
            except (pa.ArrowInvalid, OSError) as error:
                raise InputError(
                    f"{source.name} is damaged after row {done}; write or fetch the Parquet file again."
                ) from error

        return _stage_arrow(engine, number, source, file.schema_arrow, batches(), mapping)


def _planned(source: Source, schema: pa.Schema, mapping: dict[str, str]) -> tuple[Plan, str, bool, list[str]]:
    """Plan, SQL of the time, whether times are native, and the columns needed."""
    used: list[str] = []

    def text(column: str) -> str:
        if column not in used:
            used.append(column)
        kind = _kind_of(source.name, schema, column)
        quoted = f"c{used.index(column)}"
        if pa.types.is_floating(kind):
            return f"CAST(CAST(CASE WHEN isfinite({quoted}) THEN {quoted} END AS BIGINT) AS VARCHAR)"
        if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind):
            return f"decode({quoted})"
        if is_text(kind):
            return quoted
        if pa.types.is_nested(kind):
            raise InputError(f"{source.name}: column {column!r} holds lists or records, not ids; flatten it first.")
        return f"CAST({quoted} AS VARCHAR)"

    chosen = plan(source.name, _told_apart(schema.names), mapping, text, stem=source.stem, document=False)
    kind = _kind_of(source.name, schema, chosen.at)
    if chosen.at not in used:
        used.append(chosen.at)
    native = pa.types.is_timestamp(kind) or pa.types.is_date(kind)
    numeric = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    quoted = f"c{used.index(chosen.at)}"
    return chosen, columns_sql(quoted if native or numeric else f"CAST({quoted} AS VARCHAR)", kind), native, used


def _stage_arrow(
    engine: DuckEngine,
    number: int,
    source: Source,
    schema: pa.Schema,
    batches: Iterator[pa.RecordBatch],
    mapping: dict[str, str],
) -> Staged:
    chosen, time, native, wanted = _planned(source, schema, mapping)
    ids = [name for name in wanted if name != chosen.at and pa.types.is_floating(_value_type(schema.field(name).type))]

    def numbered() -> Iterator[pa.RecordBatch]:
        row = 1
        for batch in batches:
            columns = [
                cleaned(batch.column(name)) if is_text(batch.column(name).type) else _in_ms(batch.column(name))
                for name in wanted
            ]
            for name in ids:
                _refuse_rounded(source.name, name, columns[wanted.index(name)])
            rows = pa.array(np.arange(row, row + batch.num_rows, dtype=np.int64))
            row += batch.num_rows
            yield pa.RecordBatch.from_arrays([rows, *columns], names=["row", *(f"c{i}" for i in range(len(wanted)))])

    try:
        plain = {f"c{at}" for at, name in enumerate(wanted) if is_text(schema.field(name).type)}
        rows = engine.read("raw", ahead(numbered()), select=f"{_select(number, chosen, time, plain)} FROM batch")
    except InputError:
        raise
    except Exception as error:
        if "decode" not in str(error).lower() and "utf" not in str(error).lower():
            raise
        raise InputError(
            f"{source.name}: an id column holds bytes that are not UTF-8 text; export ids as text."
        ) from error
    return Staged(dict(chosen.shown), native_time=native, guessed_id=chosen.guessed_id, rows=rows)


def _in_ms(values: pa.Array) -> pa.Array:
    """Native times in milliseconds, the one resolution kept; categories that are no text unpacked; else as it is."""
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    if pa.types.is_timestamp(values.type) and values.type.unit in ("us", "ns"):
        return values.cast(pa.timestamp("ms", values.type.tz), safe=False)
    return values


def _refuse_rounded(file: str, name: str, values: pa.Array) -> None:
    """Ids that passed through floating point may have lost their last digits, which nothing here can bring back."""
    finite = values.filter(pc.fill_null(pc.is_finite(values), False))
    broken = pc.or_(pc.greater_equal(pc.abs(finite), _EXACT), pc.not_equal(pc.floor(finite), finite))
    if pc.any(broken).as_py():
        raise InputError(
            f"{file}: column {name!r} holds floating-point numbers that are no exact ids (fractions, or beyond "
            "2^53 where digits are lost); export ids as text or integers."
        )


def _told_apart(names: Sequence[str]) -> list[str]:
    """Names of columns; the same name twice is two columns, and which is meant is asked like anything ambiguous."""
    return [name if names.index(name) == at else f"{name} (column {at + 1})" for at, name in enumerate(names)]


def _named_twice(file: str, name: str) -> InputError:
    return InputError(f"{file} has several columns named {name!r}: rename all but one.")


def _kind_of(file: str, schema: pa.Schema, label: str) -> pa.DataType:
    """Type of the values of a column (see :func:`_told_apart`). Raises :class:`InputError` where its name repeats."""
    name = schema.names[_told_apart(schema.names).index(label)]
    if schema.names.count(name) > 1:
        raise _named_twice(file, name)
    return _value_type(schema.field(name).type)


def _value_type(kind: pa.DataType) -> pa.DataType:
    return kind.value_type if pa.types.is_dictionary(kind) else kind
