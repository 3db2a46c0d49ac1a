"""What people do by themselves: the genuine background, deliberately not one neat formula.

A *slot* is a like waiting for its actor: target and moment come from that target's own response curve times its
audience's rhythm; neighbouring slots of a topic are then handed out as sessions to people of a niche who are awake.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from plaudit.model import DAY_MS, HOUR_MS, MINUTE_MS, Bools, Floats, Ints
from plaudit.testing.simulator.draw import WEEK_BINS, choose, week_bin, with_rhythm
from plaudit.testing.simulator.state import Build, Likes, likes

_BLOCK = 2_000_000


@dataclass
class _Response:
    """How each target's audience answers over the target's age."""

    mu: Floats
    sigma: Floats
    evergreen: Bools
    revival_share: Floats
    revival_at: Ints
    revival_length: Floats
    newcomers: Floats
    own_niche: Floats
    own_topic: Floats


def _responses(b: Build) -> _Response:
    rng, n = b.rng, b.n_targets
    revived = rng.random(n) < 0.07
    concentration = 18.0
    mean = max(1e-4, b.knobs.newcomers)
    share = rng.beta(mean * concentration, (1 - mean) * concentration, n)
    return _Response(
        mu=np.log(9.0 * HOUR_MS) + rng.normal(0.0, 0.9, n),
        sigma=rng.uniform(0.9, 2.1, n),
        evergreen=rng.random(n) < 0.09,
        revival_share=np.where(revived, rng.uniform(0.1, 0.5, n), 0.0),
        revival_at=(rng.random(n) * 0.9 * b.span).astype(np.int64),
        revival_length=np.exp(rng.normal(np.log(3.0 * HOUR_MS), 0.8, n)),
        newcomers=np.where(revived, np.minimum(0.6, share * 1.8), share),
        own_niche=rng.beta(4.0, 4.5, n),
        own_topic=rng.beta(4.0, 4.0, n),
    )


def _slots(b: Build, response: _Response, wanted: int) -> tuple[Ints, Ints, Ints]:
    """At least ``wanted`` slots: target, audience niche, moment."""
    rng = b.rng
    table = b.niche_zone @ b.rhythm
    top = float(table.max())
    by_topic = np.argsort(np.arange(b.niches) % b.topics, kind="stable")
    sizes = b.niche_size[by_topic]
    topic_cum = np.concatenate([[0.0], np.cumsum(sizes)])
    first = np.searchsorted(by_topic % b.topics, np.arange(b.topics), side="left")
    last = np.searchsorted(by_topic % b.topics, np.arange(b.topics), side="right")
    p = b.popularity / b.popularity.sum()
    parts: list[tuple[Ints, Ints, Ints]] = []
    have = 0
    while have < wanted:
        draws = min(_BLOCK, int((wanted - have) * 3.0) + 1000)
        target = np.repeat(np.arange(b.n_targets), rng.multinomial(draws, p))
        lag = np.exp(response.mu[target] + response.sigma[target] * rng.standard_normal(draws))
        slow = response.evergreen[target]
        lag[slow] = rng.random(int(slow.sum())) * 1.4 * b.span
        revived = rng.random(draws) < response.revival_share[target]
        late = target[revived]
        lag[revived] = response.revival_at[late] + rng.exponential(response.revival_length[late])
        at = b.born[target] + np.minimum(lag, 4.0 * b.span).astype(np.int64)
        where = rng.random(draws)
        niche = b.target_niche[target].astype(np.int64)
        own = response.own_niche[target]
        topic = niche % b.topics
        wide = where >= own
        u = rng.random(draws)
        near = wide & (where < own + (1 - own) * response.own_topic[target])
        low, high = topic_cum[first[topic]], topic_cum[last[topic]]
        drawn = np.searchsorted(topic_cum, np.where(near, low + u * (high - low), u * topic_cum[-1]), side="right") - 1
        niche = np.where(wide, by_topic[drawn.clip(0, b.niches - 1)], niche)
        keep = (at >= 0) & (at < b.span)
        keep[keep] = rng.random(int(keep.sum())) * top < table[niche[keep], week_bin(at[keep])]
        parts.append((target[keep], niche[keep], at[keep]))
        have += int(keep.sum())
    return tuple(np.concatenate([part[i] for part in parts]) for i in range(3))  # type: ignore[return-value]


def _sessions(b: Build, stream: Ints, target: Ints, at: Ints) -> tuple[Ints, Ints]:
    """Which slots one person takes in one sitting: session number per slot, and the (sometimes nearer) moment."""
    rng, n = b.rng, at.size
    order = np.argsort(stream * (2 * b.span) + at, kind="stable")
    # Sittings interleave: shuffle inside blocks of eight neighbours, then cut the line into runs.
    shuffled = order[np.argsort(np.arange(n) // 8 + rng.random(n), kind="stable")]
    starts = np.ones(n, np.bool_)
    starts[1:] = rng.random(n - 1) < 0.55
    starts[1:] |= stream[shuffled][1:] != stream[shuffled][:-1]
    session = np.cumsum(starts) - 1
    when = at[shuffled]
    anchor = when[np.flatnonzero(starts)][session]
    steps = np.cumsum(rng.exponential(45_000.0, n))
    near = anchor + (steps - steps[np.flatnonzero(starts)][session]).astype(np.int64)
    joins = ~starts & (np.abs(when - anchor) < 2 * HOUR_MS) & (near > b.born[target[shuffled]]) & (near < b.span)
    own_session = ~starts & ~joins
    session[own_session] = session[-1] + 1 + np.arange(int(own_session.sum()))
    _, session = np.unique(session, return_inverse=True)
    out_session, out_at = np.empty(n, np.int64), at.copy()
    out_session[shuffled] = session
    out_at[shuffled[joins]] = near[joins]
    return out_session, out_at


def _people(b: Build, niche: Ints, at: Ints) -> Ints:
    """A person of each niche, awake and a member at the moment."""
    rng, zones = b.rng, b.rhythm.shape[0]
    order = np.argsort(b.niche_of.astype(np.int64) * zones + b.zone_of, kind="stable")
    cum = np.concatenate([[0.0], np.cumsum(b.weight[order])])
    cells = np.searchsorted((b.niche_of.astype(np.int64) * zones + b.zone_of)[order], np.arange(b.niches * zones + 1))
    mass = (cum[cells[1:]] - cum[cells[:-1]]).reshape(b.niches, zones)
    # Niches nobody lives in borrow everybody.
    reach = np.cumsum(mass[:, None, :] * b.rhythm.T[None, :, :], axis=2).reshape(b.niches * WEEK_BINS, zones)
    out = np.empty(at.size, np.int64)
    for first in range(0, at.size, _BLOCK):
        rows = np.arange(first, min(first + _BLOCK, at.size))
        for _ in range(6):
            line = reach[niche[rows] * WEEK_BINS + week_bin(at[rows])]
            zone = (rng.random(rows.size)[:, None] * line[:, -1:] >= line[:, :-1]).sum(axis=1)
            cell = niche[rows] * zones + zone
            low, high = cum[cells[cell]], cum[cells[cell + 1]]
            empty = high <= low
            low, high = np.where(empty, 0.0, low), np.where(empty, cum[-1], high)
            spot = np.searchsorted(cum, low + rng.random(rows.size) * (high - low), side="right") - 1
            person = order[spot.clip(0, b.n_regular - 1)]
            out[rows] = person
            rows = rows[(b.joined[person] > at[rows]) | (b.left[person] <= at[rows])]
            if not rows.size:
                break
    return out


def _feed_bots(b: Build) -> list[Likes]:
    """Honest automatic accounts that like every new target of their niche soon after it appears."""
    count = b.sized(5, 2) if b.knobs.feed_bots < 0 else int(b.knobs.feed_bots)
    parts = []
    for bot in b.regulars(count, at=0, power=0.0) if count else ():
        niche = int(choose(b.rng, np.bincount(b.target_niche, minlength=b.niches).astype(np.float64), 1)[0])
        seen = np.flatnonzero((b.target_niche == niche) & (b.born >= 0))
        seen = seen[b.rng.random(seen.size) < 0.9][: max(5, int(0.001 * b.events))]
        delay = b.rng.exponential(40_000.0, seen.size) + 2_000
        at = b.born[seen] + delay.astype(np.int64)
        parts.append(likes("feed_bot", bot, seen, at, group=b.group("feed_bot")).take(b.seen(at)))
    return parts


def live(b: Build, wanted: int) -> None:
    """Fill ``b.organic`` with at least ``wanted`` likes of the genuine background, in random order."""
    if b.spec.exchangeable:
        b.organic = _exchangeable(b, wanted)
    else:
        response = _responses(b)
        b.organic = _distinct(b, [_lived(b, response, int(wanted * 1.1) + 200), *_feed_bots(b)])
        while (missing := wanted - len(b.organic)) > 0:
            # Who likes the same target twice counts once; lively small worlds need some more life.
            b.organic = _distinct(b, [b.organic, _lived(b, response, 2 * missing + 500)])
    b.organic_count = np.bincount(b.organic.target, minlength=b.n_targets)


def _lived(b: Build, response: _Response, slots: int) -> Likes:
    rng = b.rng
    target, niche, at = _slots(b, response, slots)
    new = rng.random(at.size) < response.newcomers[target]
    old = np.flatnonzero(~new)
    # Most sittings stay with one interest, the others wander within a topic.
    wanders = rng.random(old.size) < 0.3
    stream = np.where(wanders, b.niches + niche[old] % b.topics, niche[old])
    session, at_old = _sessions(b, stream, target[old], at[old])
    first = np.full(int(session.max()) + 1, at.size, np.int64)
    np.minimum.at(first, session, np.arange(old.size))
    actor = np.empty(at.size, np.int64)
    actor[old] = _people(b, niche[old][first], at_old[first])[session]
    at[old] = at_old
    actor[new] = b.fresh(int(new.sum()))
    return likes("organic", actor, target, at).take(b.seen(at))


def _distinct(b: Build, parts: list[Likes]) -> Likes:
    merged = Likes.concat(parts)
    return merged.take(_first_of_each(merged, b))


def _first_of_each(batch: Likes, b: Build) -> Ints:
    """Rows with one like per actor and target, shuffled."""
    _, rows = np.unique(batch.actor * b.n_targets + batch.target, return_index=True)
    return b.rng.permutation(rows)


def _exchangeable(b: Build, wanted: int) -> Likes:
    """Likes whose moments are independent draws from one age curve times one rhythm, actors independent of all."""
    rng = b.rng
    table = b.general_rhythm()
    parts: list[Likes] = []
    have, weights, p = 0, b.weight, b.popularity / b.popularity.sum()
    while have < wanted:
        draws = min(_BLOCK, int((wanted - have) * 2.5) + 1000)
        target = np.repeat(np.arange(b.n_targets), rng.multinomial(draws, p))
        lag = np.exp(np.log(9.0 * HOUR_MS) + 1.4 * rng.standard_normal(draws))
        at = b.born[target] + np.minimum(lag, 4.0 * b.span).astype(np.int64)
        keep = (at >= 0) & (at < b.span)
        keep[keep] = rng.random(int(keep.sum())) * table.max() < table[week_bin(at[keep])]
        target, at = target[keep], at[keep]
        batch = likes("organic", choose(rng, weights, at.size), target, at).take(b.seen(at))
        parts.append(batch)
        have += len(batch)
        if have >= wanted:
            parts = [_distinct(b, parts)]
            have = len(parts[0])
    return parts[0]


def sample_background(b: Build, n: int, low: int, high: int, power: float = 1.0) -> tuple[Ints, Ints]:
    """``n`` (target, moment) pairs as the background would have them in a window: what camouflage hides among.

    Liked targets are taken as often as they are liked, to the power of ``power``; a few minutes of noise are added.
    """
    assert b.organic is not None
    rows = np.flatnonzero((b.organic.at >= low) & (b.organic.at < high))
    if not rows.size:
        rows = np.arange(len(b.organic))
    weights = b.organic_count[b.organic.target[rows]].astype(np.float64) ** (power - 1.0)
    picked = rows[choose(b.rng, weights, n)]
    noise = b.rng.exponential(10.0 * MINUTE_MS, n).astype(np.int64)
    return b.organic.target[picked], np.minimum(b.organic.at[picked] + noise, b.span - 1)


def genuine_moments(b: Build, target: int, n: int) -> Ints:
    """``n`` moments drawn from a target's own likes, with noise; from its first days where it has none."""
    assert b.organic is not None
    own = b.organic.at[b.organic.target == target]
    if own.size < 5:
        start = np.full(n, max(0, int(b.born[target])), np.int64)
        return with_rhythm(b.rng, start, np.full(n, 2 * DAY_MS, np.int64), b.general_rhythm())
    jitter = b.rng.normal(0.0, 15.0 * MINUTE_MS, n).astype(np.int64)
    moments: Ints = np.maximum(own[b.rng.integers(0, own.size, n)] + jitter, max(0, int(b.born[target])))
    return moments
