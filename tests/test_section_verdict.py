"""The verdict on a section: witnesses, caps, tiers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plaudit.kernels.tails import log_evidence
from plaudit.model import STATUSES, Family, Status
from plaudit.verdict import DISCOUNT_AT, UNDETERMINED_AT, weigh_section
from plaudit.verdict.evidence import SECTION_CAPS
from plaudit.verdict.section import FAMILIES, LEVELS
from tests.sections import found, section

VERIFIED, DISCOUNTED, UNDETERMINED = (
    STATUSES.index(s) for s in (Status.VERIFIED, Status.DISCOUNTED, Status.UNDETERMINED)
)
MANY = [5] * 200


def test_no_finding_leaves_everything_verified() -> None:
    verdicts = weigh_section(section(MANY), [])
    assert (verdicts.status == VERIFIED).all() and (verdicts.p == 0).all() and (verdicts.level == 0).all()
    assert verdicts.prior_low <= verdicts.prior <= verdicts.prior_high


def test_a_curve_with_a_second_witness_discounts_and_neither_does_alone() -> None:
    likes = [300, 300, 300, *MANY]
    held = section(likes)
    curve = found(Family.TIMING, [1, 2], excess=[200, 200])
    quality = found(Family.QUALITY, [2, 3], excess=[200, 200], certainty=0.5)
    verdicts = weigh_section(held, [curve, quality])
    assert verdicts.status[1:4].tolist() == [UNDETERMINED, DISCOUNTED, UNDETERMINED]
    assert [LEVELS[k] for k in verdicts.level[1:4]] == ["medium", "strong", "weak"]
    assert verdicts.witnesses[1:4].tolist() == [1, 2, 1]
    assert verdicts.p[2] > verdicts.p[1] and verdicts.p[3] <= 0.5


def test_a_snapshot_never_discounts_whatever_is_found() -> None:
    held = section([300, *MANY], curves=False)
    everything = [found(f, [1], p=1e-200, q=1e-190, excess=[290]) for f in FAMILIES]
    verdicts = weigh_section(held, everything)
    assert verdicts.witnesses[1] == len(FAMILIES)
    assert verdicts.status[1] == UNDETERMINED


def test_agreement_lifts_even_odds_and_never_discounts() -> None:
    held = section([300, *MANY])
    chances = []
    for k in range(1, len(FAMILIES) + 1):
        verdicts = weigh_section(held, [found(f, [1], certainty=0.5, excess=[290]) for f in FAMILIES[:k]])
        assert verdicts.status[1] == UNDETERMINED
        chances.append(float(verdicts.p[1]))
    assert chances[0] <= 0.5 < chances[1] and chances == sorted(chances) and chances[-1] <= 0.75 < DISCOUNT_AT


def test_a_family_that_whispers_agrees_with_nothing() -> None:
    held = section([300, *MANY])
    loud = found(Family.TIMING, [1], certainty=0.5, excess=[290])
    faint = found(Family.QUALITY, [1], p=0.04, q=0.04, certainty=0.5, excess=[290])
    assert weigh_section(held, [loud, faint]).share[1] == weigh_section(held, [loud]).share[1] == 0.5


@pytest.mark.parametrize("family", [Family.WORDING, Family.CONTEXT])
def test_what_crowds_share_innocently_says_nothing_alone(family: Family) -> None:
    verdicts = weigh_section(section([300, *([5] * 2000)]), [found(family, [1], p=1e-300, q=1e-299)])
    assert verdicts.weight[0] > SECTION_CAPS[family] and verdicts.p[1] < UNDETERMINED_AT
    assert verdicts.status[1] == VERIFIED


def test_two_findings_of_one_family_weigh_no_more_than_the_better_one() -> None:
    held = section([300, *MANY])
    one = weigh_section(held, [found(Family.TIMING, [1], p=1e-3)])
    two = weigh_section(held, [found(Family.TIMING, [1], p=1e-3), found(Family.TIMING, [1], p=1e-2, q=1e-2)])
    assert two.p[1] == one.p[1] and two.family_weight[:, 1].sum() == one.family_weight[:, 1].sum()
    assert np.diff(two.finding_offsets)[1] == 2


def test_insignificant_findings_weigh_nothing() -> None:
    verdicts = weigh_section(section([300, *MANY]), [found(Family.TIMING, [1], p=1e-9, q=0.06)])
    assert verdicts.weight.tolist() == [0.0] and verdicts.p[1] == 0 and verdicts.finding.shape == (0,)


def test_a_target_without_likes_has_none_in_question() -> None:
    verdicts = weigh_section(section([0, -1, *MANY]), [found(Family.TIMING, [1, 2], excess=[5, 5])])
    assert (verdicts.p[1:3] == 0).all() and (verdicts.status[1:3] == VERIFIED).all()


def test_the_prior_is_read_off_the_section() -> None:
    held = section([300] * 50 + MANY)
    few = weigh_section(held, [found(Family.TIMING, [1])])
    many = weigh_section(held, [found(Family.TIMING, list(range(1, 40)))])
    assert few.prior < many.prior < 0.5
    assert many.prior == pytest.approx(39 / 251, rel=0.05)


def test_unknown_families_are_not_heard() -> None:
    verdicts = weigh_section(section(MANY), [found(Family.SYNCHRONY, [1])])
    assert verdicts.p[1] == 0 and verdicts.finding.shape == (0,)


@given(
    p=st.lists(st.floats(1e-300, 1.0), min_size=3, max_size=3),
    certainty=st.sampled_from([0.5, 1.0]),
    curves=st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_the_rules_hold_for_any_evidence(p: list[float], certainty: float, curves: bool) -> None:
    families = (Family.TIMING, Family.QUALITY, Family.WORDING)
    held = section([300, *MANY], curves=curves)
    parts = [found(f, [1], p=x, q=x, certainty=certainty, excess=[9]) for f, x in zip(families, p, strict=True)]
    verdicts = weigh_section(held, parts)
    if verdicts.status[1] == DISCOUNTED:
        assert curves and certainty == 1.0 and verdicts.p[1] >= DISCOUNT_AT
        assert verdicts.weight[0] >= 1 - 1e-6 and (verdicts.weight[1:] >= 1 - 1e-6).any()
    assert 0 <= verdicts.p[1] <= (1.0 if certainty == 1.0 else 0.75)
    told = [
        min(float(log_evidence(np.array([x]))[0]), SECTION_CAPS[f]) if x <= 0.05 else 0.0
        for f, x in zip(families, p, strict=True)
    ]
    assert verdicts.family_weight[:, 1].sum() == pytest.approx(sum(told), abs=1e-4)
    # Stronger evidence never makes a target look better.
    stronger = [found(f, [1], p=x / 10, q=x / 10, certainty=certainty) for f, x in zip(families, p, strict=True)]
    assert weigh_section(held, stronger).p[1] >= verdicts.p[1] - 1e-9
