"""Episodes as sets of actors, and the overlaps between them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plaudit.detectors.rhythm import Episodes
from plaudit.kernels.grouping import grouped
from plaudit.kernels.overlap import most_telling, shared_actors
from plaudit.model import HOUR_MS, EventLog, Floats, Ints, offsets_of, ranges

APART_MS = 12 * HOUR_MS
"""Two likes of one actor count as two meetings when at least this far apart."""

SITTING_MS = HOUR_MS
"""Two likes of one actor belong to one sitting when at most this far apart."""

EVER_MS = 1 << 62

_MEMBERSHIPS = 400
_SAMPLE = 100_000


@dataclass(frozen=True)
class Gatherings:
    """Episodes of a log as sets of likes.

    Attributes:
        episodes: the episodes, one per gathering.
        offsets: CSR of gatherings, ``int64[g + 1]``; ``row`` the like of each entry, ``int64[m]``.
        gathering: gathering of each entry, ``int64[m]``.
        actor, time: actor and clock-free UTC milliseconds of each entry, ``int64[m]``.
        activity: likes of each actor in the whole log, ``int64[n_actors]``.
        likes: likes in the whole log.
    """

    episodes: Episodes
    offsets: Ints
    row: Ints
    gathering: Ints
    actor: Ints
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
    def by_actor(self) -> tuple[Ints, Ints]:
        """Entries by actor: ``(offsets int64[n_actors + 1], entry int64[m])``, ascending inside an actor."""
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


@dataclass(frozen=True)
class Pairs:
    """Pairs of gatherings that share actors at times apart: how many, how many activity expects, ``ln p``, ``ln q``.

    In ascending order of ``i``. Integers of 32 bits and floats of single precision will do: there are many.
    """

    i: NDArray[Any]
    j: NDArray[Any]
    shared: NDArray[Any]
    mean: NDArray[Any]
    log_p: NDArray[Any]
    log_q: NDArray[Any]

    def within(self, members: Ints, size: int) -> Pairs:
        """The pairs inside a set of gatherings (``size`` gatherings in all)."""
        # Only the members' own pairs are looked at: a log has many cohorts, and far more pairs.
        last = self.offsets.shape[0] - 1
        first = self.offsets[np.minimum(members, last)]
        rows = ranges(first, self.offsets[np.minimum(members + 1, last)] - first)
        if rows.shape[0] * 8 > size:
            inside = np.zeros(size, dtype=bool)
            inside[members] = True
            return self.take(np.sort(rows[inside[self.j[rows]]]))
        known = np.sort(members)
        place = np.minimum(np.searchsorted(known, self.j[rows]), known.shape[0] - 1)
        return self.take(np.sort(rows[known[place] == self.j[rows]]))

    @cached_property
    def offsets(self) -> Ints:
        """Where the pairs of each gathering ``i`` begin, up to the last that has any, ``int64[max(i) + 2]``."""
        return offsets_of(self.i, int(self.i[-1]) + 1 if self.i.shape[0] else 0)

    def take(self, rows: Ints) -> Pairs:
        """The chosen pairs."""
        return Pairs(self.i[rows], self.j[rows], self.shared[rows], self.mean[rows], self.log_p[rows], self.log_q[rows])


def gather(log: EventLog, episodes: Episodes, activity: Ints) -> Gatherings:
    """Lay the likes of the episodes out as sets."""
    length = episodes.last - episodes.first + 1
    gathering = np.repeat(np.arange(len(episodes)), length)
    offsets = np.concatenate([[0], np.cumsum(length)]).astype(np.int64)
    row = ranges(episodes.first, length)
    actor = log.actor[row].astype(np.int64)
    return Gatherings(episodes, offsets, row, gathering, actor, log.at_ms[row], activity, log.n)


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


def overlaps(
    gatherings: Gatherings, n_actors: int, least: int, most: int, until: int = -1
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Pairs of gatherings sharing actors whose two likes lie ``least`` to ``most`` ms apart: ``(i, j, shared)``.

    Only those with one of the first ``until`` gatherings, unless it is -1.
    """
    g = gatherings
    keep = most_telling(g.actor, g.size[g.gathering], _MEMBERSHIPS)
    gathering, actor, time = g.gathering[keep], g.actor[keep], g.time[keep]
    # Entries stand gathering by gathering already.
    actor_offsets, by_actor = grouped(actor, n_actors)
    i, j, shared = shared_actors(
        offsets_of(gathering, len(g)),
        actor,
        time,
        actor_offsets,
        gathering[by_actor],
        time[by_actor],
        least,
        most,
        1,
        until,
    )
    return i, j, shared


def in_company(log: EventLog, rows: Ints, among: Ints | None = None) -> float:
    """Part of these likes whose actor gave another in the same sitting: lessons, digests, lists.

    Another of these likes, or of those ``among``, which hold them.
    """
    if rows.shape[0] == 0:
        return 0.0
    every = rows if among is None else among
    asked = np.zeros(log.n, dtype=bool)
    asked[rows] = True
    every = every[np.lexsort((log.at_ms[every], log.actor[every]))]
    actor, at = log.actor[every], log.at_ms[every]
    near = (actor[1:] == actor[:-1]) & (at[1:] - at[:-1] <= SITTING_MS)
    return float(np.mean((np.r_[near, False] | np.r_[False, near])[asked[every]]))
