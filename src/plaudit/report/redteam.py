"""What cheating costs, for a terminal and as a piece of HTML that stands by itself or inside another page."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from plaudit.report import figures
from plaudit.report.screen import Sentence
from plaudit.report.templating import template
from plaudit.report.words import Words
from plaudit.result.redteam import CheatingPrice, FrontPoint, MarketCost, RedTeam

_WIDE, _HIGH, _EDGE = 520, 180, 40


def redteam_view(answer: RedTeam, lang: str) -> RenderableType:
    """Prices by market and goal, framing, the line drawn lower, and the sentences."""
    words = Words.of(lang)
    parts: list[RenderableType] = [Text(words("redteam_title"), style="bold")]
    parts += [Sentence(f"- {words.say(message)}") for message in answer.messages]
    table = _table(words, "market", "unit", "raw_price", "price", "times", "naive_price")
    for market in answer.markets:
        for one in (market.likes, market.places):
            table.add_row(*row(market, one, words))
    frames = _table(words, "market", "frame_price", "boost_price", "rungs")
    for market in answer.markets:
        frames.add_row(words.name("market", market.market), *frame_row(market, words))
    for market in answer.markets:
        parts += [Sentence(f"- {words.say(message)}") for message in market.messages]
    lines = _table(words, "market", "line", "line_bought", "line_genuine")
    for market in answer.markets:
        for line in market.lines:
            name = words.name("market", market.market)
            lines.add_row(name, figures.decimal(line.at), words.percent(line.bought), words.percent(line.genuine))
    told = [Text(strategy_line(market, words)) for market in answer.markets]
    return Group(*parts, Text(), table, Text(), frames, Text(), *told, Text(), lines, Sentence(words("redteam_note")))


def row(market: MarketCost, one: CheatingPrice, words: Words) -> list[str]:
    """Cells of one price: market, unit, by raw counts, with the audit, how many times, naive."""
    return [
        words.name("market", market.market),
        words(f"redteam_unit_{one.goal}"),
        yuan(one.raw_yuan, words),
        _between(yuan(one.yuan, words), yuan(one.yuan_low, words), yuan(one.yuan_high, words)),
        _between(times(one.times, words), times(one.times_low, words), times(one.times_high, words)),
        yuan(one.naive_yuan, words),
    ]


def frame_row(market: MarketCost, words: Words) -> list[str]:
    """Cells of framing: its price, that of boosting, decisions brought about."""
    frame = market.frame
    price = _between(yuan(frame.yuan, words), yuan(frame.yuan_low, words), yuan(frame.yuan_high, words))
    rungs = words.listing([words.name("rung", rung) for rung in frame.rungs]) or figures.DASH
    return [price, yuan(frame.boost_yuan, words), rungs]


def strategy_line(market: MarketCost, words: Words) -> str:
    """The strategy that paid best for places, as one line."""
    said = ", ".join(f"{name} {figures.visible(str(value))}" for name, value in market.places.strategy.items())
    return words("redteam_strategy", market=f"market_{market.market}", strategy=said)


def yuan(value: float | None, words: Words) -> str:
    """A price in 元, or that no money buys it."""
    return words("redteam_unbuyable") if value is None else figures.decimal(value)


def times(value: float | None, words: Words) -> str:
    """A multiple, or that no money buys it."""
    return words("redteam_unbuyable") if value is None else f"{figures.decimal(value)}×"


def _between(value: str, low: str, high: str) -> str:
    return value if low == high else f"{value} ({low} {figures.DASH} {high})"


def _table(words: Words, *names: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bright_black")
    for name in names:
        table.add_column(words(f"redteam_{name}"), justify="left" if name in ("market", "unit", "rungs") else "right")
    return table


def redteam_html(answer: RedTeam, lang: str) -> str:
    """One ``<section>`` with its own style; loads nothing from anywhere."""
    words = Words.of(lang)
    rows = [row(market, one, words) for market in answer.markets for one in (market.likes, market.places)]
    frames = [[words.name("market", market.market), *frame_row(market, words)] for market in answer.markets]
    curves = [
        (words.name("market", market.market), words(f"redteam_unit_{one.goal}"), steps(one.front), bounds(one.front))
        for market in answer.markets
        for one in (market.likes, market.places)
    ]
    told = [strategy_line(market, words) for market in answer.markets]
    return template("redteam.html.j2").render(
        a=answer, w=words, f=figures, rows=rows, frames=frames, curves=curves, told=told, wide=_WIDE, high=_HIGH
    )


def bounds(front: Sequence[FrontPoint]) -> tuple[float, float, float]:
    """Least and most money and most gain of a front; ones where it is empty."""
    if not front:
        return 1.0, 1.0, 1.0
    return front[0].yuan, front[-1].yuan, max(point.gain for point in front)


def steps(front: Sequence[FrontPoint]) -> str:
    """The front as an SVG path: money to the right (logarithmic), gain upwards; empty where nothing is gained."""
    if not front:
        return ""
    least, most, top = bounds(front)
    span = max(math.log(most / least), 1e-9) if least > 0 else 1.0

    def x(money: float) -> float:
        share = math.log(money / least) / span if len(front) > 1 else 0.5
        return _EDGE + (_WIDE - 2 * _EDGE) * share

    def y(gain: float) -> float:
        return _HIGH - _EDGE / 2 - (_HIGH - _EDGE) * gain / top

    path = f"M{x(front[0].yuan):.1f} {y(0.0):.1f}"
    for point in front:
        path += f"H{x(point.yuan):.1f}V{y(point.gain):.1f}"
    return path + f"H{_WIDE - _EDGE:.1f}"
