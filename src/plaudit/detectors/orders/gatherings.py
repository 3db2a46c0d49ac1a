"""Episodes as sets of actors."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plaudit.detectors.rhythm import Episodes
from plaudit.kernels.grouping import grouped
from plaudit.kernels.overlap import most_telling
from plaudit.model import HOUR_MS, Bools, EventLog, Floats, Ints, ranges

SITTING_MS = HOUR_MS
"""Two likes of one actor belong to one sitting when at most this far apart."""

EVER_MS = 1 << 62

_SAMPLE = 100_000
_MEMBERSHIPS = 400


@dataclass(frozen=True)
class Gatherings:
    """Episodes of a log as sets of likes.

    Attributes:
        episodes: the episodes, one per gathering.
        offsets: CSR of gatherings, ``int64[g + 1]``; ``row`` the like of each entry, ``int32[m]``.
        gathering: gathering of each entry, ``int32[m]``.
        actor, time: actor and clock-free UTC milliseconds of each entry, ``int32[m]`` and ``int64[m]``.
        activity: likes of each actor in the whole log, ``int64[n_actors]``.
        likes: likes in the whole log.
    """

    episodes: Episodes
    offsets: Ints
    row: NDArray[Any]
    gathering: NDArray[Any]
    actor: NDArray[Any]
    time: Ints
    activity: Ints
    likes: int

    def __len__(self) -> int:
        return len(self.episodes)

    @cached_property
    def size(self) -> Ints:
        """Likes in each gathering."""
        return np.diff(self.offsets)

    def entries(self, members: Ints) -> Ints:
        """Entries of the chosen gatherings, gathering by gathering."""
        return ranges(self.offsets[members], self.size[members])

    @cached_property
    def telling(self) -> Bools:
        """Entries that are paired: of a very busy actor's, those in the smallest gatherings, ``bool[m]``."""
        return most_telling(self.actor, self.size[self.gathering], _MEMBERSHIPS)

    @cached_property
    def by_actor(self) -> tuple[Ints, NDArray[Any]]:
        """Entries by actor: ``(offsets int64[n_actors + 1], entry int32[m])``, ascending inside an actor."""
        return grouped(self.actor, self.activity.shape[0])

    @cached_property
    def busy(self) -> Ints:
        """How busy each actor is: binary digits of its likes in the whole log, ``int64[n_actors]``."""
        return np.frexp(self.activity.astype(np.float64))[1].astype(np.int64)

    @cached_property
    def usual(self) -> Floats:
        """Part of the log's likes that actors of each class of :attr:`busy` give, ``float64[classes]``."""
        given = np.bincount(self.busy, self.activity)
        return np.asarray((given + 1.0) / (given.sum() + given.shape[0]), dtype=np.float64)

    @cached_property
    def chance(self) -> Floats:
        """``x`` such that activity alone expects ``x_i x_j`` actors shared by gatherings ``i`` and ``j``.

        An actor of ``i`` has ``d - 1`` further likes, each of which falls into ``j`` with chance ``|j| / n``; the
        geometric mean of both directions makes it symmetric (Chung-Lu / bipartite configuration model).
        """
        further = np.bincount(self.gathering, self.activity[self.actor] - 1.0, minlength=len(self))
        return np.sqrt(further * self.size / max(self.likes, 1))


def gather(log: EventLog, episodes: Episodes, activity: Ints) -> Gatherings:
    """Lay the likes of the episodes out as sets."""
    length = episodes.last - episodes.first + 1
    gathering = np.repeat(np.arange(len(episodes), dtype=np.int32), length)
    offsets = np.concatenate([[0], np.cumsum(length)]).astype(np.int64)
    row = ranges(episodes.first, length).astype(np.int32)
    return Gatherings(episodes, offsets, row, gathering, log.actor[row], log.at_ms[row], activity, log.n)


def ordinary(log: EventLog, episodes: Episodes, seed: int) -> Episodes:
    """What lies between the episodes of every target, as gatherings of its own: the log's everyday overlap.

    Stretches of three likes or more; of a log with many, a seeded sample of about 100,000 likes.
    """
    crowded = np.zeros(log.n, dtype=bool)
    crowded[ranges(episodes.first, episodes.last - episodes.first + 1)] = True
    edge = np.ones(log.n + 1, dtype=bool)
    edge[1:-1] = (crowded[1:] != crowded[:-1]) | (log.target[1:] != log.target[:-1])
    first = np.flatnonzero(edge)[:-1]
    last = np.flatnonzero(edge)[1:] - 1
    likes = last - first + 1
    keep = ~crowded[first] & (likes >= 3)
    share = _SAMPLE / max(int(likes[keep].sum()), 1)
    if share < 1.0:
        keep &= np.random.default_rng(seed).random(first.shape[0]) < share
    first, last, likes = first[keep], last[keep], likes[keep]
    calm = np.zeros(first.shape[0])
    never = np.zeros(first.shape[0], dtype=bool)
    return Episodes(log.target[first].astype(np.int64), first, last, likes, calm + likes, calm, likes, never, never)


def in_company(log: EventLog, rows: Ints, among: Ints | None = None) -> float:
    """Part of these likes whose actor gave another in the same sitting: lessons, digests, lists.

    Another of these likes, or of those ``among``, which hold them.
    """
    if rows.shape[0] == 0:
        return 0.0
    every = rows if among is None else among
    at = log.at_ms[every]
    # Lives are laid end to end, further apart than a sitting: one number per like sorts quicker than two.
    begin = int(at.min())
    apart = int(at.max()) - begin + SITTING_MS + 1
    who = log.actor[every].astype(np.int64)
    if log.n_actors * apart >= EVER_MS:
        who = np.unique(who, return_inverse=True)[1]
    line = who * apart + (at - begin)
    order = np.argsort(line)
    near = np.diff(line[order]) <= SITTING_MS
    both = np.r_[near, False] | np.r_[False, near]
    if among is None:
        return float(np.mean(both))
    asked = np.zeros(log.n, dtype=bool)
    asked[rows] = True
    return float(np.mean(both[asked[every[order]]]))
