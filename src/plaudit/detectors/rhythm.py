"""What this log's targets do by themselves: the rhythm every detector judges against, computed once.

Every like gets a coordinate on (0, 1): where it falls in its target's life if the target followed the log's own clock
and the platform's response curve. Under that null the coordinates of a target are uniform whatever its popularity.
*Episodes* are the stretches where they crowd together.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from plaudit.kernels.beside import each
from plaudit.kernels.clock import Clock, activity_clock
from plaudit.kernels.response import Response, response_curve
from plaudit.kernels.scan import log_p_value, scan_targets
from plaudit.kernels.tails import Spread, normal_score, score_against, spread_by_size
from plaudit.model import DAY_MS, HOUR_MS, MINUTE_MS, Bools, EventLog, Floats, Ints

MIN_POINTS = 4
"""Likes a target needs before its delivery has a shape."""

WEEK = 168
"""Hours of a week."""

_LOOSE = 2.0
_INNER = 6.0
_DEPTH = 5


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
        clock: the log's own clock.
        response: distribution of the age of a like on that clock.
        age: clock age of each like, ``float64[n]``.
        low, high: the coordinate of each like, as an interval when times are coarse, ``float64[n]``.
        counted: False for the like that only defines a target's birth.
        resolution_ms: time resolution of the log (all times are multiples of it).
        episodes: all windows at or above a loose cut, and every scanned target's best one.
        spread: the empirical null of ``episodes.z`` by size.
        week: likes by hour of the week (UTC, from the epoch's Thursday), ``int64[168]``.
    """

    clock: Clock
    response: Response
    age: Floats
    low: Floats
    high: Floats
    counted: Bools
    resolution_ms: int
    episodes: Episodes
    spread: Spread
    week: Ints

    def empirical_z(self, z: Floats, points: Ints) -> Floats:
        """``z`` measured against what targets of that size ordinarily show in this log."""
        return score_against(self.spread, z, points)


def time_resolution(at_ms: Ints) -> int:
    """The coarsest of day, hour, minute, second, millisecond that all times are multiples of."""
    for step in (DAY_MS, HOUR_MS, MINUTE_MS, 1000):
        if at_ms.shape[0] and not np.any(at_ms % step):
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
    age = np.clip(clock.read(log.at_ms) - born[log.target], 0.0, None)
    counted = np.ones(log.n, dtype=bool)
    heads = offsets[:-1][points > 0]
    counted[heads] = log.born_known[log.target[heads]] | (log.at_ms[heads] > log.born_ms[log.target[heads]])
    own = log.target[counted]
    weight = 1.0 / np.sqrt(np.maximum(points[own], 1))
    response = response_curve(age[counted], life[own], weight, max(float(resolution), 1000.0))
    whole = np.maximum(response(life), 1e-12)[log.target]
    low = np.minimum(response(age) / whole, 1.0)
    high = np.clip(response(age + resolution) / whole, low, 1.0)
    episodes = _episodes(log, counted, low, high)
    week = np.bincount((log.at_ms // HOUR_MS) % WEEK, minlength=WEEK)
    spread = spread_by_size(episodes.z[episodes.lead], episodes.points[episodes.lead])
    return Rhythm(clock, response, age, low, high, counted, resolution, episodes, spread, week)


def _episodes(log: EventLog, counted: Bools, low: Floats, high: Floats) -> Episodes:
    rows = np.flatnonzero(counted)
    offsets = np.searchsorted(log.target[rows], np.arange(log.n_targets + 1)).astype(np.int64)
    target, statistic, first, last, expected, leaf = _scanned(low[rows], high[rows], offsets)
    points = np.diff(offsets)[target]
    begin, stop = rows[first], rows[last]
    # The like that defines the birth joins a window right behind it when it is no further away than the window is long.
    before = np.maximum(begin - 1, 0)
    gap, length = log.at_ms[begin] - log.at_ms[before], log.at_ms[stop] - log.at_ms[begin]
    joins = (begin > 0) & ~counted[before] & (log.target[before] == target) & (gap <= np.maximum(length, 1000))
    begin = begin - joins.astype(np.int64)
    likes = stop - begin + 1
    lead = np.r_[True, target[1:] != target[:-1]] if target.shape[0] else np.zeros(0, dtype=bool)
    z = normal_score(log_p_value(statistic, points))
    return Episodes(target, begin, stop, likes, expected, z, points, lead, leaf)


def _scanned(low: Floats, high: Floats, offsets: Ints) -> tuple[Ints, Floats, Ints, Ints, Floats, Bools]:
    """:func:`scan_targets` of all targets, two halves beside each other: no target needs another."""

    def scan(targets: slice) -> tuple[Ints, Floats, Ints, Ints, Floats, Bools]:
        begin, end = int(offsets[targets.start]), int(offsets[targets.stop])
        own = offsets[targets.start : targets.stop + 1] - begin
        found = scan_targets(low[begin:end], high[begin:end], own, MIN_POINTS, _LOOSE, _INNER, _DEPTH)
        target, statistic, first, last, expected, leaf = found
        return target + targets.start, statistic, first + begin, last + begin, expected, leaf

    size = offsets.shape[0] - 1
    middle = int(np.searchsorted(offsets, offsets[-1] // 2).clip(0, size))
    both = each(scan, [slice(0, middle), slice(middle, size)])
    return tuple(np.concatenate(parts) for parts in zip(*both, strict=True))
