"""Exports of comments, curves, totals and outcomes (T0, T1) -> :class:`~plaudit.model.Section`.

One thing after another: ``opening`` (bytes to a form), ``recognition`` (what it is), ``stage`` (rows of text),
``judge`` (numbers, moments, reasons), ``posts``, ``authors``, ``readings``, ``section`` (the nouns). What platforms
call things stands in ``apis`` (JSON) and ``roles`` (tables). ``docs/exports.md`` says what is read and how every trap
is answered.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from plaudit.ingest.exports.recognition import recognise
from plaudit.ingest.exports.roles import Kind

if TYPE_CHECKING:
    from plaudit.ingest.exports.account import ExportFile, ExportRead, ExportSummary, LeftOut
    from plaudit.ingest.exports.outcomes import keyed
    from plaudit.ingest.exports.read import read_exports

__all__ = ["ExportFile", "ExportRead", "ExportSummary", "Kind", "LeftOut", "keyed", "read_exports", "recognise"]

_HOMES = {
    "ExportFile": "account",
    "ExportRead": "account",
    "ExportSummary": "account",
    "LeftOut": "account",
    "keyed": "outcomes",
    "read_exports": "read",
}


def __getattr__(name: str) -> Any:
    # Every audit asks what its files are; what reads exports is loaded for those that are some.
    if name in _HOMES:
        from importlib import import_module

        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
