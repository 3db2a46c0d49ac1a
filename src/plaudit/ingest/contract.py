"""What ingest hands on: the contract every later room relies on."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from plaudit.model import EventLog
from plaudit.result import Input


@dataclass(frozen=True)
class Ingested:
    """A log after reading: dense arrays, the strings behind the dense numbers, and what became of every row.

    Attributes:
        log: the likes that stand.
        event_ids: string of each like, in the order of ``log``; unique and stable under row order (the log's own
            ``event_id`` where it has one, else a digest of actor, target, kind and time).
        actor_ids, target_ids: string of each dense number, sorted ascending (bytewise), so numbering does not depend
            on row order.
        quarantine: rejected rows (schema ``quarantine``).
        summary: the account of every row.
        parent_ids: string of each number in ``log.parent``, sorted ascending; None where the log has no such column.
        campaign_ids: string of each number in ``log.campaign``, likewise.
    """

    log: EventLog
    event_ids: pa.Array
    actor_ids: pa.Array
    target_ids: pa.Array
    quarantine: pa.Table
    summary: Input
    parent_ids: pa.Array | None = None
    campaign_ids: pa.Array | None = None
