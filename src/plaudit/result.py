"""The one result document: everything a reader may want to see, computed once, frozen, rendered by ``report``.

``result.json`` is this model as JSON. Texts that people read are *messages*: a code and its figures, worded in each
language by ``report``; no sentence is stored here.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from plaudit.model import SCHEMA_VERSION


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Message(_Frozen):
    """A thing to say, as a code that each language words for itself, with the figures it needs."""

    code: str
    values: dict[str, Any] = Field(default_factory=dict)


class Count(_Frozen):
    """An honest count: ``shown = verified + discounted + undetermined`` and the estimate with its 90 % interval."""

    shown: int
    verified: int
    discounted: int
    undetermined: int
    authentic: float
    authentic_low: float
    authentic_high: float


class InputFile(_Frozen):
    """One source as read. ``sha256`` is of the bytes (of the canonical Arrow content for an in-memory table)."""

    name: str
    sha256: str
    bytes: int
    rows: int
    rejected: int


class Input(_Frozen):
    """What was read and what became of every row: ``rows = rejected + duplicates + other_kinds + taken_back + likes``.

    ``taken_back`` counts both sides: the likes withdrawn and the unlike events that withdrew them.
    """

    files: list[InputFile]
    rows: int
    rejected: int
    duplicates: int
    taken_back: int
    other_kinds: int
    likes: int
    actors: int
    targets: int
    first_ms: int
    last_ms: int
    columns: dict[str, str]
    time_format: str
    kinds: dict[str, int]
    rejected_reasons: dict[str, int]


class DetectorRun(_Frozen):
    """What one detector was asked and what came of it in this log."""

    detector: str
    version: str
    family: str
    question: str
    outcome: str
    reason: str
    candidates: int
    findings: int
    significant: int
    innocent: list[str]
    evasions: list[str]
    notes: dict[str, float]


class Step(_Frozen):
    """One bar of a waterfall, in nats. ``finding_id`` is empty for the prior and the passer-by step."""

    kind: str  # "prior" | "evidence" | "passer_by"
    family: str
    detector: str
    finding_id: str
    statistic: float | None
    expectation: float | None
    p_value: float | None
    support: int | None
    raw_weight: float
    weight: float


class Case(_Frozen):
    """One verdict with its evidence: ``sum(step.weight) == logit(posterior)``."""

    subject_kind: str  # "event" | "group" | "target" | "actor"
    subject_id: str
    posterior: float
    status: str
    steps: list[Step]
    likes: int
    expected_inauthentic: float
    exonerating: list[Message]
    innocent: list[Message]


class Curve(_Frozen):
    """Likes over time in equal bins. ``start_ms + i * bin_ms`` is the left edge of bin ``i``."""

    start_ms: int
    bin_ms: int
    verified: list[int]
    discounted: list[int]
    undetermined: list[int]


class TargetView(_Frozen):
    """One target as the report shows it."""

    target_id: str
    count: Count
    curve: Curve
    messages: list[Message]


class Edge(_Frozen):
    """One like of a group picture: indices into the group's ``members`` and ``targets`` samples."""

    member: int
    target: int
    at_ms: int


class GroupView(_Frozen):
    """One group as the report shows it; ``members`` and ``targets`` are the busiest, at most a few dozen."""

    group_id: str
    detector: str
    members_total: int
    targets_total: int
    likes: int
    start_ms: int
    end_ms: int
    statistic: float
    expectation: float
    p_value: float
    q_value: float
    posterior: float
    members: list[str]
    targets: list[str]
    edges: list[Edge]
    innocent: list[Message]


class Decision(_Frozen):
    """A rung of the ladder, as a statement of reasons. The default remedy neutralises likes and punishes nobody."""

    decision_id: str
    target_id: str
    rung: str
    likes: int
    reasons: list[str]
    policy_version: str
    needs_human: bool
    expires_ms: int
    appeal: str


class Verdict(_Frozen):
    """How evidence was weighed in this log."""

    prior: float
    prior_low: float
    prior_high: float
    caps: dict[str, float]
    discount_at: float
    undetermined_at: float


class LabelCount(_Frozen):
    """How many labels of one kind, word and source were given, and how many of them name something in this log."""

    subject_kind: str
    label: str
    source: str
    labels: int
    matched: int


class LabelEntry(_Frozen):
    """One label as given; ``likes`` it speaks for, and how many of those any finding bears on."""

    subject_kind: str
    subject_id: str
    label: str
    reason: str
    source: str
    likes: int
    with_evidence: int


class LearnedWeight(_Frozen):
    """What labels made of one family's weights: ``slope * nats + offset``, held between nothing and the cap.

    ``multiplier`` is the family's total weight after, as a part of before; 1.0 with slope 1 and offset 0 is no change.
    """

    family: str
    groups: int
    slope: float
    offset: float
    multiplier: float


class Labels(_Frozen):
    """What was learned from labels. ``labels = matched + unmatched + stale``, ``repeated`` rows apart.

    Losses are log losses in nats per independent group, the second cross-validated by group; ``None`` where there was
    too little to learn from. ``changes`` counts likes by ``old_to_new`` status.
    """

    file: InputFile
    labels: int
    matched: int
    unmatched: int
    stale: int
    repeated: int
    counts: list[LabelCount]
    entries: list[LabelEntry]
    entries_omitted: int
    likes: int
    likes_with_evidence: int
    missed: int
    groups: int
    loss_before: float | None
    loss_after: float | None
    loss_error: float | None
    applied: bool
    weights: list[LearnedWeight]
    changes: dict[str, int]
    outcome: Message
    notes: list[Message]


class Method(_Frozen):
    """What is needed to get the same bytes again.

    ``audit_id`` tells audits apart whose findings and groups could differ: labels of groups quote it.
    """

    plaudit_version: str
    seed: int
    as_of_ms: int
    parameters: dict[str, Any]
    command: str
    audit_id: str = ""


class ResultDocument(_Frozen):
    """The audit of one log."""

    schema_version: str = SCHEMA_VERSION
    tier: str
    input: Input
    total: Count
    verdict: Verdict
    detectors: list[DetectorRun]
    targets: list[TargetView]
    targets_omitted: int
    groups: list[GroupView]
    groups_omitted: int
    cases: list[Case]
    decisions: list[Decision]
    decisions_omitted: int
    overall: Curve
    headline: Message
    unseen: list[Message]
    method: Method
    labels: Labels | None = None
