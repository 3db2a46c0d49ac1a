"""Reads at any moment: posts' own counts, and for comments those of their post, in proportion to time in between."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from plaudit.model import Floats, Ints, Section


@dataclass(frozen=True)
class Readership:
    """Known counts of reads by post and moment, sorted: ``post``, ``at_ms``, ``count``, each ``int64[k]``."""

    post: Ints
    at_ms: Ints
    count: Ints

    @staticmethod
    def of(section: Section) -> Readership:
        """Every exact count of reads of a post, and none when it was published."""
        shots, posts = section.snapshots, len(section.posts)
        rows = np.flatnonzero(shots.reads.exact & (shots.target < posts) & (shots.target >= 0))
        post, at = shots.target[rows].astype(np.int64), shots.observed_ms[rows]
        count = shots.reads.low[rows]
        read = np.unique(post)
        born = section.posts.published_ms[read]
        read, born = read[born >= 0], born[born >= 0]
        post, at = np.concatenate([read, post]), np.concatenate([born, at])
        count = np.concatenate([np.zeros(read.shape[0], np.int64), count])
        order = np.lexsort((count, at, post))
        return Readership(post[order], at[order], count[order])

    def at(self, post: Ints, when: Ints) -> Floats:
        """Reads of these posts at these moments, ``float64[k]``; -1 outside what was read."""
        if self.post.shape[0] == 0 or post.shape[0] == 0:
            return np.full(post.shape[0], -1.0)
        base = int(min(self.at_ms.min(), when.min()))
        span = int(max(self.at_ms.max(), when.max())) - base + 1
        key, asked = self.post * span + (self.at_ms - base), post * span + (when - base)
        left = np.searchsorted(key, asked, side="right") - 1
        right = np.searchsorted(key, asked)
        inside = (left >= 0) & (right < key.shape[0])
        before, after = np.maximum(left, 0), np.minimum(right, key.shape[0] - 1)
        inside &= (self.post[before] == post) & (self.post[after] == post)
        part = (asked - key[before]) / np.maximum(key[after] - key[before], 1)
        value = self.count[before] + (self.count[after] - self.count[before]) * part
        return np.where(inside, value, -1.0)


def post_of(section: Section, targets: Ints) -> Ints:
    """The post of each target: itself, or the post a comment stands under."""
    posts = len(section.posts)
    if len(section.comments) == 0:
        return targets
    under = section.comments.post[np.clip(targets - posts, 0, len(section.comments) - 1)].astype(np.int64)
    return np.where(targets < posts, targets, under)
