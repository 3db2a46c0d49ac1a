"""From judged rows to :class:`~plaudit.model.Section`: the last word about everything, and every reading by moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from plaudit.engine import DuckEngine
from plaudit.ingest.exports.arrays import coded, found_in, joined, last_rows, picked, picked_texts, whole
from plaudit.ingest.exports.authors import Authors
from plaudit.ingest.exports.comments import CommentRows
from plaudit.ingest.exports.curves import Curves, curves_of
from plaudit.ingest.exports.judge import FileFacts, Judged
from plaudit.ingest.exports.posts import Homes, Mentions, PostTable, post_table
from plaudit.ingest.exports.readings import Merged, Readings, last_known, merged
from plaudit.ingest.exports.roles import COUNTS, FLAGS
from plaudit.model import UNKNOWN, Bools, Comments, Counter, Ints, Posts, Section, Snapshots


@dataclass(frozen=True)
class Account:
    """What became of rows that are not each an entry of their own.

    Attributes:
        repeated: rows that say again what another row of the same moment says.
        conflicting: rows of one target and moment that show different counts (kept as an interval around them).
        orphans: replies whose parent the export does not hold.
    """

    repeated: int
    conflicting: int
    orphans: int


def section_of(
    engine: DuckEngine, comments: Judged | None, readings: Judged | None, files: Sequence[FileFacts], key: bytes
) -> tuple[Section, Account, Authors]:
    """Join everything that was read.

    Args:
        engine: numbers authors.
        comments: judged comments, None where no file holds any.
        readings: judged curves and totals.
        files: facts of every file, by number.
        key: of the pseudonyms.

    Raises:
        InputError: one target shows different counts and nothing says when (see :mod:`.readings`).
    """
    if comments is None and readings is None:
        return _nothing(), Account(0, 0, 0), Authors.none()
    curves = curves_of(readings, files) if readings is not None else None
    titles, homes = (curves.titles, curves.homes) if curves else ({}, Homes({}))
    found = CommentRows(engine, comments, files, titles, homes, key) if comments is not None else None
    if curves is not None:
        if found is not None:
            homes = homes.beside(Homes.known(found.place.platform, found.place.post, found.rows.column("title")))
        curves = curves.settled(homes, files)
    mentions = _mentions(found, curves)
    posts = post_table(mentions)
    comment_keys = found.keys if found else pa.array([], pa.string())
    where = _targets(posts, comment_keys, found, curves, files)
    names = [file.name for file in files]
    days = {file.number: file.observed_ms for file in files if file.day and file.observed_ms is not None}
    labels = [*posts.id.to_pylist(), *(found.words.to_pylist() if found else [])]
    read = merged(where, names, "target", labels, days)
    size = len(posts.id) + len(comment_keys)
    last = {name: last_known(read.target, counter, size) for name, counter in read.counts.items()}
    table = _posts(posts, {name: counter for name, (counter, _) in last.items()}, curves)
    section, orphans = _section(table, posts, found, read, last)
    return section, Account(read.repeated, read.conflicting, orphans), found.authors if found else Authors.none()


def _mentions(found: CommentRows | None, curves: Curves | None) -> Mentions:
    parts: list[Mentions] = []
    if curves is not None:
        here = pa.array(~_about_comments(found, curves))
        parts.append(
            Mentions(
                curves.platform.filter(here),
                curves.target.filter(here),
                curves.title.filter(here),
                curves.account.filter(here),
                curves.published_ms[np.asarray(here.to_numpy(zero_copy_only=False))],
            )
        )
    if found is not None:
        rows = found.rows
        account, title = rows.column("account"), rows.column("title")
        parts.append(Mentions(found.place.platform, found.place.post, title, account, rows.ms["post_at"]))

    def texts(name: str) -> pa.Array:
        return whole(pa.chunked_array([getattr(part, name) for part in parts], pa.string()))

    return Mentions(
        texts("platform"),
        texts("post"),
        texts("title"),
        texts("account"),
        np.concatenate([part.published_ms for part in parts]),
    )


def _about_comments(found: CommentRows | None, curves: Curves) -> Bools:
    """Readings that are about a comment: their column says so, or their target is a comment's id and no post's."""
    if found is None or found.size == 0:
        return np.zeros(len(curves.target), np.bool_)
    return np.asarray(curves.may_be_comment & (found_in(curves.target, pc.unique(found.words)) >= 0))


def _targets(
    posts: PostTable, keys: pa.Array, found: CommentRows | None, curves: Curves | None, files: Sequence[FileFacts]
) -> Readings:
    """Every reading with its target in the section's numbering, posts first."""
    parts: list[Readings] = []
    if curves is not None:
        target = found_in(joined(curves.platform, curves.target), posts.keys)
        about = _about_comments(found, curves)
        if found is not None and about.any():
            curves.refuse_ambiguous(found.words, found.keys, posts, about, files)
            target[about] = len(posts.id) + found_in(curves.target.filter(pa.array(about)), found.words)
        counts = {**curves.counts, "replies": Counter.absent(len(curves.target))}
        parts.append(
            Readings(
                target, curves.observed_ms, curves.file, curves.row, counts, np.full(target.size, UNKNOWN, np.int64)
            )
        )
    if found is not None:
        rows = found.rows
        counts = {name: Counter.absent(found.code.size) for name in COUNTS}
        counts |= {"likes": rows.counts["likes"], "replies": rows.counts["replies"]}
        parts.append(
            Readings(len(posts.id) + found.code, rows.ms["observed"], found.file, found.row, counts, found.positions())
        )
    # Nobody shows all counters there are; those nobody shows cost nothing.
    counts = {
        name: Counter(
            np.concatenate([part.counts[name].low for part in parts]),
            np.concatenate([part.counts[name].high for part in parts]),
        )
        for name in parts[0].counts
        if name in ("likes", "replies", "reads", "plays") or any(bool(part.counts[name].known.any()) for part in parts)
    }
    return Readings(
        np.concatenate([part.target for part in parts]),
        np.concatenate([part.at_ms for part in parts]),
        np.concatenate([part.file for part in parts]),
        np.concatenate([part.row for part in parts]),
        counts,
        np.concatenate([part.position for part in parts]),
    )


