"""Honest counts of posts, authors and campaigns: sums of their targets, drawn together and not added up.

Adding the ends of intervals would pretend that all targets err the same way at once; treating them as independent, that
none do. The draws of :mod:`plaudit.tally.bought` are worlds: in each, a group is an order everywhere or nowhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plaudit.model import Floats, Ints
from plaudit.tally.bought import Purchases
from plaudit.tally.count import LEVEL, Tally
from plaudit.tally.worlds import AT_ONCE, Worlds, in_question


@dataclass(frozen=True)
class Sums:
    """Counts of units of one kind, arrays ``[u]``, one entry per unit that has a target.

    Attributes:
        unit: dense number, ascending; ``targets``: how many belong to it.
        shown, verified, discounted, undetermined: exact; ``shown`` is the sum of the others.
        authentic, low, high: estimate and its 90 % interval.
    """

    unit: Ints
    targets: Ints
    shown: Ints
    verified: Ints
    discounted: Ints
    undetermined: Ints
    authentic: Floats
    low: Floats
    high: Floats


def sums(
    counted: Tally,
    may: Purchases,
    unit_of: NDArray[Any],
    seed: int,
    level: float = LEVEL,
    worlds: Worlds | None = None,
) -> Sums:
    """Count every unit; deterministic for a seed, and with the worlds the targets were drawn in if it is theirs.

    Args:
        counted: the targets' own counts, drawn with the same seed.
        may: what they were drawn from.
        unit_of: dense number of each target's unit, ``[n_targets]``, -1 where it belongs to none.
        seed: of the draws.
        level: what the intervals promise.
        worlds: :func:`worlds_of` these units, filled when the targets were drawn, if they were; they are used up.
    """
    known = np.flatnonzero(unit_of >= 0)
    unit, row = np.unique(unit_of[known], return_inverse=True)
    size = unit.shape[0]

    def exact(values: Ints) -> Ints:
        # Sums of integers below 2^53 are exact as doubles.
        return np.asarray(np.bincount(row, values[known], size), np.int64)

    shown = exact(counted.shown)
    authentic = np.asarray(shown - np.bincount(row, (counted.shown - counted.authentic)[known], size), np.float64)
    row_of = np.full(unit_of.shape[0], -1, np.int64)
    row_of[known] = row
    touched = may.touched
    touched = touched[row_of[touched] >= 0]
    parts = np.bincount(row_of[touched], minlength=size)
    few, many = np.zeros(size), np.zeros(size)
    # Where one target alone is in question, its interval is the unit's.
    single = touched[parts[row_of[touched]] == 1]
    few[row_of[single]] = (counted.shown - counted.high)[single]
    many[row_of[single]] = (counted.shown - counted.low)[single]
    for part in _made(may, unit_of, seed) if worlds is None else [worlds]:
        asked = np.searchsorted(unit, part.unit)
        few[asked] = np.quantile(part.likely, (1 - level) / 2, axis=1, overwrite_input=True)
        many[asked] = np.quantile(part.at_worst, (1 + level) / 2, axis=1, overwrite_input=True)
    return Sums(
        unit=unit.astype(np.int64),
        targets=np.bincount(row, minlength=size).astype(np.int64),
        shown=shown,
        verified=exact(counted.verified),
        discounted=exact(counted.discounted),
        undetermined=exact(counted.undetermined),
        authentic=authentic,
        low=np.clip(np.minimum(shown - many, authentic), 0.0, None),
        high=np.maximum(np.minimum(shown - few, shown), authentic),
    )


def _made(may: Purchases, unit_of: NDArray[Any], seed: int) -> Iterator[Worlds]:
    """All units in question, as many at a time as may be held."""
    mixed = in_question(may, unit_of)
    for first in range(0, mixed.shape[0], AT_ONCE):
        part = Worlds.empty(mixed[first : first + AT_ONCE], unit_of)
        for chunk in may.draws(seed, part.row >= 0):
            part.add(*chunk)
        yield part
