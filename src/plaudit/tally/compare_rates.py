"""Likes per read, and recognition depth, side by side: shrunk as far as a side's own posts cannot carry them.

Authentic likes of post ``j`` of side ``i``, read ``e_ij`` times, are Gamma-Poisson twice over (Clayton & Kaldor 1987;
Gelman et al., BDA3 §2.6): posts of one side differ by more than chance, and sides differ from each other,

    likes_ij ~ Poisson(e_ij * rate_i * post_ij),   post_ij ~ Gamma(mean 1, variance spread)
    rate_i ~ Gamma(shape, mean)

Nothing is plugged in: spread, shape and mean are summed over grids, each side's rate over a grid of its logarithm.
Depth is a mean with an error of its own, so its sides are normal around a common mean (BDA3 §5.4), the same way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln

from plaudit.model import Floats
from plaudit.result.compare import Measure, Measured
from plaudit.tally.proportions import z_of

DRAWS = 20_000
_SPREADS = np.linspace(0.05, 2.0, 14) ** 2
"""Variance of a post's own factor; uniform in its square root, the coefficient of variation among posts."""
_POOLING = (np.arange(20) + 0.5) / 20
_MEANS, _RATES = 41, 241


@dataclass(frozen=True)
class Reads:
    """Posts of one side whose likes and reads are both known exactly.

    Attributes:
        name: what the side is called.
        likes: authentic likes per post, ``float64[p]``.
        reads: reads per post, above zero, ``float64[p]``.
        open: what the counts themselves leave open: standard error of the sum of ``likes``.
        left_out: posts whose likes or reads are absent or censored.
    """

    name: str
    likes: Floats
    reads: Floats
    open: float
    left_out: int


@dataclass(frozen=True)
class Depths:
    """Recognition depth of one side: index 0 to 100, its standard error, and how many comments it is of."""

    name: str
    index: float
    error: float
    comments: int


def compare_reads(sides: Sequence[Reads], rng: np.random.Generator) -> Measure | None:
    """Authentic likes per read of every side; None where fewer than two have posts that show both."""
    held = [side for side in sides if side.likes.shape[0] and side.reads.sum() > 0]
    if len(held) < 2:
        return None
    observed = np.array([side.likes.sum() / side.reads.sum() for side in held])
    floor = np.array([(side.likes.sum() + 0.5) / (side.reads.sum() + 1) for side in held])
    grid = np.linspace(np.log(floor.min()) - 4, np.log(floor.max()) + 4, _RATES)
    likelihood = _likelihood(held, grid)
    worth = np.array([[_worth(side, spread) for side in held] for spread in _SPREADS])
    means = np.linspace(np.log(floor.min()) - 1, np.log(floor.max()) + 1, _MEANS)
    priors, log_weight = [], []
    for k in range(_SPREADS.shape[0]):
        shape = np.median(worth[k]) * _POOLING / (1 - _POOLING)
        prior = _gamma_on(grid, means, shape)
        top = likelihood[k].max(axis=1, keepdims=True)
        whole = np.log(np.maximum(np.exp(likelihood[k] - top) @ prior, 1e-300)) + top
        priors.append(prior)
        log_weight.append(whole.sum(axis=0))
    weight = np.exp(np.array(log_weight) - np.max(log_weight))
    cells = rng.choice(weight.size, size=DRAWS, p=(weight / weight.sum()).ravel())
    draws = np.empty((len(held), DRAWS))
    step = grid[1] - grid[0]
    for cell in np.unique(cells).tolist():
        k, column = divmod(cell, weight.shape[1])
        at = np.flatnonzero(cells == cell)
        own = likelihood[k] + np.log(np.maximum(priors[k][:, column], 1e-300))
        steps = np.cumsum(np.exp(own - own.max(axis=1, keepdims=True)), axis=1)
        for row in range(len(held)):
            place = np.searchsorted(steps[row], rng.random(at.shape[0]) * steps[row, -1], side="right")
            draws[row, at] = np.exp(grid[np.minimum(place, _RATES - 1)] + step * (rng.random(at.shape[0]) - 0.5))
    # What the count of authentic likes leaves open moves a side's rate as a whole.
    slack = np.array([side.open / max(float(side.likes.sum()), 0.5) for side in held])
    draws *= np.maximum(1 + slack[:, None] * rng.standard_normal(draws.shape), 0.0)
    pooling = float(np.mean(_POOLING[cells % weight.shape[1] % _POOLING.shape[0]]))
    parts = [(side.name, side.likes.shape[0], float(side.reads.sum())) for side in held]
    return _measure("likes_per_read", parts, observed, draws, pooling, sum(side.left_out for side in sides))


