"""Which authors meet under more posts of an account than their own activity and the posts' sizes explain?"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import special

from plaudit.kernels.overlap import may_be_rare, most_telling, shared_actors
from plaudit.kernels.tails import log_q_values
from plaudit.model import Comments, Floats, Ints, Posts

_PER_POST = 3_000
"""Authors of one post that are paired: those who comment least, whose meetings say most."""


@dataclass(frozen=True)
class Visits:
    """First comments of readers under posts: one row per reader and post, ordered by (reader, post).

    Attributes:
        reader: dense reader, ``int64[v]``: an author under the posts of one account.
        post: ``int64[v]``.
        row: the comment, ``int64[v]``.
        author: author of each reader, ``int64[readers]``.
        weight: distinct known authors of each post, ``int64[posts]``.
        of_account: the same summed over the account of each post, ``int64[posts]``.
    """

    reader: Ints
    post: Ints
    row: Ints
    author: Ints
    weight: Ints
    of_account: Ints

    @cached_property
    def offsets(self) -> Ints:
        """CSR offsets of the visits of each reader."""
        counts = np.bincount(self.reader, minlength=self.author.shape[0])
        return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)


def visits_of(posts: Posts, comments: Comments) -> Visits:
    """Each author's first comment under each post; the owner's are left out."""
    rows = np.flatnonzero((comments.author >= 0) & (comments.by_owner != 1))
    # A comment of one's own before a reply, then by time: replies answer others and come when others came.
    order = rows[
        np.lexsort(
            (
                rows,
                comments.created_ms[rows],
                comments.parent[rows] >= 0,
                comments.post[rows],
                posts.account[comments.post[rows]],
                comments.author[rows],
            )
        )
    ]
    author, post = comments.author[order].astype(np.int64), comments.post[order].astype(np.int64)
    account = posts.account[post].astype(np.int64)
    fresh = np.r_[True, (author[1:] != author[:-1]) | (post[1:] != post[:-1])] if order.shape[0] else order == 0
    author, post, account, order = author[fresh], post[fresh], account[fresh], order[fresh]
    start = np.r_[True, (author[1:] != author[:-1]) | (account[1:] != account[:-1])] if order.shape[0] else order == 0
    weight = np.bincount(post, minlength=len(posts))
    owner = posts.account.astype(np.int64) + 1
    return Visits(
        (np.cumsum(start) - 1).astype(np.int64),
        post,
        order.astype(np.int64),
        author[start],
        weight.astype(np.int64),
        np.bincount(owner, weights=weight)[owner].astype(np.int64) if len(posts) else weight,
    )


@dataclass(frozen=True)
class Pairs:
    """Readers who meet more often than chance, one entry each, by (left, right).

    Attributes:
        left, right: readers, ``int64[k]``.
        shared: posts of both; ``expected`` by chance.
        log_q: false-discovery rate over all pairs that could have been tried.
        tried: how many that is.
    """

    left: Ints
    right: Ints
    shared: Ints
    expected: Floats
    log_q: Floats
    tried: int


def meeting_pairs(visits: Visits, least: int, level: float = 1.0) -> Pairs:
    """Pairs with ``least`` posts or more in common.

    With ``level``, those whose false-discovery rate is certainly above it are left out; the rates up to it are exact.

    Null: a reader's posts are a draw from its account's posts in proportion to their crowds. Given the posts of one,
    the number of the other's among them is then binomial at most (drawing without replacement only narrows it); of
    the two ways round the larger chance counts.
    """
    often = np.bincount(visits.reader, minlength=visits.author.shape[0])
    keep = np.flatnonzero(often[visits.reader] >= least)
    readers, number = np.unique(visits.reader[keep], return_inverse=True)
    telling = most_telling(visits.post[keep], often[visits.reader[keep]], _PER_POST)
    keep, number = keep[telling], number[telling].astype(np.int64)
    post = visits.post[keep]
    offsets = np.concatenate([[0], np.cumsum(np.bincount(number, minlength=readers.shape[0]))]).astype(np.int64)
    by_post = np.argsort(post, kind="stable")
    posts = np.concatenate([[0], np.cumsum(np.bincount(post, minlength=visits.weight.shape[0]))]).astype(np.int64)
    nothing = np.zeros(keep.shape[0], np.int64)
    told = shared_actors(offsets, post, nothing, posts, number[by_post], nothing, 0, 0, least)
    i, j, shared = (one.astype(np.int64) for one in told)
    often = often[readers]
    swept = visits.weight[visits.post] / np.maximum(visits.of_account[visits.post], 1)
    reach = np.minimum(np.bincount(visits.reader, swept, minlength=visits.author.shape[0])[readers], 1.0)
    tried = _pairs_within(visits, readers)
    if level < 1.0 and i.shape[0]:
        # The k-th smallest of all p-values is at the level where p * tried <= level * k, and k is at most their number.
        most = float(np.log(level) + np.log(i.shape[0]) - np.log(max(tried, i.shape[0])))
        table = special.gammaln(np.arange(int(often.max()) + 1) + 1.0)
        rare = np.flatnonzero(may_be_rare(i, j, shared, often, reach, table, most))
        i, j, shared = i[rare], j[rare], shared[rare]
    one = _log_binomial_tail(shared, often[j], reach[i])
    other = _log_binomial_tail(shared, often[i], reach[j])
    expected = np.maximum(often[j] * reach[i], often[i] * reach[j])
    log_q = log_q_values(np.maximum(one, other), tried)
    return Pairs(readers[i], readers[j], shared, expected, log_q, tried)


def _pairs_within(visits: Visits, readers: Ints) -> int:
    """Pairs of these readers who read the same account."""
    first = visits.offsets[readers]
    account = visits.of_account[visits.post[first]] if readers.shape[0] else readers
    sizes = np.unique(account, return_counts=True)[1].astype(np.int64)
    return int((sizes * (sizes - 1) // 2).sum())


def _log_binomial_tail(count: Ints, draws: Ints, chance: Floats) -> Floats:
    """``ln P(Binomial(draws, chance) >= count)`` for ``1 <= count <= draws``."""
    with np.errstate(divide="ignore"):
        told = np.log(special.betainc(count, draws - count + 1.0, chance))
        leading = special.gammaln(draws + 1.0) - special.gammaln(count + 1.0) - special.gammaln(draws - count + 1.0)
        leading = leading + count * np.log(np.maximum(chance, 1e-300))
    return np.asarray(np.where(np.isfinite(told), told, np.minimum(leading, 0.0)), dtype=np.float64)
