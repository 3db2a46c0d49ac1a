"""Likes that text, place, age and readers do not explain."""

from plaudit.detectors.quality_gap.detector import DETECTOR

__all__ = ["DETECTOR"]
