"""A log that has been read, judged: detect, weigh, count, decide; and the finished audit as files.

One way; nothing points back.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from plaudit._version import __version__
from plaudit.engine import atomic_path, write_parquet
from plaudit.ingest import Ingested
from plaudit.ingest.labels import GivenLabels
from plaudit.kernels.beside import one_matrix_thread
from plaudit.kernels.room import give_back, is_large
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
    """Audit a log that has been read: all of :func:`plaudit.audit` after ingest, so that what is read can be kept.

    Args:
        read: the contract of ingest.
        parameters: how it was read, kept in the document; the parameters of the detectors are added.
        seed, as_of_ms, progress, command: see :func:`plaudit.audit`.
        given: labels as read.
        asked: what is asked about value, with outcomes as read.

    Raises:
        InputError: no label names anything in this log, or a target in focus is not in it.
    """
    from plaudit.app import tables as rows
    from plaudit.app.assemble import assemble
    from plaudit.app.boards import board_views
    from plaudit.app.units import count_all, herd_part, unit_views
    from plaudit.detectors import all_detectors
    from plaudit.tally.boards import unheard_likes
    from plaudit.tally.herd import herd
    from plaudit.tally.split import split
    from plaudit.verdict.reach import reach_verdicts

    told = progress or Silent()
    give_back(read.log.n)
    detectors = all_detectors()
    told.stage("detect")
    findings, verdicts = reach_verdicts(
        read.log,
        detectors,
        seed,
        told=lambda done: told.advance(done, len(detectors)),
        found=lambda: told.stage("count"),
    )
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
        counts, units_counted = count_all(read, findings, verdicts, seed)
        names = rows.names(findings, verdicts.groups)
        tables = {
            "counts": units_counted,
            "actors": rows.actors_table(read, verdicts, names),
            "groups": rows.groups_table(read, findings, verdicts, names),
            "findings": rows.findings_table(read, findings, verdicts, names),
            "quarantine": read.quarantine,
        }
        # Of a large log, what either holds on the way is larger than the log: one after the other.
        if is_large(read.log.n):
            drawing.result()
        give_back(read.log.n)
        missed = unheard_likes(read.log, findings, verdicts)
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
