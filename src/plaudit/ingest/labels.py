"""Labels somebody has given: which likes, actors or groups were looked into, and what was found.

Columns (named like this, or by an alias): ``subject_kind`` (event, actor or group), ``subject_id``, ``label``
(inauthentic or genuine), and optionally ``reason``, ``source``, and for groups ``audit`` (the ``audit_id`` in the
manifest of the audit whose ``group_id`` is meant: groups are numbered anew in every audit).
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from plaudit.errors import InputError
from plaudit.ingest import text as texts
from plaudit.ingest.columns import folded, listed
from plaudit.ingest.sources import STDIN, Source, resolve
from plaudit.result import InputFile

REQUIRED = ("subject_kind", "subject_id", "label")
OPTIONAL = ("reason", "source", "audit")

_COLUMNS: Mapping[str, str] = {
    "subject_kind": "subject_kind kind subject_type 对象类型",
    "subject_id": "subject_id subject id 对象id",
    "label": "label verdict truth 标签",
    "reason": "reason why note 原因",
    "source": "source reviewer labeller by 来源",
    "audit": "audit audit_id 审计",
}
KINDS: Mapping[str, str] = {
    word: kind
    for kind, words in {
        "event": "event like 事件 点赞",
        "actor": "actor account user 账号 用户",
        "group": "group ring pod 组 同步组",
    }.items()
    for word in words.split()
}
"""Words for what a label is about."""
LABELS: Mapping[str, bool] = {
    word: inauthentic
    for inauthentic, words in {
        True: "inauthentic bought paid coordinated 异常 买赞 刷赞",
        False: "genuine authentic organic innocent real 真实 正常",
    }.items()
    for word in words.split()
}
"""Words for what was found; True is inauthentic."""


@dataclass(frozen=True)
class Label:
    """One label. ``row`` is the first row of the file that gives it."""

    subject_kind: str
    subject_id: str
    inauthentic: bool
    reason: str
    source: str
    audit: str
    row: int


@dataclass(frozen=True)
class GivenLabels:
    """A file of labels after reading.

    Attributes:
        file: what was read (``rejected`` is always 0: a row that cannot be used is an error).
        labels: one per subject, by kind and id, so that the order of rows does not matter.
        repeated: rows that say again what an earlier row said.
    """

    file: InputFile
    labels: tuple[Label, ...]
    repeated: int


def read_labels(source: Any) -> GivenLabels:
    """Read labels.

    Args:
        source: a path to CSV, TSV, JSON lines (also ``.gz``, ``.zst``) or Parquet; or an Arrow table, a pandas or
            polars frame.

    Raises:
        InputError: the file cannot be read, lacks a column, or a row holds an unknown word, no id, a group without its
            audit, or the opposite of another row; the sentence names file, row and remedy.
    """
    if isinstance(source, str) and source == STDIN:
        raise InputError("labels are not read from standard input: save them to a file and name it.")
    with tempfile.TemporaryDirectory(prefix="plaudit-") as spool:
        sources = resolve(source, Path(spool))
        if len(sources) > 1:
            raise InputError(f"labels come from one file, and {len(sources)} are named: join them first.")
        one = sources[0]
        name = "the labels table" if one.table is not None else one.name
        rows = _rows(one, name)
    labels, repeated = _judged(name, rows)
    file = InputFile(name=one.name, sha256=one.sha256, bytes=one.bytes, rows=len(labels) + repeated, rejected=0)
    return GivenLabels(file, labels, repeated)


_Row = tuple[int, dict[str, str]]


def _rows(source: Source, name: str) -> list[_Row]:
    """Row number and the text of each role, of every row."""
    if source.table is not None:
        return _of_table(source.table, name)
    assert source.path is not None
    with source.path.open("rb") as handle:
        parquet = handle.read(4) == b"PAR1"
    if parquet:
        try:
            return _of_table(pq.read_table(source.path), name)
        except (pa.ArrowException, OSError) as error:
            raise InputError(f"{name} is a damaged Parquet file; fetch or write it again.") from error
    head = texts.head_of(source.path, name)
    return _of_lines(source.path, name) if head.lstrip()[:1] in ("{", "[") else _of_csv(source.path, name, head)


def _of_table(table: pa.Table, name: str) -> list[_Row]:
    if table.num_rows == 0:
        raise InputError(f"{name} has no rows: nothing to learn from.")
    columns = table.column_names
    chosen = _chosen(name, columns)
    values = {role: table.column(columns.index(column)).to_pylist() for role, column in chosen.items()}
    return [(row + 1, {role: _text(cells[row]) for role, cells in values.items()}) for row in range(table.num_rows)]


def _of_csv(path: Path, name: str, head: str) -> list[_Row]:
    first = next(line for line in head.splitlines() if line.strip())
    if not any(sign in first for sign in ",\t;|"):
        raise InputError(
            f"{name} has one column ({first.strip()[:60]!r}): labels need the columns {', '.join(REQUIRED)}."
        )
    columns, delimiter, header = texts.header_of(head, name)
    chosen = _chosen(name, columns)
    rejects = texts.Rejects()
    wanted = sorted({columns.index(column) for column in chosen.values()})
    shape = texts.Shape(len(columns), delimiter, header)
    rows: list[_Row] = []
    for batch in texts.csv_batches(path, name, shape, wanted, rejects, lambda _: None):
        cells = {role: batch.column(f"c{columns.index(column)}").to_pylist() for role, column in chosen.items()}
        for place, row in enumerate(batch.column("row").to_pylist()):
            rows.append((row, {role: _text(values[place]) for role, values in cells.items()}))
    if rejects.rows:
        raise InputError(f"{name} row {rejects.rows[0]}: the {rejects.reasons[0]}; complete it or leave it out.")
    if not rows:
        raise InputError(f"{name} has a header and no rows: nothing to learn from.")
    return rows


def _of_lines(path: Path, name: str) -> list[_Row]:
    rejects = texts.Rejects()
    found: list[tuple[int, dict[str, Any]]] = []
    for batch in texts.line_batches(path, name, rejects, lambda _: None):
        for row, line in zip(batch.column("row").to_pylist(), batch.column("line").to_pylist(), strict=True):
            if line.strip():
                found.append((row, _object(name, row, line)))
    if rejects.rows:
        raise InputError(f"{name} row {rejects.rows[0]} is not valid JSON: write one label a line.")
    chosen = _chosen(name, list(dict.fromkeys(key for _, values in found for key in values)))
    return [(row, {role: _text(values.get(key)) for role, key in chosen.items()}) for row, values in found]


def _object(name: str, row: int, line: str) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise InputError(
            f'{name} row {row} is no JSON object: write one label a line, like {{"subject_kind": "event"}}.'
        )
    return value


def _chosen(name: str, columns: Sequence[str]) -> dict[str, str]:
    """Role -> column: the role's own name before an alias, aliases in their order."""
    chosen: dict[str, str] = {}
    for role, words in _COLUMNS.items():
        for alias in words.split():
            found = [column for column in columns if folded(column) == folded(alias)]
            if len(found) > 1:
                raise InputError(f"{name} has several columns named {found[0]!r}: rename all but one.")
            if found and role not in chosen and found[0] not in chosen.values():
                chosen[role] = found[0]
    missing = [role for role in REQUIRED if role not in chosen]
    if missing:
        raise InputError(
            f"{name} has no column {' or '.join(missing)}; found {listed(columns)}; "
            f"labels need the columns {', '.join(REQUIRED)}."
        )
    return chosen


