"""How right the herd account is, on closed loops whose true induced count is known, in one command.

    python -m benchmarks.herd --write

Each world happens twice with the same readers, with and without what was bought; the difference is the truth.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from time import perf_counter

import numpy as np

from benchmarks.common import circumstances, listed, markdown, numbers, parser, percent, tell
from plaudit.kernels.exposure import counts_without
from plaudit.model import HOUR_MS, EventLog, Floats
from plaudit.tally.herd import herd_of
from plaudit.tally.shocks import shocks
from plaudit.tally.what_if import LATE_H, WAYS, Shown
from plaudit.testing.loop import (
    KINDS,
    Defence,
    Ground,
    LoopSpec,
    Order,
    Ranker,
    Run,
    compare,
    found,
    newcomers_share,
    pick_orders,
    places_per_100_yuan,
    play,
    standing,
)
from plaudit.testing.loop.rankers import hacker_news_rank, honest_count, newest, raw_likes

BASE = LoopSpec(visits=200_000, posts=40)
WORLDS: dict[str, tuple[LoopSpec, Ranker]] = {
    "no herd, order by time": (replace(BASE, herd=0), newest),
    "count hidden, order by time": (replace(BASE, shown="hidden"), newest),
    "herd stops at the first like, order by time": (replace(BASE, herd_shape="first"), newest),
    "herd by doublings, order by time": (BASE, newest),
    "herd by powers, order by time": (replace(BASE, herd_shape="power"), newest),
    "no herd, order by likes": (replace(BASE, herd=0), raw_likes),
    "herd by doublings, order by likes": (BASE, raw_likes),
    "herd that saturates, order by likes": (replace(BASE, herd_shape="saturating"), raw_likes),
    "strong herd, order by likes": (replace(BASE, herd=0.8), raw_likes),
    "herd by doublings, order of Hacker News": (BASE, hacker_news_rank),
    "order by likes, six hours late": (replace(BASE, refresh_min=360), raw_likes),
}
ZERO = tuple(WORLDS)[:3]
SEEDS = (1, 2, 3, 4, 5, 6)
FOUND, FALSE = 0.92, 0.001
"""Verdicts as uncertain as an audit's: this share of bought likes is suspected, and this share of genuine ones."""


@dataclass(frozen=True)
class Outcome:
    """One world: truth and estimates; ``covered`` per target with a delivery."""

    world: str
    true: float
    estimate: float
    low: float
    high: float
    naive: float
    covered: list[bool]
    lift: tuple[float, float]
    seconds: float


def orders(ground: Ground, each: int, seed: int) -> list[Order]:
    """Deliveries of all kinds, one per comment."""
    every = [one for k, kind in enumerate(KINDS) for one in pick_orders(ground, kind, count=each, seed=10 * seed + k)]
    return list({one.comment: one for one in every}.values())


def suspicion(bought: np.ndarray, seed: int) -> Floats:
    """A chance of being bought per like, with misses and false alarms."""
    rng = np.random.default_rng([seed, 77])
    draw = rng.random(bought.shape[0])
    return np.where(bought, np.where(draw < FOUND, 0.97, 0.0), np.where(draw < FALSE, 0.5, 0.0))


def naive_induced(log: EventLog, p: Floats) -> float:
    """What the usual regression says: how later likes of a target go with its earlier ones, across targets.

    Its slope holds whatever makes a target liked early and late (its quality, its place) for influence.
    """
    half = (log.start_ms + log.end_ms) // 2
    early = np.bincount(log.target[log.at_ms < half], minlength=log.n_targets)
    late = np.bincount(log.target[log.at_ms >= half], minlength=log.n_targets)
    use = early > 0
    slope = float(np.polyfit(np.log1p(early[use]), np.log1p(late[use]), 1)[0])
    seen = shocks(log, p, 0)
    only = np.zeros(seen.hit.target.shape[0], np.int64)
    mean, _ = counts_without(
        seen.hit.target, log.at_ms, log.target_offsets(), seen.genuine, seen.group, seen.near, seen.near_offsets,
        seen.hit.edges, np.array([slope]), only, only, 0,
    )  # fmt: skip
    genuine = np.bincount(log.target, seen.genuine, log.n_targets)
    return float(genuine[seen.hit.target].sum() - mean.sum())


def measure(world: str, seed: int, each: int = 12) -> Outcome:
    """Play one world twice and compare the account with what was true."""
    spec, ranker = WORLDS[world]
    ground = found(spec, seed)
    placed = orders(ground, each, seed)
    attacked, clean = play(ground, ranker=ranker, orders=placed), play(ground, ranker=ranker)
    effect = compare(attacked, clean)
    log, bought = standing(attacked)
    p = suspicion(bought, seed)
    begun = perf_counter()
    told = herd_of(log, p, seed)
    took = perf_counter() - begun
    hit = np.flatnonzero(effect.bought_count > 0)
    true = effect.net_induced[hit]
    inside = (told.induced_low[hit] <= np.maximum(true, 0) + 0.5) & (true - 0.5 <= told.induced_high[hit])
    return Outcome(
        world,
        float(true.sum()),
        told.total_induced,
        told.total_low,
        told.total_high,
        naive_induced(log, p),
        inside.tolist(),
        (told.log_lift, told.log_lift_low),
        took,
    )


