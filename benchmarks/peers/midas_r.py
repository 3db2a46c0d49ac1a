"""Sudden activity of an account or a target, as likes stream in: MIDAS-R.

S. Bhatia et al., *MIDAS: microcluster-based detector of anomalies in edge streams*, AAAI 2020. Counts of this tick
(with a memory that halves each tick) against the mean of all ticks, as a chi-squared; the larger of account and target.
An edge occurs once in a log of likes, so the edge's own count says nothing and is left out. In its favour: exact counts
instead of a count-min sketch.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from benchmarks.peers.log import Log, Peer
from plaudit.model import HOUR_MS, Floats, Ints, Ints32

TICK_MS, MEMORY = HOUR_MS, 0.5


def score(log: Log) -> Floats:
    """The statistic at the moment of each like."""
    order = np.argsort(log.at_ms, kind="stable")
    tick = (log.at_ms[order] - log.at_ms.min()) // TICK_MS + 1
    out = np.zeros(log.n, np.float64)
    out[order] = _stream(log.actor[order], log.target[order], tick, log.n_actors, log.n_targets)
    return out


@njit(cache=True)
def _stream(actor: Ints32, target: Ints32, tick: Ints, n_actors: int, n_targets: int) -> Floats:
    now_actor, all_actor = np.zeros(n_actors), np.zeros(n_actors)
    now_target, all_target = np.zeros(n_targets), np.zeros(n_targets)
    out = np.zeros(actor.size)
    last = 1
    for k in range(actor.size):
        t = tick[k]
        if t > last:
            fade = MEMORY ** (t - last)
            now_actor *= fade
            now_target *= fade
            last = t
        i, j = actor[k], target[k]
        now_actor[i] += 1.0
        all_actor[i] += 1.0
        now_target[j] += 1.0
        all_target[j] += 1.0
        if t > 1:
            one = (now_actor[i] - all_actor[i] / t) ** 2 * t * t / (all_actor[i] * (t - 1))
            other = (now_target[j] - all_target[j] / t) ** 2 * t * t / (all_target[j] * (t - 1))
            out[k] = max(one, other)
    return out


PEER = Peer("MIDAS-R", "Bhatia et al. 2020", score)
