"""How much of a count is in excess? Ordinary spread and excesses of any size, told apart over all subjects at once.

A subject shows ``count`` of one kind among ``points`` events. If nothing is going on the count is beta-binomial: its
mean is the subject's own expectation, moved by one shift in log-odds common to all, and one concentration says how far
subjects differ. If something is, ``e`` of the points were added and are all of that kind, and only the other ``points -
e`` are ordinary.

The distribution of ``e / points`` over subjects is not assumed but learned with the ordinary part, by
expectation-maximisation on a grid (nonparametric maximum likelihood: Kiefer & Wolfowitz 1956; deconvolution in Efron
2016), with a small pull towards nothing at all (Stephens 2017), so that a quiet log stays quiet. What comes out for
each subject is the posterior of ``e``: a count can be right where no single event can be named.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import optimize
from scipy.special import betaln, expit, gammaln, logit

from plaudit.kernels.exact import log_beta_binomial_tail
from plaudit.model import Bools, Floats, Ints

AT_MOST = 3000
"""Subjects a fit looks at: more would not make it better."""

_SHARES = 1.0 / (1.0 + np.exp(-np.linspace(-2.2, 5.6, 53)))
_FINE = 1.0 / (1.0 + np.exp(-np.linspace(-2.2, 7.0, 185)))
_NONE = np.zeros(1)
_NOTHING_KNOWN = np.gradient(_SHARES) / np.gradient(_SHARES).sum()
_FEW = 5
_PULL = 10.0
_BAND = 3.0
_ROUNDS = 25
_TURNS = 200
_AT_ONCE = 2000


@dataclass(frozen=True)
class Excesses:
    """What a log's subjects ordinarily show, and how large their excesses are.

    Attributes:
        shift: added to the log-odds of every expected mean.
        concentration: of the beta-binomial, within [1, 1e4].
        part: share of subjects with an excess.
        weight: density of the excess's share of the points on :attr:`grid`, summing to one, ``float64[53]``.
    """

    shift: float
    concentration: float
    part: float
    weight: Floats

    def level(self, mean: Floats) -> Floats:
        """Chance of the kind among ordinary points, given each subject's expected ``mean``."""
        return np.asarray(expit(logit(mean) + self.shift), np.float64)

    def log_tail(self, count: Ints, points: Ints, mean: Floats) -> Floats:
        """``ln P(ordinary count >= count)``."""
        level, s = self.level(mean), self.concentration
        return log_beta_binomial_tail(count, points, level * s, (1.0 - level) * s)

    def posterior(self, count: Ints, points: Ints, mean: Floats) -> tuple[Floats, Floats, Floats]:
        """Chance of an excess, its size if there is one, and the standard deviation of that: ``float64[n]`` each.

        All zero where the count is not above its level.
        """
        chance, size, spread = (np.zeros(count.shape[0]) for _ in range(3))
        # The density is learned on a coarse grid and read on a fine one: a large count says its excess precisely.
        width = np.gradient(_FINE)
        density = np.interp(_FINE, _SHARES, self.weight / np.gradient(_SHARES)) * width
        with np.errstate(divide="ignore"):
            log_weight = np.log(density / density.sum())
        level, s = self.level(mean), self.concentration
        asked = np.flatnonzero(count > level * points)
        for first in range(0, asked.shape[0], _AT_ONCE):
            rows = asked[first : first + _AT_ONCE]
            n, k = points[rows].astype(np.float64), count[rows].astype(np.float64)
            own = _Split.of(k, n, _FINE).log_likelihood(level[rows], s) + log_weight
            none = _Split.of(k, n, _NONE).log_likelihood(level[rows], s)[:, 0]
            top = np.maximum(own.max(axis=1), -1e300)
            mass = np.exp(own - top[:, None])
            whole = np.maximum(mass.sum(axis=1), 1e-300)
            odds = np.log(self.part) - np.log1p(-self.part) + top + np.log(whole) - none
            chance[rows] = expit(odds)
            share = mass @ _FINE / whole
            size[rows] = share * n
            spread[rows] = np.sqrt(np.maximum(mass @ _FINE**2 / whole - share**2, 0.0)) * n
        return chance, size, spread


