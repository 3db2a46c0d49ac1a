-- relation: unique_events
-- makes: view
-- reads: events, repeated_event_ids
-- columns: file INTEGER, row BIGINT, actor BIGINT, target BIGINT, at_ms BIGINT, kind INTEGER, class INTEGER, event_id VARCHAR, device BIGINT, ip BIGINT, author BIGINT
-- Events with each event id once: the earliest row of an id counts, whatever the order of rows in the files.
SELECT
    e.file AS file, e.row AS row, e.actor AS actor, e.target AS target, e.at_ms AS at_ms, e.kind AS kind,
    e.class AS class, e.event_id AS event_id, e.device AS device, e.ip AS ip, e.author AS author
FROM events AS e
LEFT JOIN repeated_event_ids AS r ON e.event_id = r.event_id AND e.class = r.class
WHERE r.event_id IS NULL
UNION ALL
SELECT file, row, actor, target, at_ms, kind, class, event_id, device, ip, author
FROM (
    SELECT
        e.file AS file, e.row AS row, e.actor AS actor, e.target AS target, e.at_ms AS at_ms, e.kind AS kind,
        e.class AS class, e.event_id AS event_id, e.device AS device, e.ip AS ip, e.author AS author,
        row_number() OVER (
            PARTITION BY e.event_id, e.class
            ORDER BY e.at_ms NULLS LAST, e.actor NULLS LAST, e.target NULLS LAST, e.kind NULLS LAST,
                e.device NULLS LAST, e.ip NULLS LAST, e.author NULLS LAST, e.file NULLS LAST, e.row NULLS LAST
        ) AS place
    FROM events AS e
    INNER JOIN repeated_event_ids AS r ON e.event_id = r.event_id AND e.class = r.class
) AS placed
WHERE place = 1
