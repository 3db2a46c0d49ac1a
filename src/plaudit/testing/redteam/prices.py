"""What likes and accounts cost, as publicly reported, and what a strategy pays in all."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from plaudit.errors import InputError
from plaudit.testing.loop.spec import KINDS, Kind
from plaudit.testing.redteam.strategy import Strategy


@dataclass(frozen=True)
class Market:
    """One kind of like on sale.

    Attributes:
        kind: batch, hours and reuse that are usual, from :data:`plaudit.testing.loop.KINDS`.
        price: 元 per like, cheapest and dearest offer.
        kept: share of likes still there after 30 days, worst and best offer.
        pool: accounts of one seller, fewest and most.
        own: whether one can run such a service alone, with bought accounts.
        local: whether the hands are people, some of whom use this very place by themselves.
    """

    kind: Kind
    price: tuple[float, float]
    kept: tuple[float, float]
    pool: tuple[int, int]
    own: bool
    local: bool

    @property
    def kept_usual(self) -> float:
        """Share of likes still there after 30 days: the middle of what is reported."""
        return sum(self.kept) / 2


MARKETS: Mapping[str, Market] = MappingProxyType(
    {
        "machine": Market(KINDS["machine"], (0.005, 0.02), (0.25, 0.8), (60, 600), True, False),
        "crowd": Market(KINDS["crowd"], (0.05, 0.5), (0.8, 0.95), (60, 500), False, True),
        "rented": Market(KINDS["rented"], (0.1, 0.6), (0.93, 1.0), (100, 1500), False, True),
    }
)
"""Machine likes, crowds of workers (众包, 互赞群), rented accounts of real people."""

ACCOUNTS: Mapping[str, float] = MappingProxyType({"seller": 0.0, "fresh": 55.0, "verified": 150.0, "aged": 300.0})
"""元 per account that the buyer must own: none of a seller's, whose accounts are in the price of a like; new; verified;
older than a year (the middle of 200 to 400)."""


@dataclass(frozen=True)
class Bill:
    """What a strategy costs, in 元.

    Attributes:
        likes: bought likes on served posts; ``cover``: camouflage and warm-up likes; ``accounts``: accounts bought.
    """

    likes: float
    cover: float
    accounts: float

    @property
    def yuan(self) -> float:
        """All of it."""
        return self.likes + self.cover + self.accounts


def care(market: Market, strategy: Strategy) -> float:
    """How much more than the plain offer is asked for, 0..1: slower than the usual shortest, a copied curve, a rhythm.

    The public ranges are all there is: the plain, fast offer has their lower end, the most careful one the upper end.
    """
    short, long = market.kind.hours
    slow = math.log(max(strategy.hours, short) / short) / math.log(long / short)
    shaped = 0.5 if strategy.shape in ("waves", "rhythm") else 0.0
    return min(1.0, max(slow, strategy.brush, shaped))


def unit_price(market: Market, strategy: Strategy) -> float:
    """元 for one like; who owns the accounts pays the machine's cheapest rate for each action."""
    low, high = market.price
    return low if strategy.owned else low * (high / low) ** care(market, strategy)


def bill(market: Market, strategy: Strategy) -> Bill:
    """What the whole of ``strategy`` costs: every like, also the covering ones, and every account, is paid for.

    Raises:
        InputError: accounts of one's own in a market of other people's hands.
    """
    if strategy.owned and not market.own:
        raise InputError("Only machine likes can be given by bought accounts; elsewhere the accounts are the workers'.")
    each = unit_price(market, strategy)
    accounts = strategy.accounts_needed if strategy.owned else 0
    cover = strategy.camouflage * strategy.bought + strategy.warm * strategy.accounts_needed
    return Bill(strategy.bought * each, cover * each, accounts * ACCOUNTS[strategy.accounts])
