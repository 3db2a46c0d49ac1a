"""What an audit was made from, read again: the same bytes, wherever they lie now."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from plaudit.errors import InputError
from plaudit.ingest import Ingested, read_events
from plaudit.ingest.exports import ExportRead, read_exports
from plaudit.ingest.labels import GivenLabels, read_labels
from plaudit.ingest.sources import resolve
from plaudit.progress import Progress


def read_log(
    folder: Path, manifest: Mapping[str, Any], source: Any, memory_limit: str | None, progress: Progress | None
) -> Ingested:
    """The event log an audit was made from.

    Raises:
        InputError: it is not there, or is another.
    """
    return _events(_sources(folder, manifest, source), manifest, memory_limit, progress)


def read_section(
    folder: Path,
    manifest: Mapping[str, Any],
    document: Mapping[str, Any],
    source: Any,
    key: bytes | None,
    memory_limit: str | None,
    progress: Progress | None,
) -> tuple[ExportRead, Ingested | None]:
    """The exports an audit was made from, and the event log among them where there was one.

    Args:
        folder: the audit.
        manifest, document: what it says of itself.
        source: files and folders, where they have moved.
        key: of the authors' pseudonyms, where the audit was given one.
        memory_limit, progress: see :func:`plaudit.audit`.

    Raises:
        InputError: they are not there, or are others, or the key is missing.
    """
    chosen = manifest["parameters"]
    listed = [*(one["file"] for one in document["section"]["basis"]["sources"]), *document["input"]["files"]]
    wanted = {one["sha256"]: one["name"] for one in listed}
    if chosen["key"] == "given" and key is None:
        raise InputError(f"{folder} was audited with a key of its own: name its file with --audit-key.")
    if source is None:
        gone = [name for name in wanted.values() if not Path(name).expanduser().is_file()]
        if gone:
            raise InputError(
                f"{gone[0]}, which {folder} was audited from, is not there: name the same data with --source."
            )
        source = list(chosen["sources"])
    read = read_exports(
        source,
        key=key if chosen["key"] == "given" else None,
        time_zone=chosen["time_zone"],
        allow_rejects=chosen["allow_rejects"],
        progress=progress,
    )
    found = {file.sha256: file.name for file in read.summary.files}
    if missing := [name for digest, name in wanted.items() if digest not in found]:
        raise InputError(
            f"{next(iter(found.values()))} is not what {folder} was audited from: nothing named has the SHA-256 of "
            f"{missing[0]}; name the original with --source, or audit again."
        )
    if added := [name for digest, name in found.items() if digest not in wanted]:
        raise InputError(f"{added[0]} is no part of what {folder} was audited from: take it away, or audit again.")
    events = [str(path) for path in read.events]
    return read, _events(events, manifest, memory_limit, progress) if events else None


def read_given(folder: Path, manifest: Mapping[str, Any], labels: Any) -> GivenLabels | None:
    """The labels an audit learned from; None where it learned from none.

    Raises:
        InputError: they are not there, or are others.
    """
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


def _events(files: Any, manifest: Mapping[str, Any], memory_limit: str | None, progress: Progress | None) -> Ingested:
    chosen = manifest["parameters"]
    return read_events(
        files,
        mapping=chosen["mapping"] or None,
        time_format=chosen["time_format"],
        allow_rejects=chosen["allow_rejects"],
        progress=progress,
        memory_limit=memory_limit,
    )


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
