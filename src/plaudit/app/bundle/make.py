"""``plaudit bundle``: an audit of an event log under pseudonyms, with the commitment to it."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from plaudit._version import __version__
from plaudit.app.bundle import archive, content, events
from plaudit.app.pipeline import Audit, audit_id, judge
from plaudit.engine import atomic_path
from plaudit.errors import InputError, ResultError
from plaudit.ingest import read_events
from plaudit.ingest.labels import GivenLabels, read_labels
from plaudit.ingest.sources import resolve
from plaudit.model import SCHEMA_VERSION
from plaudit.progress import Progress
from plaudit.report import to_json

COMMAND = "plaudit verify BUNDLE"
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

    Raises:
        ResultError: ``directory`` is not a whole, unchanged audit of this version of Plaudit.
        InputError: the source is not the one that was audited, or the audit cannot be repeated here.
    """
    folder = Path(directory)
    manifest, document, tables = _audit_in(folder)
    chosen = manifest["parameters"]
    files = _sources(folder, manifest, source)
    given = _labels(folder, manifest, labels)
    read = read_events(
        files,
        mapping=chosen["mapping"] or None,
        time_format=chosen["time_format"],
        allow_rejects=chosen["allow_rejects"],
        progress=progress,
        memory_limit=memory_limit,
    )
    hidden = events.masked(read, key)
    digests = [file.sha256 for file in read.summary.files]
    parameters = {**parameters_of(manifest), "detectors": chosen["detectors"]}
    if given is not None:
        own = {name: chosen[name] for name in ("mapping", "time_format", "allow_rejects", "detectors")}
        ids = [audit_id(digests, manifest["seed"], one) for one in (own, parameters)]
        given = events.masked_labels(given, read, hidden, *ids)
    again = judge(
        hidden,
        parameters=parameters_of(manifest),
        seed=manifest["seed"],
        as_of_ms=manifest["as_of_ms"],
        progress=progress,
        command=COMMAND,
        given=given,
    )
    exact = _same(folder, document, events.renamed(tables, read, hidden), again)
    members = {**events.pack(hidden, given), **_results(again)}
    about = {
        "kind": "events",
        "plaudit_version": __version__,
        "schema_version": SCHEMA_VERSION,
        "parameters": parameters_of(manifest),
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
    return Bundled(target, commitment, target.stat().st_size, read.log.n, not exact)


def parameters_of(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """What decides the numbers once a log has been read. Names of columns belong to the source and stay with it."""
    chosen = manifest["parameters"]
    return {
        "mapping": {},
        "time_format": None,
        "allow_rejects": bool(chosen["allow_rejects"]),
        "lang": str(chosen["lang"]),
    }


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
        if not set(events.TABLES) <= {Path(name).stem for name in manifest["outputs"]}:
            raise ResultError(
                f"{folder} is no audit of an event log: bundles hold event logs (tier T2) in this version."
            )
        tables = {name: pq.read_table(folder / f"{name}.parquet") for name in events.TABLES}
    except FileNotFoundError as missing:
        raise ResultError(
            f"{folder} is not a complete audit ({Path(str(missing.filename)).name} is missing); "
            "run 'plaudit audit' first."
        ) from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as broken:
        raise ResultError(f"{folder} cannot be read as an audit ({broken}); run 'plaudit audit' again.") from None
    return manifest, document, tables


def _sources(folder: Path, manifest: Mapping[str, Any], source: Any) -> list[Any]:
    """The audited sources, in the order of the audit, wherever they lie now."""
    wanted = [one for one in manifest["inputs"] if one.get("role") is None]
    if source is None:
        gone = [one["name"] for one in wanted if not Path(one["name"]).expanduser().is_file()]
        if gone:
            raise InputError(
                f"{gone[0]}, which {folder} was audited from, is not there: name the same data with --source "
                f"({len(wanted)} {'file' if len(wanted) == 1 else 'files'})."
            )
        source = [one["name"] for one in wanted]
    with tempfile.TemporaryDirectory(prefix="plaudit-") as spool:
        found = {one.sha256: one for one in resolve(source, Path(spool))}
    for one in wanted:
        if one["sha256"] not in found:
            others = next((other.name for other in found.values()), "nothing")
            raise InputError(
                f"{others} is not what {folder} was audited from: no source has the SHA-256 "
                f"{one['sha256'][:16]}… of {one['name']}; name the original with --source, or audit again."
            )
    ordered = [found[one["sha256"]] for one in wanted]
    return [one.table if one.path is None else str(one.path) for one in ordered]


def _labels(folder: Path, manifest: Mapping[str, Any], labels: Any) -> GivenLabels | None:
    told = next((one for one in manifest["inputs"] if one.get("role") == "labels"), None)
    if told is None:
        if labels is not None:
            raise InputError(f"{folder} learned from no labels: leave --labels out.")
        return None
    name = told["name"] if labels is None else labels
    if labels is None and not Path(name).expanduser().is_file():
        raise InputError(f"{name}, the labels {folder} learned from, is not there: name them with --labels.")
    given = read_labels(name)
    if given.file.sha256 != told["sha256"]:
        raise InputError(f"{given.file.name} is not the file of labels {folder} learned from: name that one.")
    return given


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
