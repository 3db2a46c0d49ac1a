"""``plaudit.rank`` and ``plaudit rank``: the honest order of one board, from any rows or from an audit's folder."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from plaudit.app.rank_rows import board_of, column_of, names_of, numbers_of, table_of_rows
from plaudit.app.rank_tables import audited_of, rows_of
from plaudit.errors import InputError, ResultError
from plaudit.kernels.beside import one_matrix_thread
from plaudit.model import SCHEMA_VERSION, Floats
from plaudit.result import RankedBoard
from plaudit.tally.boards import ranked

_LIKES = ("target_id", "status", "group_id", "p_inauthentic")


@one_matrix_thread()
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
    return ranked(None, target, board, [], seed, explore)


@one_matrix_thread()
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
    known, names = audited_of(targets, likes, now)
    board = known.board(at, more.get("exposures"), more.get("downs"))
    return ranked(parent, target, board, [(names[one.group], one) for one in known.given(at)], seed, explore)


def _audited(folder: Path) -> tuple[pa.Table, pa.Table | None, dict[str, Any]]:
    try:
        manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
        version = str(manifest.get("schema_version", ""))
        targets = pq.read_table(folder / "targets.parquet")
        # Comment exports have no likes with names.
        path = folder / "likes.parquet"
        likes = pq.read_table(path, columns=list(_LIKES)) if path.is_file() else None
    except FileNotFoundError as missing:
        raise ResultError(
            f"{folder} is not a complete audit ({Path(str(missing.filename)).name} is missing); "
            "run 'plaudit audit' first."
        ) from None
    except (OSError, ValueError) as broken:
        raise ResultError(f"{folder} cannot be read as an audit ({broken}); run 'plaudit audit' again.") from None
    lacking = {"parent_id", "unheard"} - set(targets.column_names)
    if version.split(".")[0] != SCHEMA_VERSION.split(".")[0] or lacking:
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
