"""A page over time: its comments with their counts, ages and places by stretch; and the same with other counts.

The likes of one stretch are shared among the comments of a page. What each gets depends on its quality, on how high it
stands in each order a page may be read in, and on the count it shows. ``docs/herd.md`` has the model.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from plaudit.model import Bools, Floats, Ints

TRAITS = ("place_by_likes", "place_by_age", "place_by_gravity", "count", "slow_count")
"""What a comment's share of attention may follow: logarithms of its places in three orders (negative: high is good), of
its count, and of the logarithm of that."""
_HOUR = 3_600_000.0
_MOST_LOG = 5.0


@njit(cache=True, nogil=True)
def _places(value: Floats, live: Bools, out: Floats) -> None:
    """Place of each live row by ``value`` from the top, the first among equals higher; 1 for others."""
    order = np.argsort(-value, kind="mergesort")
    place = 0
    out[:] = 1.0
    for k in range(order.shape[0]):
        if live[order[k]]:
            place += 1
            out[order[k]] = place


@njit(cache=True, nogil=True)
def page_traits(count: Floats, born: Ints, moment: int, out: Floats) -> None:
    """Traits of the comments of one page with ``count`` likes at ``moment``, into ``float64[n, TRAITS]``."""
    n = count.shape[0]
    live = born <= moment
    place, gravity = np.empty(n), np.empty(n)
    _places(count, live, place)
    out[:, 0] = -np.log(place)
    _places(born.astype(np.float64), live, place)
    out[:, 1] = -np.log(place)
    for k in range(n):
        gravity[k] = (count[k] + 1.0) / (max(moment - born[k], 0) / _HOUR + 2.0) ** 1.8
    _places(gravity, live, place)
    out[:, 2] = -np.log(place)
    out[:, 3] = np.log1p(count)
    out[:, 4] = np.log1p(np.log1p(count))


@njit(cache=True, nogil=True)
def fill_pages(
    member: Ints,
    member_offsets: Ints,
    edges: Ints,
    edge_offsets: Ints,
    at: Ints,
    offsets: Ints,
    genuine: Floats,
    born: Ints,
) -> tuple[Floats, Floats, Floats]:
    """Genuine likes, presence and traits of every comment in every stretch, page by page, stretch by stretch.

    Args:
        member, member_offsets: comments of each page, CSR, by birth.
        edges, edge_offsets: moments that part a page's stretches, CSR by page, ascending.
        at, offsets, genuine, born: moments of likes CSR by comment, their chances not to be bought, births.

    Returns:
        ``float64[cells]`` likes, ``float64[cells]`` share of the stretch in which the comment was out, and
        ``float64[cells, TRAITS]`` at its beginning.
    """
    pages = member_offsets.shape[0] - 1
    cells = 0
    for p in range(pages):
        cells += (member_offsets[p + 1] - member_offsets[p]) * (edge_offsets[p + 1] - edge_offsets[p] - 1)
    likes, out, traits = np.zeros(cells), np.zeros(cells), np.zeros((cells, len(TRAITS)))
    cell = 0
    for p in range(pages):
        mine = member[member_offsets[p] : member_offsets[p + 1]]
        n = mine.shape[0]
        births = born[mine]
        cursor = offsets[mine].copy()
        count = np.zeros(n)
        for e in range(edge_offsets[p], edge_offsets[p + 1] - 1):
            low, high = edges[e], edges[e + 1]
            page_traits(count, births, low, traits[cell : cell + n])
            for k in range(n):
                stop = offsets[mine[k] + 1]
                while cursor[k] < stop and at[cursor[k]] < high:
                    likes[cell + k] += genuine[cursor[k]]
                    count[k] += 1.0
                    cursor[k] += 1
                out[cell + k] = min(max((high - births[k]) / max(high - low, 1), 0.0), 1.0)
            cell += n
    return likes, out, traits


@njit(cache=True, nogil=True)
def times_drawn(strength: Floats, had: Floats, now: Floats) -> float:
    """How many times the likes a comment draws with traits ``now`` that it drew with ``had``, ``float64[TRAITS]``."""
    moved = 0.0
    for t in range(len(TRAITS)):
        moved += strength[t] * (now[t] - had[t])
    return float(np.exp(min(max(moved, -_MOST_LOG), _MOST_LOG)))


@njit(cache=True, nogil=True)
def pages_without(
    member: Ints,
    member_offsets: Ints,
    edges: Ints,
    edge_offsets: Ints,
    born: Ints,
    likes: Floats,
    expected: Floats,
    traits: Floats,
    strength: Floats,
) -> tuple[Floats, Floats]:
    """Genuine likes each comment would have had if nothing had been bought, for every set of strengths.

    A like is kept with the chance its comment, standing where it then would, had drawn it; where the comment would have
    drawn more, the surplus of the expectation is added. What is kept is the count of the next stretch, for all comments
    of the page: who was pushed down gets its likes back.

    Args:
        likes, traits: from :func:`fill_pages`; ``expected``: what the model expects of each cell, ``float64[cells]``.
        strength: ``float64[sets, TRAITS]``.

    Returns:
        expected count and its variance, ``float64[members, sets]``.
    """
    sets = strength.shape[0]
    mean, variance = np.zeros((member.shape[0], sets)), np.zeros((member.shape[0], sets))
    cell0 = 0
    for p in range(member_offsets.shape[0] - 1):
        m0, m1 = member_offsets[p], member_offsets[p + 1]
        n, births = m1 - m0, born[member[m0:m1]]
        other = np.empty((n, len(TRAITS)))
        for s in range(sets):
            cell = cell0
            count = np.zeros(n)
            for e in range(edge_offsets[p], edge_offsets[p + 1] - 1):
                page_traits(count, births, edges[e], other)
                for k in range(n):
                    had, hoped = likes[cell + k], expected[cell + k]
                    if had == 0.0 and hoped == 0.0:
                        continue
                    ratio = times_drawn(strength[s], traits[cell + k], other[k])
                    kept, more = had * min(ratio, 1.0), hoped * max(ratio - 1.0, 0.0)
                    count[k] += kept + more
                    variance[m0 + k, s] += kept * (1.0 - min(ratio, 1.0)) + more
                cell += n
            mean[m0 : m0 + n, s] = count
        cell0 += n * (edge_offsets[p + 1] - edge_offsets[p] - 1)
    return mean, variance
