"""Accounts whose actions match, day by day, on the same targets: SynchroTrap.

Q. Cao, X. Yang, J. Yu, C. Palow, *Uncovering large groups of active malicious accounts in online social networks*, CCS
2014. Two likes match when they fall on the same target on the same day; two accounts are as similar as the Jaccard
index of their (target, day) sets; single-linkage clusters of enough accounts are reported. In its favour: any number of
clusters, every threshold, and no daily cap on crowded targets.
"""

from __future__ import annotations

import numpy as np

from benchmarks.peers.log import Log, Peer
from benchmarks.peers.pairs import JACCARD, pair_scores, same_cell
from plaudit.model import DAY_MS, Floats

LEAST, MEMBERS = 3, 10


def score(log: Log) -> Floats:
    """Highest similarity at which each like's account stands in a cluster through a match of this like."""
    # Whoever acted less often than a pair must have met cannot be in one.
    active = np.flatnonzero(log.actor_degree()[log.actor] >= LEAST)
    out = np.zeros(log.n, np.float64)
    if active.size:
        part = log.only(active)
        out[active] = pair_scores(part, *same_cell(part, DAY_MS), JACCARD, LEAST, MEMBERS)
    return out


PEER = Peer("SynchroTrap (day windows)", "Cao et al. 2014", score)
