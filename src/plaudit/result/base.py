"""What every part of the result document is made of: messages, counts, sources, detectors, evidence, decisions."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class Frozen(BaseModel):
    """A part of the document: frozen, and no field that the contract does not name."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Message(Frozen):
    """A thing to say, as a code that each language words for itself, with the figures it needs."""

    code: str
    values: dict[str, Any] = Field(default_factory=dict)


class Count(Frozen):
    """An honest count: ``shown = verified + discounted + undetermined`` and the estimate with its 90 % interval."""

    shown: int
    verified: int
    discounted: int
    undetermined: int
    authentic: float
    authentic_low: float
    authentic_high: float

    @property
    def top(self) -> float | None:
        """The upper end of the interval as a report tells it; None where nothing bounds it."""
        return self.authentic_high

    @property
    def open_ended(self) -> bool:
        """Whether more may be shown than ``shown`` says; never in a log."""
        return False


class InputFile(Frozen):
    """One source as read. ``sha256`` is of the bytes (of the canonical Arrow content for an in-memory table)."""

    name: str
    sha256: str
    bytes: int
    rows: int
    rejected: int


class LeftOut(Frozen):
    """One file of a folder that was not read. ``found``: keys or columns it begins with, where told."""

    name: str
    reason: str  # "not_data" | "unreadable" | "empty" | "no_rows" | "one_column" | "unknown_json" | "unknown_table"
    found: str


class DetectorRun(Frozen):
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


class Step(Frozen):
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


class Case(Frozen):
    """One verdict with its evidence: ``sum(step.weight) == logit(posterior)``.

    Of several likes the case tells one, the strongest of those that share its ``status``, the one most of the likes in
    question have; ``discounted`` and ``undetermined`` count them all (None where likes have no names).
    """

    subject_kind: str  # "event" | "group" | "target" | "actor"
    subject_id: str
    posterior: float
    status: str
    steps: list[Step]
    likes: int
    expected_inauthentic: float
    exonerating: list[Message]
    innocent: list[Message]
    discounted: int | None = None
    undetermined: int | None = None


class Decision(Frozen):
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


class Method(Frozen):
    """What is needed to get the same bytes again.

    ``audit_id`` tells audits apart whose findings and groups could differ: labels of groups quote it.
    """

    plaudit_version: str
    seed: int
    as_of_ms: int
    parameters: dict[str, Any]
    command: str
    audit_id: str = ""
