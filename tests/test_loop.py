"""The closed loop: same ground, same readers; what differs is what was done."""

from __future__ import annotations

import numpy as np
import pytest

import plaudit
from plaudit.errors import InputError
from plaudit.kernels.visits import SHAPES, herd_factor, play_visits, play_visits_plainly, uniform, visible_count
from plaudit.model import HOUR_MS
from plaudit.testing.loop import (
    KINDS,
    RANKERS,
    Board,
    Defence,
    LoopSpec,
    Order,
    compare,
    events,
    found,
    newcomers_share,
    pick_orders,
    places_per_100_yuan,
    play,
    standing,
    truth,
)

SMALL = LoopSpec(posts=6, visits=9_000, comments=12)


@pytest.fixture(scope="module")
def ground():
    return found(SMALL, 5)


def test_a_ground_is_its_seed(ground):
    again, other = found(SMALL, 5), found(SMALL, 6)
    for name in ("visit_ms", "visit_actor", "visit_depth", "comment_born_ms", "quality", "comment_author"):
        assert np.array_equal(getattr(ground, name), getattr(again, name))
        assert not np.array_equal(getattr(ground, name), getattr(other, name))


def test_nobody_visits_a_post_twice_and_comments_follow_their_post(ground):
    pairs = ground.visit_post.astype(np.int64) * ground.n_actors + ground.visit_actor
    assert np.unique(pairs).size == pairs.size == SMALL.visits
    assert (np.diff(ground.visit_ms) >= 0).all()
    assert (ground.comment_born_ms >= ground.post_born_ms[ground.comment_post]).all()
    assert (np.diff(ground.comment_post) >= 0).all()


def test_the_kernel_is_its_plain_twin():
    rng = np.random.default_rng(3)
    n, posts = 400, 3
    at = np.sort(rng.integers(1_000, 90_000, n))
    post = rng.integers(0, posts, n).astype(np.int32)
    bought = np.where(rng.random(n) < 0.1, rng.integers(0, 9, n), -1).astype(np.int32)
    depth = rng.integers(1, 5, n).astype(np.int32)
    quality = rng.random(9) * 0.3
    orders = [[2, 0, 1], [5, 4, 3], [8, 6, 7]]
    counts = [np.zeros(9, np.int64) for _ in range(5)]
    row, comment = np.zeros(2_000, np.int64), np.zeros(2_000, np.int32)
    for shape in range(len(SHAPES)):
        for count in counts:
            count[:] = 0
        filled, _ = play_visits(
            0, n, at, post, bought, depth, np.concatenate(orders).astype(np.int32), np.array([0, 3, 6, 9]),
            np.zeros(9, np.int64), quality,
            counts[0], counts[1], counts[2], counts[3], counts[4], 7, 0.0, 0.4, shape, 0, 0, row, comment, 0,
            np.zeros(0, np.int64), np.zeros(0, np.int32), 0,
        )  # fmt: skip
        told = play_visits_plainly(at, post, bought, depth, orders, quality, 7, 0.4, shape)
        assert list(zip(row[:filled].tolist(), comment[:filled].tolist(), strict=True)) == told
        assert counts[0].sum() == filled > 100


def test_uniform_is_uniform_and_depends_on_each_argument():
    draws = np.array([uniform(1, visit, comment) for visit in range(200) for comment in range(50)])
    assert abs(draws.mean() - 0.5) < 0.01 and abs(draws.var() - 1 / 12) < 0.003
    assert len({uniform(a, b, c) for a in (1, 2) for b in (1, 2) for c in (1, 2)}) == 8


def test_herd_shapes_agree_at_the_first_like():
    # Saturation passes one third of its way at the first like: the same step.
    for shape in range(len(SHAPES)):
        assert herd_factor(shape, 0.32, 0.0) == 1.0
        assert herd_factor(shape, 0.32, 1.0) == pytest.approx(1.32)
        assert herd_factor(shape, 0.0, 99.0) == 1.0


def test_what_is_shown_of_a_count():
    hour = HOUR_MS
    assert [visible_count(mode, 137, 37, hour, 2 * hour) for mode in range(5)] == [137, 0, 100, 0, 100]
    assert visible_count(3, 137, 37, 3 * hour, 2 * hour) == 137 and visible_count(2, 9, 0, hour, hour) == 0
    assert visible_count(2, 1000, 0, hour, hour) == 1000


def test_without_herd_and_with_a_ranker_that_does_not_count_nothing_is_induced(ground):
    spec = LoopSpec(posts=6, visits=9_000, comments=12, herd=0)
    quiet = found(spec, 5)
    orders = pick_orders(quiet, "machine", count=4, seed=1)

    def oldest(board: Board):
        return board.age_h

    effect = compare(play(quiet, ranker=oldest, orders=orders), play(quiet, ranker=oldest))
    assert effect.bought_count.sum() > 100
    assert effect.induced_count.sum() == 0 and effect.lost_count.sum() == 0 and not effect.gained.any()


