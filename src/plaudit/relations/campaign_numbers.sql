-- relation: campaign_numbers
-- makes: table
-- reads: accepted
-- columns: id VARCHAR, number BIGINT
-- Dense number of every campaign named in the log, in bytewise order of the strings.
SELECT id, CAST(row_number() OVER (ORDER BY id NULLS LAST) - 1 AS BIGINT) AS number
FROM (SELECT campaign AS id FROM accepted WHERE campaign IS NOT NULL GROUP BY campaign) AS ids
