-- relation: standing
-- makes: table
-- reads: pair_steps
-- columns: target BIGINT, actor BIGINT, at_ms BIGINT, event_id VARCHAR, device BIGINT, ip BIGINT
-- The one like that stands for a pair of actor and target: it began after the last unlike that took one back.
SELECT
    s.target AS target, s.actor AS actor, s.at_ms AS at_ms, s.event_id AS event_id, s.device AS device, s.ip AS ip
FROM pair_steps AS s
LEFT JOIN (
    SELECT target, actor, max(at_ms) AS closed_ms FROM pair_steps WHERE step = 2 GROUP BY target, actor
) AS c ON s.target = c.target AND s.actor = c.actor
WHERE s.step = 1 AND (c.closed_ms IS NULL OR s.at_ms > c.closed_ms)
