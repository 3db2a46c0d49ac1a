"""Where do points crowd together more than uniform points would? The calibrated scan statistic.

Under a target's null its likes, moved through its own distribution function, are uniform on (0, 1). A window with ``k``
of ``n`` points and measure ``mu`` has log-likelihood ratio ``L = k ln(k/(n mu)) + (n-k) ln((n-k)/(n(1-mu)))`` (Kulldorff
1997). Small windows are many, so the best of them wins by number; the calibration ``sqrt(2 L) - sqrt(2 ln(e n^2 /
(k (n-k))))`` (Rivera & Walther 2013; Walther & Perry 2022) makes every window size compete on equal terms and leaves a
statistic whose null distribution hardly depends on ``n``. Window sizes run through a geometric ladder, so the cost of a
target is O(n log n).
"""

from __future__ import annotations

import json
from functools import lru_cache
from importlib import resources

import numba
import numpy as np

from plaudit.model import Floats, Ints

_LADDER = 1.2
_MIN_POINTS = 3


@numba.njit(cache=True, nogil=True)
def _next_size(k: int) -> int:
    return max(k + 1, int(k * _LADDER))


@numba.njit(cache=True, nogil=True)
def _best_window(low: np.ndarray, high: np.ndarray) -> tuple[float, int, int, float]:
    """Best window of one target: (statistic, first, last, measure). ``low``/``high`` bound each point (resolution)."""
    n = low.shape[0]
    best, first, last, measure = -np.inf, 0, 0, 1.0
    k = _MIN_POINTS
    while k < n:
        penalty = np.sqrt(2.0 * np.log(np.e * n * n / (k * (n - k))))
        for i in range(n - k + 1):
            mu = high[i + k - 1] - low[i]
            if mu <= 0.0:
                mu = 1e-12
            if k > n * mu and mu < 1.0:
                ratio = k * np.log(k / (n * mu)) + (n - k) * np.log((n - k) / (n * (1.0 - mu)))
                value = np.sqrt(2.0 * ratio) - penalty
                if value > best:
                    best, first, last, measure = value, i, i + k - 1, mu
        k = _next_size(k)
    return best, first, last, measure


