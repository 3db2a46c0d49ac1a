"""A verification for a terminal: the verdict first, then every check behind it."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.text import Text

from plaudit.report.screen import Sentence
from plaudit.report.words import Words
from plaudit.result.bundle import Verification


def verification_view(found: Verification, lang: str) -> RenderableType:
    """One clear verdict, the commitment to compare, and what was checked."""
    words = Words.of(lang)
    style = "bold green" if found.confirmed else "bold red"
    parts: list[RenderableType] = [Sentence(words(f"verify_{found.verdict}"), style)]
    parts.append(Text(f"{words('verify_commitment')}: {found.commitment}"))
    if not any(check.name == "commitment" for check in found.checks):
        parts.append(Sentence(words("verify_no_note"), "bright_black"))
    for check in found.checks:
        parts.append(Text(f"{'+' if check.passed else '!'} {words.say(check.message)}"))
    if found.shown is not None and found.confirmed:
        parts.append(
            Text(
                words(
                    "verify_counts",
                    shown=found.shown,
                    authentic=found.authentic,
                    low=found.authentic_low,
                    high=found.authentic_high,
                )
            )
        )
    return Group(*parts)
