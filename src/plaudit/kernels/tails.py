"""Tail probabilities in log space, empirical nulls, and false-discovery control."""

from __future__ import annotations

import numba
import numpy as np
from scipy.special import betainc, betaln, gammainc, gammaln, log_ndtr, ndtri, ndtri_exp, stdtr

from plaudit.model import Floats, Ints

_FEW = 12
_SLACK = 1e-9
_LEAST_LEFT = 1e-3  # of the sixteen digits of one, thirteen are left


def log_poisson_tail(count: Ints | Floats, mean: Floats) -> Floats:
    """``ln P(Poisson(mean) >= count)``; finite far beyond the range of doubles (Chernoff-sharp series there)."""
    k, lam = np.broadcast_arrays(np.asarray(count, np.float64), np.maximum(np.asarray(mean, np.float64), 1e-300))
    with np.errstate(divide="ignore"):
        # P(X >= k) as an incomplete gamma function (Abramowitz & Stegun 26.4.21).
        out = np.log(np.where(k <= 0, 1.0, gammainc(np.maximum(k, 1.0), lam)))
    far = ~np.isfinite(out)
    if far.any():
        # Leading term times a geometric bound of the rest: an upper bound, tight when k is far above the mean.
        k, lam = k[far], lam[far]
        leading = k * np.log(lam) - lam - gammaln(k + 1) - np.log1p(-np.minimum(lam / (k + 1), 0.999999))
        out[far] = np.minimum(leading, 0.0)
    return np.asarray(out, dtype=np.float64)


def log_negative_binomial_tail(count: Ints | Floats, mean: Floats, dispersion: Floats | float) -> Floats:
    """``ln P(X >= count)`` for mean ``mean`` and variance ``dispersion * mean`` (``dispersion >= 1``)."""
    k, lam, phi = np.broadcast_arrays(
        np.asarray(count, np.float64),
        np.maximum(np.asarray(mean, np.float64), 1e-12),
        np.maximum(np.asarray(dispersion, np.float64), 1.0),
    )
    out = np.zeros(k.shape)
    plain = (phi <= 1.001) & (k > 0)
    out[plain] = log_poisson_tail(k[plain], lam[plain])
    over = (phi > 1.001) & (k > 0)
    k, lam, phi = k[over], lam[over], phi[over]
    size, miss = lam / (phi - 1.0), 1.0 - np.minimum(1.0 / phi, 1 - 1e-9)
    # Counts of a log are small, and a few terms tell what the others add up to.
    wide = _few_terms(k, size, miss)
    more = np.flatnonzero(np.isnan(wide))
    with np.errstate(divide="ignore"):
        # P(X >= k) as an incomplete beta function (Abramowitz & Stegun 26.5.26).
        wide[more] = np.log(betainc(k[more], size[more], miss[more]))
    far = ~np.isfinite(wide)
    if far.any():
        # Leading term with a geometric bound of ratio (1 - 1/phi)(size + k)/(k + 1).
        k, size, miss = k[far], size[far], miss[far]
        ratio = np.minimum(miss * (size + k) / (k + 1), 0.999999)
        leading = gammaln(k + size) - gammaln(size) - gammaln(k + 1) + size * np.log1p(-miss) + k * np.log(miss)
        wide[far] = np.minimum(leading - np.log1p(-ratio), 0.0)
    out[over] = wide
    return out


@numba.njit(cache=True, nogil=True)
def _few_terms(k: np.ndarray, size: np.ndarray, miss: np.ndarray) -> np.ndarray:
    """``ln P(X >= k)`` as one minus the terms below ``k``; NaN where those are many, or nearly all there is."""
    out = np.empty(k.shape[0], np.float64)
    for n in range(k.shape[0]):
        out[n] = np.nan
        if k[n] <= _FEW:
            term = np.exp(size[n] * np.log1p(-miss[n]))
            below = term
            for x in range(1, int(k[n])):
                term *= miss[n] * (size[n] + x - 1.0) / x
                below += term
            if 1.0 - below > _LEAST_LEFT:
                out[n] = np.log1p(-below)
    return out


def log_binomial_tail(count: int, trials: int, chance: float) -> float:
    """``ln P(X >= count)`` of successes in ``trials`` with this chance each."""
    if count <= 0:
        return 0.0
    with np.errstate(divide="ignore"):
        # P(X >= k) as an incomplete beta function (Abramowitz & Stegun 26.5.24).
        return float(np.log(betainc(count, trials - count + 1.0, chance)))


def normal_score(log_p: Floats) -> Floats:
    """The z whose upper tail has log-probability ``log_p`` (exact far beyond double range)."""
    return np.asarray(-ndtri_exp(np.minimum(log_p, -1e-12)), dtype=np.float64)


def log_p_of_score(z: Floats) -> Floats:
    """Log upper-tail probability of a z."""
    return np.asarray(log_ndtr(-z), dtype=np.float64)


def log_t_tail(t: Floats, freedom: Floats) -> Floats:
    """``ln P(T >= t)`` of Student's t; infinite ``freedom`` is the normal; finite far beyond the range of doubles."""
    t, nu = np.broadcast_arrays(np.asarray(t, np.float64), np.asarray(freedom, np.float64))
    out = log_p_of_score(t).copy()
    some = np.flatnonzero(np.isfinite(nu))
    t, nu = t[some], nu[some]
    with np.errstate(divide="ignore"):
        tail = np.log(stdtr(nu, -t))
    far = np.flatnonzero(~np.isfinite(tail))
    # Half an incomplete beta function at x = nu/(nu + t^2) (Abramowitz & Stegun 26.7.1): its leading term for small x.
    t, nu = t[far], nu[far]
    tail[far] = 0.5 * nu * (np.log(nu) - np.log(nu + t * t)) - np.log(nu) - betaln(nu / 2, 0.5)
    out[some] = tail
    return out


