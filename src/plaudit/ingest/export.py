"""From the counted tables to the arrays of the contract."""

from __future__ import annotations

from collections.abc import Set

import numpy as np
import pyarrow as pa

from plaudit.engine import Engine
from plaudit.errors import InputError
from plaudit.ingest.judge import number
from plaudit.model import EventLog, Ints, Ints32

_DIGITS = 20
"""Hex digits of a digest that stands in for a missing event id: 80 bits, no collision to fear at 10^9 likes."""

# Lengths keep ("ab", "c") and ("a", "bc") apart; every row here is a like, so the kind in the digest is that word.
_DIGEST = (
    f"substr(md5(length(a.id) || ':' || a.id || length(t.id) || ':' || t.id || ':like:' || s.at_ms), 1, {_DIGITS})"
)


CONTEXT = {"device", "ip", "author", "parent", "campaign"}
"""Roles that a log may lack."""


def export(
    engine: Engine, context: Set[str]
) -> tuple[EventLog, pa.Array, pa.Array, pa.Array, pa.Array | None, pa.Array | None]:
    """The event log, and the strings of events, actors, targets, parents and campaigns.

    Args:
        engine: holds ``standing``, ``events``, ``actor_numbers``, ``target_numbers``, ``target_births``,
            ``target_authors``, ``parent_numbers``, ``target_parents``, ``campaign_numbers`` and ``target_campaigns``;
            the larger of them are dropped on the way.
        context: which of :data:`CONTEXT` the log has columns for.
    """
    window = engine.arrow("SELECT min(at_ms) AS first, max(at_ms) AS last FROM events").to_pylist()[0]
    # The likes are sorted whole, which takes as much memory again: what they came from goes first.
    engine.drop("unique_events", "events", "repeated_event_ids", "busy_pairs", "pair_steps")
    unnamed = number(engine, "SELECT count(*) - count(event_id) AS n FROM standing")
    joined = "JOIN actor_numbers AS a ON s.actor = a.number JOIN target_numbers AS t ON s.target = t.number"
    likes = engine.arrow(
        f"""
        SELECT CAST(s.target AS INTEGER) AS target, CAST(s.actor AS INTEGER) AS actor, s.at_ms,
            CAST(s.device AS INTEGER) AS device, CAST(s.ip AS INTEGER) AS ip,
            {f"coalesce(s.event_id, {_DIGEST})" if unnamed else "s.event_id"} AS event_id
        FROM standing AS s {joined if unnamed else ""}
        ORDER BY s.target, s.at_ms, s.actor
        """
    )
    actor_ids = _strings(engine, "actor_numbers")
    target_ids = _strings(engine, "target_numbers")
    if max(len(actor_ids), len(target_ids)) > np.iinfo(np.int32).max:
        raise InputError("the log has more than 2,147,483,647 actors or targets: audit it in parts.")
    births = engine.arrow(
        "SELECT b.born_ms, coalesce(b.published_ms <= b.born_ms, FALSE) AS known, coalesce(a.author, -1) AS author, "
        "coalesce(p.parent, -1) AS parent, coalesce(c.campaign, -1) AS campaign FROM target_births AS b "
        "LEFT JOIN target_authors AS a ON b.target = a.target LEFT JOIN target_parents AS p ON b.target = p.target "
        "LEFT JOIN target_campaigns AS c ON b.target = c.target ORDER BY b.target"
    )
    log = EventLog(
        actor=_int32(likes, "actor"),
        target=_int32(likes, "target"),
        at_ms=_int64(likes, "at_ms"),
        n_actors=len(actor_ids),
        n_targets=len(target_ids),
        born_ms=_int64(births, "born_ms"),
        born_known=np.ascontiguousarray(births.column("known").to_numpy(zero_copy_only=False), dtype=np.bool_),
        start_ms=int(window["first"]),
        end_ms=int(window["last"]),
        device=_int32(likes, "device") if "device" in context else None,
        ip=_int32(likes, "ip") if "ip" in context else None,
        author=_int32(births, "author") if "author" in context else None,
        parent=_int32(births, "parent") if "parent" in context else None,
        campaign=_int32(births, "campaign") if "campaign" in context else None,
    )
    parent_ids = _strings(engine, "parent_numbers") if "parent" in context else None
    campaign_ids = _strings(engine, "campaign_numbers") if "campaign" in context else None
    return log, _whole(likes.column("event_id")), actor_ids, target_ids, parent_ids, campaign_ids


def _strings(engine: Engine, table: str) -> pa.Array:
    return _whole(engine.arrow(f"SELECT id FROM {table} ORDER BY number").column("id"))


def _whole(column: pa.ChunkedArray) -> pa.Array:
    """One array; 64-bit offsets only where 2 GB of text need them."""
    size = sum(chunk.nbytes for chunk in column.chunks)
    joined = column.cast(pa.large_string() if size >= 2**31 - 1 else pa.string()).combine_chunks()
    if isinstance(joined, pa.ChunkedArray):
        return joined.chunk(0) if joined.num_chunks else pa.array([], pa.string())
    return joined


def _int32(table: pa.Table, name: str) -> Ints32:
    return np.ascontiguousarray(table.column(name).to_numpy(), dtype=np.int32)


def _int64(table: pa.Table, name: str) -> Ints:
    return np.ascontiguousarray(table.column(name).to_numpy(), dtype=np.int64)
