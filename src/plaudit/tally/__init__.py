"""Honest counts: an exact split of what is shown, and what is authentic with its interval."""

from plaudit.tally.count import Tally, tally
from plaudit.tally.section import SectionTally, Whole, tally_section

__all__ = ["SectionTally", "Tally", "Whole", "tally", "tally_section"]
