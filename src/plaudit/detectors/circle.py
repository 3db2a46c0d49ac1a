"""People who know each other: when would a class, an office or a chat group look just like a ring?

They too gather on target after target, at moments no publication explains: somebody shares a link. What sets an order
book apart is that it needs more people than know each other, or meets more often than such circles do, or uses
accounts that do nothing else, or has them work through a list in one sitting. Where none of this can be said, a ring is
one of three things that would look the same, and no like is discounted.
"""

from __future__ import annotations

import numpy as np

from plaudit.model import Floats

CIRCLE = 500
"""People a chat group can hold (WeChat's limit)."""

ACQUAINTED = 150
"""People who can know each other (Dunbar 1992): a class, an office, friends. They may meet often."""

CIRCLE_CERTAINTY = 1.0 / 3.0
"""Chance of a ring where friends sharing posts, or people of one place (a class, an office), would look the same."""

CIRCLE_MEETS = 10
"""Separate surprising gatherings up to which a larger circle would look the same in a log."""

CIRCLE_LIFE = 0.1
"""Part of their likes that people who know each other give to something else; below it half the meetings suffice."""


def may_be_circle(pool: float, meetings: int, days: float, outside: Floats, batches: bool = False) -> bool:
    """True when people who know each other, sharing posts with no order behind it, would look the same.

    Args:
        pool: people behind the gatherings.
        meetings: separate sittings at which they gathered to a surprising degree.
        days: length of the log; the acquainted may gather on two days of three, more people less often.
        outside: part of each returning member's likes that went elsewhere.
        batches: True when members work through more shared targets in one sitting than people of this log do.
    """
    lifeless = outside.shape[0] > 0 and float(np.median(outside)) < CIRCLE_LIFE
    often = 2.0 / 3.0 * days * min(1.0, ACQUAINTED / max(pool, 1.0))
    most = CIRCLE_MEETS if lifeless else max(CIRCLE_MEETS, often)
    return not batches and pool <= CIRCLE and meetings < (most / 2 if lifeless else most)
