"""One folder per question. Built-ins stand in one explicit list; others arrive by entry points."""

from __future__ import annotations

from importlib.metadata import entry_points

from plaudit.detectors.author_ring import DETECTOR as AUTHOR_RING
from plaudit.detectors.burst import DETECTOR as BURST
from plaudit.detectors.curve import DETECTOR as CURVE
from plaudit.detectors.lockstep import DETECTOR as LOCKSTEP
from plaudit.detectors.near_duplicate import DETECTOR as NEAR_DUPLICATE
from plaudit.detectors.orders import DETECTOR as ORDERS
from plaudit.detectors.quality_gap import DETECTOR as QUALITY_GAP
from plaudit.detectors.ratio import DETECTOR as RATIO
from plaudit.detectors.reciprocity import DETECTOR as RECIPROCITY
from plaudit.detectors.region import DETECTOR as REGION
from plaudit.detectors.shared_context import DETECTOR as SHARED_CONTEXT
from plaudit.detectors.spec import Context, Detector, DetectorSpec, SectionContext, SectionDetector, TextFigures
from plaudit.detectors.throwaway import DETECTOR as THROWAWAY

BUILT_IN: tuple[Detector, ...] = (LOCKSTEP, ORDERS, BURST, THROWAWAY, SHARED_CONTEXT, RECIPROCITY)
"""Detectors of every audit, in the order they are run and reported."""


SECTION: tuple[SectionDetector, ...] = (
    NEAR_DUPLICATE,
    AUTHOR_RING,
    QUALITY_GAP,
    REGION,
    CURVE,
    RATIO,
)
"""Detectors of comment exports and curves, in the order they are run and reported."""


def all_detectors() -> tuple[Detector, ...]:
    """Built-ins, then installed plug-ins in the order of their names."""
    installed = sorted(entry_points(group="plaudit.detectors"), key=lambda point: point.name)
    return (*BUILT_IN, *(point.load() for point in installed))


__all__ = [
    "BUILT_IN",
    "SECTION",
    "Context",
    "Detector",
    "DetectorSpec",
    "SectionContext",
    "SectionDetector",
    "TextFigures",
    "all_detectors",
]
