"""Verified likes that came faster than readers can have: they count, and lift nothing on a board.

Without exposures nobody knows how many saw a target when. What is known is how attention to targets of this log fades
with age (:mod:`plaudit.kernels.response`): it cuts a target's life into stretches of equal attention, and
:mod:`plaudit.kernels.heard` says how many likes of each can be heard.
"""

from __future__ import annotations

import numpy as np

from plaudit.kernels.board import gamma_poisson_prior
from plaudit.kernels.heard import heard_by_stretch, spread_between
from plaudit.kernels.response import response_curve
from plaudit.model import Floats, Ints

STRETCHES = 64
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
