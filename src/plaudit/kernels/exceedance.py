"""Tails beyond a threshold, estimated from everybody but the one judged.

Beyond a high threshold any tail is nearly a generalised Pareto (Pickands 1975; Coles 2001, ch. 4). Its shape and
scale are not plugged in but averaged over what the others leave open (a posterior on a grid), so a thin sample gives
a cautious tail by itself. Shapes below zero are shut out: a tail that ends is a claim no export can support.
"""

from __future__ import annotations

import numpy as np
from scipy.special import logsumexp

from plaudit.model import Floats, Ints

_SHAPES, _SCALES = 13, 25
_LOOK = 2_000
_USUAL_SHAPE = 0.25
"""Mean of the prior of the shape. For logarithms of counts a shape of 0 is already a power law, the heaviest tail
commonly met; only data make it heavier."""
_BLOCK = 5_000


def _log_survival(x: Floats, shape: Floats, scale: Floats) -> Floats:
    """``ln P(excess > x)`` for every pair of ``shape`` and ``scale``, broadcast."""
    thin = shape < 1e-9
    safe = np.where(thin, 1.0, shape)
    return np.asarray(np.where(thin, -x / scale, -np.log1p(safe * x / scale) / safe), dtype=np.float64)


def _log_likelihood(x: Floats, top: float, shape: Floats, scale: Floats) -> Floats:
    """What each excess says of each pair, ``float64[len(x), len(shape)]``; one above ``top`` only that it is."""
    held = np.minimum(x, top)[:, None]
    # The density is the survival times the hazard 1 / (scale + shape x).
    hazard = np.where((x > top)[:, None], 0.0, np.log(scale + shape * held))
    return np.asarray(_log_survival(held, shape, scale) - hazard, dtype=np.float64)


def _grid(x: Floats, top: float) -> tuple[Floats, Floats]:
    """Pairs of shape and scale around the likeliest one, as far as the number of excesses leaves open."""
    shape, scale = _pairs(np.linspace(0.0, 1.0, 11), np.geomspace(1 / 32, 32.0, 41))
    few = np.sort(x)[:: -(-x.shape[0] // _LOOK)]
    best = int(np.argmax(_log_likelihood(few, top, shape, scale).sum(axis=0)))
    # Six standard errors of each (Coles 2001, 4.3.2), and room for posts that differ.
    wide = max(0.3, 6.0 * (1.0 + shape[best]) / np.sqrt(x.shape[0]))
    shapes = np.linspace(max(shape[best] - wide, 0.0), min(shape[best] + wide, 1.0), _SHAPES)
    return _pairs(shapes, scale[best] * np.exp(np.linspace(-2 * wide, 2 * wide, _SCALES)))


def _pairs(shapes: Floats, scales: Floats) -> tuple[Floats, Floats]:
    return np.repeat(shapes, scales.shape[0]), np.tile(scales, shapes.shape[0])


def log_exceedance(excess: Floats, block: Ints, cap: float) -> Floats:
    """``ln P(excess >= own)`` of each, given the excesses of all other blocks (or, in one block, of all others).

    Excesses above ``cap`` teach only that they are above it: how far a bought comment sticks out cannot widen the
    tail that it is judged by.

    Args:
        excess: over the threshold, ``float64[k]``, at least 0, in any unit of about 1.
        block: a post of each, ``int64[k]``; those of one post may share a cause.
        cap: in the unit of ``excess``.
    """
    if excess.shape[0] == 0:
        return excess.copy()
    unit = max(float(np.mean(np.minimum(excess, cap))), 1e-9)
    x, top = excess / unit, cap / unit
    shape, scale = _grid(x, top)
    alone = np.unique(block).shape[0] == 1
    number, row = (excess.shape[0], np.arange(excess.shape[0])) if alone else _numbered(block)
    told = np.zeros((number, shape.shape[0]))
    for start in range(0, x.shape[0], _BLOCK):
        part = slice(start, start + _BLOCK)
        np.add.at(told, row[part], _log_likelihood(x[part], top, shape, scale))
    whole = told.sum(axis=0)
    # Flat in ln(scale); in the shape, leaning to 0.
    posterior = whole - told - shape / _USUAL_SHAPE
    posterior -= logsumexp(posterior, axis=1, keepdims=True)
    out = np.empty(x.shape[0])
    for start in range(0, x.shape[0], _BLOCK):
        part = slice(start, start + _BLOCK)
        out[part] = logsumexp(posterior[row[part]] + _log_survival(x[part, None], shape, scale), axis=1)
    return np.minimum(out, 0.0)


def _numbered(block: Ints) -> tuple[int, Ints]:
    used, row = np.unique(block, return_inverse=True)
    return int(used.shape[0]), np.asarray(row, dtype=np.int64)
