"""The detectors of comment exports and curves, in the order they are run and reported."""

from __future__ import annotations

from plaudit.detectors.author_ring import DETECTOR as AUTHOR_RING
from plaudit.detectors.curve import DETECTOR as CURVE
from plaudit.detectors.near_duplicate import DETECTOR as NEAR_DUPLICATE
from plaudit.detectors.quality_gap import DETECTOR as QUALITY_GAP
from plaudit.detectors.ratio import DETECTOR as RATIO
from plaudit.detectors.region import DETECTOR as REGION
from plaudit.detectors.spec import SectionDetector

SECTION: tuple[SectionDetector, ...] = (NEAR_DUPLICATE, AUTHOR_RING, QUALITY_GAP, REGION, CURVE, RATIO)
"""Detectors of comment exports and curves."""
