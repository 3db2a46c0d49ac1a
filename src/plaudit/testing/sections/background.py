"""Ordinary life under posts: comments that follow the readers, answers, and likes that follow exposure."""

from __future__ import annotations

import numpy as np

from plaudit.model import HOUR_MS, MINUTE_MS, Bools, Floats, Ints
from plaudit.testing.sections.state import Batch, Build, appeal
from plaudit.testing.sections.text import KINDS, texts
from plaudit.testing.simulator.draw import choose

_MIX = {"experience": 0.24, "opinion": 0.22, "question": 0.14, "joke": 0.14, "praise": 0.26}
"""Kinds of comment beside slogans, as shares."""

MOST_LIKED = 0.04
"""Share of a post's readers that the best imaginable comment may hope for."""

TALENT = 0.95
"""Standard deviation, in nats, of what makes a comment liked beside its kind."""


def kinds(b: Build, size: int) -> Ints:
    """Kind of each ordinary comment."""
    share = b.knobs.repeats
    weights = np.array([share if name == "slogan" else (1 - share) * _MIX[name] for name in KINDS])
    return choose(b.rng, weights, size)


def live(b: Build, size: int) -> Batch:
    """``size`` ordinary comments, some of them answers; more where more people read."""
    rng = b.rng
    post = choose(rng, b.weight**0.9 * rng.lognormal(0, 0.4, b.n_posts), size)
    return ordinary(b, np.sort(post))


def ordinary(b: Build, post: Ints, author: Ints | None = None, trap: str = "organic", group: int = -1) -> Batch:
    """Ordinary comments under the given posts, moments drawn from the readers', authors from the public."""
    rng, size = b.rng, post.size
    kind = kinds(b, size)
    created = b.moment(post, rng.random(size)) + (rng.exponential(3, size) * MINUTE_MS).astype(np.int64)
    batch = b.write(
        post,
        created,
        b.fans_of(post) if author is None else author,
        texts(rng, b.words, kind, b.topic[post]),
        kind=kind,
        trap=trap,
        group=group,
        boost=rng.normal(0, TALENT, size),
    )
    return batch


def answer(b: Build, batch: Batch) -> None:
    """Turn a share of ordinary comments into answers to another comment of the post, a fifth by the account itself."""
    rng = b.rng
    plain = np.flatnonzero((batch.label == 0) & (batch.trap == 0))
    chosen = plain[rng.random(plain.size) < b.knobs.replies]
    is_reply = np.zeros(len(batch), np.bool_)
    is_reply[chosen] = True
    # Any comment that is no answer itself may be answered; one row drawn among those of the same post.
    order = np.argsort(batch.post, kind="stable")
    tops = order[~is_reply[order]]
    first = np.searchsorted(batch.post[tops], batch.post[chosen], side="left")
    count = np.searchsorted(batch.post[tops], batch.post[chosen], side="right") - first
    good = count > 0
    chosen, first, count = chosen[good], first[good], count[good]
    parent = tops[first + (rng.random(chosen.size) * count).astype(np.int64)]
    batch.parent[chosen] = parent
    later = batch.created[parent] + (rng.exponential(3, chosen.size) * HOUR_MS).astype(np.int64) + MINUTE_MS
    batch.created[chosen] = np.minimum(np.maximum(batch.created[chosen], later), b.end - 1)
    owner = chosen[rng.random(chosen.size) < 0.2]
    batch.by_owner[owner] = True
    batch.author[owner] = b.account[batch.post[owner]]


def exposure(b: Build, batch: Batch) -> tuple[Floats, Floats]:
    """Share of a post's readers that come while a comment stands, and that of them a late lift reaches, weighted."""
    open_share = 1 - b.share_read(batch.post, batch.created)
    lifted = np.where(batch.lift_at >= 0, np.expm1(batch.lift), 0.0)
    reach = 1 - b.share_read(batch.post, np.maximum(batch.lift_at, batch.created))
    return open_share, lifted * reach


def places(b: Build, batch: Batch, value: Floats) -> Ints:
    """Place of each comment among those of its post: pinned first, then by ``value``; -1 for answers."""
    own = np.flatnonzero(batch.parent < 0)
    order = own[np.lexsort((batch.created[own], -value[own], ~batch.pinned[own], batch.post[own]))]
    first = np.searchsorted(batch.post[order], np.arange(b.n_posts))
    out = np.full(len(batch), -1, np.int64)
    out[order] = np.arange(order.size) - first[batch.post[order]]
    return out


def expected_likes(b: Build, batch: Batch) -> Floats:
    """Genuine likes each comment may hope for: readers while it stands x attention at its place x its appeal.

    The place follows from what the comment would earn if all were equally visible, so the rich grow richer once.
    """
    open_share, lifted = exposure(b, batch)
    raw = b.weight[batch.post] * np.exp(appeal(batch)) * (open_share + lifted)
    raw = np.where(batch.parent >= 0, 0.25 * raw, raw)
    place = places(b, batch, raw)
    # An answer is seen by whoever opens the thread it stands in.
    seen = (1.0 + np.where(batch.parent >= 0, place[batch.parent], place)) ** -0.6
    out = raw * seen
    plain: Bools = (batch.trap == 0) & (batch.label == 0)
    out *= b.knobs.likes_mean / max(float(out[plain].mean()), 1e-12)
    # Of those who read a post, few like any one comment, however good it is.
    return np.asarray(out / (1.0 + out / (MOST_LIKED * b.weight[batch.post])), np.float64)
