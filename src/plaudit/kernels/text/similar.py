"""Which texts are nearly the same? Equal normal forms first, MinHash for the rest, and every pair verified.

MinHash with banding (:mod:`plaudit.kernels.text.sketch`) only proposes. A proposed
pair counts when the two sets of shingles overlap by half, or when the words of a template stand in the same order with
others filled in (longest common subsequence). Groups are connected components, each held together by its medoid: a
member that does not resemble the medoid itself is let go, so that a chain of small steps never joins two wordings.
"""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np

from plaudit.kernels.beside import each
from plaudit.kernels.text.sketch import BANDS, band_keys, most_shared, ones, set_marks
from plaudit.kernels.text.tokens import Shingles, Tokens, mixed, shingles, text_keys
from plaudit.model import Floats, Ints

SAME, FILLED, ORDERED = 0.5, 0.25, 0.65
"""Jaccard of two texts that are nearly the same; of two fillings of one template, whose tokens must then agree in order
by ``ORDERED`` of the longer."""
HELD, HELD_ORDERED = 0.35, 0.5
"""What a member of a group must share with its medoid."""

_LOOSE = 32
"""Distinct texts up to which a component may grow by pairs alone."""
_JUDGES = 48
_LONGEST = 400
_WORD = 64
_PLACES = 128
_REMEMBERED = 1 << 18


@dataclass(frozen=True)
class Alike:
    """Groups of near-duplicates among ``n`` texts.

    Attributes:
        group: dense group of each text, ``int64[n]``; a text like no other is a group of its own, -1 has no tokens.
        medoid: a text of each group that resembles the others most, ``int64[groups]``.
        similarity: shared share of shingles of each text and its medoid (Jaccard), ``float64[n]``; 0 without tokens.
        distinct: number of the normal form of each text, ``int64[n]``, -1 without tokens.
    """

    group: Ints
    medoid: Ints
    similarity: Floats
    distinct: Ints


def near_duplicates(tokens: Tokens) -> Alike:
    """Groups of nearly equal texts, whatever their order; emoji must have been left out (:meth:`Tokens.wording`)."""
    told = np.flatnonzero(np.diff(tokens.offsets) > 0).astype(np.int64)
    keys = text_keys(tokens)[told]
    # Distinct texts stand in the order of their keys, so nothing below depends on the order of the input.
    _, first, inverse, counts = np.unique(keys, return_index=True, return_inverse=True, return_counts=True)
    texts = tokens.take(told[first])
    sets = shingles(texts)
    root = _components(texts, sets, counts.astype(np.int64))
    centre, likeness = _centred(texts, sets, counts.astype(np.int64), root)
    medoids, number = np.unique(centre, return_inverse=True)
    group, similarity = np.full(len(tokens), -1, np.int64), np.zeros(len(tokens))
    distinct = np.full(len(tokens), -1, np.int64)
    group[told], similarity[told], distinct[told] = number[inverse], likeness[inverse], inverse
    return Alike(group, told[first[medoids]], similarity, distinct)


def _components(texts: Tokens, sets: Shingles, weight: Ints) -> Ints:
    """Component of each distinct text, named by its first member."""
    parent = np.arange(len(sets), dtype=np.int64)
    leader, size = parent.copy(), np.ones(len(sets), np.int64)
    marks, keys = set_marks(sets.offsets, sets.hash), band_keys(sets)
    for band in range(BANDS):
        _join(keys[band], sets.offsets, sets.hash, marks, texts.offsets, texts.hash, weight, parent, leader, size)
    return np.asarray(_roots(parent), dtype=np.int64)


