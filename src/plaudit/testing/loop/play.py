"""Letting a world happen: pages are sorted, visitors read and like, bought likes arrive; then the same without them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from plaudit.kernels.visits import SHAPES, SHOWN, discount_likes, play_visits
from plaudit.model import HOUR_MS, MINUTE_MS, Bools, Floats, Ints, Ints32, offsets_of
from plaudit.testing.loop.ground import Ground
from plaudit.testing.loop.hearing import Hearing
from plaudit.testing.loop.orders import deliveries
from plaudit.testing.loop.rankers import Board, Ranker, raw_likes
from plaudit.testing.loop.spec import Defence, Order

_PLACES = 30
"""Places whose order is scored: beyond, one reader in thirty is left."""


@dataclass(frozen=True)
class Run:
    """What happened.

    Attributes:
        ground, orders: where, and what was bought.
        at_ms, actor, comment, bought: one entry per like, by time; bought accounts are numbered from
            ``ground.n_actors``.
        order_of: order each bought like belongs to, -1 for genuine ones.
        likes, purchased, exposures, downs: per comment at the end.
        place: place of each comment in its post at the end, from 1.
        mean_place: mean place at the visits of its post while the comment was out (``nan`` where nobody came).
        quality_read, quality_best: expected quality that visitors read, and would have read in the best order,
            summed over visits, weighted by how far visitors read.
        seen_ms, seen_actor, seen_comment: every look at a comment, by time, where asked for.
    """

    ground: Ground
    orders: tuple[Order, ...]
    at_ms: Ints
    actor: Ints32
    comment: Ints32
    bought: Bools
    order_of: Ints32
    likes: Ints
    purchased: Ints
    exposures: Ints
    downs: Ints
    place: Ints32
    mean_place: Floats
    quality_read: float
    quality_best: float
    seen_ms: Ints
    seen_actor: Ints32
    seen_comment: Ints32

    @property
    def genuine(self) -> Ints:
        """Likes nobody bought, per comment."""
        return self.likes - self.purchased

    @property
    def regret(self) -> float:
        """Share of the quality a perfect order would have shown that this one did not, 0..1."""
        return 1.0 - self.quality_read / self.quality_best if self.quality_best > 0 else 0.0


def play(
    ground: Ground,
    *,
    ranker: Ranker = raw_likes,
    orders: Sequence[Order] = (),
    defence: Defence | None = None,
    views: bool = False,
) -> Run:
    """Let the world happen under ``ranker`` with ``orders`` delivered; the same arguments give the same bytes.

    Readers and their tastes come from ``ground`` alone: two runs differ by nothing but what ranker and orders did.

    Args:
        ground: from :func:`~plaudit.testing.loop.found`.
        ranker: see :mod:`plaudit.testing.loop.rankers`.
        orders: what is bought.
        defence: what the ranker is told about bought likes; None: nothing.
        views: keep every look at a comment (some five per visit).

    Raises:
        InputError: an order names no comment of this world.
    """
    spec, guard = ground.spec, defence or Defence()
    stream = _stream(ground, orders)
    n, looks = ground.n_comments, most_looks(ground)
    counts = _Counts(*(np.zeros(n, np.int64) for _ in range(5)))
    hearing = Hearing(n)
    room = looks + int((stream.bought >= 0).sum())
    out_row, out_comment = np.zeros(room, np.int64), np.zeros(room, np.int32)
    seen_row, seen_comment = np.zeros(looks * views, np.int64), np.zeros(looks * views, np.int32)
    at, post = stream.at_ms, stream.post
    tick = max(int(spec.refresh_min * MINUTE_MS), 1)
    start = int(min(ground.post_born_ms.min(), at[0]))
    edges = np.append(np.searchsorted(at, np.arange(start, int(at[-1]) + 1, tick)), at.shape[0])
    filled = seen = flagged = 0
    read = best = 0.0
    place_sum, place_visits = np.zeros(n), np.zeros(n)
    born_order = np.argsort(ground.comment_born_ms, kind="stable")
    born_sorted = ground.comment_born_ms[born_order]
    weight = np.arange(1, _PLACES + 1, dtype=np.float64) ** -spec.position
    for step in range(edges.shape[0] - 1):
        first, last = int(edges[step]), int(edges[step + 1])
        if first == last:
            continue
        now = start + step * tick
        flagged = discount_likes(
            flagged,
            filled,
            int(now - guard.delay_h * HOUR_MS),
            at,
            stream.bought,
            stream.actor,
            out_row,
            out_comment,
            guard.recall,
            guard.false_alarm,
            ground.seed,
            counts.discounted,
        )
        out = np.sort(born_order[: np.searchsorted(born_sorted, now, side="right")])
        visits = np.bincount(post[first:last][stream.bought[first:last] < 0], minlength=spec.posts)
        hearing.hear(counts.likes.astype(np.float64), counts.exposures.astype(np.float64))
        # Pages nobody asks for need no order.
        out = out[visits[ground.comment_post[out]] > 0]
        shown = _sorted(ground, out, ranker, counts, hearing, now)
        offsets = offsets_of(ground.comment_post[shown], spec.posts)
        place = np.arange(shown.shape[0]) - offsets[ground.comment_post[shown]]
        count = visits[ground.comment_post[shown]]
        place_sum[shown] += (place + 1.0) * count
        place_visits[shown] += count
        top = place < _PLACES
        read += float((ground.quality[shown[top]] * weight[place[top]] * count[top]).sum())
        ideal = out[np.lexsort((-ground.quality[out], ground.comment_post[out]))]
        best += float((ground.quality[ideal[top]] * weight[place[top]] * count[top]).sum())
        filled, seen = play_visits(
            first,
            last,
            at,
            post,
            stream.bought,
            stream.depth,
            shown.astype(np.int32),
            offsets,
            ground.comment_born_ms,
            ground.quality,
            counts.likes,
            counts.purchased,
            counts.discounted,
            counts.exposures,
            counts.downs,
            ground.seed,
            spec.downs,
            spec.herd,
            SHAPES.index(spec.herd_shape),
            SHOWN.index(spec.shown),
            int(spec.delay_h * HOUR_MS),
            out_row,
            out_comment,
            filled,
            seen_row,
            seen_comment,
            seen,
        )
    final = _sorted(ground, np.arange(n), ranker, counts, hearing, ground.end_ms)
    place = np.zeros(n, np.int32)
    place[final] = np.arange(n) - offsets_of(ground.comment_post, spec.posts)[ground.comment_post[final]] + 1
    rows = out_row[:filled]
    rows, seen_row = out_row[:filled], seen_row[:seen]
    return Run(
        ground=ground,
        orders=tuple(orders),
        at_ms=at[rows],
        actor=stream.actor[rows],
        comment=out_comment[:filled].copy(),
        bought=stream.bought[rows] >= 0,
        order_of=stream.order[rows],
        likes=counts.likes,
        purchased=counts.purchased,
        exposures=counts.exposures,
        downs=counts.downs,
        place=place,
        mean_place=np.divide(place_sum, place_visits, out=np.full(n, np.nan), where=place_visits > 0),
        quality_read=read,
        quality_best=best,
        seen_ms=at[seen_row],
        seen_actor=stream.actor[seen_row],
        seen_comment=seen_comment[:seen].copy(),
    )


@dataclass(frozen=True)
class _Counts:
    likes: Ints
    purchased: Ints
    discounted: Ints
    exposures: Ints
    downs: Ints


@dataclass(frozen=True)
class _Stream:
    """Visits and deliveries by time; ``bought`` is the comment of a delivery, -1 for a visit."""

    at_ms: Ints
    post: Ints32
    bought: Ints32
    depth: Ints32
    actor: Ints32
    order: Ints32


def most_looks(ground: Ground) -> int:
    """Upper bound of how many comments all visitors together can look at."""
    size = np.bincount(ground.comment_post, minlength=ground.spec.posts)
    return int(np.minimum(ground.visit_depth, size[ground.visit_post]).sum())


def _stream(ground: Ground, orders: Sequence[Order]) -> _Stream:
    at, comment, actor, order = deliveries(ground, orders)
    visits, none = ground.visit_ms.shape[0], np.full(ground.visit_ms.shape[0], -1, np.int32)
    every = np.concatenate([ground.visit_ms, at])
    by_time = np.argsort(every, kind="stable")
    joined = (
        np.concatenate([ground.visit_post, ground.comment_post[comment]]),
        np.concatenate([none, comment]),
        np.concatenate([ground.visit_depth, np.zeros(every.shape[0] - visits, np.int32)]),
        np.concatenate([ground.visit_actor, actor]),
        np.concatenate([none, order]),
    )
    return _Stream(every[by_time], *(column[by_time].astype(np.int32) for column in joined))


def _sorted(ground: Ground, out: Ints, ranker: Ranker, counts: _Counts, hearing: Hearing, now: int) -> Ints:
    """Comments ``out`` (ascending) by post, each post's from the top."""
    if out.shape[0] == 0:
        return out
    board = Board(
        comment=out.astype(np.int32),
        post=ground.comment_post[out],
        likes=counts.likes[out].astype(np.float64),
        discounted=counts.discounted[out].astype(np.float64),
        heard=hearing.heard[out],
        looks=hearing.looks[out],
        downs=counts.downs[out].astype(np.float64),
        exposures=counts.exposures[out].astype(np.float64),
        age_h=(now - ground.comment_born_ms[out]) / HOUR_MS,
        now_ms=now,
        seed=ground.seed,
    )
    return np.asarray(out[np.lexsort((-ranker(board), board.post))], np.int64)
