"""Do members of a group move together from post to post, and in one order? Against each member's own habit.

A permutation test that keeps everything each member does by itself: how often it comes, to which posts, how early as a
rule. Only *which* of its moments belongs to which post is drawn anew, member by member.
"""

from __future__ import annotations

import numba
import numpy as np

from plaudit.model import Floats

_ENOUGH = 100
"""Draws at least as extreme as what was seen after which more draws change nothing (Besag & Clifford 1991)."""

_PAIRS = 600

_WORK = 400_000_000
"""Moments looked at in all draws together; a group so large that this cuts its draws short needs fewer of them."""
_FEWEST = 200


@numba.njit(cache=True, nogil=True)
def _next(state: np.uint64) -> np.uint64:
    x = state + np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


@numba.njit(cache=True, nogil=True)
def scatter(moments: np.ndarray) -> float:
    """Sum of squared distances of members from the mean of their post, over posts with two or more."""
    total = 0.0
    for p in range(moments.shape[1]):
        n, s, q = 0, 0.0, 0.0
        for i in range(moments.shape[0]):
            x = moments[i, p]
            if not np.isnan(x):
                n += 1
                s += x
                q += x * x
        if n > 1:
            total += q - s * s / n
    return total


@numba.njit(cache=True, nogil=True)
def order_kept(moments: np.ndarray) -> float:
    """Over pairs of members: posts where the usual one came first less posts where the other did.

    All pairs of up to 35 members; of more, each with those that follow, some :data:`_PAIRS` in all: a group of hundreds
    has a hundred thousand pairs and one order.
    """
    total = 0.0
    members = moments.shape[0]
    follow = members if members * (members - 1) <= 2 * _PAIRS else max(1, _PAIRS // members)
    for i in range(members):
        for j in range(i + 1, min(i + 1 + follow, members)):
            lead = 0
            for p in range(moments.shape[1]):
                x, y = moments[i, p], moments[j, p]
                if x < y:
                    lead += 1
                elif x > y:
                    lead -= 1
            total += abs(lead)
    return total


@numba.njit(cache=True, nogil=True)
def _p_together(moments: np.ndarray, draws: int, seed: int) -> tuple[float, float]:
    members, posts = moments.shape
    seen, kept = scatter(moments), order_kept(moments)
    close, ordered, drawn, drawn_close, drawn_ordered = 0, 0, 0, 0, 0
    now = moments.copy()
    state = np.uint64(seed)
    while drawn < draws and (close < _ENOUGH or ordered < _ENOUGH):
        for i in range(members):
            held = np.empty(posts, np.int64)
            n = 0
            for p in range(posts):
                if not np.isnan(moments[i, p]):
                    held[n] = p
                    n += 1
            for x in range(n - 1, 0, -1):
                state = _next(state)
                y = np.int64(state % np.uint64(x + 1))
                now[i, held[x]], now[i, held[y]] = now[i, held[y]], now[i, held[x]]
        drawn += 1
        # What is known well enough is not asked again; its own draws are counted.
        if close < _ENOUGH:
            drawn_close = drawn
            close += scatter(now) <= seen + 1e-9
        if ordered < _ENOUGH:
            drawn_ordered = drawn
            ordered += order_kept(now) >= kept - 1e-9
    return (close + 1) / (drawn_close + 1), (ordered + 1) / (drawn_ordered + 1)


def p_together(moments: Floats, draws: int, seed: int) -> tuple[float, float]:
    """Chances that members come this close together, and keep this much of one order, by their own habits.

    Args:
        moments: when each member came to each post, on any scale on which posts compare, ``float64[members, posts]``,
            NaN where it did not.
        draws: permutations at most; fewer where the answer is plain.
        seed: any whole number >= 0.
    """
    # In an order of their own, so that the names of members change nothing.
    order = np.lexsort((np.nansum(moments, axis=1), np.isnan(moments).sum(axis=1)))
    table = np.ascontiguousarray(moments[order], dtype=np.float64)
    most = max(_FEWEST, _WORK // max(table.size, 1))
    close, ordered = _p_together(table, min(draws, most), seed)
    return float(close), float(ordered)


def concordance(moments: Floats) -> float:
    """Kendall's W over the posts every member came to: 1 for one order throughout, near 0 for none.

    NaN with fewer than two such posts or three members.
    """
    whole = moments[:, ~np.isnan(moments).any(axis=0)]
    members, posts = whole.shape
    if posts < 2 or members < 3:
        return float("nan")
    ranks = np.argsort(np.argsort(whole, axis=0, kind="stable"), axis=0, kind="stable") + 1.0
    sums = ranks.sum(axis=1)
    return float(12 * ((sums - sums.mean()) ** 2).sum() / (posts**2 * (members**3 - members)))


def p_together_plain(moments: Floats, draws: int, seed: int) -> tuple[float, float]:
    """The same test by definition, with NumPy's own permutations. The oracle in tests."""

    def statistics(table: Floats) -> tuple[float, float]:
        apart = 0.0
        for column in table.T:
            here = column[~np.isnan(column)]
            apart += float(((here - here.mean()) ** 2).sum()) if here.shape[0] > 1 else 0.0
        kept = 0.0
        for i in range(table.shape[0]):
            for j in range(i + 1, table.shape[0]):
                both = ~np.isnan(table[i]) & ~np.isnan(table[j])
                kept += abs(float(np.sign(table[j, both] - table[i, both]).sum()))
        return apart, kept

    rng = np.random.default_rng(seed)
    apart, kept = statistics(moments)
    close = ordered = 0
    for _ in range(draws):
        drawn = moments.copy()
        for row in drawn:
            held = ~np.isnan(row)
            row[held] = rng.permutation(row[held])
        now = statistics(drawn)
        close += now[0] <= apart + 1e-9
        ordered += now[1] >= kept - 1e-9
    return (close + 1) / (draws + 1), (ordered + 1) / (draws + 1)
