"""Pages lived through once more with another count shown: with what was bought, and without it."""

from __future__ import annotations

import numpy as np
from numba import njit

from plaudit.kernels.pages import TRAITS, page_traits, times_drawn
from plaudit.kernels.visits import visible_count
from plaudit.model import Floats, Ints


@njit(cache=True, nogil=True)
def _come(
    count: Floats,
    shown: int,
    born: Ints,
    moment: int,
    traits: Floats,
    strength: Floats,
    likes: Floats,
    expected: Floats,
    other: Floats,
    out: Floats,
) -> None:
    """Genuine likes of one stretch where readers are shown ``count`` their way, on a page ordered by it."""
    page_traits(count, born, moment, other)
    for k in range(count.shape[0]):
        # What a reader is shown is a whole number; half a like expected is not a digit.
        seen = visible_count(shown, int(count[k] + 0.5), 0, 0, 0)
        if shown != 0:
            other[k, 3] = np.log1p(float(seen))
            other[k, 4] = np.log1p(np.log1p(float(seen)))
        ratio = times_drawn(strength, traits[k], other[k])
        out[k] = likes[k] * min(ratio, 1.0) + expected[k] * max(ratio - 1.0, 0.0)


@njit(cache=True, nogil=True)
def pages_shown(
    member: Ints,
    member_offsets: Ints,
    edges: Ints,
    edge_offsets: Ints,
    born: Ints,
    likes: Floats,
    bought: Floats,
    expected: Floats,
    traits: Floats,
    strength: Floats,
    shown: int,
    honest: bool,
) -> tuple[Floats, Floats]:
    """Genuine likes of each comment at the end, with and without what was bought, for every set of strengths.

    As :func:`plaudit.kernels.pages.pages_without`, but readers are shown another count. A page's readers give as many
    likes in a stretch as they gave: what is shown decides to whom. How many more or fewer they would give in all, no
    log of one way of showing can tell.

    Args:
        likes, bought, expected, traits: of each cell, ``float64[cells]`` (traits with one axis more): genuine likes,
            bought ones, genuine ones the model expects.
        strength: ``float64[sets, TRAITS]``.
        shown: index into :data:`plaudit.kernels.visits.SHOWN`: ``raw``, ``hidden`` or ``bucket``.
        honest: bought likes are left out of what is shown and what pages are ordered by.

    Returns:
        ``float64[members, sets]`` with, and the same without what was bought.
    """
    sets = strength.shape[0]
    with_it, without = np.zeros((member.shape[0], sets)), np.zeros((member.shape[0], sets))
    cell0 = 0
    for p in range(member_offsets.shape[0] - 1):
        m0, m1 = member_offsets[p], member_offsets[p + 1]
        n, births = m1 - m0, born[member[m0:m1]]
        other, come, clean = np.empty((n, len(TRAITS))), np.empty(n), np.empty(n)
        for s in range(sets):
            cell = cell0
            mine, theirs, given = np.zeros(n), np.zeros(n), np.zeros(n)
            for e in range(edge_offsets[p], edge_offsets[p + 1] - 1):
                here = slice(cell, cell + n)
                # Shares of one like add up to one: equal counts must stay equal, or they change places.
                counted = np.round(mine if honest else mine + given, 6)
                for count, out in ((counted, come), (np.round(theirs, 6), clean)):
                    _come(
                        count, shown, births, edges[e], traits[here], strength[s], likes[here],
                        expected[here], other, out,
                    )  # fmt: skip
                total = come.sum()
                part = likes[here].sum() / total if total > 0.0 else 1.0
                for k in range(n):
                    mine[k] += come[k] * part
                    theirs[k] += clean[k] * part
                    given[k] += bought[cell + k]
                cell += n
            with_it[m0:m1, s], without[m0:m1, s] = mine, theirs
        cell0 += n * (edge_offsets[p + 1] - edge_offsets[p] - 1)
    return with_it, without
