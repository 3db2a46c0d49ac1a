"""Graphs of significant links: communities, what a community's links weigh together, and which groups are one."""

from __future__ import annotations

import random
from collections.abc import Sequence
from random import Random

import igraph
import numba
import numpy as np
from scipy.sparse import coo_array, triu
from scipy.sparse.csgraph import connected_components

from plaudit.kernels.tails import log_poisson_tail
from plaudit.model import EventLog, Floats, Ints, Ints32

_ITERATIONS = 8
"""Passes of the community search; it settles in a few, and must end on every input."""

SAME_PART = 0.2
"""Part of the smaller group's people from which two groups are the same people: rings that merely share some share less
(15 % in the simulator), pieces of one ring more."""

_TWICE = 2.0
_BEYOND_CHANCE = float(np.log(1e-4))


def cluster(
    nodes: int, i: Ints | Ints32, j: Ints | Ints32, weight: Floats, seed: int, *, least_density: float | None = None
) -> list[Ints]:
    """Communities (Leiden, Traag et al. 2019) of the graph of significant links, each with two nodes or more.

    By modularity; with ``least_density`` by the constant Potts model instead, whose communities are linked more densely
    than that inside and less between them. It neither splits a group that is the whole graph nor joins small ones.
    """
    if i.shape[0] == 0:
        return []
    # Nodes without a link are in no community, and would be visited in every pass.
    linked = np.flatnonzero(np.bincount(i, minlength=nodes) + np.bincount(j, minlength=nodes))
    place = np.empty(nodes, dtype=np.int64)
    place[linked] = np.arange(linked.shape[0])
    # Handed over as they lie in memory: as lists of Python numbers, the links of a large log take a gigabyte.
    graph = igraph.Graph(n=linked.shape[0], edges=np.column_stack([place[i], place[j]]).data)
    # Given anew each time: the library keeps one per thread, and only the thread that loaded it has a seeded one.
    igraph.set_random_number_generator(Random(seed))
    try:
        found = graph.community_leiden(
            objective_function="modularity" if least_density is None else "CPM",
            weights=weight,
            resolution=1.0 if least_density is None else least_density,
            n_iterations=_ITERATIONS,
        )
    finally:
        igraph.set_random_number_generator(random)
    label = np.array(found.membership, dtype=np.int64)
    order = np.argsort(label, kind="stable")
    edges = np.flatnonzero(np.diff(label[order])) + 1
    return [np.sort(linked[part]) for part in np.split(order, edges) if part.shape[0] >= 2]


def log_p_all_false(first: Ints, second: Ints, log_q: Floats) -> float:
    """``ln`` of the chance that *every* link of a community is an accident.

    A link reported at false-discovery rate ``q`` is false with chance ``q`` at most; links without a common end are
    taken as independent, so their ``q`` multiply over a (greedy) matching.
    """
    linked = np.flatnonzero(log_q < 0)
    order = linked[np.argsort(log_q[linked], kind="stable")]
    if order.shape[0] == 0:
        return 0.0
    node = np.unique(np.concatenate([first[order], second[order]]), return_inverse=True)[1]
    return float(_matched(node[: order.shape[0]], node[order.shape[0] :], log_q[order].astype(np.float64)))


@numba.njit(cache=True, nogil=True)
def _matched(first: np.ndarray, second: np.ndarray, log_q: np.ndarray) -> float:
    """Sum over links, best first, of those that touch no link before."""
    used = np.zeros(2 * first.shape[0], np.bool_)
    total = 0.0
    for row in range(first.shape[0]):
        if not used[first[row]] and not used[second[row]]:
            used[first[row]] = used[second[row]] = True
            total += log_q[row]
    return total


def components(nodes: int, i: Ints, j: Ints) -> list[Ints]:
    """Connected parts of a graph with at least two nodes; a further link can only join parts, never split one."""
    _, label = connected_components(coo_array((np.ones(i.shape[0], np.int8), (i, j)), (nodes, nodes)), directed=False)
    order = np.argsort(label, kind="stable").astype(np.int64)
    parts = np.split(order, np.flatnonzero(np.diff(label[order])) + 1)
    return [part for part in parts if part.shape[0] >= 2]


def same_people(log: EventLog, activity: Ints, groups: Sequence[Ints]) -> tuple[Ints, Ints, Floats]:
    """Pairs of groups that consist of the same people: ``(i, j, part)``, ``i < j``, in no particular order.

    ``part`` of the smaller one's people are in both: a fifth at least, twice what these like elsewhere puts there, and
    beyond chance (Poisson).

    Args:
        activity: likes of each actor, ``int64[n_actors]``.
        groups: likes of each, rows of the log.
    """
    size = np.array([rows.shape[0] for rows in groups], dtype=np.int64)
    if int((size > 0).sum()) < 2:
        return np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0)
    actors, place = np.unique(log.actor[np.concatenate(groups)], return_inverse=True)
    home = np.repeat(np.arange(size.shape[0]), size)
    table = coo_array((np.ones(home.shape[0]), (home, place)), (size.shape[0], actors.shape[0])).tocsr()
    table.data[:] = 1.0
    elsewhere = table @ activity[actors].astype(np.float64) - size
    people = np.diff(table.indptr)
    both = triu(table @ table.T, k=1).tocoo()
    i, j, shared = both.row.astype(np.int64), both.col.astype(np.int64), both.data
    mean = np.maximum(elsewhere[i] * size[j], elsewhere[j] * size[i]) / max(log.n, 1)
    part = shared / np.minimum(people[i], people[j])
    held = (part >= SAME_PART) & (shared > _TWICE * mean)
    held[held] = log_poisson_tail(shared[held], mean[held]) < _BEYOND_CHANCE
    return i[held], j[held], np.asarray(part[held], dtype=np.float64)
