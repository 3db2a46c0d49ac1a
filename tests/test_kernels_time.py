"""The log's clock and the response curve: what they take out of time, they take out rightly."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plaudit.kernels.clock import activity_clock, distinct_per_cell
from plaudit.kernels.response import Response, bins_of, curves_of, read_curves, response_curve
from plaudit.model import DAY_MS, HOUR_MS, MINUTE_MS
from tests.worlds import START_MS, log_of, quiet


@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 3), st.integers(0, 400)), min_size=1, max_size=60),
    st.sampled_from([1, 1_000, MINUTE_MS, HOUR_MS, DAY_MS]),
)
def test_the_clock_never_runs_backwards_and_keeps_the_length_of_the_log(
    rows: list[tuple[int, int, int]], unit: int
) -> None:
    actor, target, at = (np.array(column) for column in zip(*rows, strict=True))
    log = log_of(actor, target, START_MS + at * unit)
    clock = activity_clock(log)
    grid = np.linspace(log.start_ms - DAY_MS, log.end_ms + DAY_MS, 500).astype(np.int64)
    assert np.all(np.diff(clock.read(grid)) >= 0)
    cells = clock.total.shape[0] - 1
    assert clock.read(clock.start_ms) == 0.0
    assert float(clock.total[-1]) == pytest.approx(cells * clock.step_ms)
    assert cells * clock.step_ms >= log.end_ms - log.start_ms
    assert np.all(np.diff(clock.total) > 0)


def test_outside_the_log_the_clock_runs_at_wall_speed() -> None:
    log = quiet(1).log()
    clock = activity_clock(log)
    before = clock.read(np.array([clock.start_ms - 5 * HOUR_MS, clock.start_ms - 2 * HOUR_MS]))
    assert np.allclose(np.diff(before), 3 * HOUR_MS)
    end = clock.start_ms + clock.step_ms * (clock.total.shape[0] - 1)
    after = clock.read(np.array([end + HOUR_MS, end + 4 * HOUR_MS]))
    assert np.allclose(np.diff(after), 3 * HOUR_MS)


def test_nights_are_short_on_the_clock() -> None:
    log = quiet(2, likes=5000).log()
    clock = activity_clock(log)
    cells = np.arange(clock.total.shape[0] - 1)
    hour = (clock.start_ms // HOUR_MS + cells) % 24
    asleep = (hour >= 1) & (hour < 7)
    rate = np.diff(clock.total)
    # People like a quarter as much then; the clock cannot know it exactly, but nearer to it than to the wall's.
    assert rate[asleep].mean() < 0.6 * rate[~asleep].mean()


def test_one_targets_burst_hardly_moves_the_clock() -> None:
    world = quiet(3)
    at = START_MS + 10 * DAY_MS
    burst = world.plus(world.actors + np.arange(3000), 7, at + np.arange(3000) * 1000)
    calm, loud = activity_clock(world.log()), activity_clock(burst.log())
    grid = START_MS + np.arange(20) * DAY_MS
    assert np.max(np.abs(calm.read(grid) - loud.read(grid))) < 0.02 * 20 * DAY_MS


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 9)), max_size=60))
def test_distinct_targets_per_cell(rows: list[tuple[int, int]]) -> None:
    rows = sorted(rows)
    target, cell = (np.array([row[k] for row in rows], np.int64) for k in range(2))
    plain = [len({t for t, c in rows if c == wanted}) for wanted in range(10)]
    assert distinct_per_cell(target, cell, 10).tolist() == plain


def _truncated(rng: np.random.Generator, n: int, scale: float, span: float) -> tuple[np.ndarray, np.ndarray]:
    """Exponential ages seen only up to a limit that differs from target to target."""
    limit = rng.uniform(0.0, span, n)
    age = rng.exponential(scale, n)
    seen = age <= limit
    return age[seen], limit[seen]


def test_the_response_curve_is_recovered_although_young_targets_cannot_show_late_likes() -> None:
    rng = np.random.default_rng(5)
    scale, span = 20.0 * HOUR_MS, 100.0 * HOUR_MS
    age, limit = _truncated(rng, 60_000, scale, span)
    curve = response_curve(age, limit, np.ones(age.size), 1000.0)
    at = np.linspace(0.5, 80, 40) * HOUR_MS
    truth = (1 - np.exp(-at / scale)) / (1 - np.exp(-span / scale))
    assert np.max(np.abs(curve(at) - truth)) < 0.02
    # Counting ages as they come would be far off: that is what the estimator is for.
    naive = np.searchsorted(np.sort(age), at) / age.size
    assert np.max(np.abs(naive - truth)) > 0.08


def test_without_truncation_the_curve_is_the_empirical_distribution() -> None:
    rng = np.random.default_rng(6)
    age = rng.gamma(2.0, 3.0 * HOUR_MS, 5000)
    limit = np.full(age.size, 1000.0 * HOUR_MS)
    curve = response_curve(age, limit, np.ones(age.size), 1000.0)
    empirical = np.searchsorted(np.sort(age), curve.edges, side="left") / age.size
    assert np.max(np.abs(curve.cdf - empirical)) < 0.01


@given(
    st.lists(st.tuples(st.floats(0, 1e9), st.floats(0, 1e9), st.floats(1e-3, 1.0)), max_size=40),
    st.floats(1.0, 1e7),
)
def test_the_curve_is_always_a_distribution_without_flat_stretches(
    rows: list[tuple[float, float, float]], resolution: float
) -> None:
    age = np.array([min(a, b) for a, b, _ in rows])
    limit = np.array([max(a, b) for a, b, _ in rows])
    weight = np.array([w for _, _, w in rows])
    curve = response_curve(age, limit, weight, resolution)
    assert curve.cdf[0] == 0.0
    assert curve.cdf[-1] == pytest.approx(1.0)
    assert np.all(np.diff(curve.edges) > 0)
    assert np.all(np.diff(curve.cdf) >= 0)
    assert np.all(np.isfinite(curve(np.array([0.0, 1.0, 1e12]))))


def test_many_curves_at_once_are_those_of_each_by_itself() -> None:
    rng = np.random.default_rng(7)
    tables, likes = 5, 200
    which = np.sort(rng.integers(1, tables, likes))
    limit = rng.uniform(1e6, 1e9, likes)
    age, weight = limit * rng.random(likes) ** 3, rng.random(likes)
    # A like of each that weighs nothing makes their curves reach equally far.
    _, first = np.unique(which, return_index=True)
    limit[first], weight[first] = 1e9, 0.0
    edges = response_curve(np.zeros(1), np.array([1e9]), np.ones(1), 1000.0).edges
    bins = edges.shape[0] - 1
    deaths, truncated = (
        np.array([np.bincount(bins_of(edges, value[which == t]), weight[which == t], bins) for t in range(tables)])
        for value in (age, limit)
    )
    curves = curves_of(edges, deaths, truncated)
    asked = np.concatenate([rng.uniform(0, 2e9, 300), edges[:9], edges[-9:]])
    for t in range(tables):
        mine, one = which == t, Response(edges, curves[t])
        assert np.array_equal(read_curves(edges, curves, np.full(asked.size, t), asked), one(asked))
        if mine.any():
            assert np.array_equal(response_curve(age[mine], limit[mine], weight[mine], 1000.0).cdf, one.cdf)
    # A table without likes is flat in the logarithm of age.
    assert curves[0] == pytest.approx(np.log1p(edges / edges[1]) / np.log1p(edges[-1] / edges[1]))
