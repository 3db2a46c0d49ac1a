"""``plaudit bundle``: an audit under pseudonyms, with the commitment to it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from plaudit._version import __version__
from plaudit.app.bundle import archive, content, events, sections
from plaudit.app.bundle.names import Names
from plaudit.app.bundle.packed import KINDS, Packed
from plaudit.app.bundle.source import read_given, read_log, read_section
from plaudit.app.judge import Audit, audit_id
from plaudit.detectors import SECTION, all_detectors
from plaudit.engine import atomic_path
from plaudit.errors import InputError, ResultError
from plaudit.ingest import Ingested
from plaudit.ingest.exports import ExportRead
from plaudit.ingest.labels import GivenLabels
from plaudit.model import SCHEMA_VERSION, SECTION_TABLES
from plaudit.progress import Progress
from plaudit.report import to_json

DOCUMENT = "result/result.json"


@dataclass(frozen=True)
class Bundled:
    """A bundle that was written: where, what to note in a contract, and how large it is."""

    path: Path
    commitment: str
    bytes: int
    likes: int
    rounding: bool
    """Whether this machine repeats the original audit only up to the last digits."""


def bundle(
    directory: Path | str,
    out: Path | str,
    key: bytes,
    *,
    source: Any = None,
    labels: Any = None,
    memory_limit: str | None = None,
    progress: Progress | None = None,
    with_texts: bool = False,
    audit_key: bytes | None = None,
) -> Bundled:
    """Write an audit as a bundle; the same audit, source and key give the same bytes.

    The source is read again, audited under pseudonyms, and the result laid beside the audit in ``directory``: a bundle
    is written only where every row of every table is the same but for the names.

    Args:
        directory: what ``plaudit audit`` has written.
        out: the bundle.
        key: 32 bytes that pseudonyms are made with; never written into the bundle.
        source: the audited source, where it no longer lies where the audit found it.
        labels: the same for labels the audit learned from.
        memory_limit, progress: see :func:`plaudit.audit`.
        with_texts: of exports, hold the texts themselves; otherwise figures of what is read of them stand in.
        audit_key: of exports, the key the audit was given, if it was given one.

    Raises:
        ResultError: ``directory`` is not a whole, unchanged audit of this version of Plaudit.
        InputError: the source is not the one that was audited, or the audit cannot be repeated here.
    """
    folder = Path(directory)
    manifest, document, tables = _audit_in(folder)
    told = parameters_of(manifest)
    given = read_given(folder, manifest, labels)
    if "comments" in tables:
        read, log = read_section(folder, manifest, document, source, audit_key, memory_limit, progress)
        packed, expected = _of_exports(read, log, given, key, with_texts, manifest, tables)
    else:
        if with_texts or audit_key is not None:
            raise InputError(
                f"{folder} is the audit of an event log, which has no texts: say neither --with-texts nor --audit-key."
            )
        log = read_log(folder, manifest, source, memory_limit, progress)
        packed = _of_log(log, given, key, manifest)
        assert packed.log is not None
        expected = events.renamed(tables, log, packed.log)
    again = packed.run(told, manifest["seed"], manifest["as_of_ms"], progress)
    exact = _same(folder, document, expected, again)
    members = {**packed.members(), **_results(again)}
    about = {
        "kind": packed.kind,
        "texts": packed.section is not None and packed.figures is None,
        "plaudit_version": __version__,
        "schema_version": SCHEMA_VERSION,
        "parameters": told,
        "seed": manifest["seed"],
        "as_of_ms": manifest["as_of_ms"],
        "results": {
            name: {"content": content.digest(table), "rows": table.num_rows} for name, table in again.tables.items()
        },
        "original": {
            "audit_id": manifest["audit_id"],
            "manifest_sha256": _digest(folder / "manifest.json"),
            "inputs": [{"sha256": one["sha256"], "rows": one["rows"]} for one in manifest["inputs"]],
            "same_numbers": "exact" if exact else "rounding",
        },
    }
    target = Path(out)
    if not target.parent.is_dir():
        raise InputError(f"--out {target}: there is no folder {target.parent}; make it first.")
    with atomic_path(target) as part:
        commitment = archive.write(part, members, about)
    return Bundled(target, commitment, target.stat().st_size, again.document.total.shown, not exact)


def parameters_of(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """What decides the numbers once a source has been read. Names of columns belong to the source and stay with it."""
    chosen = manifest["parameters"]
    return {
        "mapping": {},
        "time_format": None,
        "allow_rejects": bool(chosen["allow_rejects"]),
        "lang": str(chosen["lang"]),
    }


def _of_log(log: Ingested, given: GivenLabels | None, key: bytes, manifest: Mapping[str, Any]) -> Packed:
    hidden = events.masked(log, key)
    return Packed(hidden, _labels_of(log, hidden, given, manifest))


def _of_exports(
    read: ExportRead,
    log: Ingested | None,
    given: GivenLabels | None,
    key: bytes,
    with_texts: bool,
    manifest: Mapping[str, Any],
    tables: Mapping[str, pa.Table],
) -> tuple[Packed, dict[str, pa.Table]]:
    """Exports, and a log among them, under pseudonyms, and the tables of their audit under the same."""
    names = Names.of(read, log, key)
    section = sections.masked(read, names, with_texts)
    figures = None if with_texts else sections.figures_of(read.section)
    if log is None:
        return Packed(section=section, figures=figures), sections.renamed(tables, names, section, with_texts)
    # What is a post or a comment in the exports is the same target in the log: one name for both.
    target = names.swap("target")
    parents = None if log.parent_ids is None else target(log.parent_ids)
    hidden = replace(events.masked(log, key), target_ids=target(log.target_ids), parent_ids=parents)
    packed = Packed(hidden, _labels_of(log, hidden, given, manifest), section, figures)
    of_log, of_section = _parted(tables, log)
    mine = events.renamed(of_log, log, hidden)
    theirs = sections.renamed(of_section, names, section, with_texts)
    return packed, {
        name: pa.concat_tables([part[name] for part in (mine, theirs) if name in part]) for name in {**mine, **theirs}
    }


def _parted(tables: Mapping[str, pa.Table], log: Ingested) -> tuple[dict[str, pa.Table], dict[str, pa.Table]]:
    """Tables of an audit of both, as the log and the exports gave them."""
    asked = pa.array([detector.spec.id for detector in SECTION], pa.string())
    of_log = {name: table for name, table in tables.items() if name in events.TABLES}
    of_section = {name: table for name, table in tables.items() if name in SECTION_TABLES}
    for name in of_log.keys() & of_section.keys() - {"quarantine"}:
        if name == "targets":
            own = pc.is_in(tables[name]["target_id"], value_set=log.target_ids.cast(pa.string()))
        else:
            own = pc.invert(pc.is_in(tables[name]["detector"].cast(pa.string()), value_set=asked))
        of_log[name], of_section[name] = tables[name].filter(own), tables[name].filter(pc.invert(own))
    return of_log, of_section


def _labels_of(
    log: Ingested, hidden: Ingested, given: GivenLabels | None, manifest: Mapping[str, Any]
) -> GivenLabels | None:
    """The same labels under pseudonyms. Labels of groups quote an audit: they have to quote the bundle's own."""
    if given is None:
        return None
    chosen = manifest["parameters"]
    told = {"detectors": {detector.spec.id: dict(detector.spec.parameters) for detector in all_detectors()}}
    own = {**{name: chosen[name] for name in ("mapping", "time_format", "allow_rejects")}, **told}
    digests = [file.sha256 for file in log.summary.files]
    ids = [audit_id(digests, manifest["seed"], one) for one in (own, {**parameters_of(manifest), **told})]
    return events.masked_labels(given, log, hidden, *ids)


