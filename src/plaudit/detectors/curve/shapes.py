"""Which shape a curve shows, and how many likes its windows hold beyond their due.

Shapes, in the words of those who sell them: ``step`` (突增), ``straight`` (匀速: an even line through quiet hours),
``second_day`` (a push on the second day), ``wave`` (波浪: three windows or more), ``round_stop`` (stops dead at a round
number), ``drop`` (掉赞) and ``top_up`` (补单: what fell is filled up).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from plaudit.detectors.curve.intervals import Curves
from plaudit.detectors.curve.spread import Spread, Windows
from plaudit.kernels.curves import best_window
from plaudit.model import HOUR_MS, Floats, Ints

SHAPES = ("step", "straight", "second_day", "wave", "round_stop", "drop", "top_up")
_MOST_WINDOWS = 6
_FURTHER = np.log(0.01)
_STRAIGHT_H = 6.0
_SECOND_DAY_H = (20.0, 52.0)
_UNEVEN = 0.001
_MOSTLY = 0.5
_EDGE = 0.05
_NEXT_MS = 3 * HOUR_MS


@dataclass(frozen=True)
class Shape:
    """What one curve shows.

    Attributes:
        windows: ``(first, last)`` readings of the section's curves, most surprising first.
        gained: likes inside them.
        share: their part of the curve's exposure.
    """

    windows: tuple[tuple[int, int], ...]
    gained: float
    share: float


def dissect(curves: Curves, cum: Floats, spread: Spread, curve: int, windows: Windows, least: int) -> Shape:
    """Take the best windows off one curve until nothing surprising is left; the rest tells what was due."""
    start, stop = int(curves.offsets[curve]), int(curves.offsets[curve + 1])
    spot = np.arange(start, stop)
    low, high, due = curves.low[start:stop].copy(), curves.high[start:stop].copy(), cum[start:stop].copy()
    found: list[tuple[int, int]] = []
    gained = share = 0.0
    whole = float(due[-1] - due[0])
    for _ in range(_MOST_WINDOWS):
        log_p, a, b, _n = best_window(low, high, due, spread.kappa, spread.burst, least)
        if b <= a or (found and _chance(windows, curve, log_p) > _FURTHER):
            break
        found.append((int(spot[a]), int(spot[b])))
        gained += (int(low[b]) + int(high[b]) - int(low[a]) - int(high[a])) / 2
        share += float(due[b] - due[a]) / max(whole, 1e-300)
        taken, worth = low[b] - high[a], due[b] - due[a]
        keep = np.concatenate([np.arange(a + 1), np.arange(b + 1, low.shape[0])])
        low[b + 1 :] -= taken
        high[b + 1 :] -= taken
        due[b + 1 :] -= worth
        low, high, due, spot = low[keep], high[keep], due[keep], spot[keep]
        if low.shape[0] < 3:
            break
    return Shape(tuple(found), gained, share)


def _chance(windows: Windows, curve: int, log_p: float) -> float:
    return float(windows.chosen.log_best(np.array([log_p]), windows.size[curve : curve + 1])[0])


def name_of(
    curves: Curves, curve: int, windows: tuple[tuple[int, int], ...], strongest: str, fell: bool, round_end: bool
) -> str:
    """The word for a curve; ``strongest`` is the test that speaks loudest (``scan, quiet, fall, round``)."""
    start, stop = int(curves.offsets[curve]), int(curves.offsets[curve + 1])
    a, b = windows[0] if windows else (start, stop - 1)
    fallen = np.cumsum(curves.fallen[start:stop])
    if (fell or strongest == "fall") and any(fallen[begin - start] >= _MOSTLY * fallen[-1] for begin, _ in windows):
        return "top_up"
    if strongest == "fall":
        return "drop"
    if strongest == "round":
        return "round_stop"
    if strongest == "quiet" or _straight(curves, *_joined(curves, windows or ((a, b),))):
        return "straight"
    if len(windows) >= 3:
        return "wave"
    age = curves.at_ms[_core(curves, a, b)[0]] / HOUR_MS - curves.born_h[curve]
    if _SECOND_DAY_H[0] <= age <= _SECOND_DAY_H[1]:
        return "second_day"
    return "round_stop" if round_end else "step"


def _joined(curves: Curves, windows: tuple[tuple[int, int], ...]) -> tuple[int, int]:
    """The most surprising window, and others that follow on it with little between: a long line may come in pieces."""
    a, b = windows[0]
    for first, last in sorted(windows[1:]):
        if first >= b and curves.at_ms[first] - curves.at_ms[b] <= _NEXT_MS:
            b = last
    for first, last in sorted(windows[1:], reverse=True):
        if last <= a and curves.at_ms[a] - curves.at_ms[last] <= _NEXT_MS:
            a = first
    return a, b


def _core(curves: Curves, a: int, b: int) -> tuple[int, int]:
    """The readings between which nine tenths of a window's likes came: windows take in idle time around them."""
    level = (curves.low[a : b + 1] + curves.high[a : b + 1]) / 2
    part = (level - level[0]) / max(float(level[-1] - level[0]), 1.0)
    first = int(np.searchsorted(part, _EDGE, side="right")) - 1
    last = int(np.searchsorted(part, 1.0 - _EDGE))
    return a + max(first, 0), min(a + max(last, first + 1), b)


def _straight(curves: Curves, a: int, b: int) -> bool:
    """Whether the gain between two readings runs evenly in time for hours: no more uneven than a clock's would be."""
    a, b = _core(curves, a, b)
    length = (curves.at_ms[b] - curves.at_ms[a]) / HOUR_MS
    if length < _STRAIGHT_H or b - a < 4:
        return False
    time = curves.at_ms[a : b + 1]
    level = (curves.low[a : b + 1] + curves.high[a : b + 1]) / 2
    parts = int(min(b - a, 12, length // 1))
    edges = np.interp(np.linspace(time[0], time[-1], parts + 1), time, level)
    gains = np.diff(edges)
    mean = float(gains.mean())
    if mean < 2:
        return False
    return bool(stats.chi2.sf(float(((gains - mean) ** 2).sum() / mean), parts - 1) > _UNEVEN)


def trailing_zeros(values: Ints) -> Ints:
    """Zeros at the end of each number, ``int64[k]``; 0 for numbers under 100, where round ones are no rarity."""
    out = np.zeros(values.shape[0], dtype=np.int64)
    for zeros in (1, 2, 3, 4, 5):
        out[(values >= 100) & (values % 10**zeros == 0)] = zeros
    return out
