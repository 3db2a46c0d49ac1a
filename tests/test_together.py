"""What several detectors found of the same people: one group, one certainty."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from plaudit.app.pipeline import audit
from plaudit.detectors.circle import CIRCLE_CERTAINTY, HABIT_CERTAINTY
from plaudit.detectors.links import SAME_PART, same_people
from plaudit.model import DAY_MS, HOUR_MS, STATUSES, EventLog, Family, Findings, Ints, Status, SubjectKind
from plaudit.testing.simulator import simulate
from plaudit.verdict import DISCOUNT_AT, heard_together, weigh
from plaudit.verdict.weigh import NAMED_AT
from tests.worlds import START_MS, findings_of, log_of

CERTAIN = 1e-300
RING, SHOTS = 40, 10
OTHERS = 20_000


def _log(*crowds: Ints) -> EventLog:
    """Each crowd likes ten targets of its own; then as many passers-by as a log has, once each."""
    actor = [np.tile(crowd, SHOTS) for crowd in crowds]
    target = [number * SHOTS + np.repeat(np.arange(SHOTS), crowd.size) for number, crowd in enumerate(crowds)]
    actor.append(10_000 + np.arange(OTHERS))
    target.append(1_000 + np.arange(OTHERS) % 50)
    who, what = np.concatenate(actor), np.concatenate(target)
    return log_of(who, what, START_MS + np.arange(who.size) * 1000)


def _likes(log: EventLog, targets: range, actors: Ints | None = None) -> Ints:
    mine = np.isin(log.target, np.asarray(targets))
    return np.flatnonzero(mine if actors is None else mine & np.isin(log.actor, actors))


def _orders(*rows: Ints, certainty: float = 1.0) -> Findings:
    return findings_of(rows, [CERTAIN] * len(rows), family=Family.AUDIENCE, certainty=certainty)


def _pace(*rows: Ints, certainty: float = 1.0) -> Findings:
    return findings_of(rows, [CERTAIN] * len(rows), detector="lockstep", family=Family.SYNCHRONY, certainty=certainty)


def _devices(*rows: Ints, certainty: float = 1.0) -> Findings:
    return findings_of(
        rows, [CERTAIN] * len(rows), detector="shared_context", family=Family.CONTEXT, certainty=certainty
    )


@pytest.fixture(scope="module")
def one() -> EventLog:
    return _log(np.arange(RING))


def test_friends_do_not_act_from_a_few_devices(one: EventLog) -> None:
    rows = _likes(one, range(SHOTS))
    friends = _orders(rows, certainty=CIRCLE_CERTAINTY)
    alone, _ = heard_together(one, [friends, _devices(rows[:0])])
    assert alone.certainty[0] == CIRCLE_CERTAINTY
    ring, devices = heard_together(one, [friends, _devices(rows[: int(0.9 * rows.size)])])
    assert ring.certainty[0] >= DISCOUNT_AT and devices.certainty[0] == 1.0
    few, _ = heard_together(one, [friends, _devices(rows[: int(0.4 * rows.size)])])
    assert few.certainty[0] == CIRCLE_CERTAINTY, "some of them share devices, as some in any circle do"
    address, _ = heard_together(one, [friends, _devices(rows, certainty=0.25)])
    assert address.certainty[0] == CIRCLE_CERTAINTY, "people of one place share its address"
    verdicts = weigh(one, [ring, devices])
    assert (verdicts.status[rows] == STATUSES.index(Status.DISCOUNTED)).mean() > 0.8


def test_devices_do_not_outweigh_a_timetable(one: EventLog) -> None:
    rows = _likes(one, range(SHOTS))
    heard = heard_together(one, [_orders(rows, certainty=HABIT_CERTAINTY), _devices(rows)])
    assert HABIT_CERTAINTY < heard[0].certainty[0] < DISCOUNT_AT


def test_the_pace_of_a_ring_is_as_certain_as_its_audience(one: EventLog) -> None:
    rows = _likes(one, range(SHOTS))
    doubted = _pace(rows[::3], certainty=CIRCLE_CERTAINTY)
    for certainty in (1.0, HABIT_CERTAINTY):
        _, pace = heard_together(one, [_orders(rows, certainty=certainty), doubted])
        assert pace.certainty[0] == certainty
    elsewhere = _orders(_likes(one, range(1_000, 1_002)))
    assert heard_together(one, [elsewhere, doubted])[1].certainty[0] == CIRCLE_CERTAINTY


def test_hearing_changes_certainty_alone_and_never_what_was_sure(one: EventLog) -> None:
    rows = _likes(one, range(SHOTS))
    asked = [_orders(rows), _pace(rows), _devices(rows), findings_of([rows], [1e-9], family=Family.TIMING)]
    for before, after in zip(asked, heard_together(one, asked), strict=True):
        assert np.array_equal(before.certainty, after.certainty)
        assert np.array_equal(before.exhibits.row, after.exhibits.row) and before.detector == after.detector


def test_what_several_detectors_found_of_the_same_people_is_one_group(one: EventLog) -> None:
    rows = _likes(one, range(SHOTS))
    audience, pace = np.split(rows, 2)
    verdicts = weigh(one, [_orders(audience), _pace(pace)])
    assert len(verdicts.groups) == 1 and np.array_equal(np.sort(verdicts.groups.like), rows)
    mostly = weigh(one, [_orders(rows[:50]), _pace(rows[50:])])
    assert mostly.groups.finding.tolist() == [1], "named by whichever decided about more likes"


def test_two_rings_that_share_members_stay_two() -> None:
    share = int(0.15 * RING)
    assert share / RING < SAME_PART
    log = _log(np.arange(RING), np.arange(RING) + RING - share)
    first, second = _likes(log, range(SHOTS)), _likes(log, range(SHOTS, 2 * SHOTS))
    assert len(weigh(log, [_orders(first), _pace(second)]).groups) == 2
    assert len(weigh(log, [_orders(first, second)]).groups) == 2
    half = _log(np.arange(RING), np.arange(RING) + RING // 2)
    again = [_likes(half, range(SHOTS)), _likes(half, range(SHOTS, 2 * SHOTS))]
    assert len(weigh(half, [_orders(again[0]), _pace(again[1])]).groups) == 1
    doubted = weigh(half, [_orders(*again, certainty=CIRCLE_CERTAINTY)])
    assert len(doubted.groups) == 2, "friends are in several groups"


def test_a_farm_that_serves_two_rings_is_told_apart_by_its_actors() -> None:
    log = _log(np.arange(RING), np.arange(RING) + 100)
    known = [_likes(log, range(number * SHOTS, number * SHOTS + 5)) for number in range(2)]
    rest = np.setdiff1d(_likes(log, range(2 * SHOTS)), np.concatenate(known))
    verdicts = weigh(log, [_orders(*known), _devices(rest)])
    assert sorted(verdicts.groups.finding.tolist()) == [0, 1]
    of_ring = (log.actor[rest] >= log.actor[known[1]].min()).astype(int)
    assert np.array_equal(verdicts.groups.finding[verdicts.group[rest]], of_ring)


def test_a_class_is_undetermined_and_no_group_by_name(one: EventLog) -> None:
    rows = _likes(one, range(SHOTS))
    verdicts = weigh(one, [_orders(rows, certainty=HABIT_CERTAINTY)])
    assert HABIT_CERTAINTY < NAMED_AT < CIRCLE_CERTAINTY
    assert (verdicts.status[rows] == STATUSES.index(Status.UNDETERMINED)).all()
    assert len(verdicts.groups) == 0 and (verdicts.group == -1).all()


def test_one_off_accounts_of_a_farm_are_nobodys_friends(one: EventLog) -> None:
    rows = _likes(one, range(1_000, 1_001))
    called = findings_of(
        [rows], [CERTAIN], detector="throwaway", family=Family.ACCOUNT, kind=SubjectKind.TARGET, certainty=0.5
    )
    assert (weigh(one, [called]).status[rows] == STATUSES.index(Status.UNDETERMINED)).all()
    both = weigh(one, [called, _devices(rows)])
    assert (both.status[rows] == STATUSES.index(Status.DISCOUNTED)).all()
    place = weigh(one, [called, _devices(rows, certainty=0.25)])
    assert (place.status[rows] == STATUSES.index(Status.UNDETERMINED)).all()


def test_who_is_the_same_people() -> None:
    log = _log(np.arange(RING), np.arange(RING) + RING // 2, np.arange(RING) + 500)
    activity = np.bincount(log.actor, minlength=log.n_actors)
    groups = [_likes(log, range(number * SHOTS, (number + 1) * SHOTS)) for number in range(3)]
    i, j, part = same_people(log, activity, groups)
    assert (i.tolist(), j.tolist(), part.tolist()) == ([0], [1], [0.5])
    assert same_people(log, activity, [])[0].size == same_people(log, activity, groups[:1])[0].size == 0
    # Who likes everything is in both by activity alone.
    busy = log_of(np.tile(np.arange(30), 60), np.repeat(np.arange(60), 30), START_MS + np.arange(1800))
    halves = [_likes(busy, range(30)), _likes(busy, range(30, 60))]
    assert same_people(busy, np.bincount(busy.actor), halves)[0].size == 0


def test_devices_alone_are_as_likely_as_they_say_and_discount_nothing(one: EventLog) -> None:
    rows = _likes(one, range(SHOTS))
    alone = weigh(one, [_devices(rows)])
    assert (alone.p_inauthentic[rows] > DISCOUNT_AT).all()
    assert (alone.status[rows] == STATUSES.index(Status.UNDETERMINED)).all()
    # A pair reaches the line with what devices may bring to it, not with all they say (few likes here are bought).
    few = rows[:60]
    burst = findings_of([few], [CERTAIN], detector="burst", family=Family.TIMING, kind=SubjectKind.TARGET)
    pair = weigh(one, [_devices(few), burst])
    assert (pair.p_inauthentic[few] > DISCOUNT_AT).all()
    assert (pair.status[few] == STATUSES.index(Status.UNDETERMINED)).all()


@pytest.mark.parametrize(("people", "computers", "lessons"), [(40, 30, 12), (25, 8, 20)])
def test_a_class_that_shares_a_room_of_computers_at_no_fixed_hours_loses_nothing(people, computers, lessons):
    rng = np.random.default_rng(people)
    world = simulate("mixed", events=40_000, seed=5).events
    likes = world.filter(pc.equal(world["kind"], "like"))
    target, at = likes["target"].to_numpy(zero_copy_only=False), likes["at"].to_numpy()
    first, of, count = np.unique(target, return_index=True, return_counts=True)
    liked, born = first[count >= 15], at[of][count >= 15]
    names, often = np.unique(likes["actor"].to_numpy(zero_copy_only=False), return_counts=True)
    pupil = rng.choice(names[(often >= 5) & (often <= 60)], people, replace=False)
    who, what, when, where = [], [], [], []
    for _ in range(lessons):
        hour = int(rng.integers(8, 22))
        start = at[0] + int(rng.integers(1, (at[-1] - at[0]) // DAY_MS)) * DAY_MS + hour * HOUR_MS
        fresh = np.flatnonzero((born < start) & (born > start - 3 * DAY_MS))
        there = rng.permutation(people)[: min(computers, round(0.7 * people))]
        who.append(there)
        what.append(np.full(there.size, rng.choice(liked[fresh])))
        when.append(start + (rng.exponential(15.0, there.size) * 60_000).astype(np.int64))
        where.append(rng.permutation(computers)[: there.size])
    extra = {
        "event_id": [f"L{k}" for k in range(sum(map(len, who)))],
        "actor": pupil[np.concatenate(who)].tolist(),
        "target": np.concatenate(what).tolist(),
        "at": np.concatenate(when),
        "kind": ["like"] * sum(map(len, who)),
        "device": [f"computer{k}" for k in np.concatenate(where)],
        "ip": ["school"] * sum(map(len, who)),
    }
    log = pa.concat_tables([world.select(list(extra)), pa.table(extra)]).sort_by("at")
    likes = audit(log, time_format="ms").tables["likes"]
    pupils = likes.filter(pc.starts_with(likes["event_id"].cast(pa.string()), "L"))
    assert pupils.num_rows > 100
    assert "discounted" not in pupils["status"].cast(pa.string()).to_pylist()
