"""What this log's targets do by themselves: the rhythm every detector judges against, computed once.

Every like gets a coordinate on (0, 1): where it falls in its target's life if the target followed the log's own clock
and the platform's response curve. Under that null the coordinates of a target are uniform whatever its popularity.
*Episodes* are the stretches where they crowd together.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from plaudit.kernels.beside import each
from plaudit.kernels.clock import Clock, activity_clock
from plaudit.kernels.response import Response, response_curve
from plaudit.kernels.scan import log_p_value, scan_targets
from plaudit.kernels.tails import Spread, log_p_against, normal_score, score_against, spread_by_size
from plaudit.model import DAY_MS, HOUR_MS, MINUTE_MS, Bools, EventLog, Floats, Ints, Ints32

MIN_POINTS = 4
"""Likes a target needs before its delivery has a shape."""

WEEK = 168
"""Hours of a week."""

_LOOSE = 2.0
_INNER = 6.0
_DEPTH = 5
_AT_A_TIME = 1 << 20
_FIRST_LOOK = 1000

Rows = Ints | Ints32 | slice
"""Which likes of a log."""


@dataclass(frozen=True)
class Episodes:
    """Stretches of a target's life with more likes than its rhythm explains; one entry each.

    Attributes:
        target: dense target.
        first, last: rows of the log, inclusive; between them all rows belong to the target.
        likes: ``last - first + 1``.
        expected: likes the target's own remaining life predicts for the stretch.
        z: normal score of the scan statistic under exact uniformity.
        points: likes scanned on the target.
        lead: True for each scanned target's best window.
        leaf: True for windows that are crowded and hold no denser one; they do not overlap.
    """

    target: Ints
    first: Ints
    last: Ints
    likes: Ints
    expected: Floats
    z: Floats
    points: Ints
    lead: Bools
    leaf: Bools

    def __len__(self) -> int:
        return int(self.target.shape[0])

    def __add__(self, other: Episodes) -> Episodes:
        pairs = ((getattr(self, name), getattr(other, name)) for name in self.__dataclass_fields__)
        return Episodes(*(np.concatenate(pair) for pair in pairs))

    def take(self, rows: Ints | Bools) -> Episodes:
        """The chosen episodes."""
        return Episodes(*(getattr(self, name)[rows] for name in self.__dataclass_fields__))


@dataclass(frozen=True)
class Rhythm:
    """Clock, response curve and coordinates of a log.

    Attributes:
        log: the log itself: what is told of single likes is told when it is asked for.
        clock: the log's own clock.
        response: distribution of the age of a like on that clock.
        born, whole: birth of each target on the clock, and what it could have shown by the end of the log,
            ``float64[n_targets]``.
        counted: False for the like that only defines a target's birth.
        resolution_ms: time resolution of the log (all times are multiples of it).
        episodes: all windows at or above a loose cut, and every scanned target's best one.
        spread: the empirical null of ``episodes.z`` by size.
        week: likes by hour of the week (UTC, from the epoch's Thursday), ``int64[168]``.
    """

    log: EventLog
    clock: Clock
    response: Response
    born: Floats
    whole: Floats
    counted: Bools
    resolution_ms: int
    episodes: Episodes
    spread: Spread
    week: Ints

    def age(self, rows: Rows) -> Floats:
        """Clock age of these likes."""
        return _ages(self.log, self.clock, self.born, rows)

    def span(self, rows: Rows) -> tuple[Floats, Floats]:
        """Where the coordinate of these likes begins and ends: an interval when times are coarse.

        Ask once for many likes: a call costs as much as some hundreds of them.
        """
        return _coordinates(self.response, self.age(rows), self.whole[self.log.target[rows]], self.resolution_ms)

    def empirical_z(self, z: Floats, points: Ints) -> Floats:
        """``z`` measured against what targets of that size ordinarily show in this log."""
        return score_against(self.spread, z, points)

    def empirical_log_p(self, z: Floats, points: Ints) -> Floats:
        """Log chance of ``z`` on such a target, uncertainty of what is ordinary included."""
        return log_p_against(self.spread, z, points)


def time_resolution(at_ms: Ints) -> int:
    """The coarsest of day, hour, minute, second, millisecond that all times are multiples of."""
    for step in (DAY_MS, HOUR_MS, MINUTE_MS, 1000):
        if at_ms.shape[0] and not np.any(at_ms[:_FIRST_LOOK] % step) and not np.any(at_ms % step):
            return step
    return 1


def estimate_rhythm(log: EventLog) -> Rhythm:
    """Estimate clock and response curve, place every like on its target's coordinate, and scan for episodes."""
    clock = activity_clock(log)
    born, end = clock.read(log.born_ms), float(clock.read(log.end_ms + 1))
    offsets = log.target_offsets()
    points = np.diff(offsets)
    resolution = time_resolution(log.at_ms)
    life = np.maximum(end - born, 1.0)
    counted = np.ones(log.n, dtype=bool)
    heads = offsets[:-1][points > 0]
    counted[heads] = log.born_known[log.target[heads]] | (log.at_ms[heads] > log.born_ms[log.target[heads]])
    age = np.empty(log.n)
    for first in range(0, log.n, _AT_A_TIME):
        some = slice(first, min(first + _AT_A_TIME, log.n))
        age[some] = _ages(log, clock, born, some)
    age, own = age[counted], log.target[counted]
    weight = (1.0 / np.sqrt(np.maximum(points, 1)))[own]
    response = response_curve(age, life[own], weight, max(float(resolution), 1000.0))
    del age, own, weight
    whole = np.maximum(response(life), 1e-12)
    episodes = _episodes(log, clock, response, born, whole, counted, resolution)
    week = np.bincount((log.at_ms // HOUR_MS) % WEEK, minlength=WEEK)
    spread = spread_by_size(episodes.z[episodes.lead], episodes.points[episodes.lead])
    return Rhythm(log, clock, response, born, whole, counted, resolution, episodes, spread, week)


def _ages(log: EventLog, clock: Clock, born: Floats, rows: Rows) -> Floats:
    return np.asarray(np.clip(clock.read(log.at_ms[rows]) - born[log.target[rows]], 0.0, None), dtype=np.float64)


def _coordinates(response: Response, age: Floats, whole: Floats, resolution: int) -> tuple[Floats, Floats]:
    low = np.minimum(response(age) / whole, 1.0)
    return low, np.clip(response(age + resolution) / whole, low, 1.0)


def _episodes(
    log: EventLog, clock: Clock, response: Response, born: Floats, whole: Floats, counted: Bools, resolution: int
) -> Episodes:
    """Windows of all targets, some targets after the others: no target needs another, and coordinates take room."""
    offsets = log.target_offsets()

    def scan(targets: slice) -> tuple[Ints, Floats, Ints, Ints, Floats, Bools, Ints]:
        begin, stop = int(offsets[targets.start]), int(offsets[targets.stop])
        rows = begin + np.flatnonzero(counted[begin:stop])
        own = np.searchsorted(rows, offsets[targets.start : targets.stop + 1])
        age = _ages(log, clock, born, rows)
        low, high = _coordinates(response, age, whole[log.target[rows]], resolution)
        found = scan_targets(low, high, own, MIN_POINTS, _LOOSE, _INNER, _DEPTH)
        target, statistic, first, last, expected, leaf = found
        return target + targets.start, statistic, rows[first], rows[last], expected, leaf, np.diff(own)[target]

    parts = each(scan, _some_targets(offsets))
    target, statistic, begin, stop, expected, leaf, points = (np.concatenate(one) for one in zip(*parts, strict=True))
    # The like that defines the birth joins a window right behind it when it is no further away than the window is long.
    before = np.maximum(begin - 1, 0)
    gap, length = log.at_ms[begin] - log.at_ms[before], log.at_ms[stop] - log.at_ms[begin]
    joins = (begin > 0) & ~counted[before] & (log.target[before] == target) & (gap <= np.maximum(length, 1000))
    begin = begin - joins.astype(np.int64)
    likes = stop - begin + 1
    lead = np.r_[True, target[1:] != target[:-1]] if target.shape[0] else np.zeros(0, dtype=bool)
    z = normal_score(log_p_value(statistic, points))
    return Episodes(target, begin, stop, likes, expected, z, points, lead, leaf)


def _some_targets(offsets: Ints) -> list[slice]:
    """All targets, in two parts or more of at most about a million likes (or one target) each."""
    size = offsets.shape[0] - 1
    parts = max(2, -(-int(offsets[-1]) // _AT_A_TIME))
    edges = np.searchsorted(offsets, int(offsets[-1]) * np.arange(parts + 1) // parts).clip(0, size)
    edges[0], edges[-1] = 0, size
    return [slice(int(a), int(b)) for a, b in pairwise(np.unique(edges))] or [slice(0, size)]
