"""The verdict: evidence that cannot be inflated, caps that hold, and nobody discounted on timing alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate

from plaudit.kernels.tails import log_evidence
from plaudit.model import LOG_FAMILIES, STATUSES, EventLog, Family, Findings, Status, Verdicts
from plaudit.verdict import DISCOUNT_AT, UNDETERMINED_AT, weigh
from plaudit.verdict.evidence import CAPS, SIGNIFICANT, logit, sigmoid
from plaudit.verdict.weigh import NAMED_AT
from tests.worlds import START_MS, findings_of, log_of

N = 1000
VERIFIED, DISCOUNTED, UNDETERMINED = (
    STATUSES.index(s) for s in (Status.VERIFIED, Status.DISCOUNTED, Status.UNDETERMINED)
)
CERTAIN = 1e-300


def _log(n: int = N) -> EventLog:
    """``n`` likes on ten targets; what they are is up to the findings."""
    return log_of(np.arange(n), np.arange(n) % 10, START_MS + np.arange(n) * 1000)


def _weigh(*findings: Findings, n: int = N) -> Verdicts:
    return weigh(_log(n), findings)


def _some(family: Family, rows: Any, p: float = CERTAIN, **more: Any) -> Findings:
    return findings_of([np.asarray(rows)], [p], family=family, **more)


# --- what a p-value is worth


def test_a_p_values_weight_averages_at_most_one_under_the_null() -> None:
    def value(u: float) -> float:
        return float(np.exp(log_evidence(np.array([u]))[0]))

    # Only significant p-values weigh; the rest of an e-value's mean of one is given away.
    for top in (SIGNIFICANT, 0.01, 1e-4):
        # In ln p, because most of the integral lies at p far too small for an ordinary grid.
        mass, _ = integrate.quad(lambda x: value(np.exp(x)) * np.exp(x), -650, np.log(top), limit=500)
        assert mass == pytest.approx((top - 1) / np.log(top), abs=0.003)
        assert mass < 1
    u = np.random.default_rng(1).random(200_000)
    weighs = u <= SIGNIFICANT
    assert np.exp(log_evidence(u[weighs])).sum() / u.size < 1


@given(st.floats(0.0, 1.0), st.floats(0.0, 1.0))
def test_smaller_p_values_weigh_more_and_none_weighs_less_than_nothing(a: float, b: float) -> None:
    low, high = log_evidence(np.sort([a, b]))
    assert low >= high >= 0
    assert np.isfinite(low)
    q = min(a, b)
    if 0 < q < 0.3:
        assert low <= max(0.0, -np.log(q) - 1 - np.log(-np.log(q))) + 1e-9, "above the bound for p-values"


@given(st.floats(1e-11, 1 - 1e-11))
def test_log_odds_and_chance_undo_each_other(p: float) -> None:
    assert float(sigmoid(logit(p))) == pytest.approx(p, rel=1e-6)


# --- caps and families


@pytest.mark.parametrize("family", LOG_FAMILIES)
def test_no_family_says_more_than_its_cap(family: Family) -> None:
    rows = np.arange(100)
    verdicts = _weigh(findings_of([rows, rows, rows], [CERTAIN] * 3, family=family))
    said = verdicts.family_weight[LOG_FAMILIES.index(family)]
    assert said.max() == pytest.approx(CAPS[family])
    assert verdicts.family_weight.sum(axis=0).max() == pytest.approx(CAPS[family])
    assert verdicts.caps == {f.value: CAPS[f] for f in LOG_FAMILIES}


@given(st.lists(st.integers(0, N - 1), min_size=1, max_size=60, unique=True), st.randoms(use_true_random=False))
def test_what_is_said_of_some_likes_is_what_is_said_of_all_of_them(named: list[int], random: Any) -> None:
    half = max(1, len(named) // 2)
    verdicts = _weigh(_some(Family.AUDIENCE, np.sort(named)), _some(Family.TIMING, np.sort(named[:half]), 1e-6))
    every, some = verdicts.family_weight, np.array(random.sample(range(N), 200))
    assert every.shape == (len(LOG_FAMILIES), N)
    assert np.array_equal(verdicts.evident, np.sort(named))
    assert np.array_equal(np.flatnonzero(every.any(axis=0)), np.sort(named))
    assert np.array_equal(verdicts.weight_of(some), every[:, some])
    silent = np.setdiff1d(np.arange(N), named)
    assert not verdicts.p_inauthentic[silent].any() and (verdicts.deciding[silent] == -1).all()
    assert (verdicts.status[silent] == VERIFIED).all() and not verdicts.share[silent].any()


def test_of_a_log_without_findings_nothing_is_said() -> None:
    verdicts = _weigh()
    assert verdicts.evident.shape == (0,) and not verdicts.family_weight.any()
    assert (verdicts.status == VERIFIED).all() and (verdicts.deciding == -1).all()


def test_evidence_of_one_family_never_adds_up() -> None:
    rows = np.arange(100)
    p = 1e-4
    once = _weigh(_some(Family.AUDIENCE, rows, p))
    often = _weigh(
        *(findings_of([rows] * 4, [p] * 4, family=Family.AUDIENCE, detector=name) for name in ("orders", "another"))
    )
    assert np.array_equal(once.p_inauthentic, often.p_inauthentic)
    assert np.array_equal(once.family_weight, often.family_weight)


def test_evidence_of_different_families_does() -> None:
    rows = np.arange(50)
    who, when = _some(Family.AUDIENCE, rows, 1e-3), _some(Family.TIMING, rows, CERTAIN, detector="burst")
    alone, both = _weigh(who), _weigh(who, when)
    assert both.family_weight[:, 0].sum() == pytest.approx(alone.family_weight[:, 0].sum() + CAPS[Family.TIMING])
    assert both.p_inauthentic[0] > alone.p_inauthentic[0]


@pytest.mark.parametrize(
    "families", [{Family.TIMING}, {Family.ACCOUNT}, {Family.CONTEXT}, {Family.TIMING, Family.ACCOUNT}]
)
@pytest.mark.parametrize("likes", [20, 300, 900])
def test_when_alone_what_account_alone_and_where_alone_never_discount(families: set[Family], likes: int) -> None:
    verdicts = _weigh(*(_some(f, np.arange(likes), detector=f.value) for f in families))
    assert not (verdicts.status == DISCOUNTED).any()


@pytest.mark.parametrize("family", [Family.AUDIENCE, Family.SYNCHRONY])
def test_who_came_back_together_discounts(family: Family) -> None:
    verdicts = _weigh(_some(family, np.arange(50)))
    assert (verdicts.status[:50] == DISCOUNTED).all()
    assert (verdicts.status[50:] == VERIFIED).all()
    assert (verdicts.p_inauthentic[50:] == 0).all()


def test_a_declared_doubt_is_never_discounted() -> None:
    rows = np.arange(200)
    verdicts = _weigh(*(_some(f, rows, certainty=0.5, detector=f.value) for f in LOG_FAMILIES))
    assert not (verdicts.status == DISCOUNTED).any()
    assert (verdicts.status[rows] == UNDETERMINED).all()


def test_what_is_not_significant_weighs_nothing() -> None:
    verdicts = _weigh(findings_of([np.arange(100)], [1e-9], q_value=[2 * SIGNIFICANT]))
    assert (verdicts.weight == 0).all()
    assert (verdicts.p_inauthentic == 0).all()
    assert (verdicts.status == VERIFIED).all()


# --- the prior


@pytest.mark.parametrize("share", [0.001, 0.01, 0.05, 0.2])
def test_the_prior_follows_what_was_planted(share: float) -> None:
    n = 20_000
    bought = int(share * n)
    verdicts = _weigh(_some(Family.AUDIENCE, np.arange(bought)), n=n)
    assert verdicts.prior == pytest.approx(share, rel=0.1)


def test_the_prior_counts_what_took_part_not_what_stood_near() -> None:
    n = 20_000
    verdicts = _weigh(_some(Family.AUDIENCE, np.arange(2000), share=0.5), n=n)
    assert verdicts.prior == pytest.approx(0.05, rel=0.15)


def test_without_evidence_hardly_anything_was_bought() -> None:
    verdicts = _weigh(_some(Family.AUDIENCE, np.arange(2000), 0.9), n=20_000)
    assert verdicts.prior <= 1e-3
    assert weigh(_log(), []).prior <= 1e-3


# --- everything at once


@st.composite
def _findings(draw: Any) -> list[Findings]:
    """What any detectors might say about sixty likes."""
    out = []
    for number in range(draw(st.integers(0, 5))):
        family = draw(st.sampled_from(LOG_FAMILIES))
        rows = draw(
            st.lists(
                st.lists(st.integers(0, 59), min_size=1, max_size=20, unique=True).map(sorted), min_size=1, max_size=3
            )
        )
        p = [10.0 ** -draw(st.integers(0, 30)) for _ in rows]
        shares = [np.array([draw(st.floats(0.01, 1.0))] * len(r)) for r in rows]
        certainty = draw(st.sampled_from([0.5, 1.0]))
        out.append(findings_of(rows, p, detector=f"d{number}", family=family, share=shares, certainty=certainty))
    return out


@given(_findings())
def test_a_verdict_keeps_its_promises_whatever_was_found(findings: list[Findings]) -> None:
    verdicts = _weigh(*findings, n=60)
    p, status = verdicts.p_inauthentic, verdicts.status
    assert ((p >= 0) & (p <= 1)).all()
    assert (p <= verdicts.share + 1e-12).all()
    assert (p[status == DISCOUNTED] >= DISCOUNT_AT).all()
    assert (p[status == UNDETERMINED] >= UNDETERMINED_AT).all()
    assert (p[status == VERIFIED] < UNDETERMINED_AT).all()
    caps = np.array([CAPS[f] for f in LOG_FAMILIES])[:, None]
    assert (verdicts.family_weight <= caps + 1e-6).all() and (verdicts.family_weight >= 0).all()
    total = verdicts.family_weight.sum(axis=0)
    assert np.allclose(p, np.where(total > 0, sigmoid(logit(verdicts.prior) + total) * verdicts.share, 0.0))
    assert ((verdicts.deciding >= 0) == (verdicts.share > 0)).all()
    assert verdicts.weight.shape[0] == sum(len(f) for f in findings)
    assert verdicts.finding_offsets[-1] == verdicts.finding.shape[0]
    for like in range(60):
        reasons = verdicts.finding[verdicts.finding_offsets[like] : verdicts.finding_offsets[like + 1]].tolist()
        assert reasons == sorted(set(reasons))
        assert verdicts.deciding[like] in [-1, *reasons]
        assert bool(reasons) == bool(total[like] > 0)
    assert verdicts.prior_low <= verdicts.prior + 1e-3 and verdicts.prior <= verdicts.prior_high + 1e-3
    grouped = np.flatnonzero(verdicts.group >= 0)
    assert (p[grouped] >= UNDETERMINED_AT).all()
    assert np.array_equal(np.sort(verdicts.groups.like), grouped)
    named = verdicts.groups.finding[verdicts.group[grouped]]
    assert (verdicts.weight[named] > 0).all()
    assert (verdicts.groups.posterior >= NAMED_AT).all()


@given(_findings(), st.randoms(use_true_random=False))
def test_the_order_of_detectors_changes_no_opinion(findings: list[Findings], shuffle: Any) -> None:
    other = list(findings)
    shuffle.shuffle(other)
    one, two = _weigh(*findings, n=60), _weigh(*other, n=60)
    assert np.allclose(one.p_inauthentic, two.p_inauthentic, rtol=1e-6, atol=1e-9)
    assert one.prior == pytest.approx(two.prior)


def test_stronger_evidence_never_makes_a_like_less_suspect() -> None:
    rows = np.arange(40)
    p = [float(_weigh(_some(Family.AUDIENCE, rows, 10.0**-k)).p_inauthentic[0]) for k in range(12)]
    assert p == sorted(p)


def test_a_log_without_findings_and_a_log_of_one_like_are_weighed() -> None:
    alone = weigh(_log(1), [])
    assert alone.p_inauthentic.tolist() == [0.0] and alone.status.tolist() == [VERIFIED]
    assert alone.finding_offsets.tolist() == [0, 0]
    sure = weigh(_log(1), [_some(Family.AUDIENCE, [0])])
    assert 0 <= sure.p_inauthentic[0] <= 1
