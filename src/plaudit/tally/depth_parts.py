"""What each part of the recognition depth is made of: successes, trials, and whether the export holds it.

Every part is a share between 0 and 1 of small things one can count, so each has its own uncertainty: five of six kinds
of detail say more than one like of one. Likes appear only as likes per exposure, less what the verdict suspects.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from plaudit.kernels.specifics import KINDS, Specifics
from plaudit.model import HOUR_MS, Floats, Ints, Ints32, Section

PARTS: tuple[str, ...] = ("specificity", "thread", "returning", "persistence", "exposure")
"""Parts of the index, in the order of all arrays here."""

_RUNGS = (1, 2, 4, 8)
"""Distinct repliers that each take a thread one step up: as many again as before."""
_PLACES = 10.0
"""Trials that a place among comments seen as much is worth: a rank is a rough thing."""


@dataclass(frozen=True)
class Counts:
    """Per comment and part: ``float64[n, parts]`` successes out of trials; trials are 0 where nothing is known."""

    successes: Floats
    trials: Floats


def count_parts(section: Section, told: Specifics, suspicion: Floats) -> Counts:
    """Count the parts of every comment; ``suspicion`` is per target, 0..1."""
    columns = [
        _specificity(told),
        _thread(section),
        _returning(section),
        _persistence(section),
        _exposure(section, suspicion),
    ]
    return Counts(np.column_stack([c[0] for c in columns]), np.column_stack([c[1] for c in columns]))


def _specificity(told: Specifics) -> tuple[Floats, Floats]:
    """Kinds of concrete detail, out of all kinds."""
    return told.detail.astype(np.float64), np.full(told.detail.shape[0], float(len(KINDS)))


def _thread(section: Section) -> tuple[Floats, Floats]:
    """Steps taken: 1, 2, 4, 8 distinct repliers; somebody answers a reply; the owner answers; the owner likes it.

    What the export cannot show is no trial: replies by number only count as repliers, owners only where flagged.
    """
    comments = section.comments
    n = len(comments)
    root, depth = roots(comments.parent)
    author = comments.author.astype(np.int64)
    below = np.flatnonzero((comments.parent >= 0) & (root != np.arange(n)))
    repliers = _distinct(root[below], author[below], author[root[below]], below, n)
    shown = comments.replies.low
    told = (shown >= 0) | bool((comments.parent >= 0).any())
    # A counter of replies may know more than the export shows; how many people they are, it does not.
    repliers = np.where((repliers == 0) & (shown > 0), 1, repliers)
    steps = np.sum(repliers[:, None] >= np.array(_RUNGS), axis=1).astype(np.float64)
    deepest = np.zeros(n, np.int64)
    np.maximum.at(deepest, root[below], depth[below])
    owner = np.bincount(root[below], comments.by_owner[below] == 1, n) > 0
    listed = np.full(n, bool(below.shape[0]))
    flagged = np.full(n, bool((comments.by_owner >= 0).any())) & listed
    liked = comments.author_liked >= 0
    successes = steps + (deepest >= 2) * listed + owner * flagged + (comments.author_liked == 1)
    trials = len(_RUNGS) * told + listed.astype(np.float64) + flagged + liked
    return np.where(trials > 0, successes, 0.0), trials.astype(np.float64)


def _distinct(root: Ints, author: Ints, opener: Ints, row: Ints, n: int) -> Ints:
    """Different people below each comment, its own author not counted; an unknown author is one of their own."""
    who = np.where(author >= 0, author, -1 - row)
    other = (author < 0) | (author != opener)
    pairs = np.unique(np.stack([root[other], who[other]]), axis=1)
    return np.bincount(pairs[0], minlength=n).astype(np.int64)


def roots(parent: Ints32) -> tuple[Ints, Ints]:
    """The comment each thread hangs from, and how many steps up it is; a circle of parents hangs from itself."""
    n = parent.shape[0]
    above = np.where(parent >= 0, parent.astype(np.int64), np.arange(n))
    depth = (above != np.arange(n)).astype(np.int64)
    # Pointer jumping: 32 doublings are more steps than any thread has.
    for _ in range(32):
        further = above[above]
        if np.array_equal(further, above):
            break
        depth = depth + depth[above]
        above = further
    return above, depth


def _returning(section: Section) -> tuple[Floats, Floats]:
    """Who speaks in the thread (its author and repliers) and also speaks under another post of the export."""
    comments = section.comments
    n = len(comments)
    known = np.flatnonzero((comments.author >= 0) & (comments.by_owner != 1))
    if known.shape[0] == 0 or np.unique(comments.post).shape[0] < 2:
        return np.zeros(n), np.zeros(n)
    author, post = comments.author[known].astype(np.int64), comments.post[known].astype(np.int64)
    places = np.unique(author * (len(section.posts) + 1) + post) // (len(section.posts) + 1)
    under = np.bincount(places, minlength=comments.n_authors)
    root, _ = roots(comments.parent)
    people = comments.n_authors + 1
    voices = np.unique(np.concatenate([root[known] * people + author, known * people + author]))
    thread, who = voices // people, voices % people
    return np.bincount(thread, under[who] >= 2, n).astype(np.float64), np.bincount(thread, minlength=n).astype(float)


def _persistence(section: Section) -> tuple[Floats, Floats]:
    """Likes still there at the last reading, of the most ever read, where a counter was read at two moments."""
    shots = section.snapshots
    n, first = len(section.comments), len(section.posts)
    known = np.flatnonzero(shots.likes.exact & (shots.target >= first))
    target = shots.target[known].astype(np.int64) - first
    most, last = np.zeros(n), np.zeros(n)
    np.maximum.at(most, target, shots.likes.low[known])
    # Snapshots are in order of time: of several writes to one place the last one stays.
    last[target] = shots.likes.low[known]
    read = (np.bincount(target, minlength=n) >= 2) & (most > 0)
    return np.where(read, last, 0.0), np.where(read, most, 0.0)


def _exposure(section: Section, suspicion: Floats) -> tuple[Floats, Floats]:
    """The place among ten comments seen about as much, by likes less what is suspected of them.

    Seen as much: the same place among the comments and about as many reads of the post; else the same age. A place
    that is the likes' own doing makes this a modest figure, never an inflated one.
    """
    comments, posts = section.comments, section.posts
    n = len(comments)
    known = comments.likes.known
    doubt = suspicion[len(posts) :]
    worth = np.where(known, comments.likes.low, 0) * (1.0 - doubt)
    seen = np.zeros(n)
    for name in ("reads", "plays"):
        if name in posts.totals:
            reads = posts.totals[name].low[comments.post]
            seen = np.where((seen == 0) & (reads > 0), np.log2(np.maximum(reads, 1)) + 1, seen)
    place = np.where(comments.position >= 0, np.log2(np.maximum(comments.position, 0) + 1.0) + 1, 0.0)
    aged = (comments.created_ms >= 0) & (comments.observed_ms >= comments.created_ms)
    hours = np.where(aged, (comments.observed_ms - comments.created_ms) / HOUR_MS, 0.0)
    age = np.where(aged, np.log2(hours + 1.0) + 1, 0.0)
    exposed = np.where(place > 0, 64.0 * np.floor(place) + np.floor(seen), 8192.0 + np.floor(age) * 64 + np.floor(seen))
    group = np.where(known, exposed.astype(np.int64), -1)
    trials = np.where(known & ((place > 0) | (seen > 0) | aged), _PLACES, 0.0)
    return _share_below(group, worth) * trials, trials


def _share_below(group: Ints, values: Floats) -> Floats:
    """Share of each one's group below it, equal values in the middle of their ranks, ``float64[n]`` in (0, 1)."""
    order = np.lexsort((values, group))
    parted = np.diff(group[order]) != 0
    groups = np.flatnonzero(np.r_[True, parted]) if order.shape[0] else np.zeros(0, np.int64)
    runs = np.flatnonzero(np.r_[True, parted | (np.diff(values[order]) != 0)]) if order.shape[0] else groups
    size, length = np.diff(np.r_[groups, order.shape[0]]), np.diff(np.r_[runs, order.shape[0]])
    home = np.repeat(np.arange(groups.shape[0]), size)
    middle = np.repeat(runs + (length - 1) / 2, length)
    out = np.zeros(order.shape[0])
    out[order] = (middle - groups[home] + 0.5) / size[home]
    return out
