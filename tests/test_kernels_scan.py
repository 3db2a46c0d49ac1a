"""The scan: right windows, and a p-value that means what it says."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from plaudit.kernels import scan
from plaudit.kernels.scan import SIZES, best_window_plain, log_p_value, null_table, scan_targets
from plaudit.kernels.tails import normal_score

NEVER_FLAKES = 1e-4


def _statistics(low: np.ndarray, high: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """The statistic of every target's best window; nothing for targets without any."""
    return np.asarray(scan_targets(low, high, offsets, 4, np.inf, np.inf, 0)[1])


def _one(points: np.ndarray, width: float = 0.0) -> tuple[float, int, int]:
    low = np.sort(points)
    high = np.minimum(low + width, 1.0)
    _, s, first, last, *_ = scan_targets(low, high, np.array([0, low.size]), 4, np.inf, np.inf, 0)
    return float(s[0]), int(first[0]), int(last[0])


@given(st.lists(st.integers(0, 1000), min_size=4, max_size=60), st.sampled_from([0.0, 0.001, 0.05]))
def test_the_best_window_is_what_its_definition_says(points: list[int], width: float) -> None:
    low = np.sort(np.array(points)) / 1000.0
    high = np.minimum(low + width, 1.0)
    plain = best_window_plain(low, high)
    found = _statistics(low, high, np.array([0, low.size]))
    assert found.size == (plain > -np.inf)
    if found.size:
        assert found[0] == pytest.approx(plain)


def test_a_planted_window_is_found_where_it_is() -> None:
    rng = np.random.default_rng(1)
    points = np.concatenate([rng.random(80), 0.4 + 0.01 * rng.random(40)])
    s, first, last = _one(points)
    low = np.sort(points)
    assert 0.39 < low[first] < 0.402 and 0.408 < low[last] < 0.42
    assert log_p_value(np.array([s]), np.array([120]))[0] < np.log(1e-12)


def test_several_windows_of_one_target_are_all_found() -> None:
    rng = np.random.default_rng(2)
    parts = [0.1 + 0.005 * rng.random(30), 0.5 + 0.005 * rng.random(30), 0.85 + 0.005 * rng.random(30)]
    low = np.sort(np.concatenate([*parts, rng.random(100)]))
    target, s, first, last, base, leaf = scan_targets(low, low, np.array([0, low.size]), 4, 3.0, np.inf, 4)
    assert leaf.all() and (base < last - first + 1).all()
    centres = np.sort([(low[a] + low[b]) / 2 for a, b in zip(first, last, strict=True)])
    assert (target == 0).all() and (s >= 3.0).all()
    for wanted in (0.1025, 0.5025, 0.8525):
        assert np.min(np.abs(centres - wanted)) < 0.01
    assert all(b1 < a2 or b2 < a1 for a1, b1, a2, b2 in _pairs(first, last)), "windows overlap"


def test_a_wide_window_gives_way_to_the_denser_one_inside_it() -> None:
    rng = np.random.default_rng(8)
    parts = [0.3 + 0.2 * rng.random(150), 0.4 + 0.0005 * rng.random(60), rng.random(100)]
    low = np.sort(np.concatenate(parts))
    _, _, first, last, _, leaf = scan_targets(low, low, np.array([0, low.size]), 4, 3.0, 3.0, 4)
    inside = leaf & (low[first] < 0.4003) & (low[last] > 0.4002)
    assert inside.sum() == 1 and (last - first)[inside][0] < 80
    rows = _pairs(first[leaf], last[leaf])
    assert all(b1 < a2 or b2 < a1 for a1, b1, a2, b2 in rows), "leaves overlap"


def _pairs(first: np.ndarray, last: np.ndarray) -> list[tuple[int, int, int, int]]:
    rows = list(zip(first.tolist(), last.tolist(), strict=True))
    return [(*rows[i], *rows[j]) for i in range(len(rows)) for j in range(i + 1, len(rows))]


def test_coarse_times_never_make_a_window_smaller() -> None:
    rng = np.random.default_rng(3)
    for n in (5, 20, 80):
        points = rng.random(n)
        fine, coarse = _one(points)[0], _one(points, 0.02)[0]
        assert coarse <= fine


@pytest.mark.parametrize("n", [4, 6, 9, 15, 30, 90, 300])
def test_p_values_of_uniform_points_are_uniform(n: int) -> None:
    worlds = 4000
    rng = np.random.default_rng([n, 1])
    low = np.sort(rng.random((worlds, n)), axis=1).ravel()
    statistic = _statistics(low, low, np.arange(worlds + 1) * n)
    p = np.exp(log_p_value(statistic, np.full(statistic.size, n)))
    # Points without any window that holds more than its share show nothing at all.
    p = np.concatenate([p, np.ones(worlds - p.size)])
    assert p.size - statistic.size < 0.05 * worlds
    assert stats.kstest(p[p < 0.9] / 0.9, "uniform").pvalue > NEVER_FLAKES
    for level in (0.1, 0.01, 0.001):
        assert (p <= level).sum() <= stats.binom.isf(NEVER_FLAKES, worlds, level)


def test_the_packaged_table_is_what_the_code_would_make_again() -> None:
    draws = 1500
    packaged, again = scan._packaged_table(), null_table(draws, 7)
    assert packaged.shape == again.shape == (len(SIZES), scan.LEVELS.size)
    sizes = np.array(SIZES)
    for row in np.flatnonzero(sizes < 700):
        # The rank of a packaged quantile among fresh draws is binomial.
        for level in (0.1, 0.5, 0.9, 0.99):
            k = int(np.argmin(np.abs(scan.LEVELS - level)))
            reached = np.searchsorted(again[row], packaged[row, k]) / scan.LEVELS.size
            grid = np.interp(packaged[row, k], again[row], scan.LEVELS)
            error = np.sqrt(level * (1 - level) / draws)
            assert abs(grid - scan.LEVELS[k]) < 4.5 * error + 0.006, (SIZES[row], level, reached)


@given(st.integers(4, 5000), st.floats(-5, 40), st.floats(0.01, 5))
def test_more_crowding_is_never_less_surprising(n: int, statistic: float, more: float) -> None:
    a, b = log_p_value(np.array([statistic, statistic + more]), np.array([n, n]))
    assert b <= a <= 0.0
    assert np.isfinite(normal_score(np.array([a, b]))).all()
