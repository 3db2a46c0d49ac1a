"""Making a world: background, crowds and attacks merged, trimmed to size, and written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from plaudit.errors import InputError
from plaudit.model import Ints
from plaudit.testing.simulator.attacks import ATTACKS, pods
from plaudit.testing.simulator.background import live
from plaudit.testing.simulator.crowds import CROWDS
from plaudit.testing.simulator.spec import BOUGHT_LABELS, LABELS, MAX_EVENTS, MIN_EVENTS, ScenarioSpec, scenario_named
from plaudit.testing.simulator.state import Build, Likes, found, likes
from plaudit.testing.simulator.tables import LIKE, PUBLISH, UNLIKE, tables


@dataclass(frozen=True)
class World:
    """A log and what is true about it.

    Attributes:
        events: ``event_id, actor, target`` (strings), ``at`` (int64, UTC ms), ``kind`` (``like``, ``unlike``,
            ``publish``), unless context is off ``device, ip, author``, with pages ``parent`` (strings); by time.
        truth: one row per event, same order: ``event_id, bought, label, group, neutral``.
        orders: one row per bought delivery: ``target, label, group, start_ms, end_ms, likes, price_yuan``.
        description: scenario, seed, knobs, sizes and counts per label, ready for JSON.
    """

    events: pa.Table
    truth: pa.Table
    orders: pa.Table
    description: dict[str, Any]


def simulate(
    scenario: str | ScenarioSpec, *, events: int, seed: int, overrides: Mapping[str, float] | None = None
) -> World:
    """Make a world of exactly ``events`` events; the same arguments give the same bytes.

    Args:
        scenario: a key of :func:`~plaudit.testing.simulator.scenarios`, or a
            :class:`~plaudit.testing.simulator.ScenarioSpec` of your own.
        events: rows of the log, 2,000 to 50,000,000.
        seed: any whole number >= 0.
        overrides: knobs to replace, see :class:`~plaudit.testing.simulator.Knobs`.

    Raises:
        InputError: unknown scenario or knob, or a number out of range.
    """
    spec = scenario_named(scenario)
    if not MIN_EVENTS <= events <= MAX_EVENTS:
        raise InputError(f"A simulated log has {MIN_EVENTS:,} to {MAX_EVENTS:,} events, not {events:,}.")
    if seed < 0:
        raise InputError(f"A seed is a whole number of at least 0, not {seed}.")
    knobs = spec.knobs.overridden(overrides)
    rng = np.random.default_rng([seed, *spec.name.encode()])
    build = found(spec, knobs, events, rng)
    live(build, events)
    for label in spec.crowds:
        if knobs.crowds > 0:
            CROWDS[label](build)
    if spec.pods:
        pods(build)
    total = sum(spec.attacks.values())
    for label, part in spec.attacks.items():
        budget = round(events * knobs.share_bought * part / total)
        if budget >= 3:
            ATTACKS[label](build, budget)
    publications = _publications(build)
    wanted = events - len(publications)
    merged = _merged(build, wanted)
    rows, taken_back = _with_unlikes(merged, build, wanted)
    everything = Likes.concat([merged, publications])
    published = np.arange(len(merged), len(everything))
    source = np.concatenate([rows, taken_back, published])
    kind = np.repeat(np.array([LIKE, UNLIKE, PUBLISH], np.int8), [rows.size, taken_back.size, published.size])
    return World(*tables(build, everything, source, kind, seed))


def _publications(b: Build) -> Likes:
    """One event per target born in the log, by its author, where the knob asks for it."""
    born = np.flatnonzero(b.seen(b.born)) if b.knobs.publications >= 1 else np.zeros(0, np.int64)
    return likes("organic", b.author[born], born, b.born[born])


def _merged(b: Build, wanted: int) -> Likes:
    """Planted and background likes with one like per actor and target, enough background to fill the log."""
    assert b.organic is not None
    every = Likes.concat([*_by_precedence(b.planted), b.organic])
    b.planted, planted = [], sum(len(part) for part in b.planted)
    _, first = np.unique(every.actor * b.n_targets + every.target, return_index=True)
    first.sort()
    planted_kept = int(np.searchsorted(first, planted))
    if planted_kept > 0.9 * wanted:
        raise InputError(
            f"The {b.spec.name!r} world plants {planted_kept:,} likes, too many for {b.events:,} events; "
            "ask for more events or less camouflage, fewer crowds or fewer bought likes."
        )
    return every.take(first[:wanted])


def _by_precedence(parts: list[Likes]) -> list[Likes]:
    """Bought likes first: where one account has several reasons to like a target, the order is what made it."""
    bought = len(LABELS) - len(BOUGHT_LABELS)
    return sorted(parts, key=lambda part: 0 if len(part) and part.label[0] >= bought else 1)


def _with_unlikes(merged: Likes, b: Build, wanted: int) -> tuple[Ints, Ints]:
    """Rows of ``merged`` that stay, and those among them that are taken back, so that events add up."""
    code = merged.label
    bought = code >= len(LABELS) - len(BOUGHT_LABELS)
    chance = np.where(bought, b.knobs.dropped, np.where(code == 0, b.knobs.unlikes, 0.0))
    chosen = np.flatnonzero(b.rng.random(len(merged)) < chance)
    spare = wanted - len(merged) - chosen.size
    if spare >= 0:
        return np.arange(len(merged)), chosen
    # Background fills the end of the rows in random order: leave out as many as were taken back.
    kept = len(merged) + spare
    lost = int(np.count_nonzero(chosen >= kept))
    return np.arange(min(kept + lost, wanted)), chosen[chosen < kept]


def write(world: World, out_dir: str | Path, fmt: str = "parquet") -> list[Path]:
    """Write a world: the log, and its truth in a folder of its own so that no audit reads it by accident.

    Args:
        world: what to write.
        out_dir: a folder, made when missing. Gets ``events.parquet`` or ``events.csv``, and ``truth/truth.parquet``,
            ``truth/orders.parquet``, ``truth/world.json``.
        fmt: ``parquet`` or ``csv``: how to write the log.

    Returns:
        The files written, the log first.

    Raises:
        InputError: an unknown format, or the folder cannot be written.
    """
    if fmt not in ("parquet", "csv"):
        raise InputError(f"A simulated log is written as 'parquet' or 'csv', not {fmt!r}.")
    out = Path(out_dir)
    files = [out / f"events.{fmt}", *(out / "truth" / name for name in ("truth.parquet", "orders.parquet"))]
    try:
        (out / "truth").mkdir(parents=True, exist_ok=True)
        if fmt == "csv":
            pyarrow.csv.write_csv(world.events, files[0])
        else:
            pq.write_table(world.events, files[0], compression="zstd")
        pq.write_table(world.truth, files[1], compression="zstd")
        pq.write_table(world.orders, files[2], compression="zstd")
        files.append(out / "truth" / "world.json")
        files[3].write_text(json.dumps(world.description, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise InputError(f"Cannot write the world to {out}: {error}; choose a folder you may write to.") from None
    return files
