"""Comments numbered by (platform, post, id), with everything each row says about them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from plaudit.engine import DuckEngine
from plaudit.ingest.exports.arrays import (
    coded,
    found_in,
    ints,
    is_known,
    joined,
    last_rows,
    mapped,
    picked,
    picked_texts,
    whole,
)
from plaudit.ingest.exports.authors import authors_of
from plaudit.ingest.exports.judge import FileFacts, Judged
from plaudit.ingest.exports.posts import Homes, placed
from plaudit.ingest.exports.regions import region_of
from plaudit.model import UNKNOWN, Bools, Flags, Ints


class CommentRows:
    """Comments numbered by (platform, post, id), with what each row says."""

    def __init__(
        self,
        engine: DuckEngine,
        rows: Judged,
        files: Sequence[FileFacts],
        titles: dict[tuple[str, str], str],
        homes: Homes,
        key: bytes,
    ) -> None:
        file = ints(rows.table, "file")
        # Rows in order of time: what is said last counts.
        order = np.lexsort((ints(rows.table, "row"), file, rows.ms["observed"]))
        self.rows = rows = _ordered(rows, order)
        self.file = file = file[order]
        self.row = ints(rows.table, "row")
        self.reply = np.asarray(whole(rows.table.column("reply")).to_numpy(zero_copy_only=False), dtype=np.bool_)
        self.place = placed(rows, files, file, titles, homes)
        self.id = _ids(engine, rows, self.place.post)
        self.code, self.keys = coded(joined(self.place.platform, self.place.post, self.id))
        self.size = len(self.keys)
        self.last = last_rows(self.code, np.ones(self.code.size, np.bool_), self.size)
        self.words = picked_texts(self.id, self.last)
        parent = joined(self.place.platform, self.place.post, rows.column("parent"))
        self.parent = found_in(parent, self.keys)
        self.has_parent = is_known(rows.column("parent"))
        self.ordered = np.array([one.ordered for one in files], np.bool_)[file]
        self.authors = authors_of(engine, rows, self.place.platform, key)

    def last_of(self, values: Ints, known: Bools) -> Ints:
        """Last known value of each comment."""
        return picked(values, last_rows(self.code, known, self.size))

    def text(self) -> pa.Array:
        """The text of each comment as last written."""
        column = self.rows.column("text")
        return picked_texts(column, last_rows(self.code, is_known(column), self.size))

    def flag(self, name: str) -> Flags:
        """A flag as last known; within one moment, whoever says yes is right: lists overlap and say part each."""
        values = ints(self.rows.table, name)
        if not (values >= 0).any():
            return np.full(self.size, UNKNOWN, np.int8)
        moment = np.searchsorted(np.unique(self.rows.ms["observed"]), self.rows.ms["observed"])
        order = np.lexsort((values, moment))
        last = last_rows(self.code[order], (values >= 0)[order], self.size)
        return picked(values[order], last).astype(np.int8)

    def regions(self) -> tuple[Ints, tuple[str, ...]]:
        """Coarse region of each comment, and the words."""
        both = joined(pc.fill_null(self.rows.column("region"), ""), pc.fill_null(self.rows.column("country"), ""))
        code, words = coded(mapped(both, lambda pair: region_of(*pair.split("\x1f"))))
        return self.last_of(code, code >= 0), tuple(words.to_pylist())

    def positions(self) -> Ints:
        """Place of each row among the comments of its post at a moment, -1 where the order is nobody's view.

        Replies stand under their comments and have none of their own.
        """
        said = self.rows.counts["position"].low.copy()
        own = self.ordered & ~self.reply & ~self.has_parent & (said < 0)
        rows = np.flatnonzero(own)
        if rows.size == 0:
            return said
        post, _ = coded(joined(self.place.platform, self.place.post))
        moment = self.rows.ms["observed"]
        # The first time a comment is seen at a moment is its place; pages repeat what is pinned.
        rows = rows[np.lexsort((self.row[rows], self.file[rows], moment[rows], self.code[rows]))]
        first = np.r_[True, (np.diff(self.code[rows]) != 0) | (np.diff(moment[rows]) != 0)]
        rows = rows[first]
        rows = rows[np.lexsort((self.row[rows], self.file[rows], moment[rows], post[rows]))]
        starts = np.flatnonzero(np.r_[True, (np.diff(post[rows]) != 0) | (np.diff(moment[rows]) != 0)])
        sizes = np.diff(np.r_[starts, rows.size])
        said[rows] = np.arange(rows.size) - np.repeat(starts, sizes)
        return said


def _ordered(rows: Judged, order: Ints) -> Judged:
    if bool((np.diff(order) == 1).all()):
        return rows
    return Judged(
        rows.table.take(pa.array(order)),
        {role: values[order] for role, values in rows.ms.items()},
        {role: values.take(order) for role, values in rows.counts.items()},
        rows.rejected,
        rows.zones,
    )


def _ids(engine: DuckEngine, rows: Judged, post: pa.Array) -> pa.Array:
    """The id of each comment; where the export has none, a digest of post, author, text and time.

    Where there is no time either, the second comment with the same words by the same author in one file is another one.
    """
    held = rows.column("comment")
    missing = np.flatnonzero(~is_known(held))
    if missing.size == 0:
        return held
    at = pa.array(missing)
    made = pa.table(
        {
            "nth": at,
            "file": whole(rows.table.column("file")).take(at),
            "post": post.take(at),
            "who": pc.coalesce(rows.column("author_id"), rows.column("author_name")).take(at),
            "text": rows.column("text").take(at),
            "created": pa.array(rows.ms["created"][missing]),
        }
    )
    engine.drop("nameless")
    engine.read("nameless", made.to_batches())
    digests = engine.arrow(
        "SELECT nth, 'x' || substr(md5(concat_ws(chr(31), post, coalesce(who, ''), coalesce(text, ''), created, "
        "CASE WHEN created < 0 THEN row_number() OVER (PARTITION BY file, post, who, text, created ORDER BY nth) "
        "END)), "
        "1, 20) AS id FROM nameless ORDER BY nth"
    )
    engine.drop("nameless")
    filled = np.zeros(len(held), np.int64)
    filled[missing] = np.arange(missing.size)
    return pc.coalesce(held, whole(digests.column("id").cast(pa.string())).take(pa.array(filled)))
