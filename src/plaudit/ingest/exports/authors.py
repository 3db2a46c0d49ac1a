"""Authors: told apart by account id where the export has one, by nickname where it has not, named by pseudonym."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from plaudit.engine import DuckEngine
from plaudit.ingest.exports.arrays import whole
from plaudit.ingest.exports.judge import Judged
from plaudit.ingest.exports.people import pseudonym_sql
from plaudit.model import Bools, Ints


@dataclass(frozen=True)
class Authors:
    """Authors numbered by pseudonym, ascending.

    Attributes:
        of: author of each row, -1 where it names none, ``int64[rows]``.
        key, name, is_id: as in :class:`~plaudit.model.Comments`.
        account_ids: account id -> pseudonym, for what outcomes say about the same people; ids of two platforms that
            are the same text are left out.
    """

    of: Ints
    key: pa.StringArray
    name: pa.StringArray
    is_id: Bools
    account_ids: pa.Table

    @staticmethod
    def none() -> Authors:
        """No authors."""
        texts = pa.array([], pa.string())
        table = pa.table({"who": texts, "key": texts})
        return Authors(np.zeros(0, np.int64), texts, texts, np.zeros(0, np.bool_), table)


def authors_of(engine: DuckEngine, rows: Judged, platform: pa.Array, key: bytes) -> Authors:
    """Number the authors of comments.

    Args:
        engine: where they are sorted and digested.
        rows: judged comments.
        platform: of each row: ids of two platforms are two accounts.
        key: of the pseudonyms.
    """
    id, name = rows.column("author_id"), rows.column("author_name")
    engine.drop("voices", "people")
    nth = np.arange(len(platform), dtype=np.int64)
    engine.read("voices", pa.table({"nth": nth, "platform": platform, "id": id, "name": name}).to_batches())
    engine.run(
        "people",
        f"""
        SELECT *, row_number() OVER (ORDER BY key) - 1 AS number FROM (
            SELECT platform, who, is_id, name, {pseudonym_sql(key, "platform", "who", "is_id")} AS key FROM (
                SELECT platform, coalesce(id, trim(name)) AS who, id IS NOT NULL AS is_id,
                    arg_max(name, nth) FILTER (name IS NOT NULL) AS name
                FROM voices WHERE id IS NOT NULL OR trim(name) <> '' GROUP BY ALL
            )
        )
        """,
    )
    numbered = engine.arrow(
        "SELECT v.nth, coalesce(p.number, -1) AS number FROM voices AS v LEFT JOIN people AS p "
        "ON v.platform = p.platform AND coalesce(v.id, trim(v.name)) = p.who "
        "AND (v.id IS NOT NULL) = p.is_id ORDER BY v.nth"
    )
    people = engine.arrow("SELECT key, coalesce(name, '') AS name, is_id FROM people ORDER BY number")
    ids = engine.arrow(
        "SELECT who, min(key) AS key FROM people WHERE is_id GROUP BY who HAVING count(*) = 1 ORDER BY who"
    )
    engine.drop("voices", "people")
    return Authors(
        np.array(numbered.column("number").to_numpy(), dtype=np.int64) if numbered.num_rows else np.zeros(0, np.int64),
        whole(people.column("key").cast(pa.string())),
        whole(people.column("name").cast(pa.string())),
        np.asarray(whole(people.column("is_id")).to_numpy(zero_copy_only=False), dtype=np.bool_),
        ids,
    )
