"""What Plaudit says when it cannot go on: one sentence, with the remedy in it.

The command line turns an :class:`InputError` into exit code 2 and the sentence; a library user catches it. Anything
else that escapes is a defect of ours.
"""

from __future__ import annotations


class PlauditError(Exception):
    """Base of every error Plaudit raises on purpose. ``str(error)`` is one clear sentence."""


class InputError(PlauditError):
    """The caller's input cannot be used: names the file, the row where there is one, and the remedy."""


class UnknownInput(InputError):
    """One file that holds nothing Plaudit reads: beside files that do, it may be left out and named.

    Args:
        sentence: as for every :class:`InputError`.
        reason: a word the report knows: ``empty``, ``one_column``, ``unknown_json``, ``unknown_table``.
        found: what is in it: its keys or columns.
    """

    def __init__(self, sentence: str, reason: str, found: str = "") -> None:
        super().__init__(sentence)
        self.reason, self.found = reason, found


class ResultError(PlauditError):
    """A result directory is missing, incomplete, or written by an incompatible version."""
