-- relation: target_parents
-- makes: table
-- reads: events
-- columns: target BIGINT, parent BIGINT
-- What each target belongs to, where some row says so; the first by id where rows disagree.
SELECT target, min(parent) AS parent
FROM events
WHERE parent >= 0
GROUP BY target
