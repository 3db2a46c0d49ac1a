"""The default ladder: neutralise likes, punish nobody.

Whoever received bought likes may be their victim (a rival can buy them), so no rung here touches an author.
``not_counted`` takes discounted likes out of the count and is reversible; ``human_review`` asks a person to look
where too many likes stay undetermined. Nothing stronger happens without a person.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Protocol

import numpy as np

from plaudit.model import DAY_MS, Ints
from plaudit.result import Decision

POLICY_VERSION = "default-1"
"""Raised whenever the same counts could lead to another decision."""

_EXPIRES_MS = 180 * DAY_MS
_REVIEW_SHARE, _REVIEW_LEAST = 0.2, 10


class Counts(Protocol):
    """What of a tally a decision rests on, by dense target; of an event log or of a section."""

    @property
    def shown(self) -> Ints:
        """Likes shown."""

    @property
    def discounted(self) -> Ints:
        """Of these, not counted."""

    @property
    def undetermined(self) -> Ints:
        """Of these, neither."""


def decide(
    tally: Counts, target_ids: Sequence[str], reasons: Sequence[Sequence[str]], targets: np.ndarray, as_of_ms: int
) -> list[Decision]:
    """Decisions about the given targets, in their order; a target may have none.

    Args:
        tally: the counts.
        target_ids: string of each entry of ``targets``.
        reasons: finding ids behind each entry of ``targets``.
        targets: dense targets.
        as_of_ms: the moment the audit speaks of; decisions lapse 180 days later.
    """
    out = []
    for name, why, target in zip(target_ids, reasons, targets.tolist(), strict=True):
        discounted, unsure = int(tally.discounted[target]), int(tally.undetermined[target])
        if discounted:
            out.append(_decision(name, "not_counted", discounted, why, False, as_of_ms))
        if unsure >= _REVIEW_LEAST and unsure >= _REVIEW_SHARE * int(tally.shown[target]):
            out.append(_decision(name, "human_review", unsure, why, True, as_of_ms))
    return out


def _decision(target: str, rung: str, likes: int, why: Sequence[str], human: bool, as_of_ms: int) -> Decision:
    digest = hashlib.sha256("\x1f".join([target, rung, POLICY_VERSION, str(as_of_ms)]).encode()).hexdigest()[:12]
    return Decision(
        decision_id=f"D-{digest}",
        target_id=target,
        rung=rung,
        likes=likes,
        reasons=list(why),
        policy_version=POLICY_VERSION,
        needs_human=human,
        expires_ms=as_of_ms + _EXPIRES_MS,
        appeal=f"A-{digest}",
    )
