"""What a delivery of likes did to the likes after it: profiles of targets over time, and counts without the delivery.

A target's genuine likes are compared with the likes of its neighbours (the comments of the same post) in the same
stretches of time, so that whatever moves them all (the hour, the age of the post, a front page) moves neither. What is
left to explain the target's own likes is the *dose*: how much higher it stood through the delivery.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from plaudit.model import Bools, Floats, Ints

SHAPES = ("count", "slow", "place", "both")
"""How a count may work on readers: by its logarithm, by that of its logarithm, through the place it gives, or both."""
STRETCHES = 16
_EDGES = STRETCHES + 1


@njit(cache=True, nogil=True)
def before(sorted_values: Ints, begin: int, end: int, value: int) -> int:
    """How many of ``sorted_values[begin:end]`` lie below ``value``."""
    low, high = begin, end
    while low < high:
        middle = (low + high) // 2
        if sorted_values[middle] < value:
            low = middle + 1
        else:
            high = middle
    return low - begin


@njit(cache=True, nogil=True)
def height(shape: int, count: float, rivals: Ints) -> float:
    """How high a target with ``count`` likes stands: what one unit of herd multiplies by ``e``.

    Args:
        shape: index into :data:`SHAPES`.
        count: likes shown, >= 0.
        rivals: counts of its neighbours at the time, ascending.
    """
    out = 0.0
    if shape == 0:
        out += np.log1p(count)
    if shape == 1 or shape == 3:
        out += np.log1p(np.log1p(count))
    if shape >= 2:
        # Half a place for every rival that stands level.
        level = np.searchsorted(rivals, count, side="right") + np.searchsorted(rivals, count, side="left")
        out -= np.log(1.0 + rivals.shape[0] - 0.5 * level)
    return out


@njit(cache=True, nogil=True)
def _edges(control: Ints, c0: int, c1: int, born: int, end: int, start: int, stop: int, out: Ints) -> None:
    """Edges of the stretches: equal numbers of neighbours' likes, and the beginning and end of the delivery."""
    inner = STRETCHES - 3
    first = c0 + before(control, c0, c1, born)
    size = c1 - first
    out[0], out[STRETCHES] = born, end + 1
    for k in range(1, inner):
        out[k] = control[first + (size * k) // inner] if size > 0 else born + (end + 1 - born) * k // inner
    out[inner] = min(max(start, born), end)
    out[inner + 1] = min(max((start + stop) // 2, born), end)
    out[inner + 2] = min(max(stop, born), end)
    out.sort()


@njit(cache=True, nogil=True)
def _rivals(at: Ints, offsets: Ints, near: Ints, n0: int, n1: int, own: int, moment: int) -> Ints:
    """Counts of the neighbours ``near[n0:n1]`` but ``own`` at ``moment``, ascending."""
    out = np.zeros(n1 - n0, np.int64)
    used = 0
    for k in range(n0, n1):
        other = near[k]
        if other != own:
            out[used] = before(at, offsets[other], offsets[other + 1], moment)
            used += 1
    return np.sort(out[:used])


@njit(cache=True, nogil=True)
def fill_profiles(
    target: Ints,
    at: Ints,
    offsets: Ints,
    genuine: Floats,
    born: Ints,
    end: int,
    group: Ints,
    control: Ints,
    control_offsets: Ints,
    near: Ints,
    near_offsets: Ints,
    delivered: Ints,
    delivered_weight: Floats,
    delivered_offsets: Ints,
    own_in_control: Ints,
    shapes: int,
) -> tuple[Ints, Floats, Floats, Floats, Bools]:
    """Stretches of each profile: edges, own genuine likes, neighbours' likes, and the dose by shape.

    Args:
        target: of each profile, ``int64[k]``.
        at, offsets: moments of all likes, CSR by target; ``genuine``: chance of each not to be bought.
        born: of each target; ``end``: of the log.
        group: of each target, row of ``control_offsets`` and ``near_offsets``.
        control: genuine likes of each group by time; ``near``: the targets of each group.
        delivered, delivered_weight, delivered_offsets: moments of the delivery of each profile (of its own, or one
            lent to it), and what each counts.
        own_in_control: 1 where the target's own likes stand among its controls.
        shapes: how many of :data:`SHAPES` to make.

    Returns:
        ``int64[k, STRETCHES + 1]`` edges, ``float64[k, STRETCHES]`` own and neighbours' likes,
        ``float64[shapes, k, STRETCHES]`` doses, and which stretches lie inside the delivery, ``bool[k, STRETCHES]``.
    """
    size = target.shape[0]
    edges = np.zeros((size, _EDGES), np.int64)
    own = np.zeros((size, STRETCHES))
    other = np.zeros((size, STRETCHES))
    dose = np.zeros((shapes, size, STRETCHES))
    during = np.zeros((size, STRETCHES), np.bool_)
    for k in range(size):
        t = target[k]
        g = group[t]
        c0, c1 = control_offsets[g], control_offsets[g + 1]
        d0, d1 = delivered_offsets[k], delivered_offsets[k + 1]
        # A stray false alarm must not stretch the delivery over the whole life of the target.
        low_like = delivered[d0 + (d1 - d0) // 20]
        high_like = delivered[min(d0 + (19 * (d1 - d0)) // 20, d1 - 1)]
        margin = 60_000 + (high_like - low_like) * 15 // 100
        start, stop = low_like - margin, high_like + margin
        _edges(control, c0, c1, born[t], end, start, stop, edges[k])
        row = offsets[t]
        gift = d0
        count, bought = 0.0, 0.0
        # Only a place is taken among rivals; looking them up costs more than all else.
        rivals = np.zeros(0, np.int64)
        for b in range(STRETCHES):
            low, high = edges[k, b], edges[k, b + 1]
            count_before, bought_before = count, bought
            mine = 0
            while row < offsets[t + 1] and at[row] < high:
                own[k, b] += genuine[row]
                mine += 1
                row += 1
            count += own[k, b]
            while gift < d1 and delivered[gift] < high:
                bought += delivered_weight[gift]
                gift += 1
            other[k, b] = before(control, c0, c1, high) - before(control, c0, c1, low)
            if own_in_control[k]:
                other[k, b] = max(other[k, b] - mine, 0.0)
            if start < high and low < stop and low >= min(max(start, born[t]), end):
                # Bought likes that were missed look genuine, and come in the middle of the others.
                during[k, b] = True
            paid = 0.5 * (bought + bought_before)
            if paid > 0:
                middle = 0.5 * (count + count_before)
                if shapes > 2:
                    rivals = _rivals(at, offsets, near, near_offsets[g], near_offsets[g + 1], t, (low + high) // 2)
                for s in range(shapes):
                    dose[s, k, b] = height(s, middle + paid, rivals) - height(s, middle, rivals)
    return edges, own, other, dose, during


@njit(cache=True, nogil=True)
def counts_without(
    target: Ints,
    at: Ints,
    offsets: Ints,
    genuine: Floats,
    group: Ints,
    near: Ints,
    near_offsets: Ints,
    edges: Ints,
    strength: Floats,
    first: Ints,
    last: Ints,
    shape: int,
) -> tuple[Floats, Floats]:
    """Genuine likes each target would have had without its bought ones, for the strengths of herd it is asked for.

    Those are ``strength[first[k] : last[k] + 1]`` of target ``k``; for others there are zeros.

    Every genuine like is kept with the chance that the target, standing as high as it then would have, had drawn it:
    ``exp(strength * (height without - height with))``; what is kept is the height of the next. Both sides of the
    count are followed, so the likes that the induced likes induced go too.

    Returns:
        expected count and its variance, ``float64[targets, strengths]``.
    """
    mean = np.zeros((target.shape[0], strength.shape[0]))
    variance = np.zeros((target.shape[0], strength.shape[0]))
    for k in range(target.shape[0]):
        t, g = target[k], group[target[k]]
        shown = 0.0
        b = 0
        # Until something is bought the target stands as high as it would: every like is kept whole.
        begin = offsets[t]
        while begin < offsets[t + 1] and genuine[begin] == 1.0:
            begin += 1
            shown += 1.0
        mean[k, first[k] : last[k] + 1] = shown
        rivals = np.zeros(0, np.int64)
        if shape >= 2:
            rivals = _rivals(at, offsets, near, near_offsets[g], near_offsets[g + 1], t, edges[k, 0])
        for row in range(begin, offsets[t + 1]):
            moved = False
            while b + 1 < STRETCHES and at[row] >= edges[k, b + 1]:
                b += 1
                moved = True
            if moved and shape >= 2:
                middle = (edges[k, b] + edges[k, b + 1]) // 2
                rivals = _rivals(at, offsets, near, near_offsets[g], near_offsets[g + 1], t, middle)
            if genuine[row] > 0.0:
                stands = height(shape, shown, rivals)
                for s in range(first[k], last[k] + 1):
                    lower = height(shape, mean[k, s], rivals) if strength[s] != 0.0 else stands
                    kept = min(np.exp(strength[s] * (lower - stands)), 20.0)
                    mean[k, s] += genuine[row] * kept
                    variance[k, s] += genuine[row] * abs(kept * (1.0 - min(kept, 1.0)))
            shown += 1.0
    return mean, variance
