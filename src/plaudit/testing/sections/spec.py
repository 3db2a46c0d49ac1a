"""What comment worlds exist, and the knobs they have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from plaudit.errors import InputError
from plaudit.testing.knobs import overridden

MIN_COMMENTS = 200
MAX_COMMENTS = 5_000_000

SHAPE_LABELS: tuple[str, ...] = (
    "step",
    "straight_line",
    "round_stop",
    "second_day",
    "wave",
    "drop_top_up",
    "rented_rhythm",
)
"""Bought likes told apart by how they were delivered."""

COMMENT_LABELS: tuple[str, ...] = ("copy_paste", "template", "purchased_region", "author_ring")
"""Comments that were bought, with the likes that came with them."""

BOUGHT_LABELS: tuple[str, ...] = (*SHAPE_LABELS, *COMMENT_LABELS, "dull_boost", "likes_without_reads")
"""Labels of targets that received bought likes, or are bought comments."""

TRAP_LABELS: tuple[str, ...] = (
    "lottery",
    "launch",
    "influencer",
    "press",
    "festival",
    "local_event",
    "slogan_fans",
    "fan_club",
    "employees",
    "great_comment",
    "pinned",
    "elected",
    "author_liked",
    "group_share",
)
"""Labels of what looks bought and is not."""

LABELS: tuple[str, ...] = ("organic", *TRAP_LABELS, *BOUGHT_LABELS)
"""Every label, in the order of the internal codes."""

PLATFORMS: tuple[str, ...] = ("wechat", "bilibili", "generic")


@dataclass(frozen=True)
class Knobs:
    """Numbers that ``simulate_section(..., overrides=...)`` may replace. ``0`` means "choose" where so marked.

    Attributes:
        attacked: share of comments with bought likes or bought themselves, over all attacks, 0..0.5.
        posts_attacked: share of posts with bought likes, over all attacks that fit posts, 0..0.5.
        order_size: mean likes of one order; 0 draws 20 to 500, small ones as common per octave as large.
        crowds: factor on the number of innocent crowds.
        overlap: share of orders placed where an innocent crowd is at work too.
        repeats: share of innocent comments that are short slogans many people write.
        likes_mean: mean genuine likes of a comment, before the best ones saturate.
        posts, accounts, span_days: sizes; 0 chooses.
        replies: share of comments that answer another.
        herd: share of genuine likes that follow another like within hours (a chat group, a feed).
        noise: standard deviation, in nats, of what moves readers beside age and hour.
        unlikes: share of genuine likes taken back.
        rhythm: 1 for the day's rhythm of readers, 0 for none.
        polls: mean readings of a curve (T1); 0 chooses.
        ragged: share of posts read by hand, at irregular hours and rarely at night, instead of by a service.
        english: 1 for English comments, 0 for Chinese.
        platform: 0 WeChat, 1 Bilibili, 2 generic: which flags an export holds.
        censor_likes: likes from which a counter says only "at least", 0 never.
        censor_reads: reads from which a counter says only "at least", 0 never.
        regions, authors, reads, positions, created: 0 leaves that column out of the section.
    """

    attacked: float = 0.02
    posts_attacked: float = 0.06
    order_size: float = 0
    crowds: float = 1
    overlap: float = 0
    repeats: float = 0.12
    likes_mean: float = 8
    posts: float = 0
    accounts: float = 0
    span_days: float = 0
    replies: float = 0.1
    herd: float = 0.15
    noise: float = 0.3
    unlikes: float = 0.004
    rhythm: float = 1
    polls: float = 0
    ragged: float = 0.3
    english: float = 0
    platform: float = 0
    censor_likes: float = 0
    censor_reads: float = 100_000
    regions: float = 1
    authors: float = 1
    reads: float = 1
    positions: float = 1
    created: float = 1

    def overridden(self, overrides: Mapping[str, float] | None) -> Knobs:
        """The knobs with some replaced.

        Raises:
            InputError: an override has an unknown name or a value out of range.
        """
        return overridden(self, overrides, "The simulator of sections", lowest={}, highest=_HIGHEST)


_ONE = ("overlap", "repeats", "rhythm", "ragged", "english", "regions", "authors", "reads", "positions", "created")
_HIGHEST: Mapping[str, float] = dict.fromkeys(_ONE, 1.0) | {
    "attacked": 0.5,
    "posts_attacked": 0.5,
    "crowds": 20,
    "replies": 0.8,
    "herd": 0.8,
    "noise": 2,
    "unlikes": 0.3,
    "platform": 2,
    "order_size": 5_000,
    "span_days": 1_000,
    "polls": 5_000,
    "accounts": 500,
    "posts": 50_000,
    "likes_mean": 10_000,
}


@dataclass(frozen=True)
class SectionSpec:
    """One kind of comment world.

    Attributes:
        name: what to call it in ``simulate_section``.
        summary: one sentence about what is planted.
        attacks: labels of :data:`BOUGHT_LABELS` that are planted.
        traps: labels of :data:`TRAP_LABELS` that are planted.
        knobs: its numbers.
    """

    name: str
    summary: str
    attacks: tuple[str, ...] = ()
    traps: tuple[str, ...] = ()
    knobs: Knobs = field(default_factory=Knobs)


_SUMMARIES: Mapping[str, str] = {
    "step": "Orders of likes delivered within an hour.",
    "straight_line": "Orders delivered at one steady pace, through the night.",
    "round_stop": "Orders that stop when the counter shows a round number.",
    "second_day": "Orders that push a day-old target once more.",
    "wave": "Orders delivered in equal pulses, hours apart.",
    "drop_top_up": "Bought likes that fall away after days and are topped up.",
    "rented_rhythm": "Rented real accounts that follow the day's rhythm for up to two days.",
    "copy_paste": "The same praise pasted by bought commenters, with bought likes.",
    "template": "Praise filled from a template of synonyms, with bought likes.",
    "purchased_region": "Commenters bought in one far region, each with words of its own.",
    "author_ring": "The same accounts commenting in the same order under article after article.",
    "dull_boost": "Likes bought for comments that say nothing, delivered in the readers' own rhythm.",
    "likes_without_reads": "Likes bought for articles whose readers did not come.",
}

_ALL = (
    SectionSpec(
        "comments",
        "The demo section: six attacks beside a lottery, an influencer's share, fans' slogans and pinned comments.",
        attacks=("step", "straight_line", "round_stop", "copy_paste", "purchased_region", "dull_boost"),
        traps=("lottery", "influencer", "slogan_fans", "pinned", "great_comment", "author_liked"),
        knobs=Knobs(attacked=0.03),
    ),
    SectionSpec(
        "section_mixed",
        "Every attack and every innocent crowd at once, sometimes on the same targets.",
        attacks=BOUGHT_LABELS,
        traps=TRAP_LABELS,
        knobs=Knobs(attacked=0.04, posts_attacked=0.1, overlap=0.15),
    ),
    SectionSpec("section_traps", "Only innocent crowds; nothing was bought.", traps=TRAP_LABELS),
    SectionSpec("section_clean", "An account's ordinary life; nothing was bought."),
    SectionSpec(
        "section_null",
        "Independent likes under one age curve: no herd, no rhythm, no noise, no repeated slogans.",
        knobs=Knobs(herd=0, noise=0, rhythm=0, unlikes=0, repeats=0, ragged=0),
    ),
    *(SectionSpec(f"section_{label}", summary, attacks=(label,)) for label, summary in _SUMMARIES.items()),
)


def section_scenarios() -> Mapping[str, SectionSpec]:
    """The worlds ``simulate_section`` knows, by name."""
    return MappingProxyType({spec.name: spec for spec in _ALL})


def section_scenario_named(name: str | SectionSpec) -> SectionSpec:
    """One world by name (``mixed`` stands for ``section_mixed``); a world of one's own is returned as it is.

    Raises:
        InputError: there is no such scenario.
    """
    if isinstance(name, SectionSpec):
        return name
    known = section_scenarios()
    found = known.get(name) or known.get(f"section_{name}")
    if found is None:
        raise InputError(f"There is no comment world {name!r}; choose one of {', '.join(known)}.")
    return found
