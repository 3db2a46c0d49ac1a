"""The benchmark of genuine comments reads its files, judges them, and says where they are missing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from benchmarks import genuine_comments


def _write(folder: Path) -> None:
    rng = np.random.default_rng(0)
    n = 400
    post = [f"v{k % 4}" for k in range(n)]
    likes = rng.poisson(np.exp(rng.normal(1, 1, n)))
    text = [f"第{k}句" for k in range(n)]
    moment = pa.array(np.arange(n) * 1_000_000, pa.timestamp("us"))
    told = {"video": post, "ts": moment, "level": [1] * n, "like": likes, "text": text}
    pq.write_table(pa.table(told), folder / "bilibili_comments.parquet")
    told = {"conversation": post, "target": text, "created_ms": np.arange(n), "agrees": likes, "text": text}
    pq.write_table(pa.table(told), folder / "polis_comments.parquet")


def test_genuine_sections_are_read_and_judged(tmp_path: Path) -> None:
    _write(tmp_path)
    section = genuine_comments.read_section(tmp_path / "bilibili_comments.parquet", "video", "like", True)
    comments = section.comments
    assert len(section.posts) == 4 and len(comments) == 400
    assert (np.diff(comments.likes.low)[np.diff(comments.post) == 0] <= 0).all()
    assert comments.position[comments.post == 2].tolist() == list(range(100))
    assert sorted(comments.text.to_pylist()) == sorted(f"第{k}句" for k in range(400))
    assert int(comments.created_ms.max()) == 399_000
    found = genuine_comments.runs(tmp_path)
    assert [run.comments for run in found] == [400] * 4
    marks = genuine_comments.marks(found)
    assert len(marks) == 2 and all(mark.met for mark in marks)
    assert all(len(run.row()) == len(genuine_comments.HEADERS) for run in found)


def test_missing_data_is_said_and_no_failure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert genuine_comments.main(["--data", str(tmp_path)]) == 0
    assert "bilibili_comments.parquet" in capsys.readouterr().out
