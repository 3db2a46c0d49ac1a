"""The ladder: neutralise likes, punish nobody, say why, let go after a while."""

from __future__ import annotations

import numpy as np

from plaudit.model import DAY_MS
from plaudit.policy import POLICY_VERSION, decide
from plaudit.tally import Tally
from tests.worlds import START_MS

RUNGS = {"not_counted", "human_review"}


def _tally(verified: list[int], discounted: list[int], undetermined: list[int]) -> Tally:
    sure, out, unsure = (np.array(column, np.int64) for column in (verified, discounted, undetermined))
    shown = sure + out + unsure
    flat = shown.astype(np.float64)
    whole = float(shown.sum())
    return Tally(shown, sure, out, unsure, flat, flat, flat, whole, whole, whole)


def _decide(counted: Tally, as_of_ms: int = START_MS) -> list[dict[str, object]]:
    n = counted.shown.size
    names = [f"t{k}" for k in range(n)]
    why = [[f"orders-{k}"] for k in range(n)]
    return [d.model_dump() for d in decide(counted, names, why, np.arange(n), as_of_ms)]


def test_a_target_without_suspect_likes_gets_no_decision() -> None:
    assert _decide(_tally([100, 1], [0, 0], [0, 0])) == []


def test_discounted_likes_are_not_counted_and_nothing_else_happens() -> None:
    (one,) = _decide(_tally([50, 10], [40, 0], [0, 0]))
    assert one["rung"] == "not_counted" and one["target_id"] == "t0" and one["likes"] == 40
    assert one["reasons"] == ["orders-0"]
    assert not one["needs_human"]


def test_much_that_is_undetermined_goes_to_a_person() -> None:
    found = _decide(_tally([50, 1000, 5], [0, 0, 0], [40, 40, 4]))
    assert [(d["target_id"], d["rung"], d["needs_human"]) for d in found] == [("t0", "human_review", True)]


def test_every_decision_lapses_can_be_appealed_and_has_a_stable_name() -> None:
    counted = _tally([10, 10], [50, 7], [50, 0])
    found = _decide(counted)
    assert found == _decide(counted)
    assert {str(d["rung"]) for d in found} <= RUNGS
    assert len({d["decision_id"] for d in found}) == len(found) == 3
    for d in found:
        assert d["expires_ms"] == START_MS + 180 * DAY_MS
        assert d["policy_version"] == POLICY_VERSION
        assert d["appeal"] and d["appeal"] != d["decision_id"]
    later = _decide(counted, START_MS + 1)
    assert not {d["decision_id"] for d in later} & {d["decision_id"] for d in found}
