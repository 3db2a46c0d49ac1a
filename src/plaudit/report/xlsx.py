"""The result as a workbook for people who live in spreadsheets: nine sheets, no formula, the same bytes every time.

Texts of an export are hostile: a cell that begins like a formula is written as text and marked to stay text (OWASP,
"CSV injection"), so that opening the sheet runs nothing.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping
from typing import Any

import pyarrow as pa
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter

from plaudit.report import figures
from plaudit.report.sheets import Sheet, sheets_of
from plaudit.report.words import Words
from plaudit.result import ResultDocument

_STAMP = b"1980-01-01T00:00:00Z"
_MOST_LETTERS = 32_000
_HEAD = Font(bold=True)
_FILL = PatternFill("solid", fgColor="FFF3F1EA")
_WRAP = Alignment(wrap_text=True, vertical="top")
_FORMATS = {"n": "#,##0", "d": "#,##0.0", "pct": "0.0%", "p": "0.00E+00", "time": "yyyy-mm-dd hh:mm"}


def to_xlsx(document: ResultDocument, tables: Mapping[str, pa.Table], lang: str = "en") -> bytes:
    """The workbook of a section's audit.

    Args:
        document: the audit; it must hold a section.
        tables: the tables of the audit, of which ``comments`` and ``posts`` are listed.
        lang: ``en`` or ``zh``.

    Raises:
        InputError: unknown language.
        ValueError: the document holds no section.
    """
    section = document.section
    if section is None:
        raise ValueError("A workbook is made of a section's audit, and this document holds none.")
    words = Words.of(lang)
    book = Workbook(write_only=True)
    for sheet in sheets_of(document, section, tables, words):
        _write(book, sheet, words)
    raw = io.BytesIO()
    book.save(raw)
    return _timeless(raw.getvalue())


def _write(book: Workbook, sheet: Sheet, words: Words) -> None:
    page = book.create_sheet(words.name("sheet", sheet.code))
    page.freeze_panes = "A2"
    page.page_setup.orientation, page.page_setup.fitToHeight = "landscape", 0
    page.sheet_properties.pageSetUpPr.fitToPage = True
    page.print_title_rows = "1:1"
    for place, (_, _, width) in enumerate(sheet.columns):
        page.column_dimensions[get_column_letter(place + 1)].width = width
    page.append([_head(page, name) for name, _, _ in sheet.columns])
    last = 1
    for row in sheet.rows:
        cells = [_cell(page, value, sheet.columns[k][1]) for k, value in enumerate(row)]
        page.append(cells)
        last += 1
    page.auto_filter.ref = f"A1:{get_column_letter(len(sheet.columns))}{last}"


def _head(page: Any, name: str) -> WriteOnlyCell:
    cell = WriteOnlyCell(page, name)
    cell.font, cell.fill, cell.alignment = _HEAD, _FILL, _WRAP
    return cell


def _cell(page: Any, value: Any, form: str) -> WriteOnlyCell:
    if isinstance(value, str):
        # What cannot be shown is spelt out, and nothing is ever a formula, whatever it begins with.
        text = figures.visible(value.replace("\n", " ").replace("\t", " "))[:_MOST_LETTERS]
        cell = WriteOnlyCell(page, text)
        cell.data_type = "s"
        cell.quotePrefix = text[:1] in ("=", "+", "-", "@", "'", "|", "%")
        if len(text) > 40:
            cell.alignment = _WRAP
        return cell
    cell = WriteOnlyCell(page, value)
    if form in _FORMATS and value is not None:
        cell.number_format = _FORMATS[form]
    elif isinstance(value, float):
        cell.number_format = _FORMATS["n" if value == round(value) else "d" if abs(value) >= 10 else "p"]
        if 0.001 <= abs(value) < 10 and value != round(value):
            cell.number_format = "0.000"
    elif isinstance(value, int):
        cell.number_format = _FORMATS["n"]
    return cell


def _timeless(raw: bytes) -> bytes:
    """The same workbook without the moment it was made at."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in sorted(old.namelist(), key=lambda one: (one != "[Content_Types].xml", one)):
            content = old.read(name)
            if name == "docProps/core.xml":
                content = re.sub(rb"(<dcterms:(created|modified)[^>]*>)[^<]*", rb"\g<1>" + _STAMP, content)
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o600 << 16
            new.writestr(entry, content)
    return out.getvalue()
