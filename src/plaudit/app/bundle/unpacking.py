"""Columns of a member as the arrays an audit reads, believed no further than they can be checked."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from plaudit.model import Bools, Counter, Flags, Floats, Ints, Ints32


def int32(table: pa.Table, name: str) -> Ints32:
    """A column of dense numbers."""
    return np.ascontiguousarray(table.column(name).cast(pa.int32()).to_numpy(), np.int32)


def int64(table: pa.Table, name: str) -> Ints:
    """A column of counts or times."""
    return np.ascontiguousarray(table.column(name).cast(pa.int64()).to_numpy(), np.int64)


def shares(table: pa.Table, name: str) -> Floats:
    """A column of figures; NaN is one."""
    return np.ascontiguousarray(table.column(name).cast(pa.float64()).to_numpy(), np.float64)


def yes_or_no(table: pa.Table, name: str) -> Bools:
    """A column of yes or no."""
    return np.ascontiguousarray(table.column(name).cast(pa.bool_()).to_numpy(), np.bool_)


def texts(table: pa.Table, name: str) -> pa.StringArray:
    """A column of texts."""
    column: list[str | None] = table.column(name).to_pylist()
    return pa.array(column, pa.string())


def flags(table: pa.Table, name: str) -> Flags:
    """A column of three answers.

    Raises:
        ValueError: it holds a fourth.
    """
    values = np.ascontiguousarray(table.column(name).cast(pa.int8()).to_numpy(), np.int8)
    within(values, -1, 2, name)
    return values


def counter(table: pa.Table, name: str) -> Counter:
    """Two columns that are the ends of a counter.

    Raises:
        ValueError: an upper end is below its lower one.
    """
    low, high = int64(table, f"{name}_low"), int64(table, f"{name}_high")
    if np.any(high < low) or np.any(low < -1):
        raise ValueError(f"the counter {name} ends before it begins")
    return Counter(low, high)


def within(values: np.ndarray, low: int, high: int, name: str) -> None:
    """Check that numbers name something that is there.

    Raises:
        ValueError: one is below ``low``, or not below ``high``.
    """
    if values.shape[0] and not (low <= int(values.min()) and int(values.max()) < high):
        raise ValueError(f"column {name} names what is not there")
