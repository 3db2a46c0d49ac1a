"""Rows put together by a dense key: one pass to count, one to place, where a sort would take ``log n`` of them."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from plaudit.model import Ints, Ints32


def grouped(key: NDArray[Any], size: int) -> tuple[Ints, Ints32]:
    """Rows of each key: ``(offsets int64[size + 1], row int32[n])``, rows ascending inside a key.

    Args:
        key: dense keys in ``0..size - 1``, any integer type, ``[n]``.
        size: number of keys.

    Raises:
        ValueError: a key is out of range, or there are more rows than 32 bits can count.
    """
    if key.shape[0] and (int(key.min()) < 0 or int(key.max()) >= size):
        raise ValueError(f"keys must lie in 0..{size - 1}")
    if key.shape[0] > np.iinfo(np.int32).max:
        raise ValueError("more than 2,147,483,647 rows")
    offsets, row = _grouped(key, size)
    return offsets, row


@numba.njit(cache=True, nogil=True)
def _grouped(key: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    offsets = np.zeros(size + 1, np.int64)
    for k in key:
        offsets[k + 1] += 1
    for k in range(size):
        offsets[k + 1] += offsets[k]
    following = offsets[:-1].copy()
    row = np.empty(key.shape[0], np.int32)
    for r in range(key.shape[0]):
        k = key[r]
        row[following[k]] = r
        following[k] += 1
    return offsets, row
