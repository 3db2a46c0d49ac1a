"""What is planted is found, and what only looks like it is left alone: on simulated worlds, through the whole flow."""

from __future__ import annotations

import numpy as np
import pytest

from plaudit.detectors import BUILT_IN
from plaudit.model import Findings
from plaudit.testing import cases
from tests.worlds import LARGE_POOL, audited, scored, world

EVENTS = 50_000
SEEDS = (0, 1, 2)
DETECTORS = {detector.spec.id: detector for detector in BUILT_IN}
TRAPS = ("viral_hour", "fan_club", "lottery", "nat_class")
SOLD = {"lockstep": "naive_ring", "orders": "crowd_order", "throwaway": "throwaway", "shared_context": "naive_ring"}


def _found(name: str, scenario: str, seed: int) -> tuple[Findings, cases.Case]:
    case = cases.case_of(world(scenario, EVENTS, seed).events, world(scenario, EVENTS, seed).truth)
    return cases.run(DETECTORS[name], case.log, seed), case


# --- each detector by itself


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", sorted(SOLD))
def test_each_detector_finds_what_it_is_there_for(name: str, seed: int) -> None:
    findings, case = _found(name, "small", seed)
    right = (findings.q_value <= 0.05) & cases.about(findings, case, {SOLD[name]})
    assert right.any()


@pytest.mark.parametrize("seed", SEEDS)
def test_burst_points_at_the_hour_of_a_delivery(seed: int) -> None:
    findings, case = _found("burst", "naive_ring", seed)
    loud = findings.q_value <= 0.05
    right = loud & (cases.share_with(findings, case.bought) > 0.5)
    assert right.sum() >= 3
    # Real life bursts too, but most of what stands out in this world was ordered.
    assert right.sum() >= 0.5 * loud.sum()


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", ["lockstep", "orders", "shared_context"])
def test_significant_groups_are_mostly_about_what_was_bought(name: str, seed: int) -> None:
    findings, case = _found(name, "small", seed)
    # Camouflage is the ring's own; and what a detector itself calls ambiguous accuses nobody.
    own = case.bought | np.isin(case.label, ["camouflage"])
    loud = (findings.q_value <= 0.05) & (findings.certainty > 0.5)
    wrong = loud & (cases.share_with(findings, own) < 0.5)
    assert wrong.sum() <= 0.05 * max(loud.sum(), 1) + 1


# --- the whole flow


@pytest.mark.parametrize("seed", SEEDS)
def test_a_naive_ring_is_discounted(seed: int) -> None:
    found = scored("naive_ring", EVENTS, seed)
    assert found["recall"] >= 0.9
    assert found["precision"] >= 0.99


@pytest.mark.parametrize("seed", SEEDS)
def test_crowd_orders_are_mostly_discounted(seed: int) -> None:
    found = scored(LARGE_POOL, EVENTS, seed)
    assert found["recall"] >= 0.7
    assert found["precision"] >= 0.95


@pytest.mark.parametrize("seed", SEEDS)
def test_crowd_orders_by_people_who_may_all_know_each_other_are_undetermined(seed: int) -> None:
    orders = scored("crowd_orders", EVENTS, seed)["bought_by_label"]["crowd_order"]
    assert orders["undetermined"] >= 0.8, "a chat group of a hundred that shares something every day looks the same"


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    ("label", "caught"), [("naive_ring", 0.9), ("crowd_order", 0.8), ("throwaway", 0.3), ("staggered_ring", 0.3)]
)
def test_in_the_demo_world_what_was_bought_does_not_pass_as_verified(label: str, caught: float, seed: int) -> None:
    assert scored("small", EVENTS, seed)["bought_by_label"][label]["caught"] >= caught


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("scenario", ["traps", "small"])
def test_no_genuine_crowd_is_discounted(scenario: str, seed: int) -> None:
    found = scored(scenario, EVENTS, seed)
    genuine = found["genuine_by_label"]
    assert set(TRAPS) <= set(genuine)
    wronged = {label: row["discounted"] for label, row in genuine.items() if row["discounted"] > 0.005}
    assert not wronged
    assert found["background_discounted"] <= 0.002


@pytest.mark.parametrize("seed", SEEDS)
def test_where_nothing_was_bought_next_to_nothing_is_discounted(seed: int) -> None:
    for scenario in ("clean", "null"):
        found = scored(scenario, EVENTS, seed)
        assert found["background_discounted"] <= 0.001
        held = found["coverage"]["all"]
        assert held is not None and held >= 0.98


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("scenario", ["naive_ring", "crowd_orders", "small", "traps"])
def test_nine_in_ten_intervals_hold_the_true_count(scenario: str, seed: int) -> None:
    assert scored(scenario, EVENTS, seed)["coverage"]["all"] >= 0.9


def test_intervals_of_attacked_targets_hold_the_true_count_where_the_attack_is_seen() -> None:
    # Nominal 90 %, over three worlds; a delivery too small to be seen on one target is the usual miss.
    covered = [scored("naive_ring", EVENTS, seed)["coverage"]["of_attacked"] for seed in SEEDS]
    assert np.mean(covered) >= 0.85


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("scenario", ["naive_ring", LARGE_POOL])
def test_the_honest_count_is_far_nearer_to_the_truth_than_the_shown_one(scenario: str, seed: int) -> None:
    coverage = scored(scenario, EVENTS, seed)["coverage"]
    assert coverage["count_error"] <= 0.4 * coverage["shown_error"]


@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_called_suspect_was_bought_as_often_as_it_says(seed: int) -> None:
    # Reliability of p where it speaks loudest: of the likes at 0.9 or more, at least 85 % were bought.
    loudest = [row for row in scored("small", EVENTS, seed)["calibration"] if row["p"] >= 0.9]
    assert loudest and all(row["bought"] >= 0.85 for row in loudest)


def test_the_prior_never_overstates_what_was_planted() -> None:
    for scenario in ("naive_ring", "crowd_orders", "small"):
        for seed in SEEDS:
            planted = scored(scenario, EVENTS, seed)["bought"] / scored(scenario, EVENTS, seed)["likes"]
            assert audited(scenario, EVENTS, seed).document.verdict.prior <= 1.25 * planted
