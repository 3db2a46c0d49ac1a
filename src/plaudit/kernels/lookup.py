"""Tables looked up for each of very many rows, without an array of wider places in between."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from plaudit.model import Floats, Ints


@numba.njit(cache=True, nogil=True)
def place_of(value: float, edge: np.ndarray) -> int:
    """How many of the ascending ``edge`` lie at or below the value."""
    low, high = 0, edge.shape[0]
    while low < high:
        middle = (low + high) // 2
        if value < edge[middle]:
            high = middle
        else:
            low = middle + 1
    return low


@numba.njit(cache=True, nogil=True)
def place_among(value: np.ndarray, edge: np.ndarray) -> np.ndarray:
    """How many of the ascending ``edge`` lie at or below each value, ``int16[m]``."""
    out = np.empty(value.shape[0], np.int16)
    for k in range(value.shape[0]):
        out[k] = place_of(value[k], edge)
    return out


@numba.njit(cache=True, nogil=True)
def look_up(table: np.ndarray, row: np.ndarray, place: np.ndarray, key: np.ndarray) -> np.ndarray:
    """``table[row, place[key]]``, ``float64[m]``."""
    out = np.empty(key.shape[0], np.float64)
    for k in range(key.shape[0]):
        out[k] = table[row[k], place[key[k]]]
    return out


def place_among_plain(value: NDArray[Any], edge: Floats) -> NDArray[np.int16]:
    """The same by the library. The oracle in tests."""
    return np.searchsorted(edge, value, side="right").astype(np.int16)


def look_up_plain(table: Floats, row: NDArray[Any], place: Ints, key: NDArray[Any]) -> Floats:
    """The same by the library. The oracle in tests."""
    return np.asarray(table[row, place[key]], dtype=np.float64)
