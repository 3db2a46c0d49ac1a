"""How many likes of a target the null does not explain, when several findings count the same ones.

Overlapping findings never add. Inside a family, findings whose windows meet count the same likes: the one under which
the target is likeliest speaks for them; windows apart in time are separate deliveries and do add. Between families the
witnesses measure one number in different ways and are pooled by precision, with whatever they disagree beyond their own
errors put into the error of the pool (DerSimonian & Laird 1986, random effects).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from plaudit.model import Bools, Findings, Floats, Ints, ranges
from plaudit.verdict.section import FAMILIES

Z90 = 1.6448536269514722
"""Half the width of a 90 % interval, in standard deviations."""

_LEAST_SPREAD = 0.5
"""A count of likes is whole: no estimate is surer than half of one."""

_LAST = 1 << 62


@dataclass(frozen=True)
class Excess:
    """Likes the null does not explain, one entry per target of the section.

    Attributes:
        mean, spread: estimate and its standard deviation, zeros where nothing is said.
        told: whether any finding says how many.
    """

    mean: Floats
    spread: Floats
    told: Bools


def pooled_excess(findings: Sequence[Findings], use: Bools, strength: Floats, targets: int) -> Excess:
    """Pool what the chosen findings say of each target.

    Args:
        findings: all of them, numbered through all detectors in order; those without excess say nothing here.
        use: which findings count, ``bool[findings]``.
        strength: by what the best of overlapping findings is chosen (nats), ``float64[findings]``.
        targets: how many targets the section has.
    """
    target, family, start, end, mean, spread, best = _rows(findings, use, strength)
    if target.shape[0] == 0:
        return Excess(np.zeros(targets), np.zeros(targets), np.zeros(targets, bool))
    key = target * len(FAMILIES) + family
    order = np.lexsort((end, start, key))
    key, start, end = key[order], start[order], end[order]
    mean, spread, best = mean[order], spread[order], best[order]
    window = np.cumsum(_opens(key, start, end)) - 1
    # The best of each window: sorted by strength, then by more likes, the last of a run is it.
    order = np.lexsort((mean, best, window))
    last = order[np.r_[np.flatnonzero(np.diff(window[order])), order.shape[0] - 1]]
    keys, place = np.unique(key[last], return_inverse=True)
    witness = np.asarray(np.bincount(place, mean[last]), np.float64)
    variance = np.asarray(np.bincount(place, spread[last] ** 2), np.float64)
    own, who = np.unique(keys // len(FAMILIES), return_inverse=True)
    out = Excess(np.zeros(targets), np.zeros(targets), np.zeros(targets, bool))
    out.mean[own], out.spread[own] = _random_effects(witness, variance, who, own.shape[0])
    out.told[own] = True
    return out


def _rows(
    findings: Sequence[Findings], use: Bools, strength: Floats
) -> tuple[Ints, Ints, Ints, Ints, Floats, Floats, Floats]:
    """One row per exhibit that says how many: target, family, window, mean, standard deviation, strength."""
    target, family, opened, closed, mean, spread, best = [], [], [], [], [], [], []
    start = 0
    for part in findings:
        own = np.flatnonzero(use[start : start + len(part)])
        shown = part.exhibits
        if shown.excess is not None and own.shape[0] and part.family in FAMILIES:
            length = np.diff(shown.offsets)[own]
            row = ranges(shown.offsets[own], length)
            number = np.repeat(own, length)
            told = np.isfinite(shown.excess[row]) & (shown.excess[row] > 0) & (shown.share[row] > 0)
            row, number = row[told], number[told]
            middle = shown.excess[row]
            low = shown.excess_low[row] if shown.excess_low is not None else middle
            high = shown.excess_high[row] if shown.excess_high is not None else middle
            wide = np.where(np.isfinite(high - low), (high - low) / (2 * Z90), middle)
            timed = part.end_ms[number] > part.start_ms[number]
            target.append(shown.row[row])
            family.append(np.full(row.shape[0], FAMILIES.index(part.family), np.int64))
            # What has no window speaks of all of time.
            opened.append(np.where(timed, part.start_ms[number], -_LAST))
            closed.append(np.where(timed, part.end_ms[number], _LAST))
            mean.append(middle)
            spread.append(np.maximum(wide, _LEAST_SPREAD))
            best.append(strength[start + number] * shown.share[row] * part.certainty[number])
        start += len(part)
    ints, floats = [np.zeros(0, np.int64)], [np.zeros(0)]
    return (
        np.concatenate(target + ints),
        np.concatenate(family + ints),
        np.concatenate(opened + ints),
        np.concatenate(closed + ints),
        np.concatenate(mean + floats),
        np.concatenate(spread + floats),
        np.concatenate(best + floats),
    )


def _opens(key: Ints, start: Ints, end: Ints) -> Bools:
    """Where a new window opens among rows sorted by ``(key, start)``: another key, or after all earlier ones closed."""
    fresh = np.r_[True, np.diff(key) > 0]
    # A running maximum that starts anew with each key: ends are ranked, and the rank is lifted by the key.
    rank = np.unique(end, return_inverse=True)[1].astype(np.int64)
    lift = np.cumsum(fresh) * (int(rank.max()) + 1)
    latest = np.maximum.accumulate(rank + lift) - lift
    ends = np.unique(end)[latest]
    return np.asarray(fresh | np.r_[True, start[1:] >= ends[:-1]])


def _random_effects(x: Floats, variance: Floats, who: Ints, size: int) -> tuple[Floats, Floats]:
    weight = 1.0 / variance
    total = np.bincount(who, weight, size)
    fixed = np.bincount(who, weight * x, size) / total
    count = np.bincount(who, minlength=size)
    disagreement = np.bincount(who, weight * (x - fixed[who]) ** 2, size)
    scale = total - np.bincount(who, weight**2, size) / total
    between = np.where(count > 1, np.maximum(disagreement - (count - 1), 0.0) / np.maximum(scale, 1e-12), 0.0)
    weight = 1.0 / (variance + between[who])
    total = np.bincount(who, weight, size)
    return np.bincount(who, weight * x, size) / total, np.sqrt(1.0 / total)
