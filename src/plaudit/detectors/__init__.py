"""One folder per question. Built-ins stand in one explicit list; others arrive by entry points."""

from __future__ import annotations

from importlib.metadata import entry_points

from plaudit.detectors.burst import DETECTOR as BURST
from plaudit.detectors.lockstep import DETECTOR as LOCKSTEP
from plaudit.detectors.orders import DETECTOR as ORDERS
from plaudit.detectors.reciprocity import DETECTOR as RECIPROCITY
from plaudit.detectors.shared_context import DETECTOR as SHARED_CONTEXT
from plaudit.detectors.spec import Context, Detector, DetectorSpec, SectionContext, SectionDetector, TextFigures
from plaudit.detectors.throwaway import DETECTOR as THROWAWAY

BUILT_IN: tuple[Detector, ...] = (LOCKSTEP, ORDERS, BURST, THROWAWAY, SHARED_CONTEXT, RECIPROCITY)
"""Detectors of every audit, in the order they are run and reported."""


SECTION: tuple[SectionDetector, ...]
"""Detectors of comment exports and curves; an audit of a log does not load them."""


def __getattr__(name: str) -> tuple[SectionDetector, ...]:
    if name != "SECTION":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from plaudit.detectors.sections import SECTION

    return SECTION


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