def _posts(posts: PostTable, last: dict[str, Counter], curves: Curves | None) -> Posts:
    size = len(posts.id)
    rows = np.arange(size)
    totals = {name: last[name].take(rows) for name in COUNTS if name in last}
    return Posts(
        id=posts.id,
        platform=posts.platform,
        account=posts.account.astype(np.int32),
        title=posts.title,
        published_ms=posts.published_ms,
        totals={name: counter for name, counter in totals.items() if counter.known.any()},
        rates=curves.rates_of(posts.keys) if curves is not None else {},
    )


def _section(
    table: Posts, posts: PostTable, found: CommentRows | None, read: Merged, last: dict[str, tuple[Counter, Ints]]
) -> tuple[Section, int]:
    """Comments in their final order, snapshots renumbered to it."""
    p = len(table)
    if found is None:
        empty = _no_comments()
        return Section(table, empty, _snapshots(read, np.arange(p)), posts.accounts), 0
    own = np.arange(p, p + found.size)
    platform_post = joined(picked_texts(found.place.platform, found.last), picked_texts(found.place.post, found.last))
    post = found_in(platform_post, posts.keys)
    position = np.full(p + found.size, UNKNOWN, np.int64)
    placed_rows = np.flatnonzero(read.position >= 0)
    position[read.target[placed_rows]] = read.position[placed_rows]
    id = _distinct(found.words, post, table.id)
    rank, _ = coded(id)
    order = np.lexsort((rank, position[p:], post))
    new = np.empty(found.size, np.int64)
    new[order] = np.arange(found.size)
    parent = found.last_of(found.parent, found.parent >= 0)
    parent = np.where(parent == np.arange(found.size), UNKNOWN, parent)  # nothing replies to itself
    answers = picked(found.has_parent.astype(np.int64), last_rows(found.code, found.has_parent, found.size)) > 0
    orphans = int((answers & (parent < 0)).sum())
    likes, entry = last["likes"]
    observed = picked(read.at_ms, entry)
    seen = picked(found.rows.ms["observed"], last_rows(found.code, np.ones(found.code.size, np.bool_), found.size))
    observed = np.where(observed[p:] >= 0, observed[p:], seen)
    region, regions = found.regions()
    created = found.rows.ms["created"]
    flags = {name: found.flag(name)[order] for name in FLAGS}
    authors = found.authors
    author = found.last_of(authors.of, authors.of >= 0)
    comments = Comments(
        id=id.take(pa.array(order)),
        post=post[order].astype(np.int32),
        parent=picked(new, parent)[order].astype(np.int32),
        author=author[order].astype(np.int32),
        author_key=authors.key,
        author_name=authors.name,
        author_is_id=authors.is_id,
        text=found.text().take(pa.array(order)),
        likes=likes.take(own[order]),
        replies=last["replies"][0].take(own[order]),
        created_ms=found.last_of(created, created != UNKNOWN)[order],
        observed_ms=observed[order],
        region=region[order].astype(np.int32),
        regions=regions,
        position=position[p:][order].astype(np.int32),
        **flags,
    )
    return Section(table, comments, _snapshots(read, np.r_[np.arange(p), p + new]), posts.accounts), orphans


