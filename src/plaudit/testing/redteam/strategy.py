"""A strategy is a point: how much is bought, how it is delivered, by whom, and under what cover."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

from plaudit.errors import InputError

SHAPES = ("step", "line", "waves", "rhythm")
"""突增, 匀速, 波浪, and the rhythm of the day."""
OWNED = ("fresh", "verified", "aged")
"""Kinds of accounts a buyer can own."""


@dataclass(frozen=True)
class Strategy:
    """What an attacker does.

    Attributes:
        batch: likes bought for each post.
        posts: posts served together by the same hands.
        hours: duration of a delivery; ``shape``: one of :data:`SHAPES`.
        start: when a delivery begins, as a share of the time that is left of the post's life in the log, 0..1.
        brush: share of bought likes whose moments copy the post's own curve, 0..1.
        accounts: ``seller`` (of the seller's pool) or one of :data:`OWNED`.
        spread: accounts of the seller's pool per like of a batch, at least 1; owned accounts: see ``reuse``.
        reuse: posts each owned account serves, 1 (thrown away) to ``posts``.
        local: share of the hands that use this place by themselves, where the market has such.
        camouflage: likes on what is popular per bought like.
        warm: likes of an ordinary life per account before it serves.
    """

    batch: int
    posts: int = 1
    hours: float = 0.5
    shape: str = "line"
    start: float = 0.3
    brush: float = 0.0
    accounts: str = "seller"
    spread: float = 1.5
    reuse: float = 1.0
    local: float = 0.0
    camouflage: float = 0.0
    warm: float = 0.0

    def __post_init__(self) -> None:
        bounds = {
            "batch": (1, 5_000),
            "posts": (1, 200),
            "hours": (0.01, 1_000),
            "start": (0, 1),
            "brush": (0, 1),
            "spread": (1, 100),
            "reuse": (1, max(1, self.posts)),
            "local": (0, 1),
            "camouflage": (0, 50),
            "warm": (0, 200),
        }
        for name, (low, high) in bounds.items():
            if not low <= getattr(self, name) <= high:
                raise InputError(f"A strategy's {name} lies between {low} and {high}, not at {getattr(self, name)}.")
        if self.shape not in SHAPES or self.accounts not in ("seller", *OWNED):
            raise InputError(f"A strategy delivers as {', '.join(SHAPES)} by accounts seller, {', '.join(OWNED)}.")

    @property
    def owned(self) -> bool:
        """Whether the accounts are the attacker's own."""
        return self.accounts in OWNED

    @property
    def bought(self) -> int:
        """Likes bought in all."""
        return self.batch * self.posts

    @property
    def accounts_needed(self) -> int:
        """Accounts that take part."""
        return (
            max(self.batch, math.ceil(self.bought / self.reuse)) if self.owned else math.ceil(self.batch * self.spread)
        )

    def fields(self) -> dict[str, Any]:
        """As plain values, for documents; figures of no consequence are left out."""
        told = asdict(self)
        del told["spread" if self.owned else "reuse"]
        return {name: round(value, 4) if isinstance(value, float) else value for name, value in told.items()}


def naive(market: str) -> Strategy:
    """What sellers deliver unless told otherwise: the middle of the public ranges (see :mod:`.prices`)."""
    return {
        "machine": Strategy(batch=100, posts=4, hours=0.3, shape="step"),
        "crowd": Strategy(batch=60, posts=4, hours=2.5, shape="waves", local=0.5),
        "rented": Strategy(batch=90, posts=4, hours=10.0, shape="rhythm", local=0.5, spread=3.0),
    }[market]


def plain(market: str) -> tuple[Strategy, ...]:
    """The cheapest offers: delivered at once, with no care taken; a small order, a usual one, and four small ones.

    The last two begin when the post appears, where a burst is least surprising, by hands that live here where there are
    such. Neither costs more, and nobody must have to come upon it by chance.
    """
    least, hours = {"machine": (50, 5 / 60), "crowd": (20, 0.5), "rented": (30, 2.0)}[market]
    usual, local = naive(market).batch, 0.0 if market == "machine" else 1.0
    later = ((least, 1, 0.3, 0.0), (usual, 1, 0.3, 0.0), (least, 4, 0.3, 0.0))
    return tuple(
        Strategy(batch=batch, posts=posts, hours=hours, shape="line", spread=1.5, start=start, local=own)
        for batch, posts, start, own in (*later, (least, 1, 0.0, local), (least, 4, 0.0, local))
    )