def _text(value: Any) -> str:
    return "" if value is None or value != value else str(value).strip()


def _judged(name: str, rows: Iterable[_Row]) -> tuple[tuple[Label, ...], int]:
    """Labels, one per subject; everything that cannot be used is an error."""
    known: dict[tuple[str, str, str], Label] = {}
    repeated = 0
    for row, values in rows:
        label = _label(name, row, values)
        key = (label.subject_kind, label.subject_id, label.audit)
        earlier = known.setdefault(key, label)
        if earlier is label:
            continue
        if earlier.inauthentic != label.inauthentic:
            raise InputError(
                f"{name} row {row} contradicts row {earlier.row} about the {label.subject_kind} "
                f"{label.subject_id[:60]!r}: keep the one that is right."
            )
        repeated += 1
    return tuple(known[key] for key in sorted(known)), repeated


def _label(name: str, row: int, values: Mapping[str, str]) -> Label:
    kind, word, subject = values["subject_kind"], values["label"], values["subject_id"]
    if kind.lower() not in KINDS:
        why = ": whoever received likes may be the victim" if kind.lower() == "target" else ""
        raise InputError(f"{name} row {row}: {kind[:60]!r} cannot be labelled{why}; write event, actor or group.")
    if word.lower() not in LABELS:
        raise InputError(f"{name} row {row}: {word[:60]!r} is no label; write inauthentic or genuine.")
    if not subject:
        raise InputError(f"{name} row {row} names no {KINDS[kind.lower()]}: fill in subject_id.")
    found = Label(
        subject_kind=KINDS[kind.lower()],
        subject_id=subject,
        inauthentic=LABELS[word.lower()],
        reason=values.get("reason", ""),
        source=values.get("source", ""),
        audit=values.get("audit", ""),
        row=row,
    )
    if found.subject_kind == "group" and not found.audit:
        raise InputError(
            f"{name} row {row} labels the group {subject[:60]!r} and not the audit that numbered it: add a column "
            "audit with the audit_id of that audit's manifest.json, or label its events."
        )
    return found
