"""What actors went on to do, from judged rows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from plaudit.engine import DuckEngine
from plaudit.ingest.exports.arrays import whole
from plaudit.ingest.exports.authors import Authors
from plaudit.ingest.exports.judge import Judged, amounts, outcome_kinds
from plaudit.ingest.exports.people import pseudonym_sql
from plaudit.model import Outcomes


def outcomes_of(engine: DuckEngine, rows: Judged, authors: Authors, key: bytes, *, plain: bool) -> Outcomes:
    """Outcomes, ordered by (at_ms, actor_id).

    Args:
        engine: digests names.
        rows: judged outcomes.
        authors: of the section: an actor whose account id an author has gets that author's pseudonym.
        key: of the pseudonyms.
        plain: keep actors as the file gives them, because an event log beside them does.
    """
    actor = rows.column("actor")
    if not plain:
        engine.drop("doers", "account_ids")
        engine.read("account_ids", authors.account_ids.to_batches() or [_no_ids()])
        nth = np.arange(len(actor), dtype=np.int64)
        engine.read("doers", pa.table({"nth": nth, "who": actor}).to_batches())
        told = engine.arrow(
            f"SELECT coalesce(a.key, {pseudonym_sql(key, chr(39) * 2, 'd.who', 'TRUE')}) AS key "
            "FROM doers AS d LEFT JOIN account_ids AS a ON d.who = a.who ORDER BY d.nth"
        )
        engine.drop("doers", "account_ids")
        # Who was named by pseudonym already (the same key elsewhere) keeps it.
        known = pc.is_in(actor, value_set=authors.key.cast(pa.string()))
        actor = pc.if_else(known, actor, whole(told.column("key").cast(pa.string())))
    at_ms = rows.ms["done"]
    rank = pc.rank(actor, tiebreaker="dense").to_numpy().astype(np.int64)
    order = np.lexsort((np.arange(at_ms.size), rank, at_ms))
    at = pa.array(order)
    return Outcomes(
        actor_id=actor.take(at),
        at_ms=at_ms[order],
        kind=outcome_kinds(rows.column("kind")).take(at),
        value=amounts(rows.column("value"))[order],
        currency=pc.fill_null(pc.utf8_upper(rows.column("currency")), "").take(at),
    )


def keyed(outcomes: Outcomes, account_ids: pa.Table) -> Outcomes:
    """Outcomes whose actors are named as the platform does, with actors as the section names its authors.

    Args:
        outcomes: actors by account id, or by pseudonym already.
        account_ids: account id ``who`` and pseudonym ``key`` of the authors.
    """
    place = pc.index_in(outcomes.actor_id, value_set=whole(account_ids.column("who").cast(pa.string())))
    other = whole(account_ids.column("key").cast(pa.string())).take(place)
    return replace(outcomes, actor_id=pc.coalesce(other, outcomes.actor_id))


def _no_ids() -> pa.RecordBatch:
    return pa.record_batch({"who": pa.array([], pa.string()), "key": pa.array([], pa.string())})
