"""One result document to people: HTML (English, 简体中文), terminal, XLSX, JSON. Computes nothing beyond layout."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyarrow as pa
    from rich.console import RenderableType

    from plaudit.result import Case, ResultDocument

__all__ = ["render_case", "render_html", "render_summary", "render_xlsx", "to_json"]


def to_json(document: ResultDocument) -> bytes:
    """The document as JSON: UTF-8, keys sorted, one space of indent, a newline at the end; the same bytes every time.

    Raises:
        ValueError: a figure is not finite; names where it stands. JSON has no way to write it, and a null in its
            place would be read as "absent".
    """
    from plaudit.report.machine import to_bytes

    return to_bytes(document)


# What draws is imported only when something is drawn: a library user who wants figures should not wait for charts.
def render_html(document: ResultDocument, lang: str = "en", tz_offset_minutes: int | None = None) -> str:
    """The report as one self-contained HTML page that loads nothing from anywhere.

    Args:
        document: the audit.
        lang: ``en`` or ``zh``.
        tz_offset_minutes: time zone of all clocks and of the night band, in minutes east of UTC; by default 0 for
            ``en`` and 480 for ``zh``.

    Raises:
        InputError: unknown language or impossible time zone.
    """
    from plaudit.report.page import render

    return render(document, lang, tz_offset_minutes)


def render_xlsx(document: ResultDocument, tables: Mapping[str, pa.Table], lang: str = "en") -> bytes:
    """The tables of a section's audit as a workbook without formulas; the same audit gives the same bytes.

    Args:
        document: the audit of comment exports or curves.
        tables: its tables; ``comments`` and ``posts`` are listed, those most in question first.
        lang: ``en`` or ``zh``.

    Raises:
        InputError: unknown language.
        ValueError: the document holds no section.
    """
    from plaudit.report.xlsx import to_xlsx

    return to_xlsx(document, tables, lang)


def render_summary(document: ResultDocument, lang: str = "en") -> RenderableType:
    """The audit on one terminal screen (80 columns): counts, groups, targets, detectors, rows, what stays unseen."""
    from plaudit.report.terminal import summary

    return summary(document, lang)


def render_case(case: Case, lang: str = "en", width: int = 80) -> RenderableType:
    """One verdict as a waterfall of log-odds (nats), ``width`` cells wide, the null expectation beside each figure."""
    from plaudit.report.terminal import case_view

    return case_view(case, lang, width)
