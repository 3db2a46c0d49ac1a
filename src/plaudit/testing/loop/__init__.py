"""A closed loop: pages are sorted by likes, readers read from the top and see the count, and somebody buys.

    ground = found(LoopSpec(visits=100_000), seed=1)
    orders = pick_orders(ground, "crowd", count=20, seed=1)
    attacked, clean = play(ground, orders=orders), play(ground)
    effect = compare(attacked, clean)

What depends on no ranking and no purchase (readers, their tastes, comments and their quality) is drawn once, in the
ground, so two runs differ by nothing but what ranker, display and orders did: common random numbers.
"""

from plaudit.testing.loop.compare import (
    Effect,
    compare,
    due_places,
    events,
    newcomers_share,
    places_per_100_yuan,
    standing,
    truth,
)
from plaudit.testing.loop.ground import Ground, found, pick_orders
from plaudit.testing.loop.play import Run, play
from plaudit.testing.loop.rankers import RANKERS, Board, Ranker
from plaudit.testing.loop.spec import KINDS, Defence, Kind, LoopSpec, Order

__all__ = [
    "KINDS",
    "RANKERS",
    "Board",
    "Defence",
    "Effect",
    "Ground",
    "Kind",
    "LoopSpec",
    "Order",
    "Ranker",
    "Run",
    "compare",
    "due_places",
    "events",
    "found",
    "newcomers_share",
    "pick_orders",
    "places_per_100_yuan",
    "play",
    "standing",
    "truth",
]
