"""Honest counts: an exact split of what is shown, and what is authentic with its interval."""

from plaudit.tally.count import Tally, tally

__all__ = ["Tally", "tally"]
