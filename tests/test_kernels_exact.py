"""Exact tails against SciPy's, and the tail beyond a threshold against the law it was drawn from."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.special import gammaln

from plaudit.kernels.exact import log_beta_binomial_tail, log_hypergeometric_tail
from plaudit.kernels.exceedance import log_exceedance


def ints(*values: int) -> np.ndarray:
    return np.array(values, dtype=np.int64)


@given(st.data())
def test_drawing_without_replacement(data: st.DataObject) -> None:
    whole = data.draw(st.integers(1, 300))
    marked, drawn = data.draw(st.integers(0, whole)), data.draw(st.integers(0, whole))
    seen = data.draw(st.integers(0, drawn + 2))
    ours = log_hypergeometric_tail(ints(seen), ints(whole), ints(marked), ints(drawn))[0]
    assert np.isclose(np.exp(ours), stats.hypergeom.sf(seen - 1, whole, marked, drawn), rtol=1e-8, atol=1e-13)


@given(st.integers(0, 60), st.integers(0, 60), st.floats(0.02, 50), st.floats(0.02, 50))
def test_over_dispersed_counts(seen: int, tries: int, alpha: float, beta: float) -> None:
    ours = log_beta_binomial_tail(ints(seen), ints(tries), np.array([alpha]), np.array([beta]))[0]
    oracle = sum(stats.betabinom.pmf(k, tries, alpha, beta) for k in range(seen, tries + 1))
    assert np.isclose(np.exp(ours), oracle, rtol=1e-7, atol=1e-12)


def test_tails_far_beyond_doubles_stay_finite() -> None:
    all_marked = log_hypergeometric_tail(ints(1000), ints(100_000), ints(1000), ints(1000))[0]
    assert np.isclose(all_marked, gammaln(1001) + gammaln(99_001) - gammaln(100_001), rtol=1e-9)
    assert log_hypergeometric_tail(ints(3), ints(10), ints(2), ints(5))[0] == -np.inf


@pytest.mark.parametrize("shape", [0.0, 0.4])
@pytest.mark.parametrize("count", [40, 400])
def test_a_tail_is_what_it_says(shape: float, count: int) -> None:
    own = []
    for seed in range(120):
        rng = np.random.default_rng([seed, count])
        drawn = rng.exponential(1.0, count) if shape == 0 else ((1 - rng.random(count)) ** -shape - 1) / shape
        own.append(np.exp(log_exceedance(drawn, np.arange(count), float(np.quantile(drawn, 0.9)))[0]))
    p = np.array(own)
    # Not too small anywhere, and not deaf either.
    assert stats.kstest(p, "uniform", alternative="greater").pvalue > 1e-4
    assert stats.kstest(p, "uniform").statistic < 0.2


def test_how_far_one_sticks_out_teaches_the_others_nothing() -> None:
    rng = np.random.default_rng(1)
    calm = rng.exponential(1.0, 100)
    cap = float(np.quantile(calm, 0.9))
    near, far = calm.copy(), calm.copy()
    near[0], far[0] = cap * 2, cap * 200
    block = np.arange(100)
    one, other = log_exceedance(near, block, cap), log_exceedance(far, block, cap)
    assert other[0] < one[0]
    # Only the unit moves, by the capped mean: which is the same.
    assert np.allclose(one[1:], other[1:])


def test_a_post_does_not_judge_itself() -> None:
    rng = np.random.default_rng(2)
    excess = rng.exponential(1.0, 300)
    boosted = np.arange(300) < 30
    excess[boosted] *= 8
    cap = float(np.quantile(excess, 0.9))
    together = log_exceedance(excess, np.where(boosted, 0, np.arange(300)), cap)
    apart = log_exceedance(excess, np.arange(300), cap)
    assert together[boosted].mean() < apart[boosted].mean()


def test_nothing_beyond_the_threshold() -> None:
    assert log_exceedance(np.zeros(0), np.zeros(0, np.int64), 1.0).shape == (0,)
