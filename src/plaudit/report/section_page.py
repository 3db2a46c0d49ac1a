"""What the page of a section's audit is laid out from. Layout only: every figure stands in the document."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from plaudit.report import figures, section_charts
from plaudit.report.notes import kinds_of, reading_notes, untraced
from plaudit.report.waterfall import Bar, waterfall
from plaudit.report.words import Words
from plaudit.result import SMALL, Case, Count, KeyFigure, ResultDocument, SectionFinding, SectionPart, SectionTarget

CHAPTERS = (
    "conclusion",
    "scope",
    "key",
    "anomalies",
    "evidence",
    "herd",
    "special",
    "value",
    "keepers",
    "limits",
    "actions",
    "compliance",
    "appendix",
)
"""Chapters 1 to 13 of 《活动真实互动审计报告》; the cover is chapter 0."""

MOST_FINDINGS, MOST_TARGETS, MOST_CASES, MOST_MOVES = 12, 6, 6, 12
MOST_POSTS, MOST_HIGHLIGHTS, MOST_FILES = 10, 6, 12
_BOARD = 12


@dataclass(frozen=True)
class Hundred:
    """A count as a hundred dots: genuine at least, at most, and the rest; ``parts`` names the kind of each dot."""

    parts: tuple[str, ...]
    share: float
    low: float
    high: float


@dataclass(frozen=True)
class FindingView:
    """A finding with its sentence, its picture and bars in percent of the most liked of its targets."""

    one: SectionFinding
    says: str
    excess: str
    wide: Markup
    narrow: Markup
    alt: str
    caption: str
    targets: list[tuple[SectionTarget, float, float]]
    targets_left: int
    regions: list[tuple[str, int, float, float, float]]


@dataclass(frozen=True)
class EvidenceView:
    """A post or comment whose likes are in question: what was found step by step, and what speaks for it."""

    kind: str
    id: str
    excerpt: str
    facts: str
    level: str
    count: Count
    counter: list[str]
    case: Case
    bars: list[Bar]
    zero: float
    alt: str


def section_context(document: ResultDocument, words: Words) -> dict[str, Any]:
    """Everything the section's chapters need beyond the document."""
    section = document.section
    assert section is not None
    evidence = _evidence(section, words)
    listed = section.findings[:MOST_FINDINGS]
    marked = sum(point.marked for point in section.gaps)
    return {
        "s": section,
        "chapters": CHAPTERS,
        "hundred": hundred(section.total),
        "untraced": untraced(section),
        "tiles": [(one, figure_text(one, words)) for one in section.figures],
        "kinds": kinds_of(section.basis),
        "notes": reading_notes(section.basis, words),
        "findings": [_finding(one, words) for one in listed],
        "findings_left": len(section.findings) - len(listed) + section.findings_omitted,
        "gap": _gap(section, words),
        "gap_marked": marked,
        "evidence": evidence[:MOST_CASES],
        "evidence_left": len(evidence) - min(len(evidence), MOST_CASES) + section.comments_omitted,
        "moves": _moves(section),
        "board": _BOARD,
        "posts": section.posts[:MOST_POSTS],
        "posts_left": max(0, len(section.posts) - MOST_POSTS) + section.posts_omitted,
        "keepers": section.highlights[:MOST_HIGHLIGHTS],
        "sight": sight_rows(section),
        "sources": section.basis.sources[:MOST_FILES],
        "sources_left": max(0, len(section.basis.sources) - MOST_FILES),
    }


def hundred(count: Count) -> Hundred | None:
    """A hundred dots for a count; None where nothing is shown. A share short of all never fills the last dot."""
    if count.shown <= 0:
        return None
    share, low, high = (
        min(1.0, max(0.0, value / count.shown))
        for value in (count.authentic, count.authentic_low, count.authentic_high)
    )
    sure = math.floor(100 * low + 1e-9)
    most = max(sure, math.ceil(100 * high - 1e-9))
    return Hundred(tuple("yes" if k < sure else "maybe" if k < most else "no" for k in range(100)), share, low, high)


def figure_text(figure: KeyFigure, words: Words) -> str:
    """A key figure as text, with its interval where it has one."""

    def one(value: float | None) -> str:
        if value is None:
            return figures.DASH
        if figure.unit == "share":
            return words.percent(value)
        if figure.unit == "ms":
            return words.span(value)
        return figures.count(value) if figure.unit == "count" else figures.decimal(value)

    if figure.low is None:
        return one(figure.value)
    if figure.high is None:
        return words.ui("at_least", value=one(figure.low))
    return f"{one(figure.low)} {figures.DASH} {one(figure.high)}"


def called(document: ResultDocument) -> dict[str, str]:
    """What targets of a section are called by those who read them: title of a post, excerpt of a comment, by id."""
    section = document.section
    if section is None:
        return {}
    listed = [(one.target_id, one.excerpt) for finding in section.findings for one in finding.targets]
    listed += [(one.post_id, one.title) for one in section.posts]
    listed += [(one.comment_id, one.excerpt) for one in section.comments]
    return {key: text for key, text in listed if text}


def few(number: int) -> str:
    """A number of people; a few are not counted out."""
    return f"< {SMALL}" if 0 < number < SMALL else figures.count(number)


def finding_says(one: SectionFinding, words: Words) -> str:
    """A finding as one plain sentence."""
    values: dict[str, Any] = {
        "observed": one.statistic,
        "expected": one.expectation,
        "likes": one.likes,
        "authors": few(one.authors),
        "start": one.start_ms,
        "end": one.end_ms,
        "region": one.regions[0].name if one.regions else figures.DASH,
    }
    code = f"says_{one.detector}"
    if one.detector == "curve" and (one.start_ms is None or one.shape in ("drop", "top_up", "round_stop")):
        code = "says_curve_plain"
    if one.detector == "region":
        values["region"] = region_name(values["region"], words)
    known = words.name("says", code.removeprefix("says_"))
    return words(code if known != code.removeprefix("says_") else "says_any", **values)


