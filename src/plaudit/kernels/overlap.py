"""How many actors do two gatherings share? Sparse counts without a table of all pairs of likes.

Each gathering is a set of (actor, time). Two likes of one actor count towards a shared pair only when their distance in
time is in a given range: far apart, they are two meetings; close, one sitting (a front page read in a morning or an
evening's binge is one meeting however many targets it touches).
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from plaudit.kernels.grown import grown
from plaudit.kernels.lookup import place_of
from plaudit.model import Ints

_TRAILING = 17
"""Bits of a single-precision number that are not looked at first: it keeps its sign, exponent and six bits."""


@numba.njit(cache=True, nogil=True)
def shared_actors(
    set_offsets: np.ndarray,
    set_actor: np.ndarray,
    set_time: np.ndarray,
    actor_offsets: np.ndarray,
    actor_set: np.ndarray,
    actor_time: np.ndarray,
    least: int,
    most: int,
    fewest: int = 1,
    until: int = -1,
    first: int = 0,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pairs of sets ``i < j`` that share an actor, and how many.

    Args:
        set_offsets: CSR of the sets, ``int64[sets + 1]``; ``set_actor int64[m]``, ``set_time int64[m]`` its rows.
        actor_offsets: CSR of the same rows by actor; ``actor_set int64[m]``, ascending inside an actor, ``actor_time
            int64[m]``.
        least, most: distance in time the two likes must have.
        fewest: actors a pair must share to be told, at least 1.
        first, until: tell only pairs whose first set is one of ``first..until - 1``; -1 tells all.

    Returns:
        ``(i, j, shared)`` with ``shared >= fewest``, ``int32`` (a log has more pairs than likes), in order of ``i``.
        Work is the sum of squared memberships per actor.
    """
    sets = set_offsets.shape[0] - 1
    count = np.zeros(sets, np.int32)
    touched = np.empty(sets, np.int32)
    cap = 4096
    out_i, out_j, out_c = np.empty(cap, np.int32), np.empty(cap, np.int32), np.empty(cap, np.int32)
    size = 0
    following = actor_offsets[:-1].copy()
    for i in range(first, sets if until < 0 else until):
        seen = 0
        for r in range(set_offsets[i], set_offsets[i + 1]):
            u, at = set_actor[r], set_time[r]
            while following[u] < actor_offsets[u + 1] and actor_set[following[u]] <= i:
                following[u] += 1
            for x in range(following[u], actor_offsets[u + 1]):
                j = actor_set[x]
                if least <= abs(actor_time[x] - at) <= most:
                    if count[j] == 0:
                        touched[seen] = j
                        seen += 1
                    count[j] += 1
        if size + seen > cap:
            while size + seen > cap:
                cap += cap // 2
            out_i, out_j, out_c = grown(out_i, size, cap), grown(out_j, size, cap), grown(out_c, size, cap)
        for x in range(seen):
            j = touched[x]
            if count[j] >= fewest:
                out_i[size], out_j[size], out_c[size] = i, j, count[j]
                size += 1
            count[j] = 0
    return out_i[:size], out_j[:size], out_c[:size]


