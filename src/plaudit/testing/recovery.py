"""Were rings and pods found as the groups they are? Best matches, and agreement of the two groupings as a whole."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from scipy.special import gammaln

from plaudit.model import Floats, Ints
from plaudit.testing.simulator.spec import BOUGHT_LABELS

RECOVERABLE: tuple[str, ...] = (*(label for label in BOUGHT_LABELS if label != "throwaway"), "pod")
"""Labels whose likes belong to hands that come back. Accounts used once form no group in any log."""


def score_groups(
    label: NDArray[np.object_], planted: NDArray[np.object_], found: NDArray[np.object_]
) -> dict[str, Any]:
    """Compare planted groups with found ones, like by like.

    Args:
        label: label of each like, ``object[n]``.
        planted, found: name of its planted and of its found group, ``""`` for none.

    Returns:
        ``planted``: per planted group of a :data:`RECOVERABLE` label its ``group, label, likes``, and the found group
        with most of its likes: ``match`` (or ``None``), ``recall`` (part of its likes there), ``precision`` (its part
        of that group); the other likes its own hands gave (camouflage) are left out.
        ``found, unmatched``: groups found, and those no planted group matched. ``ami``: adjusted mutual information
        over all likes but camouflage, those of no group being one group of their own; ``None`` without planted groups.
    """
    ring = np.isin(label, RECOVERABLE) & (planted != "")
    seen = label != "camouflage"
    names, truth = np.unique(np.where(ring, planted, "")[seen].astype(str), return_inverse=True)
    others, answer = np.unique(found[seen].astype(str), return_inverse=True)
    table = np.bincount(truth * others.size + answer, minlength=names.size * others.size)
    table = table.reshape(names.size, others.size)
    column = np.flatnonzero(others != "")
    rows: list[dict[str, Any]] = []
    for row in np.flatnonzero(names != "").tolist():
        cells = table[row, column]
        best = int(column[np.argmax(cells)]) if cells.size and cells.max() else -1
        size = int(table[row].sum())
        hit = int(table[row, best]) if best >= 0 else 0
        rows.append(
            {
                "group": str(names[row]),
                "label": str(label[ring & (planted == names[row])][0]),
                "likes": size,
                "match": str(others[best]) if best >= 0 else None,
                "recall": hit / size,
                "precision": hit / int(table[:, best].sum()) if best >= 0 else 0.0,
            }
        )
    matched = {row["match"] for row in rows} - {None}
    return {
        "planted": rows,
        "found": int(column.size),
        "unmatched": int(column.size) - len(matched),
        "ami": adjusted_mutual_information(truth, answer) if rows else None,
    }


def grouping(truth_group: pa.ChunkedArray, rows: Ints) -> NDArray[np.object_]:
    """Group names of the given rows of a column, ``""`` for none."""
    names = pc.fill_null(truth_group.cast(pa.string()), "")
    return np.asarray(names.to_numpy(zero_copy_only=False), object)[rows]


def adjusted_mutual_information(one: NDArray[Any], other: NDArray[Any]) -> float:
    """Agreement of two groupings of the same things: 1 when equal, 0 on average where both were shuffled.

    Mutual information less its expectation under permutation, over the mean entropy less the same (Vinh, Epps & Bailey
    2010, *JMLR* 11, "AMI_sum"). Exact; the cost is that of the sizes of all pairs of groups.

    Args:
        one, other: group of each thing, any values, equally long, at least one thing.
    """
    _, u = np.unique(one, return_inverse=True)
    _, v = np.unique(other, return_inverse=True)
    n = u.size
    rows, columns = np.bincount(u), np.bincount(v)
    if rows.size == columns.size and rows.size in (1, n):
        return 1.0
    cell, count = np.unique(u.astype(np.int64) * columns.size + v, return_counts=True)
    product = rows[cell // columns.size].astype(np.float64) * columns[cell % columns.size]
    shared = float((count / n * np.log(n * count / product)).sum())
    chance = _expected_information(rows, columns, n)
    mean = (_entropy(rows, n) + _entropy(columns, n)) / 2
    room = mean - chance
    # Rounding may leave a hair where there is no room at all.
    return (shared - chance) / (room if abs(room) > 1e-12 else np.copysign(1e-12, room))


def _entropy(sizes: Ints, n: int) -> float:
    part = sizes / n
    return float(-(part * np.log(part)).sum())


def _expected_information(rows: Ints, columns: Ints, n: int) -> float:
    """Mean mutual information when things are dealt at random into groups of these sizes (hypergeometric cells)."""
    sizes, often = np.unique(rows, return_counts=True)
    widths, wide = np.unique(columns, return_counts=True)
    total = 0.0
    for a, times in zip(sizes.tolist(), often.tolist(), strict=True):
        for b, more in zip(widths.tolist(), wide.tolist(), strict=True):
            k: Floats = np.arange(max(1, a + b - n), min(a, b) + 1, dtype=np.float64)
            log_chance = (
                gammaln(a + 1) + gammaln(b + 1) + gammaln(n - a + 1) + gammaln(n - b + 1) - gammaln(n + 1)
            ) - (gammaln(k + 1) + gammaln(a - k + 1) + gammaln(b - k + 1) + gammaln(n - a - b + k + 1))
            total += times * more * float((k / n * np.log(n * k / (a * b)) * np.exp(log_chance)).sum())
    return total
