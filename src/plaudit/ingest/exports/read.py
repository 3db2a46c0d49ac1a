"""Read exports of comments, curves, totals and outcomes (tiers T0 and T1); tell them from event logs."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from plaudit.engine import DuckEngine
from plaudit.errors import InputError, UnknownInput
from plaudit.ingest.columns import folded
from plaudit.ingest.exports.account import ExportFile, ExportRead, ExportSummary, LeftOut
from plaudit.ingest.exports.judge import FileFacts, Judged, judged
from plaudit.ingest.exports.moments import check_zone, shown
from plaudit.ingest.exports.naming import Named, named
from plaudit.ingest.exports.opening import Opened, opened
from plaudit.ingest.exports.outcomes import outcomes_of
from plaudit.ingest.exports.people import check_key, derived_key
from plaudit.ingest.exports.recognition import Known, known
from plaudit.ingest.exports.roles import POST_NAMES, Kind
from plaudit.ingest.exports.section import section_of
from plaudit.ingest.exports.stage import Staged, stage, stage_responses
from plaudit.ingest.sources import Source, resolve
from plaudit.model import SCHEMAS
from plaudit.progress import Progress, Silent

REJECTED_SHARE = 0.2
"""Share of rejected rows above which an input is refused: most likely it is being read wrongly."""
MEMORY = "2GB"
_TOGETHER = 32 << 20
"""Bytes of responses staged together."""
_DATA = re.compile(r"\.(csv|tsv|jsonl|ndjson|json|parquet|xlsx)(\.(gz|zst))?$", re.IGNORECASE)
_MAYBE = re.compile(r"\.(txt|gz|zst)$", re.IGNORECASE)
_SHOWN_REASONS = 3
_WANTED = (
    "put comment exports, curves, totals, outcomes or event logs (CSV, TSV, JSON, JSON lines, Parquet, XLSX) into it"
)


def read_exports(
    sources: Path | str | Sequence[Path | str],
    *,
    key: bytes | None = None,
    time_zone: str | None = None,
    allow_rejects: bool = False,
    progress: Progress | None = None,
) -> ExportRead:
    """Read whatever one party exported about its own posts.

    Args:
        sources: files, patterns or folders (read with everything inside); see ``docs/exports.md`` for what is read.
        key: of the pseudonyms of authors, at least 16 bytes; None derives one from the bytes of the input, so that who
            holds the input, and nobody else, can say which pseudonym is whose.
        time_zone: zone of times that name none (``Asia/Shanghai``, ``UTC``, ``+08:00``). None takes Beijing for
            platforms whose times are Beijing's, else UTC, and says so; a file that mixes both sorts is then an error.
        allow_rejects: accept an input of which more than 20 % of the rows are rejected.
        progress: told ``read`` in bytes.

    Returns:
        The section, outcomes, event logs left unread, the account, and rejected rows. The same files give the same
        answer whatever order they are named in.

    Raises:
        InputError: one sentence says which file, what is wrong, and what to do.
    """
    if key is not None:
        check_key(key)
    if time_zone is not None:
        check_zone(time_zone)
    shown_to: Progress = progress or Silent()
    with (
        tempfile.TemporaryDirectory(prefix="plaudit-") as spool,
        DuckEngine(memory_limit=MEMORY) as engine,
    ):
        return _Reading(engine, Path(spool), key, time_zone, allow_rejects, shown_to).run(sources)


@dataclass(frozen=True)
class _Found:
    """One file on its way: what it is, and what its name says."""

    source: Source
    root: Path
    opened: Opened
    known: Known
    named: Named


@dataclass(frozen=True)
class _Reading:
    engine: DuckEngine
    spool: Path
    key: bytes | None
    time_zone: str | None
    allow_rejects: bool
    progress: Progress

    def run(self, sources: Path | str | Sequence[Path | str]) -> ExportRead:
        self.progress.stage("read")
        paths, left = _listed(sources)
        files, left = self._recognised(paths, left)
        exports = [file for file in files if file.known.kind is not Kind.EVENTS]
        events = tuple(file.source.path for file in files if file.known.kind is Kind.EVENTS and file.source.path)
        staged = self._staged(exports)
        facts = [self._facts(number, file) for number, file in enumerate(exports)]
        rows = {sort: self._judged(sort, exports, facts) for sort in ("comment", "reading", "outcome")}
        quarantine, per_file = _quarantine(exports, staged, rows)
        self._refuse_rejects(exports, staged, quarantine)
        key = self.key or derived_key(file.source.path for file in exports if file.source.path)
        section, account, authors = section_of(self.engine, rows["comment"], rows["reading"], facts, key)
        done = rows["outcome"]
        # Without comments there is no pseudonym to meet: the ids are those of an event log, named beside or elsewhere.
        plain = bool(events) or rows["comment"] is None
        outcomes = outcomes_of(self.engine, done, authors, key, plain=plain) if done is not None else None
        entries = []
        number = 0
        for file in files:
            if file.known.kind is Kind.EVENTS:
                entries.append(_entry(file, Staged(), 0, ()))
                continue
            notes = self._notes(number, file, rows)
            entries.append(_entry(file, staged[number], per_file[number], notes))
            number += 1
        summary = ExportSummary(
            files=tuple(entries),
            left_out=tuple(left),
            rows=sum(entry.rows for entry in entries),
            rejected=quarantine.num_rows,
            repeated=account.repeated,
            conflicting=account.conflicting,
            orphans=account.orphans,
            rejected_reasons=_tally(quarantine),
            key_given=self.key is not None,
            notes=_sentences(account.conflicting, account.orphans, account.repeated),
        )
        ids = authors.account_ids if rows["comment"] is not None else None
        return ExportRead(section, outcomes, events, summary, quarantine, ids)

    def _recognised(
        self, paths: list[tuple[Path, Path, bool]], no_data: list[LeftOut]
    ) -> tuple[list[_Found], list[LeftOut]]:
        """Files by what they are, and those of folders that are nothing Plaudit reads, ``no_data`` among them.

        What is ambiguous, cut off or damaged is an error: it may be half of what was meant. What was named itself, too.
        """
        files: list[_Found] = []
        left: list[LeftOut] = []
        said: list[InputError] = []
        for path, root, named_itself in paths:
            try:
                source = resolve(str(path), self.spool)[0]
                file = opened(source, self.spool)
                what = known(file)
            except InputError as error:
                if named_itself or (_DATA.search(path.name) and not isinstance(error, UnknownInput)):
                    raise
                reason, found = (error.reason, error.found) if isinstance(error, UnknownInput) else ("unreadable", "")
                left.append(LeftOut(str(path), reason, found))
                said.append(error)
                continue
            zone = self.time_zone or what.zone or "UTC"
            # What was parsed to recognise the file is many times its size.
            files.append(_Found(source, root, replace(file, documents=()), what, named(path, root, zone)))
        if not files:
            if len(said) == 1 and _DATA.search(left[0].name):
                raise said[0]
            raise _nothing_in(paths[0][1], [*no_data, *left])
        return files, sorted([*no_data, *left], key=lambda one: one.name)

    def _staged(self, files: list[_Found]) -> list[Staged]:
        total = sum(file.source.bytes for file in files)
        before = 0
        staged: list[Staged] = []

        def tick(done: int) -> None:
            self.progress.advance(min(before + done, total), total)

        for batch in _batches(files):
            api = batch[0][1].known.api
            if api is not None:
                done = stage_responses(self.engine, [(number, file.opened) for number, file in batch], api, tick)
                staged.extend(done[number] for number, _ in batch)
            else:
                number, file = batch[0]
                one = stage(self.engine, number, file.opened, file.known, tick)
                if one.rows + len(one.rejects.rows) == 0:
                    raise InputError(f"{file.source.name} has a header and no rows: nothing to read.")
                staged.append(one)
            before += sum(file.source.bytes for _, file in batch)
        return staged

    def _facts(self, number: int, file: _Found) -> FileFacts:
        what = file.known
        return FileFacts(
            number=number,
            name=file.source.name,
            platform=what.platform,
            zone=self.time_zone or what.zone or "UTC",
            asked=self.time_zone is not None or what.zone is not None,
            observed_ms=file.named.observed_ms,
            bare=file.named.bare,
            day=file.named.day,
            post=file.named.post,
            ordered=what.ordered,
            global_ids=what.api is not None and what.api.global_ids,
            of_posts=folded(what.roles.get("target", "")) in POST_NAMES,
        )

    def _judged(self, sort: str, files: list[_Found], facts: list[FileFacts]) -> Judged | None:
        mine = [fact for fact, file in zip(facts, files, strict=True) if file.known.sort == sort]
        if not mine or not self.engine.holds(f"{sort}_rows"):
            return None
        rows = judged(self.engine, sort, mine)
        self.engine.drop(f"{sort}_rows")
        return rows

    def _refuse_rejects(self, files: list[_Found], staged: list[Staged], quarantine: pa.Table) -> None:
        rows = sum(one.rows + len(one.rejects.rows) for one in staged)
        rejected = quarantine.num_rows
        if rejected and (rejected == rows or (rejected > REJECTED_SHARE * rows and not self.allow_rejects)):
            reasons = sorted(_tally(quarantine).items(), key=lambda item: (-item[1], item[0]))
            words = ", ".join(f"{reason} ({count})" for reason, count in reasons[:_SHOWN_REASONS])
            first = quarantine.slice(0, 1).to_pylist()[0]
            remedy = "correct the file"
            if any("later than" in reason for reason, _ in reasons):
                remedy += ", or say which zone its times (and moments in names) are in with --time-zone"
            if rejected < rows:
                remedy += ", or pass --allow-rejects"
            more = f" and {len(files) - 1} more" if len(files) > 1 else ""
            raise InputError(
                f"{files[0].source.name}{more}: {rejected} of {rows} rows are rejected: {words}; the first is "
                f"{first['file']} row {first['row']} ({first['content']!r}); {remedy}."
            )

    def _notes(self, number: int, file: _Found, rows: dict[str, Judged | None]) -> tuple[str, ...]:
        notes = [file.opened.note] if file.opened.note else []
        if file.named.observed_ms is not None:
            zone = f", read as {self.time_zone or file.known.zone or 'UTC'}" if file.named.naive else ""
            notes.append(f"taken at {shown(file.named.observed_ms)} ({file.named.said}{zone})")
        elif file.named.said:
            notes.append(f"no moment: {file.named.said}")
        for judged_rows in rows.values():
            if judged_rows is not None and number in judged_rows.zones:
                notes.append(judged_rows.zones[number])
        return tuple(notes)


def _batches(files: list[_Found]) -> Iterator[list[tuple[int, _Found]]]:
    """Numbered files that are staged together: neighbours of one platform's JSON up to a size, any other alone."""
    batch: list[tuple[int, _Found]] = []
    for number, file in enumerate(files):
        size = sum(one.source.bytes for _, one in batch) + file.source.bytes
        together = batch and file.known.api is not None and batch[0][1].known.api is file.known.api
        if batch and (not together or size > _TOGETHER):
            yield batch
            batch = []
        batch.append((number, file))
    if batch:
        yield batch


