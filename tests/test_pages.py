"""Pages over time: traits by hand, what is kept without a purchase, and strengths that were planted."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from plaudit.kernels.pages import TRAITS, fill_pages, page_traits, pages_without
from plaudit.kernels.shown import pages_shown
from plaudit.kernels.visits import SHOWN
from plaudit.model import HOUR_MS, EventLog
from plaudit.tally.herd import herd_of
from plaudit.tally.pages import cut_pages, readers
from plaudit.tally.what_if import WAYS
from plaudit.testing.loop import KINDS, LoopSpec, Ranker, compare, found, pick_orders, play, standing
from plaudit.testing.loop.rankers import newest, raw_likes

SPEC = LoopSpec(visits=60_000, posts=20)
NONE = np.zeros((0, 3), np.int64)


def _world(spec: LoopSpec, seed: int, ranker: Ranker) -> tuple[EventLog, np.ndarray, np.ndarray]:
    ground = found(spec, seed)
    orders = [o for k, kind in enumerate(KINDS) for o in pick_orders(ground, kind, count=8, seed=k)]
    orders = list({o.comment: o for o in orders}.values())
    attacked, clean = play(ground, ranker=ranker, orders=orders), play(ground, ranker=ranker)
    effect = compare(attacked, clean)
    log, bought = standing(attacked)
    return log, bought, np.where(effect.bought_count > 0, effect.net_induced, 0)


def test_traits_by_hand():
    count, born = np.array([4.0, 9.0, 4.0, 0.0]), np.array([0, HOUR_MS, 2 * HOUR_MS, 9 * HOUR_MS])
    out = np.empty((4, len(TRAITS)))
    page_traits(count, born, 3 * HOUR_MS, out)
    # Nine likes first, then the earlier of two equals; the fourth is not out yet.
    assert np.allclose(np.exp(-out[:3, 0]), [2, 1, 3])
    assert np.allclose(np.exp(-out[:3, 1]), [3, 2, 1])
    # (5 / 5^1.8, 10 / 4^1.8, 5 / 3^1.8)
    assert np.allclose(np.exp(-out[:3, 2]), [3, 1, 2])
    assert np.allclose(out[:, 3], np.log1p(count)) and np.allclose(out[:, 4], np.log1p(np.log1p(count)))


def test_a_page_without_a_purchase_is_what_it_was():
    ground = found(SPEC, 3)
    log, _ = standing(play(ground))
    cut = cut_pages(log, np.ones(log.n), np.unique(ground.comment_post).astype(np.int64), NONE)
    assert cut.likes.sum() == log.n
    strength = np.random.default_rng(1).normal(0, 1, (3, len(TRAITS)))
    mean, variance = pages_without(
        cut.member, cut.member_offsets, cut.edges, cut.edge_offsets, log.born_ms, cut.likes, cut.likes, cut.traits,
        strength,
    )  # fmt: skip
    shown = np.diff(log.target_offsets())[cut.member]
    assert np.allclose(mean, shown[:, None]) and np.allclose(variance, 0.0)


def test_pages_shown_otherwise_agree_with_pages_as_they_were():
    log, bought, _ = _world(SPEC, 5, raw_likes)
    genuine = np.where(bought, 0.05, 1.0)
    cut = cut_pages(log, genuine, np.arange(SPEC.posts), NONE)
    shape = (cut.member, cut.member_offsets, cut.edges, cut.edge_offsets)
    given, _, _ = fill_pages(*shape, log.at_ms, log.target_offsets(), 1.0 - genuine, log.born_ms)
    rng = np.random.default_rng(1)
    strength, expected = rng.normal(0, 0.3, (3, len(TRAITS))), cut.likes * rng.uniform(0.8, 1.2, cut.likes.size)
    rest = (log.born_ms, cut.likes, given, expected, cut.traits, strength)
    as_it_was, without = pages_shown(*shape, *rest, SHOWN.index("raw"), False)
    assert np.allclose(as_it_was, np.bincount(cut.who, cut.likes, cut.member.size)[:, None])
    assert np.allclose(without, pages_without(*shape, log.born_ms, cut.likes, expected, cut.traits, strength)[0])
    # What neither orders nor shows takes nothing and draws nothing.
    honest, clean = pages_shown(*shape, *rest, SHOWN.index("raw"), True)
    assert np.allclose(honest, clean)
    # Whatever is shown, readers give what they gave.
    for way in ("hidden", "bucket"):
        other, _ = pages_shown(*shape, *rest, SHOWN.index(way), False)
        assert np.allclose(other.sum(axis=0), as_it_was.sum(axis=0)) and not np.allclose(other, as_it_was)


def test_a_number_that_is_not_shown_draws_less():
    log, bought, _ = _world(SPEC, 1, raw_likes)
    ways = {one.way: one for one in herd_of(log, np.where(bought, 0.97, 0.0)).shown}
    assert list(ways) == list(WAYS)
    raw, hidden, honest = ways["raw"], ways["hidden"], ways["honest"]
    assert hidden.drawn[0] < 0.7 * raw.drawn[0] and hidden.late[0] > 1.05 and abs(honest.drawn[0]) < 0.05
    assert 0 < hidden.places[0] < raw.places[0] and abs(honest.places[0]) < 0.5
    # Intervals reach to the log as it was: how much was the number's, one log hardly tells.
    for one in (hidden, ways["bucket"]):
        assert all(o[1] <= min(o[0], r[0]) and o[2] >= max(o[0], r[0]) for o, r in zip(
            (one.drawn, one.places, one.late), (raw.drawn, raw.places, raw.late), strict=True))  # fmt: skip
    calm, _, _ = _world(SPEC, 1, newest)
    assert herd_of(calm, np.zeros(calm.n)).shown == ()


def test_the_order_a_page_is_read_in_is_told():
    for ranker, by_count in ((raw_likes, True), (newest, False)):
        ground = found(SPEC, 4)
        log, _ = standing(play(ground, ranker=ranker))
        told = readers(cut_pages(log, np.ones(log.n), np.arange(SPEC.posts), NONE))
        assert told.by_count is by_count
        assert told.strength[0 if by_count else 1] > 0.2


@pytest.mark.parametrize("herd", [0.0, 0.32])
def test_what_a_place_draws_is_found_where_likes_decide_it(herd):
    true = told_sum = low = high = 0.0
    for seed in (1, 2):
        log, bought, net = _world(replace(SPEC, herd=herd), seed, raw_likes)
        told = herd_of(log, np.where(bought, 0.97, 0.0))
        assert told.paged and told.log_lift > 1.1
        hit = np.flatnonzero(np.bincount(log.target, bought, log.n_targets))
        true, told_sum = true + net[hit].sum(), told_sum + told.total_induced
        low, high = low + told.total_low, high + told.total_high
        held = (told.induced_low[hit] <= np.maximum(net[hit], 0) + 0.5) & (net[hit] - 0.5 <= told.induced_high[hit])
        assert held.mean() > 0.6
    assert 0.5 * true < told_sum < 1.7 * true and low < 1.3 * true and high > 0.7 * true
