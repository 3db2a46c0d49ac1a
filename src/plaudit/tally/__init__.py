"""Honest counts: an exact split of what is shown, and what is authentic with its interval."""

from plaudit.tally.bought import Purchases, purchases
from plaudit.tally.count import Tally, tally
from plaudit.tally.section import SectionTally, Whole, tally_section
from plaudit.tally.units import Sums, sums
from plaudit.tally.worlds import Worlds, worlds_of

__all__ = [
    "Purchases",
    "SectionTally",
    "Sums",
    "Tally",
    "Whole",
    "Worlds",
    "purchases",
    "sums",
    "tally",
    "tally_section",
    "worlds_of",
]
