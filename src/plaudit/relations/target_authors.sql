-- relation: target_authors
-- makes: table
-- reads: events
-- columns: target BIGINT, author BIGINT
-- The author of each target, where some row names one; the first by id where rows disagree.
SELECT target, min(author) AS author
FROM events
WHERE author >= 0
GROUP BY target
