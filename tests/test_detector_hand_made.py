"""Tiny worlds made by hand: each detector says yes to its own question and no to its innocent look-alike."""

from __future__ import annotations

import numpy as np
import pytest

from plaudit.detectors import BUILT_IN, Context
from plaudit.model import DAY_MS, HOUR_MS, MINUTE_MS, EventLog, Findings, SubjectKind
from tests.worlds import START_MS, Draft, quiet

DETECTORS = {detector.spec.id: detector for detector in BUILT_IN}
SEEDS = (0, 1, 2)


def _find(name: str, log: EventLog) -> Findings:
    return DETECTORS[name].find(log, Context(log, 0))


def _members(findings: Findings, log: EventLog, row: int) -> np.ndarray:
    shown = findings.exhibits
    return np.unique(log.actor[shown.row[shown.offsets[row] : shown.offsets[row + 1]]])


def _loud(findings: Findings) -> np.ndarray:
    return np.flatnonzero((findings.q_value <= 0.05) & (findings.certainty > 0.5))


def _life(seed: int) -> Draft:
    """Enough ordinary life around what is planted for a null to be learned from."""
    return quiet(seed, targets=800, actors=6000, likes=40_000)


def _ring(seed: int, *, members: int = 15, orders: int = 12, spread_ms: int = 30_000) -> tuple[Draft, np.ndarray]:
    """A ring of new accounts that serves a target a day, at moments that have nothing to do with the target."""
    world, rng = _life(seed), np.random.default_rng([seed, 23])
    ring = world.actors + np.arange(members)
    day = START_MS + (4 + np.arange(orders)) * DAY_MS
    served = np.array([rng.choice(np.flatnonzero(world.born_ms < at - 2 * DAY_MS)) for at in day])
    moment = day + rng.integers(8, 20, orders) * HOUR_MS
    who, what = np.tile(ring, orders), np.repeat(served, members)
    at = np.repeat(moment, members) + rng.integers(0, spread_ms, who.size)
    return world.plus(who, what, at), ring


@pytest.mark.parametrize("seed", SEEDS)
def test_lockstep_finds_a_ring_and_all_its_members(seed: int) -> None:
    draft, ring = _ring(seed)
    log = draft.log()
    findings = _find("lockstep", log)
    loud = _loud(findings)
    assert loud.size == 1, "fifteen accounts that met within half a minute on twelve days are one ring"
    row = loud[0]
    assert findings.subject_kind is SubjectKind.GROUP
    assert np.isin(ring, _members(findings, log, int(row))).mean() >= 0.9
    assert np.isin(_members(findings, log, int(row)), ring).mean() >= 0.9
    assert findings.statistic[row] > 10 * findings.expectation[row]


@pytest.mark.parametrize("seed", SEEDS)
def test_orders_finds_a_ring_that_comes_at_its_own_time(seed: int) -> None:
    draft, ring = _ring(seed, members=25, spread_ms=2 * HOUR_MS)
    log = draft.log()
    findings = _find("orders", log)
    loud = _loud(findings)
    assert loud.size >= 1
    best = int(loud[np.argmin(findings.p_value[loud])])
    assert np.isin(ring, _members(findings, log, best)).mean() >= 0.8


def _fans(seed: int) -> Draft:
    """Thirty fans who like everything one author publishes, each within their own hours after publication."""
    world, rng = quiet(seed), np.random.default_rng([seed, 29])
    fans = world.actors + np.arange(30)
    theirs = rng.choice(np.flatnonzero(world.born_ms < START_MS + 17 * DAY_MS), 14, replace=False)
    who, what = np.tile(fans, theirs.size), np.repeat(theirs, fans.size)
    prompt = np.exp(rng.normal(np.log(HOUR_MS), 0.8, fans.size))
    keep = rng.random(who.size) < 0.85
    at = world.born_ms[what] + 20_000 + (rng.exponential(1.0, who.size) * np.tile(prompt, theirs.size)).astype(np.int64)
    return world.plus(who[keep], what[keep], at[keep])


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", ["lockstep", "orders"])
def test_fans_who_answer_publications_accuse_nobody(name: str, seed: int) -> None:
    assert _loud(_find(name, _fans(seed).log())).size == 0


def _viral(seed: int) -> tuple[Draft, int]:
    """Two hundred ordinary readers and forty newcomers within an hour, on one target."""
    world, rng = quiet(seed), np.random.default_rng([seed, 31])
    at = START_MS + 12 * DAY_MS + 14 * HOUR_MS
    target = int(np.flatnonzero(world.born_ms < at - DAY_MS)[-1])
    who = np.concatenate([rng.choice(500, 200, replace=False), world.actors + np.arange(40)])
    return world.plus(who, target, at + rng.integers(0, HOUR_MS, who.size)), target


