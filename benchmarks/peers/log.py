"""What a peer is given: the likes that stand, as arrays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from plaudit.model import Floats, Ints, Ints32, offsets_of


@dataclass(frozen=True)
class Log:
    """Likes sorted by target and time.

    Attributes:
        actor, target: dense numbers, ``int32[n]``.
        at_ms: UTC milliseconds, ``int64[n]``.
        n_actors, n_targets: sizes of the two number spaces.
        row: where each like stood in the table that was read, ``int64[n]``.
    """

    actor: Ints32
    target: Ints32
    at_ms: Ints
    n_actors: int
    n_targets: int
    row: Ints

    @property
    def n(self) -> int:
        """Number of likes."""
        return int(self.actor.size)

    def actor_degree(self) -> Ints:
        """Likes of each actor."""
        return np.bincount(self.actor, minlength=self.n_actors).astype(np.int64)

    def target_degree(self) -> Ints:
        """Likes of each target."""
        return np.bincount(self.target, minlength=self.n_targets).astype(np.int64)

    def by_actor(self) -> tuple[Ints, Ints]:
        """Rows ordered by actor and time, and their CSR offsets."""
        order = np.lexsort((self.at_ms, self.actor)).astype(np.int64)
        return order, offsets_of(self.actor[order], self.n_actors)

    def only(self, rows: Ints) -> Log:
        """Some of the likes; numbers keep their meaning, ``row`` now points into this log."""
        return Log(self.actor[rows], self.target[rows], self.at_ms[rows], self.n_actors, self.n_targets, rows)

    def in_order(self, score: Floats) -> Floats:
        """Scores of these likes in the order of the table that was read."""
        out = np.zeros(self.n, np.float64)
        out[self.row] = score
        return out

    def table(self) -> pa.Table:
        """``row`` (of this log), ``actor``, ``target``, ``ms``, for SQL."""
        return pa.table({"row": np.arange(self.n), "actor": self.actor, "target": self.target, "ms": self.at_ms})


@dataclass(frozen=True)
class Peer:
    """A published method.

    Attributes:
        name: what tables call it.
        paper: where it was published.
        score: one number >= 0 per like of a log, ``float64[n]``, 0 for what it does not suspect at all.
        needs: a package it cannot do without and Plaudit does not install; empty for most.
    """

    name: str
    paper: str
    score: Callable[[Log], Floats]
    needs: str = ""


def log_of(likes: pa.Table) -> Log:
    """A log of a table with ``actor_id, target_id, at_ms`` (the table ``likes`` of an audit)."""
    actor, n_actors = _dense(likes["actor_id"])
    target, n_targets = _dense(likes["target_id"])
    at = np.asarray(likes["at_ms"].to_numpy(), np.int64)
    order = np.lexsort((at, target)).astype(np.int64)
    return Log(actor[order], target[order], at[order], n_actors, n_targets, order)


def read(path: str | Path) -> Log:
    """:func:`log_of` of a Parquet file."""
    return log_of(pq.read_table(path, columns=["actor_id", "target_id", "at_ms"]))


def _dense(column: pa.ChunkedArray) -> tuple[Ints32, int]:
    coded = column.cast(pa.string()).combine_chunks().dictionary_encode()
    return np.asarray(coded.indices.to_numpy(), np.int32), len(coded.dictionary)
