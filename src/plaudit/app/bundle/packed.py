"""What a bundle holds, whichever road its audit takes, and the one way that audit is run: by maker and verifier."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from plaudit.app.bundle import events, sections
from plaudit.app.bundle.archive import Archive
from plaudit.app.combined import judge_exports
from plaudit.app.judge import Audit, judge
from plaudit.detectors import TextFigures
from plaudit.ingest import Ingested
from plaudit.ingest.exports import ExportRead
from plaudit.ingest.labels import GivenLabels
from plaudit.model import SECTION_TABLES
from plaudit.progress import Progress

COMMAND = "plaudit verify BUNDLE"
KINDS: Mapping[str, tuple[tuple[str, ...], frozenset[str]]] = {
    "events": (events.INPUTS, frozenset(events.TABLES)),
    "exports": (sections.INPUTS, frozenset(SECTION_TABLES)),
    "both": ((*events.INPUTS, *sections.INPUTS), frozenset({*events.TABLES, *SECTION_TABLES})),
}
"""Members a bundle of each kind must have, and the tables of its audit."""


@dataclass(frozen=True)
class Packed:
    """Input of an audit under pseudonyms.

    Attributes:
        log: an event log; None where there is none.
        given: labels about it.
        section: comments and curves; None where there are none.
        figures: what stands for their texts; None where the texts are there.
    """

    log: Ingested | None = None
    given: GivenLabels | None = None
    section: ExportRead | None = None
    figures: TextFigures | None = None

    @property
    def kind(self) -> str:
        """One of :data:`KINDS`."""
        return "events" if self.section is None else "exports" if self.log is None else "both"

    def members(self) -> dict[str, bytes]:
        """Members of a bundle that hold it."""
        of_log = {} if self.log is None else events.pack(self.log, self.given)
        return {**of_log, **({} if self.section is None else sections.pack(self.section, self.figures))}

    def run(self, parameters: Mapping[str, Any], seed: int, as_of_ms: int, progress: Progress | None = None) -> Audit:
        """The audit of it: what a bundle states, and what verifying it repeats."""
        log = None
        if self.log is not None:
            log = judge(
                self.log,
                parameters=parameters,
                seed=seed,
                as_of_ms=as_of_ms,
                progress=progress,
                command=COMMAND,
                given=self.given,
            )
        if self.section is None:
            assert log is not None
            return log
        # Each part of an audit of both is dated from its own last moment unless another was asked for.
        own = None if self.log is not None and as_of_ms == self.log.log.end_ms else as_of_ms
        return judge_exports(
            self.section,
            log,
            parameters={**parameters, "reveal": False, "time_zone": None, "key": "bundle"},
            seed=seed,
            as_of_ms=own,
            progress=progress,
            command=COMMAND,
            figures=self.figures,
        )


def unpack(held: Archive) -> Packed:
    """What a bundle holds.

    Raises:
        InputError: it is not what its kind has to hold.
    """
    kind = str(held.manifest["kind"])
    log, given = events.unpack(held) if kind in ("events", "both") else (None, None)
    section, figures = sections.unpack(held) if kind in ("exports", "both") else (None, None)
    return Packed(log, given, section, figures)
