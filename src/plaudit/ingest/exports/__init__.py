"""Exports of comments, curves, totals and outcomes (T0, T1) -> :class:`~plaudit.model.Section`.

One thing after another: ``opening`` (bytes to a form), ``recognise`` (what it is), ``stage`` (rows of text), ``judge``
(numbers, moments, reasons), ``posts``, ``authors``, ``readings``, ``section`` (the nouns). What platforms call things
stands in ``apis`` (JSON) and ``roles`` (tables). ``docs/exports.md`` says what is read and how every trap is answered.
"""

from plaudit.ingest.exports.account import ExportFile, ExportRead, ExportSummary, LeftOut
from plaudit.ingest.exports.outcomes import keyed
from plaudit.ingest.exports.read import read_exports, recognise
from plaudit.ingest.exports.roles import Kind

__all__ = ["ExportFile", "ExportRead", "ExportSummary", "Kind", "LeftOut", "keyed", "read_exports", "recognise"]
