"""The curve-only benchmark: months become a section, simple rules are what they say, no folder is no failure."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from benchmarks import curves


def _file(folder: Path, targets: int = 60) -> Path:
    rng = np.random.default_rng(7)
    rows = []
    for t in range(targets):
        total = 0
        bought = int(rng.integers(0, 5))
        for month in range(5):
            stars = int(rng.poisson(6)) + (150 if month == bought else 0)
            total += stars
            rows.append(
                (f"t{t:03d}", f"2024-{9 + month:02d}" if month < 4 else "2025-01", stars, total, month == bought)
            )
    columns = list(zip(*rows, strict=True))
    names = ("target", "month", "stars", "stars_total", "campaign")
    path = folder / curves.FILE
    table = pa.table(dict(zip(names, map(list, columns), strict=True)))
    pq.write_table(table.set_column(2, "stars", table["stars"].cast(pa.float64())), path)
    return path


def test_a_section_of_months_shows_the_totals_at_their_ends(tmp_path: Path) -> None:
    months = curves.read_months(_file(tmp_path))
    section = months.section()
    assert len(section.posts) == 60 and len(section.snapshots) == 6 * 60
    shown = section.snapshots.likes.low.reshape(60, 6)
    assert (shown[:, 0] == 0).all() and (np.diff(shown, axis=1).ravel() == months.stars).all()
    assert (np.diff(section.snapshots.observed_ms.reshape(60, 6), axis=1) > 0).all()


def test_halves_keep_targets_whole_and_share_nothing(tmp_path: Path) -> None:
    months = curves.read_months(_file(tmp_path))
    first, second = (months.take(np.flatnonzero(months.half() == side)) for side in (0, 1))
    assert not set(first.names) & set(second.names)
    assert first.stars.size + second.stars.size == months.stars.size


def test_auc_counts_pairs_and_ties_for_half() -> None:
    label = np.array([True, False, True, False])
    assert curves.auc(np.array([3.0, 1.0, 2.0, 2.0]), label) == pytest.approx(3.5 / 4)
    assert np.isnan(curves.auc(np.zeros(2), np.ones(2, np.bool_)))


def test_recall_counts_what_stands_above_the_allowed_alarms() -> None:
    label = np.array([True, True, False, False, False, False])
    score = np.array([5.0, 2.5, 4.0, 3.0, 2.0, 1.0])
    assert curves.recall(score, label, 0.0) == 0.5 and curves.recall(score, label, 0.5) == 1.0
    assert curves.precision(score, label) == pytest.approx((1 + 2 / 4) / 2)


def test_obvious_campaigns_are_ranked_first_and_the_table_says_what_the_label_is(tmp_path: Path) -> None:
    rows = curves.measure(curves.read_months(_file(tmp_path)))
    ours = [row.auc for row in rows if row.method == curves.OURS]
    assert len(ours) == 6 and min(ours) > 0.99
    text = curves.section(rows, "head")
    assert all(row.low <= row.high for row in rows)
    assert "Circular label" in text and all(row.method in text for row in rows)


def test_without_the_folder_nothing_is_measured(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert curves.main(["--data", str(tmp_path)]) == 0
    assert "Nothing measured" in capsys.readouterr().out
