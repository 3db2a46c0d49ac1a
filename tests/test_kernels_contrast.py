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


def mixed(z: int) -> int:
    """SplitMix64, in Python's whole numbers."""
    most = (1 << 64) - 1
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & most
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & most
    return z ^ (z >> 31)


def largest_ratio(marked: np.ndarray, share: np.ndarray, left: np.ndarray, right: np.ndarray) -> float:
    total = np.concatenate([[0], np.cumsum(marked)])
    k, best = int(total[-1]), 0.0
    for a, b, part in zip(left.tolist(), right.tolist(), share.tolist(), strict=True):
        inside, expected = int(total[b] - total[a]), k * part
        if inside > expected:
            outside = (k - inside) * np.log((k - inside) / (k - expected)) if k > inside else 0.0
            best = max(best, inside * np.log(inside / expected) + outside)
    return best


def log_p_contrast_plain(marked: np.ndarray, weight: np.ndarray, at_ms: np.ndarray, draws: int, seed: int) -> float:
    """By definition: every draw's statistic, one after the other."""
    n, k = marked.shape[0], int(marked.sum())
    chance = coins(weight, k)
    mass = np.concatenate([[0.0], np.cumsum(chance)])
    left, right = stretches(mass, at_ms)
    share = (mass[right] - mass[left]) / mass[-1]
    seen = largest_ratio(marked, share, left, right) - 1e-12
    enough, most, null = max(2, int(0.1 * draws)), (1 << 64) - 1, []
    for d in range(draws):
        state, drawn = mixed((seed * 0x9E3779B97F4A7C15 + d + 1) & most), np.zeros(n, dtype=bool)
        for i in range(n):
            state = (state + 0x9E3779B97F4A7C15) & most
            drawn[i] = mixed(state) >> 11 < np.ceil(chance[i] * 2.0**53)
        null.append(largest_ratio(drawn, share, left, right))
        reached = sum(value >= seen for value in null)
        if reached == enough:
            return float(np.log(enough / len(null)))
        upper = np.sort(null)[int(0.9 * len(null)) :]
        cut, excess = upper[0], max(upper.mean() - upper[0], 1.0)
        if len(null) == 39 and reached == 0 and seen - cut > 20 * excess:
            break
    if reached + 1 > max(2.0, 0.05 * draws):
        return float(np.log((reached + 1) / (len(null) + 1)))
    return float(np.log(0.1) - max(seen - cut, 0.0) / excess)


@pytest.mark.parametrize("seed", range(24))
def test_drawing_many_at_once_agrees_with_one_after_the_other(seed: int) -> None:
    rng = np.random.default_rng([seed, 9])
    n = int(rng.integers(8, 90))
    weight = np.exp(rng.normal(0, (0.1, 1.0, 3.0)[seed % 3], n))
    at = np.sort(rng.integers(0, 20 if seed % 5 == 0 else 10**7, n))
    weight = weight[np.searchsorted(at, at)]
    marked = rng.random(n) < 0.3
    if seed % 4:
        # From a slight crowding to one that the first few draws settle.
        first = int(rng.integers(0, n // 2))
        marked[first : first + n // 4] |= rng.random(n)[first : first + n // 4] < (0.4, 0.8, 1.0)[seed % 4 - 1]
        marked[first + n // 4 :] &= seed % 4 < 3
    marked[:2] = True, False
    log_p = log_p_contrast(marked, weight, at, 119, seed)
    assert log_p == pytest.approx(log_p_contrast_plain(marked, weight, at, 119, seed), rel=1e-9, abs=1e-9)


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
