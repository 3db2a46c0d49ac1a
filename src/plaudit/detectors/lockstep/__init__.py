"""Lockstep: do the same two actors keep meeting within moments on target after target?"""

from plaudit.detectors.lockstep.detector import DETECTOR

__all__ = ["DETECTOR"]
