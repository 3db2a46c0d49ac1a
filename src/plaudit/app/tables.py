"""The tables of an audit, from the flow's arrays, in the schemas of :mod:`plaudit.model`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from plaudit.ingest import Ingested
from plaudit.model import (
    SCHEMAS,
    STATUSES,
    Findings,
    Floats,
    Groups,
    Ints,
    Ints32,
    Outcome,
    SubjectKind,
    Verdicts,
    offsets_of,
)
from plaudit.tally import Tally
from plaudit.tally.split import Split

MOST_EXHIBITS = 50
"""Exhibits listed per finding in ``findings.parquet``; all likes of a finding carry its id in ``likes.reasons``."""


_AT_A_TIME = 1 << 24
"""Likes named in one array."""


@dataclass(frozen=True)
class Names:
    """Strings of dense things.

    Attributes:
        finding: id of each finding, over all detectors in order.
        group: id of each group row of the verdicts: ``G1`` holds most likes.
    """

    finding: list[str]
    group: list[str]


def names(findings: Sequence[Findings], groups: Groups) -> Names:
    """Ids: ``orders-3`` is the third finding of ``orders``; groups are numbered by size."""
    size = np.diff(groups.offsets)
    rank = np.empty(len(groups), np.int64)
    rank[np.lexsort((groups.finding, -size))] = np.arange(1, len(groups) + 1)
    return Names([f"{f.detector}-{k + 1}" for f in findings for k in range(len(f))], [f"G{r}" for r in rank])


def likes_table(read: Ingested, verdicts: Verdicts, names: Names) -> pa.Table:
    """One row per standing like, by target, time, actor."""
    log = read.log
    codes = pa.array(verdicts.status, mask=None)
    status = pa.DictionaryArray.from_arrays(codes, pa.array([s.value for s in STATUSES]))
    group = pa.DictionaryArray.from_arrays(pa.array(verdicts.group, mask=verdicts.group < 0), _strings(names.group))
    reasons = pa.ListArray.from_arrays(
        pa.array(verdicts.finding_offsets, pa.int32()),
        pa.DictionaryArray.from_arrays(pa.array(verdicts.finding, pa.int32()), _strings(names.finding)),
    )
    columns = [
        read.event_ids,
        _named(read.actor_ids, log.actor),
        _named(read.target_ids, log.target),
        pa.array(log.at_ms),
        pa.array(verdicts.p_inauthentic),
        status,
        group,
        reasons,
    ]
    return table_of("likes", columns)


def _named(ids: pa.Array, number: Ints32) -> pa.ChunkedArray:
    """The string of each number, some at a time: one array of strings holds 2 GB of text and no more."""
    parts = [ids.take(pa.array(number[at : at + _AT_A_TIME])) for at in range(0, max(number.shape[0], 1), _AT_A_TIME)]
    return pa.chunked_array(parts)


def targets_table(read: Ingested, tally: Tally, parts: Split, missed: Floats) -> pa.Table:
    """One row per target, by id; ``missed`` are its likes that earn no place, ``float64[n_targets]``."""
    columns = (
        tally.shown,
        tally.verified,
        tally.discounted,
        tally.undetermined,
        tally.authentic,
        tally.low,
        tally.high,
    )
    log = read.log

    def named(unit: Ints32 | None, ids: pa.Array | None) -> pa.Array:
        if unit is None or ids is None:
            return pa.nulls(len(read.target_ids), pa.string())
        return ids.take(pa.array(unit, mask=unit < 0))

    split = [
        getattr(parts, name + end) for name in ("purchased", "induced", "organic") for end in ("", "_low", "_high")
    ]
    return table_of(
        "targets",
        [
            read.target_ids,
            *(pa.array(column) for column in columns),
            named(log.parent, read.parent_ids),
            pa.array(log.born_ms),
            named(log.author, read.actor_ids),
            named(log.campaign, read.campaign_ids),
            *(pa.array(column, mask=np.isnan(column)) for column in split),
            pa.array(missed.astype(np.int64)),
        ],
    )


def actors_table(read: Ingested, verdicts: Verdicts, names: Names) -> pa.Table:
    """One row per actor, by id: what became of its likes. No verdict on a person."""
    log = read.log
    counts = [np.bincount(log.actor[verdicts.status == code], minlength=log.n_actors) for code in range(len(STATUSES))]
    inside = verdicts.group >= 0
    pair = np.unique(log.actor[inside].astype(np.int64) * max(len(verdicts.groups), 1) + verdicts.group[inside])
    owner, group = pair // max(len(verdicts.groups), 1), pair % max(len(verdicts.groups), 1)
    listed = pa.ListArray.from_arrays(
        pa.array(offsets_of(owner, log.n_actors), pa.int32()),
        pa.DictionaryArray.from_arrays(pa.array(group.astype(np.int32)), _strings(names.group)),
    )
    expected = np.bincount(log.actor, verdicts.p_inauthentic, minlength=log.n_actors)
    columns = [
        read.actor_ids,
        pa.array(np.bincount(log.actor, minlength=log.n_actors)),
        *(pa.array(column) for column in counts),
        pa.array(expected),
        listed,
    ]
    return table_of("actors", columns)


def groups_table(read: Ingested, findings: Sequence[Findings], verdicts: Verdicts, names: Names) -> pa.Table:
    """One row per group, largest first."""
    log, groups = read.log, verdicts.groups
    flat = _flat(findings)
    rows = []
    for row in sorted(range(len(groups)), key=lambda r: int(names.group[r][1:])):
        like = groups.like[groups.offsets[row] : groups.offsets[row + 1]]
        finding = int(groups.finding[row])
        bearing = _bearing(verdicts, like)
        rows.append(
            {
                "group_id": names.group[row],
                "detector": flat.detector[finding],
                "members": read.actor_ids.take(pa.array(np.unique(log.actor[like]))).to_pylist(),
                "targets": read.target_ids.take(pa.array(np.unique(log.target[like]))).to_pylist(),
                "likes": int(like.shape[0]),
                "start_ms": int(log.at_ms[like].min()),
                "end_ms": int(log.at_ms[like].max()),
                "statistic": float(flat.statistic[finding]),
                "null_expectation": float(flat.expectation[finding]),
                "p": float(flat.p[finding]),
                "q": float(flat.q[finding]),
                "posterior": float(groups.posterior[row]),
                "reasons": [names.finding[f] for f in bearing.tolist()],
            }
        )
    return pa.Table.from_pylist(rows, schema=SCHEMAS["groups"])


@dataclass(frozen=True)
class Subjects:
    """Strings of what findings speak of: of each kind of subject, and of the rows their exhibits name."""

    of: Mapping[SubjectKind, pa.Array]
    exhibits: pa.Array


def findings_table(read: Ingested, findings: Sequence[Findings], verdicts: Verdicts, names: Names) -> pa.Table:
    """One row per finding, detector by detector, and one for every detector that gave no answer."""
    subjects = Subjects({SubjectKind.TARGET: read.target_ids, SubjectKind.ACTOR: read.actor_ids}, read.event_ids)
    return findings_rows(findings, verdicts.weight, names.finding, subjects)


def findings_rows(findings: Sequence[Findings], weight: Floats, ids: list[str], subjects: Subjects) -> pa.Table:
    """The table ``findings``, of a log or of a section.

    Args:
        findings: all of them.
        weight, ids: nats and id of each, through all detectors in order.
        subjects: their strings.
    """
    parts, start = [], 0
    for f in findings:
        stop = start + len(f)
        parts.append(_findings_part(f, weight[start:stop], ids[start:stop], subjects))
        start = stop
    return pa.concat_tables(parts) if parts else SCHEMAS["findings"].empty_table()


def _findings_part(f: Findings, weight: Floats, ids: list[str], subjects: Subjects) -> pa.Table:
    if f.outcome is not Outcome.MEASURED:
        silent: dict[str, object] = {
            "finding_id": f"{f.detector}-0",
            "detector": f.detector,
            "version": f.version,
            "family": f.family.value,
            "subject_kind": SubjectKind.LOG.value,
            "subject_id": "",
            "outcome": f.outcome.value,
            "reason": f.reason,
            "exhibits": [],
        }
        return pa.Table.from_pylist([silent], schema=SCHEMAS["findings"])
    known = subjects.of.get(f.subject_kind)
    subject = _strings(ids) if known is None else known.take(pa.array(f.subject))
    # Exhibits are listed for findings that weigh anything: the others convinced nobody of anything.
    length = np.where(weight > 0, np.minimum(np.diff(f.exhibits.offsets), MOST_EXHIBITS), 0)
    offsets = np.concatenate([[0], np.cumsum(length)])
    rows = np.repeat(f.exhibits.offsets[:-1] - offsets[:-1], length) + np.arange(int(offsets[-1]))
    exhibits = pa.ListArray.from_arrays(
        pa.array(offsets, pa.int32()), subjects.exhibits.take(pa.array(f.exhibits.row[rows]))
    )
    n = len(f)
    columns = [
        _strings(ids),
        *(pa.array([word] * n, pa.string()) for word in (f.detector, f.version, f.family.value, f.subject_kind.value)),
        subject,
        pa.array([f.outcome.value] * n, pa.string()),
        *(pa.array(column) for column in (f.statistic, f.expectation, f.p_value, f.q_value, f.support)),
        *(pa.array(column) for column in (f.start_ms, f.end_ms, weight)),
        pa.nulls(n, pa.string()),
        exhibits,
    ]
    return table_of("findings", columns)


@dataclass(frozen=True)
class Flat:
    """All findings of all detectors, column-wise."""

    detector: list[str]
    statistic: np.ndarray
    expectation: np.ndarray
    p: np.ndarray
    q: np.ndarray


def _flat(findings: Sequence[Findings]) -> Flat:
    def column(name: str) -> np.ndarray:
        return np.concatenate([getattr(f, name) for f in findings] + [np.zeros(0)])

    return Flat(
        [f.detector for f in findings for _ in range(len(f))],
        column("statistic"),
        column("expectation"),
        column("p_value"),
        column("q_value"),
    )


def _bearing(verdicts: Verdicts, like: Ints) -> Ints:
    """Findings that bear on any of the likes, ascending."""
    length = verdicts.finding_offsets[like + 1] - verdicts.finding_offsets[like]
    start = np.cumsum(length) - length
    rows = np.repeat(verdicts.finding_offsets[like] - start, length) + np.arange(int(length.sum()))
    return np.unique(verdicts.finding[rows]).astype(np.int64)


def _strings(values: list[str]) -> pa.Array:
    return pa.array(values, pa.string())


def table_of(name: str, columns: Sequence[pa.Array | pa.ChunkedArray]) -> pa.Table:
    """Columns in the order and types of the schema ``name``."""
    schema = SCHEMAS[name]
    cast = [column.cast(field.type) for column, field in zip(columns, schema, strict=True)]
    return pa.Table.from_arrays(cast, schema=schema)
