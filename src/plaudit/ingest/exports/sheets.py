"""Excel workbooks (.xlsx) as text columns: the first sheet that has a table."""

from __future__ import annotations

import warnings
import zipfile
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from plaudit.errors import InputError, UnknownInput
from plaudit.ingest.columns import folded, listed
from plaudit.ingest.exports.roles import ALIASES

MAX_UNPACKED = 512 << 20
"""Bytes a workbook may unpack to."""
_EXACT = 2**53
_TOP = 10
"""Rows among which the header is looked for: exports put titles and dates above it."""
_KNOWN = frozenset(name for roles in ALIASES.values() for names in roles.values() for name in names)


def sheet_of(path: Path, name: str) -> pa.Table:
    """The table of a workbook: ``row`` (as the spreadsheet numbers them), then its columns as text.

    The header is the row among the first ten that holds most of the names columns are known by.

    Raises:
        InputError: damaged, too large, no table in it, or a number that has lost digits.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(one.file_size for one in archive.infolist()) > MAX_UNPACKED:
                raise InputError(f"{name} unpacks to more than {MAX_UNPACKED >> 20} MB: save the sheet as CSV.")
        from openpyxl import load_workbook  # most files are no workbooks

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # missing styles and the like say nothing about values
            book = load_workbook(path, read_only=True, data_only=True)
            try:
                sheets = [list(sheet.iter_rows(values_only=True)) for sheet in book.worksheets]
            finally:
                book.close()
    except InputError:
        raise
    except Exception as error:  # whatever a damaged workbook makes the parser of archives and XML say
        raise InputError(f"{name} is a truncated or damaged Excel workbook; save or fetch it again.") from error
    best = max(range(len(sheets)), key=lambda at: (_header(sheets[at])[1], -at), default=None)
    if best is None or not any(any(_filled(row)) for row in sheets[best]):
        raise UnknownInput(f"{name} holds no table: nothing to read.", "empty")
    rows = sheets[best]
    header, _ = _header(rows)
    names = [str(cell).strip() if cell is not None else "" for cell in rows[header]]
    kept = [at for at, one in enumerate(names) if one]
    if twice := [names[at] for at in kept if names.count(names[at]) > 1]:
        raise InputError(f"{name} has several columns named {twice[0]!r}: rename all but one.")
    body = [(at + 1, row) for at, row in enumerate(rows) if at > header and any(_filled(row))]
    if not body:
        raise UnknownInput(f"{name} has a header and no rows: nothing to read.", "no_rows", listed(names))
    columns = {"row": pa.array([at for at, _ in body], pa.int64())}
    for at in kept:
        columns[names[at]] = pa.array(
            [_text(row[at] if at < len(row) else None, name, number, names[at]) for number, row in body], pa.string()
        )
    return pa.table(columns)


def _filled(row: tuple[Any, ...]) -> list[bool]:
    return [cell is not None and str(cell).strip() != "" for cell in row]


def _header(rows: list[tuple[Any, ...]]) -> tuple[int, int]:
    """Row number of the likeliest header, and how many of its names are known."""
    known = [sum(folded(str(cell)) in _KNOWN for cell in row if cell is not None) for row in rows[:_TOP]]
    most = max(known, default=0)
    if most:
        return known.index(most), most
    return next((at for at, row in enumerate(rows) if sum(_filled(row)) > 1), 0), 0


def _text(cell: Any, name: str, row: int, column: str) -> str | None:
    if cell is None:
        return None
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, datetime | date):
        return cell.isoformat()
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    if isinstance(cell, int) and abs(cell) >= _EXACT:
        raise InputError(
            f"{name} row {row}: column {column!r} holds {cell} as a number, of which a spreadsheet keeps 15 digits "
            "only; export ids as text, or as CSV."
        )
    return str(cell)
