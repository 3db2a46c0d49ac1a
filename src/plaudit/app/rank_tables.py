"""What the tables of an audit know of every target, as :mod:`plaudit.tally.boards` wants it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from plaudit.app.rank_rows import floats_of
from plaudit.model import STATUSES, Ints
from plaudit.tally.boards import Audited, ages, audited


def audited_of(targets: pa.Table, likes: pa.Table | None, as_of_ms: int) -> tuple[Audited, list[str]]:
    """All targets of ``targets.parquet``, in its order, from ``likes.parquet`` where there is one; names of groups.

    Args:
        targets: ``target_id, shown, discounted, undetermined, unheard, born_ms``.
        likes: ``target_id, status, group_id, p_inauthentic``; None where likes have no names.
        as_of_ms: the moment ages are counted to.
    """
    names: list[str] = []
    given = None
    if likes is not None and likes.num_rows:
        inside = likes.filter(pc.is_valid(likes["group_id"]))
        coded = inside["group_id"].cast(pa.string()).combine_chunks().dictionary_encode()
        names = coded.dictionary.to_pylist()
        words = pa.array([one.value for one in STATUSES])
        status = pc.index_in(inside["status"].cast(pa.string()).combine_chunks(), value_set=words)
        row = rows_of(inside["target_id"], targets["target_id"])
        p = floats_of(inside["p_inauthentic"])
        given = (row, np.asarray(status, np.int64), np.asarray(coded.indices, np.int64), p)
    shown, discounted, undetermined = (floats_of(targets[name]) for name in ("shown", "discounted", "undetermined"))
    missed, age_h = np.nan_to_num(floats_of(targets["unheard"])), ages(floats_of(targets["born_ms"]), as_of_ms)
    return audited(shown, discounted, undetermined, missed, age_h, given), names


def rows_of(names: pa.ChunkedArray | pa.Array | Sequence[str], targets: pa.ChunkedArray) -> Ints:
    """Row of each name among ``targets``, -1 where it is not there, ``int64[n]``."""
    column = pa.chunked_array([pa.array(names, pa.string())]) if isinstance(names, Sequence) else names
    found = pc.index_in(column.combine_chunks(), value_set=targets.combine_chunks())
    return np.asarray(pc.fill_null(found, -1), np.int64)
