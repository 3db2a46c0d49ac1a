"""Which road a source takes: an event log alone, or exports (with or without event logs among them)."""

from __future__ import annotations

import glob
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from plaudit.errors import InputError
from plaudit.ingest.exports import Kind, recognise

_DOCUMENT = re.compile(r"\.(json|xlsx)$", re.IGNORECASE)


def holds_exports(source: Any, mapping: Mapping[str, str] | None) -> bool:
    """Whether anything named is a folder or an export by its content.

    What is no file (standard input, a table in memory), what columns were mapped for, and what cannot be recognised is
    left to the reader of event logs, which says what is wrong with it.
    """
    items = list(source) if isinstance(source, Sequence) and not isinstance(source, str | bytes) else [source]
    if mapping or not items or not all(isinstance(item, str | Path) for item in items):
        return False
    return any(_is_export(str(item)) for item in items)


def clearer(source: Any, own: InputError) -> InputError:
    """The sentence that helps more, when one JSON file or workbook is no event log and no export either.

    Whoever names such a file mostly means an export, of which the reader of event logs knows nothing.
    """
    items = [source] if isinstance(source, str | Path) else source
    if not isinstance(items, Sequence) or len(items) != 1 or not isinstance(items[0], str | Path):
        return own
    file = Path(items[0]).expanduser()
    if not _DOCUMENT.search(file.name) or not file.is_file():
        return own
    try:
        recognise(file)
    except InputError as said:
        return said
    return own


def _is_export(item: str) -> bool:
    path = Path(item).expanduser()
    if path.is_dir():
        return True
    if path.is_file():
        files = [path]
    elif any(sign in item for sign in "*?["):
        files = [one for name in sorted(glob.glob(str(path), recursive=True)) for one in [Path(name)] if one.is_file()]
    else:
        return False
    return any(_kind(file) not in (None, Kind.EVENTS) for file in files)


def _kind(file: Path) -> Kind | None:
    try:
        return recognise(file)
    except InputError:
        return None
