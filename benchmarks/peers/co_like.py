"""Pairs of accounts that like the same target within a minute, again and again: coordination networks.

T. Graham, S. Hames, E. Alpert, *The coordination network toolkit*, Journal of Computational Social Science, 2024;
T. Keller et al., *Political astroturfing on Twitter*, 2020; F. Giglietto et al., *It takes a village to manipulate the
media* (CooRnet), 2020. An edge weighs the number of targets two accounts liked within 60 seconds of each other. In its
favour: written as one bucketed join in DuckDB, not row by row; only components of at least five accounts count.
"""

from __future__ import annotations

import duckdb
import numpy as np

from benchmarks.peers.log import Log, Peer
from benchmarks.peers.pairs import component_scores
from plaudit.model import Floats

WINDOW_MS, LEAST, MEMBERS = 60_000, 2, 5

_PAIRS = f"""
CREATE TEMP TABLE met AS
SELECT a.row AS one, b.row AS other, least(a.actor, b.actor) AS i, greatest(a.actor, b.actor) AS j
FROM likes AS a
JOIN (SELECT row, actor, target, ms, unnest([ms // {WINDOW_MS}, ms // {WINDOW_MS} - 1]) AS bucket FROM likes) AS b
  ON a.target = b.target AND a.ms // {WINDOW_MS} = b.bucket
WHERE (a.ms < b.ms OR (a.ms = b.ms AND a.row < b.row)) AND b.ms - a.ms <= {WINDOW_MS} AND a.actor <> b.actor
"""
_EDGES = f"CREATE TEMP TABLE edges AS SELECT i, j, count(*) AS w FROM met GROUP BY i, j HAVING count(*) >= {LEAST}"
_BEST = """
SELECT row, max(w) AS w
FROM (SELECT unnest([one, other]) AS row, w FROM met JOIN edges USING (i, j))
GROUP BY row
"""


def score(log: Log) -> Floats:
    """Weight of the heaviest edge each like contributed to."""
    best = np.zeros(log.n, np.float64)
    with duckdb.connect(":memory:", config={"threads": 2}) as connection:
        connection.register("likes", log.table())
        connection.execute(_PAIRS)
        connection.execute(_EDGES)
        edges = connection.execute("SELECT i, j, w FROM edges").fetchnumpy()
        found = connection.execute(_BEST).fetchnumpy()
    best[np.asarray(found["row"], np.int64)] = np.asarray(found["w"], np.float64)
    left, right = (np.asarray(edges[name], np.int32) for name in ("i", "j"))
    weight = np.asarray(edges["w"], np.float64)
    return np.minimum(best, component_scores(left, right, weight, log.n_actors, MEMBERS)[log.actor])


PEER = Peer("co-like pairs within 60 s", "Graham et al. 2024; Keller et al. 2020; Giglietto et al. 2020", score)
