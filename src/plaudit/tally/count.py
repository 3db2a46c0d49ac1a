"""``shown = verified + discounted + undetermined`` and ``authentic`` with a 90 % interval.

Likes of one finding stand or fall together: if the group was not an order, none of them was bought. So the number
bought on a target is a sum over findings of ``Bernoulli(posterior) * (how many of its likes took part)``, drawn as a
whole; a normal approximation of independent likes would be far too sure of itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from plaudit.model import LOG_FAMILIES, STATUSES, EventLog, Findings, Floats, Ints, Status, Verdicts
from plaudit.tally.excess import possible_excess, trust
from plaudit.verdict.evidence import DECISIVE, logit, sigmoid

DRAWS = 2000
MODEL_ERROR = 0.06
"""Relative standard error of a finding's own count on one target (windows cut a little early or late), as measured on
planted worlds; see ``docs/benchmarks.md``."""

_CHUNK = 2000


@dataclass(frozen=True)
class Tally:
    """Counts per target, arrays ``[n_targets]``; the last fields are the same for the log as a whole."""

    shown: Ints
    verified: Ints
    discounted: Ints
    undetermined: Ints
    authentic: Floats
    low: Floats
    high: Floats
    total: float
    total_low: float
    total_high: float


def tally(log: EventLog, findings: Sequence[Findings], verdicts: Verdicts, seed: int) -> Tally:
    """Count every target; deterministic for a seed."""
    size = log.n_targets
    shown = np.bincount(log.target, minlength=size).astype(np.int64)
    split = {
        status: np.bincount(log.target[verdicts.status == code], minlength=size).astype(np.int64)
        for code, status in enumerate(STATUSES)
    }
    certainty = np.concatenate([f.certainty for f in findings] + [np.zeros(0)])
    speaking = np.flatnonzero(verdicts.deciding >= 0)
    cell = verdicts.deciding[speaking].astype(np.int64) * size + log.target[speaking]
    cells, where = np.unique(cell, return_inverse=True)
    evidence = verdicts.family_weight.sum(axis=0, dtype=np.float64)[speaking]
    chance = sigmoid(logit(verdicts.prior) + evidence)
    count = np.bincount(where, minlength=cells.shape[0])
    sure = certainty[cells // size]
    share = np.clip(verdicts.share[speaking] / np.maximum(sure[where], 1e-9), 0.0, 1.0)
    posterior = np.bincount(where, chance, cells.shape[0]) / np.maximum(count, 1) * sure
    mean = np.bincount(where, share, cells.shape[0])
    spread = np.sqrt(np.bincount(where, share * (1 - share), cells.shape[0]) + (MODEL_ERROR * mean) ** 2 + 0.25)
    target, finding = cells % size, cells // size
    # Excesses too weak for any like to be named still widen the count.
    weak = possible_excess(findings)
    unnamed = ~np.isin(weak.finding * size + weak.target, cells)
    target, finding = np.append(target, weak.target[unnamed]), np.append(finding, weak.finding[unnamed])
    chance_left = weak.chance[unnamed] * trust(findings, verdicts.weight)
    posterior, mean = np.append(posterior, chance_left), np.append(mean, weak.likes[unnamed])
    spread = np.append(spread, np.hypot(weak.spread[unnamed], MODEL_ERROR * weak.likes[unnamed]))
    bought = np.bincount(target, posterior * mean, minlength=size)
    low, high = np.zeros(size), np.zeros(size)
    total = np.zeros(DRAWS)
    rng = np.random.default_rng(seed)
    # One coin per finding, not per target: a group is an order everywhere or nowhere. Findings of a family that knows
    # one side only (one device among a ring's many) have a common cause and share one coin for all.
    family = np.concatenate([np.full(len(f), LOG_FAMILIES.index(f.family)) for f in findings] + [np.zeros(0, np.int64)])
    alone = np.isin(family, [LOG_FAMILIES.index(f) for f in DECISIVE])
    causes = np.where(alone[finding], finding, -1 - family[finding]) if finding.shape[0] else finding
    named, coin_of = np.unique(causes, return_inverse=True)
    coins = rng.random((named.shape[0], DRAWS), dtype=np.float32)
    touched = np.unique(target)
    order = np.argsort(target, kind="stable")
    for chunk in np.array_split(touched, max(1, touched.shape[0] // _CHUNK)):
        rows = order[np.isin(target[order], chunk)]
        taken = rng.standard_normal((rows.shape[0], DRAWS), dtype=np.float32)
        # Not cut at the likes the finding lists: a window may have missed some of the delivery.
        taken = np.clip(taken * spread[rows, None] + mean[rows, None], 0.0, shown[target[rows], None])
        # Cutting draws off at none and at all moves their mean, on hundreds of targets the same way: it is put back.
        taken *= np.minimum(mean[rows, None] / np.maximum(taken.mean(axis=1, keepdims=True), 1e-9), 1.25)
        taken *= coins[coin_of[rows]] < posterior[rows, None]
        begin = np.flatnonzero(np.r_[True, np.diff(target[rows]) > 0]) if rows.shape[0] else np.zeros(0, np.int64)
        if begin.shape[0] == 0:
            continue
        drawn = np.add.reduceat(taken, begin, axis=0)
        own = target[rows][begin]
        low[own], high[own] = np.minimum(np.quantile(drawn, [0.05, 0.95], axis=1), shown[own])
        total += taken.sum(axis=0)
    whole = float(shown.sum())
    return Tally(
        shown=shown,
        verified=split[Status.VERIFIED],
        discounted=split[Status.DISCOUNTED],
        undetermined=split[Status.UNDETERMINED],
        authentic=np.asarray(shown - bought, np.float64),
        low=np.minimum(shown - high, shown - bought),
        high=np.maximum(shown - low, shown - bought),
        total=whole - float(bought.sum()),
        total_low=whole - max(float(np.quantile(total, 0.95)), float(bought.sum())),
        total_high=whole - min(float(np.quantile(total, 0.05)), float(bought.sum())),
    )
