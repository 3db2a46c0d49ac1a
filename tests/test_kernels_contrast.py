"""The two-sample scan and the richest stretch: null, power, ties, and the slow twin."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from plaudit.kernels.contrast import coins, log_p_contrast, stretches
from plaudit.kernels.enriched import richest_stretches, richest_stretches_plain


def marked_at_random(rng: np.random.Generator, n: int, weight: np.ndarray, k: int) -> np.ndarray:
    return rng.random(n) < coins(weight, k)


def test_coins_add_up_and_follow_the_odds():
    weight = np.array([1.0, 2.0, 4.0, 8.0, 0.5, 1.0])
    chance = coins(weight, 3)
    assert chance.sum() == pytest.approx(3.0, abs=1e-9)
    odds = chance / (1 - chance)
    assert odds / odds[0] == pytest.approx(weight, rel=1e-9)


def test_p_is_uniform_when_marks_follow_their_weights():
    rng = np.random.default_rng(1)
    p = []
    for world in range(300):
        n = int(rng.integers(40, 200))
        weight = np.exp(rng.normal(0, 1, n))
        marked = marked_at_random(rng, n, weight, n // 3)
        if 0 < marked.sum() < n:
            p.append(np.exp(log_p_contrast(marked, weight, np.arange(n) * 1000, 199, world)))
    assert stats.kstest(p, "uniform").pvalue > 0.01


def test_marks_in_one_stretch_stand_out_and_a_crowd_of_everybody_does_not():
    n = 200
    marked = np.zeros(n, dtype=bool)
    marked[80:120] = True
    assert log_p_contrast(marked, np.ones(n), np.arange(n) * 1000, 199, 0) < -10
    # Everybody comes in the same hour: the marked are spread among the others.
    everybody = np.sort(np.random.default_rng(0).integers(0, 3_600_000, n))
    assert log_p_contrast(np.arange(n) % 5 == 0, np.ones(n), everybody, 199, 0) > np.log(0.05)
    # What the weights know explains itself, as far as they go: odds of 50 leave one in four of the marks elsewhere.
    certain, likely = np.where(marked, 1e4, 1.0), np.where(marked, 50.0, 1.0)
    assert log_p_contrast(marked, certain, np.arange(n) * 1000, 199, 0) > np.log(0.05)
    assert log_p_contrast(marked, likely, np.arange(n) * 1000, 199, 0) < np.log(0.05)


def test_where_most_are_marked_the_few_others_stand_apart():
    marked = np.ones(120, dtype=bool)
    marked[:8] = marked[-12:] = False
    assert log_p_contrast(marked, np.ones(120), np.arange(120) * 1000, 199, 0) < -6
    scattered = np.ones(120, dtype=bool)
    scattered[::6] = False
    assert log_p_contrast(scattered, np.ones(120), np.arange(120) * 1000, 199, 0) > np.log(0.05)


def test_equal_times_are_never_parted_so_their_order_says_nothing():
    rng = np.random.default_rng(2)
    day = np.repeat(np.arange(10), 20) * 86_400_000
    marked = rng.random(200) < np.where(day == 0, 0.9, 0.1)
    shuffled = marked.copy()
    for d in range(10):
        shuffled[20 * d : 20 * d + 20] = rng.permutation(marked[20 * d : 20 * d + 20])
    first = log_p_contrast(marked, np.ones(200), day, 199, 5)
    assert first == log_p_contrast(shuffled, np.ones(200), day, 199, 5)
    left, right = stretches(np.arange(201) / 10.0, day)
    assert not np.any((left % 20) | (right % 20))


def test_no_contrast_without_both_kinds():
    assert log_p_contrast(np.ones(9, dtype=bool), np.ones(9), np.arange(9), 99, 0) == 0.0
    assert log_p_contrast(np.zeros(9, dtype=bool), np.ones(9), np.arange(9), 99, 0) == 0.0


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.lists(st.integers(0, 6), min_size=0, max_size=24), min_size=1, max_size=5),
    st.floats(0.01, 0.5),
)
def test_the_richest_stretch_agrees_with_looking_at_all(gaps: list[list[int]], rate: float):
    offsets = np.concatenate([[0], np.cumsum([len(g) for g in gaps])]).astype(np.int64)
    before = np.concatenate([np.cumsum(g) for g in gaps] + [np.zeros(0)]).astype(np.int64)
    others = np.array([sum(g) + 1 for g in gaps], dtype=np.int64)
    first, last, expected = richest_stretches(offsets, before, others, rate)
    best = richest_stretches_plain(offsets, before, others, rate)
    for t in range(len(gaps)):
        if last[t] < first[t]:
            assert best[t] == 0.0
            continue
        inside = float(last[t] - first[t] + 1)
        value = inside * np.log(inside / expected[t]) - inside + expected[t]
        assert value <= best[t] + 1e-9
        # Up to 32 members every stretch is looked at.
        assert value == pytest.approx(best[t], abs=1e-9)


@pytest.mark.parametrize("seed", range(20))
def test_stretches_are_as_defined(seed: int) -> None:
    rng = np.random.default_rng([seed, 5])
    n = int(rng.integers(1, 120))
    at = np.sort(rng.integers(0, 30 if seed % 2 else 10**6, n))
    mass = np.concatenate([[0.0], np.cumsum(rng.random(n))])
    parts = [(1 / 2**h, 1 / 2**h) for h in range(1, 7)] + [(3 / 4, 1 / 4), (7 / 8, 1 / 8)]
    wanted = set()
    for part, least in parts:
        for k in range(round((1 - part) / least * 4) + 1):
            begin = k * (mass[-1] * least / 4)
            first = int(np.searchsorted(mass, begin - 1e-9))
            last = min(int(np.searchsorted(mass, begin + mass[-1] * part - 1e-9)), n)
            left = int(np.flatnonzero(at == at[min(first, n - 1)])[0])
            right = int(np.flatnonzero(at == at[max(last - 1, 0)])[-1]) + 1
            if right > left:
                wanted.add((left, right))
    found = np.column_stack(stretches(mass, at)).tolist()
    assert found == [list(one) for one in sorted(wanted)]
