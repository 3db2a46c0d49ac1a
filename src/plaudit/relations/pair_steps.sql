-- relation: pair_steps
-- makes: table
-- reads: unique_events
-- columns: target BIGINT, actor BIGINT, at_ms BIGINT, event_id VARCHAR, device BIGINT, ip BIGINT, step INTEGER
-- What each like (class 1) and unlike (class 2) did to its pair of actor and target: 1 a like begins to stand, 2 an unlike
-- takes it back, 0 a repetition, 3 an unlike that finds nothing to take back. At one instant a like goes before an unlike.
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
        target, actor, at_ms, event_id, device, ip, class, kind,
        lag(class) OVER pair AS previous,
        lag(kind) OVER pair AS previous_kind,
        lag(at_ms) OVER pair AS previous_ms
    FROM unique_events
    WHERE class IN (1, 2)
    WINDOW pair AS (
        PARTITION BY target, actor
        ORDER BY at_ms NULLS LAST, class NULLS LAST, kind NULLS LAST, event_id NULLS LAST, device NULLS LAST,
            ip NULLS LAST, author NULLS LAST, file NULLS LAST, row NULLS LAST
    )
) AS ordered
