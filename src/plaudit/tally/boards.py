"""Boards of an audited log: what each target brings to its page, and whose places each suspected group took.

A *counterfactual board* is the order with the likes of one suspected group counted like any others, beside the order
without them: the only thing that differs is that group, so what moves was moved by it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plaudit.model import HOUR_MS, STATUSES, EventLog, Findings, Floats, Ints, Status, SubjectKind, Verdicts
from plaudit.result import GroupEffect, Moved, RankedBoard, RankedRow
from plaudit.tally.heard import unheard_strictest
from plaudit.tally.rank import Board, Ranking, rank_board

MOST_GROUPS = 20
"""Suspected groups with a counterfactual board of their own, those with most likes on it."""
_DISCOUNTED, _UNDETERMINED = STATUSES.index(Status.DISCOUNTED), STATUSES.index(Status.UNDETERMINED)


@dataclass(frozen=True)
class Given:
    """What one suspected group gave each row of a board, ``float64[rows]``: likes, what became of them, its voice."""

    group: int
    likes: Floats
    discounted: Floats
    undetermined: Floats
    voice: Floats


@dataclass(frozen=True)
class Audited:
    """All targets of an audit as rows of any board.

    Attributes:
        whole: every target, as if they stood on one board; ages may be NaN.
        target, status, group: likes of suspected groups: whose, index into ``STATUSES``, which group; ``int64[k]``.
        voice: what of its group's one voice each of these carries, ``float64[k]``; see :func:`audited`.
    """

    whole: Board
    target: Ints
    status: Ints
    group: Ints
    voice: Floats

    def board(self, rows: Ints, exposures: Floats | None = None, downs: Floats | None = None) -> Board:
        """The board of targets ``rows``; -1 is a target the audit has not seen, with no likes and no age."""
        return replace(self.whole.take(rows), exposures=exposures, downs=downs)

    def given(self, rows: Ints) -> list[Given]:
        """What each suspected group gave the targets ``rows`` (no target twice), most likes first."""
        place = np.full(self.whole.likes.shape[0], -1, np.int64)
        known = np.flatnonzero(rows >= 0)
        place[rows[known]] = known
        mine = np.flatnonzero(place[self.target] >= 0)
        row, status, group = place[self.target[mine]], self.status[mine], self.group[mine]
        out = []
        for one in np.unique(group).tolist():
            of = group == one
            alike, cut, open_ = (
                np.bincount(row[of & kept], minlength=rows.shape[0]).astype(np.float64)
                for kept in (status >= 0, status == _DISCOUNTED, status == _UNDETERMINED)
            )
            voice = np.bincount(row[of], self.voice[mine][of], rows.shape[0]).astype(np.float64)
            out.append(Given(one, alike, cut, open_, voice))
        return sorted(out, key=lambda one: (-float(one.likes.sum()), one.group))


def audited(
    shown: Floats,
    discounted: Floats,
    undetermined: Floats,
    missed: Floats,
    age_h: Floats,
    likes: tuple[NDArray[np.integer[Any]], NDArray[np.integer[Any]], NDArray[np.integer[Any]], Floats] | None,
) -> Audited:
    """What an audit knows of every target.

    A suspected group is heard as one person with one vote to spend, by the rule of quadratic voting (Lalley and Weyl
    2018): its likes are a vector over targets, and its voices are that vector at length one. On a single target that is
    one voice, on ``k`` targets equally liked ``1 / sqrt(k)`` each: who comes to everything tells less about each.
    Every voice is worth the chance that it was not bought.

    Args:
        shown, discounted, undetermined, missed: likes of each target, the last as :func:`unheard_likes` has them.
        age_h: hours since each appeared, NaN where unknown.
        likes: target, index into ``STATUSES``, group (-1 for none) and chance of being bought of each like; None where
            likes have no names.
    """
    size, empty = shown.shape[0], np.zeros(0, np.int64)
    target = status = group = empty
    voice = np.zeros(0)
    if likes is not None:
        inside = np.flatnonzero(likes[2] >= 0)
        target, status, group = (column[inside].astype(np.int64) for column in likes[:3])
        voice = (1.0 - likes[3][inside]) / _lengths(target, group)[group]
    grouped = np.bincount(target[status == _UNDETERMINED], minlength=size).astype(np.float64)
    whole = Board(
        likes=shown,
        discounted=discounted,
        undetermined=np.maximum(undetermined - grouped, 0.0),
        grouped=grouped,
        voices=np.bincount(target, voice, size).astype(np.float64),
        unheard=missed,
        age_h=age_h,
    )
    return Audited(whole, target, status, group, voice)


def _lengths(target: Ints, group: Ints) -> Floats:
    """Length of each group's vector of likes by target, ``float64[groups]``; that of no likes is one."""
    width = int(group.max(initial=0)) + 1
    cell, count = np.unique(target * width + group, return_counts=True)
    squares = np.bincount(cell % width, count.astype(np.float64) ** 2, width)
    return np.asarray(np.sqrt(np.maximum(squares, 1.0)))


