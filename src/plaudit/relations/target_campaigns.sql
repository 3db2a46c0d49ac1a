-- relation: target_campaigns
-- makes: table
-- reads: events
-- columns: target BIGINT, campaign BIGINT
-- The campaign that most of a target's rows name, where any does; the first by id where two are named as often.
SELECT target, campaign
FROM (
    SELECT
        target, campaign,
        row_number() OVER (PARTITION BY target ORDER BY rows DESC NULLS LAST, campaign ASC NULLS LAST) AS place
    FROM (SELECT target, campaign, count(*) AS rows FROM events WHERE campaign >= 0 GROUP BY target, campaign) AS named
) AS placed
WHERE place = 1