def _listed(sources: Path | str | Sequence[Path | str]) -> tuple[list[tuple[Path, Path, bool]], list[LeftOut]]:
    """Files to open with their root and whether they were named themselves, and those in folders that are no data."""
    items = [sources] if isinstance(sources, str | Path) else list(sources)
    if not items:
        raise InputError("no source was given: name a folder or a file.")
    found: dict[Path, tuple[Path, Path, bool]] = {}
    left: list[LeftOut] = []
    for item in items:
        path = Path(item).expanduser()
        if not path.is_dir():
            for one in _named_files(str(item)):
                found.setdefault(one.resolve(), (one, one.parent, True))
            continue
        for one in sorted(path.rglob("*")):
            if not one.is_file() or any(part.startswith((".", "~$")) for part in one.relative_to(path).parts):
                continue
            if _DATA.search(one.name) or _MAYBE.search(one.name):
                found.setdefault(one.resolve(), (one, path, False))
            else:
                left.append(LeftOut(str(one), "not_data"))
        if not found and not left and len(items) == 1:
            raise InputError(f"{item} is an empty folder: put exports into it, or name another.")
    if not found:
        raise _nothing_in(items[0], left)
    return [found[one] for one in sorted(found, key=lambda one: str(found[one][0]))], left


def _nothing_in(folder: Path | str, left: Sequence[LeftOut]) -> InputError:
    names = ", ".join(Path(one.name).name for one in left[:5]) + (", …" if len(left) > 5 else "")
    return InputError(f"{folder} holds nothing Plaudit recognises ({names}): {_WANTED}.")


