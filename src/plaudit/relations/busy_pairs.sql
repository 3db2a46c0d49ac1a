-- relation: busy_pairs
-- makes: table
-- reads: unique_events
-- columns: target BIGINT, actor BIGINT, rows BIGINT
-- Pairs of actor and target with more to tell than one like: several likes, or an unlike. All others need no ordering.
SELECT target, actor, count(*) AS rows
FROM unique_events
WHERE class IN (1, 2)
GROUP BY target, actor
HAVING count(*) > 1 OR max(class) = 2
