"""Do intervals hold as often as they say? Nominal 50 to 95 % against what planted worlds and a real ring show.

    python -m benchmarks.coverage --write

Writes the table into the document and the calibration plot beside it (``docs/images/calibration.png``).
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import altair as alt
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import vl_convert

from benchmarks import plant, real
from benchmarks.common import (
    ROOT,
    Mark,
    circumstances,
    code_digest,
    listed,
    markdown,
    marks_table,
    numbers,
    parser,
    percent,
    put_between,
    short,
)
from benchmarks.measure import truth_of
from plaudit.detectors import all_detectors
from plaudit.ingest import Ingested, read_events
from plaudit.model import Bools, Floats, Ints
from plaudit.tally import Purchases, purchases, tally
from plaudit.testing.simulator import scenarios, simulate
from plaudit.verdict.reach import reach_verdicts

IMAGE = ROOT / "docs" / "images" / "calibration.png"
LEVELS = (0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95)
PROMISED = 0.9
LIKED = 50
"""Likes shown from which the width of an interval has a mark."""
EVENTS, SEEDS = 1_000_000, (1, 2)
PLANTED, RING, STARS = "planted worlds", "real ring", "throw-away stars"
"""Where a log's purchases come from. Throw-away stars are no ring: one-off accounts, suspected by a rule."""


@dataclass(frozen=True)
class Held:
    """One audited log against its truth, over targets with a like.

    Attributes:
        world: its name.
        source: :data:`PLANTED`, :data:`RING` or :data:`STARS`.
        shown, true: likes shown, and those not bought (least, most: likes that are neither may be in or out).
        attacked: which targets really received bought likes.
        low, high: interval at each of :data:`LEVELS`, ``float64[levels, targets]``.
        fair: chance that the randomised interval holds, see :func:`randomised`, ``float64[levels, targets]``.
    """

    world: str
    source: str
    shown: Ints
    least: Ints
    most: Ints
    attacked: Bools
    low: Floats
    high: Floats
    fair: Floats

    def inside(self) -> Bools:
        """Whether each interval holds the true count, ``bool[levels, targets]``."""
        return np.asarray((self.low <= self.most + 1e-9) & (self.least <= self.high + 1e-9))

    def width(self) -> Floats:
        """Width of the promised interval as a share of the likes shown."""
        at = LEVELS.index(PROMISED)
        return np.asarray((self.high[at] - self.low[at]) / np.maximum(self.shown, 1))

    def questioned(self) -> Bools:
        """Targets whose interval has any width."""
        return np.asarray(self.high[-1] > self.low[-1])

    def rows(self, which: str) -> Bools:
        """Targets that a line of the table speaks of: ``all``, ``questioned``, ``attacked`` or ``substantial``."""
        return {
            "all": self.shown > 0,
            "questioned": self.questioned(),
            "attacked": self.attacked,
            "substantial": self.attacked & (self.shown - self.most >= real.LEAST),
        }[which]


def randomised(may: Purchases, least: Ints, most: Ints, seed: int) -> Floats:
    """Chance that an interval holds whose ends are drawn where counts jump, ``float64[levels, targets]``.

    Counts are whole, and most of them are certain to the like. An interval of whole numbers then holds more often than
    it promises however right it is, because its ends cannot cut a number in two; one that draws lots at its ends
    (Stevens 1950; for forecasts of counts Czado, Gneiting & Held 2009) holds exactly as often where the chances behind
    it are right, and less often where they are not. So this, and not the plain share, should lie at the promise.

    Args:
        may: what may be bought.
        least, most: bought likes by the truth; of likes that count either way, as many as suit the draws best.
        seed: of the draws.
    """
    tail = 0.5 * (1.0 - np.array(LEVELS))[:, None]

    def beyond(less: Floats, equal: Floats) -> Floats:
        """Chance that a truth with these shares of draws on its far side and on it falls into the tail."""
        return np.asarray(np.clip((tail - less) / np.maximum(equal, 1e-12), 0.0, 1.0))

    # Where no finding speaks, none is bought and all draws say so.
    none = (most > 0) & (least > 0)
    out = np.where(none, 0.0, np.broadcast_to(1.0 - 2.0 * tail, (len(LEVELS), least.shape[0])))
    for own, drawn, at_worst in may.draws(seed):
        likely, worst = np.rint(drawn), np.rint(at_worst)
        true = np.clip(np.rint(np.median(likely, axis=1)), least[own], most[own])[:, None]
        few = beyond((likely < true).mean(axis=1), (likely == true).mean(axis=1))
        many = beyond((worst > true).mean(axis=1), (worst == true).mean(axis=1))
        out[:, own] = np.maximum(1.0 - few - many, 0.0)
    return np.asarray(out, np.float64)


