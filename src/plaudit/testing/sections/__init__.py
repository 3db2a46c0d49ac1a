"""Sections with planted truth: comments, counters and curves as an owner holds them (T0, T1). Seeded, no clock."""

from plaudit.testing.sections.files import LAYOUTS, write_section
from plaudit.testing.sections.scoring import LabelScore, pooled, score_section, what_each_tier_sees
from plaudit.testing.sections.spec import (
    BOUGHT_LABELS,
    COMMENT_LABELS,
    LABELS,
    SHAPE_LABELS,
    TRAP_LABELS,
    Knobs,
    SectionSpec,
    section_scenarios,
)
from plaudit.testing.sections.world import SectionWorld, simulate_section

__all__ = [
    "BOUGHT_LABELS",
    "COMMENT_LABELS",
    "LABELS",
    "LAYOUTS",
    "SHAPE_LABELS",
    "TRAP_LABELS",
    "Knobs",
    "LabelScore",
    "SectionSpec",
    "SectionWorld",
    "pooled",
    "score_section",
    "section_scenarios",
    "simulate_section",
    "what_each_tier_sees",
    "write_section",
]
