"""The whole flow on one screen: read, detect, weigh, count, decide, report. One way; nothing points back."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from plaudit._version import __version__
from plaudit.app.kinds import clearer, holds_exports
from plaudit.engine import atomic_path, write_parquet
from plaudit.errors import InputError
from plaudit.ingest import Ingested, read_events
from plaudit.ingest.labels import GivenLabels, read_labels
from plaudit.kernels.beside import one_matrix_thread
from plaudit.kernels.room import give_back, shortage
from plaudit.model import SCHEMA_VERSION, SCHEMAS
from plaudit.progress import Progress, Silent
from plaudit.report import render_html, render_xlsx, to_json
from plaudit.result import InputFile, Method, ResultDocument

if TYPE_CHECKING:
    from plaudit.app.value import Question


@dataclass(frozen=True)
class Audit:
    """A finished audit: the result document, and the tables of :data:`plaudit.model.SCHEMAS` as Arrow.

    ``outcomes`` is the file of outcomes, where one was given.
    """

    document: ResultDocument
    tables: dict[str, pa.Table]
    outcomes: InputFile | None = None

    def write(self, out_dir: Path | str, lang: str = "en", progress: Progress | None = None) -> None:
        """Write tables, ``result.json``, ``report.html`` and, last, ``manifest.json`` into ``out_dir``.

        Where comments or curves were audited, ``report.xlsx`` as well.

        Every file appears by atomic rename; the same audit gives the same bytes.
        """
        out, told = Path(out_dir), progress or Silent()
        out.mkdir(parents=True, exist_ok=True)
        told.stage("write")
        # The texts are written beside the tables: Arrow compresses without holding up Python.
        with ThreadPoolExecutor(max_workers=1) as beside:
            page = beside.submit(render_html, self.document, lang)
            result = beside.submit(to_json, self.document)
            for step, (name, table) in enumerate(self.tables.items()):
                told.advance(step, len(self.tables) + 2)
                write_parquet(table, out / f"{name}.parquet", SCHEMAS[name])
            texts = {"result.json": result.result(), "report.html": page.result().encode()}
        if self.document.section:
            texts["report.xlsx"] = render_xlsx(self.document, self.tables, lang)
        for name, content in texts.items():
            with atomic_path(out / name) as part:
                part.write_bytes(content)
        told.advance(len(self.tables) + 1, len(self.tables) + 2)
        with atomic_path(out / "manifest.json") as part:
            part.write_text(
                json.dumps(self._manifest(out, list(texts)), indent=1, sort_keys=True, ensure_ascii=False) + "\n",
                "utf-8",
            )
        told.advance(len(self.tables) + 2, len(self.tables) + 2)

    def _manifest(self, out: Path, reports: Sequence[str]) -> dict[str, Any]:
        method = self.document.method
        files = [f"{name}.parquet" for name in self.tables] + list(reports)
        inputs = [file.model_dump(mode="json") for file in self.document.input.files]
        if self.document.section:
            sources = self.document.section.basis.sources
            inputs += [{**one.file.model_dump(mode="json"), "role": one.kind} for one in sources]
        if self.document.labels:
            inputs.append({**self.document.labels.file.model_dump(mode="json"), "role": "labels"})
        if self.outcomes:
            inputs.append({**self.outcomes.model_dump(mode="json"), "role": "outcomes"})
        return {
            "schema_version": SCHEMA_VERSION,
            "plaudit_version": method.plaudit_version,
            "inputs": inputs,
            "left_out": [one.model_dump(mode="json") for one in self.document.left_out],
            "parameters": method.parameters,
            "detectors": {run.detector: run.version for run in self.document.detectors},
            "seed": method.seed,
            "as_of_ms": method.as_of_ms,
            "command": method.command,
            "audit_id": method.audit_id,
            "outputs": {
                name: {
                    "sha256": _digest(out / name),
                    "rows": self.tables[Path(name).stem].num_rows if name.endswith(".parquet") else None,
                }
                for name in files
            },
        }


def audit(
    source: Any,
    *,
    mapping: Mapping[str, str] | None = None,
    time_format: str | None = None,
    allow_rejects: bool = False,
    seed: int = 0,
    as_of_ms: int | None = None,
    lang: str = "en",
    progress: Progress | None = None,
    command: str = "",
    memory_limit: str | None = None,
    labels: Any = None,
    outcomes: Path | str | None = None,
    cost: str | None = None,
    focus: Sequence[str] = (),
    incentive: bool = False,
    reveal: bool = False,
    key: bytes | None = None,
    time_zone: str | None = None,
) -> Audit:
    """Audit an event log (T2), exports of comments and curves (T0, T1), or a folder of both. Content says which.

    Args:
        source: path, glob, ``-``, a sequence of those, a folder, or an Arrow table, pandas or polars frame of events.
        mapping, time_format, memory_limit: of event logs, see :func:`plaudit.ingest.read_events`.
        allow_rejects: accept input of which more than 20 % of the rows are rejected.
        seed: seed of everything random; the same seed gives the same bytes.
        as_of_ms: the moment decisions are dated from, UTC milliseconds; by default the last one the input speaks of.
        lang: language recorded for the report (``en`` or ``zh``).
        progress: told the stages.
        command: how to get the same result again, kept in the document.
        labels: what is known about some likes, to recalibrate weights by: see
            :func:`plaudit.ingest.labels.read_labels`. None are ever needed.
        outcomes: file of what actors went on to do, for the value audit.
        cost, focus, incentive: see :func:`plaudit.app.value.question`.
        reveal: write nicknames and texts of exports into tables and report. They are personal data.
        key, time_zone: of exports, see :func:`plaudit.ingest.exports.read_exports`.

    Raises:
        InputError: the source cannot be used; the sentence says why and what to do.
    """
    told = progress or Silent()
    given = None if labels is None else read_labels(labels)
    asked = None
    if outcomes is not None or cost is not None or focus or incentive:
        from plaudit.app.value import question

        asked = question(outcomes, cost, focus, incentive)
    if holds_exports(source, mapping):
        from plaudit.app.combined import audit_exports

        return audit_exports(
            source,
            time_format=time_format,
            allow_rejects=allow_rejects,
            seed=seed,
            as_of_ms=as_of_ms,
            lang=lang,
            progress=told,
            command=command,
            memory_limit=memory_limit,
            given=given,
            asked=asked,
            reveal=reveal,
            key=key,
            time_zone=time_zone,
        )
    if asked is not None and outcomes is None and cost is None:
        raise InputError("--focus and --incentive belong to a value audit: name --outcomes or --cost, too.")
    # What judges loads compilers and distributions, half a second of them: while the database reads, not after.
    with ThreadPoolExecutor(max_workers=1) as beside:
        loaded: Future[object] = beside.submit(import_module, "plaudit.app.assemble")
        try:
            read = read_events(
                source,
                mapping=mapping,
                time_format=time_format,
                allow_rejects=allow_rejects,
                progress=told,
                memory_limit=memory_limit,
            )
        except InputError as own:
            raise clearer(source, own) from None
        loaded.result()
    if (short := shortage(read.log.n)) is not None:
        needed, free = (f"{size / 1e9:.1f} GB" for size in short)
        raise InputError(
            f"{read.log.n:,} likes take {needed} of memory at the least, and this machine has {free} left: audit the "
            "log in parts (by page or by month), or on a larger machine."
        )
    parameters = {
        "mapping": dict(mapping or {}),
        "time_format": time_format,
        "allow_rejects": allow_rejects,
        "lang": str(lang),
    }
    return judge(
        read,
        parameters=parameters,
        seed=seed,
        as_of_ms=as_of_ms,
        progress=told,
        command=command,
        given=given,
        asked=asked,
    )


@one_matrix_thread()
def judge(
    read: Ingested,
    *,
    parameters: Mapping[str, Any],
    seed: int = 0,
    as_of_ms: int | None = None,
    progress: Progress | None = None,
    command: str = "",
    given: GivenLabels | None = None,
    asked: Question | None = None,
) -> Audit:
    """Audit a log that has been read: everything of :func:`audit` after ingest, so that what is read can be kept.

    Args:
        read: the contract of ingest.
        parameters: how it was read, kept in the document; the parameters of the detectors are added.
        seed, as_of_ms, progress, command: see :func:`audit`.
        given: labels as read.
        asked: what is asked about value, with outcomes as read.

    Raises:
        InputError: no label names anything in this log, or a target in focus is not in it.
    """
    from plaudit.app import tables as rows
    from plaudit.app.assemble import assemble
    from plaudit.app.boards import board_views
    from plaudit.app.units import counts_table, herd_part, unit_views
    from plaudit.detectors import Context, all_detectors
    from plaudit.detectors.runner import run_detectors
    from plaudit.tally import purchases, tally
    from plaudit.tally.boards import unheard_likes
    from plaudit.tally.herd import herd
    from plaudit.tally.split import split
    from plaudit.verdict import weigh

    told = progress or Silent()
    give_back(read.log.n)
    detectors = all_detectors()
    context = Context(read.log, seed)
    told.stage("detect")
    findings = run_detectors(detectors, read.log, context, lambda done: told.advance(done, len(detectors)))
    told.stage("count")
    # What was derived for detectors (episodes, rows by actor) is as large as the log itself.
    del context
    give_back(read.log.n)
    verdicts = weigh(read.log, findings)
    give_back(read.log.n)
    parameters = {**parameters, "detectors": {d.spec.id: dict(d.spec.parameters) for d in detectors}}
    digests = [file.sha256 for file in read.summary.files]
    own_id, lesson = audit_id(digests, seed, parameters), None
    if given is not None:
        from plaudit.app.labels import learn_from

        verdicts, lesson = learn_from(given, read, findings, verdicts, own_id, seed)
        parameters["labels"] = given.file.sha256
        if lesson.applied:
            own_id = audit_id([*digests, given.file.sha256], seed, parameters)
    # What the bought likes drew takes as long as everything else here together, and needs nothing of it.
    with ThreadPoolExecutor(max_workers=1) as beside:
        drawing = beside.submit(herd, read.log, verdicts, seed)
        may = purchases(read.log, findings, verdicts)
        counts = tally(read.log, findings, verdicts, seed, may=may)
        names = rows.names(findings, verdicts.groups)
        tables = {
            "counts": counts_table(read, counts, may, seed),
            "actors": rows.actors_table(read, verdicts, names),
            "groups": rows.groups_table(read, findings, verdicts, names),
            "findings": rows.findings_table(read, findings, verdicts, names),
            "quarantine": read.quarantine,
        }
        give_back(read.log.n)
        missed = unheard_likes(read.log, verdicts)
        drawn = drawing.result()
    # The largest of them, made when what the others needed on the way is gone.
    give_back(read.log.n)
    tables = {"likes": rows.likes_table(read, verdicts, names), **tables}
    parts = split(counts, drawn)
    tables["targets"] = rows.targets_table(read, counts, parts, missed)
    if asked is not None:
        parameters["value"] = asked.parameters()
    method = Method(
        plaudit_version=__version__,
        seed=seed,
        as_of_ms=read.log.end_ms if as_of_ms is None else as_of_ms,
        parameters=parameters,
        command=command or "plaudit.audit(...)",
        audit_id=own_id,
    )
    document = assemble(read, detectors, findings, verdicts, counts, tables, names, method)
    value = None
    if asked is not None:
        from plaudit.app.value import value_of_log

        value = value_of_log(read, verdicts, counts, asked, seed)
    unseen = [one for one in document.unseen if asked is None or asked.outcomes is None or one.code != "no_outcomes"]
    units, omitted = unit_views(tables["counts"])
    boards, left = board_views(read, verdicts, counts, missed, names.group, method.as_of_ms, seed)
    document = document.model_copy(
        update={
            "labels": lesson,
            "value": value,
            "unseen": unseen,
            "counts": units,
            "counts_omitted": omitted,
            "herd": herd_part(parts, drawn),
            "boards": boards,
            "boards_omitted": left,
        }
    )
    return Audit(document, tables, None if asked is None else asked.file)


def audit_id(digests: Sequence[str], seed: int, parameters: Mapping[str, Any]) -> str:
    """Sixteen hexadecimal digits that change whenever findings or groups could be numbered otherwise."""
    told = {key: value for key, value in parameters.items() if key not in ("lang", "labels", "value", "sources")}
    parts = json.dumps([list(digests), __version__, seed, told], sort_keys=True)
    return hashlib.sha256(parts.encode()).hexdigest()[:16]


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
