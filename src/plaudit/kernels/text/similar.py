"""Which texts are nearly the same? Equal normal forms first, MinHash for the rest, and every pair verified.

MinHash with banding (Broder 1997; Leskovec, Rajaraman & Ullman, ch. 3; sketches by rensa) only proposes. A proposed
pair counts when the two sets of shingles overlap by half, or when the words of a template stand in the same order with
others filled in (longest common subsequence). Groups are connected components, each held together by its medoid: a
member that does not resemble the medoid itself is let go, so that a chain of small steps never joins two wordings.
"""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np
import rensa

from plaudit.kernels.text.tokens import Shingles, Tokens, mixed, shingles, text_keys
from plaudit.model import Floats, Ints

BANDS, ROWS = 24, 3
"""A pair whose sets overlap by 0.5 is proposed with 96 %, by 0.3 with 48 %, by 0.05 with 0.3 %."""
SAME, FILLED, ORDERED = 0.5, 0.25, 0.65
"""Jaccard of two texts that are nearly the same; of two fillings of one template, whose tokens must then agree in order
by ``ORDERED`` of the longer."""
HELD, HELD_ORDERED = 0.35, 0.5
"""What a member of a group must share with its medoid."""

_CHUNK = 50_000
_LOOSE = 32
"""Distinct texts up to which a component may grow by pairs alone."""
_JUDGES = 48
_LONGEST = 400
_WORD = 64
_SEED = 20_240_131


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
    members = np.argsort(root, kind="stable").astype(np.int64)
    _, sizes = np.unique(root, return_counts=True)
    bounds = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    centre, likeness = _held_together(
        bounds, members, sets.offsets, sets.hash, texts.offsets, texts.hash, counts.astype(np.int64)
    )
    medoids, number = np.unique(centre, return_inverse=True)
    group, similarity = np.full(len(tokens), -1, np.int64), np.zeros(len(tokens))
    distinct = np.full(len(tokens), -1, np.int64)
    group[told], similarity[told], distinct[told] = number[inverse], likeness[inverse], inverse
    return Alike(group, told[first[medoids]], similarity, distinct)


def _components(texts: Tokens, sets: Shingles, weight: Ints) -> Ints:
    """Component of each distinct text, named by its first member."""
    parent = np.arange(len(sets), dtype=np.int64)
    leader, size = parent.copy(), np.ones(len(sets), np.int64)
    bands = np.empty((BANDS, len(sets)), np.uint64)
    for start in range(0, len(sets), _CHUNK):
        stop = min(start + _CHUNK, len(sets))
        a, b = sets.offsets[start], sets.offsets[stop]
        matrix = rensa.RMinHash.digest_matrix_from_flat_token_hashes(
            np.ascontiguousarray(sets.hash[a:b]),
            (sets.offsets[start : stop + 1] - a).astype(np.uint64),
            BANDS * ROWS,
            _SEED,
        )
        _banded(np.array(matrix.to_rows(), dtype=np.uint32), start, bands)
    for band in range(BANDS):
        order = np.argsort(bands[band], kind="stable").astype(np.int64)
        _join(order, bands[band], sets.offsets, sets.hash, texts.offsets, texts.hash, weight, parent, leader, size)
    return np.asarray(_roots(parent), dtype=np.int64)


@numba.njit(cache=True, nogil=True)
def _banded(rows: np.ndarray, start: int, out: np.ndarray) -> None:
    for i in range(rows.shape[0]):
        for band in range(BANDS):
            key = np.uint64(band)
            for k in range(band * ROWS, (band + 1) * ROWS):
                key = mixed(key + np.uint64(rows[i, k]) + np.uint64(0x9E3779B97F4A7C15))
            out[band, start + i] = key


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
    order: np.ndarray,
    key: np.ndarray,
    set_offsets: np.ndarray,
    shingle: np.ndarray,
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
    first = 0
    for x in range(1, order.shape[0]):
        if key[order[x]] != key[order[x - 1]]:
            first = x
            continue
        for other in (x - 1, x - 2, first):
            if other < first:
                continue
            i, j = _find(parent, order[other]), _find(parent, order[x])
            if i == j:
                continue
            a, b = leader[i], leader[j]
            if size[i] + size[j] > _LOOSE and not _nearly(
                a, b, set_offsets, shingle, text_offsets, token, HELD, HELD_ORDERED
            ):
                continue
            if _nearly(order[other], order[x], set_offsets, shingle, text_offsets, token, SAME, ORDERED):
                root, leaf = min(i, j), max(i, j)
                heavier = weight[a] > weight[b] or (weight[a] == weight[b] and a < b)
                parent[leaf] = root
                leader[root] = a if heavier else b
                size[root] += size[leaf]


