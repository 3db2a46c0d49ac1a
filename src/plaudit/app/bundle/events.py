"""The contract of ingest (tier T2) as members of a bundle, and back: the same numbers under other names.

What detectors read is dense numbers and times; those travel as they are. What they never read (id strings, device and
network strings, file names, rejected rows, reasons somebody wrote beside a label) is replaced or left behind.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from plaudit.app.bundle.archive import Archive, to_bytes
from plaudit.app.bundle.names import swapped
from plaudit.app.bundle.pseudonyms import distinct, numbered, pseudonyms
from plaudit.app.bundle.unpacking import int32, int64, texts, within
from plaudit.errors import InputError
from plaudit.ingest import Ingested
from plaudit.ingest.labels import GivenLabels, Label
from plaudit.model import SCHEMAS, EventLog, SubjectKind, without_content
from plaudit.result import Input, InputFile

LIKES, ACTORS, TARGETS = "input/likes.parquet", "input/actors.parquet", "input/targets.parquet"
QUARANTINE, SUMMARY, LABELS = "input/quarantine.parquet", "input/summary.json", "input/labels.json"
PARENTS, CAMPAIGNS = "input/parents.parquet", "input/campaigns.parquet"
_OF_TARGETS = ("author", "parent", "campaign")
INPUTS = (LIKES, ACTORS, TARGETS, QUARANTINE, SUMMARY)
_ID_COLUMNS: Mapping[str, Mapping[str, str]] = {
    "likes": {"event_id": "event", "actor_id": "actor", "target_id": "target"},
    "targets": {"target_id": "target", "parent_id": "parent", "author_id": "actor", "campaign_id": "campaign"},
    "counts": {},
    "actors": {"actor_id": "actor"},
    "groups": {"members": "actor", "targets": "target"},
    "findings": {"exhibits": "event"},
    "quarantine": {},
}
_MIXED = (
    (
        "findings",
        "subject_id",
        "subject_kind",
        {kind.value: kind.value for kind in (SubjectKind.TARGET, SubjectKind.ACTOR)},
    ),
    ("counts", "id", "kind", {"post": "parent", "author": "actor", "campaign": "campaign"}),
)
"""Columns whose ids are of several kinds: table, column, the column that says which, and the home of each."""
TABLES = tuple(_ID_COLUMNS)
"""The tables an audit of an event log writes."""


def masked(read: Ingested, key: bytes) -> Ingested:
    """The same log under pseudonyms: every dense number, time and count as it was, no string as it was."""
    sources = {file.name: f"source-{number}" for number, file in enumerate(read.summary.files, 1)}
    quarantine = without_content(read.quarantine, sources)
    summary = read.summary.model_copy(
        update={
            "files": [file.model_copy(update={"name": sources[file.name]}) for file in read.summary.files],
            "columns": {role: role for role in read.summary.columns},
            "time_format": "ms",
        }
    )
    return replace(
        read,
        event_ids=numbered("e", len(read.event_ids)),
        actor_ids=pseudonyms(key, "actor", read.actor_ids),
        target_ids=pseudonyms(key, "target", read.target_ids),
        parent_ids=None if read.parent_ids is None else pseudonyms(key, "parent", read.parent_ids),
        campaign_ids=None if read.campaign_ids is None else pseudonyms(key, "campaign", read.campaign_ids),
        quarantine=quarantine,
        summary=summary,
    )


def masked_labels(given: GivenLabels, read: Ingested, hidden: Ingested, own_id: str, hidden_id: str) -> GivenLabels:
    """The same labels about the same likes under their pseudonyms; reasons and reviewers' names stay behind.

    Args:
        given: labels as read.
        read, hidden: the log and the same log under pseudonyms.
        own_id, hidden_id: ``audit_id`` of either audit before labels: what labels of groups quote.
    """
    homes = {"event": (read.event_ids, hidden.event_ids), "actor": (read.actor_ids, hidden.actor_ids)}
    reviewers = {
        name: f"reviewer-{k}" for k, name in enumerate(distinct(sorted(one.source for one in given.labels)), 1)
    }
    names: dict[tuple[str, str], str] = {}
    for kind, (ids, other) in homes.items():
        asked = distinct(one.subject_id for one in given.labels if one.subject_kind == kind)
        place = pc.index_in(pa.array(asked, pa.string()), value_set=ids.cast(pa.string())).to_pylist()
        for number, (text, row) in enumerate(zip(asked, place, strict=True)):
            # What this log does not hold stays a label about something it does not hold.
            names[kind, text] = f"absent-{number}" if row is None else other[row].as_py()

    def mask(label: Label) -> Label:
        return replace(
            label,
            subject_id=names.get((label.subject_kind, label.subject_id), label.subject_id),
            reason="",
            source=reviewers[label.source] if label.source else "",
            audit=hidden_id if label.audit.lower() == own_id else label.audit,
        )

    return replace(
        given,
        file=given.file.model_copy(update={"name": "labels"}),
        # In their own order: folds of the cross-validation are drawn in it.
        labels=tuple(map(mask, given.labels)),
    )


def renamed(tables: Mapping[str, pa.Table], read: Ingested, hidden: Ingested) -> dict[str, pa.Table]:
    """Tables of an audit with every id replaced by its pseudonym, so that both audits can be laid side by side."""
    homes = {
        "event": (read.event_ids, hidden.event_ids),
        "actor": (read.actor_ids, hidden.actor_ids),
        "target": (read.target_ids, hidden.target_ids),
        "parent": (_or_none(read.parent_ids), _or_none(hidden.parent_ids)),
        "campaign": (_or_none(read.campaign_ids), _or_none(hidden.campaign_ids)),
    }

    def swap(kind: str) -> Callable[[pa.Array], pa.Array]:
        ids, other = homes[kind]
        return lambda column: other.take(pc.index_in(column.cast(pa.string()), value_set=ids.cast(pa.string())))

    out: dict[str, pa.Table] = {}
    for name, table in tables.items():
        for column, kind in _ID_COLUMNS[name].items():
            table = swapped(table, column, swap(kind))
        out[name] = table
    for name, column, of, homes_of in _MIXED:
        whole = out[name]
        ids, kinds = (whole[one].combine_chunks() for one in (column, of))
        kinds = kinds.cast(pa.string())
        for word, kind in homes_of.items():
            ids = pc.if_else(pc.equal(kinds, word), swap(kind)(ids), ids)
        out[name] = whole.set_column(whole.column_names.index(column), column, ids)
    out["quarantine"] = hidden.quarantine
    return out


def _or_none(ids: pa.Array | None) -> pa.Array:
    return pa.array([], pa.string()) if ids is None else ids


def pack(read: Ingested, given: GivenLabels | None) -> dict[str, bytes]:
    """Members that hold a log under pseudonyms."""
    log = read.log
    likes = {"actor": log.actor, "target": log.target, "at_ms": log.at_ms}
    likes |= {name: values for name in ("device", "ip") if (values := getattr(log, name)) is not None}
    targets: dict[str, Any] = {"target_id": read.target_ids, "born_ms": log.born_ms, "born_known": log.born_known}
    targets |= {name: values for name in _OF_TARGETS if (values := getattr(log, name)) is not None}
    summary = {"start_ms": log.start_ms, "end_ms": log.end_ms, "input": read.summary.model_dump(mode="json")}
    members = {
        LIKES: parquet(pa.table(likes)),
        ACTORS: parquet(pa.table({"actor_id": read.actor_ids})),
        TARGETS: parquet(pa.table(targets)),
        QUARANTINE: parquet(read.quarantine),
        SUMMARY: to_bytes(summary),
    }
    if read.parent_ids is not None:
        members[PARENTS] = parquet(pa.table({"parent_id": read.parent_ids}))
    if read.campaign_ids is not None:
        members[CAMPAIGNS] = parquet(pa.table({"campaign_id": read.campaign_ids}))
    if given is not None:
        members[LABELS] = to_bytes(
            {
                "file": given.file.model_dump(mode="json"),
                "repeated": given.repeated,
                "labels": [vars(label) for label in given.labels],
            }
        )
    return members


def unpack(archive: Archive) -> tuple[Ingested, GivenLabels | None]:
    """What :func:`pack` has packed.

    Raises:
        InputError: a member is missing, or does not hold what an audit could read.
    """
    try:
        summary, likes = archive.document(SUMMARY), archive.table(LIKES)
        actors, targets = archive.table(ACTORS), archive.table(TARGETS)
        parents = texts(archive.table(PARENTS), "parent_id") if PARENTS in archive.names else None
        campaigns = texts(archive.table(CAMPAIGNS), "campaign_id") if CAMPAIGNS in archive.names else None
        sizes = {"author": actors.num_rows, "parent": len(_or_none(parents)), "campaign": len(_or_none(campaigns))}
        log = _log(summary, likes, actors.num_rows, targets, sizes)
        read = Ingested(
            log,
            numbered("e", log.n),
            texts(actors, "actor_id"),
            texts(targets, "target_id"),
            archive.table(QUARANTINE).cast(SCHEMAS["quarantine"]),
            Input.model_validate(summary["input"]),
            parents,
            campaigns,
        )
        if LABELS not in archive.names:
            return read, None
        told = archive.document(LABELS)
        labels = tuple(Label(**one) for one in told["labels"])
        return read, GivenLabels(InputFile.model_validate(told["file"]), labels, int(told["repeated"]))
    except (KeyError, TypeError, ValueError, pa.ArrowException) as broken:
        why = str(broken).splitlines()[0][:120]
        raise InputError(
            f"{archive.path} is no bundle that can be verified: its input is not an audit's ({why}); "
            "ask for the file again."
        ) from None


def _log(
    summary: Mapping[str, Any], likes: pa.Table, n_actors: int, targets: pa.Table, sizes: Mapping[str, int]
) -> EventLog:
    actor, target, at_ms = int32(likes, "actor"), int32(likes, "target"), int64(likes, "at_ms")
    context = {name: int32(likes, name) if name in likes.column_names else None for name in ("device", "ip")}
    units = {name: int32(targets, name) if name in targets.column_names else None for name in _OF_TARGETS}
    within(actor, 0, n_actors, "actor")
    within(target, 0, targets.num_rows, "target")
    for name, values in context.items():
        if values is not None:
            within(values, -1, np.iinfo(np.int32).max, name)
    for name, values in units.items():
        if values is not None:
            within(values, -1, sizes[name], name)
    if np.any(np.diff(target) < 0) or np.any((np.diff(at_ms) < 0) & (np.diff(target) == 0)):
        raise ValueError("the likes are not in the order of target and time")
    return EventLog(
        actor=actor,
        target=target,
        at_ms=at_ms,
        n_actors=n_actors,
        n_targets=targets.num_rows,
        born_ms=int64(targets, "born_ms"),
        born_known=np.ascontiguousarray(targets.column("born_known").to_numpy(zero_copy_only=False), np.bool_),
        start_ms=int(summary["start_ms"]),
        end_ms=int(summary["end_ms"]),
        author=units["author"],
        parent=units["parent"],
        campaign=units["campaign"],
        device=context["device"],
        ip=context["ip"],
    )


def parquet(table: pa.Table) -> bytes:
    """A table as a Parquet file in memory."""
    sink = io.BytesIO()
    pq.write_table(table, sink, compression="zstd", compression_level=1, row_group_size=1 << 18)
    return sink.getvalue()
