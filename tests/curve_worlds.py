"""Posts whose likes are read over time: gamma bursts on a decay with age and a rhythm of the day, polled raggedly."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from plaudit.model import (
    DAY_MS,
    HOUR_MS,
    MINUTE_MS,
    UNKNOWN,
    Comments,
    Counter,
    Floats,
    Ints,
    Posts,
    Section,
    Snapshots,
)

START_MS = 1_700_006_400_000
STEP_MS = 15 * MINUTE_MS
DAYS = 5
STEPS = DAYS * DAY_MS // STEP_MS
NOBODY = np.zeros(STEPS, np.int64)


@dataclass
class Life:
    """One post: likes and reads by quarter of an hour since it was published, and when it was read.

    Attributes:
        born_ms: publication. likes, reads: ``int64[STEPS]``, gained in each quarter (likes may fall).
        polls_ms: moments of the readings.
    """

    born_ms: int
    likes: Ints
    reads: Ints
    polls_ms: Ints

    def shown(self, gained: Ints) -> Ints:
        """The counter at each reading."""
        total = np.concatenate([[0], np.cumsum(gained)])
        return np.asarray(total[np.minimum((self.polls_ms - self.born_ms) // STEP_MS, STEPS)], np.int64)


@dataclass
class World:
    """Posts, and whether reads are shown."""

    lives: list[Life] = field(default_factory=list)
    with_reads: bool = False

    def section(self, change: Callable[[Ints, Ints], Counter] | None = None) -> Section:
        """As a section; ``change(target, likes)`` may say how the counters of likes are shown."""
        target = np.concatenate([np.full(life.polls_ms.size, t) for t, life in enumerate(self.lives)])
        at = np.concatenate([life.polls_ms for life in self.lives])
        likes = np.concatenate([life.shown(life.likes) for life in self.lives])
        reads = np.concatenate([life.shown(life.reads) for life in self.lives])
        size = len(self.lives)
        return Section(
            Posts(
                id=pa.array([f"p{t}" for t in range(size)]),
                platform=pa.array(["generic"] * size),
                account=np.zeros(size, np.int32),
                title=pa.array([""] * size),
                published_ms=np.array([life.born_ms for life in self.lives], np.int64),
                totals={},
                rates={},
            ),
            no_comments(),
            Snapshots(
                target.astype(np.int32),
                at.astype(np.int64),
                change(target, likes) if change else Counter.exactly(likes),
                Counter.exactly(reads) if self.with_reads else Counter.absent(target.size),
                np.full(target.size, UNKNOWN, np.int32),
            ),
            ("account",),
        )


def no_comments() -> Comments:
    """Nothing."""
    ints, small, flags = np.zeros(0, np.int64), np.zeros(0, np.int32), np.zeros(0, np.int8)
    words, none = pa.array([], pa.string()), Counter.absent(0)
    return Comments(
        words, small, small, small, words, words, np.zeros(0, np.bool_), words, none, none, ints, ints, small, (),
        small, flags, flags, flags, flags, flags,
    )  # fmt: skip


def rate(born_ms: int, pace_h: float) -> Floats:
    """Shares of the likes by quarter of an hour: a decay with age times a rhythm of the day."""
    hours = np.arange(STEPS) * STEP_MS / HOUR_MS
    clock = 1 + 0.8 * np.sin(2 * np.pi * (born_ms / HOUR_MS + hours - 9) / 24)
    worth = clock * np.exp(-hours / pace_h)
    return np.asarray(worth / worth.sum(), np.float64)


def quiet(
    seed: int, *, posts: int = 40, middle: float = 80.0, burst: float = 2.0, paces: float = 0.0, polls: int = 0,
    with_reads: bool = False,
) -> World:  # fmt: skip
    """Posts on which nothing happens.

    Args:
        middle: median of the likes. burst: mean size of handfuls; 0 for none. paces: spread of how fast posts age.
        polls: readings of each post; 12, 40 or 120 if 0, at random moments.
    """
    rng = np.random.default_rng([seed, 41])
    world = World(with_reads=with_reads)
    for _ in range(posts):
        born = START_MS + int(rng.integers(0, 20 * 24)) * HOUR_MS
        due = middle * np.exp(rng.normal(0, 1)) * rate(born, 18 * np.exp(rng.normal(0, paces)))
        due = rng.gamma(due / burst, burst) if burst else due
        reads = rng.poisson(20 * due)
        likes = rng.binomial(reads, 0.05) if with_reads else rng.poisson(due)
        count = polls or int(rng.choice([12, 40, 120]))
        at = born + MINUTE_MS + np.unique((rng.random(count) ** 2 * DAYS * DAY_MS).astype(np.int64))
        world.lives.append(Life(born, likes.astype(np.int64), reads.astype(np.int64), at))
    return world


def often(world: World, post: int, minutes: int = 15) -> Life:
    """Read one post at even steps instead."""
    life = world.lives[post]
    life.polls_ms = life.born_ms + np.arange(minutes * MINUTE_MS, DAYS * DAY_MS, minutes * MINUTE_MS, dtype=np.int64)
    return life


def deliver(life: Life, from_h: float, to_h: float, likes: int, *, reads: int = 0) -> None:
    """Add likes (and reads) evenly between two ages."""
    first, last = int(from_h * 4), max(int(to_h * 4), int(from_h * 4) + 1)
    for gained, many in ((life.likes, likes), (life.reads, reads)):
        edges = np.linspace(0, many, last - first + 1).astype(np.int64)
        gained[first:last] += np.diff(edges)
