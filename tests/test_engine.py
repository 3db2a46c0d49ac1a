"""The six verbs of the engine, and files that appear whole or not at all."""

import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from plaudit.engine import DuckEngine, Engine, atomic_path, write_parquet
from plaudit.engine.files import ROW_GROUP


def numbers(*values: int) -> pa.RecordBatch:
    return pa.record_batch({"n": pa.array(values, pa.int64())})


def test_read_appends_and_run_makes_tables_and_views():
    with DuckEngine() as duck:
        engine: Engine = duck
        assert engine.read("numbers", [numbers(3, 1), numbers(2)]) == 3
        assert engine.read("numbers", [numbers(9)], select="SELECT n + 1 AS n FROM batch") == 1
        engine.run("doubled", "SELECT n * 2 AS n FROM numbers", kind="view")
        engine.run("kept", "SELECT n FROM doubled WHERE n > 2")
        duck.drop("doubled")
        assert engine.arrow("SELECT n FROM kept ORDER BY n").column("n").to_pylist() == [4, 6, 20]
        duck.drop("kept", "never_made")
        with pytest.raises(ValueError, match="plain lower-case word"):
            engine.run("Robert'); DROP TABLE numbers", "SELECT 1")


def test_iterate_stops_when_nothing_changes():
    with DuckEngine() as engine:
        engine.read("numbers", [numbers(1, 2, 7)])
        assert engine.iterate("numbers", "SELECT least(n * 2, 8) AS n FROM numbers", rounds=10) == 4
        assert engine.arrow("SELECT n FROM numbers").column("n").to_pylist() == [8, 8, 8]
        assert engine.iterate("numbers", "SELECT n + 1 AS n FROM numbers", rounds=2) == 2


def test_map_batches_passes_rows_in_order():
    def square(batch: pa.RecordBatch) -> pa.RecordBatch:
        values = batch.column("n").to_numpy()
        return pa.record_batch({"square": pa.array(values * values, pa.int64())})

    with DuckEngine() as engine:
        engine.read("numbers", [numbers(3, 1, 2)])
        assert engine.map_batches("squares", "SELECT n FROM numbers ORDER BY n", square) == 3
        assert engine.arrow("SELECT square FROM squares ORDER BY square").column("square").to_pylist() == [1, 4, 9]
        assert engine.map_batches("squares", "SELECT n FROM numbers WHERE n > 9", square) == 0


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
    with DuckEngine() as engine:
        engine.read("numbers", [numbers(3, 1)])
        assert engine.write("SELECT n FROM numbers ORDER BY n", tmp_path / "n.parquet") == 2
        assert engine.write("SELECT n FROM numbers WHERE n > 9", tmp_path / "none.parquet") == 0
    assert pq.read_table(tmp_path / "n.parquet").column("n").to_pylist() == [1, 3]
    assert pq.read_table(tmp_path / "none.parquet").schema.names == ["n"]
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
