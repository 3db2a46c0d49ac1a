"""Readings of counters as curves: running totals with bounds, the intervals between them, and what fell.

Counters lie in known ways: caches serve an old value for a moment, likes are taken back, ``1.2w`` says a range and
``10万+`` says nothing more. A running total never falls; what was taken back stands beside it. A capped reading ends
the curve. A comment or post is taken to have had no likes when it was published, if that was not long before the first
reading.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from plaudit.detectors.curve.readership import Readership, post_of
from plaudit.kernels.curves import place_bin
from plaudit.model import DAY_MS, HOUR_MS, UNBOUNDED, Bools, Floats, Ints, Section, ranges

STALE_MS = HOUR_MS
"""A dip seen by one reading alone and gone within this time is an old value served again, not a like taken back."""

_NEARLY_ALL = 0.9
_NEAR_BIRTH_MS = 30 * DAY_MS
_PLACE = np.array([place_bin(position) for position in range(-1, 64)], dtype=np.int64)


@dataclass(frozen=True)
class Curves:
    """Curves of the targets with two readings or more. Readings are CSR by curve; intervals lie between them.

    Attributes:
        target: target of the section, ``int64[c]``.
        offsets: readings of each curve, ``int64[c + 1]``.
        born_h: hours since 1970, ``float64[c]``; the first reading where publication is unknown.
        at_ms: moment of each reading, ``int64[r]``.
        low, high: bounds of the likes ever gained by then, never falling, ``int64[r]``.
        fallen: likes certainly taken back between the reading before and this one, ``int64[r]``.
        reads: reads gained since the reading before, ``float64[r]``, NaN unknown (and at each first reading).
        place: place bin in the interval that ends here, ``int64[r]``.
        posts: whether the curve is a post's, ``bool[c]``.
        by_reads: whether reads are known nearly all along it, ``bool[c]``; of a comment, those of its post.
    """

    target: Ints
    offsets: Ints
    born_h: Floats
    at_ms: Ints
    low: Ints
    high: Ints
    fallen: Ints
    reads: Floats
    place: Ints
    posts: Bools
    by_reads: Bools

    def __len__(self) -> int:
        return int(self.target.shape[0])

    @property
    def curve(self) -> Ints:
        """Curve of each reading, ``int64[r]``."""
        return np.repeat(np.arange(len(self)), np.diff(self.offsets))

    @property
    def opening(self) -> Bools:
        """Readings that open a curve and so end no interval, ``bool[r]``."""
        out = np.zeros(self.at_ms.shape[0], dtype=bool)
        out[self.offsets[:-1]] = True
        return out

    def gain(self) -> Ints:
        """Likes gained since the reading before, the middle of what the counter allows, ``int64[r]``."""
        middle = (self.low + self.high) // 2
        return np.where(self.opening, 0, np.diff(middle, prepend=middle[:1]))

    @property
    def total(self) -> Ints:
        """Most likes each curve can have gained while it was read, ``int64[c]``."""
        if len(self) == 0:
            return np.zeros(0, np.int64)
        return self.high[self.offsets[1:] - 1] - self.low[self.offsets[:-1]]

    def rows(self, chosen: Ints) -> Ints:
        """Readings of these curves, curve by curve."""
        return ranges(self.offsets[:-1][chosen], np.diff(self.offsets)[chosen])

    def take(self, chosen: Ints) -> Curves:
        """These curves, in this order."""
        length = np.diff(self.offsets)[chosen]
        rows = self.rows(chosen)
        return Curves(
            self.target[chosen],
            np.concatenate([[0], np.cumsum(length)]).astype(np.int64),
            self.born_h[chosen],
            self.at_ms[rows],
            self.low[rows],
            self.high[rows],
            self.fallen[rows],
            self.reads[rows],
            self.place[rows],
            posts=self.posts[chosen],
            by_reads=self.by_reads[chosen],
        )


def curves_of(section: Section) -> Curves:
    """The curves of a section, in the order of their targets. Readings of one moment count once."""
    shots = section.snapshots
    target, at_ms = shots.target.astype(np.int64), shots.observed_ms
    usable = shots.likes.known & (shots.likes.high < UNBOUNDED) & (target >= 0) & (at_ms >= 0)
    rows = np.flatnonzero(usable)
    rows = rows[np.lexsort((at_ms[rows], target[rows]))]
    same = (np.diff(target[rows]) == 0) & (np.diff(at_ms[rows]) == 0)
    rows = rows[np.append(~same, True)] if rows.shape[0] else rows
    rows = rows[~_stale(target[rows], at_ms[rows], shots.likes.low[rows], shots.likes.high[rows])]
    rows = rows[np.bincount(target[rows], minlength=section.n_targets)[target[rows]] >= 2]
    born = np.concatenate([section.posts.published_ms, section.comments.created_ms])
    low, high = shots.likes.low[rows], shots.likes.high[rows]
    readership = Readership.of(section)
    own = np.where(shots.reads.exact, shots.reads.low, -1)[rows].astype(np.float64)
    reads = np.where(own >= 0, own, readership.at(post_of(section, target[rows]), at_ms[rows]))
    place = _PLACE[np.clip(shots.position[rows].astype(np.int64), -1, 63) + 1]
    names, first = np.unique(target[rows], return_index=True)
    gap = at_ms[rows][first] - born[names]
    began = np.flatnonzero((born[names] >= 0) & (gap > 0) & (gap <= _NEAR_BIRTH_MS))
    spot = first[began]
    at = np.insert(at_ms[rows], spot, born[names[began]])
    owner = np.insert(target[rows], spot, names[began])
    low, high = np.insert(low, spot, 0), np.insert(high, spot, 0)
    birth = readership.at(post_of(section, names[began]), born[names[began]])
    reads = np.insert(reads, spot, np.where(reads[spot] >= 0, birth, -1.0))
    place = np.insert(place, spot, place[spot])
    return _curves(section, owner, at, low, high, reads, place)


def kinds(curves: Curves) -> list[Ints]:
    """Curves that can be compared: posts and comments apart, and those that go by reads apart from the others."""
    return [
        np.flatnonzero((curves.posts == posts) & (curves.by_reads == read))
        for posts in (True, False)
        for read in (True, False)
    ]


def _curves(section: Section, owner: Ints, at: Ints, low: Ints, high: Ints, reads: Floats, place: Ints) -> Curves:
    names, first = np.unique(owner, return_index=True)
    offsets = np.append(first, owner.shape[0]).astype(np.int64)
    opening = np.zeros(owner.shape[0], dtype=bool)
    opening[first] = True
    before = np.where(opening, 0, np.concatenate([[0], low[:-1]]) - high) if owner.shape[0] else low
    fallen = np.maximum(np.where(opening, 0, before), 0)
    curve = np.repeat(np.arange(names.shape[0]), np.diff(offsets))
    running = np.cumsum(fallen)
    running -= (running[first] - fallen[first])[curve] if names.shape[0] else 0
    low, high = _rising(low + running, curve), high + running
    high = np.maximum(_rising(high, curve), low)
    step = np.diff(reads, prepend=-1.0)
    known = ~opening & (reads >= 0) & (np.concatenate([[-1.0], reads[:-1]]) >= 0) & (step >= 0)
    told = np.bincount(curve, known, names.shape[0]) >= _NEARLY_ALL * (np.diff(offsets) - 1)
    seen = np.bincount(curve, np.where(known, step, 0.0), names.shape[0])
    born = np.concatenate([section.posts.published_ms, section.comments.created_ms])[names]
    start = at[first] if first.shape[0] else at
    return Curves(
        names,
        offsets,
        np.where((born >= 0) & (born <= start), born, start) / HOUR_MS,
        at,
        low,
        high,
        fallen,
        np.where(known, step, np.nan),
        place,
        names < len(section.posts),
        told & (seen > 0),
    )


def _rising(values: Ints, curve: Ints) -> Ints:
    """Running maximum inside each curve: curves are lifted above one another so that one pass serves all."""
    lift = curve * (int(values.max(initial=0)) + 1)
    return np.maximum.accumulate(values + lift) - lift


def _stale(target: Ints, at_ms: Ints, low: Ints, high: Ints) -> Bools:
    """Readings that dip below both neighbours, which agree that nothing was lost, within :data:`STALE_MS`."""
    out = np.zeros(target.shape[0], dtype=bool)
    if target.shape[0] < 3:
        return out
    one_curve = (target[:-2] == target[1:-1]) & (target[1:-1] == target[2:])
    dips = (high[1:-1] < low[:-2]) & (low[2:] >= low[:-2])
    out[1:-1] = one_curve & dips & (at_ms[2:] - at_ms[:-2] <= STALE_MS)
    return out
