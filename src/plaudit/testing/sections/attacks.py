"""What is sold: bought likes in the shapes sellers name, and bought comments. Prices and sizes as publicly reported."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from plaudit.model import DAY_MS, HOUR_MS, MINUTE_MS, Ints
from plaudit.testing.sections.background import kinds
from plaudit.testing.sections.orders import place_orders
from plaudit.testing.sections.spec import COMMENT_LABELS, SHAPE_LABELS
from plaudit.testing.sections.state import CODE, Batch, Build
from plaudit.testing.sections.text import KINDS, pasted, sentences, templated, texts
from plaudit.testing.simulator.draw import choose, choose_distinct, log_uniform


@dataclass(frozen=True)
class Victims:
    """Targets somebody orders likes for: number (see :class:`Orders`), post, birth, likes without the order."""

    target: Ints
    post: Ints
    born: Ints
    genuine: Ints

    def __len__(self) -> int:
        return int(self.target.size)


ROUND = np.array([50, 66, 88, 99, 100, 150, 200, 250, 300, 400, 500, 600, 666, 800, 888, 1000, 1500, 2000, 3000, 5000])


def batch_size(b: Build, n: int, low: float = 20, high: float = 500) -> Ints:
    """Likes of each order: 20 to 500, small ones as common per octave as large ones; or around the knob."""
    if b.knobs.order_size:
        return np.maximum(1, b.rng.normal(b.knobs.order_size, 0.15 * b.knobs.order_size, n)).astype(np.int64)
    return log_uniform(b.rng, low, high, n).astype(np.int64)


def _hours(b: Build, low: float, high: float, n: int) -> Ints:
    return (log_uniform(b.rng, low, high, n) * HOUR_MS).astype(np.int64)


def _groups(b: Build, label: str, n: int) -> Ints:
    return np.array([b.new_group(label) for _ in range(n)], np.int64)


def _shape(b: Build, label: str, v: Victims, likes: Ints, length: Ints, shape: str, low: float, high: float,
           price: tuple[float, float]) -> None:  # fmt: skip
    """Orders that begin ``low`` to ``high`` hours after birth."""
    start = v.born + _hours(b, low, high, len(v))
    yuan = log_uniform(b.rng, *price, len(v))
    place_orders(b, v.target, label, _groups(b, label, len(v)), likes, start, length, shape, yuan)


_MACHINE, _CROWD, _RENTED = (0.005, 0.02), (0.05, 0.5), (0.1, 0.6)


def step(b: Build, v: Victims) -> None:
    """Everything within 5 to 60 minutes."""
    n = len(v)
    _shape(b, "step", v, batch_size(b, n), _hours(b, 0.08, 1, n), "even", 0.3, 72, _MACHINE)


def straight_line(b: Build, v: Victims) -> None:
    """One pace from the evening until the next morning or noon, as if nobody slept."""
    n = len(v)
    midnight = v.born - (v.born + b.zone_ms) % DAY_MS
    evening = midnight + (b.rng.uniform(20, 23.5, n) * HOUR_MS).astype(np.int64)
    start = np.where(evening < v.born, evening + DAY_MS, evening)
    yuan = log_uniform(b.rng, *_MACHINE, n)
    length = _hours(b, 8, 16, n)
    place_orders(
        b, v.target, "straight_line", _groups(b, "straight_line", n), batch_size(b, n), start, length, "even", yuan
    )


def round_stop(b: Build, v: Victims) -> None:
    """Delivery stops at the moment the counter shows a round number."""
    n = len(v)
    start, length = v.born + _hours(b, 20, 110, n), _hours(b, 0.5, 6, n)
    stop = np.minimum(start + length, b.end - MINUTE_MS)
    # Genuine likes that come after the stop; the curve keeps to it, so that the counter really shows the number then.
    later = (1 - b.share_read(v.post, stop)) / np.maximum(1 - b.share_read(v.post, v.born), 1e-9)
    after = b.rng.binomial(v.genuine, np.clip(later, 0, 1))
    before = v.genuine - after
    goal = ROUND[np.clip(np.searchsorted(ROUND, before + batch_size(b, n)), 0, ROUND.size - 1)]
    goal = np.where(goal <= before, (before // 1000 + 1) * 1000, goal)
    b.fences.append((v.target, stop, after))
    group, yuan = _groups(b, "round_stop", n), log_uniform(b.rng, *_CROWD, n)
    place_orders(b, v.target, "round_stop", group, goal - before, start, length, "even", yuan)


def second_day(b: Build, v: Victims) -> None:
    """A push on the second day."""
    n = len(v)
    _shape(b, "second_day", v, batch_size(b, n), _hours(b, 1, 6, n), "bursty", 20, 30, _CROWD)


def wave(b: Build, v: Victims) -> None:
    """Equal pulses, hours apart."""
    n = len(v)
    _shape(b, "wave", v, batch_size(b, n, 40), _hours(b, 10, 40, n), "pulses", 0.5, 48, _CROWD)


def drop_top_up(b: Build, v: Victims) -> None:
    """A step, a fifth to three fifths of which falls away within days and is delivered again."""
    n = len(v)
    likes, start = batch_size(b, n, 40), v.born + _hours(b, 0.5, 24, n)
    lost = np.maximum(1, likes * b.rng.uniform(0.2, 0.6, n)).astype(np.int64)
    fall = start + HOUR_MS + _hours(b, 12, 36, n)
    gone = fall + _hours(b, 2, 30, n)
    group, yuan = _groups(b, "drop_top_up", n), log_uniform(b.rng, *_MACHINE, n)
    length = _hours(b, 0.08, 1, n)
    place_orders(b, v.target, "drop_top_up", group, likes, start, length, "even", yuan, (lost, fall, gone))
    again = gone + _hours(b, 2, 24, n)
    place_orders(b, v.target, "drop_top_up", group, lost, again, _hours(b, 0.08, 1, n), "even", np.zeros(n))


def rented_rhythm(b: Build, v: Victims) -> None:
    """Rented real accounts over half a day to two days, in the day's rhythm."""
    n = len(v)
    _shape(b, "rented_rhythm", v, batch_size(b, n, 30, 300), _hours(b, 12, 48, n), "rhythm", 0.5, 24, _RENTED)


