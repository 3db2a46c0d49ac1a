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

Likes of a group that came together beyond chance are heard as its one voice and not here. But where they come they are
part of the crowd: of a stretch they fill, likes outside the group have the same part as any other like in it, and what
can be heard of one stretch is not heard twice. The first like this takes from them is given back: a group bought for a
rival must not cost it places.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plaudit.kernels.board import gamma_poisson_prior
from plaudit.kernels.heard import MOST_SPREAD, middle_spread, spreads, unheard_by_row
from plaudit.kernels.response import response_curve
from plaudit.model import Bools, Floats, Ints, Ints32

STRETCHES = 64
CLASSES = 16
"""Classes of accounts; fewer where many likes come from accounts that do equally much."""
_RESOLUTION_MS = 1000.0
_MOST_CELLS = 2_000_000
"""Parts of targets looked at together."""
_AT_A_TIME = 1 << 20
"""Likes whose stretch is told together."""
_NONE: Ints = np.zeros(0, np.int64)


def unheard(target: Ints, at_ms: Ints, born_ms: Floats, as_of_ms: int, stretches: int = STRETCHES) -> Floats:
    """Likes of each target that came too fast, ``float64[n_targets]`` >= 0; 0 where its publication is unknown.

    Args:
        target, at_ms: row of ``born_ms`` and UTC milliseconds of each like that could be heard, ``int64[likes]``.
        born_ms: publication of each target, ``float64[n_targets]``, NaN where unknown.
        as_of_ms: until when likes were seen.
    """
    when = _stretches(target, at_ms, born_ms, as_of_ms, stretches)
    out: Floats = _not_heard(when, _spread(when), born_ms.shape[0])[0]
    return out


def unheard_by_class(target: Ints, elsewhere: Ints, size: int, classes: int = CLASSES) -> Floats:
    """Likes of each target that are too many of one kind of account, ``float64[size]`` >= 0.

    Args:
        target, elsewhere: of each like that could be heard, ``int64[likes]``: below ``size``, and how many other likes
            its account gives in this log.
        size: how many targets there are.
    """
    who = _classes(target, elsewhere, size, classes)
    # Where all accounts are of one kind there is nothing to be compared with.
    return _not_heard(who, _spread(who), size)[0] if who.share.shape[0] > 1 else np.zeros(size)


def unheard_together(target: Ints, at_ms: Ints, elsewhere: Ints, born_ms: Floats, as_of_ms: int) -> Floats:
    """Likes of each target that are too many of one kind of account in one stretch, ``float64[n_targets]`` >= 0.

    Arguments as above. Readers that come all at once are of all kinds, hands that come all at once are not.
    """
    when = _stretches(target, at_ms, born_ms, as_of_ms, STRETCHES)
    who = _classes(target[when.rows], elsewhere[when.rows], born_ms.shape[0], CLASSES)
    out: Floats = _together(when, _spread(when), who, _spread(who), born_ms.shape[0])[0]
    return out


def unheard_strictest(
    target: NDArray[Any], at_ms: Ints, elsewhere: Ints, born_ms: Floats, as_of_ms: int, grouped: Bools | None = None
) -> Floats:
    """The most likes of each target that any of the three questions leaves unheard, ``float64[n_targets]``, whole.

    Stretches and classes are made once for all three. Every publication is known.

    Args:
        target, at_ms, elsewhere, born_ms, as_of_ms: as above, of all likes that are not discounted.
        grouped: of each, whether it is heard as its group's voice, ``bool[likes]``: such likes are never among those
            told here, and teach nothing about readers; they fill the stretches they come in. None: of no like.
    """
    size, others, also = born_ms.shape[0], (_NONE, _NONE), (_NONE, _NONE)
    if grouped is not None and grouped.any():
        others, also = (target[grouped], at_ms[grouped]), (target[grouped], elsewhere[grouped])
        free = ~grouped
        target, at_ms, elsewhere = target[free], at_ms[free], elsewhere[free]
    when = _stretches(target, at_ms, born_ms, as_of_ms, STRETCHES, others)
    del at_ms
    who = _classes(target, elsewhere, size, CLASSES, also)
    del target, elsewhere
    paced, mixed = _spread(when), _spread(who)
    out = np.maximum(_not_heard(when, paced, size), _together(when, paced, who, mixed, size))
    # In a class of accounts a group has no stretch to fill: readers of its kind may come on any day.
    alone = replace(who, beside=_NONE, beside_part=_NONE)
    out = np.maximum(out, _not_heard(alone, mixed, size)) if who.share.shape[0] > 1 else out
    with_it, without = np.rint(out)
    # Whom a rival buys a group for loses no more than it came with: the first like its coming took is given back.
    return np.asarray(with_it - np.clip(with_it - without, 0.0, 1.0), np.float64)