def test_bought_likes_draw_likes_and_places(ground):
    orders = pick_orders(ground, "machine", count=6, seed=1, likes=150)
    attacked, clean = play(ground, orders=orders), play(ground)
    effect = compare(attacked, clean)
    hit = [order.comment for order in orders]
    assert effect.net_induced[hit].sum() > 0 and effect.gained[hit].sum() > 5
    assert np.array_equal(attacked.genuine, effect.organic_count + effect.induced_count)
    assert effect.yuan == pytest.approx(sum(order.likes for order in orders) * KINDS["machine"].yuan)
    assert places_per_100_yuan(effect, attacked) > 0
    told = truth(attacked, effect)
    assert told["bought"].to_numpy().sum() == attacked.bought.sum()
    with pytest.raises(InputError, match="same ground"):
        compare(attacked, attacked)


def test_accounts_of_a_pool_come_back_and_never_twice_to_a_comment(ground):
    orders = pick_orders(ground, "machine", count=6, seed=1, likes=100)
    run = play(ground, orders=orders)
    pairs = run.actor[run.bought].astype(np.int64) * ground.n_comments + run.comment[run.bought]
    assert np.unique(pairs).size == pairs.size
    assert run.actor[run.bought].min() >= ground.n_actors
    assert np.unique(run.actor[run.bought]).size < 0.5 * run.bought.sum()


@pytest.mark.parametrize("kind", KINDS)
def test_deliveries_have_the_length_that_is_sold(ground, kind):
    order = Order(0, 80, kind, start_h=3)
    run = play(ground, orders=[order])
    at = run.at_ms[run.bought]
    begin = ground.comment_born_ms[0] + 3 * HOUR_MS
    assert at.min() >= begin and at.max() <= begin + order.duration_h * HOUR_MS
    assert KINDS[kind].hours[0] <= order.duration_h <= KINDS[kind].hours[1]


def test_a_defence_takes_likes_off_the_rank_not_off_the_page(ground):
    orders = pick_orders(ground, "machine", count=6, seed=1, likes=200)
    honest = RANKERS["honest rank"]
    blind = play(ground, ranker=honest, orders=orders)
    seeing = play(ground, ranker=honest, orders=orders, defence=Defence(1.0, 0.0, 0.5))
    assert seeing.regret < blind.regret
    assert np.array_equal(seeing.purchased, blind.purchased)


def test_every_ranker_beats_shuffling_and_the_honest_one_all_in_peace():
    ground = found(LoopSpec(posts=15, visits=30_000), 1)

    def shuffled(board: Board):
        return np.random.default_rng(1).random(board.post.shape[0])

    regret = {name: play(ground, ranker=ranker).regret for name, ranker in RANKERS.items()}
    worst = play(ground, ranker=shuffled).regret
    assert all(value < worst for value in regret.values())
    assert min(regret, key=lambda name: regret[name]) == "honest rank"
    assert 0.5 < newcomers_share(play(ground, ranker=RANKERS["honest rank"])) < 1.5


def test_the_log_is_what_an_audit_reads(ground):
    run = play(ground, orders=pick_orders(ground, "crowd", count=3, seed=1), views=True)
    table = events(run)
    audit = plaudit.audit(table)
    targets = audit.tables["targets"]
    shown = dict(zip(targets["target_id"].to_pylist(), targets["shown"].to_pylist(), strict=True))
    assert all(shown[f"c{number}"] == likes for number, likes in enumerate(run.likes.tolist()))
    posts = dict(zip(targets["target_id"].to_pylist(), targets["parent_id"].to_pylist(), strict=True))
    assert all(posts[f"c{number}"] == f"p{post}" for number, post in enumerate(ground.comment_post.tolist()))
    assert targets["born_ms"].to_pylist() == [ground.comment_born_ms[int(t[1:])] for t in posts]
    assert events(run, views=True).num_rows == table.num_rows + run.seen_ms.size
    genuine = run.exposures - run.purchased
    assert np.array_equal(np.bincount(run.seen_comment, minlength=ground.n_comments), genuine)
    with pytest.raises(InputError, match="kept no views"):
        events(play(ground), views=True)


def test_standing_likes_are_in_the_order_of_the_contract(ground):
    log, bought = standing(play(ground, orders=pick_orders(ground, "crowd", count=3, seed=1)))
    assert (np.diff(log.target) >= 0).all() and bought.sum() > 0
    assert ((np.diff(log.at_ms) >= 0) | (np.diff(log.target) > 0)).all()
    assert log.parent is not None and log.parent.shape == (log.n_targets,)


@pytest.mark.parametrize(
    ("what", "match"),
    [
        (lambda g: LoopSpec(posts=0), "posts between"),
        (lambda g: LoopSpec(herd_shape="odd"), "herd_shape from"),
        (lambda g: LoopSpec(posts=500, visits=200), "do not reach"),
        (lambda g: found(SMALL, -1), "seed"),
        (lambda g: Order(0, 0), "at least one like"),
        (lambda g: Order(0, 5, "gold"), "sold as"),
        (lambda g: Defence(1.5), "recall"),
        (lambda g: play(g, orders=[Order(10**6, 5)]), "no comment"),
    ],
)
def test_what_cannot_be_is_refused(ground, what, match):
    with pytest.raises(InputError, match=match):
        what(ground)
