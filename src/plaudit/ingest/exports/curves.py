"""Curves and totals: counters of posts, or of comments, that stand in tables of their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from plaudit.errors import InputError
from plaudit.ingest.exports.arrays import SEPARATOR, coded, found_in, ints, is_known, joined, last_rows, mapped
from plaudit.ingest.exports.judge import FileFacts, Judged, shares
from plaudit.ingest.exports.naming import post_of
from plaudit.ingest.exports.posts import UNSAID, Homes, PostTable, platforms, settled
from plaudit.ingest.exports.roles import RATES
from plaudit.model import Bools, Counter, Floats, Ints


@dataclass(frozen=True)
class Curves:
    """Rows of curves and totals in order of time, one entry each.

    Attributes:
        platform, target, title, account: texts; the target is its title where the table holds no id.
        published_ms, observed_ms: UTC milliseconds, -1 unknown.
        counts: counters by name.
        rates: shares in 0..1 by name, NaN where absent.
        file, row: where each stands.
        may_be_comment: the table does not say that its targets are posts.
        titles: (platform, title) -> post, where a title is one post's.
    """

    platform: pa.Array
    target: pa.Array
    title: pa.Array
    account: pa.Array
    published_ms: Ints
    observed_ms: Ints
    counts: dict[str, Counter]
    rates: dict[str, Floats]
    file: Ints
    row: Ints
    may_be_comment: Bools
    titles: dict[tuple[str, str], str]

    @property
    def homes(self) -> Homes:
        """Where its posts live, by id and by title."""
        return Homes.known(self.platform, self.target, self.title)

    def settled(self, homes: Homes, files: Sequence[FileFacts]) -> Curves:
        """The same, with rows that say no platform about the one post elsewhere that bears their id or title.

        Raises:
            InputError: posts of several platforms do.
        """
        unsaid = np.asarray(pc.equal(self.platform, UNSAID).to_numpy(zero_copy_only=False), np.bool_)
        doubt = mapped(self.target, lambda key: key if homes.several(key) else None)
        if (bad := np.flatnonzero(unsaid & is_known(doubt))).size:
            at = int(bad[0])
            name = self.target[at].as_py()
            where = " and ".join(sorted(platform for platform, _ in homes.of[name]))
            raise InputError(
                f"{files[int(self.file[at])].name} row {int(self.row[at])}: {name!r} may be a post of {where}; add a "
                "column platform."
            )
        platform, target = settled(self.platform, self.target, homes)
        return replace(self, platform=platform, target=target)

    def rates_of(self, keys: pa.Array) -> dict[str, Floats]:
        """Last known rates of the posts with these keys (platform and id joined)."""
        post = found_in(joined(self.platform, self.target), keys)
        found: dict[str, Floats] = {}
        for name, values in self.rates.items():
            last = last_rows(post, ~np.isnan(values), len(keys))
            if (last >= 0).any():
                found[name] = np.where(last >= 0, values[np.maximum(last, 0)], np.nan)
        return found

    def refuse_ambiguous(
        self, ids: pa.Array, keys: pa.Array, posts: PostTable, about: Bools, files: Sequence[FileFacts]
    ) -> None:
        """Refuse a target that is the id of two comments, or of a comment and a post.

        Args:
            ids, keys: id, and platform, post and id joined, of each comment.
            posts: the posts.
            about: which rows are about a comment.
            files: by number, for messages.
        """
        code, words = coded(ids)
        several = words.filter(pa.array(np.bincount(code, minlength=len(words)) > 1))
        target = self.target.filter(pa.array(about))
        bad = (found_in(target, several) >= 0) | (found_in(target, posts.id) >= 0)
        if bad.any():
            at = int(np.flatnonzero(about)[np.flatnonzero(bad)[0]])
            where = f"{files[int(self.file[at])].name} row {int(self.row[at])}"
            raise InputError(
                f"{where}: target {self.target[at].as_py()!r} is the id of more than one comment or post; name the "
                "column comment_id or post_id, or give ids that stand alone."
            )


def curves_of(rows: Judged, files: Sequence[FileFacts]) -> Curves:
    """Curves and totals from judged rows."""
    file = ints(rows.table, "file")
    row = ints(rows.table, "row")
    order = np.lexsort((row, file, rows.ms["observed"]))
    at = pa.array(order)
    platform = platforms(rows, files, file)
    title = rows.column("title")
    held = mapped(rows.column("target"), post_of)
    titles = _titles(platform, title, held)
    by_title = mapped(
        joined(platform, title), lambda key: titles.get((key.split(SEPARATOR)[0], key.split(SEPARATOR)[1]))
    )
    target = pc.coalesce(held, by_title, title)
    return Curves(
        platform.take(at),
        target.take(at),
        title.take(at),
        rows.column("account").take(at),
        rows.ms["post_at"][order],
        rows.ms["observed"][order],
        {name: counter.take(order) for name, counter in rows.counts.items()},
        {name: shares(rows.table.column(name))[order] for name in RATES},
        file[order],
        row[order],
        ~np.array([one.of_posts for one in files], np.bool_)[file[order]],
        _titles(platform, title, target),
    )


def _titles(platform: pa.Array, title: pa.Array, target: pa.Array) -> dict[tuple[str, str], str]:
    known = pa.array(is_known(title) & is_known(target))
    pairs = (
        pa.table({"key": joined(platform, title).filter(known), "target": target.filter(known)})
        .group_by("key")
        .aggregate([("target", "min"), ("target", "max")])
    )
    return {
        (key.split("\x1f")[0], key.split("\x1f")[1]): low
        for key, low, high in zip(
            *(pairs.column(name).to_pylist() for name in ("key", "target_min", "target_max")), strict=True
        )
        if low == high
    }
