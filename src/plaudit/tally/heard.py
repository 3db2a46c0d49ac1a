"""Likes that are not as readers of this log are: they count, and lift nothing on a board.

Two things are asked, and both together, by one rule (:mod:`plaudit.kernels.heard`): no part of what a target got may be
more than the other parts let expect.

*When.* Without exposures nobody knows how many saw a target when. What is known is how attention to targets of this
log fades with age (:mod:`plaudit.kernels.response`): it cuts a target's life into stretches of equal attention, and the
rule says how many likes of each can be heard.

*From whom.* Readers of a log are of all kinds, from those who like everything to those who came once. Accounts are put
into classes by how much else they like, with equally many likes in each, and a target hears of one class no more than
its other classes let expect. Hands that were made for the purpose, or that do nothing else, are alike in this.

*Both.* A crowd of readers that comes at once is of all kinds; of hands that come at once, one is heard.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plaudit.kernels.board import gamma_poisson_prior
from plaudit.kernels.heard import MOST_SPREAD, heard_by_stretch, middle_spread, spreads
from plaudit.kernels.response import response_curve
from plaudit.model import Floats, Ints, Ints32

STRETCHES = 64
CLASSES = 16
"""Classes of accounts; fewer where many likes come from accounts that do equally much."""
_RESOLUTION_MS = 1000.0
_MOST_CELLS = 2_000_000
"""Parts of targets looked at together."""


def unheard(target: Ints, at_ms: Ints, born_ms: Floats, as_of_ms: int, stretches: int = STRETCHES) -> Floats:
    """Likes of each target that came too fast, ``float64[n_targets]`` >= 0; 0 where its publication is unknown.

    Args:
        target, at_ms: row of ``born_ms`` and UTC milliseconds of each like that could be heard, ``int64[likes]``.
        born_ms: publication of each target, ``float64[n_targets]``, NaN where unknown.
        as_of_ms: until when likes were seen.
    """
    when = _stretches(target, at_ms, born_ms, as_of_ms, stretches)
    return _not_heard(when, _spread(when), born_ms.shape[0])


def unheard_by_class(target: Ints, elsewhere: Ints, size: int, classes: int = CLASSES) -> Floats:
    """Likes of each target that are too many of one kind of account, ``float64[size]`` >= 0.

    Args:
        target, elsewhere: of each like that could be heard, ``int64[likes]``: below ``size``, and how many other likes
            its account gives in this log.
        size: how many targets there are.
    """
    who = _classes(target, elsewhere, size, classes)
    # Where all accounts are of one kind there is nothing to be compared with.
    return _not_heard(who, _spread(who), size) if who.share.shape[0] > 1 else np.zeros(size)


def unheard_together(target: Ints, at_ms: Ints, elsewhere: Ints, born_ms: Floats, as_of_ms: int) -> Floats:
    """Likes of each target that are too many of one kind of account in one stretch, ``float64[n_targets]`` >= 0.

    Arguments as above. Readers that come all at once are of all kinds, hands that come all at once are not.
    """
    when = _stretches(target, at_ms, born_ms, as_of_ms, STRETCHES)
    who = _classes(target[when.rows], elsewhere[when.rows], born_ms.shape[0], CLASSES)
    return _together(when, _spread(when), who, _spread(who), born_ms.shape[0])


def unheard_strictest(target: NDArray[Any], at_ms: Ints, elsewhere: Ints, born_ms: Floats, as_of_ms: int) -> Floats:
    """The most likes of each target that any of the three questions leaves unheard, ``float64[n_targets]`` >= 0.

    Arguments as above; every publication is known. Stretches and classes are made once for all three.
    """
    size = born_ms.shape[0]
    when = _stretches(target, at_ms, born_ms, as_of_ms, STRETCHES)
    who = _classes(target, elsewhere, size, CLASSES)
    paced, mixed = _spread(when), _spread(who)
    out = np.maximum(_not_heard(when, paced, size), _together(when, paced, who, mixed, size))
    return np.maximum(out, _not_heard(who, mixed, size)) if who.share.shape[0] > 1 else out


def _together(when: _Parts, paced: float, who: _Parts, mixed: float, size: int) -> Floats:
    """Stretches and classes of the same likes in the same order, asked together, with the spread of each."""
    kinds = who.share.shape[0]
    if kinds < 2:
        return np.zeros(size)
    share: Floats = np.outer(when.share, who.share).ravel().astype(np.float64)
    both = replace(when, part=when.part * kinds + who.part, share=share)
    # A link passed on among people alike is a burst of one kind: such parts get the benefit of a wide spread.
    return _not_heard(both, max((1.0 + paced) * (1.0 + mixed) - 1.0, MOST_SPREAD), size)


@dataclass(frozen=True)
class _Parts:
    """Likes by target and part of what the target got.

    Attributes:
        rows: the likes, ``int64[k]``, by target; ``target``: row of each in ``known``,
            ``int32[k]``; ``part``: which part, ``int16[k]``.
        known: targets with a like; ``looks``: attention each got, ``float64[known]``; ``share``: that of each part.
    """

    rows: Ints
    target: Ints32
    part: NDArray[np.int16]
    known: Ints
    looks: Floats
    share: Floats


def _stretches(target: NDArray[Any], at_ms: Ints, born_ms: Floats, as_of_ms: int, stretches: int) -> _Parts:
    rows = np.flatnonzero(np.isfinite(born_ms[target]))
    rows = rows[np.argsort(target[rows], kind="stable")]
    own = target[rows]
    age = np.maximum(at_ms[rows] - born_ms[own], 0.0)
    most = np.bincount(own, minlength=born_ms.shape[0])
    known = np.flatnonzero(most > 0)
    share = np.full(stretches, 1.0 / stretches)
    if rows.size == 0:
        return _Parts(rows, own.astype(np.int32), own.astype(np.int16), known, np.zeros(0), share)
    limit = np.maximum(as_of_ms - born_ms, 1.0)
    np.maximum.at(limit, own, age)
    # Every target tells how attention fades by the root of its likes: one great success must not be the curve.
    curve = response_curve(age, limit[own], 1.0 / np.sqrt(most[own]), _RESOLUTION_MS)
    row = _places(known, own, most.shape[0])
    whole = np.maximum(curve(limit[known]), 1e-12)
    part = np.minimum((curve(age) / whole[row] * stretches).astype(np.int16), stretches - 1)
    return _Parts(rows, row, part, known, whole, share)


def _classes(target: NDArray[Any], elsewhere: Ints, size: int, classes: int) -> _Parts:
    rows = np.argsort(target, kind="stable")
    target, elsewhere = target[rows], elsewhere[rows]
    most = np.bincount(target, minlength=size)
    known = np.flatnonzero(most > 0)
    row = _places(known, target, size)
    if target.size == 0:
        return _Parts(rows, row, row.astype(np.int16), known, np.zeros(0), np.zeros(0))
    edges = np.unique(np.quantile(elsewhere, np.arange(1, classes) / classes))
    of = np.searchsorted(edges, elsewhere, side="right").astype(np.int16)
    # As with attention: one great success must not say what readers are.
    share = np.bincount(of, 1.0 / np.sqrt(most[target]), edges.shape[0] + 1)
    found = np.flatnonzero(share > 0)
    return _Parts(
        rows,
        row,
        np.searchsorted(found, of).astype(np.int16),
        known,
        np.ones(known.shape[0]),
        share[found] / share.sum(),
    )


def _places(known: Ints, target: NDArray[Any], size: int) -> Ints32:
    """Where each target stands in ``known``, ascending numbers below ``size`` that hold them all."""
    place = np.zeros(size, np.int32)
    place[known] = np.arange(known.shape[0], dtype=np.int32)
    return np.asarray(place[target], dtype=np.int32)


def _table(parts: _Parts, first: int, stop: int) -> tuple[Floats, Floats]:
    """Likes of each part of targets ``first:stop`` of ``known``, and the attention to it, ``float64[rows, parts]``."""
    width = parts.share.shape[0]
    a, b = np.searchsorted(parts.target, [first, stop])
    cell = (parts.target[a:b].astype(np.int64) - first) * width + parts.part[a:b]
    likes = np.bincount(cell, minlength=(stop - first) * width).reshape(-1, width).astype(np.float64)
    return likes, parts.looks[first:stop, None] * parts.share


def _some_at_a_time(parts: _Parts) -> Iterator[tuple[int, int]]:
    """First and last but one of the known targets that are looked at together: their table must not be as a log."""
    step = max(1, _MOST_CELLS // parts.share.shape[0])
    for first in range(0, parts.known.shape[0], step):
        yield first, min(first + step, parts.known.shape[0])


def _spread(parts: _Parts) -> float:
    """How much the rate differs between the parts of one target, by this log."""
    if parts.known.size == 0:
        return 0.0
    return middle_spread([spreads(*_table(parts, first, stop)) for first, stop in _some_at_a_time(parts)])


def _not_heard(parts: _Parts, spread: float, size: int) -> Floats:
    """Likes beyond what the other parts of a target let expect, ``float64[size]``."""
    out = np.zeros(size)
    if parts.known.size == 0:
        return out
    total = np.bincount(parts.target, minlength=parts.known.shape[0]).astype(np.float64)
    prior = gamma_poisson_prior(total, parts.looks)
    for first, stop in _some_at_a_time(parts):
        likes, looks = _table(parts, first, stop)
        heard, _ = heard_by_stretch(likes, looks, *prior, spread, 0.0)
        out[parts.known[first:stop]] = (likes - heard).sum(axis=1)
    return out
