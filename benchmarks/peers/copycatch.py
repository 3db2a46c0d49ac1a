"""Groups of accounts that act on the same targets in lockstep: CopyCatch, in StarScout's formulation as SQL.

A. Beutel et al., *CopyCatch: stopping group attacks by spotting lockstep behavior in social networks*, WWW 2013; H. He
et al., *4.5 million (suspected) fake stars in GitHub*, 2024 (its translation to SQL, and its post-filter by the share
of a target's likes). From every target with enough likes as a seed, accounts and targets are improved in turn: accounts
that acted on at least half of the cluster's targets near their centres in time, then the targets these accounts agree
on most. In its favour: smaller clusters than StarScout asks for count, and the share of a target that must be suspected
is swept.
"""

from __future__ import annotations

import duckdb
import numpy as np

from benchmarks.peers.log import Log, Peer
from plaudit.model import DAY_MS, Floats

ACTORS, TARGETS, SHARE, DELTA_MS, ROUNDS = 20, 5, 0.5, 15 * DAY_MS, 3
SAMPLED = 5
"""One account in so many moves the centres, as in StarScout."""

_SEEDS = f"""
CREATE TABLE centers AS
SELECT target AS seed, target, avg(ms) AS center, avg(ms) AS origin
FROM likes GROUP BY target HAVING count(*) >= {ACTORS}
"""
_USERS = f"""
CREATE OR REPLACE TABLE users AS
SELECT seed, actor
FROM centers
JOIN likes USING (target)
JOIN (SELECT seed, count(*) AS size FROM centers GROUP BY seed) USING (seed)
WHERE abs(ms - center) <= {DELTA_MS}
GROUP BY seed, actor, size
HAVING count(*) >= {SHARE} * size
"""
_CENTERS = f"""
CREATE OR REPLACE TABLE moved AS
SELECT u.seed, l.target, avg(l.ms) AS center, any_value(s.origin) AS origin
FROM users AS u
JOIN (SELECT DISTINCT seed, origin FROM centers) AS s ON s.seed = u.seed
JOIN likes AS l ON l.actor = u.actor
LEFT JOIN centers AS c ON c.seed = u.seed AND c.target = l.target
WHERE u.actor % {SAMPLED} = 0 AND abs(l.ms - coalesce(c.center, s.origin)) <= {DELTA_MS}
GROUP BY u.seed, l.target
QUALIFY {TARGETS} >= row_number() OVER (
  PARTITION BY u.seed ORDER BY count(*) DESC, round(var_pop(l.ms / 6e4), 3), l.target
)
"""
_TAKE_OVER = "CREATE OR REPLACE TABLE centers AS SELECT * FROM moved"
_SCORES = f"""
WITH
  kept AS (SELECT seed FROM users GROUP BY seed HAVING count(*) >= {ACTORS}),
  whole AS (SELECT seed FROM centers GROUP BY seed HAVING count(*) >= {TARGETS}),
  inside AS (
    SELECT c.seed, c.target, l.row
    FROM centers AS c
    SEMI JOIN kept ON kept.seed = c.seed
    SEMI JOIN whole ON whole.seed = c.seed
    JOIN likes AS l ON l.target = c.target AND abs(l.ms - c.center) <= {DELTA_MS}
    JOIN users AS u ON u.seed = c.seed AND u.actor = l.actor
  ),
  degree AS (SELECT target, count(*) AS likes FROM likes GROUP BY target),
  part AS (
    SELECT seed, target, count(*) / any_value(likes) AS share
    FROM inside JOIN degree USING (target) GROUP BY seed, target
  )
SELECT row, max(share) AS share FROM inside JOIN part USING (seed, target) GROUP BY row
"""


def score(log: Log) -> Floats:
    """Share of the target's likes that came from the cluster, for the likes of its accounts; 0 outside any cluster."""
    out = np.zeros(log.n, np.float64)
    with duckdb.connect(":memory:", config={"threads": 2}) as connection:
        connection.register("given", log.table())
        connection.execute("CREATE TABLE likes AS SELECT * FROM given")
        connection.execute(_SEEDS)
        for _ in range(ROUNDS):
            connection.execute(_USERS)
            connection.execute(_CENTERS)
            connection.execute(_TAKE_OVER)
        connection.execute(_USERS)
        found = connection.execute(_SCORES).fetchnumpy()
    out[np.asarray(found["row"], np.int64)] = np.asarray(found["share"], np.float64)
    return out


PEER = Peer("CopyCatch as SQL (StarScout)", "Beutel et al. 2013; He et al. 2024", score)
