"""Words that mean one thing everywhere, units of time, and the array types of the house."""

from __future__ import annotations

from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

DAY_MS = 86_400_000
HOUR_MS = 3_600_000
MINUTE_MS = 60_000

Ints = NDArray[np.int64]
Ints32 = NDArray[np.int32]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


class Tier(StrEnum):
    """What kind of data an answer rests on. What a tier cannot show is said in the report."""

    SNAPSHOT = "T0"
    CURVE = "T1"
    EVENTS = "T2"


class Outcome(StrEnum):
    """What became of a detector's question about one subject."""

    MEASURED = "measured"
    NOT_ENOUGH_DATA = "not_enough_data"
    NOT_APPLICABLE = "not_applicable"
    ERROR = "error"


class Status(StrEnum):
    """What the count does with one like."""

    VERIFIED = "verified"
    DISCOUNTED = "discounted"
    UNDETERMINED = "undetermined"


class Family(StrEnum):
    """Signals that share a cause share a family; a family's weight of evidence is capped once."""

    AUDIENCE = "audience"  # who: the same actors come back together
    SYNCHRONY = "synchrony"  # who and when: the same pairs meet within moments
    TIMING = "timing"  # when: a delivery the target's own rhythm does not explain
    ACCOUNT = "account"  # what kind of actor: an excess of one-off accounts
    CONTEXT = "context"  # from where: device or network shared beyond this log's own habit
    RECIPROCITY = "reciprocity"  # what for: likes given for likes between authors
    WORDING = "wording"  # which words: the same text again and again
    QUALITY = "quality"  # what for: likes that text, place, age and readers do not explain


LOG_FAMILIES: tuple[Family, ...] = tuple(f for f in Family if f not in (Family.WORDING, Family.QUALITY))
"""Families that speak of likes in an event log; the others speak of comments."""


class SubjectKind(StrEnum):
    """What a finding is about."""

    LOG = "log"
    TARGET = "target"
    ACTOR = "actor"
    GROUP = "group"
    POST = "post"
    COMMENT = "comment"
