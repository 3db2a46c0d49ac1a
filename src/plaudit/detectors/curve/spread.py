"""How far this section's curves wander by themselves, and what the best of many windows is then worth.

A window's gain is beta-binomial around its share of the exposure. Its precision has two parts, both fitted to the
section's own windows: ``kappa`` by the length of the window (curves age at their own pace, days differ) and ``burst``
(likes come in handfuls). A fiftieth of the windows may be anything, and a curve may wander as no other does, so bought
ones do not widen the null they are judged by. Few windows make a wide null: of ``kappa`` the lower quartile of its
posterior is used.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from plaudit.detectors.curve.intervals import Curves
from plaudit.kernels.curves import DEPTH, best_windows, disjoint_windows, null_windows
from plaudit.kernels.precision import log_mixtures
from plaudit.model import Floats, Ints

KAPPAS = np.geomspace(0.5, 8000.0, 24)
BURSTS = (0.0, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
_ANY = 0.02
_ODD = 0.1
"""Chance of a curve that its windows have a precision of their own, any of :data:`KAPPAS`. Orders fall on curves, not
on windows: where many curves hold one, the windows that do are more than any share of all windows."""
_MOST = 1500
_SEEN = 20_000
_REDRAWN = 1200
_READINGS = 150_000
_CAUTIOUS = 0.25


@dataclass(frozen=True)
class Spread:
    """Precision of windows by octave of their share (``kappa``, ``float64[DEPTH]``), and of handfuls (``burst``)."""

    kappa: Floats
    burst: float


def cautious_kappa(
    k: Ints, n: Ints, w: Floats, burst: float, least: float = 0.0, curve: Ints | None = None
) -> tuple[float, float]:
    """``(kappa, ln evidence)`` of windows; lower quartile of the posterior over :data:`KAPPAS` from ``least`` on. Where
    the ``curve`` of each is given (counted from 0), a curve may have a precision of its own.
    """
    grid = KAPPAS[least <= KAPPAS]
    if k.shape[0] == 0:
        return float(grid[grid.shape[0] // 2]), 0.0
    each = log_mixtures(k, n, w, grid, burst, _ANY)
    if curve is None:
        score = each.sum(axis=1)
    else:
        own = np.array([np.bincount(curve, part) for part in each])
        odd = np.logaddexp.reduce(own, axis=0) - np.log(grid.shape[0])
        score = np.logaddexp(own + np.log1p(-_ODD), odd + np.log(_ODD)).sum(axis=1)
    weight = np.exp(score - score.max())
    spot = int(np.searchsorted(np.cumsum(weight) / weight.sum(), _CAUTIOUS))
    return float(grid[spot]), float(np.logaddexp.reduce(score) - np.log(grid.shape[0]))


def spread_of(curves: Curves, cum: Floats) -> Spread:
    """Fit from side-by-side windows of all curves; ``cum`` is exposure summed along each curve."""
    samples = []
    for octave in range(DEPTH):
        k, n, w, home = disjoint_windows(curves.offsets, curves.low, curves.high, cum, octave, _SEEN)
        every = np.arange(0, k.shape[0], max(1, -(-k.shape[0] // _MOST)))
        home = np.unique(home[every], return_inverse=True)[1]
        samples.append((np.minimum(k, n)[every], n[every], w[every], home))
    fits = [[cautious_kappa(k, n, w, burst, curve=home) for k, n, w, home in samples] for burst in BURSTS]
    best = int(np.argmax([sum(evidence for _, evidence in fit) for fit in fits]))
    kappa = np.array([value for value, _ in fits[best]])
    held = np.array([sample[0].shape[0] > 0 for sample in samples])
    if held.any():
        # An octave nobody shows borrows from its nearest neighbour.
        known = np.flatnonzero(held)
        nearest = known[np.argmin(np.abs(np.arange(DEPTH)[:, None] - known[None, :]), axis=1)]
        kappa = kappa[nearest]
    return Spread(kappa, BURSTS[best])


@dataclass(frozen=True)
class Chosen:
    """What the best window of a curve redrawn under the null shows, by size of curve.

    Attributes:
        size: ``ln`` of the windows to choose from, ascending, ``float64[bins]``.
        log_p: the ``ln p`` that best windows fall below with chance :data:`LEVELS`, ``float64[bins, levels]``.
    """

    size: Floats
    log_p: Floats

    def log_best(self, raw: Floats, size: Floats) -> Floats:
        """``ln`` of the chance of a best window with ``ln p`` as low as ``raw``.

        Inside the redrawn range it is read off; below it, it falls as the p-value itself does.
        """
        out = np.zeros(raw.shape[0])
        home = np.argmin(np.abs(size[:, None] - self.size[None, :]), axis=1)
        for part in range(self.size.shape[0]):
            here = np.flatnonzero(home == part)
            row = self.log_p[part]
            read = np.interp(raw[here], row, np.log(LEVELS))
            below = np.log(LEVELS[0]) + raw[here] - row[0]
            out[here] = np.where(raw[here] < row[0], below, read)
        return np.where(raw >= 0, 0.0, np.minimum(out, 0.0))


LEVELS = np.concatenate([[0.02, 0.05], np.arange(0.1, 0.95, 0.1), [0.95, 1.0]])


@dataclass(frozen=True)
class Windows:
    """The best window of each curve: ``ln p`` given that it is the best, readings ``first`` to ``last``, ``size``."""

    log_p: Floats
    first: Ints
    last: Ints
    size: Floats
    chosen: Chosen


def scan(curves: Curves, cum: Floats, spread: Spread, least: int, seed: int) -> Windows:
    """Best windows, each worth what the best window of a redrawn curve of its size is worth."""
    raw, first, last, count = best_windows(
        curves.offsets, curves.low, curves.high, cum, spread.kappa, spread.burst, least
    )
    size = _size(count, curves.total)
    chosen = _redraw(curves, cum, spread, least, seed, count)
    start = curves.offsets[:-1]
    return Windows(chosen.log_best(raw, size), first + start, last + start, size, chosen)


def _size(count: Ints, total: Ints) -> Floats:
    """Few likes leave few windows that can be surprising."""
    return np.asarray(np.log(np.maximum(count, 1) * np.clip(total / 20.0, 0.05, 1.0)), dtype=np.float64)


def _redraw(curves: Curves, cum: Floats, spread: Spread, least: int, seed: int, count: Ints) -> Chosen:
    """Best windows of curves redrawn under the null, in up to five bins of size."""
    plenty = np.flatnonzero((count > 0) & (curves.total >= least))
    if plenty.shape[0] == 0:
        return Chosen(np.zeros(1), np.log(LEVELS)[None, :])
    length = np.diff(curves.offsets)
    chosen = plenty[:: max(1, plenty.shape[0] // 400)]
    rounds = int(np.clip(_REDRAWN // chosen.shape[0] + 1, 1, 200))
    rounds = int(np.clip(_READINGS // max(int(length[chosen].sum()), 1), 1, rounds))
    rows = curves.rows(chosen)
    offsets = np.concatenate([[0], np.cumsum(length[chosen])]).astype(np.int64)
    # Beyond this many likes a curve's windows differ by its spread alone; drawing them would only take time.
    total = np.minimum(curves.total[chosen], 20_000)
    drawn = np.concatenate(
        [
            null_windows(offsets, cum[rows], total, spread.kappa, spread.burst, least, (seed * 1009 + turn) % 2**31)
            for turn in range(rounds)
        ]
    )
    scale = np.tile(_size(count[chosen], total), rounds)
    bins = int(np.clip(drawn.shape[0] // 400, 1, 5))
    edges = np.unique(np.quantile(scale, np.linspace(0, 1, bins + 1)[1:-1])) if bins > 1 else np.zeros(0)
    home = np.searchsorted(edges, scale, side="right")
    held = np.flatnonzero(np.bincount(home))
    table = np.array([np.quantile(drawn[home == part], LEVELS) for part in held])
    # Strictly rising, so that it can be read backwards; below the best of n windows no p-value can count for more
    # than itself.
    table = np.minimum(np.maximum.accumulate(table + 1e-9 * np.arange(LEVELS.shape[0]), axis=1), 0.0)
    table[:, 0] = np.minimum(table[:, 0], np.log(LEVELS[0]))
    return Chosen(np.array([scale[home == part].mean() for part in held]), table)
