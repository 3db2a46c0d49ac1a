"""Which findings bear on which rows (likes of a log, targets of a section), and what each family holds of a row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from plaudit.model import Findings, Floats, Ints, Ints32, offsets_of
from plaudit.verdict.evidence import SURE

_LIKELY = 0.5


def bearing(part: Findings, weight: Floats) -> tuple[Ints, Ints, Floats]:
    """Rows a detector's weighty findings rest on: ``(row, finding within the detector, share * certainty)``."""
    number = np.repeat(np.arange(len(part)), np.diff(part.exhibits.offsets))
    keep = (weight[number] > 0) & (part.exhibits.share > 0)
    number = number[keep]
    return part.exhibits.row[keep], number, part.exhibits.share[keep] * part.certainty[number]


def by_row(rows: Sequence[Ints], findings: Sequence[Ints32], n: int) -> tuple[Ints, Ints32]:
    """CSR of the findings that bear on each of ``n`` rows: ``(offsets int64[n + 1], finding int32[m])``, ascending."""
    row = np.concatenate([*rows, np.zeros(0, np.int64)])
    number = np.concatenate([*findings, np.zeros(0, np.int32)]).astype(np.int32)
    order = np.lexsort((number, row))
    return offsets_of(row, n), number[order]


@dataclass(frozen=True)
class Held:
    """What each family says of each row: its best finding only, for weights inside a family never add.

    Attributes:
        weight: nats, ``float32[families, n]``.
        finding: number through all detectors, ``int32[families, n]``, -1 for none.
        share: share times certainty of that finding, ``float64[families, n]``.
    """

    weight: NDArray[np.float32]
    finding: Ints32
    share: Floats

    @staticmethod
    def nothing(families: int, n: int) -> Held:
        """Nothing said of ``n`` rows yet."""
        return Held(np.zeros((families, n), np.float32), np.full((families, n), -1, np.int32), np.zeros((families, n)))

    def absorb(self, family: int, row: Ints, number: Ints, share: Floats, capped: Floats, start: int) -> None:
        """Let each row keep, of this family, the finding under which it is likeliest.

        Args:
            family: row of the family.
            row, number, share: see :func:`bearing`.
            capped: nats of each, after the cap.
            start: number of the detector's first finding through all detectors.
        """
        # Ascending by what the finding makes of the row, so the last write of a duplicate index is the largest.
        order = np.lexsort((-number, capped, share))
        row, number, share, capped = row[order], number[order], share[order], capped[order]
        better = share * capped > self.share[family, row] * self.weight[family, row]
        row, number, share, capped = row[better], number[better], share[better], capped[better]
        self.weight[family, row] = capped
        self.finding[family, row] = number + start
        self.share[family, row] = share

    def deciding(self, certainty: Floats, resolves: Mapping[int, Sequence[int]]) -> tuple[Floats, Ints32]:
        """The share and number of the finding with the largest ``weight * share`` of each row.

        Doubt about what strong evidence means halves its say at most: it must not hand the row to far weaker evidence.
        Where evidence beyond doubt stands beside that of a partner without its innocent causes, it resolves the
        partner's doubt and decides.

        Args:
            certainty: of every finding, through all detectors.
            resolves: rows of the partners of a family, by its row (:data:`plaudit.verdict.evidence.PAIRED`).
        """
        n = self.weight.shape[1]
        share = np.zeros(n)
        deciding = np.full(n, -1, dtype=np.int32)
        # Most rows have no evidence at all.
        row = np.flatnonzero((self.weight > 0).any(axis=0))
        sure = np.append(certainty, 1.0)[self.finding[:, row]]
        strength = self.weight[:, row] * self.share[:, row] * np.maximum(sure, 0.5) / np.maximum(sure, 1e-9)
        for family, partners in resolves.items():
            told = (sure[family] >= SURE) & (self.share[family, row] > _LIKELY) & (self.weight[family, row] > 0)
            for partner in partners:
                strength[partner, told & (sure[partner] < SURE)] = 0.0
        best = np.argmax(strength, axis=0)
        speaks = strength[best, np.arange(row.shape[0])] > 0
        best, row = best[speaks], row[speaks]
        share[row] = self.share[best, row]
        deciding[row] = self.finding[best, row]
        return share, deciding
