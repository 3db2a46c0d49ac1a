"""How long actors were about: who came once, and who came back."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from plaudit.kernels.grouping import grouped
from plaudit.model import HOUR_MS, Bools, Ints

APART_MS = 12 * HOUR_MS
"""Two likes of one actor count as two meetings, or two visits, when at least this far apart."""


def came_once(actor: NDArray[Any], at_ms: Ints, n_actors: int) -> Bools:
    """Likes of actors whose first and last like lie less than :data:`APART_MS` apart, ``bool[n]``.

    Args:
        actor, at_ms: of each like, ``int[n]`` in ``0..n_actors - 1`` and ``int64[n]``, in any order.
    """
    offsets, row = grouped(actor, n_actors)
    seen = np.flatnonzero(np.diff(offsets))
    at = at_ms[row]
    first, last = np.zeros(n_actors, np.int64), np.zeros(n_actors, np.int64)
    first[seen] = np.minimum.reduceat(at, offsets[seen]) if seen.shape[0] else 0
    last[seen] = np.maximum.reduceat(at, offsets[seen]) if seen.shape[0] else 0
    return np.asarray((last - first < APART_MS)[actor], dtype=bool)
