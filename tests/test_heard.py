"""Likes that readers can have given are heard; a burst is not, unless the row goes on to be liked as much."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from plaudit.kernels.heard import (
    heard_by_stretch,
    heard_by_stretch_plainly,
    most_drawn,
    spread_between,
    unheard_by_row,
)
from plaudit.model import HOUR_MS, SubjectKind
from plaudit.tally.boards import audited, unheard_likes
from plaudit.tally.heard import unheard, unheard_by_class, unheard_strictest, unheard_together
from plaudit.testing.loop.hearing import Hearing


@pytest.mark.parametrize("spread", [0.02, 0.5, 2.0])
def test_the_bound_is_close_to_the_exact_quantile(spread):
    for mean in (0.01, 0.3, 2.0, 20.0, 300.0):
        size = 1.0 / spread
        exact = stats.nbinom.ppf(0.99, size, size / (size + mean))
        assert abs(most_drawn(mean, spread) - max(exact, 1.0)) <= 1.0 + 0.15 * exact
    assert most_drawn(0.0, spread) == 0.0


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000))
def test_the_kernel_is_its_plain_twin_and_hears_no_more_than_came(seed):
    rng = np.random.default_rng(seed)
    likes = rng.poisson(rng.gamma(0.7, 3.0, (8, 12))).astype(float)
    likes[0, rng.integers(12)] += 200.0
    looks = likes + rng.integers(0, 60, likes.shape).astype(float)
    beside = rng.poisson(0.3, likes.shape) * rng.integers(0, 2, likes.shape).astype(float)
    own = float(rng.integers(0, 2))
    told = heard_by_stretch(likes, beside, looks, 1.2, 12.0, 0.1, own)
    for one, other in zip(told, heard_by_stretch_plainly(likes, beside, looks, 1.2, 12.0, 0.1, own), strict=True):
        assert np.allclose(one, other)
    heard, seen = told
    assert (heard <= likes).all() and (heard >= 0).all() and (seen >= 0).all() and (seen <= looks).all()
    assert heard[0].sum() < likes[0].sum() - 100


def _one_by_one(table: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Row and part of each like of a table, rows ascending."""
    filled = np.nonzero(table)
    row, part = (np.repeat(axis, table[filled]) for axis in filled)
    return row, part


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([1, 12, 300]))
def test_likes_as_they_come_are_heard_as_their_table_is(seed, parts):
    rng = np.random.default_rng(seed)
    likes = rng.poisson(rng.gamma(0.7, 3.0, (9, parts)) * rng.choice([0.02, 1.0, 20.0], (9, 1)))
    beside = rng.poisson(0.3, likes.shape) * rng.integers(0, 2, likes.shape)
    looks, share = rng.gamma(2.0, 30.0, 9), rng.dirichlet(np.ones(parts))
    (row, part), (other, also) = _one_by_one(likes), _one_by_one(beside)
    told = unheard_by_row(row.astype(np.int32), part.astype(np.int32), other, also, looks, share, 1.2, 0.5, 0.1)
    for mine, others in zip(told, (beside, np.zeros(beside.shape)), strict=True):
        heard, _ = heard_by_stretch(likes.astype(float), others.astype(float), np.outer(looks, share), 1.2, 0.5, 0.1, 0)
        assert np.allclose(mine, (likes - heard).sum(axis=1))


def test_steady_rows_are_heard_and_so_is_a_row_of_many_likes():
    rng = np.random.default_rng(2)
    looks = np.full((400, 32), 50.0)
    likes = rng.binomial(50, np.repeat(rng.uniform(0.01, 0.8, 400)[:, None], 32, axis=1)).astype(float)
    heard, _ = heard_by_stretch(likes, np.zeros(likes.shape), looks, 1.0, 3.0, spread_between(likes, looks), 1.0)
    assert heard.sum() > 0.99 * likes.sum()


def test_the_spread_is_the_one_of_the_rows():
    rng = np.random.default_rng(3)
    looks = np.full((3_000, 32), 1.0)
    for spread in (0.1, 0.5):
        likes = rng.poisson(20.0 * rng.gamma(1 / spread, spread, looks.shape)).astype(float)
        assert spread_between(likes, looks) == pytest.approx(spread, rel=0.3)
    assert spread_between(np.zeros((3, 4)), np.zeros((3, 4))) > 0


