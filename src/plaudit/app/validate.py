"""``plaudit validate``: what an audit of a log would be able to see, and what not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from plaudit.app.assemble import detector_run, unseen
from plaudit.app.exports import basis_of, left_out, no_log
from plaudit.app.kinds import holds_exports
from plaudit.app.section_messages import unseen as section_unseen
from plaudit.detectors import SECTION, all_detectors
from plaudit.detectors.runner import readiness, section_readiness
from plaudit.ingest import read_events
from plaudit.ingest.exports import ExportRead, read_exports
from plaudit.model import Tier
from plaudit.progress import Progress
from plaudit.result import Basis, DetectorRun, Input, LeftOut, Message


class Validation(BaseModel):
    """A log or exports as read, the detectors that could be asked, and what would stay unseen.

    ``basis`` and ``tier`` speak of exports; ``input`` is empty where no event log was given.
    """

    model_config = ConfigDict(frozen=True)

    input: Input
    basis: Basis | None = None
    tier: str = Tier.EVENTS.value
    detectors: list[DetectorRun]
    messages: list[Message]
    left_out: list[LeftOut] = Field(default_factory=list)


def validate(
    source: Any,
    *,
    mapping: Mapping[str, str] | None = None,
    time_format: str | None = None,
    allow_rejects: bool = False,
    progress: Progress | None = None,
    memory_limit: str | None = None,
    time_zone: str | None = None,
) -> Validation:
    """Read a log or exports and say what an audit could see; computes no finding. Arguments as :func:`plaudit.audit`.

    Raises:
        InputError: the source cannot be used.
    """
    exports = None
    if holds_exports(source, mapping):
        exports = read_exports(source, time_zone=time_zone, allow_rejects=allow_rejects, progress=progress)
        if not exports.events:
            return _of_exports(exports, None)
        source = [str(path) for path in exports.events]
    read = read_events(
        source,
        mapping=mapping,
        time_format=time_format,
        allow_rejects=allow_rejects,
        progress=progress,
        memory_limit=memory_limit,
    )
    ready = [(detector, *readiness(detector, read.log)) for detector in all_detectors()]
    of_log = Validation(
        input=read.summary,
        detectors=[detector_run(detector, outcome, reason) for detector, outcome, reason in ready],
        messages=unseen(read, [(detector.spec.id, outcome, reason) for detector, outcome, reason in ready]),
    )
    if exports is None:
        return of_log
    if exports.section.n_targets == 0:
        return of_log.model_copy(update={"left_out": left_out(exports, True)})
    return _of_exports(exports, of_log)


def _of_exports(read: ExportRead, of_log: Validation | None) -> Validation:
    """What the exports could show, after what an event log beside them could."""
    ready = [(detector, *section_readiness(detector, read.section)) for detector in SECTION]
    detectors = [detector_run(detector, outcome, reason) for detector, outcome, reason in ready]
    messages = section_unseen(
        read.section, [(detector.spec.id, outcome, reason) for detector, outcome, reason in ready]
    )
    if of_log is None:
        tier = read.section.tier.value
        return Validation(
            input=no_log()[0],
            basis=basis_of(read),
            tier=tier,
            detectors=detectors,
            messages=messages,
            left_out=left_out(read, True),
        )
    update = {
        "basis": basis_of(read),
        "detectors": [*of_log.detectors, *detectors],
        "messages": [*of_log.messages, *messages],
        "left_out": left_out(read, True),
    }
    return of_log.model_copy(update=update)
