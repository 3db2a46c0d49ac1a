"""How likely gains of windows are at each of many precisions: the beta-binomial, or a little of anything."""

from __future__ import annotations

import math

import numba
import numpy as np
from scipy.special import betaln, gammaln

from plaudit.model import Floats, Ints

_SHORT = 12
"""Rising factorials up to this length are multiplied out: most windows hold a handful of likes."""


@numba.njit(cache=True, nogil=True)
def log_rising(x: float, m: int) -> float:
    """``ln`` of ``x (x + 1) … (x + m - 1)``, ``x > 0`` and below 1e20, ``m >= 0``."""
    if m > _SHORT:
        return math.lgamma(x + m) - math.lgamma(x)
    product = 1.0
    for i in range(m):
        product *= x + i
    return math.log(product)


@numba.njit(cache=True, nogil=True)
def log_mixtures(k: np.ndarray, n: np.ndarray, w: np.ndarray, kappas: np.ndarray, burst: float, any_: float) -> Floats:
    """``ln`` of the mass of every window's gain at every precision.

    Args:
        k, n: likes in each window and in its curve, ``int64[windows]``, ``0 <= k <= n``.
        w: share of the exposure, in (0, 1).
        kappas: precisions, ``float64[g]``. burst: likes that come in one handful (0: one by one), so that the
            beta-binomial's ``alpha`` is ``1 / (1 / kappa + burst / n)``.
        any_: part of the windows that may hold anything, each number as likely as any other.

    Returns:
        ``float64[g, windows]``.
    """
    out = np.empty((kappas.shape[0], k.shape[0]))
    kept, let = math.log1p(-any_), math.log(any_)
    for i in range(k.shape[0]):
        ways = math.lgamma(n[i] + 1.0) - math.lgamma(k[i] + 1.0) - math.lgamma(n[i] - k[i] + 1.0)
        other = let - math.log(n[i] + 1.0)
        per_like = burst / max(n[i], 1)
        for g in range(kappas.shape[0]):
            alpha = 1.0 / (1.0 / kappas[g] + per_like)
            mass = (
                kept
                + ways
                + log_rising(alpha * w[i], k[i])
                + log_rising(alpha * (1.0 - w[i]), n[i] - k[i])
                - log_rising(alpha, n[i])
            )
            high = max(mass, other)
            out[g, i] = high + math.log1p(math.exp(min(mass, other) - high))
    return out


def log_mixtures_plain(k: Ints, n: Ints, w: Floats, kappas: Floats, burst: float, any_: float) -> Floats:
    """The plain twin of :func:`log_mixtures`."""
    ways = gammaln(n + 1.0) - gammaln(k + 1.0) - gammaln(n - k + 1.0)
    alpha = 1.0 / (1.0 / kappas[:, None] + burst / np.maximum(n, 1))
    a, b = alpha * w, alpha * (1.0 - w)
    mass = ways + betaln(k + a, n - k + b) - betaln(a, b)
    return np.asarray(np.logaddexp(mass + np.log1p(-any_), np.log(any_) - np.log(n + 1.0)), dtype=np.float64)
