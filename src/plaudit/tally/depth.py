"""Recognition depth (认可深度): what likes were worth, 0 to 100, per comment, per post and for everything.

Five parts of equal weight: what the comment tells (``specificity``), whom it drew (``thread``), who came back
(``returning``), likes that stayed (``persistence``), likes for those who saw it (``exposure``). Equal, because no
outcome here says which matters more (Dawes 1979: equal weights are hard to beat without one). Each part is a share
with a Beta posterior whose prior is this export's usual comment; a part the export does not hold counts as usual and
widens the interval. It says which comments to keep and to answer, never anything about a person.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import betaincinv

from plaudit.kernels.beside import each
from plaudit.kernels.specifics import Specifics, specifics
from plaudit.model import Bools, Floats, Ints, Section
from plaudit.tally.depth_parts import PARTS, count_parts

PRIOR = 2.0
"""Trials the usual comment is worth beside a comment's own: the weight of a flat prior."""
EVEN_ODDS = 0.5
_LEVEL = 0.05


@dataclass(frozen=True)
class Depth:
    """Index of ``n`` subjects with its 90 % interval, all ``float64[n]`` in 0..100.

    Attributes:
        index, low, high: NaN for a post without comments.
        parts: contribution of each of :data:`PARTS`, ``float64[n, parts]``; a row adds up to the index.
        known: share of each contribution that was counted rather than assumed usual, ``float64[n, parts]``, 0..1.
    """

    index: Floats
    low: Floats
    high: Floats
    parts: Floats
    known: Floats

    def __len__(self) -> int:
        return int(self.index.shape[0])


@dataclass(frozen=True)
class SectionDepth:
    """Depth of every comment, of every post by its comments, and of all comments together (one entry)."""

    comments: Depth
    posts: Depth
    whole: Depth


def depth(section: Section, *, suspicion: Floats | None = None, told: Specifics | None = None) -> SectionDepth:
    """Recognition depth of a section; deterministic.

    Args:
        section: what the owner holds.
        suspicion: chance that the likes of each target were bought, ``float64[n_targets]``, 0 where not given. They
            count that much less.
        told: what the texts tell, if known already.
    """
    doubt = np.zeros(section.n_targets) if suspicion is None else np.clip(np.nan_to_num(suspicion), 0.0, 1.0)
    read = specifics(section.comments.text) if told is None else told
    counts = count_parts(section, read, doubt)
    trials, successes = counts.trials, counts.successes
    total = trials.sum(axis=0)
    usual = np.where(total > 0, (successes.sum(axis=0) + 1.0) / (total + 2.0), 0.5)
    share = (successes + PRIOR * usual) / (trials + PRIOR)
    variance = share * (1.0 - share) / (trials + PRIOR + 1.0)
    weight = 1.0 / len(PARTS)
    known = trials > 0
    comments = _made(weight * share, np.sum(weight**2 * variance, axis=1), known.astype(np.float64))
    likes = np.maximum(section.comments.likes.low, 0) * (1.0 - doubt[len(section.posts) :])
    post = section.comments.post.astype(np.int64)
    pooled = (share, variance, known, 1.0 + likes)
    return SectionDepth(comments, _pooled(*pooled, post, len(section.posts)), _pooled(*pooled, np.zeros_like(post), 1))


def highlights(
    section: Section,
    deep: Depth,
    *,
    suspicion: Floats | None = None,
    told: Specifics | None = None,
    most: int = 10,
) -> Ints:
    """Rows of the comments most worth keeping, best first: by the *lower* end of their depth, so luck wins nothing.

    Left out are the owner's own (pinned or not), hidden ones, those whose likes are suspected at even odds or more,
    texts without letters, and texts that others wrote too; of each known author, one.

    Args:
        section: what the owner holds.
        deep: ``depth(section).comments``.
        suspicion, told: as in :func:`depth`.
        most: how many at most.
    """
    comments = section.comments
    read = specifics(comments.text) if told is None else told
    fit = (comments.by_owner != 1) & (comments.hidden != 1) & (read.letters > 0) & (read.copies == 1)
    if suspicion is not None:
        fit &= np.nan_to_num(suspicion[len(section.posts) :]) < EVEN_ODDS
    row = np.flatnonzero(fit)
    row = row[np.lexsort((row, -deep.index[row], -deep.low[row]))]
    who = np.where(comments.author[row] >= 0, comments.author[row].astype(np.int64), -1 - row)
    _, first = np.unique(who, return_index=True)
    return np.asarray(row[np.sort(first)][:most], dtype=np.int64)


def _made(parts: Floats, variance: Floats, known: Floats) -> Depth:
    """The index and its interval: the Beta of that mean and variance, on 0..100."""
    mean = parts.sum(axis=1)
    middle = np.clip(mean, 1e-6, 1 - 1e-6)
    # A Beta's variance is below mean * (1 - mean); the largest possible worth keeps both ends inside.
    worth = np.maximum(middle * (1 - middle) / np.maximum(variance, 1e-12) - 1.0, 1e-2)
    a, b = middle * worth, (1 - middle) * worth
    low, high = each(lambda level: betaincinv(a, b, level), (_LEVEL, 1 - _LEVEL))
    return Depth(100 * mean, 100 * np.minimum(low, mean), 100 * np.maximum(high, mean), 100 * parts, known)


def _pooled(share: Floats, variance: Floats, known: Bools, worth: Floats, group: Ints, groups: int) -> Depth:
    """Depth of groups of comments, each weighed by its likes less what is suspected, and one for having been written.

    Comments differ (a delta-method variance of their weighed mean), each is uncertain by itself, and what is assumed
    of several is one assumption: it does not average out.
    """
    size = np.bincount(group, minlength=groups).astype(np.float64)
    whole = np.bincount(group, worth, groups).astype(np.float64)
    part = worth / whole[group] if group.shape[0] else worth
    weight = 1.0 / len(PARTS)

    def summed(values: Floats, rows: Bools | slice = slice(None)) -> Floats:
        return np.bincount(group[rows], values[rows], groups).astype(np.float64)

    mean = np.column_stack([summed(part * share[:, k]) for k in range(len(PARTS))])
    held = np.column_stack([summed(part * known[:, k]) for k in range(len(PARTS))])
    own = share.sum(axis=1) - mean.sum(axis=1)[group]
    few = np.where(size > 1, size / np.maximum(size - 1.0, 1.0), 1.0)
    spread = summed((part * own * weight) ** 2) * few
    for k in range(len(PARTS)):
        sure = known[:, k]
        spread += weight**2 * summed(part**2 * variance[:, k], sure)
        spread += weight**2 * summed(part * np.sqrt(variance[:, k]), ~sure) ** 2
    made = _made(weight * mean, spread, held)
    none = size == 0
    index, low, high = (np.where(none, np.nan, values) for values in (made.index, made.low, made.high))
    return Depth(index, low, high, np.where(none[:, None], np.nan, made.parts), held)
