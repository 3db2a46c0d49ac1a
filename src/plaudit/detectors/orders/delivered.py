"""Does somebody send these people? What is sold comes in equal numbers and at an even pace; people do neither.

*How many.* Who decides for himself makes a number that varies: at least as much as coins do, and more where a post is
good or a group is in the mood. Only a quota makes it vary less, whatever the people, the posts or their tastes are.

*At what pace.* Who hears of something answers when he next looks, so a crowd fades: half of it is together, the last
tenth takes long. A delivery ends when it is complete.

Each has innocent doubles, and these are not the same. Fifty places in a raffle make a quota, and are gone at once. What
hangs on a front page for an hour is liked evenly, by as many as happen to look. So only both say anything.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy.special import ndtri

from plaudit.detectors.rhythm import Rhythm
from plaudit.model import EventLog, Floats, Ints

_LEAST_LIKES = 10  # of a target: below, a quota is no larger than what it takes to be seen
_LEAST_TARGETS = 5
_WHOLE = 0.25  # of the typical like's target
_MOST_TARGETS = 100
_QUOTA = 0.01
_PARTS = (1 / 2, 5 / 8, 3 / 4, 7 / 8, 1)
_MIDDLE = np.array([0.143, 0.236, 0.369, 0.569, 1.0])  # variance of so much of a bell around its middle
_ROUNDING = 0.25  # a number of people is whole
_BELLS = 1999
_PACE = -3.09  # one in a thousand
_HALF, _NEARLY = 0.5, 0.9
_DRAWS = 400
_FINE = 10  # steps of the log's time that half of a delivery must take to have a shape


def delivered(log: EventLog, rhythm: Rhythm, rows: Ints) -> bool:
    """True when these likes come in equal numbers and at an even pace on target after target.

    Args:
        rows: a cohort's likes, rows of the log.
    """
    rows = np.sort(rows)
    _, first, place, count = np.unique(log.target[rows], return_index=True, return_inverse=True, return_counts=True)
    # Where a few of them like the same thing by themselves, nobody was sent.
    told = count >= max(_LEAST_LIKES, _WHOLE * float(np.median(count[place]))) if rows.shape[0] else count > 0
    if int(told.sum()) < _LEAST_TARGETS or 2 * int(told.sum()) < told.shape[0]:
        return False
    in_time = count[told][np.argsort(log.at_ms[rows[first[told]]], kind="stable")]
    rows, place = rows[told[place]], place[told[place]]
    if p_quota(in_time, spread_of_coins(log.actor[rows].astype(np.int64), int(told.sum()))) > _QUOTA:
        return False
    at, fine = log.at_ms[rows], float(_FINE * rhythm.resolution_ms)
    # At night a schedule goes on and people do not; whichever time speaks for people counts.
    clocks = (at.astype(np.float64), rhythm.clock.read(at))
    return bool(max(score_of_fading(time, place, fine) for time in clocks) < _PACE)


def spread_of_coins(actor: Ints, targets: int) -> float:
    """Variance of how many of these people come to a target, if each decides alone, as often as he came.

    Args:
        actor: the actor of each like, at most one per target.
        targets: how many targets there were to come to, at least 2.
    """
    came = np.unique(actor, return_counts=True)[1] / targets
    return float((came * (1.0 - came)).sum()) * targets / (targets - 1.0)


def p_quota(count: Ints, variance: float) -> float:
    """Chance that half of these numbers or more lie as close together as they do, where people decide alone.

    Of the numbers next to each other that make up half, five eighths, ... or all, those that vary least are compared
    with as many draws from a bell of that variance (what sets targets apart only widens it); Bonferroni's factor over
    the parts.

    Args:
        count: likes on each target, ``int64[m]``, in no order that has to do with them.
        variance: of a number, at least.
    """
    count = count[:: -(-count.shape[0] // _MOST_TARGETS)]
    seen = _least_variance(np.sort(count).astype(np.float64)[None])[:, 0] + _ROUNDING
    seen /= max(variance, _ROUNDING)
    if bool((seen >= _MIDDLE).all()):
        return 1.0
    below = [np.searchsorted(null, one, side="right") for null, one in zip(_bells(count.shape[0]), seen, strict=True)]
    return min(1.0, len(_PARTS) * (1.0 + int(min(below))) / (_BELLS + 1.0))


def score_of_fading(time: Floats, place: Ints, fine: float) -> float:
    """Normal score of how much these crowds fade: low where no crowd that fades is so even.

    Of each target, the shortest stretch with nine in ten of its likes is measured in shortest stretches with half of
    them: 1.8 where likes are even to the end, 2.3 where they fade on a straight line to nothing, 2.5 where they come as
    a bell, 3.3 where attention is memoryless. Judged against the straight line, the lightest tail of these.

    Args:
        time: of each like; ``place``: which target it is on.
        fine: a shortest half not longer than that has no shape.
    """
    order = np.lexsort((time, place))
    edges = np.flatnonzero(np.diff(place[order])) + 1
    score = []
    for own in np.split(time[order], edges):
        if own.shape[0] < _LEAST_LIKES or _shortest(own[None], _HALF)[0] <= fine:
            continue
        below = np.searchsorted(_fading(own.shape[0]), _tail(own[None])[0])
        score.append(float(ndtri((below + 0.5) / (_DRAWS + 1.0))))
    return sum(score) / np.sqrt(len(score)) if len(score) >= _LEAST_TARGETS else 0.0


def _shortest(time: Floats, part: float) -> Floats:
    """Length of the shortest stretch that holds ``part`` of each row's times (ascending), ``float64[rows]``."""
    n = time.shape[1]
    k = int(np.ceil(part * n))
    return np.asarray((time[:, k - 1 :] - time[:, : n - k + 1]).min(axis=1), dtype=np.float64)


def _tail(time: Floats) -> Floats:
    return np.log(_shortest(time, _NEARLY) / _shortest(time, _HALF))


@lru_cache(maxsize=512)
def _fading(likes: int) -> Floats:
    """Tails of crowds of so many that fade on a straight line, ascending, ``float64[_DRAWS]``."""
    drawn = 1.0 - np.sqrt(np.random.default_rng(likes).random((_DRAWS, likes)))
    return np.sort(_tail(np.sort(drawn, axis=1)))


def _least_variance(sizes: Floats) -> Floats:
    """Least variance of neighbours that make up each part of a row (ascending), ``float64[parts, rows]``."""
    m = sizes.shape[1]
    sums, squares = (np.cumsum(np.pad(x, ((0, 0), (1, 0))), axis=1) for x in (sizes, sizes**2))
    out = []
    for part in _PARTS:
        k = max(int(np.ceil(part * m)), 2)
        mean = (sums[:, k:] - sums[:, :-k]) / k
        out.append(((squares[:, k:] - squares[:, :-k]) / k - mean**2).min(axis=1) * k / (k - 1.0))
    return np.array(out)


@lru_cache(maxsize=64)
def _bells(targets: int) -> Floats:
    """Least variances of so many draws from a bell of variance 1, each part ascending, ``float64[parts, _BELLS]``."""
    drawn = np.random.default_rng(targets).normal(size=(_BELLS, targets))
    return np.sort(_least_variance(np.sort(drawn, axis=1)), axis=1)
