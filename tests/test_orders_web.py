"""All pairs of gatherings, as they are kept: the same in pieces and at once, and what is read off them."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from plaudit.detectors.orders import web
from plaudit.detectors.orders.gatherings import Gatherings
from plaudit.detectors.orders.web import overlaps, spin
from plaudit.detectors.rhythm import Episodes
from plaudit.kernels.lookup import place_among_plain
from plaudit.kernels.overlap import pairs_inside, shared_by_label, sums_by_set

EVER_MS = 1 << 62


def _gatherings(seed: int, sets: int = 40, actors: int = 60) -> tuple[Gatherings, list[set[int]]]:
    rng = np.random.default_rng([seed, 91])
    crowds = [np.sort(rng.choice(actors, rng.integers(3, 12), replace=False)) for _ in range(sets)]
    size = np.array([crowd.size for crowd in crowds])
    actor = np.concatenate(crowds).astype(np.int32)
    offsets = np.concatenate([[0], np.cumsum(size)])
    never, none = np.zeros(sets, bool), np.zeros(sets)
    episodes = Episodes(np.arange(sets), offsets[:-1], offsets[1:] - 1, size, none + 1.0, none, size, never, never)
    gathering = np.repeat(np.arange(sets, dtype=np.int32), size)
    activity = np.bincount(actor, minlength=actors) + 3
    rows = np.arange(actor.size, dtype=np.int32)
    g = Gatherings(episodes, offsets, rows, gathering, actor, gathering.astype(np.int64), activity, 3 * actor.size)
    return g, [set(crowd.tolist()) for crowd in crowds]


@pytest.mark.parametrize("seed", range(3))
def test_a_web_found_in_pieces_is_the_web_by_definition(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    g, crowds = _gatherings(seed)
    every = {(a, b): len(crowds[a] & crowds[b]) for a, b in combinations(range(len(g)), 2) if crowds[a] & crowds[b]}
    whole = spin(g, 60, 1, EVER_MS)
    monkeypatch.setattr(web, "_PIECE", 50)
    parts = spin(g, 60, 1, EVER_MS)
    i, j, shared, mean = parts.of(np.arange(len(parts)))
    assert dict(zip(zip(i.tolist(), j.tolist(), strict=True), shared.tolist(), strict=True)) == every
    assert np.allclose(mean, g.chance[i] * g.chance[j])
    for name in ("offsets", "j", "shared", "told"):
        assert np.array_equal(getattr(whole, name), getattr(parts, name))
    flat = overlaps(g, 60, 1, EVER_MS)
    assert all(np.array_equal(a, b) for a, b in zip(flat, (i, j, shared), strict=True))
    some = overlaps(g, 60, 1, EVER_MS, 7)
    assert all(np.array_equal(a, b[i < 7]) for a, b in zip(some, flat, strict=True))
    for least in (len(g) // 3, len(g)):
        asked = np.arange(len(g)) >= least
        few = overlaps(g, 60, 1, EVER_MS, among=asked)
        assert all(np.array_equal(a, b[asked[i] & asked[j]]) for a, b in zip(few, flat, strict=True))


@pytest.mark.parametrize("seed", range(3))
def test_pairs_within_are_those_with_both_ends_inside(seed: int) -> None:
    g, _ = _gatherings(seed)
    whole = spin(g, 60, 1, EVER_MS)
    rng = np.random.default_rng([seed, 92])
    judged = replace(whole, log_q=-rng.random(whole.told.size).astype(np.float32))
    i, j, shared, mean = judged.of(np.arange(len(judged)))
    log_q = np.zeros(len(judged), np.float32)
    log_q[judged.told] = judged.log_q
    assert np.array_equal(judged.told, np.flatnonzero(shared > 1))
    for members in (np.arange(0), np.sort(rng.choice(len(g), 9, replace=False)), np.arange(len(g))):
        own = judged.within(members)
        inside = np.isin(i, members) & np.isin(j, members)
        for name, column in (("i", i), ("j", j), ("shared", shared), ("mean", mean), ("log_q", log_q)):
            assert np.array_equal(getattr(own, name), column[inside]), name


def test_kernels_over_a_web_do_what_they_say() -> None:
    g, _ = _gatherings(5)
    whole = spin(g, 60, 1, EVER_MS)
    i, j, shared, mean = whole.of(np.arange(len(whole)))
    edge = np.quantile(mean.astype(np.float64), [0.3, 0.6])
    expected, variance = np.array([1.0, 2.0, 4.0]), np.array([0.5, 1.5, 2.5])
    found = sums_by_set(whole.offsets, whole.j, whole.shared, whole.chance, web.LEAST_MEAN, edge, expected, variance)
    home = place_among_plain(mean, np.asarray(edge, np.float64))
    for sums, value in zip(found, (shared, expected[home], variance[home]), strict=True):
        assert np.allclose(sums, np.bincount(i, value, len(g)) + np.bincount(j, value, len(g)))
    label = np.arange(12) % 3
    row = np.full(len(g), -1)
    row[np.arange(12) * 2] = np.arange(12)
    by_label = shared_by_label(whole.offsets, whole.j, whole.shared, row, label, 3)
    plain = np.zeros((12, 3), int)
    for a, b, count in zip(row[i].tolist(), row[j].tolist(), shared.tolist(), strict=True):
        if a >= 0 and b >= 0:
            plain[a, label[b]] += count
            plain[b, label[a]] += count
    assert np.array_equal(by_label, plain)
    inside = row >= 0
    rows, first = pairs_inside(whole.offsets, whole.j, np.flatnonzero(inside), inside)
    assert np.array_equal(rows, np.flatnonzero(inside[i] & inside[j])) and np.array_equal(first, i[rows])


def test_more_shared_actors_than_16_bits_hold_are_counted() -> None:
    people = 1 << 16
    actor = np.tile(np.arange(people + 1, dtype=np.int32), 2)
    gathering = np.repeat(np.arange(2, dtype=np.int32), people + 1)
    size = np.full(2, people + 1)
    none, never = np.zeros(2), np.zeros(2, bool)
    offsets = np.array([0, people + 1, 2 * people + 2])
    episodes = Episodes(np.arange(2), offsets[:-1], offsets[1:] - 1, size, none, none, size, never, never)
    rows = np.arange(actor.size, dtype=np.int32)
    activity = np.full(people + 1, 2)
    g = Gatherings(episodes, offsets, rows, gathering, actor, gathering.astype(np.int64), activity, actor.size)
    assert spin(g, people + 1, 1, EVER_MS).of(np.arange(1))[2].tolist() == [people + 1]
