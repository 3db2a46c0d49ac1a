"""The result document in a terminal: a summary of one screen, and one verdict as a waterfall. Nothing is counted here.

Ids come from the log and may hold escape sequences; they only ever reach the terminal through ``figures.short``, in
``Text`` without markup.
"""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Group, RenderableType
from rich.constrain import Constrain
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from plaudit.report import figures
from plaudit.report.waterfall import Bar, waterfall
from plaudit.report.words import Words
from plaudit.result import Case, Count, DetectorRun, GroupView, ResultDocument, TargetView

VERIFIED, UNDETERMINED, DISCOUNTED = "cyan", "yellow", "magenta"
_SOFT = "bright_black"
_MOST = 5
_WIDTH = 80
_EIGHTHS = " ▏▎▍▌▋▊▉█"


def summary(document: ResultDocument, lang: str) -> RenderableType:
    """See :func:`plaudit.report.render_summary`."""
    words = Words.of(lang)
    total = document.total
    parts: list[RenderableType] = [
        _heading(words.ui("title")),
        Text(words.say(document.headline), style="bold"),
        Text(),
        _counts(total, words),
        Text(),
        count_line(total, _WIDTH - 6),
        _legend(total, words),
    ]
    if document.groups:
        parts += [Text(), _heading(words.ui("s_groups")), _groups(document.groups[:_MOST], words)]
        parts += _more(len(document.groups) - _MOST + document.groups_omitted, words)
    if document.targets:
        parts += [Text(), _heading(words.ui("s_targets")), _targets(document.targets[:_MOST], words)]
        parts += _more(len(document.targets) - _MOST + document.targets_omitted, words)
    parts += [Text(), _heading(words.ui("s_detectors")), _detectors(document.detectors, words)]
    if document.labels:
        parts += [Text(), _heading(words.ui("labels")), Text(words.say(document.labels.outcome))]
    rows = document.input
    account = words.ui(
        "quarantined",
        rejected=rows.rejected,
        rows=rows.rows,
        duplicates=rows.duplicates,
        taken_back=rows.taken_back,
        other_kinds=rows.other_kinds,
    )
    parts += [Text(), _heading(words.ui("account")), Text(account)]
    if document.unseen:
        parts += [Text(), _heading(words.ui("s_unseen")), *_bullets(words.say(m) for m in document.unseen)]
    return Constrain(Group(*parts), _WIDTH)


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
        facts = words.ui("case_facts", likes=case.likes, expected=case.expected_inauthentic)
        parts.append(Text(facts, style=_SOFT))
    parts += [Text(), _waterfall(drawn.bars, drawn.zero, words, width), Text()]
    parts.append(Text(words.ui("waterfall_note"), style=_SOFT))
    for heading, messages in (("exonerating", case.exonerating), ("innocent", case.innocent)):
        if messages:
            parts += [Text(), Text(words.ui(heading), style="bold"), *_bullets(words.say(m) for m in messages)]
    parts += [Text(), Text(words.ui("suspicion_note"), style=_SOFT)]
    return Constrain(Group(*parts), width)


def count_line(count: Count, width: int) -> Text:
    """A count as one bar of ``width`` cells: verified, undetermined, discounted; any that exist get a cell."""
    line = Text()
    if count.shown <= 0:
        return line.append("·" * width, _SOFT)
    cells = [round(width * part / count.shown) for part in (count.verified, count.undetermined, count.discounted)]
    for place, part in enumerate((count.verified, count.undetermined, count.discounted)):
        if part > 0 and cells[place] == 0:
            cells[place] = 1
    cells[cells.index(max(cells))] += width - sum(cells)
    # Three textures as well as three colours: the bar must read on a monochrome terminal, too.
    for size, texture, style in zip(cells, "█▓▒", (VERIFIED, UNDETERMINED, DISCOUNTED), strict=True):
        line.append(texture * size, style)
    return line


def _heading(text: str) -> Rule:
    return Rule(Text(text, style="bold"), align="left", style=_SOFT, characters="─")


