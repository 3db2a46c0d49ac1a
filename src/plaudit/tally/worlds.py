"""Draws summed over posts, authors or campaigns while their targets are drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from plaudit.model import Ints
from plaudit.tally.bought import DRAWS, Purchases

AT_ONCE = 10_000
"""Units whose draws are held at a time: 160 MB."""


@dataclass(frozen=True)
class Worlds:
    """Bought likes of units with several targets in question, in every world drawn; filled target by target.

    Attributes:
        unit: dense number of each, ``int64[u]``, ascending.
        row: place in ``unit`` of each target's unit, ``int64[n_targets]``, -1 for none of these.
        likely, at_worst: draws of their bought likes, ``float32[u, DRAWS]``.
    """

    unit: Ints
    row: Ints
    likely: NDArray[np.float32]
    at_worst: NDArray[np.float32]

    @classmethod
    def empty(cls, unit: Ints, unit_of: NDArray[Any]) -> Worlds:
        """Nothing drawn yet of these units, ascending."""
        place = np.minimum(np.searchsorted(unit, unit_of), max(unit.shape[0] - 1, 0))
        mine = unit[place] == unit_of if unit.shape[0] else np.zeros(unit_of.shape[0], np.bool_)
        likely, at_worst = (np.zeros((unit.shape[0], DRAWS), np.float32) for _ in range(2))
        return cls(unit, np.where(mine, place, -1).astype(np.int64), likely, at_worst)

    def add(self, own: Ints, drawn: NDArray[np.float32], at_worst: NDArray[np.float32]) -> None:
        """Add what :meth:`plaudit.tally.bought.Purchases.draws` yields."""
        mine = np.flatnonzero(self.row[own] >= 0)
        if mine.size:
            units, at = np.unique(self.row[own[mine]], return_inverse=True)
            joined = csr_matrix((np.ones(mine.shape[0], np.float32), (at, mine)), (units.shape[0], own.shape[0]))
            self.likely[units] += joined @ drawn
            self.at_worst[units] += joined @ at_worst


def worlds_of(may: Purchases, kinds: Mapping[str, NDArray[Any]]) -> dict[str, Worlds]:
    """Of each kind of unit what its sums need drawn, empty: who draws the targets fills them on the way.

    Kinds with more units than may be held at a time are left out: :func:`plaudit.tally.units.sums` draws by itself.

    Args:
        may: what will be drawn from.
        kinds: name -> dense number of each target's unit, ``[n_targets]``, -1 for none.
    """
    out, room = {}, AT_ONCE
    for kind, unit_of in kinds.items():
        unit = in_question(may, unit_of)
        if unit.shape[0] <= room:
            out[kind] = Worlds.empty(unit, unit_of)
            room -= unit.shape[0]
    return out


def in_question(may: Purchases, unit_of: NDArray[Any]) -> Ints:
    """Units with several targets in question, ascending."""
    unit = unit_of[may.touched]
    found, parts = np.unique(unit[unit >= 0], return_counts=True)
    return found[parts > 1].astype(np.int64)
