"""Device and network: do actors behind one device or address meet on targets beyond this log's own sharing?"""

from plaudit.detectors.shared_context.detector import DETECTOR

__all__ = ["DETECTOR"]
