"""Near-duplicates: do more authors say the same than readers copy here, and are they liked beyond their kin?"""

from plaudit.detectors.near_duplicate.detector import DETECTOR

__all__ = ["DETECTOR"]
