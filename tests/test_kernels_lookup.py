"""Looking tables up row by row gives what the library's own indexing gives."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plaudit.kernels.lookup import look_up, look_up_plain, place_among, place_among_plain

NUMBERS = st.lists(st.floats(-5, 5, width=32), max_size=40)


@given(NUMBERS, NUMBERS)
def test_places_are_those_of_a_sorted_search(values: list[float], edges: list[float]) -> None:
    edge = np.sort(np.array(edges, np.float64))
    for value in (np.array(values, np.float64), np.array(values, np.float32), np.repeat(edge, 2)):
        assert np.array_equal(place_among(value, edge), place_among_plain(value, edge))


@pytest.mark.parametrize("seed", range(3))
def test_what_is_looked_up_is_what_indexing_finds(seed: int) -> None:
    rng = np.random.default_rng([seed, 3])
    table, place = rng.normal(size=(5, 7)), rng.integers(0, 7, 20)
    for rows in (0, 1, 500):
        row, key = rng.integers(0, 5, rows).astype(np.int16), rng.integers(0, 20, rows).astype(np.int32)
        assert np.array_equal(look_up(table, row, place, key), look_up_plain(table, row, place, key))
