"""The marks Plaudit sets itself, as one list: what is measured, what is wanted, met or missed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from benchmarks import real
from benchmarks.common import Mark
from benchmarks.measure import Run, Share
from benchmarks.nulls import RATE, Null
from benchmarks.tables import calibration, group_recall, precision
from plaudit.testing.simulator import CROWD_LABELS

HEADLINE = ("million", "mixed")
"""Worlds whose largest runs the marks are about; ``million`` has the four attacks with a mark of their own."""
MIXED = "mixed"
"""The world in which everything meets: calibration is judged there."""
RECALL = {"naive_ring": 99.0, "staggered_ring": 98.0, "crowd_order": 90.0}
"""Percent of the bought likes of an attack to discount."""
BIN_LEAST = 300
"""Likes a bin of p must hold for its own mark."""


@dataclass(frozen=True)
class Results:
    """Everything ``benchmarks.accuracy`` measured.

    Attributes:
        runs: simulated worlds.
        orders: small worlds with one single order each.
        nulls: detectors on worlds in which nothing happens.
        real: audits of real and semi-synthetic logs.
    """

    runs: Sequence[Run] = ()
    orders: Sequence[Run] = ()
    nulls: Sequence[Null] = ()
    real: Sequence[real.Run] = field(default_factory=tuple)

    def headline(self) -> list[Run]:
        """The largest runs of the headline worlds."""
        most = max((run.events for run in self.runs if run.scenario in HEADLINE), default=0)
        return [run for run in self.runs if run.scenario in HEADLINE and run.events == most]


def marks(found: Results) -> list[Mark]:
    """All marks of which something was measured. Where a mark holds on every seed, the worst one is shown."""
    head = found.headline()
    four = [run for run in head if run.scenario == "million"]
    every = [*found.runs, *found.orders]
    out: list[Mark | None] = []
    for scenario in HEADLINE:
        of = [run.scored["average_precision"] for run in head if run.scenario == scenario]
        out.append(_mark(f"{scenario}: average precision over likes", of, 0.97, True, unit="", scale=1))
    for label, bound in RECALL.items():
        out.append(_mark(f"million: {_words(label)} discounted", _bought(four, label, "discounted"), bound, True))
    caught = _bought(four, "throwaway", "caught")
    out.append(_mark("million: throwaway discounted or undetermined", caught, 95, True))
    holds = [run.covered["throwaway"][1] for run in four if "throwaway" in run.covered]
    out.append(_mark("million: interval of throwaway targets holds", holds, 90, True))
    out.append(_mark("genuine likes discounted, any world", [r.scored["background_discounted"] for r in every], 0.02))
    for crowd in CROWD_LABELS:
        shares = [r.scored["genuine_by_label"][crowd] for r in every if crowd in r.scored["genuine_by_label"]]
        out.append(_mark(f"{_words(crowd)} discounted, any world", [share["discounted"] for share in shares], 0.5))
    out.append(_mark("own likes of crowd workers discounted, any world", _own(every, lambda r: r.workers_own), 1))
    out += _groups(found.runs, head)
    out += _joe_job(found.runs)
    out += _orders(found.orders)
    out += _calibration([run for run in found.runs if run.scenario == MIXED])
    for what in ("all", "of_attacked"):
        held = [run.scored["coverage"][what] for run in head]
        words = "all targets" if what == "all" else "attacked targets"
        out.append(_mark(f"90 % interval holds, {words}", held, 90, True))
    for null in found.nulls:
        out.append(_mark(f"{null.detector}: Kolmogorov–Smirnov p-value", [null.ks], 0.01, True, unit="", scale=1))
        out.append(_mark(f"{null.detector}: null worlds with a finding at q ≤ {RATE:g}", [null.loud], 100 * RATE))
    return [*(mark for mark in out if mark is not None), *real.marks(found.real)]


def _mark(
    what: str,
    values: Iterable[float | None],
    bound: float,
    at_least: bool = False,
    unit: str = "%",
    scale: float = 100.0,
) -> Mark | None:
    """The worst of ``values`` (shares by default) against ``bound``; nothing where nothing was measured."""
    known = [value for value in values if value is not None]
    if not known:
        return None
    return Mark(what, scale * (min(known) if at_least else max(known)), bound, at_least, unit)


def _words(label: str) -> str:
    return label.replace("_", " ")


def _bought(runs: Sequence[Run], label: str, status: str) -> list[float]:
    rows = [run.scored["bought_by_label"] for run in runs]
    return [row[label][status] for row in rows if label in row]


def _own(runs: Iterable[Run], which: Callable[[Run], Share | None]) -> list[float]:
    return [share.discounted for share in map(which, runs) if share is not None]


def _groups(runs: Sequence[Run], head: Sequence[Run]) -> list[Mark | None]:
    podded = [run for run in runs if run.scenario == "pod" or run in head]
    agreement = [run.scored["groups"]["ami"] for run in head]
    return [
        _mark("adjusted mutual information of groups", agreement, 0.9, True, unit="", scale=1),
        _mark("pods: likes in one found group", [group_recall(run, "pod") for run in podded], 90, True),
        _mark("own likes of pod members discounted, any world", _own(runs, lambda r: r.pods_own), 1),
    ]


def _joe_job(runs: Sequence[Run]) -> list[Mark | None]:
    hit = [run for run in runs if "joe_job" in run.scored["bought_by_label"]]
    return [
        _mark("joe-job: likes neutralised (discounted)", _bought(hit, "joe_job", "discounted"), 99, True),
        _mark("joe-job: decisions against who received them", [float(r.accused) for r in hit], 0, unit="", scale=1),
        _mark("joe-job: own likes of the victim discounted", _own(hit, lambda r: r.rivals_own), 1),
    ]


def _orders(orders: Sequence[Run]) -> list[Mark | None]:
    sizes = sorted({int(run.overrides["order_size"]) for run in orders})
    out = []
    for size in sizes:
        right = precision([run for run in orders if run.overrides["order_size"] == size])
        what = f"small worlds, one order of {size} likes: precision of discounted"
        # Where nothing is discounted nobody is accused either.
        out.append(_mark(what, [1.0 if right is None else right], 95, True))
    return out


def _calibration(runs: Sequence[Run]) -> list[Mark | None]:
    bins, error = calibration(runs)
    off = [abs(share - p) for likes, p, share in bins if likes >= BIN_LEAST]
    return [
        _mark("mixed: worst bin of p_inauthentic off by", [max(off)] if off else [], 5),
        _mark("mixed: expected calibration error", [error], 0.02, unit="", scale=1),
    ]
