"""The tables of a section's audit, from the flow's arrays, in the schemas of :mod:`plaudit.model`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from plaudit.app.tables import Subjects, findings_rows, table_of
from plaudit.model import SCHEMAS, UNBOUNDED, Bools, Counter, Findings, Floats, Ints, Section, SubjectKind, ranges
from plaudit.tally import SectionTally
from plaudit.tally.depth import Depth
from plaudit.verdict import SectionVerdicts
from plaudit.verdict.evidence import SECTION_CAPS, logit, sigmoid


def target_ids(section: Section) -> pa.Array:
    """Ids of all targets, posts first."""
    return pa.concat_arrays([section.posts.id.cast(pa.string()), section.comments.id.cast(pa.string())])


def finding_ids(findings: Sequence[Findings]) -> list[str]:
    """``curve-3`` is the third finding of ``curve``."""
    return [f"{f.detector}-{k + 1}" for f in findings for k in range(len(f))]


def section_tables(
    section: Section,
    findings: Sequence[Findings],
    verdicts: SectionVerdicts,
    tally: SectionTally,
    deep: Depth,
    reveal: bool,
) -> dict[str, pa.Table]:
    """All tables but ``quarantine``.

    Args:
        section, findings, verdicts, tally: what the flow computed.
        deep: recognition depth of the comments.
        reveal: whether texts and nicknames are written.
    """
    ids = finding_ids(findings)
    targets = target_ids(section)
    subjects = Subjects(
        {
            SubjectKind.POST: section.posts.id,
            SubjectKind.COMMENT: section.comments.id,
            SubjectKind.TARGET: targets,
            SubjectKind.ACTOR: section.comments.author_key,
        },
        targets,
    )
    return {
        "comments": _comments(section, verdicts, tally, ids, deep, reveal),
        "posts": _posts(section, verdicts, tally, ids),
        "snapshots": _snapshots(section, targets),
        "targets": _targets(section, tally, targets),
        "groups": _groups(section, findings, verdicts, tally, ids, targets),
        "findings": findings_rows(findings, verdicts.weight, ids, subjects),
    }


def _comments(
    section: Section,
    verdicts: SectionVerdicts,
    tally: SectionTally,
    ids: list[str],
    deep: Depth,
    reveal: bool,
) -> pa.Table:
    held, first, n = section.comments, len(section.posts), len(section.comments)
    known = held.author >= 0
    nothing = pa.nulls(n, pa.string())
    depths = [pa.array(column, mask=~np.isfinite(column)) for column in (deep.index, deep.low, deep.high)]
    named = held.author_name.take(_rows(held.author, known)) if reveal else nothing
    columns = [
        held.id,
        section.posts.id.take(pa.array(held.post)),
        held.id.take(_rows(held.parent, held.parent >= 0)),
        held.author_key.take(_rows(held.author, known)),
        _moments(held.created_ms),
        *_interval(held.likes),
        *_counts(section, verdicts, tally, slice(first, None)),
        *depths,
        _reasons(verdicts, ids, first, first + n),
        held.text if reveal else nothing,
        named,
    ]
    return table_of("comments", columns)


def _posts(section: Section, verdicts: SectionVerdicts, tally: SectionTally, ids: list[str]) -> pa.Table:
    held, p = section.posts, len(section.posts)
    reads = held.totals.get("reads", held.totals.get("readers", Counter.absent(p)))
    title = np.asarray(held.title.to_numpy(zero_copy_only=False))
    accounts = pa.array(section.accounts, pa.string())
    post = section.comments.post
    columns = [
        held.id,
        held.platform,
        accounts.take(_rows(held.account, (held.account >= 0) & (held.account < len(accounts)))),
        pa.array(title, pa.string(), mask=title == ""),
        _moments(held.published_ms),
        *_interval(section.likes.take(np.arange(p))),
        *_interval(reads),
        *_counts(section, verdicts, tally, slice(0, p)),
        pa.array(np.bincount(post, minlength=p)),
        pa.array(_summed(post, tally.shown[p:], p).astype(np.int64)),
        pa.array(_summed(post, tally.authentic[p:], p)),
        _reasons(verdicts, ids, 0, p),
    ]
    return table_of("posts", columns)


def _snapshots(section: Section, targets: pa.Array) -> pa.Table:
    held = section.snapshots
    kind = pa.DictionaryArray.from_arrays(
        pa.array((held.target >= len(section.posts)).astype(np.int32)), pa.array(["post", "comment"])
    )
    columns = [
        targets.take(pa.array(held.target)),
        kind,
        pa.array(held.observed_ms),
        *_interval(held.likes),
        *_interval(held.reads),
        pa.array(held.position, mask=held.position < 0),
    ]
    return table_of("snapshots", columns)


def _targets(section: Section, tally: SectionTally, targets: pa.Array) -> pa.Table:
    """Posts, then comments, whose likes the export shows."""
    rows = pa.array(np.flatnonzero(tally.known))
    posts = section.posts.id.cast(pa.string())
    born = np.concatenate([section.posts.published_ms, section.comments.created_ms])
    whole = (
        targets,
        *(pa.array(c) for c in (tally.shown, tally.verified, tally.discounted, tally.undetermined)),
        *(pa.array(c) for c in (tally.authentic, tally.low, tally.high)),
        pa.concat_arrays([pa.nulls(len(section.posts), pa.string()), posts.take(pa.array(section.comments.post))]),
        pa.array(born, mask=born < 0),
    )
    own = [column.take(rows) for column in whole]
    # What only an event log can say: authors by id, campaigns, and where likes came from.
    unsaid = [pa.nulls(len(rows), field.type) for field in list(SCHEMAS["targets"])[len(own) :]]
    return table_of("targets", [*own, *unsaid])


def _groups(
    section: Section,
    findings: Sequence[Findings],
    verdicts: SectionVerdicts,
    tally: SectionTally,
    ids: list[str],
    targets: pa.Array,
) -> pa.Table:
    """Group findings that weigh anything, most likes first; ``S1`` is the one with most."""
    rows: list[dict[str, object]] = []
    start, first = 0, len(section.posts)
    keys = section.comments.author_key
    for f in findings:
        if f.subject_kind is SubjectKind.GROUP and f.family in SECTION_CAPS:
            for own in np.flatnonzero(verdicts.weight[start : start + len(f)] > 0).tolist():
                held = np.unique(f.exhibits.row[f.exhibits.offsets[own] : f.exhibits.offsets[own + 1]])
                author = section.comments.author[held[held >= first] - first]
                weight = min(float(verdicts.weight[start + own]), SECTION_CAPS[f.family])
                rows.append(
                    {
                        "detector": f.detector,
                        "members": keys.take(pa.array(np.unique(author[author >= 0]))).to_pylist(),
                        "targets": targets.take(pa.array(held)).to_pylist(),
                        "likes": int(tally.shown[held].sum()),
                        "start_ms": int(f.start_ms[own]),
                        "end_ms": int(f.end_ms[own]),
                        "statistic": float(f.statistic[own]),
                        "null_expectation": float(f.expectation[own]),
                        "p": float(f.p_value[own]),
                        "q": float(f.q_value[own]),
                        "posterior": float(sigmoid(logit(verdicts.prior) + weight) * f.certainty[own]),
                        "reasons": [ids[k] for k in _bearing(verdicts, held).tolist()],
                    }
                )
        start += len(f)
    rows.sort(key=lambda row: -int(str(row["likes"])))
    numbered = [{"group_id": f"S{k + 1}", **row} for k, row in enumerate(rows)]
    return pa.Table.from_pylist(numbered, schema=SCHEMAS["groups"])


def _bearing(verdicts: SectionVerdicts, rows: Ints) -> Ints:
    """Findings that bear on any of the targets, ascending."""
    offsets = verdicts.finding_offsets
    return np.unique(verdicts.finding[ranges(offsets[rows], offsets[rows + 1] - offsets[rows])]).astype(np.int64)


def _counts(section: Section, verdicts: SectionVerdicts, tally: SectionTally, rows: slice) -> list[pa.Array]:
    columns = (
        verdicts.p,
        tally.verified,
        tally.discounted,
        tally.undetermined,
        tally.authentic,
        tally.low,
    )
    likes = section.likes
    unbounded = likes.known & (likes.high == UNBOUNDED)
    high = tally.high + np.where(unbounded | ~likes.known, 0, likes.high - likes.low)
    return [*(pa.array(column[rows]) for column in columns), pa.array(high[rows], mask=unbounded[rows])]


def _reasons(verdicts: SectionVerdicts, ids: list[str], first: int, last: int) -> pa.Array:
    offsets = verdicts.finding_offsets[first : last + 1]
    finding = verdicts.finding[offsets[0] : offsets[-1]]
    words = pa.DictionaryArray.from_arrays(pa.array(finding, pa.int32()), pa.array(ids, pa.string()))
    return pa.ListArray.from_arrays(pa.array(offsets - offsets[0], pa.int32()), words)


def _interval(counter: Counter) -> tuple[pa.Array, pa.Array]:
    """Both ends; the upper is null where the counter says only "at least", both where there is none."""
    absent = ~counter.known
    return (
        pa.array(counter.low, mask=absent),
        pa.array(counter.high, mask=absent | (counter.high == UNBOUNDED)),
    )


def _moments(at_ms: Ints) -> pa.Array:
    return pa.array(at_ms, mask=at_ms < 0)


def _rows(rows: np.ndarray, known: Bools) -> pa.Array:
    """Rows to take; null, and so nothing taken, where unknown."""
    return pa.array(rows.astype(np.int64), mask=~known)


def _summed(where: np.ndarray, values: np.ndarray, size: int) -> Floats:
    return np.asarray(np.bincount(where, values, minlength=size), dtype=np.float64)