def learn(count: Ints, points: Ints, mean: Floats) -> Excesses:
    """Fit to subjects with at least a few points each; with fewer than five subjects, what is usual is assumed.

    Args:
        count, points: of each subject, ``int64[n]``.
        mean: chance of the kind expected of it, in (0, 1), ``float64[n]``.
    """
    mean = np.clip(mean, 1e-4, 1 - 1e-4)
    now = Excesses(0.0, 10.0, 0.02, _NOTHING_KNOWN)
    if count.shape[0] < _FEW:
        return now
    # Every k-th by what is known of them, so that neither names nor the order of rows matter.
    order = np.lexsort((mean, count, points))
    order = order[:: int(np.ceil(order.shape[0] / AT_MOST))]
    n, k, mean = points[order].astype(np.float64), count[order].astype(np.float64), mean[order]
    # Begin with the half that shows less than usual, where nothing was added: begun with all, a log full of excesses
    # would settle on a null wide enough to hold them.
    now = _typical(now, k, n, mean)
    ordinary = (k <= now.level(mean) * n).astype(np.float64)
    some, none = _Split.of(k, n, _SHARES), _Split.of(k, n, _NONE)
    for step in range(_ROUNDS):
        before = now
        now = _fitted(now, k, n, mean, ordinary, still=step == 0)
        now, ordinary = _resized(now, some, none, mean)
        if step and abs(now.part - before.part) < 1e-3 and abs(now.shift - before.shift) < 1e-2:
            break
    return now


def _resized(now: Excesses, some: _Split, nothing: _Split, mean: Floats) -> tuple[Excesses, Floats]:
    """One step of expectation-maximisation for the excesses, and the chance of each subject to have none.

    Args:
        some: the subjects' counts, with excesses of every size taken away; ``nothing``: with none.
    """
    level, s = now.level(mean), now.concentration
    with np.errstate(divide="ignore"):
        own = some.log_likelihood(level, s) + np.log(now.weight) + np.log(now.part)
    none = nothing.log_likelihood(level, s)[:, 0] + np.log1p(-now.part)
    top = np.maximum(own.max(axis=1), none)
    mass, rest = np.exp(own - top[:, None]), np.exp(none - top)
    mass /= (mass.sum(axis=1) + rest)[:, None]
    held = mass.sum(axis=0)
    part = float(np.clip(held.sum() / (mean.shape[0] + _PULL), 1e-4, 0.9))
    # One subject seen at every size keeps sizes possible that a small log happens not to show.
    weight = (_smoothed(held) + _NOTHING_KNOWN) / (held.sum() + 1.0)
    return Excesses(now.shift, now.concentration, part, weight), 1.0 - mass.sum(axis=1)


@dataclass(frozen=True)
class _Split:
    """Counts with each share of the points taken for added; parts of a point are allowed.

    Most counts hold no large share. Only what is possible is kept, and what does not depend on what is usual told once.

    Attributes:
        possible: which shares each count can hold, ``bool[n, shares]``; ``row`` the subject of each that it can.
        kept: ordinary events of the kind left there; ``ways`` ``ln`` of the binomial coefficient.
        other: events of the other kind, ``float64[n]``.
    """

    possible: Bools
    row: Ints
    kept: Floats
    ways: Floats
    other: Floats

    @classmethod
    def of(cls, count: Floats, points: Floats, share: Floats) -> _Split:
        """For all ``share`` of the ``points``, each subject against each."""
        kept = count[:, None] - points[:, None] * share[None, :]
        possible = kept >= -0.5
        row = np.repeat(np.arange(count.shape[0]), np.count_nonzero(possible, axis=1))
        kept, other = np.maximum(kept[possible], 0.0), points - count
        ways = gammaln(kept + other[row] + 1.0) - gammaln(kept + 1.0) - gammaln(other + 1.0)[row]
        return cls(possible, row, kept, ways, other)

    def log_likelihood(self, level: Floats, s: float) -> NDArray[np.float64]:
        """``ln P(count)`` if the share was added, ``float64[n, shares]``."""
        a, b = level * s, (1.0 - level) * s
        kept, row = self.kept, self.row
        all_left = kept + self.other[row] + a[row] + b[row]
        told = self.ways + gammaln(kept + a[row]) + gammaln(self.other + b)[row] - gammaln(all_left)
        out = np.full(self.possible.shape, -np.inf)
        out[self.possible] = told - betaln(a, b)[row]
        return out


