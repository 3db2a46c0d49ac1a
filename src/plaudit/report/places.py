"""The chapter on herd and places: what bought likes drew, and boards with and without each suspected group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from plaudit.report.words import Words
from plaudit.result import BoardView, GroupEffect, HerdPart, Message, RankedRow

MOST_BOARDS = 3
_HEAD, _MOST_ROWS, _MOST_GROUPS = 6, 10, 3
METHODS = {
    "exposure": "method_exposure",
    "votes": "method_votes",
    "age": "method_age",
    "count": "method_count",
}
"""What a board is sorted by, in words of the report."""
WAYS = {"raw": "way_raw", "bucket": "way_bucket", "hidden": "way_hidden", "honest": "way_honest"}
"""What readers may be shown of the count, in words of the report."""
FIRM, LOOSE = 0.9, 0.5
"""Chances of standing within one place from which a place is called firm, and below which it is called loose."""


@dataclass(frozen=True)
class PlacedRow:
    """A row of a board as drawn: ``before``, ``after``, ``low``, ``high`` are places in percent of the board's width.

    ``with_all`` is its place with everything in question counted, ``with_group`` that with each group of the columns.
    """

    row: RankedRow
    honest: int
    with_all: int
    before: float
    after: float
    low: float
    high: float
    with_group: list[int]
    badge: str


@dataclass(frozen=True)
class BoardPicture:
    """A board: rows drawn, rows left out, and the groups that have a column and those only spoken of."""

    view: BoardView
    rows: list[PlacedRow]
    left: int
    size: int
    groups: list[GroupEffect]
    lead: list[Message]
    told: list[Message]


def board_picture(view: BoardView) -> BoardPicture:
    """The head of a board, and those further down whose places changed most."""
    board = view.board
    size = len(board.rows)
    order = {row.target: place for place, row in enumerate(board.rows, 1)}
    changed = sorted(board.rows[_HEAD:], key=lambda row: (-abs(row.displaced), row.place))
    more = [row for row in changed if row.displaced][: _MOST_ROWS - _HEAD]
    shown = sorted([*board.rows[:_HEAD], *more], key=lambda row: row.place)
    # What a group moved says more than how many likes it gave.
    moving = sorted(board.groups, key=lambda one: -len(one.pushed_down) - len(one.lifted))
    groups = [one for one in board.groups if one in moving[:_MOST_GROUPS] and one.pushed_down]
    places = [{target: place for place, target in enumerate(one.order, 1)} for one in groups]

    def at(place: float) -> float:
        return round(100.0 * (place - 1) / max(size - 1, 1), 2)

    rows = [
        PlacedRow(
            row=row,
            honest=order[row.target],
            with_all=order[row.target] + row.displaced,
            before=at(order[row.target] + row.displaced),
            after=at(order[row.target]),
            low=at(row.place_low),
            high=at(row.place_high),
            with_group=[known[row.target] for known in places],
            badge="badge_firm" if row.stability >= FIRM else "badge_loose" if row.stability < LOOSE else "badge_even",
        )
        for row in shown
    ]
    speaking = [one.group_id for one in groups]
    told = [one for one in view.messages if one.code.startswith("board_group") and one.values.get("group") in speaking]
    lead = [one for one in view.messages if not one.code.startswith("board_group")]
    return BoardPicture(view, rows, size - len(rows), size, groups, lead, told)


def herd_bar(herd: HerdPart, shown: int) -> Sequence[tuple[str, float, float]]:
    """Parts of what is shown, ``(code, likes, percent)``; empty where they cannot be told."""
    if herd.induced is None or herd.organic is None or shown <= 0:
        return []
    parts = (
        ("part_purchased", herd.purchased),
        ("part_induced", herd.induced),
        ("part_organic", herd.organic),
        ("part_open", herd.open),
    )
    return [(name, likes, round(100.0 * likes / shown, 2)) for name, likes in parts]


def told_herd(herd: HerdPart | None) -> tuple[list[Message], dict[str, Message]]:
    """What is said of the herd; and, by way of showing the count, what is said of that."""
    messages = herd.messages if herd else []
    ahead = "what_if_"
    ways = {one.code.removeprefix(ahead): one for one in messages if one.code.startswith(ahead)}
    return [one for one in messages if not one.code.startswith(ahead)], ways


def badge_text(words: Words, placed: PlacedRow) -> str:
    """The stability badge in words."""
    return words.ui(placed.badge, chance=placed.row.stability)
