"""Counters read over time: when each like came, when somebody looked, and what the counter then showed."""

from __future__ import annotations

import numpy as np

from plaudit.model import DAY_MS, HOUR_MS, MINUTE_MS, UNBOUNDED, Counter, Ints, Snapshots, ranges
from plaudit.testing.sections.orders import moments
from plaudit.testing.sections.state import Batch, Build
from plaudit.testing.simulator.draw import Rng

READINGS = 600_000
"""About how many readings a section holds at most, over all its curves."""


def genuine_moments(b: Build, batch: Batch, post_likes: Ints, likes: Ints, rng: Rng) -> tuple[Ints, Ints]:
    """When every genuine like came: ``(target, at)``, sorted by target; targets as in :class:`Orders`."""
    posts = np.arange(b.n_posts)
    of_post = np.concatenate([posts, batch.post])
    born = np.concatenate([b.published, batch.created])
    open_at = b.share_read(of_post, born)
    lift = np.concatenate([np.zeros(b.n_posts), np.where(batch.lift_at >= 0, np.expm1(batch.lift), 0.0)])
    lift_at = np.concatenate([b.published, np.maximum(batch.lift_at, batch.created)])
    lifted_at = b.share_read(of_post, np.minimum(lift_at, b.end - 1))
    late = lift * (1 - lifted_at)
    late_share = late / np.maximum(late + 1 - open_at, 1e-12)
    count = np.concatenate([post_likes, likes])
    target = np.repeat(np.arange(count.size), count)
    low = np.where(rng.random(target.size) < late_share[target], lifted_at[target], open_at[target])
    share = low + (1 - low) * rng.random(target.size)
    at = b.moment(of_post[target], share)
    # A like that follows another: the one before it in the list of its target, plus an hour or two.
    follows = rng.random(target.size) < b.knobs.herd
    follows[:1] = False
    follows[1:] &= target[1:] == target[:-1]
    rows = np.flatnonzero(follows)
    at[rows] = at[rows - 1] + (rng.exponential(1.5, rows.size) * HOUR_MS).astype(np.int64)
    at = np.minimum(np.maximum(at, born[target]), b.end - 1)
    first = np.cumsum(count) - count
    for fenced, stop, after in b.fences:
        # Where an order ended at a round number, exactly so many genuine likes come later.
        size = count[fenced]
        rows = ranges(first[fenced], size)
        is_after = np.arange(rows.size) - np.repeat(np.cumsum(size) - size, size) < np.repeat(after, size)
        until = b.share_read(of_post[fenced], stop)
        begin = np.where(is_after, np.repeat(until, size), np.repeat(open_at[fenced], size))
        end = np.where(is_after, 1.0, np.repeat(until, size))
        when = b.moment(of_post[target[rows]], begin + (end - begin) * rng.random(rows.size))
        limit = np.repeat(stop, size)
        at[rows] = np.where(is_after, np.maximum(when, limit + 1), np.minimum(when, limit))
    return target, np.minimum(at, b.end - 1)