def _centred(texts: Tokens, sets: Shingles, weight: Ints, root: Ints) -> tuple[Ints, Floats]:
    """Medoid of each distinct text of each component, and its likeness to it."""
    members = np.argsort(root, kind="stable").astype(np.int64)
    _, sizes = np.unique(root, return_counts=True)
    bounds = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    marks = set_marks(sets.offsets, sets.hash)
    centre, likeness = np.arange(len(sets), dtype=np.int64), np.ones(len(sets))
    # Components know nothing of each other: half of the members each.
    middle = int(np.searchsorted(bounds, len(sets) // 2))
    each(
        lambda part: _held_together(
            part,
            members,
            sets.offsets,
            sets.hash,
            marks,
            texts.offsets,
            texts.hash,
            weight,
            centre,
            likeness,
        ),
        [bounds[: middle + 1], bounds[middle:]],
    )
    return centre, likeness


@numba.njit(cache=True, nogil=True)
def _find(parent: np.ndarray, i: int) -> int:
    while parent[i] != i:
        parent[i] = parent[parent[i]]
        i = parent[i]
    return i


@numba.njit(cache=True, nogil=True)
def _roots(parent: np.ndarray) -> np.ndarray:
    out = np.empty_like(parent)
    for i in range(parent.shape[0]):
        out[i] = _find(parent, i)
    return out


@numba.njit(cache=True, nogil=True)
def _join(
    key: np.ndarray,
    set_offsets: np.ndarray,
    shingle: np.ndarray,
    marks: np.ndarray,
    text_offsets: np.ndarray,
    token: np.ndarray,
    weight: np.ndarray,
    parent: np.ndarray,
    leader: np.ndarray,
    size: np.ndarray,
) -> None:
    """Unite what a band proposes and verification confirms.

    A bucket of b texts proposes 3 b pairs, not b squared: each with its two predecessors and with the first. Once two
    components together are large, their heaviest texts must resemble each other too: millions of short texts would
    otherwise hang together in one chain.
    """
    n = key.shape[0]
    unlike = np.zeros(_REMEMBERED, np.uint64)
    slots = 1
    while slots < 2 * n:
        slots *= 2
    held = np.zeros(slots, np.uint64)
    met = np.full((slots, 3), -1, np.int32)  # the first text of a bucket, the last but one, the last
    for x in range(n):
        at = np.int64(key[x] & np.uint64(slots - 1))
        while met[at, 0] >= 0 and held[at] != key[x]:
            at = (at + 1) & (slots - 1)
        held[at] = key[x]
        for place in (2, 1, 0):
            other = met[at, place]
            if other < 0 or (place == 0 and (other == met[at, 1] or other == met[at, 2])):
                continue
            i, j = _find(parent, other), _find(parent, x)
            if i == j:
                continue
            a, b = leader[i], leader[j]
            if size[i] + size[j] > _LOOSE:
                # Large components meet again and again: that their leaders are unlike is remembered, not read again.
                pair = (np.uint64(min(a, b)) << np.uint64(32)) | np.uint64(max(a, b))
                spot = np.int64(mixed(pair) & np.uint64(_REMEMBERED - 1))
                if unlike[spot] == pair:
                    continue
                if not _nearly(a, b, set_offsets, shingle, marks, text_offsets, token, HELD, HELD_ORDERED):
                    unlike[spot] = pair
                    continue
            if _nearly(other, x, set_offsets, shingle, marks, text_offsets, token, SAME, ORDERED):
                root, leaf = min(i, j), max(i, j)
                heavier = weight[a] > weight[b] or (weight[a] == weight[b] and a < b)
                parent[leaf] = root
                leader[root] = a if heavier else b
                size[root] += size[leaf]
        if met[at, 0] < 0:
            met[at, 0] = x
        met[at, 1] = met[at, 2]
        met[at, 2] = x


@numba.njit(cache=True, nogil=True)
def _nearly(
    i: int,
    j: int,
    set_offsets: np.ndarray,
    shingle: np.ndarray,
    marks: np.ndarray,
    text_offsets: np.ndarray,
    token: np.ndarray,
    same: float,
    ordered: float,
) -> bool:
    # Sets, or texts, of too different sizes or marks can share no such part: most proposals end here, before anything
    # is read.
    a, b = set_offsets[i + 1] - set_offsets[i], set_offsets[j + 1] - set_offsets[j]
    least = min(FILLED, same)
    if min(a, b) < least * max(a, b):
        return False
    both = most_shared(marks, i, j, a, b)
    if both < least * (a + b - both):
        return False
    shared = jaccard(set_offsets, shingle, i, j)
    if shared >= same:
        return True
    if shared < least:
        return False
    n = min(text_offsets[i + 1] - text_offsets[i], _LONGEST)
    m = min(text_offsets[j + 1] - text_offsets[j], _LONGEST)
    return bool(min(n, m) / max(n, m, 1) >= ordered and common_order(text_offsets, token, i, j) >= ordered)


@numba.njit(cache=True, nogil=True)
def jaccard(offsets: np.ndarray, hashes: np.ndarray, i: int, j: int) -> float:
    """Shared share of two ascending sets."""
    a, b, both = offsets[i], offsets[j], np.int64(0)
    end_a, end_b = offsets[i + 1], offsets[j + 1]
    while a < end_a and b < end_b:
        # Without branches: which of the two is smaller is a coin toss no processor can foresee.
        one, other = hashes[a], hashes[b]
        both += np.int64(one == other)
        a += np.int64(one <= other)
        b += np.int64(other <= one)
    union = offsets[i + 1] - offsets[i] + offsets[j + 1] - offsets[j] - both
    return both / union if union > 0 else 0.0


@numba.njit(cache=True, nogil=True)
def _common_bits(short: np.ndarray, other: np.ndarray) -> int:
    """Longest common subsequence, a row of the table in the bits of one number (Hyyrö 2004); ``short`` of 64 at most.

    A zero at place x says that the first x + 1 tokens have one more in common than the first x.
    """
    # Where each token stands in the short one, by the low bits of its name; equal bits are told apart below.
    places = np.zeros(_PLACES, np.uint64)
    for x in range(short.shape[0]):
        places[np.int64(short[x] & np.uint64(_PLACES - 1))] |= np.uint64(1) << np.uint64(x)
    row = ~np.uint64(0)
    for y in range(other.shape[0]):
        left = places[np.int64(other[y] & np.uint64(_PLACES - 1))]
        match = np.uint64(0)
        while left != np.uint64(0):
            lowest = left & (~left + np.uint64(1))
            if short[ones(lowest - np.uint64(1))] == other[y]:
                match |= lowest
            left ^= lowest
        both = row & match
        row = (row + both) | (row - both)
    found = 0
    for x in range(short.shape[0]):
        found += (row >> np.uint64(x)) & np.uint64(1) == np.uint64(0)
    return found


@numba.njit(cache=True, nogil=True)
def common_order(offsets: np.ndarray, tokens: np.ndarray, i: int, j: int) -> float:
    """Longest common subsequence of two texts (their first 400 tokens), as a share of the longer."""
    n = min(offsets[i + 1] - offsets[i], _LONGEST)
    m = min(offsets[j + 1] - offsets[j], _LONGEST)
    if 0 < n <= _WORD:
        bits: int = _common_bits(tokens[offsets[i] : offsets[i] + n], tokens[offsets[j] : offsets[j] + m])
        longest: int = max(n, m)
        return bits / longest
    row = np.zeros(m + 1, np.int32)
    for x in range(n):
        corner = 0
        for y in range(m):
            above = row[y + 1]
            if tokens[offsets[i] + x] == tokens[offsets[j] + y]:
                row[y + 1] = corner + 1
            else:
                row[y + 1] = max(above, row[y])
            corner = above
    return row[m] / max(n, m) if n > 0 and m > 0 else 0.0


@numba.njit(cache=True, nogil=True)
def _held_together(
    bounds: np.ndarray,
    members: np.ndarray,
    set_offsets: np.ndarray,
    shingle: np.ndarray,
    marks: np.ndarray,
    text_offsets: np.ndarray,
    token: np.ndarray,
    weight: np.ndarray,
    centre: np.ndarray,
    likeness: np.ndarray,
) -> None:
    """Medoid of each distinct text, and its likeness to it; who does not resemble one forms the next group."""
    for c in range(bounds.shape[0] - 1):
        rest = members[bounds[c] : bounds[c + 1]].copy()
        while rest.shape[0] > 1:
            medoid = _medoid(rest, set_offsets, shingle, weight)
            apart = 0
            for x in range(rest.shape[0]):
                i = rest[x]
                near = i == medoid or _nearly(
                    medoid, i, set_offsets, shingle, marks, text_offsets, token, HELD, HELD_ORDERED
                )
                if near:
                    centre[i] = medoid
                    likeness[i] = jaccard(set_offsets, shingle, medoid, i)
                else:
                    rest[apart] = i
                    apart += 1
            rest = rest[:apart].copy()


@numba.njit(cache=True, nogil=True)
def _medoid(rest: np.ndarray, offsets: np.ndarray, shingle: np.ndarray, weight: np.ndarray) -> int:
    """The member most like the others: of the heaviest ``_JUDGES``, judged by each other, each by its weight."""
    judges = rest
    if rest.shape[0] > _JUDGES:
        judges = rest[np.argsort(-weight[rest], kind="mergesort")[:_JUDGES]]
    n = judges.shape[0]
    total = np.zeros(n)
    for x in range(n):
        total[x] += weight[judges[x]]
        for y in range(x + 1, n):
            alike = jaccard(offsets, shingle, judges[x], judges[y])
            total[x] += weight[judges[y]] * alike
            total[y] += weight[judges[x]] * alike
    best, most = 0, -1.0
    for x in range(n):
        if total[x] > most + 1e-9:
            best, most = x, total[x]
    return int(judges[best])
