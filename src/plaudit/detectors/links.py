"""Graphs of significant links: communities, and what a community's links weigh together."""

from __future__ import annotations

import random
from random import Random

import igraph
import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from plaudit.model import Floats, Ints

_ITERATIONS = 8
"""Passes of the community search; it settles in a few, and must end on every input."""


def cluster(
    nodes: int, i: Ints, j: Ints, weight: Floats, seed: int, *, least_density: float | None = None
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
    graph = igraph.Graph(n=linked.shape[0], edges=np.column_stack([place[i], place[j]]).tolist())
    # Given anew each time: the library keeps one per thread, and only the thread that loaded it has a seeded one.
    igraph.set_random_number_generator(Random(seed))
    try:
        found = graph.community_leiden(
            objective_function="modularity" if least_density is None else "CPM",
            weights=weight.tolist(),
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
    used: set[int] = set()
    total = 0.0
    for row in np.argsort(log_q, kind="stable"):
        if log_q[row] >= 0:
            break
        ends = {int(first[row]), int(second[row])}
        if not ends & used:
            used |= ends
            total += float(log_q[row])
    return total


def components(nodes: int, i: Ints, j: Ints) -> list[Ints]:
    """Connected parts of a graph with at least two nodes; a further link can only join parts, never split one."""
    _, label = connected_components(coo_array((np.ones(i.shape[0], np.int8), (i, j)), (nodes, nodes)), directed=False)
    order = np.argsort(label, kind="stable").astype(np.int64)
    parts = np.split(order, np.flatnonzero(np.diff(label[order])) + 1)
    return [part for part in parts if part.shape[0] >= 2]
