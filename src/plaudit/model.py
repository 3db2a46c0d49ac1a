"""The nouns of Plaudit and their Arrow schemas. This module imports nothing of ours.

Words mean one thing everywhere (see ``docs/concepts.md``): an *actor* does a *kind* of thing to a *target* at
``at_ms`` (UTC milliseconds). Inside the flow, actors, targets, devices and addresses are dense integers; outside
(files, command line, report) they are the strings the user gave.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

SCHEMA_VERSION = "1.1"
"""Version of every table and of ``result.json``; a breaking change raises the first number."""

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


class SubjectKind(StrEnum):
    """What a finding is about."""

    LOG = "log"
    TARGET = "target"
    ACTOR = "actor"
    GROUP = "group"


@dataclass(frozen=True)
class EventLog:
    """The likes that stand, as arrays sorted by (target, at_ms, actor, event_id), and what is known beside them.

    Rows are *likes*: one row per (actor, target) that still stands after duplicates and take-backs.

    Attributes:
        actor: dense actor, ``int32[n]``, 0..n_actors-1, numbered in the order of the id strings.
        target: dense target, ``int32[n]``, ascending, numbered in the order of the id strings.
        at_ms: UTC milliseconds, ``int64[n]``, ascending inside a target.
        n_actors, n_targets: sizes of the two id spaces (an actor or target without a standing like keeps its number).
        born_ms: when each target appeared, ``int64[n_targets]``: its publication where the log says so, else the
            first event seen on it.
        born_known: ``bool[n_targets]``, True where the log itself gives the publication.
        start_ms, end_ms: first and last event of the whole log (all kinds): the window of observation.
        device, ip: dense identifiers, ``int32[n]``, -1 where absent; ``None`` when the log has no such column.
        author: dense actor-like number of each target's author, ``int32[n_targets]``, -1 where unknown; ``None``
            when the log has no such column.
    """

    actor: Ints32
    target: Ints32
    at_ms: Ints
    n_actors: int
    n_targets: int
    born_ms: Ints
    born_known: Bools
    start_ms: int
    end_ms: int
    device: Ints32 | None = None
    ip: Ints32 | None = None
    author: Ints32 | None = None

    @property
    def n(self) -> int:
        """Number of likes that stand."""
        return int(self.actor.shape[0])

    def target_offsets(self) -> Ints:
        """CSR offsets of the likes of each target, ``int64[n_targets + 1]``; not to be written to."""
        return self._offsets

    @cached_property
    def _offsets(self) -> Ints:
        return offsets_of(self.target, self.n_targets)


def offsets_of(sorted_keys: NDArray[Any], size: int) -> Ints:
    """CSR offsets of a sorted key column: rows of key ``k`` are ``offsets[k]:offsets[k + 1]``."""
    counts = np.bincount(sorted_keys, minlength=size)
    out = np.zeros(size + 1, dtype=np.int64)
    np.cumsum(counts, out=out[1:])
    return out


def ranges(first: Ints, length: Ints) -> Ints:
    """The concatenation of ``first[i], first[i] + 1, ...`` with ``length[i]`` numbers each."""
    start = np.cumsum(length) - length
    return np.asarray(np.repeat(first - start, length) + np.arange(int(length.sum())), dtype=np.int64)


@dataclass(frozen=True)
class Exhibits:
    """Which likes each finding rests on, as CSR: likes of finding ``f`` are ``like[offsets[f]:offsets[f + 1]]``.

    Attributes:
        offsets: ``int64[findings + 1]``.
        like: row numbers into the :class:`EventLog`, ``int64[m]``.
        share: ``float64[m]`` in (0, 1]: the chance that this like belongs to what the finding counted rather than to
            the ordinary likes the null expects in the same place, *given* that the finding is not an accident.
    """

    offsets: Ints
    like: Ints
    share: Floats

    @staticmethod
    def empty(findings: int = 0) -> Exhibits:
        """No exhibits for ``findings`` findings."""
        return Exhibits(np.zeros(findings + 1, np.int64), np.zeros(0, np.int64), np.zeros(0, np.float64))


@dataclass(frozen=True)
class Findings:
    """One detector's answers, column-wise. No threshold, no probability of guilt, no advice.

    All arrays have one entry per finding. ``subject`` is a dense target or actor, or a running group number;
    ``support`` the number of likes the finding rests on. ``p_value`` is the chance, under the detector's null model,
    of a statistic at least this large; ``q_value`` controls the false-discovery rate over *all* candidates the
    detector looked at, not only those it reports. ``certainty`` says how far the null has shut out the innocent
    explanations the detector knows: 1.0, or 0.5 (even odds) where something innocent would look exactly the same.
    """

    detector: str
    version: str
    family: Family
    subject_kind: SubjectKind
    subject: Ints
    statistic: Floats
    expectation: Floats
    p_value: Floats
    q_value: Floats
    support: Ints
    start_ms: Ints
    end_ms: Ints
    exhibits: Exhibits
    certainty: Floats
    candidates: int = 0
    outcome: Outcome = Outcome.MEASURED
    reason: str = ""
    notes: Mapping[str, float] = field(default_factory=dict)

    def __len__(self) -> int:
        return int(self.subject.shape[0])


@dataclass(frozen=True)
class Groups:
    """Sets of likes that coordinated evidence holds together. Arrays have one entry per group.

    Attributes:
        finding: the finding that names the group (numbers count through all findings of all detectors, in order).
        offsets, like: CSR of the likes of each group.
        posterior: chance that the group was bought or traded.
    """

    finding: Ints
    offsets: Ints
    like: Ints
    posterior: Floats

    def __len__(self) -> int:
        return int(self.finding.shape[0])


@dataclass(frozen=True)
class Verdicts:
    """Weight of evidence joined into one opinion per like.

    Attributes:
        p_inauthentic: posterior per like, ``float64[n]``.
        status: ``int8[n]``, index into ``STATUSES``.
        group: row of ``groups`` each like belongs to, ``int32[n]``, -1 for none.
        finding_offsets, finding: CSR of the findings that bear on each like (numbers as in :class:`Groups`).
        family_weight: nats each family gives each like, ``float32[families, n]``, in the order of :class:`Family`.
        share: chance that the like belongs to what its deciding finding counted, times that finding's certainty.
        deciding: the finding whose share was used, ``int32[n]``, -1 for none.
        weight: per finding, nats after calibration and before the cap, ``float64[all findings]``.
        prior: the estimated share of bought likes before any evidence, with its bounds.
        caps: nats each family can carry.
    """

    p_inauthentic: Floats
    status: NDArray[np.int8]
    group: Ints32
    finding_offsets: Ints
    finding: Ints32
    family_weight: NDArray[np.float32]
    share: Floats
    deciding: Ints32
    weight: Floats
    prior: float
    prior_low: float
    prior_high: float
    caps: Mapping[str, float]
    groups: Groups


STATUSES: tuple[Status, ...] = (Status.VERIFIED, Status.DISCOUNTED, Status.UNDETERMINED)

_status = pa.dictionary(pa.int8(), pa.string())
_word = pa.dictionary(pa.int32(), pa.string())


def _not_null(*fields: tuple[str, pa.DataType]) -> list[pa.Field]:
    return [pa.field(name, kind, nullable=False) for name, kind in fields]


SCHEMAS: Mapping[str, pa.Schema] = {
    "likes": pa.schema(
        [
            *_not_null(
                ("event_id", pa.string()),
                ("actor_id", pa.string()),
                ("target_id", pa.string()),
                ("at_ms", pa.int64()),
                ("p_inauthentic", pa.float64()),
                ("status", _status),
            ),
            pa.field("group_id", _word),
            pa.field("reasons", pa.list_(_word), nullable=False),
        ]
    ),
    "targets": pa.schema(
        _not_null(
            ("target_id", pa.string()),
            ("shown", pa.int64()),
            ("verified", pa.int64()),
            ("discounted", pa.int64()),
            ("undetermined", pa.int64()),
            ("authentic", pa.float64()),
            ("authentic_low", pa.float64()),
            ("authentic_high", pa.float64()),
        )
    ),
    "actors": pa.schema(
        [
            *_not_null(
                ("actor_id", pa.string()),
                ("likes", pa.int64()),
                ("verified", pa.int64()),
                ("discounted", pa.int64()),
                ("undetermined", pa.int64()),
                ("expected_inauthentic", pa.float64()),
            ),
            pa.field("group_ids", pa.list_(_word), nullable=False),
        ]
    ),
    "groups": pa.schema(
        [
            *_not_null(
                ("group_id", pa.string()),
                ("detector", _word),
                ("members", pa.list_(pa.string())),
                ("targets", pa.list_(pa.string())),
                ("likes", pa.int64()),
                ("start_ms", pa.int64()),
                ("end_ms", pa.int64()),
                ("statistic", pa.float64()),
                ("null_expectation", pa.float64()),
                ("p", pa.float64()),
                ("q", pa.float64()),
                ("posterior", pa.float64()),
            ),
            pa.field("reasons", pa.list_(pa.string()), nullable=False),
        ]
    ),
    "findings": pa.schema(
        [
            *_not_null(
                ("finding_id", pa.string()),
                ("detector", _word),
                ("version", _word),
                ("family", _word),
                ("subject_kind", _word),
                ("subject_id", pa.string()),
                ("outcome", _word),
            ),
            pa.field("statistic", pa.float64()),
            pa.field("expectation", pa.float64()),
            pa.field("p", pa.float64()),
            pa.field("q", pa.float64()),
            pa.field("support", pa.int64()),
            pa.field("start_ms", pa.int64()),
            pa.field("end_ms", pa.int64()),
            pa.field("weight", pa.float64()),
            pa.field("reason", pa.string()),
            pa.field("exhibits", pa.list_(pa.string()), nullable=False),
        ]
    ),
    "quarantine": pa.schema(
        [
            *_not_null(("file", pa.string())),
            pa.field("row", pa.int64()),
            *_not_null(("reason", pa.string())),
            pa.field("content", pa.string()),
        ]
    ),
}
"""The tables an audit writes, by name (``DIR/<name>.parquet``). Documented column by column in ``docs/outputs.md``."""
