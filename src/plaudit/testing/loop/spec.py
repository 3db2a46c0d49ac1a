"""What a closed-loop world is made of, and what can be bought in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType

from plaudit.errors import InputError
from plaudit.kernels.visits import SHAPES, SHOWN

MOST_VISITS = 20_000_000


@dataclass(frozen=True)
class LoopSpec:
    """Posts, readers, and how a page and the people in front of it work.

    Attributes:
        posts: how many posts; ``comments``: mean comments of one, 2..500.
        visits: visits to all posts together; popular posts get more.
        days: length of the world; posts appear in its first half.
        half_life_h: hours in which the visits of a post halve; hours of the day add their own rhythm.
        quality: mean chance that who reads a comment likes it; ``variety``: its gamma shape between comments (small is
            more unequal). Between authors of comments lies a part of it.
        position: place ``k`` is read with chance ``k ** -position`` (1: half of all readers reach the second place).
        herd: what a first shown like adds to the chance of the next (Muchnik et al. 2013 measured 0.32); 0 is no herd.
        herd_shape: how that goes on with the count, see :func:`plaudit.kernels.visits.herd_factor`.
        shown: what is shown of the count, see :data:`plaudit.kernels.visits.SHOWN`; ``delay_h`` for ``delay``.
        downs: chance that who reads the worst comment votes it down.
        refresh_min: minutes between two sortings of the pages; long is a delayed ranker.
    """

    posts: int = 40
    comments: float = 30
    visits: int = 100_000
    days: float = 7
    half_life_h: float = 18
    quality: float = 0.06
    variety: float = 1.2
    position: float = 1.0
    herd: float = 0.32
    herd_shape: str = "log"
    shown: str = "raw"
    delay_h: float = 12
    downs: float = 0.02
    refresh_min: float = 15

    def __post_init__(self) -> None:
        bounds: Mapping[str, tuple[float, float]] = {
            "posts": (1, 100_000),
            "comments": (2, 500),
            "visits": (100, MOST_VISITS),
            "days": (0.5, 60),
            "half_life_h": (0.5, 1000),
            "quality": (1e-4, 0.5),
            "variety": (0.1, 100),
            "position": (0, 5),
            "herd": (0, 5),
            "delay_h": (0, 1000),
            "downs": (0, 0.5),
            "refresh_min": (0.5, 10_000),
        }
        for name, (low, high) in bounds.items():
            value = getattr(self, name)
            if not low <= value <= high:
                raise InputError(f"A closed-loop world takes {name} between {low:g} and {high:g}, not {value:g}.")
        for name, known in (("herd_shape", SHAPES), ("shown", SHOWN)):
            if getattr(self, name) not in known:
                raise InputError(
                    f"A closed-loop world takes {name} from {', '.join(known)}, not {getattr(self, name)!r}."
                )
        if self.visits < self.posts:
            raise InputError(f"{self.visits:,} visits do not reach {self.posts:,} posts; ask for more visits.")


@dataclass(frozen=True)
class Kind:
    """What one kind of bought like costs and how it comes, as publicly reported.

    Attributes:
        yuan: price of one like; ``batch``: usual likes of an order, least and most.
        hours: usual duration of a delivery, shortest and longest.
        reuse: orders one account of the pool serves, on average.
    """

    yuan: float
    batch: tuple[int, int]
    hours: tuple[float, float]
    reuse: float


KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "machine": Kind(0.012, (50, 500), (5 / 60, 1.0), 12.0),
        "crowd": Kind(0.25, (20, 200), (0.5, 12.0), 6.0),
        "rented": Kind(0.35, (30, 300), (2.0, 48.0), 1.5),
    }
)
"""Machine likes, crowds of workers, rented accounts of real people: the middle of the reported ranges."""


@dataclass(frozen=True)
class Order:
    """Likes bought for one comment.

    Attributes:
        comment: which, by its number in :class:`~plaudit.testing.loop.Ground`.
        likes: how many, at least 1.
        kind: a key of :data:`KINDS`.
        start_h: hours after the comment appeared at which the delivery begins.
        hours: how long it lasts; 0 takes the middle of what is usual.
    """

    comment: int
    likes: int
    kind: str = "machine"
    start_h: float = 6.0
    hours: float = 0.0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise InputError(f"Likes are sold as {', '.join(KINDS)}, not {self.kind!r}.")
        if self.likes < 1 or self.start_h < 0 or self.hours < 0:
            raise InputError("An order is for at least one like and begins and lasts no less than 0 hours.")

    @property
    def yuan(self) -> float:
        """What the order costs."""
        return self.likes * KINDS[self.kind].yuan

    @property
    def duration_h(self) -> float:
        """Hours the delivery lasts."""
        short, long = KINDS[self.kind].hours
        return self.hours or (short * long) ** 0.5


@dataclass(frozen=True)
class Defence:
    """What the platform's own audit finds, as a ranker sees it: a model of it, with figures an audit was measured at.

    Attributes:
        recall: share of bought likes that are discounted; ``false_alarm``: share of genuine ones.
        delay_h: hours from a like to its discount.
    """

    recall: float = 0.0
    false_alarm: float = 0.0
    delay_h: float = 6.0

    def __post_init__(self) -> None:
        for field in fields(self)[:2]:
            if not 0 <= getattr(self, field.name) <= 1:
                raise InputError(f"A defence's {field.name} lies between 0 and 1, not {getattr(self, field.name)}.")
