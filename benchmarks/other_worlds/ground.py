"""Three backgrounds that share no line with the simulator: interests, feeds read in sittings, and rich-get-richer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

DAY, HOUR, MINUTE = 86_400_000.0, 3_600_000.0, 60_000.0
_PEAK, _DEPTH = 21.0, 0.75
_REACH = 6.0 * DAY
_FEED, _PICKED = 120, 12


@dataclass
class World:
    """A log while it is being made.

    Attributes:
        rng: where all chance comes from. days: length of the log.
        people: accounts of the background. actors, targets: numbers given so far.
        born: when each target appeared, ms; likes: background likes of each; author: of each.
        parts: ``(actor, target, at, label)`` of what was planted.
    """

    rng: np.random.Generator
    days: int
    people: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    actors: int = 0
    born: Floats = field(default_factory=lambda: np.zeros(0))
    likes: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    author: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    parts: list[tuple[Ints, Ints, Floats, str]] = field(default_factory=list)

    @property
    def span(self) -> float:
        """Length of the log in ms."""
        return self.days * DAY

    def accounts(self, count: int) -> Ints:
        """So many new accounts."""
        self.actors += count
        return np.arange(self.actors - count, self.actors)

    def targets(self, count: int) -> Ints:
        """So many new targets of one new author, born by day over most of the log."""
        first = self.born.shape[0]
        born = waking(self.rng, self.rng.random(count) * self.span * 0.85)
        self.born = np.concatenate([self.born, born])
        self.likes = np.concatenate([self.likes, np.zeros(count, np.int64)])
        self.author = np.concatenate([self.author, np.full(count, self.author.max(initial=0) + 1)])
        return np.arange(first, first + count)

    def liked(self, count: int, least: int = 8) -> Ints:
        """So many background targets with at least ``least`` likes, born early enough to be served."""
        able = np.flatnonzero((self.likes >= least) & (self.born < 0.8 * self.span))
        return self.rng.choice(able, min(count, able.size), replace=False)

    def add(self, actor: Ints, target: Ints | int, at: Floats, label: str) -> None:
        """Likes that fall into the log; the others never happened."""
        where = np.broadcast_to(np.asarray(target, np.int64), at.shape)
        inside = (at >= 0) & (at < self.span)
        self.parts.append((np.asarray(actor, np.int64)[inside], where[inside], at[inside], label))

    def live(self, actor: Ints, each: float, label: str) -> None:
        """Likes of their own for these accounts, ``each`` on average, on what everybody likes."""
        weight = self.likes + 1e-9
        who = np.repeat(actor, self.rng.poisson(each, actor.size))
        what = self.rng.choice(weight.size, who.size, p=weight / weight.sum())
        self.add(who, what, waking(self.rng, self.born[what] + lags(self.rng, who.size)), label)


def waking(rng: np.random.Generator, at: Floats) -> Floats:
    """Moments of which some that fall into the night are put off by hours."""
    hour = (at / HOUR) % 24.0
    awake = 1.0 - _DEPTH * (0.5 + 0.5 * np.cos((hour - _PEAK + 12.0) / 12.0 * np.pi))
    return np.asarray(np.where(rng.random(at.shape) < awake, at, at + rng.exponential(5.0 * HOUR, at.shape)))


def lags(rng: np.random.Generator, size: int) -> Floats:
    quick, late = rng.lognormal(np.log(3.0 * HOUR), 1.2, size), rng.lognormal(np.log(40.0 * HOUR), 1.0, size)
    return np.asarray(np.where(rng.random(size) < 0.7, quick, late))


def _found(w: World, people: int, posts: int, authors: int) -> None:
    w.people = w.accounts(people)
    w.born = waking(w.rng, w.rng.random(posts) * w.span)
    w.author = w.rng.integers(0, authors, posts)
    w.likes = np.zeros(posts, np.int64)


def interests(w: World, likes: int) -> None:
    """Two of 25 interests per person, heavy-tailed popularity; one like in five comes from anywhere."""
    rng = w.rng
    _found(w, likes // 9, likes // 28, likes // 300)
    busy = rng.lognormal(0.0, 1.3, w.people.size)
    first, second = rng.integers(0, 25, w.people.size), rng.integers(0, 25, w.people.size)
    topic, pull = rng.integers(0, 25, w.born.size), rng.pareto(1.3, w.born.size) + 0.3
    inside = [np.flatnonzero((first == k) | (second == k)) for k in range(25)]
    for target, count in enumerate(rng.poisson(pull / pull.sum() * likes).tolist()):
        home = inside[topic[target]]
        theirs = home[rng.choice(home.size, count, p=busy[home] / busy[home].sum())]
        others = rng.choice(w.people.size, count, p=busy / busy.sum())
        who = np.unique(np.where(rng.random(count) < 0.8, theirs, others))
        w.likes[target] = who.size
        w.add(who, target, waking(rng, w.born[target] + lags(rng, who.size)), "organic")


def feeds(w: World, likes: int) -> None:
    """People who read a feed in sittings and like several posts of it within minutes, by their taste."""
    rng = w.rng
    _found(w, likes // 14, likes // 35, likes // 700)
    w.born = np.sort(w.born)
    busy = rng.pareto(1.6, w.people.size) + 0.2
    pull = rng.lognormal(0.0, 1.2, w.born.size)
    flavour, taste = rng.normal(size=(w.born.size, 6)), rng.normal(size=(w.people.size, 6))
    sittings = int(likes / 2.6)
    who = rng.choice(w.people.size, sittings, p=busy / busy.sum())
    when = waking(rng, rng.random(sittings) * w.span)
    order = np.argsort(when)
    who, when = who[order], when[order]
    actor, target, at = [], [], []
    for batch in range(0, sittings, 2000):
        now = when[batch]
        fresh = np.arange(np.searchsorted(w.born, now - _REACH), np.searchsorted(w.born, now))
        if fresh.size < 30:
            continue
        heat = (w.likes[fresh] + 3.0 * pull[fresh]) / ((now - w.born[fresh]) / HOUR + 4.0) ** 1.3
        feed = fresh[np.argsort(-heat)[:_FEED]]
        readers = who[batch : batch + 2000]
        liking = taste[readers] @ flavour[feed].T * 0.5 + np.log(pull[feed] + 0.1) - 0.02 * np.arange(feed.size)
        best = np.argsort(-(liking + rng.gumbel(size=liking.shape)), axis=1)[:, :_PICKED]
        count = np.minimum(rng.poisson(2.6, readers.size), best.shape[1])
        for place in range(best.shape[1]):
            use = count > place
            actor.append(readers[use])
            target.append(feed[best[use, place]])
            at.append(when[batch : batch + 2000][use] + (place + 1) * rng.exponential(MINUTE, int(use.sum())))
            np.add.at(w.likes, target[-1], 1)
    w.add(np.concatenate(actor), np.concatenate(target), np.concatenate(at), "organic")


def rich_get_richer(w: World, likes: int) -> None:
    """No interests at all: a few accounts give, and a few posts get, most of the likes (power laws)."""
    rng = w.rng
    _found(w, likes // 6, likes // 60, likes // 480)
    busy = rng.zipf(1.9, w.people.size).clip(1, 400).astype(np.float64)
    pull = rng.zipf(1.7, w.born.size).clip(1, 3000).astype(np.float64)
    for target, count in enumerate(rng.poisson(pull / pull.sum() * likes).tolist()):
        who = np.unique(rng.choice(w.people.size, count, p=busy / busy.sum()))
        w.likes[target] = who.size
        pace = float(rng.choice([1.5, 8.0, 30.0])) * HOUR
        w.add(who, target, waking(rng, w.born[target] + pace * rng.pareto(1.1, who.size)), "organic")


GROUNDS: Mapping[str, Callable[[World, int], None]] = {
    "interests": interests,
    "feeds": feeds,
    "rich get richer": rich_get_richer,
}
"""How people like, by name."""
