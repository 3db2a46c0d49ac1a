"""The value audit of comment exports: outcomes meet authors of comments, article totals speak of readers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from plaudit.app.section_tables import target_ids
from plaudit.app.value import Question
from plaudit.errors import InputError
from plaudit.ingest.exports import ExportRead, keyed
from plaudit.model import STATUSES, Bools, Section, Status
from plaudit.result import ValuePart
from plaudit.tally.audience import beside_log, commenters, readers, section_value
from plaudit.tally.described import Engagement
from plaudit.tally.value import Spent, cost_alone


def value_of_section(
    read: ExportRead, tables: Mapping[str, pa.Table], total: Sequence[float], asked: Question | None
) -> ValuePart | None:
    """What commenters and readers went on to do; None where nothing was asked and no total says.

    Args:
        read: the exports.
        tables: of their audit.
        total: likes shown and authentic, with the 90 % interval, of everything.
        asked: outcomes as read, cost, and what is in focus.

    Raises:
        InputError: what is in focus is not in the exports.
    """
    section = read.section
    focal, missing = in_focus(section, () if asked is None else asked.focus)
    if missing:
        raise InputError(
            f"--focus {missing[0]} is no post or comment of these exports: ids are in posts.parquet, comments.parquet."
        )
    told = readers(section.posts, focal[: len(section.posts)])
    if asked is None:
        return section_value(None, told, None) if told else None
    spent = None
    if asked.money is not None:
        if not focal.all():
            ids = target_ids(section).filter(pa.array(focal))
            rows = tables["targets"].filter(pc.is_in(tables["targets"]["target_id"], value_set=ids))
            # Targets of one order stand or fall together: the ends of their intervals are added, not their variances.
            names = ("shown", "authentic", "authentic_low", "authentic_high")
            total = [float(np.asarray(rows[name]).sum()) for name in names]
        spent = Spent(asked.money, asked.currency, *total)
    if asked.outcomes is None and not told:
        return cost_alone(spent) if spent else None
    return section_value(_voices(read, asked, focal), told, spent, asked.incentive)


def value_beside_log(read: ExportRead, value: ValuePart | None, asked: Question | None) -> ValuePart | None:
    """The value audit of a log, with what the exports beside it say of commenters and readers."""
    section = read.section
    focal, missing = in_focus(section, () if asked is None else asked.focus)
    if asked is not None and asked.focus and len(missing) == len(asked.focus):
        # What is in focus is a matter of the log alone.
        return value
    told = readers(section.posts, focal[: len(section.posts)])
    return beside_log(value, None if asked is None else _voices(read, asked, focal), told)


def in_focus(section: Section, focus: Sequence[str]) -> tuple[Bools, list[str]]:
    """Targets in focus, ``bool[n_targets]``, a post with its comments; and ids that nothing here has."""
    if not focus:
        return np.ones(section.n_targets, bool), []
    wanted = pa.array(list(dict.fromkeys(focus)), pa.string())
    ids = target_ids(section)
    found = np.asarray(pc.is_in(ids, value_set=wanted))
    found[len(section.posts) :] |= found[section.comments.post]
    missing = wanted.filter(pc.invert(pc.is_in(wanted, value_set=ids))).to_pylist()
    return found, [str(one) for one in missing]


def _voices(read: ExportRead, asked: Question, focal: Bools) -> ValuePart | None:
    held = read.section.comments
    if asked.outcomes is None or read.account_ids is None or len(held) == 0:
        return None
    voices = Engagement(
        person=np.where(held.by_owner == 1, -1, held.author).astype(np.int64),
        at_ms=held.created_ms,
        status=np.full(len(held), STATUSES.index(Status.UNDETERMINED), np.int8),
        focal=focal[len(read.section.posts) :],
        ids=held.author_key,
    )
    return commenters(voices, keyed(asked.outcomes, read.account_ids))
