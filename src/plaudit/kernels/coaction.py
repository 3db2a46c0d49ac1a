"""Which pairs of actors act on the same target within moments of each other, again and again?

Work is bounded by ``budget`` pairs of likes: the most crowded moments are left out first, because a pair in a crowd of
thousands says next to nothing (-ln chance).
"""

from __future__ import annotations

import numba
import numpy as np

from plaudit.kernels.grouping import grouped
from plaudit.kernels.grown import grown
from plaudit.model import Bools, Ints, Ints32


@numba.njit(cache=True, nogil=True)
def crowd(target: np.ndarray, at_ms: np.ndarray, window: int) -> np.ndarray:
    """Other likes on the same target within ``window`` of each like, ``int32[n]``; input sorted by (target, time)."""
    n = target.shape[0]
    out = np.empty(n, np.int32)
    left, right = 0, 0
    for i in range(n):
        while target[left] != target[i] or at_ms[i] - at_ms[left] > window:
            left += 1
        right = max(right, i)
        while right + 1 < n and target[right + 1] == target[i] and at_ms[right + 1] - at_ms[i] <= window:
            right += 1
        out[i] = right - left
    return out


def crowd_plain(target: Ints, at_ms: Ints, window: int) -> Ints:
    """The same by definition. The oracle in tests."""
    near = (target[:, None] == target[None, :]) & (np.abs(at_ms[:, None] - at_ms[None, :]) <= window)
    return np.asarray(near.sum(axis=1) - 1, np.int64)


def within_budget(others: Ints, budget: int) -> Bools:
    """Likes whose moments are quiet enough that all pairs together stay within ``budget``."""
    size, count = np.unique(others, return_counts=True)
    total = np.cumsum(size * count) // 2
    limit = size[total <= budget].max() if np.any(total <= budget) else 0
    return np.asarray(others <= limit)


def repeated_pairs(
    target: Ints32, at_ms: Ints, actor: Ints32, usable: Bools, window: int, apart: int, actors: int
) -> tuple[Ints, Ints, Ints]:
    """Every meeting of pairs that meet twice or more, the last at least ``apart`` after the first.

    Likes without company, and actors who never are in company ``apart`` from the first time, are left out beforehand
    (twice, as leaving out some takes company from others); no pair is lost by it.

    Returns:
        ``(pair key, row, row)`` with ``key = u * actors + v, u < v``: the rows of one meeting, the earlier first.
    """
    rows = np.flatnonzero(usable)
    for _ in range(2):
        rows = rows[crowd(target[rows], at_ms[rows], window) > 0]
        rows = rows[_returns(actor[rows], at_ms[rows], actors, apart)]
    key, left, right = _met(
        target[rows], at_ms[rows], actor[rows], *grouped(actor[rows], actors), window, apart, actors
    )
    return key, rows[left], rows[right]


@numba.njit(cache=True, nogil=True)
def _returns(actor: np.ndarray, at_ms: np.ndarray, actors: int, apart: int) -> np.ndarray:
    """Likes of actors whose first and last like are at least ``apart``, ``bool[n]``."""
    first, last = np.full(actors, np.int64(1 << 62)), np.full(actors, np.int64(-(1 << 62)))
    for i in range(actor.shape[0]):
        u = actor[i]
        first[u], last[u] = min(first[u], at_ms[i]), max(last[u], at_ms[i])
    out = np.empty(actor.shape[0], np.bool_)
    for i in range(actor.shape[0]):
        out[i] = last[actor[i]] - first[actor[i]] >= apart
    return out


