"""Shown counters as what they say: intervals that hold the true count, whether it was cut off or rounded."""

from __future__ import annotations

import re
import unicodedata

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from plaudit.model import UNBOUNDED, UNKNOWN, Bools, Counter

_UNITS = {"千": 3, "k": 3, "万": 4, "萬": 4, "w": 4, "百万": 6, "m": 6, "亿": 8, "億": 8, "b": 9}
"""Power of ten of each word or letter that stands for zeros."""
_SHAPE = re.compile(r"(\d+|\d{1,3}(?:,\d{3})+)(?:\.(\d+))?(千|k|百万|万|萬|w|m|亿|億|b)?(\+)?")
_ABSENT = frozenset({"", "-", "--", "—", "null", "none", "n/a"})
_MOST = 10**15


def counter_of(word: str) -> tuple[int, int] | None:
    """The interval ``(low, high)`` of one shown counter; ``(-1, -1)`` where it shows nothing, None if it is no count.

    ``37``, ``1,234`` and ``12.0`` are exact. ``10万+`` and ``999+`` say only "at least". ``1.2万`` (also ``1.2w``,
    ``12k``) keeps a few digits: platforms cut the rest off or round it, so both are covered, ``[11 500, 12 999]``; the
    low end never falls below the unit, because a counter below it is shown in full.
    """
    plain = re.sub(r"\s", "", unicodedata.normalize("NFKC", word)).lower()
    if plain in _ABSENT:
        return UNKNOWN, UNKNOWN
    match = _SHAPE.fullmatch(plain)
    if match is None:
        return None
    whole, decimals, unit, more = match.groups()
    decimals = decimals or ""
    power = _UNITS[unit] if unit else 0
    digits = decimals if unit else decimals.rstrip("0")
    if len(digits) > power:
        return None
    step = 10 ** (power - len(digits))
    value = int(whole.replace(",", "") + digits) * step
    if value > _MOST:
        return None
    if more:
        return value, UNBOUNDED
    low = value - step // 2
    return max(low, 10**power) if value >= 10**power else low, value + step - 1


def counters(values: pa.ChunkedArray) -> tuple[Counter, Bools]:
    """Counters of a text column (null: absent) and where the text is no count, ``bool[k]``."""
    size = len(values)
    if values.null_count == size:
        return Counter.absent(size), np.zeros(size, np.bool_)
    coded = values.combine_chunks().dictionary_encode()
    if isinstance(coded, pa.ChunkedArray):
        coded = coded.unify_dictionaries().combine_chunks()
    words = coded.dictionary
    low = np.full(len(words), UNKNOWN, np.int64)
    high = low.copy()
    # Most counters are plain digits; only the others are read one distinct word at a time.
    digits = pc.match_substring_regex(words, r"^[0-9]{1,15}$").to_numpy(zero_copy_only=False)
    low[digits] = high[digits] = words.filter(pa.array(digits)).cast(pa.int64()).to_numpy()
    bad = np.zeros(len(words), np.bool_)
    for at in np.flatnonzero(~digits).tolist():
        read = counter_of(words[at].as_py())
        bad[at] = read is None
        low[at], high[at] = read or (UNKNOWN, UNKNOWN)
    rows = pc.fill_null(coded.indices, -1).to_numpy(zero_copy_only=False)
    known = rows >= 0
    return (
        Counter(np.where(known, low[rows], UNKNOWN), np.where(known, high[rows], UNKNOWN)),
        np.asarray(known & bad[rows]),
    )
