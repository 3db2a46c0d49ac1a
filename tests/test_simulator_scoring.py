"""Scoring against the truth, on figures small enough to check by hand."""

import numpy as np
import pyarrow as pa
import pytest
from rich.console import Console

from plaudit.errors import InputError
from plaudit.testing.scoring import average_precision, format_score, score

TRUTH = pa.table(
    {
        "event_id": ["1", "2", "3", "4", "5", "6", "gone"],
        "bought": [True, True, False, False, False, False, True],
        "label": ["naive_ring", "naive_ring", "organic", "organic", "lottery", "camouflage", "naive_ring"],
        "neutral": [False, False, False, False, False, True, False],
    }
)
LIKES = pa.table(
    {
        "event_id": ["6", "5", "4", "3", "2", "1"],
        "target_id": ["t", "t", "u", "t", "t", "t"],
        "p_inauthentic": [0.99, 0.3, 0.0, 0.95, 0.6, 0.95],
        "status": pa.array(["discounted", "undetermined", "verified", "discounted", "undetermined", "discounted"]),
    }
)
TARGETS = pa.table(
    {
        "target_id": ["t", "u", "empty"],
        "authentic": [3.0, 1.0, 0.0],
        "authentic_low": [2.0, 1.0, 0.0],
        "authentic_high": [4.0, 1.0, 0.0],
    }
)


def test_every_mark_by_hand():
    got = score(TRUTH, LIKES, TARGETS)
    assert (got["likes"], got["bought"], got["neutral"], got["unmatched"]) == (6, 2, 1, 0)
    # Ranked without the neutral like: {1, 3} tie at 0.95 (one bought of two), then 2 (two of three).
    assert got["average_precision"] == pytest.approx(0.5 * 0.5 + 0.5 * 2 / 3)
    assert got["precision"] == 0.5 and got["recall"] == 0.5
    assert got["bought_by_label"] == {"naive_ring": {"likes": 2, "discounted": 0.5, "undetermined": 0.5, "caught": 1.0}}
    assert got["genuine_by_label"]["organic"]["discounted"] == 0.5
    assert got["genuine_by_label"]["lottery"]["undetermined"] == 1.0
    assert got["neutral_by_label"]["camouflage"]["discounted"] == 1.0
    assert got["background_discounted"] == pytest.approx(1 / 3)
    coverage = got["coverage"]
    # On t two genuine likes, one neutral, two bought: 3 lies within 2..3, shown 5 misses 3 by two thirds.
    assert coverage == {
        "targets": 2, "attacked": 1, "all": 1.0, "of_attacked": 1.0, "count_error": 0.0,
        "shown_error": pytest.approx(2 / 3),
    }  # fmt: skip
    assert sum(row["likes"] for row in got["calibration"]) == 5
    assert 0 < got["calibration_error"] < 1


def test_an_interval_that_misses_is_not_covered():
    targets = TARGETS.set_column(2, "authentic_low", pa.array([3.5, 1.0, 0.0]))
    targets = targets.set_column(1, "authentic", pa.array([4.0, 1.0, 0.0]))
    got = score(TRUTH, LIKES, targets)["coverage"]
    assert got["of_attacked"] == 0.0 and got["all"] == 0.5 and got["count_error"] == pytest.approx(1 / 3)


def test_the_order_of_rows_does_not_matter():
    assert score(TRUTH.take(pa.array(np.arange(7)[::-1])), LIKES.take(pa.array([3, 1, 0, 2, 5, 4])), TARGETS) == score(
        TRUTH, LIKES, TARGETS
    )


def test_dictionary_columns_are_read_too():
    likes = LIKES.set_column(3, "status", LIKES["status"].dictionary_encode())
    assert score(TRUTH, likes, TARGETS) == score(TRUTH, LIKES, TARGETS)


def test_nothing_bought_scores_without_dividing_by_zero():
    truth = TRUTH.set_column(1, "bought", pa.array([False] * 7))
    got = score(truth, LIKES, TARGETS)
    assert got["average_precision"] is None and got["recall"] is None and got["coverage"]["of_attacked"] is None
    assert score(TRUTH, LIKES)["coverage"] is None


def test_average_precision_is_one_for_a_perfect_ranking_and_the_share_for_none():
    positive = np.array([True, True, False, False, False])
    assert average_precision(positive, np.array([0.9, 0.8, 0.3, 0.2, 0.1])) == 1.0
    assert average_precision(positive, np.zeros(5)) == pytest.approx(0.4)
    assert average_precision(np.zeros(3, bool), np.zeros(3)) is None


def test_what_cannot_be_scored_is_said():
    with pytest.raises(InputError, match="'likes' to score lacks the column 'status'"):
        score(TRUTH, LIKES.drop_columns("status"))
    with pytest.raises(InputError, match="very log the truth is about"):
        score(TRUTH, LIKES.set_column(0, "event_id", pa.array(["x"] * 6)))
    with pytest.raises(InputError, match="take both from one audit"):
        score(TRUTH, LIKES, TARGETS.slice(1))


def test_the_score_reads_well():
    console = Console(width=100, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    console.print(format_score(score(TRUTH, LIKES, TARGETS)))
    console.file.close()
    text = console.export_text()
    assert "bought: naive ring" in text and "average precision over likes" in text and "50.0 %" in text
    console = Console(width=100, record=True, quiet=True)
    console.print(format_score(score(TRUTH, LIKES)))
