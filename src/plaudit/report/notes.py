"""What reading exports had to decide, as sentences of a language: the same note on many files is said once."""

from __future__ import annotations

import re
from collections.abc import Sequence

from plaudit.report import figures
from plaudit.report.words import Words
from plaudit.result import Basis, ExportSource, LeftOut, Message, SectionPart

_NAMED = 5
"""File names listed in one sentence."""

# Ingest notes in English what it decided; patterns and the codes that word them. The first group of a file note tells
# notes apart, so that two time zones stay two sentences. Others stand as they are, beside the file they speak of.
_OF_FILES = (
    (re.compile(r"taken at \S+ \(.*, read as (?P<zone>[^,()]+)\)"), "note_named_zone"),
    (re.compile(r"taken at \S+ \(.*\)"), "note_named"),
    (re.compile(r"no moment: (?P<said>.*)"), "note_no_moment"),
    (re.compile(r"read as (?P<codec>\S+)"), "note_encoding"),
    (re.compile(r"times without a zone read as (?P<zone>.+)"), "note_zone"),
)
_OF_ALL = (
    (re.compile(r"(?P<rows>\d+) rows show different counts of one target.*"), "note_conflicting"),
    (re.compile(r"(?P<rows>\d+) rows say again what another row says.*"), "note_repeated"),
    (re.compile(r"(?P<rows>\d+) replies answer a comment that no file holds\."), "note_orphans"),
)


def reading_notes(basis: Basis, words: Words) -> list[str]:
    """The notes of reading in order, those that differ only by the file they speak of joined to one sentence."""
    joined: dict[tuple[str, str], list[int]] = {}
    out: list[tuple[Message, tuple[str, str] | None]] = []
    for message in basis.notes:
        note, files = str(message.values.get("note", "")), int(message.values.get("files", 0))
        known = _known(note, _OF_FILES if message.code == "export_file_note" else _OF_ALL)
        if known is None:
            out.append((message, None))
            continue
        code, values = known
        if message.code != "export_file_note":
            out.append((Message(code=code, values={name: int(value) for name, value in values.items()}), None))
            continue
        key = (code, next(iter(values.values()), ""))
        if key not in joined:
            out.append((Message(code=code, values=values), key))
        joined.setdefault(key, []).append(max(files, 1))
    return [
        words.say(message if key is None else Message(code=message.code, values=_with_files(message, joined[key])))
        for message, key in out
    ]


def _known(note: str, patterns: tuple[tuple[re.Pattern[str], str], ...]) -> tuple[str, dict[str, str]] | None:
    for pattern, code in patterns:
        if found := pattern.fullmatch(note):
            return code, found.groupdict()
    return None


def _with_files(message: Message, counts: list[int]) -> dict[str, object]:
    return {**message.values, "files": sum(counts)}


def left_out_lines(left: Sequence[LeftOut], words: Words) -> list[str]:
    """Files that were not read, as sentences: those with one reason and one content together."""
    together: dict[tuple[str, str], list[str]] = {}
    for one in left:
        together.setdefault((one.reason, one.found), []).append(one.name)
    out = []
    for (reason, found), names in together.items():
        shown = [figures.short(name, 48) for name in names[:_NAMED]]
        if len(names) > _NAMED:
            shown.append(words.ui("terminal_more", count=len(names) - _NAMED))
        said = words(f"left_{reason}", names=shown)
        out.append(words("left_found", said=[said], found=[figures.short(found, 120)]) if found else said)
    return out


def untraced(section: SectionPart) -> float | None:
    """Bought likes that left no trace and cannot be excluded, where the interval of the total does not hold them."""
    said = [message.values["beyond"] for message in section.cannot_say if message.code == "cannot_exclude"]
    total = section.total
    return float(said[0]) if said and float(said[0]) > total.shown - total.authentic_low else None


class SourceKind:
    """Files of one kind together: how many, their rows, and when their counters were read."""

    def __init__(self, kind: str, sources: list[ExportSource]) -> None:
        """Add up what is listed."""
        moments = [one.observed_ms for one in sources if one.observed_ms is not None]
        self.kind = kind
        self.files = len(sources)
        self.rows = sum(one.file.rows for one in sources)
        self.rejected = sum(one.file.rejected for one in sources)
        self.first_ms: int | None = min(moments, default=None)
        self.last_ms: int | None = max(moments, default=None)

    def taken(self, words: Words) -> str:
        """When the counters were read, in days."""
        if self.first_ms is None or self.last_ms is None:
            return figures.DASH
        days = [words.clock(at, "%Y-%m-%d") for at in (self.first_ms, self.last_ms)]
        return days[0] if days[0] == days[1] else f"{days[0]} {figures.DASH} {days[1]}"


def kinds_of(basis: Basis) -> list[SourceKind]:
    """The sources by kind, in order of name."""
    by: dict[str, list[ExportSource]] = {}
    for source in basis.sources:
        by.setdefault(source.kind, []).append(source)
    return [SourceKind(kind, by[kind]) for kind in sorted(by)]
