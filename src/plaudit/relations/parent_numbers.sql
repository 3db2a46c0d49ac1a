-- relation: parent_numbers
-- makes: table
-- reads: accepted
-- columns: id VARCHAR, number BIGINT
-- Dense number of every parent (the post of a comment) named in the log, in bytewise order of the strings.
SELECT id, CAST(row_number() OVER (ORDER BY id NULLS LAST) - 1 AS BIGINT) AS number
FROM (SELECT parent AS id FROM accepted WHERE parent IS NOT NULL GROUP BY parent) AS ids
