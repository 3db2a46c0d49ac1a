"""Moments: in every way exports write them, and as the names of files and folders carry them.

A number names its own unit (see :mod:`plaudit.ingest.times`); a written time names its own zone, or none. Which zone a
time without one is read in is decided per file and said in the summary, never silently.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from plaudit.errors import InputError
from plaudit.ingest.times import FIRST_MS, LAST_MS
from plaudit.model import DAY_MS, UNKNOWN, Bools, Ints

BEIJING = "Asia/Shanghai"
"""The zone of every time WeChat's own exports write without one."""
_FIXED = re.compile(r"([+-])(\d{2}):?(\d{2})")
_ENGLISH = ("%a, %d %b %Y %H:%M:%S %z", "%a, %d %b %Y %H:%M:%S %Z", "%d %b %Y %H:%M:%S %z", "%a %b %d %H:%M:%S %z %Y")
_UNITS = {"s": 0.001, "ms": 1.0, "us": 1000.0, "ns": 1_000_000.0}


def moment_sql(column: str, name: str) -> str:
    """SELECT columns ``<name>_ms`` (UTC milliseconds, or local ones where ``<name>_naive``) and ``<name>_naive``.

    Epoch numbers in seconds, milli-, micro- or nanoseconds; ISO 8601; ``2024/5/1 8:03``; ``2024年5月1日 12:30``;
    ``20220329`` with or without a time; RFC 2822 and the form of Weibo (``Wed May 01 12:30:00 +0800 2024``). NULL where
    the text is none of these.
    """
    text = f"trim({column}, ' \t\r\n')"
    number = f"CASE WHEN regexp_full_match({text}, '[0-9]+(\\.[0-9]*)?') THEN TRY_CAST({text} AS DOUBLE) END"
    epochs = " ".join(
        f"WHEN {number} >= {FIRST_MS * per:.0f} AND {number} < {LAST_MS * per:.0f} "
        f"THEN CAST(round({number} / {per}) AS BIGINT)"
        for per in _UNITS.values()
    )
    compact = (
        f"regexp_replace({text}, '^((?:19|20)[0-9]{{2}})([0-9]{{2}})([0-9]{{2}})(?:[ T_-]?([0-9]{{2}}):?([0-9]{{2}})"
        f"(?::?([0-9]{{2}}))?)?$', '\\1-\\2-\\3 \\4:\\5:\\6')"
    )
    dated = (
        f"regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace({compact}, "
        "' [:]+$', ''), ':$', ''), '[年月]', '-', 'g'), '日', ' '), '[时時点]', ':')"
    )
    dated = f"regexp_replace(regexp_replace({dated}, '[分:]\\s*$', ''), '[分]', ':')"
    # A zone without a colon is read as hours and minutes; the cast wants the colon.
    iso = f"regexp_replace(trim({dated}, ' 秒'), '([0-9])\\s*([+-][0-9]{{2}})([0-9]{{2}})$', '\\1\\2:\\3')"
    moment = (
        f"CASE WHEN regexp_matches({iso}, '^[0-9]{{4}}[-/.][0-9]{{1,2}}[-/.][0-9]{{1,2}}') "
        f"THEN epoch_ms(TRY_CAST(replace({iso}, '/', '-') AS TIMESTAMPTZ)) END"
    )
    english = ", ".join(f"epoch_ms(try_strptime({text}, '{one}'))" for one in _ENGLISH)
    naive = f"NOT regexp_matches(substr({iso}, 11), '[A-Za-z+-].*[0-9]|[A-Za-z]$') AND ({moment}) IS NOT NULL"
    spoken = f"CASE WHEN regexp_matches({text}, '^[A-Za-z0-9]') THEN coalesce({english}) END"
    # Cheap first: nearly every export writes numbers or plain ISO 8601, and the general case costs ten times as much.
    usual = (
        f"regexp_full_match({text}, '[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}[ T][0-9]{{2}}:[0-9]{{2}}"
        "(:[0-9]{2}(\\.[0-9]+)?)?(Z|[+-][0-9]{2}:[0-9]{2})?')"
    )
    numeric = f"regexp_full_match({text}, '[0-9]+(\\.[0-9]*)?')"
    return (
        f"CASE WHEN {usual} THEN epoch_ms(TRY_CAST({text} AS TIMESTAMPTZ)) {epochs} "
        f"ELSE coalesce({moment}, {spoken}) END AS {name}_ms, "
        f"CASE WHEN {usual} THEN NOT regexp_matches({text}, '(Z|[+-][0-9]{{2}}:[0-9]{{2}})$') "
        f"WHEN {numeric} AND length({text}) NOT IN (8, 12, 14) THEN FALSE ELSE {naive} END AS {name}_naive"
    )


def check_zone(zone: str) -> None:
    """Refuse a time zone nobody knows."""
    try:
        local_to_utc(np.zeros(1, np.int64), zone)
    except (pa.ArrowInvalid, OSError, ValueError) as error:
        raise InputError(f"time zone {zone!r} is not known: name it like Asia/Shanghai, UTC or +08:00.") from error


