"""Accounts whose habits stand apart from everybody's: an isolation forest on features of accounts.

F. T. Liu, K. M. Ting, Z.-H. Zhou, *Isolation forest*, ICDM 2008, as scikit-learn implements it: a package Plaudit does
not need and does not install (dependency group ``bench``). Features: how many likes, on how popular targets, over how
long, how fast, how old the targets.
"""

from __future__ import annotations

from importlib import import_module

import numpy as np

from benchmarks.peers.log import Log, Peer
from plaudit.model import DAY_MS, HOUR_MS, Floats, offsets_of

TREES, SAMPLE, SEED = 100, 4096, 0


def score(log: Log) -> Floats:
    """Isolation score of each like's account."""
    ensemble = import_module("sklearn.ensemble")
    table = features(log)
    forest = ensemble.IsolationForest(
        n_estimators=TREES, max_samples=min(SAMPLE, table.shape[0]), random_state=SEED, n_jobs=1
    )
    lonely = -forest.fit(table).score_samples(table)
    return np.asarray(lonely - lonely.min(), np.float64)[log.actor]


def features(log: Log) -> Floats:
    """One row per actor: log of likes, mean log popularity, days active, log of mean gap in hours, mean log age."""
    order, offsets = log.by_actor()
    degree = np.maximum(np.diff(offsets), 1)
    first_like = log.at_ms[offsets_of(log.target, log.n_targets)[:-1].clip(0, log.n - 1)]
    age = np.log1p((log.at_ms - first_like[log.target]) / HOUR_MS)
    popularity = np.log(log.target_degree()[log.target])
    at = log.at_ms[order]
    span = (at[(offsets[1:] - 1).clip(0)] - at[offsets[:-1].clip(0, log.n - 1)]).astype(np.float64)
    gap = np.log1p(span / HOUR_MS / np.maximum(degree - 1, 1))

    def mean(values: Floats) -> Floats:
        return np.asarray(np.bincount(log.actor, weights=values, minlength=log.n_actors) / degree, np.float64)

    return np.column_stack([np.log(degree), mean(popularity), span / DAY_MS, gap, mean(age)])


PEER = Peer("isolation forest on account features", "Liu et al. 2008", score, needs="sklearn")