def _named_files(text: str) -> list[Path]:
    with tempfile.TemporaryDirectory(prefix="plaudit-") as spool:
        return [source.path for source in resolve(text, Path(spool)) if source.path is not None]


def _quarantine(
    files: list[_Found], staged: list[Staged], rows: dict[str, Judged | None]
) -> tuple[pa.Table, list[int]]:
    """Rejected rows of both passes as one table, and how many each file has."""
    late = [one.rejected for one in rows.values() if one is not None]
    parts: list[pa.Table] = []
    counts: list[int] = []
    for number, (file, one) in enumerate(zip(files, staged, strict=True)):
        early = pa.table(
            {
                "row": pa.array(one.rejects.rows, pa.int64()),
                "reason": pa.array(one.rejects.reasons, pa.string()),
                "content": pa.array(one.rejects.contents, pa.string()),
            }
        )
        mine = [
            table.filter(pc.equal(table.column("file"), number)).drop_columns(["file"]).cast(early.schema)
            for table in late
        ]
        both = pa.concat_tables([early, *mine]).sort_by("row")
        counts.append(both.num_rows)
        parts.append(both.add_column(0, "file", pa.array([file.source.name] * both.num_rows, pa.string())))
    whole = pa.concat_tables(parts) if parts else SCHEMAS["quarantine"].empty_table()
    return whole.cast(SCHEMAS["quarantine"]), counts


def _entry(file: _Found, staged: Staged, rejected: int, notes: tuple[str, ...]) -> ExportFile:
    return ExportFile(
        name=file.source.name,
        kind=file.known.kind,
        sha256=file.source.sha256,
        bytes=file.source.bytes,
        rows=staged.rows + len(staged.rejects.rows),
        rejected=rejected,
        observed_ms=file.named.observed_ms,
        notes=notes,
    )


def _tally(quarantine: pa.Table) -> dict[str, int]:
    counts = quarantine.column("reason").value_counts().to_pylist()
    return {one["values"]: int(one["counts"]) for one in sorted(counts, key=lambda one: str(one["values"]))}


def _sentences(conflicting: int, orphans: int, repeated: int) -> tuple[str, ...]:
    notes: list[str] = []
    if conflicting:
        notes.append(
            f"{conflicting} rows show different counts of one target at one moment; the interval around them is kept."
        )
    if repeated:
        notes.append(f"{repeated} rows say again what another row says and count once.")
    if orphans:
        notes.append(f"{orphans} replies answer a comment that no file holds.")
    return tuple(notes)
