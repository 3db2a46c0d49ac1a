"""From findings to weight of evidence: calibration, family caps, a prior read off the log, and one opinion per like."""

from plaudit.verdict.weigh import DISCOUNT_AT, UNDETERMINED_AT, weigh

__all__ = ["DISCOUNT_AT", "UNDETERMINED_AT", "weigh"]
