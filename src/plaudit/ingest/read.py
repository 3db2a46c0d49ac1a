"""Read event logs (tier T2) into the contract of :mod:`plaudit.ingest.contract`."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from plaudit import relations
from plaudit.engine import DuckEngine, Engine, copy
from plaudit.errors import InputError
from plaudit.ingest import kinds, times
from plaudit.ingest.columns import check_mapping, folded
from plaudit.ingest.contract import Ingested
from plaudit.ingest.export import CONTEXT, export
from plaudit.ingest.judge import number, set_apart
from plaudit.ingest.sources import Source, resolve
from plaudit.ingest.stage import Staged, stage
from plaudit.model import SCHEMAS
from plaudit.progress import Progress, Silent
from plaudit.result import Input, InputFile

REJECTED_SHARE = 0.2
"""Share of rejected rows above which a log is refused: most likely it is being read wrongly."""
MEMORY = "2GB"
"""What the database may take unless told otherwise: enough for some eight million events without touching the disk."""
_SHOWN_REASONS = 3
_CONFLICTS = 0.01
"""Share of rows that may share an event id with a row about another actor or target, where the column was guessed."""
_CONSTANT = 0.5
"""The same where the column is called ``event_id``: repeated ids count once, but one that most rows share is none."""


def read_events(
    source: Any,
    *,
    mapping: Mapping[str, str] | None = None,
    time_format: str | None = None,
    allow_rejects: bool = False,
    progress: Progress | None = None,
    memory_limit: str | None = None,
    temp_dir: Path | None = None,
    engine: Callable[[], AbstractContextManager[Engine]] | None = None,
) -> Ingested:
    """Read one event log from one or several sources.

    Every row ends in exactly one place: ``rows = rejected + duplicates + other_kinds + taken_back + likes``. Without a
    kind column every row is a like. At most one like stands per (actor, target): an unlike takes back the latest
    earlier like, a like after that stands at its own time, a second like without an unlike between is a duplicate, and
    an unlike that finds nothing to take back counts among other kinds. At one instant a like goes before an unlike.
    Rows of one event id and one class (likes, unlikes …) count once. Ids are strings without surrounding blanks. Votes
    below zero are not told from likes: filter vote logs before.

    Args:
        source: path, glob, ``-`` (standard input), a sequence of those, or an Arrow table, a pandas or polars frame, or
            anything with ``__arrow_c_stream__``. CSV, TSV, JSON lines, JSON (a list, ActivityStreams collections,
            GitHub stargazers) and Parquet; ``.gz`` and ``.zst`` for text.
        mapping: role -> column (``{"actor": "uid"}``); ``""`` says no column plays the role; ``{"target": "@file"}``
            takes the file name; ``like``, ``unlike``, ``publish`` name kinds instead (``{"like": "share,retweet"}``).
        time_format: ``s``, ``ms``, ``us`` or ``iso``; told from the values where None. Times without a zone are UTC.
        allow_rejects: accept a log of which more than 20 % of the rows are rejected.
        progress: told ``read`` (in bytes) and ``prepare`` (in steps); None shows nothing.
        memory_limit: such as ``"4GB"``, for the database that sorts and joins; beyond it, work spills to disk. None
            takes :data:`MEMORY`.
        temp_dir: where to spill.
        engine: makes the engine that numbers, joins and counts what DuckDB has read and accepted, such as
            ``lambda: SparkEngine("sc://localhost:15002")``; the answer is the same. None stays with DuckDB throughout.

    Returns:
        The likes that stand, their ids, rejected rows, and the account of every row.

    Raises:
        InputError: the input cannot be read as an event log; one sentence says why and what to do.
    """
    chosen = {role: value for role, value in (mapping or {}).items()}
    check_mapping(chosen)
    times.check_format(time_format)
    shown: Progress = progress or Silent()
    if temp_dir is not None and not temp_dir.is_dir():
        raise InputError(f"temporary directory {temp_dir} does not exist: create it, or name another.")
    with (
        tempfile.TemporaryDirectory(prefix="plaudit-", dir=temp_dir) as spool,
        DuckEngine(memory_limit=memory_limit or MEMORY, temp_dir=temp_dir) as staging,
        engine() if engine else nullcontext(staging) as reducing,
    ):
        folder = Path(spool)
        sources = resolve(source, folder)
        return _Reading(staging, reducing, folder, sources, chosen, time_format, allow_rejects, shown).run()


@dataclass(frozen=True)
class _Reading:
    """One call of :func:`read_events` on its way through the steps.

    ``engine`` reads whatever files hold, down to table ``accepted``. From there on ``reducing`` (the same one, unless
    the caller wants another) sees portable SQL only.
    """

    engine: DuckEngine
    reducing: Engine
    folder: Path
    sources: list[Source]
    mapping: dict[str, str]
    time_format: str | None
    allow_rejects: bool
    progress: Progress

    def run(self) -> Ingested:
        staged = self._stage()
        time_words = self._time(staged)
        kind_counts = self._kinds(staged)
        reasons = set_apart(self.engine, has_kind="kind" in staged[0].shown)
        files, quarantine = self._quarantine(staged, reasons)
        self._refuse_rejects(files, quarantine)
        self._count()
        self._refuse_guessed_ids(staged)
        rows = {one["part"]: one["rows"] for one in self.reducing.arrow("SELECT part, rows FROM account").to_pylist()}
        if rows["standing"] == 0:
            raise InputError(
                f"{self._names()} holds no like that stands: {rows['unlikes']} were given and taken back; "
                "nothing to count."
            )
        log, event_ids, actor_ids, target_ids, parent_ids, campaign_ids = export(
            self.reducing, {role for one in staged for role in one.shown} & CONTEXT
        )
        self.progress.advance(_STEPS, _STEPS)
        rejected = sum(file.rejected for file in files)
        duplicates = rows["events"] - rows["unique_events"] + rows["repetitions"]
        duplicates += rows["other_rows"] - rows["other_distinct"]
        summary = Input(
            files=files,
            rows=sum(file.rows for file in files),
            rejected=rejected,
            duplicates=duplicates,
            taken_back=2 * rows["unlikes"],
            other_kinds=rows["other_distinct"] + rows["idle_unlikes"],
            likes=rows["standing"],
            actors=number(self.reducing, "SELECT count(DISTINCT actor) AS n FROM standing"),
            targets=number(self.reducing, "SELECT count(DISTINCT target) AS n FROM standing"),
            first_ms=log.start_ms,
            last_ms=log.end_ms,
            columns=_columns(staged),
            time_format=time_words,
            kinds=kind_counts,
            rejected_reasons=_tally(quarantine),
        )
        return Ingested(log, event_ids, actor_ids, target_ids, quarantine, summary, parent_ids, campaign_ids)

    def _stage(self) -> list[Staged]:
        self.progress.stage("read")
        total = sum(source.bytes for source in self.sources)
        done = 0
        staged: list[Staged] = []
        for file, source in enumerate(self.sources):
            before, size = done, source.bytes
            # Compressed files yield more bytes than they have; the bar then waits at their end.
            staged.append(
                stage(
                    self.engine,
                    file,
                    source,
                    self.mapping,
                    lambda read, before=before, size=size: self.progress.advance(before + min(read, size), total),  # type: ignore[misc]
                )
            )
            done += size
            self.progress.advance(done, total)
        with_kind = [source.name for source, one in zip(self.sources, staged, strict=True) if "kind" in one.shown]
        without = [source.name for source, one in zip(self.sources, staged, strict=True) if "kind" not in one.shown]
        if with_kind and without:
            raise InputError(
                f"{with_kind[0]} says what kind each event is and {without[0]} does not: audit them apart, "
                "or map the column of the second with --map kind=COLUMN."
            )
        self.progress.stage("prepare")
        return staged

    def _time(self, staged: list[Staged]) -> str:
        """Decide each file's time format and note it in table ``units``."""
        if not self.engine.holds("raw"):
            return self._nothing(staged)
        units, naive, native = dict[str, str](), dict[str, int](), dict[str, bool]()
        for row in self.engine.arrow(times.census_sql()).to_pylist():
            file = row["file"]
            name = self.sources[file].name
            census = times.Census(
                file,
                {unit: row[unit] for unit in ("s", "ms", "us", "ns", "iso")},
                row["naive"],
                staged[file].native_time,
            )
            units[name] = times.decide(census, name, staged[file].shown["at"], self.time_format)
            naive[name], native[name] = census.naive, census.native
        numbers = {source.name: file for file, source in enumerate(self.sources)}
        self.engine.drop("units")
        self.engine.read(
            "units",
            [
                pa.record_batch(
                    {"file": pa.array([numbers[one] for one in units], pa.int32()), "unit": list(units.values())}
                )
            ],
        )
        return times.described(units, naive, native)

    def _nothing(self, staged: list[Staged]) -> str:
        rejected = sum(len(one.rejects.rows) for one in staged)
        if rejected:
            name, first = next(
                (source.name, one.rejects) for source, one in zip(self.sources, staged, strict=True) if one.rejects.rows
            )
            raise InputError(
                f"{self._names()}: all {rejected} rows are rejected ({first.reasons[0]}), the first is {name} row "
                f"{first.rows[0]} ({first.contents[0][:80]!r}); correct the file, its header or its rows."
            )
        raise InputError(f"{self._names()} has a header and no rows: nothing to read.")

    def _kinds(self, staged: list[Staged]) -> dict[str, int]:
        """Classify the kinds found and note them in table ``kind_words``; returns how often each occurs."""
        has_kind = "kind" in staged[0].shown
        if not has_kind:
            self._kind_words({"like": kinds.LIKE}, ["like"])
            return {"like": number(self.engine, "SELECT count(*) AS n FROM raw")}
        column = staged[0].shown["kind"]
        different = number(self.engine, "SELECT count(DISTINCT kind) AS n FROM raw")
        if different > kinds.MOST_KINDS:
            raise InputError(
                f"{self._names()}: column {column!r} was taken for the kind of event and holds {different} different "
                "values; say which column it is with --map kind=COLUMN, or --map kind= for none."
            )
        found = self.engine.arrow(
            "SELECT kind, count(*) AS n FROM raw WHERE kind IS NOT NULL AND kind <> '' GROUP BY kind ORDER BY kind"
        ).to_pylist()
        counts: dict[str, int] = {}
        for one in found:
            word = kinds.normalised(one["kind"])
            counts[word] = counts.get(word, 0) + int(one["n"])
        classes = kinds.classify(counts, self.mapping)
        if counts:
            kinds.require_likes(self._names(), column, counts, classes)
        self._kind_words(classes, [one["kind"] for one in found])
        return counts

    def _kind_words(self, classes: Mapping[str, int], written: Sequence[str]) -> None:
        """Table ``kind_words``: each word as written, with the number of the kind it means and its class."""
        order = {word: number for number, word in enumerate(sorted(classes))}
        meant = [kinds.normalised(word) for word in written]
        self.engine.read(
            "kind_words",
            [
                pa.record_batch(
                    {
                        "word": pa.array(written, pa.string()),
                        "number": pa.array([order[word] for word in meant], pa.int32()),
                        "class": pa.array([classes[word] for word in meant], pa.int32()),
                    }
                )
            ],
        )

    def _quarantine(self, staged: list[Staged], late: pa.Table) -> tuple[list[InputFile], pa.Table]:
        """Rejected rows of both passes as one table, and the account of each file."""
        parts: list[pa.Table] = []
        files: list[InputFile] = []
        for file, (source, one) in enumerate(zip(self.sources, staged, strict=True)):
            mine = late.filter(pc.equal(late.column("file"), file))
            early = pa.table(
                {
                    "row": pa.array(one.rejects.rows, pa.int64()),
                    "reason": pa.array(one.rejects.reasons, pa.string()),
                    "content": pa.array(one.rejects.contents, pa.string()),
                }
            )
            both = pa.concat_tables([early, mine.drop_columns(["file"]).cast(early.schema)]).sort_by("row")
            parts.append(both.add_column(0, "file", pa.array([source.name] * both.num_rows, pa.string())))
            rows = len(one.rejects.rows) + one.rows
            if rows == 0:
                raise InputError(f"{source.name} has a header and no rows: nothing to read.")
            files.append(
                InputFile(name=source.name, sha256=source.sha256, bytes=source.bytes, rows=rows, rejected=both.num_rows)
            )
        return files, pa.concat_tables(parts).cast(SCHEMAS["quarantine"])

    def _refuse_rejects(self, files: list[InputFile], quarantine: pa.Table) -> None:
        rows, rejected = sum(file.rows for file in files), quarantine.num_rows
        if rejected == rows or (rejected > REJECTED_SHARE * rows and not self.allow_rejects):
            reasons = sorted(_tally(quarantine).items(), key=lambda item: (-item[1], item[0]))
            words = ", ".join(f"{reason} ({count})" for reason, count in reasons[:_SHOWN_REASONS])
            first = quarantine.slice(0, 1).to_pylist()[0]
            remedy = "" if rejected == rows else ", or pass --allow-rejects"
            if reasons[0][0].startswith("time is in another format") and self.time_format is not None:
                remedy = f", or leave the time format to be told from the values{remedy}"
            elif reasons[0][0].startswith("time "):
                remedy = f", with times {times.EXPECTED}{remedy}"
            raise InputError(
                f"{self._names()}: {rejected} of {rows} rows are rejected: {words}; the first is {first['file']} row "
                f"{first['row']} ({first['content']!r}); correct the mapping or the file{remedy}."
            )

    def _count(self) -> None:
        """From accepted rows to standing likes, births, authors, parents and campaigns."""
        steps = (
            ("actor_numbers", "target_numbers", "device_numbers", "ip_numbers", "parent_numbers", "campaign_numbers"),
            ("events",),
            ("repeated_event_ids", "unique_events"),
            ("busy_pairs", "pair_steps"),
            ("standing",),
            ("account", "target_births", "target_authors", "target_parents", "target_campaigns"),
        )
        if self.reducing is not self.engine:
            copy("accepted", self.engine, self.reducing, self.folder)
            self.engine.drop("accepted", "judged", "raw")
        for done, names in enumerate(steps):
            self.progress.advance(done, _STEPS)
            relations.create(self.reducing, *names)
            if "events" in names:
                self.reducing.drop("accepted", "judged", "raw", "device_numbers", "ip_numbers")

    def _refuse_guessed_ids(self, staged: list[Staged]) -> None:
        """A column ``id`` that repeats over different actors or targets is no event's, nor is an ``event_id`` that
        most rows share.
        """
        guessed = {one.shown["event_id"] for one in staged if one.guessed_id}
        if not guessed or "event_id" in self.mapping:
            return
        total = number(self.reducing, "SELECT count(*) AS n FROM events")
        odd = number(
            self.reducing,
            "SELECT coalesce(sum(rows), 0) AS n FROM (SELECT count(*) AS rows FROM events AS e "
            "JOIN repeated_event_ids AS r ON e.event_id = r.event_id AND e.class = r.class "
            "GROUP BY e.event_id, e.class HAVING min(e.actor) < max(e.actor) OR min(e.target) < max(e.target))",
        )
        column = min(guessed)
        if odd > (_CONSTANT if folded(column) == "eventid" else _CONFLICTS) * total:
            raise InputError(
                f"{self._names()}: column {column!r} was taken for the id of the event, and {odd} of {total} rows "
                "share theirs with a row about another actor or target; say --map event_id= if it is no event id, or "
                f"--map event_id={column} if such rows are to count once."
            )

    def _names(self) -> str:
        more = f" and {len(self.sources) - 1} more" if len(self.sources) > 1 else ""
        return f"{self.sources[0].name}{more}"


_STEPS = 7


def _columns(staged: list[Staged]) -> dict[str, str]:
    found: dict[str, list[str]] = {}
    for one in staged:
        for role, column in one.shown.items():
            names = found.setdefault(role, [])
            if column not in names:
                names.append(column)
    return {role: " | ".join(names) for role, names in sorted(found.items())}


def _tally(quarantine: pa.Table) -> dict[str, int]:
    counts = quarantine.column("reason").value_counts().to_pylist()
    return {one["values"]: int(one["counts"]) for one in sorted(counts, key=lambda one: str(one["values"]))}
