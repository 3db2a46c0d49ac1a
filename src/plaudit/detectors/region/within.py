"""Is one region crowded among the most liked, or within moments, against the same post's own comments?

The post's own regions are granted, so a local topic explains itself. Given them, who is liked and who comes together
are draws without replacement: Fisher's exact test (1935). Where likes or moments of this export follow regions anyway
(a group chat that comes along), tests of the whole export wander, and every test is measured by that (Efron 2004).
"""

from __future__ import annotations

import numpy as np

from plaudit.detectors.region.base import LEAST, Crowds, most_crowded
from plaudit.detectors.region.voices import Voices
from plaudit.kernels.exact import log_hypergeometric_tail
from plaudit.kernels.tails import central_match, log_p_of_score, normal_score
from plaudit.model import Floats, Ints

_TOP = 0.1
_LEAST_TOP = 5
_WINDOWS = (5, 10, 20, 40)
_HALF = 2
_TRUST = 50


def crowded_top(heard: Voices) -> Crowds:
    """Judge the most liked tenth (at least five) of each post with twice as many comments of known likes."""
    known = np.flatnonzero(heard.likes >= 0)
    post, start, size = np.unique(heard.post[known], return_index=True, return_counts=True)
    at = np.repeat(np.arange(post.shape[0]), size)
    order = np.lexsort((heard.row[known], -heard.likes[known], at))
    wanted = np.maximum(_LEAST_TOP, np.ceil(_TOP * size).astype(np.int64))
    # Equal likes are not parted: all that are liked like the last wanted one stand outside.
    edge = heard.likes[known][order[np.minimum(start + wanted, start + size - 1)]]
    top = heard.likes[known] > edge[at]
    top &= (size >= _HALF * wanted)[at]
    return _judge(heard, known, at, post, np.where(top, at, -1))


def crowded_moments(heard: Voices) -> list[Crowds]:
    """Judge stretches of 5 to 40 consecutive comments of each post, half a stretch apart."""
    known = np.flatnonzero(heard.created_ms >= 0)
    known = known[np.lexsort((heard.row[known], heard.created_ms[known], heard.post[known]))]
    post, start, size = np.unique(heard.post[known], return_index=True, return_counts=True)
    at = np.repeat(np.arange(post.shape[0]), size)
    rank = np.arange(known.shape[0]) - start[at]
    out = []
    for length in _WINDOWS:
        for shift in (0, length // 2):
            stretch = (rank - shift) // length
            whole = (rank >= shift) & ((stretch + 1) * length + shift <= size[at]) & (size >= _HALF * length)[at]
            number = np.where(whole, at * (int(size.max(initial=1)) + 1) + stretch, -1)
            out.append(_judge(heard, known, at, post, number))
    return out


def _judge(heard: Voices, known: Ints, at: Ints, post: Ints, number: Ints) -> Crowds:
    """Fisher's test of every (draw, region) of which a post has ``LEAST`` voices.

    ``known`` are voices, ``at`` their post (row of ``post``), ``number`` the draw of each, -1 for none.
    """
    member = np.full(heard.row.shape[0], -1, dtype=np.int64)
    member[known] = number
    drawn = number >= 0
    region, regions = heard.region[known], heard.regions
    have = np.bincount(at * regions + region, minlength=post.shape[0] * regions).reshape(post.shape[0], regions)
    size = np.bincount(at, minlength=post.shape[0])
    draw, first, taken = np.unique(number[drawn], return_index=True, return_counts=True)
    of_post = at[drawn][first]
    place = np.searchsorted(draw, number[drawn]).astype(np.int64)
    key, seen = np.unique(place * regions + region[drawn], return_counts=True)
    which, where = key // regions, key % regions
    enough = np.flatnonzero(have[of_post[which], where] >= LEAST)
    which, where, seen = which[enough], where[enough], seen[enough].astype(np.int64)
    here = of_post[which]
    marked, whole, m = have[here, where].astype(np.int64), size[here].astype(np.int64), taken[which].astype(np.int64)
    log_p = _wandering(log_hypergeometric_tail(seen, whole, marked, m))
    # Tests made under this post: its draws, each for every region that has enough voices, met or not.
    tests = np.bincount(of_post, minlength=post.shape[0]) * (have >= LEAST).sum(axis=1)
    log_p = np.minimum(log_p + np.log(np.maximum(tests[here], 1)), 0.0)
    cells = np.stack([post[here], where, seen, m * marked / np.maximum(whole, 1), log_p, draw[which]])
    return most_crowded(cells[:, seen >= LEAST].astype(np.float64), member)


def _wandering(exact: Floats) -> Floats:
    """``ln p`` measured by how far tests of this export wander; never smaller than the exact one."""
    score = normal_score(exact)
    location, scale = central_match(score)
    # The exact test holds until enough tests say otherwise: it counts like _TRUST of them.
    told = score.shape[0] / (score.shape[0] + _TRUST)
    scale = float(np.sqrt(1.0 + told * (scale**2 - 1.0)))
    return np.maximum(exact, log_p_of_score((score - told * location) / scale))
