"""Author rings: do the same authors come back together, in one order, beyond what loyal readers do?"""

from plaudit.detectors.author_ring.detector import DETECTOR

__all__ = ["DETECTOR"]
