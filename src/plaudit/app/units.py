"""Posts, authors and campaigns as a table and as views, and what is said of the herd."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from plaudit.app.tables import table_of
from plaudit.ingest import Ingested
from plaudit.model import SCHEMAS, Findings, Verdicts
from plaudit.result import Count, HerdPart, Message, UnitView, WhatIf
from plaudit.tally import Purchases, Sums, Tally, Worlds, purchases, sums, tally, worlds_of
from plaudit.tally.herd import Herd
from plaudit.tally.split import Said, Split
from plaudit.tally.what_if import Shown

SHOWN_UNITS = 10
"""Units of each kind in the document, those most in question first."""


def units_of(read: Ingested) -> dict[str, tuple[NDArray[Any], pa.Array]]:
    """Kinds the log knows: of each, the unit of every target (-1 for none) and the strings of the units."""
    log, ids = read.log, {"post": read.parent_ids, "author": read.actor_ids, "campaign": read.campaign_ids}
    found = {"post": log.parent, "author": log.author, "campaign": log.campaign}
    return {kind: (unit, name) for kind, unit in found.items() if unit is not None and (name := ids[kind]) is not None}


def count_all(read: Ingested, findings: Sequence[Findings], verdicts: Verdicts, seed: int) -> tuple[Tally, pa.Table]:
    """Counts of the targets, and of the units they belong to; every target is drawn once."""
    may = purchases(read.log, findings, verdicts)
    worlds = worlds_of(may, {kind: unit for kind, (unit, _) in units_of(read).items()})
    counted = tally(read.log, findings, verdicts, seed, may=may, worlds=worlds.values())
    return counted, counts_table(read, counted, may, seed, worlds)


def counts_table(
    read: Ingested, counted: Tally, may: Purchases, seed: int, worlds: Mapping[str, Worlds] | None = None
) -> pa.Table:
    """One row per unit that has a target, by kind and id; no row where the log names none."""
    parts = [SCHEMAS["counts"].empty_table()]
    for kind, (unit, ids) in units_of(read).items():
        found = sums(counted, may, unit, seed, worlds=(worlds or {}).get(kind))
        size = found.unit.shape[0]
        columns = [pa.array([kind] * size, pa.string()), ids.take(pa.array(found.unit)), *_columns(found)]
        parts.append(table_of("counts", columns))
    return pa.concat_tables(parts).unify_dictionaries().combine_chunks()


def _columns(found: Sums) -> list[pa.Array]:
    whole = (found.targets, found.shown, found.verified, found.discounted, found.undetermined)
    return [pa.array(column) for column in (*whole, found.authentic, found.low, found.high)]


def unit_views(table: pa.Table) -> tuple[list[UnitView], int]:
    """Of each kind the units most in question, then those with most likes; and how many are left out."""
    views: list[UnitView] = []
    kinds = np.asarray(table["kind"].cast(pa.string()).to_pylist(), object)
    shown, taken, open_ = (table[name].to_numpy() for name in ("shown", "discounted", "undetermined"))
    for kind in dict.fromkeys(kinds.tolist()):
        rows = np.flatnonzero(kinds == kind)
        order = rows[np.lexsort((rows, -shown[rows], -open_[rows], -taken[rows]))][:SHOWN_UNITS]
        views += [_view(row) for row in table.take(pa.array(order)).to_pylist()]
    return views, table.num_rows - len(views)


def _view(row: Mapping[str, Any]) -> UnitView:
    count = Count(**{name: row[name] for name in Count.model_fields})
    return UnitView(kind=row["kind"], id=row["id"], targets=row["targets"], count=count)


def herd_part(parts: Split, told: Herd) -> HerdPart:
    """The herd of the log in figures and sentences."""
    able = parts.said in (Said.SHOWN, Said.NOT_SHOWN)
    figures = {
        "induced": parts.induced_total,
        "induced_low": parts.induced_total_low,
        "induced_high": parts.induced_total_high,
    }
    values = {**figures, "purchased": parts.measured}
    messages = []
    if parts.said is Said.SHOWN:
        messages.append(Message(code="herd_shown", values=values))
    elif parts.said is Said.NOT_SHOWN:
        messages.append(Message(code="herd_not_shown", values=values))
    elif parts.said is Said.NO_DELIVERY:
        messages.append(Message(code="herd_no_delivery", values={"purchased": parts.purchased_total}))
    elif parts.said is Said.NO_COMPARISON:
        messages.append(Message(code="herd_no_comparison", values={"purchased": parts.purchased_total}))
    if able:
        messages.append(Message(code="herd_by_page" if told.paged else "herd_page_order"))
    ways = [_what_if(one) for one in told.shown] if able else []
    if ways:
        now, *others = ways
        for one in others:
            figures_of = {"drawn": one.drawn, "places": one.places, "late": one.late}
            values = {**figures_of, "drawn_now": now.drawn, "places_now": now.places}
            messages.append(Message(code=f"what_if_{one.way}", values=values))
    return HerdPart(
        outcome=parts.said.value,
        purchased=parts.purchased_total,
        compared=parts.measured,
        deliveries=told.deliveries,
        placebos=told.placebos,
        induced=figures["induced"] if able else None,
        induced_low=figures["induced_low"] if able else None,
        induced_high=figures["induced_high"] if able else None,
        organic=parts.organic_total if able else None,
        open=parts.open_total,
        lift=told.log_lift if able else None,
        lift_low=told.log_lift_low if able else None,
        lift_high=told.log_lift_high if able else None,
        messages=messages,
        what_if=ways,
    )


def _what_if(one: Shown) -> WhatIf:
    names = ("drawn", "places", "late")
    figures = {
        name + end: value
        for name in names
        for end, value in zip(("", "_low", "_high"), getattr(one, name), strict=True)
    }
    return WhatIf(way=one.way, **figures)
