"""Parts of the result document that speak of comment exports and curves (T0, T1), where likes have no names.

Ordered as 《活动真实互动审计报告》 is: basis, rating and totals, key figures, findings, comments to look at, ranks,
highlights, value, limits, compliance. Names and nicknames appear only where :attr:`SectionPart.revealed` says so; texts
are short excerpts with whatever names somebody masked.
"""

from __future__ import annotations

from pydantic import Field

from plaudit.result.base import Case, Count, Frozen, InputFile, Message


class SectionCount(Count):
    """A count of likes without names, summed over counters that may be censored.

    ``shown`` is what the counters certainly say: of ``10万+`` the 100,000. All other figures are of that lower end, but
    for ``authentic_most``: there the interval ends that a report shows.
    """

    shown_high: int | None
    """The most the counters may mean; null where one says only "at least"."""
    authentic_most: float | None
    """``authentic_high`` and what the counters leave open above it; null where one says only "at least"."""
    counters: int
    """Counters the export shows."""
    censored: int
    """Of these, rounded or capped."""
    suspect: float
    """Likes expected to be bought: ``shown - authentic``."""

    @property
    def top(self) -> float | None:
        """See :class:`Count`."""
        return self.authentic_most

    @property
    def open_ended(self) -> bool:
        """Whether a counter says only "at least"."""
        return self.counters > 0 and self.shown_high is None


class ExportSource(Frozen):
    """One file as recognised. ``kind`` is a word (``wechat``, ``bilibili``, ``comments``, ``curve``, ``totals``...)."""

    file: InputFile
    kind: str
    observed_ms: int | None
    """When its counters were read, where the file, its name or the user says so."""


class Span(Frozen):
    """First and last moment of something, UTC milliseconds."""

    first_ms: int
    last_ms: int


class Basis(Frozen):
    """What the audit rests on.

    ``repeated`` rows say again what another row says; ``conflicting`` ones show different counts of one target at one
    moment and are kept as the interval around them; ``orphans`` are replies whose parent no file holds.
    """

    sources: list[ExportSource]
    rows: int
    rejected: int
    repeated: int
    conflicting: int
    orphans: int
    rejected_reasons: dict[str, int]
    platforms: list[str]
    accounts: int
    posts: int
    comments: int
    replies: int
    authors: int
    snapshots: int
    curves: int
    """Targets read at two moments at least."""
    published: Span | None
    written: Span | None
    observed: Span | None
    likes_known: float
    """Share of comments whose likes the export shows."""
    selection: Message
    """How the comments at hand were chosen (精选): what a reader never saw cannot be audited."""
    missing: list[Message]
    """Parts the export does not hold, and what that costs."""
    notes: list[Message]
    """What reading had to decide: conflicts, ambiguities, corrections."""
    fingerprint: str
    """SHA-256 over the digests of all sources in order of name: one short line for the cover."""


class KeyFigure(Frozen):
    """One core figure by code; ``low`` and ``high`` where it is an estimate or a censored counter."""

    code: str
    unit: str  # "count" | "share" | "ratio" | "ms"
    value: float | None
    low: float | None
    high: float | None


class CurvePoints(Frozen):
    """A counter as it was read. ``likes_high[i]`` is null where the counter says only "at least"."""

    target_id: str
    at_ms: list[int]
    likes: list[int]
    likes_high: list[int | None]
    reads: list[int | None]
    omitted: int
    """Readings left out between the ones listed; the first and the last are always there."""


class Cell(Frozen):
    """One row of a small table by region, author or the like; small cells are merged into ``other`` beforehand."""

    name: str
    comments: int
    expected: float | None
    likes: int


class SectionTarget(Frozen):
    """A post or comment named beside a finding. ``excess``: likes the null does not explain, 90 % interval."""

    target_id: str
    kind: str  # "post" | "comment"
    excerpt: str
    likes: int
    share: float
    excess: float | None
    excess_low: float | None
    excess_high: float | None


