"""Likes that are not as readers of this log are: they count, and lift nothing on a board.

Two things are asked, by one rule (:mod:`plaudit.kernels.heard`): no part of what a target got may be more than the
other parts let expect.

*When.* Without exposures nobody knows how many saw a target when. What is known is how attention to targets of this
log fades with age (:mod:`plaudit.kernels.response`): it cuts a target's life into stretches of equal attention, and the
rule says how many likes of each can be heard.

*From whom.* Readers of a log are of all kinds, from those who like everything to those who came once. Accounts are put
into classes by how much else they like, with equally many likes in each, and a target hears of one class no more than
its other classes let expect. Hands that were made for the purpose, or that do nothing else, are alike in this.
"""

from __future__ import annotations

import numpy as np

from plaudit.kernels.board import gamma_poisson_prior
from plaudit.kernels.heard import heard_by_stretch, spread_between
from plaudit.kernels.response import response_curve
from plaudit.model import Floats, Ints

STRETCHES = 64
CLASSES = 16
"""Classes of accounts; fewer where many likes come from accounts that do equally much."""
_RESOLUTION_MS = 1000.0


def unheard(target: Ints, at_ms: Ints, born_ms: Floats, as_of_ms: int, stretches: int = STRETCHES) -> Floats:
    """Likes of each target that are not heard, ``float64[n_targets]`` >= 0; 0 where its publication is unknown.

    Args:
        target, at_ms: row of ``born_ms`` and UTC milliseconds of each like that could be heard, ``int64[likes]``.
        born_ms: publication of each target, ``float64[n_targets]``, NaN where unknown.
        as_of_ms: until when likes were seen.
    """
    size = born_ms.shape[0]
    rows = np.flatnonzero(np.isfinite(born_ms[target]))
    if rows.size == 0:
        return np.zeros(size)
    own, age = target[rows], np.maximum(at_ms[rows] - born_ms[target[rows]], 0.0)
    most = np.bincount(own, minlength=size)
    limit = np.maximum(as_of_ms - born_ms, 1.0)
    np.maximum.at(limit, own, age)
    # Every target tells how attention fades by the root of its likes: one great success must not be the curve.
    curve = response_curve(age, limit[own], 1.0 / np.sqrt(most[own]), _RESOLUTION_MS)
    known = np.flatnonzero(most > 0)
    row = np.searchsorted(known, own)
    whole = np.maximum(curve(limit[known]), 1e-12)
    cell = np.minimum((curve(age) / whole[row] * stretches).astype(np.int64), stretches - 1)
    counted = np.bincount(row * stretches + cell, minlength=known.shape[0] * stretches)
    likes = counted.reshape(known.shape[0], stretches).astype(np.float64)
    looks = np.repeat(whole[:, None] / stretches, stretches, axis=1)
    prior = gamma_poisson_prior(likes.sum(axis=1), whole)
    heard, _ = heard_by_stretch(likes, looks, *prior, spread_between(likes, looks), 0.0)
    out = np.zeros(size)
    out[known] = (likes - heard).sum(axis=1)
    return out


def unheard_by_class(target: Ints, elsewhere: Ints, size: int, classes: int = CLASSES) -> Floats:
    """Likes of each target that are not heard because too many are of one kind of account, ``float64[size]`` >= 0.

    Args:
        target, elsewhere: of each like that could be heard, ``int64[likes]``: below ``size``, and how many other likes
            its account gives in this log.
        size: how many targets there are.
    """
    if target.size == 0:
        return np.zeros(size)
    edges = np.unique(np.quantile(elsewhere, np.arange(1, classes) / classes))
    of = np.searchsorted(edges, elsewhere, side="right")
    most = np.bincount(target, minlength=size)
    # As with attention: one great success must not say what readers are.
    share = np.bincount(of, 1.0 / np.sqrt(most[target]), edges.shape[0] + 1)
    found, known = np.flatnonzero(share > 0), np.flatnonzero(most > 0)
    if found.shape[0] < 2:
        return np.zeros(size)  # all accounts are of one kind: nothing to be compared with
    counted = np.bincount(target * share.shape[0] + of, minlength=size * share.shape[0])
    likes = counted.reshape(size, -1)[known][:, found].astype(np.float64)
    looks = np.repeat((share[found] / share.sum())[None, :], known.shape[0], axis=0)
    prior = gamma_poisson_prior(likes.sum(axis=1), np.ones(known.shape[0]))
    heard, _ = heard_by_stretch(likes, looks, *prior, spread_between(likes, looks), 0.0)
    out = np.zeros(size)
    out[known] = (likes - heard).sum(axis=1)
    return out
