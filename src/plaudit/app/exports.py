"""What an export was read from, as the report says it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np

from plaudit.app.section_messages import missing, selection
from plaudit.ingest.exports import ExportFile, ExportRead, Kind
from plaudit.model import Ints
from plaudit.result import Basis, Count, Curve, ExportSource, Input, InputFile, LeftOut, Message, Span, Verdict

_SECTION_KINDS = frozenset(kind for kind in Kind if kind is not Kind.EVENTS)


def basis_of(read: ExportRead) -> Basis:
    """The basis of a section's audit."""
    section, told = read.section, read.summary
    comments, posts = section.comments, section.posts
    files = [file for file in told.files if file.kind in _SECTION_KINDS]
    known = comments.likes.known
    readings = np.bincount(section.snapshots.target, minlength=1)
    authors = comments.author[comments.author >= 0]
    return Basis(
        sources=[_source(file) for file in files],
        rows=told.rows,
        rejected=told.rejected,
        repeated=told.repeated,
        conflicting=told.conflicting,
        orphans=told.orphans,
        rejected_reasons=dict(told.rejected_reasons),
        platforms=sorted(set(posts.platform.to_pylist())),
        accounts=int(np.unique(posts.account[posts.account >= 0]).shape[0]),
        posts=len(posts),
        comments=int((comments.parent < 0).sum()),
        replies=int((comments.parent >= 0).sum()),
        authors=int(np.unique(authors).shape[0]),
        snapshots=len(section.snapshots),
        curves=int((readings > 1).sum()),
        published=_span(posts.published_ms),
        written=_span(comments.created_ms),
        observed=_span(np.concatenate([section.snapshots.observed_ms, comments.observed_ms])),
        likes_known=float(known.mean()) if len(comments) else 0.0,
        selection=selection(section),
        missing=missing(section),
        notes=_notes(files, told.notes),
        fingerprint=fingerprint([file.sha256 for file in told.files]),
    )


def left_out(read: ExportRead, reveal: bool) -> list[LeftOut]:
    """Files of folders that were not read, as the document holds them.

    What stands in them may be names (a list of people without a header, notes): it leaves the house only on request.
    """
    found = read.summary.left_out
    return [LeftOut(name=one.name, reason=one.reason, found=one.found if reveal else "") for one in found]


def fingerprint(digests: Sequence[str]) -> str:
    """SHA-256 over the digests of all sources, whatever they are called."""
    return hashlib.sha256("\n".join(sorted(digests)).encode()).hexdigest()


def no_log() -> tuple[Input, Verdict, Curve]:
    """The parts of a document that only an event log fills, where there is none."""
    nothing = Input(
        files=[],
        rows=0,
        rejected=0,
        duplicates=0,
        taken_back=0,
        other_kinds=0,
        likes=0,
        actors=0,
        targets=0,
        first_ms=-1,
        last_ms=-1,
        columns={},
        time_format="",
        kinds={},
        rejected_reasons={},
    )
    unweighed = Verdict(prior=0.0, prior_low=0.0, prior_high=1.0, caps={}, discount_at=1.0, undetermined_at=1.0)
    return nothing, unweighed, Curve(start_ms=0, bin_ms=1, verified=[], discounted=[], undetermined=[])


def plain(count: Count) -> Count:
    """The count alone, without what only a section's counts say."""
    return Count(**{name: getattr(count, name) for name in Count.model_fields})


def _source(file: ExportFile) -> ExportSource:
    entry = InputFile(name=file.name, sha256=file.sha256, bytes=file.bytes, rows=file.rows, rejected=file.rejected)
    return ExportSource(file=entry, kind=file.kind.value, observed_ms=file.observed_ms)


def _span(at_ms: Ints) -> Span | None:
    known = at_ms[at_ms >= 0]
    return Span(first_ms=int(known.min()), last_ms=int(known.max())) if known.shape[0] else None


def _notes(files: Sequence[ExportFile], sentences: Sequence[str]) -> list[Message]:
    """Notes of reading. One said of many files is said once, with how many."""
    said: dict[str, list[str]] = {}
    for file in files:
        for note in file.notes:
            said.setdefault(note, []).append(file.name)
    out = [Message(code="export_note", values={"note": note}) for note in sentences]
    return out + [
        Message(code="export_file_note", values={"note": note, "file": names[0], "files": len(names)})
        for note, names in said.items()
    ]
