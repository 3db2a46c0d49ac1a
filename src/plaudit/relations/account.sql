-- relation: account
-- makes: table
-- reads: events, unique_events, pair_steps, standing
-- columns: part VARCHAR, rows BIGINT
-- How many accepted rows went where. The parts add up: events = repeated_ids + repetitions + taken_back + idle_unlikes
-- + standing + other_rows, and other_rows holds other_distinct events of other kinds and their repetitions.
SELECT 'events' AS part, count(*) AS rows FROM events
UNION ALL
SELECT 'unique_events' AS part, count(*) AS rows FROM unique_events
UNION ALL
SELECT 'repetitions' AS part, count(*) AS rows FROM pair_steps WHERE step = 0
UNION ALL
SELECT 'unlikes' AS part, count(*) AS rows FROM pair_steps WHERE step = 2
UNION ALL
SELECT 'idle_unlikes' AS part, count(*) AS rows FROM pair_steps WHERE step = 3
UNION ALL
SELECT 'standing' AS part, count(*) AS rows FROM standing
UNION ALL
SELECT 'other_rows' AS part, count(*) AS rows FROM unique_events WHERE class NOT IN (1, 2)
UNION ALL
SELECT 'other_distinct' AS part, count(*) AS rows
FROM (
    SELECT actor, target, kind, at_ms FROM unique_events WHERE class NOT IN (1, 2) GROUP BY actor, target, kind, at_ms
) AS others
