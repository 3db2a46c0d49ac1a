"""The table of stages adds up and names what the pipeline goes through."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from benchmarks import stages

from plaudit.progress import Progress


def test_the_stages_of_an_audit_are_told_apart(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    likes = {"actor": ["a", "b", "a"], "target": ["x", "x", "y"], "at": [1_700_000_000_000 + k for k in range(3)]}
    pq.write_table(pa.table(likes), tmp_path / "log.parquet")
    assert stages.main([str(tmp_path / "log.parquet")]) == 0
    table = capsys.readouterr().out
    rows = [line.split("|")[1].strip() for line in table.splitlines()[2:]]
    assert rows[:3] == ["start", "read", "prepare"] and rows[-3:] == ["count", "write", "all"]
    assert any(name.startswith("detect, after 1 of") for name in rows)


def test_the_parts_make_the_whole() -> None:
    watch = stages.Stopwatch()
    told: Progress = watch
    for name in ("read", "detect"):
        told.stage(name)
    told.advance(1, 3)
    told.advance(3, 3)
    assert watch.names == ["start", "read", "detect", "detect, after 1 of 3"]
    table = watch.table()
    assert len(table.splitlines()) == 2 + 4 + 1
    assert watch.wall == sorted(watch.wall) and watch.cpu == sorted(watch.cpu)
