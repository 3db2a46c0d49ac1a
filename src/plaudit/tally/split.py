"""Where every shown like came from: ``shown = purchased + induced + organic``, beside the honest count.

``purchased`` is what the count takes off (``shown - authentic``), so that ``induced + organic = authentic`` and one
table never says two things. ``induced`` is :mod:`plaudit.tally.herd`'s, held inside what is authentic.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from plaudit.model import Bools, Floats
from plaudit.tally.count import Tally
from plaudit.tally.herd import Herd

LEAST_PLACEBOS = 20
"""Targets that received nothing, below which a herd cannot be told from drift."""


class Said(StrEnum):
    """What can be said about the herd of a log."""

    NOTHING_BOUGHT = "nothing_bought"
    NO_DELIVERY = "no_delivery"
    NO_COMPARISON = "no_comparison"
    NOT_SHOWN = "not_shown"
    SHOWN = "shown"


@dataclass(frozen=True)
class Split:
    """Parts of every target's count, ``float64[n_targets]``; lows and highs are 90 % intervals.

    Attributes:
        known: ``bool[n_targets]``; where False nothing can be said about induced and organic likes, and they are NaN.
        purchased, purchased_low, purchased_high: likes taken off as bought; known everywhere.
        induced, organic (each with ``_low`` and ``_high``): see :class:`plaudit.tally.herd.Herd`.
        said: what can be said of the log as a whole.
        measured: bought likes (expected) on the targets whose herd was measured; ``purchased_total`` on all.
        induced_total, induced_total_low, induced_total_high: of the log; 0 where nothing was measured.
        organic_total: authentic likes of targets in ``known``, less the induced ones.
        open_total: authentic likes of the other targets: ``shown = purchased + induced + organic + open``.
    """

    known: Bools
    purchased: Floats
    purchased_low: Floats
    purchased_high: Floats
    induced: Floats
    induced_low: Floats
    induced_high: Floats
    organic: Floats
    organic_low: Floats
    organic_high: Floats
    said: Said
    measured: float
    purchased_total: float
    induced_total: float
    induced_total_low: float
    induced_total_high: float
    organic_total: float
    open_total: float


def split(counted: Tally, told: Herd) -> Split:
    """Lay the herd beside the count.

    A target of which nothing is suspected has induced nothing. One that received something, and not enough at once for
    its delivery to be compared with anything, is left open, and so is all of a log without targets to compare with.
    """
    shown = counted.shown.astype(np.float64)
    purchased = np.maximum(shown - counted.authentic, 0.0)
    touched = (purchased > 0) | (counted.discounted + counted.undetermined > 0)
    able = told.measured and told.placebos >= LEAST_PLACEBOS
    compared = told.delivered & touched & able
    known = compared | ~touched

    def held(values: Floats, low: Floats | float, high: Floats) -> Floats:
        return np.where(known, np.clip(np.where(compared, values, 0.0), low, high), np.nan)

    authentic = np.clip(counted.authentic, 0.0, shown)
    induced = held(told.induced, 0.0, authentic)
    induced_low = held(told.induced_low, 0.0, np.fmin(induced, authentic))
    # Likes found genuine after all could have been drawn as well.
    induced_high = held(told.induced_high, np.nan_to_num(induced), np.maximum(counted.high, authentic))
    organic = authentic - induced
    whole = float(purchased.sum())
    if not touched.any():
        said = Said.NOTHING_BOUGHT
    elif not told.measured:
        said = Said.NO_DELIVERY
    elif not able:
        said = Said.NO_COMPARISON
    else:
        said = Said.SHOWN if told.total_low >= 1.0 else Said.NOT_SHOWN
    most = float(authentic[compared].sum())
    totals = [min(one, most) for one in (told.total_induced, told.total_low, told.total_high)] if able else [0.0] * 3
    return Split(
        known=known,
        purchased=purchased,
        purchased_low=np.clip(shown - counted.high, 0.0, purchased),
        purchased_high=np.maximum(shown - counted.low, purchased),
        induced=induced,
        induced_low=induced_low,
        induced_high=induced_high,
        organic=organic,
        organic_low=np.maximum(np.fmin(counted.low, authentic) - induced_high, 0.0),
        organic_high=np.fmax(counted.high - induced_low, organic),
        said=said,
        measured=float(purchased[compared].sum()),
        purchased_total=whole,
        induced_total=totals[0],
        induced_total_low=totals[1],
        induced_total_high=totals[2],
        organic_total=float(authentic[known].sum()) - totals[0],
        open_total=float(authentic[~known].sum()),
    )
