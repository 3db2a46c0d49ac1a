"""Parts of the result document that speak of an event log (T2)."""

from __future__ import annotations

from plaudit.result.base import Count, Frozen, InputFile, Message


class Input(Frozen):
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


class Curve(Frozen):
    """Likes over time in equal bins. ``start_ms + i * bin_ms`` is the left edge of bin ``i``."""

    start_ms: int
    bin_ms: int
    verified: list[int]
    discounted: list[int]
    undetermined: list[int]


class TargetView(Frozen):
    """One target as the report shows it."""

    target_id: str
    count: Count
    curve: Curve
    messages: list[Message]


class Edge(Frozen):
    """One like of a group picture: indices into the group's ``members`` and ``targets`` samples."""

    member: int
    target: int
    at_ms: int


class GroupView(Frozen):
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


class Verdict(Frozen):
    """How evidence was weighed in this log."""

    prior: float
    prior_low: float
    prior_high: float
    caps: dict[str, float]
    discount_at: float
    undetermined_at: float


class LabelCount(Frozen):
    """How many labels of one kind, word and source were given, and how many of them name something in this log."""

    subject_kind: str
    label: str
    source: str
    labels: int
    matched: int


class LabelEntry(Frozen):
    """One label as given; ``likes`` it speaks for, and how many of those any finding bears on."""

    subject_kind: str
    subject_id: str
    label: str
    reason: str
    source: str
    likes: int
    with_evidence: int


class LearnedWeight(Frozen):
    """What labels made of one family's weights: ``slope * nats + offset``, held between nothing and the cap.

    ``multiplier`` is the family's total weight after, as a part of before; 1.0 with slope 1 and offset 0 is no change.
    """

    family: str
    groups: int
    slope: float
    offset: float
    multiplier: float


class Labels(Frozen):
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
