"""Accounts that did nothing else: StarScout's low-activity rule.

H. He et al., *4.5 million (suspected) fake stars in GitHub*, 2024. An account is suspected when the like is its only
one; a target when enough of its likes are such. In its favour: the share of a target that must be suspected is swept
instead of the published 10 %, and 20 instead of 50 likes suffice.
"""

from __future__ import annotations

import numpy as np

from benchmarks.peers.log import Log, Peer
from plaudit.model import Floats

LEAST = 20


def score(log: Log) -> Floats:
    """Share of one-off accounts among the likes of the target, for the likes of one-off accounts."""
    single = log.actor_degree()[log.actor] == 1
    suspected = np.bincount(log.target[single], minlength=log.n_targets)
    share = np.where(suspected >= LEAST, suspected / np.maximum(log.target_degree(), 1), 0.0)
    return np.where(single, share[log.target], 0.0)


PEER = Peer("low-activity rule", "He et al. (StarScout) 2024", score)
