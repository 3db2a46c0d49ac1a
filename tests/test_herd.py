"""Herd accounting on worlds whose truth is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from plaudit.kernels.exposure import SHAPES, before, counts_without, height
from plaudit.model import EventLog
from plaudit.tally.herd import Herd, herd_of
from plaudit.tally.shocks import shocks
from plaudit.testing.loop import KINDS, LoopSpec, compare, found, pick_orders, play, standing
from plaudit.testing.loop.rankers import newest

SPEC = LoopSpec(visits=60_000, posts=20)


def _world(spec: LoopSpec, seed: int):
    ground = found(spec, seed)
    orders = [o for k, kind in enumerate(KINDS) for o in pick_orders(ground, kind, count=8, seed=k)]
    orders = list({o.comment: o for o in orders}.values())
    attacked, clean = play(ground, ranker=newest, orders=orders), play(ground, ranker=newest)
    log, bought = standing(attacked)
    return log, bought, compare(attacked, clean)


@pytest.fixture(scope="module")
def quiet():
    return _world(replace(SPEC, herd=0), 1)


def _sums(told: Herd, log: EventLog) -> None:
    shown = np.bincount(log.target, minlength=log.n_targets)
    assert np.allclose(told.purchased + told.induced + told.organic, shown)
    for name in ("purchased", "induced", "organic"):
        low, middle, high = (getattr(told, name + end) for end in ("_low", "", "_high"))
        assert (low <= middle + 1e-9).all() and (middle <= high + 1e-9).all() and (low >= 0).all()
    assert told.total_low <= told.total_induced <= told.total_high


def test_no_herd_is_found_to_be_none(quiet):
    log, bought, effect = quiet
    told = herd_of(log, np.where(bought, 0.97, 0.0))
    _sums(told, log)
    assert effect.induced_count.sum() == 0
    assert told.measured and told.total_low == 0.0 and told.log_lift_low < 1.0
    hit = effect.bought_count > 0
    assert (told.induced_low[hit] <= 0.5).mean() > 0.85
    assert told.total_induced < 0.1 * bought.sum()


def test_missed_likes_do_not_pass_for_a_herd(quiet):
    log, bought, _ = quiet
    seen = np.random.default_rng(1).random(log.n) < 0.85
    told = herd_of(log, np.where(bought & seen, 0.97, 0.0))
    assert told.total_low == 0.0 and told.log_lift_low < 1.0


def test_a_herd_is_found_and_its_likes_lie_inside():
    true = told_sum = low = high = 0.0
    inside = []
    for seed in (1, 2):
        log, bought, effect = _world(replace(SPEC, herd=1.0, herd_shape="power", quality=0.03), seed)
        told = herd_of(log, np.where(bought, 0.97, 0.0))
        _sums(told, log)
        hit = np.flatnonzero(effect.bought_count)
        net = effect.net_induced[hit]
        true, told_sum = true + net.sum(), told_sum + told.total_induced
        low, high = low + told.total_low, high + told.total_high
        inside += ((told.induced_low[hit] <= net + 0.5) & (net - 0.5 <= told.induced_high[hit])).tolist()
        assert told.log_lift > 1.1
    assert low < true < high and told_sum > 0.2 * true
    assert np.mean(inside) > 0.7


def test_a_log_without_deliveries_claims_nothing(quiet):
    log, _, _ = quiet
    told = herd_of(log, np.zeros(log.n))
    _sums(told, log)
    assert not told.measured and not told.induced.any() and told.deliveries == 0
    assert (told.lift == 1.0).all()


def test_neither_parents_nor_authors_are_needed(quiet):
    log, bought, _ = quiet
    told = herd_of(replace(log, parent=None, author=None), np.where(bought, 0.97, 0.0))
    _sums(told, log)
    assert told.lift.shape == (1,) and told.shape[2:].sum() == 0  # no neighbours, no places
    by_author = herd_of(replace(log, parent=None), np.where(bought, 0.97, 0.0))
    assert by_author.lift.shape[0] == np.unique(log.author).size


def test_the_same_seed_gives_the_same_account(quiet):
    log, bought, _ = quiet
    p = np.where(bought, 0.97, 0.0)
    one, two = herd_of(log, p, 3), herd_of(log, p, 3)
    assert np.array_equal(one.induced_high, two.induced_high) and one.total_induced == two.total_induced


def test_heights_by_hand():
    rivals = np.array([0, 3, 3, 9])
    assert height(0, 3.0, rivals) == pytest.approx(np.log(4))
    assert height(1, 3.0, rivals) == pytest.approx(np.log1p(np.log(4)))
    # One above, two level: place 1 + 1 + 2 halves.
    assert height(2, 3.0, rivals) == pytest.approx(-np.log(3.0))
    assert height(3, 3.0, rivals) == pytest.approx(np.log1p(np.log(4)) - np.log(3.0))
    assert height(2, 10.0, rivals) == 0.0 and len(SHAPES) == 4


def test_before_counts_what_lies_below():
    values = np.array([5, 1, 4, 4, 9])
    assert [before(values, 1, 5, v) for v in (0, 2, 4, 5, 10)] == [0, 1, 1, 3, 4]


def test_counts_without_is_the_recursion(quiet):
    log, bought, _ = quiet
    seen = shocks(log, np.where(bought, 1.0, 0.0), 0)
    strengths = np.array([-0.5, 0.0, 0.4])
    hit = seen.hit
    mean, _ = counts_without(
        hit.target, log.at_ms, log.target_offsets(), seen.genuine, seen.group, seen.near, seen.near_offsets,
        hit.edges, strengths, 0,
    )  # fmt: skip
    offsets = log.target_offsets()
    for k, target in enumerate(hit.target[:5].tolist()):
        for s, strength in enumerate(strengths.tolist()):
            kept = 0.0
            for shown, row in enumerate(range(offsets[target], offsets[target + 1])):
                if seen.genuine[row] > 0:
                    kept += min(((1 + kept) / (1 + shown)) ** strength, 20.0) * seen.genuine[row]
            assert mean[k, s] == pytest.approx(kept)
    assert np.allclose(mean[:, 1], np.bincount(log.target, seen.genuine, log.n_targets)[hit.target])
