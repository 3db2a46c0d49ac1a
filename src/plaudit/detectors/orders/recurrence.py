"""Pools too large for any two gatherings to share many: do late bursts share people with *all* other late bursts?

Of twelve thousand workers a hundred serve each order; two orders share one worker, which is nothing, but an order
shares people with seventy others. So the bursts that come suddenly and late in their targets' lives are taken
together, and each is asked how many of its people were in the others, against what their activity puts there. Then
again against those that stood out: an order meets them far beyond chance, an ordinary burst does not.
"""

from __future__ import annotations

import numpy as np

from plaudit.detectors.orders.gatherings import Gatherings
from plaudit.detectors.orders.web import Pairs, Web
from plaudit.detectors.rhythm import Rhythm
from plaudit.kernels.tails import log_negative_binomial_tail, log_q_values
from plaudit.model import DAY_MS, Bools, EventLog, Floats, Ints

_SUDDEN = 3.0
_LATE = 1.0 / 3.0
_LEAST_EXCESS = 8.0
_LEAST = 5
_ROUNDS = 8
_FIRST_LOOK = 0.05
_LINKS = 2


def recurrent(
    log: EventLog, rhythm: Rhythm, g: Gatherings, web: Web, degree: Ints, log_fdr: float
) -> tuple[Ints, Floats]:
    """Late bursts whose people recur among the other late bursts: ``(gatherings, ln p of each)``.

    Only bursts that stand in no pair links of their own are asked (``degree``: significant pairs of each): what a few
    gatherings share strongly is found by their links.
    """
    n = len(g)
    asked = late_bursts(log, rhythm, g) & (degree < _LINKS)
    none = np.zeros(0, np.int64), np.zeros(0)
    if int(asked.sum()) < 2 * _LEAST:
        return none
    own = web.within(np.flatnonzero(asked))
    x = g.chance
    found, log_p = asked, np.zeros(n)
    for step in range(_ROUNDS):
        log_p = _log_p(own, x, asked, found)
        # The first time all are measured against all; from then on against those that stood out.
        level = np.log(_FIRST_LOOK) if step == 0 else log_fdr
        stands = np.zeros(n, dtype=bool)
        stands[np.flatnonzero(asked)[log_q_values(log_p[asked], int(asked.sum())) < level]] = True
        if int(stands.sum()) < _LEAST:
            return none
        if bool((stands == found).all()):
            break
        found = stands
    members = np.flatnonzero(found)
    return members, log_p[members]


def late_bursts(log: EventLog, rhythm: Rhythm, g: Gatherings) -> Bools:
    """Gatherings within a day, after a third of their target's expected life, of three times what was expected."""
    e = g.episodes
    sudden = (e.likes >= _SUDDEN * e.expected) & (e.likes - e.expected >= _LEAST_EXCESS)
    brief = log.at_ms[e.last] - log.at_ms[e.first] <= DAY_MS
    return np.asarray(sudden & brief & (rhythm.span(e.first)[0] >= _LATE), dtype=bool)


def _log_p(own: Pairs, x: Floats, asked: Bools, found: Bools) -> Floats:
    """``ln p`` of the people each asked burst shares with the ``found`` ones, itself left out, ``float64[g]``.

    What activity does not explain is scaled, and spread, as among the asked that were not found (all, at first).
    """
    n = x.shape[0]
    to_j, to_i = found[own.j], found[own.i]
    count = np.bincount(own.i[to_j], own.shared[to_j], n) + np.bincount(own.j[to_i], own.shared[to_i], n)
    mean = x * (float(x[found].sum()) - np.where(found, x, 0.0))
    plain = asked & ~found if int((asked & ~found).sum()) >= _LEAST else asked
    usable = plain & (mean > 0)
    ratio = np.median(count[usable] / mean[usable]) if usable.any() else 0.0
    if ratio <= 0:
        ratio = float(count[plain].sum()) / max(float(mean[plain].sum()), 1e-9)
    mean = np.maximum(mean * float(ratio), 1e-3)
    # Orders only ever raise a count, so the spread is read off the lower half.
    score = (count[plain] - mean[plain]) / np.sqrt(mean[plain])
    lower = float(np.median(score) - np.quantile(score, 0.25)) / 0.6745
    out = np.zeros(n)
    out[asked] = log_negative_binomial_tail(count[asked], mean[asked], max(1.0, lower**2))
    return out
