"""The platform's response curve: how likes spread over a target's age, pooled over all targets of the log.

Every target is watched only until the log ends, so young targets cannot show late likes: ages are right-truncated. The
pooled distribution is the product-limit estimator for right-truncated data (Woodroofe 1985; Lynden-Bell 1971), on
log-spaced bins of age measured on the log's own clock.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from plaudit.model import Floats, Ints

_BINS = 240
_AT_A_TIME = 1 << 20


@dataclass(frozen=True)
class Response:
    """Distribution function of the age of a like.

    Attributes:
        edges: ages at bin edges, ascending, ``float64[bins + 1]``, first 0.
        cdf: ``G(edges)``, ascending from 0 to 1.
    """

    edges: Floats
    cdf: Floats

    def __call__(self, age: Floats) -> Floats:
        """``G(age)``, linear inside a bin."""
        return np.interp(age, self.edges, self.cdf)


def response_curve(age: Floats, limit: Floats, weight: Floats, resolution: float) -> Response:
    """Estimate the response curve.

    Args:
        age: age of each like on the log's clock, ``float64[m]``, ``0 <= age <= limit``.
        limit: age its target had reached when the log ended, ``float64[m]``.
        weight: what each like counts, ``float64[m]``; keeps a few huge targets from being the curve.
        resolution: the smallest age that means anything (the log's time resolution).

    Returns:
        The curve; flat in age when there are no likes.
    """
    top = max(float(limit.max()), 1.0) if limit.shape[0] else 1.0
    edges = age_edges(top, resolution)
    deaths, truncated = (np.bincount(bins_of(edges, value), weight, _BINS).astype(np.float64) for value in (age, limit))
    return Response(edges, curves_of(edges, deaths[None], truncated[None])[0])


def age_edges(top: float, resolution: float) -> Floats:
    """Bin edges from 0 through ``resolution`` to ``top``, log-spaced, ``float64[bins + 1]``."""
    low = min(max(resolution, 1.0), top / 2)
    return np.concatenate([[0.0], np.geomspace(low, max(top, low * 2), _BINS)])


def bins_of(edges: Floats, value: Floats) -> NDArray[np.int16]:
    """Bin of each value, the last for what lies beyond, ``int16[m]``."""
    out = np.empty(value.shape[0], np.int16)
    # Some at a time: places come as 64-bit numbers, three times over.
    for first in range(0, value.shape[0], _AT_A_TIME):
        place = np.searchsorted(edges, value[first : first + _AT_A_TIME], side="right") - 1
        out[first : first + _AT_A_TIME] = np.clip(place, 0, _BINS - 1)
    return out


def curves_of(edges: Floats, deaths: Floats, truncated: Floats) -> Floats:
    """Product-limit curves of tabulated likes; flat in the logarithm of age where there are none.

    Args:
        edges: bin edges, ``float64[bins + 1]``.
        deaths, truncated: weight of likes by bin of their age and of their limit, one table a row,
            ``float64[tables, bins]``; rows add and subtract.

    Returns:
        ``G(edges)`` of each, ``float64[tables, bins + 1]``.
    """
    low, total = edges[1], deaths.sum(axis=1)[:, None]
    flat = np.log1p(edges / low) / np.log1p(edges[-1] / low)
    # At risk in a bin, looking back in time: liked by then, and old enough to have been seen liked there.
    at_risk = np.cumsum(deaths, axis=1) - (np.cumsum(truncated, axis=1) - truncated)
    hazard = np.where(at_risk > 1e-9, deaths / np.maximum(at_risk, 1e-12), 0.0)
    survive = np.clip(1.0 - hazard, 0.0, 1.0)
    # The first bin with likes has hazard one by construction: nothing earlier exists.
    cdf = np.ones((deaths.shape[0], edges.shape[0]))
    cdf[:, 1:-1] = np.cumprod(survive[:, ::-1], axis=1)[:, ::-1][:, 1:]
    cdf[:, 0] = 0.0
    # A trace of the flat curve: no age is impossible, and no window has measure zero.
    share = 1.0 / (1.0 + total)
    out = np.maximum.accumulate((1 - share) * cdf / np.maximum(cdf[:, -1:], 1e-12) + share * flat, axis=1)
    return np.asarray(np.where(total > 0, out, flat), dtype=np.float64)


def read_curves(edges: Floats, curves: Floats, which: Ints, age: Floats) -> Floats:
    """``G(age)`` on the curve of row ``which``, age by age, as :class:`Response` reads one curve, ``float64[m]``."""
    place = np.searchsorted(edges, age, side="right") - 1
    last = edges.shape[0] - 1
    before = np.clip(place, 0, last - 1)
    left, step = curves[which, before], edges[before]
    slope = (curves[which, before + 1] - left) / (edges[before + 1] - step)
    out = slope * (age - step) + left
    return np.asarray(np.where(place >= last, curves[which, last], out), dtype=np.float64)
