"""What cheating costs: attackers with public prices who adapt to the running defence, in worlds made in memory.

    ground = stage(30_000, seed=1)
    arena = Arena(ground, defence)
    found = search([arena], [Arena(stage(30_000, seed=2), defence)], "machine", "places", trials=60, seed=1)
    found.best, found.price

Nothing here touches a service, an account or a network: worlds come from :mod:`plaudit.testing.simulator`, attacks are
rows added to a table. The defence is any function from a log to an :class:`Answer`.
"""

from plaudit.testing.redteam.attempt import Answer, Arena, Boards, Defence, Outcome
from plaudit.testing.redteam.circuit import Circuit, in_the_loop
from plaudit.testing.redteam.prices import ACCOUNTS, MARKETS, Bill, Market, bill, unit_price
from plaudit.testing.redteam.search import GOALS, Found, Price, front, multiple, price, search
from plaudit.testing.redteam.stage import LEAST_EVENTS, SIGHTS, Attack, Stage, attack, stage
from plaudit.testing.redteam.strategy import OWNED, SHAPES, Strategy, naive

__all__ = [
    "ACCOUNTS",
    "GOALS",
    "LEAST_EVENTS",
    "MARKETS",
    "OWNED",
    "SHAPES",
    "SIGHTS",
    "Answer",
    "Arena",
    "Attack",
    "Bill",
    "Boards",
    "Circuit",
    "Defence",
    "Found",
    "Market",
    "Outcome",
    "Price",
    "Stage",
    "Strategy",
    "attack",
    "bill",
    "front",
    "in_the_loop",
    "multiple",
    "naive",
    "price",
    "search",
    "stage",
    "unit_price",
]
