"""Who meets whom: each fast kernel gives what its plain twin gives by definition, and its work stays bounded."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy import special, stats

from plaudit.kernels.coaction import (
    chance_meetings,
    chance_meetings_plain,
    closest_pairs,
    crowd,
    crowd_plain,
    meetings_apart,
    meetings_apart_plain,
    repeated_pairs,
    repeated_pairs_plain,
    within_budget,
)
from plaudit.kernels.overlap import may_be_rare, most_telling, shared_actors, shared_actors_plain
from plaudit.model import Ints, offsets_of

TIMES = st.integers(0, 40)


@st.composite
def likes(draw: Any, actors: int = 6, targets: int = 4) -> tuple[Ints, Ints, Ints]:
    """``(target, at, actor)`` sorted by target and time, an actor once per target."""
    pairs = draw(st.dictionaries(st.tuples(st.integers(0, targets - 1), st.integers(0, actors - 1)), TIMES, min_size=1))
    rows = sorted((target, at, actor) for (target, actor), at in pairs.items())
    target, at, actor = (np.array(column, np.int64) for column in zip(*rows, strict=True))
    return target, at, actor


@given(likes(), st.integers(0, 15))
def test_crowd_is_what_its_definition_says(rows: tuple[Ints, Ints, Ints], window: int) -> None:
    target, at, _ = rows
    assert np.array_equal(crowd(target.astype(np.int32), at, window), crowd_plain(target, at, window))


@given(likes(), st.integers(0, 15), st.integers(0, 2**20), st.integers(0, 30))
def test_repeated_pairs_loses_none_and_invents_none(
    rows: tuple[Ints, Ints, Ints], window: int, mask: int, apart: int
) -> None:
    target, at, actor = rows
    usable = (mask >> (np.arange(at.size) % 20)) & 1 == 1
    plain = repeated_pairs_plain(target, at, actor, usable, window, apart)
    key, left, right = repeated_pairs(target.astype(np.int32), at, actor.astype(np.int32), usable, window, apart, 6)
    found: dict[tuple[int, int], set[tuple[int, int]]] = {}
    for k, i, j in zip(key.tolist(), left.tolist(), right.tolist(), strict=True):
        found.setdefault((k // 6, k % 6), set()).add((i, j))
    assert sum(len(meetings) for meetings in found.values()) == key.size
    assert found == plain


@given(st.lists(st.lists(st.integers(0, 60), max_size=8).map(sorted), min_size=1, max_size=6), st.integers(1, 25))
def test_meetings_apart_counts_the_most_that_fit(meetings: list[list[int]], apart: int) -> None:
    start = np.concatenate([[0], np.cumsum([len(times) for times in meetings])]).astype(np.int64)
    time = np.array([at for times in meetings for at in times], np.int64)
    assert meetings_apart(start, time, apart).tolist() == meetings_apart_plain(meetings, apart)


@st.composite
def _habits(draw: Any) -> list[dict[int, tuple[float, float, float]]]:
    """Per actor: (age, null mass, window) by target. Multiples of an eighth, so that both ways round alike."""
    eighth = st.integers(0, 80).map(lambda n: n / 8)
    like = st.tuples(eighth, st.integers(0, 8).map(lambda n: n / 8), eighth)
    return draw(st.lists(st.dictionaries(st.integers(0, 4), like, min_size=1), min_size=2, max_size=4))  # type: ignore[no-any-return]


@given(_habits())
def test_chance_meetings_is_what_its_definition_says(habits: list[dict[int, tuple[float, float, float]]]) -> None:
    rows = [(u, target, *habits[u][target]) for u in range(len(habits)) for target in sorted(habits[u])]
    actor = np.array([row[0] for row in rows])
    age, mass, width = (np.array([row[k] for row in rows]) for k in (2, 3, 4))
    pairs = [(u, v) for u in range(len(habits)) for v in range(u + 1, len(habits))]
    fast = chance_meetings(
        np.array([u for u, _ in pairs]),
        np.array([v for _, v in pairs]),
        offsets_of(actor, len(habits)),
        np.array([row[1] for row in rows], np.int32),
        age,
        mass,
        age[np.lexsort((age, actor))],
        width,
    )
    np.testing.assert_allclose(fast, chance_meetings_plain(pairs, habits))


@given(
    st.lists(st.dictionaries(st.integers(0, 7), TIMES, max_size=8), min_size=1, max_size=7),
    st.integers(0, 20),
    st.integers(0, 40),
)
def test_shared_actors_is_what_its_definition_says(members: list[dict[int, int]], least: int, width: int) -> None:
    entries = [(k, actor, at) for k, mine in enumerate(members) for actor, at in sorted(mine.items())]
    of, actor, at = (np.array([entry[k] for entry in entries], np.int64) for k in range(3))
    by_actor = np.lexsort((of, actor))
    i, j, shared = shared_actors(
        offsets_of(of, len(members)),
        actor,
        at,
        offsets_of(actor[by_actor], 8),
        of[by_actor],
        at[by_actor],
        least,
        least + width,
    )
    found = dict(zip(zip(i.tolist(), j.tolist(), strict=True), shared.tolist(), strict=True))
    assert len(found) == i.size
    assert found == shared_actors_plain(members, least, least + width)
    i, j, shared = shared_actors(
        offsets_of(of, len(members)), actor, at, offsets_of(actor[by_actor], 8), of[by_actor], at[by_actor], least,
        least + width, 3,
    )  # fmt: skip
    often = {pair: count for pair, count in found.items() if count >= 3}
    assert dict(zip(zip(i.tolist(), j.tolist(), strict=True), shared.tolist(), strict=True)) == often


@given(
    pair=st.lists(st.tuples(st.integers(1, 40), st.integers(0, 30), st.integers(0, 30)), min_size=1, max_size=20),
    reach=st.lists(st.floats(0.0, 1.0), min_size=2, max_size=2),
    log_level=st.floats(-80, 0),
)
def test_no_rare_pair_is_left_out_before_its_tail_is_known(
    pair: list[tuple[int, int, int]], reach: list[float], log_level: float
) -> None:
    shared = np.array([x for x, _, _ in pair], np.int64)
    often = shared + np.array([[more, other] for _, more, other in pair]).T
    sets = np.arange(len(pair), dtype=np.int64)
    both, chances = np.concatenate([often[0], often[1]]), np.repeat(reach, len(pair))
    table = special.gammaln(np.arange(int(both.max()) + 1) + 1.0)
    kept = may_be_rare(sets, sets + len(pair), shared, both, chances, table, log_level)
    tail = np.maximum(
        stats.binom.logsf(shared - 1, often[1], reach[0]), stats.binom.logsf(shared - 1, often[0], reach[1])
    )
    assert kept[tail <= log_level].all()
    if log_level == 0.0:
        assert kept.all()


def test_shared_actors_outgrows_its_first_buffer() -> None:
    sets = 150
    of, actor = np.repeat(np.arange(sets), 2), np.tile([0, 1], sets)
    at = np.arange(of.size) * 10
    by_actor = np.lexsort((of, actor))
    i, j, shared = shared_actors(
        offsets_of(of, sets), actor, at, offsets_of(actor[by_actor], 2), of[by_actor], at[by_actor], 0, 1 << 40
    )
    assert i.size == sets * (sets - 1) // 2 > 4096
    assert np.all(shared == 2) and np.all(i < j)


def test_repeated_pairs_outgrows_its_first_buffer() -> None:
    actors, targets = 40, 20
    target, actor = np.repeat(np.arange(targets, dtype=np.int32), actors), np.tile(np.arange(actors), targets)
    at = np.zeros(target.size, np.int64)
    key, left, right = repeated_pairs(target, at, actor.astype(np.int32), np.ones(at.size, bool), 0, 0, actors)
    assert key.size == targets * actors * (actors - 1) // 2
    assert np.all(target[left] == target[right]) and np.all(left < right)


@given(st.lists(st.integers(0, 30), min_size=1, max_size=60), st.integers(0, 500))
def test_the_budget_keeps_the_quietest_moments(others: list[int], budget: int) -> None:
    crowds = np.array(others)
    usable = within_budget(crowds, budget)
    # A quieter moment is never left out while a busier one stays; moments without company cost nothing.
    assert not usable.any() or crowds[usable].max() < crowds[~usable].min(initial=1 << 40)
    assert usable[crowds == 0].all()
    assert crowds[usable].sum() // 2 <= budget


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(1, 9)), min_size=1, max_size=50), st.integers(1, 6))
def test_most_telling_keeps_each_actors_smallest_sets(rows: list[tuple[int, int]], limit: int) -> None:
    actor, size = (np.array(column) for column in zip(*rows, strict=True))
    keep = most_telling(actor, size, limit)
    for u in np.unique(actor):
        mine = actor == u
        assert (keep & mine).sum() == min(limit, mine.sum())
        assert size[keep & mine].max() <= size[~keep & mine].min(initial=99)


def test_two_hundred_thousand_likes_in_an_hour_cost_no_more_pairs_than_the_budget() -> None:
    rng = np.random.default_rng(0)
    at = np.sort(rng.integers(0, 3_600_000, 200_000))
    target = np.zeros(at.size, np.int32)
    others = crowd(target, at, 60_000)
    assert others.min() > 2_000
    usable = within_budget(others, 40 * at.size)
    pairs = int(crowd(target[usable], at[usable], 60_000).sum()) // 2
    assert pairs <= 40 * at.size
    key, _, _ = repeated_pairs(target, at, rng.permutation(at.size).astype(np.int32), usable, 60_000, 0, at.size)
    # Everybody met everybody at most once.
    assert key.size == 0


def test_an_actor_who_likes_everything_keeps_few_memberships() -> None:
    sets = np.arange(200_000)
    keep = most_telling(np.zeros(sets.size, np.int64), sets % 977 + 1, 400)
    assert keep.sum() == 400


def test_two_thousand_actors_on_the_same_two_thousand_targets_cost_no_more_than_the_budget() -> None:
    rng = np.random.default_rng(1)
    actors = targets = 2000
    target = np.repeat(np.arange(targets, dtype=np.int32), actors)
    at = np.sort(rng.integers(0, 86_400_000, (targets, actors)), axis=1).ravel()
    usable = within_budget(crowd(target, at, 60_000), 40 * at.size)
    assert int(crowd(target[usable], at[usable], 60_000).sum()) // 2 <= 40 * at.size
    keep = most_telling(np.tile(np.arange(actors), targets), np.full(at.size, actors), 400)
    assert np.bincount(np.tile(np.arange(actors), targets)[keep]).max() == 400


def test_of_too_many_pairs_each_actor_keeps_those_it_met_most() -> None:
    first, second = (one.astype(np.int64) for one in np.triu_indices(200, 1))
    rng = np.random.default_rng(6)
    met, at = rng.integers(2, 9, first.size), rng.permutation(first.size)
    cost = np.full(first.size, 10)
    assert closest_pairs(first, second, met, at, cost, int(cost.sum())).all()
    kept = closest_pairs(first, second, met, at, cost, int(cost.sum()) // 10)
    assert cost[kept].sum() <= cost.sum() // 10 and kept.sum() > 200
    degree = np.bincount(np.concatenate([first[kept], second[kept]]), minlength=200)
    assert degree.min() >= 5, "nobody loses all"
    assert met[kept].mean() > met.mean() + 2
    # What is kept does not depend on what the actors are called.
    name = rng.permutation(200)
    low, high = np.minimum(name[first], name[second]), np.maximum(name[first], name[second])
    order = np.lexsort((high, low))
    again = closest_pairs(low[order], high[order], met[order], at[order], cost[order], int(cost.sum()) // 10)
    assert np.array_equal(again, kept[order])
