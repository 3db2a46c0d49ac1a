"""``plaudit validate``: what an audit of a log would be able to see, and what not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict

from plaudit.app.assemble import detector_run, unseen
from plaudit.detectors import all_detectors
from plaudit.detectors.runner import readiness
from plaudit.ingest import read_events
from plaudit.progress import Progress
from plaudit.result import DetectorRun, Input, Message


class Validation(BaseModel):
    """A log as read, the detectors that could be asked, and what would stay unseen."""

    model_config = ConfigDict(frozen=True)

    input: Input
    detectors: list[DetectorRun]
    messages: list[Message]


def validate(
    source: Any,
    *,
    mapping: Mapping[str, str] | None = None,
    time_format: str | None = None,
    allow_rejects: bool = False,
    progress: Progress | None = None,
    memory_limit: str | None = None,
) -> Validation:
    """Read a log and say what an audit could see; computes no finding. Arguments as :func:`plaudit.audit`.

    Raises:
        InputError: the source cannot be used.
    """
    read = read_events(
        source,
        mapping=mapping,
        time_format=time_format,
        allow_rejects=allow_rejects,
        progress=progress,
        memory_limit=memory_limit,
    )
    ready = [(detector, *readiness(detector, read.log)) for detector in all_detectors()]
    return Validation(
        input=read.summary,
        detectors=[detector_run(detector, outcome, reason) for detector, outcome, reason in ready],
        messages=unseen(read, [(detector.spec.id, outcome, reason) for detector, outcome, reason in ready]),
    )
