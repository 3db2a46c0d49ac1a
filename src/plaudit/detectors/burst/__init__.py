"""Delivery shape: did a target's likes crowd together more than its own rhythm explains?"""

from plaudit.detectors.burst.detector import DETECTOR

__all__ = ["DETECTOR"]
