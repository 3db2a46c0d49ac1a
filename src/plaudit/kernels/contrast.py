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
_BESIDE = 40
_SLACK = 1e-3  # what single precision can lose of a bound
_BEYOND = 20.0  # nats: more draws could not make it ordinary again


@numba.njit(cache=True, nogil=True)
def _statistic(total: np.ndarray, share: np.ndarray, left: np.ndarray, right: np.ndarray, least: float) -> float:
    """Largest log-likelihood ratio over the stretches.

    ``total`` is the running sum of the marks, ``share`` the part of all that each stretch is expected to hold.
    """
    k = total[-1]
    best = least
    for w in range(left.shape[0]):
        inside = total[right[w]] - total[left[w]]
        expected = k * share[w]
        more = inside - expected
        # more^2 / expected / (1 - share) bounds the ratio from above: most stretches need no logarithm.
        if more * abs(more) <= best * expected * (1.0 - share[w]):
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


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _beside(below: np.ndarray, part: np.ndarray, stretch: np.ndarray, total: np.ndarray, salt: np.uint64) -> np.ndarray:
    """Draws side by side, one per column of ``total``: their running sums, and a bound on the statistic of each.

    Written so that one instruction serves several draws: nothing is looked up, nothing branches. With ``more`` marks in
    a stretch than the ``e`` expected, ``ln(1 + x) <= x (6 + x) / (6 + 4 x)`` bounds its part of the ratio inside and
    ``ln(1 - x) <= -x - x^2 / 2`` outside: in all, mostly a tenth too much.

    Args:
        below: chance of each like to be marked, in units of ``2^-53``, ``int64[n]``.
        part: part of the marks expected inside each stretch and outside, ``float32[stretches, 2]``.
        stretch: first like of each stretch and the one after its last, ``int32[stretches, 2]``.
        total: out, ``int32[n + 1, draws]``.
        salt: which draws these are.
    """
    draws = total.shape[1]
    state = np.empty(draws, np.uint64)
    most = np.zeros(draws, np.float32)
    for d in range(draws):
        state[d] = _mixed(salt + np.uint64(d + 1))
        total[0, d] = 0
    for i in range(below.shape[0]):
        before, after = total[i], total[i + 1]
        for d in range(draws):
            state[d] += np.uint64(0x9E3779B97F4A7C15)
            after[d] = before[d] + np.int32(np.int64(_mixed(state[d]) >> np.uint64(11)) < below[i])
    k = total[below.shape[0]].astype(np.float32)
    two, three, four, six = np.float32(2), np.float32(3), np.float32(4), np.float32(6)
    for w in range(stretch.shape[0]):
        left, right = total[stretch[w, 0]], total[stretch[w, 1]]
        within, without = part[w, 0], part[w, 1]
        for d in range(draws):
            e, rest = k[d] * within, k[d] * without
            more = max(np.float32(right[d] - left[d]) - e, np.float32(0))
            inside = (three * e + more) / (e * (six * e + four * more))
            value = more * more * (inside + (rest + more) / (two * rest * rest))
            most[d] = value if value > most[d] else most[d]
    return most


