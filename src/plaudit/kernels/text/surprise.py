"""How unlikely is it that two people write the same text by themselves? Nats, under the section's own language.

An interpolated bigram model over tokens (Jelinek & Mercer 1980; Chen & Goodman 1999), counted once per group of
near-duplicates and without the group that is judged: a text pasted a thousand times must not make itself look ordinary.
A few hundred comments know less of a language than its readers do, so no token says more than the printed language
is known to: 3.4 nats for an ideograph (entropy of Chinese, 5 bits, Takahira et al. 2016), 6.7 nats for a word
(1.75 bits a character, Brown et al. 1992).
"""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np

from plaudit.kernels.text.tokens import Kind, Tokens, mixed
from plaudit.model import Floats, Ints

MOST_NATS = {Kind.WORD: 6.7, Kind.SIGN: 3.4, Kind.EMOJI: 0.0}
"""Upper bound of what one token can say."""

_EDGE = np.uint64(0x5851F42D4C957F2D)
_STRENGTH = 2.0
"""Sightings the rest of the language weighs against what followed a token here."""


@dataclass(frozen=True)
class PhraseModel:
    """Groups that hold each token, context and pair, by hash slot.

    Attributes:
        pair, context, token: ``int32[2**k]``; a collision can only make a text look more ordinary.
        tokens: sum of ``token``.
    """

    pair: np.ndarray
    context: np.ndarray
    token: np.ndarray
    tokens: int

    def information(self, tokens: Tokens) -> Floats:
        """``-ln p`` of each text in nats, ``float64[n]``, for texts whose own group was counted."""
        bound = np.zeros(max(Kind) + 1)
        for kind, most in MOST_NATS.items():
            bound[kind] = most
        return np.asarray(
            _information(
                tokens.offsets, tokens.hash, tokens.kind, self.pair, self.context, self.token, self.tokens, bound
            ),
            dtype=np.float64,
        )


def phrase_model(tokens: Tokens, group: Ints) -> PhraseModel:
    """Learn from texts; each group of near-duplicates is heard once.

    Args:
        tokens: of ``n`` texts.
        group: dense group of each text, ``int64[n]``.
    """
    size = 1 << int(np.clip(np.ceil(np.log2(max(tokens.hash.shape[0], 1) * 16)), 16, 24))
    order = np.argsort(group, kind="stable").astype(np.int64)
    pair, context, token, heard = _counted(tokens.offsets, tokens.hash, order, group, size)
    return PhraseModel(pair, context, token, int(heard))


@numba.njit(cache=True, nogil=True)
def _slot(left: np.uint64, right: np.uint64, size: int) -> np.int64:
    return np.int64(mixed(left * np.uint64(0x9E3779B97F4A7C15) + right) & np.uint64(size - 1))


@numba.njit(cache=True, nogil=True)
def _counted(
    offsets: np.ndarray, tokens: np.ndarray, order: np.ndarray, group: np.ndarray, size: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, int]:
    pair, context, token = np.zeros(size, np.int32), np.zeros(size, np.int32), np.zeros(size, np.int32)
    last_pair, last_token = np.full(size, -1, np.int64), np.full(size, -1, np.int64)
    heard = 0
    for text in order:
        left = _EDGE
        for k in range(offsets[text], offsets[text + 1] + 1):
            right = tokens[k] if k < offsets[text + 1] else _EDGE
            at = _slot(left, right, size)
            if last_pair[at] != group[text]:
                last_pair[at] = group[text]
                pair[at] += 1
                context[np.int64(left & np.uint64(size - 1))] += 1
            alone = np.int64(right & np.uint64(size - 1))
            if last_token[alone] != group[text]:
                last_token[alone] = group[text]
                token[alone] += 1
                heard += 1
            left = right
    return pair, context, token, heard


@numba.njit(cache=True, nogil=True)
def _information(
    offsets: np.ndarray,
    tokens: np.ndarray,
    kind: np.ndarray,
    pair: np.ndarray,
    context: np.ndarray,
    token: np.ndarray,
    heard: int,
    bound: np.ndarray,
) -> np.ndarray:
    size = pair.shape[0]
    out = np.zeros(offsets.shape[0] - 1)
    for text in range(out.shape[0]):
        left = _EDGE
        for k in range(offsets[text], offsets[text + 1]):
            right = tokens[k]
            # Its own group was heard once in each of these; a context once for every pair it opened, at least one.
            alone = max(token[np.int64(right & np.uint64(size - 1))] - 1, 0)
            single = (alone + 0.5) / (heard + 0.5)
            follows = max(pair[_slot(left, right, size)] - 1, 0)
            opened = max(context[np.int64(left & np.uint64(size - 1))] - 1, follows)
            chance = (follows + _STRENGTH * single) / (opened + _STRENGTH)
            out[text] += min(-np.log(chance), bound[kind[k]])
            left = right
    return out
