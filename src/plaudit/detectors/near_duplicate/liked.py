"""Are the comments of a group liked more than their kin? Exact where samples are small."""

from __future__ import annotations

from collections.abc import Sequence
from math import comb, factorial

import numpy as np
from scipy import special, stats

from plaudit.detectors.kin import Kin
from plaudit.kernels.tails import log_p_of_score, normal_score
from plaudit.model import Bools, Floats, Ints, ranges

TOPS = (0.25, 0.1, 0.05)
"""Shares of their kin that count as much liked."""
_BULK = 20
"""Groups from which their bulk shows how much more than kin such groups are liked."""
_FEW = 8
"""Members up to which the sum of levels is judged by the exact law."""


def log_liked(circles: Sequence[Kin], offsets: Ints, rows: Ints) -> tuple[Floats, Bools]:
    """``ln P`` of likes this high in each group ``rows[offsets[g]:offsets[g + 1]]``, and whether any are known.

    Each group is compared with its closest kin that it does not crowd out: ``circles`` from close to wide.
    All members may be liked a little more, or a part of them much more, because likes are bought for some: the sum of
    levels and the numbers in the top quarter, tenth and twentieth are tried, and the best counts four times. Under the
    null the members are a draw without replacement from their blocks. Groups of one section may be liked more than
    kin for what they say; their own upper half is then the null.
    """
    known = np.bincount(
        np.repeat(np.arange(offsets.shape[0] - 1), np.diff(offsets)),
        circles[0].block[rows] >= 0,
        minlength=offsets.shape[0] - 1,
    )
    widest = len(circles) - 1
    choice = np.full(offsets.shape[0] - 1, widest)
    for k in range(widest - 1, -1, -1):
        choice = np.where(circles[k].crowded_by(offsets, rows), choice, k)
    log_p, whole = np.zeros(offsets.shape[0] - 1), np.zeros(offsets.shape[0] - 1)
    for k, kin in enumerate(circles):
        mine = np.flatnonzero(choice == k)
        if mine.shape[0]:
            size = np.diff(offsets)[mine]
            chosen = rows[ranges(offsets[mine], size)]
            log_p[mine], whole[mine] = _log_liked(kin, np.concatenate([[0], np.cumsum(size)]).astype(np.int64), chosen)
    if log_p.shape[0] >= _BULK:
        middle, upper = np.quantile(normal_score(whole), [0.5, 0.75])
        location, scale = max(float(middle), 0.0), max(float(upper - middle) / 0.6745, 1.0)
        fitted = log_p_of_score((normal_score(log_p) - location) / scale)
        log_p = np.where(log_p < 0, np.maximum(log_p, fitted), log_p)
    return np.asarray(log_p, dtype=np.float64), np.asarray(known > 0)


def _log_liked(kin: Kin, offsets: Ints, rows: Ints) -> tuple[Floats, Floats]:
    """The best of the four tries, counted four times; and the sum of levels alone."""
    groups = offsets.shape[0] - 1
    of = np.repeat(np.arange(groups), np.diff(offsets))
    held = kin.block[rows] >= 0
    rows, of = rows[held], of[held]
    counts = np.bincount(of, minlength=groups)
    blocks = int(kin.block.max(initial=-1)) + 1
    size = np.bincount(kin.block[kin.block >= 0], minlength=blocks).astype(np.float64)
    cell, members = np.unique(of * np.int64(max(blocks, 1)) + kin.block[rows], return_counts=True)
    group, block = cell // max(blocks, 1), cell % max(blocks, 1)
    total = np.bincount(of, kin.level[rows], minlength=groups).astype(np.float64)
    spread = members * (size[block] + 1) * (size[block] - members) / (12 * size[block] ** 2)
    tried = [log_p_levels(total, counts, np.bincount(group, spread, minlength=groups).astype(np.float64))]
    for top in TOPS:
        much = kin.level > 1 - top
        above = np.bincount(of, much[rows], minlength=groups).astype(np.float64)
        there = np.bincount(kin.block[much & (kin.block >= 0)], minlength=blocks).astype(np.float64)
        tried.append(_log_p_above(above, group, members, there[block], size[block]))
    return np.minimum(np.min(tried, axis=0) + np.log(len(tried)), 0.0), tried[0]


def _log_p_above(above: Floats, group: Ints, members: Ints, there: Floats, size: Floats) -> Floats:
    """``ln P`` of at least ``above`` members among the much liked of their blocks.

    Hypergeometric for a group within one block; for more, the binomial law of the same mean and variance, whose tail is
    no lighter than that of the sum of hypergeometrics it stands for (both are sums of independent coins).
    """
    groups = above.shape[0]
    mean = np.bincount(group, members * there / size, minlength=groups)
    left = np.where(size > 1, (size - members) / np.maximum(size - 1, 1), 0.0)
    variance = np.bincount(group, members * there / size * (1 - there / size) * left, minlength=groups)
    chance = np.clip(1 - variance / np.maximum(mean, 1e-12), 1e-9, 1 - 1e-9)
    coins = np.maximum(mean / chance, above)
    with np.errstate(divide="ignore"):
        log_p = np.log(np.maximum(special.betainc(np.maximum(above, 1), coins - above + 1, chance), 1e-300))
    cells = np.bincount(group, minlength=groups)
    alone = np.flatnonzero(cells[group] == 1)
    log_p[group[alone]] = stats.hypergeom.logsf(above[group[alone]] - 1, size[alone], there[alone], members[alone])
    return np.asarray(np.where(above > 0, log_p, 0.0), dtype=np.float64)


def log_p_levels(total: Floats, count: Ints, variance: Floats | None = None) -> Floats:
    """``ln P`` of levels of ``count`` comments that sum to at least ``total``, were each uniform on 0..1.

    Args:
        total: sum of levels, ``float64[g]``.
        count: levels summed, ``int64[g]``.
        variance: of the sum, drawing without replacement; ``count / 12`` where not given.

    Irwin-Hall, exact to 8 comments (ties and drawing without replacement only narrow the true law); above, the normal
    law, whose tail is the heavier.
    """
    count = np.asarray(count, dtype=np.int64)
    spread = np.maximum(count, 1) / 12 if variance is None else variance
    log_p = stats.norm.logsf((total - count / 2) / np.sqrt(np.maximum(spread, 1e-12)))
    for k in range(1, _FEW + 1):
        mine = np.flatnonzero(count == k)
        short = np.clip(k - total[mine], 0.0, k)  # P(sum >= total) = P(sum <= k - total), by symmetry
        log_p[mine] = np.log(np.maximum(_irwin_hall(short, k), 1e-300))
    return np.asarray(np.where(count > 0, np.minimum(log_p, 0.0), 0.0), dtype=np.float64)


def _irwin_hall(x: Floats, k: int) -> Floats:
    """``P(sum of k uniforms <= x)``; summed on the shorter side, where the alternating sum loses no digits."""
    low = np.minimum(x, k - x)
    total = np.zeros(x.shape[0])
    for j in range(k // 2 + 1):
        total += (-1) ** j * comb(k, j) * np.maximum(low - j, 0.0) ** k
    tail = np.clip(total / factorial(k), 0.0, 1.0)
    return np.asarray(np.where(x <= k - x, tail, 1 - tail), dtype=np.float64)
