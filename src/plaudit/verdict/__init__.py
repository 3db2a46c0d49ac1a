"""From findings to weight of evidence: calibration, family caps, a prior read off the data, and one opinion each."""

from plaudit.verdict.section import SectionVerdicts, weigh_section
from plaudit.verdict.together import heard_together
from plaudit.verdict.weigh import DISCOUNT_AT, UNDETERMINED_AT, weigh

__all__ = ["DISCOUNT_AT", "UNDETERMINED_AT", "SectionVerdicts", "heard_together", "weigh", "weigh_section"]