_LEAST_MATCHED = 20  # below, the theoretical null stands
_QUARTILE_DISTANCE = 1.361  # n times the relative variance of a normal's scale told by its quartile distance
_MEDIAN = np.pi / 2  # n times the variance of its location told by its median


def central_match(z: Floats, upper: float = 0.75) -> tuple[float, float]:
    """Location and scale of the bulk of ``z`` (median and quartile distance; Efron 2004, "empirical null").

    What more than ``1 - upper`` of all show is taken for what is usual here. Never narrower than the theoretical null:
    location is at least 0 and scale at least 1, so a quiet log does not make its loudest member an outlier.
    """
    if z.shape[0] < _LEAST_MATCHED:
        return 0.0, 1.0
    low, middle, high = np.quantile(z, [0.25, 0.5, upper])
    above = float(ndtri(upper))
    return max(float(middle), 0.0), max(float(high - middle) / above, float(high - low) / (above + 0.6745), 1.0)


Spread = tuple[Floats, Floats, Floats, Floats]
"""An empirical null by size: ln points, location, scale and number of subjects per bin."""

_BIN = 150


def spread_by_size(z: Floats, points: Ints) -> Spread:
    """Location and scale of ``z`` among subjects of like size: real ones wander more than the exact null."""
    # Bins are cut between sizes, never inside one: which subjects share a bin must not depend on their names.
    order = np.argsort(points, kind="stable")
    cuts = np.arange(_BIN, order.shape[0] - _BIN // 2, _BIN)
    cuts = np.unique(np.searchsorted(points[order], points[order][cuts])) if cuts.shape[0] else cuts
    pieces = [piece for piece in np.split(order, cuts) if piece.shape[0]]
    if not pieces:
        return np.zeros(1), np.zeros(1), np.ones(1), np.zeros(1)
    size = np.array([np.log(np.maximum(points[piece], 1)).mean() for piece in pieces])
    matched = [central_match(z[piece]) for piece in pieces]
    location = np.maximum.accumulate(np.array([m[0] for m in matched]))
    scale = np.maximum.accumulate(np.array([m[1] for m in matched]))
    return size, location, scale, np.array([float(piece.shape[0]) for piece in pieces])


def score_against(spread: Spread, z: Floats, points: Ints) -> Floats:
    """``z`` measured against what subjects of that size ordinarily show."""
    size, location, scale, _ = spread
    x = np.log(np.maximum(points, 1))
    return np.asarray((z - np.interp(x, size, location)) / np.interp(x, size, scale), dtype=np.float64)


def log_p_against(spread: Spread, z: Floats, points: Ints) -> Floats:
    """Log upper-tail probability of ``z`` against what subjects of that size ordinarily show, as far as that is known.

    Location and scale are themselves estimates, from the ``n`` subjects of a bin. A normal tail takes them for exact
    and is too light where a few dozen tell them; what one more subject may show follows Student's t, with the degrees
    of freedom that match the relative variance of the scale, ``1 / (2 freedom)``, and a scale wider by the location's
    own variance. A bin too small to be matched keeps the theoretical null, which is not estimated.
    """
    size, _, _, count = spread
    n = np.interp(np.log(np.maximum(points, 1)), size, count)
    told = n >= _LEAST_MATCHED
    n = np.where(told, n, np.inf)
    return log_t_tail(score_against(spread, z, points) / np.sqrt(1 + _MEDIAN / n), n / (2 * _QUARTILE_DISTANCE))


def empirical_score(z: Floats, points: Ints) -> Floats:
    """Scores against the empirical null of the same subjects."""
    return score_against(spread_by_size(z, points), z, points)


def log_q_values(log_p: Floats, candidates: int) -> Floats:
    """Benjamini-Hochberg q-values in log space over ``candidates`` tests, of which those not given have p = 1."""
    m = log_p.shape[0]
    if m == 0:
        return log_p.copy()
    # Most tests show nothing (p = 1, q = 1) and cannot make another's q smaller: only the others need an order.
    # Nor can one so large that its q is 1 even if it comes last.
    speaks = np.flatnonzero(log_p < 0)
    speaks = speaks[log_p[speaks] < np.log(max(speaks.shape[0], 1)) - np.log(max(candidates, m)) + _SLACK]
    # In any order among equals: all of them get what the last of them has.
    order = speaks[np.argsort(log_p[speaks])]
    raw = log_p[order] + np.log(max(candidates, m)) - np.log(np.arange(1, order.shape[0] + 1))
    out = np.zeros(m, np.float64)
    out[order] = np.minimum(np.minimum.accumulate(raw[::-1])[::-1], 0.0)
    return out


def log_evidence(p: Floats) -> Floats:
    """Nats a p-value is worth: the log of a calibrated e-value, never negative.

    ``e(p) = (1 - p + p ln p) / (p (ln p)^2)`` averages at most 1 under the null whatever the p-value's dependence on
    anything else (Vovk & Wang 2021), so the weight cannot be inflated by looking often; it is below the usual bound
    ``1/(-e p ln p)``.
    """
    q = np.clip(p, 1e-300, 1.0)
    log_p = np.log(q)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = (1.0 - q + q * log_p) / (q * log_p**2)
    near_one = np.abs(log_p) < 1e-4
    nats = np.where(near_one, np.log(0.5), np.log(np.maximum(value, 1e-300)))
    return np.asarray(np.maximum(nats, 0.0), dtype=np.float64)
