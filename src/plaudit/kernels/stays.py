"""How long actors were about: who came once, and who came back."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from plaudit.model import HOUR_MS, Bools, Ints

APART_MS = 12 * HOUR_MS
"""Two likes of one actor count as two meetings, or two visits, when at least this far apart."""


def came_once(actor: NDArray[Any], at_ms: Ints, n_actors: int) -> Bools:
    """Likes of actors whose first and last like lie less than :data:`APART_MS` apart, ``bool[n]``.

    Args:
        actor, at_ms: of each like, ``int[n]`` in ``0..n_actors - 1`` and ``int64[n]``, in any order.
    """
    first = np.full(n_actors, np.iinfo(np.int64).max)
    last = np.zeros(n_actors, np.int64)
    np.minimum.at(first, actor, at_ms)
    np.maximum.at(last, actor, at_ms)
    return np.asarray((last - first < APART_MS)[actor], dtype=bool)
