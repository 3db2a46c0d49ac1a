"""Who counts: one voice per author, post and region, with what the tests need of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from plaudit.model import Ints, Section


@dataclass(frozen=True)
class Voices:
    """Voices ordered by post, one entry each, ``int64[n]``.

    Attributes:
        row: comment of the section; of several comments of one author under one post the most liked, then the first.
        post, region: where and from where.
        likes: likes shown (low end), -1 unknown.
        created_ms: UTC milliseconds, -1 unknown.
        account: account of each post, ``int64[posts]``, 0 where unknown: an export of one owner.
        regions: how many regions the export names.
    """

    row: Ints
    post: Ints
    region: Ints
    likes: Ints
    created_ms: Ints
    account: Ints
    regions: int

    @property
    def posts(self) -> int:
        """How many posts the section has."""
        return int(self.account.shape[0])


def voices(section: Section) -> Voices:
    """Comments of known region that are not the owner's own, one per author under each post."""
    comments = section.comments
    row = np.flatnonzero((comments.region >= 0) & (comments.by_owner != 1)).astype(np.int64)
    # An unknown author is a voice of its own.
    who = np.where(comments.author[row] >= 0, comments.author[row].astype(np.int64), -1 - row)
    post, likes = comments.post[row].astype(np.int64), comments.likes.low[row]
    order = np.lexsort((comments.created_ms[row], -likes, who, post))
    again = np.r_[False, (np.diff(post[order]) == 0) & (np.diff(who[order]) == 0)] if row.shape[0] else order > 0
    kept = order[~again]
    row = row[np.sort(kept)]
    return Voices(
        row=row,
        post=comments.post[row].astype(np.int64),
        region=comments.region[row].astype(np.int64),
        likes=comments.likes.low[row],
        created_ms=comments.created_ms[row],
        account=np.maximum(section.posts.account, 0).astype(np.int64),
        regions=len(comments.regions) or int(comments.region.max(initial=-1)) + 1,
    )
