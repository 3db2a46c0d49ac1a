"""Small verbs on text columns: numbering, choosing, looking up."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from plaudit.model import UNKNOWN, Bools, Ints

SEPARATOR = "\x1f"
"""Stands between the parts of a joined key: no export writes it."""


def whole(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    """One array of a column."""
    if isinstance(column, pa.Array):
        return column
    joined = column.combine_chunks()
    if isinstance(joined, pa.ChunkedArray):
        return joined.chunk(0) if joined.num_chunks else pa.array([], joined.type)
    return joined


def coded(values: pa.Array) -> tuple[Ints, pa.Array]:
    """Dense number of each value (-1 for null) and the values, sorted bytewise, so that row order does not matter."""
    plain = whole(values).dictionary_encode()
    words = plain.dictionary
    order = pc.sort_indices(words).to_numpy()
    rank = np.empty(len(words), np.int64)
    rank[order] = np.arange(len(words))
    codes = pc.fill_null(plain.indices, -1).to_numpy(zero_copy_only=False).astype(np.int64)
    return np.where(codes >= 0, rank[codes] if len(words) else UNKNOWN, UNKNOWN), words.take(pa.array(order))


def joined(*parts: pa.Array) -> pa.Array:
    """One key of several texts; null where any of them is."""
    return pc.binary_join_element_wise(*parts, SEPARATOR)


def mapped(values: pa.Array, function: Callable[[str], str | None]) -> pa.Array:
    """``function`` of each text, called once per distinct one; null stays."""
    plain = whole(values).dictionary_encode()
    words = pa.array([function(word) for word in plain.dictionary.to_pylist()], pa.string())
    return words.take(plain.indices)


def found_in(values: pa.Array, words: pa.Array) -> Ints:
    """Place of each value among distinct ``words``, -1 where it is none of them."""
    places = pc.index_in(values, value_set=words)
    return np.asarray(pc.fill_null(places, -1).to_numpy(zero_copy_only=False), dtype=np.int64)


def is_known(values: pa.Array) -> Bools:
    """Where a text is not null, ``bool[k]``."""
    return np.asarray(values.is_valid().to_numpy(zero_copy_only=False), dtype=np.bool_)


def last_rows(group: Ints, known: Bools, size: int) -> Ints:
    """The last row of each group that is known, -1 where none is; rows stand in order of time."""
    rows = np.flatnonzero(known & (group >= 0))
    last = np.full(size, UNKNOWN, np.int64)
    last[group[rows]] = rows
    return last


def picked(values: Ints, rows: Ints) -> Ints:
    """``values`` at ``rows``, -1 where the row is -1."""
    if values.size == 0:
        return np.full(rows.size, UNKNOWN, np.int64)
    return np.where(rows >= 0, values[rows], UNKNOWN)


def picked_texts(values: pa.Array, rows: Ints, missing: str = "") -> pa.Array:
    """Texts at ``rows``, ``missing`` where the row is -1."""
    chosen = values.take(pa.array(rows, mask=rows < 0))
    return pc.fill_null(chosen, missing)


def ints(table: pa.Table, name: str) -> Ints:
    """A whole column as numbers."""
    return np.array(table.column(name).to_numpy(), dtype=np.int64)
