"""How far above its expectation a comment may stand by itself: the tail of the residuals of comments like it.

Likes are as unequal as anything people make: the first comment of a post may innocently have a hundred times the
median. So nothing is assumed of the residuals. Comments are taken together by expected level; up to a level's high
quantile a comment is judged by its rank there, beyond it by the tail of all *other posts'* comments over theirs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from plaudit.detectors.quality_gap.expectation import Expectation
from plaudit.kernels.exceedance import log_exceedance
from plaudit.model import Floats, Ints

_PER_LEVEL = 400
_MOST_LEVELS = 50
_BEYOND = 0.1
_LEAST_BEYOND = 40
_PRIOR = 20.0
_CAP = 0.9
"""Of what is beyond the threshold, the tenth farthest out teaches only that it is."""


@dataclass(frozen=True)
class Judgement:
    """Per judged comment, ``float64[n]``: ``ln p``, and the likes it would have: median and ends of 90 % of cases."""

    log_p: Floats
    usual: Floats
    usual_low: Floats
    usual_high: Floats


def judge(made: Expectation, post: Ints) -> Judgement:
    """Judge every comment of ``made``; ``post`` is the post of each, ``int64[n]``."""
    n = made.shown.shape[0]
    level, levels = _levels(made.expected)
    residual = made.shown - made.expected
    order = np.lexsort((residual, level))
    size = np.bincount(level, minlength=levels)
    start = np.concatenate([[0], np.cumsum(size)[:-1]])
    share = min(max(_BEYOND, _LEAST_BEYOND / max(n, 1)), 0.5)
    quantile = {q: residual[order[start + _at(size, q)]] for q in (0.05, 0.5, 0.95, 1.0 - share)}
    # Rank among comments of the level; equal residuals share the innocent one.
    above = np.empty(n)
    ranks = np.empty(n, np.int64)
    ranks[order] = np.arange(n)
    first = np.r_[True, (np.diff(residual[order]) != 0) | (np.diff(level[order]) != 0)]
    group = np.cumsum(first) - 1
    above[order] = (start + size)[level[order]] - np.flatnonzero(first)[group]
    log_p = np.log(np.minimum(above / size[level], 1.0))
    far = np.flatnonzero(residual > quantile[1.0 - share][level])
    if far.shape[0] >= 2:
        excess = (residual - quantile[1.0 - share][level])[far]
        beyond = np.bincount(level[far], minlength=levels)
        unit = _units(excess, level[far], levels)
        tail = log_exceedance(excess / unit, post[far], float(np.quantile(excess / unit, _CAP)))
        log_p[far] = np.log((beyond[level[far]] + 1.0) / (size[level[far]] + 1.0)) + tail
    likes = {q: np.maximum(np.expm1(made.expected + quantile[q][level]), 0.0) for q in (0.05, 0.5, 0.95)}
    return Judgement(np.minimum(log_p, 0.0), likes[0.5], likes[0.05], likes[0.95])


def more_innocent(readings: Sequence[Judgement]) -> Judgement:
    """Of several readings of the same comments, of each comment the one that finds its likes less surprising."""
    log_p = np.stack([reading.log_p for reading in readings])
    best, each = np.argmax(log_p, axis=0), np.arange(log_p.shape[1])

    def of(name: str) -> Floats:
        return np.asarray(np.stack([getattr(reading, name) for reading in readings])[best, each], dtype=np.float64)

    return Judgement(log_p[best, each], of("usual"), of("usual_low"), of("usual_high"))


def _at(size: Ints, q: float) -> Ints:
    return np.asarray(np.minimum((q * size).astype(np.int64), np.maximum(size - 1, 0)), dtype=np.int64)


def _levels(expected: Floats) -> tuple[Ints, int]:
    """Comments by expected likes, in groups of like number; cut between values, never inside equal ones."""
    ascending = np.sort(expected)
    wanted = int(np.clip(expected.shape[0] // _PER_LEVEL, 1, _MOST_LEVELS))
    edges = np.unique(ascending[expected.shape[0] * np.arange(1, wanted) // wanted]) if wanted > 1 else np.zeros(0)
    edges = edges[edges > ascending[0]] if edges.shape[0] else edges
    return np.searchsorted(edges, expected, side="right").astype(np.int64), int(edges.shape[0]) + 1


def _units(excess: Floats, level: Ints, levels: int) -> Floats:
    """The mean excess of each comment's level without its own, drawn towards that of all; the farthest are held."""
    held = np.minimum(excess, float(np.quantile(excess, _CAP)))
    total = np.bincount(level, held, levels)[level] - held
    count = np.bincount(level, minlength=levels)[level] - 1.0
    return np.asarray(np.maximum((total + _PRIOR * held.mean()) / (count + _PRIOR), 1e-9), dtype=np.float64)
