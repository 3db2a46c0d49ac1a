"""One normal form for what writers vary without meaning it.

Full and half width, compatibility forms (Unicode NFKC, UAX #15), case, traditional and simplified characters, invisible
characters, combining marks, runs of white space and repeated characters ("soooo", "哈哈哈哈") are folded. Emoji and the
bracketed emoticons of Chinese platforms (``[打call]``) stay, as one sign each.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from itertools import pairwise

import numpy as np
import opencc
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from plaudit.model import Bools, Ints

EMOTICON = 0xE000
"""The private character a bracketed emoticon becomes."""

_BRACKETED = r"\[[^\[\]\s]{1,12}\]"
_CODES = 0x110000
_IDEOGRAPHS = ((0x3400, 0xA000), (0x20000, 0x33480))
_RUN = 2
"""Repeated characters beyond this many say no more."""

Codes = NDArray[np.uint32]
"""Unicode code points."""


def normalise(texts: pa.StringArray) -> pa.StringArray:
    """The normal form of each text, ``string[n]``; missing texts become empty."""
    codes, offsets = folded_codes(texts)
    text = codes.tobytes().decode("utf-32-le")
    return pa.array([text[a:b].strip() for a, b in pairwise(offsets.tolist())], pa.string())


def folded_codes(texts: pa.StringArray) -> tuple[Codes, Ints]:
    """Code points of the normal forms: ``(uint32[m], offsets int64[n + 1])``."""
    plain = pc.fill_null(texts.cast(pa.large_string()), "")
    plain = pc.replace_substring_regex(plain, pattern=_BRACKETED, replacement=chr(EMOTICON))
    for _ in range(2):  # lower case of a compatibility form may itself be one
        plain = pc.utf8_normalize(pc.utf8_lower(pc.utf8_normalize(plain, form="NFKC")), form="NFKC")
    lengths = pc.utf8_length(plain).to_numpy(zero_copy_only=False).astype(np.int64)
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    codes = np.frombuffer(_joined(plain).encode("utf-32-le"), dtype=np.uint32)
    codes = np.where(_blank()[codes], np.uint32(32), _simplified()[codes])
    codes, offsets = _kept(codes, offsets, ~_invisible()[codes])
    return _kept(codes, offsets, ~_repeated(codes, offsets))


def _joined(texts: pa.LargeStringArray) -> str:
    ends = np.frombuffer(texts.buffers()[1], dtype=np.int64)[texts.offset : texts.offset + len(texts) + 1]
    held = texts.buffers()[2]
    return held.to_pybytes()[int(ends[0]) : int(ends[-1])].decode("utf-8") if held is not None and len(texts) else ""


def _kept(codes: Codes, offsets: Ints, keep: Bools) -> tuple[Codes, Ints]:
    before = np.concatenate([[0], np.cumsum(keep)]).astype(np.int64)
    return codes[keep], before[offsets]


def _repeated(codes: Codes, offsets: Ints) -> Bools:
    """Characters after the second of a run, and white space after the first; runs end with their text."""
    home = np.repeat(np.arange(offsets.shape[0] - 1), np.diff(offsets))
    same = np.zeros(codes.shape[0], dtype=bool)
    same[1:] = (codes[1:] == codes[:-1]) & (home[1:] == home[:-1])
    third = same.copy()
    third[1:] &= same[:-1]
    return np.asarray(third | (same & (codes == 32)))


@cache
def _simplified() -> Codes:
    """Simplified form of every character (OpenCC's table of single characters)."""
    table = np.arange(_CODES, dtype=np.uint32)
    convert = opencc.OpenCC("t2s").convert
    for first, last in _IDEOGRAPHS:
        # One line each: phrases do not matter, so that the answer for a character is the same in every text.
        told = convert("\n".join(map(chr, range(first, last)))).split("\n")
        table[first:last] = [ord(form) if len(form) == 1 else first + k for k, form in enumerate(told)]
    return table


@cache
def categories() -> NDArray[np.str_]:
    """Unicode's general category of every code point, ``<U2[0x110000]``."""
    return np.array([unicodedata.category(chr(code)) for code in range(_CODES)])


@cache
def _invisible() -> Bools:
    """Format characters, marks, variation selectors, skin tones: seen or not, they change no wording."""
    table = np.isin(categories(), ["Cf", "Mn", "Me", "Cs"])
    table[0x1F3FB:0x1F400] = True
    return np.asarray(table)


@cache
def _blank() -> Bools:
    return np.asarray(np.isin(categories(), ["Zs", "Zl", "Zp", "Cc"]))
