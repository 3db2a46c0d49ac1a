"""Which staged rows can be counted, and why the others cannot."""

from __future__ import annotations

import pyarrow as pa

from plaudit.engine import DuckEngine, Engine
from plaudit.ingest import kinds, times


def number(engine: Engine, select: str) -> int:
    """The one number ``n`` of a SELECT."""
    return int(engine.arrow(select).column("n")[0].as_py())


def set_apart(engine: DuckEngine, *, has_kind: bool) -> pa.Table:
    """Make ``accepted`` from ``raw``; returns the rejected rows (file number, row, reason, content)."""
    in_unit = " ".join(f"WHEN u.unit = '{unit}' THEN {times.at_ms_sql(unit)}" for unit in times.FORMATS)
    low, high = times.FIRST_MS, times.LAST_MS
    word = "r.kind" if has_kind else "'like'"
    # What publishes itself may have no other target than its own id.
    engine.run(
        "judged",
        f"""
        SELECT r.file, r.row, r.actor, CASE WHEN w.class IN ({kinds.PUBLISH}, {kinds.COMMENT})
            THEN coalesce(r.target, r.event_id) ELSE r.target END AS target,
            CASE {in_unit} END AS at_ms, w.number AS kind, w.class AS class, r.event_id, r.device, r.ip, r.author,
            r.parent, r.campaign, r.num, r.iso, r.at_text, r.kind AS word, u.unit AS unit
        FROM raw AS r JOIN units AS u ON r.file = u.file LEFT JOIN kind_words AS w ON w.word = {word}
        """,
        kind="view",
    )
    reason = f"""
        CASE WHEN actor IS NULL THEN 'actor is empty' WHEN kind IS NULL THEN 'kind is empty'
        WHEN target IS NULL THEN 'target is empty'
        WHEN at_ms >= {low} AND at_ms < {high} THEN NULL
        WHEN at_text IS NOT NULL THEN 'time cannot be read'
        WHEN num IS NULL AND iso IS NULL THEN 'time is empty'
        WHEN iso IS NOT NULL AND unit <> 'iso' OR num IS NOT NULL AND {times.epoch_sql()}
            THEN 'time is in another format than its column'
        ELSE 'time is outside 1990-2100' END
    """
    rejected = engine.arrow(
        f"""
        SELECT file, row, reason, substr(concat_ws(', ', 'actor=' || actor, 'target=' || target,
            'at=' || coalesce(at_text,
            CASE WHEN num = floor(num) AND abs(num) < 1e18 THEN CAST(CAST(num AS BIGINT) AS VARCHAR)
            ELSE CAST(num AS VARCHAR) END, CAST(make_timestamp_ms(iso) AS VARCHAR)), 'kind=' || word,
            'event_id=' || event_id), 1, 200) AS content
        FROM (SELECT *, {reason} AS reason FROM judged) WHERE reason IS NOT NULL ORDER BY file, row
        """
    )
    # Each relation below reads these rows anew: where all are fine, none need be asked again.
    _accept(engine, f"FROM judged WHERE ({reason}) IS NULL" if rejected.num_rows else "FROM judged")
    return rejected


def _accept(engine: DuckEngine, rows: str) -> None:
    """Table ``accepted``: rows that can be counted, an Undo resolved to what it undoes."""
    columns = "file, row, actor, target, at_ms, kind, class, event_id, device, ip, author, parent, campaign"
    if number(engine, f"SELECT count(*) AS n FROM kind_words WHERE class = {kinds.UNDO}") == 0:
        # A view: copying every id string once more would cost more memory than reading it again costs time.
        engine.run("accepted", f"SELECT {columns} {rows}", kind="view")
        return
    engine.run("unresolved", f"SELECT {columns} {rows}")
    # An Undo names an event of the same actor by its id, or the target itself. It takes a like back, or it undoes
    # something else (a follow, say) and is an event of another kind.
    engine.run(
        "accepted",
        f"""
        SELECT e.file, e.row, e.actor, coalesce(done.target, e.target) AS target, e.at_ms, e.kind,
            CASE WHEN e.class <> {kinds.UNDO} THEN e.class
            WHEN done.class IS NULL OR done.class = {kinds.LIKE} THEN {kinds.UNLIKE} ELSE {kinds.OTHER} END AS class,
            e.event_id, e.device, e.ip, e.author, e.parent, e.campaign
        FROM unresolved AS e LEFT JOIN (
            SELECT event_id, actor, min(target) AS target, min(class) AS class FROM unresolved
            WHERE event_id IS NOT NULL AND class <> {kinds.UNDO} GROUP BY event_id, actor
        ) AS done ON e.class = {kinds.UNDO} AND e.target = done.event_id AND e.actor = done.actor
        """,
    )
    engine.drop("unresolved")
