"""The result document as one HTML page. Everything here is layout: no figure is made that the document lacks."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, partial
from importlib.resources import files
from typing import Any

from markupsafe import Markup

from plaudit.report import charts, figures
from plaudit.report.drawing import Frame
from plaudit.report.notes import left_out_lines
from plaudit.report.places import METHODS, MOST_BOARDS, WAYS, badge_text, board_picture, herd_bar, told_herd
from plaudit.report.section_page import CHAPTERS, called, few, section_context
from plaudit.report.templating import template
from plaudit.report.waterfall import Bar, waterfall
from plaudit.report.words import Words
from plaudit.result import Case, Count, Curve, GroupView, ResultDocument

MOST_CURVES = 8
MOST_TARGETS = 40
MOST_GROUPS = 8
MOST_CASES = 10
MOST_DECISIONS = 40
MOST_NAMES = 60
"""How much one page shows; the tables of the audit hold the rest, and the page says how much that is."""

SECTIONS = ("count", "curve", "targets", "groups", "places", "cases", "detectors", "unseen", "decisions", "method")


@dataclass(frozen=True)
class CountBar:
    """Edges of a count's bar in percent of what is shown; ``known`` is False where nothing is shown."""

    verified: float
    undetermined: float
    discounted: float
    low: float
    middle: float
    high: float
    known: bool


@dataclass(frozen=True)
class CurveView:
    """A curve's pictures (``narrow`` may be empty), its text twin and the figures read out under the pointer."""

    wide: Markup
    narrow: Markup
    alt: str
    figures: str


@dataclass(frozen=True)
class GroupPicture:
    """A group with its pictures and the ids that its rows and columns stand for."""

    view: GroupView
    wide: Markup
    narrow: Markup
    alt: str
    columns: list[str]


@dataclass(frozen=True)
class CaseView:
    """A case with the bars of its waterfall; ``zero`` is the line of even odds in percent of the width."""

    case: Case
    bars: list[Bar]
    zero: float
    alt: str


def render(document: ResultDocument, lang: str, tz_offset_minutes: int | None) -> str:
    """The page; see :func:`plaudit.report.render_html`."""
    words = Words.of(lang, tz_offset_minutes)
    # What is marked as safe below is ours alone: two files and pictures that no id of the log enters.
    script = _asset("hover.js")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    targets = document.targets[:MOST_TARGETS]
    return template("page.html.j2").render(
        d=document,
        w=words,
        t=words.ui,
        f=figures,
        sections=SECTIONS,
        # The chapters of an event log follow those of the exports beside it.
        offset=len(CHAPTERS) if document.section else 0,
        few=few,
        style=Markup(_style(document, words)),
        script=Markup(script),
        script_digest=digest,
        bar=count_bar,
        overall=_curve(document.overall, words, (charts.WIDE, charts.NARROW)),
        night=charts.has_night(document.overall),
        curves=[(view, _curve(view.curve, words, (charts.SMALL,))) for view in targets[:MOST_CURVES]],
        targets=targets,
        targets_left=_left(document.targets, MOST_TARGETS, document.targets_omitted),
        groups=[_group(view, words) for view in document.groups[:MOST_GROUPS]],
        groups_left=_left(document.groups, MOST_GROUPS, document.groups_omitted),
        herd_parts=herd_bar(document.herd, document.total.shown) if document.herd else [],
        boards=[board_picture(view) for view in document.boards[:MOST_BOARDS]],
        boards_left=_left(document.boards, MOST_BOARDS, document.boards_omitted),
        badge=partial(badge_text, words),
        methods=METHODS,
        herd_told=told_herd(document.herd),
        ways=WAYS,
        cases=[_case(case, words) for case in document.cases[:MOST_CASES]],
        cases_left=_left(document.cases, MOST_CASES, 0),
        decisions=document.decisions[:MOST_DECISIONS],
        called=called(document),
        decisions_left=_left(document.decisions, MOST_DECISIONS, document.decisions_omitted),
        most_names=MOST_NAMES,
        parameters=_parameters(document.method.parameters),
        left_out=left_out_lines(document.left_out, words),
        **(section_context(document, words) if document.section else {}),
    )


