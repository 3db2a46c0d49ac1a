"""When: is a cohort's coming together explained by its own habit of timing?

A fan club overlaps as much as a ring does, but it answers *publications*: its likes fall soon after each of them, in
the same way every time. So each target's cohort likes are scanned against the cohort's own response curve, learned on
its *other* targets (leave one out). A fan club's typical target shows nothing; orders come at the order's time, so
theirs crowd together wherever one looks. A ring that only serves targets born for it comes "at publication" too; what
gives it away is that publications by honest authors do not come many in the same minute. And where others liked the
same targets, the cohort is compared with them (:mod:`plaudit.detectors.orders.company`).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from plaudit.detectors.circle import sittings
from plaudit.detectors.orders.company import compare
from plaudit.detectors.orders.gatherings import Gatherings
from plaudit.detectors.rhythm import WEEK, Rhythm
from plaudit.detectors.spec import Context
from plaudit.kernels.clock import Births, Clock, near
from plaudit.kernels.response import age_edges, bins_of, curves_of, read_curves
from plaudit.kernels.scan import log_p_value, scan_targets
from plaudit.kernels.tails import log_binomial_tail, log_p_of_score, log_poisson_tail, normal_score
from plaudit.model import HOUR_MS, MINUTE_MS, Bools, EventLog, Floats, Ints, ranges

_MOST_TARGETS = 40
_TRACE = 0.05
_SURPRISE = 2.33  # one in a hundred
_SPEAKS = 3
_MANY = 8
_APART = 1.64  # one in twenty: others' likes leave less room for chance than a curve does

LIKELY = float(np.log(0.05))
"""``ln p`` above which nothing is left to explain."""

LEAN = 0.8
"""Score by which cohorts lean without any order: they were found by their crowding in the first place. Interest
communities of worlds without attacks reach it at most (see ``docs/benchmarks.md``)."""

LEAN_APART = 1.3
"""The same for the comparison with others: a third of an interest community's targets reach it at most."""
_THIRD = 1.0 / 3.0
_MOMENTS_MS = (10 * MINUTE_MS, MINUTE_MS, 10_000)


@dataclass(frozen=True)
class Timing:
    """How a cohort's likes keep to its habits.

    Attributes:
        log_p: ``ln p`` that they do.
        surprises: separate sittings in which the cohort gathered at a moment its habits do not explain: those that
            stand out one by one, or as many of all its sittings as targets show more than habit does, if that is more.
        opened: True when what gives the cohort away is that it opened bunches of publications.
        apart: True when it came at other moments than the targets' other likers.
        thin: True when most of its people pass for others, so that company proves nothing.
        singly: the sittings that stand out one by one.
        otherwise: True when something else than bunched publications gives it away, too.
        sittings: the sittings in which four of five of the cohort's likes came, ascending, UTC ms.
    """

    log_p: float
    surprises: int
    opened: bool
    apart: bool = False
    thin: bool = False
    otherwise: bool = True
    singly: int = 0
    sittings: Ints = field(default_factory=lambda: np.zeros(0, np.int64))


def judge_timing(
    log: EventLog, context: Context, g: Gatherings, members: Ints, rows: Ints, likes: Ints, thin: bool = False
) -> Timing:
    """Judge a cohort, the gatherings ``members``: ``rows`` of the log on their targets, ``likes`` all of its people.

    There are three ways out of habit, and the likeliest counts, with Bonferroni's factor of those that had anything to
    judge: coming at other moments than the targets' other likers, crowding beyond the cohort's own response (on the
    platform's clock and on the cohort's own week; the more generous counts), and publications bunched beyond the log's
    own. Where others came at the same moments, or the cohort was about then anyway, its crowding has its explanation
    and counts no more. Of a ``thin`` pool most others *are* its people: there the company proves nothing either way.
    """
    rhythm = context.rhythm
    company = compare(log, context, g, members, LEAN_APART)
    thin = thin or company.thin
    apart, moments = company.score - LEAN_APART, company.moment[company.score >= _APART]
    e = g.episodes
    middle = (log.at_ms[e.first[members]] + log.at_ms[e.last[members]]) // 2
    met = sittings(np.sort(middle))
    surprises, part = sittings(np.sort(moments)).shape[0], _surprising(apart)
    # Where only two targets have others to compare with, both must say so.
    contrast = _log_p_reached(apart, _THIRD if apart.shape[0] >= _SPEAKS else 0.5)
    told = company.score[company.telling]
    ordinary = told.shape[0] >= _SPEAKS and float(np.quantile(told, 1.0 - _THIRD)) < LEAN_APART
    # On many targets, company that shows nothing has said something; on a few it takes an ordinary score.
    explained = not thin and (ordinary or (told.shape[0] >= _MANY and contrast > LIKELY))
    crowding = 0.0
    if not explained:
        crowding, seen, own = _crowding(log, rhythm, rows, rhythm.clock)
        if crowding <= LIKELY:
            # What the platform's clock explains needs no second reading.
            week = np.setdiff1d(likes, rows) if company.alone else likes
            again, fewer, less = _crowding(log, rhythm, rows, _own_week(log, rhythm, week))
            crowding, seen, own = max(crowding, again), min(seen, fewer), min(own, less)
        surprises, part = max(surprises, seen), max(part, own)
    bunching = _log_p_births(log, context, rows)
    ways = [log_p for log_p in (contrast, crowding, bunching) if log_p < 0]
    least = min(ways, default=0.0)
    log_p = float(min(0.0, least + np.log(max(len(ways), 1))))
    singly, surprises = surprises, max(surprises, round(part * met.shape[0]))
    elsewise = min(contrast, crowding)
    main = sittings(np.sort(middle[_most(e.likes[members])]))
    return Timing(log_p, surprises, bunching < elsewise, contrast <= LIKELY, thin, elsewise <= LIKELY, singly, main)


