"""``plaudit.rank`` and ``plaudit rank``: the honest order of one board, from any rows or from an audit's folder."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
from pydantic import BaseModel, ConfigDict

from plaudit.app.rank_rows import board_of, column_of, names_of, numbers_of, table_of_rows
from plaudit.app.rank_tables import rows_of, standing
from plaudit.errors import InputError, ResultError
from plaudit.model import SCHEMA_VERSION, Floats, Ints, Status
from plaudit.tally.rank import Board, rank_board

_GROUPS = 20


class RankedRow(BaseModel):
    """One row of a board in its honest order.

    Attributes:
        target: its id.
        place, raw_place: place in the honest order and by raw likes, from 1.
        displaced: places the raw order put it below its honest one, the guest apart; negative where it stood higher.
        likes: as shown; ``counted``: what the order rests on; ``discounted``, ``undetermined``: of the shown;
            ``unheard``: of the shown and not discounted, what came faster than readers can have.
        score_low, score_high: 90 % interval of the quantity the board is sorted by.
        place_low, place_high: 90 % interval of the place; ``stability``: chance that it stands within one place.
        guest: whether it stands where it does to become known.
    """

    model_config = ConfigDict(frozen=True)

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


class Moved(BaseModel):
    """A row and the places it stands further down (positive) or up with a group counted."""

    model_config = ConfigDict(frozen=True)

    target: str
    places: int


class GroupEffect(BaseModel):
    """The counterfactual board of one suspected group: what the order would be with its likes counted.

    Attributes:
        group_id, likes: which, and how many likes it gave on this board.
        order: targets with the group counted, from the top.
        pushed_down: rows that stand lower then, most places first; ``lifted``: rows that stand higher.
    """

    model_config = ConfigDict(frozen=True)

    group_id: str
    likes: int
    order: list[str]
    pushed_down: list[Moved]
    lifted: list[Moved]


class RankedBoard(BaseModel):
    """A board in its honest order, the raw order beside it.

    Attributes:
        parent: what the rows belong to; None where rows were given.
        method: by what rows are sorted, see :mod:`plaudit.tally.rank`.
        prior_rate: likes per exposure (per unit of attention, per row) of the middle row, before its own are counted.
        rows: from the top.
        groups: counterfactual boards, the groups with most likes first.
        seed: of guest and draws.
    """

    model_config = ConfigDict(frozen=True)

    parent: str | None
    method: str
    prior_rate: float | None
    rows: list[RankedRow]
    groups: list[GroupEffect]
    seed: int


def rank(rows: Any, *, seed: int = 0, explore: bool = True, as_of_ms: int | None = None) -> RankedBoard:
    """The honest order of any rows of one board: what a database holds is enough.

    Args:
        rows: a list of dictionaries, an Arrow table, a pandas or polars frame. ``target`` and ``likes`` are needed;
            ``discounted``, ``undetermined``, ``voices``, ``unheard``, ``exposures``, ``downs``, ``age_h`` or
            ``published`` (milliseconds, ISO 8601 or datetime, UTC) are used where they are there.
        seed: of the guest and of the draws behind places; the same seed gives the same board.
        explore: give one place to a row that may be better than is known.
        as_of_ms: the moment ages are counted to; the latest ``published`` by default.

    Returns:
        The rows from the top, both orders and all counts.

    Raises:
        InputError: a column is missing, a number is negative or not a number, or a target stands twice.
    """
    table = table_of_rows(rows)
    target = names_of(table)
    board = board_of(table, as_of_ms)
    if len(set(target)) < len(target):
        twice = next(one for one in target if target.count(one) > 1)
        raise InputError(f"target {twice!r} stands in several rows: give one row per target.")
    return _ranked(None, target, board, [], seed, explore)


def rank_directory(
    directory: Path | str,
    parent: str,
    *,
    seed: int = 0,
    explore: bool = True,
    exposures: Path | str | None = None,
    as_of_ms: int | None = None,
) -> RankedBoard:
    """The honest order of the comments of one post, from the folder an audit has written.

    Args:
        directory: where the audit was written.
        parent: id of the post, as column ``parent`` of the log had it.
        seed, explore: see :func:`rank`.
        exposures: CSV or Parquet with ``target`` and ``exposures`` and, if known, ``downs``.
        as_of_ms: the moment ages are counted to; that of the audit by default.

    Raises:
        ResultError: the folder is not a complete audit of a compatible version.
        InputError: the audit knows no such post, or ``exposures`` cannot be used.
    """
    folder = Path(directory)
    targets, likes, manifest = _audited(folder)
    known = targets["parent_id"]
    rows = targets.filter(pc.fill_null(pc.equal(known, parent), False))
    if rows.num_rows == 0:
        found = sorted({one for one in known.to_pylist() if one is not None})
        remedy = (
            f"it knows {', '.join(map(repr, found[:5]))}{' and more' if len(found) > 5 else ''}"
            if found
            else "its log named no parents: map the column that names the post with --map parent=COLUMN and audit again"
        )
        raise InputError(f"{folder} knows no post {parent!r}; {remedy}.")
    target = rows["target_id"].to_pylist()
    number = {one: row for row, one in enumerate(target)}
    now = int(manifest["as_of_ms"]) if as_of_ms is None else as_of_ms
    more = _more(exposures, number) if exposures is not None else {}
    at = rows_of(rows["target_id"], targets["target_id"])
    board = standing(targets, likes, now).board(at, more.get("exposures"), more.get("downs"))
    groups = _groups(likes, number)
    return _ranked(parent, target, board, groups, seed, explore)


def _ranked(
    parent: str | None,
    target: Sequence[str],
    board: Board,
    groups: Sequence[tuple[str, Mapping[str, Floats]]],
    seed: int,
    explore: bool,
) -> RankedBoard:
    made = rank_board(board, seed=seed, explore=explore)
    undecided = board.undetermined + board.grouped
    rows = [
        RankedRow(
            target=target[row],
            place=int(made.place[row]),
            raw_place=int(made.raw_place[row]),
            displaced=int(made.raw_place[row] - made.own_place[row]),
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
        groups=[_effect(name, given, target, board, seed) for name, given in groups[:_GROUPS]],
        seed=seed,
    )


def _effect(name: str, given: Mapping[str, Floats], target: Sequence[str], board: Board, seed: int) -> GroupEffect:
    """The board with the group's likes counted like any others, without the guest, who would blur the comparison."""
    without = rank_board(board, seed=seed, explore=False)
    with_it = rank_board(
        Board(
            likes=board.likes,
            discounted=board.discounted - given["discounted"],
            undetermined=board.undetermined,
            grouped=board.grouped - given["undetermined"],
            voices=board.voices - (given["all"] > 0),
            unheard=board.unheard,
            exposures=board.exposures,
            downs=board.downs,
            age_h=board.age_h,
        ),
        seed=seed,
        explore=False,
    )
    moved: Ints = with_it.place - without.place
    by_size = np.lexsort((without.place, -np.abs(moved)))
    return GroupEffect(
        group_id=name,
        likes=int(given["all"].sum()),
        order=[target[row] for row in np.argsort(with_it.place).tolist()],
        pushed_down=[Moved(target=target[r], places=int(moved[r])) for r in by_size.tolist() if moved[r] > 0],
        lifted=[Moved(target=target[r], places=int(-moved[r])) for r in by_size.tolist() if moved[r] < 0],
    )


