"""Rankers: functions from what a platform sees of its boards to one number per comment, all of one signature.

A ranker gets a :class:`Board` and returns ``float64[n]``; each post shows its comments from the largest number down,
the earlier comment first among equals. Write your own and hand it to :func:`plaudit.testing.loop.play`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from plaudit.kernels.board import (
    REDDIT_Z,
    gamma_poisson_prior,
    hacker_news,
    honest_scores,
    lemmy_hot,
    wilson_lower,
)
from plaudit.model import Floats, Ints32


@dataclass(frozen=True)
class Board:
    """What a platform knows of the comments that are out, ``[n]`` each, at one moment.

    Attributes:
        comment: number of the comment; ``post``: of its post, ascending.
        likes: all of them, bought ones too; ``discounted``: of these, what the platform's audit has found so far.
        heard: likes less those that came faster than readers can have, see :mod:`plaudit.kernels.heard`; ``looks``:
            exposures less those of likes that are not heard.
        downs, exposures: votes against, and how often the comment was read.
        age_h: hours since it appeared.
        now_ms, seed: for rankers that draw.
    """

    comment: Ints32
    post: Ints32
    likes: Floats
    discounted: Floats
    heard: Floats
    looks: Floats
    downs: Floats
    exposures: Floats
    age_h: Floats
    now_ms: int
    seed: int


Ranker = Callable[[Board], Floats]


def raw_likes(board: Board) -> Floats:
    """Most likes first."""
    return board.likes


def newest(board: Board) -> Floats:
    """Youngest first."""
    return -board.age_h


def reddit_best(board: Board) -> Floats:
    """Reddit's "best": the Wilson bound of up-votes among votes."""
    return wilson_lower(board.likes, board.downs, REDDIT_Z)


def hacker_news_rank(board: Board) -> Floats:
    """Hacker News' gravity; an author's own point is counted, as there."""
    return hacker_news(board.likes + 1.0, board.age_h)


def lemmy(board: Board) -> Floats:
    """Lemmy's "hot": the logarithm of the score under gravity."""
    return lemmy_hot(board.likes - board.downs, board.age_h)


def honest(board: Board) -> Floats:
    """Plaudit's: a lower bound of the rate per reading of likes that are heard, with a place for the unknown."""
    # What an audit finds is first of all what was not heard anyway.
    gone = np.maximum(board.discounted - (board.likes - board.heard), 0.0)
    likes = np.maximum(board.heard - gone, 0.0)
    exposures = np.maximum(board.looks - gone, likes)
    prior = gamma_poisson_prior(likes, exposures)
    return honest_scores(likes, exposures, board.post, prior, np.random.default_rng([board.seed, board.now_ms // 1000]))


def honest_count(board: Board) -> Floats:
    """Raw likes without what was discounted: what cleaning the count alone would do."""
    return board.likes - board.discounted


RANKERS: Mapping[str, Ranker] = MappingProxyType(
    {
        "raw likes": raw_likes,
        "Reddit best": reddit_best,
        "Hacker News": hacker_news_rank,
        "Lemmy hot": lemmy,
        "honest rank": honest,
    }
)
"""The rankers of the comparison, by the name it prints."""
