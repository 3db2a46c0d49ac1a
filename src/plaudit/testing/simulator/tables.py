"""Telling a world: names that say nothing, order of time, the log apart from its truth."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from plaudit.model import DAY_MS, HOUR_MS, Ints
from plaudit.testing.simulator.context import devices_and_addresses
from plaudit.testing.simulator.draw import EPOCH_MS, Rng
from plaudit.testing.simulator.spec import BOUGHT_LABELS, LABELS, NEUTRAL_LABELS
from plaudit.testing.simulator.state import Build, Likes

LIKE, UNLIKE, PUBLISH = 0, 1, 2
_KINDS = ("like", "unlike", "publish")
_FIRST_BOUGHT = len(LABELS) - len(BOUGHT_LABELS)

ORDERS_SCHEMA = pa.schema(
    [
        pa.field("target", pa.string(), nullable=False),
        pa.field("label", pa.string(), nullable=False),
        pa.field("group", pa.string(), nullable=False),
        pa.field("start_ms", pa.int64(), nullable=False),
        pa.field("end_ms", pa.int64(), nullable=False),
        pa.field("likes", pa.int64(), nullable=False),
        pa.field("price_yuan", pa.float64(), nullable=False),
    ]
)
"""One row per bought delivery; ``likes`` counts what was delivered, also what was taken back later."""


def tables(
    b: Build, known: Likes, source: Ints, kind: NDArray[np.int8], seed: int
) -> tuple[pa.Table, pa.Table, pa.Table, dict[str, Any]]:
    """Events, truth, orders and description of a world.

    Args:
        b: the world; its organic likes are let go to make room.
        known: likes (and publications) by row.
        source: row of ``known`` behind each event.
        kind: what each event does: ``LIKE``, ``UNLIKE`` or ``PUBLISH``.
        seed: for the description.
    """
    b.organic = None
    rng = b.rng
    at = known.at[source]
    back = kind == UNLIKE
    wait = rng.exponential(9.0 * HOUR_MS, int(back.sum())).astype(np.int64) + 1500
    at[back] = np.minimum(at[back] + wait, b.span + 1499)
    device, ip = devices_and_addresses(b, known) if b.knobs.context >= 1 else (None, None)
    if b.knobs.clock_skew_s > 0:
        skew = rng.normal(0.0, 1000.0 * b.knobs.clock_skew_s, b.n_regular + b.fresh_total).astype(np.int64)
        at = at + skew[known.actor[source]]
    order = np.argsort(at, kind="stable")
    source, kind, at = source[order], kind[order], at[order]
    event_id = _names(rng, "e", source.size)
    # Authors are people: they are named with the actors, so that an author who also likes keeps the name.
    people, who = _named(rng, "a", np.concatenate([known.actor[source], b.author]))
    targets, what = _named(rng, "t", known.target[source])
    columns: dict[str, pa.Array] = {
        "event_id": event_id,
        "actor": people.take(pa.array(who[: source.size])),
        "target": targets.take(pa.array(what)),
        "at": pa.array(at + EPOCH_MS),
        "kind": pa.array(_KINDS).take(pa.array(kind)),
    }
    if device is not None and ip is not None:
        for name, prefix, numbers in (("device", "d", device), ("ip", "n", ip)):
            names, place = _named(rng, prefix, numbers[source])
            columns[name] = names.take(pa.array(place))
        columns["author"] = people.take(pa.array(who[source.size :][known.target[source]]))
    if b.knobs.board >= 1:
        # Drawn apart from everything else: the same world with and without pages.
        own = np.random.default_rng([seed, 83])
        names, place = _named(own, "p", _pages(b.born, b.knobs.board)[known.target[source]])
        columns["parent"] = names.take(pa.array(place))
    truth = _truth(b, event_id, known, source, kind)
    orders = _orders(b, known, source[kind == LIKE], targets, np.unique(known.target[source]))
    return pa.table(columns), truth, orders, _description(b, seed, known, source, kind, orders.num_rows)


def _pages(born: Ints, board: float) -> Ints:
    """Page of each target: what appeared one after the other is discussed under one post."""
    page = np.empty(born.size, np.int64)
    page[np.argsort(born, kind="stable")] = np.arange(born.size) // round(board)
    return page


def _names(rng: Rng, prefix: str, n: int) -> pa.Array:
    """``n`` different names of one length whose order says nothing."""
    base = 10 ** max(3, len(str(n)))
    text = pa.array(rng.permutation(n) + base).cast(pa.string())
    return pc.binary_join_element_wise(prefix, text, "")


def _named(rng: Rng, prefix: str, numbers: Ints) -> tuple[pa.Array, Ints]:
    """Names of the different numbers, ascending by number, and which of them each entry is."""
    unique, inverse = np.unique(numbers, return_inverse=True)
    return _names(rng, prefix, unique.size), np.asarray(inverse, np.int64)


def _truth(b: Build, event_id: pa.Array, known: Likes, source: Ints, kind: NDArray[np.int8]) -> pa.Table:
    code = known.label[source]
    neutral = np.isin(code, [LABELS.index(label) for label in NEUTRAL_LABELS])
    group = known.group[source]
    return pa.table(
        {
            "event_id": event_id,
            "bought": pa.array((code >= _FIRST_BOUGHT) & (kind == LIKE)),
            "label": pa.array(LABELS).take(pa.array(code)),
            "group": pa.array(b.groups or [""], pa.string()).take(pa.array(group, mask=group < 0)),
            "neutral": pa.array(neutral),
        }
    )


def _orders(b: Build, known: Likes, rows: Ints, names: pa.Array, numbers: Ints) -> pa.Table:
    """Orders as delivered: window, size and price are those of the likes that were planted and kept."""
    rows = rows[known.order[rows] >= 0]
    order, at = known.order[rows], known.at[rows]
    count = np.bincount(order, minlength=len(b.orders))
    start = np.full(len(b.orders), np.iinfo(np.int64).max)
    end = np.zeros(len(b.orders), np.int64)
    np.minimum.at(start, order, at)
    np.maximum.at(end, order, at)
    kept = np.flatnonzero(count)
    target: Ints = np.array([b.orders[i].target for i in kept], np.int64)
    price = np.array([b.orders[i].unit_price for i in kept], np.float64) * count[kept]
    return pa.table(
        {
            "target": names.take(pa.array(np.searchsorted(numbers, target))),
            "label": pa.array([b.orders[i].label for i in kept], pa.string()),
            "group": pa.array([b.groups[b.orders[i].group] for i in kept], pa.string()),
            "start_ms": pa.array(start[kept] + EPOCH_MS),
            "end_ms": pa.array(end[kept] + EPOCH_MS),
            "likes": pa.array(count[kept]),
            "price_yuan": pa.array(np.round(price, 2)),
        },
        schema=ORDERS_SCHEMA,
    )


def _description(
    b: Build, seed: int, known: Likes, source: Ints, kind: NDArray[np.int8], orders: int
) -> dict[str, Any]:
    liked = source[kind == LIKE]
    counts = np.bincount(known.label[liked], minlength=len(LABELS))
    bought = int(counts[_FIRST_BOUGHT:].sum())
    groups = [name.rsplit("/", 1)[0] for name in b.groups]
    return {
        "scenario": b.spec.name,
        "summary": b.spec.summary,
        "seed": seed,
        "knobs": asdict(b.knobs),
        "events": int(source.size),
        "likes": int(liked.size),
        "unlikes": int((kind == UNLIKE).sum()),
        "actors": int(np.unique(known.actor[source]).size),
        "targets": int(np.unique(known.target[source]).size),
        "orders": orders,
        "span_days": round(b.span / DAY_MS, 3),
        "bought": bought,
        "share_bought": round(bought / max(1, liked.size), 6),
        "likes_by_label": {label: int(n) for label, n in zip(LABELS, counts, strict=True) if n},
        "groups": {label: groups.count(label) for label in sorted(set(groups))},
    }
