"""Agreement of groupings, on figures small enough to check by hand."""

from __future__ import annotations

import numpy as np
import pytest

from plaudit.testing.recovery import adjusted_mutual_information, score_groups


def test_two_halves_that_cross_agree_less_than_chance() -> None:
    # Mutual information 0; by chance each of four cells holds 1 (4/6, worth nothing) or 2 (1/6, worth ln 2 / 2):
    # ln 2 / 3 in all. So (0 - 1/3) / (1 - 1/3), in units of ln 2.
    assert adjusted_mutual_information(np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])) == pytest.approx(-0.5)


def test_equal_groupings_agree_wholly_whatever_the_names() -> None:
    one = np.array(["a", "a", "b", "c", "c", "c"])
    assert adjusted_mutual_information(one, np.array([7, 7, 1, 3, 3, 3])) == pytest.approx(1.0)
    assert adjusted_mutual_information(np.zeros(5), np.ones(5)) == 1.0
    assert adjusted_mutual_information(np.arange(5), np.arange(5)) == 1.0


def test_a_grouping_that_says_nothing_scores_nothing() -> None:
    assert adjusted_mutual_information(np.array([0, 0, 1, 1, 2]), np.zeros(5)) == pytest.approx(0.0)


def test_half_right_by_hand() -> None:
    # {2, 2} against {3, 1} of four: cells 2, 1, 1. I = ln 2 / 2 - (3/4) ln (3/2) + ... summed here term by term.
    shared = 0.5 * np.log(4 * 2 / (2 * 3)) + 0.25 * np.log(4 * 1 / (2 * 3)) + 0.25 * np.log(4 * 1 / (2 * 1))
    # The one outside the three is always with one other: the shape of the table never changes.
    assert adjusted_mutual_information(np.array([0, 0, 1, 1]), np.array([0, 0, 0, 1])) == pytest.approx(0.0, abs=1e-9)
    assert shared > 0


def test_shuffled_groupings_score_zero_on_average() -> None:
    rng = np.random.default_rng(3)
    one = np.repeat(np.arange(6), [40, 20, 20, 10, 5, 5])
    scores = [adjusted_mutual_information(one, rng.permutation(one)) for _ in range(200)]
    assert abs(float(np.mean(scores))) < 0.01
    assert adjusted_mutual_information(one, one[::-1]) == adjusted_mutual_information(one[::-1], one)


def test_groups_are_matched_by_hand() -> None:
    label = np.array(["naive_ring"] * 4 + ["pod"] * 3 + ["fan_club", "camouflage", "throwaway", "organic"], object)
    planted = np.array(["r"] * 4 + ["p"] * 3 + ["f", "r", "t", ""], object)
    found = np.array(["G1", "G1", "G1", "", "", "", "", "G1", "G1", "G2", ""], object)
    got = score_groups(label, planted, found)
    pod, ring = got["planted"]
    assert ring == {"group": "r", "label": "naive_ring", "likes": 4, "match": "G1", "recall": 0.75, "precision": 0.75}
    assert (pod["group"], pod["match"], pod["recall"], pod["precision"]) == ("p", None, 0.0, 0.0)
    assert (got["found"], got["unmatched"]) == (2, 1)
    assert 0 < got["ami"] < 1


def test_nothing_planted_or_nothing_found() -> None:
    words = np.array(["organic", "fan_club"], object)
    assert score_groups(words, np.array(["", "f"], object), np.array(["", ""], object)) == {
        "planted": [],
        "found": 0,
        "unmatched": 0,
        "ami": None,
    }
    ring = np.array(["naive_ring", "naive_ring"], object)
    got = score_groups(ring, np.array(["a", "b"], object), np.array(["", ""], object))
    assert got["ami"] == pytest.approx(0.0) and got["planted"][0]["match"] is None