@pytest.mark.parametrize("seed", SEEDS)
def test_burst_sees_a_viral_hour_where_and_when_it_was_and_calls_it_ambiguous(seed: int) -> None:
    draft, target = _viral(seed)
    findings = _find("burst", draft.log())
    row = int(np.flatnonzero(findings.subject == target)[0])
    assert findings.q_value[row] <= 0.05
    begin = START_MS + 12 * DAY_MS + 14 * HOUR_MS
    assert begin - 10 * MINUTE_MS <= findings.start_ms[row] < findings.end_ms[row] <= begin + 70 * MINUTE_MS
    assert findings.statistic[row] > 180 and findings.expectation[row] < 0.2 * findings.statistic[row]
    assert (findings.certainty <= 0.5).all()


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", ["lockstep", "orders", "throwaway", "shared_context"])
def test_a_viral_hour_accuses_nobody(name: str, seed: int) -> None:
    assert _loud(_find(name, _viral(seed)[0].log(context=True))).size == 0


@pytest.mark.parametrize("seed", SEEDS)
def test_throwaway_counts_the_excess_of_one_off_accounts(seed: int) -> None:
    world, rng = _life(seed), np.random.default_rng([seed, 37])
    target = int(np.argmax(np.bincount(world.target)))
    begin = int(world.born_ms[target])
    at = begin + rng.integers(0, 3 * DAY_MS, 60)
    log = world.plus(world.actors + np.arange(60), target, at).log()
    findings = _find("throwaway", log)
    row = int(np.argmin(findings.p_value))
    assert findings.subject[row] == target
    assert findings.q_value[row] <= 0.01
    assert findings.statistic[row] >= 60
    # One more, by accident, is what a false-discovery rate of 5 % may allow.
    assert np.sum(findings.q_value <= 0.05) <= 2
    mine = slice(findings.exhibits.offsets[row], findings.exhibits.offsets[row + 1])
    # What the exhibits are thought to be worth together is about what was added.
    assert findings.exhibits.share[mine].sum() == pytest.approx(60, rel=0.25)


@pytest.mark.parametrize("seed", SEEDS)
def test_shared_context_finds_a_device_farm(seed: int) -> None:
    world, rng = quiet(seed), np.random.default_rng([seed, 41])
    farm = world.actors + np.arange(20)
    served = rng.choice(80, 6, replace=False)
    who, what = np.tile(farm, 6), np.repeat(served, 20)
    at = np.minimum(world.born_ms[what] + rng.integers(0, 2 * DAY_MS, who.size), world.end_ms)
    log = world.plus(who, what, at, device=99_999).log(context=True)
    findings = _find("shared_context", log)
    loud = _loud(findings)
    assert loud.size == 1
    assert np.isin(farm, _members(findings, log, int(loud[0]))).all()


@pytest.mark.parametrize("seed", SEEDS)
def test_devices_that_serve_the_same_targets_are_one_hand(seed: int) -> None:
    world, rng = quiet(seed), np.random.default_rng([seed, 47])
    draft = world
    served = rng.permutation(72).reshape(6, 12)
    farm = world.actors + np.arange(6 * 3 * 8).reshape(6, 3, 8)
    for hand, device in np.ndindex(6, 3):
        targets = rng.choice(served[hand], 9, replace=False)
        who, what = np.tile(farm[hand, device], targets.size), np.repeat(targets, 8)
        at = np.minimum(world.born_ms[what] + rng.integers(0, 2 * DAY_MS, who.size), world.end_ms)
        draft = draft.plus(who, what, at, device=90_000 + 10 * hand + device)
    log = draft.log(context=True)
    findings = _find("shared_context", log)
    hands = [set(_members(findings, log, int(row)).tolist()) for row in _loud(findings)]
    assert set.union(*hands) == set(farm.ravel().tolist())
    assert all(any(hand <= set(farm[k].ravel().tolist()) for k in range(6)) for hand in hands)
    # Eighteen devices; a link or two may fall short of a false-discovery rate of 1 %.
    assert len(hands) <= 9


@pytest.mark.parametrize("seed", SEEDS)
def test_a_class_behind_one_address_accuses_nobody(seed: int) -> None:
    world, rng = quiet(seed), np.random.default_rng([seed, 43])
    pupils = np.arange(30)
    draft = world
    for lesson in range(3):
        at = START_MS + (3 + 7 * lesson) * DAY_MS + 9 * HOUR_MS
        shown = rng.choice(np.flatnonzero(world.born_ms < at - HOUR_MS), 3, replace=False)
        for k, target in enumerate(shown.tolist()):
            moment = at + k * 10 * MINUTE_MS + rng.integers(0, 5 * MINUTE_MS, pupils.size)
            draft = draft.plus(pupils, target, moment, device=pupils // 2, ip=88_888)
    log = draft.log(context=True)
    for name in DETECTORS:
        assert _loud(_find(name, log)).size == 0, name


def test_pairs_who_meet_once_or_on_one_day_only_are_no_ring() -> None:
    # Twenty people go through the same ten targets in one sitting: a front page, a class trip, a shared list.
    world = quiet(5)
    at = START_MS + 10 * DAY_MS + 12 * HOUR_MS
    old = np.flatnonzero(world.born_ms < at - DAY_MS)[:10]
    who, what = np.tile(np.arange(20), 10), np.repeat(old, 20)
    moment = at + np.repeat(np.arange(10), 20) * 2 * MINUTE_MS + np.tile(np.arange(20), 10) * 1000
    log = world.plus(who, what, moment).log()
    assert _loud(_find("lockstep", log)).size == 0
