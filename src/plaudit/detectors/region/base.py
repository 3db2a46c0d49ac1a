"""Is one region crowded under a post, against the regions of the account's other posts?

Topics move regions innocently (a local event, a city's dialect), so posts of one account are over-dispersed draws from
its base: Dirichlet-multinomial (Mosimann 1962). How far they stray is learned from the account's other posts, and
averaged over what these leave open: an account of few posts, or of many local ones, is hard to surprise.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln, logsumexp

from plaudit.detectors.region.voices import Voices
from plaudit.kernels.exact import log_beta_binomial_tail
from plaudit.model import Floats, Ints

_TOGETHER = np.geomspace(0.5, 20_000.0, 24)
"""How alike posts may be: the size of the sample from the base that a post's own chances are worth."""
_UNSEEN = 0.5
LEAST = 3
"""Voices of one region below which nothing crowds."""


@dataclass(frozen=True)
class Crowds:
    """The most crowded region of each post that has one, one entry per post.

    Attributes:
        post, region, seen, expected: where, which, how many voices, and how many there would be.
        log_p: ``ln p`` for the post, over all regions and draws looked at.
        draw: which of the draws in ``member`` it was.
        member: draw each voice belongs to, ``int64[voices]``, -1 for none.
    """

    post: Ints
    region: Ints
    seen: Ints
    expected: Floats
    log_p: Floats
    draw: Ints
    member: Ints

    def voices_of(self, k: int, heard: Voices) -> Ints:
        """The voices that crowd, of entry ``k``."""
        first, last = np.searchsorted(heard.post, [self.post[k], self.post[k] + 1])
        here = (heard.region[first:last] == self.region[k]) & (self.member[first:last] == self.draw[k])
        return np.asarray(first + np.flatnonzero(here), dtype=np.int64)


def crowded_posts(heard: Voices) -> Crowds:
    """Judge every post of every account with another post."""
    parts = [_account(heard, number) for number in np.unique(heard.account)]
    return most_crowded(np.concatenate(parts, axis=1) if parts else np.zeros((6, 0)), heard.post)


def most_crowded(cells: Floats, member: Ints) -> Crowds:
    """The least likely cell of each post.

    Args:
        cells: rows post, region, seen, expected, ``ln p`` and draw of each cell, ``float64[6, k]``.
        member: as in :class:`Crowds`.
    """
    post, region, seen, expected, log_p, draw = cells
    order = np.lexsort((draw, region, log_p, post))
    first = order[np.r_[True, np.diff(post[order]) != 0]] if order.shape[0] else order
    whole = [values[first].astype(np.int64) for values in (post, region, seen, draw)]
    return Crowds(whole[0], whole[1], whole[2], expected[first], log_p[first], whole[3], member)


def _account(heard: Voices, number: int) -> Floats:
    """Cells of one account, as :func:`most_crowded` takes them."""
    mine = np.flatnonzero(heard.account[heard.post] == number)
    post, at = np.unique(heard.post[mine], return_inverse=True)
    if post.shape[0] < 2:
        return np.zeros((6, 0))
    key, seen = np.unique(at.astype(np.int64) * heard.regions + heard.region[mine], return_counts=True)
    cell, region = key // heard.regions, key % heard.regions
    size = np.bincount(at, minlength=post.shape[0]).astype(np.int64)
    used = np.unique(region)
    # The base of a post is all other posts of the account, with half a voice shared by the regions seen anywhere.
    total = np.bincount(region, seen, heard.regions)
    others = float(total.sum()) - size
    chance = (total[region] - seen + _UNSEEN / used.shape[0]) / (others[cell] + _UNSEEN)
    together = _posterior(cell, seen, size, chance)
    crowd = np.flatnonzero((seen >= LEAST) & (seen > chance * size[cell]))
    log_p = np.full(crowd.shape[0], -np.inf)
    spread = float(np.sum(size.astype(np.float64) ** 2) / np.sum(size))
    for k, alike in enumerate(_TOGETHER):
        # The base itself is a sample of posts that stray as much: its error widens what is drawn from it.
        worth = others[cell[crowd]] / (1.0 + (spread - 1.0) / (alike + 1.0))
        both = 1.0 / (1.0 / (alike + 1.0) + 1.0 / (worth + 1.0))
        joint = np.maximum(both - 1.0, 1e-3)
        # In voices the base is worth, one more is shared by all regions (Perks 1947): rare ones are not impossible.
        p = (worth * chance[crowd] + 1.0 / used.shape[0]) / (worth + 1.0)
        tail = log_beta_binomial_tail(seen[crowd], size[cell[crowd]], joint * p, joint * (1.0 - p))
        log_p = np.logaddexp(log_p, together[cell[crowd], k] + tail)
    log_p = np.minimum(log_p + np.log(used.shape[0]), 0.0)
    where, expected = post[cell[crowd]], chance[crowd] * size[cell[crowd]]
    return np.stack([where, region[crowd], seen[crowd], expected, log_p, where]).astype(np.float64)


def _posterior(cell: Ints, seen: Ints, size: Ints, chance: Floats) -> Floats:
    """Log weight of each value of ``_TOGETHER`` for each post, by the account's other posts, ``float64[posts, g]``."""
    told = np.empty((size.shape[0], _TOGETHER.shape[0]))
    for k, alike in enumerate(_TOGETHER):
        of_cell = gammaln(seen + alike * chance) - gammaln(alike * chance)
        told[:, k] = np.bincount(cell, of_cell, size.shape[0]) + gammaln(alike) - gammaln(alike + size)
    left = told.sum(axis=0) - told
    return np.asarray(left - logsumexp(left, axis=1, keepdims=True), dtype=np.float64)
