"""What a platform hears while a closed loop happens: :mod:`plaudit.kernels.heard` on stretches that grow with a row."""

from __future__ import annotations

import numpy as np

from plaudit.kernels.board import gamma_poisson_prior
from plaudit.kernels.heard import heard_by_stretch, spread_between
from plaudit.model import Floats, Ints

_STRETCHES, _AGAIN = 32, 16
_LOOKS = 16.0
"""Looks of a stretch at first; where a row has used up its stretches, they are joined in pairs."""


class Hearing:
    """Counts come in, stretches are kept, and judged anew by all that is known by then.

    A burst is not heard when it comes, and is heard later where the row goes on to be liked as much.

    Attributes:
        heard, looks: per row, so far, ``float64[n]``; looks of those whose likes are not heard do not count.
    """

    def __init__(self, rows: int) -> None:
        self.heard, self.looks = np.zeros(rows), np.zeros(rows)
        self._likes, self._seen = np.zeros((rows, _STRETCHES)), np.zeros((rows, _STRETCHES))
        self._open, self._unit = np.zeros(rows, np.int64), np.full(rows, _LOOKS)
        self._before = np.zeros((2, rows))
        self._spread, self._turn = 0.0, 0

    def hear(self, likes: Floats, looks: Floats) -> None:
        """Take note of the counts as they stand, ``float64[n]`` each; nobody likes what was not looked at."""
        came, seen = likes - self._before[0], looks - self._before[1]
        row = np.flatnonzero((came > 0) | (seen > 0))
        if row.size == 0:
            return
        self._before = np.stack([likes, looks])
        self._likes[row, self._open[row]] += came[row]
        self._seen[row, self._open[row]] += np.maximum(seen[row], came[row])
        full = row[self._seen[row, self._open[row]] >= self._unit[row]]
        self._open[full] += 1
        self._join(full[self._open[full] == _STRETCHES])
        if self._turn % _AGAIN == 0:
            self._spread = spread_between(self._likes, self._seen)
        self._turn += 1
        prior = gamma_poisson_prior(self.heard, self.looks)
        came = self._likes[row]
        heard, by = heard_by_stretch(came, np.zeros(came.shape), self._seen[row], *prior, self._spread, 1.0)
        self.heard[row], self.looks[row] = heard.sum(axis=1), by.sum(axis=1)

    def _join(self, row: Ints) -> None:
        for table in (self._likes, self._seen):
            pairs = table[row, 0::2] + table[row, 1::2]
            table[row] = 0.0
            table[row, : _STRETCHES // 2] = pairs
        self._open[row] = _STRETCHES // 2
        self._unit[row] *= 2.0