def _groups(likes: pa.Table | None, number: Mapping[str, int]) -> list[tuple[str, dict[str, Floats]]]:
    """What each suspected group gave this board, per row, largest first."""
    size = len(number)
    if likes is None:
        return []
    here = pc.is_in(likes["target_id"], value_set=pa.array(list(number), pa.string()))
    mine = likes.filter(pc.and_(here, pc.is_valid(likes["group_id"])))
    row = np.array([number[one] for one in mine["target_id"].to_pylist()], np.int64)
    name = np.array(mine["group_id"].cast(pa.string()).to_pylist(), np.str_)
    status = np.array(mine["status"].cast(pa.string()).to_pylist(), np.str_)
    out = []
    for one in np.unique(name).tolist():
        of = name == one
        out.append(
            (
                str(one),
                {
                    "all": np.bincount(row[of], minlength=size).astype(np.float64),
                    **{
                        word.value: np.bincount(row[of & (status == word.value)], minlength=size).astype(np.float64)
                        for word in (Status.DISCOUNTED, Status.UNDETERMINED)
                    },
                },
            )
        )
    out.sort(key=lambda pair: (-float(pair[1]["all"].sum()), pair[0]))
    return out


def _audited(folder: Path) -> tuple[pa.Table, pa.Table | None, dict[str, Any]]:
    try:
        manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
        version = str(manifest.get("schema_version", ""))
        targets = pq.read_table(folder / "targets.parquet")
        # Comment exports have no likes with names.
        path = folder / "likes.parquet"
        likes = pq.read_table(path, columns=["target_id", "at_ms", "status", "group_id"]) if path.is_file() else None
    except FileNotFoundError as missing:
        raise ResultError(
            f"{folder} is not a complete audit ({Path(str(missing.filename)).name} is missing); "
            "run 'plaudit audit' first."
        ) from None
    except (OSError, ValueError) as broken:
        raise ResultError(f"{folder} cannot be read as an audit ({broken}); run 'plaudit audit' again.") from None
    if version.split(".")[0] != SCHEMA_VERSION.split(".")[0] or "parent_id" not in targets.column_names:
        raise ResultError(
            f"{folder} was written with schema {version}, this is {SCHEMA_VERSION}; run 'plaudit audit' again."
        )
    return targets, likes, manifest


def _more(path: Path | str, number: Mapping[str, int]) -> dict[str, Floats]:
    """Exposures and down-votes of the rows from a file of its own."""
    try:
        raw = Path(path).read_bytes()[:4]
        table = pq.read_table(path) if raw == b"PAR1" else pa_csv.read_csv(path)
    except (OSError, pa.ArrowException) as error:
        raise InputError(f"{path} cannot be read as CSV or Parquet ({error}); name another file.") from None
    target = names_of(table)
    out: dict[str, Floats] = {}
    for name in ("exposures", "downs"):
        column = column_of(table, name, needed=name == "exposures")
        if column is None:
            continue
        values = numbers_of(column, name)
        given = np.full(len(number), np.nan)
        for one, value in zip(target, values.tolist(), strict=True):
            if one in number:
                given[number[one]] = value
        if np.isnan(given).any():
            lacking = next(one for one, row in number.items() if np.isnan(given[row]))
            raise InputError(f"{path} has no {name} of {lacking!r}: give every comment of the post, 0 where unseen.")
        out[name] = given
    return out