def _style(document: ResultDocument, words: Words) -> str:
    """The style sheet; of a section's report with what stands at the head and foot of every printed page."""
    style = _asset("style.css")
    if document.section is None:
        return style
    running = {
        "RUNNING_TITLE": words.ui("section_title"),
        "RUNNING_PRINT": f"{words.ui('fingerprint')} {document.section.basis.fingerprint[:16]}",
    }
    sheet = _asset("section.css")
    for name, text in running.items():
        # The words are ours; hexadecimal digits and letters need no more than this to stay inside a CSS string.
        sheet = sheet.replace(name, "".join(letter for letter in text if letter not in '\\"<>\n'))
    return style + sheet


def count_bar(count: Count) -> CountBar:
    """The bar of one count, each edge in percent of what is shown."""
    if count.shown <= 0:
        return CountBar(0, 0, 0, 0, 0, 0, False)

    def share(value: float) -> float:
        return round(min(100.0, max(0.0, 100.0 * value / count.shown)), 2)

    return CountBar(
        verified=share(count.verified),
        undetermined=share(count.undetermined),
        discounted=share(count.discounted),
        low=share(count.authentic_low),
        middle=share(count.authentic),
        high=share(count.authentic_high),
        known=True,
    )


def _left(shown: Sequence[Any], most: int, omitted: int) -> int:
    return max(0, len(shown) - most) + omitted


def _curve(curve: Curve, words: Words, frames: tuple[Frame, ...]) -> CurveView:
    bins = len(curve.verified)
    if bins == 0 or curve.bin_ms <= 0:
        return CurveView(Markup(), Markup(), "", "")
    totals = [sum(parts) for parts in zip(curve.verified, curve.undetermined, curve.discounted, strict=True)]
    peak = max(range(bins), key=lambda index: (totals[index], -index))
    text = words.ui(
        "curve_alt",
        start=curve.start_ms,
        end=curve.start_ms + bins * curve.bin_ms,
        total=sum(totals),
        discounted=sum(curve.discounted),
        undetermined=sum(curve.undetermined),
        peak_at=curve.start_ms + peak * curve.bin_ms,
        peak=totals[peak],
    )
    pictures = [Markup(charts.curve_svg(curve, words, frame)) for frame in frames]
    read_out = {
        "start": curve.start_ms + words.offset_minutes * 60_000,
        "bin": curve.bin_ms,
        "spans": [frame.plot_span for frame in frames],
        "rows": [
            [words.name("status", name).split("（")[0], getattr(curve, name)]
            for name in ("discounted", "undetermined", "verified")
        ],
    }
    return CurveView(
        wide=pictures[0],
        narrow=pictures[1] if len(pictures) > 1 else Markup(),
        alt=text,
        figures=json.dumps(read_out, ensure_ascii=False, separators=(",", ":")),
    )


def _group(view: GroupView, words: Words) -> GroupPicture:
    cells = len(view.members) * len(view.targets)
    filled = len({(edge.member, edge.target) for edge in view.edges})
    text = words.ui(
        "group_alt",
        id=view.group_id,
        edges=len(view.edges),
        members=len(view.members),
        targets=len(view.targets),
        fill=filled / cells if cells else 0.0,
    )
    return GroupPicture(
        view=view,
        wide=Markup(charts.group_svg(view, words, wide=True)),
        narrow=Markup(charts.group_svg(view, words, wide=False)),
        alt=text,
        columns=[view.targets[place] for place in charts.order_served(view)],
    )


def _case(case: Case, words: Words) -> CaseView:
    drawn = waterfall(case, words)
    text = words.ui(
        "waterfall_alt",
        subject=words.name("subject", case.subject_kind),
        id=case.subject_id,
        prior=sum(step.weight for step in case.steps if step.kind == "prior"),
        total=sum(step.weight for step in case.steps),
    )
    return CaseView(case=case, bars=drawn.bars, zero=100 * drawn.zero, alt=text)


def _parameters(parameters: dict[str, Any]) -> list[tuple[str, str]]:
    return [
        (name, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True, default=str))
        for name, value in sorted(parameters.items())
    ]


@cache
def _asset(name: str) -> str:
    return files("plaudit.report").joinpath("templates", name).read_text(encoding="utf-8")