@numba.njit(cache=True, nogil=True)
def _settle(
    out: np.ndarray, exact: np.ndarray, total: np.ndarray, share: np.ndarray, left: np.ndarray, right: np.ndarray
) -> float:
    """Put statistics in place of bounds until all of the upper tail of ``out`` are statistics; where it begins."""
    top = np.zeros(out.shape[0] - int((1 - _TAIL) * out.shape[0]), np.float64)
    for d in range(out.shape[0]):
        if exact[d]:
            _enter(top, out[d])
    while True:
        most = -1
        for d in range(out.shape[0]):
            if not exact[d] and (most < 0 or out[d] > out[most]):
                most = d
        if most < 0 or out[most] < top[0]:
            return float(top[0])
        sums = total[most // _BESIDE, :, most % _BESIDE].astype(np.float64)
        floor = (1.0 - _SLACK) * top[0]
        out[most] = _statistic(sums, share, left, right, floor)
        exact[most] = out[most] > floor or floor == 0.0
        _enter(top, out[most])


@numba.njit(cache=True, nogil=True)
def _enter(top: np.ndarray, value: float) -> None:
    """Let a value in among the largest, ascending, if it is of them."""
    if value > top[0]:
        at = 0
        while at + 1 < top.shape[0] and top[at + 1] < value:
            top[at] = top[at + 1]
            at += 1
        top[at] = value


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
) -> tuple[np.ndarray, int, float]:
    """The drawn statistics, until ``enough`` of them reach ``seen``, or the first few lie far below it.

    And how many reach it, and where their upper tail begins. A draw that neither reaches what was seen nor is of the
    upper tail is one of many, whatever its statistic: a bound stands for it.
    """
    n = chance.shape[0]
    # A coin falls where its 53 bits lie below its chance: compared as whole numbers, which is the same and quicker.
    below = np.empty(n, np.int64)
    for i in range(n):
        below[i] = np.int64(np.ceil(chance[i] * 2.0**53))
    part, stretch = np.empty((left.shape[0], 2), np.float32), np.empty((left.shape[0], 2), np.int32)
    for w in range(left.shape[0]):
        part[w, 0], part[w, 1] = share[w], 1.0 - share[w]
        stretch[w, 0], stretch[w, 1] = left[w], right[w]
    out, exact = np.empty(draws, np.float64), np.zeros(draws, np.bool_)
    total = np.empty((-(-draws // _BESIDE), n + 1, _BESIDE), np.int32)
    reached = 0
    for d in range(draws):
        if d % _BESIDE == 0:
            salt = np.uint64(seed) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(d)
            bound = _beside(below, part, stretch, total[d // _BESIDE], salt)
        out[d] = (1.0 + _SLACK) * bound[d % _BESIDE] + _SLACK
        if out[d] >= seen:
            sums = total[d // _BESIDE, :, d % _BESIDE].astype(np.float64)
            out[d] = _statistic(sums, share, left, right, (1.0 - _SLACK) * seen)
            exact[d] = out[d] >= seen
            reached += exact[d]
        if reached == enough:
            return out[: d + 1], reached, seen
        if d + 1 == _FEW and reached == 0:
            cut = _settle(out[:_FEW], exact[:_FEW], total, share, left, right)
            if seen - cut > _BEYOND * _beyond(out[:_FEW], cut):
                return out[:_FEW], reached, cut
    return out, reached, _settle(out, exact, total, share, left, right)


@numba.njit(cache=True, nogil=True)
def _beyond(out: np.ndarray, cut: float) -> float:
    """How far those of ``out`` that reach ``cut`` go beyond it on average, at least 1."""
    upper = np.empty(out.shape[0], np.float64)
    size = 0
    for value in out:
        if value >= cut:
            # Added up in ascending order, so that the sum does not depend on the order of the draws.
            at = size
            while at and upper[at - 1] > value:
                upper[at] = upper[at - 1]
                at -= 1
            upper[at] = value
            size += 1
    total = 0.0
    for n in range(size):
        total += upper[n]
    return max(total / size - cut, 1.0)


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
    # One number per stretch; those of one length are ascending as they are found.
    both = np.empty(every, np.int64)
    head, stop = np.empty(widths.shape[0], np.int64), np.empty(widths.shape[0], np.int64)
    size = 0
    for w in range(widths.shape[0]):
        length, step = mass[n] * widths[w, 0], mass[n] * widths[w, 1] / _STEPS
        head[w], first, last = size, 0, 0
        for k in range(number[w]):
            while first < n and mass[first] < k * step - 1e-9:
                first += 1
            while last < n and mass[last] < k * step + length - 1e-9:
                last += 1
            left, right = begins[min(first, n - 1)], ends[max(last - 1, 0)]
            if right > left:
                both[size] = left * (n + 1) + right
                size += 1
        stop[w] = size
    lefts, rights = np.empty(size, np.int64), np.empty(size, np.int64)
    kept, before = 0, np.int64(-1)
    for _ in range(size):
        least = -1
        for w in range(widths.shape[0]):
            if head[w] < stop[w] and (least < 0 or both[head[w]] < both[head[least]]):
                least = w
        one = both[head[least]]
        head[least] += 1
        if one != before:
            lefts[kept], rights[kept] = one // (n + 1), one % (n + 1)
            kept, before = kept + 1, one
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
    # Of a type from the start: what takes it would be compiled for a literal nought as well.
    k = np.int64(0)
    total = np.zeros(n + 1, np.float64)
    for i in range(n):
        k += np.int64(marked[i])
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
    seen = _statistic(total, share, left, right, 0.0) - 1e-12
    enough = max(2, int(_ENOUGH * _TAIL * draws))
    null, reached, cut = _drawn(chance, share, left, right, draws, seed, seen, enough)
    if reached >= enough:
        # Where drawing ended there, or with the last draw.
        return float(np.log(enough / null.shape[0]))
    if reached + 1 > max(2.0, 0.5 * _TAIL * draws):
        return float(np.log((reached + 1.0) / (null.shape[0] + 1.0)))
    return float(np.log(_TAIL) - max(seen - cut, 0.0) / _beyond(null, cut))


@numba.njit(cache=True, nogil=True)
def _most(
    marked: np.ndarray,
    log_weight: np.ndarray,
    at_ms: np.ndarray,
    widths: np.ndarray,
    draws: int,
    seed: int,
    strengths: np.ndarray,
    enough: float,
) -> float:
    out = -np.inf
    for strength in strengths:
        odds = np.empty(log_weight.shape[0], np.float64)
        for i in range(odds.shape[0]):
            odds[i] = min(max(log_weight[i] * strength, -_MOST_LOG_ODDS), _MOST_LOG_ODDS)
        out = max(out, _log_p(marked, odds, at_ms, widths, draws, seed))
        if out >= enough:
            break
    return out


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
    powers = np.asarray(strengths, dtype=np.float64)
    return float(_most(marked, np.log(weight), at_ms, _WIDTHS, draws, seed, powers, enough))


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