def dull_boost(b: Build, v: Victims) -> None:
    """Likes for a comment that says nothing, in a shape that shows nothing."""
    n = len(v)
    _shape(b, "dull_boost", v, batch_size(b, n, 60), _hours(b, 12, 48, n), "rhythm", 0.3, 12, _RENTED)


def likes_without_reads(b: Build, v: Victims) -> None:
    """An article's likes, half to twice its genuine ones, without the readers."""
    n = len(v)
    likes = np.maximum(50, v.genuine * b.rng.uniform(0.5, 2.0, n)).astype(np.int64)
    if b.knobs.order_size:
        likes = batch_size(b, n)
    _shape(b, "likes_without_reads", v, likes, _hours(b, 12, 48, n), "rhythm", 0.5, 12, _RENTED)


ON_LIKES: Mapping[str, Callable[[Build, Victims], None]] = MappingProxyType(
    {
        "step": step,
        "straight_line": straight_line,
        "round_stop": round_stop,
        "second_day": second_day,
        "wave": wave,
        "drop_top_up": drop_top_up,
        "rented_rhythm": rented_rhythm,
        "dull_boost": dull_boost,
        "likes_without_reads": likes_without_reads,
    }
)
"""Bought likes on what is already there."""


def buy_comments(b: Build, label: str, count: int) -> None:
    """About ``count`` bought comments of one label, in groups; :func:`deliver` orders likes for a part of them."""
    made = 0
    while made < count:
        left = count - made
        post = int(choose(b.rng, b.weight * (b.published < b.end - 3 * DAY_MS), 1)[0])
        if label == "author_ring":
            batch = _ring(b, left)
        elif label == "purchased_region":
            batch = _far_region(b, post, left)
        else:
            batch = _pasted(b, label, post, left)
        b.planted.append(batch)
        made += len(batch)


def _pasted(b: Build, label: str, post: int, left: int) -> Batch:
    rng, size = b.rng, int(np.clip(b.rng.integers(5, 41), 5, max(5, left)))
    where = np.full(size, post)
    author = b.newcomers(size, choose(rng, b.region_weight, size))
    noun = b.words.topics[int(b.topic[post])]
    if label == "copy_paste":
        original = sentences(rng, b.words, "opinion", b.topic[where[:1]])[0].as_py()
        text = pasted(rng, b.words, original, size)
    else:
        skeleton = b.words.skeletons[int(rng.integers(0, len(b.words.skeletons)))]
        text = templated(rng, b.words, skeleton, noun[int(rng.integers(0, len(noun)))], size)
    start = b.published[post] + int(log_uniform(rng, 0.3, 30, 1)[0] * HOUR_MS)
    created = start + (rng.random(size) * log_uniform(rng, 0.3, 12, 1)[0] * HOUR_MS).astype(np.int64)
    boost = rng.normal(-0.3, 0.5, size)
    return b.write(where, created, author, text, kind="praise", label=label, group=b.new_group(label), boost=boost)


