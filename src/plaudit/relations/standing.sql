-- relation: standing
-- makes: table
-- reads: unique_events, busy_pairs, pair_steps
-- columns: target BIGINT, actor BIGINT, at_ms BIGINT, event_id VARCHAR, device BIGINT, ip BIGINT
-- The one like that stands for a pair of actor and target: its only one, or the one that began after the last unlike
-- that took one back.
SELECT
    e.target AS target, e.actor AS actor, e.at_ms AS at_ms, e.event_id AS event_id, e.device AS device, e.ip AS ip
FROM unique_events AS e
LEFT JOIN busy_pairs AS b ON e.target = b.target AND e.actor = b.actor
WHERE e.class = 1 AND b.target IS NULL
UNION ALL
SELECT
    s.target AS target, s.actor AS actor, s.at_ms AS at_ms, s.event_id AS event_id, s.device AS device, s.ip AS ip
FROM pair_steps AS s
LEFT JOIN (
    SELECT target, actor, max(at_ms) AS closed_ms FROM pair_steps WHERE step = 2 GROUP BY target, actor
) AS c ON s.target = c.target AND s.actor = c.actor
WHERE s.step = 1 AND (c.closed_ms IS NULL OR s.at_ms > c.closed_ms)
