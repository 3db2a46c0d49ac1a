"""Do authors like each other's targets far more than this log's own give and take explains?"""

from plaudit.detectors.reciprocity.detector import DETECTOR

__all__ = ["DETECTOR"]