def compare_depth(sides: Sequence[Depths], rng: np.random.Generator) -> Measure | None:
    """Recognition depth of every side; None where fewer than two have any."""
    held = [side for side in sides if side.comments > 0 and np.isfinite(side.index)]
    if len(held) < 2:
        return None
    index = np.array([side.index for side in held])
    error2 = np.maximum(np.array([side.error for side in held]), 1e-6) ** 2
    # The spread of sides by how far it draws one of middling error: uniform, as for shares.
    between = np.median(error2) * (1 - _POOLING) / _POOLING
    total = error2[:, None] + between
    precision = (1 / total).sum(axis=0)
    mean = (index[:, None] / total).sum(axis=0) / precision
    log_weight = -0.5 * (np.log(total) + (index[:, None] - mean) ** 2 / total).sum(axis=0) - 0.5 * np.log(precision)
    weight = np.exp(log_weight - log_weight.max())
    cell = rng.choice(_POOLING.shape[0], size=DRAWS, p=weight / weight.sum())
    centre = mean[cell] + rng.standard_normal(DRAWS) / np.sqrt(precision[cell])
    keep = between[cell] / (between[cell] + error2[:, None])
    own = keep * index[:, None] + (1 - keep) * centre
    draws = np.clip(own + np.sqrt(keep * error2[:, None]) * rng.standard_normal(own.shape), 0.0, 100.0)
    parts = [(side.name, side.comments, None) for side in held]
    return _measure("depth", parts, index, draws, float(_POOLING[cell].mean()), 0)


def standard_error(low: float, high: float) -> float:
    """Of a 90 % interval."""
    return max(high - low, 0.0) / (2 * z_of())


def _likelihood(sides: Sequence[Reads], grid: Floats) -> Floats:
    """Log-likelihood of every side on the grid of its log rate, ``float64[spreads, sides, rates]``."""
    out = np.zeros((_SPREADS.shape[0], len(sides), grid.shape[0]))
    rates = np.exp(grid)
    for row, side in enumerate(sides):
        expected = np.multiply.outer(side.reads, rates)
        likes = side.likes[:, None]
        for k, spread in enumerate(_SPREADS.tolist()):
            size = 1 / spread
            own = gammaln(likes + size) - gammaln(size) + size * np.log(size) + likes * np.log(expected)
            out[k, row] = (own - (likes + size) * np.log(expected + size)).sum(axis=0)
    return out


def _worth(side: Reads, spread: float) -> float:
    """Independent likes a side is worth: the information about the logarithm of its rate."""
    return float((side.likes / (1 + spread * side.likes)).sum()) + 0.5


def _gamma_on(grid: Floats, means: Floats, shape: Floats) -> Floats:
    """Gamma densities of the log rate, a column per mean and shape, ``float64[rates, means * shapes]``; sums are 1."""
    ratio = grid[:, None, None] - means[None, :, None]
    log_density = shape * ratio - shape * np.exp(ratio)
    dense = np.exp(log_density - log_density.max(axis=0, keepdims=True))
    return np.asarray((dense / dense.sum(axis=0, keepdims=True)).reshape(grid.shape[0], -1))


def _measure(
    code: str,
    parts: Sequence[tuple[str, int, float | None]],
    observed: Floats,
    draws: Floats,
    pooling: float,
    left_out: int,
) -> Measure:
    expected = draws.mean(axis=1)
    low, high = np.quantile(draws, [0.05, 0.95], axis=1)
    best = np.bincount(np.argmax(draws, axis=0), minlength=len(parts)) / draws.shape[1]
    order = np.lexsort((np.array([name for name, _, _ in parts]), -expected))
    return Measure(
        code=code,
        units=[
            Measured(
                name=parts[i][0],
                parts=parts[i][1],
                exposure=parts[i][2],
                observed=float(observed[i]),
                value=float(expected[i]),
                low=float(low[i]),
                high=float(high[i]),
                best=float(best[i]),
            )
            for i in order.tolist()
        ],
        pooling=pooling,
        left_out=left_out,
    )
