"""The six verbs of the engine, and files that appear whole or not at all."""

import os
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from plaudit.engine import DuckEngine, Engine, atomic_path, copy, write_parquet
from plaudit.engine.files import ROW_GROUP
from tests.engines import on_every_engine


def numbers(*values: int) -> pa.RecordBatch:
    return pa.record_batch({"n": pa.array(values, pa.int64())})


@on_every_engine()
def test_read_appends_and_run_makes_tables_and_views(engine: Engine):
    assert engine.read("numbers", [numbers(3, 1), numbers(2)]) == 3
    assert engine.read("numbers", [numbers(9)], select="SELECT n + 1 AS n FROM batch") == 1
    assert engine.read("nothing", []) == 0
    engine.run("doubled", "SELECT n * 2 AS n FROM numbers", kind="view")
    engine.run("kept", "SELECT n FROM doubled WHERE n > 2")
    engine.drop("doubled")
    assert engine.arrow("SELECT n FROM kept ORDER BY n").column("n").to_pylist() == [4, 6, 20]
    engine.run("kept", "SELECT n FROM numbers WHERE n > 99")
    assert engine.arrow("SELECT n FROM kept").schema == pa.schema([("n", pa.int64())])
    engine.drop("kept", "never_made")
    with pytest.raises(Exception, match="kept"):
        engine.arrow("SELECT n FROM kept")
    with pytest.raises(ValueError, match="plain lower-case word"):
        engine.run("Robert'); DROP TABLE numbers", "SELECT 1")


def test_the_database_draws_no_bar_of_its_own():
    with DuckEngine() as engine:
        told = engine.arrow("SELECT current_setting('enable_progress_bar') AS bar")
        assert told.column("bar").to_pylist() == [False]


@on_every_engine()
def test_what_was_read_before_an_error_is_there_and_can_be_dropped(engine: Engine):
    def broken() -> Iterator[pa.RecordBatch]:
        yield numbers(1, 2)
        raise RuntimeError("the file ends here")

    with pytest.raises(RuntimeError, match="ends here"):
        engine.read("numbers", broken())
    assert engine.arrow("SELECT n FROM numbers ORDER BY n").column("n").to_pylist() == [1, 2]
    engine.drop("numbers")
    assert engine.read("numbers", [numbers(5)]) == 1


@on_every_engine()
def test_a_table_is_computed_now_and_a_view_when_it_is_read(engine: Engine):
    engine.read("numbers", [numbers(1, 2)])
    engine.run("counted", "SELECT count(*) AS n FROM numbers")
    engine.run("whenever", "SELECT count(*) AS n FROM numbers", kind="view")
    engine.read("numbers", [numbers(3)])
    assert engine.arrow("SELECT n FROM counted").column("n").to_pylist() == [2]
    assert engine.arrow("SELECT n FROM whenever").column("n").to_pylist() == [3]


@on_every_engine()
def test_types_of_a_table_stay_when_more_is_read(engine: Engine):
    words = pa.record_batch(
        {
            "n": pa.array([1, None], pa.int32()),
            "word": pa.array(["ż", None], pa.large_string()),
            "kind": pa.array(["a", "a"]).dictionary_encode(),
        }
    )
    engine.read("words", [words.slice(0, 0), words])
    engine.read("words", [numbers(7)], select="SELECT n, 'two' AS word, 'b' AS kind FROM batch")
    rows = engine.arrow("SELECT n, word, kind FROM words ORDER BY n NULLS LAST")
    assert rows.to_pylist() == [
        {"n": 1, "word": "ż", "kind": "a"},
        {"n": 7, "word": "two", "kind": "b"},
        {"n": None, "word": None, "kind": "a"},
    ]
    assert rows.schema.field("n").type == pa.int32()


@on_every_engine()
def test_iterate_stops_when_nothing_changes(engine: Engine):
    engine.read("numbers", [numbers(1, 2, 7)])
    assert engine.iterate("numbers", "SELECT least(n * 2, 8) AS n FROM numbers", rounds=10) == 4
    assert engine.arrow("SELECT n FROM numbers").column("n").to_pylist() == [8, 8, 8]
    assert engine.iterate("numbers", "SELECT n + 1 AS n FROM numbers", rounds=2) == 2


