-- relation: pair_steps
-- makes: table
-- reads: unique_events, busy_pairs
-- columns: target BIGINT, actor BIGINT, at_ms BIGINT, event_id VARCHAR, device BIGINT, ip BIGINT, step INTEGER
-- What each like (class 1) and unlike (class 2) did to its busy pair of actor and target: 1 a like begins to stand, 2 an
-- unlike takes it back, 0 a repetition, 3 an unlike that finds nothing to take back. At one instant a like goes first.
SELECT
    target, actor, at_ms, event_id, device, ip,
    CASE
        WHEN class = 1 AND coalesce(previous, 2) = 2 THEN 1
        WHEN class = 1 THEN 0
        WHEN previous = 1 THEN 2
        WHEN previous = 2 AND previous_kind = kind AND previous_ms = at_ms THEN 0
        ELSE 3
    END AS step
FROM (
    SELECT
        e.target AS target, e.actor AS actor, e.at_ms AS at_ms, e.event_id AS event_id, e.device AS device,
        e.ip AS ip, e.class AS class, e.kind AS kind,
        lag(e.class) OVER pair AS previous,
        lag(e.kind) OVER pair AS previous_kind,
        lag(e.at_ms) OVER pair AS previous_ms
    FROM unique_events AS e
    INNER JOIN busy_pairs AS b ON e.target = b.target AND e.actor = b.actor
    WHERE e.class IN (1, 2)
    WINDOW pair AS (
        PARTITION BY e.target, e.actor
        ORDER BY e.at_ms NULLS LAST, e.class NULLS LAST, e.kind NULLS LAST, e.event_id NULLS LAST,
            e.device NULLS LAST, e.ip NULLS LAST, e.author NULLS LAST, e.file NULLS LAST, e.row NULLS LAST
    )
) AS ordered
