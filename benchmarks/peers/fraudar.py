"""The densest blocks of the graph of accounts and targets, popular targets weighing less: FRAUDAR.

B. Hooi et al., *FRAUDAR: bounding graph fraud in the face of camouflage*, KDD 2016. Greedy peeling: the node that
contributes least goes first, and the densest set on the way is the block; its edges are taken out and the next block is
sought. Columns weigh ``1 / ln(likes + 5)``. In its favour: a numba segment tree instead of the authors' Python, and as
many blocks as the oracle threshold wants.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from benchmarks.peers.log import Log, Peer
from plaudit.model import Bools, Floats, Ints, Ints32, offsets_of

BLOCKS = 30


def score(log: Log) -> Floats:
    """Density of the block each like lies in (never more than that of an earlier block); 0 outside all blocks."""
    order, by_actor = log.by_actor()
    by_target = offsets_of(log.target, log.n_targets)
    weight = 1.0 / np.log(log.target_degree() + 5.0)
    out = np.zeros(log.n, np.float64)
    alive = np.ones(log.n, np.bool_)
    ceiling = np.inf
    for _ in range(BLOCKS):
        if not alive.any():
            break
        inside, density = _block(log.actor, log.target, order, by_actor, by_target, weight, alive)
        ceiling = min(ceiling, density)
        out[inside] = ceiling
        alive &= ~inside
    return out


@njit(cache=True)
def _block(
    actor: Ints32, target: Ints32, order: Ints, by_actor: Ints, by_target: Ints, weight: Floats, alive: Bools
) -> tuple[Bools, float]:
    """The likes of the densest block among those alive, and its density: weight of edges per node."""
    actors, targets = by_actor.size - 1, by_target.size - 1
    nodes = actors + targets
    leaves = 1
    while leaves < nodes:
        leaves *= 2
    tree = np.full(2 * leaves, np.inf)
    total = 0.0
    for row in range(actor.size):
        if alive[row]:
            w = weight[target[row]]
            for place in (leaves + int(actor[row]), leaves + actors + int(target[row])):
                tree[place] = w if tree[place] == np.inf else tree[place] + w
            total += w
    left = 0
    for node in range(nodes):
        left += tree[leaves + node] < np.inf
    for place in range(leaves - 1, 0, -1):
        tree[place] = min(tree[2 * place], tree[2 * place + 1])
    removed_at = np.full(nodes, -1, np.int64)
    best, best_step, steps = total / left, 0, left
    for step in range(steps):
        place = 1
        while place < leaves:
            place = 2 * place if tree[2 * place] <= tree[2 * place + 1] else 2 * place + 1
        node = place - leaves
        total -= tree[place]
        removed_at[node] = step
        _put(tree, place, np.inf)
        is_actor = node < actors
        edges, at = (by_actor, node) if is_actor else (by_target, node - actors)
        for k in range(edges[at], edges[at + 1]):
            row = int(order[k]) if is_actor else k
            other = leaves + (actors + int(target[row]) if is_actor else int(actor[row]))
            if alive[row] and tree[other] < np.inf:
                _put(tree, other, max(tree[other] - weight[target[row]], 0.0))
        remaining = steps - step - 1
        if remaining and total / remaining > best:
            best, best_step = total / remaining, step + 1
    inside = np.zeros(actor.size, np.bool_)
    for row in range(actor.size):
        inside[row] = (
            alive[row] and removed_at[actor[row]] >= best_step and removed_at[actors + target[row]] >= best_step
        )
    return inside, best


@njit(cache=True)
def _put(tree: Floats, place: int, value: float) -> None:
    tree[place] = value
    place //= 2
    while place:
        least = min(tree[2 * place], tree[2 * place + 1])
        if tree[place] == least:
            return
        tree[place] = least
        place //= 2


PEER = Peer("FRAUDAR", "Hooi et al. 2016", score)
