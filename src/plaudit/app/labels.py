"""Labels meet the log: whom each speaks for, what was learned from them, and how that is told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from plaudit.app.tables import names as names_of
from plaudit.errors import InputError
from plaudit.ingest import Ingested
from plaudit.ingest.labels import GivenLabels, Label
from plaudit.model import STATUSES, Bools, Family, Findings, Ints, Status, Verdicts
from plaudit.result import LabelCount, LabelEntry, Labels, LearnedWeight, Message
from plaudit.verdict import weigh
from plaudit.verdict.evidence import FamilyMap
from plaudit.verdict.learn import LEAST_UNITS, Labelled, Learned, learn

SHOWN_ENTRIES = 200
_RANK = {Status.VERIFIED: 0, Status.UNDETERMINED: 1, Status.DISCOUNTED: 2}
_WORDS = {True: "inauthentic", False: "genuine"}


def learn_from(
    given: GivenLabels, read: Ingested, findings: Sequence[Findings], verdicts: Verdicts, own_id: str, seed: int
) -> tuple[Verdicts, Labels]:
    """Verdicts after learning (the same ones where the weights are kept), and the account of the labels.

    Args:
        given: labels as read.
        read, findings, verdicts: the audit without labels.
        own_id: its ``audit_id``: labels of groups that quote another are not used.
        seed: seed of the cross-validation.

    Raises:
        InputError: no label names anything in this log.
    """
    found = _subjects(given.labels, read, verdicts, names_of(findings, verdicts.groups).group, own_id)
    stale = np.array([label.subject_kind == "group" and label.audit.lower() != own_id for label in given.labels])
    if not (found >= 0).any():
        raise InputError(_nothing(given, stale, own_id))
    statement = _spoken_for(given.labels, found, read, verdicts)
    like = np.flatnonzero(statement >= 0)
    says = np.array([label.inauthentic for label in given.labels], dtype=bool)
    labelled = Labelled(like, says[statement[like]], statement[like])
    learned = learn(read.log, findings, verdicts, labelled, seed)
    after = weigh(read.log, findings, learned.calibration) if learned.calibration else verdicts
    bearing = np.diff(verdicts.finding_offsets)[like] > 0
    of_label = np.bincount(statement[like], minlength=len(given.labels))
    with_evidence = np.bincount(statement[like][bearing], minlength=len(given.labels))
    changes = _changes(verdicts, after)
    return after, Labels(
        file=given.file,
        labels=len(given.labels),
        matched=int((found >= 0).sum()),
        unmatched=int(((found < 0) & ~stale).sum()),
        stale=int(stale.sum()),
        repeated=given.repeated,
        counts=_counts(given.labels, found),
        entries=[
            LabelEntry(
                subject_kind=label.subject_kind,
                subject_id=label.subject_id,
                label=_WORDS[label.inauthentic],
                reason=label.reason,
                source=label.source,
                likes=int(of_label[number]),
                with_evidence=int(with_evidence[number]),
            )
            for number, label in enumerate(given.labels[:SHOWN_ENTRIES])
        ],
        entries_omitted=max(0, len(given.labels) - SHOWN_ENTRIES),
        likes=int(like.shape[0]),
        likes_with_evidence=learned.likes,
        missed=int((labelled.inauthentic & ~bearing).sum()),
        groups=learned.units,
        loss_before=learned.loss_before,
        loss_after=learned.loss_after,
        loss_error=learned.error,
        applied=learned.calibration is not None,
        weights=_weights(learned, verdicts, after),
        changes=changes,
        outcome=_outcome(learned, int(like.shape[0]), changes),
        notes=_notes(given.labels, found, stale, labelled, bearing),
    )


def _subjects(labels: Sequence[Label], read: Ingested, verdicts: Verdicts, groups: Sequence[str], own_id: str) -> Ints:
    """Row of the like, actor or group that each label names, -1 where this log has none."""
    found = np.full(len(labels), -1, np.int64)
    homes: dict[str, pa.Array] = {
        "event": read.event_ids,
        "actor": read.actor_ids,
        "group": pa.array(list(groups), pa.string()),
    }
    for kind, ids in homes.items():
        rows = [
            number
            for number, label in enumerate(labels)
            if label.subject_kind == kind and (kind != "group" or label.audit.lower() == own_id)
        ]
        asked = pa.array([labels[number].subject_id for number in rows], pa.string())
        found[rows] = np.asarray(pc.fill_null(pc.index_in(asked, value_set=ids.cast(pa.string())), -1))
    return found


def _spoken_for(labels: Sequence[Label], found: Ints, read: Ingested, verdicts: Verdicts) -> Ints:
    """The label that speaks for each like, -1 for none. What is narrower wins: an event, then a group, then an actor.

    A like, not a person: the label of an actor speaks for its likes inside findings and for no other.
    """
    log, groups = read.log, verdicts.groups
    kind = np.array([label.subject_kind for label in labels])
    named = {one: np.flatnonzero((kind == one) & (found >= 0)) for one in ("actor", "group", "event")}
    of_actor = np.full(log.n_actors, -1, np.int64)
    of_actor[found[named["actor"]]] = named["actor"]
    spoken = np.where(np.diff(verdicts.finding_offsets) > 0, of_actor[log.actor], -1)
    of_group = np.full(len(groups), -1, np.int64)
    of_group[found[named["group"]]] = named["group"]
    grouped = np.flatnonzero(verdicts.group >= 0)
    grouped = grouped[of_group[verdicts.group[grouped]] >= 0]
    spoken[grouped] = of_group[verdicts.group[grouped]]
    spoken[found[named["event"]]] = named["event"]
    return np.asarray(spoken, dtype=np.int64)


def _nothing(given: GivenLabels, stale: Bools, own_id: str) -> str:
    if stale.all():
        return (
            f"{given.file.name}: all of its labels name groups of another audit (this one is {own_id}): label the "
            "groups of an audit of this very input, version and seed without --labels, or label events."
        )
    return (
        f"{given.file.name}: none of its {len(given.labels)} labels names an event, actor or group of this log: "
        "ids must be those of the log (likes.parquet of an audit lists them)."
    )


def _counts(labels: Sequence[Label], found: Ints) -> list[LabelCount]:
    keys = [(label.subject_kind, _WORDS[label.inauthentic], label.source) for label in labels]
    given = Counter(keys)
    matched = Counter(key for key, row in zip(keys, found.tolist(), strict=True) if row >= 0)
    return [
        LabelCount(subject_kind=kind, label=word, source=source, labels=number, matched=matched[kind, word, source])
        for (kind, word, source), number in sorted(given.items())
    ]


def _weights(learned: Learned, before: Verdicts, after: Verdicts) -> list[LearnedWeight]:
    maps = learned.calibration.maps if learned.calibration else {}
    out = []
    for row, family in enumerate(Family):
        if family not in learned.units_of_family:
            continue
        told = maps.get(family, FamilyMap())
        old = float(before.evident_weight[row].sum(dtype=np.float64))
        new = float(after.evident_weight[row].sum(dtype=np.float64))
        out.append(
            LearnedWeight(
                family=family.value,
                groups=learned.units_of_family[family],
                slope=told.slope,
                offset=told.offset,
                multiplier=new / old if old > 0 else 1.0,
            )
        )
    return out


def _changes(before: Verdicts, after: Verdicts) -> dict[str, int]:
    """``old_to_new`` -> likes, for statuses that differ."""
    moved = np.flatnonzero(before.status != after.status)
    pair, count = np.unique(
        before.status[moved].astype(np.int64) * len(STATUSES) + after.status[moved], return_counts=True
    )
    return {
        f"{STATUSES[one // len(STATUSES)]}_to_{STATUSES[one % len(STATUSES)]}": number
        for one, number in zip(pair.tolist(), count.tolist(), strict=True)
    }


def _outcome(learned: Learned, likes: int, changes: Mapping[str, int]) -> Message:
    values: dict[str, Any] = {"likes": likes, "groups": learned.units}
    if learned.likes == 0:
        return Message(code="labels_silent", values={"likes": likes})
    if learned.loss_before is None or learned.loss_after is None:
        return Message(code="labels_few", values={**values, "needed": LEAST_UNITS})
    values |= {"before": learned.loss_before, "after": learned.loss_after, "error": learned.error}
    if learned.calibration is None:
        return Message(code="labels_kept", values=values)
    step = {key: _RANK[Status(key.split("_to_")[1])] - _RANK[Status(key.split("_to_")[0])] for key in changes}
    lighter = sum(number for key, number in changes.items() if step[key] < 0)
    heavier = sum(number for key, number in changes.items() if step[key] > 0)
    return Message(code="labels_applied", values={**values, "lighter": lighter, "heavier": heavier})


def _notes(labels: Sequence[Label], found: Ints, stale: Bools, labelled: Labelled, bearing: Bools) -> list[Message]:
    """What a reader of the labels' account must know."""
    actors = sum(label.subject_kind == "actor" and row >= 0 for label, row in zip(labels, found.tolist(), strict=True))
    missed = int((labelled.inauthentic & ~bearing).sum())
    unmatched = int(((found < 0) & ~stale).sum())
    out = []
    if actors:
        out.append(Message(code="labels_of_actors", values={"labels": actors}))
    if unmatched:
        out.append(Message(code="labels_unmatched", values={"labels": unmatched}))
    if stale.any():
        out.append(Message(code="labels_stale", values={"labels": int(stale.sum())}))
    if missed:
        out.append(Message(code="labels_missed", values={"likes": missed}))
    return out
