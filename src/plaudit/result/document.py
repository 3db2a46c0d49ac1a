"""The document itself."""

from __future__ import annotations

from pydantic import Field

from plaudit.model import SCHEMA_VERSION
from plaudit.result.base import Case, Count, Decision, DetectorRun, Frozen, LeftOut, Message, Method
from plaudit.result.board import BoardView
from plaudit.result.counts import HerdPart, UnitView
from plaudit.result.log import Curve, GroupView, Input, Labels, TargetView, Verdict
from plaudit.result.section import SectionPart
from plaudit.result.value import ValuePart


class ResultDocument(Frozen):
    """The audit of an event log, of a section of comments and curves, or of both.

    Where no event log was given, ``tier`` is that of the section, ``total`` and ``headline`` are the section's, and the
    parts that only a log has (``input``, ``targets``, ``groups``, ``overall``) are empty. ``detectors``, ``cases``,
    ``decisions`` and ``unseen`` hold the log's and then the section's.
    """

    schema_version: str = SCHEMA_VERSION
    tier: str
    input: Input
    total: Count
    verdict: Verdict
    detectors: list[DetectorRun]
    targets: list[TargetView]
    targets_omitted: int
    groups: list[GroupView]
    groups_omitted: int
    cases: list[Case]
    decisions: list[Decision]
    decisions_omitted: int
    overall: Curve
    headline: Message
    unseen: list[Message]
    method: Method
    labels: Labels | None = None
    section: SectionPart | None = None
    value: ValuePart | None = None
    counts: list[UnitView] = Field(default_factory=list)
    counts_omitted: int = 0
    herd: HerdPart | None = None
    left_out: list[LeftOut] = Field(default_factory=list)
    boards: list[BoardView] = Field(default_factory=list)
    boards_omitted: int = 0
