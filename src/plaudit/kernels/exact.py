"""Exact small-sample tails, in log space and for arrays: drawing without replacement, and over-dispersed counts.

The sums go term by term by the ratio of neighbours, so that thousands of small tables cost one pass.
"""

from __future__ import annotations

from math import lgamma

import numba
import numpy as np

from plaudit.model import Floats, Ints

_ENOUGH = 1e-15


@numba.njit(cache=True, nogil=True, inline="always")
def _log_choose(n: float, k: float) -> float:
    return lgamma(n + 1.0) - lgamma(k + 1.0) - lgamma(n - k + 1.0)


@numba.njit(cache=True, nogil=True)
def _hypergeometric(seen: np.ndarray, whole: np.ndarray, marked: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    out = np.zeros(seen.shape[0], np.float64)
    for i in range(seen.shape[0]):
        n, k, m = float(whole[i]), float(marked[i]), float(drawn[i])
        low, high = max(0.0, m + k - n), min(k, m)
        x = float(seen[i])
        if x <= low:
            continue
        if x > high:
            out[i] = -np.inf
            continue
        first = _log_choose(k, x) + _log_choose(n - k, m - x) - _log_choose(n, m)
        term, total = 1.0, 1.0
        while x < high:
            term *= (k - x) * (m - x) / ((x + 1.0) * (n - k - m + x + 1.0))
            x += 1.0
            total += term
            if term < _ENOUGH * total and (k - x) * (m - x) < (x + 1.0) * (n - k - m + x + 1.0):
                break
        out[i] = min(first + np.log(total), 0.0)
    return out


@numba.njit(cache=True, nogil=True)
def _beta_binomial(seen: np.ndarray, tries: np.ndarray, alpha: np.ndarray, beta: np.ndarray) -> np.ndarray:
    out = np.zeros(seen.shape[0], np.float64)
    for i in range(seen.shape[0]):
        x, n, a, b = float(seen[i]), float(tries[i]), alpha[i], beta[i]
        if x <= 0.0:
            continue
        if x > n:
            out[i] = -np.inf
            continue
        first = _log_choose(n, x) + lgamma(x + a) + lgamma(n - x + b) - lgamma(n + a + b)
        first += lgamma(a + b) - lgamma(a) - lgamma(b)
        term, total = 1.0, 1.0
        while x < n:
            ratio = (n - x) * (x + a) / ((x + 1.0) * (n - x - 1.0 + b))
            term *= ratio
            x += 1.0
            total += term
            # The last terms may rise again where b < 1: stop only where they also cannot matter.
            if term < _ENOUGH * total and ratio < 1.0 and b >= 1.0:
                break
        out[i] = min(first + np.log(total), 0.0)
    return out


def log_hypergeometric_tail(seen: Ints, whole: Ints, marked: Ints, drawn: Ints) -> Floats:
    """``ln P(X >= seen)`` where ``drawn`` of ``whole`` are drawn and ``marked`` of ``whole`` are marked (Fisher 1935).

    All ``int64[k]``; ``-inf`` where ``seen`` cannot happen.
    """
    return np.asarray(_hypergeometric(seen, whole, marked, drawn), dtype=np.float64)


def log_beta_binomial_tail(seen: Ints, tries: Ints, alpha: Floats, beta: Floats) -> Floats:
    """``ln P(X >= seen)`` for ``X`` of ``tries`` with a chance drawn from Beta(``alpha``, ``beta``), each ``[k]``."""
    return np.asarray(_beta_binomial(seen, tries, alpha, beta), dtype=np.float64)