def _world(rng: np.random.Generator, targets: int = 200, days: int = 10):
    born = rng.integers(0, 3 * 24 * HOUR_MS, targets)
    count = rng.poisson(rng.gamma(1.0, 30.0, targets)) + 3
    target = np.repeat(np.arange(targets), count)
    at = born[target] + (rng.exponential(24.0, target.size) * HOUR_MS).astype(np.int64)
    kept = at < days * 24 * HOUR_MS
    return born.astype(float), target[kept], at[kept], days * 24 * HOUR_MS


def test_bursts_are_not_heard_and_readers_are():
    rng = np.random.default_rng(4)
    born, target, at, now = _world(rng)
    before = unheard(target, at, born, now)
    assert before.sum() < 0.05 * target.size
    burst = (born[7] + 30 * HOUR_MS + rng.integers(0, HOUR_MS // 2, 100)).astype(np.int64)
    after = unheard(np.append(target, np.full(100, 7)), np.append(at, burst), born, now)
    assert after[7] > before[7] + 85
    assert np.abs(np.delete(after - before, 7)).sum() < 0.01 * target.size
    # As slow as readers are: all of it is heard, as nothing tells it from them.
    slow = (born[7] + rng.exponential(24.0, 100) * HOUR_MS).astype(np.int64)
    slow = slow[slow < now]
    assert unheard(np.append(target, np.full(slow.size, 7)), np.append(at, slow), born, now)[7] < before[7] + 10


def test_nothing_is_said_of_a_target_whose_birth_is_unknown():
    born = np.array([np.nan, 0.0])
    told = unheard(np.zeros(50, np.int64), np.full(50, 1_000), born, 10_000_000)
    assert told.tolist() == [0.0, 0.0]
    assert unheard(np.zeros(0, np.int64), np.zeros(0, np.int64), born, 1).tolist() == [0.0, 0.0]


def test_a_burst_is_heard_once_the_row_goes_on_like_that():
    rng = np.random.default_rng(5)
    rows = 30
    told, likes, looks = Hearing(rows), np.zeros(rows), np.zeros(rows)

    def pass_by(rate: np.ndarray, rounds: int, extra: int = 0) -> None:
        nonlocal likes, looks
        for _ in range(rounds):
            likes = likes + rng.binomial(20, rate)
            looks = looks + 20
            likes[0], looks[0] = likes[0] + extra, looks[0] + extra
            told.hear(likes, looks)

    usual = np.full(rows, 0.06)
    pass_by(usual, 40)
    assert told.heard.sum() > 0.97 * likes.sum()
    was = told.heard[0]
    pass_by(usual, 4, extra=50)
    assert told.heard[0] < was + 40 < likes[0]
    loved = usual.copy()
    loved[1] = 0.5
    pass_by(loved, 200)
    assert told.heard[1] > 0.95 * likes[1]


def test_readers_of_all_kinds_are_heard_and_hands_of_one_kind_are_not():
    rng = np.random.default_rng(6)
    elsewhere = np.floor(rng.lognormal(2.0, 1.2, 12_000)).astype(np.int64)
    target = rng.integers(0, 300, elsewhere.size)
    before = unheard_by_class(target, elsewhere, 301)
    assert before.sum() < 0.02 * target.size and before[300] == 0
    hands = np.append(target, np.full(120, 7)), np.append(elsewhere, np.full(120, 3))
    after = unheard_by_class(*hands, 301)
    assert after[7] > 90 and np.delete(after, 7).sum() < 0.02 * target.size
    # As many likes from people of all kinds are a success.
    liked = np.append(target, np.full(120, 7)), np.append(elsewhere, rng.choice(elsewhere, 120))
    assert unheard_by_class(*liked, 301)[7] < 40


def test_a_log_whose_accounts_are_of_one_kind_compares_nobody():
    target = np.repeat([0, 1, 2], [500, 20, 1])
    assert not unheard_by_class(target, np.zeros(521, np.int64), 3).any()
    assert not unheard_by_class(np.zeros(0, np.int64), np.zeros(0, np.int64), 2).any()


def test_the_voice_of_a_group_is_worth_the_chance_that_it_is_one():
    none = np.zeros(2)
    likes = (np.array([0, 0, 0, 1]), np.array([2, 2, 1, 2]), np.array([0, 0, 1, -1]), np.array([0.4, 0.6, 0.98, 0.3]))
    known = audited(np.array([9.0, 9.0]), np.array([1.0, 0.0]), np.array([2.0, 1.0]), none, none, likes)
    assert np.allclose(known.whole.voices, [0.5 + 0.02, 0.0])
    assert known.whole.grouped.tolist() == [2.0, 0.0] and known.whole.undetermined.tolist() == [0.0, 1.0]
    larger, smaller = known.given(np.array([0, 1]))
    assert larger.likes.tolist() == [2.0, 0.0] and np.allclose(larger.voice, [0.5, 0.0])
    assert smaller.discounted.tolist() == [1.0, 0.0] and np.allclose(smaller.voice, [0.02, 0.0])


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 3)), min_size=1, max_size=80))
def test_a_group_has_one_voice_in_all_and_another_like_never_takes_from_its_target(rows):
    target, group = np.array(rows).T
    likes = (target, np.full(target.size, 2), group, np.zeros(target.size))
    size = np.full(6, 9.0)
    known = audited(size, size * 0, size * 0, size * 0, size * 0, likes)
    voices = np.zeros((4, 6))
    for one in known.given(np.arange(6)):
        voices[one.group] = one.voice
    assert np.allclose((voices**2).sum(axis=1)[np.unique(group)], 1.0)
    assert np.allclose(voices.sum(axis=0), known.whole.voices)
    more = target[-1:], np.array([2]), group[-1:], np.zeros(1)
    wider = tuple(np.append(column, one) for column, one in zip(likes, more, strict=True))
    again = audited(size, size * 0, size * 0, size * 0, size * 0, wider)  # type: ignore[arg-type]
    assert again.whole.voices[target[-1]] >= known.whole.voices[target[-1]] - 1e-12


