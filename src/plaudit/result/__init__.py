"""The one result document: everything a reader may want to see, computed once, frozen, rendered by ``report``.

``result.json`` is this model as JSON. Texts that people read are *messages*: a code and its figures, worded in each
language by ``report``; no sentence is stored here.
"""

from __future__ import annotations

from plaudit.result.base import Case, Count, Decision, DetectorRun, InputFile, LeftOut, Message, Method, Step
from plaudit.result.board import BoardView, GroupEffect, Moved, RankedBoard, RankedRow
from plaudit.result.cells import OTHER, SMALL, merged
from plaudit.result.counts import HerdPart, UnitView, WhatIf
from plaudit.result.document import ResultDocument
from plaudit.result.log import (
    Curve,
    Edge,
    GroupView,
    Input,
    LabelCount,
    LabelEntry,
    Labels,
    LearnedWeight,
    TargetView,
    Verdict,
)
from plaudit.result.section import (
    Basis,
    Cell,
    CommentView,
    CurvePoints,
    Depth,
    DepthPart,
    ExportSource,
    GapPoint,
    KeyFigure,
    PostView,
    RankMove,
    SectionCount,
    SectionFinding,
    SectionPart,
    SectionTarget,
    SectionWeights,
    Sight,
    Span,
)
from plaudit.result.value import Contrast, Cost, Rate, ValuePart

__all__ = [
    "Basis",
    "BoardView",
    "Case",
    "Cell",
    "CommentView",
    "Contrast",
    "Cost",
    "Count",
    "Curve",
    "CurvePoints",
    "Decision",
    "Depth",
    "DepthPart",
    "DetectorRun",
    "Edge",
    "ExportSource",
    "GapPoint",
    "GroupEffect",
    "GroupView",
    "HerdPart",
    "Input",
    "InputFile",
    "KeyFigure",
    "LabelCount",
    "LabelEntry",
    "Labels",
    "LearnedWeight",
    "LeftOut",
    "Message",
    "Method",
    "Moved",
    "OTHER",
    "PostView",
    "RankMove",
    "RankedBoard",
    "RankedRow",
    "Rate",
    "ResultDocument",
    "SMALL",
    "SectionCount",
    "SectionFinding",
    "SectionPart",
    "SectionTarget",
    "SectionWeights",
    "Sight",
    "Span",
    "Step",
    "TargetView",
    "UnitView",
    "ValuePart",
    "Verdict",
    "merged",
    "WhatIf",
]