def _counts(total: Count, words: Words) -> Table:
    table = Table.grid(padding=(0, 4))
    share = total.discounted / total.shown if total.shown else 0.0
    table.add_row(*(Text(words.ui(name), style=_SOFT) for name in ("shown", "authentic", "suspected")))
    table.add_row(
        Text(figures.count(total.shown), style="bold"),
        Text(figures.count(total.authentic), style=f"bold {VERIFIED}"),
        Text(figures.count(total.discounted), style=f"bold {DISCOUNTED}"),
    )
    interval = words.ui("interval_range", low=total.authentic_low, high=total.authentic_high)
    table.add_row(
        Text(),
        Text(f"{words.ui('interval')} {interval}", style=_SOFT),
        Text(words.ui("share_of_shown", share=share), style=_SOFT),
    )
    return table


def _legend(total: Count, words: Words) -> Text:
    line = Text()
    for texture, name, style, number in (
        ("█", "verified", VERIFIED, total.verified),
        ("▓", "undetermined", UNDETERMINED, total.undetermined),
        ("▒", "discounted", DISCOUNTED, total.discounted),
    ):
        line.append(texture, style).append(f" {words.ui(name)} {figures.count(number)}    ")
    return line


def _table(*columns: tuple[str, bool]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style=_SOFT)
    for heading, right in columns:
        table.add_column(heading, justify="right" if right else "left", no_wrap=right, overflow="fold")
    return table


def _groups(groups: list[GroupView], words: Words) -> Table:
    table = _table(
        (words.ui("kind"), False),
        (words.ui("detector"), False),
        (words.ui("likes_column"), True),
        (words.ui("observed"), True),
        (words.ui("expected"), True),
        ("q", True),
    )
    for group in groups:
        table.add_row(
            Text(figures.short(group.group_id, 16)),
            Text(words.name("detector_name", group.detector)),
            figures.count(group.likes),
            figures.decimal(group.statistic),
            figures.decimal(group.expectation),
            figures.chance(group.q_value),
        )
    return table


def _targets(targets: list[TargetView], words: Words) -> Table:
    table = _table((words.ui("target"), False), (words.ui("shown"), True), (words.ui("authentic"), True), ("", False))
    for view in targets:
        count = view.count
        low, high = figures.count(count.authentic_low), figures.count(count.authentic_high)
        table.add_row(
            Text(figures.short(view.target_id, 24)),
            figures.count(count.shown),
            f"{figures.count(count.authentic)} [{low}{figures.DASH}{high}]".replace("[", "\\["),
            count_line(count, 16),
        )
    return table


def _detectors(runs: list[DetectorRun], words: Words) -> Table:
    table = _table(
        (words.ui("detector"), False),
        (words.ui("outcome"), False),
        (words.ui("candidates"), True),
        (words.ui("significant"), True),
    )
    for run in runs:
        asked = run.outcome == "measured"
        table.add_row(
            Text(words.name("detector_name", run.detector)),
            Text(words.name("outcome", run.outcome), style="" if asked else UNDETERMINED),
            figures.count(run.candidates) if asked else figures.DASH,
            figures.count(run.significant) if asked else figures.DASH,
        )
    return table


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
    axis = Text(" " * max(0, place) + label, style=_SOFT)
    parts = [row(Text(words.ui("step"), style=_SOFT), axis, Text(heading, style=_SOFT))]
    lines: list[RenderableType] = list(parts)
    for bar in bars:
        name = Text(bar.name, style="bold" if bar.kind == "posterior" else "")
        lines.append(row(name, _bar_line(bar, zero, widths[1]), Text(figures.signed(bar.weight))))
        detail = _detail(bar, words)
        if detail:
            lines.append(Padding(Text(detail, style=_SOFT, overflow="fold"), (0, 0, 0, 2)))
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
    line.stylize(_SOFT, 0, width)
    line.stylize(_bar_style(bar), start, end)
    return line


def _bar_style(bar: Bar) -> str:
    if bar.kind in ("prior", "posterior"):
        return "white" if bar.kind == "posterior" else _SOFT
    return DISCOUNTED if bar.weight >= 0 else VERIFIED


def _status_style(status: str) -> str:
    return {"verified": VERIFIED, "undetermined": UNDETERMINED, "discounted": DISCOUNTED}.get(status, "")


def _bullets(texts: Iterable[str]) -> list[RenderableType]:
    out: list[RenderableType] = []
    for text in texts:
        row = Table.grid(padding=(0, 1, 0, 0))
        row.add_column()
        row.add_column(overflow="fold")
        row.add_row(Text("•"), Text(text))
        out.append(row)
    return out


def _more(count: int, words: Words) -> list[RenderableType]:
    return [Text(words.ui("terminal_more", count=count), style=_SOFT)] if count > 0 else []
