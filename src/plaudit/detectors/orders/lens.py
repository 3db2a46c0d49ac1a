"""The cohort as a lens: with its people known, where else in the log did they gather?

Gatherings are first found as crowds. An order on a lively target is no crowd, and a delivery over days is a thin one;
but once a cohort's people are known, their likes stand out against the target's other likes. Only stretches that do
become part of the cohort: what its people like elsewhere, or there at other times, stays theirs.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse

from plaudit.detectors.orders.cohort import Cohort, dispersion, mixture, recount, stragglers
from plaudit.detectors.orders.gatherings import Gatherings, gather
from plaudit.detectors.rhythm import Episodes, Rhythm
from plaudit.detectors.spec import Context
from plaudit.kernels.enriched import richest_stretches
from plaudit.kernels.tails import log_negative_binomial_tail, log_poisson_tail, log_q_values
from plaudit.model import Bools, EventLog, Floats, Ints, offsets_of, ranges

_LEAST = 3
_TOP_UPS = 2
_FDR = 0.01
_CLIQUE = 2.0


def look(log: EventLog, context: Context, g: Gatherings, cohort: Cohort) -> tuple[Ints, Floats]:
    """What each like is worth, seen through the cohort's people: ``(row, share)``.

    The windows it was found by, widened; further ones of the same pool; and the thin tails on the targets served.
    """
    entry, share, _ = mixture(g, cohort.gatherings)
    people, times = np.unique(g.actor[entry[share > 0.5]], return_counts=True)
    people = people[times >= 2]
    served = g.episodes.take(cohort.gatherings)
    wide = gather(log, _through(log, context, people, served), context.activity)
    ours, found = np.zeros(log.n_actors, dtype=bool), np.zeros(log.n, dtype=bool)
    ours[people] = True
    found[ranges(served.first, served.likes)] = True
    found_by = np.logical_or.reduceat(found[wide.row], wide.offsets[:-1])
    keep = np.flatnonzero(one_pool(wide, found_by, ours))
    entry, share, part = mixture(wide, keep, found_by[keep])
    work = _worked(part, found_by[keep])
    if not work.all():
        keep = keep[work]
        entry, share, _ = mixture(wide, keep, found_by[keep])
    whole = recount(wide, keep)
    there = context.likes_on(whole.actors, wide.episodes.target[keep])
    late, late_share = stragglers(log, wide, whole, there, context.activity)
    return np.concatenate([wide.row[entry], late]), np.concatenate([share, late_share])


def _worked(part: Floats, told: Bools) -> Bools:
    """Windows that are the cohort's work, ``bool[windows]``: those it was found by, and of others those like them.

    On what everybody likes, its people are thick in some stretch or other by themselves; there they are a small part of
    all. A window stays whose part is at least a third of what is usual where the cohort was found (see
    :func:`plaudit.detectors.orders.cohort.prune`).
    """
    usual = float(np.median(part[told])) if told.any() else 0.0
    return np.asarray(told | (part >= usual / 3), dtype=bool)


def _through(log: EventLog, context: Context, people: Ints, served: Episodes) -> Episodes:
    """The cohort's windows: those it was found by, widened, and further ones where its people are thick.

    Args:
        people: actors who were probably sent, ascending.
        served: the windows the cohort was found by; they do not overlap.

    Returns:
        Windows in order of target and time, none overlapping another.
    """
    served = served.take(np.argsort(served.first))
    rows = np.sort(context.likes_of(people))
    inside = np.zeros(log.n, dtype=bool)
    inside[ranges(served.first, served.likes)] = True
    known = int(inside[rows].sum())
    rate = (rows.shape[0] - known) / max(log.n - int(inside.sum()) - (rows.shape[0] - known), 1)
    offsets = log.target_offsets()
    target = log.target[rows].astype(np.int64)
    own = offsets_of(target, log.n_targets)
    position = rows - offsets[target]
    before = position - (np.arange(rows.shape[0]) - own[target])
    others = np.diff(offsets) - np.diff(own)
    spread = _spread(rows[~inside[rows]], log, others, rate)
    # An order is of the sizes seen, give or take a half; where the cohort has served, a small top-up may follow.
    held = np.bincount(np.searchsorted(served.first, rows[inside[rows]], side="right") - 1, minlength=len(served))
    least = np.full(log.n_targets, max(float(_LEAST), 0.5 * float(np.quantile(held, 0.1))))
    least[served.target] = _LEAST
    windows: list[tuple[Ints, Ints]] = [(served.first, served.last)]
    free = np.ones(rows.shape[0], dtype=bool)
    for _ in range(1 + _TOP_UPS):
        left = np.flatnonzero(free)
        found = _stand_out(offsets_of(target[left], log.n_targets), before[left], others, rate, spread, least)
        if found is None:
            break
        first, last = left[found[0]], left[found[1]]
        windows.append((rows[first], rows[last]))
        free[ranges(first, last - first + 1)] = False
    return _joined(
        log, context.rhythm, np.concatenate([w[0] for w in windows]), np.concatenate([w[1] for w in windows])
    )


def one_pool(g: Gatherings, found_by: Bools, people: Bools) -> Bools:
    """Which windows drew on the cohort's people as its own windows do, ``bool[windows]``.

    An order takes whoever of the pool is free. Friends, a pod or a fan club among the workers come to windows of
    their own, always the same few: such windows share far more people with each other than with the windows the cohort
    was found by (``found_by``), and are left out.
    """
    near, far = np.flatnonzero(found_by), np.flatnonzero(~found_by)
    if far.shape[0] < 2 or near.shape[0] < 2:
        return np.ones(len(g), dtype=bool)
    entry = np.flatnonzero(people[g.actor])
    actor = np.unique(g.actor[entry], return_inverse=True)[1]
    table = sparse.csr_array((np.ones(entry.shape[0]), (g.gathering[entry], actor)), shape=(len(g), actor.max() + 1))
    size = np.asarray(table.sum(axis=1)).ravel()
    away = table[far]
    with_near = away @ np.asarray(table[near].sum(axis=0)).ravel()
    with_far = away @ np.asarray(away.sum(axis=0)).ravel() - size[far]
    per_pair = (with_near + 1.0) / (size[far] * size[near].sum() + size[near].mean())
    expected = per_pair * size[far] * (size[far].sum() - size[far])
    same = (with_far > _CLIQUE * expected) & (log_poisson_tail(with_far, expected) < np.log(_FDR))
    out = np.ones(len(g), dtype=bool)
    out[far[same]] = False
    return out


def _spread(rows: Ints, log: EventLog, others: Ints, rate: float) -> float:
    """Variance over mean of the people's other likes by target: interests gather them here and there."""
    count = np.bincount(log.target[rows], minlength=log.n_targets)
    return dispersion(count, rate * others)


