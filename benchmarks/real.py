"""How right an audit is on real data: false alarms on genuine logs, sold likes found again where they were planted.

No public log has real likes, exact times and complete labels at once. So untouched genuine logs measure false alarms,
and real sold likes planted into a genuine log measure what is found: *semi-synthetic*, and said so.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

import plaudit
from benchmarks import plant
from benchmarks.common import ROOT, Mark, circumstances, markdown, marks_table, numbers, parser, percent, tell

DATA = ROOT.parent / "shared" / "data"
LEAST = 30
"""Planted likes on a target from which its count is checked."""
RING = "ghost_stars_a"
CAUGHT = {"new targets": 98.0, "existing targets": 95.0}
"""Marks in percent: of the likes of ``RING`` discounted at least, by place."""
NOISE, COUNTED, CLOSE = 0.1, 90.0, 0.1
"""Marks: percent of an untouched background discounted at most; percent of the targets of one-off accounts at least of
which the estimate is within ``CLOSE`` of the shown count, or the interval says that it may not be."""

UNTOUCHED = {"polis_votes": True, "cofacts_votes": True, "russian_retweets": False}
"""Genuine logs, and whether only their votes of +1 are likes."""
SOLD = {RING: False, "throwaway_stars_a": True}
"""Sold likes, and whether they lasted longer than the background and must be squeezed into it."""
PLACES: dict[str, plant.Placing] = {"new targets": plant.on_new_targets, "existing targets": plant.on_existing_targets}
BACKGROUND = "cofacts_votes"


@dataclass(frozen=True)
class Run:
    """One audit, measured; shares are 0..1, ``None`` where there was nothing to measure.

    Attributes:
        log, place, seed: what was audited; ``place`` is empty and ``seed`` ``None`` for an untouched log.
        likes: likes that stand; ``injected``: how many of them were planted.
        discounted, undetermined: shares of all likes.
        injected_discounted, injected_undetermined: shares of the planted likes.
        background_discounted, background_undetermined: shares of the others.
        groups: groups formed.
        checked: targets with at least ``LEAST`` planted likes; over these, as shares of the shown count,
        shown_error, count_error: mean distance of the shown and of the authentic count from the true one;
        coverage: share of these targets whose interval holds the true count;
        counted: share whose estimate is within ``CLOSE`` of the shown count, or whose interval holds the true one;
        whole: of the planted likes that stand in a group, the share that stands in one and the same.
    """

    log: str
    place: str
    seed: int | None
    likes: int
    injected: int
    discounted: float
    undetermined: float
    injected_discounted: float | None
    injected_undetermined: float | None
    background_discounted: float
    background_undetermined: float
    groups: int
    checked: int
    shown_error: float | None
    count_error: float | None
    coverage: float | None
    counted: float | None
    whole: float | None

    def row(self) -> list[str]:
        """Cells of the table of runs."""
        return [
            self.log + (f" → {self.place}" if self.place else ""),
            "–" if self.seed is None else str(self.seed),
            f"{self.likes:,}",
            percent(self.discounted, 2),
            percent(self.undetermined, 2),
            f"{self.injected:,}" if self.place else "–",
            percent(self.injected_discounted),
            percent(self.injected_undetermined),
            percent(self.background_discounted, 2),
            percent(self.background_undetermined, 2),
            str(self.groups),
            percent(self.whole),
            str(self.checked) if self.place else "–",
            percent(self.shown_error),
            percent(self.count_error),
            percent(self.coverage),
        ]


HEADERS = (
    "log", "seed", "likes", "discounted", "undetermined", "planted", "planted: discounted", "planted: undetermined",
    "genuine: discounted", "genuine: undetermined", "groups", "largest holds", "targets checked",
    "shown off by", "authentic off by", "interval holds",
)  # fmt: skip


def measure(log: str, place: str, seed: int | None, events: pa.Table, injected: pa.Array) -> Run:
    """Audit ``events`` and compare with what is known: event ids ``injected`` are sold, all others genuine."""
    done = plaudit.audit(events, time_format="ms")
    likes, targets = done.tables["likes"], done.tables["targets"]
    sold = np.asarray(pc.is_in(likes["event_id"].cast(pa.string()), injected))
    status = likes["status"].cast(pa.string())
    discounted, undetermined = (np.asarray(pc.equal(status, word)) for word in ("discounted", "undetermined"))
    row = np.asarray(pc.index_in(likes["target_id"], targets["target_id"].combine_chunks()), np.int64)
    planted = np.bincount(row[sold], minlength=targets.num_rows)
    checked = planted >= LEAST
    shown, authentic, low, high = (
        targets[name].to_numpy().astype(np.float64)[checked]
        for name in ("shown", "authentic", "authentic_low", "authentic_high")
    )
    true = shown - planted[checked]
    holds = (low <= true + 1e-9) & (true - 1e-9 <= high)
    grouped = likes["group_id"].cast(pa.string()).filter(pa.array(sold)).drop_null().value_counts().field("counts")
    return Run(
        log=log,
        place=place,
        seed=seed,
        likes=likes.num_rows,
        injected=int(sold.sum()),
        discounted=float(discounted.mean()),
        undetermined=float(undetermined.mean()),
        injected_discounted=_mean(discounted[sold]),
        injected_undetermined=_mean(undetermined[sold]),
        background_discounted=float(discounted[~sold].mean()),
        background_undetermined=float(undetermined[~sold].mean()),
        groups=done.tables["groups"].num_rows,
        checked=int(checked.sum()),
        shown_error=_mean((shown - true) / shown),
        count_error=_mean(np.abs(authentic - true) / shown),
        coverage=_mean(holds),
        counted=_mean(holds | (np.abs(authentic - true) <= CLOSE * shown)),
        whole=max(grouped.to_pylist()) / sum(grouped.to_pylist()) if len(grouped) else None,
    )


def _mean(values: NDArray[np.float64] | NDArray[np.bool_]) -> float | None:
    return float(values.mean()) if values.size else None


def runs(data: Path, seeds: Sequence[int], only: str = "") -> list[Run]:
    """All runs whose log's name contains ``only``: untouched backgrounds first, then every ring, place and seed."""
    out = []
    none = pa.array([], pa.string())

    def note(run: Run) -> None:
        out.append(run)
        print("  ".join(run.row()), file=sys.stderr, flush=True)

    for name, positive in UNTOUCHED.items():
        if only in name:
            note(measure(name, "", None, plant.as_events(plant.read_likes(data / f"{name}.parquet", positive)), none))
    background = plant.read_likes(data / f"{BACKGROUND}.parquet", True)
    for name, squeeze in SOLD.items():
        if only not in name:
            continue
        ring = plant.read_likes(data / f"{name}.parquet", False)
        for place, placing in PLACES.items():
            for seed in seeds:
                made = plant.plant(background, ring, placing, seed, squeeze)
                note(measure(name, place, seed, made.events, made.injected))
                if made.strays:
                    print(f"  ({made.strays} likes on targets not alive then)", file=sys.stderr)
    return out


