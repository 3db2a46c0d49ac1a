"""The honest order of a board: rows sorted by what can be said for them, and how sure their places are.

One like rate per row, estimated from likes that count. Which formula, is decided by what is known of *all* rows:

========== ============================ =====================================================================
method     needs                        score
========== ============================ =====================================================================
exposure   exposures of every row       lower bound of the gamma-Poisson rate per exposure; prior from the rows
votes      down-votes of every row      Wilson lower bound of the share of up-votes
age        age of every row             lower bound of the gamma-Poisson rate per hour of attention
count      nothing                      lower bound of the gamma-Poisson count: likes, shrunk
========== ============================ =====================================================================

The order by raw likes is always kept beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from plaudit.kernels.board import (
    GUEST_PLACE,
    LEVEL_Z,
    ORDER_Z,
    gamma_poisson_lower,
    gamma_poisson_prior,
    gamma_quantile,
    wilson_lower,
)
from plaudit.model import Floats, Ints

DRAWS = 1000
ATTENTION_H = 24.0
"""Hours after which a row's attention has grown to half its final size, where only its age is known: posts are read
mostly on their first day. ``age / (age + 24 h)`` stands in for exposures."""


class Method(StrEnum):
    """By what a board is sorted; see the module."""

    EXPOSURE = "exposure"
    VOTES = "votes"
    AGE = "age"
    COUNT = "count"


@dataclass(frozen=True)
class Board:
    """Rows of one board, arrays ``[n]``; what is unknown is None.

    Attributes:
        likes: shown; ``discounted``: of these, suspected and not counted; ``undetermined``: of these, undecided.
        unheard: of the verified and undetermined ones outside groups, likes that are not as readers' are, see
            :mod:`plaudit.tally.heard`.
        grouped: undecided likes that belong to suspected groups, apart from ``undetermined``; ``voices``: what they are
            heard as: one per group, whatever its size, shared by the rows it came to, and worth the chance that it was
            not bought.
        exposures: how often the row was seen; ``downs``: votes against; ``age_h``: hours since it appeared.
    """

    likes: Floats
    discounted: Floats
    undetermined: Floats
    grouped: Floats
    voices: Floats
    unheard: Floats
    exposures: Floats | None = None
    downs: Floats | None = None
    age_h: Floats | None = None

    def take(self, rows: Ints) -> Board:
        """The board of some rows; -1 is one nothing is known of: no likes, no age. None where one age is NaN."""
        here, at = (rows >= 0).astype(np.float64), np.maximum(rows, 0)

        def of(values: Floats | None) -> Floats | None:
            return None if values is None or np.isnan(values[at]).any() else values[at] * here

        return Board(
            likes=self.likes[at] * here,
            discounted=self.discounted[at] * here,
            undetermined=self.undetermined[at] * here,
            unheard=self.unheard[at] * here,
            grouped=self.grouped[at] * here,
            voices=self.voices[at] * here,
            exposures=of(self.exposures),
            downs=of(self.downs),
            age_h=of(self.age_h),
        )


@dataclass(frozen=True)
class Ranking:
    """The order of a board, ``[n]`` each, rows as they came.

    Attributes:
        method: the formula.
        counted: likes the order rests on, see :func:`counted_likes`.
        score: what rows are sorted by, before the guest.
        low, high: 90 % interval of the same quantity, in its unit (see ``method``).
        place: from 1; ``own_place``: without the guest; ``raw_place``: by raw likes.
        place_low, place_high: 90 % interval of the place over posterior draws.
        stability: chance that a draw leaves the row at this place or one beside it; 1 is certain.
        guest: row that stands at place :data:`plaudit.kernels.board.GUEST_PLACE` to become known, -1 for none.
        prior: shape and rate of the rates behind the rows; None for ``votes``.
    """

    method: Method
    counted: Floats
    score: Floats
    low: Floats
    high: Floats
    place: Ints
    own_place: Ints
    raw_place: Ints
    place_low: Ints
    place_high: Ints
    stability: Floats
    guest: int
    prior: tuple[float, float] | None


def rank_board(
    board: Board, *, seed: int = 0, explore: bool = True, prior: tuple[float, float] | None = None
) -> Ranking:
    """Sort one board; deterministic for a seed.

    Args:
        board: its rows.
        seed: of the guest and of the draws behind places.
        explore: give one place to a row that may be better than is known. With it, every row keeps a chance to be
            seen that shrinks only as it becomes known to be worse.
        prior: shape and rate of the rates behind the rows, where they are not to be estimated from these: a board that
            is compared with another is sorted by the same formula to the last figure.
    """
    n = board.likes.shape[0]
    counted = counted_likes(board)
    method, exposures = _method(board)
    rng = np.random.default_rng([seed, 76])
    if method is Method.VOTES:
        assert board.downs is not None
        prior = None
        score = wilson_lower(counted, board.downs, ORDER_Z)
        low = wilson_lower(counted, board.downs, LEVEL_Z)
        high = np.where(counted + board.downs > 0, 1.0 - wilson_lower(board.downs, counted, LEVEL_Z), 1.0)
        # Jeffreys' beta: the posterior the bound is an approximation of.
        draws = rng.beta(counted + 0.5, board.downs + 0.5, (DRAWS, n))
    else:
        prior = prior or gamma_poisson_prior(counted, exposures)
        score = gamma_poisson_lower(counted, exposures, prior, ORDER_Z)
        low = gamma_poisson_lower(counted, exposures, prior, LEVEL_Z)
        high = gamma_quantile(prior[0] + counted, prior[1] + exposures, LEVEL_Z)
        draws = rng.gamma(prior[0] + counted, size=(DRAWS, n)) / (prior[1] + exposures)
    # Among equals nothing decides that is for sale: not raw likes, but what is behind the score, then the younger row.
    young = np.zeros(n) if board.age_h is None else board.age_h
    order = np.lexsort((np.arange(n), young, -counted, -score))
    own, guest = places(order), -1
    if explore and n > GUEST_PLACE:
        below = order[GUEST_PLACE - 1 :]
        guest = int(below[np.argmax(draws[0, below])])
        order = np.concatenate([order[: GUEST_PLACE - 1], [guest], below[below != guest]])
    place = places(order)
    drawn = np.empty((DRAWS, n), np.int64)
    np.put_along_axis(drawn, np.argsort(-draws, axis=1, kind="stable"), np.arange(1, n + 1)[None, :], axis=1)
    return Ranking(
        method=method,
        counted=counted,
        score=score,
        low=low,
        high=np.maximum(high, low),
        place=place,
        own_place=own,
        raw_place=places(np.lexsort((np.arange(n), -board.likes))),
        place_low=np.floor(np.quantile(drawn, 0.05, axis=0)).astype(np.int64),
        place_high=np.ceil(np.quantile(drawn, 0.95, axis=0)).astype(np.int64),
        stability=np.asarray((np.abs(drawn - own[None, :]) <= 1).mean(axis=0), np.float64),
        guest=guest,
        prior=prior,
    )


def counted_likes(board: Board) -> Floats:
    """Likes the order rests on, ``float64[n]`` >= 0.

    Discounted ones do not count, nor do those that are not heard. Of undetermined ones every second does, and never
    more than there are certain ones: doubt does not outweigh what is known. And a group that is only suspected is heard
    as one voice at most rather than accused: its likes stand in ``grouped`` and not in ``undetermined``.
    """
    verified = board.likes - board.discounted - board.undetermined - board.grouped
    # What came too fast is first of all what is doubted anyway.
    doubted = np.maximum(board.undetermined - board.unheard, 0.0)
    certain = np.maximum(verified - np.maximum(board.unheard - board.undetermined, 0.0), 0.0)
    return np.asarray(certain + 0.5 * np.minimum(doubted, certain) + board.voices, np.float64)


def places(order: Ints) -> Ints:
    """Place of each row, from 1, in an order of rows."""
    out = np.empty(order.shape[0], np.int64)
    out[order] = np.arange(1, order.shape[0] + 1)
    return out


def _method(board: Board) -> tuple[Method, Floats]:
    """The best formula that every row can be judged by, and what likes are divided by."""
    if board.exposures is not None and (board.exposures > 0).any():
        # A like was seen by who gave it, whatever the impressions say.
        gone = board.discounted + board.unheard
        return Method.EXPOSURE, np.maximum(board.exposures - gone, board.likes - gone)
    if board.downs is not None and (board.downs > 0).any():
        return Method.VOTES, board.likes
    if board.age_h is not None:
        age = np.maximum(board.age_h, 1.0 / 60.0)
        # In likes' own scale: a prior over many exposures of a thousandth each would be numerically thin.
        return Method.AGE, age / (age + ATTENTION_H)
    return Method.COUNT, np.ones(board.likes.shape[0])