def region_name(name: str, words: Words) -> str:
    """A region, or the word for the cell that small ones are merged into."""
    return words.ui("other_regions") if name == "other" else name


def sight_rows(section: SectionPart) -> list[tuple[str, list[tuple[str, float | None]]]]:
    """What each tier can see, by way of buying: rows of ``(sees, recall)`` in the order T0, T1, T2."""
    rows: dict[str, dict[str, tuple[str, float | None]]] = {}
    for one in section.sight:
        rows.setdefault(one.attack, {})[one.tier] = (one.sees, one.recall)
    nothing: tuple[str, float | None] = ("no", None)
    return [(attack, [seen.get(tier, nothing) for tier in ("T0", "T1", "T2")]) for attack, seen in rows.items()]


def _finding(one: SectionFinding, words: Words) -> FindingView:
    top = max([target.likes for target in one.targets], default=0)
    bars = [
        (
            target,
            _percent(target.likes, top),
            _percent(min(target.excess or 0.0, float(target.likes)), top),
        )
        for target in one.targets[:MOST_TARGETS]
    ]
    wide = narrow = Markup()
    alt = caption = ""
    if one.curve is not None and (pane := section_charts.pane_of(one.curve, one.start_ms, one.end_ms)):
        window = (one.start_ms, one.end_ms) if one.start_ms is not None and one.end_ms is not None else None
        wide, narrow = (
            Markup(section_charts.counter_svg(pane, window, words, frame))
            for frame in (section_charts.WIDE, section_charts.NARROW)
        )
        alt = words.ui("counter_alt", start=pane.start_ms, end=pane.end_ms, first=pane.likes[0], last=pane.likes[-1])
        caption = words.ui(
            "counter_whole" if pane.whole else "counter_part",
            first=one.curve.at_ms[0],
            last=one.curve.at_ms[-1],
            zone=words.zone(),
        )
    excess = ""
    if one.excess is not None:
        named = one.excess_low is not None and one.excess_high is not None
        values = {"excess": one.excess, "low": one.excess_low, "high": one.excess_high}
        excess = words.ui("excess_line" if named else "excess_plain", **values)
    most = max([max(float(cell.comments), cell.expected or 0.0) for cell in one.regions], default=0.0)
    return FindingView(
        one=one,
        says=finding_says(one, words),
        excess=excess,
        wide=wide,
        narrow=narrow,
        alt=alt,
        caption=caption,
        targets=bars,
        targets_left=max(0, one.targets_total - len(bars)),
        regions=[
            (
                region_name(cell.name, words),
                cell.comments,
                cell.expected or 0.0,
                _percent(cell.comments, most),
                _percent(cell.expected or 0.0, most),
            )
            for cell in one.regions[:6]
        ],
    )


def _gap(section: SectionPart, words: Words) -> Mapping[str, Any] | None:
    points = section.gaps
    if len(points) < 3:
        return None
    frames = (section_charts.SQUARE, section_charts.SQUARE_NARROW)
    wide, narrow = (Markup(section_charts.gap_svg(points, frame)) for frame in frames)
    marked = sum(point.marked for point in points)
    return {"wide": wide, "narrow": narrow, "alt": words.ui("gap_alt", points=len(points), marked=marked)}


def _evidence(section: SectionPart, words: Words) -> list[EvidenceView]:
    """Posts and comments with a case, those with most likes in question first."""
    out: list[EvidenceView] = []
    for post in section.posts:
        if post.case is not None and post.own.discounted + post.own.undetermined:
            out.append(_case("post", post.post_id, post.title, "", post.level, post.own, [], post.case, words))
    for view in section.comments:
        if view.case is not None:
            facts = [words.name("flag", flag) for flag in view.flags]
            facts = ([view.region] if view.region else []) + facts
            told = [words.say(message) for message in view.counter]
            line = " · ".join(facts)
            out.append(
                _case("comment", view.comment_id, view.excerpt, line, view.level, view.count, told, view.case, words)
            )
    return sorted(out, key=lambda one: (-one.count.discounted - one.count.undetermined, one.kind, one.id))


def _case(
    kind: str,
    own_id: str,
    excerpt: str,
    facts: str,
    level: str,
    count: Count,
    counter: list[str],
    case: Case,
    words: Words,
) -> EvidenceView:
    drawn = waterfall(case, words)
    alt = words.ui(
        "waterfall_alt",
        subject=words.name("subject", case.subject_kind),
        id=case.subject_id,
        prior=sum(step.weight for step in case.steps if step.kind == "prior"),
        total=sum(step.weight for step in case.steps),
    )
    return EvidenceView(kind, own_id, excerpt, facts, level, count, counter, case, drawn.bars, 100 * drawn.zero, alt)


def _moves(section: SectionPart) -> list[tuple[Any, float, float]]:
    """Changes of place, largest first, with both places in percent along the board."""

    def place(rank: int) -> float:
        return round(100.0 * (min(rank, _BOARD) - 0.5) / _BOARD, 2)

    largest = sorted(section.ranks, key=lambda move: (-abs(move.places), move.rank_authentic, move.comment_id))
    return [(move, place(move.rank_shown), place(move.rank_authentic)) for move in largest[:MOST_MOVES]]


def _percent(part: float, whole: float) -> float:
    return round(100.0 * part / whole, 2) if whole > 0 else 0.0
