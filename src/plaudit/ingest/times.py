"""Times: epoch seconds, milliseconds or microseconds, ISO 8601, native timestamps; told apart, never guessed silently.

Between 1990 and 2100 the epoch units occupy ranges of numbers that do not touch, so each number names its own unit.
A column has *one* unit: numbers of another unit are rejected when they are few, and an error when they are not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa

from plaudit.errors import InputError

FIRST_MS = 631_152_000_000
"""1990-01-01 UTC: nothing earlier is a plausible time of an event."""
LAST_MS = 4_102_444_800_000
"""2100-01-01 UTC, exclusive."""
FORMATS = ("s", "ms", "us", "iso")
"""What ``time_format`` may be."""
EXPECTED = "in ISO 8601, such as 2024-05-01T09:30:00+08:00, or as epoch seconds, milliseconds or microseconds"
"""What a time has to look like, for messages."""
STRAYS = 0.01
"""Share of times in another unit than the column's up to which they are rejected row by row."""

_PER_MS = {"s": 0.001, "ms": 1.0, "us": 1000.0, "ns": 1_000_000.0}
_WORDS = {
    "s": "epoch seconds",
    "ms": "epoch milliseconds",
    "us": "epoch microseconds",
    "ns": "epoch nanoseconds",
    "iso": "ISO 8601",
}


@dataclass(frozen=True)
class Census:
    """How many times of one file look like each format; ``naive``: those of ``iso`` without a zone."""

    file: int
    counts: Mapping[str, int]
    naive: int
    native: bool


def check_format(time_format: str | None) -> None:
    """Refuse a time format that does not exist."""
    if time_format is not None and time_format not in FORMATS:
        raise InputError(f"time format {time_format!r} is not known: choose {', '.join(FORMATS)}.")


def stripped(text: str) -> str:
    """SQL for ``text`` without surrounding white space; asking first is several times cheaper than trimming all."""
    return f"CASE WHEN regexp_matches({text}, '^\\s|\\s$') THEN trim({text}, ' \t\r\n\f\v') ELSE {text} END"


def columns_sql(column: str, kind: pa.DataType) -> str:
    """SELECT columns ``num, iso, naive, at_text`` of a time column (SQL expression ``column`` of Arrow type ``kind``).

    ``num`` is a number as found (a double: exact up to microseconds of 2100), ``iso`` UTC milliseconds of a written or
    native time, ``at_text`` what could not be read.
    """
    nothing = "CAST(NULL AS BIGINT)"
    if pa.types.is_timestamp(kind):
        # epoch_ms floors; a zone in the type means the value is UTC already, none is read as UTC and said so.
        return (
            f"CAST(NULL AS DOUBLE) AS num, epoch_ms(CAST({column} AS TIMESTAMP)) AS iso, "
            f"{'FALSE' if kind.tz else 'TRUE'} AS naive, CAST(NULL AS VARCHAR) AS at_text"
        )
    if pa.types.is_date(kind):
        return (
            f"CAST(NULL AS DOUBLE) AS num, epoch_ms(CAST({column} AS TIMESTAMP)) AS iso, TRUE AS naive, "
            "CAST(NULL AS VARCHAR) AS at_text"
        )
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        # "Not a number" is how frames write a missing value.
        column = f"CASE WHEN isfinite(CAST({column} AS DOUBLE)) THEN {column} END"
        return f"CAST({column} AS DOUBLE) AS num, {nothing} AS iso, FALSE AS naive, CAST(NULL AS VARCHAR) AS at_text"
    text = stripped(column)
    number = f"CASE WHEN regexp_full_match({text}, '[+-]?[0-9]+(\\.[0-9]*)?') THEN TRY_CAST({text} AS DOUBLE) END"
    # Only what starts like a year is a date: the cast alone would also take 'infinity' and 'epoch'.
    moment = (
        f"CASE WHEN regexp_matches({text}, '^[0-9]{{4}}[-/][0-9]{{1,2}}[-/][0-9]{{1,2}}|^[0-9]{{8}}[Tt][0-9]{{2}}') "
        f"THEN epoch_ms(coalesce(TRY_CAST({text} AS TIMESTAMPTZ), TRY_CAST({_respelled(text)} AS TIMESTAMPTZ))) END"
    )
    naive = f"NOT regexp_matches(substr({text}, 12), '[A-Za-z+-]')"
    return (
        f"{number} AS num, {moment} AS iso, {naive} AS naive, "
        f"CASE WHEN {text} <> '' AND ({number}) IS NULL AND ({moment}) IS NULL "
        f"THEN substr({column}, 1, 200) END AS at_text"
    )


