"""The value audit for a terminal."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from plaudit.report import figures
from plaudit.report.screen import bullets, heading
from plaudit.report.words import Words
from plaudit.result import ValuePart


def value_view(part: ValuePart, lang: str) -> RenderableType:
    """What can be said, rates by group and window, contrasts, costs."""
    words = Words.of(lang)
    parts: list[RenderableType] = [heading(words("value_title"))]
    parts += bullets(words.say(message) for message in part.messages)
    if part.rates:
        table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bright_black")
        for name in ("kind", "window", "group", "people", "acts", "rate"):
            table.add_column(words(f"value_{name}"), justify="right" if name in ("people", "acts", "rate") else "left")
        for rate in part.rates:
            low, high = words.percent(rate.low), words.percent(rate.high)
            table.add_row(
                words.word(rate.kind),
                words(f"{rate.window}_window"),
                words.name("group", rate.group),
                figures.count(rate.people),
                figures.DASH if rate.acts is None else figures.count(rate.acts),
                f"{figures.DASH if rate.rate is None else words.percent(rate.rate)} ({low} {figures.DASH} {high})",
            )
        parts += [Text(), table, Text()]
    parts += bullets(words.say(contrast.message) for contrast in part.contrasts)
    for cost in part.costs:
        line = f"{words(f'value_cost_{cost.code}')}: {figures.decimal(cost.value)} {figures.visible(cost.currency)}"
        if cost.high != cost.low:
            high = words("value_open") if cost.high is None else figures.decimal(cost.high)
            line += f" ({figures.decimal(cost.low)} {figures.DASH} {high})"
        parts.append(Text(line.replace(" (", "  (")))
    return Group(*parts)