def _smoothed(held: Floats) -> Floats:
    """Spread over neighbouring sizes: spikes that fit best are surer than anybody can be (Silverman et al. 1990)."""
    at = np.arange(held.shape[0])
    near = np.exp(-0.5 * ((at[:, None] - at[None, :]) / _BAND) ** 2)
    return np.asarray(held @ (near / near.sum(axis=1, keepdims=True)), np.float64)


def _typical(now: Excesses, count: Floats, points: Floats, mean: Floats) -> Excesses:
    """Shifted until half the subjects (one voice each, ten points or more) lie above their level."""
    use = points >= 10 if int((points >= 10).sum()) >= _FEW else np.ones(count.shape[0], bool)
    ratio = np.clip((count[use] + 0.5) / (points[use] + 1.0), 1e-4, 1 - 1e-4)
    shift = float(np.median(logit(ratio) - logit(mean[use])))
    return Excesses(shift, now.concentration, now.part, now.weight)


def _fitted(now: Excesses, count: Floats, points: Floats, mean: Floats, use: Floats, still: bool) -> Excesses:
    """The ordinary part by weighted maximum likelihood; ``still``: with the shift as it is."""
    at = logit(mean)

    def loss(x: Floats) -> float:
        s, z = np.exp(x[1]), at + (now.shift if still else x[0])
        a, b = s * expit(z), s * expit(-z)
        return -float((use * (betaln(count + a, points - count + b) - betaln(a, b))).sum())

    begin = np.array([now.shift, np.log(now.concentration)])
    bounds = [(now.shift - 3.0, now.shift + 3.0), (0.0, np.log(1e4))]
    found = optimize.minimize(loss, begin, method="L-BFGS-B", bounds=bounds, options={"maxiter": 30})
    shift, log_s = (float(one) for one in found.x)
    return Excesses(now.shift if still else shift, float(np.exp(log_s)), now.part, now.weight)


def joint_chances(chance: Floats, part: Floats) -> Floats:
    """Chances of excesses of several kinds on the same subjects, each knowing of the others.

    Kinds that come together vouch for each other as far as they come together in this log: how often each combination
    occurs is learned by expectation-maximisation, pulled towards nothing at all.

    Args:
        chance: of an excess of each kind by itself, ``float64[subjects, kinds]``; 0 where there can be none.
        part: share of subjects with one, which each chance was read with, ``float64[kinds]``.

    Returns:
        chances, ``float64[subjects, kinds]``.
    """
    if part.shape[0] < 2:
        return chance
    held = np.array(list(np.ndindex(*(2,) * part.shape[0])), np.float64)
    factor = (logit(np.clip(chance, 1e-12, 1 - 1e-12)) - logit(part)) @ held.T
    factor = np.exp(factor - factor.max(axis=1, keepdims=True))
    share = np.where(held > 0, part, 1.0 - part).prod(axis=1)
    for _ in range(_TURNS):
        before, mass = share, factor * share
        mass /= mass.sum(axis=1, keepdims=True)
        share = (mass.sum(axis=0) + _PULL * (held.sum(axis=1) == 0)) / (mass.shape[0] + _PULL)
        if float(np.abs(share - before).max()) < 1e-5:
            break
    mass = factor * share
    return np.where(chance > 0, mass / mass.sum(axis=1, keepdims=True) @ held, 0.0)
