"""Where on a target are the members of a group thick among everybody else? The richest stretch of each target."""

from __future__ import annotations

import numba
import numpy as np

from plaudit.model import Ints

_FINE = 4
"""Stretches of up to ``2 ** (_FINE + 1)`` members are all looked at; longer ones in steps of a sixteenth."""
_PRIOR = 10.0


@numba.njit(cache=True, nogil=True)
def _ratio(inside: float, near: float, members: float, others: float, rate: float) -> tuple[float, float]:
    """Poisson log-likelihood ratio of ``inside`` members among ``near`` others, and the members expected there."""
    # The target's own rate outside the stretch counts where it is the higher: its topic may be the members' topic.
    here = (members - inside + rate * _PRIOR) / (others - near + _PRIOR)
    expected = max(rate, here) * (near + 1.0)
    if inside <= expected:
        return 0.0, expected
    return inside * np.log(inside / expected) - inside + expected, expected


@numba.njit(cache=True, nogil=True)
def richest_stretches(
    offsets: np.ndarray, before: np.ndarray, others: np.ndarray, rate: float
) -> tuple[np.ndarray, ...]:
    """The stretch of each target where members stand out most from its other likes.

    Args:
        offsets: CSR of the members' likes by target, in order of time, ``int64[t + 1]``.
        before: other likes of the same target before each member's like, ``int64[m]``.
        others: other likes of each target, ``int64[t]``.
        rate: members per other like anywhere else in the log.

    Returns:
        ``(first, last, expected)``: positions in the members' likes, inclusive (``last < first`` where nothing stands
        out), and the members expected between them. Work is ``k log k`` for ``k`` members on a target.
    """
    size = offsets.shape[0] - 1
    first, last = np.zeros(size, np.int64), np.full(size, -1, np.int64)
    expected = np.zeros(size, np.float64)
    for t in range(size):
        begin, stop = offsets[t], offsets[t + 1]
        best = 0.0
        count = 2
        while count <= stop - begin:
            for i in range(begin, stop - count + 1):
                j = i + count - 1
                value, mean = _ratio(count, before[j] - before[i], stop - begin, others[t], rate)
                if value > best:
                    best, first[t], last[t], expected[t] = value, i, j, mean
            count += max(1, count >> _FINE)
    return first, last, expected


def richest_stretches_plain(offsets: Ints, before: Ints, others: Ints, rate: float) -> list[float]:
    """The largest ratio of each target over *all* stretches. The oracle in tests: the kernel comes close from below."""
    out = []
    for t in range(offsets.shape[0] - 1):
        begin, stop = int(offsets[t]), int(offsets[t + 1])
        values: list[float] = [0.0]
        for i in range(begin, stop):
            for j in range(i + 1, stop):
                near = float(before[j] - before[i])
                values.append(_ratio.py_func(float(j - i + 1), near, float(stop - begin), float(others[t]), rate)[0])
        out.append(max(values))
    return out
