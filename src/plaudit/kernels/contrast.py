"""Do the marked among a target's likes crowd together more than its other likes do? A two-sample scan.

Where everybody comes (a viral hour, a front page), the marked come too: comparing them with the *other* likes of the
same target takes all that out (conditional on the target's own course, marks are exchangeable up to known odds). The
scan looks at stretches of many lengths (Kulldorff 1997); its null is drawn, not assumed.
"""

from __future__ import annotations

from collections.abc import Sequence

import numba
import numpy as np

from plaudit.model import Bools, Floats, Ints

_HALVINGS = 6
_WIDE = 3
_STEPS = 4
_TAIL = 0.1
_ENOUGH = 1.0
_MOST_LOG_ODDS = float(np.log(1e6))
_FEW = 39
_BEYOND = 20.0  # nats: more draws could not make it ordinary again


@numba.njit(cache=True, nogil=True)
def _statistic(total: np.ndarray, share: np.ndarray, left: np.ndarray, right: np.ndarray) -> float:
    """Largest log-likelihood ratio over the stretches.

    ``total`` is the running sum of the marks, ``share`` the part of all that each stretch is expected to hold.
    """
    k = total[-1]
    best = 0.0
    for w in range(left.shape[0]):
        inside = total[right[w]] - total[left[w]]
        expected = k * share[w]
        # (inside - expected)^2 / expected bounds the ratio from above: most stretches need no logarithm.
        if inside <= expected or (inside - expected) ** 2 <= best * expected * (1.0 - share[w]):
            continue
        value = inside * np.log(inside / expected)
        if k > inside:
            value += (k - inside) * np.log((k - inside) / (k - expected))
        best = max(best, value)
    return best


@numba.njit(cache=True, nogil=True, inline="always")
def _mixed(state: np.uint64) -> np.uint64:
    """One step of SplitMix64 (Steele et al. 2014)."""
    z = state
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


@numba.njit(cache=True, nogil=True)
def _ascending(values: np.ndarray) -> np.ndarray:
    """A sorted copy, by insertion: of so few, quicker than what the library would have to compile first."""
    out = np.empty(values.shape[0], np.float64)
    for n in range(values.shape[0]):
        at = n
        while at and out[at - 1] > values[n]:
            out[at] = out[at - 1]
            at -= 1
        out[at] = values[n]
    return out


@numba.njit(cache=True, nogil=True)
def _drawn(
    chance: np.ndarray,
    share: np.ndarray,
    left: np.ndarray,
    right: np.ndarray,
    draws: int,
    seed: int,
    seen: float,
    enough: int,
) -> np.ndarray:
    """The drawn statistics, until ``enough`` of them reach ``seen``, or the first few lie far below it."""
    n = chance.shape[0]
    out = np.empty(draws, np.float64)
    # A coin falls where its 53 bits lie below its chance: compared as whole numbers, which is the same and quicker.
    below = np.empty(n, np.uint64)
    for i in range(n):
        below[i] = np.uint64(np.ceil(chance[i] * 2.0**53))
    total = np.zeros(n + 1, np.float64)
    reached = 0
    for d in range(draws):
        state = _mixed(np.uint64(seed) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(d + 1))
        for i in range(n):
            state += np.uint64(0x9E3779B97F4A7C15)
            total[i + 1] = total[i] + (1.0 if _mixed(state) >> np.uint64(11) < below[i] else 0.0)
        out[d] = _statistic(total, share, left, right)
        reached += out[d] >= seen
        if reached == enough:
            return out[: d + 1]
        if d + 1 == _FEW and reached == 0:
            cut, excess = _tail(_ascending(out[:_FEW]))
            if seen - cut > _BEYOND * excess:
                return out[:_FEW]
    return out


@numba.njit(cache=True, nogil=True)
def _tail(null: np.ndarray) -> tuple[float, float]:
    """Where the upper tenth of the ascending ``null`` begins and how far it goes beyond that on average, at least 1."""
    cut = null[int((1 - _TAIL) * null.shape[0])]
    total, upper = 0.0, 0
    for value in null:
        if value >= cut:
            total += value
            upper += 1
    return cut, max(total / upper - cut, 1.0)


@numba.njit(cache=True, nogil=True)
def _coins(log_weight: np.ndarray, k: int) -> np.ndarray:
    low, high, middle = -60.0, 60.0, 0.0
    for _ in range(60):
        total, slope = 0.0, 0.0
        for i in range(log_weight.shape[0]):
            one = 1.0 / (1.0 + np.exp(-(log_weight[i] + middle)))
            total += one
            slope += one * (1.0 - one)
        if total < k:
            low = middle
        else:
            high = middle
        # Newton's step, halving where it would leave the bracket.
        following = middle - (total - k) / max(slope, 1e-300)
        if not low < following < high:
            following = 0.5 * (low + high)
        if abs(following - middle) < 1e-13 * max(1.0, abs(middle)):
            break
        middle = following
    out = np.empty(log_weight.shape[0])
    for i in range(log_weight.shape[0]):
        out[i] = 1.0 / (1.0 + np.exp(-(log_weight[i] + middle)))
    return out