def polls(b: Build, per_post: int, rng: Rng) -> tuple[Ints, Ints]:
    """When each post was read: ``(post, at)`` sorted; a service looks often at first, a person when it suits."""
    n = b.n_posts
    by_hand = rng.random(n) < b.knobs.ragged
    days = np.array([2.0, 7.0, 30.0]) * DAY_MS
    parts = (per_post // 2, per_post - per_post // 2 - per_post // 5, per_post // 5)
    begin = np.array([0.0, days[0], days[1]])
    offset = np.concatenate([np.linspace(a, z, k, endpoint=False) for a, z, k in zip(begin, days, parts, strict=True)])
    at = b.published[:, None] + offset[None, :].astype(np.int64) + rng.integers(0, 20 * MINUTE_MS, (n, 1))
    keep = np.ones(at.shape, np.bool_)
    # By hand: hours that wander, a third forgotten, nobody up between one and seven in the owner's morning.
    wander = (rng.normal(0, 0.5, at.shape) * HOUR_MS).astype(np.int64)
    at = np.where(by_hand[:, None], at + np.abs(wander), at)
    hour = ((at + b.zone_ms) / HOUR_MS) % 24
    asleep = (hour > 1) & (hour < 7) & (rng.random(at.shape) < 0.9)
    keep &= ~(by_hand[:, None] & (asleep | (rng.random(at.shape) < 0.33)))
    # The service fails now and then, for half a day.
    hole = b.published + (rng.random(n) * 10 * DAY_MS).astype(np.int64)
    broken = (rng.random(n) < 0.15) & (b.knobs.ragged > 0)
    keep &= ~(broken[:, None] & (at >= hole[:, None]) & (at < hole[:, None] + 12 * HOUR_MS))
    keep &= at < b.end
    post, column = np.nonzero(keep)
    when = at[post, column]
    # The export itself is everybody's last reading.
    post, when = np.concatenate([post, np.arange(n)]), np.concatenate([when, np.full(n, b.end)])
    order = np.lexsort((when, post))
    post, when = post[order], when[order]
    fresh = np.append(True, (np.diff(post) != 0) | (np.diff(when) != 0))
    return post[fresh], when[fresh]


def per_post(b: Build) -> int:
    """Readings of each post: the knob's, or as many as the size of the world allows, 4 to 200."""
    return int(b.knobs.polls) or int(np.clip(READINGS / b.comments, 4, 200))


def snapshots(
    b: Build, batch: Batch, likes: Ints, post_likes: Ints, reads: Ints, target_of: Ints, rng: Rng
) -> Snapshots:
    """What the counters showed whenever somebody looked (T1).

    Args:
        likes, post_likes: genuine likes of comments (planting order) and posts.
        reads: readers of each post at the end.
        target_of: target in the section of each target in planting order.
    """
    owner, at = genuine_moments(b, batch, post_likes, likes, rng)
    taken = np.flatnonzero(rng.random(owner.size) < b.knobs.unlikes)
    back = at[taken] + (rng.exponential(12, taken.size) * HOUR_MS).astype(np.int64) + 1
    bought_owner, bought_at, bought_delta = moments(b, rng)
    # A like that is taken back is one more than the count at the end holds.
    owner = np.concatenate([owner, owner[taken], owner[taken], bought_owner])
    when = np.concatenate([at, at[taken], np.minimum(back, b.end - 1), bought_at])
    plus = np.ones(at.size + taken.size, np.int64)
    delta = np.concatenate([plus, -np.ones(taken.size, np.int64), bought_delta])
    span = b.end + DAY_MS
    key = target_of[owner] * span + when
    order = np.argsort(key, kind="stable")
    key, total = key[order], np.concatenate([[0], np.cumsum(delta[order])])

    post, poll_at = polls(b, per_post(b), rng)
    first = np.searchsorted(post, np.arange(b.n_posts))
    count = np.searchsorted(post, np.arange(b.n_posts), side="right") - first
    # A comment is read with its post, from its birth on: polls of its post later than its creation.
    poll_key = post * span + poll_at
    since = np.searchsorted(poll_key, batch.post * span + batch.created, side="right")
    until = first[batch.post] + count[batch.post]
    length = until - since
    rows = np.concatenate([np.arange(post.size), ranges(since, length)])
    raw_target = np.concatenate([post, b.n_posts + np.repeat(np.arange(len(batch)), length)])
    target, observed = target_of[raw_target], poll_at[rows]
    order = np.lexsort((observed, target))
    target, observed, rows, raw_target = target[order], observed[order], rows[order], raw_target[order]
    start = np.searchsorted(key, target * span)
    shown = total[np.searchsorted(key, target * span + observed)] - total[start]
    is_post = raw_target < b.n_posts
    seen_reads = np.full(target.size, -1, np.int64)
    seen_reads[is_post] = _reads(b, reads, target[is_post], observed[is_post], rng)
    return Snapshots(
        target=target.astype(np.int32),
        observed_ms=observed,
        likes=counter(np.maximum(shown, 0), b.knobs.censor_likes),
        reads=counter(seen_reads, b.knobs.censor_reads) if b.knobs.reads >= 0.5 else Counter.absent(target.size),
        position=_places(b, batch, raw_target, rows, shown),
    )


def _reads(b: Build, reads: Ints, post: Ints, at: Ints, rng: Rng) -> Ints:
    """Readers until each reading: independent arrivals that add up to the total, so shares split it binomially."""
    share = b.share_read(post, np.minimum(at, b.end))
    share = np.where(at >= b.end, 1.0, share)
    step = np.diff(share, prepend=0.0)
    fresh = np.append(True, np.diff(post) != 0)
    step = np.where(fresh, share, step)
    out = rng.poisson(np.maximum(step, 0) * reads[post])
    total = np.cumsum(out)
    first = np.flatnonzero(fresh)
    base = np.repeat(total[first] - out[first], np.diff(np.append(first, post.size)))
    running = total - base
    # Bring each curve to its own known end.
    last = np.append(first[1:], post.size) - 1
    factor = np.repeat(reads[post[last]] / np.maximum(running[last], 1), np.diff(np.append(first, post.size)))
    return np.asarray(np.floor(running * factor + 1e-9), np.int64)


def _places(
    b: Build, batch: Batch, raw_target: Ints, rows: Ints, shown: Ints
) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
    """Place among the comments of the post at each reading: pinned first, then by likes; answers have none."""
    out = np.full(raw_target.size, -1, np.int32)
    comment = raw_target - b.n_posts
    top = np.flatnonzero((comment >= 0) & (batch.parent[np.maximum(comment, 0)] < 0))
    who, poll = comment[top], rows[top]
    order = np.lexsort((batch.created[who], -shown[top], ~batch.pinned[who], poll))
    sorted_poll = poll[order]
    first = np.searchsorted(sorted_poll, sorted_poll)
    out[top[order]] = (np.arange(top.size) - first).astype(np.int32)
    return out if b.knobs.positions >= 0.5 else np.full(raw_target.size, -1, np.int32)


def counter(values: Ints, censor: float) -> Counter:
    """A counter that says only "at least" from ``censor`` on (0: never); what is unknown stays unknown."""
    low = values.astype(np.int64)
    if not censor:
        return Counter.exactly(low)
    over = low >= censor
    return Counter(np.where(over, int(censor), low), np.where(over, UNBOUNDED, low))
