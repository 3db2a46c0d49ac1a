"""Rows put together by key stand as a stable sort would put them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plaudit.kernels.clock import Births, near
from plaudit.kernels.grouping import grouped
from plaudit.model import offsets_of


@given(st.lists(st.integers(0, 9), max_size=60), st.sampled_from([np.int32, np.int64]))
def test_grouping_is_a_stable_sort(keys: list[int], kind: type[np.integer]) -> None:
    key: np.ndarray = np.array(keys).astype(kind)
    offsets, row = grouped(key, 10)
    order = np.argsort(key, kind="stable")
    assert row.tolist() == order.tolist()
    assert offsets.tolist() == offsets_of(key[order], 10).tolist()


@pytest.mark.parametrize("key", [[0, 3], [-1, 0]])
def test_a_key_out_of_range_is_refused(key: list[int]) -> None:
    with pytest.raises(ValueError, match=r"0\.\.2"):
        grouped(np.array(key), 3)


def test_timers_are_told_from_busy_hours() -> None:
    rng = np.random.default_rng(4)
    hours = np.repeat(rng.integers(0, 24 * 60, 300), 20) * 3_600_000
    spread = hours + rng.integers(0, 3_600_000, hours.size)
    by_timer = hours + 60_000 * rng.integers(0, 4, hours.size)
    free, timed = Births(np.sort(spread)), Births(np.sort(by_timer))
    assert 0.8 < free.timers(10_000) < 2.5 < 6.0 < timed.timers(10_000)
    assert timed.timers(10_000) == timed.timers(10_000)


def test_near_counts_both_sides() -> None:
    assert near(np.array([0, 5, 10, 20]), np.array([5, 15]), 5).tolist() == [3, 2]
