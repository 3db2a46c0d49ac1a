"""Likes that a row can have drawn from those who saw it: what comes beyond that in a stretch is not heard.

A burst says that many came, not that a row is better. So a row's life is cut into stretches by how many saw it, and in
none of them more likes are heard than the row, by all that is known of it from the others, would have drawn in 99
stretches of 100. Bought likes that nothing else betrays then lift a row by a stretch's worth, not by their number; to
be heard they have to come as slowly as readers do.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numba import njit

from plaudit.model import Floats, Ints, Ints32

HEARD_Z = 2.3263478740408408
"""Standard normal quantile of 99 stretches of 100."""
_ROUNDS = 8
_LEAST_SPREAD, MOST_SPREAD = 0.02, 5.0
"""Between these a spread is held."""


@njit(cache=True, nogil=True)
def most_drawn(mean: float, spread: float) -> float:
    """Likes that are exceeded once in a hundred stretches, a whole number; 0 where none are expected.

    A negative binomial of this mean and variance ``mean + spread mean^2``, by the first terms of Cornish & Fisher
    (1938): within a like or a tenth of the exact quantile.
    """
    if mean <= 1e-9:
        return 0.0
    wide = 1.0 + spread * mean
    deviation = np.sqrt(mean * wide)
    skew = (wide + spread * mean) / deviation
    return float(np.floor(mean + deviation * (HEARD_Z + (HEARD_Z * HEARD_Z - 1.0) / 6.0 * skew) + 0.5))


@njit(cache=True, nogil=True)
def heard_by_stretch(
    likes: Floats, beside: Floats, looks: Floats, shape0: float, rate0: float, spread: float, own: float
) -> tuple[Floats, Floats]:
    """Likes heard in each stretch and the looks that belong to them, ``float64[n, stretches]`` each.

    All likes, but no more than the other stretches of the row let expect of those who saw it there. Who gave a like
    that is not heard is not counted as having seen it either: a delivery neither lifts a row nor makes it look unloved.

    Where likes that are heard otherwise came into the same stretch, what can be heard of it is shared with them: which
    of the crowd are its own nobody knows, so each like has the same part. They say nothing of the other stretches.

    Args:
        likes: ``float64[n, stretches]``; ``beside``: likes in the same stretch that are heard otherwise; ``looks``: how
            many saw the row there, likers included, in any unit.
        shape0, rate0: the gamma distribution of likes per look behind the rows.
        spread: relative variance of the rate between stretches of one row, see :func:`spread_between`.
        own: looks that one like makes: 1 where looks were counted, 0 where attention stands in for them.
    """
    heard, seen = np.empty(likes.shape), np.empty(likes.shape)
    for row in range(likes.shape[0]):
        for k in range(likes.shape[1]):
            heard[row, k], seen[row, k] = likes[row, k], looks[row, k]
        for _ in range(_ROUNDS):
            all_heard, all_seen = 0.0, 0.0
            for k in range(likes.shape[1]):
                all_heard += heard[row, k]
                all_seen += seen[row, k]
            moved = False
            for k in range(likes.shape[1]):
                if heard[row, k] == 0.0:
                    continue
                shape = shape0 + all_heard - heard[row, k]
                rate = shape / (rate0 + all_seen - seen[row, k])
                most = most_drawn(rate * seen[row, k], spread + 1.0 / shape)
                came = likes[row, k] + beside[row, k]
                if most < came:
                    most *= likes[row, k] / came
                    if most < heard[row, k]:
                        heard[row, k] = most
                        moved = True
            if not moved:
                break
            for k in range(likes.shape[1]):
                seen[row, k] = max(looks[row, k] - own * (likes[row, k] - heard[row, k]), 0.0)
    return heard, seen


@njit(cache=True, nogil=True)
def _beyond(
    cells: Ints,
    likes: Floats,
    others: Floats,
    heard: Floats,
    looks: Floats,
    shape0: float,
    rate0: float,
    all_seen: float,
    spread: float,
) -> float:
    """Likes of one row that are not heard, all in ``cells``; the other arrays are by part, and ``heard`` is filled."""
    for k in cells:
        heard[k] = likes[k]
    for _ in range(_ROUNDS):
        all_heard = 0.0
        for k in cells:
            all_heard += heard[k]
        moved = False
        for k in cells:
            if heard[k] == 0.0:
                continue
            shape = shape0 + all_heard - heard[k]
            rate = shape / (rate0 + all_seen - looks[k])
            most = most_drawn(rate * looks[k], spread + 1.0 / shape)
            came = likes[k] + others[k]
            if most < came:
                most *= likes[k] / came
                if most < heard[k]:
                    heard[k] = most
                    moved = True
        if not moved:
            break
    out = 0.0
    for k in cells:
        out += likes[k] - heard[k]
    return out


@njit(cache=True, nogil=True)
def unheard_by_row(
    row: Ints32,
    part: Ints32,
    beside: Ints,
    beside_part: Ints,
    looks: Floats,
    share: Floats,
    shape0: float,
    rate0: float,
    spread: float,
) -> Floats:
    """Likes of each row that are not heard where attention stands in for looks, ``float64[2, n]``.

    As it is, and as it would be if nobody came beside. The rule of :func:`heard_by_stretch` on likes as they come and
    not on a table: a row of thirty may have a thousand parts.

    Args:
        row, part: of each like, rows ascending, ``int32[likes]``; ``beside``, ``beside_part``: of those that are heard
            otherwise, ``int64``, rows ascending.
        looks: attention each row got, ``float64[n]``; ``share``: that of each part, ``float64[parts]``.
        shape0, rate0, spread: as there.
    """
    width = share.shape[0]
    out = np.zeros((2, looks.shape[0]))
    likes, others, nobody = np.zeros(width), np.zeros(width), np.zeros(width)
    heard, seen = np.zeros(width), np.zeros(width)
    filled = np.empty(width, np.int64)
    at, also = 0, 0
    for one in range(looks.shape[0]):
        used, first = 0, also
        while at < row.shape[0] and row[at] == one:
            if likes[part[at]] == 0.0:
                filled[used] = part[at]
                used += 1
            likes[part[at]] += 1.0
            at += 1
        while also < beside.shape[0] and beside[also] == one:
            others[beside_part[also]] += 1.0
            also += 1
        cells = np.sort(filled[:used])
        all_seen = 0.0
        for k in range(width):
            seen[k] = looks[one] * share[k]
            all_seen += seen[k]
        out[0, one] = _beyond(cells, likes, others, heard, seen, shape0, rate0, all_seen, spread)
        out[1, one] = out[0, one]
        if also > first:
            out[1, one] = _beyond(cells, likes, nobody, heard, seen, shape0, rate0, all_seen, spread)
        for k in cells:
            likes[k] = 0.0
        for k in range(first, also):
            others[beside_part[k]] = 0.0
    return out


def heard_by_stretch_plainly(
    likes: Floats, beside: Floats, looks: Floats, shape0: float, rate0: float, spread: float, own: float
) -> tuple[Floats, Floats]:
    """The plain twin, all rows at once."""
    heard, seen = likes.copy(), looks.copy()
    for _ in range(_ROUNDS):
        shape = shape0 + heard.sum(axis=1, keepdims=True) - heard
        rate = shape / (rate0 + seen.sum(axis=1, keepdims=True) - seen)
        mean = np.maximum(rate * seen, 1e-12)
        wide, spreads = 1.0 + (spread + 1.0 / shape) * mean, spread + 1.0 / shape
        deviation = np.sqrt(mean * wide)
        edge = mean + deviation * (HEARD_Z + (HEARD_Z**2 - 1.0) / 6.0 * (wide + spreads * mean) / deviation)
        most, came = np.where(mean > 1e-9, np.floor(edge + 0.5), 0.0), likes + beside
        heard = np.minimum(heard, np.where(most < came, most * (likes / np.maximum(came, 1.0)), likes))
        seen = np.maximum(looks - own * (likes - heard), 0.0)
    return heard, seen


def spread_between(likes: Floats, looks: Floats) -> float:
    """Relative variance of a row's rate between its stretches, the middle one of all rows; moments per row.

    The median, not the mean: rows with bought likes, or one great day, must not decide what is usual.
    """
    return middle_spread([spreads(likes, looks)])


def middle_spread(parts: Sequence[Floats]) -> float:
    """The same from what :func:`spreads` says of some rows after the others."""
    every = np.concatenate([*parts, np.zeros(0)])
    return float(np.clip(np.median(every), _LEAST_SPREAD, MOST_SPREAD)) if every.shape[0] else _LEAST_SPREAD


def spreads(likes: Floats, looks: Floats) -> Floats:
    """Relative variance of the rate of each row that has likes enough to tell, ``float64[m]``."""
    total = likes.sum(axis=1)
    able = (total >= likes.shape[1] / 2) & (looks.sum(axis=1) > 0)
    mean = total[able, None] * looks[able] / looks[able].sum(axis=1, keepdims=True)
    beyond = ((likes[able] - mean) ** 2 - mean).sum(axis=1) / np.maximum((mean * mean).sum(axis=1), 1e-12)
    return np.asarray(beyond, dtype=np.float64)
