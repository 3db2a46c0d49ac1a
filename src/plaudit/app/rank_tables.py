"""What the tables of an audit know of every target, as rows of any board: counts, voices of groups, likes not heard."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from plaudit.app.rank_rows import floats_of
from plaudit.model import HOUR_MS, Floats, Ints, Status
from plaudit.tally.heard import unheard
from plaudit.tally.rank import Board


@dataclass(frozen=True)
class Standing:
    """Every target of an audit, ``float64[n]``; columns of :class:`plaudit.tally.rank.Board`."""

    likes: Floats
    discounted: Floats
    undetermined: Floats
    grouped: Floats
    voices: Floats
    unheard: Floats
    age_h: Floats

    def board(self, rows: Ints, exposures: Floats | None = None, downs: Floats | None = None) -> Board:
        """The board of targets ``rows``; -1 is a target the audit has not seen, with no likes and no age."""
        here, at = (rows >= 0).astype(np.float64), np.maximum(rows, 0)
        age = self.age_h[at] * here
        return Board(
            likes=self.likes[at] * here,
            discounted=self.discounted[at] * here,
            undetermined=self.undetermined[at] * here,
            grouped=self.grouped[at] * here,
            voices=self.voices[at] * here,
            unheard=self.unheard[at] * here,
            exposures=exposures,
            downs=downs,
            age_h=None if np.isnan(age).any() else age,
        )


def standing(targets: pa.Table, likes: pa.Table | None, as_of_ms: int) -> Standing:
    """All targets of ``targets.parquet``, in its order, from ``likes.parquet`` where there is one.

    Args:
        targets: ``target_id, shown, discounted, undetermined, born_ms``.
        likes: ``target_id, at_ms, status, group_id``; None where likes have no names.
        as_of_ms: the moment ages are counted to.
    """
    size = targets.num_rows
    born = floats_of(targets["born_ms"])
    undetermined = floats_of(targets["undetermined"])
    grouped = voices = missed = np.zeros(size)
    if likes is not None and likes.num_rows:
        row = rows_of(likes["target_id"], targets["target_id"])
        open_ = np.asarray(pc.equal(likes["status"].cast(pa.string()), Status.UNDETERMINED.value))
        out = np.asarray(pc.equal(likes["status"].cast(pa.string()), Status.DISCOUNTED.value))
        in_group = np.asarray(pc.is_valid(likes["group_id"]))
        grouped = np.bincount(row[open_ & in_group], minlength=size).astype(np.float64)
        voices = _voices(likes["group_id"], row, in_group, size)
        plain = ~out & ~(open_ & in_group)
        at = np.asarray(likes["at_ms"].combine_chunks(), np.int64)
        missed = unheard(row[plain], at[plain], born, as_of_ms)
    return Standing(
        likes=floats_of(targets["shown"]),
        discounted=floats_of(targets["discounted"]),
        undetermined=np.maximum(undetermined - grouped, 0.0),
        grouped=grouped,
        voices=voices,
        unheard=missed,
        age_h=np.maximum(as_of_ms - born, 0.0) / HOUR_MS,
    )


def rows_of(names: pa.ChunkedArray | pa.Array | Sequence[str], targets: pa.ChunkedArray) -> Ints:
    """Row of each name among ``targets``, -1 where it is not there, ``int64[n]``."""
    column = pa.chunked_array([pa.array(names, pa.string())]) if isinstance(names, Sequence) else names
    found = pc.index_in(column.combine_chunks(), value_set=targets.combine_chunks())
    return np.asarray(pc.fill_null(found, -1), np.int64)


def _voices(group: pa.ChunkedArray, row: Ints, in_group: np.ndarray, size: int) -> Floats:
    """Suspected groups that liked each target, whatever their size."""
    code = group.cast(pa.string()).combine_chunks().dictionary_encode().indices
    code = np.asarray(pc.fill_null(code, 0), np.int64)[in_group]
    width = int(code.max(initial=0)) + 1
    pairs = np.unique(row[in_group] * width + code) // width
    return np.bincount(pairs, minlength=size).astype(np.float64)