class SectionFinding(Frozen):
    """One finding with what it rests on, beside its innocent explanations.

    ``level`` is the evidence level of this finding alone: ``strong``, ``medium``, ``weak`` or ``abstain``.
    """

    finding_id: str
    detector: str
    family: str
    shape: str
    """What kind inside the detector (``step``, ``line``, ``stop``, ``wave``...); empty where there is one only."""
    subject_kind: str
    subject_id: str
    statistic: float
    expectation: float
    p_value: float
    q_value: float
    support: int
    weight: float
    certainty: float
    level: str
    start_ms: int | None
    end_ms: int | None
    targets: list[SectionTarget]
    targets_total: int
    likes: int
    """Likes its targets show."""
    excess: float | None
    """Likes of its targets the null does not explain."""
    excess_low: float | None
    excess_high: float | None
    authors: int
    """Authors of its comments, 0 where unknown."""
    curve: CurvePoints | None
    regions: list[Cell]
    innocent: list[Message]
    exonerating: list[Message]


class DepthPart(Frozen):
    """One part of the index of recognition depth: points it gave, of those it could have given.

    ``code``: ``specificity``, ``thread``, ``returning``, ``persistence`` or ``exposure``.
    """

    code: str
    points: float
    most: float
    known: float
    """Share of it that was counted rather than assumed to be as usual here."""


class Depth(Frozen):
    """Recognition depth of a comment or campaign, 0 to 100 with a 90 % interval. Never a judgement of a person."""

    index: float
    low: float
    high: float
    parts: list[DepthPart]


class CommentView(Frozen):
    """One comment as the report shows it: evidence beside counter-evidence."""

    comment_id: str
    post_id: str
    author: str
    """Keyed pseudonym; the nickname only where revealed; empty where unknown."""
    excerpt: str
    created_ms: int | None
    region: str
    """Coarse region; empty where unknown or held by fewer than five comments."""
    position: int | None
    flags: list[str]
    """Of ``reply``, ``pinned``, ``elected``, ``author_liked``, ``by_owner``, ``hidden``."""
    count: SectionCount
    level: str
    case: Case | None
    """The evidence step by step; null where none bears on it."""
    counter: list[Message]
    """What speaks for the comment."""
    depth: Depth | None


class PostView(Frozen):
    """One post: its own counter, the counters of its comments, and its reads."""

    post_id: str
    title: str
    platform: str
    published_ms: int | None
    own: SectionCount
    comments: int
    on_comments: SectionCount
    reads: int | None
    reads_high: int | None
    level: str
    case: Case | None
    depth: Depth | None


class RankMove(Frozen):
    """Where a comment stands under its post by shown and by authentic likes; ``places > 0`` moves up."""

    comment_id: str
    post_id: str
    excerpt: str
    shown: int
    authentic: float
    rank_shown: int
    rank_authentic: int
    places: int


class GapPoint(Frozen):
    """Likes a target shows and likes that explain themselves, as a detector of the quality family put them.

    Of posts all that were judged, of comments those that stand out; ``marked`` where the finding weighs anything.
    """

    target_id: str
    kind: str  # "post" | "comment"
    observed: float
    expected: float
    marked: bool


class Sight(Frozen):
    """Whether a tier can see a way of buying likes; ``recall`` where it was measured, null where it was not."""

    attack: str
    tier: str
    sees: str  # "yes" | "partly" | "no"
    recall: float | None


class SectionWeights(Frozen):
    """How evidence was weighed in this section."""

    prior: float
    prior_low: float
    prior_high: float
    caps: dict[str, float]
    discount_at: float
    undetermined_at: float


class SectionPart(Frozen):
    """The audit of one section: posts, comments, curves.

    ``rating``: ``clear`` (nothing that chance does not explain), ``isolated``, ``notable``, ``heavy`` or ``abstain``.
    """

    tier: str
    basis: Basis
    rating: str
    level: str
    headline: Message
    total: SectionCount
    on_posts: SectionCount
    on_comments: SectionCount
    can_say: list[Message]
    cannot_say: list[Message]
    weights: SectionWeights
    figures: list[KeyFigure]
    findings: list[SectionFinding]
    findings_omitted: int
    posts: list[PostView]
    posts_omitted: int
    comments: list[CommentView]
    comments_omitted: int
    ranks: list[RankMove]
    ranks_moved: int
    """Comments that change places, listed or not."""
    special: list[Message]
    """Lotteries, paid knowledge: what they explain, where the export shows signs of them."""
    depth: Depth | None
    """Of the whole campaign."""
    highlights: list[CommentView]
    sight: list[Sight]
    compliance: list[Message]
    revealed: bool
    gaps: list[GapPoint] = Field(default_factory=list)
    """Likes against what explains them, marked ones first."""
