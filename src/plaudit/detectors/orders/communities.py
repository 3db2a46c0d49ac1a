"""Which gatherings belong together: pairs that share more actors than this log's own life puts there.

Twice over: against the log's everyday overlap, and then, inside each community found that way, against the community's
own. An interest shares people by itself, and a ring that camouflages inside it shares more still.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plaudit.detectors.counts import OverlapNull, enough_pairs, fit_overlap_null
from plaudit.detectors.links import cluster
from plaudit.detectors.orders.gatherings import EVER_MS, Gatherings, gather, ordinary
from plaudit.detectors.orders.recurrence import recurrent
from plaudit.detectors.orders.web import LEAST_MEAN, Pairs, Web, overlaps, spin
from plaudit.detectors.spec import Context
from plaudit.kernels.beside import each
from plaudit.kernels.overlap import sums_by_set
from plaudit.kernels.room import give_back
from plaudit.kernels.stays import APART_MS
from plaudit.kernels.tails import central_match, log_negative_binomial_tail, log_p_of_score, log_q_values
from plaudit.model import Bools, EventLog, Floats, Ints, Ints32

_WEAK = 0.05
_ONE_WEAK = float(-np.log1p(-_WEAK))
_MARGIN = 1.02
_WORTH_SPLITTING = 12
_LEVELS = 3
_REFITS = 12
_ASIDE = 0.01
_APART_TIMES = 3.0
"""A group of its own shares this many times more inside than with the rest; one pool in two moods does not."""


@dataclass(frozen=True)
class Ties:
    """What holds gatherings together.

    Attributes:
        web: all pairs that share an actor at times apart.
        communities: groups of gatherings linked by significant pairs.
        pools: groups held together by recurrence alone, and ``ln p`` of a typical member of each.
    """

    web: Web
    communities: list[Ints]
    pools: list[tuple[Ints, float]]


def ties(log: EventLog, context: Context, g: Gatherings, log_fdr: float) -> Ties:
    """Link gatherings pair by pair, and the rest by recurrence.

    Args:
        log_fdr: ``ln`` of the false-discovery rate of a link.
    """
    null = _everyday_null(log, context, g)
    give_back(log.n)
    web = spin(g, log.n_actors, APART_MS, EVER_MS)
    give_back(log.n)
    i, j, shared, mean = web.of(web.told)
    log_p = null.log_p(shared, mean, null.bins(mean))
    # A pair that shares one actor has p = 1: it is a candidate, and no more.
    log_q = log_q_values(log_p, len(web)).astype(np.float32)
    web, log_p = replace(web, log_q=log_q), log_p.astype(np.float32)
    link = _links(web, null, i, j, log_p, log_fdr)
    whole = cluster(len(g), i[link], j[link], 1e-3 - log_p[link].astype(np.float64), context.seed)
    strong = log_q < log_fdr
    degree = np.bincount(i[strong], minlength=len(g)) + np.bincount(j[strong], minlength=len(g))
    del i, j, shared, mean, log_p, link, strong
    thin, log_each = recurrent(log, context.rhythm, g, web, degree, log_fdr)
    told = np.zeros(len(g))
    told[thin] = log_each
    pools = split(g, [thin], web, context.seed) if thin.shape[0] else []
    return Ties(web, split(g, whole, web, context.seed), [(pool, float(np.median(told[pool]))) for pool in pools])


def split(g: Gatherings, found: list[Ints], web: Web, seed: int) -> list[Ints]:
    """Communities within communities: pairs that stand out even among those of their own community.

    A community search on a large log merges a small group into the interest it hides in (the resolution limit of
    modularity, Fortunato & Barthélemy 2007); judged by the community's own overlap, it stands out again.
    """
    out: list[Ints] = []
    x = g.chance
    for _ in range(_LEVELS):
        deeper: list[Ints] = []
        standing = each(lambda members: _standing_out(x, web, members), found)
        for members, (own, log_p) in zip(found, standing, strict=True):
            parts = _parts(x, own, log_p, members, seed)
            if not parts:
                out.append(members)
                continue
            deeper += parts
            rest = np.setdiff1d(members, np.concatenate(parts))
            out += [rest] if rest.shape[0] >= 2 else []
        if not deeper:
            break
        found = deeper
    else:
        out += found
    return out


def _standing_out(x: Floats, web: Web, members: Ints) -> tuple[Pairs, Floats]:
    """The pairs inside one community and ``ln p`` of each there; no pairs where it is too small to fall apart."""
    own = web.within(members if members.shape[0] >= _WORTH_SPLITTING else members[:0])
    return own, _log_p_inside(x[members], own)


def _parts(x: Floats, own: Pairs, log_p: Floats, members: Ints, seed: int) -> list[Ints]:
    """Groups of three gatherings or more that keep to themselves inside one community; none when it is of one piece.

    ``own`` are its pairs and ``log_p`` what :func:`_log_p_inside` says of each.
    """
    link = log_p < np.log(_WEAK)
    if not link.any():
        return []
    groups = cluster(x.shape[0], own.i[link], own.j[link], -log_p[link] + 1e-3, seed)
    return [
        group
        for group in groups
        if 3 <= group.shape[0] < members.shape[0] and _apart(x, own, members, group) > _APART_TIMES
    ]


def _apart(x: Floats, own: Pairs, members: Ints, group: Ints) -> float:
    """How many times more, beyond activity, a group shares inside than with the rest of its community."""
    inside = np.zeros(x.shape[0], dtype=np.int64)
    inside[group] = 1
    ends = inside[own.i] + inside[own.j]
    among, across = float(own.shared[ends == 2].sum()), float(own.shared[ends == 1].sum())
    here, rest = float(x[group].sum()), float(x[members].sum() - x[group].sum())
    chance_among, chance_across = (here**2 - float((x[group] ** 2).sum())) / 2.0, here * rest
    return (among / max(chance_among, 1e-9)) / ((across + 1.0) / max(chance_across, 1e-9))


def _log_p_inside(x: Floats, own: Pairs) -> Floats:
    """``ln p`` of each pair's count if all pairs of the community were alike, up to activity; 0 for most that are weak.

    Counts are negative binomial with mean ``beta x_i x_j`` and variance ``mean + alpha mean^2``, by moments over all
    pairs, those that share nobody included. What stands out is set aside and the rest fitted again, until nothing
    changes: a group inside must not widen its own null.
    """
    pairs_all = (float(x.sum()) ** 2 - float((x**2).sum())) / 2.0
    squares_all = (float((x**2).sum()) ** 2 - float((x**4).sum())) / 2.0
    shared, chance = own.shared.astype(np.float64), own.mean.astype(np.float64)
    use = np.ones(shared.shape[0], dtype=bool)
    log_p = np.zeros(shared.shape[0])
    for _ in range(_REFITS):
        aside = ~use
        mean_left = max(pairs_all - float(chance[aside].sum()), 1e-9)
        beta = float(shared[use].sum()) / mean_left
        mean = beta * chance
        squares_left = max(squares_all - float((chance[aside] ** 2).sum()), 1e-12) * beta**2
        # Pairs that share nobody deviate by their mean.
        none = squares_left - float((mean[use] ** 2).sum())
        excess = float(((shared[use] - mean[use]) ** 2).sum()) + max(none, 0.0) - beta * mean_left
        alpha = max(excess / max(squares_left, 1e-300), 0.0)
        # At or below its mean no count stands out, whatever its tail; nor does a single actor where
        # ``P(X >= 1) = 1 - (1 + alpha mean)^(-1 / alpha)`` is not small: nearly all pairs.
        single = _MARGIN * (float(np.expm1(_ONE_WEAK * alpha)) / alpha if alpha > _MARGIN - 1.0 else _ONE_WEAK)
        above = np.flatnonzero((shared > mean) & ((shared > 1.0) | (mean < single)))
        log_p[:] = 0.0
        log_p[above] = log_negative_binomial_tail(shared[above], mean[above], 1.0 + alpha * mean[above])
        kept = log_p > np.log(_ASIDE)
        if bool(np.all(kept == use)):
            break
        use = kept
    return log_p


def _everyday_null(log: EventLog, context: Context, g: Gatherings) -> OverlapNull:
    """The overlap null of pairs with an everyday stretch at one end at least: no pair of orders is among them.

    Fitted on the episodes alone, a calm log with one busy ring would be judged by the ring's own pairs.
    """
    everyday = ordinary(log, g.episodes, context.seed)
    both = gather(log, everyday + g.episodes, context.activity)
    i, j, shared = overlaps(both, log.n_actors, APART_MS, EVER_MS, len(everyday))
    some = enough_pairs(shared.shape[0])
    i, j, shared = i[some], j[some], shared[some]
    return fit_overlap_null(shared, np.maximum(both.chance[i] * both.chance[j], 1e-9))


def _links(web: Web, null: OverlapNull, i: Ints32, j: Ints32, log_p: NDArray[Any], fdr: float) -> Bools:
    """Pairs that stand out by themselves, and weaker ones between gatherings that stand out as a whole.

    Asked are the pairs that share two actors or more, ``i`` and ``j``, with ``ln p`` of each.
    """
    total, centre, spread = sums_by_set(
        web.offsets, web.j, web.shared, web.chance, LEAST_MEAN, null.edge, *null.moments()
    )
    z = (total - centre) / np.sqrt(np.maximum(spread, 1.0))
    location, scale = central_match(z[centre > 0])
    node = log_q_values(log_p_of_score((z - location) / scale), z.shape[0]) < fdr
    return np.asarray((web.log_q < fdr) | (node[i] & node[j] & (log_p < np.log(_WEAK))))
