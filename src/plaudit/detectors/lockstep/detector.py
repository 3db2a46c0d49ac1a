"""The ``lockstep`` detector: pairs that keep meeting within a minute, beyond any innocent reason.

Three reasons are computed for every pair and the most generous one is its null: the moments of its common targets
were likely anyway (response curve), the two are always that quick or that late (their own habit of timing, which
spares fans), or both live in crowded moments (window exposure, a configuration model of the co-action graph, which
spares regulars of a front page). Meetings within half a day of each other count once. Pairs are tested against all
pairs of actors.

Sources: SynchroTrap (Cao et al. 2014) for the statistic; the null models are this project's.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from plaudit.detectors.circle import CIRCLE_CERTAINTY, HABIT_CERTAINTY, Gathered, by_timetable, may_be_circle, sittings
from plaudit.detectors.links import components, log_p_all_false
from plaudit.detectors.rhythm import time_resolution
from plaudit.detectors.spec import Context, DetectorSpec
from plaudit.kernels.coaction import (
    chance_meetings,
    closest_pairs,
    crowd,
    meetings_apart,
    repeated_pairs,
    within_budget,
)
from plaudit.kernels.tails import log_poisson_tail, log_q_values
from plaudit.model import HOUR_MS, EventLog, Exhibits, Family, Findings, Floats, Ints, SubjectKind, offsets_of

SPEC = DetectorSpec(
    id="lockstep",
    version="3",
    question="Do the same actors keep acting on the same targets within moments of each other, day after day?",
    family=Family.SYNCHRONY,
    min_likes=100,
    parameters={"window_ms": 60_000.0, "apart_ms": 12.0 * HOUR_MS, "link_fdr": 0.01, "pairs_per_like": 15.0},
    innocent=("push_notification", "fan_club", "front_page", "group_chat_share"),
    evasions=("spread_delivery", "rotate_members"),
    beside=True,
)


_STEPS, _FEW = 40, 100_000
"""Likes gone through, per like of the log (of a small log, as if it had so many), to tell what pairs would do by
themselves. A log of a million likes needs half a like per like; hundreds who like all the same things need far more."""


@dataclass(frozen=True)
class Pairs:
    """Pairs of actors that met at least twice on different days; CSR ``offsets`` into the rows of their meetings."""

    first: Ints
    second: Ints
    meetings: Ints
    expected: Floats
    offsets: Ints
    row_first: Ints
    row_second: Ints


@dataclass(frozen=True)
class Lockstep:
    """See the module."""

    spec: DetectorSpec = SPEC

    def find(self, log: EventLog, context: Context) -> Findings:
        """One finding per connected set of significant pairs: meetings of its pairs, against the most generous null."""
        pairs = _pairs(log, context)
        log_p = log_poisson_tail(pairs.meetings, np.maximum(pairs.expected, 1e-6))
        candidates = max(_candidates(log), pairs.first.shape[0])
        log_q = log_q_values(log_p, candidates)
        linked = log_q < np.log(SPEC.parameters["link_fdr"])
        nodes, ends = np.unique(np.concatenate([pairs.first[linked], pairs.second[linked]]), return_inverse=True)
        half = int(linked.sum())
        groups = components(nodes.shape[0], ends[:half], ends[half:])
        groups = [nodes[group] for group in groups if group.shape[0] >= 3]
        return _findings(self.spec, log, context, pairs, linked, log_q, groups, candidates)


def _candidates(log: EventLog) -> int:
    """Pairs of actors that could have met: bounded by all pairs and by all pairs of likes on one target."""
    points = np.bincount(log.target, minlength=log.n_targets).astype(np.float64)
    return int(min(log.n_actors * (log.n_actors - 1) / 2, float((points * (points - 1) / 2).sum())))


def _pairs(log: EventLog, context: Context) -> Pairs:
    window, apart = int(SPEC.parameters["window_ms"]), int(SPEC.parameters["apart_ms"])
    # Not the rhythm's, which is estimated meanwhile.
    window = max(window, time_resolution(log.at_ms))
    others = crowd(log.target, log.at_ms, window)
    usable = within_budget(others, int(SPEC.parameters["pairs_per_like"]) * max(log.n, 1000))
    key, left, right = repeated_pairs(log.target, log.at_ms, log.actor, usable, window, apart, log.n_actors)
    order = np.lexsort((log.at_ms[left], key))
    key, left, right = key[order], left[order], right[order]
    start = np.flatnonzero(np.r_[True, key[1:] != key[:-1]]) if key.shape[0] else np.zeros(0, np.int64)
    bounds = np.append(start, key.shape[0]).astype(np.int64)
    met = meetings_apart(bounds, log.at_ms[left], apart)
    keep = met >= 2
    first, second = key[start[keep]] // log.n_actors, key[start[keep]] % log.n_actors
    # What two actors would do by themselves is read off their likes, of the less active at least.
    cost = np.minimum(context.activity[first], context.activity[second])
    closest = closest_pairs(first, second, met[keep], log.at_ms[left[start[keep]]], cost, _STEPS * max(log.n, _FEW))
    keep[keep] = closest
    first, second = first[closest], second[closest]
    others = np.where(usable, others, 0)
    together = np.add.reduceat(0.5 * (others[left] + others[right]), start)[keep] if start.shape[0] else np.zeros(0)
    expected = _expected(log, context, first, second, others, together, window)
    length = np.diff(bounds)[keep]
    rows = np.repeat(keep, np.diff(bounds))
    offsets = np.concatenate([[0], np.cumsum(length)]).astype(np.int64)
    return Pairs(first, second, met[keep], expected, offsets, left[rows], right[rows])


def _expected(
    log: EventLog, context: Context, first: Ints, second: Ints, others: Ints, together: Floats, window: int
) -> Floats:
    """The most generous innocent expectation for each pair.

    ``others`` is the crowd around each like, ``together`` its sum over the pair's own meetings, which are left out of
    what the two live in: a ring must not explain itself.
    """
    rhythm = context.rhythm
    # Only the likes of actors in a pair; by actor they ascend by target already.
    involved = np.zeros(log.n_actors, dtype=bool)
    involved[first] = involved[second] = True
    rows = context.likes_of(np.flatnonzero(involved))
    actor, target = log.actor[rows].astype(np.int64), log.target[rows]
    born = rhythm.clock.read(log.born_ms)[target]
    early = np.maximum(rhythm.clock.read(log.at_ms[rows] - window) - born, 0.0)
    late = rhythm.clock.read(log.at_ms[rows] + window) - born
    life = np.maximum(float(rhythm.clock.read(log.end_ms + 1)) - born, 1.0)
    mass = (rhythm.response(late) - rhythm.response(early)) / np.maximum(rhythm.response(life), 1e-12)
    age = rhythm.age(rows)
    by_age = np.lexsort((age, actor))
    habit = chance_meetings(
        first,
        second,
        offsets_of(actor, log.n_actors),
        target,
        age,
        np.minimum(mass, 1.0),
        age[by_age],
        np.maximum((late - early) / 2, 1.0),
    )
    exposure = np.bincount(log.actor, others, minlength=log.n_actors)
    apart = np.maximum(exposure[first] - together, 0.0) * np.maximum(exposure[second] - together, 0.0)
    crowded = apart / max(float(exposure.sum()), 1.0)
    return np.asarray(np.maximum(habit, crowded), dtype=np.float64)


def _findings(
    spec: DetectorSpec,
    log: EventLog,
    context: Context,
    pairs: Pairs,
    linked: np.ndarray,
    log_q: Floats,
    groups: list[Ints],
    candidates: int,
) -> Findings:
    label = np.full(log.n_actors, -1, dtype=np.int64)
    for number, group in enumerate(groups):
        label[group] = number
    inside = linked & (label[pairs.first] >= 0) & (label[pairs.first] == label[pairs.second])
    home = label[pairs.first]
    excess = np.clip(1 - pairs.expected / np.maximum(pairs.meetings, 1), 0.0, 1.0)
    of_row = np.repeat(np.arange(pairs.first.shape[0]), np.diff(pairs.offsets))
    keep = inside[of_row]
    rows = np.concatenate([pairs.row_first[keep], pairs.row_second[keep]])
    belongs = np.tile(home[of_row[keep]], 2)
    share = np.zeros(log.n)
    np.maximum.at(share, rows, np.tile(excess[of_row[keep]], 2))
    unique, where = np.unique(rows, return_index=True)
    order = np.lexsort((unique, belongs[where]))
    unique, belongs = unique[order], belongs[where][order]
    offsets = np.searchsorted(belongs, np.arange(len(groups) + 1)).astype(np.int64)
    chosen = [np.flatnonzero(inside & (home == k)) for k in range(len(groups))]
    group_log_p = np.array([log_p_all_false(pairs.first[r], pairs.second[r], log_q[r]) for r in chosen])
    return Findings(
        detector=spec.id,
        version=spec.version,
        family=spec.family,
        subject_kind=SubjectKind.GROUP,
        subject=np.arange(len(groups)),
        statistic=np.bincount(home[inside], pairs.meetings[inside], minlength=len(groups)).astype(np.float64),
        expectation=np.bincount(home[inside], pairs.expected[inside], minlength=len(groups)).astype(np.float64),
        p_value=np.exp(group_log_p),
        q_value=np.exp(log_q_values(group_log_p, len(groups))),
        support=np.diff(offsets),
        start_ms=np.array([log.at_ms[unique[a:b]].min() for a, b in pairwise(offsets)], dtype=np.int64),
        end_ms=np.array([log.at_ms[unique[a:b]].max() for a, b in pairwise(offsets)], dtype=np.int64),
        exhibits=Exhibits(offsets, unique, share[unique]),
        certainty=_certainty(log, context, unique, offsets),
        candidates=candidates,
    )


def _certainty(log: EventLog, context: Context, rows: Ints, offsets: Ints) -> Floats:
    """Doubt about groups that a circle of acquaintances would match, by members, half-days met and life outside."""
    out = np.ones(offsets.shape[0] - 1)
    people = np.bincount(context.activity)
    for k, (a, b) in enumerate(pairwise(offsets)):
        members, inside = np.unique(log.actor[rows[a:b]], return_counts=True)
        half_days = np.unique(log.at_ms[rows[a:b]] // int(SPEC.parameters["apart_ms"])).shape[0]
        met = by_timetable(sittings(np.sort(log.at_ms[rows[a:b]])))
        group = Gathered(members.shape[0], half_days, context.activity[members] - inside, timetable=met)
        if may_be_circle(group, people):
            out[k] = HABIT_CERTAINTY if met else CIRCLE_CERTAINTY
    return out


DETECTOR = Lockstep()
