"""Counters read over time: what a curve should have gained between two readings, and where it gained too much.

A curve is a run of readings; between two of them stands an *interval*. What an interval is worth, its exposure, is
the product of three rates over its length: how old the target is, what hour of the day it is, and what place it stands
in. All curves share the three rates; each has its own level. Long intervals are cut into at most 48 pieces.

The scan judges windows of intervals *given the curve's own total*: with gamma-distributed bursts the gain of a window
with share ``w`` of the exposure is beta-binomial, at any polling (Ferguson 1973: gamma processes normalise to
Dirichlet), so ragged polling needs no special case and no level has to be known.
"""

from __future__ import annotations

import math

import numba
import numpy as np
from scipy import stats

from plaudit.model import Floats, Ints

AGES = 40
"""Age bins: half octaves of a quarter of an hour."""

HOURS = 24
PLACES = 8
"""Places among the comments: unknown, first, 2-3, 4-6, 7-11, 12-21, 22-41, further down."""

DEPTH = 12
"""Levels of spread, by the octave of a window's share of the exposure."""

_PIECES = 48
_LONGEST_PIECE_H = 2.0
_HALF = 0.5


@numba.njit(cache=True, nogil=True)
def age_bin(age_h: float) -> int:
    """Bin of an age in hours."""
    return min(int(2.0 * math.log2(1.0 + 4.0 * max(age_h, 0.0))), AGES - 1)


@numba.njit(cache=True, nogil=True)
def place_bin(position: int) -> int:
    """Bin of a place counted from 0; -1 is unknown."""
    if position < 0:
        return 0
    if position == 0:
        return 1
    return min(2 + int(math.log2((position + 4.0) / 5.0) + 1.0), PLACES - 1) if position > 2 else 2


@numba.njit(cache=True, nogil=True)
def fold(
    first: int,
    last: int,
    born: float,
    start: np.ndarray,
    end: np.ndarray,
    gain: np.ndarray,
    place: np.ndarray,
    density: np.ndarray,
    rate: np.ndarray,
    level: float,
    weight: float,
    num: np.ndarray,
    den: np.ndarray,
) -> None:
    """Add what intervals ``first..last`` of one curve say about the rates.

    Args:
        born, start, end: hours. gain: likes. place: bin. density: exposure per hour before any rate (reads, or 1);
            a negative one says that reads stand behind it, which know the hour already.
        rate: ``[3, AGES]`` rates of age, hour and place.
        level: likes per unit of exposure. weight: voice of the curve.
        num, den: ``[3, AGES]``, added to: likes, and likes expected were this one rate 1.
    """
    for j in range(first, last):
        length = end[j] - start[j]
        if length <= 0.0:
            continue
        pieces = min(max(math.ceil(length), 1), _PIECES)
        step = length / pieces
        whole = 0.0
        for turn in range(2):
            for k in range(pieces):
                middle = start[j] + (k + 0.5) * step
                a, p = age_bin(middle - born), place[j]
                c = int(middle) % HOURS if step <= _LONGEST_PIECE_H and density[j] >= 0.0 else -1
                ra, rp = rate[0, a], rate[2, p]
                rc = rate[1, c] if c >= 0 else 1.0
                worth = ra * rc * rp * step * abs(density[j])
                if turn == 0:
                    whole += worth
                    continue
                got = weight * gain[j] * worth / max(whole, 1e-300)
                due = weight * level * step * abs(density[j])
                num[0, a] += got
                den[0, a] += due * rc * rp
                num[2, p] += got
                den[2, p] += due * ra * rc
                if c >= 0:
                    num[1, c] += got
                    den[1, c] += due * ra * rp


