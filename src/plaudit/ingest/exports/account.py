"""What reading exports hands on: the section, outcomes, event logs left to others, and an account of every row."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from plaudit.ingest.exports.roles import Kind
from plaudit.model import Outcomes, Section


@dataclass(frozen=True)
class ExportFile:
    """One file as recognised and read. ``sha256`` is of its bytes.

    Attributes:
        name: as given, or as found in the folder.
        kind: what it is.
        sha256, bytes: of the file.
        rows: rows found in it (0 for an event log, which is read elsewhere).
        rejected: rows set apart.
        observed_ms: the moment it was taken, where one holds for the whole file.
        notes: what was said about its times, its moment and its encoding.
    """

    name: str
    kind: Kind
    sha256: str
    bytes: int
    rows: int
    rejected: int
    observed_ms: int | None
    notes: tuple[str, ...]


@dataclass(frozen=True)
class LeftOut:
    """One file of a folder that was not read.

    Attributes:
        name: as found in the folder.
        reason: ``not_data`` (a picture, a note: told by its name), ``unreadable`` (a text that is no table),
            ``empty``, ``no_rows``, ``one_column``, ``unknown_json`` or ``unknown_table``.
        found: keys or columns it holds, where it holds any.
    """

    name: str
    reason: str
    found: str = ""


@dataclass(frozen=True)
class ExportSummary:
    """The account of a reading. Every row is rejected, repeats another, or is kept as a reading or an outcome.

    Attributes:
        files: every file read or left to :func:`~plaudit.ingest.read_events`, in the order of their names.
        left_out: files of folders that were not read, and why, in the order of their names.
        rows, rejected: over all files.
        repeated: rows that say again what another row of the same moment says.
        conflicting: rows of one target and one moment with different counts: kept as the interval around them.
        orphans: replies whose parent no file holds.
        rejected_reasons: reason -> rows.
        key_given: whether the key of the pseudonyms was given, or derived from the input.
        notes: sentences for the report.
    """

    files: tuple[ExportFile, ...]
    left_out: tuple[LeftOut, ...]
    rows: int
    rejected: int
    repeated: int
    conflicting: int
    orphans: int
    rejected_reasons: dict[str, int]
    key_given: bool
    notes: tuple[str, ...]


@dataclass(frozen=True)
class ExportRead:
    """What exports hold.

    Attributes:
        section: posts, comments and curves (tiers T0 and T1); empty where the input holds event logs or outcomes only.
        outcomes: what actors went on to do, None where no file says.
        events: files recognised as event logs (T2).
        summary: the account.
        quarantine: rejected rows (schema ``quarantine``).
        account_ids: account id of authors (``who``) beside their pseudonym (``key``): kept in memory only, for outcomes
            that name people as the platform does. None where no comments were read.
    """

    section: Section
    outcomes: Outcomes | None
    events: tuple[Path, ...]
    summary: ExportSummary
    quarantine: pa.Table
    account_ids: pa.Table | None = None