def unheard_likes(log: EventLog, findings: Sequence[Findings], verdicts: Verdicts) -> Floats:
    """Likes of each target that earn it no place, ``float64[n_targets]``, whole: see :mod:`plaudit.tally.heard`.

    Discounted likes are out anyway, and undetermined ones of groups are heard as one voice. So is whoever came together
    beyond chance without being suspected: all but the voice of such a cohort is among those told here.
    """
    could = verdicts.status != _DISCOUNTED
    heard = np.flatnonzero(could)
    grouped = (verdicts.status[heard] == _UNDETERMINED) & (verdicts.group[heard] >= 0)
    rows, who = _cohorts(findings, verdicts)
    came, whom = np.searchsorted(heard, rows), log.target[rows].astype(np.int64)
    del heard
    voice = (1.0 - verdicts.p_inauthentic[rows]) / _lengths(whom, who)[who]
    free = ~grouped[came]
    beyond = np.rint(np.bincount(whom[free], 1.0 - voice[free], log.n_targets)).astype(np.float64)
    grouped[came] = True
    others = (np.bincount(log.actor, minlength=log.n_actors) - 1).astype(np.int32)
    # A burst by newcomers is one thing and not three: the strictest of the questions answers. Its likes are held by it
    # alone, which lets go of them as it goes on: of many millions, each of these columns is as large as the log's own.
    return beyond + unheard_strictest(
        log.target[could],
        log.at_ms[could],
        others[log.actor[could]],
        log.born_ms.astype(np.float64),
        log.end_ms,
        grouped,
    )


def _cohorts(findings: Sequence[Findings], verdicts: Verdicts) -> tuple[Ints, Ints]:
    """Likes of groups that came together beyond chance, and the finding about each that decided; none discounted.

    Only likes that belong to what the finding counted rather than to the ordinary likes of the same moments.
    """
    none = np.zeros(0)
    grouping = np.concatenate([none, *(np.full(len(f), f.subject_kind is SubjectKind.GROUP) for f in findings)])
    certainty = np.concatenate([none, *(f.certainty for f in findings)])
    # A finding has weight where it stands out among all that was looked at (q <= 0.05).
    speaks = np.append((grouping > 0) & (verdicts.weight > 0), False)
    rows = np.flatnonzero(speaks[verdicts.deciding])
    kept = (verdicts.p_inauthentic[rows] > 0) & (verdicts.status[rows] != _DISCOUNTED)
    kept &= verdicts.share[rows] >= 0.5 * certainty[verdicts.deciding[rows]]
    rows = rows[kept]
    return rows, verdicts.deciding[rows].astype(np.int64)


def ages(born_ms: Floats, as_of_ms: int) -> Floats:
    """Hours from each publication to ``as_of_ms``, at least 0; NaN where unknown."""
    return np.asarray(np.maximum(as_of_ms - born_ms, 0.0) / HOUR_MS)


def ranked(
    parent: str | None,
    target: Sequence[str],
    board: Board,
    groups: Sequence[tuple[str, Given]],
    seed: int,
    explore: bool,
) -> RankedBoard:
    """A board in its honest order, with the counterfactual board of each group.

    Args:
        parent: what the rows belong to.
        target: ids of the rows; ``board``: the rows.
        groups: names and likes of suspected groups, most likes first; those after :data:`MOST_GROUPS` are left out.
        seed, explore: see :func:`plaudit.tally.rank.rank_board`.
    """
    made = rank_board(board, seed=seed, explore=explore)
    nothing = np.zeros(len(target))
    trusting = replace(
        board, discounted=nothing, undetermined=nothing, grouped=nothing, voices=nothing, unheard=nothing
    )
    trusted = rank_board(trusting, seed=seed, explore=False, prior=made.prior).place
    undecided = board.undetermined + board.grouped
    rows = [
        RankedRow(
            target=target[row],
            place=int(made.place[row]),
            raw_place=int(made.raw_place[row]),
            displaced=int(trusted[row] - made.own_place[row]),
            likes=int(board.likes[row]),
            counted=float(made.counted[row]),
            discounted=int(board.discounted[row]),
            undetermined=int(undecided[row]),
            unheard=int(board.unheard[row]),
            score_low=float(made.low[row]),
            score_high=float(made.high[row]),
            place_low=int(made.place_low[row]),
            place_high=int(made.place_high[row]),
            stability=float(made.stability[row]),
            guest=row == made.guest,
        )
        for row in np.argsort(made.place).tolist()
    ]
    return RankedBoard(
        parent=parent,
        method=made.method.value,
        prior_rate=None if made.prior is None else made.prior[0] / made.prior[1],
        rows=rows,
        groups=[_effect(name, given, target, board, made, seed) for name, given in groups[:MOST_GROUPS]],
        seed=seed,
    )


def _effect(name: str, given: Given, target: Sequence[str], board: Board, made: Ranking, seed: int) -> GroupEffect:
    """The board with the group's likes counted like any others, without the guest, who would blur the comparison."""
    counted = replace(
        board,
        discounted=board.discounted - given.discounted,
        grouped=board.grouped - given.undetermined,
        voices=np.maximum(board.voices - given.voice, 0.0),
    )
    without, with_it = made.own_place, rank_board(counted, seed=seed, explore=False, prior=made.prior).place
    moved: Ints = with_it - without
    by_size = np.lexsort((without, -np.abs(moved)))
    return GroupEffect(
        group_id=name,
        likes=int(given.likes.sum()),
        order=[target[row] for row in np.argsort(with_it).tolist()],
        pushed_down=[Moved(target=target[r], places=int(moved[r])) for r in by_size.tolist() if moved[r] > 0],
        lifted=[Moved(target=target[r], places=int(-moved[r])) for r in by_size.tolist() if moved[r] < 0],
    )
