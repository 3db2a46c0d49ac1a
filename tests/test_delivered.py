"""Equal numbers at an even pace: what is delivered has both, and no crowd of people who decide for themselves."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from plaudit.detectors import Context
from plaudit.detectors.circle import CIRCLE, CIRCLE_MEETS, Gathered, may_be_circle
from plaudit.detectors.orders import DETECTOR
from plaudit.detectors.orders.delivered import delivered, p_quota, score_of_fading, spread_of_coins
from plaudit.model import DAY_MS, HOUR_MS, MINUTE_MS, EventLog, Floats, Ints
from tests.worlds import Draft, quiet

SENT = -3.0


def _even(rng: np.random.Generator, likes: int) -> Floats:
    return rng.random(likes)


FADING: dict[str, Callable[[np.random.Generator, int], Floats]] = {
    "memoryless": lambda rng, n: rng.exponential(0.3, n),
    "long tailed": lambda rng, n: rng.lognormal(-1.0, 1.0, n),
    "bell": lambda rng, n: rng.normal(0.5, 0.2, n),
    "slow to start": lambda rng, n: rng.gamma(2.0, 0.2, n),
    "a straight line": lambda rng, n: 1.0 - np.sqrt(rng.random(n)),
    "cut off": lambda rng, n: np.minimum(rng.exponential(0.3, n), 2.0),
}


def _came(rng: np.random.Generator, people: int, targets: int, size: int | None, zeal: Floats) -> tuple[Ints, Ints]:
    """Who came where: exactly so many to each target, or whoever decides to."""
    actor, target = [], []
    for one in range(targets):
        who = np.flatnonzero(rng.random(people) < zeal) if size is None else rng.choice(people, size, replace=False)
        actor.append(who)
        target.append(np.full(who.shape[0], one))
    return np.concatenate(actor).astype(np.int64), np.concatenate(target).astype(np.int64)


def _quota(actor: Ints, target: Ints) -> float:
    count = np.unique(target, return_counts=True)[1]
    return p_quota(count, spread_of_coins(actor, count.shape[0]))


@pytest.mark.parametrize("targets", [10, 16, 40, 230])
def test_the_same_number_from_a_pool_each_time_is_a_quota(targets: int):
    rng = np.random.default_rng(targets)
    assert _quota(*_came(rng, 150, targets, 70, np.zeros(0))) <= 0.01


def test_a_few_orders_cut_short_hide_no_quota():
    actor, target = _came(np.random.default_rng(2), 150, 16, 70, np.zeros(0))
    short = np.isin(target, (3, 11)) & (np.arange(actor.shape[0]) % 2 == 0)
    assert _quota(actor[~short], target[~short]) <= 0.01


@pytest.mark.parametrize("people", [30, 120, 400])
def test_people_who_decide_alone_are_no_quota_however_unlike_they_are(people: int):
    rng = np.random.default_rng(people)
    for zeal in (np.full(people, 0.4), rng.beta(0.5, 0.8, people), rng.choice([0.05, 0.95], people)):
        p = np.array([_quota(*_came(rng, people, int(rng.integers(8, 40)), None, zeal)) for _ in range(150)])
        assert (p <= 0.05).mean() < 0.12 and (p <= 0.01).mean() < 0.06


def test_where_all_always_come_the_equal_numbers_say_nothing():
    rng = np.random.default_rng(3)
    assert _quota(*_came(rng, 45, 30, 45, np.zeros(0))) > 0.5
    assert _quota(*_came(rng, 45, 30, None, np.full(45, 0.99))) > 0.01


def test_posts_that_are_liked_more_or_less_are_no_quota():
    rng = np.random.default_rng(4)
    parts = [_came(rng, 120, 1, None, np.full(120, how))[0] for how in rng.uniform(0.15, 0.5, 25)]
    assert p_quota(np.array([one.shape[0] for one in parts]), spread_of_coins(np.concatenate(parts), 25)) > 0.5


def test_a_delivery_is_even_and_crowds_fade():
    rng = np.random.default_rng(5)
    place = np.repeat(np.arange(14), 60)

    def time(shape: Callable[[np.random.Generator, int], Floats]) -> Floats:
        return np.concatenate([1e6 * (k + shape(rng, 60)) for k in range(14)])

    assert max(score_of_fading(time(_even), place, 0.0) for _ in range(20)) < SENT
    for name, shape in FADING.items():
        low = [score_of_fading(time(shape), place, 0.0) for _ in range(60)]
        assert np.mean(np.array(low) < SENT) < 0.04, name


def test_few_likes_few_targets_or_coarse_times_have_no_pace():
    rng = np.random.default_rng(6)
    place = np.repeat(np.arange(14), 60)
    time = rng.random(14 * 60) * 1e6
    assert score_of_fading(time, place, 1e6) == 0.0
    assert score_of_fading(time[place < 4], place[place < 4], 0.0) == 0.0
    assert score_of_fading(time[:112], np.repeat(np.arange(14), 8), 0.0) == 0.0


def test_the_pace_of_a_delivery_does_not_depend_on_its_length_or_on_the_order_of_its_likes():
    rng = np.random.default_rng(7)
    place, time = np.repeat(np.arange(10), 40), rng.random(400)
    mixed = rng.permutation(400)
    score = score_of_fading(time, place, 0.0)
    assert score_of_fading(time[mixed] * 1e7, place[mixed], 0.0) == pytest.approx(score)


def _lively(
    seed: int, size: int | None, shape: Callable[[np.random.Generator, int], Floats], orders: int = 18
) -> tuple[EventLog, Ints]:
    """120 people with ten likes each of their own who meet on eighteen posts; the log, and rows of their meetings."""
    world: Draft = quiet(seed, targets=400, actors=3000, likes=30_000, days=40, uneven=True)
    rng = np.random.default_rng(seed)
    people = world.actors + np.arange(120)
    own = np.repeat(people, rng.poisson(10, 120))
    before = rng.integers(0, world.at_ms.size, own.size)
    log = world.plus(own, world.target[before], world.at_ms[before] + rng.integers(0, HOUR_MS, own.size))
    served = rng.choice(400, orders, replace=False)
    for one in served:
        many = int(rng.integers(30, 85)) if size is None else size
        came = rng.choice(people, many, replace=False)
        begin = min(world.born_ms[one] + rng.integers(DAY_MS, 6 * DAY_MS), world.end_ms - DAY_MS)
        at = begin + (40 * MINUTE_MS * shape(rng, many)).astype(np.int64)
        log = log.plus(came, np.full(many, one), at)
    events = log.log()
    return events, np.flatnonzero((events.actor >= world.actors) & np.isin(events.target, served)).astype(np.int64)


@pytest.mark.parametrize("seed", [1, 2])
def test_lively_accounts_that_are_delivered_are_an_order_book_and_friends_are_not(seed: int):
    for size, shape, sent in ((60, _even, True), (60, FADING["long tailed"], False), (None, _even, False)):
        log, rows = _lively(seed, size, shape)
        context = Context(log, 0)
        assert delivered(log, context.rhythm, rows) is sent
        found = DETECTOR.find(log, context)
        assert len(found) and bool((found.certainty == 1.0).any()) is sent


def test_no_likes_are_delivered_by_nobody():
    log, rows = _lively(1, 60, _even)
    rhythm = Context(log, 0).rhythm
    assert not delivered(log, rhythm, rows[:0])
    assert not delivered(log, rhythm, rows[log.target[rows] == log.target[rows[0]]])


def test_who_is_sent_has_the_patience_of_other_oddities():
    people = np.bincount(np.random.default_rng(0).geometric(0.1, 5000))
    group = Gathered(150.0, CIRCLE_MEETS, np.full(30, 12))
    assert may_be_circle(group, people)
    for pool in (150.0, CIRCLE + 1.0):
        sent = Gathered(pool, CIRCLE_MEETS, np.full(30, 12), each=1.5, sent=True)
        assert not may_be_circle(sent, people)
        assert may_be_circle(Gathered(pool, CIRCLE_MEETS - 1, np.full(30, 12), each=1.5, sent=True), people)
    both = Gathered(150.0, CIRCLE_MEETS // 2, np.full(30, 12), slow=True)
    assert may_be_circle(both, people)
    assert not may_be_circle(Gathered(150.0, CIRCLE_MEETS // 2, np.full(30, 12), slow=True, sent=True), people)
    for innocent in ({"timetable": True}, {"openers": True}, {"digest": True}):
        assert may_be_circle(Gathered(150.0, 99, np.full(30, 12), sent=True, **innocent), people)
