-- relation: target_births
-- makes: table
-- reads: events, target_numbers
-- columns: target BIGINT, born_ms BIGINT, published_ms BIGINT
-- First sign of each target, and its publication (NULL where the log has none). A publication (class 3) names its target
-- or carries the target's id as event id; a comment (class 4) with an id of its own publishes only that id.
SELECT target, min(at_ms) AS born_ms, min(published) AS published_ms
FROM (
    SELECT
        target, at_ms,
        CASE WHEN class = 3 OR (class = 4 AND event_id IS NULL) THEN at_ms END AS published
    FROM events
    UNION ALL
    SELECT t.number AS target, e.at_ms AS at_ms, e.at_ms AS published
    FROM events AS e
    INNER JOIN target_numbers AS t ON e.event_id = t.id
    WHERE e.class IN (3, 4)
) AS signs
GROUP BY target
