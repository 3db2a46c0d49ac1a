"""Intervals and tests for proportions that hold where samples are small."""

from __future__ import annotations

from functools import cache

import numpy as np
from scipy.special import ndtri

from plaudit.model import Floats

LEVEL = 0.90
"""Confidence of every interval."""


@cache
def z_of(level: float = LEVEL) -> float:
    """Two-sided normal quantile: 1.645 at 90 %."""
    return float(ndtri(0.5 + level / 2))


def wilson(acts: int, people: int, level: float = LEVEL) -> tuple[float, float]:
    """Wilson's score interval of a proportion.

    Wilson 1927; recommended for small samples by Brown, Cai & DasGupta 2001. Nobody asked is an interval from 0 to 1.
    """
    if people <= 0:
        return 0.0, 1.0
    z2 = z_of(level) ** 2
    share, whole = acts / people, people + z2
    middle = (acts + z2 / 2) / whole
    half = float(np.sqrt(z2) * np.sqrt(people * share * (1 - share) + z2 / 4) / whole)
    low = 0.0 if acts == 0 else max(0.0, middle - half)
    high = 1.0 if acts == people else min(1.0, middle + half)
    return low, high


def newcombe(one: tuple[int, int], two: tuple[int, int], level: float = LEVEL) -> tuple[float, float, float]:
    """Difference of two independent proportions with its interval, from Wilson's (Newcombe 1998, method 10).

    Args:
        one, two: (acts, people); the difference is the first less the second.
    """
    share = [acts / people if people else 0.0 for acts, people in (one, two)]
    (low1, high1), (low2, high2) = wilson(*one, level), wilson(*two, level)
    difference = share[0] - share[1]
    below = np.hypot(share[0] - low1, high2 - share[1])
    above = np.hypot(high1 - share[0], share[1] - low2)
    return difference, max(-1.0, difference - float(below)), min(1.0, difference + float(above))


def fisher(one: tuple[int, int], two: tuple[int, int]) -> float:
    """Two-sided p-value of Fisher's exact test that two groups act alike."""
    from scipy import stats  # half a second, and an audit without outcomes asks for none of it

    table = [[acts, people - acts] for acts, people in (one, two)]
    return float(stats.fisher_exact(table).pvalue)


def holm(p_values: Floats) -> Floats:
    """p-values adjusted for all tests of a family, whatever their dependence (Holm 1979)."""
    size = p_values.shape[0]
    order = np.argsort(p_values, kind="stable")
    adjusted = np.maximum.accumulate(p_values[order] * (size - np.arange(size)))
    out = np.empty(size)
    out[order] = np.minimum(1.0, adjusted)
    return out
