"""What came of verifying a bundle: one verdict, and every check behind it."""

from __future__ import annotations

from plaudit.result.base import Frozen, Message


class Check(Frozen):
    """One thing that was checked. ``message`` says what was found, in figures."""

    name: str  # "members" | "hashes" | "commitment" | "version" | "tables" | "document" | "texts"
    passed: bool
    message: Message


class Verification(Frozen):
    """The answer of ``plaudit verify``.

    ``verdict``: ``confirmed``; ``rounding`` (the same numbers, but for the last digits another processor gives);
    ``changed`` (the file is not as it was made); ``differs`` (it is as it was made, and running it again gives other
    numbers); ``other_version`` (it gives other numbers, and was made by another version of Plaudit).
    """

    bundle: str
    verdict: str
    commitment: str
    made_with: str
    checked_with: str
    shown: int | None
    authentic: float | None
    authentic_low: float | None
    authentic_high: float | None
    checks: list[Check]

    @property
    def confirmed(self) -> bool:
        """Whether the same numbers came out."""
        return self.verdict in ("confirmed", "rounding")