@numba.njit(cache=True, nogil=True)
def _stretches(mass: np.ndarray, at_ms: np.ndarray, widths: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    n = at_ms.shape[0]
    number = np.empty(widths.shape[0], np.int64)
    every = 0
    for w in range(widths.shape[0]):
        number[w] = int(np.rint((1.0 - widths[w, 0]) / widths[w, 1] * _STEPS)) + 1
        every += number[w]
    # No stretch parts equal times: where each run of them begins, and where it is over.
    begins, ends = np.empty(n, np.int64), np.empty(n, np.int64)
    for i in range(n):
        begins[i] = begins[i - 1] if i and at_ms[i] == at_ms[i - 1] else i
    for i in range(n - 1, -1, -1):
        ends[i] = ends[i + 1] if i + 1 < n and at_ms[i] == at_ms[i + 1] else i + 1
    both = np.empty(every, np.int64)
    size = 0
    for w in range(widths.shape[0]):
        length, step = mass[n] * widths[w, 0], mass[n] * widths[w, 1] / _STEPS
        for k in range(number[w]):
            first = np.searchsorted(mass, k * step - 1e-9)
            last = min(np.searchsorted(mass, k * step + length - 1e-9), n)
            left, right = begins[min(first, n - 1)], ends[max(last - 1, 0)]
            if right > left:
                # One number per stretch: sorting those is far quicker than sorting pairs.
                both[size] = left * (n + 1) + right
                size += 1
    both = both[:size]
    both.sort()
    lefts, rights = np.empty(size, np.int64), np.empty(size, np.int64)
    kept = 0
    for k in range(size):
        if k == 0 or both[k] != both[k - 1]:
            lefts[kept], rights[kept] = both[k] // (n + 1), both[k] % (n + 1)
            kept += 1
    return lefts[:kept], rights[:kept]


_WIDTHS = np.array(
    [(1.0 / 2**halving, 1.0 / 2**halving) for halving in range(1, _HALVINGS + 1)]
    + [(1.0 - 1.0 / 2**halving, 1.0 / 2**halving) for halving in range(2, _WIDE + 1)]
)
"""Lengths of the stretches, and what their steps are a quarter of, as parts of the expected marks."""


@numba.njit(cache=True, nogil=True)
def _log_p(
    marked: np.ndarray, log_weight: np.ndarray, at_ms: np.ndarray, widths: np.ndarray, draws: int, seed: int
) -> float:
    n = marked.shape[0]
    k = 0
    total = np.zeros(n + 1, np.float64)
    for i in range(n):
        k += marked[i]
        total[i + 1] = k
    if k == 0 or k == n:
        return 0.0
    chance = _coins(log_weight, k)
    mass = np.zeros(n + 1, np.float64)
    for i in range(n):
        mass[i + 1] = mass[i] + chance[i]
    left, right = _stretches(mass, at_ms, widths)
    share = np.empty(left.shape[0])
    for w in range(left.shape[0]):
        share[w] = (mass[right[w]] - mass[left[w]]) / mass[n]
    seen = _statistic(total, share, left, right) - 1e-12
    enough = max(2, int(_ENOUGH * _TAIL * draws))
    null = _ascending(_drawn(chance, share, left, right, draws, seed, seen, enough))
    reached = 0
    for value in null:
        reached += value >= seen
    if reached >= enough:
        # Where drawing ended there, or with the last draw.
        return float(np.log(enough / null.shape[0]))
    if reached + 1 > max(2.0, 0.5 * _TAIL * draws):
        return float(np.log((reached + 1.0) / (null.shape[0] + 1.0)))
    cut, excess = _tail(null)
    return float(np.log(_TAIL) - max(seen - cut, 0.0) / excess)


def log_p_contrast(
    marked: Bools,
    weight: Floats,
    at_ms: Ints,
    draws: int,
    seed: int,
    *,
    strengths: Sequence[int] = (1,),
    enough: float = 0.0,
) -> float:
    """``ln p`` that the marks fall on a target's likes by their weights alone; 0 when all or none are marked.

    Every like is marked by a coin of its own, with odds proportional to ``weight`` and the right number of marks on
    average. Drawing ends when enough draws reach what was seen (Besag & Clifford 1991): where nothing stands out, a
    dozen tell as much as a hundred, and so do a few where all of them lie far below. Beyond what the draws resolve,
    the tail goes on as an exponential fitted to their upper tenth, never steeper than a likelihood ratio's own (rate
    one).

    Args:
        marked: likes of one target in order of time, ``bool[n]``.
        weight: odds of each like to be marked, up to a factor, ``float64[n]``, positive; equal where times are.
        at_ms: their times, ascending, ``int64[n]``; no stretch parts equal times.
        draws: size of the drawn null.
        seed: seed of the draws.
        strengths: powers of the weights to allow for; the one that explains most counts.
        enough: ``ln p`` from which on no further strength is asked.
    """
    log_weight = np.log(weight)
    out = -np.inf
    for strength in strengths:
        odds = np.clip(log_weight * strength, -_MOST_LOG_ODDS, _MOST_LOG_ODDS)
        out = max(out, float(_log_p(marked, odds, at_ms, _WIDTHS, draws, seed)))
        if out >= enough:
            break
    return out


def coins(weight: Floats, k: int) -> Floats:
    """Chances ``c w / (1 + c w)`` that add up to ``k``, ``float64[n]``, ``0 < k < n``."""
    return np.asarray(_coins(np.log(weight), k), dtype=np.float64)


def stretches(mass: Floats, at_ms: Ints) -> tuple[Ints, Ints]:
    """Stretches of 1/2, 1/4 … 1/64 of the expected marks, in steps of a quarter of their length: ``(left, right)``.

    And of 3/4 and 7/8, in steps of a quarter of what they leave: where most likes are marked, it is the few others that
    stand apart.

    Args:
        mass: expected marks before each like and in all, ``float64[n + 1]``.
        at_ms: times, ascending, ``int64[n]``.
    """
    left, right = _stretches(mass, at_ms, _WIDTHS)
    return left, right