def _distinct(ids: pa.Array, post: Ints, post_ids: pa.Array) -> pa.Array:
    """Ids that stand alone: one used under several posts is told apart by its post."""
    code, words = coded(ids)
    twice = np.bincount(code, minlength=len(words))[code] > 1
    if not twice.any():
        return ids
    return pc.if_else(pa.array(twice), pc.binary_join_element_wise(post_ids.take(pa.array(post)), ids, "/"), ids)


def _snapshots(read: Merged, new: Ints) -> Snapshots:
    reads = read.counts["reads"]
    plays = read.counts["plays"]
    seen = Counter(np.where(reads.known, reads.low, plays.low), np.where(reads.known, reads.high, plays.high))
    rows = np.flatnonzero((read.at_ms != UNKNOWN) & (read.counts["likes"].known | seen.known))
    target = new[read.target[rows]]
    rows = rows[np.lexsort((read.at_ms[rows], target))]
    return Snapshots(
        target=new[read.target[rows]].astype(np.int32),
        observed_ms=read.at_ms[rows],
        likes=read.counts["likes"].take(rows),
        reads=seen.take(rows),
        position=read.position[rows].astype(np.int32),
    )


def _nothing() -> Section:
    texts, moments, none = pa.array([], pa.string()), np.zeros(0, np.int64), np.zeros(0, np.int32)
    posts = Posts(texts, texts, none, texts, moments, {}, {})
    shots = Snapshots(none, moments, Counter.absent(0), Counter.absent(0), none)
    return Section(posts, _no_comments(), shots)


def _no_comments() -> Comments:
    none, flags = np.zeros(0, np.int32), np.zeros(0, np.int8)
    texts, moments = pa.array([], pa.string()), np.zeros(0, np.int64)
    return Comments(
        id=texts,
        post=none,
        parent=none,
        author=none,
        author_key=texts,
        author_name=texts,
        author_is_id=np.zeros(0, np.bool_),
        text=texts,
        likes=Counter.absent(0),
        replies=Counter.absent(0),
        created_ms=moments,
        observed_ms=moments,
        region=none,
        regions=(),
        position=none,
        pinned=flags,
        elected=flags,
        author_liked=flags,
        by_owner=flags,
        hidden=flags,
    )
