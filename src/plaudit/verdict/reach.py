"""From a log to verdicts, the one road: what detectors find alone, heard together, weighed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from plaudit.detectors.runner import run_detectors
from plaudit.detectors.spec import Context, Detector
from plaudit.kernels.room import give_back
from plaudit.model import EventLog, Findings, Verdicts
from plaudit.verdict.together import heard_together
from plaudit.verdict.weigh import weigh


def reach_verdicts(
    log: EventLog,
    detectors: Sequence[Detector],
    seed: int = 0,
    told: Callable[[int], None] = lambda done: None,
    found: Callable[[], None] = lambda: None,
) -> tuple[list[Findings], Verdicts]:
    """Every detector's findings as they are heard together, and the verdict on each like they lead to.

    Args:
        log: what is judged.
        detectors: who is asked (:func:`plaudit.detectors.all_detectors`).
        seed: of the detectors' draws.
        told: hears how many detectors are done.
        found: called when all are done and what was derived for them is let go.
    """
    context = Context(log, seed)
    alone = run_detectors(detectors, log, context, told)
    # What was derived for detectors (episodes, rows by actor) is as large as the log itself.
    del context
    give_back(log.n)
    found()
    findings = heard_together(log, alone)
    verdicts = weigh(log, findings)
    give_back(log.n)
    return findings, verdicts
