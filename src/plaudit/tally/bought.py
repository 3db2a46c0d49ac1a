"""What may have been bought where, and draws of it: the one source of chance behind every interval of an event log.

Likes of one finding stand or fall together: if the group was not an order, none of them was bought. So the number
bought on a target is a sum over findings of ``Bernoulli(posterior) * (how many of its likes took part)``, drawn as a
whole; a normal approximation of independent likes would be far too sure of itself. The coin of a finding is one for all
its targets, so that sums over posts, authors and campaigns are as correlated as their parts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from plaudit.model import LOG_FAMILIES, Bools, EventLog, Findings, Floats, Ints, Verdicts, ranges
from plaudit.tally.excess import possible_excess, trust
from plaudit.verdict.evidence import DECISIVE, logit, sigmoid

DRAWS = 2000
MODEL_ERROR = 0.06
"""Relative standard error of a finding's own count on one target (windows cut a little early or late), as measured on
planted worlds; see ``docs/benchmarks.md``."""

_CHUNK = 256
_LIKELY = 0.5


@dataclass(frozen=True)
class Purchases:
    """One row per finding and target it speaks of, sorted by target.

    Attributes:
        target: dense target, ``int64[m]``, ascending.
        posterior: chance that the finding is a purchase, ``float64[m]``.
        at_worst: the same if whatever certainty leaves open is one, ``float64[m]``.
        mean, spread: likes of the target that took part if it is, and their standard deviation, ``float64[m]``.
        coin: which coin decides the row, ``int64[m]``, 0..coins-1: rows with one cause share one.
        coins: how many coins there are.
        shown: likes that stand, ``int64[n_targets]``.
    """

    target: Ints
    posterior: Floats
    at_worst: Floats
    mean: Floats
    spread: Floats
    coin: Ints
    coins: int
    shown: Ints

    @property
    def touched(self) -> Ints:
        """Targets with any row, ascending."""
        return np.unique(self.target)

    def expected(self) -> Floats:
        """Expected likes bought, ``float64[n_targets]``."""
        return np.asarray(np.bincount(self.target, self.posterior * self.mean, self.shown.shape[0]), np.float64)

    def draws(
        self, seed: int, wanted: Bools | None = None
    ) -> Iterator[tuple[Ints, NDArray[np.float32], NDArray[np.float32]]]:
        """Targets and draws of their bought likes, ``float32[targets, DRAWS]``, a few hundred targets at a time.

        Twice: as the posterior has it, and at worst. Column ``d`` is the same world for all targets of all chunks and
        calls with one seed, and what is bought in it is bought in it at worst.

        Args:
            seed: of everything drawn.
            wanted: chunks without a wanted target (``bool[n_targets]``) are passed over, without changing the others.
        """
        coins = np.random.default_rng(seed).random((self.coins, DRAWS), dtype=np.float32)
        begins = np.flatnonzero(np.r_[True, np.diff(self.target) > 0]) if self.target.shape[0] else self.target
        touched = self.target[begins]
        ends = np.append(begins, self.target.shape[0])
        for number, first in enumerate(range(0, touched.shape[0], _CHUNK)):
            own = touched[first : first + _CHUNK]
            if wanted is not None and not wanted[own].any():
                continue
            rows = slice(int(ends[first]), int(ends[first + own.shape[0]]))
            mean, spread = (a[rows, None].astype(np.float32) for a in (self.mean, self.spread))
            taken = np.random.default_rng([seed, number, 1]).standard_normal((mean.shape[0], DRAWS), dtype=np.float32)
            # Not cut at the likes the finding lists: a window may have missed some of the delivery.
            taken = np.clip(taken * spread + mean, 0.0, self.shown[self.target[rows], None].astype(np.float32))
            # Cutting draws off at none and at all moves their mean, on hundreds of targets alike: it is put back.
            taken *= np.minimum(mean / np.maximum(taken.mean(axis=1, keepdims=True), 1e-9), 1.25)
            coin, at = coins[self.coin[rows]], begins[first : first + own.shape[0]] - rows.start
            likely, worst = (taken * (coin < chance[rows, None]) for chance in (self.posterior, self.at_worst))
            yield own, summed(likely, at), summed(worst, at)


def summed(values: NDArray[np.float32], at: Ints) -> NDArray[np.float32]:
    """``np.add.reduceat(values, at, axis=0)``, to the last bit: that one goes down the columns, which takes four times
    as long where most targets have one row or two.
    """
    length = np.diff(np.append(at, values.shape[0]))
    if length.max(initial=0) < 2:
        return values
    out = values[at]
    two = length == 2
    out[two] += values[at[two] + 1]
    more = np.flatnonzero(length > 2)
    if more.size:
        rows = ranges(at[more], length[more])
        out[more] = np.add.reduceat(values[rows], np.cumsum(length[more]) - length[more], axis=0)
    return out


def purchases(log: EventLog, findings: Sequence[Findings], verdicts: Verdicts) -> Purchases:
    """What the findings, as weighed, leave possible on every target."""
    size = log.n_targets
    shown = np.bincount(log.target, minlength=size).astype(np.int64)
    certainty = np.concatenate([f.certainty for f in findings] + [np.zeros(0)])
    family = np.concatenate([np.full(len(f), LOG_FAMILIES.index(f.family)) for f in findings] + [np.zeros(0, np.int64)])
    alone = np.isin(family, [LOG_FAMILIES.index(f) for f in DECISIVE])
    speaking = np.flatnonzero(verdicts.deciding >= 0)
    cell = verdicts.deciding[speaking].astype(np.int64) * size + log.target[speaking]
    cells, where = np.unique(cell, return_inverse=True)
    evidence = verdicts.weight_of(speaking).sum(axis=0, dtype=np.float64)
    chance = sigmoid(logit(verdicts.prior) + evidence)
    count = np.bincount(where, minlength=cells.shape[0])
    sure = certainty[cells // size]
    share = np.clip(verdicts.share[speaking] / np.maximum(sure[where], 1e-9), 0.0, 1.0)
    at_worst = np.bincount(where, chance, cells.shape[0]) / np.maximum(count, 1)
    posterior = at_worst * sure
    mean = np.bincount(where, share, cells.shape[0])
    spread = np.sqrt(np.bincount(where, share * (1 - share), cells.shape[0]) + (MODEL_ERROR * mean) ** 2 + 0.25)
    target, finding = cells % size, cells // size
    explained = np.zeros(log.n, np.bool_)
    explained[speaking] = alone[verdicts.deciding[speaking]] & (chance >= _LIKELY) & (share >= _LIKELY)
    # An excess is counted as a whole, whether its likes can be named or not: naming sees one-off accounts only.
    weak = possible_excess(log, findings, explained)
    own = weak.finding * size + weak.target
    named = np.isin(own, cells)
    at = np.searchsorted(cells, own[named])
    kept = trust(findings, verdicts.weight) * weak.chance
    at_worst[at] = np.maximum(at_worst[at], kept[named])
    posterior[at] = np.maximum(posterior[at], (kept * weak.certainty)[named])
    size_of, wide = weak.likes, np.hypot(weak.spread, MODEL_ERROR * weak.likes)
    mean[at], spread[at] = size_of[named], wide[named]
    target, finding = np.append(target, weak.target[~named]), np.append(finding, weak.finding[~named])
    at_worst = np.append(at_worst, kept[~named])
    posterior = np.append(posterior, (kept * weak.certainty)[~named])
    mean, spread = np.append(mean, size_of[~named]), np.append(spread, wide[~named])
    # One coin per finding, not per target: a group is an order everywhere or nowhere. Findings of a family that knows
    # one side only (one device among a ring's many) have a common cause and share one coin for all.
    causes = np.where(alone[finding], finding, -1 - family[finding]) if finding.shape[0] else finding
    named, coin = np.unique(causes, return_inverse=True)
    order = np.argsort(target, kind="stable")
    return Purchases(
        target=target[order].astype(np.int64),
        posterior=posterior[order],
        at_worst=at_worst[order],
        mean=np.asarray(mean[order], np.float64),
        spread=spread[order],
        coin=coin.astype(np.int64)[order],
        coins=int(named.shape[0]),
        shown=shown,
    )
