"""What Plaudit says when it cannot go on: one sentence, with the remedy in it.

The command line turns an :class:`InputError` into exit code 2 and the sentence; a library user catches it. Anything
else that escapes is a defect of ours.
"""

from __future__ import annotations


class PlauditError(Exception):
    """Base of every error Plaudit raises on purpose. ``str(error)`` is one clear sentence."""


class InputError(PlauditError):
    """The caller's input cannot be used: names the file, the row where there is one, and the remedy."""


class ResultError(PlauditError):
    """A result directory is missing, incomplete, or written by an incompatible version."""
