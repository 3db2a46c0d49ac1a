"""Curves of one kind judged among themselves: four tests, one p-value, and what each curve's windows hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import stats

from plaudit.detectors.curve.exposure import Exposure
from plaudit.detectors.curve.intervals import Curves
from plaudit.detectors.curve.shapes import dissect, name_of
from plaudit.detectors.curve.sides import falls, quiet_hours, round_stop
from plaudit.detectors.curve.spread import Spread, Windows, scan, spread_of
from plaudit.kernels.curves import precision
from plaudit.kernels.tails import central_match, log_p_of_score, normal_score
from plaudit.model import Bools, Floats, Ints

WEIGHTS: Mapping[str, float] = {"scan": 0.75, "quiet": 0.1, "fall": 0.1, "round": 0.05}
"""What each test may spend of a curve's level (Bonferroni weights, Genovese et al. 2006)."""

_LOUD = np.log(0.05)
_USUAL = 0.6
"""Place of the bulk of curves that says how far they wander. With the upper quartile, orders on a quarter of a small
account's posts were its habit and hid each other; what two in five curves do still is one."""


@dataclass(frozen=True)
class Account:
    """What curves gained in their windows, one entry per curve.

    Attributes:
        gained, expected: likes in the windows, and due there; ``low``, ``high``: 5 % and 95 % bounds of what was due.
        fallen: likes of a drop or a top-up that are no longer shown, whosever they were.
        first, last: readings between which the windows lie.
        certain: whether reads of its own told the exposure.
        words: the shape, empty where none is named.
    """

    gained: Floats
    expected: Floats
    low: Floats
    high: Floats
    fallen: Floats
    first: Ints
    last: Ints
    certain: Bools
    words: tuple[str, ...]


@dataclass(frozen=True)
class Part:
    """Judged curves.

    Attributes:
        cum: exposure summed along the readings, ``float64[r]``.
        tests: ``ln p`` by name of test, ``float64[c]`` each.
    """

    curves: Curves
    exposure: Exposure
    cum: Floats
    spread: Spread
    windows: Windows
    tests: Mapping[str, Floats]

    @property
    def weighted(self) -> tuple[tuple[str, ...], Floats]:
        """Tests that say anything of any curve, and their ``ln(p / weight)``, ``float64[tests, c]``."""
        told = [name for name in WEIGHTS if bool((self.tests[name] < 0).any())]
        whole = sum(WEIGHTS[name] for name in told)
        rows = [self.tests[name] - np.log(WEIGHTS[name] / whole) for name in told]
        return tuple(told), np.array(rows).reshape(len(told), len(self.curves))

    @property
    def log_p(self) -> Floats:
        """One ``ln p`` per curve."""
        return np.asarray(np.minimum(self.weighted[1].min(axis=0, initial=0.0), 0.0), dtype=np.float64)

    def account(self, loud: Bools, least: int) -> Account:
        """Windows of all curves; those of ``loud`` ones are taken off one by one and the shape is named."""
        curves, first, last = self.curves, self.windows.first.copy(), self.windows.last.copy()
        middle = (curves.low + curves.high) / 2
        gained = middle[last] - middle[first]
        whole = np.maximum(self.cum[curves.offsets[1:] - 1] - self.cum[curves.offsets[:-1]], 1e-300)
        share = np.clip((self.cum[last] - self.cum[first]) / whole, 0.0, 0.99)
        rest = np.maximum(curves.total - gained, 0.0)
        expected, low, high = due(rest, share, self.spread)
        words = [""] * len(curves)
        names, weighted = self.weighted
        for curve in np.flatnonzero(loud):
            shape = dissect(curves, self.cum, self.spread, int(curve), self.windows, least)
            strongest = names[int(np.argmin(weighted[:, curve]))] if names else "scan"
            fell = bool(self.tests["fall"][curve] < _LOUD)
            stopped = bool(self.tests["round"][curve] < _LOUD)
            # The best window is always told; unless it says something, it names nothing.
            telling = shape.windows if self.tests["scan"][curve] < _LOUD else ()
            words[curve] = name_of(curves, int(curve), telling, strongest, fell, stopped)
            if shape.windows:
                parts = np.array([shape.gained]), np.array([shape.share])
                gained[curve] = shape.gained
                rows = due(np.array([max(curves.total[curve] - shape.gained, 0.0)]), parts[1], self.spread)
                expected[curve], low[curve], high[curve] = (float(row[0]) for row in rows)
                first[curve] = min(window[0] for window in shape.windows)
                last[curve] = max(window[1] for window in shape.windows)
        # The reads of a post say nothing of a single comment that somebody sends round.
        certain = curves.by_reads & curves.posts & (last > first)
        if names:
            certain &= np.array(names)[np.argmin(weighted, axis=0)] == "scan"
        lost = np.bincount(curves.curve, curves.fallen, len(curves))
        fallen = np.where(np.isin(words, ("drop", "top_up")), lost, 0.0)
        return Account(gained, expected, low, high, fallen, first, last, certain, tuple(words))


def due(rest: Floats, share: Floats, spread: Spread) -> tuple[Floats, Floats, Floats]:
    """Likes due in windows with ``share`` of the exposure when the others gained ``rest``: mean, 5 % and 95 % bounds.

    The predictive of a gamma-Poisson window given the rest: as sure as the rest is, and no surer than the spread.
    """
    share = np.clip(share, 0.0, 0.99)
    expected = (rest + 0.5) * share / (1 - share)
    rows = zip(np.maximum(share, 1e-12), rest, strict=True)
    wander = np.array([precision(part, total, spread.kappa, spread.burst) for part, total in rows])
    known = 1.0 / (1.0 / (rest + 0.5) + 1.0 / np.maximum(wander * share, 1e-6))
    odds = known / np.maximum(known + expected, 1e-300)
    low, high = (np.nan_to_num(stats.nbinom.ppf(level, known, odds)) for level in (0.05, 0.95))
    return expected, np.minimum(low, expected), np.maximum(high, expected)


def judge(curves: Curves, exposure: Exposure, least: int, seed: int) -> Part:
    """Run the four tests on curves of one kind."""
    cum = np.cumsum(exposure.worth)
    spread = spread_of(curves, cum)
    windows = scan(curves, cum, spread, least, seed)
    # Where the section's curves wander more than the fitted null, that is their habit (empirical null, Efron 2004). Of
    # all curves together, not by size: a purchase makes a small curve a large one.
    z = normal_score(windows.log_p)
    location, scale = central_match(z, _USUAL)
    wander = log_p_of_score((z - location) / scale)
    tests = {
        "scan": np.where(windows.log_p < 0, wander, 0.0),
        "quiet": quiet_hours(curves, exposure),
        "fall": falls(curves),
        "round": round_stop(curves, cum, spread),
    }
    return Part(curves, exposure, cum, spread, windows, tests)