@numba.njit(cache=True, nogil=True)
def _met(
    target: np.ndarray,
    at_ms: np.ndarray,
    actor: np.ndarray,
    offsets: np.ndarray,
    row: np.ndarray,
    window: int,
    apart: int,
    actors: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Actor after actor: whom it met is counted in a small table, so every pair of likes is looked at once.

    ``offsets``, ``row``: likes by actor. A table for all pairs of the log would not fit the processor's cache.
    """
    cap, room, slots = 4096, 1024, 2048
    keys, left, right = np.empty(cap, np.int64), np.empty(cap, np.int32), np.empty(cap, np.int32)
    earlier, later, place = np.empty(room, np.int32), np.empty(room, np.int32), np.empty(room, np.int32)
    whom, times = np.empty(slots, np.int32), np.empty(slots, np.int32)
    since, until = np.empty(slots, np.int64), np.empty(slots, np.int64)
    size = 0
    for u in range(offsets.shape[0] - 1):
        met = 0
        for r in row[offsets[u] : offsets[u + 1]]:
            for step in (-1, 1):
                j = r + step
                while 0 <= j < target.shape[0] and target[j] == target[r] and abs(at_ms[j] - at_ms[r]) <= window:
                    if actor[j] > u:
                        if met == room:
                            room *= 2
                            earlier, later = grown(earlier, met, room), grown(later, met, room)
                        earlier[met], later[met] = min(j, r), max(j, r)
                        met += 1
                    j += step
        if met < 2:
            continue
        bits = 2
        while (1 << bits) < 2 * met:
            bits += 1
        if slots < 1 << bits:
            slots = 1 << bits
            whom, times = np.empty(slots, np.int32), np.empty(slots, np.int32)
            since, until = np.empty(slots, np.int64), np.empty(slots, np.int64)
        if place.shape[0] < met:
            place = np.empty(room, np.int32)
        for k in range(1 << bits):
            times[k] = 0
        again = False
        for k in range(met):
            v = actor[earlier[k]] if actor[earlier[k]] != u else actor[later[k]]
            slot = np.int64(v) * np.int64(-7046029254386353131) >> np.int64(64 - bits) & np.int64((1 << bits) - 1)
            while times[slot] > 0 and whom[slot] != v:
                slot = (slot + 1) & ((1 << bits) - 1)
            at = at_ms[earlier[k]]
            if times[slot] == 0:
                whom[slot], since[slot], until[slot] = v, at, at
            else:
                since[slot], until[slot] = min(since[slot], at), max(until[slot], at)
                again = True
            times[slot] += 1
            place[k] = slot
        if not again:
            continue
        for k in range(met):
            slot = place[k]
            if times[slot] >= 2 and until[slot] - since[slot] >= apart:
                if size == cap:
                    cap += cap // 2
                    keys, left, right = grown(keys, size, cap), grown(left, size, cap), grown(right, size, cap)
                keys[size], left[size], right[size] = np.int64(u) * actors + whom[slot], earlier[k], later[k]
                size += 1
    return keys[:size], left[:size], right[:size]


def repeated_pairs_plain(
    target: Ints, at_ms: Ints, actor: Ints, usable: Bools, window: int, apart: int
) -> dict[tuple[int, int], set[tuple[int, int]]]:
    """By definition: for pairs meeting twice or more, so far apart, the rows of each meeting. The oracle in tests."""
    out: dict[tuple[int, int], set[tuple[int, int]]] = {}
    for i in range(len(target)):
        for j in range(i + 1, len(target)):
            near = target[i] == target[j] and abs(at_ms[j] - at_ms[i]) <= window
            if near and usable[i] and usable[j] and actor[i] != actor[j]:
                pair = (int(min(actor[i], actor[j])), int(max(actor[i], actor[j])))
                out.setdefault(pair, set()).add((i, j))
    times = {pair: [int(at_ms[i]) for i, _ in rows] for pair, rows in out.items()}
    return {p: rows for p, rows in out.items() if len(rows) >= 2 and max(times[p]) - min(times[p]) >= apart}


@numba.njit(cache=True, nogil=True)
def meetings_apart(key_start: np.ndarray, time: np.ndarray, apart: int) -> np.ndarray:
    """Meetings of each pair at least ``apart`` from the one counted before; ``time`` ascending inside a pair."""
    pairs = key_start.shape[0] - 1
    out = np.zeros(pairs, np.int64)
    for p in range(pairs):
        last = np.int64(-(1 << 62))
        for r in range(key_start[p], key_start[p + 1]):
            if time[r] - last >= apart:
                out[p] += 1
                last = time[r]
    return out


def meetings_apart_plain(meetings: list[list[int]], apart: int) -> list[int]:
    """The largest number of meetings of each pair with all distances at least ``apart``. The oracle in tests."""
    out = []
    for times in meetings:
        # longest[i]: meetings of the longest such choice that ends with the i-th.
        longest: list[int] = []
        for i, at in enumerate(times):
            longest.append(1 + max([longest[j] for j in range(i) if at - times[j] >= apart], default=0))
        out.append(max(longest, default=0))
    return out


@numba.njit(cache=True, nogil=True)
def chance_meetings(
    first: np.ndarray,
    second: np.ndarray,
    actor_offsets: np.ndarray,
    actor_target: np.ndarray,
    actor_age: np.ndarray,
    actor_mass: np.ndarray,
    sorted_age: np.ndarray,
    width: np.ndarray,
) -> np.ndarray:
    """Meetings each pair ``(first, second)`` would have by its targets' rhythm or its own habit, ``float64[pairs]``.

    For every target both liked: the larger of the target's null measure of the moment and the share of the other
    actor's own likes that come at that age, averaged over both directions.

    Args:
        actor_offsets: CSR by actor of ``actor_target`` (ascending inside an actor), ``actor_age`` (clock age of the
            like), ``actor_mass`` (null measure of +-window around it) and ``width`` (the window on the clock).
        sorted_age: ages of each actor's likes, ascending inside the actor.
    """
    out = np.zeros(first.shape[0], np.float64)
    for p in range(first.shape[0]):
        u, v = first[p], second[p]
        if actor_offsets[u + 1] - actor_offsets[u] > actor_offsets[v + 1] - actor_offsets[v]:
            u, v = v, u
        # The less active of the two is gone through; the other is leapt over, so a very busy actor costs no more.
        y, stop = actor_offsets[v], actor_offsets[v + 1]
        total = 0.0
        for x in range(actor_offsets[u], actor_offsets[u + 1]):
            y = _leap(actor_target, y, stop, actor_target[x])
            if y == stop:
                break
            if actor_target[y] == actor_target[x]:
                a = _habit(sorted_age[actor_offsets[v] : actor_offsets[v + 1]], actor_age[x], actor_age[y], width[x])
                b = _habit(sorted_age[actor_offsets[u] : actor_offsets[u + 1]], actor_age[y], actor_age[x], width[y])
                total += max(0.5 * (a + b), 0.5 * (actor_mass[x] + actor_mass[y]))
        out[p] = total
    return out


@numba.njit(cache=True, nogil=True)
def _leap(values: np.ndarray, begin: int, stop: int, wanted: int) -> int:
    """First place from ``begin`` on, up to ``stop``, whose value is at least ``wanted``; in steps that double."""
    step, low = 1, begin
    while low + step < stop and values[low + step] < wanted:
        low += step
        step *= 2
    high = min(low + step, stop)
    while low < high:
        middle = (low + high) // 2
        if values[middle] < wanted:
            low = middle + 1
        else:
            high = middle
    return low


def closest_pairs(first: Ints, second: Ints, meetings: Ints, at_ms: Ints, cost: Ints, budget: int) -> Bools:
    """Pairs to look at closely, ``bool[pairs]``: all of them while their ``cost`` together stays within ``budget``.

    Beyond it, of every actor the pairs that met most often (the earliest where as often), as many of each as may be:
    whoever acts in lockstep with thousands does so with the hundred closest, too.

    Args:
        first, second: the actors of each pair; ``meetings`` how often they met, ``at_ms`` when first.
    """
    if int(cost.sum()) <= budget:
        return np.ones(first.shape[0], dtype=bool)
    size = first.shape[0]
    actor, pair = np.concatenate([first, second]), np.tile(np.arange(size), 2)
    order = np.lexsort((np.tile(at_ms, 2), -np.tile(meetings, 2), actor))
    start = np.r_[True, actor[order][1:] != actor[order][:-1]]
    place = np.arange(2 * size)
    rank = np.empty(2 * size, np.int64)
    rank[order] = place - np.maximum.accumulate(np.where(start, place, 0))
    least = np.minimum(rank[:size], rank[size:])
    total = np.cumsum(np.bincount(least, cost))
    return np.asarray(least[pair[:size]] < max(int(np.searchsorted(total, budget, side="right")), 1))


@numba.njit(cache=True, nogil=True)
def _habit(ages: np.ndarray, centre: float, own: float, width: float) -> float:
    """Share of an actor's other likes at an age within ``width`` of ``centre``; ``own`` is the like left out."""
    count = np.searchsorted(ages, centre + width, side="right") - np.searchsorted(ages, centre - width)
    if abs(own - centre) <= width:
        count -= 1
    return float(max(count, 0) / max(ages.shape[0] - 1, 1))


def chance_meetings_plain(
    pairs: list[tuple[int, int]], likes: list[dict[int, tuple[float, float, float]]]
) -> list[float]:
    """The same by definition: ``likes[u]`` maps each target of actor ``u`` to (age, null mass, window). The oracle."""

    def habit(actor: int, target: int, centre: float, width: float) -> float:
        others = [age for other, (age, _, _) in likes[actor].items() if other != target]
        near = sum(1 for age in others if centre - width <= age <= centre + width)
        return near / max(len(others), 1)

    out = []
    for u, v in pairs:
        total = 0.0
        for target in sorted(likes[u].keys() & likes[v].keys()):
            (age_u, mass_u, width_u), (age_v, mass_v, width_v) = likes[u][target], likes[v][target]
            own = 0.5 * (habit(v, target, age_u, width_u) + habit(u, target, age_v, width_v))
            total += max(own, 0.5 * (mass_u + mass_v))
        out.append(total)
    return out