def _together(when: _Parts, paced: float, who: _Parts, mixed: float, size: int) -> Floats:
    """Stretches and classes of the same likes in the same order, asked together, with the spread of each."""
    kinds = who.share.shape[0]
    if kinds < 2:
        return np.zeros((2, size))
    share: Floats = np.outer(when.share, who.share).ravel().astype(np.float64)
    cells = when.part * kinds + who.part, when.beside_part * kinds + who.beside_part
    both = replace(when, part=cells[0], beside_part=cells[1], share=share)
    # A link passed on among people alike is a burst of one kind: such parts get the benefit of a wide spread.
    return _not_heard(both, max((1.0 + paced) * (1.0 + mixed) - 1.0, MOST_SPREAD), size)


@dataclass(frozen=True)
class _Parts:
    """Likes by target and part of what the target got.

    Attributes:
        rows: the likes by target, as an index (all of them, where they came so); ``target``: row of each in ``known``,
            ``int32[k]``; ``part``: which part, ``int16[k]``.
        known: targets with a like; ``looks``: attention each got, ``float64[known]``; ``share``: that of each part.
        beside, beside_part: row in ``known``, ascending, and part of each like of a suspected group on these targets.
    """

    rows: Any
    target: Ints32
    part: NDArray[np.int16]
    known: Ints
    looks: Floats
    share: Floats
    beside: Ints
    beside_part: Ints


def _stretches(
    target: NDArray[Any],
    at_ms: Ints,
    born_ms: Floats,
    as_of_ms: int,
    stretches: int,
    beside: tuple[NDArray[Any], Ints] = (_NONE, _NONE),
) -> _Parts:
    """Likes by stretch of attention; ``beside``: target and time of those of suspected groups."""
    rows = _by_target(target, np.isfinite(born_ms))
    own = target[rows]
    age = born_ms[own]
    np.maximum(np.subtract(at_ms[rows], age, out=age), 0.0, out=age)
    most = np.bincount(own, minlength=born_ms.shape[0])
    known = np.flatnonzero(most > 0)
    share = np.full(stretches, 1.0 / stretches)
    if own.size == 0:
        return _Parts(rows, own.astype(np.int32), own.astype(np.int16), known, np.zeros(0), share, _NONE, _NONE)
    limit = np.maximum(as_of_ms - born_ms, 1.0)
    first = np.cumsum(most[known]) - most[known]
    limit[known] = np.maximum(limit[known], np.maximum.reduceat(age, first))
    # Every target tells how attention fades by the root of its likes: one great success must not be the curve.
    curve = response_curve(age, limit[own], (1.0 / np.sqrt(np.maximum(most, 1)))[own], _RESOLUTION_MS)
    row = _places(known, own, most.shape[0])
    whole = np.maximum(curve(limit[known]), 1e-12)
    part = np.empty(row.shape[0], np.int16)
    for begin in range(0, row.shape[0], _AT_A_TIME):
        some = slice(begin, begin + _AT_A_TIME)
        part[some] = np.minimum((curve(age[some]) / whole[row[some]] * stretches).astype(np.int16), stretches - 1)
    other, also = _on(known, *beside)
    late = np.maximum(also - born_ms[known[other]], 0.0)
    also_part = np.minimum((curve(late) / whole[other] * stretches).astype(np.int64), stretches - 1)
    return _Parts(rows, row, part, known, whole, share, other, also_part)


