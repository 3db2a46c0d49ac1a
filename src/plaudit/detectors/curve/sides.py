"""Tests beside the scan: likes in quiet hours, likes that fall, and a dead stop at a round number."""

from __future__ import annotations

import numpy as np

from plaudit.detectors.curve.exposure import Exposure
from plaudit.detectors.curve.intervals import Curves
from plaudit.detectors.curve.shapes import trailing_zeros
from plaudit.detectors.curve.spread import Spread, cautious_kappa
from plaudit.kernels.curves import log_tail, precision
from plaudit.model import Floats, Ints

_LEAST = 5
_VOICES = 50.0
_ONE_BY_ONE = 10.0
"""People take a like back one by one; where nobody else's likes fall, curves may still differ as a precision of ten."""


def log_tails(k: Ints, n: Ints, w: Floats, alpha: Floats) -> Floats:
    """:func:`plaudit.kernels.curves.log_tail` of many."""
    rows = zip(k.tolist(), n.tolist(), w.tolist(), alpha.tolist(), strict=True)
    return np.array([log_tail(*row) for row in rows], dtype=np.float64)


def quiet_hours(curves: Curves, exposure: Exposure) -> Floats:
    """``ln p`` of as many likes in the section's quiet hours; 0 where no interval lies in them."""
    size, home = len(curves), curves.curve
    dark = (exposure.quiet > 0.5 * exposure.worth) & ~curves.opening
    gain = np.maximum(curves.low - np.concatenate([curves.high[:1], curves.high[:-1]]), 0)
    k = np.bincount(home[dark], gain[dark], size).astype(np.int64)
    whole = np.bincount(home, exposure.worth, size)
    w = np.bincount(home[dark], exposure.worth[dark], size) / np.maximum(whole, 1e-300)
    n = curves.total
    k = np.minimum(k, n)
    use = np.flatnonzero((w > 0) & (w < 0.5) & (n >= _LEAST))
    out = np.zeros(size)
    if use.shape[0] >= _LEAST:
        kappa, _ = cautious_kappa(k[use], n[use], w[use], 0.0)
        out[use] = log_tails(k[use], n[use], w[use], np.full(use.shape[0], kappa))
    return out


def falls(curves: Curves) -> Floats:
    """``ln p`` of as many likes taken back, against the share that the section's other curves lose."""
    size = len(curves)
    lost = np.bincount(curves.curve, curves.fallen, size).astype(np.int64)
    shown = curves.high[curves.offsets[1:] - 1] if size else np.zeros(0, np.int64)
    n = np.maximum(shown, lost)
    out = np.zeros(size)
    use = np.flatnonzero(n >= _LEAST)
    if lost[use].sum() == 0 or use.shape[0] < _LEAST:
        return out
    voice = np.minimum(1.0, _VOICES / n[use])
    capped = lost[use] * voice
    for _ in range(3):
        mean = (capped.sum() + 0.5) / ((n[use] * voice).sum() + 1.0)
        capped = np.minimum(lost[use] * voice, 4.0 * (n[use] * voice * mean + 1.0))
    w = (capped.sum() - capped + 0.5) / ((n[use] * voice).sum() - n[use] * voice + 1.0)
    w = np.clip(w, 1e-6, 0.5)
    kappa, _ = cautious_kappa(lost[use], n[use], w, 0.0, _ONE_BY_ONE)
    out[use] = log_tails(lost[use], n[use], w, np.full(use.shape[0], kappa))
    return out


def round_stop(curves: Curves, cum: Floats, spread: Spread) -> Floats:
    """``ln p`` of no like after a moment, though some were due, at a number that ends in zeros.

    Where a curve stops has nothing to do with the decimal system, so a number ends in ``z`` zeros with chance
    ``10^-z``; both are combined as independent (Fisher 1932).
    """
    size = len(curves)
    both = np.zeros(size)
    if size == 0:
        return both
    end = curves.offsets[1:] - 1
    exact = curves.low[end] == curves.high[end]
    still = curves.low == np.repeat(curves.low[end], np.diff(curves.offsets))
    # The first reading that shows the last value: totals never fall, so all later ones show it too.
    index = np.where(still, np.arange(curves.at_ms.shape[0]), curves.at_ms.shape[0])
    reached = np.minimum.reduceat(index, curves.offsets[:-1])
    whole = cum[end] - cum[curves.offsets[:-1]]
    w = (cum[end] - cum[reached]) / np.maximum(whole, 1e-300)
    n = curves.total
    zeros = trailing_zeros(curves.low[end] - _fallen(curves))
    for t in np.flatnonzero(exact & (w > 0) & (n >= _LEAST) & (zeros > 0)):
        share = min(max(float(w[t]), 1e-12), 1 - 1e-12)
        alpha = precision(share, float(n[t]), spread.kappa, spread.burst)
        alone = log_tail(int(n[t]), int(n[t]), 1.0 - share, alpha)
        log_x = alone - zeros[t] * np.log(10.0)
        both[t] = min(log_x + np.log1p(-log_x), 0.0)
    return both


def _fallen(curves: Curves) -> Ints:
    return np.bincount(curves.curve, curves.fallen, len(curves)).astype(np.int64)
