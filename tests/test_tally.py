"""The tally: exact splits always, and intervals that hold the truth as often as they say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plaudit.detectors import Context
from plaudit.detectors.throwaway import DETECTOR as THROWAWAY
from plaudit.model import (
    LOG_FAMILIES,
    STATUSES,
    EventLog,
    Family,
    Findings,
    Floats,
    Ints,
    Status,
    SubjectKind,
    Verdicts,
)
from plaudit.tally import Tally, tally
from plaudit.tally.excess import possible_excess
from plaudit.verdict import weigh
from plaudit.verdict.evidence import sigmoid
from tests.worlds import START_MS, findings_of, log_of

GROUPS, PER_GROUP, TARGETS = 40, 60, 120


def _keeps_its_promises(log: EventLog, verdicts: Verdicts, counted: Tally) -> None:
    assert np.array_equal(counted.shown, counted.verified + counted.discounted + counted.undetermined)
    assert np.array_equal(counted.shown, np.bincount(log.target, minlength=log.n_targets))
    split = (counted.verified, counted.discounted, counted.undetermined)
    for status, column in zip((Status.VERIFIED, Status.DISCOUNTED, Status.UNDETERMINED), split, strict=True):
        assert column.dtype == np.int64
        assert column.sum() == (verdicts.status == STATUSES.index(status)).sum()
    tiny = 1e-9
    assert (counted.low >= -tiny).all()
    assert (counted.low <= counted.authentic + tiny).all()
    assert (counted.authentic <= counted.high + tiny).all()
    assert (counted.high <= counted.shown + tiny).all()
    assert -1e-6 <= counted.total_low <= counted.total + 1e-6 <= counted.total_high + 2e-6
    assert counted.total_high <= log.n + 1e-6
    untouched = np.bincount(log.target, verdicts.p_inauthentic, log.n_targets) == 0
    for bound in (counted.low, counted.authentic, counted.high):
        assert np.allclose(bound[untouched], counted.shown[untouched])
    assert np.isclose(counted.total, counted.authentic.sum())


def _same(one: Tally, two: Tally) -> bool:
    return all(np.array_equal(getattr(one, f.name), getattr(two, f.name)) for f in fields(Tally))


@given(
    st.lists(
        st.tuples(
            st.lists(st.integers(0, 79), min_size=1, max_size=40, unique=True).map(sorted),
            st.integers(1, 60),
            st.floats(0.01, 1.0),
            st.sampled_from([0.5, 1.0]),
            st.sampled_from(LOG_FAMILIES),
        ),
        max_size=5,
    ),
    st.integers(0, 3),
)
def test_the_split_is_exact_and_the_interval_in_order_whatever_was_found(
    drawn: list[tuple[list[int], int, float, float, Family]], seed: int
) -> None:
    log = log_of(np.arange(80), np.arange(80) % 7, START_MS + np.arange(80))
    findings = [
        findings_of([rows], [10.0**-k], detector=f"d{n}", family=family, share=share, certainty=certainty)
        for n, (rows, k, share, certainty, family) in enumerate(drawn)
    ]
    verdicts = weigh(log, findings)
    counted = tally(log, findings, verdicts, seed)
    _keeps_its_promises(log, verdicts, counted)
    assert _same(counted, tally(log, findings, verdicts, seed))


def _world(seed: int, weight: Floats, share: Floats) -> tuple[EventLog, list[Findings], Verdicts, Ints]:
    """Groups whose members were sent to some targets, verdicts on them, and which likes really were bought.

    Every group was an order with its posterior chance; if it was, each of its likes took part with its share.
    """
    rng = np.random.default_rng([seed, 17])
    target = np.sort(rng.integers(0, TARGETS, 6000))
    log = log_of(np.arange(target.size), target, START_MS + np.arange(target.size))
    rows: list[Ints] = []
    free = rng.permutation(log.n)
    for _ in range(GROUPS):
        here = np.isin(log.target[free], rng.choice(TARGETS, 5, replace=False))
        chosen = free[here][:PER_GROUP]
        free = rng.permutation(np.setdiff1d(free, chosen, assume_unique=True))
        rows.append(np.sort(chosen))
    shares: Sequence[Floats] = [np.full(len(r), share[k]) for k, r in enumerate(rows)]
    findings = [findings_of(rows, [1e-9] * GROUPS, share=shares)]
    verdicts = weigh(log, findings)
    # The evidence is set by hand, so that the chance of each group is known.
    family = np.zeros_like(verdicts.family_weight)
    own, part = np.zeros(log.n), np.zeros(log.n)
    bought = np.zeros(log.n, dtype=bool)
    deciding = np.full(log.n, -1, np.int32)
    for k, mine in enumerate(rows):
        family[0, mine], own[mine], part[mine] = weight[k], weight[k], share[k]
        deciding[mine] = k
        if rng.random() < sigmoid(weight[k]):
            bought[mine] = rng.random(mine.size) < share[k]
    p = np.where(deciding >= 0, sigmoid(own) * part, 0.0)
    given = {"evident": np.arange(log.n), "evident_weight": family}
    by_hand = {**vars(verdicts), **given, "share": part, "deciding": deciding, "p_inauthentic": p}
    return log, findings, Verdicts(**{**by_hand, "prior": 0.5}), np.flatnonzero(bought)


@pytest.mark.parametrize(
    ("weight", "share"),
    [((4.0, 9.0), (0.85, 1.0)), ((-1.0, 2.0), (0.6, 1.0)), ((3.0, 6.0), (0.2, 0.6))],
    ids=["sure", "unsure", "diluted"],
)
def test_nine_in_ten_intervals_hold_the_truth(weight: tuple[float, float], share: tuple[float, float]) -> None:
    held, totals, error = [], [], []
    for seed in range(30):
        rng = np.random.default_rng([seed, 3])
        log, findings, verdicts, bought = _world(
            seed, rng.uniform(*weight, GROUPS).astype(np.float32).astype(np.float64), rng.uniform(*share, GROUPS)
        )
        counted = tally(log, findings, verdicts, seed)
        _keeps_its_promises(log, verdicts, counted)
        truth = counted.shown - np.bincount(log.target[bought], minlength=TARGETS)
        touched = np.bincount(log.target[verdicts.deciding >= 0], minlength=TARGETS) > 0
        held.append((counted.low - 1e-9 <= truth) & (truth <= counted.high + 1e-9))
        held[-1] = held[-1][touched]
        totals.append(counted.total_low <= truth.sum() <= counted.total_high)
        error.append((counted.authentic - truth)[touched].mean() / counted.shown.mean())
    assert np.concatenate(held).mean() >= 0.85
    assert np.mean(totals) >= 0.75
    # Unbiased: over worlds, errors average out.
    assert abs(np.mean(error)) < 0.02


def test_likes_of_one_group_stand_or_fall_together() -> None:
    log = log_of(np.arange(400), np.repeat(np.arange(4), 100), START_MS + np.arange(400))
    rows = np.arange(0, 400, 2)
    findings = [findings_of([rows], [1e-9])]
    verdicts = weigh(log, findings)
    family = np.zeros_like(verdicts.family_weight)
    family[0, rows] = 0.0
    family[1, rows] = 1e-3
    even = Verdicts(**{**vars(verdicts), "evident": np.arange(400), "evident_weight": family, "prior": 0.5})
    counted = tally(log, findings, even, 0)
    # Even odds about the whole order: either none of the two hundred or nearly all of them.
    assert counted.total_high == pytest.approx(400, abs=1)
    assert counted.total_low == pytest.approx(200, abs=30)
    assert (counted.high == 100).all() and (counted.low < 60).all()


def test_a_declared_doubt_widens_the_interval_up_to_what_is_shown() -> None:
    log = log_of(np.arange(200), np.repeat([0, 1], 100), START_MS + np.arange(200))
    findings = [findings_of([np.arange(60)], [1e-300], certainty=0.5)]
    verdicts = weigh(log, findings)
    counted = tally(log, findings, verdicts, 0)
    assert counted.high[0] == 100 and counted.low[0] < 50
    assert (counted.low[1], counted.authentic[1], counted.high[1]) == (100, 100, 100)


def test_the_seed_moves_the_interval_only_by_the_noise_of_drawing() -> None:
    log, findings, verdicts, _ = _world(1, np.full(GROUPS, 1.0), np.full(GROUPS, 0.8))
    one, two = tally(log, findings, verdicts, 1), tally(log, findings, verdicts, 2)
    assert np.array_equal(one.authentic, two.authentic)
    assert abs(one.total_low - two.total_low) < 0.03 * log.n


def test_an_excess_too_weak_to_name_a_like_widens_the_count() -> None:
    targets = 300
    rng = np.random.default_rng(4)
    log = log_of(np.arange(targets * 40), np.repeat(np.arange(targets), 40), START_MS + np.arange(targets * 40) * 1000)
    # One target in ten has thirty one-off actors where eight are usual; no q-value is small enough to weigh.
    attacked = np.arange(targets) % 10 == 0
    p = np.where(attacked, 0.01 * rng.random(targets), rng.random(targets))
    found = findings_of(
        [np.arange(40 * t, 40 * t + 30) for t in range(targets)],
        p.tolist(),
        detector="throwaway",
        family=Family.ACCOUNT,
        kind=SubjectKind.TARGET,
        certainty=0.5,
        q_value=[1.0] * targets,
    )
    found = replace(
        found,
        statistic=np.where(attacked, 30.0, 8.0),
        expectation=np.full(targets, 8.0),
        support=np.full(targets, 40),
    )
    verdicts = weigh(log, [found])
    counted = tally(log, [found], verdicts, 0)
    assert (counted.verified == counted.shown).all()
    assert (counted.low[attacked] < 20).mean() > 0.9
    assert (counted.low[~attacked] == 40).all()
    assert (counted.high == 40).all()


def _drips(seed: int, attacked: float, reuse: float) -> tuple[EventLog, Ints]:
    """Targets of all sizes with newcomers of their own, a share of them sold a drip; and how many of each were bought.

    Sellers use an account again for a share ``reuse`` of their likes.
    """
    rng = np.random.default_rng([seed, 31])
    targets = 600
    size = np.exp(rng.normal(3.4, 0.8, targets)).astype(np.int64) + 5
    target = np.repeat(np.arange(targets), size)
    newcomer = rng.random(target.size) < rng.beta(4.5, 25.5, targets)[target]
    regulars = (900 * rng.random(target.size) ** 2).astype(np.int64)
    actor = np.where(newcomer, 1000 + np.arange(target.size), regulars)
    sold = np.where(rng.random(targets) < attacked, rng.integers(30, 200, targets), 0)
    order = np.repeat(np.arange(targets), sold)
    fresh = 10**6 + np.arange(order.size)
    again = rng.random(order.size) < reuse
    fresh[again] = 10**6 + rng.integers(0, max(order.size, 1), int(again.sum()))
    target, actor = np.concatenate([target, order]), np.concatenate([actor, fresh])
    _, first = np.unique(actor * targets + target, return_index=True)
    target, actor = target[first], actor[first]
    at = START_MS + (rng.random(target.size) * 30 * 86_400_000).astype(np.int64)
    rows = np.lexsort((at, target))
    bought = np.bincount(target[actor >= 10**6], minlength=targets)
    names = np.unique(actor[rows], return_inverse=True)[1]
    return log_of(names, target[rows], at[rows]), bought


@pytest.mark.parametrize(("attacked", "reuse"), [(0.02, 0.0), (0.1, 0.1), (0.25, 0.0)])
def test_drips_by_throw_away_accounts_are_inside_the_interval(attacked: float, reuse: float) -> None:
    held, width, spared = [], [], []
    for seed in range(3):
        log, bought = _drips(seed, attacked, reuse)
        findings = [THROWAWAY.find(log, Context(log, 0))]
        counted = tally(log, findings, weigh(log, findings), 0)
        assert (counted.discounted == 0).all()
        true = counted.shown - bought
        held.append((counted.low <= true + 1e-9)[bought > 0])
        width.append(((counted.high - counted.low) / counted.shown)[bought == 0])
        spared.append((counted.high == counted.shown).mean())
    # One side of the interval gives the benefit of the doubt, so only the other can miss.
    assert np.concatenate(held).mean() > 0.8
    assert np.mean(spared) > 0.95
    assert np.median(np.concatenate(width)) < 0.05


def test_accounts_that_served_twice_are_counted_with_those_that_served_once() -> None:
    log, bought = _drips(5, 0.1, 0.3)
    findings = [THROWAWAY.find(log, Context(log, 0))]
    once = np.bincount(log.actor)[log.actor] == 1
    seen = np.bincount(log.target[once], minlength=bought.shape[0])
    found = possible_excess(log, findings, np.zeros(log.n, bool))
    sold = np.flatnonzero(bought[found.target] >= 50)
    at = found.target[sold]
    # More than all one-offs of these targets together: what came with them is in it.
    assert (seen[at] < bought[at]).mean() > 0.8
    assert found.likes[sold].sum() == pytest.approx(bought[at].sum(), rel=0.2)


def test_accounts_that_work_off_several_orders_in_one_visit_are_counted() -> None:
    log, bought = _drips(7, 0.0, 0.0)
    rng = np.random.default_rng(8)
    # Two hundred genuine newcomers like two things in the one visit they pay, a pair of targets each.
    own = np.argsort(rng.random((200, log.n_targets)), axis=1)[:, :2]
    # Forty new accounts each for ten pairs of targets, both within the minute: none has a single like.
    pairs = rng.choice(np.flatnonzero(np.bincount(log.target) >= 20), (10, 2), replace=False)
    actor = log.n_actors + np.repeat(np.arange(600), 2)
    target = np.concatenate([*(np.tile(pair, 40) for pair in pairs), own.ravel()])
    at = np.repeat(rng.integers(log.at_ms.min(), log.at_ms.max(), 600), 2) + np.tile([0, 60_000], 600)
    actor, target, at = (np.concatenate(both) for both in ((log.actor, actor), (log.target, target), (log.at_ms, at)))
    rows = np.lexsort((at, target))
    log = log_of(actor[rows], target[rows], at[rows])
    findings = [THROWAWAY.find(log, Context(log, 0))]
    counted = tally(log, findings, weigh(log, findings), 0)
    served = np.isin(np.arange(log.n_targets), pairs)
    # Forty were bought on each: the low end is about there, or below.
    assert bought.sum() == 0 and (counted.low <= counted.shown - 35)[served].mean() >= 0.9
    assert (counted.high == counted.shown)[served].all()
    assert np.median(((counted.high - counted.low) / counted.shown)[~served]) < 0.02
