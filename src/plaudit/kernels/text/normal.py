"""One normal form for what writers vary without meaning it.

Full and half width, compatibility forms (Unicode NFKC, UAX #15), case, traditional and simplified characters, invisible
characters, combining marks, runs of white space and repeated characters ("soooo", "哈哈哈哈") are folded. Emoji and the
bracketed emoticons of Chinese platforms (``[打call]``) stay, as one sign each; so do topics (``#话题#``, ``#topic``),
which are labels people are invited to put on rather than words of theirs.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from itertools import pairwise

import numba
import numpy as np
import opencc
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from plaudit.model import Bools, Ints

EMOTICON = 0xE000
"""The private character a bracketed emoticon becomes."""

_BRACKETED = r"\[[^\[\]\s]{1,12}\]"
# A topic is put on by whoever takes part: #话题# as Weibo and Bilibili write it, #topic as everybody else does.
_TOPIC = (r"[#＃][^#＃\n]{1,40}[#＃]([^A-Za-z0-9_]|$)", r"[#＃][\p{L}_][\p{L}\p{N}_]*()")
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
    tagged = pc.match_substring_regex(plain, "[#＃]")
    if pc.any(tagged).as_py():
        held = plain.filter(tagged)
        for pattern in _TOPIC:
            held = pc.replace_substring_regex(held, pattern=pattern, replacement=chr(EMOTICON) + r"\1")
        plain = pc.replace_with_mask(plain, tagged, held)
    codes, offsets = _codes_of(plain)
    table, alone = _forms(codes)
    # Characters that neither join with a neighbour nor become several are looked up one by one: nearly all of them.
    before = np.concatenate([[0], np.cumsum(~alone[codes])])
    joining = np.diff(before[offsets]) > 0
    if joining.any():
        mask = pa.array(joining)
        plain = pc.replace_with_mask(plain, mask, _normal(plain.filter(mask)))
        codes, offsets = _codes_of(plain)
        table, _ = _forms(codes)
    size, out = np.zeros(offsets.shape[0], np.int64), np.empty(codes.shape[0], np.uint32)
    kept = fold(codes, offsets, table, _invisible(), size, out)
    return out[:kept].copy(), size


def _normal(texts: pa.LargeStringArray) -> pa.LargeStringArray:
    for _ in range(2):  # lower case of a compatibility form may itself be one
        texts = pc.utf8_normalize(pc.utf8_lower(pc.utf8_normalize(texts, form="NFKC")), form="NFKC")
    return texts


def _codes_of(texts: pa.LargeStringArray) -> tuple[Codes, Ints]:
    lengths = pc.utf8_length(texts).to_numpy(zero_copy_only=False).astype(np.int64)
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    return np.frombuffer(_joined(texts).encode("utf-32-le"), dtype=np.uint32), offsets


def _forms(codes: Codes) -> tuple[Codes, Bools]:
    """The normal form of each character that occurs (other entries say nothing), and whether it is that in every text.

    Not so: marks, the letters Hangul syllables are made of, and what becomes several characters.
    """
    there = np.zeros(_CODES, dtype=bool)
    there[codes] = True
    used = np.flatnonzero(there)
    forms = _normal(pa.array([chr(code) for code in used.tolist()], pa.large_string()))
    single = pc.utf8_length(forms).to_numpy(zero_copy_only=False) == 1
    form = np.array([ord(text) if one else 0 for text, one in zip(forms.to_pylist(), single, strict=True)], np.int64)
    apart = single & ~_joining()[used] & ~_joining()[form]
    form = np.where(apart, form, used)
    table, alone = np.zeros(_CODES, np.uint32), np.zeros(_CODES, dtype=bool)
    table[used] = np.where(_blank()[form], 32, _simplified()[form])
    alone[used] = apart
    return table, alone


@numba.njit(cache=True, nogil=True)
def fold(
    codes: np.ndarray, offsets: np.ndarray, table: np.ndarray, invisible: np.ndarray, size: np.ndarray, out: np.ndarray
) -> int:
    """Look every character up, and leave out what is not seen, what follows two of its kind, and a second blank.

    Args:
        codes, offsets: characters of ``n`` texts, ``uint32[m]`` and ``int64[n + 1]``.
        table: form of each character, ``uint32[0x110000]``; ``invisible`` which of them are not seen.
        size: written: where each text then begins, ``int64[n + 1]``.
        out: written: the characters kept, of which there are as many as are returned.
    """
    kept = 0
    for text in range(offsets.shape[0] - 1):
        run, last = 0, np.int64(-1)
        for k in range(offsets[text], offsets[text + 1]):
            code = np.int64(table[codes[k]])
            if invisible[code]:
                continue
            # Runs are counted in what is seen, not in what is kept.
            run = run + 1 if code == last else 1
            last = code
            if run <= (1 if code == 32 else _RUN):
                out[kept] = code
                kept += 1
        size[text + 1] = kept
    return kept


def _joined(texts: pa.LargeStringArray) -> str:
    ends = np.frombuffer(texts.buffers()[1], dtype=np.int64)[texts.offset : texts.offset + len(texts) + 1]
    held = texts.buffers()[2]
    return held.to_pybytes()[int(ends[0]) : int(ends[-1])].decode("utf-8") if held is not None and len(texts) else ""


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
def _joining() -> Bools:
    """Characters that may change with their neighbours: marks, but for the selectors of emoji, and parts of Hangul."""
    table = np.isin(categories(), ["Mn", "Mc", "Me"])
    table[0xFE00:0xFE10] = False
    table[0x20E3] = False
    for first, last in ((0x1100, 0x1200), (0xA960, 0xA980), (0xD7B0, 0xD800)):
        table[first:last] = True
    return np.asarray(table)


@cache
def _invisible() -> Bools:
    """Format characters, marks, variation selectors, skin tones: seen or not, they change no wording."""
    table = np.isin(categories(), ["Cf", "Mn", "Me", "Cs"])
    table[0x1F3FB:0x1F400] = True
    return np.asarray(table)


@cache
def _blank() -> Bools:
    return np.asarray(np.isin(categories(), ["Zs", "Zl", "Zp", "Cc"]))
