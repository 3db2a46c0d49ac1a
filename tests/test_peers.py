"""The peers do what their papers say: against plain twins on tiny logs, and on blocks planted by hand."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from itertools import combinations

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from benchmarks.peers import NAMES, Log, peer
from benchmarks.peers import __main__ as peers_main
from benchmarks.peers.catchsync import _cells
from benchmarks.peers.fraudar import _block
from benchmarks.peers.isolation_forest import features
from benchmarks.peers.log import log_of
from benchmarks.peers.midas_r import TICK_MS
from benchmarks.peers.pairs import CO_SELECTION, JACCARD, component_scores, neighbours, pair_scores, same_cell

from plaudit.model import DAY_MS, offsets_of

MINUTE = 60_000
RUNNABLE = [name for name in NAMES if name != "isolation_forest"]


def table(actor, target, at) -> pa.Table:
    names = {"actor_id": [f"a{k}" for k in actor], "target_id": [f"t{k}" for k in target], "at_ms": list(map(int, at))}
    return pa.table(names)


@pytest.fixture(scope="module")
def crowd() -> pa.Table:
    """Sixty people and forty targets at random; a ring of 24 on six targets of its own within half a minute each."""
    rng = np.random.default_rng(7)
    pairs = np.unique(rng.integers(0, 60, 900) * 40 + rng.integers(0, 40, 900))
    at = rng.integers(0, 20 * DAY_MS, pairs.size)
    ring, served = np.tile(np.arange(100, 124), 6), np.repeat(np.arange(100, 106), 24)
    when = (served - 99) * DAY_MS + rng.integers(0, MINUTE // 2, ring.size)
    order = rng.permutation(pairs.size + ring.size)
    actor = np.concatenate([pairs // 40, ring])[order]
    target = np.concatenate([pairs % 40, served])[order]
    return table(actor, target, np.concatenate([at, when])[order])


@pytest.fixture(scope="module")
def log(crowd) -> Log:
    return log_of(crowd)


@pytest.fixture(scope="module")
def ring(log, crowd) -> np.ndarray:
    sold = np.array([int(name[1:]) >= 100 for name in crowd["actor_id"].to_pylist()])
    return np.asarray(sold[log.row])


Near = Callable[[int, int], bool]


def ordered(one: int, other: int) -> tuple[int, int]:
    return (one, other) if one < other else (other, one)


def met(log: Log, near: Near) -> Counter[tuple[int, int]]:
    """Pairs of actors and how often they met, the plain way."""
    rows = range(log.n)
    pairs = ((i, j) for i, j in combinations(rows, 2) if log.target[i] == log.target[j] and near(i, j))
    return Counter(ordered(int(log.actor[i]), int(log.actor[j])) for i, j in pairs)


def components(edges: dict[tuple[int, int], float], n: int, members: int) -> np.ndarray:
    """Highest threshold at which each node's component is large enough, the plain way."""
    best = np.zeros(n)
    for level in sorted(set(edges.values())):
        part = list(range(n))
        for (i, j), weight in edges.items():
            if weight >= level:
                part = [part[i] if p == part[j] else p for p in part]
        size = Counter(part)
        best = np.array([level if size[part[k]] >= members else best[k] for k in range(n)])
    return best


def plain_scores(log: Log, edges: dict[tuple[int, int], float], near: Near, members: int) -> np.ndarray:
    top = components(edges, log.n_actors, members)
    out = np.zeros(log.n)
    for i, j in combinations(range(log.n), 2):
        if log.target[i] == log.target[j] and near(i, j):
            weight = edges.get(ordered(int(log.actor[i]), int(log.actor[j])), 0.0)
            out[i], out[j] = max(out[i], weight), max(out[j], weight)
    return np.asarray(np.minimum(out, top[log.actor]))