def test_who_comes_to_everything_tells_less_about_each():
    nothing = np.zeros(16)
    likes = (np.repeat(np.arange(16), 5), np.full(80, 2), np.zeros(80, np.int64), np.full(80, 0.2))
    assert np.allclose(audited(nothing, nothing, nothing, nothing, nothing, likes).whole.voices, 0.8 / 4)


def test_a_cohort_nobody_suspects_is_heard_as_one_voice_and_its_neighbours_as_they_were():
    rng = np.random.default_rng(11)
    born, target, at, now = _world(rng)
    elsewhere, size = rng.integers(0, 900, target.size), born.size
    came = np.repeat([5, 6, 7, 8], 24)
    moment = (born[came] + 30 * HOUR_MS + rng.integers(0, 20 * HOUR_MS, came.size)).astype(np.int64)
    all_targets, n = np.append(target, came), target.size + came.size
    member = np.arange(n) >= target.size
    share = np.where(member, 0.2 * rng.uniform(0.9, 1.0, n), 0.0)
    share[:10], member_of = 0.02, np.where(member, 0, -1)  # ordinary likes of the same moments
    member_of[:10] = 0
    log: Any = SimpleNamespace(
        actor=np.append(elsewhere, 900 + np.tile(np.arange(24), 4)), target=all_targets, at_ms=np.append(at, moment),
        born_ms=born, end_ms=now, n_actors=924, n_targets=size,
    )  # fmt: skip
    verdicts: Any = SimpleNamespace(
        status=np.zeros(n, np.int8), group=np.full(n, -1), p_inauthentic=0.4 * share, share=share,
        deciding=member_of.astype(np.int32), weight=np.array([4.0]),
    )  # fmt: skip
    one: Any = _Told(SubjectKind.GROUP)
    before = unheard_likes(log, [replace(one, subject_kind=SubjectKind.TARGET)], verdicts)
    after = unheard_likes(log, [one], verdicts)
    assert (after[5:9] >= 23).all()  # of 24 on each of four targets half a voice is left
    other = np.delete(np.arange(size), [5, 6, 7, 8])
    assert np.abs(before - after)[other].sum() < 0.01 * target.size  # the spread of this log is told without them
    silent: Any = SimpleNamespace(**{**vars(verdicts), "weight": np.zeros(1)})
    assert np.array_equal(unheard_likes(log, [one], silent), before)


@dataclass(frozen=True)
class _Told:
    """One finding: what it is about, and how far innocence was shut out."""

    subject_kind: SubjectKind
    certainty: np.ndarray = field(default_factory=lambda: np.array([0.2]))

    def __len__(self) -> int:
        return 1


