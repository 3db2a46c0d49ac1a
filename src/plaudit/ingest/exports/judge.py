"""Rows of text become numbers, moments and flags; those that cannot are set apart with a reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from plaudit.engine import DuckEngine
from plaudit.errors import InputError
from plaudit.ingest.exports.arrays import ints, whole
from plaudit.ingest.exports.counters import counters
from plaudit.ingest.exports.moments import moment_sql, settle
from plaudit.ingest.exports.roles import COUNTS, FLAGS, OUTCOME_WORDS, RATES
from plaudit.ingest.kinds import normalised
from plaudit.ingest.times import FIRST_MS, LAST_MS
from plaudit.model import DAY_MS, MINUTE_MS, UNKNOWN, Bools, Counter, Floats, Ints

CLOCKS_MS = MINUTE_MS
"""How far two clocks may differ, and how much of a moment a name such as ``12-30`` leaves out."""
LATE_MS = DAY_MS
"""How far a comment without a moment of its own may lie beyond the latest observation of the input."""
_YES = "'1', 'true', 't', 'yes', 'y', '是', '√', '置顶', '精选'"
_NO = "'0', 'false', 'f', 'no', 'n', '否', '×'"
_UNREAD = "time cannot be read"
_COLUMNS = {"created": "created_at", "observed": "observed_at", "post_at": "published_at", "done": "at"}
"""Columns as users know them, by role."""


@dataclass(frozen=True)
class FileFacts:
    """What is known of a file before its rows are judged: see :class:`~plaudit.ingest.exports.naming.Named`."""

    number: int
    name: str
    platform: str
    zone: str
    asked: bool
    observed_ms: int | None
    bare: bool
    day: bool
    post: str
    ordered: bool
    global_ids: bool
    of_posts: bool


@dataclass(frozen=True)
class Judged:
    """Rows of one sort that can be used, column-wise, and those that cannot.

    Attributes:
        table: text columns and file, row, place, in file order.
        ms: UTC milliseconds by role, -1 where absent.
        counts: counters by role.
        rejected: file, row, reason, content.
        zones: file -> what was said about its times without a zone.
    """

    table: pa.Table
    ms: dict[str, Ints]
    counts: dict[str, Counter]
    rejected: pa.Table
    zones: dict[int, str]

    def column(self, name: str) -> pa.Array:
        """One text column as an array."""
        return whole(self.table.column(name))


def judged(engine: DuckEngine, sort: str, files: list[FileFacts]) -> Judged:
    """Judge every row of table ``<sort>_rows``.

    Raises:
        InputError: one column of a file mixes times with and without a zone, and nobody said which zone is meant.
    """
    times = {"comment": ("created", "observed", "post_at"), "reading": ("observed", "post_at"), "outcome": ("done",)}[
        sort
    ]
    flags = FLAGS if sort == "comment" else ()
    # Texts of moments are needed for messages only where they could not be read.
    spoken = ", ".join(
        f"CASE WHEN {one}_ms IS NULL AND {one} NOT IN ('0', '-') THEN {one} END AS {one}" for one in times
    )
    told = ", ".join(f"{moment_sql(one, one)}" for one in times)
    said = ", ".join(
        f"CAST(CASE WHEN lower({one}) IN ({_YES}) THEN 1 WHEN lower({one}) IN ({_NO}) THEN 0 ELSE -1 END AS TINYINT) "
        f"AS {one}"
        for one in flags
    )
    dropped = ", ".join([*times, *(f"{one}_ms" for one in times), *(f"{one}_naive" for one in times), *flags])
    read = ", ".join(
        f"coalesce({one}_ms, -1) AS {one}_ms, coalesce({one}_naive, FALSE) AS {one}_naive" for one in times
    )
    table = engine.arrow(
        f"SELECT * EXCLUDE ({dropped}), {spoken}, {read}{', ' + said if said else ''} "
        f"FROM (SELECT *, {told} FROM {sort}_rows) ORDER BY file, row"
    )
    number = ints(table, "file")
    zones: dict[int, str] = {}
    ms = {role: _settled(table, role, number, files, zones) for role in times}
    counts: dict[str, Counter] = {}
    reason = np.full(table.num_rows, "", dtype=object)
    for role in {"comment": ("likes", "replies"), "reading": COUNTS, "outcome": ()}[sort]:
        counts[role], bad = counters(table.column(role))
        reason[bad] = f"{role} is no count"
    for role in times:
        unread = np.asarray(whole(table.column(role)).is_valid())
        digits = np.asarray(pc.fill_null(pc.match_substring_regex(whole(table.column(role)), r"^[0-9.]+$"), False))
        word = "time" if role != "observed" else "moment of observation"
        if role != "post_at":  # a date of the article that cannot be read takes no comment away
            reason[unread & digits & (reason == "")] = f"{word} is outside 1990-2100"
            reason[unread & ~digits & (reason == "")] = _UNREAD.replace("time", word)
            outside = (ms[role] != UNKNOWN) & ((ms[role] < FIRST_MS) | (ms[role] >= LAST_MS))
            reason[outside & (reason == "")] = f"{word} is outside 1990-2100"
        else:
            ms[role][(ms[role] < FIRST_MS) | (ms[role] >= LAST_MS)] = UNKNOWN
    if sort == "comment":
        _judge_comments(table, ms, number, files, reason)
    elif sort == "reading":
        none = ~np.asarray(whole(table.column("target")).is_valid()) & ~np.asarray(
            whole(table.column("title")).is_valid()
        )
        reason[none & (reason == "")] = "target is empty"
        _observed(ms["observed"], number, {file.number: file.observed_ms for file in files})
    else:
        _judge_outcomes(table, ms, reason)
    if sort == "comment":
        counts["position"], bad = counters(table.column("position"))
        reason[bad & (reason == "")] = "position is no number"
    bad_rows = np.asarray(reason != "", dtype=np.bool_)
    kept = pa.array(~bad_rows)
    return Judged(
        table.filter(kept),
        {role: values[~bad_rows] for role, values in ms.items()},
        {role: values.take(np.flatnonzero(~bad_rows)) for role, values in counts.items()},
        _rejected(table, reason, sort, bad_rows),
        zones,
    )


def _settled(table: pa.Table, role: str, number: Ints, files: list[FileFacts], zones: dict[int, str]) -> Ints:
    """Moments of one role in UTC, file by file: each file has one zone for what names none."""
    ms = ints(table, f"{role}_ms")
    naive = np.array(whole(table.column(f"{role}_naive")).to_numpy(zero_copy_only=False), dtype=np.bool_)
    # What lies outside every plausible year is set apart anyway and says nothing about zones.
    known = (ms >= FIRST_MS) & (ms < LAST_MS)
    naive &= known
    for file in files:
        mine = number == file.number
        if not (mine & naive).any():
            continue
        if (mine & known & ~naive).any() and not file.asked:
            row = int(ints(table, "row")[np.flatnonzero(mine & naive)[0]])
            raise InputError(
                f"{file.name}: some of its times ({_COLUMNS.get(role, role)}) name their zone and some do not (first "
                f"row {row}); say which zone those without are in with --time-zone, such as --time-zone Asia/Shanghai."
            )
        ms[mine] = settle(ms[mine], naive[mine], file.zone)
        zones[file.number] = f"times without a zone read as {file.zone}"
    return ms


def _observed(ms: Ints, number: Ints, moments: Mapping[int, int | None]) -> None:
    """Fill in the moment of the file where its rows bear none."""
    for file, moment in moments.items():
        if moment is not None:
            ms[(number == file) & (ms == UNKNOWN)] = moment


def _judge_comments(
    table: pa.Table,
    ms: dict[str, Ints],
    number: Ints,
    files: list[FileFacts],
    reason: np.ndarray[tuple[int], np.dtype[np.object_]],
) -> None:
    nothing = ~np.any(
        [np.asarray(whole(table.column(one)).is_valid()) for one in ("comment", "text", "author_name")], axis=0
    )
    reason[nothing & (reason == "")] = "comment is empty"
    created = ms["created"]
    moments = {file.number: file.observed_ms for file in files}
    for file in files:
        mine = created[(number == file.number) & (created != UNKNOWN)]
        # A bare number that most comments come after is an id, not a moment.
        bare = file.bare and file.observed_ms is not None and mine.size > 0
        if bare and float(np.mean(mine > (file.observed_ms or 0) + CLOCKS_MS)) > 0.5:
            moments[file.number] = None
    observed = ms["observed"]
    _observed(observed, number, moments)
    known = (created != UNKNOWN) & (reason == "")
    future = known & (observed != UNKNOWN) & (created > observed + CLOCKS_MS)
    reason[future] = "comment is later than its observation"
    if (observed != UNKNOWN).any():
        latest = int(observed.max())
        late = known & (observed == UNKNOWN) & (created > latest + LATE_MS)
        reason[late] = "comment is later than the latest observation by more than a day"


def _judge_outcomes(table: pa.Table, ms: dict[str, Ints], reason: np.ndarray[tuple[int], np.dtype[np.object_]]) -> None:
    for role in ("actor", "kind"):
        reason[~np.asarray(whole(table.column(role)).is_valid()) & (reason == "")] = f"{role} is empty"
    reason[(ms["done"] == UNKNOWN) & (reason == "")] = "time is empty"
    kinds = outcome_kinds(whole(table.column("kind")))
    reason[np.asarray(pc.fill_null(pc.equal(kinds, ""), False)) & (reason == "")] = (
        "kind is not purchase, repurchase, referral, follow or read_finish"
    )
    values = whole(table.column("value"))
    reason[np.asarray(values.is_valid()) & np.isnan(amounts(values)) & (reason == "")] = "value is no number"


def outcome_kinds(words: pa.Array) -> pa.Array:
    """The kind each word means, ``""`` where it means none, null where there is no word."""
    coded = words.dictionary_encode()
    meant = [OUTCOME_WORDS.get(normalised(word), "") for word in coded.dictionary.to_pylist()]
    return pa.DictionaryArray.from_arrays(coded.indices, pa.array(meant, pa.string())).cast(pa.string())


def amounts(values: pa.Array) -> Floats:
    """Amounts of money as written (``1,234.50``, ``¥99``, ``99元``), NaN where there is none or it is no number.

    A comma parts thousands or nothing: a decimal comma (``12,50``) read as one would be a hundred times too much.
    """
    plain = pc.replace_substring_regex(values, r"[\s¥￥$€£元]", "")
    number = r"^[+-]?([0-9]{1,15}|[0-9]{1,3}(,[0-9]{3}){1,4})(\.[0-9]+)?$"
    fine = pc.fill_null(pc.match_substring_regex(plain, number), False)
    numbers = pc.replace_substring(pc.if_else(fine, plain, None), ",", "").cast(pa.float64())
    return np.asarray(numbers.to_numpy(zero_copy_only=False), dtype=np.float64)


def shares(values: pa.ChunkedArray) -> Floats:
    """Rates as shares in 0..1: ``4.41%`` is 0.0441, a plain number up to 1 is a share already; NaN elsewhere."""
    text = pc.replace_substring_regex(whole(values), r"\s", "")
    percent = pc.fill_null(pc.match_substring_regex(text, r"^[0-9]{1,3}(\.[0-9]+)?[%％]$"), False)
    plain = pc.fill_null(pc.match_substring_regex(text, r"^(0(\.[0-9]+)?|1(\.0+)?)$"), False)
    digits = pc.if_else(pc.or_(percent, plain), pc.replace_substring_regex(text, "[%％]$", ""), None)
    numbers = np.asarray(digits.cast(pa.float64()).to_numpy(zero_copy_only=False), dtype=np.float64)
    found = np.where(percent.to_numpy(zero_copy_only=False), numbers / 100, numbers)
    return np.where(found <= 1, found, np.nan)


_SHOWN = {
    "comment": ("comment", "text", "likes", "replies", "created", "observed"),
    "reading": ("target", "observed", *COUNTS, *RATES),
    "outcome": ("kind", "done", "value"),
}


def _rejected(table: pa.Table, reason: np.ndarray[tuple[int], np.dtype[np.object_]], sort: str, bad: Bools) -> pa.Table:
    rows = table.filter(pa.array(bad))
    texts = [whole(rows.column(role)).cast(pa.string()).to_pylist() for role in _SHOWN[sort]]
    content = [
        ", ".join(f"{role}={word[:60]}" for role, word in zip(_SHOWN[sort], words, strict=True) if word)[:200]
        for words in zip(*texts, strict=True)
    ]
    return pa.table(
        {
            "file": rows.column("file").cast(pa.int32()),
            "row": rows.column("row").cast(pa.int64()),
            "reason": pa.array(reason[bad].tolist(), pa.string()),
            "content": pa.array(content, pa.string()),
        }
    )
