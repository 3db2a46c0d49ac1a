"""What an owner holds when likes have no names (tiers T0 and T1): posts, comments, counters read over time, totals.

A *section* is everything one party exported about its own posts. Its *targets* are whatever carries a counter of likes:
posts first, then comments, in one numbering, so that a curve, a finding or a count can speak of either.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from plaudit.model.words import Bools, Floats, Ints, Ints32, Tier

UNBOUNDED = np.iinfo(np.int64).max
"""The upper end of a counter that says only "at least", such as ``10万+``."""

UNKNOWN = -1
"""A number, moment or flag the export does not hold. Never zero, never a guess."""

READERSHIP = ("reads", "readers", "plays")
"""Totals of a post that say how many saw it."""

Flags = NDArray[np.int8]
"""Three answers: 1 yes, 0 no, -1 the export does not say."""


@dataclass(frozen=True)
class Counter:
    """A shown counter as what it says: an interval. ``10万+`` is ``[100_000, UNBOUNDED]``; digits are never invented.

    Attributes:
        low, high: ``int64[k]``, inclusive; equal where the counter is exact, both :data:`UNKNOWN` where absent.
    """

    low: Ints
    high: Ints

    def __len__(self) -> int:
        return int(self.low.shape[0])

    @property
    def known(self) -> Bools:
        """Where the export shows the counter at all, ``bool[k]``."""
        return np.asarray(self.low >= 0)

    @property
    def exact(self) -> Bools:
        """Where the counter is a number rather than a range, ``bool[k]``."""
        return np.asarray((self.low >= 0) & (self.low == self.high))

    def take(self, rows: NDArray[np.integer]) -> Counter:
        """The counters of these rows."""
        return Counter(self.low[rows], self.high[rows])

    @staticmethod
    def exactly(values: NDArray[np.integer]) -> Counter:
        """Counters that are plain numbers (or :data:`UNKNOWN`)."""
        plain = np.asarray(values, dtype=np.int64)
        return Counter(plain, plain)

    @staticmethod
    def absent(size: int) -> Counter:
        """``size`` counters the export does not hold."""
        return Counter.exactly(np.full(size, UNKNOWN))


@dataclass(frozen=True)
class Posts:
    """Articles, videos, notes: what comments stand under. One entry per post, in the order of (published_ms, id).

    Attributes:
        id: the platform's id as text, ``string[p]``.
        platform: word per post (``wechat``, ``bilibili``, ``generic``...), ``string[p]``.
        account: dense number of the account that published it, ``int32[p]``, -1 unknown.
        title: ``string[p]``, empty where the export holds none.
        published_ms: UTC milliseconds, ``int64[p]``, -1 unknown.
        totals: last known counters by name, each of length ``p``. Names used: ``reads``, ``readers``, ``likes``
            (点赞), ``wow`` (在看/爱心), ``recommends`` (推荐), ``shares``, ``sharers``, ``comments``, ``elected``,
            ``favorites``, ``follows``, ``delivered``, ``plays``.
        rates: shares in 0..1 by name, ``float64[p]``, NaN where absent: ``finish`` (阅读完成率, 完播率), ``open``
            (送达阅读率).
    """

    id: pa.StringArray
    platform: pa.StringArray
    account: Ints32
    title: pa.StringArray
    published_ms: Ints
    totals: Mapping[str, Counter]
    rates: Mapping[str, Floats]

    def __len__(self) -> int:
        return int(self.account.shape[0])

    def rows(self, rows: Ints) -> Posts:
        """These posts."""
        return replace(self, **{f.name: _picked(getattr(self, f.name), rows) for f in fields(self)})


@dataclass(frozen=True)
class Comments:
    """Comments and replies with their last known counters. One entry each, ordered by (post, position, id).

    Attributes:
        id: the platform's id as text, ``string[c]``; 64-bit ids survive.
        post: row of :class:`Posts`, ``int32[c]``.
        parent: row of the comment this one replies to, ``int32[c]``, -1 for a comment of its own.
        author: dense author, ``int32[c]``, -1 unknown.
        author_key: keyed pseudonym of each author, ``string[authors]``; names never pass this point.
        author_name: nicknames by author, ``string[authors]``, kept in memory for ``--reveal`` only.
        author_is_id: whether the author is known by an account id rather than by a nickname, which is not unique,
            ``bool[authors]``.
        text: as written, ``string[c]``.
        likes: likes shown.
        replies: replies shown.
        created_ms: UTC milliseconds, ``int64[c]``, -1 unknown.
        observed_ms: when the counters were last read, ``int64[c]``, -1 unknown.
        region: dense region, ``int32[c]``, -1 unknown; ``regions`` has the words, coarse (province or country).
        position: place in the export among the comments of the post, from 0, ``int32[c]``, -1 unknown: the order
            readers saw.
        pinned, elected, author_liked, by_owner, hidden: flags; ``elected`` is 精选, ``by_owner`` the post's own
            account.
    """

    id: pa.StringArray
    post: Ints32
    parent: Ints32
    author: Ints32
    author_key: pa.StringArray
    author_name: pa.StringArray
    author_is_id: Bools
    text: pa.StringArray
    likes: Counter
    replies: Counter
    created_ms: Ints
    observed_ms: Ints
    region: Ints32
    regions: tuple[str, ...]
    position: Ints32
    pinned: Flags
    elected: Flags
    author_liked: Flags
    by_owner: Flags
    hidden: Flags

    def __len__(self) -> int:
        return int(self.post.shape[0])

    @property
    def n_authors(self) -> int:
        """How many authors can be told apart."""
        return int(self.author_is_id.shape[0])

    def rows(self, rows: Ints) -> Comments:
        """These comments; authors keep their numbers, parents the rows of the whole."""
        kept = ("author_key", "author_name", "author_is_id", "regions")
        return replace(
            self, **{f.name: _picked(getattr(self, f.name), rows) for f in fields(self) if f.name not in kept}
        )


@dataclass(frozen=True)
class Snapshots:
    """Counters as read at moments, ordered by (target, observed_ms). Irregular polling is normal.

    Attributes:
        target: target of the section (see :class:`Section`), ``int32[s]``.
        observed_ms: UTC milliseconds, ``int64[s]``.
        likes: likes shown then.
        reads: reads shown then; absent for comments and wherever the export holds none.
        position: place among the comments of the post then, ``int32[s]``, -1 unknown.
    """

    target: Ints32
    observed_ms: Ints
    likes: Counter
    reads: Counter
    position: Ints32

    def __len__(self) -> int:
        return int(self.target.shape[0])

    def rows(self, rows: Ints) -> Snapshots:
        """These readings."""
        return replace(self, **{f.name: _picked(getattr(self, f.name), rows) for f in fields(self)})


def _picked(values: Any, rows: Ints) -> Any:
    """Entries of a column, a counter, or a table of either by name."""
    if isinstance(values, Mapping):
        return {name: _picked(part, rows) for name, part in values.items()}
    return values.take(pa.array(rows)) if isinstance(values, pa.Array) else values.take(rows)


@dataclass(frozen=True)
class Section:
    """Posts, comments and curves of one export. Target ``t`` is post ``t`` if ``t < len(posts)``, else a comment.

    Attributes:
        accounts: pseudonyms or names of the publishing accounts, by number.
    """

    posts: Posts
    comments: Comments
    snapshots: Snapshots
    accounts: tuple[str, ...] = ()

    @property
    def n_targets(self) -> int:
        """Posts and comments together."""
        return len(self.posts) + len(self.comments)

    @property
    def tier(self) -> Tier:
        """T1 where the likes of any target were read at two moments, else T0: reads alone are no curve of likes."""
        read = self.snapshots.target[self.snapshots.likes.known]
        return Tier.CURVE if int(np.bincount(read, minlength=1).max()) > 1 else Tier.SNAPSHOT

    def of_posts(self, posts: Ints) -> Section:
        """These posts (ascending) with their comments and readings; authors and regions keep their numbers."""
        post = np.full(len(self.posts), -1, np.int32)
        post[posts] = np.arange(posts.shape[0], dtype=np.int32)
        rows = np.flatnonzero(post[self.comments.post] >= 0)
        comment = np.full(len(self.comments) + 1, -1, np.int32)
        comment[rows] = np.arange(rows.shape[0], dtype=np.int32)
        target = np.concatenate([post, np.where(comment[:-1] >= 0, comment[:-1] + posts.shape[0], -1)])
        shots = np.flatnonzero(target[self.snapshots.target] >= 0)
        held = self.comments.rows(rows)
        return Section(
            self.posts.rows(posts),
            replace(held, post=post[held.post], parent=comment[held.parent]),
            replace(self.snapshots.rows(shots), target=target[self.snapshots.target[shots]].astype(np.int32)),
            self.accounts,
        )

    def target_of_comment(self, rows: NDArray[np.integer]) -> Ints:
        """Targets of these comments."""
        return np.asarray(rows, dtype=np.int64) + len(self.posts)

    @cached_property
    def likes(self) -> Counter:
        """Last known likes of every target, posts first."""
        shown = self.posts.totals.get("likes", Counter.absent(len(self.posts)))
        told = self.comments.likes
        return Counter(np.concatenate([shown.low, told.low]), np.concatenate([shown.high, told.high]))

    @cached_property
    def curve_offsets(self) -> Ints:
        """CSR offsets of the snapshots of each target, ``int64[n_targets + 1]``."""
        counts = np.bincount(self.snapshots.target, minlength=self.n_targets)
        return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)

    def has(self, part: str) -> bool:
        """Whether the section holds a part detectors may require.

        ``texts, authors, regions, created, positions, curves, reads, totals, accounts, likes``.
        """
        comments, shots = self.comments, self.snapshots
        held = {
            "texts": len(comments) > 0,
            "likes": bool(self.likes.known.any()),
            "authors": bool((comments.author >= 0).any()),
            "regions": bool((comments.region >= 0).any()),
            "created": bool((comments.created_ms >= 0).any()),
            "positions": bool((comments.position >= 0).any()),
            "curves": self.tier is Tier.CURVE,
            "reads": bool(shots.reads.known.any())
            or any(bool(self.posts.totals[one].known.any()) for one in READERSHIP if one in self.posts.totals),
            "totals": any(bool(c.known.any()) for c in self.posts.totals.values()),
            "accounts": bool((self.posts.account >= 0).any()),
        }
        return held[part]


@dataclass(frozen=True)
class Outcomes:
    """What actors went on to do, one row per act, ordered by (at_ms, actor_id).

    Attributes:
        actor_id: as the file gives it (T2) or the section's pseudonym of it (T0/T1), ``string[o]``.
        at_ms: UTC milliseconds, ``int64[o]``.
        kind: ``purchase``, ``repurchase``, ``referral``, ``follow`` or ``read_finish``, ``string[o]``.
        value: in ``currency``, ``float64[o]``, NaN where the file holds none.
        currency: ``string[o]``, empty where the file holds none.
    """

    actor_id: pa.StringArray
    at_ms: Ints
    kind: pa.StringArray
    value: Floats
    currency: pa.StringArray

    def __len__(self) -> int:
        return int(self.at_ms.shape[0])
