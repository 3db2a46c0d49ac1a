"""Comments that had the same chances: the same post, as a comment or as a reply, of like length and age.

Nothing here uses position: most sections are ordered by likes, so position would explain away what was bought.
"""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np

from plaudit.model import Bools, Comments, Floats, Ints

BLOCK = 60
"""Comments a block of kin has at least, where the post has as many."""
FEW = 8
"""Kin outside the group below which the whole section stands in."""


@dataclass(frozen=True)
class Kin:
    """Blocks of kin.

    Attributes:
        block: dense block of each comment, ``int64[c]``, -1 where likes are unknown or came with a pin.
        level: place of the comment's likes within its block, 0..1, ties in the middle, ``float64[c]``.
    """

    block: Ints
    level: Floats

    def crowded_by(self, offsets: Ints, rows: Ints) -> Bools:
        """Groups ``rows[offsets[g]:offsets[g + 1]]`` most of which stand in blocks that are mostly the group itself."""
        groups, blocks = offsets.shape[0] - 1, int(self.block.max(initial=0)) + 1
        of = np.repeat(np.arange(groups), np.diff(offsets))
        held = self.block[rows] >= 0
        size = np.bincount(self.block[self.block >= 0], minlength=blocks)
        cell, members = np.unique(of[held] * np.int64(blocks) + self.block[rows[held]], return_counts=True)
        full = members * (2 * members > size[cell % blocks])
        known = np.bincount(of[held], minlength=groups)
        return np.asarray(2 * np.bincount(cell // blocks, full, minlength=groups) > known)


def circles_of_kin(comments: Comments, length: Ints) -> tuple[Kin, ...]:
    """Kin ever less close: like length and age under one post; the post; the whole section."""
    return tuple(_blocks(comments, length, depth) for depth in (2, 1, 0))


def blocks_of_kin(comments: Comments, length: Ints) -> Kin:
    """Cut the comments of each post into blocks of like length and age, and rank likes inside them."""
    return _blocks(comments, length, 2)


def _blocks(comments: Comments, length: Ints, depth: int) -> Kin:
    rows = np.flatnonzero(comments.likes.known & (comments.pinned != 1) & (comments.by_owner != 1))
    place = comments.post[rows] * np.int64(2) * (depth > 0) + (comments.parent[rows] >= 0)
    stratum = np.unique(place, return_inverse=True)[1].astype(np.int64)
    if depth > 1:
        stratum = _cut(stratum, length[rows], 4)
        stratum = _cut(stratum, comments.created_ms[rows], 1 << 30)
    block, level = np.full(len(comments), -1, np.int64), np.full(len(comments), 0.5)
    block[rows] = stratum
    level[rows] = _levels(stratum, comments.likes.low[rows])
    return Kin(block, level)


def _cut(stratum: Ints, value: Ints, most: int) -> Ints:
    """Each stratum into parts of at least ``BLOCK`` in the order of ``value``; equal values are never parted."""
    order = np.lexsort((value, stratum))
    ordered, values = stratum[order], value[order]
    start = np.r_[True, ordered[1:] != ordered[:-1]] if order.shape[0] else np.zeros(0, dtype=bool)
    head = np.maximum.accumulate(np.where(start, np.arange(order.shape[0]), 0))
    size = np.bincount(ordered)[ordered] if order.shape[0] else ordered
    parts = np.clip(size // BLOCK, 1, most)
    tied = np.r_[False, (ordered[1:] == ordered[:-1]) & (values[1:] == values[:-1])] if order.shape[0] else start
    first = np.maximum.accumulate(np.where(tied, 0, np.arange(order.shape[0])))
    part = (first - head) * parts // np.maximum(size, 1)
    out = np.empty(order.shape[0], np.int64)
    changed = start | np.r_[False, part[1:] != part[:-1]] if order.shape[0] else start
    out[order] = np.cumsum(changed) - 1
    return out


def _levels(stratum: Ints, likes: Ints) -> Floats:
    order = np.lexsort((likes, stratum))
    ordered, values = stratum[order], likes[order]
    n = order.shape[0]
    if n == 0:
        return np.zeros(0)
    start = np.r_[True, ordered[1:] != ordered[:-1]]
    head = np.maximum.accumulate(np.where(start, np.arange(n), 0))
    size = np.bincount(ordered)[ordered]
    fresh = start | np.r_[False, values[1:] != values[:-1]]
    run = np.cumsum(fresh) - 1
    begin = np.flatnonzero(fresh)
    middle = (begin + np.append(begin[1:], n)) / 2
    out = np.empty(n)
    out[order] = (middle[run] - head) / size
    return out


def likes_unexplained(
    rows: Ints, group: Ints, of: Ints, likes: Ints, block: Ints, usable: Bools
) -> tuple[Floats, Floats, Floats]:
    """Likes of comments beyond those of their kin outside the group, with a 90 % interval.

    Args:
        rows: comments, ``int64[m]``; ``of`` the group of each.
        group, likes, block: of all comments, ``int64[c]``.
        usable: comments that may serve as kin, ``bool[c]``.

    Returns:
        ``(excess, low, high)``, ``float64[m]`` each, all within ``[0, likes]``: likes minus the mean, the 95th and the
        5th percentile of the kin; zero where the comment's own likes are unknown.
    """
    kin = np.flatnonzero(usable & (block >= 0))
    kin = kin[np.argsort(block[kin], kind="stable")]
    blocks = int(block.max(initial=-1)) + 1
    offsets = np.concatenate([[0], np.cumsum(np.bincount(block[kin], minlength=max(blocks, 1)))]).astype(np.int64)
    every = likes[kin].astype(np.float64)
    whole = np.array([every.mean(), *np.quantile(every, [0.05, 0.95])]) if every.shape[0] else np.zeros(3)
    told = _unexplained(rows, of, block, offsets, kin, group, likes, whole)
    return told[0], told[1], told[2]


@numba.njit(cache=True, nogil=True)
def _reached_by(ascending: np.ndarray, share: float) -> float:
    """``np.quantile`` of sorted values, which alone takes longer to compile than everything else here."""
    place = share * (ascending.shape[0] - 1)
    low = int(place)
    high = min(low + 1, ascending.shape[0] - 1)
    return float(ascending[low] + (place - low) * (ascending[high] - ascending[low]))


@numba.njit(cache=True, nogil=True)
def _unexplained(
    rows: np.ndarray,
    of: np.ndarray,
    block: np.ndarray,
    offsets: np.ndarray,
    kin: np.ndarray,
    group: np.ndarray,
    likes: np.ndarray,
    whole: np.ndarray,
) -> np.ndarray:
    out = np.zeros((3, rows.shape[0]))
    for m in range(rows.shape[0]):
        row = rows[m]
        if likes[row] < 0:
            continue
        ordinary = whole
        b = block[row]
        if b >= 0:
            others = np.empty(offsets[b + 1] - offsets[b])
            size = 0
            for x in range(offsets[b], offsets[b + 1]):
                if group[kin[x]] != of[m]:
                    others[size] = likes[kin[x]]
                    size += 1
            if size >= FEW:
                held = np.sort(others[:size])
                ordinary = np.array([held.mean(), _reached_by(held, 0.05), _reached_by(held, 0.95)])
        out[0, m] = max(likes[row] - ordinary[0], 0.0)
        # One viral comment among the kin can lift their mean above the 95th percentile.
        out[1, m] = min(max(likes[row] - ordinary[2], 0.0), out[0, m])
        out[2, m] = max(likes[row] - ordinary[1], out[0, m])
    return out
