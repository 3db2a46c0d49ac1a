"""What a section's audit has to say in words: messages by code, worded in each language by the report."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
import pyarrow.compute as pc

from plaudit.model import Findings, Outcome, Section, Tier
from plaudit.result import Message, SectionCount, Sight
from plaudit.tally import SectionTally
from plaudit.tally.section import Sight as Planted
from plaudit.verdict import SectionVerdicts

_LOTTERY = "抽奖|抽獎|中奖|开奖|锦鲤|giveaway|sweepstake|lottery|raffle"
_PAID = "付费|打赏|训练营|年卡|会员价|paid course|membership"

_YES, _PARTLY = 2 / 3, 1 / 20
"""Share of bought likes not counted as verified from which a tier sees a way of buying, and sees it in part."""


def headline(rating: str, total: SectionCount, section: Section, findings: int, planted: Planted | None) -> Message:
    """The audit in one sentence. Where nothing is in question and trial orders mostly would not show, both are said."""
    values = {
        "shown": total.shown,
        "authentic": total.authentic,
        "authentic_low": total.authentic_low,
        "authentic_high": total.top,
        "discounted": total.discounted,
        "undetermined": total.undetermined,
        "posts": len(section.posts),
        "comments": len(section.comments),
    }
    if rating == "abstain":
        return Message(code="section_abstain", values={"posts": values["posts"], "comments": values["comments"]})
    if rating == "clear":
        told = {k: values[k] for k in ("shown", "posts", "comments")}
        if planted is not None and planted.orders and planted.seen < planted.orders / 2:
            told |= {"orders": planted.orders, "seen": planted.seen}
            return Message(code="section_clear_blind", values=told)
        return Message(code="section_clear", values=told)
    if total.discounted + total.undetermined == 0:
        told = {k: values[k] for k in ("shown", "posts", "comments")}
        return Message(code="section_aside", values={**told, "findings": findings})
    if total.discounted:
        return Message(code="section_found", values=values)
    return Message(code="section_unsure", values={k: v for k, v in values.items() if k != "discounted"})


def can_say(
    section: Section, total: SectionCount, findings: Sequence[Findings], verdicts: SectionVerdicts
) -> list[Message]:
    """Sentences the evidence carries."""
    asked = sum(f.outcome is Outcome.MEASURED for f in findings)
    out = [Message(code="can_asked", values={"measured": asked, "detectors": len(findings)})]
    if asked == 0:
        # Where no question was answered, that none found anything says nothing.
        return out
    if total.counters:
        out.append(
            Message(
                code="can_count",
                values={"verified": total.verified, "shown": total.shown, "counters": total.counters},
            )
        )
    if total.discounted:
        out.append(Message(code="can_discount", values={"discounted": total.discounted}))
    weighty = int((verdicts.weight > 0).sum())
    out.append(Message(code="can_findings" if weighty else "can_none", values={"findings": weighty} if weighty else {}))
    return out


def cannot_say(section: Section, total: SectionCount, counts: SectionTally) -> list[Message]:
    """Sentences nobody may read into the result."""
    out = [Message(code="cannot_name"), Message(code="cannot_blame")]
    if section.tier is Tier.SNAPSHOT:
        out.append(Message(code="cannot_discount"))
    if total.undetermined:
        out.append(Message(code="cannot_decide", values={"undetermined": total.undetermined}))
    if total.censored:
        out.append(Message(code="cannot_censored", values={"censored": total.censored}))
    if counts.beyond is not None and counts.sight is not None:
        sight = counts.sight
        values = {"orders": sight.orders, "seen": sight.seen, "beyond": round(counts.beyond)}
        out.append(Message(code="cannot_exclude", values=values))
    out.append(Message(code="cannot_clear"))
    return out


def unseen(section: Section, outcomes: Sequence[tuple[str, Outcome, str]]) -> list[Message]:
    """What this section cannot show, worst first."""
    out = [
        Message(code="detector_error", values={"detector": name, "reason": why})
        for name, what, why in outcomes
        if what is Outcome.ERROR
    ]
    out.append(Message(code="likers_unseen"))
    if section.tier is Tier.SNAPSHOT:
        out.append(Message(code="one_reading"))
    out += [Message(code=f"section_no_{part}") for part in _lacking(section)]
    for name, what, why in outcomes:
        if what is Outcome.NOT_APPLICABLE:
            out.append(Message(code="detector_not_applicable", values={"detector": name, "reason": why}))
        elif what is Outcome.NOT_ENOUGH_DATA:
            out.append(Message(code="detector_abstained", values={"detector": name, "reason": why}))
    return out


def selection(section: Section) -> Message:
    """How the comments at hand were chosen."""
    if len(section.comments) == 0:
        return Message(code="selection_no_comments")
    elected = section.comments.elected
    known = int((elected >= 0).sum())
    if known == 0:
        return Message(code="selection_unknown")
    share = float((elected == 1).sum() / known)
    if share >= 0.999:
        return Message(code="selection_elected_only")
    return Message(code="selection_share", values={"share": share})


def missing(section: Section) -> list[Message]:
    """Parts the export does not hold, and what that costs."""
    curves = [] if section.has("curves") else ["curves"]
    return [Message(code=f"missing_{part}") for part in [*_lacking(section), *curves]]


def _lacking(section: Section) -> list[str]:
    """Parts the export could hold and does not; without comments nobody misses their places."""
    of_comments = ["created", "authors", "regions", "positions"] if len(section.comments) else []
    return [part for part in ("likes", *of_comments, "reads") if not section.has(part)]


def special(section: Section) -> list[Message]:
    """Signs of a lottery or of paid knowledge, which explain likes that nothing else does."""
    out = []
    if 0 < len(section.comments) == section.comments.text.null_count:
        return [Message(code="special_unread")]
    texts = [section.comments.text, section.posts.title]
    for code, words in (("special_lottery", _LOTTERY), ("special_paid", _PAID)):
        found = [int(np.sum(pc.match_substring_regex(t, words, ignore_case=True).to_numpy(False))) for t in texts]
        if sum(found):
            out.append(Message(code=code, values={"comments": found[0], "posts": found[1]}))
    return out or [Message(code="special_none")]


def sight() -> list[Sight]:
    """What each tier can see of each way of buying: measured on simulated sections (``section_sight.json``).

    Recall is the share of bought likes not counted as verified. An event log knows who liked and when; what it sees is
    measured on event logs and stands in their reports.
    """
    out = []
    for attack, seen in measured_sight()["bought"].items():
        for tier in (Tier.SNAPSHOT, Tier.CURVE):
            recall = float(seen[tier.value])
            sees = "yes" if recall >= _YES else "partly" if recall >= _PARTLY else "no"
            out.append(Sight(attack=attack, tier=tier.value, sees=sees, recall=recall))
        out.append(Sight(attack=attack, tier=Tier.EVENTS.value, sees="yes", recall=None))
    return out


@cache
def measured_sight() -> Mapping[str, Any]:
    """What ``python -m benchmarks.sections --write`` measured: ``bought`` and ``genuine`` by label and tier, and how.

    ``bought``: share of bought likes found; ``genuine``: share of targets of an innocent crowd left in question.
    """
    text = resources.files("plaudit.app").joinpath("section_sight.json").read_text(encoding="utf-8")
    found: Mapping[str, Any] = json.loads(text)
    return found


def compliance(reveal: bool) -> list[Message]:
    """What law and rules ask, and how this audit answers."""
    codes = ["comply_suspected", "comply_human", "comply_appeal", "comply_cells", "comply_retention"]
    return [Message(code=code) for code in [*codes, "comply_revealed" if reveal else "comply_pseudonyms"]]
