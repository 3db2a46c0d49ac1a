-- relation: device_numbers
-- makes: table
-- reads: accepted
-- columns: id VARCHAR, number BIGINT
-- Dense number of every device named in the log, in bytewise order of the strings.
SELECT id, CAST(row_number() OVER (ORDER BY id NULLS LAST) - 1 AS BIGINT) AS number
FROM (SELECT device AS id FROM accepted WHERE device IS NOT NULL GROUP BY device) AS ids
