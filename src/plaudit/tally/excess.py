"""What a count may hold where no like can be named: the excess of one-off actors below any line of significance.

A finding too weak to weigh on a like still says something about the *count*: of a hundred targets at p = 0.05, more
than five stand there when the log is full of such purchases. How many more is read off all p-values of the log.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from plaudit.model import Family, Findings, Floats, Ints, SubjectKind
from plaudit.verdict.evidence import CAPS, SIGNIFICANT, log_evidence

_STEPS = 200
_LEAST = 20
_TOP = 0.95
_NEGLIGIBLE = 0.02


@dataclass(frozen=True)
class Excess:
    """Possible purchases by target, one entry per finding with an excess.

    Attributes:
        finding: number of the finding through all detectors, ``int64[m]``; ``target`` dense, ``int64[m]``.
        chance: that the excess was bought, certainty included, ``float64[m]``.
        likes: its size if it was; ``spread`` its standard deviation, ``float64[m]``.
    """

    finding: Ints
    target: Ints
    chance: Floats
    likes: Floats
    spread: Floats


def possible_excess(findings: Sequence[Findings]) -> Excess:
    """All target findings of the account family that count more than they expect."""
    number, target, chance, likes, spread = [], [], [], [], []
    start = 0
    for part in findings:
        if part.family is Family.ACCOUNT and part.subject_kind is SubjectKind.TARGET and len(part):
            level = np.clip(part.expectation / np.maximum(part.support, 1), 0.0, 0.99)
            excess = (part.statistic - part.expectation) / (1.0 - level)
            bought = bought_share(part.p_value) * part.certainty
            rows = np.flatnonzero((excess >= 1.0) & (bought >= _NEGLIGIBLE))
            number.append(rows + start)
            target.append(part.subject[rows])
            chance.append(bought[rows])
            likes.append(excess[rows])
            spread.append(np.sqrt(part.expectation[rows] + 1.0) / (1.0 - level[rows]))
        start += len(part)
    empty_i, empty_f = np.zeros(0, np.int64), np.zeros(0)
    return Excess(
        np.concatenate([*number, empty_i]).astype(np.int64),
        np.concatenate([*target, empty_i]).astype(np.int64),
        np.concatenate([*chance, empty_f]),
        np.concatenate([*likes, empty_f]),
        np.concatenate([*spread, empty_f]),
    )


def trust(findings: Sequence[Findings], weight: Floats) -> float:
    """How much of the account family's weight labels have left, 0 to 1; 1 without labels.

    What labels say about excesses in which likes can be named they say about those in which none can.

    Args:
        findings: all of them.
        weight: nats of each finding as weighed, through all detectors in order.
    """
    cap, before, after, start = CAPS[Family.ACCOUNT], 0.0, 0.0, 0
    for part in findings:
        if part.family is Family.ACCOUNT:
            own = np.where(part.q_value <= SIGNIFICANT, log_evidence(part.p_value), 0.0)
            before += float(np.minimum(own, cap).sum())
            after += float(np.minimum(weight[start : start + len(part)], cap).sum())
        start += len(part)
    return min(after / before, 1.0) if before > 0 else 1.0


def bought_share(p: Floats) -> Floats:
    """Chance of each p-value not to be one of the null's, ``float64[n]``.

    P-values are a mixture of a uniform and a decreasing part ``a p^(a-1)`` (beta-uniform mixture, Pounds & Morris
    2003), by expectation-maximisation; whatever of the second part could be uniform is counted as such. Values near one
    are left out: counts are discrete, and too many of them stand there.
    """
    out = np.zeros(p.shape[0])
    use = np.flatnonzero(p < _TOP)
    if use.shape[0] < _LEAST:
        return out
    log_p = np.log(np.clip(p[use] / _TOP, 1e-12, 1.0))
    uniform, shape = 0.9, 0.3
    for _ in range(_STEPS):
        decreasing = (1.0 - uniform) * shape * np.exp((shape - 1.0) * log_p)
        own = decreasing / (uniform + decreasing)
        before = uniform, shape
        uniform = float(np.clip(1.0 - own.mean(), 1e-3, 1.0 - 1e-6))
        shape = float(np.clip(own.sum() / max(-(own * log_p).sum(), 1e-9), 1e-3, 0.999))
        if abs(before[0] - uniform) + abs(before[1] - shape) < 1e-7:
            break
    density = uniform + (1.0 - uniform) * shape * np.exp((shape - 1.0) * log_p)
    null = uniform + (1.0 - uniform) * shape
    out[use] = np.clip(1.0 - null / density, 0.0, 1.0)
    return out
