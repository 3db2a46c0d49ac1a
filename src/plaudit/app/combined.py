"""Exports on the way to written results, alone or beside an event log found among them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from plaudit._version import __version__
from plaudit.app.exports import basis_of, fingerprint, left_out, no_log, plain
from plaudit.app.judge import Audit, audit_id, judge
from plaudit.app.section import SectionAudit, audit_section
from plaudit.app.section_value import value_beside_log, value_of_section
from plaudit.app.value import Question
from plaudit.detectors import SECTION, TextFigures
from plaudit.errors import InputError
from plaudit.ingest import read_events
from plaudit.ingest.exports import ExportRead, Kind, read_exports
from plaudit.ingest.labels import GivenLabels
from plaudit.kernels.beside import one_matrix_thread
from plaudit.model import SCHEMAS, SECTION_TABLES, Outcomes
from plaudit.progress import Progress
from plaudit.result import InputFile, LeftOut, Method, ResultDocument


def audit_exports(
    source: Any,
    *,
    time_format: str | None,
    allow_rejects: bool,
    seed: int,
    as_of_ms: int | None,
    lang: str,
    progress: Progress,
    command: str,
    memory_limit: str | None,
    given: GivenLabels | None,
    asked: Question | None,
    reveal: bool,
    key: bytes | None,
    time_zone: str | None,
) -> Audit:
    """Read whatever the source holds and audit it; arguments as :func:`plaudit.audit`.

    Raises:
        InputError: nothing in it carries likes, or labels were given where no event log is.
    """
    read = read_exports(source, key=key, time_zone=time_zone, allow_rejects=allow_rejects, progress=progress)
    parameters: dict[str, Any] = {"allow_rejects": allow_rejects, "lang": str(lang)}
    if read.outcomes is not None and (asked is None or asked.outcomes is None):
        asked = _question(read, asked or Question())
    log = None
    if read.events:
        events = read_events(
            [str(path) for path in read.events],
            time_format=time_format,
            allow_rejects=allow_rejects,
            progress=progress,
            memory_limit=memory_limit,
        )
        log = judge(
            events,
            parameters={**parameters, "mapping": {}, "time_format": time_format},
            seed=seed,
            as_of_ms=as_of_ms,
            progress=progress,
            command=command,
            given=given,
            asked=asked,
        )
    elif given is not None:
        raise InputError("labels speak of likes that have names, and no event log was given: leave --labels out.")
    if read.section.n_targets == 0:
        if log is None:
            raise InputError(_nothing(read.outcomes))
        return Audit(log.document.model_copy(update={"left_out": left_out(read, reveal)}), log.tables, log.outcomes)
    parameters |= {"reveal": reveal, "time_zone": time_zone, "key": "given" if key else "derived"}
    named = [source] if isinstance(source, str | Path) else list(source)
    parameters["sources"] = [str(one) for one in named]
    return judge_exports(
        read,
        log,
        parameters=parameters,
        seed=seed,
        as_of_ms=as_of_ms,
        progress=progress,
        command=command,
        reveal=reveal,
        asked=asked,
    )


@one_matrix_thread()
def judge_exports(
    read: ExportRead,
    log: Audit | None = None,
    *,
    parameters: Mapping[str, Any],
    seed: int = 0,
    as_of_ms: int | None = None,
    progress: Progress | None = None,
    command: str = "",
    reveal: bool = False,
    asked: Question | None = None,
    figures: TextFigures | None = None,
) -> Audit:
    """Audit exports that have been read, beside the finished audit of an event log where there is one.

    Args:
        read: what the exports hold.
        log: the audit of the event log found among them.
        parameters: how they were read, kept in the document; the parameters of the detectors are added.
        seed, as_of_ms, progress, command, reveal: see :func:`plaudit.audit`.
        asked: what is asked about value, with outcomes as read; answered by the log where there is one.
        figures: what stands for the texts where they were left behind.
    """
    basis, left = basis_of(read), left_out(read, reveal)
    section = audit_section(
        read.section,
        basis,
        read.quarantine,
        seed=seed,
        as_of_ms=as_of_ms,
        reveal=reveal,
        progress=progress,
        figures=figures,
    )
    own = {**parameters, "detectors": {d.spec.id: dict(d.spec.parameters) for d in SECTION}}
    digests = [source.file.sha256 for source in basis.sources]
    if asked is not None:
        own["value"] = asked.parameters()
    # Outcomes found among the exports are a source of their own; only what was named apart is told apart.
    listed = {source.file.sha256 for source in basis.sources}
    named = asked.file if asked is not None and asked.file and asked.file.sha256 not in listed else None
    if log is not None:
        value = value_beside_log(read, log.document.value, asked)
        log = Audit(log.document.model_copy(update={"value": value}), log.tables, named)
        return _both(log, section, left, own, audit_id([log.document.method.audit_id, *digests], seed, own))
    method = Method(
        plaudit_version=__version__,
        seed=seed,
        as_of_ms=section.end_ms if as_of_ms is None else as_of_ms,
        parameters=own,
        command=command or "plaudit.audit(...)",
        audit_id=audit_id(digests, seed, own),
    )
    total = section.part.total
    counted = (float(total.shown), total.authentic, total.authentic_low, total.authentic_high)
    value = value_of_section(read, section.tables, counted, asked)
    document = _alone(section, method).model_copy(update={"value": value, "left_out": left})
    return Audit(document, {name: section.tables[name] for name in SECTION_TABLES}, named)


def _alone(section: SectionAudit, method: Method) -> ResultDocument:
    nothing, unweighed, curve = no_log()
    part = section.part
    return ResultDocument(
        tier=part.tier,
        input=nothing,
        total=plain(part.total),
        verdict=unweighed,
        detectors=section.detectors,
        targets=[],
        targets_omitted=0,
        groups=[],
        groups_omitted=0,
        cases=section.cases,
        decisions=section.decisions,
        decisions_omitted=section.decisions_omitted,
        overall=curve,
        headline=part.headline,
        unseen=section.unseen,
        method=method,
        section=part,
    )


def _both(log: Audit, section: SectionAudit, left: list[LeftOut], parameters: Mapping[str, Any], own_id: str) -> Audit:
    """One document with both parts. A target both know is counted by the log, which knows who liked it."""
    document, tables = log.document, dict(log.tables)
    detectors = {**document.method.parameters["detectors"], **parameters["detectors"]}
    method = document.method.model_copy(
        update={"parameters": {**document.method.parameters, **parameters, "detectors": detectors}, "audit_id": own_id}
    )
    for name in SECTION_TABLES:
        mine = section.tables[name]
        if name == "targets":
            known = tables[name]["target_id"].combine_chunks()
            mine = mine.filter(pc.invert(pc.is_in(mine["target_id"], known)))
        tables[name] = pa.concat_tables([tables[name], mine]).combine_chunks() if name in tables else mine
    merged = document.model_copy(
        update={
            "detectors": [*document.detectors, *section.detectors],
            "cases": [*document.cases, *section.cases],
            "decisions": [*document.decisions, *section.decisions],
            "decisions_omitted": document.decisions_omitted + section.decisions_omitted,
            "unseen": [*document.unseen, *section.unseen],
            "method": method,
            "section": section.part,
            "left_out": left,
        }
    )
    return Audit(merged, {name: tables[name] for name in SCHEMAS}, log.outcomes)


def _nothing(outcomes: Outcomes | None) -> str:
    if outcomes is not None:
        return "only outcomes were given, and nothing that carries likes: add comments, curves, totals or an event log."
    return "nothing that carries likes was found: add comments, curves, totals or an event log."


def _question(read: ExportRead, asked: Question) -> Question:
    """What is asked, of the outcomes found among the exports."""
    files = [file for file in read.summary.files if file.kind is Kind.OUTCOMES]
    assert read.outcomes is not None
    entry = InputFile(
        name=", ".join(file.name for file in files),
        sha256=fingerprint([file.sha256 for file in files]),
        bytes=sum(file.bytes for file in files),
        rows=sum(file.rows for file in files),
        rejected=sum(file.rejected for file in files),
    )
    return replace(asked, file=entry, outcomes=read.outcomes)
