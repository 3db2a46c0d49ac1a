"""Communities of links: what holds together, and the same answer in every thread."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from plaudit.detectors.links import cluster
from plaudit.model import Ints


def _clique(first: int, size: int) -> tuple[Ints, Ints]:
    i, j = np.triu_indices(size, 1)
    return (i + first).astype(np.int64), (j + first).astype(np.int64)


def _random(seed: int) -> tuple[Ints, Ints]:
    i, j = np.random.default_rng(seed).integers(0, 80, (2, 200))
    return i[i != j], j[i != j]


def test_by_density_a_group_that_is_the_whole_graph_is_not_split() -> None:
    i, j = _clique(0, 30)
    some = np.random.default_rng(0).random(i.size) < 0.5
    found = cluster(30, i[some], j[some], np.ones(int(some.sum())), 0, least_density=0.1)
    assert [part.tolist() for part in found] == [list(range(30))]


def test_by_density_groups_with_few_links_between_them_stay_apart() -> None:
    (a, b), (c, d) = _clique(0, 20), _clique(20, 15)
    i, j = np.concatenate([a, c, [0, 1, 2]]), np.concatenate([b, d, [20, 21, 22]])
    found = cluster(35, i, j, np.ones(i.size), 0, least_density=0.1)
    assert sorted(part.tolist() for part in found) == [list(range(20)), list(range(20, 35))]


def test_communities_are_the_same_in_any_thread_and_leave_the_shared_randomness_alone() -> None:
    i, j = _random(1)
    weight = np.ones(i.size)
    random.seed(5)
    before = random.getstate()
    wanted = [part.tolist() for part in cluster(80, i, j, weight, 3)]
    assert random.getstate() == before
    for _ in range(5):
        with ThreadPoolExecutor(max_workers=1) as other:
            found = other.submit(cluster, 80, i, j, weight, 3).result()
        assert [part.tolist() for part in found] == wanted
