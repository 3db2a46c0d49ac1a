"""What cheating costs: attackers who adapt, against raw counts, the audit and its peers, in one command.

    python -m benchmarks.redteam --write

Everything is simulated. Prices are checked in worlds the search has not seen; see docs/redteam.md.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from benchmarks.common import Mark, circumstances, listed, markdown, marks_table, numbers, parser, percent, tell
from benchmarks.contest import best_threshold
from benchmarks.peers import NAMES, peer
from benchmarks.peers.log import log_of
from plaudit.app.cheating import Plan, cheapest, raw_trials, run
from plaudit.model import Floats, Ints
from plaudit.result.redteam import CheatingPrice, MarketCost, RedTeam
from plaudit.testing.redteam import (
    GOALS,
    MARKETS,
    SIGHTS,
    Answer,
    Arena,
    Boards,
    Stage,
    multiple,
    search,
    stage,
)

EVENTS, TRIALS, SEEDS, REPLICATES = 30_000, 30, (1, 2), 8
PEERS, PEER_TRIALS = ("co_like", "synchrotrap", "co_selection", "low_activity", "copycatch", "fraudar"), 20
TIMES, HARM = 20.0, 0.1
SMALL = 0.25
"""Orders of a quarter of the smallest that is usually sold."""


@dataclass(frozen=True)
class Standing:
    """What a place costs against one peer on one market."""

    peer: str
    market: str
    times: float
    low: float
    high: float
    harmed: float


def peer_defence(name: str, ground: Stage) -> Callable[[pa.Table, Boards], Answer]:
    """A peer as a defence: likes above the threshold that suits it best on this very log do not count.

    It is told which likes are genuine to choose that threshold, which no user could.
    """
    known = ground.events["event_id"].combine_chunks()

    def defence(events: pa.Table, boards: Boards) -> Answer:
        likes = events.filter(pc.equal(events["kind"], "like"))
        # An account likes a post once; who takes it back and likes again is read as its first like.
        log = log_of(likes.rename_columns({"actor": "actor_id", "target": "target_id", "at": "at_ms"}))
        score = log.in_order(peer(name).score(log))
        ids = likes["event_id"].combine_chunks()
        bought = ~np.asarray(pc.is_in(ids, value_set=known))
        flagged = score >= best_threshold(score, bought) if bought.any() else np.zeros(score.shape, np.bool_)
        target = likes["target"].combine_chunks().dictionary_encode()
        left = np.bincount(np.asarray(target.indices, np.int64)[~flagged], minlength=len(target.dictionary))
        count = dict(zip(target.dictionary.to_pylist(), left.astype(float).tolist(), strict=True))
        return Answer(
            authentic=count,
            places=[_order(np.array([count.get(one, 0.0) for one in board])) for board in boards],
            event=ids,
            discounted=flagged,
            undetermined=np.zeros(flagged.shape, np.bool_),
            suspicion=score,
            rungs={},
        )

    return defence


def _order(likes: Floats) -> Ints:
    place = np.empty(likes.size, np.int64)
    place[np.argsort(-likes, kind="stable")] = np.arange(1, likes.size + 1)
    return place


def against(name: str, grounds: Sequence[Stage], market: str, sight: str, trials: int, seed: int) -> Standing:
    """The same search for places against one peer."""
    open_ = [Arena(ground, None) for ground in grounds]
    guarded = [Arena(ground, peer_defence(name, ground)) for ground in grounds]
    common = {"seed": seed, "sight": sight, "replicates": REPLICATES}
    tries = raw_trials(trials)
    raw = search(open_[:2], open_[2:], market, "raw_places", trials=tries, finalists=12, **common)  # type: ignore[arg-type]
    found = search(guarded[:2], guarded[2:], market, "places", trials=trials, **common)  # type: ignore[arg-type]
    _, open_tries = cheapest([(one.best, one.checked) for one in (raw, found)], "raw_places", seed)
    times, low, high = multiple(found.checked, GOALS["places"], open_tries, GOALS["raw_places"], seed)
    harmed = sum(one.harmed + one.wronged for one in found.trials) / sum(one.genuine for one in found.trials)
    return Standing(name, market, times, low, high, harmed)


def kept_or_run(plan: Plan, folder: Path | None) -> RedTeam:
    """One run, kept in ``folder`` and read from there when it is asked for again."""
    size = f"{plan.least}-{plan.events}-{plan.trials}-{plan.replicates}-{plan.seed}"
    name = f"{plan.sight}-{listed(plan.markets)}-{size}.json"
    if folder is not None and (folder / name).is_file():
        return RedTeam.model_validate_json((folder / name).read_text("utf-8"))
    made = run(plan)
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(made.model_dump_json(), "utf-8")
    return made


def kept_or_asked(name: str, market: str, events: int, trials: int, seed: int, folder: Path | None) -> Standing:
    """The same for one peer on one market, where the log covers the platform."""
    path = None if folder is None else folder / f"peer-{name}-{market}-{events}-{trials}-{seed}.json"
    if path is not None and path.is_file():
        return Standing(**json.loads(path.read_text("utf-8")))
    made = against(name, [stage(events, 10 * seed + k) for k in range(1, 5)], market, "platform", trials, seed)
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(asdict(made)), "utf-8")
    return made


def _value(value: float | None) -> float:
    return math.inf if value is None else value


def _text(value: float | None, unit: str = "") -> str:
    if value is None or math.isinf(value):
        return "not to be had"
    return f"{value:,.0f}{unit}" if value >= 100 else f"{value:.3g}{unit}"


def _range(value: float | None, low: float | None, high: float | None, unit: str = "") -> str:
    return f"{_text(value, unit)} ({_text(low, unit)} – {_text(high, unit)})"


def _covers(answer: RedTeam) -> str:
    return answer.sight if answer.least == 1.0 else f"{answer.sight}, small orders"


Cells = list[tuple[RedTeam, MarketCost]]


def marks(cells: Cells) -> list[Mark]:
    """Twenty times dearer per place and hardly a genuine like discounted: the worst seed of each market and sight."""
    out = []
    for sight in dict.fromkeys(_covers(answer) for answer, _ in cells):
        for market in ("machine", "crowd"):
            mine = [cost for answer, cost in cells if _covers(answer) == sight and cost.market == market]
            if not mine:
                continue
            worst = min(_value(cost.places.times) for cost in mine)
            # A mark is a number: what no money buys is written as a thousand times dearer.
            what = f"a place over raw counts, {market}, {sight}"
            out.append(Mark(what, min(worst, 1000.0), TIMES, at_least=True, unit="×"))
    harm = max(100 * (cost.harmed + cost.wronged) for _, cost in cells)
    out.append(Mark("genuine likes discounted, worst market", harm, HARM))
    frame = min(_value(cost.frame.yuan) / _value(cost.likes.yuan) for _, cost in cells if cost.likes.yuan)
    out.append(Mark("cost to frame over cost to boost, per like", min(frame, 1000.0), 1.0, at_least=True, unit="×"))
    return out


def price_table(cells: Cells) -> str:
    """Every price by market, sight and seed."""

    def row(answer: RedTeam, cost: MarketCost, one: CheatingPrice) -> list[str]:
        return [
            cost.market,
            _covers(answer),
            one.goal,
            str(answer.seed),
            _text(one.raw_yuan),
            _text(one.naive_yuan),
            _range(one.yuan, one.yuan_low, one.yuan_high),
            _range(one.times, one.times_low, one.times_high, "×"),
        ]

    rows = [row(answer, cost, one) for answer, cost in cells for one in (cost.likes, cost.places)]
    heads = ("market", "log covers", "unit", "seed", "raw, 元", "naive, 元", "best found, 元", "times dearer")
    return markdown(heads, rows, left=3)


def loop_table(cells: Cells) -> str:
    """The best strategy for places again, where likes draw readers."""
    rows = [
        [
            cost.market,
            _covers(answer),
            str(answer.seed),
            percent(cost.loop.recall),
            percent(cost.loop.false_alarm, 2),
            _text(cost.loop.raw_yuan),
            _text(cost.loop.yuan),
            _text(cost.loop.times, "×"),
        ]
        for answer, cost in cells
    ]
    heads = ("closed loop", "found in", "seed", "bought found", "genuine", "raw, 元 per place", "honest, 元", "dearer")
    return markdown(heads, rows, left=2)


def frame_table(cells: Cells) -> str:
    """What it costs to take genuine likes from an innocent rival."""
    rows = [
        [
            cost.market,
            _covers(answer),
            str(answer.seed),
            _range(cost.frame.yuan, cost.frame.yuan_low, cost.frame.yuan_high),
            _text(cost.frame.boost_yuan),
            _text(cost.frame.lost_yuan),
            f"{cost.frame.taken:.1f} + {cost.frame.doubted:.1f}",
            _text(cost.frame.paid),
            listed(cost.frame.rungs) or "–",
        ]
        for answer, cost in cells
    ]
    first = ("framing", "log covers", "seed", "元 per genuine like", "boosting, 元", "off the honest count, 元")
    heads = (*first, "discounted + doubted", "for 元", "decisions")
    return markdown(heads, rows, left=2)


def strategy_table(cells: Cells) -> str:
    """The strategies that pay best for places."""
    rows = []
    for answer, cost in cells:
        told = dict(cost.places.strategy)
        accounts = told.pop("accounts")
        said = ", ".join(f"{name} {value}" for name, value in told.items() if value not in (0, 0.0))
        rows.append([cost.market, _covers(answer), str(answer.seed), str(accounts), said])
    return markdown(("best for places", "log covers", "seed", "accounts", "strategy"), rows, left=5)


def line_table(cells: Cells) -> str:
    """What a lower line would take, mean over seeds."""
    rows = []
    for key in dict.fromkeys((cost.market, _covers(answer)) for answer, cost in cells):
        mine = [cost.lines for answer, cost in cells if (cost.market, _covers(answer)) == key]
        for place in zip(*mine, strict=True):
            bought, genuine = (
                float(np.mean([getattr(line, name) for line in place])) for name in ("bought", "genuine")
            )
            rows.append([*key, f"{place[0].at:g}", percent(bought), percent(genuine, 2)])
    return markdown(("line, best for places", "log covers", "at", "bought above", "genuine above"), rows, left=2)


def peer_table(standings: Sequence[Standing]) -> str:
    """How many times dearer a place is against each peer."""
    rows = [
        [peer(one.peer).name, one.market, _range(one.times, one.low, one.high, "×"), percent(one.harmed, 2)]
        for one in standings
    ]
    return markdown(("peer, best threshold", "market", "times dearer", "genuine taken"), rows, left=2)


def main(argv: Sequence[str] | None = None) -> int:
    """Search and print; ``--write`` also puts the tables into the document."""
    options = parser(__doc__)
    options.add_argument("--markets", default=listed(MARKETS), help="markets; empty for none")
    options.add_argument("--sights", default=listed(SIGHTS), help="what the log covers")
    options.add_argument("--seeds", type=numbers, default=list(SEEDS), help="seeds of worlds and searches")
    options.add_argument("--events", type=lambda text: numbers(text)[0], default=EVENTS, help="events of each world")
    options.add_argument("--trials", type=int, default=TRIALS, help="strategies tried in each search")
    options.add_argument("--peers", default=listed(PEERS), help=f"peers to ask, of {listed(NAMES)}; empty for none")
    options.add_argument("--peer-trials", type=int, default=PEER_TRIALS, help="strategies tried against each peer")
    options.add_argument("--small", action=argparse.BooleanOptionalAction, default=True, help="also small orders")
    options.add_argument("--keep", type=Path, default=None, help="folder of finished runs: read again when there")
    given = options.parse_args(argv)
    markets, sights, peers = (
        [part for part in text.split(",") if part] for text in (given.markets, given.sights, given.peers)
    )
    command = (
        f"python -m benchmarks.redteam --events {given.events} --trials {given.trials} --seeds {listed(given.seeds)}"
    )
    for option, chosen, usual in (("markets", markets, MARKETS), ("sights", sights, SIGHTS), ("peers", peers, PEERS)):
        command += f" --{option} '{listed(chosen)}'" if chosen != list(usual) else ""
    command += f" --peer-trials {given.peer_trials}" if peers else ""
    command += "" if given.small else " --no-small"
    head = circumstances(given.date, command)
    cells: Cells = []
    # Small orders, and rented accounts, are asked about where the defence is at its best: elsewhere they pay the more.
    asked_for = [(sight, 1.0) for sight in sights] + [(sight, SMALL) for sight in sights[:1] if given.small]
    for sight, least in asked_for:
        for market in [one for one in markets if one != "rented" or (sight, least) == (sights[0], 1.0)]:
            for seed in given.seeds:
                plan = Plan([market], given.events, given.trials, seed, sight, least, REPLICATES)
                answer = kept_or_run(plan, given.keep)
                cells += [(answer, cost) for cost in answer.markets]
                print(price_table(cells[-1:]).splitlines()[-1], file=sys.stderr, flush=True)
    standings = []
    for name in peers:
        for market in markets:
            asked = kept_or_asked(name, market, given.events, given.peer_trials, given.seeds[0], given.keep)
            standings.append(asked)
            print(peer_table(standings[-1:]).splitlines()[-1], file=sys.stderr, flush=True)
    parts = [head]
    if cells:
        parts += [marks_table(marks(cells)), price_table(cells), loop_table(cells), frame_table(cells)]
        parts += [strategy_table(cells), line_table(cells)]
    if standings:
        parts.append(peer_table(standings))
    text = "\n\n".join(parts)
    return tell(given, "redteam", text)


if __name__ == "__main__":
    raise SystemExit(main())
