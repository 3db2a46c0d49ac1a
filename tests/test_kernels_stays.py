"""Who came once, and who came back."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from plaudit.kernels.stays import APART_MS, came_once


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4 * APART_MS)), max_size=30))
def test_whoever_came_once_gave_all_likes_within_half_a_day(likes: list[tuple[int, int]]) -> None:
    actor = np.array([who for who, _ in likes], np.int32)
    at = np.array([when for _, when in likes], np.int64)
    times = {who: [when for other, when in likes if other == who] for who, _ in likes}
    expected = [max(times[who]) - min(times[who]) < APART_MS for who, _ in likes]
    assert came_once(actor, at, 5).tolist() == expected
