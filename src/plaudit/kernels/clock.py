"""The log's own clock: nights, weekends, growth and gaps taken out of time.

A like at noon says less about a target than a like at four in the morning, and an hour without a server says nothing.
Both are removed by measuring time in *activity* rather than in hours (the time-rescaling theorem, Brown et al. 2002:
under the right clock a Poisson process has constant rate). Activity is the number of distinct targets liked in an hour,
not the number of likes: a burst on one target, bought or viral, moves this clock by one.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from plaudit.model import DAY_MS, HOUR_MS, EventLog, Floats, Ints

_DENSE = 50.0
"""Distinct targets an average hour needs before single hours are trusted (relative noise 1/sqrt(50) = 14 %)."""


@dataclass(frozen=True)
class Clock:
    """Cumulative activity on a regular grid, scaled so that the whole log lasts as long as it did on the wall.

    Attributes:
        start_ms, step_ms: grid origin and spacing.
        total: cumulative activity at the grid points, in milliseconds of average activity, ``float64[cells + 1]``.
    """

    start_ms: int
    step_ms: int
    total: Floats

    def read(self, at_ms: Ints | int) -> Floats:
        """Clock reading at wall times; outside the log it runs at wall speed."""
        at = np.asarray(at_ms, dtype=np.float64) - self.start_ms
        position = at / self.step_ms
        cells = self.total.shape[0] - 1
        cell = np.clip(np.floor(position).astype(np.int64), 0, cells - 1)
        inside = np.asarray(self.total[cell] + (position - cell) * np.diff(self.total)[cell])
        if np.min(position, initial=0.0) >= 0 and np.max(position, initial=0.0) <= cells:
            return inside
        before = position < 0
        after = position > cells
        return np.where(before, at, np.where(after, self.total[-1] + at - cells * self.step_ms, inside))


def activity_clock(log: EventLog) -> Clock:
    """Estimate the clock of a log from its own likes (hour by hour where dense, else hour-of-day times level)."""
    span = max(log.end_ms - log.start_ms, 1)
    step = HOUR_MS if span >= 2 * DAY_MS else max(span // 48, 1)
    cells = int(span // step) + 1
    cell = (log.at_ms - log.start_ms) // step
    rate = distinct_per_cell(log.target, cell, cells).astype(np.float64)
    if rate.mean() < _DENSE and step == HOUR_MS:
        rate = _factorised(rate, log.start_ms)
    # A quarter of the mean as floor: a like in an hour without others must not weigh infinitely.
    rate = np.maximum(rate, 0.25 * rate.mean()) if rate.mean() > 0 else np.ones(cells)
    total = np.concatenate([[0.0], np.cumsum(rate)]) * (step / rate.mean())
    return Clock(log.start_ms, step, total)


def distinct_per_cell(target: np.ndarray, cell: Ints, cells: int) -> Ints:
    """Distinct targets in each time cell, for likes sorted by (target, time)."""
    if cell.shape[0] == 0:
        return np.zeros(cells, np.int64)
    first = np.ones(cell.shape[0], dtype=bool)
    first[1:] = (target[1:] != target[:-1]) | (cell[1:] != cell[:-1])
    return np.bincount(cell[first], minlength=cells)


def _factorised(rate: Floats, start_ms: int) -> Floats:
    """Hour-of-day profile times a level over runs of whole days long enough to be counted."""
    hour = (start_ms // HOUR_MS + np.arange(rate.shape[0])) % 24
    weight = np.bincount(hour, minlength=24)
    profile = np.bincount(hour, rate, minlength=24) / np.maximum(weight, 1)
    # Shrunk towards flat: with few likes an hour-of-day mean is itself noisy.
    profile = (profile * weight + rate.mean() * 2) / (weight + 2)
    profile /= max(float(profile.mean()), 1e-12)
    days = max(1, int(np.ceil(_DENSE * 4 / max(float(rate.mean()) * 24, 1e-9))))
    run = np.arange(rate.shape[0]) // (24 * days)
    exposure = np.bincount(run, profile[hour])
    level = np.bincount(run, rate) / np.maximum(exposure, 1e-12)
    return np.asarray(level[run] * profile[hour], dtype=np.float64)


@dataclass(frozen=True)
class Births:
    """Moments of birth of a log's targets, ascending, UTC ms, and how they crowd by themselves."""

    born_ms: Ints

    @cached_property
    def _timers(self) -> dict[int, float]:
        return {}

    def timers(self, moment_ms: int) -> float:
        """How many times more births have company within ``moment_ms`` than the births of their hour explain.

        In some hours publications of a whole log crowd (mornings, launches), at one moment of an hour too (timers). By
        how many have company, not by how much: a few large bunches are not everybody's timer.
        """
        if moment_ms not in self._timers:
            wide = max(moment_ms, HOUR_MS)
            hourly = near(self.born_ms, self.born_ms, wide) - 1
            by_hour = float(np.mean(-np.expm1(-hourly * (moment_ms / wide))))
            company = float(np.mean(near(self.born_ms, self.born_ms, moment_ms) > 1))
            self._timers[moment_ms] = company / max(by_hour, 1e-9)
        return self._timers[moment_ms]


def near(times: Ints, at: Ints, within: int) -> Ints:
    """How many of ``times`` (ascending) lie within so many ms of each of ``at``, on either side."""
    return np.searchsorted(times, at + within, "right") - np.searchsorted(times, at - within)