def local_to_utc(ms: Ints, zone: str) -> Ints:
    """Milliseconds on a wall clock in ``zone`` as UTC milliseconds. An hour that is told twice is the first one."""
    if zone.upper() in ("UTC", "Z", "GMT"):
        return ms
    if zone == BEIJING:  # +08:00 without exception since 1991; needs no table of zones
        return np.asarray(ms - 8 * 3_600_000)
    if fixed := _FIXED.fullmatch(zone):
        sign, hours, minutes = fixed.groups()
        return np.asarray(ms - (1 if sign == "+" else -1) * (int(hours) * 60 + int(minutes)) * 60_000)
    local = pa.array(ms, pa.int64()).cast(pa.timestamp("ms"))
    aware = pc.assume_timezone(local, zone, ambiguous="earliest", nonexistent="earliest")
    return np.asarray(aware.cast(pa.int64()).to_numpy(zero_copy_only=False), dtype=np.int64)


@dataclass(frozen=True)
class Stamp:
    """A moment found in a name. ``ms`` is local where ``naive``; ``bare`` where it was an epoch number like any id;
    ``day`` where it was a date alone.
    """

    ms: int
    naive: bool
    bare: bool
    text: str
    day: bool = False


_DAY = r"(?<!\d)((?:19|20)\d{2})([-._]?)(0[1-9]|1[0-2])\2(0[1-9]|[12]\d|3[01])"
_CLOCK = r"[T _\-.]*([01]\d|2[0-3])[-_:.hH时点]?([0-5]\d)(?:[-_:.mM分]?([0-5]\d))?(?:\.\d+)?(Z|[+-]\d{2}[:_]?\d{2})?"
_MOMENT = re.compile(f"{_DAY}(?:{_CLOCK})?(?!\\d)")
_CHINESE = re.compile(
    r"((?:19|20)\d{2})年(\d{1,2})月(\d{1,2})日?(?:\s*(\d{1,2})[时点:：](\d{1,2})分?(?:(\d{1,2})秒?)?)?"
)
_HALVES = re.compile(
    rf"{_DAY}[T _\-.,]*(?:at\s+)?(?P<before>上午|下午)?\s*(1[0-2]|0?[1-9])[-_:.时点]([0-5]\d)(?:[-_:.分]([0-5]\d))?"
    r"(?(before)|\s*(?P<after>[AaPp])\.?[Mm]\b)"
)
"""``2024-05-01 at 9.30.12 PM``, ``2024-05-01 下午9.30``: twelve hours, as macOS names what it saves."""
_EPOCH = re.compile(r"(?<!\d)(1\d{9}|1\d{12})(?!\d)")
_EPOCH_END = 2**31
"""Numbers in names count as seconds below this only (2038): ids of WeChat articles begin above it."""


def stamps_in(name: str) -> list[Stamp]:
    """Every moment a file's or folder's name carries, in order; the same moment twice counts once.

    ``2024-05-01T12-30``, ``20240501_1230``, ``2024-05-01 12.30.05``, ``20240501T123000+0800``,
    ``2024年5月1日12时30分``, ``2024-05-01 at 9.30 PM``, epoch seconds or milliseconds. A date alone means the end of
    that day: nothing later can have been in it.
    """
    found: list[Stamp] = []
    rest = name
    halves = list(_HALVES.finditer(name))
    for match in [*halves, *_MOMENT.finditer(_without(name, halves)), *_CHINESE.finditer(name)]:
        if match.re is _CHINESE:
            year, month, day, hour, minute, second = match.groups()
            zone = None
        elif match.re is _HALVES:
            year, _, month, day, _, hour, minute, second, _ = match.groups()
            later = match["before"] == "下午" or (match["after"] or "").lower() == "p"
            hour, zone = str(int(hour) % 12 + 12 * later), None
        else:
            year, _, month, day, hour, minute, second, zone = match.groups()
        try:
            start = datetime(int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0))
        except ValueError:
            continue
        local = int((start - datetime(1970, 1, 1)) / timedelta(milliseconds=1))
        if hour is None:
            local += DAY_MS - 1
        shift = 0
        if zone and zone != "Z":
            shift = (1 if zone[0] == "+" else -1) * (int(zone[1:3]) * 60 + int(zone[-2:])) * 60_000
        found.append(Stamp(local - shift, zone is None, False, match.group(), day=hour is None))
        rest = rest.replace(match.group(), " ")
    for number in _EPOCH.findall(rest):
        seconds = int(number) / (1 if len(number) == 10 else 1000)
        if FIRST_MS / 1000 <= seconds < _EPOCH_END:
            found.append(Stamp(round(seconds * 1000), False, True, number))
    return list({(one.ms, one.naive): one for one in found}.values())


def _without(name: str, matches: Sequence[re.Match[str]]) -> str:
    for match in matches:
        name = name.replace(match.group(), " ")
    return name


def shown(ms: int) -> str:
    """A moment for a message."""
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def settle(ms: Ints, naive: Bools, zone: str) -> Ints:
    """UTC milliseconds of moments of which the ``naive`` are local to ``zone``; -1 stays."""
    there = naive & (ms != UNKNOWN)
    if not there.any():
        return ms
    settled = ms.copy()
    settled[there] = local_to_utc(ms[there], zone)
    return settled
