"""Which cohorts stay in doubt: circles, timetables, digests, the slow, and accounts that do nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plaudit.detectors import Context
from plaudit.detectors.circle import (
    CIRCLE,
    CIRCLE_CERTAINTY,
    CIRCLE_MEETS,
    COME_BACK,
    Gathered,
    by_timetable,
    chance_of_ring,
    less_alive,
    may_be_circle,
    sittings,
)
from plaudit.detectors.orders import DETECTOR
from plaudit.detectors.orders.cohort import people_behind
from plaudit.detectors.orders.doubt import doubtful, largest_pool, slower_than_a_share
from plaudit.detectors.orders.gatherings import in_company
from plaudit.detectors.orders.habit import Timing
from plaudit.detectors.orders.hands import Suspect, hands, together
from plaudit.model import DAY_MS, HOUR_MS, MINUTE_MS, EventLog, Ints
from tests.worlds import START_MS, log_of, quiet

PEOPLE = np.bincount(np.random.default_rng(0).geometric(0.1, 5000))
ACQUAINTED = 150


def _group(pool: float, meetings: int, outside: int = 12, **more: Any) -> Gathered:
    return Gathered(pool, meetings, np.full(30, outside), **more)


def test_people_with_a_life_who_may_all_know_each_other_are_a_circle_however_often_they_meet():
    for meetings in (3, CIRCLE_MEETS, 100):
        assert may_be_circle(_group(ACQUAINTED, meetings), PEOPLE)
        assert may_be_circle(_group(CIRCLE, meetings), PEOPLE)


def test_of_more_people_than_a_circle_holds_most_must_come_back():
    hired = _group(CIRCLE + 1, CIRCLE_MEETS)
    assert not may_be_circle(replace(hired, each=COME_BACK), PEOPLE)
    assert may_be_circle(replace(hired, each=COME_BACK - 0.1), PEOPLE), "followers of a leader"
    assert may_be_circle(replace(hired, meetings=CIRCLE_MEETS - 1), PEOPLE), "and who seldom came"


@pytest.mark.parametrize(("sure", "doubtful_"), [(0, 0), (0, 1), (0, 40), (1, 1), (5, 5), (60, 2), (60, 60)])
def test_the_chance_of_a_ring_follows_the_log_and_never_decides(sure: int, doubtful_: int):
    chance = chance_of_ring(sure, doubtful_)
    assert 0.2 <= chance <= 0.75, "undetermined, never discounted"
    assert chance_of_ring(sure + 1, doubtful_) >= chance
    assert sure > doubtful_ or chance >= chance_of_ring(sure, doubtful_ + 1)
    assert chance_of_ring(0, 0) == pytest.approx(CIRCLE_CERTAINTY)


def test_two_chat_groups_taken_for_one_are_as_many_people_as_the_larger():
    rng = np.random.default_rng(4)
    actor, target = [], []
    for group in range(2):
        for post in range(30):
            came = group * 300 + rng.choice(300, 90, replace=False)
            # On three posts of thirty both are there.
            both = (1 - group) * 300 + rng.choice(300, 10 if post < 3 else 0, replace=False)
            actor.append(np.concatenate([came, both]))
            target.append(np.full(actor[-1].size, group * 30 + post))
    one = np.concatenate([rng.choice(600, 90, replace=False) for _ in range(60)])
    rows = np.arange(sum(part.size for part in actor))
    apart = log_of(np.concatenate(actor), np.concatenate(target), START_MS + rows * 1000)
    pool = log_of(one, np.repeat(np.arange(60), 90), START_MS + np.arange(one.size) * 1000)
    assert people_behind(apart.actor.astype(np.int64))[0] > CIRCLE > largest_pool(apart, np.arange(apart.n))
    assert largest_pool(pool, np.arange(pool.n)) > CIRCLE, "whoever is free: one pool"


def test_accounts_that_do_nothing_else_are_nobodys_friends():
    none = _group(ACQUAINTED, CIRCLE_MEETS // 2, outside=0)
    assert not may_be_circle(none, PEOPLE)
    assert may_be_circle(replace(none, meetings=CIRCLE_MEETS // 2 - 1), PEOPLE)
    assert not may_be_circle(_group(20, 1, outside=0, listed=True), PEOPLE), "they work down a list"
    assert may_be_circle(_group(20, 1, listed=True), PEOPLE), "pupils like several posts in a lesson, too"


def test_people_who_do_less_than_others_here_are_given_fewer_meetings():
    few = _group(ACQUAINTED, CIRCLE_MEETS, outside=1)
    assert less_alive(few.outside, PEOPLE) and not less_alive(np.full(30, 12), PEOPLE)
    assert not may_be_circle(few, PEOPLE)
    assert may_be_circle(replace(few, meetings=CIRCLE_MEETS - 1), PEOPLE)
    # Where most give one like, one is as much as anybody gives; and who gives none is not in the log to compare with.
    assert not less_alive(few.outside, np.array([0, 9000, 700, 200, 100]))


def test_who_would_have_been_quicker_as_friends_is_given_fewer_meetings():
    assert may_be_circle(_group(ACQUAINTED, CIRCLE_MEETS), PEOPLE)
    assert not may_be_circle(_group(ACQUAINTED, CIRCLE_MEETS, slow=True), PEOPLE)


def test_a_timetable_and_a_digest_explain_any_number_of_people_with_a_life():
    assert may_be_circle(_group(5000, 40, timetable=True), PEOPLE)
    assert may_be_circle(_group(5000, 40, digest=True), PEOPLE)
    assert not may_be_circle(_group(5000, 40, outside=0, digest=True), PEOPLE)
    assert may_be_circle(_group(700, 12, outside=0, timetable=True), PEOPLE), "a school with accounts for lessons"
    assert may_be_circle(_group(5000, 40, openers=True), PEOPLE), "somebody has to be the first"
    assert not may_be_circle(_group(5000, 40, outside=0, openers=True), PEOPLE)


def test_two_oddities_at_once_are_given_half_the_meetings():
    strange = _group(ACQUAINTED, CIRCLE_MEETS // 2, outside=1, slow=True)
    assert not may_be_circle(strange, PEOPLE)
    assert may_be_circle(replace(strange, meetings=CIRCLE_MEETS // 2 - 1), PEOPLE)
    assert may_be_circle(replace(strange, slow=False), PEOPLE)
    assert may_be_circle(_group(ACQUAINTED, 40), PEOPLE), (
        "a circle of people as alive as others, however often it meets"
    )


def test_members_of_a_random_sample_of_the_log_are_as_alive_as_others():
    rng = np.random.default_rng(5)
    activity = np.repeat(np.arange(PEOPLE.shape[0]), PEOPLE)
    silent = np.concatenate([activity, np.zeros(2000, np.int64)])
    called = sum(less_alive(rng.choice(silent, 40), PEOPLE) for _ in range(2000))
    assert called <= 3, "one in ten thousand, and a margin"


@pytest.mark.parametrize("weeks", [4, 6, 12])
def test_lessons_keep_a_timetable_and_orders_do_not(weeks: int):
    rng = np.random.default_rng(weeks)
    lessons = np.sort(np.concatenate([np.arange(weeks) * 7 * DAY_MS, np.arange(weeks) * 7 * DAY_MS + 50 * HOUR_MS]))
    assert by_timetable(lessons + rng.integers(-20, 20, lessons.size) * MINUTE_MS)
    kept = 0
    for _ in range(200):
        orders = sittings(np.sort(rng.integers(0, weeks * 7 * 24, 2 * weeks)) * HOUR_MS + rng.integers(0, HOUR_MS))
        kept += by_timetable(orders)
    assert kept <= 6


@given(st.lists(st.integers(0, 10**10), max_size=40))
@settings(deadline=None, max_examples=60)
def test_sittings_are_apart_and_begin_with_the_first(times: list[int]):
    moments = np.sort(np.array(times, dtype=np.int64))
    kept = sittings(moments)
    assert np.all(np.diff(kept) >= 3 * HOUR_MS)
    assert kept.shape[0] == 0 if moments.shape[0] == 0 else kept[0] == moments[0]
    assert np.isin(kept, moments).all()


@pytest.mark.parametrize(("pool", "orders"), [(40, 20), (400, 12), (3000, 25)])
def test_the_size_of_a_pool_is_told_by_who_comes_back(pool: int, orders: int):
    rng = np.random.default_rng(pool)
    sent = np.concatenate([rng.choice(pool, min(30 + pool // 20, pool), replace=False) for _ in range(orders)])
    told, back = people_behind(sent)
    assert 0.8 * pool <= told <= 1.25 * pool
    assert np.array_equal(back, np.flatnonzero(np.bincount(sent) >= 2))


def _served(delivery_ms: int, seed: int = 3) -> tuple[EventLog, Ints, Ints]:
    """A log in which forty people are sent to twelve targets, each delivery so long; people, and rows of the orders."""
    world, rng = quiet(seed, targets=400, actors=3000, likes=30_000), np.random.default_rng(seed)
    people = world.actors + np.arange(40)
    young = np.flatnonzero((world.born_ms > START_MS) & (world.born_ms < world.end_ms - 8 * DAY_MS))
    served = rng.choice(young, 12, replace=False)
    at = np.repeat(world.born_ms[served] + DAY_MS, 40) + rng.integers(0, delivery_ms, 480)
    log = world.plus(np.tile(people, 12), np.repeat(served, 40), at).log()
    return log, people, np.flatnonzero(np.isin(log.actor, people))


def _suspect(rows: Ints, members: Ints, meetings: int) -> Suspect:
    return Suspect(rows, np.full(rows.shape[0], 0.9), rows, members, 40.0, Timing(-50.0, meetings, False))


def test_a_drip_over_days_is_slower_than_friends_and_an_hour_is_not():
    for length, slow in ((5 * DAY_MS, True), (HOUR_MS, False)):
        log, people, rows = _served(length)
        rhythm = Context(log, 0).rhythm
        assert slower_than_a_share(log, rhythm, _suspect(rows, people, 6)) is slow


def test_likes_for_another_order_book_are_no_life():
    log, people, rows = _served(5 * DAY_MS)
    context = Context(log, 0)
    half = np.isin(log.target[rows], np.unique(log.target[rows])[:6])
    first, second = rows[half], rows[~half]
    # Alone, each looks like people who give half their likes to something else.
    assert doubtful(log, context, [_suspect(first, people, 4)]).doubtful.all()
    # The first served slowly, and often enough to be beyond doubt; then the second has no life outside either.
    both = doubtful(log, context, [_suspect(first, people, 40), _suspect(second, people, CIRCLE_MEETS // 2)])
    assert not both.doubtful.any()


def test_who_comes_several_targets_at_a_sitting_is_told():
    log, _, rows = _served(HOUR_MS)
    assert in_company(log, rows) < 0.2
    assert in_company(log, np.zeros(0, np.int64)) == 0.0
    assert in_company(log, rows[:1], rows) == in_company(log, rows[:1]) == 0.0
    beside = np.flatnonzero(np.isin(log.actor, log.actor[rows[:1]]) & (log.at_ms == log.at_ms[rows[0]]))
    again = log_of([0, 0, 0, 1], [0, 1, 2, 0], START_MS + np.array([0, MINUTE_MS, DAY_MS, 0]))
    first = np.flatnonzero((again.actor == 0) & (again.target != 1))
    assert beside.size == 1 and in_company(again, first) == 0.0
    assert in_company(again, first, np.arange(again.n)) == 0.5, "one of two was liked beside something else"


def _pieces(slices: list[Ints], seed: int = 1) -> tuple[EventLog, Context, list[Suspect]]:
    """A quiet log with one suspect per slice of accounts: each of four orders of its own by most of the slice."""
    world, rng = quiet(seed, targets=400, actors=3000, likes=30_000), np.random.default_rng(seed)
    actor, target, at = [], [], []
    served = rng.permutation(400)[: 4 * len(slices)].reshape(len(slices), 4)
    for number, people in enumerate(slices):
        for one in served[number]:
            came = rng.choice(people, int(0.8 * people.size), replace=False)
            begin = START_MS + (10 + number) * DAY_MS
            actor.append(world.actors + came)
            target.append(np.full(came.size, one))
            at.append(begin + rng.integers(0, HOUR_MS, came.size))
    log = world.plus(np.concatenate(actor), np.concatenate(target), np.concatenate(at)).log()
    out = []
    for number, people in enumerate(slices):
        mine = np.isin(log.actor, world.actors + people) & np.isin(log.target, served[number])
        rows = np.flatnonzero(mine)
        moment = np.array([START_MS + number * DAY_MS], np.int64)
        when = Timing(-50.0, 4, False, sittings=moment + np.arange(4) * 4 * HOUR_MS)
        pool, members = people_behind(log.actor[rows].astype(np.int64))
        out.append(Suspect(rows, np.full(rows.size, 0.9), rows, members, pool, when))
    return log, Context(log, 0), out


def test_a_ring_that_moves_on_is_one_hand_and_rings_that_share_members_are_two():
    moving = [np.arange(100) + 40 * step for step in range(6)]
    log, context, pieces = _pieces(moving)
    assert np.array_equal(hands(log, context, pieces, [True] * 6), np.zeros(6))
    # Friends in several groups are not strange, and are asked group by group.
    assert np.array_equal(hands(log, context, pieces, [False] * 6), np.arange(6))
    log, context, pieces = _pieces([np.arange(100), np.arange(85, 185), np.arange(400, 500)])
    assert np.array_equal(hands(log, context, pieces, [True] * 3), np.arange(3))


def test_pieces_together_count_what_they_did_once():
    log, _, pieces = _pieces([np.arange(60), np.arange(30, 90)])
    whole = together(log, [*pieces, pieces[0]])
    assert np.array_equal(whole.rows, np.unique(np.concatenate([pieces[0].rows, pieces[1].rows])))
    assert whole.when.surprises == 8 == whole.when.sittings.size, "twelve told, eight sittings there were"
    assert 80 <= whole.pool <= 100
    assert together(log, pieces[:1]) is pieces[0]


def test_the_order_of_suspects_changes_no_hand():
    log, context, pieces = _pieces([np.arange(100) + 40 * step for step in range(3)] + [np.arange(600, 700)])
    rng = np.random.default_rng(0)
    for _ in range(5):
        order = rng.permutation(4)
        told = hands(log, context, [pieces[k] for k in order], [True] * 4)
        same = told[:, None] == told
        moved = np.isin(order, [0, 1, 2])
        assert np.array_equal(same, (moved[:, None] == moved))


def test_a_chat_group_of_new_accounts_that_are_all_alike_stays_in_doubt():
    world, rng = quiet(1, targets=400, actors=3000, likes=30_000, days=40, uneven=True), np.random.default_rng(1)
    people = world.actors + np.arange(120)
    own = np.repeat(people, rng.poisson(10, 120))
    before = rng.integers(0, world.at_ms.size, own.size)
    log = world.plus(own, world.target[before], world.at_ms[before] + rng.integers(0, HOUR_MS, own.size))
    served = rng.choice(400, 25, replace=False)
    for one in served:
        came = rng.choice(people, 48, replace=False)
        shared = min(world.born_ms[one] + rng.integers(DAY_MS, 6 * DAY_MS), world.end_ms - DAY_MS)
        log = log.plus(
            came, np.full(48, one), shared + (20 * MINUTE_MS * np.exp(rng.normal(0, 1, 48))).astype(np.int64)
        )
    events = log.log()
    found = DETECTOR.find(events, Context(events, 0))
    assert len(found) and (found.certainty < 1.0).all(), "found, and told that friends would look the same"
