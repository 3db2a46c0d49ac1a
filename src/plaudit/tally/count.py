"""``shown = verified + discounted + undetermined`` and ``authentic`` with a 90 % interval."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from plaudit.model import STATUSES, EventLog, Findings, Floats, Ints, Status, Verdicts
from plaudit.tally.bought import DRAWS, Purchases, purchases
from plaudit.tally.worlds import Worlds

LEVEL = 0.9
"""How often an interval is to hold the true count."""


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


def tally(
    log: EventLog,
    findings: Sequence[Findings],
    verdicts: Verdicts,
    seed: int,
    *,
    may: Purchases | None = None,
    level: float = LEVEL,
    worlds: Iterable[Worlds] = (),
) -> Tally:
    """Count every target; deterministic for a seed.

    Args:
        log: the likes that stand.
        findings, verdicts: of all detectors, and as weighed.
        seed: of the draws behind the intervals.
        may: :func:`plaudit.tally.bought.purchases` of the same, where it is at hand.
        level: what the intervals promise.
        worlds: told of every target's draws, so that sums over units need not draw them again.
    """
    size = log.n_targets
    may = purchases(log, findings, verdicts) if may is None else may
    split = {
        status: np.bincount(log.target[verdicts.status == code], minlength=size).astype(np.int64)
        for code, status in enumerate(STATUSES)
    }
    shown, bought = may.shown, may.expected()
    low, high, total, worst = np.zeros(size), np.zeros(size), np.zeros(DRAWS), np.zeros(DRAWS)
    told = list(worlds)
    for own, drawn, at_worst in may.draws(seed):
        for one in told:
            one.add(own, drawn, at_worst)
        total += drawn.sum(axis=0, dtype=np.float64)
        worst += at_worst.sum(axis=0, dtype=np.float64)
        few = np.quantile(drawn, (1 - level) / 2, axis=1, overwrite_input=True)
        many = np.quantile(at_worst, (1 + level) / 2, axis=1, overwrite_input=True)
        low[own], high[own] = np.minimum(few, shown[own]), np.minimum(many, shown[own])
    whole = float(shown.sum())
    fewest, most = float(np.quantile(total, (1 - level) / 2)), float(np.quantile(worst, (1 + level) / 2))
    return Tally(
        shown=shown,
        verified=split[Status.VERIFIED],
        discounted=split[Status.DISCOUNTED],
        undetermined=split[Status.UNDETERMINED],
        authentic=np.asarray(shown - bought, np.float64),
        low=np.minimum(shown - high, shown - bought),
        high=np.maximum(shown - low, shown - bought),
        total=whole - float(bought.sum()),
        total_low=whole - max(most, float(bought.sum())),
        total_high=whole - min(fewest, float(bought.sum())),
    )
