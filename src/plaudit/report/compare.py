"""A comparison for a terminal, and as a piece of HTML that stands by itself or inside another page."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from plaudit.report import figures
from plaudit.report.screen import Sentence
from plaudit.report.templating import template
from plaudit.report.words import Words
from plaudit.result.compare import Comparison, Measure

MOST_PAIRS = 45
"""Differences shown: all of them up to ten units."""


def comparison_view(comparison: Comparison, lang: str) -> RenderableType:
    """Units by expected share, their chances of being best, and the sentence."""
    words = Words.of(lang)
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bright_black")
    table.add_column(words("compare_name"), overflow="fold")
    for name in ("targets", "shown", "share", "rate", "chance"):
        table.add_column(words(f"compare_{name}"), justify="right")
    for unit in comparison.units:
        low, high = words.percent(unit.rate_low), words.percent(unit.rate_high)
        table.add_row(
            Text(figures.short(unit.name, 28)),
            figures.count(unit.targets),
            figures.count(unit.shown),
            words.percent(unit.share),
            f"{words.percent(unit.rate)} ({low} {figures.DASH} {high})",
            words.percent(unit.best),
        )
    note = words("compare_note", clustering=comparison.clustering, pooling=comparison.pooling)
    said = [Sentence(words.say(message), "bold") for message in comparison.messages]
    parts: list[RenderableType] = [*said, Text(), table, Text(), Sentence(note, "bright_black")]
    for measure in comparison.measures:
        parts += [Text(), Text(words(f"compare_{measure.code}"), style="bold"), _measure_table(measure, words)]
        parts.append(Sentence(measure_note(measure, words), "bright_black"))
    return Group(*parts)


def amount(measure: Measure, value: float, words: Words) -> str:
    """A figure of a measure: likes per thousand reads, or points."""
    return figures.decimal(1000 * value if measure.code == "likes_per_read" else value)


def measure_note(measure: Measure, words: Words) -> str:
    """What a measure rests on, and how far it was drawn to the mean."""
    left = words("compare_left_out", posts=measure.left_out) if measure.left_out else ""
    return " ".join(part for part in (words(f"compare_{measure.code}_note", pooling=measure.pooling), left) if part)


def _measure_table(measure: Measure, words: Words) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bright_black")
    table.add_column(words("compare_name"), overflow="fold")
    for name in (f"{measure.code}_parts", "observed", "rate", "chance"):
        table.add_column(words(f"compare_{name}"), justify="right")
    for unit in measure.units:
        value, low, high = (amount(measure, one, words) for one in (unit.value, unit.low, unit.high))
        table.add_row(
            Text(figures.short(unit.name, 28)),
            figures.count(unit.parts),
            amount(measure, unit.observed, words),
            f"{value} ({low} {figures.DASH} {high})",
            words.percent(unit.best),
        )
    return table


def comparison_html(comparison: Comparison, lang: str) -> str:
    """One ``<section>`` with its own style; loads nothing from anywhere."""
    words = Words.of(lang)
    tools = {"amount": amount, "measure_note": measure_note}
    return template("compare.html.j2").render(c=comparison, w=words, f=figures, most=MOST_PAIRS, **tools)
