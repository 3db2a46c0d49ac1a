"""Boards for the report: the pages in question in their honest order, and what each suspected group did to them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from plaudit.ingest import Ingested
from plaudit.model import Floats, Ints, Verdicts
from plaudit.result import BoardView, GroupEffect, Message, RankedBoard
from plaudit.tally import Tally
from plaudit.tally.boards import Audited, Given, ages, audited, ranked

SHOWN_BOARDS = 6
"""Boards in the document, those with most likes in question first."""
LONGEST = 100
"""Rows of a board, the most liked first: so many a reader may see, and places below say little."""
_FIRM = 0.9


def board_views(
    read: Ingested, verdicts: Verdicts, counted: Tally, missed: Floats, names: Sequence[str], as_of_ms: int, seed: int
) -> tuple[list[BoardView], int]:
    """The boards most in question, and how many more have likes in question.

    A page is a board where the log names pages; else the most liked targets of the whole log are one. Nobody is lent a
    place here (see :func:`plaudit.tally.rank.rank_board`): a report is not a page that is read.

    Args:
        read, verdicts, counted: what the flow computed.
        missed: likes of each target that are not heard, ``float64[n_targets]``.
        names: of groups.
        as_of_ms: the moment ages are counted to.
        seed: of the draws behind places.
    """
    log = read.log
    trouble = counted.discounted + counted.undetermined
    known = audited(
        counted.shown.astype(np.float64),
        counted.discounted.astype(np.float64),
        counted.undetermined.astype(np.float64),
        missed,
        ages(log.born_ms.astype(np.float64), as_of_ms),
        (log.target, verdicts.status, verdicts.group, verdicts.p_inauthentic),
    )
    boards: list[tuple[str | None, Ints]] = []
    if log.parent is None or read.parent_ids is None:
        boards, more = [(None, np.arange(log.n_targets))] if trouble.any() else [], 0
    else:
        inside = np.flatnonzero(log.parent >= 0)
        of = log.parent[inside].astype(np.int64)
        size = np.bincount(of)
        weight = np.bincount(of, trouble[inside]) * (size > 1)
        order = np.argsort(-weight, kind="stable")[: int((weight > 0).sum())]
        boards = [(read.parent_ids[post].as_py(), inside[of == post]) for post in order[:SHOWN_BOARDS].tolist()]
        more = max(0, order.shape[0] - SHOWN_BOARDS)
    return [_view(read, known, parent, rows, names, seed) for parent, rows in boards], more


def _view(read: Ingested, known: Audited, parent: str | None, rows: Ints, names: Sequence[str], seed: int) -> BoardView:
    likes = known.whole.likes[rows]
    rows = np.sort(rows[np.lexsort((rows, -likes))][:LONGEST])
    given: list[Given] = known.given(rows)
    target = read.target_ids.take(pa.array(rows)).to_pylist()
    groups = [(names[one.group], one) for one in given]
    board = ranked(parent, target, known.board(rows), groups, seed, explore=False)
    return BoardView(board=board, messages=[*_moved(board), *(_did(one) for one in board.groups)])


def _moved(board: RankedBoard) -> list[Message]:
    """What the raw order did to the board, and how firm the honest one is."""
    down = [row for row in board.rows if row.displaced > 0]
    values: dict[str, object] = {"rows": len(board.rows), "pushed": len(down)}
    firm = sum(row.stability >= _FIRM for row in board.rows)
    if down:
        most = max(down, key=lambda row: row.displaced)
        values |= {"target": most.target, "places": most.displaced}
    told = [
        Message(code="board_pushed" if down else "board_still", values=values),
        Message(code="board_firm", values={"rows": len(board.rows), "firm": firm}),
    ]
    # Where rows fall although nothing of theirs is in question, the board says why.
    if missed := sum(row.unheard for row in board.rows):
        told.append(Message(code="board_unheard", values={"unheard": missed}))
    return told


def _did(effect: GroupEffect) -> Message:
    values: dict[str, object] = {"group": effect.group_id, "likes": effect.likes}
    if not effect.pushed_down:
        return Message(code="board_group_still", values=values)
    most = effect.pushed_down[0]
    values |= {"pushed": len(effect.pushed_down), "target": most.target, "places": most.places}
    return Message(code="board_group", values=values)
