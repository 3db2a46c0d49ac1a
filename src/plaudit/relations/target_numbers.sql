-- relation: target_numbers
-- makes: table
-- reads: accepted
-- columns: id VARCHAR, number BIGINT
-- Dense number of every target of any kind of event, in bytewise order of the id strings.
SELECT id, CAST(row_number() OVER (ORDER BY id NULLS LAST) - 1 AS BIGINT) AS number
FROM (SELECT target AS id FROM accepted GROUP BY target) AS ids