def _far_region(b: Build, post: int, left: int) -> Batch:
    rng, size = b.rng, int(np.clip(b.rng.integers(10, 61), 8, max(8, left)))
    where = np.full(size, post)
    far = b.region_weight.copy()
    far[b.account_region[b.account[post]]] = 0
    place = int(choose(rng, far, 1)[0])
    region = np.where(rng.random(size) < rng.uniform(0.65, 0.95), place, choose(rng, b.region_weight, size))
    kind = choose(rng, np.array([0.15, 0.25, 0.0, 0.0, 0.6, 0.0]), size)
    start = b.published[post] + int(log_uniform(rng, 0.3, 24, 1)[0] * HOUR_MS)
    created = start + (rng.random(size) * log_uniform(rng, 1, 10, 1)[0] * HOUR_MS).astype(np.int64)
    text = texts(rng, b.words, kind, b.topic[where])
    group = b.new_group("purchased_region")
    author = b.newcomers(size, region)
    return b.write(where, created, author, text, kind=kind, label="purchased_region", group=group)


def _ring(b: Build, left: int) -> Batch:
    rng, size = b.rng, int(b.rng.integers(5, 13))
    account = int(rng.integers(0, b.n_accounts))
    mine = np.flatnonzero((b.account == account) & (b.published < b.end - 2 * DAY_MS))
    posts = int(np.clip(min(left // size, int(rng.integers(5, 13))), 4, mine.size))
    chosen = np.sort(rng.choice(mine, posts, replace=False))
    author = b.newcomers(size, choose(rng, b.region_weight, size))
    where = np.repeat(chosen, size)
    gaps = (log_uniform(rng, 0.5, 15, posts * size) * MINUTE_MS).astype(np.int64).reshape(posts, size)
    first = (log_uniform(rng, 0.1, 5, posts) * HOUR_MS).astype(np.int64)
    created = (b.published[chosen] + first)[:, None] + np.cumsum(gaps, axis=1)
    kind = kinds(b, posts * size)
    kind[kind == KINDS.index("slogan")] = KINDS.index("praise")
    text = texts(rng, b.words, kind, b.topic[where])
    group = b.new_group("author_ring")
    return b.write(where, created.ravel(), np.tile(author, posts), text, kind=kind, label="author_ring", group=group)


_PAID = MappingProxyType({"copy_paste": 0.6, "template": 0.6, "purchased_region": 0.3, "author_ring": 0.4})
"""Share of bought comments that got likes too."""


def deliver(b: Build, batch: Batch, genuine: Ints, post_likes: Ints) -> None:
    """Place all orders for likes of the world's attacks. ``genuine`` and ``post_likes``: likes without them."""
    labels = [label for label in b.spec.attacks if label not in COMMENT_LABELS]
    total = b.knobs.attacked * len(batch)
    per = max(2, round(total / max(1, len(b.spec.attacks))))
    on_posts = [label for label in labels if label in SHAPE_LABELS or label == "likes_without_reads"]
    posts = max(1, round(b.knobs.posts_attacked * b.n_posts / max(1, len(on_posts))))
    free_post = b.published < b.end - 6 * DAY_MS
    shown = np.zeros(len(batch), np.bool_)
    for label in labels:
        young = batch.created > b.end - 6 * DAY_MS
        free = (batch.label == 0) & (batch.parent < 0) & ~young & ~shown
        trapped = b.rng.random(len(batch)) < b.knobs.overlap
        weight = np.where(free & ((batch.trap == 0) | trapped), 1.0, 0.0)
        if label == "dull_boost":
            weight = np.where(np.isin(batch.kind, (KINDS.index("slogan"), KINDS.index("praise"))), weight, 0.0)
        row = choose_distinct(b.rng, weight, 0 if label == "likes_without_reads" else per)
        shown[row] = True
        batch.label[row] = CODE[label]
        allowed = free_post & ((b.post_trap == 0) | (b.rng.random(b.n_posts) < b.knobs.overlap))
        post = choose_distinct(b.rng, allowed.astype(np.float64), posts if label in on_posts else 0)
        free_post[post] = False
        target = np.concatenate([post, b.n_posts + row])
        if target.size:
            born = np.concatenate([b.published[post], batch.created[row]])
            has = np.concatenate([post_likes[post], genuine[row]])
            ON_LIKES[label](b, Victims(target, np.concatenate([post, batch.post[row]]), born, has))
    for label, paid in _PAID.items():
        mine = np.flatnonzero(batch.label == CODE[label])
        row = mine[b.rng.random(mine.size) < paid]
        n, shape = row.size, "bursty" if label in ("copy_paste", "template") else "rhythm"
        if n:
            likes, length = batch_size(b, n, 20, 200), _hours(b, 0.5, 12, n)
            start = batch.created[row] + _hours(b, 0.1, 6, n)
            yuan = log_uniform(b.rng, *_CROWD, n)
            place_orders(b, b.n_posts + row, label, batch.group[row], likes, start, length, shape, yuan)
