"""Every built-in detector passes the battery that anybody's detector has to pass."""

from __future__ import annotations

import pytest

from plaudit.detectors import BUILT_IN, Detector, all_detectors
from plaudit.detectors.runner import readiness, run_detector
from plaudit.detectors.spec import Context
from plaudit.model import LOG_FAMILIES, Outcome
from plaudit.testing.checks import CHECKS, PASSED, check_detector
from tests.worlds import quiet

EVENTS = {"burst": 60_000}
"""Events of a detector's worlds; 30,000 unless said. Timing is judged against all targets of a size: it needs many."""


@pytest.mark.parametrize("check", list(CHECKS))
@pytest.mark.parametrize("detector", BUILT_IN, ids=lambda detector: str(detector.spec.id))
def test_the_battery(detector: Detector, check: str) -> None:
    others = [name for name in CHECKS if name != check]
    became = check_detector(detector, events=EVENTS.get(detector.spec.id, 30_000), skip=others)
    assert list(became) == [check]
    if check == "engines_agree" and became[check] != PASSED:
        pytest.skip(became[check])
    assert became[check] == PASSED


def test_the_built_ins_are_the_six_questions_and_come_first() -> None:
    ids = [detector.spec.id for detector in BUILT_IN]
    assert ids == ["lockstep", "orders", "burst", "throwaway", "shared_context", "reciprocity"]
    assert [detector.spec.id for detector in all_detectors()][:6] == ids
    assert {detector.spec.family for detector in BUILT_IN} == set(LOG_FAMILIES)


@pytest.mark.parametrize("detector", BUILT_IN, ids=lambda detector: str(detector.spec.id))
def test_the_runner_says_what_a_detector_may_not(detector: Detector) -> None:
    small = quiet(0, likes=20, targets=5).log(context=True)
    outcome, reason = readiness(detector, small)
    assert outcome is Outcome.NOT_ENOUGH_DATA and str(detector.spec.min_likes) in reason
    silent = run_detector(detector, small, Context(small))
    assert (len(silent), silent.outcome, silent.detector) == (0, outcome, detector.spec.id)
    bare = quiet(0).log(context=False)
    wanted = Outcome.NOT_APPLICABLE if detector.spec.requires else Outcome.MEASURED
    assert run_detector(detector, bare, Context(bare)).outcome is wanted
