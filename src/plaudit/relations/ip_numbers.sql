-- relation: ip_numbers
-- makes: table
-- reads: accepted
-- columns: id VARCHAR, number BIGINT
-- Dense number of every ip named in the log, in bytewise order of the strings.
SELECT id, CAST(row_number() OVER (ORDER BY id NULLS LAST) - 1 AS BIGINT) AS number
FROM (SELECT ip AS id FROM accepted WHERE ip IS NOT NULL GROUP BY ip) AS ids
