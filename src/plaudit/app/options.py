"""Options that several commands share, and how their texts become values."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from plaudit.errors import InputError


class Lang(StrEnum):
    """Languages the report speaks."""

    EN = "en"
    ZH = "zh"


class TimeFormat(StrEnum):
    """How times are written in the log."""

    SECONDS = "s"
    MILLISECONDS = "ms"
    MICROSECONDS = "us"
    ISO = "iso"


class Format(StrEnum):
    """File formats a simulated log can take."""

    PARQUET = "parquet"
    CSV = "csv"


class Layout(StrEnum):
    """Whose files a simulated section looks like."""

    WECHAT = "wechat"
    BILIBILI = "bilibili"
    CSV = "csv"


class CurveTier(StrEnum):
    """What a simulated section holds: one export, or repeated readings."""

    T0 = "T0"
    T1 = "T1"


Sources = Annotated[
    list[str],
    typer.Argument(
        metavar="SOURCE",
        help="An event log (CSV, TSV, JSONL, Parquet, also .gz and .zst; - for standard input), exports of comments "
        "and curves (JSON, CSV, XLSX, Parquet), a quoted glob, or a folder of both.",
        show_default=False,
    ),
]
Maps = Annotated[
    list[str] | None,
    typer.Option(
        "--map",
        metavar="ROLE=COLUMN",
        help="Which column plays a role: actor=openid, target=comment_id, at=created ... Repeatable.",
        show_default=False,
    ),
]
Times = Annotated[
    TimeFormat | None,
    typer.Option("--time-format", help="How times are written, when it should not be found out.", show_default=False),
]
AllowRejects = Annotated[
    bool, typer.Option("--allow-rejects", help="Go on even when more than 20 % of the rows are rejected.")
]
Seed = Annotated[int, typer.Option(help="Seed of everything random; the same seed gives the same bytes.", min=0)]
Language = Annotated[Lang, typer.Option("--lang", help="Language of the summary and the report.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON on standard output and nothing else.")]
OutDir = Annotated[Path, typer.Option("--out", "-o", metavar="DIR", help="Folder for the results.", show_default=False)]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")]
Labels = Annotated[
    str | None,
    typer.Option(
        metavar="FILE",
        help="What is known about some likes (subject_kind, subject_id, label), to recalibrate weights by.",
        show_default=False,
    ),
]
Reveal = Annotated[
    bool, typer.Option("--reveal", help="Write nicknames and texts of exports into tables and report: personal data.")
]
Key = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Key of the pseudonyms of authors (16 bytes or more); derived from the input unless given.",
        show_default=False,
    ),
]
Zone = Annotated[
    str | None,
    typer.Option(
        "--time-zone",
        metavar="ZONE",
        help="Zone of times in exports that name none: Asia/Shanghai, UTC, +08:00.",
        show_default=False,
    ),
]
Outcomes = Annotated[
    str | None,
    typer.Option(
        metavar="FILE",
        help="What actors went on to do (actor, at, kind: purchase, follow ...), for the value audit.",
        show_default=False,
    ),
]
Cost = Annotated[
    str | None,
    typer.Option(metavar="AMOUNT", help="What the campaign cost, such as 3000 or '3000 CNY'.", show_default=False),
]
Focus = Annotated[
    list[str] | None,
    typer.Option(
        metavar="TARGET", help="Target the value audit asks about; @FILE for many. Repeatable.", show_default=False
    ),
]
Incentive = Annotated[bool, typer.Option("--incentive", help="Likes were rewarded (a lottery, a coupon).")]
Force = Annotated[bool, typer.Option("--force", help="Write into a folder that holds other files; those others stay.")]
MemoryLimit = Annotated[
    str | None,
    typer.Option(
        metavar="SIZE", help="Memory the query engine may use, such as 4GB (2GB unless said).", show_default=False
    ),
]


@dataclass(frozen=True)
class Value:
    """Options of the value audit."""

    outcomes: str | None
    cost: str | None
    focus: tuple[str, ...]
    incentive: bool

    def words(self) -> list[str]:
        """As they would be typed."""
        told = [("--outcomes", self.outcomes), ("--cost", self.cost), *(("--focus", one) for one in self.focus)]
        words = [word for option, text in told if text for word in (option, text)]
        return [*words, "--incentive"] if self.incentive else words


_SIZE = re.compile(r"\d+(\.\d+)?\s*([KMGT]i?B)", re.IGNORECASE)


def pairs(texts: Iterable[str] | None, option: str, *, empty: bool = False) -> dict[str, str]:
    """``["actor=user", ...]`` as a dictionary.

    Args:
        texts: as typed.
        option: which option they were given to, for messages.
        empty: whether nothing may stand after the sign (``--map kind=``: no column plays that role).

    Raises:
        typer.BadParameter: a text without ``=``, an empty side, or the same key twice.
    """
    found: dict[str, str] = {}
    for text in texts or ():
        key, equals, value = text.partition("=")
        key, value = key.strip(), value.strip()
        if not (key and equals and (value or empty)):
            raise typer.BadParameter(f"{text!r} is not KEY=VALUE.", param_hint=option)
        if key in found:
            raise typer.BadParameter(f"{key!r} is given twice.", param_hint=option)
        found[key] = value
    return found


def numbers(texts: Iterable[str] | None, option: str) -> dict[str, float]:
    """``["share_bought=0.05", ...]`` as numbers by name.

    Raises:
        typer.BadParameter: see :func:`pairs`; or a value that is not a finite number.
    """
    found: dict[str, float] = {}
    for key, text in pairs(texts, option).items():
        try:
            found[key] = float(text)
        except ValueError:
            raise typer.BadParameter(f"{key}={text}: {text!r} is not a number.", param_hint=option) from None
        if not abs(found[key]) < float("inf"):
            raise typer.BadParameter(f"{key}={text}: the value must be finite.", param_hint=option)
    return found


def key_of(path: Path | None) -> bytes | None:
    """The bytes of a key's file.

    Raises:
        InputError: it cannot be read.
    """
    if path is None:
        return None
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(
            f"--key {path} cannot be read ({(error.strerror or 'error').lower()}): name a file."
        ) from error


def instant_ms(text: str | None, option: str) -> int | None:
    """An ISO 8601 instant in UTC milliseconds; without a zone it is UTC.

    Raises:
        typer.BadParameter: not an ISO 8601 date or date and time.
    """
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise typer.BadParameter(
            f"{text!r} is not an ISO 8601 time such as 2026-01-31 or 2026-01-31T18:00:00+08:00.", param_hint=option
        ) from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return since.days * 86_400_000 + since.seconds * 1000 + since.microseconds // 1000


def size(text: str | None, option: str) -> str | None:
    """A size of memory as the engine reads it, spaces removed.

    Raises:
        typer.BadParameter: not a number with a unit.
    """
    if text is None:
        return None
    if not _SIZE.fullmatch(text.strip()):
        raise typer.BadParameter(f"{text!r} is not a size such as 2GB or 500MB.", param_hint=option)
    return "".join(text.split())


def reproduction(
    sources: Sequence[str],
    *,
    mapping: Mapping[str, str],
    time_format: str | None,
    allow_rejects: bool,
    seed: int,
    as_of: str | None,
    lang: str,
    labels: str | None = None,
    value: Value | None = None,
    reveal: bool = False,
    key: Path | None = None,
    time_zone: str | None = None,
) -> str:
    """The command that gives the same results again: everything that decides them, nothing that does not.

    The folder is left as ``DIR``: two runs into two folders are the same bytes.
    """
    words = ["plaudit", "audit", *sources]
    for role in sorted(mapping):
        words += ["--map", f"{role}={mapping[role]}"]
    if time_format is not None:
        words += ["--time-format", time_format]
    if allow_rejects:
        words.append("--allow-rejects")
    if labels is not None:
        words += ["--labels", labels]
    if key is not None:
        words += ["--key", str(key)]
    if time_zone is not None:
        words += ["--time-zone", time_zone]
    if reveal:
        words.append("--reveal")
    if value is not None:
        words += value.words()
    if as_of is not None:
        words += ["--as-of", as_of]
    if lang != Lang.EN:
        words += ["--lang", lang]
    return shlex.join([*words, "--seed", str(seed), "--out", "DIR"])