def _respelled(text: str) -> str:
    """SQL for a time in the forms of ISO 8601 and RFC 3339 that the database does not know, in one that it does.

    Those are the basic form (``20240501T093000Z``), lower-case ``t`` and ``z``, hours without minutes, and a comma
    before the fraction.
    """
    day, clock = "([0-9]{4})-?([0-9]{2})-?([0-9]{2})", "([0-9]{2}):?([0-9]{2})?:?([0-9]{2})?"
    spelled = f"'^{day}[t ]{clock}([.,][0-9]+)?(z|[+-][0-9:]+)?$'"
    lower = f"lower({text})"
    # A zero before minutes and seconds stands in for those left out, and goes again where they are there.
    wide = f"regexp_replace({lower}, {spelled}, '\\1-\\2-\\3 \\4:0\\5:0\\6\\7\\8')"
    return (
        f"CASE WHEN regexp_matches({lower}, {spelled}) THEN "
        f"upper(replace(regexp_replace({wide}, ':0([0-9]{{2}})', ':\\1', 'g'), ',', '.')) END"
    )


def census_sql() -> str:
    """SELECT that counts, per file of ``raw``, how many times look like each format."""
    sums = ", ".join(
        f"count(*) FILTER (num >= {FIRST_MS * per:.0f} AND num < {LAST_MS * per:.0f}) AS {unit}"
        for unit, per in _PER_MS.items()
    )
    return (
        f"SELECT file, {sums}, count(iso) AS iso, count(*) FILTER (iso IS NOT NULL AND naive) AS naive "
        "FROM raw GROUP BY file ORDER BY file"
    )


def epoch_sql() -> str:
    """SQL condition: ``num`` is a plausible time in some unit of epoch numbers."""
    return (
        "("
        + " OR ".join(f"num >= {FIRST_MS * per:.0f} AND num < {LAST_MS * per:.0f}" for per in _PER_MS.values())
        + ")"
    )


def decide(census: Census, name: str, column: str, asked: str | None) -> str:
    """The one format of a file's time column (``s``, ``ms``, ``us`` or ``iso``).

    Raises:
        InputError: the column mixes formats, or holds nanoseconds.
    """
    if census.native:
        return "iso"
    if asked is not None:
        return asked
    counts = {unit: count for unit, count in census.counts.items() if count}
    if not counts:
        return "iso"
    total = sum(counts.values())
    order = sorted(counts, key=lambda unit: (-counts[unit], unit))
    if total - counts[order[0]] > STRAYS * total:
        found = " and ".join(f"{_WORDS[unit]} ({counts[unit]})" for unit in order)
        raise InputError(
            f"{name}: column {column!r} mixes {found}; bring it into one format, or say which one counts with "
            f"--time-format {order[0] if order[0] in FORMATS else 'ms'} (the others are then rejected)."
        )
    if order[0] == "ns":
        raise InputError(
            f"{name}: column {column!r} holds epoch nanoseconds; divide it by 1,000,000 to get milliseconds."
        )
    return order[0]


def at_ms_sql(unit: str) -> str:
    """SQL for UTC milliseconds in ``raw`` once the unit is decided; NULL where the row's time is of another format."""
    if unit == "iso":
        return "iso"
    # Seconds may carry decimals: round to the nearest millisecond. Below a millisecond, truncate.
    value = {"s": "round(num * 1000)", "ms": "floor(num)", "us": "floor(num / 1000)"}[unit]
    low, high = FIRST_MS * _PER_MS[unit], LAST_MS * _PER_MS[unit]
    return f"CASE WHEN num >= {low:.0f} AND num < {high:.0f} THEN CAST({value} AS BIGINT) END"


def described(units: Mapping[str, str], naive: Mapping[str, int], native: Mapping[str, bool]) -> str:
    """What to record about times, per file when files differ: ``ms``, ``iso, no zone: read as UTC`` …"""

    def one(name: str) -> str:
        word = "timestamp" if native[name] else units[name]
        return f"{word}, no zone: read as UTC" if units[name] == "iso" and naive[name] else word

    each = {name: one(name) for name in units}
    if len(set(each.values())) == 1:
        return next(iter(each.values()))
    return "; ".join(f"{name}: {word}" for name, word in sorted(each.items()))
