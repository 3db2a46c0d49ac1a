"""The result document in a terminal: a summary of one screen, and one verdict as a waterfall. Nothing is counted here.

Ids come from the log and may hold escape sequences; they only ever reach the terminal through ``figures.short``, in
``Text`` without markup.
"""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.constrain import Constrain
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from plaudit.model import Tier
from plaudit.report import figures
from plaudit.report.screen import (
    DISCOUNTED,
    SOFT,
    UNDETERMINED,
    VERIFIED,
    WIDTH,
    Sentence,
    bullets,
    count_line,
    counts,
    heading,
    legend,
    more,
    table,
)
from plaudit.report.section_terminal import left_out, section_summary
from plaudit.report.value import value_view
from plaudit.report.waterfall import Bar, facts_of, waterfall
from plaudit.report.words import Words
from plaudit.result import Case, DetectorRun, GroupView, ResultDocument, TargetView

_MOST = 5
_EIGHTHS = " ▏▎▍▌▋▊▉█"


def summary(document: ResultDocument, lang: str) -> RenderableType:
    """See :func:`plaudit.report.render_summary`."""
    words = Words.of(lang)
    parts: list[RenderableType] = []
    if document.section:
        parts += section_summary(document.section, document.left_out, words)
    if document.tier == Tier.EVENTS:
        parts += ([Text()] if parts else []) + _log(document, words)
    parts += [Text(), heading(words.ui("s_detectors")), _detectors(document.detectors, words)]
    if document.labels:
        parts += [Text(), heading(words.ui("labels")), Sentence(words.say(document.labels.outcome))]
    if document.value:
        parts += [Text(), value_view(document.value, lang)]
    if document.tier == Tier.EVENTS:
        rows = document.input
        account = words.ui(
            "quarantined",
            rejected=rows.rejected,
            rows=rows.rows,
            duplicates=rows.duplicates,
            taken_back=rows.taken_back,
            other_kinds=rows.other_kinds,
        )
        parts += [Text(), heading(words.ui("account")), Sentence(account)]
        if not document.section:
            parts += left_out(document.left_out, words)
    if document.unseen:
        parts += [Text(), heading(words.ui("s_unseen")), *bullets(words.say(m) for m in document.unseen)]
    return Constrain(Group(*parts), WIDTH)


def _log(document: ResultDocument, words: Words) -> list[RenderableType]:
    """What an event log's audit found."""
    total = document.total
    parts: list[RenderableType] = [
        heading(words.ui("title")),
        Sentence(words.say(document.headline), "bold"),
        Text(),
        counts(total, words),
        Text(),
        count_line(total, WIDTH - 6),
        legend(total, words),
    ]
    if document.herd and document.herd.messages:
        parts += [Text(), *(Sentence(words.say(message)) for message in document.herd.messages[:2])]
    if document.groups:
        parts += [Text(), heading(words.ui("s_groups")), _groups(document.groups[:_MOST], words)]
        parts += more(len(document.groups) - _MOST + document.groups_omitted, words)
    if document.targets:
        parts += [Text(), heading(words.ui("s_targets")), _targets(document.targets[:_MOST], words)]
        parts += more(len(document.targets) - _MOST + document.targets_omitted, words)
    return parts


