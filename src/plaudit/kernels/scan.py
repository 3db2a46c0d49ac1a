"""Where do points crowd together more than uniform points would? The calibrated scan statistic.

Under a target's null its likes, moved through its own distribution function, are uniform on (0, 1). A window with
``k`` of ``n`` points and measure ``mu`` has log-likelihood ratio ``L = k ln(k/(n mu)) + (n-k) ln((n-k)/(n(1-mu)))``
(Kulldorff 1997). Small windows are many, so the best of them wins by number; the calibration ``sqrt(2 L) - sqrt(2
ln(e n^2 / (k (n-k))))`` (Rivera & Walther 2013; Walther & Perry 2022) makes every window size compete on equal terms
and leaves a statistic whose null distribution hardly depends on ``n``. Window sizes run through a geometric ladder,
so the cost of a target is O(n log n).
"""

from __future__ import annotations

import json
from functools import lru_cache
from importlib import resources

import numba
import numpy as np

from plaudit.kernels.grown import grown
from plaudit.model import Floats, Ints

_LADDER = 1.2
_MIN_POINTS = 3
_SLACK = 1e-9  # what rounding can lose of a bound


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
        # (k - n mu)^2 / (n mu (1 - mu)) bounds the ratio from above: most windows need no logarithm.
        least = (1.0 - _SLACK) * 0.5 * max(best + penalty, 0.0) ** 2
        for i in range(n - k + 1):
            mu = high[i + k - 1] - low[i]
            if mu <= 0.0:
                mu = 1e-12
            more = k - n * mu
            if more > 0.0 and mu < 1.0 and more * more >= least * (n * mu * (1.0 - mu)):
                ratio = k * np.log(k / (n * mu)) + (n - k) * np.log((n - k) / (n * (1.0 - mu)))
                value = np.sqrt(2.0 * ratio) - penalty
                if value > best:
                    best, first, last, measure = value, i, i + k - 1, mu
                    least = (1.0 - _SLACK) * 0.5 * max(best + penalty, 0.0) ** 2
        k = _next_size(k)
    return best, first, last, measure


def best_window_plain(low: Floats, high: Floats) -> float:
    """The statistic of :func:`_best_window` by definition, over the same ladder of sizes. The oracle in tests."""
    n, best, k = len(low), -np.inf, _MIN_POINTS
    while k < n:
        for i in range(n - k + 1):
            mu = max(float(high[i + k - 1] - low[i]), 1e-12)
            if mu < min(1.0, k / n):
                outside = (n - k) * np.log((n - k) / (n * (1.0 - mu)))
                ratio = k * np.log(k / (n * mu)) + outside
                best = max(best, np.sqrt(2.0 * ratio) - np.sqrt(2.0 * np.log(np.e * n * n / (k * (n - k)))))
        k = max(k + 1, int(k * _LADDER))
    return float(best)


@numba.njit(cache=True, nogil=True)
def scan_targets(
    low: np.ndarray, high: np.ndarray, offsets: np.ndarray, min_points: int, keep: float, inner: float, depth: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Scan every target, then what lies inside, left and right of each window found, each as its own problem.

    Args:
        low, high: lower and upper end of each point's uniform coordinate, ascending inside a target, ``float64[n]``.
        offsets: CSR of targets, ``int64[targets + 1]``.
        min_points: stretches with fewer points are passed over.
        keep: windows below this statistic are dropped, except a target's first, which is always returned.
        inner: a window that holds a denser one of at least this statistic gives way to it.
        depth: how often the rest of a target is searched again.

    Returns:
        ``(target, statistic, first, last, base, leaf)`` per window; ``first``/``last`` are row numbers (inclusive),
        ``base`` is the number of points the rest of the stretch it was found in predicts for it, ``leaf`` is False
        for a window that gave way or is below ``keep``. The first window of each target precedes its others; leaves
        do not overlap.
    """
    cap = 1024
    out_t = np.empty(cap, np.int64)
    out_s = np.empty(cap, np.float64)
    out_f = np.empty(cap, np.int64)
    out_l = np.empty(cap, np.int64)
    out_b = np.empty(cap, np.float64)
    leaf = np.empty(cap, np.bool_)
    count = 0
    stack = np.empty((6 * (depth + 2), 5), np.float64)
    for t in range(offsets.shape[0] - 1):
        a, b = offsets[t], offsets[t + 1]
        if b - a < min_points:
            continue
        stack[0, 0], stack[0, 1], stack[0, 2], stack[0, 3], stack[0, 4] = a, b, 0.0, 1.0, 0
        top = 1
        lead = True
        while top > 0:
            top -= 1
            x, y = int(stack[top, 0]), int(stack[top, 1])
            lo, hi, level = stack[top, 2], stack[top, 3], int(stack[top, 4])
            if y - x < min_points or hi - lo <= 0.0:
                continue
            s, f, e, m = _best_window((low[x:y] - lo) / (hi - lo), (high[x:y] - lo) / (hi - lo))
            if s == -np.inf or (s < keep and not lead):
                continue
            f, e = x + f, x + e
            outer_f, outer_e = f, e
            base = (y - x - (e + 1 - f)) * m / max(1.0 - m, 1e-9)
            crowded = s >= keep
            if lead or crowded:
                if count + 2 * depth + 2 > cap:
                    cap *= 2
                    out_t, out_s, leaf = grown(out_t, count, cap), grown(out_s, count, cap), grown(leaf, count, cap)
                    out_f, out_l, out_b = grown(out_f, count, cap), grown(out_l, count, cap), grown(out_b, count, cap)
                out_t[count], out_s[count], out_f[count], out_l[count], out_b[count] = t, s, f, e, base
                leaf[count] = crowded
                count += 1
                lead = False
            # A window that holds a much denser one gives way to it and to what is left of itself on either side.
            nested = 0
            while crowded and nested < depth and e + 1 - f >= min_points and high[e] > low[f]:
                span = high[e] - low[f]
                si, fi, ei, mi = _best_window((low[f : e + 1] - low[f]) / span, (high[f : e + 1] - low[f]) / span)
                if si < inner:
                    break
                fi, ei = f + fi, f + ei
                leaf[count - 1] = False
                for piece in range(2):
                    pf, pl = (f, fi - 1) if piece == 0 else (ei + 1, e)
                    if pl + 1 - pf >= 3:
                        out_t[count], out_s[count], out_f[count], out_l[count] = t, s, pf, pl
                        out_b[count] = base * max(high[pl] - low[pf], 0.0) / span
                        leaf[count] = True
                        count += 1
                base = (e + 1 - f - (ei + 1 - fi)) * mi / max(1.0 - mi, 1e-9)
                s, f, e = si, fi, ei
                out_t[count], out_s[count], out_f[count], out_l[count], out_b[count] = t, s, f, e, base
                leaf[count] = True
                count += 1
                nested += 1
            if crowded and level < depth:
                stack[top, 0], stack[top, 1], stack[top, 2], stack[top, 3] = outer_e + 1, y, high[outer_e], hi
                stack[top, 4] = level + 1
                top += 1
                stack[top, 0], stack[top, 1], stack[top, 2], stack[top, 3] = x, outer_f, lo, low[outer_f]
                stack[top, 4] = level + 1
                top += 1
    return out_t[:count], out_s[:count], out_f[:count], out_l[:count], out_b[:count], leaf[:count]


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
    beyond = log_tail[-1] - slope * excess - 0.25 * excess**2
    return np.asarray(np.where(statistic > cut, beyond, inside), dtype=np.float64)
