"""Graphs of significant links: communities, and what a community's links weigh together."""

from __future__ import annotations

import random

import igraph
import numpy as np

from plaudit.model import Floats, Ints


def cluster(nodes: int, i: Ints, j: Ints, weight: Floats, seed: int) -> list[Ints]:
    """Communities (Leiden, Traag et al. 2019) of the graph of significant overlaps, each with two gatherings or more."""
    if i.shape[0] == 0:
        return []
    graph = igraph.Graph(n=nodes, edges=np.column_stack([i, j]).tolist())
    state = random.getstate()
    random.seed(seed)
    try:
        found = graph.community_leiden(objective_function="modularity", weights=weight.tolist(), n_iterations=-1)
    finally:
        random.setstate(state)
    label = np.array(found.membership, dtype=np.int64)
    order = np.argsort(label, kind="stable")
    edges = np.flatnonzero(np.diff(label[order])) + 1
    return [np.sort(part) for part in np.split(order, edges) if part.shape[0] >= 2]


def disjoint_log_p(first: Ints, second: Ints, log_p: Floats, log_candidates: float) -> float:
    """Sum of ``min(0, ln p + ln candidates)`` over a greedy matching: links without a common end are independent."""
    used: set[int] = set()
    total = 0.0
    for row in np.argsort(log_p, kind="stable"):
        if log_p[row] + log_candidates >= 0:
            break
        ends = {int(first[row]), int(second[row])}
        if not ends & used:
            used |= ends
            total += float(log_p[row]) + log_candidates
    return total
