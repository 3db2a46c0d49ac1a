"""Ratios: has a post more likes than its reads, comments and other totals bring on this account?"""

from plaudit.detectors.ratio.detector import DETECTOR

__all__ = ["DETECTOR"]
