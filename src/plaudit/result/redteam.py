"""What cheating costs: prices per honest like and per place, and what it costs to frame somebody."""

from __future__ import annotations

from typing import Any

from plaudit.result.base import Frozen, Message


class FrontPoint(Frozen):
    """One try on the Pareto front: money of all its buyers, and what they gained."""

    yuan: float
    gain: float
    strategy: dict[str, Any]


class CheatingPrice(Frozen):
    """元 for one unit of a goal, by the best strategy found, with 90 % intervals; null where no money buys any."""

    goal: str  # "likes" (of the honest count, kept 30 days) | "places" (on a board of twelve)
    yuan: float | None
    yuan_low: float | None
    yuan_high: float | None
    raw_yuan: float | None
    """The same unit by raw counts, by the best strategy against those."""
    naive_yuan: float | None
    """By the strategy sellers deliver unless told otherwise."""
    times: float | None
    """How many times dearer than by raw counts."""
    times_low: float | None
    times_high: float | None
    strategy: dict[str, Any]
    raw_strategy: dict[str, Any]
    tries: int
    paid: float
    """Mean 元 of a try."""
    gain: float
    """Mean gain of a try."""
    front: list[FrontPoint]


class Line(Frozen):
    """Were likes discounted from a posterior of ``at``: share of the best strategy's likes, and of genuine ones."""

    at: float
    bought: float
    genuine: float


class LoopPrice(Frozen):
    """元 per mean place in a closed loop, where likes draw readers and readers like; null where none is gained."""

    raw_yuan: float | None
    yuan: float | None
    """Under the honest rank told what the audit found in the loop's own log, six hours late."""
    times: float | None
    recall: float
    """Share of bought likes the audit found there; undetermined ones by half, as the rank counts them."""
    false_alarm: float


class Frame(Frozen):
    """What a rival pays to get genuine likes of an innocent post out of the count. 元, null where no money does it."""

    yuan: float | None
    """Per genuine like discounted, or two left undetermined."""
    yuan_low: float | None
    yuan_high: float | None
    lost_yuan: float | None
    """Per like by which the honest count falls below what it was without the attack."""
    boost_yuan: float | None
    """What one honest-count like costs to gain on the same market."""
    dearer: bool
    """Whether framing costs more than boosting."""
    taken: float
    doubted: float
    """Genuine likes of all served posts discounted and left undetermined by a mean try of ``paid`` 元."""
    paid: float
    rungs: list[str]
    """Decisions that any try brought about on an innocent post."""
    sanctioned: bool
    """Whether any went beyond neutralising likes and asking a person to look."""
    strategy: dict[str, Any]


class MarketCost(Frozen):
    """One market: machine likes, crowds or rented accounts."""

    market: str
    kept: float
    """Share of bought likes still there after 30 days; priced in."""
    likes: CheatingPrice
    places: CheatingPrice
    wronged: float
    """Share of genuine likes discounted in the same worlds without any attack."""
    harmed: float
    """Share of genuine likes discounted because of an attack, mean over all tries."""
    harmed_worst: float
    lines: list[Line]
    """What a lower line would take from bought and from genuine likes, for the best strategy of ``places``."""
    loop: LoopPrice
    frame: Frame
    messages: list[Message]


class RedTeam(Frozen):
    """The answer of ``plaudit redteam``."""

    plaudit_version: str
    events: int
    trials: int
    seed: int
    sight: str  # "platform" | "slice"
    least: float
    """Smallest order that could be bought, as a share of the smallest that is usually sold."""
    markets: list[MarketCost]
    messages: list[Message]
