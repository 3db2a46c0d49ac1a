"""Everything in a closed-loop world that depends on no ranking and no purchase."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from plaudit.errors import InputError
from plaudit.model import DAY_MS, HOUR_MS, Floats, Ints, Ints32, offsets_of
from plaudit.testing.loop.spec import KINDS, LoopSpec, Order

START_MS = 1_767_225_600_000
"""2026-01-01 00:00 UTC: a world has a date so that it needs no clock."""
ZONE_MS = 8 * HOUR_MS
"""People live in UTC+8."""
HOURLY = np.array(
    [
        3.0,
        1.6,
        0.9,
        0.6,
        0.5,
        0.7,
        1.6,
        3.0,
        4.2,
        4.6,
        4.8,
        5.2,
        6.0,
        5.4,
        4.8,
        4.7,
        4.8,
        5.0,
        5.6,
        6.4,
        7.2,
        7.6,
        6.6,
        4.8,
    ]
)
"""Readers by local hour (UTC+8): quiet nights, noon, and an evening peak."""


@dataclass(frozen=True)
class Ground:
    """Posts, comments and visits: the same under every ranker and every attack.

    Attributes:
        spec, seed: what it was made from.
        post_born_ms: ``int64[posts]``.
        visit_ms, visit_post, visit_actor, visit_depth: visits by time; nobody visits a post twice; ``depth`` places
            are read from the top.
        comment_post, comment_author, comment_born_ms, quality: comments by post and time of appearance.
        n_actors: readers; bought accounts come on top, numbered from here.
    """

    spec: LoopSpec
    seed: int
    post_born_ms: Ints
    visit_ms: Ints
    visit_post: Ints32
    visit_actor: Ints32
    visit_depth: Ints32
    comment_post: Ints32
    comment_author: Ints32
    comment_born_ms: Ints
    quality: Floats
    n_actors: int

    @property
    def n_comments(self) -> int:
        """Comments of all posts."""
        return int(self.quality.shape[0])

    @property
    def end_ms(self) -> int:
        """The last moment of the world."""
        return START_MS + int(self.spec.days * DAY_MS)


def found(spec: LoopSpec, seed: int) -> Ground:
    """Lay the ground of a world; the same arguments give the same bytes.

    Raises:
        InputError: a seed below 0.
    """
    if seed < 0:
        raise InputError(f"A seed is a whole number of at least 0, not {seed}.")
    rng = np.random.default_rng([seed, 71])
    span = int(spec.days * DAY_MS)
    post_born = np.sort(START_MS + rng.integers(0, max(span // 2, 1), spec.posts)).astype(np.int64)
    pull = rng.gamma(2.0, size=spec.posts) + 0.1
    count = np.maximum(rng.multinomial(spec.visits - spec.posts, pull / pull.sum()) + 1, 1)
    post = np.repeat(np.arange(spec.posts, dtype=np.int32), count)
    at = _moments(rng, spec, post_born[post], START_MS + span)
    actor, n_actors = _readers(rng, count)
    order = np.lexsort((actor, at))
    # Places are read from the top down to a depth: place k is reached with chance k ** -position.
    room = max(rng.random(post.shape[0]).min(), 1e-9)
    depth = _depths(rng, post.shape[0], spec.position, room)
    visits = (at[order], post[order], actor[order], depth[order])
    source = _comments(rng, spec, visits[1], visits[0], post_born)
    c_post, c_author, c_born = visits[1][source], visits[2][source], visits[0][source]
    taste = rng.gamma(3.0, 1 / 3.0, n_actors)
    quality = spec.quality * rng.gamma(spec.variety, 1 / spec.variety, source.shape[0]) * taste[c_author]
    return Ground(spec, seed, post_born, *visits, c_post, c_author, c_born, np.clip(quality, 1e-5, 0.6), n_actors)


def _depths(rng: np.random.Generator, n: int, position: float, room: float) -> Ints32:
    if position == 0:
        return np.full(n, 10_000, np.int32)
    u = np.maximum(rng.random(n), room)
    return np.minimum(u ** (-1.0 / position), 10_000).astype(np.int32)


def _moments(rng: np.random.Generator, spec: LoopSpec, born: Ints, end: int) -> Ints:
    """A moment for each visit: age from an exponential decay, kept by the chance of its local hour, else drawn anew."""
    rate = spec.half_life_h * HOUR_MS / np.log(2)
    out = np.zeros(born.shape[0], np.int64)
    open_rows = np.arange(born.shape[0])
    while open_rows.size:
        room = 1.0 - np.exp(-(end - born[open_rows]) / rate)
        moment = born[open_rows] - rate * np.log1p(-rng.random(open_rows.size) * room)
        local = ((moment + ZONE_MS) // HOUR_MS % 24).astype(np.int64)
        kept = rng.random(open_rows.size) < HOURLY[local] / HOURLY.max()
        out[open_rows[kept]] = moment[kept].astype(np.int64)
        open_rows = open_rows[~kept]
    return np.minimum(out, end - 1)


def _readers(rng: np.random.Generator, count: Ints) -> tuple[Ints32, int]:
    """Readers of each post, nobody twice, the busy ones more often; and how many there are."""
    n_actors = int(max(3 * count.max(), count.sum() // 5, 50))
    busy = rng.gamma(0.7, size=n_actors) + 0.02
    parts = []
    for size in count.tolist():
        # The smallest of exponential clocks: a weighted draw without replacement (Efraimidis & Spirakis 2006).
        clock = rng.standard_exponential(n_actors) / busy
        parts.append(rng.permutation(np.argpartition(clock, size - 1)[:size]))
    return np.concatenate(parts).astype(np.int32), n_actors


def _comments(rng: np.random.Generator, spec: LoopSpec, post: Ints32, at: Ints, post_born: Ints) -> Ints:
    """Visits in which somebody wrote a comment, by post and time."""
    size = np.bincount(post, minlength=spec.posts)
    wanted = np.minimum(np.maximum(rng.poisson(spec.comments, spec.posts), 2), size)
    # Who comes early comments more often: the conversation is young.
    age_h = (at - post_born[post]) / HOUR_MS
    key = np.log(rng.random(post.shape[0])) * (1.0 + age_h / spec.half_life_h)
    order = np.lexsort((-key, post))
    place = np.arange(post.shape[0]) - offsets_of(post[order], spec.posts)[post[order]]
    chosen = order[place < wanted[post[order]]]
    return np.asarray(chosen[np.lexsort((chosen, at[chosen], post[chosen]))], np.int64)


def pick_orders(
    ground: Ground,
    kind: str,
    *,
    count: int,
    seed: int,
    likes: int = 0,
    start_h: tuple[float, float] = (2.0, 24.0),
    wanted: str = "any",
) -> list[Order]:
    """Orders for ``count`` different comments with life left in their post.

    Args:
        ground: the world.
        kind: a key of :data:`~plaudit.testing.loop.KINDS`.
        count: how many orders; fewer where the world has fewer comments to serve.
        seed: of the choice.
        likes: of one order; 0 draws from what is usual.
        start_h: the delivery begins so many hours after the comment appears.
        wanted: ``any`` comment, or ``weak`` for the less liked half (who buys, needs it).
    """
    rng = np.random.default_rng([ground.seed, seed, 72])
    begin = rng.uniform(*start_h, ground.n_comments)
    left_h = (ground.end_ms - ground.comment_born_ms) / HOUR_MS - begin
    able = left_h > 12
    # A late comment of an old post has no readers left to be led.
    able &= (ground.comment_born_ms - ground.post_born_ms[ground.comment_post]) / HOUR_MS < 2 * ground.spec.half_life_h
    if wanted == "weak":
        able &= ground.quality <= np.median(ground.quality)
    rows = np.flatnonzero(able)
    chosen = np.sort(rng.permutation(rows)[:count])
    least, most = KINDS[kind].batch
    sizes = np.exp(rng.uniform(np.log(least), np.log(most), chosen.size)).astype(int)
    return [
        Order(int(c), likes or int(n), kind, float(begin[c]))
        for c, n in zip(chosen.tolist(), sizes.tolist(), strict=True)
    ]
