"""``plaudit explain``: the evidence of one verdict, from the folder an audit has written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from plaudit.app.assemble import bearing_rows, case_of
from plaudit.app.cases import build_case
from plaudit.errors import InputError, ResultError
from plaudit.model import SCHEMA_VERSION, Ints, Status
from plaudit.result import Case

_SECTION = {"comment": "comments", "post": "posts"}
_COLUMN = {"event": "event_id", "actor": "actor_id", "target": "target_id", "group": "group_id"}


def explain(directory: Path | str, kind: str, subject: str) -> Case:
    """The case of one event, actor, target or group of a log, or of one comment or post of a section.

    Args:
        directory: where the audit was written.
        kind: ``event``, ``actor``, ``target``, ``group``, ``comment`` or ``post``.
        subject: its id.

    Raises:
        ResultError: the folder is not a complete audit of a compatible version.
        InputError: the audit knows no such subject.
    """
    folder = Path(directory)
    of_section = kind in _SECTION
    try:
        manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
        document = json.loads((folder / "result.json").read_text("utf-8"))
        main = _SECTION.get(kind, "likes")
        if f"{main}.parquet" not in manifest.get("outputs", {f"{main}.parquet": None}):
            held = "an event log: ask for --event, --actor, --target or --group"
            exports = "exports, in which likes have no names: ask for --comment or --post"
            raise InputError(f"{folder} is an audit of {held if of_section else exports}.")
        tables = {name: pq.read_table(folder / f"{name}.parquet") for name in (main, "findings")}
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
    name = _COLUMN.get(kind, f"{kind}_id")
    column = tables[main][name].cast(pa.string())
    found = np.flatnonzero(np.asarray(pc.fill_null(pc.equal(column, subject), False)))
    if found.shape[0] == 0:
        what = "" if of_section else " with a standing like"
        raise InputError(f"{folder} knows no {kind} {subject!r}{what}; ids are in {main}.parquet ({name}).")
    if of_section:
        return _of_section(tables, main, kind, subject, found, document["section"]["weights"])
    verdict = document["verdict"]
    return case_of(tables, kind, subject, found, verdict["prior"], verdict["caps"])


def _of_section(
    tables: Mapping[str, pa.Table], main: str, kind: str, subject: str, found: Ints, weights: Mapping[str, Any]
) -> Case:
    """The case of a comment or post: the row itself; the most suspect one where several posts use the same id."""
    rows = tables[main].take(pa.array(found)).to_pylist()
    row = max(rows, key=lambda one: float(one["p_inauthentic"]))
    status = next((one for one in (Status.DISCOUNTED, Status.UNDETERMINED) if row[one.value]), Status.VERIFIED)
    shown = int(row["verified"] + row["discounted"] + row["undetermined"])
    return build_case(
        kind,
        subject,
        {"p_inauthentic": row["p_inauthentic"], "status": status.value},
        bearing_rows(tables["findings"], row["reasons"]),
        prior=weights["prior"],
        caps=weights["caps"],
        likes=shown,
        expected=shown - float(row["authentic"]),
    )
