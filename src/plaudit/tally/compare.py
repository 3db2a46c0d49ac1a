"""Campaigns side by side, so that small ones do not win by luck.

A share of 100 % on three targets says less than 97 % on three hundred. Two things are learned from the units compared,
together: how alike likes of one target are (an order falls on a target, so likes are no independent draws), and how far
units differ at all. Both are beta-binomial (Kleinman 1973; Gelman et al., BDA3 §5.3):

    target j of unit i:   authentic_ij ~ BetaBinomial(shown_ij, rate_i, clustering)
    unit i:               rate_i ~ Beta(mean * size, (1 - mean) * size)

The likelihood of the clustering is integrated over every unit's rate, so that few targets do not make it look small.
Given it, a unit's likes shrink to the number of independent ones they are worth, less what the count itself leaves
open. The mean and size of the population are not plugged in but averaged over a grid (mean uniform, and the shrinkage
of a unit of median weight uniform: Daniels 1999), since two or three campaigns cannot fix them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from scipy.special import betaln

from plaudit._version import __version__
from plaudit.model import SCHEMA_VERSION, Floats, Ints
from plaudit.result import Message
from plaudit.result.compare import Comparison, Pair, Unit
from plaudit.tally.proportions import z_of

DRAWS = 20_000
MOST_TARGETS = 4000
"""Targets the clustering is learned from; beyond, a seeded sample, which fixes it well."""
SURE = 0.95
_CLUSTERING = np.linspace(0.0, 1.0, 22)[1:-1] ** 2
_RATES = (np.arange(48) + 0.5) / 48
_MEANS = 1 / (1 + np.exp(-np.linspace(-6, 9, 61)))
_POOLING = (np.arange(30) + 0.5) / 30


@dataclass(frozen=True)
class Side:
    """One of those compared, by its targets.

    Attributes:
        name: what it is called.
        shown: likes shown per target, ``int64[t]``.
        authentic: estimate per target, ``float64[t]``.
        low, high: 90 % interval of the authentic likes of the whole.
    """

    name: str
    shown: Ints
    authentic: Floats
    low: float
    high: float


def compare(sides: Sequence[Side], by: str, seed: int = 0) -> Comparison:
    """Rates with intervals, chances of every rank, differences, and a sentence.

    Args:
        sides: two at least, each with likes.
        by: what they are: ``dir``, ``campaign`` or ``author``.
        seed: of the draws; the same seed gives the same bytes.
    """
    rng = np.random.default_rng(seed)
    weights = clustering(sides, rng)
    draws, clustered, pooled, mean, worth = _rates(sides, weights, rng)
    expected = draws.mean(axis=1)
    order = np.lexsort((np.array([side.name for side in sides]), -expected))
    places = np.argsort(np.argsort(-draws, axis=0, kind="stable"), axis=0, kind="stable")
    units = [_unit(sides[i], draws[i], places[i], float(worth[i]), len(sides)) for i in order.tolist()]
    pairs = [_pair(sides[i].name, sides[j].name, draws[i] - draws[j]) for i, j in combinations(order.tolist(), 2)]
    return Comparison(
        schema_version=SCHEMA_VERSION,
        plaudit_version=__version__,
        by=by,
        units=units,
        pairs=pairs,
        mean=mean,
        clustering=clustered,
        pooling=pooled,
        seed=seed,
        messages=_messages(units, pairs),
    )


def clustering(sides: Sequence[Side], rng: np.random.Generator) -> Floats:
    """Posterior of the clustering on its grid, ``float64[20]`` that sums to 1.

    The prior is uniform in its square root. A unit of one target says nothing about it, and leaves the prior.
    """
    owner = np.repeat(np.arange(len(sides)), [side.shown.shape[0] for side in sides])
    shown = np.concatenate([side.shown for side in sides]).astype(np.float64)
    authentic = np.clip(np.concatenate([side.authentic for side in sides]), 0.0, shown)
    if shown.shape[0] > MOST_TARGETS:
        rows = np.sort(rng.choice(shown.shape[0], MOST_TARGETS, replace=False))
        owner, shown, authentic = owner[rows], shown[rows], authentic[rows]
    log_likelihood = np.zeros(_CLUSTERING.shape[0])
    for at, rho in enumerate(_CLUSTERING.tolist()):
        size = (1 - rho) / rho
        a, b = _RATES * size, (1 - _RATES) * size
        each = betaln(authentic[:, None] + a, (shown - authentic)[:, None] + b) - betaln(a, b)
        unit = np.zeros((len(sides), _RATES.shape[0]))
        np.add.at(unit, owner, each)
        log_likelihood[at] = _log_mean(unit).sum()
    return _normal(log_likelihood)


def _rates(
    sides: Sequence[Side], weights: Floats, rng: np.random.Generator
) -> tuple[Floats, float, float, float, Floats]:
    """Draws of every unit's rate ``[units, DRAWS]``; mean clustering, pooling, population mean; evidence per unit."""
    shown = np.array([float(side.shown.sum()) for side in sides])
    share = np.clip([float(side.authentic.sum()) / total for side, total in zip(sides, shown, strict=True)], 0.0, 1.0)
    # What the count itself leaves open, as a variance of the share.
    open_ = np.array([((side.high - side.low) / (2 * z_of() * n)) ** 2 for side, n in zip(sides, shown, strict=True)])
    counts = rng.multinomial(DRAWS, weights)
    parts: list[Floats] = []
    pooled = mean = 0.0
    worth = np.zeros(len(sides))
    for rho, times, weight in zip(_CLUSTERING.tolist(), counts.tolist(), weights.tolist(), strict=True):
        alike = np.array([float((side.shown * (1 + (side.shown - 1) * rho)).sum()) for side in sides])
        independent = shown**2 / alike
        # A share of 0 or 1 has no variance of its own to speak of: half a like is taken off it.
        rate = (share * independent + 0.5) / (independent + 1)
        spread = rate * (1 - rate)
        trials = spread / (spread / independent + open_)
        worth += weight * trials
        if times == 0:
            continue
        grid_mean, grid_pool, grid = _population(share * trials, trials)
        cell = rng.choice(grid.size, size=times, p=grid.ravel())
        m, pool = grid_mean[cell // grid.shape[1]], grid_pool[cell % grid.shape[1]]
        size = np.median(trials) * pool / (1 - pool)
        a = m * size + (share * trials)[:, None]
        b = (1 - m) * size + ((1 - share) * trials)[:, None]
        parts.append(rng.beta(a, b))
        pooled, mean = pooled + float(pool.sum()) / DRAWS, mean + float(m.sum()) / DRAWS
    clustered = float((weights * _CLUSTERING).sum())
    return np.concatenate(parts, axis=1), clustered, pooled, mean, worth


def _population(acts: Floats, trials: Floats) -> tuple[Floats, Floats, Floats]:
    """Grid of the population's mean and pooling, and their posterior ``[means, poolings]``."""
    size = np.median(trials) * _POOLING / (1 - _POOLING)
    a, b = np.multiply.outer(_MEANS, size), np.multiply.outer(1 - _MEANS, size)
    log_likelihood = betaln(acts[:, None, None] + a, (trials - acts)[:, None, None] + b).sum(axis=0) - acts.shape[
        0
    ] * betaln(a, b)
    # Means lie on a logit grid: their prior is uniform in the mean itself.
    log_prior = np.log(_MEANS * (1 - _MEANS))[:, None]
    return _MEANS, _POOLING, _normal((log_likelihood + log_prior).ravel()).reshape(a.shape)


def _unit(side: Side, draws: Floats, places: Ints, worth: float, sides: int) -> Unit:
    shown, authentic = int(side.shown.sum()), float(side.authentic.sum())
    low, high = np.quantile(draws, [0.05, 0.95]).tolist()
    ranks = (np.bincount(places, minlength=sides) / places.shape[0]).tolist()
    return Unit(
        name=side.name,
        targets=int(side.shown.shape[0]),
        shown=shown,
        authentic=authentic,
        share=authentic / shown,
        share_low=min(max(side.low / shown, 0.0), authentic / shown),
        share_high=max(min(side.high / shown, 1.0), authentic / shown),
        weight=worth,
        rate=float(draws.mean()),
        rate_low=low,
        rate_high=high,
        best=ranks[0],
        ranks=ranks,
    )


def _pair(first: str, second: str, draws: Floats) -> Pair:
    low, high = np.quantile(draws, [0.05, 0.95]).tolist()
    return Pair(
        first=first,
        second=second,
        difference=float(draws.mean()),
        low=low,
        high=high,
        above=float((draws > 0).mean() + (draws == 0).mean() / 2),
    )


def _messages(units: Sequence[Unit], pairs: Sequence[Pair]) -> list[Message]:
    """The sentence: who leads, or that nobody can be told apart."""
    apart = [pair for pair in pairs if pair.low > 0 or pair.high < 0]
    best = max(units, key=lambda unit: unit.best)
    if best.best >= SURE:
        out = [Message(code="compare_best", values={"name": best.name, "chance": best.best, "rate": best.rate})]
    elif apart:
        out = [Message(code="compare_some", values={"pairs": len(apart), "all": len(pairs)})]
    else:
        out = [Message(code="compare_none", values={"units": len(units)})]
    if lone := [unit.name for unit in units if unit.targets == 1]:
        out.append(Message(code="compare_lone", values={"names": lone}))
    highest = max(units, key=lambda unit: (unit.share, unit.name))
    if highest.share > units[0].share:
        values = {"name": highest.name, "share": highest.share, "first": units[0].name}
        out.append(Message(code="compare_luck", values=values))
    return out


def _normal(log_weights: Floats) -> Floats:
    weights = np.exp(log_weights - log_weights.max())
    return np.asarray(weights / weights.sum())


def _log_mean(values: Floats) -> Floats:
    top = values.max(axis=1, keepdims=True)
    return np.asarray(top[:, 0] + np.log(np.exp(values - top).mean(axis=1)))
