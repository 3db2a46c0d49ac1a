"""How much of what is sold would show in this export? Orders are planted into a copy of a part of it, and looked for.

Injection and recovery, as surveys of faint stars measure what they miss. Sizes and lengths are those publicly reported
of sellers: 20 to 500 likes a comment; a third within the hour, a third within half a day, a third over one or two days
in the rhythm of this section's own likes. They begin when a like of the comment's own came, for orders are placed where
attention is; they go to comments nothing is said of, so few that they do not become what is ordinary here. What comes
back is the share of orders this export would show, which bounds the orders it does not.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from plaudit.detectors import SECTION, SectionContext
from plaudit.detectors.runner import run_section_detectors
from plaudit.kernels.specifics import Specifics
from plaudit.model import HOUR_MS, STATUSES, UNBOUNDED, Counter, Floats, Ints, Section, Status, Tier
from plaudit.tally.section import OF_LIKES, Sight, tally_section
from plaudit.verdict import SectionVerdicts, weigh_section

_SMALLEST, _LARGEST = 20, 500
_LENGTHS_H = ((5 / 60, 1.0), (0.5, 12.0), (12.0, 48.0))
_TAIL = 3.0
"""How fast a crowd tires, in promised lengths: one like in twenty comes after it."""
_SHARE = {Tier.SNAPSHOT: 0.01, Tier.CURVE: 0.03}
"""Orders planted at a time. The tail of likes feels one in a hundred; curves stand more, and asking again costs."""
_FEWEST, _MOST = 6, 60
_ENOUGH = {Tier.SNAPSHOT: 300, Tier.CURVE: 60}
"""Orders that make the share, and how much of an order is found, known well enough. A snapshot shows so few that it
takes many; and costs little."""
_ROUNDS = 10
_PART = {Tier.SNAPSHOT: 20_000, Tier.CURVE: 1_000}
"""Comments of the part that is copied."""
_BEYOND = 0.05
"""What a 90 % interval leaves beyond its upper end."""
_FOUND = 0.5
"""Share of an order's likes that must be in question for the order to count as shown."""


