"""What an account's posts tell about one another: likes by reads and by every other total, and how far posts wander.

A robust regression of log likes on log reads (slope near 1) and on what else readers did per read: comments, 在看,
shares, follows, reading to the end. More of everything explains more likes. Slopes are held near what proportion says
until the posts say otherwise (ridge: a prior of a few posts), posts far off count only up to two spreads (Huber 1964),
and every post is judged by a fit without it. What a post's rate of likes may do by itself is a Student t around that
fit on the log scale (as sure as the number of posts allows); the count is Poisson around its rate.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats
from scipy.special import ndtr

from plaudit.model import Floats

_BEND = 2.0
_ROUNDS = 12
_SLOPE_SD = 0.25
_LEAST_SPREAD = 0.05
_MOST_FREEDOM = 20.0
_NODES = np.linspace(-8.2, 8.2, 165)
_CONSISTENT = float(
    1.0 - 2.0 * (stats.norm.sf(_BEND) * (1 - _BEND**2) + _BEND * stats.norm.pdf(_BEND))
)  # variance of a normal cut off at two spreads


@dataclass(frozen=True)
class Fit:
    """Predictions of every post from the others, one entry per post.

    Attributes:
        centre: expected log of the rate of likes, ``float64[n]``.
        spread: how far log rates wander around it, the fit's own doubt included, ``float64[n]``.
        freedom: degrees of freedom of that spread.
    """

    centre: Floats
    spread: Floats
    freedom: float


def leave_one_out(likes: Floats, known: Floats, slopes: Floats) -> Fit:
    """Fit log likes on the columns of ``known`` and predict each post from the others.

    Args:
        likes: ``float64[n]``. known: ``float64[n, k]``, logs, centred. slopes: prior mean per column, ``float64[k]``.
    """
    size, columns = known.shape
    y = np.log(likes + 0.5) - known @ slopes
    design = np.column_stack([np.ones(size), known])
    ridge = np.diag(np.concatenate([[1e-9], np.full(columns, 1.0 / _SLOPE_SD**2)]))
    noise = 1.0 / (likes + 0.5)
    spread = max(float(np.median(np.abs(y - np.median(y)))) / 0.6745, 0.1)
    weight, beta = np.ones(size), np.zeros(columns + 1)
    beta[0] = float(np.median(y))
    variance = spread**2 + noise
    for _ in range(_ROUNDS):
        off = (y - design @ beta) / np.sqrt(variance)
        weight = np.minimum(1.0, _BEND / np.maximum(np.abs(off), 1e-9))
        scaled = design * (weight / variance)[:, None]
        inverse = np.linalg.inv(scaled.T @ design + ridge)
        beta = inverse @ (scaled.T @ y)
        left = y - design @ beta
        square = np.minimum(left**2, _BEND**2 * variance) / _CONSISTENT
        own = max(size - columns - 1.0, 1.0)
        spread = np.sqrt(max(float((square - noise).sum()) / own, _LEAST_SPREAD**2))
        variance = spread**2 + 1.0 / np.maximum(np.exp(design @ beta + known @ slopes), 0.5)
    scaled = design * (weight / variance)[:, None]
    inverse = np.linalg.inv(scaled.T @ design + ridge)
    # Without post i the fit moves by its residual times its leverage (Cook & Weisberg 1982).
    leverage = np.clip(np.einsum("ij,jk,ik->i", design, inverse, scaled), 0.0, 0.9)
    left = y - design @ beta
    without = left / (1.0 - leverage)
    share = np.minimum(without**2, _BEND**2 * variance) / _CONSISTENT
    total = float((np.minimum(left**2, _BEND**2 * variance) / _CONSISTENT - noise).sum())
    rest = np.maximum((total - (share * (1 - leverage) - noise)) / max(size - columns - 2.0, 1.0), _LEAST_SPREAD**2)
    doubt = np.einsum("ij,jk,ik->i", design, inverse, design)
    doubt = doubt / np.maximum(1.0 - leverage, 0.1)
    centre = np.log(likes + 0.5) - without
    # Cutting off costs a tenth of the information; and however many posts, their tails are not a normal's.
    freedom = float(np.clip(0.9 * (size - 1) - columns, 2.0, _MOST_FREEDOM))
    return Fit(centre, np.sqrt(rest + doubt), freedom)


def log_tail(likes: Floats, fit: Fit) -> Floats:
    """``ln P(K >= likes)`` of a Poisson count whose log rate is Student t, ``float64[n]``; by quadrature."""
    weight = ndtr(_NODES + 0.05) - ndtr(_NODES - 0.05)
    upper = stats.t.isf(stats.norm.sf(np.abs(_NODES)), fit.freedom) * np.sign(_NODES)
    rate = np.exp(np.minimum(fit.centre[:, None] + fit.spread[:, None] * upper[None, :], 40.0))
    tail = stats.poisson.sf(likes[:, None] - 1, rate)
    p = (tail * weight).sum(axis=1) / weight.sum()
    return np.asarray(np.log(np.clip(p, 1e-15, 1.0)), dtype=np.float64)


def bounds(fit: Fit) -> tuple[Floats, Floats]:
    """Likes a post may have by itself, 5 % and 95 %."""
    width = stats.t.isf(0.05, fit.freedom) * np.sqrt(fit.spread**2 + np.exp(-np.maximum(fit.centre, 0.0)))
    return np.exp(fit.centre - width), np.exp(fit.centre + width)
