-- relation: events
-- makes: table
-- reads: accepted, actor_numbers, target_numbers, device_numbers, ip_numbers, parent_numbers, campaign_numbers
-- columns: file INTEGER, row BIGINT, actor BIGINT, target BIGINT, at_ms BIGINT, kind INTEGER, class INTEGER, event_id VARCHAR, device BIGINT, ip BIGINT, author BIGINT, parent BIGINT, campaign BIGINT
-- Every accepted row in dense numbers; -1 where a device, address, author, parent or campaign is absent.
SELECT
    a.file AS file,
    a.row AS row,
    actors.number AS actor,
    targets.number AS target,
    a.at_ms AS at_ms,
    a.kind AS kind,
    a.class AS class,
    a.event_id AS event_id,
    coalesce(devices.number, -1) AS device,
    coalesce(ips.number, -1) AS ip,
    coalesce(authors.number, -1) AS author,
    coalesce(parents.number, -1) AS parent,
    coalesce(campaigns.number, -1) AS campaign
FROM accepted AS a
INNER JOIN actor_numbers AS actors ON a.actor = actors.id
INNER JOIN target_numbers AS targets ON a.target = targets.id
LEFT JOIN device_numbers AS devices ON a.device = devices.id
LEFT JOIN ip_numbers AS ips ON a.ip = ips.id
LEFT JOIN actor_numbers AS authors ON a.author = authors.id
LEFT JOIN parent_numbers AS parents ON a.parent = parents.id
LEFT JOIN campaign_numbers AS campaigns ON a.campaign = campaigns.id
