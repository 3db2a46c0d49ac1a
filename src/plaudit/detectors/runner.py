"""Runs detectors and says for them what they may not say themselves: not applicable, not enough data, error."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from plaudit.detectors.spec import Context, Detector, DetectorSpec, SectionContext, SectionDetector
from plaudit.kernels.beside import each
from plaudit.kernels.room import give_back
from plaudit.model import EventLog, Exhibits, Findings, Outcome, Section, SubjectKind

_ALONE = 20_000_000
"""Likes from which no two detectors run beside each other: what two hold on the way is more than an audit may take."""


def readiness(detector: Detector, log: EventLog) -> tuple[Outcome, str]:
    """Whether the detector can be asked about this log (``MEASURED``), and if not, why."""
    missing = [column for column in detector.spec.requires if not _has(log, column)]
    if missing:
        return Outcome.NOT_APPLICABLE, _needs(missing)
    if log.n < detector.spec.min_likes:
        return Outcome.NOT_ENOUGH_DATA, f"needs {detector.spec.min_likes} likes, has {log.n}"
    return Outcome.MEASURED, ""


def run_detector(detector: Detector, log: EventLog, context: Context) -> Findings:
    """The detector's findings, or an empty answer with the reason there is none; its fault is such a reason."""
    return _answer(detector.spec, readiness(detector, log), lambda: detector.find(log, context))


def run_detectors(
    detectors: Sequence[Detector], log: EventLog, context: Context, told: Callable[[int], None]
) -> list[Findings]:
    """All detectors' findings, in their order; ``told`` hears how many are done.

    Those that may run beside others do, two at a time; the rest one after the other, because the graph library calls
    back into Python and can lock up beside a kernel being compiled. Of a very large log all do, for memory.
    """

    def find(number: int) -> Findings:
        found = run_detector(detectors[number], log, context)
        give_back(log.n)
        return found

    return _in_turn([d.spec for d in detectors], find, told, alone=log.n >= _ALONE)


def section_readiness(detector: SectionDetector, section: Section) -> tuple[Outcome, str]:
    """Whether the detector can be asked about this section (``MEASURED``), and if not, why."""
    missing = [parts for parts in detector.spec.requires if not any(section.has(part) for part in parts.split("|"))]
    if missing:
        return Outcome.NOT_APPLICABLE, _needs(missing)
    held = len(section.comments) or len(section.posts)
    if held < detector.spec.min_likes:
        return Outcome.NOT_ENOUGH_DATA, f"needs {detector.spec.min_likes} comments, has {held}"
    return Outcome.MEASURED, ""


def run_section_detector(detector: SectionDetector, section: Section, context: SectionContext) -> Findings:
    """The detector's findings, or an empty answer with the reason there is none; its fault is such a reason."""
    return _answer(detector.spec, section_readiness(detector, section), lambda: detector.find(section, context))


def run_section_detectors(
    detectors: Sequence[SectionDetector], section: Section, context: SectionContext, told: Callable[[int], None]
) -> list[Findings]:
    """All section detectors' findings, in their order, as :func:`run_detectors` runs them."""
    return _in_turn(
        [d.spec for d in detectors], lambda number: run_section_detector(detectors[number], section, context), told
    )


def _answer(spec: DetectorSpec, ready: tuple[Outcome, str], find: Callable[[], Findings]) -> Findings:
    outcome, reason = ready
    if outcome is not Outcome.MEASURED:
        return _empty(spec, outcome, reason)
    try:
        return find()
    except Exception as fault:
        return _empty(spec, Outcome.ERROR, f"{type(fault).__name__}: {fault}")


def _in_turn(
    specs: Sequence[DetectorSpec], run: Callable[[int], Findings], told: Callable[[int], None], alone: bool = False
) -> list[Findings]:
    done = iter(range(1, len(specs) + 1))

    def counted(number: int) -> Findings:
        found = run(number)
        told(next(done))
        return found

    light = [number for number, spec in enumerate(specs) if spec.beside and not alone]
    heavy = [number for number in range(len(specs)) if number not in light]
    found = dict(zip(light, each(counted, light), strict=True)) | {number: counted(number) for number in heavy}
    return [found[number] for number in range(len(specs))]


def _needs(missing: Sequence[str]) -> str:
    return f"needs {' and '.join(missing)}"


def _has(log: EventLog, column: str) -> bool:
    for name in column.split("|"):
        values = getattr(log, name, None)
        if values is not None and bool(np.any(values >= 0)):
            return True
    return False


def _empty(spec: DetectorSpec, outcome: Outcome, reason: str) -> Findings:
    ints, floats = np.zeros(0, np.int64), np.zeros(0)
    return Findings(
        detector=spec.id,
        version=spec.version,
        family=spec.family,
        subject_kind=SubjectKind.LOG,
        subject=ints,
        statistic=floats,
        expectation=floats,
        p_value=floats,
        q_value=floats,
        support=ints,
        start_ms=ints,
        end_ms=ints,
        exhibits=Exhibits.empty(),
        certainty=floats,
        outcome=outcome,
        reason=reason,
    )
