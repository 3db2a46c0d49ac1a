"""Real likes sold by real rings, planted into a real background: semi-synthetic logs with known truth.

Only times and target names move. Who liked what together with whom, and how fast each order came, stay as they were.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Objects = NDArray[np.object_]

POPULAR = 20
"""Genuine likes an existing target must have to receive an order."""
_TRIES = 200


@dataclass(frozen=True)
class Likes:
    """Likes as arrays of one length: ids as strings, ``at`` in UTC milliseconds."""

    actor: Objects
    target: Objects
    at: Ints

    def __len__(self) -> int:
        return int(self.at.shape[0])

    def take(self, rows: Ints) -> Likes:
        """These rows, in this order."""
        return Likes(self.actor[rows], self.target[rows], self.at[rows])


@dataclass(frozen=True)
class Planted:
    """A log to audit and its truth.

    Attributes:
        events: ``event_id, actor, target, at`` (milliseconds), in order of time.
        injected: event ids of the planted likes.
        strays: likes whose existing target was not alive when its order came (none alive was left).
    """

    events: pa.Table
    injected: pa.Array
    strays: int


def read_likes(path: Path, positive: bool) -> Likes:
    """Likes of a data file; with ``positive`` only rows whose ``vote`` is +1."""
    table = pq.read_table(path)
    if positive:
        table = table.filter(pc.equal(table["vote"], 1))
    actor, target = (np.asarray(table[name].to_numpy(zero_copy_only=False), object) for name in ("actor", "target"))
    return Likes(actor, target, np.asarray(table["at_ms"].to_numpy(), np.int64))


def as_events(likes: Likes) -> pa.Table:
    """A log of ``likes`` as it would be exported: no event ids."""
    return pa.table({"actor": pa.array(likes.actor), "target": pa.array(likes.target), "at": pa.array(likes.at)})


def shifted(ring: Likes, start: int, end: int, rng: np.random.Generator) -> Likes:
    """The whole ring moved in time as one block to a random place within ``start..end`` (which must hold it)."""
    first, last = int(ring.at.min()), int(ring.at.max())
    room = (end - start) - (last - first)
    if room < 0:
        raise ValueError("the background is shorter than the ring; compress the ring first.")
    return Likes(ring.actor, ring.target, ring.at - first + start + int(rng.integers(0, room + 1)))


def compressed(ring: Likes, start: int, end: int, rng: np.random.Generator) -> Likes:
    """Orders moved closer together so that all fit into ``start..end``; the pace inside an order is kept.

    Only an order longer than half the window is itself squeezed, to half the window. A random tenth of the window is
    left free around the whole.
    """
    code, first, last = _orders(ring)
    length = last - first
    window = end - start
    squeeze = np.minimum(1.0, (window / 2) / np.maximum(length, 1))
    kept = length * squeeze
    free = window * 0.1
    offset = rng.random() * free
    span = max(int((first - first.min()).max()), 1)
    begin = start + offset + (first - first.min()) / span * (window - free)
    begin = np.minimum(begin, end - kept)
    at = begin[code] + (ring.at - first[code]) * squeeze[code]
    return Likes(ring.actor, ring.target, np.clip(at, start, end).astype(np.int64))


def on_new_targets(background: Likes, ring: Likes, rng: np.random.Generator) -> tuple[Likes, int]:
    """The ring on targets of its own, told apart from those of the background."""
    return Likes(ring.actor, _told_apart(ring.target), ring.at), 0


def on_existing_targets(background: Likes, ring: Likes, rng: np.random.Generator) -> tuple[Likes, int]:
    """Each of the ring's orders on a random existing target with at least ``POPULAR`` likes, alive when it begins.

    Alive: between its first and last genuine like. No target receives a second order while another alive one is free.
    Returns the ring's likes and how many stand on a target that was not alive.
    """
    names, code, size = np.unique(background.target.astype(str), return_inverse=True, return_counts=True)
    born = np.full(names.shape[0], np.iinfo(np.int64).max)
    died = np.zeros(names.shape[0], np.int64)
    np.minimum.at(born, code, background.at)
    np.maximum.at(died, code, background.at)
    popular = np.flatnonzero(size >= POPULAR)
    order_of, begins, _ = _orders(ring)
    chosen = np.zeros(begins.shape[0], np.int64)
    stray = np.zeros(begins.shape[0], np.bool_)
    used = np.zeros(names.shape[0], np.bool_)
    for order in rng.permutation(begins.shape[0]).tolist():
        alive = popular[(born[popular] <= begins[order]) & (died[popular] >= begins[order])]
        fresh = alive[~used[alive]]
        pool = fresh if fresh.size else alive
        stray[order] = pool.size == 0
        pool = pool if pool.size else popular
        chosen[order] = pool[rng.integers(pool.size)]
        used[chosen[order]] = True
    return Likes(ring.actor, names[chosen[order_of]].astype(object), ring.at), int(stray[order_of].sum())


Placing = Callable[[Likes, Likes, np.random.Generator], tuple[Likes, int]]


def plant(background: Likes, ring: Likes, placing: Placing, seed: int, squeeze: bool) -> Planted:
    """One semi-synthetic log.

    Args:
        background: genuine likes, as they are.
        ring: sold likes; their actors are told apart from the background's.
        placing: :func:`on_new_targets` or :func:`on_existing_targets`.
        seed: decides the shift in time and the targets chosen.
        squeeze: bring the ring's orders closer together first (for a ring that lasted longer than the background).
    """
    rng = np.random.default_rng(seed)
    start, end = int(background.at.min()), int(background.at.max())
    # Where the background is young, few targets are alive: another shift is drawn rather than a rule bent.
    for _ in range(_TRIES):
        moved = (compressed if squeeze else shifted)(ring, start, end, rng)
        placed, strays = placing(background, moved, rng)
        if strays == 0 or squeeze:
            break
    actor = np.concatenate([background.actor, _told_apart(placed.actor)])
    target = np.concatenate([background.target, placed.target])
    at = np.concatenate([background.at, placed.at])
    names = np.array([f"b{k}" for k in range(len(background))] + [f"i{k}" for k in range(len(placed))], object)
    order = np.argsort(at, kind="stable")
    both = Likes(actor, target, at).take(order)
    events = as_events(both).add_column(0, "event_id", pa.array(names[order]))
    return Planted(events, pa.array(names[len(background) :]), strays)


def _orders(ring: Likes) -> tuple[Ints, Ints, Ints]:
    """Order (dense target) of each like, and first and last time of each order."""
    names, code = np.unique(ring.target.astype(str), return_inverse=True)
    first = np.full(names.shape[0], np.iinfo(np.int64).max)
    last = np.zeros(names.shape[0], np.int64)
    np.minimum.at(first, code, ring.at)
    np.maximum.at(last, code, ring.at)
    return code.astype(np.int64), first, last


def _told_apart(ids: Objects) -> Objects:
    return np.char.add("planted/", ids.astype(str)).astype(object)
