"""How right an audit is on simulated worlds with planted truth: scenarios, sizes and seeds."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

import plaudit
from benchmarks.common import circumstances, markdown, numbers, parser, percent, put_between
from plaudit.testing.scoring import score
from plaudit.testing.simulator import scenarios, simulate

SIZES, SEEDS = (20_000, 100_000), (1, 2)


@dataclass(frozen=True)
class Run:
    """One world audited; ``scored`` is what :func:`plaudit.testing.scoring.score` says of it."""

    scenario: str
    events: int
    seed: int
    scored: dict[str, Any]


def measure(scenario: str, events: int, seed: int) -> Run:
    """Simulate a world, audit its log, and compare with its truth."""
    world = simulate(scenario, events=events, seed=seed)
    done = plaudit.audit(world.events, time_format="ms")
    return Run(scenario, events, seed, score(world.truth, done.tables["likes"], done.tables["targets"]))


WORLD_HEADERS = (
    "world", "events", "bought", "AP", "discounted, of bought", "discounted, of genuine", "undetermined, of genuine",
    "interval holds, all", "interval holds, attacked", "shown off by", "authentic off by",
)  # fmt: skip


def world_rows(runs: Sequence[Run]) -> list[list[str]]:
    """One row per scenario and size: the mean over seeds and, in brackets, the worst of them where that is worse."""
    rows = []
    for scenario, events in dict.fromkeys((run.scenario, run.events) for run in runs):
        mine = [run.scored for run in runs if (run.scenario, run.events) == (scenario, events)]
        covered = [scored["coverage"] for scored in mine]
        open_share = [_share(scored["genuine_by_label"], "undetermined") for scored in mine]
        rows.append(
            [
                scenario,
                f"{events:,}",
                f"{np.mean([scored['bought'] for scored in mine]):,.0f}",
                _spread([scored["average_precision"] for scored in mine], min, lambda v: f"{v:.3f}"),
                _spread([scored["recall"] for scored in mine], min, percent),
                _spread([scored["background_discounted"] for scored in mine], max, lambda v: percent(v, 2)),
                _spread(open_share, max, lambda v: percent(v, 2)),
                _spread([one["all"] for one in covered], min, percent),
                _spread([one["of_attacked"] for one in covered], min, percent),
                _spread([one["shown_error"] for one in covered], max, percent),
                _spread([one["count_error"] for one in covered], max, percent),
            ]
        )
    return rows


def label_rows(runs: Sequence[Run], key: str) -> list[list[str]]:
    """One row per label of ``key`` (such as ``bought_by_label``): shares per size, all scenarios and seeds pooled."""
    sizes = sorted({run.events for run in runs})
    labels = sorted({label for run in runs for label in run.scored[key]})
    rows = []
    for label in labels:
        cells = [label.replace("_", " ")]
        for events in sizes:
            mine = [run.scored[key][label] for run in runs if run.events == events and label in run.scored[key]]
            likes = sum(one["likes"] for one in mine)
            cells.append(f"{likes:,}")
            for status in ("discounted", "undetermined"):
                share = sum(one["likes"] * one[status] for one in mine) / likes if likes else None
                cells.append(percent(share, 2 if key == "genuine_by_label" else 1))
        rows.append(cells)
    return rows


def label_headers(runs: Sequence[Run], what: str) -> list[str]:
    """Headers to :func:`label_rows`."""
    sizes = sorted({run.events for run in runs})
    words = ("likes", "discounted", "undetermined")
    return [what, *(f"{word}, {_short(events)}" for events in sizes for word in words)]


def _share(by_label: dict[str, dict[str, float]], status: str) -> float | None:
    likes = sum(row["likes"] for row in by_label.values())
    return sum(row["likes"] * row[status] for row in by_label.values()) / likes if likes else None


def _spread(values: Iterable[float | None], worst: Callable[[list[float]], float], text: Callable[[float], str]) -> str:
    known = [value for value in values if value is not None]
    if not known:
        return "–"
    mean, bad = text(float(np.mean(known))), text(worst(known))
    return mean if mean == bad else f"{mean} ({bad})"


def _short(events: int) -> str:
    return f"{events // 1_000_000} M" if events % 1_000_000 == 0 else f"{events / 1000:g} k"


def report(runs: Sequence[Run]) -> str:
    """Four tables: worlds, attacks, genuine crowds, and likes that count neither way."""
    parts = [markdown(WORLD_HEADERS, world_rows(runs), left=1)]
    tables = {"attack": "bought_by_label", "genuine": "genuine_by_label", "neither": "neutral_by_label"}
    for what, key in tables.items():
        rows = label_rows(runs, key)
        if rows:
            parts.append(markdown(label_headers(runs, what), rows))
    return "\n\n".join(parts)


def main(argv: Sequence[str] | None = None) -> int:
    """Run and print; ``--write`` also puts the tables into the document."""
    options = parser(__doc__)
    options.add_argument("--scenarios", default=",".join(scenarios()), help="worlds to make")
    options.add_argument("--sizes", type=numbers, default=list(SIZES), help="events per world, such as 20k,1M")
    options.add_argument("--seeds", type=numbers, default=list(SEEDS), help="seeds of the worlds")
    given = options.parse_args(argv)
    command = f"python -m benchmarks.worlds --sizes {_listed(given.sizes)} --seeds {_listed(given.seeds)}"
    if given.scenarios != ",".join(scenarios()):
        command += f" --scenarios {given.scenarios}"
    # Noted first: the code may be edited while a long run goes on with what it has loaded.
    head = circumstances(given.date, command)
    runs = []
    for scenario in given.scenarios.split(","):
        for events in given.sizes:
            for seed in given.seeds:
                runs.append(measure(scenario, events, seed))
            print("  ".join(world_rows(runs)[-1]), file=sys.stderr, flush=True)
    text = f"{head}\n\n{report(runs)}"
    print(text)
    if given.write:
        put_between(given.docs, "worlds", text)
    return 0


def _listed(values: Sequence[int]) -> str:
    return ",".join(map(str, values))


if __name__ == "__main__":
    raise SystemExit(main())