def sight_of(section: Section, verdicts: SectionVerdicts, told: Specifics, seed: int) -> Sight:
    """Plant orders and count those that show; deterministic for a seed. None where there is nothing to plant on."""
    rng = np.random.default_rng([seed, 27])
    part, posts, rows = _part(section, _PART.get(section.tier, 0), rng)
    status = verdicts.status[np.concatenate([posts, len(section.posts) + rows])]
    free = np.flatnonzero((part.likes.low > 0) & (status == STATUSES.index(Status.VERIFIED)))
    free = free[free >= len(part.posts)] if len(part.comments) else free
    wanted = round(_SHARE.get(section.tier, 0.0) * free.shape[0])
    count = int(min(np.clip(wanted, _FEWEST, _MOST), free.shape[0] // 8))
    orders, seen, sizes, short = 0, 0, [np.zeros(0)], [np.zeros(0)]
    for _ in range(_ROUNDS if count else 0):
        target = np.sort(rng.choice(free, count, replace=False))
        copy, bought = _with_orders(part, target, rng)
        context = SectionContext(copy, seed, told=told.take(rows))
        asked = [detector for detector in SECTION if detector.spec.family in OF_LIKES]
        findings = run_section_detectors(asked, copy, context, lambda done: None)
        tally = tally_section(copy, findings, weigh_section(copy, findings), seed)
        questioned = tally.discounted[target] + tally.undetermined[target]
        shown = questioned >= _FOUND * bought
        short.append((bought / np.maximum(tally.excess[target], 1.0))[questioned > 0])
        orders, seen = orders + count, seen + int(shown.sum())
        sizes.append(bought[~shown].astype(np.float64))
        if orders >= _ENOUGH.get(section.tier, 0):
            break
    unseen = np.concatenate(sizes)
    if unseen.shape[0] == 0:
        # Nothing was missed: what little may be is of the smallest size sold.
        unseen = np.full(2, float(_SMALLEST))
    return Sight(orders, seen, _SMALLEST, float(unseen.mean()), float(unseen.std()), _reach(np.concatenate(short)))


def _reach(short: Floats) -> float:
    """What one more order of the same kind would not exceed in 19 cases of 20; the largest where they are too few."""
    if short.shape[0] == 0:
        return 1.0
    rank = min(math.ceil((1.0 - _BEYOND) * (short.shape[0] + 1)), short.shape[0])
    return max(1.0, float(np.sort(short)[rank - 1]))


def _part(section: Section, most: int, rng: np.random.Generator) -> tuple[Section, Ints, Ints]:
    """Whole posts, at random, of about ``most`` comments: the part, its posts and its comments."""
    size = np.bincount(section.comments.post, minlength=len(section.posts))
    order = rng.permutation(len(section.posts))
    taken = order[: max(1, int(np.searchsorted(np.cumsum(size[order]), most, side="right")))]
    posts = np.sort(taken).astype(np.int64)
    return section.of_posts(posts), posts, np.flatnonzero(np.isin(section.comments.post, posts)).astype(np.int64)


def _with_orders(section: Section, target: Ints, rng: np.random.Generator) -> tuple[Section, Ints]:
    """A copy in which each of ``target`` received an order, and the likes each had received at the last reading."""
    shots, offsets = section.snapshots, section.curve_offsets
    more, gained = np.zeros(section.n_targets, np.int64), np.zeros(len(shots), np.int64)
    moments, pace = _rhythm(section)
    for k, one in enumerate(target.tolist()):
        size = float(np.exp(rng.uniform(np.log(_SMALLEST), np.log(_LARGEST))))
        kind = (k + int(rng.integers(len(_LENGTHS_H)))) % len(_LENGTHS_H)
        shortest, longest = _LENGTHS_H[kind]
        length = float(np.exp(rng.uniform(np.log(shortest), np.log(longest)))) * HOUR_MS
        rows = slice(int(offsets[one]), int(offsets[one + 1]))
        at = shots.observed_ms[rows].astype(np.float64)
        more[one] = likes = round(size)
        if at.shape[0] >= 2:
            own = np.maximum.accumulate(shots.likes.low[rows]).astype(np.float64)
            whole = own + np.linspace(0.0, 0.5, own.shape[0])
            start = float(np.interp(rng.uniform(whole[0], whole[-1]), whole, at))
            come = _moments(kind, start, length, rng.random(likes), moments, pace)
            gained[rows] = np.searchsorted(np.sort(come), at, side="right")
            more[one] = gained[rows][-1]
    posts, comments = section.posts, section.comments
    totals = dict(posts.totals)
    if "likes" in totals:
        totals["likes"] = _raised(totals["likes"], more[: len(posts)])
    return (
        replace(
            section,
            posts=replace(posts, totals=totals),
            comments=replace(comments, likes=_raised(comments.likes, more[len(posts) :])),
            snapshots=replace(shots, likes=_raised(shots.likes, gained)),
        ),
        more[target],
    )


def _moments(kind: int, start: float, length: float, share: Floats, moments: Floats, pace: Floats) -> Floats:
    """When the likes of an order come, unsorted, from a random share of each in 0..1.

    Machines deliver evenly; a crowd comes fast and then slowly, one in twenty after the time that was promised; rented
    accounts come when the section's own readers do.
    """
    if kind == 0:
        return start + length * share
    if kind == 1:
        return start - length / _TAIL * np.log1p(-share)
    begun, ended = np.interp([start, start + length], moments, pace)
    return np.asarray(np.interp(begun + share * (ended - begun), pace, moments), dtype=np.float64)


def _rhythm(section: Section) -> tuple[Floats, Floats]:
    """The section's own clock: moments, and likes gained by then, both ascending (a little more at each moment)."""
    shots = section.snapshots
    again = np.flatnonzero(shots.target[1:] == shots.target[:-1]) + 1
    if again.shape[0] == 0:
        return np.zeros(1), np.zeros(1)
    gain = np.clip(shots.likes.low[again] - shots.likes.low[again - 1], 0, None)
    moments, place = np.unique(shots.observed_ms[again], return_inverse=True)
    # No curve speaks louder than a handful: one great comment is not the rhythm of the section.
    pace = np.cumsum(np.bincount(place, np.minimum(gain, 5.0) + 1e-3))
    return moments.astype(np.float64), np.asarray(pace, dtype=np.float64)


def _raised(counter: Counter, more: Ints) -> Counter:
    known = counter.known
    open_end = counter.high == UNBOUNDED
    return Counter(
        np.where(known, counter.low + more, counter.low),
        np.where(known & ~open_end, counter.high + np.where(open_end, 0, more), counter.high),
    )
