"""Weights from labels: no change without reason, judged on groups never seen, and never a way around the caps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plaudit.model import LOG_FAMILIES, STATUSES, EventLog, Family, Findings, Status, Verdicts
from plaudit.verdict import weigh
from plaudit.verdict.evidence import CAPS, DECISIVE, Calibration, FamilyMap
from plaudit.verdict.learn import LEAST_UNITS, Labelled, learn, units_of
from tests.worlds import START_MS, findings_of, log_of

VERIFIED, DISCOUNTED, UNDETERMINED = (
    STATUSES.index(s) for s in (Status.VERIFIED, Status.DISCOUNTED, Status.UNDETERMINED)
)
SIZE = 20
CERTAIN = 1e-30


def _log(n: int) -> EventLog:
    return log_of(np.arange(n), np.arange(n) % 10, START_MS + np.arange(n) * 1000)


def _groups(first: int, count: int, family: Family, p: float = CERTAIN, share: float = 0.98, **more: Any) -> Findings:
    """``count`` findings of :data:`SIZE` likes each, one after the other from like ``first``."""
    rows = [np.arange(SIZE) + first + SIZE * number for number in range(count)]
    return findings_of(rows, [p] * count, detector=family.value, family=family, share=share, **more)


def _labels(like: Any, inauthentic: Any) -> Labelled:
    rows = np.asarray(like, np.int64)
    return Labelled(rows, np.broadcast_to(np.asarray(inauthentic, bool), rows.shape).copy(), rows)


def _first(count: int, start: int = 0) -> np.ndarray:
    """Likes of ``count`` groups."""
    return np.arange(start, start + count * SIZE)


class World:
    """40 groups of one family that labels say are innocent, 40 of another that are not, in 20,000 likes."""

    half = 40 * SIZE

    def __init__(self) -> None:
        self.log = _log(20_000)
        self.findings: Sequence[Findings] = [
            _groups(0, 40, Family.AUDIENCE),
            _groups(self.half, 40, Family.SYNCHRONY),
        ]
        self.verdicts: Verdicts = weigh(self.log, self.findings)


@pytest.fixture(scope="module")
def world() -> World:
    return World()


def test_a_family_that_is_systematically_wrong_is_put_right_on_groups_never_labelled(world: World) -> None:
    assert (world.verdicts.status[: 2 * world.half] == DISCOUNTED).all()
    like = np.concatenate([_first(20), _first(20, world.half)])
    told = learn(world.log, world.findings, world.verdicts, _labels(like, like >= world.half), seed=0)
    assert told.units == 40 and told.units_of_family == {Family.AUDIENCE: 20, Family.SYNCHRONY: 20}
    assert told.loss_before is not None and told.loss_after is not None and told.error is not None
    assert told.loss_before - told.loss_after > told.error > 0
    assert told.calibration is not None
    after = weigh(world.log, world.findings, told.calibration)
    held_innocent = slice(20 * SIZE, world.half)
    held_bought = slice(world.half + 20 * SIZE, 2 * world.half)
    assert not (after.status[held_innocent] == DISCOUNTED).any()
    assert after.p_inauthentic[held_innocent].max() < 0.2
    assert (after.status[held_bought] == DISCOUNTED).all()
    assert np.allclose(after.p_inauthentic[held_bought], world.verdicts.p_inauthentic[held_bought], atol=0.01)
    assert after.prior == world.verdicts.prior


def test_weights_stay_without_labels_with_few_and_with_labels_that_agree(world: World) -> None:
    few = LEAST_UNITS - 1
    for labelled in (
        _labels([], False),
        _labels(_first(few), False),
        _labels(np.arange(5000, 9000), True),
        _labels(np.arange(5000, 9000), False),
        _labels(_first(40), True),
    ):
        assert learn(world.log, world.findings, world.verdicts, labelled, seed=0).calibration is None
    silent = learn(world.log, world.findings, world.verdicts, _labels(np.arange(5000, 9000), True), seed=0)
    assert (silent.likes, silent.units, silent.loss_before) == (0, 0, None)
    scarce = learn(world.log, world.findings, world.verdicts, _labels(_first(few), False), seed=0)
    assert scarce.units == few and scarce.loss_before is None


def test_one_mistaken_label_among_many_unseats_nothing(world: World) -> None:
    like = _first(40)
    labelled = _labels(like, like >= SIZE)
    assert learn(world.log, world.findings, world.verdicts, labelled, seed=0).calibration is None


def test_what_rows_would_accept_groups_refuse() -> None:
    # Ten groups at nine in ten, six of them bought. Two thousand rows are sure of "six in ten"; of ten groups, six come
    # of nine in ten rarely and of seven in ten often: the loss falls, and by less than its error.
    log, size = _log(20_000), 200
    rows = [np.arange(size) + size * number for number in range(10)]
    findings = [findings_of(rows, [1e-4] * 10)]
    verdicts = weigh(log, findings)
    assert 0.9 < verdicts.p_inauthentic[0] < 0.95
    like = np.arange(10 * size)
    labelled = _labels(like, (like // size) % 5 < 3)
    by_row = learn(log, findings, verdicts, labelled, seed=0, unit=like)
    assert by_row.calibration is not None and by_row.units == 10 * size
    by_group = learn(log, findings, verdicts, labelled, seed=0)
    assert by_group.units == 10 and by_group.calibration is None
    assert by_group.loss_before and by_group.loss_after and by_group.error and by_row.error
    assert 0 < by_group.loss_before - by_group.loss_after < by_group.error
    assert by_group.error > 5 * by_row.error


def test_groups_that_share_likes_or_a_label_are_one_unit() -> None:
    log = _log(1000)
    findings = [
        findings_of([np.arange(0, 10), np.arange(20, 30), np.arange(40, 50)], [CERTAIN] * 3),
        findings_of([np.arange(5, 25)], [CERTAIN], detector="burst", family=Family.TIMING),
    ]
    verdicts = weigh(log, findings)
    like = np.array([0, 12, 29, 41, 42, 700])
    unit = units_of(verdicts, Labelled(like, np.ones(6, bool), np.arange(6)))
    # 0 and 12 by the burst only through like 5..9, which is not labelled: what joins findings must be labelled itself.
    assert unit.tolist() == [0, 1, 2, 3, 3, 4]
    joined = units_of(verdicts, Labelled(np.array([0, 5, 12, 22, 29]), np.ones(5, bool), np.arange(5)))
    assert joined.tolist() == [0] * 5
    spoken = units_of(verdicts, Labelled(like, np.ones(6, bool), np.array([0, 1, 2, 0, 4, 5])))
    assert spoken.tolist() == [0, 1, 2, 0, 0, 3]


def test_the_same_labels_and_seed_teach_the_same(world: World) -> None:
    like = _first(12)
    labelled = _labels(like, like < 2 * SIZE)
    one, two = (learn(world.log, world.findings, world.verdicts, labelled, seed=3) for _ in range(2))
    assert one == two


def test_a_family_nobody_labelled_keeps_its_weights(world: World) -> None:
    told = learn(world.log, world.findings, world.verdicts, _labels(_first(20), False), seed=0)
    assert told.calibration is not None and set(told.calibration.maps) == {Family.AUDIENCE}
    after = weigh(world.log, world.findings, told.calibration)
    row = LOG_FAMILIES.index(Family.SYNCHRONY)
    assert np.array_equal(after.family_weight[row], world.verdicts.family_weight[row])


def test_labels_cannot_break_even_odds_or_let_one_side_discount() -> None:
    log = _log(20_000)
    for family in set(LOG_FAMILIES) - DECISIVE:
        findings = [_groups(0, 40, family, p=1e-4)]
        told = learn(log, findings, weigh(log, findings), _labels(_first(20), True), seed=0)
        assert not (weigh(log, findings, told.calibration).status == DISCOUNTED).any(), family
    doubtful = [_groups(0, 40, Family.AUDIENCE, p=1e-4, certainty=0.5)]
    told = learn(log, doubtful, weigh(log, doubtful), _labels(_first(20), True), seed=0)
    assert weigh(log, doubtful, told.calibration).p_inauthentic.max() <= 0.5


def test_labels_raise_weak_evidence_too() -> None:
    log = _log(20_000)
    findings = [_groups(0, 60, Family.AUDIENCE, p=3e-4)]
    verdicts = weigh(log, findings)
    assert 0.1 < verdicts.p_inauthentic[0] < 0.9
    told = learn(log, findings, verdicts, _labels(_first(40), True), seed=0)
    after = weigh(log, findings, told.calibration)
    held = slice(40 * SIZE, 60 * SIZE)
    assert (after.p_inauthentic[held] > verdicts.p_inauthentic[held]).all()
    assert after.family_weight.max() <= CAPS[Family.AUDIENCE]


_map = st.builds(FamilyMap, st.floats(0.0, 3.0), st.floats(-12.0, 12.0))


@given(_map, st.sampled_from(LOG_FAMILIES), st.lists(st.floats(0.0, 700.0), min_size=2, max_size=20))
def test_a_map_keeps_the_order_of_evidence_and_the_cap(told: FamilyMap, family: Family, nats: list[float]) -> None:
    weights = np.sort(np.asarray(nats))
    after = told(weights, CAPS[family])
    speaks = weights > 0
    assert (np.diff(after[speaks]) >= 0).all()
    assert (after[~speaks] == 0).all() and (after >= 0).all()
    assert (np.minimum(after, CAPS[family]) == after).all() or told == FamilyMap()


@given(st.lists(st.floats(0.0, 700.0), min_size=1, max_size=20), st.sampled_from(LOG_FAMILIES))
def test_no_change_changes_nothing(nats: list[float], family: Family) -> None:
    weights = np.asarray(nats)
    assert np.array_equal(FamilyMap()(weights, CAPS[family]), weights)


@given(
    st.dictionaries(st.sampled_from(LOG_FAMILIES), _map),
    st.floats(1e-4, 0.5),
    st.lists(
        st.tuples(st.sampled_from(sorted(set(LOG_FAMILIES) - DECISIVE)), st.integers(2, 30)), min_size=1, max_size=1
    ),
    st.sampled_from([0.5, 1.0]),
)
def test_no_map_lets_a_family_discount_that_may_not(
    maps: dict[Family, FamilyMap], prior: float, told: list[tuple[Family, int]], certainty: float
) -> None:
    findings = [_groups(0, 2, family, p=10.0**-power, certainty=certainty) for family, power in told]
    verdicts = weigh(_log(60), findings, Calibration(maps, prior))
    assert not (verdicts.status == DISCOUNTED).any()
    assert (verdicts.p_inauthentic <= certainty).all() and verdicts.prior == prior