def _stand_out(
    offsets: Ints, before: Ints, others: Ints, rate: float, spread: float, least: Floats
) -> tuple[Ints, Ints] | None:
    """Stretches that stand out by false-discovery control over all targets: ``(first, last)`` positions."""
    first, last, expected = richest_stretches(offsets, before, others, rate)
    count, tried = last - first + 1, np.diff(offsets)
    enough = count >= least
    if not enough.any():
        return None
    first, last, expected, count = first[enough], last[enough], expected[enough], count[enough]
    near = before[last] - before[first]
    # The stretch was chosen: it could have begun after any other like, and held any number of its members.
    ways = np.log((others[enough] + 1.0) / (near + 1.0)) + np.log(tried[enough])
    log_p = np.minimum(log_negative_binomial_tail(count, expected, spread) + ways, 0.0)
    good = log_q_values(log_p, int((tried >= _LEAST).sum())) < np.log(_FDR)
    return (first[good], last[good]) if good.any() else None


def _joined(log: EventLog, rhythm: Rhythm, first: Ints, last: Ints) -> Episodes:
    """Windows ``first..last`` (rows, inclusive) with overlapping ones made one, as episodes."""
    order = np.lexsort((last, first))
    first, last = first[order], last[order]
    reach = np.maximum.accumulate(last)
    head: Bools = np.r_[True, first[1:] > reach[:-1]]
    begin = first[head]
    stop = np.maximum.reduceat(last, np.flatnonzero(head))
    target = log.target[begin].astype(np.int64)
    likes = stop - begin + 1
    points = np.diff(log.target_offsets())[target]
    width = np.clip(rhythm.span(stop)[1] - rhythm.span(begin)[0], 0.0, 0.95)
    expected: Floats = np.minimum((points - likes) * width / (1.0 - width), likes.astype(np.float64))
    never = np.zeros(begin.shape[0], dtype=bool)
    return Episodes(target, begin, stop, likes, expected, np.zeros(begin.shape[0]), points, never, never)
