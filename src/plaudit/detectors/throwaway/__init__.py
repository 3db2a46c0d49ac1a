"""One-off actors: does a target have more of them than this log's targets have?"""

from plaudit.detectors.throwaway.detector import DETECTOR

__all__ = ["DETECTOR"]