def case_view(case: Case, lang: str, width: int) -> RenderableType:
    """See :func:`plaudit.report.render_case`."""
    words = Words.of(lang)
    width = max(48, width)
    drawn = waterfall(case, words)
    title = Text.assemble(
        (words.name("subject", case.subject_kind).capitalize() + " ", "bold"),
        (figures.short(case.subject_id, width // 2), "bold"),
        ("  " + words.name("standing", case.status), _status_style(case.status)),
    )
    parts: list[RenderableType] = [title]
    if case.likes > 1:
        parts.append(Sentence(facts_of(case, words), SOFT))
    parts += [Text(), _waterfall(drawn.bars, drawn.zero, words, width), Text()]
    parts.append(Sentence(words.ui("waterfall_note"), SOFT))
    for name, messages in (("exonerating", case.exonerating), ("innocent", case.innocent)):
        if messages:
            parts += [Text(), Text(words.ui(name), style="bold"), *bullets(words.say(m) for m in messages)]
    parts += [Text(), Sentence(words.ui("suspicion_note"), SOFT)]
    return Constrain(Group(*parts), width)


def _groups(groups: list[GroupView], words: Words) -> Table:
    rows = table(
        (words.ui("kind"), False),
        (words.ui("detector"), False),
        (words.ui("likes_column"), True),
        (words.ui("observed"), True),
        (words.ui("expected"), True),
        ("q", True),
    )
    for group in groups:
        rows.add_row(
            Text(figures.short(group.group_id, 16)),
            Text(words.name("detector_name", group.detector)),
            figures.count(group.likes),
            figures.decimal(group.statistic),
            figures.decimal(group.expectation),
            figures.chance(group.q_value),
        )
    return rows


def _targets(targets: list[TargetView], words: Words) -> Table:
    rows = table((words.ui("target"), False), (words.ui("shown"), True), (words.ui("authentic"), True), ("", False))
    for view in targets:
        count = view.count
        low, high = figures.count(count.authentic_low), figures.count(count.authentic_high)
        rows.add_row(
            Text(figures.short(view.target_id, 24)),
            figures.count(count.shown),
            f"{figures.count(count.authentic)} [{low}{figures.DASH}{high}]".replace("[", "\\["),
            count_line(count, 16),
        )
    return rows


def _detectors(runs: list[DetectorRun], words: Words) -> Table:
    rows = table(
        (words.ui("detector"), False),
        (words.ui("outcome"), False),
        (words.ui("candidates"), True),
        (words.ui("significant"), True),
    )
    for run in runs:
        asked = run.outcome == "measured"
        rows.add_row(
            Text(words.name("detector_name", run.detector)),
            Text(words.name("outcome", run.outcome), style="" if asked else UNDETERMINED),
            figures.count(run.candidates) if asked else figures.DASH,
            figures.count(run.significant) if asked else figures.DASH,
        )
    return rows


def _waterfall(bars: list[Bar], zero: float, words: Words, width: int) -> Group:
    heading = words.ui("weight")
    widths = (max(18, min(26, width // 3)), 0, figures.cells(heading))
    widths = (widths[0], max(8, width - widths[0] - widths[2] - 4), widths[2])

    def row(left: Text, middle: Text, right: Text) -> Table:
        table = Table.grid(padding=(0, 2, 0, 0))
        for size, justify in zip(widths, ("left", "left", "right"), strict=True):
            table.add_column(width=size, justify="right" if justify == "right" else "left", overflow="fold")
        table.add_row(left, middle, right)
        return table

    # The name of the line of even odds stands over the line.
    label = f"{words.ui('even_odds')} │"
    place = int(zero * widths[1]) + 1 - figures.cells(label)
    if place < 0:
        label = f"│ {words.ui('even_odds')}"
        place = min(int(zero * widths[1]), widths[1] - figures.cells(label))
    axis = Text(" " * max(0, place) + label, style=SOFT)
    parts = [row(Text(words.ui("step"), style=SOFT), axis, Text(heading, style=SOFT))]
    lines: list[RenderableType] = list(parts)
    for bar in bars:
        name = Text(bar.name, style="bold" if bar.kind == "posterior" else "")
        lines.append(row(name, _bar_line(bar, zero, widths[1]), Text(figures.signed(bar.weight))))
        detail = _detail(bar, words)
        if detail:
            lines.append(Padding(Text(detail, style=SOFT, overflow="fold"), (0, 0, 0, 2)))
    return Group(*lines)


def _detail(bar: Bar, words: Words) -> str:
    parts = []
    if bar.observed:
        against = words.ui("against", expected=bar.expected) if bar.expected else ""
        parts.append(f"{bar.observed} {against}".strip())
    if bar.p_value:
        joint = " " if bar.p_value.startswith("<") else " = "
        parts.append(f"p{joint}{bar.p_value}")
    parts += [part for part in (bar.strength, bar.note) if part]
    return " · ".join(parts)


def _bar_line(bar: Bar, zero: float, width: int) -> Text:
    """One bar to an eighth of a cell at its right end; its left end is exact to a cell."""
    axis = min(width - 1, int(zero * width))
    letters = [" "] * width
    start = min(width - 1, int(bar.low * width))
    full, rest = divmod(max(1, round((bar.high * width - start) * 8)), 8)
    end = start + full
    letters[start:end] = "█" * full
    if rest and end < width:
        letters[end] = _EIGHTHS[rest]
        end += 1
    letters = letters[:width]
    if not start <= axis < end:
        letters[axis] = "│"
    line = Text("".join(letters), no_wrap=True)
    line.stylize(SOFT, 0, width)
    line.stylize(_bar_style(bar), start, end)
    return line


def _bar_style(bar: Bar) -> str:
    if bar.kind in ("prior", "posterior"):
        return "white" if bar.kind == "posterior" else SOFT
    return DISCOUNTED if bar.weight >= 0 else VERIFIED


def _status_style(status: str) -> str:
    return {"verified": VERIFIED, "undetermined": UNDETERMINED, "discounted": DISCOUNTED}.get(status, "")
