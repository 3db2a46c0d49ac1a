"""What the terminal's views are made of: headings, tables, lists, and a count as one bar of textures."""

from __future__ import annotations

import re
from collections.abc import Iterable

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.measure import Measurement
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from plaudit.report import figures
from plaudit.report.words import Words
from plaudit.result import Count

VERIFIED, UNDETERMINED, DISCOUNTED = "cyan", "yellow", "magenta"
SOFT = "bright_black"
WIDTH = 80
"""Cells of a summary."""


def count_line(count: Count, width: int) -> Text:
    """A count as one bar of ``width`` cells: verified, undetermined, discounted; any that exist get a cell."""
    line = Text()
    if count.shown <= 0:
        return line.append("·" * width, SOFT)
    cells = [round(width * part / count.shown) for part in (count.verified, count.undetermined, count.discounted)]
    for place, part in enumerate((count.verified, count.undetermined, count.discounted)):
        if part > 0 and cells[place] == 0:
            cells[place] = 1
    cells[cells.index(max(cells))] += width - sum(cells)
    # Three textures as well as three colours: the bar must read on a monochrome terminal, too.
    for size, texture, style in zip(cells, "█▓▒", (VERIFIED, UNDETERMINED, DISCOUNTED), strict=True):
        line.append(texture * size, style)
    return line


def heading(text: str) -> Rule:
    """A heading with a line after it."""
    return Rule(Text(text, style="bold"), align="left", style=SOFT, characters="─")


def counts(total: Count, words: Words) -> Table:
    """What is shown, authentic and suspected, side by side."""
    grid = Table.grid(padding=(0, 4))
    share = total.discounted / total.shown if total.shown else 0.0
    grid.add_row(*(Text(words.ui(name), style=SOFT) for name in ("shown", "authentic", "suspected")))
    plus = "+" if total.open_ended else ""
    grid.add_row(
        Text(figures.count(total.shown) + plus, style="bold"),
        Text(figures.count(total.authentic) + plus, style=f"bold {VERIFIED}"),
        Text(figures.count(total.discounted), style=f"bold {DISCOUNTED}"),
    )
    interval = words.ui("interval_range", low=total.authentic_low, high=total.top)
    grid.add_row(
        Text(),
        Text(f"{words.ui('interval')} {interval}", style=SOFT),
        Text(words.ui("share_of_shown", share=share), style=SOFT),
    )
    return grid


def legend(total: Count, words: Words) -> Text:
    """What the textures of :func:`count_line` stand for."""
    line = Text()
    for texture, name, style, number in (
        ("█", "verified", VERIFIED, total.verified),
        ("▓", "undetermined", UNDETERMINED, total.undetermined),
        ("▒", "discounted", DISCOUNTED, total.discounted),
    ):
        line.append(texture, style).append(f" {words.ui(name)} {figures.count(number)}    ")
    return line


def table(*columns: tuple[str, bool]) -> Table:
    """A plain table with these headings, each with whether its column is one of numbers."""
    plain = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style=SOFT)
    for name, right in columns:
        plain.add_column(name, justify="right" if right else "left", no_wrap=right, overflow="fold")
    return plain


_WIDE = r"\u2e80-\u303f\u3040-\u9fff\uf900-\ufaff\uff00-\uff60"
_OPENS, _CLOSES = "（「『“《〈【", "，。；：！？、）」』”》〉】…"
_PIECE = re.compile(rf"\s+|[{_OPENS}]*(?:[{_WIDE}]|[^\s{_WIDE}{_OPENS}{_CLOSES}]+)?[{_CLOSES}]*")


def folded(text: str, width: int) -> list[str]:
    """Lines of at most ``width`` cells. Chinese breaks between any two characters, and never before a closing mark.

    Rich alone breaks at spaces, which in Chinese stand around numbers only. What is longer than a line stays whole.
    """
    lines, line, cells = [""], "", 0
    for piece in (found for found in _PIECE.findall(text) if found):
        size = figures.cells(piece)
        if cells + size > width and line.strip():
            lines[-1], line, cells = line.rstrip(), "", 0
            lines.append("")
            if piece.isspace():
                continue
        line, cells = line + piece, cells + size
    lines[-1] = line.rstrip()
    return lines


class Sentence:
    """A sentence that breaks where its language breaks."""

    def __init__(self, text: str, style: str = "") -> None:
        """Keep what is to be said."""
        self.text, self.style = text, style

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """The lines for the width there is."""
        yield Text("\n".join(folded(self.text, options.max_width)), style=self.style, overflow="fold")

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        """A line at most, a few words at least."""
        whole = min(figures.cells(self.text), options.max_width)
        return Measurement(min(whole, 20), whole)


def bullets(texts: Iterable[str]) -> list[RenderableType]:
    """A list of sentences."""
    out: list[RenderableType] = []
    for text in texts:
        row = Table.grid(padding=(0, 1, 0, 0))
        row.add_column()
        row.add_column(overflow="fold")
        row.add_row(Text("•"), Sentence(text))
        out.append(row)
    return out


def more(count: int, words: Words) -> list[RenderableType]:
    """How many more there are, where there are any."""
    return [Text(words.ui("terminal_more", count=count), style=SOFT)] if count > 0 else []
