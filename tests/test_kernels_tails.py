"""Tails, scores and false-discovery control against what SciPy and plain definitions say."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from plaudit.kernels.tails import (
    central_match,
    log_negative_binomial_tail,
    log_p_against,
    log_p_of_score,
    log_poisson_tail,
    log_q_values,
    log_t_tail,
    normal_score,
    score_against,
    spread_by_size,
)


@given(st.integers(0, 200), st.floats(1e-6, 150))
def test_the_poisson_tail_is_scipys(count: int, mean: float) -> None:
    ours = float(log_poisson_tail(np.array([count]), np.array([mean]))[0])
    exact = 0.0 if count == 0 else float(stats.poisson.logsf(count - 1, mean))
    if np.isfinite(exact):
        assert ours == pytest.approx(exact, rel=1e-9, abs=1e-12)
    assert np.isfinite(ours) and ours <= 0


@given(st.integers(1, 200), st.floats(1e-3, 100), st.floats(1.01, 30))
def test_the_negative_binomial_tail_is_scipys(count: int, mean: float, dispersion: float) -> None:
    ours = float(log_negative_binomial_tail(np.array([count]), np.array([mean]), dispersion)[0])
    exact = float(stats.nbinom.logsf(count - 1, mean / (dispersion - 1), 1 / dispersion))
    if exact > -500:
        assert ours == pytest.approx(exact, rel=1e-6, abs=1e-9)
    assert np.isfinite(ours) and ours <= 0


def test_far_beyond_doubles_the_tails_stay_finite_monotone_and_close() -> None:
    count = np.array([50, 100, 500, 2000, 10_000])
    poisson = log_poisson_tail(count, np.full(5, 0.01))
    spread = log_negative_binomial_tail(count, np.full(5, 0.01), 1.5)
    assert np.isfinite(poisson).all() and (np.diff(poisson) < 0).all()
    assert np.isfinite(spread).all() and (np.diff(spread) < 0).all()
    # The tail lies between its first term and that term's geometric bound.
    first = stats.poisson.logpmf(count, 0.01)
    assert (poisson >= first - 1e-6 * np.abs(first)).all()
    assert (poisson <= first + 0.001 + 1e-9 * np.abs(first)).all()
    # More spread, heavier tail.
    assert (spread > poisson).all()


def test_dispersion_one_is_poisson() -> None:
    count, mean = np.arange(30), np.full(30, 3.0)
    assert np.allclose(log_negative_binomial_tail(count, mean, 1.0), log_poisson_tail(count, mean))


@given(st.floats(-700, -1e-6))
def test_scores_and_tails_undo_each_other(log_p: float) -> None:
    z = normal_score(np.array([log_p]))
    assert log_p_of_score(z)[0] == pytest.approx(log_p, rel=1e-6)


def test_scores_are_the_normal_distributions() -> None:
    p = np.array([0.5, 0.1, 0.01, 1e-10])
    assert np.allclose(normal_score(np.log(p)), stats.norm.isf(p))
    assert normal_score(np.array([-1e5]))[0] == pytest.approx(np.sqrt(2e5), rel=0.01)


def _benjamini_hochberg(p: list[float], candidates: int) -> list[float]:
    """By definition: the smallest false-discovery rate at which each would still be taken."""
    ranked = sorted(p)
    rate = [value * candidates / (rank + 1) for rank, value in enumerate(ranked)]
    return [min(1.0, min(r for r, value in zip(rate, ranked, strict=True) if value >= own)) for own in p]


@given(st.lists(st.floats(1e-12, 1.0), min_size=1, max_size=25), st.integers(0, 100))
def test_q_values_are_benjamini_and_hochbergs(p: list[float], unseen: int) -> None:
    ours = np.exp(log_q_values(np.log(p), len(p) + unseen))
    assert ours == pytest.approx(_benjamini_hochberg(p, len(p) + unseen))


def test_candidates_cannot_be_fewer_than_what_is_tested() -> None:
    log_p = np.log([0.01, 0.02, 0.9])
    assert np.array_equal(log_q_values(log_p, 1), log_q_values(log_p, 3))
    assert log_q_values(np.zeros(0), 10).size == 0


def test_false_discoveries_stay_at_the_rate_that_was_promised() -> None:
    rng = np.random.default_rng(4)
    false, runs = 0.0, 400
    for _ in range(runs):
        p = np.concatenate([rng.random(90), rng.random(10) * 1e-5])
        taken = np.exp(log_q_values(np.log(p), 100)) <= 0.1
        false += taken[:90].sum() / max(taken.sum(), 1)
    assert false / runs < 0.1


def test_central_match_finds_the_standard_normal_and_is_not_moved_by_a_tail() -> None:
    z = np.random.default_rng(5).standard_normal(20_000)
    location, scale = central_match(z)
    assert 0 <= location < 0.03 and 1 <= scale < 1.03
    location, scale = central_match(np.concatenate([z, np.full(1000, 30.0)]))
    assert location < 0.1 and scale < 1.1


@given(st.lists(st.floats(-30, 30), max_size=80))
def test_central_match_is_never_narrower_than_theory(z: list[float]) -> None:
    location, scale = central_match(np.array(z))
    assert location >= 0 and scale >= 1
    if len(z) < 20:
        assert (location, scale) == (0.0, 1.0)
    wide = 3 * np.random.default_rng(6).standard_normal(5000) + 2
    assert central_match(wide) == pytest.approx((2.0, 3.0), abs=0.25)


@given(st.floats(-50, 50), st.floats(1, 300))
def test_the_t_tail_is_scipys(t: float, freedom: float) -> None:
    ours = float(log_t_tail(np.array([t]), np.array([freedom]))[0])
    assert ours == pytest.approx(float(np.log(stats.t.sf(t, freedom))), rel=1e-7, abs=1e-12)


def test_the_t_tail_goes_on_where_doubles_end_and_is_normal_without_uncertainty() -> None:
    t = np.array([3e2, 1e3, 1e4, 1e6])
    far = log_t_tail(t, np.full(4, 300.0))
    # Beyond a few hundred, ten times the value costs freedom times ln 10, up to nu/t^2.
    assert np.isfinite(far).all() and far[3] - far[2] == pytest.approx(-300 * np.log(100), rel=1e-4)
    z = np.array([-3.0, 0.0, 4.0, 60.0])
    assert log_t_tail(z, np.full(4, np.inf)) == pytest.approx(log_p_of_score(z))


@pytest.mark.parametrize("scale", [1.0, 1.5])
def test_a_null_told_by_a_few_dozen_keeps_the_promised_rate_and_a_normal_tail_does_not(scale: float) -> None:
    rng = np.random.default_rng(7)
    loud, light, runs, subjects = 0, 0, 1500, 57
    points = np.full(subjects, 60)
    for _ in range(runs):
        z = rng.normal(0.4, scale, subjects)
        spread = spread_by_size(z, points)
        loud += bool(np.exp(log_q_values(log_p_against(spread, z, points), subjects)).min() <= 0.05)
        normal = log_p_of_score(score_against(spread, z, points))
        light += bool(np.exp(log_q_values(normal, subjects)).min() <= 0.05)
    assert loud / runs < 0.05
    assert loud < light / 2
    # A subject far outside still is.
    z[0] = 12 * scale
    assert np.exp(log_q_values(log_p_against(spread_by_size(z, points), z, points), subjects))[0] < 1e-3


def test_a_theoretical_null_is_not_estimated() -> None:
    z, points = np.array([0.5, 2.0, 4.0]), np.array([30, 60, 90])
    assert log_p_against(spread_by_size(z, points), z, points) == pytest.approx(log_p_of_score(z))
