"""From a source to a finished audit: told what it is, read, judged. What follows reading is in ``judge.py``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from importlib import import_module
from pathlib import Path
from typing import Any

from plaudit.app.judge import Audit, judge
from plaudit.app.kinds import clearer, holds_exports
from plaudit.errors import InputError
from plaudit.ingest import read_events
from plaudit.ingest.labels import read_labels
from plaudit.kernels.room import shortage
from plaudit.progress import Progress, Silent


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
