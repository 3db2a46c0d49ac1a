"""What the pairwise peers share: who met whom, how strongly, and in which component of the network."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from benchmarks.peers.log import Log
from plaudit.model import Floats, Ints, Ints32

JACCARD, CO_SELECTION = 0, 1
"""How a pair is weighed: shared cells over all cells of both; Community Notes' measures (see :func:`_weight`)."""


def neighbours(log: Log, window_ms: int) -> tuple[Ints, Ints]:
    """For each like the rows ``first..last`` (last excluded) of its target within ``window_ms`` of it."""
    span = int(log.at_ms.max() - log.at_ms.min()) + 2 * window_ms + 1
    key = log.target.astype(np.int64) * span + (log.at_ms - log.at_ms.min())
    return np.searchsorted(key, key - window_ms, "left"), np.searchsorted(key, key + window_ms, "right")


def same_cell(log: Log, width_ms: int) -> tuple[Ints, Ints]:
    """For each like the rows of its target in the same stretch of ``width_ms`` (stretches do not overlap)."""
    cell = log.at_ms // width_ms
    key = log.target.astype(np.int64) * (int(cell.max()) + 1) + cell
    return np.searchsorted(key, key, "left"), np.searchsorted(key, key, "right")


def pair_scores(log: Log, first: Ints, last: Ints, kind: int, least: int, members: int) -> Floats:
    """Score each like by the strongest pair it was part of, if that pair's network is large enough.

    Args:
        log: the likes.
        first, last: which rows each like met, from :func:`neighbours` or :func:`same_cell`.
        kind: ``JACCARD`` or ``CO_SELECTION``.
        least: meetings a pair needs to count.
        members: actors a connected component needs, at a threshold, to count at that threshold.
    """
    order, offsets = log.by_actor()
    best, left, right, weight = _search(log.actor, order, offsets, first, last, kind, least)
    whole = component_scores(left, right, weight, log.n_actors, members)
    return np.asarray(np.minimum(best, whole[log.actor]), np.float64)


def component_scores(left: Ints32, right: Ints32, weight: Floats, n: int, members: int) -> Floats:
    """Per node the highest threshold on ``weight`` at which its connected component has ``members`` nodes, else 0."""
    order = np.argsort(-weight, kind="stable")
    return np.asarray(_components(left[order], right[order], weight[order], n, members), np.float64)


@njit(cache=True)
def _weight(kind: int, met: int, one: int, other: int, total: int) -> float:
    if kind == JACCARD:
        return float(met / (one + other - met))
    # Community Notes links two raters by smoothed NPMI or by the share of the less active one's ratings; each is given
    # here as a multiple of its published threshold, so that one number can be swept.
    pmi = np.log(met * total / ((one + 500.0) * (other + 500.0)))
    npmi = pmi / max(-np.log(met / total), 1e-9)
    return float(max(npmi / 0.55, met / (min(one, other) + 10.0) / 0.4, 0.0))


@njit(cache=True)
def _search(
    actor: Ints32, order: Ints, offsets: Ints, first: Ints, last: Ints, kind: int, least: int
) -> tuple[Floats, Ints32, Ints32, Floats]:
    n, people = actor.size, offsets.size - 1
    met = np.zeros(people, np.int32)
    value = np.zeros(people, np.float64)
    touched = np.empty(people, np.int32)
    best = np.zeros(n, np.float64)
    left = np.empty(1024, np.int32)
    right = np.empty(1024, np.int32)
    weight = np.empty(1024, np.float64)
    edges = 0
    for i in range(people):
        seen = 0
        for place in range(offsets[i], offsets[i + 1]):
            row = order[place]
            for other in range(first[row], last[row]):
                j = actor[other]
                if j == i:
                    continue
                if met[j] == 0:
                    touched[seen] = j
                    seen += 1
                met[j] += 1
        for k in range(seen):
            j = touched[k]
            if met[j] < least:
                continue
            value[j] = _weight(kind, met[j], offsets[i + 1] - offsets[i], offsets[j + 1] - offsets[j], n)
            if i < j and value[j] > 0.0:
                if edges == left.size:
                    left = np.concatenate((left, np.empty(edges, np.int32)))
                    right = np.concatenate((right, np.empty(edges, np.int32)))
                    weight = np.concatenate((weight, np.empty(edges, np.float64)))
                left[edges], right[edges], weight[edges] = i, j, value[j]
                edges += 1
        for place in range(offsets[i], offsets[i + 1]):
            row = order[place]
            for other in range(first[row], last[row]):
                best[row] = max(best[row], value[actor[other]])
        for k in range(seen):
            met[touched[k]] = 0
            value[touched[k]] = 0.0
    return best, left[:edges], right[:edges], weight[:edges]


@njit(cache=True)
def _components(left: Ints32, right: Ints32, weight: Floats, n: int, members: int) -> NDArray[np.float64]:
    parent = np.arange(n)
    size = np.ones(n, np.int64)
    following = np.full(n, -1, np.int64)  # the members of a component as a chain from its root
    tail = np.arange(n)
    score = np.zeros(n, np.float64)
    for edge in range(weight.size):
        a, b = left[edge], right[edge]
        while parent[a] != a:
            parent[a] = parent[parent[a]]
            a = parent[a]
        while parent[b] != b:
            parent[b] = parent[parent[b]]
            b = parent[b]
        if a == b:
            continue
        if size[a] < size[b]:
            a, b = b, a
        if size[a] + size[b] >= members:
            for root in (a, b):
                if size[root] < members:
                    node = root
                    while node >= 0:
                        score[node] = weight[edge]
                        node = following[node]
        parent[b] = a
        size[a] += size[b]
        following[tail[a]] = b
        tail[a] = tail[b]
    return score