@numba.njit(cache=True, nogil=True)
def pairs_inside(
    offsets: np.ndarray, j: np.ndarray, members: np.ndarray, inside: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Pairs with both ends among ``members`` (ascending; ``inside`` marks them): ``(row int64[k], i int32[k])``.

    Args:
        offsets: pairs of set ``i`` are ``offsets[i]:offsets[i + 1]``; ``j`` the other end of each.
    """
    size = 0
    for i in members:
        for k in range(offsets[i], offsets[i + 1]):
            if inside[j[k]]:
                size += 1
    row, first = np.empty(size, np.int64), np.empty(size, np.int32)
    size = 0
    for i in members:
        for k in range(offsets[i], offsets[i + 1]):
            if inside[j[k]]:
                row[size], first[size] = k, i
                size += 1
    return row, first


@numba.njit(cache=True, nogil=True)
def sums_by_set(
    offsets: np.ndarray,
    j: np.ndarray,
    shared: np.ndarray,
    x: np.ndarray,
    least: float,
    edge: np.ndarray,
    expected: np.ndarray,
    variance: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Actors each set shares over all its pairs, how many are expected and with what variance, ``float64[sets]`` each.

    Args:
        offsets, j, shared: the pairs, see :func:`pairs_inside`.
        x: activity expects ``x_i x_j`` of a pair, and ``least`` at the least.
        edge: of the bins of that expectation, see :func:`plaudit.kernels.lookup.place_among`; ``expected`` and
            ``variance`` of each bin.
    """
    sets = offsets.shape[0] - 1
    total, centre, spread = np.zeros(sets), np.zeros(sets), np.zeros(sets)
    # Few edges lie among the numbers whose leading bits are the same: of those the first place is looked up.
    begin = np.empty(1 << (32 - _TRAILING), np.int16)
    for head in range(begin.shape[0] // 2):
        begin[head] = place_of(np.int32(head << _TRAILING).view(np.float32), edge)
    for i in range(sets):
        for k in range(offsets[i], offsets[i + 1]):
            value = np.float32(max(x[i] * x[j[k]], least))
            home = np.int64(begin[value.view(np.int32) >> _TRAILING])
            while home < edge.shape[0] and value >= edge[home]:
                home += 1
            mean, wide = expected[home], variance[home]
            total[i] += shared[k]
            centre[i] += mean
            spread[i] += wide
            total[j[k]] += shared[k]
            centre[j[k]] += mean
            spread[j[k]] += wide
    return total, centre, spread


@numba.njit(cache=True, nogil=True)
def shared_by_label(
    offsets: np.ndarray, j: np.ndarray, shared: np.ndarray, row: np.ndarray, label: np.ndarray, labels: int
) -> np.ndarray:
    """What each chosen set shares with all chosen sets of a label together, ``int32[sets, labels]``.

    Args:
        offsets, j, shared: pairs of all sets, see :func:`pairs_inside`.
        row: place of each set among the chosen, -1 for those that are not.
        label: of each chosen set, ``int64[sets]``, in ``0..labels - 1``.
    """
    out = np.zeros((label.shape[0], labels), np.int32)
    for i in range(offsets.shape[0] - 1):
        a = row[i]
        if a < 0:
            continue
        for k in range(offsets[i], offsets[i + 1]):
            b = row[j[k]]
            if b >= 0:
                out[a, label[b]] += np.int32(shared[k])
                out[b, label[a]] += np.int32(shared[k])
    return out


@numba.njit(cache=True, nogil=True)
def may_be_rare(
    left: np.ndarray,
    right: np.ndarray,
    shared: np.ndarray,
    often: np.ndarray,
    reach: np.ndarray,
    log_factorial: np.ndarray,
    log_level: float,
) -> np.ndarray:
    """Pairs whose binomial tail may be at most ``exp(log_level)`` both ways round, ``bool[k]``; none is lost.

    A tail is no smaller than its first term, which costs a few sums where the tail costs an incomplete beta function.

    Args:
        left, right, shared: the pairs, ``int64[k]``.
        often, reach: draws and chance of each set, ``int64[sets]`` and ``float64[sets]``; ``1 <= shared <= often``.
        log_factorial: ``ln x!``, ``float64[max(often) + 1]``.
    """
    out = np.zeros(left.shape[0], np.bool_)
    yes, no = np.empty(reach.shape[0]), np.empty(reach.shape[0])
    for u in range(reach.shape[0]):
        yes[u] = np.log(max(reach[u], 1e-300))
        no[u] = np.log(max(1.0 - reach[u], 1e-300))
    for k in range(left.shape[0]):
        i, j, x = left[k], right[k], shared[k]
        one = log_factorial[often[j]] - log_factorial[x] - log_factorial[often[j] - x]
        two = log_factorial[often[i]] - log_factorial[x] - log_factorial[often[i] - x]
        one += x * yes[i] + (often[j] - x) * no[i]
        two += x * yes[j] + (often[i] - x) * no[j]
        out[k] = max(one, two) <= log_level + 1e-9
    return out


def shared_actors_plain(members: list[dict[int, int]], least: int, most: int) -> dict[tuple[int, int], int]:
    """The same by definition: ``members[i]`` maps each actor of set ``i`` to its time. The oracle in tests."""
    out: dict[tuple[int, int], int] = {}
    for i, left in enumerate(members):
        for j in range(i + 1, len(members)):
            right = members[j]
            shared = sum(1 for actor, at in left.items() if actor in right and least <= abs(right[actor] - at) <= most)
            if shared:
                out[i, j] = shared
    return out


def most_telling(actor: NDArray[Any], set_size: Ints, limit: int) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Keep at most ``limit`` memberships per actor: those in the smallest sets, which say most (-ln chance).

    Bounds the work of :func:`shared_actors` by ``memberships * limit`` whatever one very busy actor does.
    """
    keep = np.ones(actor.shape[0], dtype=bool)
    # Only the few that are so busy need an order.
    busy = np.flatnonzero((np.bincount(actor) > limit)[actor])
    if busy.shape[0] == 0:
        return keep
    order = busy[np.lexsort((set_size[busy], actor[busy]))]
    ordered = actor[order]
    start = np.r_[True, ordered[1:] != ordered[:-1]]
    place = np.arange(ordered.shape[0])
    first = np.maximum.accumulate(np.where(start, place, 0))
    keep[order] = place - first < limit
    return keep
