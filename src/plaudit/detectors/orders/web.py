"""The overlaps between gatherings: which of them share actors, how many, and how far beyond what this log expects.

There are several times more pairs of gatherings than likes in a log, and nineteen in twenty share one actor, which says
nothing. So what is kept of every pair is small (whom with, and how many), and only pairs that share more are judged.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plaudit.detectors.orders.gatherings import Gatherings
from plaudit.kernels.beside import each
from plaudit.kernels.grouping import grouped
from plaudit.kernels.overlap import pairs_inside, shared_actors
from plaudit.model import Bools, Ints, Ints32, offsets_of

_PIECE = 1 << 23
"""Memberships gone through at a time: what one pass finds is held twice, once as found and once put away."""
LEAST_MEAN = np.float32(1e-9)


@dataclass(frozen=True)
class Pairs:
    """Some pairs of gatherings: actors shared, how many activity expects, and ``ln q``; ascending by ``i``."""

    i: NDArray[Any]
    j: NDArray[Any]
    shared: NDArray[Any]
    mean: NDArray[Any]
    log_q: NDArray[Any]


@dataclass(frozen=True)
class Web:
    """All pairs of gatherings that share actors at times apart.

    Attributes:
        offsets: pairs of gathering ``i`` with later ones are ``offsets[i]:offsets[i + 1]``, ``int64[g + 1]``.
        j: the later gathering, ``int32[pairs]``.
        shared: actors shared, at least 1, ``uint16[pairs]`` (``int32`` where that would not hold them).
        chance: ``x`` with ``x_i x_j`` expected by activity, see :attr:`Gatherings.chance`, ``float32[g]``.
        told: pairs that share two or more, ascending, ``int64[k]``; ``log_q``: of each, ``float32[k]``; of all others
            it is 0.
    """

    offsets: Ints
    j: Ints32
    shared: NDArray[Any]
    chance: NDArray[np.float32]
    told: Ints
    log_q: NDArray[np.float32]

    def __len__(self) -> int:
        return int(self.j.shape[0])

    def of(self, rows: Ints) -> tuple[Ints32, Ints32, Ints32, NDArray[np.float32]]:
        """``(i, j, shared, mean)`` of the chosen pairs, ``rows`` ascending."""
        i = (np.searchsorted(self.offsets, rows, side="right") - 1).astype(np.int32)
        j = self.j[rows]
        return i, j, self.shared[rows].astype(np.int32), self.expected(i, j)

    def expected(self, i: Ints32, j: Ints32) -> NDArray[np.float32]:
        """Actors that activity alone lets two gatherings share."""
        return np.asarray(np.maximum(self.chance[i] * self.chance[j], LEAST_MEAN))

    def within(self, members: Ints) -> Pairs:
        """The pairs inside a set of gatherings."""
        inside = np.zeros(self.chance.shape[0], dtype=bool)
        inside[members] = True
        rows, i = pairs_inside(self.offsets, self.j, np.sort(members), inside)
        log_q = np.zeros(rows.shape[0], np.float32)
        shared = self.shared[rows].astype(np.int32)
        many = np.flatnonzero(shared > 1)
        log_q[many] = self.log_q[np.searchsorted(self.told, rows[many])]
        j = self.j[rows]
        return Pairs(i, j, shared, self.expected(i, j), log_q)


def spin(g: Gatherings, n_actors: int, least: int, most: int) -> Web:
    """The web of all gatherings, by likes ``least`` to ``most`` ms apart, none of its pairs judged yet."""
    found = _pieces(g, n_actors, least, most, len(g))
    first = np.concatenate([[0], np.cumsum(np.concatenate([np.zeros(0, np.int64), *(one[0] for one in found)]))])
    return _put_away(g, first.astype(np.int64), [one[1:] for one in found])


def overlaps(
    g: Gatherings, n_actors: int, least: int, most: int, until: int = -1, among: Bools | None = None
) -> tuple[Ints32, Ints32, NDArray[Any]]:
    """Pairs of gatherings sharing actors whose two likes lie ``least`` to ``most`` ms apart: ``(i, j, shared)``.

    Only those with one of the first ``until`` gatherings, unless it is -1, and with both ``among`` the marked ones.
    """
    sets = len(g) if until < 0 else until
    found = _pieces(g, n_actors, least, most, sets, among)
    length = np.concatenate([np.zeros(0, np.int64), *(one[0] for one in found)])
    empty = np.zeros(0, np.int32)
    return (
        np.repeat(np.arange(sets, dtype=np.int32), length),
        np.concatenate([empty, *(one[1] for one in found)]),
        np.concatenate([empty, *(one[2] for one in found)]),
    )


def _pieces(
    g: Gatherings, n_actors: int, least: int, most: int, sets: int, among: Bools | None = None
) -> list[tuple[Ints, Ints32, NDArray[Any]]]:
    """Pairs of the first ``sets`` gatherings with later ones, a stretch of them after the other.

    Of each stretch: how many pairs each gathering has, the later gathering of each, and the actors shared.
    """
    entry: Ints | Bools = g.telling
    if among is not None:
        entry = g.entries(np.flatnonzero(among))
        entry = entry[g.telling[entry]]
    gathering, actor, time = g.gathering[entry], g.actor[entry], g.time[entry]
    if among is not None:
        # A few of very many, asked again and again: nothing may be as long as the log has actors.
        people, place = np.unique(actor, return_inverse=True)
        n_actors, actor = people.shape[0], place.astype(actor.dtype)
    # Entries stand gathering by gathering already.
    offsets = offsets_of(gathering, len(g))
    actor_offsets, by_actor = grouped(actor, n_actors)
    actor_set, actor_time = gathering[by_actor], time[by_actor]
    del by_actor, gathering
    work = np.concatenate([[0], np.cumsum(np.diff(actor_offsets)[actor])])[offsets[: sets + 1]]
    edges = np.unique(np.searchsorted(work, np.arange(0, int(work[-1]), _PIECE), side="right") - 1)
    edges = np.unique(np.concatenate([[0], edges, [sets]]))

    def piece(stretch: tuple[int, int]) -> tuple[Ints, Ints32, NDArray[Any]]:
        first, stop = stretch
        i, j, shared = shared_actors(
            offsets, actor, time, actor_offsets, actor_set, actor_time, least, most, 1, stop, first
        )
        return np.bincount(i - np.int32(first), minlength=stop - first), j.copy(), _narrow(shared)

    return each(piece, list(zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)))


def _narrow(count: NDArray[Any]) -> NDArray[Any]:
    most = int(count.max()) if count.shape[0] else 0
    return count.astype(np.uint16 if most <= np.iinfo(np.uint16).max else np.int32)


def _put_away(g: Gatherings, offsets: Ints, found: list[tuple[Ints32, NDArray[Any]]]) -> Web:
    """One web of what was found, which is let go of piece by piece."""
    pairs = int(offsets[-1])
    wide = any(shared.dtype != np.uint16 for _, shared in found)
    j = np.empty(pairs, np.int32)
    shared: NDArray[Any] = np.empty(pairs, np.int32 if wide else np.uint16)
    at = 0
    while found:
        other, many = found.pop(0)
        stop = at + other.shape[0]
        j[at:stop], shared[at:stop] = other, many
        at = stop
    told = np.flatnonzero(shared > 1)
    return Web(offsets, j, shared, g.chance.astype(np.float32), told, np.zeros(told.shape[0], np.float32))
