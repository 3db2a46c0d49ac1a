"""How many actors two gatherings share by themselves: an empirical null from this log's own pairs.

Genuine interests overlap, so a bare Poisson of the actors' activities is far too small. But *given* that two
gatherings share one actor (same community, same months), the count goes on like a zero-truncated negative binomial,
whose limit for thin data is Fisher's logarithmic series. It is fitted, per bin of the activity-only expectation, to
the *lower* part of the counts only (Efron 2004: fit the null where the null lives; a tail would contain the
attackers).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, gammaln, logsumexp, xlogy

from plaudit.kernels.lookup import look_up, place_among
from plaudit.kernels.tails import log_poisson_tail
from plaudit.model import Floats, Ints

_PER_BIN = 1000
_MOST_PAIRS = 500_000
_BINS = 40
_SHAPES = (0.01, 0.05, 0.15, 0.4, 1.0, 2.5, 6.0, 15.0)
_RATIOS = np.concatenate([np.geomspace(1e-4, 0.5, 40), 1 - np.geomspace(0.49, 0.01, 40)])
_PRIOR = 10.0


@dataclass(frozen=True)
class OverlapNull:
    """Zero-truncated negative binomials by expected overlap: ``P(c) ~ Gamma(c + shape) / c! * ratio^c``.

    Attributes:
        edge: inner edges of the bins of the activity-only expectation, ascending, ``float64[bins - 1]``.
        shape, ratio: the parameters of each bin, ``float64[bins]``.
    """

    edge: Floats
    shape: Floats
    ratio: Floats

    def bins(self, mean: NDArray[Any]) -> NDArray[np.int16]:
        """Bin of each activity-only expectation, ``int16[m]``."""
        return np.asarray(place_among(mean, self.edge), dtype=np.int16)

    def log_p(self, shared: NDArray[Any], mean: NDArray[Any], home: NDArray[np.int16]) -> Floats:
        """``ln P(count >= shared | count >= 1)``, the larger of this null's and the bare activity null's; 0 for 1.

        Args:
            shared: actors shared, at least 1, ``int[m]``.
            mean: activity-only expectation, ``float[m]``; ``home`` its bins, see :meth:`bins`.
        """
        # A few counts in a few bins, over and over: one tail each.
        count = np.flatnonzero(np.bincount(shared))
        place = np.zeros(int(count.max(initial=0)) + 1, dtype=np.int64)
        place[count] = np.arange(count.shape[0])
        more = np.maximum(count, 1).astype(np.float64)
        both = zip(self.shape.tolist(), self.ratio.tolist(), strict=True)
        tails = np.array([self._tail(more, shape, ratio) for shape, ratio in both])
        tails[:, count <= 1] = 0.0
        out = np.asarray(look_up(tails, home, place, shared), dtype=np.float64)
        low = np.flatnonzero(out < -1.0)
        out[low] = np.maximum(out[low], log_poisson_tail(shared[low], mean[low]))
        return out

    @staticmethod
    def _tail(k: Floats, shape: float, ratio: float) -> Floats:
        with np.errstate(divide="ignore"):
            # P(X >= k) as an incomplete beta function (Abramowitz & Stegun 26.5.26).
            tail = np.log(betainc(k, shape, ratio))
        # Beyond double range: leading term times a geometric bound of the rest.
        step = np.minimum(np.maximum(ratio * (k + shape) / (k + 1), ratio), 0.999)
        leading = gammaln(k + shape) - gammaln(k + 1.0) - gammaln(shape) + shape * np.log1p(-ratio) + k * np.log(ratio)
        tail = np.where(tail > -600, tail, leading - np.log1p(-step))
        return np.asarray(np.minimum(tail - _log_any(shape, ratio), 0.0), dtype=np.float64)

    def moments(self) -> tuple[Floats, Floats]:
        """``E`` and ``Var`` of the count in each bin, given that it is at least 1."""
        shape, ratio = self.shape, self.ratio
        free = shape * ratio / (1 - ratio)
        any_ = np.exp([_log_any(float(s), float(r)) for s, r in zip(shape, ratio, strict=True)])
        expected = free / any_
        variance = np.maximum((free / (1 - ratio) + free**2) / any_ - expected**2, 1e-9)
        return expected, variance


def _log_any(shape: float, ratio: float) -> float:
    """``ln P(count >= 1)`` of the untruncated distribution."""
    return float(np.log(-np.expm1(shape * np.log1p(-ratio))))


def enough_pairs(pairs: int) -> slice:
    """As many of ``pairs`` pairs, evenly chosen, as the null is fitted from; of these again, all."""
    return slice(None, None, max(1, -(-pairs // _MOST_PAIRS)))


def fit_overlap_null(shared: Ints, mean: Floats) -> OverlapNull:
    """Fit from all pairs sharing an actor: counts ``int64[m]``, activity-only expectations ``float64[m]``."""
    some = enough_pairs(shared.shape[0])
    shared, mean = shared[some], mean[some]
    # In any order among equals: no bin parts them, and inside a bin their order says nothing.
    order = np.argsort(mean)
    bins = int(np.clip(order.shape[0] // _PER_BIN, 1, _BINS))
    ascending = mean[order]
    # Cut between values, never inside a run of equal ones: the fit must not depend on the order of the pairs.
    cuts = np.unique(np.searchsorted(ascending, ascending[order.shape[0] * np.arange(1, bins) // bins]))
    pieces = [piece for piece in np.split(order, cuts) if piece.shape[0]] or [order]
    rows = [_fit_bin(shared[piece], mean[piece]) for piece in pieces]
    edges = [float(mean[piece[0]]) for piece in pieces[1:]]
    return OverlapNull(np.array(edges), np.array([row[0] for row in rows]), np.array([row[1] for row in rows]))


def _fit_bin(shared: Ints, mean: Floats) -> tuple[float, float]:
    """Maximum likelihood on the counts up to the upper quartile (at least 3), with ten Poisson pairs as prior."""
    average = float(np.exp(np.log(np.maximum(mean, 1e-12)).mean())) if shared.shape[0] else 1e-2
    top = max(3, int(np.quantile(shared, 0.75))) if shared.shape[0] else 3
    count = np.arange(1, top + 1)
    observed = np.bincount(shared[shared <= top], minlength=top + 1)[1:].astype(np.float64)
    usual = min(average, float(top))
    poisson = np.exp(xlogy(count, usual) - usual - gammaln(count + 1.0))
    observed += _PRIOR * poisson / max(float(poisson.sum()), 1e-300)
    best = (-np.inf, _SHAPES[0], 0.5)
    for shape, log_pmf in zip(_SHAPES, _log_pmf(top), strict=True):
        score = log_pmf @ observed
        row = int(np.argmax(score))
        # A heavier tail must be refuted by more than noise: two nats keep the smaller shape.
        if score[row] > best[0] + 2.0:
            best = (float(score[row]), shape, float(_RATIOS[row]))
    return best[1], best[2]


@lru_cache(maxsize=64)
def _log_pmf(top: int) -> tuple[Floats, ...]:
    """``ln P(count)`` of 1 … ``top`` given that it is one of them, for each shape, ``float64[ratios, top]``."""
    count = np.arange(1, top + 1)
    out = []
    for shape in _SHAPES:
        kernel = gammaln(count + shape) - gammaln(count + 1.0)
        log_pmf = kernel[None, :] + count[None, :] * np.log(_RATIOS)[:, None]
        out.append(log_pmf - logsumexp(log_pmf, axis=1, keepdims=True))
    return tuple(out)
