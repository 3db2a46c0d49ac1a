"""The event log (tier T2) as arrays: who liked what, when."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plaudit.model.words import Bools, Ints, Ints32


@dataclass(frozen=True)
class EventLog:
    """The likes that stand, as arrays sorted by (target, at_ms, actor, event_id), and what is known beside them.

    Rows are *likes*: one row per (actor, target) that still stands after duplicates and take-backs.

    Attributes:
        actor: dense actor, ``int32[n]``, 0..n_actors-1, numbered in the order of the id strings.
        target: dense target, ``int32[n]``, ascending, numbered in the order of the id strings.
        at_ms: UTC milliseconds, ``int64[n]``, ascending inside a target.
        n_actors, n_targets: sizes of the two id spaces (an actor or target without a standing like keeps its number).
        born_ms: when each target appeared, ``int64[n_targets]``: its publication where the log says so, else the
            first event seen on it.
        born_known: ``bool[n_targets]``, True where the log itself gives the publication.
        start_ms, end_ms: first and last event of the whole log (all kinds): the window of observation.
        device, ip: dense identifiers, ``int32[n]``, -1 where absent; ``None`` when the log has no such column.
        author: dense actor-like number of each target's author, ``int32[n_targets]``, -1 where unknown; ``None``
            when the log has no such column.
        parent: dense number of what each target belongs to (the post of a comment), ``int32[n_targets]``, numbered in
            the order of the id strings, -1 where unknown; ``None`` when the log has no such column.
        campaign: dense number of the campaign each target was part of (the one most of its rows name),
            ``int32[n_targets]``, numbered and absent likewise. No detector reads it: whoever ran it says so.
    """

    actor: Ints32
    target: Ints32
    at_ms: Ints
    n_actors: int
    n_targets: int
    born_ms: Ints
    born_known: Bools
    start_ms: int
    end_ms: int
    device: Ints32 | None = None
    ip: Ints32 | None = None
    author: Ints32 | None = None
    parent: Ints32 | None = None
    campaign: Ints32 | None = None

    @property
    def n(self) -> int:
        """Number of likes that stand."""
        return int(self.actor.shape[0])

    def target_offsets(self) -> Ints:
        """CSR offsets of the likes of each target, ``int64[n_targets + 1]``; not to be written to."""
        return self._offsets

    @cached_property
    def _offsets(self) -> Ints:
        return offsets_of(self.target, self.n_targets)


def offsets_of(sorted_keys: NDArray[Any], size: int) -> Ints:
    """CSR offsets of a sorted key column: rows of key ``k`` are ``offsets[k]:offsets[k + 1]``."""
    counts = np.bincount(sorted_keys, minlength=size)
    out = np.zeros(size + 1, dtype=np.int64)
    np.cumsum(counts, out=out[1:])
    return out


def ranges(first: Ints, length: Ints) -> Ints:
    """The concatenation of ``first[i], first[i] + 1, ...`` with ``length[i]`` numbers each."""
    start = np.cumsum(length) - length
    out = np.asarray(np.repeat(first - start, length), dtype=np.int64)
    out += np.arange(out.shape[0])
    return out