def test_a_group_bought_for_a_rival_takes_one_like_less_than_its_coming_would():
    rng = np.random.default_rng(12)
    born, target, at, now = _world(rng)
    elsewhere = rng.integers(0, 900, target.size)
    for where in range(3, 20):
        own = np.flatnonzero(target == where)
        if own.size < 8:
            continue
        # As many as came to its loudest hour come once more, as a group.
        moment = np.full(6, np.median(at[own]).astype(np.int64))
        wider = np.append(target, np.full(6, where)), np.append(at, moment), np.append(elsewhere, np.zeros(6, np.int64))
        grouped = np.arange(wider[0].size) >= target.size
        alone = unheard_strictest(target, at, elsewhere, born, now)
        beside = unheard_strictest(*wider, born, now, grouped)
        near = (np.abs(at[own] - moment[0]) < 6 * HOUR_MS).sum()
        assert beside[where] - alone[where] <= max(near - 1, 0)


def test_of_hands_alike_that_come_at_once_hardly_one_is_heard():
    rng = np.random.default_rng(8)
    born, target, at, now = _world(rng)
    elsewhere = np.floor(rng.lognormal(2.0, 1.2, target.size)).astype(np.int64)
    before = unheard_together(target, at, elsewhere, born, now)
    assert before.sum() < 0.05 * target.size
    order = rng.permutation(target.size)
    assert np.array_equal(before, unheard_together(target[order], at[order], elsewhere[order], born, now))
    moment = (born[7] + 30 * HOUR_MS + rng.integers(0, HOUR_MS // 12, 60)).astype(np.int64)
    wider = np.append(target, np.full(60, 7)), np.append(at, moment)
    hands = unheard_together(*wider, np.append(elsewhere, np.full(60, 3)), born, now)[7] - before[7]
    crowd = unheard_together(*wider, np.append(elsewhere, rng.choice(elsewhere, 60)), born, now)[7] - before[7]
    assert hands >= 56 and crowd < hands - 8


def test_the_strictest_of_the_three_questions_answers() -> None:
    rng = np.random.default_rng(3)
    target, at = rng.integers(0, 40, 4_000), rng.integers(0, 90_000_000, 4_000)
    elsewhere, born = rng.geometric(0.05, 4_000), rng.integers(0, 10_000_000, 40).astype(np.float64)
    at[:300], elsewhere[:300], target[:300] = 50_000_000, 2, 7
    each = (
        unheard(target, at, born, 90_000_000),
        unheard_by_class(target, elsewhere, 40),
        unheard_together(target, at, elsewhere, born, 90_000_000),
    )
    told = unheard_strictest(target, at, elsewhere, born, 90_000_000)
    assert np.array_equal(told, np.max(each, axis=0)) and told[7] > 100
    # Likes by target, as a log has them, are not sorted again: the answer is that of any order.
    order = np.argsort(target, kind="stable")
    assert np.array_equal(unheard_strictest(target[order], at[order], elsewhere[order], born, 90_000_000), told)
    alike = np.zeros_like(elsewhere)
    assert np.array_equal(unheard_strictest(target, at, alike, born, 90_000_000), each[0])


def test_what_fills_a_stretch_beside_a_group_is_not_heard_twice():
    rng = np.random.default_rng(10)
    born, target, at, now = _world(rng)
    elsewhere = np.floor(rng.lognormal(2.0, 1.2, target.size)).astype(np.int64)
    # Forty hands at once, of whom a verdict puts thirty-five into a group.
    moment = int(born[7] + 30 * HOUR_MS)
    hands = (moment + rng.integers(0, HOUR_MS // 6, 40)).astype(np.int64)
    target, at = np.append(target, np.full(40, 7)), np.append(at, hands)
    elsewhere = np.append(elsewhere, rng.choice(elsewhere, 40))
    grouped = np.append(np.zeros(target.size - 40, np.bool_), np.arange(40) < 35)
    free = np.flatnonzero(~grouped)
    alone = unheard_strictest(target[free], at[free], elsewhere[free], born, now)
    beside = unheard_strictest(target, at, elsewhere, born, now, grouped)
    assert beside[7] >= alone[7] + 1 and np.array_equal(np.delete(alone, 7), np.delete(beside, 7))
    # Only what came where the group came: the forty's other five and what else that hour held.
    there = (target == 7) & (np.abs(at - moment) < 4 * HOUR_MS) & ~grouped
    assert beside[7] <= alone[7] + there.sum()
    assert np.array_equal(beside, np.rint(beside))
    # Groups on targets nobody else likes, and logs of nothing else, say nothing.
    only = unheard_strictest(target, at, elsewhere, born, now, np.ones(target.size, np.bool_))
    assert not only.any()
