"""When, in other people's company: do a cohort's likes come at other moments than the target's other likes?

The strongest witness of an order. A viral hour, a front page or a launch brings everybody, so the cohort is compared
with the *other* likes of the same target, like by like. Three innocent habits are allowed for, each read off the log:

* the cohort answers sooner than others do (a fan club): odds by age, learned on its *other* targets, and never rising
  with age. Who comes again and again later than everybody else, together, is not drawn by publication;
* it keeps hours of its own (another time zone, lessons): odds by hour of the day;
* it was about at that moment anyway (a digest, a front page, a session): odds by what it liked elsewhere that hour.

Who belongs to the cohort is told by its *other* targets too, so nothing about the target itself chose its marks.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import isotonic_regression
from scipy.special import xlogy

from plaudit.detectors.orders.gatherings import Gatherings, in_company
from plaudit.detectors.spec import Context
from plaudit.kernels.contrast import log_p_contrast
from plaudit.kernels.tails import log_p_of_score, log_poisson_tail, normal_score
from plaudit.model import Bools, EventLog, Floats, Ints, ranges

_MOST_TARGETS = 40
_FIRST_LOOK = 9
_MOST_LIKES = 400
_LEAST = 4
_POWER = 6.0  # nats: about one in a hundred among the stretches of a scan
_BY_CHANCE = 0.05
_NO_CHANCE = 0.35  # of which two or more come with chance 0.0487
_THIN = 0.25
_HALF = 0.5
_WIDEST = 7.0 / 8.0
_LIFE = 0.25
_DRAWS = 119
_AGES = 24
_AGE_PRIOR = 2.0
_STRENGTHS = (1, 2, 4)
_HOUR_PRIOR = 0.5
_DAY = 24


@dataclass(frozen=True)
class Company:
    """What the comparison says, target by target.

    Attributes:
        score: normal score of the contrast on each target that has both, members and others, ``float64[t]``.
        moment: median time of the members there, UTC ms, ``int64[t]``.
        telling: True where others, the cohort's own untold people not counted, are so many that their coming at the
            same moments explains the cohort's; where they are few, only their coming at other moments says something.
        alone: True when the cohort's people do next to nothing but this.
        thin: True when fewer than half of those who came with it are told as its people, or most targets would not be
            telling without them: the others of the comparison are mostly its own.
    """

    score: Floats
    moment: Ints
    telling: Bools
    alone: bool
    thin: bool


def compare(log: EventLog, context: Context, g: Gatherings, members: Ints, futile: float) -> Company:
    """Contrast a cohort with the other likers of its targets (the forty with most members).

    Args:
        members: the cohort's gatherings.
        futile: a score not above this has nothing left to explain; an upper quartile not above it, on the first few
            targets, ends the comparison.
    """
    rows, home, targets, marked = _marks(log, context, g, members)
    size = targets.shape[0]
    marks = np.bincount(home[marked], minlength=size)
    others = np.bincount(home[~marked], minlength=size)
    # Where nearly all likes are the cohort's, the few others could not show anything whatever had happened.
    use = (marks >= _LEAST) & (others >= _LEAST) & (_possible(marks, others, _WIDEST) >= _POWER)
    by_all = _possible(marks, others, _HALF) >= _POWER
    strangers = others - np.minimum(_its_own(log, context, g, members, targets, rows[marked]), others)
    telling = by_all & (_possible(marks, strangers, _HALF) >= _POWER)
    borrowed = int((use & by_all & ~telling).sum()) > _HALF * int((use & by_all).sum())
    floor = max(float(context.rhythm.resolution_ms), 60_000.0)
    bins = np.log2(np.maximum(context.rhythm.age(rows), floor) / floor).astype(np.int64).clip(0, _AGES - 1)
    cell = home * _AGES + bins
    # One voice per target, so that a large one is not the habit.
    own = np.bincount(cell[marked], minlength=size * _AGES).reshape(size, _AGES) / np.maximum(marks, 1)[:, None]
    rest = np.bincount(cell[~marked], minlength=size * _AGES).reshape(size, _AGES) / np.maximum(others, 1)[:, None]
    own, rest = own * use[:, None], rest * use[:, None]
    chosen = np.flatnonzero(use)
    # Busiest first; ties by what happened, never by names.
    chosen = chosen[np.lexsort((log.born_ms[targets[chosen]], -others[chosen], -marks[chosen]))][:_MOST_TARGETS]
    starts = np.searchsorted(home, np.arange(size + 1))
    served = np.zeros(log.n_targets, dtype=bool)
    served[targets] = True
    alone = _lifeless(log, context, rows[marked], targets)
    # Readers of a digest and pupils come late as a habit, too; what shows it is that they like several at a sitting.
    sat = max(in_company(log, rows[marked]), in_company(log, g.row[g.entries(members)])) > _HALF
    digest = sat and not alone
    all_own, all_rest = own.sum(axis=0), rest.sum(axis=0)
    told_by: list[float] = []
    futile_log_p = float(log_p_of_score(np.array([futile]))[0])
    moment: list[int] = []
    tells: list[bool] = []
    for number, t in enumerate(chosen.tolist()):
        if number == _FIRST_LOOK and float(np.quantile(normal_score(np.array(told_by)), 0.75)) <= futile:
            break
        here = slice(int(starts[t]), int(starts[t + 1]))
        picked, mark, age = rows[here], marked[here], bins[here]
        if picked.shape[0] > _MOST_LIKES:
            step = -(-picked.shape[0] // _MOST_LIKES)
            # Laid out anew: the kernel would be compiled once more for marks with gaps between them.
            picked, mark, age = picked[::step], np.ascontiguousarray(mark[::step]), age[::step]
        if not 0 < int(mark.sum()) < mark.shape[0]:
            continue
        odds = _by_age(all_own - own[t], all_rest - rest[t])
        at = log.at_ms[picked]
        seed = (context.seed + int(at[0])) % (1 << 31)
        log_p = _explained(mark, odds[age], at, seed, futile_log_p)
        if log_p < futile_log_p:
            # Each explanation may do alone: whoever was about then need not have come here every time.
            there = served if alone else _only(log, int(targets[t]))
            about = _by_hour(log, context, picked[mark], there)[context.hour[picked]]
            habit = _by_age(all_own - own[t], all_rest - rest[t], late=True) if digest else odds
            log_p = max(log_p, _explained(mark, habit[age] * about, at, seed, futile_log_p))
        told_by.append(log_p)
        came = at[mark]
        moment.append(int(came[[(came.shape[0] - 1) // 2, came.shape[0] // 2]].mean()))
        tells.append(bool(telling[t]))
    told = np.zeros(log.n, dtype=bool)
    told[rows[marked]] = True
    came = np.maximum(g.size[members] - g.episodes.expected[members], 1.0)
    # Who likes several at a sitting is about anyway, whoever the others are.
    few = int(told[g.row[g.entries(members)]].sum()) < _HALF * float(came.sum())
    thin = not sat and (few or borrowed)
    score = normal_score(np.array(told_by, dtype=np.float64))
    return Company(score, np.array(moment, dtype=np.int64), np.array(tells, dtype=bool), alone, thin)


def _marks(log: EventLog, context: Context, g: Gatherings, members: Ints) -> tuple[Ints, Ints, Ints, Bools]:
    """All likes of the cohort's targets, and which are by its people: ``(row, place of target, targets, marked)``.

    Its people, for a target, are those who liked two *other* targets of the cohort or more, at whatever time, and more
    than their activity would put there. (Being in a gathering there would not do: who comes with crowds elsewhere comes
    with this target's crowd too.) Of a pool too large for most to come thrice, whoever liked one other target.
    """
    targets = np.unique(g.episodes.target[members])
    offsets = log.target_offsets()
    length = offsets[targets + 1] - offsets[targets]
    rows, home = ranges(offsets[targets], length), np.repeat(np.arange(targets.shape[0]), length)
    actor = log.actor[rows].astype(np.int64)
    elsewhere = np.bincount(actor, minlength=log.n_actors)[actor] - 1
    expected = (context.activity[actor] - 1) * ((rows.shape[0] - length[home]) / max(log.n, 1))
    strict = np.asarray(elsewhere >= 2)
    # Two where so few are expected are never chance: only of the others is the tail asked.
    asked = strict & (expected > _NO_CHANCE)
    strict[asked] = log_poisson_tail(elsewhere[asked], expected[asked]) < np.log(_BY_CHANCE)
    crowd = np.bincount(np.searchsorted(targets, g.episodes.target[members]), g.size[members], targets.shape[0])
    thin = np.bincount(home[strict], minlength=targets.shape[0]) < _THIN * crowd
    return rows, home, targets, np.where(thin[home], elsewhere >= 1, strict)


def _its_own(log: EventLog, context: Context, g: Gatherings, members: Ints, targets: Ints, marked: Ints) -> Floats:
    """How many of the others on each target are the cohort's own people, not told, ``float64[targets]``.

    Of a large pool most come once or twice, and nothing tells them from passers-by one by one. But who passes by is in
    another of the cohort's gatherings only as often as activity puts him there; what is beyond that is the pool's
    (as if all of a pool came to another: Abbott 1925).
    """
    entry = g.entries(members)
    row, actor = g.row[entry], g.actor[entry]
    visits = np.bincount(actor, minlength=log.n_actors)[actor] - 1
    expected = (context.activity[actor] - 1) * (entry.shape[0] / max(log.n, 1))
    told = np.zeros(log.n, dtype=bool)
    told[marked] = True
    other = ~told[row]
    place = np.searchsorted(targets, log.target[row[other]])
    size = targets.shape[0]
    anyway = np.bincount(place, -np.expm1(-expected[other]), size)
    seen, asked = np.bincount(place, visits[other] >= 1, size), np.bincount(place, minlength=size)
    return np.asarray(asked * np.maximum(seen - anyway, 0.0) / np.maximum(asked - anyway, 1.0), dtype=np.float64)


def _possible(marks: Ints, others: Ints | Floats, widest: float) -> Floats:
    """Nats of the best stretch of at most that part of a target's likes, had the cohort filled it alone."""
    inside = np.minimum(marks, (marks + others) * widest)
    outside = marks - inside
    part = np.clip(inside / np.maximum(marks + others, 1), 1e-9, 1.0)
    return np.asarray(
        xlogy(inside, inside / np.maximum(marks * part, 1e-9))
        + xlogy(outside, outside / np.maximum(marks * (1.0 - part), 1e-9)),
        dtype=np.float64,
    )


def _by_age(own: Floats, rest: Floats, late: bool = False) -> Floats:
    """Odds by bin of age, ``float64[_AGES]``, from the members' and the others' shares elsewhere.

    Non-increasing, unless coming ``late`` is allowed for, too.
    """
    pooled = own + rest
    prior = _AGE_PRIOR * pooled / max(float(pooled.sum()), 1e-9) + 1e-3
    ratio = np.log((own + prior) / (rest + prior))
    if late:
        return np.asarray(np.exp(ratio), dtype=np.float64)
    return np.asarray(np.exp(isotonic_regression(ratio, weights=pooled + 1e-6, increasing=False).x), dtype=np.float64)


def _explained(mark: Bools, odds: Floats, at_ms: Ints, seed: int, enough: float) -> float:
    """``ln p`` under odds as learned, or two or four times as strong: a habit may be stricter here than elsewhere."""
    return log_p_contrast(mark, odds, at_ms, _DRAWS, seed, strengths=_STRENGTHS, enough=enough)


def _lifeless(log: EventLog, context: Context, marked: Ints, targets: Ints) -> bool:
    """True when the cohort's people do next to nothing but this: their orders are then no sign of their own hours."""
    people = np.unique(log.actor[marked]).astype(np.int64)
    inside = np.bincount(log.actor[context.likes_on(people, targets)], minlength=log.n_actors)[people]
    return people.shape[0] > 0 and float(np.median(1.0 - inside / context.activity[people])) < _LIFE


def _only(log: EventLog, target: int) -> Bools:
    """One target of the log, marked."""
    marked = np.zeros(log.n_targets, dtype=bool)
    marked[target] = True
    return marked


def _by_hour(log: EventLog, context: Context, marked: Ints, there: Bools) -> Floats:
    """Odds by hour of the log, from what the marked did elsewhere than ``there``, ``float64[hours]``."""
    likes = context.likes_of(np.unique(log.actor[marked]))
    likes = likes[~there[log.target[likes]]]
    everyone = context.per_hour
    seen = np.bincount(context.hour[likes], minlength=everyone.shape[0]).astype(np.float64)
    day = np.arange(everyone.shape[0]) % _DAY
    theirs, all_ = np.bincount(day, seen, _DAY) + _DAY, np.bincount(day, everyone, _DAY) + _DAY
    profile = ((theirs / theirs.sum()) / (all_ / all_.sum()))[day]
    expected = everyone * profile
    expected *= seen.sum() / max(float(expected.sum()), 1.0)
    # Who is about at an hour is likely so in the hour before and after.
    seen, expected = _widened(seen), _widened(expected)
    return np.asarray((seen + _HOUR_PRIOR) / (expected + _HOUR_PRIOR) * profile, dtype=np.float64)


def _widened(by_hour: Floats) -> Floats:
    """Each hour's number with half of each neighbour's."""
    padded = np.concatenate([[0.0], by_hour, [0.0]])
    return np.asarray(by_hour + 0.5 * (padded[:-2] + padded[2:]), dtype=np.float64)
