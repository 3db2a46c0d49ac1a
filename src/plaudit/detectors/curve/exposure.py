"""What a curve should have gained: age, hour and place, learned from this section's other curves, or reads.

The three rates are multiplicative Poisson rates fitted to interval-censored gains (each gain is spread over its
interval as the rates themselves say: EM). No curve speaks with more than fifty voices, and a gain far above what is
due counts only up to there, so a minority of bought curves moves little. Every curve is then judged by rates from
which it was left out. Where reads are known they take the place of clock and hour: a share by somebody with followers
brings reads and likes alike.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from plaudit.detectors.curve.intervals import Curves
from plaudit.kernels.curves import AGES, exposures, fold_all, rates_of
from plaudit.model import HOUR_MS, Floats, Ints

_ROUNDS = 8
_FREE_ROUNDS = 3
_VOICES = 50.0
_SMOOTH = 2.0
_FAR = 4.0
_HANDFUL = 2.0
_FIRST_PACE = 0.04
_PACE_ROUNDS = 12
_FEW = 10


@dataclass(frozen=True)
class Exposure:
    """Exposure of the intervals of curves, entry ``r`` for the interval that ends at reading ``r`` (0 at openings).

    Attributes:
        worth: expected share of the curve's likes up to a factor, ``float64[r]``.
        quiet: the part of it in the section's quiet hours (half the mean rate or less); ``float64[r]``.
        rate: ``float64[3, AGES]``: the section's rates of age, hour (24) and place (8).
    """

    worth: Floats
    quiet: Floats
    rate: Floats

    def take(self, rows: Ints) -> Exposure:
        """The exposure at these readings."""
        return Exposure(self.worth[rows], self.quiet[rows], self.rate)


def exposure_of(curves: Curves, *, leave_out: bool = True) -> Exposure:
    """Estimate the rates of curves of one kind and apply them, each curve's by the others' (``leave_out``)."""
    inner = np.flatnonzero(~curves.opening)
    size = len(curves)
    offsets = curves.offsets - np.arange(size + 1)
    start, end = curves.at_ms[inner - 1] / HOUR_MS, curves.at_ms[inner] / HOUR_MS
    gain = np.maximum(curves.gain()[inner], 0).astype(np.float64)
    home = curves.curve[inner]
    density = _density(curves, inner, home, end - start)
    told = (offsets, curves.born_h, start, end)
    where = (curves.place[inner], density)
    rate, level = np.ones((3, AGES)), np.ones(size)
    weight = np.minimum(1.0, _VOICES / np.maximum(np.bincount(home, gain, size), 1.0))
    worth, quiet = np.zeros(inner.shape[0]), np.zeros(inner.shape[0])
    num, den = np.zeros((3, AGES)), np.zeros((3, AGES))
    held = gain
    for turn in range(_ROUNDS):
        exposures(*told, held, *where, level, weight, rate, num, den, _SMOOTH, worth, quiet, False)
        if turn >= _FREE_ROUNDS:
            held = np.minimum(gain, _FAR * (level[home] * worth + 1.0))
        level = np.bincount(home, held, size) / np.maximum(np.bincount(home, worth, size), 1e-300)
        num, den = fold_all(*told, held, *where, rate, level, weight)
        rate = rate.copy()
        rates_of(num, den, _SMOOTH, rate)
    num, den = fold_all(*told, held, *where, rate, level, weight)
    exposures(*told, held, *where, level, weight, rate, num, den, _SMOOTH, worth, quiet, leave_out)
    age = np.log1p(np.maximum((start + end) / 2 - curves.born_h[home], 0.0))
    pace = _paces(home, size, age, worth, held)
    out = np.zeros((2, curves.at_ms.shape[0]))
    out[0, inner], out[1, inner] = worth * pace, quiet * pace
    return Exposure(out[0], out[1], rate)


def amounts(curves: Curves) -> Floats:
    """Reads gained, or hours gone by where reads are not known, in the interval that ends at each reading: exposure
    without any rate, ``float64[r]``.
    """
    inner = np.flatnonzero(~curves.opening)
    hours = (curves.at_ms[inner] - curves.at_ms[inner - 1]) / HOUR_MS
    out = np.zeros(curves.at_ms.shape[0])
    out[inner] = np.abs(_density(curves, inner, curves.curve[inner], hours)) * hours
    return out


def _paces(home: Ints, size: int, age: Floats, worth: Floats, gain: Floats) -> Floats:
    """Every curve ages at its own pace: a factor ``age^gamma`` on its exposure, ``float64[m]``.

    ``gamma`` is normal over the section's curves with a spread fitted to them (empirical Bayes, the tenth that strays
    most set aside): where all age alike, none may be excused by a pace of its own.
    """
    total = np.bincount(home, gain, size) / _HANDFUL
    got = np.bincount(home, gain * age, size) / _HANDFUL
    gamma, prior = np.zeros(size), _FIRST_PACE
    for _ in range(_PACE_ROUNDS):
        tilted = worth * np.exp(gamma[home] * age)
        whole = np.maximum(np.bincount(home, tilted, size), 1e-300)
        mean = np.bincount(home, tilted * age, size) / whole
        spread = np.maximum(np.bincount(home, tilted * age**2, size) / whole - mean**2, 0.0)
        information = total * spread + 1.0 / prior
        gamma = np.clip(gamma + (got - total * mean - gamma / prior) / information, -2.0, 2.0)
        square = np.sort(gamma**2 + 1.0 / information)
        # Nine tenths of a normal sample hold 61 % of its squares.
        kept = square[: max(1, round(0.9 * size))]
        prior = float(np.clip(kept.mean() * 0.9 / 0.61, 1e-4, 1.0)) if size >= _FEW else _FIRST_PACE
    return np.exp(gamma[home] * (age - 1.0))


def _density(curves: Curves, inner: Ints, home: Ints, hours: Floats) -> Floats:
    """Exposure per hour before any rate: 1 by the clock; minus the reads per hour where the curve goes by reads.

    A like may follow its read into the next interval, and a counter of reads may lag behind: a twentieth of the reads
    before, and a hundredth of the whole by the clock, count too.
    """
    size = len(curves)
    reads = curves.reads[inner]
    known = np.isfinite(reads)
    whole = np.bincount(home, np.where(known, reads, 0.0), size)
    time = np.bincount(home, np.where(known, hours, 0.0), size)
    pace = (whole / np.maximum(time, 1e-9))[home]
    filled = np.where(known, reads, pace * hours)
    before = np.where(np.diff(home, prepend=-1) == 0, np.concatenate([[0.0], filled[:-1]]), 0.0)
    seen = 0.95 * filled + 0.05 * before + 0.01 * pace * hours
    return np.where(curves.by_reads[home], -seen / np.maximum(hours, 1e-9), 1.0)
