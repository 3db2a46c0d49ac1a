"""Tokens and shingles of texts, in compressed rows.

A token is a run of letters and digits in scripts that put spaces between words, and a single character in scripts that
do not (Chinese, Japanese, Korean syllables, Thai...): character shingles need no dictionary, so new words, names and
evasions by odd segmentation change nothing. An emoji is a token of its own kind; punctuation only separates.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from functools import cache

import numba
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from plaudit.kernels.text.normal import categories, folded_codes
from plaudit.model import Ints

Hashes = NDArray[np.uint64]


class Kind(IntEnum):
    """What a character or token is."""

    GAP = 0
    WORD = 1
    SIGN = 2
    EMOJI = 3


@dataclass(frozen=True)
class Tokens:
    """Tokens of ``n`` texts.

    Attributes:
        offsets: ``int64[n + 1]``.
        hash: 64-bit name of each token, ``uint64[m]``: equal tokens, equal names, on every machine.
        kind: :class:`Kind` of each token, ``uint8[m]``, never ``GAP``.
    """

    offsets: Ints
    hash: Hashes
    kind: NDArray[np.uint8]

    def __len__(self) -> int:
        return int(self.offsets.shape[0]) - 1

    def take(self, rows: Ints) -> Tokens:
        """Tokens of these texts."""
        counts = np.diff(self.offsets)[rows]
        offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        at = np.arange(offsets[-1]) + np.repeat(self.offsets[:-1][rows] - offsets[:-1], counts)
        return Tokens(offsets, self.hash[at], self.kind[at])

    def wording(self) -> Tokens:
        """Without emoji: what is said rather than how it is decorated."""
        keep = self.kind != Kind.EMOJI
        before = np.concatenate([[0], np.cumsum(keep)]).astype(np.int64)
        return Tokens(before[self.offsets], self.hash[keep], self.kind[keep])


@dataclass(frozen=True)
class Shingles:
    """Distinct pairs of neighbouring tokens of each text, ascending inside a text; of one token, that token.

    Attributes:
        offsets: ``int64[n + 1]``.
        hash: ``uint64[m]``.
    """

    offsets: Ints
    hash: Hashes

    def __len__(self) -> int:
        return int(self.offsets.shape[0]) - 1


_CHUNK = 100_000


def tokenise(texts: pa.StringArray | pa.ChunkedArray) -> Tokens:
    """Tokens of each text; a missing text has none."""
    whole = texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts
    pieces = []
    for start in range(0, max(len(whole), 1), _CHUNK):
        codes, offsets = folded_codes(whole.slice(start, _CHUNK))
        pieces.append(cut(codes, offsets, character_kinds()))
    counts = np.concatenate([np.diff(piece[0]) for piece in pieces])
    return Tokens(
        np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        np.concatenate([piece[1] for piece in pieces]),
        np.concatenate([piece[2] for piece in pieces]),
    )


@numba.njit(cache=True, nogil=True)
def mixed(x: np.uint64) -> np.uint64:
    """A 64-bit number whose bits all depend on all bits of ``x`` (splitmix64, Steele et al. 2014)."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


@numba.njit(cache=True, nogil=True)
def cut(codes: np.ndarray, offsets: np.ndarray, kinds: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Tokens of folded code points: ``(offsets int64[n + 1], hash uint64[m], kind uint8[m])``."""
    n = offsets.shape[0] - 1
    out_offsets = np.zeros(n + 1, np.int64)
    out_hash = np.empty(codes.shape[0], np.uint64)
    out_kind = np.empty(codes.shape[0], np.uint8)
    size = 0
    for text in range(n):
        within = False
        for k in range(offsets[text], offsets[text + 1]):
            kind = kinds[codes[k]]
            if kind == 1 and within:
                out_hash[size - 1] = mixed(out_hash[size - 1] + np.uint64(codes[k]) + np.uint64(1))
            elif kind != 0:
                out_hash[size] = mixed(np.uint64(codes[k]) + np.uint64(0x9E3779B97F4A7C15))
                out_kind[size] = kind
                size += 1
            within = kind == 1
        out_offsets[text + 1] = size
    return out_offsets, out_hash[:size].copy(), out_kind[:size].copy()


@numba.njit(cache=True, nogil=True)
def _pair(left: np.uint64, right: np.uint64) -> np.uint64:
    return np.uint64(mixed(left * np.uint64(0x9E3779B97F4A7C15) + right))


@numba.njit(cache=True, nogil=True)
def _shingled(offsets: np.ndarray, tokens: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    n = offsets.shape[0] - 1
    out_offsets = np.zeros(n + 1, np.int64)
    out = np.empty(tokens.shape[0], np.uint64)
    size = 0
    for text in range(n):
        a, b = offsets[text], offsets[text + 1]
        first = size
        if b - a == 1:
            out[size] = tokens[a]
            size += 1
        for k in range(a, b - 1):
            out[size] = _pair(tokens[k], tokens[k + 1])
            size += 1
        out[first:size].sort()
        kept = first
        for k in range(first, size):
            if k == first or out[k] != out[kept - 1]:
                out[kept] = out[k]
                kept += 1
        size = kept
        out_offsets[text + 1] = size
    return out_offsets, out[:size].copy()


def shingles(tokens: Tokens) -> Shingles:
    """Shingles of each text."""
    return Shingles(*_shingled(tokens.offsets, tokens.hash))


@numba.njit(cache=True, nogil=True)
def _keys(offsets: np.ndarray, tokens: np.ndarray) -> np.ndarray:
    out = np.zeros(offsets.shape[0] - 1, np.uint64)
    for text in range(out.shape[0]):
        for k in range(offsets[text], offsets[text + 1]):
            out[text] = _pair(out[text] + np.uint64(1), tokens[k])
    return out


def text_keys(tokens: Tokens) -> Hashes:
    """One 64-bit name per text, equal exactly where the tokens are equal in order; 0 for a text without tokens."""
    return np.asarray(_keys(tokens.offsets, tokens.hash), dtype=np.uint64)


@cache
def character_kinds() -> NDArray[np.uint8]:
    """:class:`Kind` of every code point, ``uint8[0x110000]``."""
    category = categories()
    table = np.zeros(category.shape[0], np.uint8)
    table[np.char.startswith(category, "L") | np.char.startswith(category, "N") | (category == "Mc")] = Kind.WORD
    table[(category == "So") | (category == "Co")] = Kind.EMOJI
    for first, last in _UNSPACED:
        letters = table[first:last] == Kind.WORD
        table[first:last][letters] = Kind.SIGN
    return table


_UNSPACED = (
    (0x0E00, 0x0F00),  # Thai, Lao
    (0x1000, 0x10A0),  # Burmese
    (0x1780, 0x1800),  # Khmer
    (0x2E80, 0xA000),  # radicals, kana, bopomofo, ideographs
    (0xAC00, 0xD7B0),  # Korean syllables
    (0xF900, 0xFB00),  # compatibility ideographs
    (0x1B000, 0x1B170),  # rare kana
    (0x20000, 0x33480),  # rare ideographs
)
"""Scripts written without spaces, or with spaces between phrases only: every letter is a token."""