@on_every_engine()
def test_map_batches_passes_rows_in_order(engine: Engine):
    seen = []

    def square(batch: pa.RecordBatch) -> pa.RecordBatch:
        values = batch.column("n").to_numpy()
        seen.extend(values.tolist())
        return pa.record_batch({"square": pa.array(values * values, pa.int64())})

    engine.read("numbers", [numbers(3, 1, 2)])
    assert engine.map_batches("squares", "SELECT n FROM numbers ORDER BY n", square) == 3
    assert seen == [1, 2, 3]
    assert engine.arrow("SELECT square FROM squares ORDER BY square").column("square").to_pylist() == [1, 4, 9]
    assert engine.map_batches("squares", "SELECT n FROM numbers WHERE n > 9", square) == 0
    assert engine.arrow("SELECT square FROM squares").num_rows == 0


@on_every_engine()
def test_write_gives_the_same_bytes_on_every_engine(engine: Engine, tmp_path: Path):
    engine.read("numbers", [numbers(3, 1)])
    assert engine.write("SELECT n FROM numbers ORDER BY n", tmp_path / "n.parquet") == 2
    assert engine.write("SELECT n FROM numbers WHERE n > 9", tmp_path / "none.parquet") == 0
    assert pq.read_table(tmp_path / "none.parquet").schema == pa.schema([("n", pa.int64())])
    write_parquet(pa.table({"n": pa.array([1, 3], pa.int64())}), tmp_path / "plain.parquet")
    assert (tmp_path / "n.parquet").read_bytes() == (tmp_path / "plain.parquet").read_bytes()


@on_every_engine()
def test_a_relation_is_carried_from_one_engine_to_another(engine: Engine, tmp_path: Path):
    with DuckEngine() as source:
        source.run("many", "SELECT i AS n, 'w' || i AS word FROM range(70000) AS t(i)")
        source.run("none", "SELECT n, word FROM many WHERE n < 0")
        assert copy("many", source, engine, tmp_path) == 70_000
        assert copy("none", source, engine, tmp_path) == 0
    assert engine.arrow("SELECT count(DISTINCT word) AS n, max(n) AS top FROM many").to_pylist() == [
        {"n": 70_000, "top": 69_999}
    ]
    assert engine.arrow("SELECT n, word FROM none").schema == pa.schema([("n", pa.int64()), ("word", pa.string())])
    assert os.listdir(tmp_path) == []


# Why relations keep to a subset: each of these looks innocent. DuckDB's answers are the ones written here.
_OTHERWISE = {"spark": "engines differ: this is what the lint keeps out of relations"}


@on_every_engine(fails=_OTHERWISE)
@pytest.mark.parametrize(
    ("expression", "answer"),
    [
        ("CAST(CAST(2.7 AS DOUBLE) AS INTEGER)", 3),
        ("ln(0)", float("-inf")),
        ("substr('abc', 0, 2)", "a"),
        ("concat('a', NULL)", "a"),
        ("(SELECT n FROM (SELECT 1 AS n UNION ALL SELECT CAST(NULL AS INTEGER)) AS t ORDER BY n LIMIT 1)", 1),
    ],
)
def test_innocent_expressions_that_engines_answer_differently(engine: Engine, expression: str, answer: object):
    assert engine.arrow(f"SELECT {expression} AS x").column("x").to_pylist() == [answer]


def test_the_same_rows_give_the_same_bytes_however_they_are_cut(tmp_path: Path):
    rows = ROW_GROUP + 1000
    table = pa.table(
        {"n": pa.array(range(rows), pa.int64()), "word": pa.array(["a", "b"] * (rows // 2)).dictionary_encode()}
    )
    write_parquet(table, tmp_path / "whole.parquet")
    write_parquet(table.to_batches(777), tmp_path / "cut.parquet", table.schema)
    assert (tmp_path / "whole.parquet").read_bytes() == (tmp_path / "cut.parquet").read_bytes()
    assert pq.read_table(tmp_path / "cut.parquet").equals(table)
    assert pq.ParquetFile(tmp_path / "cut.parquet").metadata.row_group(0).column(0).compression == "ZSTD"
    with pytest.raises(ValueError, match="needs a schema"):
        write_parquet([numbers(1)], tmp_path / "n.parquet")


def test_a_file_appears_whole_or_not_at_all(tmp_path: Path):
    path = tmp_path / "result.json"
    path.write_text("old")
    with pytest.raises(RuntimeError), atomic_path(path) as part:
        part.write_text("half")
        raise RuntimeError
    assert path.read_text() == "old" and os.listdir(tmp_path) == ["result.json"]
    with atomic_path(str(path)) as part:
        part.write_text("new")
        assert path.read_text() == "old" and part.parent == tmp_path
    assert path.read_text() == "new" and os.listdir(tmp_path) == ["result.json"]
    assert path.stat().st_mode & 0o077 == 0o666 & ~_mask() & 0o077


def _mask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
