"""Interval by interval: how far each one stands out of everything else its curve ever did.

Real counters are heavy-tailed, so how high an interval stands above the *mean* says little; what counts is by what
factor it beats the highest other one. For a heavy tail with index ``theta`` the log of that factor is exponential with
rate ``theta`` (Rényi 1953), whatever the level of the curve; ``theta`` is estimated from the gaps between second and
third places, which a purchase in the first does not touch. Rates are per hour, or per read where reads are known, and
nothing else is assumed: in a section where most curves are bought, a learned response to age would be the sellers'.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

from plaudit.detectors.curve.exposure import amounts
from plaudit.detectors.curve.intervals import Curves, curves_of, kinds
from plaudit.detectors.spec import SectionContext
from plaudit.model import Floats, Ints, Section

_SURE = 0.05
_HELD = 0.95


@dataclass(frozen=True)
class IntervalScores:
    """Intervals between readings, in the order of (target, end).

    Attributes:
        target: target of the section, ``int64[m]``. start_ms, end_ms: the readings, ``int64[m]``.
        gain: likes gained, ``int64[m]``.
        ratio: factor by which its rate certainly (95 %) beats the highest other rate of the curve, ``float64[m]``.
        score: ``-log10 p`` of that record; below 0 where it is none.
    """

    target: Ints
    start_ms: Ints
    end_ms: Ints
    gain: Ints
    ratio: Floats
    score: Floats


def interval_scores(section: Section, context: SectionContext) -> IntervalScores:
    """Score every interval of every curve; the more it stands out, the higher."""
    everything = curves_of(section)
    found = [_scored(everything.take(kind)) for kind in kinds(everything) if kind.shape[0]]
    order = np.lexsort(
        (
            np.concatenate([np.zeros(0, np.int64), *(part.end_ms for part in found)]),
            np.concatenate([np.zeros(0, np.int64), *(part.target for part in found)]),
        )
    )

    def joined(name: str, kind: type[np.generic]) -> np.ndarray[tuple[int], np.dtype[Any]]:
        return np.asarray(np.concatenate([np.zeros(0, kind), *(getattr(part, name) for part in found)])[order])

    return IntervalScores(
        *(joined(name, np.int64) for name in ("target", "start_ms", "end_ms", "gain")),
        *(joined(name, np.float64) for name in ("ratio", "score")),
    )


def _scored(curves: Curves) -> IntervalScores:
    inner = np.flatnonzero(~curves.opening)
    home, gain = curves.curve[inner], np.maximum(curves.gain()[inner], 0)
    worth = np.maximum(amounts(curves)[inner], 1e-12)
    worth /= worth.mean() if worth.shape[0] else 1.0
    rate = gain / worth
    other, second, third = _places(rate, home, len(curves))
    # What an ordinary interval brings here, purchases set aside: all but each curve's highest. Heavy tails may have no
    # mean, so the top twentieth counts as its lower end.
    plain = rate[rate < _highest(rate, home, len(curves))]
    usual = float(np.minimum(plain, np.quantile(plain, _HELD)).mean()) if plain.shape[0] else 1.0
    usual = max(usual, 1.0)
    low = stats.beta.ppf(_SURE, np.maximum(gain, 0.5), (other + usual) * worth + 1.0)
    ratio = low / np.maximum(1.0 - low, 1e-12)
    gaps = np.log((second + usual) / (third + usual))
    gaps = gaps[np.isfinite(gaps)]
    # The gap between second and third is exponential with twice the rate of that between first and second.
    theta = (gaps.shape[0] + 1.0) / (2.0 * float(gaps.sum()) + 1.0)
    score = theta * np.log10(np.maximum(ratio, 1e-12))
    return IntervalScores(curves.target[home], curves.at_ms[inner - 1], curves.at_ms[inner], gain, ratio, score)


def _highest(rate: Floats, home: Ints, size: int) -> Floats:
    top = np.zeros(size)
    np.maximum.at(top, home, rate)
    return top[home]


def _places(rate: Floats, home: Ints, size: int) -> tuple[Floats, Floats, Floats]:
    """Highest *other* rate per interval (0 where there is none), and second and third rates per curve (NaN)."""
    order = np.lexsort((-rate, home))
    first = np.searchsorted(home[order], np.arange(size))
    count = np.bincount(home, minlength=size)
    ranked = np.append(rate[order], 0.0)
    top = [np.where(count > k, ranked[np.minimum(first + k, rate.shape[0])], np.nan) for k in range(3)]
    leads = np.zeros(rate.shape[0], dtype=bool)
    leads[order[first[count > 0]]] = True
    other = np.where(leads, np.nan_to_num(top[1])[home], top[0][home])
    return other, top[1], top[2]
