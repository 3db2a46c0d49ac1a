"""The benchmark of counts, herd and ranks times every step, on pages it makes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from benchmarks import answers

from plaudit.ingest import read_events
from tests.worlds import world


def test_targets_next_to_each_other_in_birth_are_pages() -> None:
    read = answers.on_pages(read_events(world("small", 12_000, 1).events, time_format="ms"))
    log = read.log
    assert log.parent is not None and read.parent_ids is not None
    size = np.bincount(log.parent)
    assert size.size == len(read.parent_ids) and (size[:-1] == answers.PAGE).all()
    last = np.full(size.size, np.iinfo(np.int64).min)
    np.maximum.at(last, log.parent, log.born_ms)
    first = np.full(size.size, np.iinfo(np.int64).max)
    np.minimum.at(first, log.parent, log.born_ms)
    assert (last[:-1] <= first[1:]).all()


def test_a_small_run_writes_its_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "page.md"
    page.write_text("<!-- answers:begin -->\n<!-- answers:end -->\n", "utf-8")
    given = ["--events", "12k", "--worlds", "small", "--runs", "1", "--cache", str(tmp_path), "--write"]
    assert answers.main([*given, "--docs", str(page), "--date", "2026-01-02"]) == 0
    text = page.read_text("utf-8")
    assert text.count("| small, 12 k events") == 10 and "counts, herd and ranks, wall" in text
    assert "--worlds small --runs 1 --seed 1" in text and capsys.readouterr().out.startswith("2026-01-02")
