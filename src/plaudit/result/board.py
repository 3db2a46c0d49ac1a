"""A ranked board: the honest order of what stands on one page, the raw order beside it, and what each group changes."""

from __future__ import annotations

from plaudit.result.base import Frozen, Message


class RankedRow(Frozen):
    """One row of a board in its honest order.

    Attributes:
        target: its id.
        place, raw_place: place in the honest order and by raw likes, from 1.
        displaced: places it would stand lower, by the same formula, if everything in question counted like any other
            like (位次挤占), the guest apart; negative where it would stand higher.
        likes: as shown; ``counted``: what the order rests on; ``discounted``, ``undetermined``: of the shown;
            ``unheard``: of the shown and not discounted, what is too fast or too much alike for readers.
        score_low, score_high: 90 % interval of the quantity the board is sorted by.
        place_low, place_high: 90 % interval of the place; ``stability``: chance that it stands within one place.
        guest: whether it stands where it does to become known.
    """

    target: str
    place: int
    raw_place: int
    displaced: int
    likes: int
    counted: float
    discounted: int
    undetermined: int
    unheard: int
    score_low: float
    score_high: float
    place_low: int
    place_high: int
    stability: float
    guest: bool


class Moved(Frozen):
    """A row and the places it stands further down (positive) or up with a group counted."""

    target: str
    places: int


class GroupEffect(Frozen):
    """The counterfactual board of one suspected group: what the order would be with its likes counted.

    Attributes:
        group_id, likes: which, and how many likes it gave on this board.
        order: targets with the group counted, from the top.
        pushed_down: rows that stand lower then, most places first; ``lifted``: rows that stand higher.
    """

    group_id: str
    likes: int
    order: list[str]
    pushed_down: list[Moved]
    lifted: list[Moved]


class RankedBoard(Frozen):
    """A board in its honest order, the raw order beside it.

    Attributes:
        parent: what the rows belong to; None where rows were given, or where the log names no posts.
        method: by what rows are sorted, see :mod:`plaudit.tally.rank`.
        prior_rate: likes per exposure (per unit of attention, per row) of the middle row, before its own are counted.
        rows: from the top.
        groups: counterfactual boards, the groups with most likes first.
        seed: of guest and draws.
    """

    parent: str | None
    method: str
    prior_rate: float | None
    rows: list[RankedRow]
    groups: list[GroupEffect]
    seed: int


class BoardView(Frozen):
    """A board as the report shows it: what the raw order did to it, how firm it is, and what each group did."""

    board: RankedBoard
    messages: list[Message]