def _results(again: Audit) -> dict[str, bytes]:
    members = {f"result/{name}.parquet": events.parquet(table) for name, table in again.tables.items()}
    return {**members, DOCUMENT: to_json(again.document)}


def _audit_in(folder: Path) -> tuple[dict[str, Any], dict[str, Any], dict[str, pa.Table]]:
    """Manifest, document and tables of an audit that is as it was written."""
    try:
        manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
        version = str(manifest["plaudit_version"])
        if version != __version__:
            raise ResultError(
                f"{folder} was audited with Plaudit {version}, this is {__version__}: run 'plaudit audit' again, then "
                "bundle."
            )
        for name, told in manifest["outputs"].items():
            if _digest(folder / name) != told["sha256"]:
                raise ResultError(
                    f"{folder / name} was changed after the audit: run 'plaudit audit' again, then bundle."
                )
        document = json.loads((folder / "result.json").read_text("utf-8"))
        names = {Path(name).stem for name in manifest["outputs"] if name.endswith(".parquet")}
        if names not in [tables for _, tables in KINDS.values()]:
            raise ResultError(f"{folder} holds other tables than audits of this version: run 'plaudit audit' again.")
        tables = {name: pq.read_table(folder / f"{name}.parquet") for name in sorted(names)}
    except FileNotFoundError as missing:
        raise ResultError(
            f"{folder} is not a complete audit ({Path(str(missing.filename)).name} is missing); "
            "run 'plaudit audit' first."
        ) from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as broken:
        raise ResultError(f"{folder} cannot be read as an audit ({broken}); run 'plaudit audit' again.") from None
    return manifest, document, tables


def _same(folder: Path, document: Mapping[str, Any], expected: Mapping[str, pa.Table], again: Audit) -> bool:
    """Whether two audits agree to the last digit; False where only rounding parts them.

    Raises:
        InputError: they do not agree.
    """
    exact = True
    for name, table in expected.items():
        if content.digest(table) == content.digest(again.tables[name]):
            continue
        exact = False
        if place := content.difference(table, again.tables[name]):
            column, row, rows = place
            raise InputError(
                f"the audit in {folder} cannot be repeated here: {name}.parquet differs in column {column} "
                f"({rows} rows, the first is {row}); run 'plaudit audit' again on this machine, then bundle."
            )
    total = json.loads(to_json(again.document))["total"]
    if where := content.document_difference(document["total"], total):
        raise InputError(f"the audit in {folder} cannot be repeated here: its total differs in {where}; audit again.")
    return exact


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
