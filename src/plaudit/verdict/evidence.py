"""How much a p-value may weigh, and how much a family may say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from plaudit.model import Family, Floats

SIGNIFICANT = 0.05
"""Findings above this false-discovery rate weigh nothing."""

CAPS: Mapping[Family, float] = {
    Family.AUDIENCE: 12.0,
    Family.SYNCHRONY: 12.0,
    Family.ACCOUNT: 8.0,
    Family.CONTEXT: 8.0,
    Family.TIMING: 1.0,
    Family.RECIPROCITY: 12.0,
}
"""Nats a family can carry. The first two tested *who* and *when* before they spoke; the others know one side only, and
however much they say they discount nothing by themselves. Timing alone,
which every viral hour has, only leans. Reciprocity is as sure of its groups as the first two, but real accounts that
trade likes are not bought: it never discounts."""

PAIRED: Mapping[Family, frozenset[Family]] = {
    Family.CONTEXT: frozenset({Family.ACCOUNT, Family.TIMING}),
}
"""Families that can discount only together with one of the listed ones."""

BESIDE: Mapping[Family, float] = {Family.CONTEXT: 4.0}
"""Nats such a family may bring to the discount of a pair, or to the doubt of another: a room of shared computers has
lessons, too."""

SURE = 0.9
"""Certainty from which a finding leaves no innocent double."""

SECTION_CAPS: Mapping[Family, float] = {
    Family.TIMING: 8.0,
    Family.QUALITY: 6.0,
    Family.AUDIENCE: 6.0,
    Family.WORDING: 4.0,
    Family.CONTEXT: 4.0,
}
"""Nats a family can carry where likes have no names. A curve is watched while it happens, against the account's own
curves and its exposure; what a like was given for and who wrote the comments are seen afterwards. The last two speak of
comments rather than of their likes, and of things whole crowds share innocently (a slogan, a home town): at the least
prior a section can have they leave a target verified unless another family speaks, too."""

SECTION_WITNESS = Family.TIMING
"""The family without which nothing is discounted in a section: it needs a second one beside it."""

DECISIVE = frozenset({Family.AUDIENCE, Family.SYNCHRONY})
"""Families that can discount by themselves."""

TRADED = Family.RECIPROCITY
"""Likes given for likes: not bought, so they raise no share of bought likes and yield to whatever can discount."""


@dataclass(frozen=True)
class FamilyMap:
    """What a family's evidence is worth after learning: ``slope * nats + offset``, held between nothing and its cap.

    Attributes:
        slope: never negative, so that the order of evidence inside the family is kept.
        offset: nats; findings without weight stay without.
    """

    slope: float = 1.0
    offset: float = 0.0

    def __call__(self, nats: Floats, cap: float) -> Floats:
        """Weights (nats, before the cap) as they count; the map of slope 1 and offset 0 changes nothing."""
        if self == FamilyMap():
            return nats
        told = np.clip(self.slope * np.minimum(nats, cap) + self.offset, 0.0, cap)
        return np.asarray(np.where(nats > 0, told, 0.0), dtype=np.float64)


@dataclass(frozen=True)
class Calibration:
    """Weights learned from labels.

    Attributes:
        maps: by family; a family that is not named keeps its weights.
        prior: the prior the maps were learned beside; it is not estimated anew, so that what was cross-validated is
            what is applied.
    """

    maps: Mapping[Family, FamilyMap]
    prior: float


def logit(p: Floats | float) -> Floats:
    """``ln(p / (1 - p))``, clipped to what a double can hold."""
    q = np.clip(np.asarray(p, dtype=np.float64), 1e-12, 1 - 1e-12)
    return np.asarray(np.log(q) - np.log1p(-q), dtype=np.float64)


def sigmoid(x: Floats | float) -> Floats:
    """Inverse of :func:`logit`."""
    return np.asarray(1.0 / (1.0 + np.exp(-np.asarray(x, dtype=np.float64))), dtype=np.float64)


def estimate_prior(evidence: Floats, share: Floats, n: int, least: float) -> float:
    """Share of bought likes (or of targets with such) by expectation-maximisation on the capped evidence.

    The user is never asked for it. Rows without evidence neither raise nor lower the odds of those with it: their
    likelihood ratio is one, which would leave the prior where it started, so the step counts them as genuine (a bought
    like that leaves no trace is not counted as bought anywhere in Plaudit).

    Args:
        evidence: nats of each row, all families together; ``share``: see :class:`plaudit.verdict.bearing.Held`.
        n: how many rows there are to be wrong about, with evidence or without.
        least: lower bound of the answer; the upper is one half.
    """
    prior = 0.01
    speaking = evidence > 0
    for _ in range(100):
        step = float((sigmoid(logit(prior) + evidence[speaking]) * share[speaking]).sum()) / max(n, 1)
        step = min(max(step, least), 0.5)
        if abs(step - prior) < 1e-9:
            break
        prior = step
    return prior
