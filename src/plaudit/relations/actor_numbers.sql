-- relation: actor_numbers
-- makes: table
-- reads: accepted
-- columns: id VARCHAR, number BIGINT
-- Dense number of everyone who acts or is named as an author, in bytewise order of the id strings.
SELECT id, CAST(row_number() OVER (ORDER BY id NULLS LAST) - 1 AS BIGINT) AS number
FROM (
    SELECT actor AS id FROM accepted
    UNION
    SELECT author AS id FROM accepted WHERE author IS NOT NULL
) AS ids