@numba.njit(cache=True, nogil=True)
def scan_targets(
    low: np.ndarray, high: np.ndarray, offsets: np.ndarray, min_points: int, keep: float, depth: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Scan every target, then what lies left and right of each window found, as its own problem.

    Args:
        low, high: lower and upper end of each point's uniform coordinate, ascending inside a target, ``float64[n]``.
        offsets: CSR of targets, ``int64[targets + 1]``.
        min_points: targets with fewer points are passed over.
        keep: windows below this statistic are dropped, except a target's first, which is always returned.
        depth: how often the rest of a target is searched again.

    Returns:
        ``(target, statistic, first, last, measure)`` per window; ``first``/``last`` are row numbers (inclusive),
        ``measure`` is the window's null measure inside the stretch it was found in. The first window of each target
        precedes its others.
    """
    cap = 1024
    out_t = np.empty(cap, np.int64)
    out_s = np.empty(cap, np.float64)
    out_f = np.empty(cap, np.int64)
    out_l = np.empty(cap, np.int64)
    out_m = np.empty(cap, np.float64)
    count = 0
    stack = np.empty((4 * (depth + 2), 5), np.float64)
    for t in range(offsets.shape[0] - 1):
        a, b = offsets[t], offsets[t + 1]
        if b - a < min_points:
            continue
        top = 0
        stack[0, 0], stack[0, 1], stack[0, 2], stack[0, 3], stack[0, 4] = a, b, 0.0, 1.0, 0
        top = 1
        while top > 0:
            top -= 1
            x, y = int(stack[top, 0]), int(stack[top, 1])
            lo, hi, level = stack[top, 2], stack[top, 3], int(stack[top, 4])
            width = hi - lo
            if y - x < min_points or width <= 0.0:
                continue
            s, f, l, m = _best_window((low[x:y] - lo) / width, (high[x:y] - lo) / width)
            if level > 0 and s < keep:
                continue
            if s == -np.inf:
                continue
            if count == cap:
                cap *= 2
                out_t, out_s = _grown(out_t, cap), _grown(out_s, cap)
                out_f, out_l, out_m = _grown(out_f, cap), _grown(out_l, cap), _grown(out_m, cap)
            out_t[count], out_s[count], out_f[count], out_l[count], out_m[count] = t, s, x + f, x + l, m
            count += 1
            if s >= keep and level < depth:
                stack[top, 0], stack[top, 1], stack[top, 2], stack[top, 3] = x + l + 1, y, high[x + l], hi
                stack[top, 4] = level + 1
                top += 1
                stack[top, 0], stack[top, 1], stack[top, 2], stack[top, 3] = x, x + f, lo, low[x + f]
                stack[top, 4] = level + 1
                top += 1
    return out_t[:count], out_s[:count], out_f[:count], out_l[:count], out_m[:count]


@numba.njit(cache=True)
def _grown(a: np.ndarray, cap: int) -> np.ndarray:
    out = np.empty(cap, a.dtype)
    out[: a.shape[0]] = a
    return out


@numba.njit(cache=True, nogil=True)
def _null_sample(n: int, draws: int, seed: int) -> np.ndarray:
    np.random.seed(seed)
    out = np.empty(draws, np.float64)
    for i in range(draws):
        u = np.sort(np.random.random(n))
        out[i] = _best_window(u, u)[0]
    return out


SIZES = (4, 5, 6, 8, 10, 13, 17, 24, 35, 60, 110, 250, 700, 2000)
"""Point counts at which the null distribution is tabled."""

LEVELS = np.concatenate([np.linspace(0.005, 0.95, 190), 1 - np.geomspace(0.049, 0.0005, 40)])
"""Probabilities whose quantiles are tabled."""


def null_table(draws: int, seed: int) -> Floats:
    """Quantiles of the statistic on uniform points, ``float64[sizes, levels]``: how ``scan_null.json`` was made.

    The packaged table is ``null_table(40_000, 20260101)``; it is part of the method, not of a run.
    """
    rows = (_null_sample(n, draws if n < 700 else draws // 8, seed + n) for n in SIZES)
    # A sample without any excess window scores minus infinity; its rank is all that matters.
    return np.array([np.quantile(np.maximum(row, -5.0), LEVELS) for row in rows])


@lru_cache(maxsize=1)
def _packaged_table() -> Floats:
    text = resources.files("plaudit.kernels").joinpath("scan_null.json").read_text(encoding="utf-8")
    return np.array(json.loads(text), dtype=np.float64)


def log_p_value(statistic: Floats, n: Ints) -> Floats:
    """Natural log of the chance that ``n`` uniform points show at least ``statistic``.

    Interpolated in the tabled quantiles and in ``ln n``; beyond the last tabled level the tail goes on at the slope it
    had there, bent by half of a normal tail's curvature (slower than the truth, hence conservative). Beyond the largest
    tabled size its row is used: the calibrated statistic no longer depends on ``n`` there.
    """
    sizes, table = np.log(np.array(SIZES, dtype=np.float64)), _packaged_table()
    x = np.clip(np.log(np.maximum(n, 1)), sizes[0], sizes[-1])
    row = np.clip(np.searchsorted(sizes, x, side="right") - 1, 0, len(sizes) - 2)
    share = (x - sizes[row]) / (sizes[row + 1] - sizes[row])
    out = np.empty(statistic.shape[0], np.float64)
    for r in np.unique(row):
        here = row == r
        left, right = _row_log_p(statistic[here], table[r]), _row_log_p(statistic[here], table[r + 1])
        out[here] = (1 - share[here]) * left + share[here] * right
    return np.minimum(out, 0.0)


def _row_log_p(statistic: Floats, quantiles: Floats) -> Floats:
    log_tail = np.log1p(-LEVELS)
    inside = np.interp(statistic, quantiles, log_tail, left=0.0)
    cut = quantiles[-1]
    knee = int(np.searchsorted(LEVELS, 0.98))
    slope = (log_tail[knee] - log_tail[-1]) / max(cut - quantiles[knee], 1e-9)
    excess = np.maximum(statistic - cut, 0.0)
    return np.where(statistic > cut, log_tail[-1] - slope * excess - 0.25 * excess**2, inside)