def held(world: str, source: str, read: Ingested, bought: Bools, neutral: Bools) -> Held:
    """Audit a log at every level.

    Args:
        world, source: its name, and where its purchases come from.
        read: the log.
        bought, neutral: truth of each standing like: bought; neither bought nor genuine (a pod's).
    """
    log = read.log
    findings, verdicts = reach_verdicts(log, all_detectors())
    may = purchases(log, findings, verdicts)
    counted = [tally(log, findings, verdicts, 0, may=may, level=level) for level in LEVELS]
    shown = may.shown
    rows = shown > 0
    taken = np.bincount(log.target[bought], minlength=log.n_targets)
    open_ = np.bincount(log.target[neutral], minlength=log.n_targets)
    return Held(
        world,
        source,
        shown[rows],
        (shown - taken - open_)[rows],
        (shown - taken)[rows],
        (taken > 0)[rows],
        np.stack([one.low for one in counted])[:, rows],
        np.stack([one.high for one in counted])[:, rows],
        randomised(may, taken, taken + open_, 0)[:, rows],
    )


def simulated(name: str, events: int, seed: int) -> Held:
    """A world of the simulator."""
    world = simulate(name, events=events, seed=seed)
    read = read_events(world.events, time_format="ms")
    known = truth_of(world, pa.table({"event_id": read.event_ids}))
    return held(name, PLANTED, read, known.bought, known.neutral)


def injected(data: Path, seed: int) -> list[Held]:
    """Real sold stars planted into real votes, on new and on existing targets. All other likes count as genuine."""
    background = plant.read_likes(data / f"{real.BACKGROUND}.parquet", True)
    out = []
    for name, squeeze in real.SOLD.items():
        ring = plant.read_likes(data / f"{name}.parquet", False)
        for place, placing in real.PLACES.items():
            made = plant.plant(background, ring, placing, seed, squeeze)
            read = read_events(made.events, time_format="ms")
            bought = np.asarray(pc.is_in(read.event_ids.cast(pa.string()), made.injected))
            source = RING if name == real.RING else STARS
            out.append(held(f"{name} → {place}", source, read, bought, np.zeros(read.log.n, np.bool_)))
    return out


def curve(runs: Sequence[Held], which: str) -> list[float]:
    """Share of targets whose interval holds, at each level; NaN where there is no such target."""
    inside = np.concatenate([run.inside()[:, run.rows(which)] for run in runs], axis=1)
    return [float(one) for one in inside.mean(axis=1)] if inside.shape[1] else [float("nan")] * len(LEVELS)


def fair(runs: Sequence[Held], which: str) -> list[float]:
    """The same for intervals that draw lots at their ends."""
    chance = np.concatenate([run.fair[:, run.rows(which)] for run in runs], axis=1)
    return [float(one) for one in chance.mean(axis=1)] if chance.shape[1] else [float("nan")] * len(LEVELS)


def width(runs: Sequence[Held], which: str) -> float | None:
    """Median relative width of the promised interval over targets with at least :data:`LIKED` likes."""
    whole = np.concatenate([run.width()[(run.shown >= LIKED) & run.rows(which)] for run in runs])
    return float(np.median(whole)) if whole.size else None


def lines(runs: Sequence[Held]) -> list[tuple[str, list[Held], str]]:
    """What the table has a line for: its name, the logs, and which of their targets."""
    planted, ring, stars = ([run for run in runs if run.source == one] for one in (PLANTED, RING, STARS))
    asked = [
        ("all targets", [*planted, *ring], "all"),
        ("targets in question", [*planted, *ring], "questioned"),
        (f"attacked, {PLANTED}", planted, "attacked"),
        (f"attacked, {RING}", ring, "attacked"),
        (f"attacked, {STARS}", stars, "attacked"),
        (f"{real.LEAST} or more {STARS}", stars, "substantial"),
    ]
    return [(name, mine, which) for name, mine, which in asked if any(run.rows(which).any() for run in mine)]


def tables(runs: Sequence[Held], place: str) -> str:
    """Marks, a curve for each line, and every world on a row."""
    at = LEVELS.index(PROMISED)
    marks = []
    for name, mine, which in lines(runs):
        if which == "questioned" or STARS in name:
            continue
        share = 100 * curve(mine, which)[at]
        marks.append(Mark(f"90 % interval holds, {name}", share, 88.0, at_least=True))
        marks.append(Mark(f"90 % interval holds, {name}", share, 95.0))
        lots = 100 * fair(mine, which)[at]
        marks.append(Mark(f"90 % interval holds, {name}, lots drawn at whole counts", lots, 88.0, at_least=True))
        marks.append(Mark(f"90 % interval holds, {name}, lots drawn at whole counts", lots, 95.0))
        if (wide := width(mine, which)) is not None:
            marks.append(Mark(f"median width over likes shown, {name}, {LIKED} likes or more", 100 * wide, 15.0))
    heads = ("what is promised", "targets", *(percent(level, 0) for level in LEVELS))
    rows = [
        [name, f"{sum(int(run.rows(which).sum()) for run in mine):,}", *map(percent, curve(mine, which))]
        for name, mine, which in lines(runs)
    ]
    drawn_rows = [
        [name, f"{sum(int(run.rows(which).sum()) for run in mine):,}", *map(percent, fair(mine, which))]
        for name, mine, which in lines(runs)
    ]
    worlds = []
    for world in dict.fromkeys(run.world for run in runs):
        mine = [run for run in runs if run.world == world]
        cells = [world]
        for which in ("all", "questioned", "attacked"):
            count = sum(int(run.rows(which).sum()) for run in mine)
            cells += [f"{count:,}", percent(curve(mine, which)[at]), percent(width(mine, which))]
        worlds.append(cells)
    each = ("90 % holds", "median width")
    names = ("world", "targets", *each, "in question", *each, "attacked", *each)
    picture_ = f"![Calibration of the intervals: what they promise, and how many hold]({place})"
    drawn = markdown(("lots drawn at whole counts", *heads[1:]), drawn_rows)
    return "\n\n".join([marks_table(marks), picture_, markdown(heads, rows), drawn, markdown(names, worlds)])


