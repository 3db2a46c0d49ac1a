-- relation: repeated_event_ids
-- makes: table
-- reads: events
-- columns: event_id VARCHAR, class INTEGER, rows BIGINT
-- Event ids that stand on several rows of one class. An unlike that carries the id of its like is no repetition.
SELECT event_id, class, count(*) AS rows
FROM events
WHERE event_id IS NOT NULL
GROUP BY event_id, class
HAVING count(*) > 1
