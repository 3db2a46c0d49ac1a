"""Which cohorts would people who know each other, or read the same digest, match? Those stay in doubt.

No statistic on actor, target and time tells a chat group that shares posts from one that trades likes, so a cohort is
taken for an order book only where such a circle would not look the same (:mod:`plaudit.detectors.circle`). The cohorts
are asked beside each other: an account's likes for another order book are no life of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.special import bdtr

from plaudit.detectors.circle import CIRCLE, Gathered, by_habit, by_timetable, less_alive, may_be_circle
from plaudit.detectors.orders.cohort import people_behind
from plaudit.detectors.orders.delivered import delivered
from plaudit.detectors.orders.gatherings import in_company
from plaudit.detectors.orders.hands import Suspect, hands, together
from plaudit.detectors.rhythm import Rhythm
from plaudit.detectors.spec import Context
from plaudit.model import Bools, EventLog, Ints

_MOSTLY = 0.5
_LEVEL = 0.01
_LEAST = 4
_TWICE = 2.0
_MOST_TARGETS = 400


@dataclass(frozen=True)
class Doubts:
    """What became of the suspects, one entry each.

    Attributes:
        doubtful: True for those that something innocent would match; ``habit`` for those of them that a habit of their
            own explains (:func:`plaudit.detectors.circle.by_habit`).
        hand: number of the hand whose work each is (:func:`plaudit.detectors.orders.hands.hands`).
    """

    doubtful: Bools
    habit: Bools
    hand: Ints


def doubtful(log: EventLog, context: Context, suspects: Sequence[Suspect]) -> Doubts:
    """Which suspects something innocent would match. Pieces of one hand's work are asked as one."""
    people = np.bincount(context.activity)
    asked = [_gathered(log, context, one) for one in suspects]
    whole, hand = list(suspects), np.arange(len(suspects))
    sure = np.zeros(len(whole), dtype=bool)
    # What is beyond doubt is no life of anybody's, and the pieces that are strange without it may be one hand's.
    while True:
        sure = _beyond_doubt(log, context, whole, asked, sure, people)
        served = _served(log, whole, sure)
        strange = [
            bool(known) or _strange(log, context, one, group, served, people)
            for known, one, group in zip(sure, whole, asked, strict=True)
        ]
        joined = hands(log, context, whole, strange)
        if np.unique(joined).shape[0] == len(whole):
            habit = [
                not known and by_habit(group.with_life(_outside(log, context, one, served)))
                for known, one, group in zip(sure, whole, asked, strict=True)
            ]
            return Doubts(np.asarray(~sure[hand], dtype=bool), np.array(habit, dtype=bool)[hand], hand)
        parts = [np.flatnonzero(joined == number).tolist() for number in range(int(joined.max()) + 1)]
        whole = [together(log, [whole[place] for place in own]) for own in parts]
        asked = [
            asked[own[0]] if len(own) == 1 else _gathered(log, context, one)
            for one, own in zip(whole, parts, strict=True)
        ]
        # An order book beyond doubt stays one, whoever else is found to be of it.
        sure = np.array([bool(sure[own].any()) for own in parts])
        hand = joined[hand]


def _beyond_doubt(
    log: EventLog, context: Context, whole: Sequence[Suspect], asked: Sequence[Gathered], sure: Bools, people: Ints
) -> Bools:
    """Suspects that nothing innocent would match, those known to be such (``sure``) among them."""
    while True:
        served = _served(log, whole, sure)
        again = sure.copy()
        for number, one in enumerate(whole):
            if not sure[number]:
                group = asked[number].with_life(_outside(log, context, one, served))
                again[number] = not may_be_circle(group, people)
        if bool((again == sure).all()):
            return sure
        sure = again


def _served(log: EventLog, whole: Sequence[Suspect], sure: Bools) -> Bools:
    """Likes of the order books beyond doubt, ``bool[n]``."""
    served = np.zeros(log.n, dtype=bool)
    for number in np.flatnonzero(sure).tolist():
        served[whole[number].likely] = True
    return served


def _strange(log: EventLog, context: Context, one: Suspect, group: Gathered, served: Bools, people: Ints) -> bool:
    """True when something sets these people apart from people of this log (see :func:`may_be_circle`)."""
    outside = _outside(log, context, one, served)
    return group.slow or group.sent or group.with_life(outside).dedicated or less_alive(outside, people)


def _gathered(log: EventLog, context: Context, one: Suspect) -> Gathered:
    there = one.there
    pool = one.pool if one.pool <= CIRCLE else largest_pool(log, one.likely)
    return Gathered(
        pool=pool,
        each=one.likely.shape[0] / max(pool, 1.0),
        meetings=one.when.surprises,
        outside=np.zeros(0, np.int64),
        listed=one.when.opened or long_sittings(context, there),
        openers=one.when.opened and not one.when.otherwise,
        digest=in_company(log, there, context.likes_of(one.members)) > _MOSTLY,
        slow=slower_than_a_share(log, context.rhythm, one),
        timetable=by_timetable(one.when.sittings),
        sent=delivered(log, context.rhythm, one.likely),
    )


