"""Visits to posts whose comments are seen in an order, in one pass: who sees what, and who likes it."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from plaudit.model import Floats, Ints, Ints32

SHAPES = ("log", "first", "saturating", "power")
"""How the shown count works on the next reader: see :func:`herd_factor`."""
SHOWN = ("raw", "hidden", "bucket", "delay", "honest")
"""What of the count is shown: all, nothing, powers of ten, nothing while the comment is young, or without what was
discounted."""


@njit(cache=True)
def uniform(seed: int, first: int, second: int) -> float:
    """A number in [0, 1) that depends on its three arguments only (SplitMix64, Steele et al. 2014).

    What one visitor makes of one comment must not change when somebody else is served another page: that is what
    makes two worlds comparable like by like.
    """
    x = np.uint64(seed) * np.uint64(0x9E3779B97F4A7C15)
    x ^= np.uint64(first) * np.uint64(0xBF58476D1CE4E5B9)
    x ^= np.uint64(second) * np.uint64(0x94D049BB133111EB)
    x += np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    x ^= x >> np.uint64(31)
    x = (x ^ (x >> np.uint64(33))) * np.uint64(0xFF51AFD7ED558CCD)
    x ^= x >> np.uint64(33)
    return float(float(x >> np.uint64(11)) * (1.0 / 9007199254740992.0))


@njit(cache=True)
def herd_factor(shape: int, herd: float, count: float) -> float:
    """What a shown ``count`` multiplies the chance of a like by; 1 at a count of 0, ``1 + herd`` at 1.

    ``log`` adds ``herd`` per doubling; ``first`` adds it once; ``saturating`` approaches ``1 + 3 herd``; ``power`` is
    ``(1 + count)^log2(1 + herd)``.
    """
    if herd == 0.0 or count <= 0.0:
        return 1.0
    if shape == 0:
        return float(1.0 + herd * np.log2(1.0 + count))
    if shape == 1:
        return 1.0 + herd
    if shape == 2:
        return 1.0 + 3.0 * herd * count / (count + 2.0)
    return float((1.0 + count) ** np.log2(1.0 + herd))


@njit(cache=True)
def visible_count(shown: int, likes: int, discounted: int, age_ms: int, delay_ms: int) -> int:
    """The count a reader is shown, by the mode ``SHOWN[shown]``."""
    if shown == 1 or (shown == 3 and age_ms < delay_ms):
        return 0
    if shown == 2:
        return 10 ** int(np.floor(np.log10(likes) + 1e-9)) if likes >= 10 else 0
    if shown == 4:
        return likes - discounted
    return likes


@njit(cache=True)
def play_visits(
    first: int,
    last: int,
    at_ms: Ints,
    post: Ints32,
    bought: Ints32,
    depth: Ints32,
    order: Ints32,
    offsets: Ints,
    born_ms: Ints,
    quality: Floats,
    likes: Ints,
    purchased: Ints,
    discounted: Ints,
    exposures: Ints,
    downs: Ints,
    seed: int,
    down: float,
    herd: float,
    shape: int,
    shown: int,
    delay_ms: int,
    out_row: Ints,
    out_comment: Ints32,
    filled: int,
    seen_row: Ints,
    seen_comment: Ints32,
    seen: int,
) -> tuple[int, int]:
    """Let rows ``first:last`` of a stream of visits and deliveries happen; returns how many likes and looks are out.

    Args:
        at_ms, post, bought, depth: the stream, by time: a visit to ``post`` that reads ``depth`` places, or, where
            ``bought`` >= 0, a purchased like on that comment.
        order, offsets: comments of each post from the top, CSR by post.
        born_ms, quality: per comment; quality is the chance that who reads it likes it, herd apart.
        likes, purchased, discounted, exposures, downs: counts per comment, updated in place.
        seed, down, herd, shape, shown, delay_ms: see :class:`plaudit.testing.loop.LoopSpec`.
        out_row, out_comment: rows of the stream that liked and what, filled from ``filled`` on.
        seen_row, seen_comment: the same for every look at a comment; of length 0 where nobody asks for them.
    """
    keep = seen_row.shape[0] > 0
    for row in range(first, last):
        comment = bought[row]
        if comment >= 0:
            likes[comment] += 1
            purchased[comment] += 1
            exposures[comment] += 1
            out_row[filled] = row
            out_comment[filled] = comment
            filled += 1
            continue
        begin = offsets[post[row]]
        end = min(offsets[post[row] + 1], begin + depth[row])
        # A purchased like in the stream must not shift the numbers of the visits behind it: time and post name a visit.
        visit = at_ms[row] * 1_000_003 + post[row]
        for place in range(begin, end):
            comment = order[place]
            count = visible_count(shown, likes[comment], discounted[comment], at_ms[row] - born_ms[comment], delay_ms)
            exposures[comment] += 1
            if keep:
                seen_row[seen] = row
                seen_comment[seen] = comment
                seen += 1
            draw = uniform(seed, visit, comment)
            if draw < quality[comment] * herd_factor(shape, herd, float(count)):
                likes[comment] += 1
                out_row[filled] = row
                out_comment[filled] = comment
                filled += 1
            elif draw > 1.0 - down * (1.0 - quality[comment]):
                downs[comment] += 1
    return filled, seen


def play_visits_plainly(
    at_ms: Ints,
    post: NDArray[np.int32],
    bought: NDArray[np.int32],
    depth: NDArray[np.int32],
    orders: list[list[int]],
    quality: Floats,
    seed: int,
    herd: float,
    shape: int,
) -> list[tuple[int, int]]:
    """The plain twin for fixed orders and raw counts: ``(row, comment)`` of every like."""
    likes = [0] * quality.shape[0]
    out: list[tuple[int, int]] = []
    for row in range(at_ms.shape[0]):
        if bought[row] >= 0:
            likes[bought[row]] += 1
            out.append((row, int(bought[row])))
            continue
        for comment in orders[post[row]][: depth[row]]:
            draw = uniform(seed, int(at_ms[row]) * 1_000_003 + int(post[row]), comment)
            if draw < quality[comment] * herd_factor(shape, herd, float(likes[comment])):
                likes[comment] += 1
                out.append((row, comment))
    return out


@njit(cache=True)
def discount_likes(
    begin: int,
    end: int,
    until_ms: int,
    at_ms: Ints,
    bought: Ints32,
    actor: Ints32,
    row: Ints,
    comment: Ints32,
    recall: float,
    false_alarm: float,
    seed: int,
    discounted: Ints,
) -> int:
    """Tell apart, with these chances, the likes ``begin:end`` that are at least so old; returns how far it got."""
    while begin < end and at_ms[row[begin]] <= until_ms:
        chance = recall if bought[row[begin]] >= 0 else false_alarm
        if uniform(seed + 1, actor[row[begin]], comment[begin]) < chance:
            discounted[comment[begin]] += 1
        begin += 1
    return begin