@pytest.mark.parametrize("name", RUNNABLE)
def test_every_peer_scores_every_like_and_always_the_same(name, log):
    asked = peer(name)
    found = asked.score(log)
    assert found.shape == (log.n,) and found.dtype == np.float64 and np.isfinite(found).all() and (found >= 0).all()
    assert np.array_equal(found, asked.score(log)) and asked.name and asked.paper
    with pytest.raises(KeyError, match="choose among"):
        peer("nobody")


@pytest.mark.parametrize("name", ["co_like", "synchrotrap", "copycatch"])
def test_a_naive_ring_ranks_first(name, log, ring):
    found = peer(name).score(log)
    # CopyCatch takes a ring's best targets, not all of them.
    assert (found[ring] > 0).mean() >= 5 / 6 and found[ring].mean() > 3 * found[~ring].mean()


def test_fraudar_finds_a_block_in_a_thin_background():
    rng = np.random.default_rng(4)
    pairs = np.unique(rng.integers(0, 300, 600) * 200 + rng.integers(0, 200, 600))
    block = (np.repeat(np.arange(300, 320), 10), np.tile(np.arange(200, 210), 20))
    actor, target = np.concatenate([pairs // 200, block[0]]), np.concatenate([pairs % 200, block[1]])
    log = log_of(table(actor, target, range(actor.size)))
    found = log.in_order(peer("fraudar").score(log))
    assert found[pairs.size :].min() > found[: pairs.size].max()


def test_scores_come_back_in_the_order_of_the_table(crowd, log, tmp_path):
    pq.write_table(crowd, tmp_path / "likes.parquet")
    assert peers_main.main("low_activity", str(tmp_path / "likes.parquet"), str(tmp_path / "out.npy")) == 0
    found = np.load(tmp_path / "out.npy")
    assert np.array_equal(found[log.row], peer("low_activity").score(log))
    assert log_of(table([0, 1, 2], [0, 0, 0], [3, 2, 1])).row.tolist() == [2, 1, 0]


def test_co_like_is_the_pairs_within_a_minute(log):
    def near(i, j):
        return abs(log.at_ms[i] - log.at_ms[j]) <= MINUTE

    edges = {pair: float(count) for pair, count in met(log, near).items() if count >= 2}
    assert len(edges) > 100
    assert np.allclose(peer("co_like").score(log), plain_scores(log, edges, near, 5))


def test_windowed_jaccard_is_what_it_says(log):
    def near(i, j):
        return log.at_ms[i] // DAY_MS == log.at_ms[j] // DAY_MS

    degree = log.actor_degree()
    counts = {pair: count for pair, count in met(log, near).items() if count >= 2}
    edges = {(i, j): c / (degree[i] + degree[j] - c) for (i, j), c in counts.items()}
    found = pair_scores(log, *same_cell(log, DAY_MS), JACCARD, 2, 4)
    assert np.allclose(found, plain_scores(log, edges, near, 4))


def test_co_selection_takes_the_better_of_both_published_measures(log):
    window, degree = 6 * 3_600_000, log.actor_degree()

    def near(i, j):
        return abs(log.at_ms[i] - log.at_ms[j]) <= window

    def weight(i: int, j: int, c: int) -> float:
        npmi = np.log(c * log.n / ((degree[i] + 500) * (degree[j] + 500))) / -np.log(c / log.n)
        return float(max(npmi / 0.55, c / (min(degree[i], degree[j]) + 10) / 0.4, 0.0))

    counts = {pair: count for pair, count in met(log, near).items() if count >= 2}
    edges = {(i, j): weight(i, j, c) for (i, j), c in counts.items()}
    found = pair_scores(log, *neighbours(log, window), CO_SELECTION, 2, 2)
    assert np.allclose(found, plain_scores(log, edges, near, 2))


def test_components_are_those_of_every_threshold():
    rng = np.random.default_rng(3)
    edges = {
        (int(i), int(j)): float(w)
        for i, j, w in zip(*rng.integers(0, 30, (2, 40)), rng.integers(1, 9, 40), strict=True)
        if i < j
    }
    left, right = (np.array([pair[k] for pair in edges], np.int32) for k in (0, 1))
    found = component_scores(left, right, np.array(list(edges.values())), 30, 4)
    assert np.array_equal(found, components(edges, 30, 4)) and 0 < (found > 0).sum() < 30


def test_the_low_activity_rule_counts_one_off_accounts():
    actor = [*range(25), 50, 50, *range(60, 70), 80]
    target = [0] * 25 + [0, 1] + [1] * 10 + [0]
    found = peer("low_activity").score(log_of(table(actor, target, range(len(actor)))))
    log = log_of(table(actor, target, range(len(actor))))
    once = log.actor_degree()[log.actor] == 1
    # 26 of 27 likes of the first target; the second has too few to count.
    assert np.allclose(found, np.where(once & (log.target == 0), 26 / 27, 0.0))


def test_fraudar_peels_as_the_plain_greedy_does(log, ring):
    order, by_actor = log.by_actor()
    by_target = offsets_of(log.target, log.n_targets)
    weight = 1.0 / np.log(log.target_degree() + 5.0)
    inside, density = _block(log.actor, log.target, order, by_actor, by_target, weight, np.ones(log.n, np.bool_))
    alive = {*(("a", int(k)) for k in set(log.actor)), *(("t", int(k)) for k in set(log.target))}
    best, kept = 0.0, set(alive)
    while alive:
        rows = [r for r in range(log.n) if ("a", int(log.actor[r])) in alive and ("t", int(log.target[r])) in alive]
        part = dict.fromkeys(alive, 0.0)
        for r in rows:
            for node in (("a", int(log.actor[r])), ("t", int(log.target[r]))):
                part[node] += float(weight[log.target[r]])
        now = sum(weight[log.target[r]] for r in rows) / len(alive)
        if now > best:
            best, kept = now, set(alive)
        alive.remove(min(alive, key=lambda node: part[node]))
    assert density == pytest.approx(best, rel=1e-6)
    plain = np.array(
        [("a", int(a)) in kept and ("t", int(t)) in kept for a, t in zip(log.actor, log.target, strict=True)]
    )
    assert (inside == plain).mean() > 0.98  # equal contributions may leave in another order


def test_catchsync_is_synchronicity_above_the_least_its_normality_allows(log):
    cell = _cells(log)
    share = np.bincount(cell) / cell.size
    m, background = share.size, float((np.bincount(cell) ** 2).sum()) / cell.size**2
    found = peer("catchsync").score(log)
    for actor in (0, 17, int(log.actor[np.argmax(found)])):
        mine = cell[log.target[log.actor == actor]]
        same = np.mean([a == b for a in mine for b in mine])
        normal = np.mean([share[a] for a in mine])
        least = (-m * normal**2 + 2 * normal - background) / (1 - m * background)
        wanted = max(same - least, 0.0) if mine.size >= 5 else 0.0
        assert np.allclose(found[log.actor == actor], wanted)


def test_midas_counts_this_hour_against_all_hours():
    at = np.array([0, 1, 5 * TICK_MS, 5 * TICK_MS + 1, 5 * TICK_MS + 2])
    log = log_of(table([0, 1, 2, 3, 4], [0, 1, 2, 2, 2], at))
    found = log.in_order(peer("midas_r").score(log))
    # The third like of the target in its sixth hour: three now, half a like an hour on average.
    assert found[-1] == pytest.approx((3 - 3 / 6) ** 2 * 36 / (3 * 5)) and found[0] == found[1] == 0


def test_features_of_accounts_are_finite_and_one_row_each(log):
    rows = features(log)
    assert rows.shape == (log.n_actors, 5) and np.isfinite(rows).all()
    assert np.allclose(np.exp(rows[:, 0]), log.actor_degree())


def test_an_absent_package_is_said_and_not_fatal():
    assert peer("isolation_forest").needs == "sklearn"
    if "sklearn" not in sys.modules:
        assert all(peer(name).needs == "" for name in RUNNABLE)
