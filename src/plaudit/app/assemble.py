"""The result document: what of an audit is worth showing, computed once, so that the report computes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from plaudit.app.cases import build_case, innocent
from plaudit.app.tables import Names
from plaudit.detectors import Detector, SectionDetector
from plaudit.ingest import Ingested
from plaudit.model import DAY_MS, HOUR_MS, MINUTE_MS, STATUSES, Findings, Ints, Outcome, Status, Tier, Verdicts
from plaudit.policy import decide
from plaudit.result import (
    Case,
    Count,
    Curve,
    DetectorRun,
    Edge,
    GroupView,
    Message,
    Method,
    ResultDocument,
    TargetView,
    Verdict,
)
from plaudit.tally import Tally
from plaudit.verdict import DISCOUNT_AT, UNDETERMINED_AT
from plaudit.verdict.evidence import SIGNIFICANT

SHOWN_TARGETS, SHOWN_GROUPS, SHOWN_CASES, SHOWN_DECISIONS = 20, 12, 8, 200
_MEMBERS, _GROUP_TARGETS = 40, 24
_BINS = 96
_STEPS = (MINUTE_MS, 5 * MINUTE_MS, 15 * MINUTE_MS, HOUR_MS, 3 * HOUR_MS, 6 * HOUR_MS, 12 * HOUR_MS, DAY_MS)


def assemble(
    read: Ingested,
    detectors: Sequence[Detector],
    findings: Sequence[Findings],
    verdicts: Verdicts,
    tally: Tally,
    tables: Mapping[str, pa.Table],
    names: Names,
    method: Method,
) -> ResultDocument:
    """Put the document together from what the flow computed."""
    log = read.log
    trouble = tally.discounted * 10**9 + tally.undetermined
    order = np.lexsort((np.arange(log.n_targets), -tally.shown, -trouble))
    shown = order[:SHOWN_TARGETS]
    affected = np.flatnonzero(trouble > 0)
    ids = read.target_ids.take(pa.array(shown)).to_pylist()
    offsets = log.target_offsets()
    views = [
        TargetView(
            target_id=name,
            count=_count(tally, target),
            curve=_curve(log.at_ms[a:b], verdicts.status[a:b], None),
            messages=innocent(_detectors_of(verdicts, findings, np.arange(a, b))) if trouble[target] else [],
        )
        for name, target in zip(ids, shown.tolist(), strict=True)
        for a, b in [(int(offsets[target]), int(offsets[target + 1]))]
    ]
    groups = _group_views(tables["groups"], read, verdicts, names)
    by_trouble = affected[np.argsort(-trouble[affected], kind="stable")]
    decided = decide(
        tally,
        read.target_ids.take(pa.array(by_trouble)).to_pylist(),
        [
            _reasons(verdicts, names, np.arange(offsets[t], offsets[t + 1]))
            for t in by_trouble[:SHOWN_DECISIONS].tolist()
        ]
        + [[]] * max(0, by_trouble.shape[0] - SHOWN_DECISIONS),
        by_trouble,
        method.as_of_ms,
    )
    total = Count(
        shown=int(tally.shown.sum()),
        verified=int(tally.verified.sum()),
        discounted=int(tally.discounted.sum()),
        undetermined=int(tally.undetermined.sum()),
        authentic=tally.total,
        authentic_low=tally.total_low,
        authentic_high=tally.total_high,
    )
    span = (log.start_ms, log.end_ms) if log.n else None
    return ResultDocument(
        tier=Tier.EVENTS.value,
        input=read.summary,
        total=total,
        verdict=Verdict(
            prior=verdicts.prior,
            prior_low=verdicts.prior_low,
            prior_high=verdicts.prior_high,
            caps=dict(verdicts.caps),
            discount_at=DISCOUNT_AT,
            undetermined_at=UNDETERMINED_AT,
        ),
        detectors=[run_of(d, f) for d, f in zip(detectors, findings, strict=True)],
        targets=views,
        targets_omitted=log.n_targets - len(views),
        groups=groups,
        groups_omitted=len(verdicts.groups) - len(groups),
        cases=_cases(tables, verdicts, tally, by_trouble, read, groups),
        decisions=decided[:SHOWN_DECISIONS],
        decisions_omitted=max(0, len(decided) - SHOWN_DECISIONS),
        overall=_curve(log.at_ms, verdicts.status, span),
        headline=_headline(total, len(verdicts.groups), affected.shape[0], log.n_targets),
        unseen=unseen(read, [(d.spec.id, f.outcome, f.reason) for d, f in zip(detectors, findings, strict=True)]),
        method=method,
    )


def unseen(read: Ingested, outcomes: Sequence[tuple[str, Outcome, str]]) -> list[Message]:
    """What this log cannot show, worst first."""
    log = read.log
    out = [
        Message(code="detector_error", values={"detector": name, "reason": why})
        for name, what, why in outcomes
        if what is Outcome.ERROR
    ]
    if log.n < 1000:
        out.append(Message(code="few_likes", values={"likes": log.n}))
    days = (log.end_ms - log.start_ms) / DAY_MS
    if days < 7:
        out.append(Message(code="short_log", values={"days": max(1, round(days))}))
    unknown = float(1 - log.born_known.mean()) if log.n_targets else 0.0
    if unknown > 0:
        out.append(Message(code="born_unknown", values={"share": unknown}))
    for name in ("device", "ip", "author"):
        if getattr(log, name) is None:
            out.append(Message(code=f"no_{name}"))
    for name, what, why in outcomes:
        if what is Outcome.NOT_APPLICABLE:
            out.append(Message(code="detector_not_applicable", values={"detector": name, "reason": why}))
        elif what is Outcome.NOT_ENOUGH_DATA:
            out.append(Message(code="detector_not_enough_data", values={"detector": name, "needed": why}))
    return [*out, *(Message(code=code) for code in ("single_order_invisible", "brush_invisible", "no_outcomes"))]


def detector_run(detector: Detector | SectionDetector, outcome: Outcome, reason: str) -> DetectorRun:
    """A detector as described before it ran."""
    spec = detector.spec
    return DetectorRun(
        detector=spec.id,
        version=spec.version,
        family=spec.family.value,
        question=spec.question,
        outcome=outcome.value,
        reason=reason,
        candidates=0,
        findings=0,
        significant=0,
        innocent=list(spec.innocent),
        evasions=list(spec.evasions),
        notes={},
    )


def run_of(detector: Detector | SectionDetector, f: Findings) -> DetectorRun:
    """A detector and what came of it."""
    described = detector_run(detector, f.outcome, f.reason)
    return described.model_copy(
        update={
            "candidates": f.candidates,
            "findings": len(f),
            "significant": int((f.q_value <= SIGNIFICANT).sum()),
            "notes": {name: float(value) for name, value in f.notes.items()},
        }
    )


def _count(tally: Tally, target: int) -> Count:
    return Count(
        shown=int(tally.shown[target]),
        verified=int(tally.verified[target]),
        discounted=int(tally.discounted[target]),
        undetermined=int(tally.undetermined[target]),
        authentic=float(tally.authentic[target]),
        authentic_low=float(tally.low[target]),
        authentic_high=float(tally.high[target]),
    )


def _curve(at_ms: Ints, status: np.ndarray, span: tuple[int, int] | None) -> Curve:
    if at_ms.shape[0] == 0 and span is None:
        return Curve(start_ms=0, bin_ms=HOUR_MS, verified=[0], discounted=[0], undetermined=[0])
    first, last = span or (int(at_ms.min()), int(at_ms.max()))
    step = next((s for s in _STEPS if (last - first) / s <= _BINS), 0)
    step = step or -(-(last - first) // (_BINS * DAY_MS)) * DAY_MS
    start = first // step * step
    bins = int((last - start) // step) + 1
    cell = (at_ms - start) // step
    split = {s: np.bincount(cell[status == code], minlength=bins).tolist() for code, s in enumerate(STATUSES)}
    return Curve(
        start_ms=start,
        bin_ms=step,
        verified=split[Status.VERIFIED],
        discounted=split[Status.DISCOUNTED],
        undetermined=split[Status.UNDETERMINED],
    )


def _numbers_of(verdicts: Verdicts, rows: Ints) -> Ints:
    """Findings that bear on any of the suspect likes among ``rows``, most frequent first."""
    rows = rows[verdicts.status[rows] != STATUSES.index(Status.VERIFIED)]
    deciding = verdicts.deciding[rows]
    number, count = np.unique(deciding[deciding >= 0], return_counts=True)
    return number[np.argsort(-count, kind="stable")].astype(np.int64)


def _reasons(verdicts: Verdicts, names: Names, rows: Ints) -> list[str]:
    return [names.finding[number] for number in _numbers_of(verdicts, rows).tolist()]


def _detectors_of(verdicts: Verdicts, findings: Sequence[Findings], rows: Ints) -> list[str]:
    starts = np.cumsum([0] + [len(f) for f in findings])
    homes = np.searchsorted(starts, _numbers_of(verdicts, rows), side="right") - 1
    return list(dict.fromkeys(findings[h].detector for h in homes.tolist()))


def _group_views(table: pa.Table, read: Ingested, verdicts: Verdicts, names: Names) -> list[GroupView]:
    log, out = read.log, []
    row_of = {name: row for row, name in enumerate(names.group)}
    for group in table.slice(0, SHOWN_GROUPS).to_pylist():
        row = row_of[group["group_id"]]
        like = verdicts.groups.like[verdicts.groups.offsets[row] : verdicts.groups.offsets[row + 1]]
        members, targets = _busiest(log.actor[like], _MEMBERS), _busiest(log.target[like], _GROUP_TARGETS)
        member_at = {actor: k for k, actor in enumerate(members.tolist())}
        target_at = {target: k for k, target in enumerate(targets.tolist())}
        drawn = like[np.isin(log.actor[like], members) & np.isin(log.target[like], targets)]
        edges = [
            Edge(member=member_at[a], target=target_at[t], at_ms=at)
            for a, t, at in zip(
                log.actor[drawn].tolist(), log.target[drawn].tolist(), log.at_ms[drawn].tolist(), strict=True
            )
        ]
        out.append(
            GroupView(
                group_id=group["group_id"],
                detector=group["detector"],
                members_total=len(group["members"]),
                targets_total=len(group["targets"]),
                likes=group["likes"],
                start_ms=group["start_ms"],
                end_ms=group["end_ms"],
                statistic=group["statistic"],
                expectation=group["null_expectation"],
                p_value=group["p"],
                q_value=group["q"],
                posterior=group["posterior"],
                members=read.actor_ids.take(pa.array(members)).to_pylist(),
                targets=read.target_ids.take(pa.array(targets)).to_pylist(),
                edges=edges,
                innocent=innocent([group["detector"]]),
            )
        )
    return out


def _busiest(values: np.ndarray, most: int) -> Ints:
    found, count = np.unique(values, return_counts=True)
    return np.asarray(found[np.lexsort((found, -count))][:most], dtype=np.int64)


def _cases(
    tables: Mapping[str, pa.Table],
    verdicts: Verdicts,
    tally: Tally,
    by_trouble: Ints,
    read: Ingested,
    groups: Sequence[GroupView],
) -> list[Case]:
    """The strongest groups, then the most affected targets no group speaks of; each through its strongest like."""
    subjects: list[tuple[str, str, Ints]] = []
    numbers = {view.group_id: number for number, view in enumerate(groups)}
    group_column = tables["likes"]["group_id"].combine_chunks()
    words = group_column.dictionary.to_pylist()
    codes = np.asarray(group_column.indices.fill_null(-1))
    for name in list(numbers)[: SHOWN_CASES - 2]:
        subjects.append(("group", name, np.flatnonzero(codes == words.index(name))))
    offsets = read.log.target_offsets()
    for target in by_trouble.tolist():
        if len(subjects) >= SHOWN_CASES:
            break
        rows = np.arange(offsets[target], offsets[target + 1])
        if not np.any(verdicts.group[rows] >= 0):
            subjects.append(("target", read.target_ids[target].as_py(), rows))
    return [case_of(tables, kind, name, rows, verdicts.prior, verdicts.caps) for kind, name, rows in subjects]


def case_of(
    tables: Mapping[str, pa.Table], kind: str, name: str, rows: Ints, prior: float, caps: Mapping[str, float]
) -> Case:
    """The case of a subject with these rows of ``likes``, told through one of them.

    That is the strongest of those whose status most of its likes in question have: a group of which one like in a
    hundred is discounted and the others are open is not a discounted group.
    """
    likes = tables["likes"]
    mine = likes.take(pa.array(rows))
    p = np.asarray(mine["p_inauthentic"])
    status = np.asarray(mine["status"].cast(pa.string()).to_pylist(), object)
    cut, open_ = status == Status.DISCOUNTED.value, status == Status.UNDETERMINED.value
    typical = (cut if cut.sum() > open_.sum() else open_) if (cut | open_).any() else np.ones(p.shape[0], np.bool_)
    like = mine.slice(int(np.argmax(np.where(typical, p, -1.0))), 1).to_pylist()[0]
    return build_case(
        kind,
        name,
        like,
        bearing_rows(tables["findings"], like["reasons"]),
        prior=prior,
        caps=caps,
        likes=int(rows.shape[0]),
        expected=float(p.sum()),
        discounted=int(cut.sum()),
        undetermined=int(open_.sum()),
    )


def bearing_rows(findings: pa.Table, reasons: Sequence[str]) -> list[dict[str, Any]]:
    """Rows of ``findings`` with the given ids, without their exhibits."""
    slim = findings.drop_columns(["exhibits"])
    rows: list[dict[str, Any]] = slim.filter(
        pc.is_in(slim["finding_id"], pa.array(list(reasons), pa.string()))
    ).to_pylist()
    return rows


def _headline(total: Count, groups: int, affected: int, targets: int) -> Message:
    if total.shown == 0:
        return Message(code="headline_empty")
    if total.discounted == 0 and total.undetermined == 0:
        return Message(code="headline_clean", values={"shown": total.shown, "targets": targets})
    values = {
        "shown": total.shown,
        "authentic": total.authentic,
        "authentic_low": total.authentic_low,
        "authentic_high": total.authentic_high,
        "discounted": total.discounted,
        "groups": groups,
        "targets_affected": affected,
    }
    return Message(code="headline_found" if total.discounted else "headline_unsure", values=values)
