"""Which pairs of actors act on the same target within moments of each other, again and again?

Work is bounded by ``budget`` pairs of likes: the most crowded moments are left out first, because a pair in a crowd of
thousands says next to nothing (-ln chance).
"""

from __future__ import annotations

import numba
import numpy as np

from plaudit.model import Bools, Ints


def slot_bits(pairs: int) -> int:
    """Slots for :func:`repeated_pairs`: four per pair, between 64 kB and 128 MB."""
    return int(np.clip(np.ceil(np.log2(max(4 * pairs, 1))), 16, 27))


@numba.njit(cache=True, nogil=True)
def crowd(target: np.ndarray, at_ms: np.ndarray, window: int) -> np.ndarray:
    """Other likes on the same target within ``window`` of each like, ``int64[n]``; input sorted by (target, time)."""
    n = target.shape[0]
    out = np.empty(n, np.int64)
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


@numba.njit(cache=True, nogil=True)
def repeated_pairs(
    target: np.ndarray,
    at_ms: np.ndarray,
    actor: np.ndarray,
    usable: np.ndarray,
    window: int,
    actors: int,
    bits: int = 24,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Every meeting of pairs that meet at least twice: ``(pair key, row, row)`` with ``key = u * actors + v, u < v``.

    A first pass counts pairs in hashed slots; the second keeps pairs whose slot was hit twice (no pair is lost; a few
    met only once and share a slot, and fall away later). ``2 ** bits`` slots of a byte; see :func:`slot_bits`.
    """
    slots = np.zeros(1 << bits, np.uint8)
    cap = 4096
    keys, left, right = np.empty(cap, np.int64), np.empty(cap, np.int64), np.empty(cap, np.int64)
    size = 0
    for turn in range(2):
        for i in range(target.shape[0]):
            if not usable[i]:
                continue
            j = i + 1
            while j < target.shape[0] and target[j] == target[i] and at_ms[j] - at_ms[i] <= window:
                if usable[j] and actor[i] != actor[j]:
                    u, v = np.int64(min(actor[i], actor[j])), np.int64(max(actor[i], actor[j]))
                    key = u * actors + v
                    slot = (key * np.int64(-7046029254386353131)) >> np.int64(64 - bits) & np.int64((1 << bits) - 1)
                    if turn == 0:
                        if slots[slot] < 2:
                            slots[slot] += 1
                    elif slots[slot] >= 2:
                        if size == cap:
                            cap *= 2
                            keys, left, right = _grow(keys, cap), _grow(left, cap), _grow(right, cap)
                        keys[size], left[size], right[size] = key, i, j
                        size += 1
                j += 1
    return keys[:size], left[:size], right[:size]


@numba.njit(cache=True)
def _grow(a: np.ndarray, cap: int) -> np.ndarray:
    out = np.empty(cap, a.dtype)
    out[: a.shape[0]] = a
    return out


def repeated_pairs_plain(
    target: Ints, at_ms: Ints, actor: Ints, usable: Bools, window: int
) -> dict[tuple[int, int], set[tuple[int, int]]]:
    """By definition: for pairs meeting at least twice, the rows of each meeting. The oracle in tests."""
    out: dict[tuple[int, int], set[tuple[int, int]]] = {}
    for i in range(len(target)):
        for j in range(i + 1, len(target)):
            near = target[i] == target[j] and abs(at_ms[j] - at_ms[i]) <= window
            if near and usable[i] and usable[j] and actor[i] != actor[j]:
                pair = (int(min(actor[i], actor[j])), int(max(actor[i], actor[j])))
                out.setdefault(pair, set()).add((i, j))
    return {pair: rows for pair, rows in out.items() if len(rows) >= 2}


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
        x, y = actor_offsets[u], actor_offsets[v]
        total = 0.0
        while x < actor_offsets[u + 1] and y < actor_offsets[v + 1]:
            if actor_target[x] < actor_target[y]:
                x += 1
            elif actor_target[x] > actor_target[y]:
                y += 1
            else:
                a = _habit(sorted_age[actor_offsets[v] : actor_offsets[v + 1]], actor_age[x], actor_age[y], width[x])
                b = _habit(sorted_age[actor_offsets[u] : actor_offsets[u + 1]], actor_age[y], actor_age[x], width[y])
                total += max(0.5 * (a + b), 0.5 * (actor_mass[x] + actor_mass[y]))
                x += 1
                y += 1
        out[p] = total
    return out


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