def _outside(log: EventLog, context: Context, one: Suspect, served: Bools) -> Ints:
    """Likes of each member that neither this cohort nor an order book beyond doubt accounts for."""
    own = np.zeros(log.n, dtype=bool)
    own[one.likely] = True
    likes = context.likes_of(one.members)
    inside = np.bincount(log.actor[likes[served[likes] | own[likes]]], minlength=log.n_actors)[one.members]
    return np.asarray(context.activity[one.members] - inside, dtype=np.int64)


def largest_pool(log: EventLog, rows: Ints) -> float:
    """People behind these likes; of several groups that were taken for one, behind the largest.

    An order takes whoever of its pool is free, so any two targets share people as their sizes have it. Where they
    fall into two halves that share more than twice as much inside as across, two chat groups met on some posts, or one
    met the readers of a letter: each half is asked for itself.
    """
    pool, _ = people_behind(log.actor[rows].astype(np.int64))
    if pool <= CIRCLE:
        return pool
    half = _halves(log, rows)
    if half is None:
        return pool
    return max(largest_pool(log, rows[half]), largest_pool(log, rows[~half]))


def _halves(log: EventLog, rows: Ints) -> Bools | None:
    """The two halves into which these likes' targets fall, ``bool[rows]``; ``None`` where they are of one piece."""
    targets, place, likes = np.unique(log.target[rows], return_inverse=True, return_counts=True)
    busy = np.argsort(-likes, kind="stable")[:_MOST_TARGETS]
    seat = np.full(targets.shape[0], -1, dtype=np.int64)
    seat[busy] = np.arange(busy.shape[0])
    inside = seat[place] >= 0
    actor = np.unique(log.actor[rows[inside]], return_inverse=True)[1]
    table = sparse.csr_array((np.ones(actor.shape[0]), (seat[place[inside]], actor)))
    shared = (table @ table.T).toarray()
    np.fill_diagonal(shared, 0.0)
    reach = shared.sum(axis=1)
    if busy.shape[0] < _LEAST or not reach.any():
        return None
    expected = np.outer(reach, reach) / reach.sum()
    np.fill_diagonal(expected, 0.0)
    # The direction in which sharing departs most from what sizes alone explain (as in modularity; Newman 2006).
    first = np.linalg.eigh((shared - expected) / np.sqrt(expected + 0.1))[1][:, -1] > 0
    across = float(shared[first][:, ~first].sum()) / max(float(expected[first][:, ~first].sum()), 1e-9)
    within = [float(shared[s][:, s].sum()) / max(float(expected[s][:, s].sum()), 1e-9) for s in (first, ~first)]
    if np.sqrt(within[0] * within[1]) <= _TWICE * across:
        return None
    out = np.zeros(rows.shape[0], dtype=bool)
    out[inside] = first[seat[place[inside]]]
    return out


def long_sittings(context: Context, rows: Ints) -> bool:
    """True when people work through more of these likes in one sitting than nearly all sittings of the log hold."""
    return rows.shape[0] > 0 and float(np.median(context.per_sitting(rows))) > context.long_sitting


def slower_than_a_share(log: EventLog, rhythm: Rhythm, one: Suspect) -> bool:
    """True when a share into a circle would have been answered faster than the typical target was served.

    Half of the people of this log who answer a publication do so within some time; those whom a friend tells are no
    slower. So half of a circle's likes on a target should fall into one stretch of that length. (The fullest stretch is
    chosen, which only speaks for the circle.)
    """
    ours = np.zeros(log.n_actors, dtype=bool)
    ours[one.members] = True
    rows = np.sort(one.likely)
    rows = rows[ours[log.actor[rows]]]
    half = float(np.interp(0.5, rhythm.response.cdf, rhythm.response.edges))
    time = rhythm.clock.read(log.at_ms[rows])
    target = log.target[rows].astype(np.int64)
    # Targets are laid end to end, further apart than a stretch is long.
    line = time - float(time.min(initial=0.0)) + target * (float(np.ptp(time)) + 2.0 * half + 1.0 if rows.size else 1.0)
    within = np.searchsorted(line, line + half, side="right") - np.arange(rows.shape[0])
    head = np.flatnonzero(np.r_[True, target[1:] != target[:-1]]) if rows.shape[0] else rows
    size = np.diff(np.append(head, rows.shape[0]))
    if int((size >= _LEAST).sum()) < 2:
        return False
    fullest = np.maximum.reduceat(within, head)[size >= _LEAST]
    p = bdtr(fullest, size[size >= _LEAST], 0.5)
    return float(np.median(p)) < _LEVEL
