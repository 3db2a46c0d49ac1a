"""Rows of any kind, columns of any usual name: what :func:`plaudit.rank` is given, as a board."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from plaudit.errors import InputError
from plaudit.model import HOUR_MS, Floats
from plaudit.tally.rank import Board

ALIASES: Mapping[str, tuple[str, ...]] = {
    "target": ("target", "target_id", "comment_id", "id"),
    "likes": ("likes", "shown", "like_count", "ups"),
    "discounted": ("discounted",),
    "undetermined": ("undetermined",),
    "voices": ("voices",),
    "unheard": ("unheard",),
    "exposures": ("exposures", "impressions", "views"),
    "downs": ("downs", "down_votes", "dislikes"),
    "age_h": ("age_h",),
    "published": ("published", "published_ms", "born_ms", "created_ms", "created_at"),
}
"""Columns of the rows :func:`rank` reads, the first name that is there; others are ignored."""
_MEASURED = ("exposures", "age_h")


def table_of_rows(rows: Any) -> pa.Table:
    """One Arrow table from whatever holds rows.

    Raises:
        InputError: it holds none, or is no such thing.
    """
    if isinstance(rows, pa.Table):
        table = rows
    elif hasattr(rows, "__arrow_c_stream__"):
        table = pa.table(rows)
    elif isinstance(rows, Sequence) and not isinstance(rows, str) and all(map(_is_named, rows)):
        try:
            # Arrow takes its columns from the first row alone: what only later rows know would be dropped in silence.
            plain = [{name: one[name] for name in one.keys()} for one in rows]  # noqa: SIM118 - rows of sqlite3 yield values
            names = list(dict.fromkeys(name for one in plain for name in one))
            table = pa.Table.from_pylist([{name: one.get(name) for name in names} for one in plain])
        except (pa.ArrowException, OverflowError) as error:
            raise InputError(f"the rows do not fit one table ({error}); give each column one type.") from None
    elif hasattr(rows, "to_dict"):
        table = pa.Table.from_pandas(rows, preserve_index=False)
    else:
        raise InputError("rows are a list of dictionaries, an Arrow table, or a pandas or polars frame.")
    if table.num_rows == 0:
        raise InputError("there are no rows: nothing to rank.")
    return table


def _is_named(row: Any) -> bool:
    """Whether a row knows its columns by name: a dictionary, or what drivers of databases give (``sqlite3.Row``)."""
    return isinstance(row, Mapping) or (hasattr(row, "keys") and hasattr(row, "__getitem__"))


def column_of(table: pa.Table, role: str, *, needed: bool = False) -> Any:
    """The column that plays ``role``; None where there is none, or nothing in it.

    Raises:
        InputError: it is ``needed`` and not there.
    """
    found = next((name for name in ALIASES[role] if name in table.column_names), None)
    if found is None:
        if needed:
            raise InputError(
                f"the rows have no column {role!r} (nor {', '.join(ALIASES[role][1:])}); "
                f"they have {', '.join(table.column_names)}."
            )
        return None
    column = table[found]
    return None if column.null_count == len(column) and not needed else column


def names_of(table: pa.Table) -> list[str]:
    """The targets of the rows, as text.

    Raises:
        InputError: there is no such column, or one of them is empty.
    """
    names = column_of(table, "target", needed=True).to_pylist()
    if None in names:
        raise InputError(f"row {names.index(None) + 1}: target is empty; name what the row is about.")
    return [str(one) for one in names]


def board_of(table: pa.Table, as_of_ms: int | None) -> Board:
    """All numbers of a board; ages are counted to ``as_of_ms``, else to the latest row.

    Raises:
        InputError: a value is no number or time, below 0, or more than what it is part of.
    """
    likes = numbers_of(column_of(table, "likes", needed=True), "likes")
    nothing = np.zeros(likes.shape[0])

    def known(role: str) -> Floats | None:
        column = column_of(table, role)
        if column is None:
            return None
        # What an outer join leaves empty was not found, discounted or voted down.
        return numbers_of(column if role in _MEASURED else pc.fill_null(column, 0), role)

    roles = ("discounted", "undetermined", "voices", "unheard")
    discounted, undetermined, voices, missed = (nothing if (one := known(r)) is None else one for r in roles)
    if bad := np.flatnonzero(discounted + undetermined > likes).tolist():
        raise InputError(f"row {bad[0] + 1}: discounted and undetermined are more than the likes they are part of.")
    if bad := np.flatnonzero(discounted + missed > likes).tolist():
        raise InputError(f"row {bad[0] + 1}: discounted and unheard are more than the likes they are part of.")
    age = known("age_h")
    if age is None and (published := column_of(table, "published")) is not None:
        at = _moments(published)
        age = np.maximum((at.max() if as_of_ms is None else as_of_ms) - at, 0.0) / HOUR_MS
    return Board(
        likes=likes,
        discounted=discounted,
        undetermined=undetermined,
        grouped=nothing,
        voices=voices,
        unheard=missed,
        exposures=known("exposures"),
        downs=known("downs"),
        age_h=age,
    )


def numbers_of(column: Any, role: str) -> Floats:
    """A column as finite numbers from 0, ``float64[n]``.

    Raises:
        InputError: it holds anything else.
    """
    try:
        values = floats_of(column)
    except (pa.ArrowException, ValueError, TypeError):
        raise InputError(f"column {role!r} holds something that is no number: convert it first.") from None
    if bad := np.flatnonzero(~np.isfinite(values) | (values < 0)).tolist():
        said = "empty" if np.isnan(values[bad[0]]) else f"{values[bad[0]]:g}"
        raise InputError(f"row {bad[0] + 1}: {role} is {said}, and must be a number from 0.")
    return values


def floats_of(column: Any) -> Floats:
    """A column as ``float64[n]``, NaN where empty."""
    return np.asarray(column.cast(pa.float64()).to_numpy(), np.float64)


def _moments(column: Any) -> Floats:
    """Publication in UTC milliseconds; naive times are UTC."""
    out = []
    for row, value in enumerate(column.to_pylist(), 1):
        if isinstance(value, str):
            try:
                value = datetime.fromisoformat(value.strip())
            except ValueError:
                value = None
        if isinstance(value, date) and not isinstance(value, datetime):
            value = datetime(value.year, value.month, value.day)
        if isinstance(value, datetime):
            value = (value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp() * 1000.0
        if not isinstance(value, int | float):
            raise InputError(
                f"row {row}: published is no time; give milliseconds or ISO 8601, or leave the column out."
            )
        out.append(float(value))
    return np.asarray(out, np.float64)
