"""Formulas that give each row of a board one number to be sorted by: as pure functions on arrays.

The oldest formulas of public sites stand here beside the one Plaudit uses, so that they can be compared in one place.
"""

from __future__ import annotations

import numpy as np

from plaudit.model import Floats, Ints32

LEVEL_Z = 1.6448536269514722
"""Standard normal quantile of a one-sided 95 % bound, the lower end of a 90 % interval."""
REDDIT_Z = 1.281551565545
"""The 80 % quantile in Reddit's published ``_sorts.pyx``."""
ORDER_Z = 0.0
"""The order is by the posterior's median, the one-sided 50 % bound: below the mean, the more the less is known.
Measured on closed loops: a full 90 % bound hides good newcomers and costs a third more regret."""
GUEST_PLACE = 5
"""Place of the row that is shown to be known better; one reader in five gets so far down where half reach place two."""
_LEAST_SHAPE, _MOST_SHAPE = 0.3, 50.0


def wilson_lower(up: Floats, down: Floats, z: float = LEVEL_Z) -> Floats:
    """Lower bound of the share of up-votes, ``float64[n]`` in 0..1; 0 without votes (Wilson 1927)."""
    n = np.maximum(up + down, 1e-12)
    share = up / n
    middle = share + z * z / (2 * n)
    width = z * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return np.where(up + down > 0, np.maximum((middle - width) / (1 + z * z / n), 0.0), 0.0)


def hacker_news(likes: Floats, age_h: Floats) -> Floats:
    """``(points - 1) / (age + 2)^1.8``, age in hours, the author's own point being the first (Arc's news.arc)."""
    return np.asarray(likes / (np.maximum(age_h, 0.0) + 2.0) ** 1.8)


def lemmy_hot(likes: Floats, age_h: Floats) -> Floats:
    """``10000 log10(max(1, 3 + score)) / (age + 2)^1.8``, age in hours (Lemmy, hot_rank.sql)."""
    return np.asarray(10_000.0 * np.log10(np.maximum(1.0, 3.0 + likes)) / (np.maximum(age_h, 0.0) + 2.0) ** 1.8)


def gamma_quantile(shape: Floats, rate: Floats, z: float) -> Floats:
    """The quantile of a gamma distribution at the standard normal quantile ``z`` (Wilson & Hilferty 1931).

    Within 3 % of the exact one for shapes from 1, and many times faster; never below 0.
    """
    root = 1.0 - 1.0 / (9.0 * shape) + z / (3.0 * np.sqrt(shape))
    return np.asarray(shape * np.maximum(root, 0.0) ** 3 / rate)


def gamma_poisson_prior(likes: Floats, exposures: Floats) -> tuple[float, float]:
    """Shape and rate of the gamma distribution of like rates behind the rows, from the rows themselves.

    Moments, weighted by what each row can tell: the mean rate is all likes over all exposures; the spread between rows
    is what the Poisson noise of their likes does not explain (the negative-binomial moment estimate). Rows without
    exposures say nothing; where nothing is known, one like in twenty exposures with shape 1.

    Args:
        likes: ``float64[n]`` >= 0; ``exposures``: ``float64[n]`` >= 0, how often the row was seen.
    """
    seen = exposures > 0
    total = float(exposures[seen].sum())
    if total <= 0 or float(likes[seen].sum()) <= 0:
        return 1.0, 20.0
    n, y = exposures[seen], likes[seen]
    mean = float(y.sum()) / total
    excess = float(((y - mean * n) ** 2).sum() - mean * total)
    square = float((n * n).sum())
    variance = excess / square if square > 0 else 0.0
    shape = mean * mean / variance if variance > 0 else _MOST_SHAPE
    shape = min(max(shape, _LEAST_SHAPE), _MOST_SHAPE)
    return shape, shape / mean


def gamma_poisson_lower(likes: Floats, exposures: Floats, prior: tuple[float, float], z: float = LEVEL_Z) -> Floats:
    """Lower bound of the like rate per exposure given ``prior`` (shape, rate), ``float64[n]``."""
    return gamma_quantile(prior[0] + likes, prior[1] + exposures, -z)


def honest_scores(
    likes: Floats, exposures: Floats, board: Ints32, prior: tuple[float, float], rng: np.random.Generator
) -> Floats:
    """Scores by a lower bound of the rate, and one guest per board at place :data:`GUEST_PLACE`.

    The guest is whoever leads a Thompson draw (Thompson 1933) among the rows below: a row about which little is known
    leads often, one known to be poor hardly ever, and nobody needs a bought start to be read. Boards too short to have
    such a place show all their rows anyway.

    Args:
        likes, exposures: of each row, ``float64[n]``.
        board: which board each row stands on, ``int32[n]``, ascending.
        prior: shape and rate, see :func:`gamma_poisson_prior`.
        rng: draws the guest.
    """
    score = gamma_poisson_lower(likes, exposures, prior, ORDER_Z)
    if score.shape[0] == 0:
        return score
    draw = rng.gamma(prior[0] + likes) / (prior[1] + exposures)
    first = np.flatnonzero(np.r_[True, np.diff(board) > 0])
    size = np.diff(np.r_[first, board.shape[0]])
    by_score = np.lexsort((-score, board))
    place = np.empty(score.shape[0], np.int64)
    place[by_score] = np.arange(score.shape[0]) - np.repeat(first, size)
    above = place < GUEST_PLACE - 1
    guest = np.maximum.reduceat(np.where(above, -1.0, draw), first)
    chosen = ~above & (draw >= np.repeat(guest, size))
    least = np.minimum.reduceat(np.where(above, score, np.inf), first)
    return np.where(chosen, np.nextafter(np.repeat(least, size), 0.0), score)
