"""Accounts that pick the same targets within twenty minutes of each other: post-selection similarity.

Community Notes, *Post selection similarity* (source code of its scorer, 2024): pairs rating the same posts within 20
minutes, linked by smoothed normalised pointwise mutual information or by the share of the less active account's
ratings; both need ten ratings. In its favour: both published thresholds are swept together.
"""

from __future__ import annotations

import numpy as np

from benchmarks.peers.log import Log, Peer
from benchmarks.peers.pairs import CO_SELECTION, neighbours, pair_scores
from plaudit.model import MINUTE_MS, Floats

WINDOW_MS, RATINGS, LEAST, MEMBERS = 20 * MINUTE_MS, 10, 2, 2


def score(log: Log) -> Floats:
    """Strongest link each like contributed to, as a multiple of the published threshold."""
    active = np.flatnonzero(log.actor_degree()[log.actor] >= RATINGS)
    out = np.zeros(log.n, np.float64)
    if active.size:
        part = log.only(active)
        out[active] = pair_scores(part, *neighbours(part, WINDOW_MS), CO_SELECTION, LEAST, MEMBERS)
    return out


PEER = Peer("co-selection (20 min, NPMI)", "Community Notes 2024", score)
