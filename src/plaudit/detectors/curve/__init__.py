"""Curves: did a target's counter rise, run on, stop or fall in ways this account's own curves do not?"""

from plaudit.detectors.curve.detector import DETECTOR
from plaudit.detectors.curve.records import IntervalScores, interval_scores

__all__ = ["DETECTOR", "IntervalScores", "interval_scores"]