@numba.njit(cache=True, nogil=True)
def _nearly(
    i: int,
    j: int,
    set_offsets: np.ndarray,
    shingle: np.ndarray,
    text_offsets: np.ndarray,
    token: np.ndarray,
    same: float,
    ordered: float,
) -> bool:
    # Sets, or texts, of too different sizes can share no such part: most proposals end here, before anything is read.
    a, b = set_offsets[i + 1] - set_offsets[i], set_offsets[j + 1] - set_offsets[j]
    if min(a, b) < min(FILLED, same) * max(a, b):
        return False
    shared = jaccard(set_offsets, shingle, i, j)
    if shared >= same:
        return True
    if shared < min(FILLED, same):
        return False
    n = min(text_offsets[i + 1] - text_offsets[i], _LONGEST)
    m = min(text_offsets[j + 1] - text_offsets[j], _LONGEST)
    return bool(min(n, m) / max(n, m, 1) >= ordered and common_order(text_offsets, token, i, j) >= ordered)


@numba.njit(cache=True, nogil=True)
def jaccard(offsets: np.ndarray, hashes: np.ndarray, i: int, j: int) -> float:
    """Shared share of two ascending sets."""
    a, b, both = offsets[i], offsets[j], 0
    while a < offsets[i + 1] and b < offsets[j + 1]:
        if hashes[a] == hashes[b]:
            both += 1
            a += 1
            b += 1
        elif hashes[a] < hashes[b]:
            a += 1
        else:
            b += 1
    union = offsets[i + 1] - offsets[i] + offsets[j + 1] - offsets[j] - both
    return both / union if union > 0 else 0.0


@numba.njit(cache=True, nogil=True)
def _common_bits(short: np.ndarray, other: np.ndarray) -> int:
    """Longest common subsequence, a row of the table in the bits of one number (Hyyrö 2004); ``short`` of 64 at most.

    A zero at place x says that the first x + 1 tokens have one more in common than the first x.
    """
    row = ~np.uint64(0)
    for y in range(other.shape[0]):
        match = np.uint64(0)
        for x in range(short.shape[0]):
            match |= np.uint64(short[x] == other[y]) << np.uint64(x)
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
    text_offsets: np.ndarray,
    token: np.ndarray,
    weight: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Medoid of each distinct text, and its likeness to it; who does not resemble one forms the next group."""
    centre = np.arange(weight.shape[0])
    likeness = np.ones(weight.shape[0])
    for c in range(bounds.shape[0] - 1):
        rest = members[bounds[c] : bounds[c + 1]].copy()
        while rest.shape[0] > 1:
            medoid = _medoid(rest, set_offsets, shingle, weight)
            apart = 0
            for x in range(rest.shape[0]):
                i = rest[x]
                near = i == medoid or _nearly(medoid, i, set_offsets, shingle, text_offsets, token, HELD, HELD_ORDERED)
                if near:
                    centre[i] = medoid
                    likeness[i] = jaccard(set_offsets, shingle, medoid, i)
                else:
                    rest[apart] = i
                    apart += 1
            rest = rest[:apart].copy()
    return centre, likeness


@numba.njit(cache=True, nogil=True)
def _medoid(rest: np.ndarray, offsets: np.ndarray, shingle: np.ndarray, weight: np.ndarray) -> int:
    """The member most like the others: of the heaviest ``_JUDGES``, judged by each other, each by its weight."""
    judges = rest
    if rest.shape[0] > _JUDGES:
        judges = rest[np.argsort(-weight[rest], kind="mergesort")[:_JUDGES]]
    best: int = judges[0]
    most = -1.0
    for i in judges:
        total = 0.0
        for j in judges:
            total += weight[j] * jaccard(offsets, shingle, i, j)
        if total > most + 1e-9:
            best, most = i, total
    return best
