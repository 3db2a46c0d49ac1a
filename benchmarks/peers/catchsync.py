"""Accounts whose targets are all alike and unlike everybody else's: CatchSync.

M. Jiang et al., *CatchSync: catching synchronized behavior in large directed graphs*, KDD 2014. Targets are laid on a
grid of in-degree and authoritativeness (HITS); an account's *synchronicity* is how often two of its targets share a
cell, its *normality* how often a target of its shares one with anybody's; suspicious is synchronicity above the least
that the normality allows. In its favour: accounts with fewer than five likes, where the measure means nothing, are let
off.
"""

from __future__ import annotations

import numpy as np

from benchmarks.peers.log import Log, Peer
from plaudit.model import Floats, Ints, Ints32

LEAST, HITS_ROUNDS = 5, 30


def score(log: Log) -> Floats:
    """Synchronicity of the like's account above the least its normality allows."""
    cell = _cells(log)
    cells = int(cell.max()) + 1
    share = np.bincount(cell, minlength=cells) / cell.size
    degree = np.maximum(log.actor_degree(), 1).astype(np.float64)
    key, count = np.unique(log.actor.astype(np.int64) * cells + cell[log.target], return_counts=True)
    who, where = key // cells, key % cells
    synchronicity = np.bincount(who, weights=count.astype(np.float64) ** 2, minlength=log.n_actors) / degree**2
    normality = np.bincount(who, weights=count * share[where], minlength=log.n_actors) / degree
    background = float((share**2).sum())
    if cells * background == 1.0:
        return np.zeros(log.n, np.float64)
    least = (-cells * normality**2 + 2.0 * normality - background) / (1.0 - cells * background)
    beyond = np.where(degree >= LEAST, synchronicity - least, 0.0)
    return np.asarray(np.maximum(beyond, 0.0)[log.actor], np.float64)


def _cells(log: Log) -> Ints:
    """Number of each target's cell: halvings of in-degree and of authoritativeness."""
    authority: Floats = np.ones(log.n_targets)
    for _ in range(HITS_ROUNDS):
        hub = _sums(log.actor, authority[log.target], log.n_actors)
        authority = _sums(log.target, hub[log.actor], log.n_targets)
    first = np.log2(np.maximum(log.target_degree(), 1)).astype(np.int64)
    second = np.clip(-np.log2(np.maximum(authority / authority.max(), 1e-12)), 0, 40).astype(np.int64)
    _, number = np.unique(first * 64 + second, return_inverse=True)
    return np.asarray(number, np.int64)


def _sums(of: Ints32, value: Floats, size: int) -> Floats:
    """Sums of ``value`` by ``of``, as a vector of length one."""
    sums = np.bincount(of, weights=value, minlength=size)
    return np.asarray(sums / np.linalg.norm(sums), np.float64)


PEER = Peer("CatchSync", "Jiang et al. 2014", score)