def _most(likes: Ints) -> Bools:
    """The largest gatherings, until four of five likes are in one: a cohort's grown edges keep no timetable."""
    order = np.argsort(-likes, kind="stable")
    before = np.cumsum(likes[order]) - likes[order]
    least = likes[order][before < 0.8 * likes.sum()][-1]
    return np.asarray(likes >= least, dtype=bool)


def _surprising(score: Floats) -> float:
    """Part of the targets that show more than habit does: twice those below its middle are habit's (Storey 2002)."""
    if score.shape[0] < _SPEAKS:
        return 0.0
    return float(np.clip(1.0 - 2.0 * np.mean(score <= 0.0), 0.0, 1.0))


def _own_week(log: EventLog, rhythm: Rhythm, likes: Ints) -> Clock:
    """The platform's clock, reweighted by the hours of the week at which the cohort's actors like anything at all."""
    clock = rhythm.clock
    if clock.step_ms != HOUR_MS:
        return clock
    cohort = np.bincount((log.at_ms[likes] // HOUR_MS) % WEEK, minlength=WEEK)
    everyone = rhythm.week + 1.0
    usual = everyone / everyone.sum()
    # A tenth of the likes (and a week's worth) as prior: an hour without a like of the cohort is rare, not impossible.
    prior = 0.1 * cohort.sum() + WEEK / 7
    profile = (cohort + prior * usual) / (cohort.sum() + prior) / usual
    cells = (clock.start_ms // HOUR_MS + np.arange(clock.total.shape[0] - 1)) % WEEK
    rate = np.diff(clock.total) * profile[cells]
    total = np.concatenate([[0.0], np.cumsum(rate)])
    return Clock(clock.start_ms, clock.step_ms, total * (clock.total[-1] / max(float(total[-1]), 1e-9)))


def _crowding(log: EventLog, rhythm: Rhythm, rows: Ints, clock: Clock) -> tuple[float, int, float]:
    """``ln p`` that the cohort crowds by habit, sittings that stand out, part of the targets that do."""
    rows = rows[rhythm.counted[rows]]
    targets, inverse, counts = np.unique(log.target[rows], return_inverse=True, return_counts=True)
    busiest = np.argsort(-counts, kind="stable")[:_MOST_TARGETS]
    busiest = busiest[counts[busiest] >= 4]
    if busiest.shape[0] < 2:
        return 0.0, 0, 0.0
    born = clock.read(log.born_ms[targets])
    life = np.maximum(clock.read(log.end_ms + 1) - born, 1.0)
    age = np.maximum(clock.read(log.at_ms[rows]) - born[inverse], 0.0)
    edges = age_edges(float(np.maximum(life.max(), age.max())), max(float(rhythm.resolution_ms), 1000.0))
    limit, weight = np.maximum(life[inverse], age), 1.0 / counts[inverse]
    by_age, by_limit = bins_of(edges, age), bins_of(edges, limit)
    # Leave one out: the habit is what the cohort does on its other targets. (Rows stand target by target.)
    chosen = np.sort(busiest)
    size = counts[chosen]
    here, home = ranges((np.cumsum(counts) - counts)[chosen], size), np.repeat(np.arange(chosen.shape[0]), size)
    deaths, truncated = (_without(place, weight, here, home, chosen.shape[0], edges) for place in (by_age, by_limit))
    habit = curves_of(edges, deaths, truncated)
    whole = np.maximum(read_curves(edges, habit, np.arange(chosen.shape[0]), life[chosen]), 1e-12)[home]
    age, at, begin = age[here], log.at_ms[rows[here]], born[inverse[here]]
    age_end = np.maximum(clock.read(at + rhythm.resolution_ms) - begin, age)
    usual_low, usual_high = rhythm.span(rows[here])
    # A trace of the platform's own curve: a cohort may do once what everybody does.
    low = (1 - _TRACE) * np.minimum(read_curves(edges, habit, home, age) / whole, 1.0) + _TRACE * usual_low
    high = (1 - _TRACE) * np.minimum(read_curves(edges, habit, home, age_end) / whole, 1.0) + _TRACE * usual_high
    order = np.lexsort((low, home))
    low, high = low[order], np.maximum(high, low)[order]
    first = np.concatenate([[0], np.cumsum(size)])
    told, statistic, *_ = scan_targets(low, high, first, 4, np.inf, np.inf, 0)
    scores = rhythm.empirical_z(normal_score(log_p_value(statistic, size[told])), size[told])
    moments = [int(np.median(at[first[t] : first[t + 1]])) for t in told[scores >= _SURPRISE].tolist()]
    lean = scores - LEAN
    seen = sittings(np.sort(np.array(moments, dtype=np.int64))).shape[0]
    return _log_p_reached(lean, 0.5), seen, _surprising(lean)


def _without(place: NDArray[np.int16], weight: Floats, here: Ints, home: Ints, tables: int, edges: Floats) -> Floats:
    """Weight by bin of all likes but those ``here``, table by table (``home``), ``float64[tables, bins]``."""
    bins = edges.shape[0] - 1
    own = np.bincount(home * bins + place[here], weight[here], tables * bins).reshape(tables, bins)
    return np.asarray(np.maximum(np.bincount(place, weight, bins) - own, 0.0), dtype=np.float64)


def _log_p_reached(z: Floats, part: float) -> float:
    """``ln p`` of the score that ``part`` of the targets reach: whatever a few real surprises do.

    By independence of targets, the chance that so many reach it is binomial.
    """
    if z.shape[0] < 2:
        return 0.0
    level = float(np.sort(z)[z.shape[0] - int(np.ceil(part * (z.shape[0] + 1)))])
    log_single = float(log_p_of_score(np.array([level]))[0])
    reached = int(np.sum(z >= level))
    if log_single < -25:
        # ln of the leading binomial term; the sum is within a factor n of it.
        ways = float(gammaln(z.shape[0] + 1.0) - gammaln(reached + 1.0) - gammaln(z.shape[0] - reached + 1.0))
        return float(min(0.0, ways + reached * log_single))
    return log_binomial_tail(reached, z.shape[0], float(np.exp(log_single)))


def _log_p_births(log: EventLog, context: Context, rows: Ints) -> float:
    """``ln p`` that a cohort's typical target appeared at a moment with so many of its others, by accident.

    A moment is ten minutes, one, or ten seconds long (Bonferroni over the three; none finer than the log's times). Only
    targets the cohort itself opened count: where its likes came within ten minutes of the birth.
    """
    targets = np.unique(log.target[rows[log.at_ms[rows] - log.born_ms[log.target[rows]] <= _MOMENTS_MS[0]]])
    moments = [moment for moment in _MOMENTS_MS if moment >= context.rhythm.resolution_ms] or [_MOMENTS_MS[0]]
    if targets.shape[0] < 3:
        return 0.0
    born = np.sort(log.born_ms[targets])
    least = min(_log_p_bunched(log, born, context.births, moment) for moment in moments)
    return float(min(0.0, least + np.log(len(moments))))


def _log_p_bunched(log: EventLog, born: Ints, everyone: Births, moment: int) -> float:
    """``ln p`` of the typical bunch of ``born`` (ascending) among ``everyone``'s births, for one length of a moment."""
    size = born.shape[0]
    others = near(born, born, moment) - 1
    typical = int(np.sort(others)[(size - 1) // 2])
    span = max(log.end_ms - log.start_ms, 2 * moment)
    # Publications of the whole log crowd too: in some hours (mornings, launches), at one moment of an hour (timers).
    wide, timers = max(moment, HOUR_MS), everyone.timers(moment)
    around = np.median(np.maximum(near(everyone.born_ms, born, wide) - near(born, born, wide), 0))
    log_wide = float(around) * moment / wide * max(timers, 1.0) * size / max(log.n_targets, 1)
    uniform = (size - 1) * 2 * moment / span
    single = float(log_poisson_tail(np.array([typical]), np.array([max(log_wide, uniform)]))[0])
    # Half the targets sit in bunches this large; bunches, not targets, are the independent surprises.
    return single * max(1.0, float(size) / (2.0 * (typical + 1)))