def _on(known: Ints, target: NDArray[Any], value: Ints) -> tuple[Ints, Ints]:
    """Row in ``known`` and value of the likes on these targets, by target."""
    row = np.searchsorted(known, target)
    kept = np.flatnonzero(known[np.minimum(row, known.shape[0] - 1)] == target)
    kept = kept[np.argsort(row[kept], kind="stable")]
    return row[kept], value[kept]


def _classes(
    target: NDArray[Any],
    elsewhere: Ints,
    size: int,
    classes: int,
    beside: tuple[NDArray[Any], Ints] = (_NONE, _NONE),
) -> _Parts:
    """Likes by class of account; ``beside``: target and likes elsewhere of those of suspected groups."""
    rows = _by_target(target)
    target, elsewhere = target[rows], elsewhere[rows]
    most = np.bincount(target, minlength=size)
    known = np.flatnonzero(most > 0)
    row = _places(known, target, size)
    if target.size == 0:
        return _Parts(rows, row, row.astype(np.int16), known, np.zeros(0), np.zeros(0), _NONE, _NONE)
    edges = np.unique(np.quantile(elsewhere, np.arange(1, classes) / classes))
    of = np.searchsorted(edges, np.arange(int(elsewhere.max()) + 1), side="right").astype(np.int16)[elsewhere]
    # As with attention: one great success must not say what readers are.
    share = np.bincount(of, (1.0 / np.sqrt(np.maximum(most, 1)))[target], edges.shape[0] + 1)
    found = np.flatnonzero(share > 0)
    other, also = _on(known, *beside)
    # A class no reader is of is the next one.
    also_part = np.minimum(np.searchsorted(found, np.searchsorted(edges, also, side="right")), found.shape[0] - 1)
    return _Parts(
        rows,
        row,
        np.searchsorted(found, np.arange(edges.shape[0] + 1)).astype(np.int16)[of],
        known,
        np.ones(known.shape[0]),
        share[found] / share.sum(),
        other,
        also_part,
    )


def _by_target(target: NDArray[Any], kept: Bools | None = None) -> Any:
    """Index of the likes on targets that are ``kept`` (None: on all), by target, as they came on each."""
    every = kept is None or bool(kept[target].all())
    if every and bool((target[1:] >= target[:-1]).all()):
        return slice(None)
    rows = np.arange(target.shape[0]) if kept is None else np.flatnonzero(kept[target])
    return rows[np.argsort(target[rows], kind="stable")]


def _places(known: Ints, target: NDArray[Any], size: int) -> Ints32:
    """Where each target stands in ``known``, ascending numbers below ``size`` that hold them all."""
    place = np.zeros(size, np.int32)
    place[known] = np.arange(known.shape[0], dtype=np.int32)
    return np.asarray(place[target], dtype=np.int32)


def _table(parts: _Parts, first: int, stop: int) -> tuple[Floats, Floats]:
    """Likes of each part of targets ``first:stop`` of ``known``, and the attention to it, ``float64[rows, parts]``."""
    likes = _tabled(parts.target, parts.part, first, stop, parts.share.shape[0])
    return likes, parts.looks[first:stop, None] * parts.share


def _tabled(target: NDArray[Any], part: NDArray[Any], first: int, stop: int, width: int) -> Floats:
    a, b = np.searchsorted(target, [first, stop])
    cell = (target[a:b].astype(np.int64) - first) * width + part[a:b]
    return np.bincount(cell, minlength=(stop - first) * width).reshape(-1, width).astype(np.float64)


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
    """Likes beyond what the other parts of a target let expect, ``float64[2, size]``: as it is, and with no group."""
    out = np.zeros((2, size))
    if parts.known.size == 0:
        return out
    total = np.bincount(parts.target, minlength=parts.known.shape[0]).astype(np.float64)
    prior = gamma_poisson_prior(total, parts.looks)
    part = parts.part.astype(np.int32)
    out[:, parts.known] = unheard_by_row(
        parts.target, part, parts.beside, parts.beside_part, parts.looks, parts.share, *prior, spread
    )
    return out