@numba.njit(cache=True, nogil=True)
def fold_all(
    offsets: np.ndarray,
    born: np.ndarray,
    start: np.ndarray,
    end: np.ndarray,
    gain: np.ndarray,
    place: np.ndarray,
    density: np.ndarray,
    rate: np.ndarray,
    level: np.ndarray,
    weight: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """:func:`fold` over all curves: ``(num, den)``, each ``float64[3, AGES]``."""
    num, den = np.zeros((3, AGES)), np.zeros((3, AGES))
    for t in range(offsets.shape[0] - 1):
        a, b = offsets[t], offsets[t + 1]
        fold(a, b, born[t], start, end, gain, place, density, rate, level[t], weight[t], num, den)
    return num, den


@numba.njit(cache=True, nogil=True)
def rates_of(num: np.ndarray, den: np.ndarray, voice: float, rate: np.ndarray) -> None:
    """Rates from likes and expected likes: ages lean on the age before them, hours and places on 1."""
    total, due = num[0].sum(), den[0].sum()
    before = total / due if due > 0 and total > 0 else 1.0
    for a in range(AGES):
        rate[0, a] = (num[0, a] + voice) / (den[0, a] + voice / before)
        before = rate[0, a]
    for row in range(1, 3):
        for c in range(AGES):
            rate[row, c] = (num[row, c] + 4.0 * voice) / (den[row, c] + 4.0 * voice)


@numba.njit(cache=True, nogil=True)
def exposures(
    offsets: np.ndarray,
    born: np.ndarray,
    start: np.ndarray,
    end: np.ndarray,
    gain: np.ndarray,
    place: np.ndarray,
    density: np.ndarray,
    level: np.ndarray,
    weight: np.ndarray,
    rate: np.ndarray,
    num: np.ndarray,
    den: np.ndarray,
    voice: float,
    out: np.ndarray,
    quiet: np.ndarray,
    leave: bool,
) -> None:
    """Exposure of every interval by the rates of all *other* curves, into ``out``; ``quiet`` gets the night's part.

    ``leave`` False takes ``rate`` as it is. ``quiet`` is ``float64[m]``: exposure in the hours whose rate is below
    half the mean.
    """
    own_num, own_den = np.zeros((3, AGES)), np.zeros((3, AGES))
    mine = rate.copy()
    for t in range(offsets.shape[0] - 1):
        first, last = offsets[t], offsets[t + 1]
        if leave:
            own_num[:] = 0.0
            own_den[:] = 0.0
            own = (rate, level[t], weight[t], own_num, own_den)
            fold(first, last, born[t], start, end, gain, place, density, *own)
            rates_of(np.maximum(num - own_num, 0.0), np.maximum(den - own_den, 0.0), voice, mine)
        for j in range(first, last):
            length = end[j] - start[j]
            pieces = min(max(math.ceil(length), 1), _PIECES)
            step = length / pieces
            total, dark = 0.0, 0.0
            for k in range(pieces):
                middle = start[j] + (k + 0.5) * step
                c = int(middle) % HOURS if step <= _LONGEST_PIECE_H and density[j] >= 0.0 else -1
                worth = mine[0, age_bin(middle - born[t])] * mine[2, place[j]] * step * abs(density[j])
                if c >= 0:
                    worth *= mine[1, c]
                    if rate[1, c] < _HALF:
                        dark += worth
                total += worth
            out[j], quiet[j] = total, dark


@numba.njit(cache=True, nogil=True)
def log_tail(k: int, n: int, w: float, alpha: float) -> float:
    """``ln P(K >= k)`` for ``K`` beta-binomial of ``n`` draws with mean share ``w`` and precision ``alpha``."""
    if k <= 0:
        return 0.0
    if k > n or w <= 0.0:
        return -700.0
    a, b = alpha * w, alpha * (1.0 - w)
    log_first = (
        math.lgamma(n + 1.0) - math.lgamma(k + 1.0) - math.lgamma(n - k + 1.0)
        + math.lgamma(k + a) + math.lgamma(n - k + b) - math.lgamma(n + alpha)
        + math.lgamma(alpha) - math.lgamma(a) - math.lgamma(b)
    )  # fmt: skip
    term, total = 1.0, 1.0
    for x in range(k, n):
        term *= (n - x) / (x + 1.0) * (x + a) / (n - x - 1.0 + b)
        total += term
        # Below the mode terms still grow; beyond it the rest is under term / (1 - ratio).
        if term < 1e-9 * total and x > w * n:
            break
    return float(max(min(log_first + math.log(total), 0.0), -700.0))


@numba.njit(cache=True, nogil=True)
def precision(w: float, n: float, kappa: np.ndarray, burst: float) -> float:
    """Precision of a window: what wanders with the size of the curve, and bursts that do not."""
    octave = min(max(int(-math.log2(max(w, 1e-12))), 0), DEPTH - 1)
    return float(1.0 / (1.0 / kappa[octave] + burst / max(n, 1.0)))


@numba.njit(cache=True, nogil=True)
def best_window(
    low: np.ndarray, high: np.ndarray, cum: np.ndarray, kappa: np.ndarray, burst: float, least: int
) -> tuple[float, int, int, int]:
    """``(ln p, first, last, windows)`` of the most surprising window between two readings of one curve.

    Args:
        low, high: bounds of the running total at each reading, ``int64[r]``. cum: exposure up to it, ``float64[r]``.
        kappa, burst: see :func:`precision`. least: likes a window must have gained for certain.
    """
    r = low.shape[0]
    whole, n = cum[r - 1] - cum[0], high[r - 1] - low[0]
    if r < 3 or whole <= 0.0 or n < least:
        return 0.0, 0, 0, 0
    top, best, best_a, best_b, count = 0.0, 0.0, 0, 0, 0
    for turn in range(2):
        length = 1
        while length < r:
            step = max(1, length // 4)
            for a in range(0, r - length, step):
                b = a + length
                w = (cum[b] - cum[a]) / whole
                if w > 0.5 or w <= 0.0:
                    continue
                if turn == 0:
                    count += 1
                k = low[b] - high[a]
                if k < least or k <= n * w:
                    continue
                alpha = precision(w, n, kappa, burst)
                share = k / n
                far = share * math.log(share / w)
                if k < n:
                    far += (1.0 - share) * math.log((1.0 - share) / (1.0 - w))
                far *= n * (1.0 + alpha) / (n + alpha)
                if turn == 0:
                    top = max(top, far)
                elif far >= 0.7 * top:
                    value = log_tail(k, n, w, alpha)
                    if value < best:
                        best, best_a, best_b = value, a, b
            length = max(length + 1, length * 3 // 2)
    return best, best_a, best_b, count


@numba.njit(cache=True, nogil=True)
def best_windows(
    offsets: np.ndarray,
    low: np.ndarray,
    high: np.ndarray,
    cum: np.ndarray,
    kappa: np.ndarray,
    burst: float,
    least: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """:func:`best_window` of every curve; readings of curve ``t`` are ``offsets[t]:offsets[t + 1]``."""
    size = offsets.shape[0] - 1
    p, a, b, m = np.zeros(size), np.zeros(size, np.int64), np.zeros(size, np.int64), np.zeros(size, np.int64)
    for t in range(size):
        s, e = offsets[t], offsets[t + 1]
        p[t], a[t], b[t], m[t] = best_window(low[s:e], high[s:e], cum[s:e], kappa, burst, least)
    return p, a, b, m


@numba.njit(cache=True, nogil=True)
def null_windows(
    offsets: np.ndarray,
    cum: np.ndarray,
    total: np.ndarray,
    kappa: np.ndarray,
    burst: float,
    least: int,
    seed: int,
) -> np.ndarray:
    """``ln p`` of the best window of every curve, drawn anew: its gains scattered by gamma bursts on its exposure."""
    np.random.seed(seed)
    out = np.zeros(offsets.shape[0] - 1)
    for t in range(out.shape[0]):
        s, e = offsets[t], offsets[t + 1]
        r, whole, left = e - s, cum[e - 1] - cum[s], total[t]
        if r < 3 or whole <= 0.0:
            continue
        alpha = precision(1.0 / (r - 1), total[t], kappa, burst)
        part = np.zeros(r - 1)
        for j in range(r - 1):
            shape = alpha * (cum[s + j + 1] - cum[s + j]) / whole
            part[j] = np.random.gamma(shape, 1.0) if shape > 0.0 else 0.0
        rest = part.sum()
        value = np.zeros(r, np.int64)
        for j in range(r - 1):
            k = left
            if rest > part[j] and left > 0:
                k = np.random.binomial(left, min(max(part[j] / rest, 0.0), 1.0))
            value[j + 1] = value[j] + k
            left -= k
            rest -= part[j]
            if left == 0:
                value[j + 1 :] = value[j + 1]
                break
        # One precision drew them, one precision judges them.
        flat = np.full(DEPTH, alpha)
        out[t] = best_window(value, value, cum[s:e], flat, 0.0, least)[0]
    return out


@numba.njit(cache=True, nogil=True)
def disjoint_windows(
    offsets: np.ndarray, low: np.ndarray, high: np.ndarray, cum: np.ndarray, octave: int, most: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Side-by-side windows whose share of the exposure lies in one octave: ``(gain, total, share, curve)``."""
    gain, total, share = np.zeros(most, np.int64), np.zeros(most, np.int64), np.zeros(most)
    home = np.zeros(most, np.int64)
    found = 0
    for t in range(offsets.shape[0] - 1):
        s, e = offsets[t], offsets[t + 1]
        whole, n = cum[e - 1] - cum[s], high[e - 1] - low[s]
        if e - s < 3 or whole <= 0.0 or n < 2:
            continue
        a = s
        for b in range(s + 1, e):
            w = (cum[b] - cum[a]) / whole
            if w < 0.5 ** (octave + 1):
                continue
            if w < 0.5**octave:
                gain[found], total[found], share[found], home[found] = max(low[b] - high[a], 0), n, w, t
                found += 1
                if found == most:
                    return gain, total, share, home
            a = b
    return gain[:found], total[:found], share[:found], home[:found]


def log_tail_plain(k: int, n: int, w: float, alpha: float) -> float:
    """The plain twin of :func:`log_tail`."""
    return float(stats.betabinom.logsf(k - 1, n, alpha * w, alpha * (1.0 - w)))


def best_window_plain(
    low: Ints, high: Ints, cum: Floats, kappa: Floats, burst: float, least: int
) -> tuple[float, int, int]:
    """The plain twin of :func:`best_window`: every window of the ladder judged outright, none passed over."""
    best: tuple[float, int, int] = (0.0, 0, 0)
    r, whole, n = low.shape[0], float(cum[-1] - cum[0]), int(high[-1] - low[0])
    if r < 3 or whole <= 0 or n < least:
        return best
    length = 1
    while length < r:
        for a in range(0, r - length, max(1, length // 4)):
            w, k = float(cum[a + length] - cum[a]) / whole, int(low[a + length] - high[a])
            if 0 < w <= 0.5 and k >= least and k > n * w:
                alpha = 1.0 / (1.0 / kappa[min(max(int(-np.log2(max(w, 1e-12))), 0), DEPTH - 1)] + burst / max(n, 1))
                best = min(best, (log_tail_plain(k, n, w, float(alpha)), a, a + length), key=lambda found: found[0])
        length = max(length + 1, length * 3 // 2)
    return best