def account_table(outcomes: Sequence[Outcome]) -> str:
    """One row per world over its seeds."""
    rows = []
    for world in dict.fromkeys(one.world for one in outcomes):
        mine = [one for one in outcomes if one.world == world]
        true, told = sum(one.true for one in mine), sum(one.estimate for one in mine)
        naive = sum(one.naive for one in mine)
        held = [yes for one in mine for yes in one.covered]
        whole = [one.low <= max(one.true, 0) <= one.high for one in mine]
        rows.append(
            [
                world,
                f"{true:,.0f}",
                f"{told:,.0f}",
                f"{told / true:.2f}" if true > 100 else "–",
                f"{naive / true:.1f}" if true > 100 else f"{naive:,.0f} likes",
                percent(float(np.mean(held))),
                f"{sum(whole)} of {len(whole)}",
                f"{np.mean([one.lift[0] for one in mine]):.2f}",
                f"{sum(one.lift[1] > 1 for one in mine)} of {len(mine)}",
            ]
        )
    heads = (
        "world",
        "induced",
        "estimate",
        "ratio",
        "naive ratio",
        "targets in 90 %",
        "logs in 90 %",
        "lift",
        "herd found",
    )
    return markdown(heads, rows)


def what_if(seeds: Sequence[int]) -> str:
    """What is shown of the count, and what that does to who buys and to who is new."""
    rows = []
    as_it_was = 0.0
    told: dict[str, list[Shown]] = {way: [] for way in WAYS}
    for name, shown, by_count in (
        ("raw count, order by it", "raw", False),
        ("bucketed, order by raw likes", "bucket", False),
        ("hidden for 12 h, order by raw likes", "delay", False),
        ("hidden, order by raw likes", "hidden", False),
        ("honest count shown and ordered by", "honest", True),
    ):
        gained, places, fair, regret, late = [], [], [], [], []
        for seed in seeds:
            ground = found(replace(BASE, shown=shown), seed)
            placed = orders(ground, 12, seed)
            guard = Defence(FOUND, FALSE, 6.0) if by_count else None
            ranker = honest_count if by_count else raw_likes

            def run(bought: Sequence[Order]) -> Run:
                return play(ground, ranker=ranker, orders=bought, defence=guard)  # noqa: B023

            attacked, clean = run(placed), run(())
            effect = compare(attacked, clean)
            hit = effect.bought_count > 0
            if shown == "raw":
                log, bought = standing(attacked)
                for one in herd_of(log, suspicion(bought, seed), seed).shown:
                    told[one.way].append(one)
            late.append(_late_share(attacked))
            gained.append(effect.net_induced[hit].sum() / effect.bought_count.sum())
            places.append(places_per_100_yuan(effect, attacked))
            fair.append(newcomers_share(clean))
            regret.append(clean.regret)
        as_it_was = as_it_was or float(np.mean(late))
        rows.append(
            [
                name,
                f"{np.mean(gained):.2f}",
                f"{np.mean(places):.1f}",
                f"{np.mean(fair):.2f}",
                percent(float(np.mean(regret))),
                f"{np.mean(late) / as_it_was:.2f}",
                _told([one.drawn for one in told.get(shown, [])]),
                _told([one.late for one in told.get(shown, [])]),
            ]
        )
    return markdown(
        (
            "what readers are shown",
            "genuine likes drawn per bought one",
            "places per 100元",
            "newcomers' due",
            "regret",
            "late comments' likes, × raw",
            "drawn, told from the raw log",
            "late comments', told from the raw log",
        ),
        rows,
    )


def _late_share(run: Run) -> float:
    """Share of genuine likes on comments that appear :data:`LATE_H` hours after the first of their page or later."""
    log, bought = standing(run)
    assert log.parent is not None
    first = np.full(int(log.parent.max()) + 1, np.iinfo(np.int64).max)
    np.minimum.at(first, log.parent, log.born_ms)
    late = log.born_ms - first[log.parent] >= LATE_H * HOUR_MS
    return float(late[log.target[~bought]].mean())


def _told(ranges: Sequence[tuple[float, float, float]]) -> str:
    """Means over logs of middle, low and high."""
    if not ranges:
        return "–"
    middle, low, high = np.mean(ranges, axis=0)
    return f"{middle:.2f} ({low:.2f} – {high:.2f})"


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print; ``--write`` also puts the tables into the document."""
    options = parser(__doc__)
    options.add_argument("--seeds", type=numbers, default=list(SEEDS), help="seeds of the worlds")
    given = options.parse_args(argv)
    head = circumstances(given.date, f"python -m benchmarks.herd --seeds {listed(given.seeds)}")
    outcomes = []
    for world in WORLDS:
        outcomes += [measure(world, seed) for seed in given.seeds]
        print(account_table(outcomes).splitlines()[-1], file=sys.stderr, flush=True)
    text = f"{head}\n\n{account_table(outcomes)}\n\n{what_if(given.seeds)}"
    return tell(given, "herd", text)


if __name__ == "__main__":
    raise SystemExit(main())
