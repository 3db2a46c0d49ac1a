"""The flow of a section: detect, weigh, count, decide, and the document. What was read comes in; see ``pipeline``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from plaudit.app.assemble import run_of
from plaudit.app.section_document import section_part
from plaudit.app.section_messages import unseen
from plaudit.app.section_tables import finding_ids, section_tables, target_ids
from plaudit.detectors import SECTION, SectionContext, TextFigures
from plaudit.detectors.runner import run_section_detectors
from plaudit.model import DAY_MS, STATUSES, Findings, Ints, Section, Status, without_content
from plaudit.policy import decide
from plaudit.progress import Progress, Silent
from plaudit.result import Basis, Case, Decision, DetectorRun, Message, SectionPart
from plaudit.tally import SectionTally, tally_section
from plaudit.tally.depth import SectionDepth, depth, highlights
from plaudit.tally.planted import sight_of
from plaudit.verdict import SectionVerdicts, weigh_section

SHOWN_DECISIONS = 200


@dataclass(frozen=True)
class Answers:
    """What the flow computed about a section."""

    findings: Sequence[Findings]
    verdicts: SectionVerdicts
    tally: SectionTally
    deep: SectionDepth
    highlights: Ints


@dataclass(frozen=True)
class SectionAudit:
    """A finished section: its part of the document, its tables, and what it adds to the document's common lists."""

    part: SectionPart
    tables: Mapping[str, pa.Table]
    detectors: list[DetectorRun]
    cases: list[Case]
    decisions: list[Decision]
    decisions_omitted: int
    unseen: list[Message]
    end_ms: int


def answer(
    section: Section, *, seed: int = 0, progress: Progress | None = None, figures: TextFigures | None = None
) -> Answers:
    """Ask every detector, weigh what they say, and count.

    Args:
        section: what an owner holds.
        seed: seed of everything random; the same seed gives the same bytes.
        progress: told the stages.
        figures: what stands for the texts where they were left behind.
    """
    told = progress or Silent()
    told.stage("detect")
    context = SectionContext(section, seed, figures)
    findings = run_section_detectors(SECTION, section, context, lambda done: told.advance(done, len(SECTION)))
    told.stage("count")
    verdicts = weigh_section(section, findings)
    sight = sight_of(section, verdicts, context.specifics, seed)
    counts = tally_section(section, findings, verdicts, seed, sight)
    told.stage("depth")
    deep = depth(section, suspicion=verdicts.p, told=context.specifics)
    # What stays in question is no highlight, however even the odds.
    doubt = np.where(verdicts.status != STATUSES.index(Status.VERIFIED), 1.0, verdicts.p)
    best = highlights(section, deep.comments, suspicion=doubt, told=context.specifics)
    return Answers(findings, verdicts, counts, deep, best)


def audit_section(
    section: Section,
    basis: Basis,
    quarantine: pa.Table,
    *,
    seed: int = 0,
    as_of_ms: int | None = None,
    reveal: bool = False,
    progress: Progress | None = None,
    figures: TextFigures | None = None,
) -> SectionAudit:
    """Audit a section that has been read.

    Args:
        section: what an owner holds.
        basis: what it was read from, as the report says it.
        quarantine: rows that could not be read, in the schema ``quarantine``.
        seed: seed of everything random; the same seed gives the same bytes.
        as_of_ms: the moment decisions are dated from; the last moment the section speaks of by default.
        reveal: write texts, nicknames and what rejected rows held into tables and document.
        progress: told the stages.
        figures: what stands for the texts where they were left behind.
    """
    found = answer(section, seed=seed, progress=progress, figures=figures)
    end_ms = last_moment(section)
    at_ms = end_ms if as_of_ms is None else as_of_ms
    ids, targets = finding_ids(found.findings), target_ids(section)
    tables = section_tables(section, found.findings, found.verdicts, found.tally, found.deep.comments, reveal)
    part = section_part(
        section,
        found.findings,
        found.verdicts,
        found.tally,
        tables,
        ids,
        targets,
        basis,
        found.deep,
        found.highlights,
        reveal,
    )
    decisions, omitted = _decisions(section, found, ids, targets, at_ms)
    outcomes = [(d.spec.id, f.outcome, f.reason) for d, f in zip(SECTION, found.findings, strict=True)]
    cases = [view.case for view in part.comments if view.case] + [view.case for view in part.posts if view.case]
    return SectionAudit(
        part=part,
        tables={**tables, "quarantine": quarantine if reveal else without_content(quarantine)},
        detectors=[run_of(d, f) for d, f in zip(SECTION, found.findings, strict=True)],
        cases=cases[:8],
        decisions=decisions,
        decisions_omitted=omitted,
        unseen=unseen(section, outcomes),
        end_ms=end_ms,
    )


def last_moment(section: Section) -> int:
    """The last moment anything in the section happened or was read, UTC milliseconds; the first day of 1970 if none."""
    parts = (
        section.snapshots.observed_ms,
        section.comments.observed_ms,
        section.comments.created_ms,
        section.posts.published_ms,
    )
    return max(DAY_MS, *(int(part.max(initial=0)) for part in parts))


def _decisions(
    section: Section, found: Answers, ids: Sequence[str], targets: pa.Array, as_of_ms: int
) -> tuple[list[Decision], int]:
    trouble = found.tally.discounted * 10**9 + found.tally.undetermined
    touched = np.flatnonzero(trouble > 0)
    ordered = touched[np.argsort(-trouble[touched], kind="stable")]
    offsets, finding = found.verdicts.finding_offsets, found.verdicts.finding
    listed = ordered[:SHOWN_DECISIONS].tolist()
    reasons = [[ids[k] for k in finding[int(offsets[t]) : int(offsets[t + 1])].tolist()] for t in listed]
    reasons += [[]] * max(0, ordered.shape[0] - SHOWN_DECISIONS)
    made = decide(found.tally, targets.take(pa.array(ordered)).to_pylist(), reasons, ordered, as_of_ms)
    return made[:SHOWN_DECISIONS], max(0, len(made) - SHOWN_DECISIONS)
