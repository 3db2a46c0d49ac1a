"""``plaudit explain``: the evidence of one verdict, from the folder an audit has written."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from plaudit.app.assemble import case_of
from plaudit.errors import InputError, ResultError
from plaudit.model import SCHEMA_VERSION
from plaudit.result import Case

_COLUMN = {"event": "event_id", "actor": "actor_id", "target": "target_id", "group": "group_id"}


def explain(directory: Path | str, kind: str, subject: str) -> Case:
    """The case of one event, actor, target or group.

    Args:
        directory: where the audit was written.
        kind: ``event``, ``actor``, ``target`` or ``group``.
        subject: its id.

    Raises:
        ResultError: the folder is not a complete audit of a compatible version.
        InputError: the audit knows no such subject.
    """
    folder = Path(directory)
    try:
        manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
        document = json.loads((folder / "result.json").read_text("utf-8"))
        tables = {name: pq.read_table(folder / f"{name}.parquet") for name in ("likes", "findings")}
    except FileNotFoundError as missing:
        raise ResultError(
            f"{folder} is not a complete audit ({Path(str(missing.filename)).name} is missing); "
            "run 'plaudit audit' first."
        ) from None
    except (OSError, ValueError) as broken:
        raise ResultError(f"{folder} cannot be read as an audit ({broken}); run 'plaudit audit' again.") from None
    version = str(manifest.get("schema_version", ""))
    if version.split(".")[0] != SCHEMA_VERSION.split(".")[0]:
        raise ResultError(
            f"{folder} was written with schema {version}, this is {SCHEMA_VERSION}; run 'plaudit audit' again."
        )
    column = tables["likes"][_COLUMN[kind]].cast(pa.string())
    found = np.flatnonzero(np.asarray(pc.fill_null(pc.equal(column, subject), False)))
    if found.shape[0] == 0:
        raise InputError(
            f"{folder} knows no {kind} {subject!r} with a standing like; ids are in likes.parquet ({_COLUMN[kind]})."
        )
    verdict = document["verdict"]
    return case_of(tables, kind, subject, found, verdict["prior"], verdict["caps"])