def marks(found: Sequence[Run]) -> list[Mark]:
    """The marks of these runs, by the worst seed. One-off accounts form no ring: theirs is about counts."""
    out = [
        Mark(f"{run.log}, untouched: genuine likes discounted", 100 * run.background_discounted, NOISE)
        for run in found
        if not run.place
    ]
    for log, place in dict.fromkeys((run.log, run.place) for run in found if run.place):
        mine = [run for run in found if (run.log, run.place) == (log, place)]
        if log == RING:
            worst = min(run.injected_discounted or 0.0 for run in mine)
            what = f"{log} → {place}: planted likes discounted, worst seed"
            out.append(Mark(what, 100 * worst, CAUGHT[place], True))
        elif place == "existing targets":
            known = [run.counted for run in mine if run.counted is not None]
            what = f"{log} → {place}: counts within {100 * CLOSE:g} % or interval holds, worst seed"
            out += [Mark(what, 100 * min(known), COUNTED, True)] if known else []
    return out


def section(found: Sequence[Run], head: str) -> str:
    """What stands between the marks of the document."""
    return "\n\n".join([head, marks_table(marks(found)), markdown(HEADERS, [run.row() for run in found])])


def data_folder() -> Path:
    """Where the data is looked for unless told otherwise."""
    return Path(os.environ.get("PLAUDIT_DATA", DATA))


def missing(data: Path) -> list[str]:
    """Files that ``data`` would need and lacks."""
    return [f"{name}.parquet" for name in (*UNTOUCHED, *SOLD) if not (data / f"{name}.parquet").is_file()]


def main(argv: Sequence[str] | None = None) -> int:
    """Run and print; ``--write`` also puts the tables into the document."""
    options = parser(__doc__)
    options.add_argument("--data", type=Path, default=data_folder(), help="folder of the data, or set PLAUDIT_DATA")
    options.add_argument("--seeds", type=numbers, default=[1, 2, 3], help="seeds of the shift and of the mapping")
    options.add_argument("--only", default="", metavar="TEXT", help="only logs whose name contains this")
    given = options.parse_args(argv)
    lacking = ", ".join(missing(given.data))
    if lacking:
        print(f"Nothing measured: {given.data} lacks {lacking}; name the folder with --data or PLAUDIT_DATA.")
        return 0
    seeds = ",".join(map(str, given.seeds))
    command = f"python -m benchmarks.real --seeds {seeds}" + (f" --only {given.only}" if given.only else "")
    # Noted first: the code may be edited while a long run goes on with what it has loaded.
    head = circumstances(given.date, command)
    found = runs(given.data, given.seeds, given.only)
    text = section(found, head)
    return tell(given, "real", text)


if __name__ == "__main__":
    raise SystemExit(main())
