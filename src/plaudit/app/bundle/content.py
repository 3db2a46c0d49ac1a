"""Digests of what tables and documents say, and where two of them differ.

A Parquet file's bytes name the library that wrote it; its content does not. So results are committed to by content:
the same rows have the same digest whatever wrote them, and however they are cut, encoded or compressed.
"""

from __future__ import annotations

import hashlib
import math
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

ROUNDING = 1e-9
"""Relative difference of two figures below which another processor's last digits are a sufficient explanation."""


class _Hash(Protocol):
    def update(self, data: Any, /) -> None: ...


def digest(table: pa.Table) -> str:
    """SHA-256 of names, types and values, column by column; independent of chunks, dictionaries and file format."""
    sha = hashlib.sha256()
    for name in table.column_names:
        column = _whole(table.column(name))
        sha.update(f"{name}\0{_kind(column.type)}\0{len(column)}\0".encode())
        _feed(sha, column)
    return sha.hexdigest()


def difference(expected: pa.Table, found: pa.Table) -> tuple[str, int, int] | None:
    """Where two tables differ: column, first row, number of rows; None where they agree but for rounding.

    A column or a number of rows that is not the same at all is row -1.
    """
    if expected.column_names != found.column_names:
        odd = sorted(set(expected.column_names) ^ set(found.column_names)) or expected.column_names
        return odd[0], -1, expected.num_rows
    if expected.num_rows != found.num_rows:
        return expected.column_names[0], -1, abs(expected.num_rows - found.num_rows)
    for name in expected.column_names:
        one, two = _whole(expected.column(name)), _whole(found.column(name))
        rows = _differing(one, two)
        if rows.shape[0]:
            return name, int(rows[0]), int(rows.shape[0])
    return None


def document_difference(expected: Any, found: Any, where: str = "") -> str | None:
    """Path of the first place where two JSON documents differ by more than rounding."""
    if isinstance(expected, dict) and isinstance(found, dict):
        for key in sorted({*expected, *found}):
            if key not in expected or key not in found:
                return f"{where}.{key}".lstrip(".")
            if place := document_difference(expected[key], found[key], f"{where}.{key}"):
                return place
        return None
    if isinstance(expected, list) and isinstance(found, list):
        if len(expected) != len(found):
            return where.lstrip(".")
        places = (
            document_difference(a, b, f"{where}[{i}]") for i, (a, b) in enumerate(zip(expected, found, strict=True))
        )
        return next((place for place in places if place), None)
    if isinstance(expected, float) and isinstance(found, float | int) and not isinstance(found, bool):
        return None if math.isclose(expected, found, rel_tol=ROUNDING, abs_tol=ROUNDING) else where.lstrip(".")
    return None if expected == found and type(expected) is type(found) else where.lstrip(".")


def _differing(one: pa.Array, two: pa.Array) -> np.ndarray:
    if _kind(one.type) != _kind(two.type):
        return np.arange(max(len(one), 1))
    if pa.types.is_list(one.type):
        # Lists are compared whole: their number of parts first, then the parts.
        sizes = [np.asarray(pc.fill_null(pc.list_value_length(column), -1)) for column in (one, two)]
        rows = np.flatnonzero(sizes[0] != sizes[1])
        if rows.shape[0]:
            return rows
        parts = _differing(_decoded(one.flatten()), _decoded(two.flatten()))
        ends = np.cumsum(np.maximum(sizes[0], 0))
        return np.unique(np.searchsorted(ends, parts, side="right"))
    if pa.types.is_floating(one.type):
        a, b = (np.asarray(pc.fill_null(column, math.nan)) for column in (one, two))
        return np.flatnonzero(~np.isclose(a, b, rtol=ROUNDING, atol=ROUNDING, equal_nan=True))
    same = pc.fill_null(pc.equal(one, two), False)
    both_null = pc.and_(pc.is_null(one), pc.is_null(two))
    return np.flatnonzero(~np.asarray(pc.or_(same, both_null)))


def _feed(sha: _Hash, column: pa.Array) -> None:
    sha.update(np.asarray(pc.is_valid(column)).astype(np.uint8).tobytes())
    if pa.types.is_list(column.type):
        lengths = pc.fill_null(pc.list_value_length(column), 0)
        sha.update(np.asarray(lengths).astype("<i8").tobytes())
        _feed(sha, _decoded(column.flatten()))
    elif pa.types.is_string(column.type):
        texts = pc.fill_null(column, "")
        sha.update(np.asarray(pc.binary_length(texts)).astype("<i8").tobytes())
        for start in range(0, len(texts), 1 << 16):
            sha.update("".join(texts.slice(start, 1 << 16).to_pylist()).encode("utf-8", "surrogatepass"))
    elif pa.types.is_boolean(column.type):
        sha.update(np.asarray(pc.fill_null(column, False)).astype(np.uint8).tobytes())
    elif pa.types.is_integer(column.type):
        sha.update(np.asarray(pc.fill_null(column, 0)).astype("<i8").tobytes())
    else:
        sha.update(np.asarray(pc.fill_null(column, 0.0)).astype("<f8").tobytes())


def _kind(kind: pa.DataType) -> str:
    if pa.types.is_dictionary(kind):
        return _kind(kind.value_type)
    if pa.types.is_list(kind):
        return f"list of {_kind(kind.value_type)}"
    if pa.types.is_integer(kind):
        return "integer"
    if pa.types.is_floating(kind):
        return "float"
    return "string" if pa.types.is_large_string(kind) else str(kind)


def _whole(column: pa.ChunkedArray) -> pa.Array:
    joined = column.combine_chunks()
    if isinstance(joined, pa.ChunkedArray):
        joined = joined.chunk(0) if joined.num_chunks == 1 else pa.concat_arrays(joined.chunks)
    return _decoded(joined)


def _decoded(column: pa.Array) -> pa.Array:
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    return column.cast(pa.string()) if pa.types.is_large_string(column.type) else column
