"""What a comment's likes would be by its text, place, age and post, learned from all comments but itself.

A ridge regression of ``ln(1 + likes)`` with Huber weights (Huber 1964), so that neither a viral nor a bought comment
bends it, and an effect of each post drawn towards their mean as far as posts of this export agree (empirical Bayes).
The comment judged teaches neither: its own part is taken out of the coefficients by its leverage (Cook 1977) and out
of its post by subtraction.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from plaudit.kernels.specifics import Specifics
from plaudit.model import HOUR_MS, Bools, Flags, Floats, Ints, Section

_HUBER = 1.345
_ROUNDS = 3
_STEPS = 3
_RIDGE = 1.0
_TOP = 3
_RUNG = 100_000
"""Rows taken at once where one number per pair of features would not fit."""


@dataclass(frozen=True)
class Expectation:
    """Of ``n`` judged comments: rows of the section's comments, ``ln(1 + likes)`` shown, and expected without own."""

    row: Ints
    shown: Floats
    expected: Floats


def expectations(section: Section, told: Specifics) -> list[Expectation]:
    """Of the comments whose likes are known: as if their places were no reason for likes, and as if they were.

    One reading where no places are known, or where the order shown follows likes rather than time: there a place is
    what likes bought, and says nothing that they do not. A censored counter counts with its low end, the innocent one.
    """
    comments = section.comments
    row = np.flatnonzero(comments.likes.known)
    shown = np.log1p(comments.likes.low[row].astype(np.float64))
    post = comments.post[row].astype(np.int64)
    plain = _standard(_features(section, told, row))
    designs = [plain]
    if not _placed_by_likes(section, row):
        placed = _standard(_places(section, row))
        designs += [np.column_stack([plain, placed])] if placed.shape[1] else []
    return [Expectation(row, shown, _fit(design, shown, post)) for design in designs]


def _places(section: Section, row: Ints) -> list[Floats]:
    """Columns of the place shown, ``float64[n]`` each: how far down, the first, and the first few."""
    position = section.comments.position[row]
    return [
        *_known(np.log1p(np.maximum(position, 0)), position >= 0),
        (position == 0).astype(np.float64),
        ((position >= 0) & (position < _TOP)).astype(np.float64),
    ]


def _placed_by_likes(section: Section, row: Ints) -> bool:
    """Whether places follow likes more closely than they follow time, by ranks inside each post."""
    comments = section.comments
    row = row[comments.position[row] >= 0]
    timed = row[comments.created_ms[row] >= 0]

    def follows(rows: Ints, values: Ints) -> float:
        post = comments.post[rows].astype(np.int64)
        place, other = _ranks(post, comments.position[rows].astype(np.int64)), _ranks(post, values[rows])
        spread = float(np.sqrt((place @ place) * (other @ other)))
        return abs(float(place @ other)) / spread if spread > 0 else 0.0

    return follows(row, comments.likes.low) > follows(timed, comments.created_ms)


def _ranks(post: Ints, values: Ints) -> Floats:
    """Ranks inside each post, centred and of unit length; equal values share theirs."""
    order = np.lexsort((values, post))
    first = np.r_[True, (np.diff(post[order]) != 0) | (np.diff(values[order]) != 0)] if order.shape[0] else order > 0
    begin = np.flatnonzero(first)
    last = np.r_[begin[1:], order.shape[0]] - 1
    rank = np.empty(order.shape[0])
    rank[order] = ((begin + last) / 2)[np.cumsum(first) - 1]
    count = np.maximum(np.bincount(post, minlength=1), 1)
    centred = rank - (np.bincount(post, rank, count.shape[0]) / count)[post]
    return np.asarray(centred / count[post], dtype=np.float64)


def _features(section: Section, told: Specifics, row: Ints) -> list[Floats]:
    """One column per feature, ``float64[n]`` each. What the export does not say is 0, with a column that says so."""
    comments, posts = section.comments, section.posts
    post = comments.post[row]
    children = np.bincount(comments.parent[comments.parent >= 0], minlength=len(comments))[row]
    columns = [
        np.log1p(told.letters[row]),
        np.log1p(told.information[row]),
        told.detail[row].astype(np.float64),
        told.kinds[row, -1].astype(np.float64),
        np.minimum(told.first_person[row], 3).astype(np.float64),
        told.question[row].astype(np.float64),
        told.emoji[row],
        np.log(told.copies[row]),
        (comments.parent[row] >= 0).astype(np.float64),
        # A consequence of likes as well as a cause: counting it for the comment is the innocent reading.
        np.log1p(np.maximum(comments.replies.low[row], children)),
        *(_yes(flag[row]) for flag in (comments.pinned, comments.elected, comments.author_liked, comments.by_owner)),
        *_hours(comments.created_ms[row], comments.observed_ms[row]),
        *_hours(posts.published_ms[post], comments.created_ms[row]),
    ]
    for name in ("reads", "plays", "comments"):
        if name in posts.totals:
            total = posts.totals[name].low[post]
            columns += _known(np.log1p(np.maximum(total, 0)), total >= 0)
    return columns