def picture(runs: Sequence[Held]) -> bytes:
    """The calibration plot as PNG: what is promised across, what is kept upwards."""
    asked = [line for line in lines(runs) if line[2] != "all"]
    colours = ("#2f6f9f", "#c4572b", "#5b8c3e", "#9a9a9a", "#6a4c93")
    rows = [
        {"promised": level, "kept": kept, "of": name}
        for name, mine, which in asked
        for level, kept in zip(LEVELS, curve(mine, which), strict=True)
    ]
    across = alt.Scale(domain=[LEVELS[0] - 0.02, 1.0], nice=False)
    ideal = (
        alt.Chart(alt.InlineData([{"x": LEVELS[0], "y": LEVELS[0]}, {"x": 1.0, "y": 1.0}]))
        .mark_line(strokeDash=[4, 4], color="#888888")
        .encode(x=alt.X("x:Q", scale=across), y=alt.Y("y:Q"))
    )
    drawn = (
        alt.Chart(alt.InlineData(rows))
        .mark_line(point=True)
        .encode(
            x=alt.X("promised:Q", scale=across, title="promised by the interval", axis=alt.Axis(format="%")),
            y=alt.Y(
                "kept:Q",
                scale=alt.Scale(domain=[0.0, 1.0]),
                title="targets whose true count it holds",
                axis=alt.Axis(format="%"),
            ),
            color=alt.Color(
                "of:N",
                title=None,
                scale=alt.Scale(domain=[name for name, _, _ in asked], range=list(colours[: len(asked)])),
                legend=alt.Legend(orient="bottom", columns=2, labelLimit=300),
            ),
        )
    )
    chart = (ideal + drawn).properties(width=440, height=340, background="#ffffff")
    png: bytes = vl_convert.vegalite_to_png(chart.to_dict(), scale=1.5)
    return png


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print; ``--write`` also puts the tables into the document and draws the picture."""
    options = parser(__doc__)
    options.add_argument("--scenarios", default=listed(scenarios()), help="worlds to make")
    options.add_argument("--events", type=lambda text: numbers(text)[0], default=EVENTS, help="size of each world")
    options.add_argument("--seeds", type=numbers, default=list(SEEDS), help="seeds of the worlds")
    options.add_argument("--data", type=Path, default=real.data_folder(), help="folder of the real logs")
    options.add_argument("--no-real", action="store_true", help="leave out the real logs")
    options.add_argument("--image", type=Path, default=IMAGE, help="the picture --write draws")
    given = options.parse_args(argv)
    names = [name for name in given.scenarios.split(",") if name]
    command = f"python -m benchmarks.coverage --events {given.events} --seeds {listed(given.seeds)}"
    if names != list(scenarios()):
        command += f" --scenarios {listed(names)}"
    command += " --no-real" * given.no_real
    head = circumstances(given.date, command)
    digest = code_digest()
    runs: list[Held] = []
    lacking = [] if given.no_real else real.missing(given.data)
    if lacking:
        print(f"No real logs: {given.data} lacks {listed(lacking)}.", file=sys.stderr)
    elif not given.no_real:
        for seed in given.seeds:
            runs += injected(given.data, seed)
            print(
                "real",
                seed,
                *(percent(curve(runs, one)[LEVELS.index(PROMISED)]) for one in ("all", "attacked")),
                file=sys.stderr,
            )
    for name in names:
        runs += [simulated(name, given.events, seed) for seed in given.seeds]
        kept = [curve(runs[-len(given.seeds) :], one)[LEVELS.index(PROMISED)] for one in ("all", "attacked")]
        print(name, short(given.events), *map(percent, kept), file=sys.stderr, flush=True)
    text = f"{head}\n\n{tables(runs, f'images/{given.image.name}')}"
    print(text)
    if given.write:
        if digest != code_digest():
            print("The code was edited meanwhile: figures are of the code as it was loaded.", file=sys.stderr)
        put_between(given.docs, "coverage", text)
        given.image.write_bytes(picture(runs))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
