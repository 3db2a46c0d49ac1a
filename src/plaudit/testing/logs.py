"""From a small table to the arrays detectors read, with NumPy alone: what ingest promises, without ingest.

For tests and notebooks. A test compares it with ``plaudit.ingest`` on worlds with duplicates and take-backs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from plaudit.errors import InputError
from plaudit.model import Bools, EventLog, Ints, Ints32

_LIKE, _UNLIKE, _PUBLISH = 1, 2, 3
_CLASSES = {"like": _LIKE, "unlike": _UNLIKE, "publish": _PUBLISH, "create": _PUBLISH}


@dataclass(frozen=True)
class NamedLog:
    """An :class:`EventLog` with the strings behind its numbers: of each like, each actor and each target."""

    log: EventLog
    event_ids: pa.Array
    actor_ids: pa.Array
    target_ids: pa.Array


def log_from_table(table: pa.Table) -> EventLog:
    """The likes of ``table`` that stand, as the arrays every detector reads; see :func:`named_log`."""
    return named_log(table).log


def named_log(table: pa.Table) -> NamedLog:
    """Read a table of events by ingest's contract.

    Args:
        table: ``event_id, actor, target`` (strings), ``at`` (int64, UTC ms), and optionally ``kind`` (``like``,
            ``unlike``, ``publish``; other words are no likes; without the column every row is a like), ``device, ip,
            author, parent, campaign`` (strings, null where unknown). No nulls elsewhere.

    Returns:
        One like per (actor, target) that still stands, sorted by (target, at_ms, actor); ids numbered bytewise.

    Raises:
        InputError: a column is missing, or no like stands.
    """
    for name in ("event_id", "actor", "target", "at"):
        if name not in table.column_names:
            raise InputError(f"A table of events needs the column {name!r}; it has {', '.join(table.column_names)}.")
    has_author = "author" in table.column_names
    at = np.asarray(table["at"].cast(pa.int64()).to_numpy(), np.int64)
    n = at.size
    people = [table["actor"], table["author"]] if has_author else [table["actor"]]
    who, actor_ids = _numbered(pa.chunked_array([c for p in people for c in p.chunks], type=pa.string()))
    actor, author = who[:n], who[n:]
    target, target_ids = _numbered(table["target"])
    event, event_ids = _numbered(table["event_id"])
    kind = _kinds(table)
    rows = _unique_events(kind, event, at, actor, target)
    stands = rows[_standing(kind[rows], event[rows], at[rows], actor[rows], target[rows])]
    if not stands.size:
        raise InputError("No like stands in the table of events; check its column 'kind'.")
    stands = stands[np.lexsort((event[stands], actor[stands], at[stands], target[stands]))]
    n_targets = len(target_ids)
    born = np.full(n_targets, np.iinfo(np.int64).max)
    np.minimum.at(born, target, at)
    published = np.full(n_targets, np.iinfo(np.int64).max)
    np.minimum.at(published, target[kind == _PUBLISH], at[kind == _PUBLISH])
    authors: Ints32 | None = None
    if has_author:
        named = np.full(n_targets, len(actor_ids), np.int64)
        np.minimum.at(named, target[author >= 0], author[author >= 0])
        authors = np.where(named < len(actor_ids), named, -1).astype(np.int32)
    parents: Ints32 | None = None
    if "parent" in table.column_names:
        parent, parent_ids = _numbered(table["parent"])
        above = np.full(n_targets, len(parent_ids), np.int64)
        np.minimum.at(above, target[parent >= 0], parent[parent >= 0])
        parents = np.where(above < len(parent_ids), above, -1).astype(np.int32)
    campaigns: Ints32 | None = None
    if "campaign" in table.column_names:
        campaign, campaign_ids = _numbered(table["campaign"])
        rows_of = np.zeros((n_targets, len(campaign_ids) + 1), np.int64)
        np.add.at(rows_of, (target[campaign >= 0], campaign[campaign >= 0]), 1)
        campaigns = np.where(rows_of.any(axis=1), rows_of.argmax(axis=1), -1).astype(np.int32)
    log = EventLog(
        actor=actor[stands].astype(np.int32),
        target=target[stands].astype(np.int32),
        at_ms=at[stands],
        n_actors=len(actor_ids),
        n_targets=n_targets,
        born_ms=born,
        born_known=published <= born,
        start_ms=int(at.min()),
        end_ms=int(at.max()),
        device=_context(table, "device", stands),
        ip=_context(table, "ip", stands),
        author=authors,
        parent=parents,
        campaign=campaigns,
    )
    return NamedLog(log, event_ids.take(pa.array(event[stands])), actor_ids, target_ids)


def _numbered(column: Any) -> tuple[Ints, pa.Array]:
    """Each string as its place among the different strings in bytewise order, -1 for null; and those strings."""
    encoded = column.cast(pa.string()).combine_chunks().dictionary_encode()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    order = np.asarray(pc.sort_indices(encoded.dictionary), np.int64)
    place = np.empty(order.size + 1, np.int64)
    place[order], place[-1] = np.arange(order.size), -1
    codes = np.asarray(pc.fill_null(encoded.indices, -1), np.int64)
    return place[codes], encoded.dictionary.take(pa.array(order))


def _kinds(table: pa.Table) -> NDArray[np.int64]:
    if "kind" not in table.column_names:
        return np.full(table.num_rows, _LIKE, np.int64)
    code, words = _numbered(table["kind"])
    return np.array([*(_CLASSES.get(word, 0) for word in words.to_pylist()), 0], np.int64)[code]


def _unique_events(kind: Ints, event: Ints, at: Ints, actor: Ints, target: Ints) -> Ints:
    """Rows with each event id once per kind: the earliest."""
    order = np.lexsort((target, actor, at, kind, event))
    first = np.ones(order.size, np.bool_)
    first[1:] = (event[order][1:] != event[order][:-1]) | (kind[order][1:] != kind[order][:-1])
    return np.sort(order[first])


def _standing(kind: Ints, event: Ints, at: Ints, actor: Ints, target: Ints) -> Ints:
    """Likes no unlike took back, the first where several in a row say the same; row numbers."""
    rows = np.flatnonzero((kind == _LIKE) | (kind == _UNLIKE))
    rows = rows[np.lexsort((event[rows], kind[rows], at[rows], actor[rows], target[rows]))]
    k, pair_start = kind[rows], np.ones(rows.size, np.bool_)
    pair_start[1:] = (target[rows][1:] != target[rows][:-1]) | (actor[rows][1:] != actor[rows][:-1])
    before = np.where(pair_start, _UNLIKE, np.roll(k, 1))
    begins: Bools = (k == _LIKE) & (before == _UNLIKE)
    closes = (k == _UNLIKE) & (before == _LIKE)
    pair = np.cumsum(pair_start) - 1
    closed = np.full(int(pair[-1]) + 1 if rows.size else 0, np.iinfo(np.int64).min)
    np.maximum.at(closed, pair[closes], at[rows][closes])
    return np.asarray(rows[begins & (at[rows] > closed[pair])], np.int64)


def _context(table: pa.Table, name: str, rows: Ints) -> Ints32 | None:
    if name not in table.column_names:
        return None
    return _numbered(table[name])[0][rows].astype(np.int32)