def _yes(flag: Flags) -> Floats:
    return np.asarray(flag == 1, dtype=np.float64)


def _known(values: Floats, known: Bools) -> list[Floats]:
    return [np.where(known, values, 0.0), known.astype(np.float64)]


def _hours(start_ms: Ints, end_ms: Ints) -> list[Floats]:
    known = (start_ms >= 0) & (end_ms >= start_ms)
    return _known(np.log1p(np.where(known, end_ms - start_ms, 0) / HOUR_MS), known)


def _standard(columns: list[Floats]) -> Floats:
    """Centred columns of unit spread, ``float64[n, d]``; those that never vary say nothing and go."""
    kept = []
    for column in columns:
        spread = float(column.std()) if column.shape[0] else 0.0
        if spread > 1e-9:
            kept.append((column - column.mean()) / spread)
    return np.column_stack(kept) if kept else np.zeros((columns[0].shape[0], 0))


def _spread(residual: Floats) -> float:
    """Median deviation; where most residuals are alike (likes mostly 0) no less than a third of the plain deviation."""
    return max(1.4826 * float(np.median(np.abs(residual - np.median(residual)))), float(residual.std()) / 3, 1e-6)


def _fit(design: Floats, shown: Floats, post: Ints) -> Floats:
    """Expected ``ln(1 + likes)`` of each row, itself left out."""
    n = shown.shape[0]
    whole = np.column_stack([np.ones(n), design])
    ridge = np.diag(np.r_[0.0, np.full(design.shape[1], _RIDGE)])
    offset, weight, own = np.zeros(n), np.ones(n), np.zeros(n)
    fitted = np.zeros(n)
    for _ in range(_ROUNDS):
        for _ in range(_STEPS):
            solved = _gram(whole, weight) + ridge
            fitted = whole @ np.linalg.solve(solved, whole.T @ (weight * (shown - offset)))
            residual = shown - offset - fitted
            size = np.abs(residual) / _spread(residual)
            weight = np.minimum(1.0, _HUBER / np.maximum(size, 1e-9))
        inverse = np.linalg.inv(solved)
        for start in range(0, n, _RUNG):
            part = slice(start, start + _RUNG)
            own[part] = np.einsum("ij,jk,ik->i", whole[part], inverse, whole[part], optimize=True)
        leverage = np.clip(weight * own, 0.0, 0.99)
        fitted = shown - offset - (shown - offset - fitted) / (1.0 - leverage)
        offset = _post_effect(shown - fitted, post)
    return np.asarray(fitted + offset, dtype=np.float64)


def _gram(whole: Floats, weight: Floats) -> Floats:
    out = np.zeros((whole.shape[1], whole.shape[1]))
    for start in range(0, whole.shape[0], _RUNG):
        part = whole[start : start + _RUNG]
        out += part.T @ (part * weight[start : start + _RUNG, None])
    return out


def _post_effect(residual: Floats, post: Ints) -> Floats:
    """How much more than expected the *other* comments of the same post have, drawn towards 0."""
    spread = _spread(residual)
    clipped = np.clip(residual, -2.5 * spread, 2.5 * spread)
    clipped -= clipped.mean()
    count = np.bincount(post)
    total = np.bincount(post, clipped)
    many = np.flatnonzero(count >= 2)
    if many.shape[0] < 2:
        return np.zeros(residual.shape[0])
    means = total[many] / count[many]
    within = float(np.sum((clipped - (total / np.maximum(count, 1))[post]) ** 2)) / max(
        clipped.shape[0] - int((count > 0).sum()), 1
    )
    between = float(means.var(ddof=1)) - within * float(np.mean(1.0 / count[many]))
    if between <= 1e-9:
        return np.zeros(residual.shape[0])
    return np.asarray((total[post] - clipped) / (count[post] - 1 + within / between), dtype=np.float64)
