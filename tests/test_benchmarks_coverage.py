"""The coverage benchmark counts what holds, and draws what it counted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from benchmarks import coverage
from benchmarks.coverage import (
    LEVELS,
    PLANTED,
    RING,
    STARS,
    Held,
    curve,
    lines,
    main,
    randomised,
    tables,
    width,
)

from plaudit.tally import Purchases


def _held(source: str, true: list[int], low: list[float], high: list[float], attacked: list[bool]) -> Held:
    """Targets of 100 likes whose interval is the same at every level."""
    shape = (len(LEVELS), len(true))
    truth = np.array(true)
    return Held(
        f"log of {source}",
        source,
        np.full(len(true), 100),
        truth,
        truth,
        np.array(attacked),
        np.broadcast_to(np.array(low), shape),
        np.broadcast_to(np.array(high), shape),
        np.full(shape, 0.9),
    )


def test_what_holds_is_counted_by_line() -> None:
    runs = [
        _held(PLANTED, [100, 60, 60], [100, 50, 70], [100, 70, 90], [False, True, True]),
        _held(RING, [40], [40], [60], [True]),
        _held(STARS, [90, 90], [100, 100], [100, 100], [True, True]),
    ]
    found = {name: (curve(mine, which)[0], width(mine, which)) for name, mine, which in lines(runs)}
    assert found["all targets"][0] == pytest.approx(3 / 4)
    assert found["targets in question"][0] == pytest.approx(2 / 3)
    assert found[f"attacked, {PLANTED}"][0] == pytest.approx(0.5)
    assert found[f"attacked, {PLANTED}"][1] == pytest.approx(0.2)
    assert found[f"attacked, {RING}"][0] == 1.0 and found[f"attacked, {STARS}"][0] == 0.0
    text = tables(runs, "images/x.png")
    assert "missed by 38 %" in text and "](images/x.png)" in text
    assert coverage.picture(runs).startswith(b"\x89PNG")


def test_lots_at_whole_counts_hold_as_often_as_chances_that_are_right_say() -> None:
    n = 4_000
    # One finding per target: bought with a chance of a half, then about six likes of twenty; and two nobody asks about.
    half, six, one = np.full(n, 0.5), np.full(n, 6.0), np.full(n, 1.5)
    may = Purchases(np.arange(n), half, half, six, one, np.arange(n), n, np.full(n + 2, 20))
    rng = np.random.default_rng(3)
    true = np.where(rng.random(n) < 0.5, np.maximum(np.rint(rng.normal(6.0, 1.5, n)), 0), 0).astype(np.int64)
    true = np.append(true, [0, 4])
    fair = randomised(may, true, true, 1)
    assert np.allclose(fair[:, :n].mean(axis=1), LEVELS, atol=0.03)
    assert np.allclose(fair[:, n], LEVELS) and not fair[:, n + 1].any()
    # Chances that are wrong are found out, though every second interval still begins at none.
    assert randomised(may, true + 5, true + 5, 1)[-2, :n].mean() < 0.6


def test_neither_bought_nor_genuine_may_count_either_way() -> None:
    one = _held(PLANTED, [60], [65], [80], [True])
    open_ = Held(**{**vars(one), "most": one.least + 5})
    assert not one.inside().any() and open_.inside().all()


def test_a_small_run_writes_table_and_picture(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page, image = tmp_path / "page.md", tmp_path / "c.png"
    page.write_text("<!-- coverage:begin -->\n<!-- coverage:end -->\n", "utf-8")
    given = ["--scenarios", "naive_ring", "--events", "10k", "--seeds", "1", "--no-real", "--date", "2026-01-01"]
    assert main([*given, "--write", "--docs", str(page), "--image", str(image)]) == 0
    text = page.read_text("utf-8")
    assert "| naive_ring |" in text and "--no-real" in text and "images/c.png" in text
    assert image.read_bytes().startswith(b"\x89PNG") and capsys.readouterr().out.startswith("2026-01-01")
