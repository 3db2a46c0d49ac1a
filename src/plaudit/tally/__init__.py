"""Honest counts: per target, an exact split of what is shown and an estimate of what is authentic, with its interval."""

from plaudit.tally.count import Tally, tally

__all__ = ["Tally", "tally"]
