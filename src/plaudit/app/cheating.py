"""The audit as the defence a red team runs against, and the whole of what cheating costs as one document."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from plaudit._version import __version__
from plaudit.app import outdir
from plaudit.model import Ints, Status
from plaudit.progress import Progress, Silent
from plaudit.report import machine
from plaudit.result import Message
from plaudit.result.redteam import CheatingPrice, Frame, FrontPoint, Line, LoopPrice, MarketCost, RedTeam
from plaudit.testing.redteam import (
    GOALS,
    MARKETS,
    Answer,
    Arena,
    Boards,
    Circuit,
    Found,
    Outcome,
    Strategy,
    in_the_loop,
    multiple,
    price,
    search,
    stage,
)

EVENTS, TRIALS = 30_000, 60
RAW_TRIALS, RAW_FINALISTS = 200, 12
"""Tries against raw counts, which cost nothing to ask, and how many of them are checked."""
LINES = (0.9, 0.7, 0.5, 0.3, 0.1)
"""Where else the line could be drawn; the first is where likes are discounted."""


def audit_defence(seed: int = 0) -> Callable[[pa.Table, Boards], Answer]:
    """``plaudit.audit`` and the honest rank, as shipped, as a defence for :mod:`plaudit.testing.redteam`."""

    def defence(events: pa.Table, boards: Boards) -> Answer:
        from plaudit.app.pipeline import audit

        done = audit(events, time_format="ms", seed=seed)
        likes, targets = done.tables["likes"], done.tables["targets"]
        status = likes["status"].cast(pa.string()).combine_chunks()
        rungs: dict[str, list[str]] = {}
        for decision in done.document.decisions:
            rungs.setdefault(decision.target_id, []).append(decision.rung)
        names = targets["target_id"].to_pylist()
        return Answer(
            authentic=dict(zip(names, targets["authentic"].to_pylist(), strict=True)),
            places=_places(done.tables, boards, done.document.method.as_of_ms, seed),
            event=likes["event_id"].combine_chunks(),
            discounted=np.asarray(pc.equal(status, Status.DISCOUNTED.value)),
            undetermined=np.asarray(pc.equal(status, Status.UNDETERMINED.value)),
            suspicion=np.asarray(likes["p_inauthentic"], np.float64),
            rungs=rungs,
        )

    return defence


def _places(tables: dict[str, pa.Table], boards: Boards, now_ms: int, seed: int) -> list[Ints]:
    """Places by the honest rank, without its guest: a draw that helps everybody is not what is bought."""
    from plaudit.app.rank_tables import audited_of, rows_of
    from plaudit.tally.rank import rank_board

    known, _ = audited_of(tables["targets"], tables["likes"], now_ms)
    rows = (rows_of(board, tables["targets"]["target_id"]) for board in boards)
    return [rank_board(known.board(row), seed=seed, explore=False).own_place for row in rows]


@dataclass(frozen=True)
class Plan:
    """What to run.

    Attributes:
        markets: keys of :data:`plaudit.testing.redteam.MARKETS`.
        events, trials, seed: size of the worlds, tries of each search, seed of everything.
        sight: what the log covers.
        least: smallest order, as a share of the smallest that is usually sold.
        replicates: tries of each finalist in each of the two held-out worlds. An order gains a fraction of a place,
            give or take one: few tries would crown whoever was lucky.
    """

    markets: Sequence[str]
    events: int = EVENTS
    trials: int = TRIALS
    seed: int = 0
    sight: str = "platform"
    least: float = 1.0
    replicates: int = 8


@dataclass(frozen=True)
class Searched:
    """What was found on one market: two ways to boost by raw counts, two against the defence, one to frame.

    ``lines``: shares of bought and of genuine likes at or above each of :data:`LINES`, for the best of ``places``.
    """

    raw_likes: Found
    raw_places: Found
    likes: Found
    places: Found
    frame: Found
    lines: list[tuple[float, float]]
    loop: Circuit


def run(plan: Plan, progress: Progress | None = None) -> RedTeam:
    """Search every market of ``plan`` against the audit and tell what cheating and framing cost.

    Raises:
        InputError: Optuna is not installed, or the plan cannot be used.
    """
    told, defence = progress or Silent(), audit_defence(plan.seed)
    told.stage("worlds")
    grounds = [stage(plan.events, 10 * plan.seed + k) for k in range(1, 5)]
    arenas = []
    for number, ground in enumerate(grounds):
        told.advance(number, len(grounds))
        arenas.append(Arena(ground, defence))
    costs = [cost_of(market, searched(arenas, market, plan, told), plan.seed) for market in plan.markets]
    return RedTeam(
        plaudit_version=__version__,
        events=plan.events,
        trials=plan.trials,
        seed=plan.seed,
        sight=plan.sight,
        least=plan.least,
        markets=costs,
        messages=[
            Message(code="redteam_scope_platform") if plan.sight == "platform" else Message(code="redteam_scope_slice"),
            Message(code="redteam_simulated", values={"events": plan.events, "trials": plan.trials}),
        ],
    )


def searched(arenas: Sequence[Arena], market: str, plan: Plan, told: Progress) -> Searched:
    """All searches on one market: in the first two worlds, checked in the others."""
    open_ = [Arena(arena.ground, None) for arena in arenas]

    def look(worlds: Sequence[Arena], goal: str, trials: int, rival: bool = False, finalists: int = 2) -> Found:
        told.stage(f"{market}: {goal}")
        return search(
            worlds[:2],
            worlds[2:],
            market,
            goal,
            trials=trials,
            seed=plan.seed,
            sight=plan.sight,
            rival=rival,
            least=plan.least,
            finalists=finalists,
            replicates=plan.replicates,
            told=told.advance,
        )

    raw = raw_trials(plan.trials)
    likes, places = look(arenas, "likes", plan.trials), look(arenas, "places", plan.trials)
    best, _ = cheapest([(one.best, one.checked) for one in (likes, places)], "places", plan.seed)
    lines = np.mean(
        [arena.lines(market, MARKETS[market], best, draw=100_000, sight=plan.sight, at=LINES) for arena in arenas[2:]],
        axis=0,
    )
    defence = arenas[0].defence
    assert defence is not None
    return Searched(
        raw_likes=look(open_, "raw_likes", raw, finalists=RAW_FINALISTS),
        raw_places=look(open_, "raw_places", raw, finalists=RAW_FINALISTS),
        likes=likes,
        places=places,
        frame=look(arenas, "taken", max(1, plan.trials // 2), rival=True),
        lines=[(float(bought), float(genuine)) for bought, genuine in lines],
        loop=in_the_loop(market, best, defence, seed=plan.seed),
    )


def raw_trials(trials: int) -> int:
    """Tries against raw counts beside ``trials`` against a defence: many, unless little is asked for."""
    return max(trials, RAW_TRIALS) if trials >= 20 else trials


def write(answer: RedTeam, out: Path, lang: str) -> None:
    """Write ``redteam.json`` and ``redteam.html`` into ``out``, which is made if it does not exist.

    Raises:
        InputError: ``out`` is a file.
    """
    from plaudit.report.redteam import redteam_html

    texts = {"redteam.json": machine.to_bytes(answer), "redteam.html": redteam_html(answer, lang).encode()}
    outdir.write_files(out, texts)


def cost_of(market: str, done: Searched, seed: int) -> MarketCost:
    """One market's part of the document."""
    # Nothing keeps whoever faces raw counts from doing what pays best against an audit.
    open_ = [(one.best, one.checked) for one in (done.raw_likes, done.raw_places, done.likes, done.places)]
    guarded = open_[2:]
    likes, places = (
        _price(found, cheapest(guarded, goal, seed), cheapest(open_, f"raw_{goal}", seed), goal, seed)
        for goal, found in (("likes", done.likes), ("places", done.places))
    )
    every = [*done.likes.trials, *done.places.trials]
    genuine = sum(one.genuine for one in every)
    frame = _frame(done, likes.yuan, seed)
    return MarketCost(
        market=market,
        kept=MARKETS[market].kept_usual,
        likes=likes,
        places=places,
        wronged=sum(one.wronged for one in every) / genuine,
        harmed=sum(one.harmed for one in every) / genuine,
        harmed_worst=max(one.harmed / one.genuine for one in every),
        lines=[Line(at=at, bought=b, genuine=g) for at, (b, g) in zip(LINES, done.lines, strict=True)],
        loop=_loop(done.loop),
        frame=frame,
        messages=[
            _message("likes", market, likes),
            _message("places", market, places),
            _looped(market, _loop(done.loop)),
            _framing(market, frame),
        ],
    )


Checked = tuple[Strategy, tuple[Outcome, ...]]
"""A strategy and its tries in worlds that were not searched."""


def cheapest(choices: Sequence[Checked], goal: str, seed: int) -> Checked:
    """The choice that pays least per unit of ``goal``, the first among equals."""
    return min(choices, key=lambda one: price(one[1], GOALS[goal], seed).yuan)


def _price(found: Found, best: Checked, raw: Checked, goal: str, seed: int) -> CheatingPrice:
    times, low, high = multiple(best[1], GOALS[goal], raw[1], GOALS[f"raw_{goal}"], seed)
    paid = price(best[1], GOALS[goal], seed)
    return CheatingPrice(
        goal=goal,
        yuan=finite(paid.yuan),
        yuan_low=finite(paid.low),
        yuan_high=finite(paid.high),
        raw_yuan=finite(price(raw[1], GOALS[f"raw_{goal}"], seed).yuan),
        naive_yuan=finite(found.start.yuan),
        times=finite(times),
        times_low=finite(low),
        times_high=finite(high),
        strategy=best[0].fields(),
        raw_strategy=raw[0].fields(),
        tries=paid.tries,
        paid=paid.paid,
        gain=paid.gain,
        front=[_point(one, goal) for one in found.front],
    )


def _point(one: Outcome, goal: str) -> FrontPoint:
    return FrontPoint(yuan=round(one.yuan, 4), gain=round(GOALS[goal](one), 4), strategy=one.strategy.fields())


def _loop(loop: Circuit) -> LoopPrice:
    raw, honest = (loop.yuan / gain if gain > 0 else math.inf for gain in (loop.raw_places, loop.honest_places))
    return LoopPrice(
        raw_yuan=finite(raw),
        yuan=finite(honest),
        times=finite(honest / raw) if math.isfinite(raw) else None,
        recall=loop.recall,
        false_alarm=loop.false_alarm,
    )


def _frame(done: Searched, boost_yuan: float | None, seed: int) -> Frame:
    found, tries = done.frame, done.frame.checked
    rungs = {rung for one in (*tries, *found.trials) for rung in one.rungs}
    lost = price(tries, GOALS["lost"], seed)
    boost = math.inf if boost_yuan is None else boost_yuan
    return Frame(
        yuan=finite(found.price.yuan),
        yuan_low=finite(found.price.low),
        yuan_high=finite(found.price.high),
        lost_yuan=finite(lost.yuan),
        boost_yuan=finite(boost),
        dearer=found.price.yuan > boost or math.isinf(found.price.yuan),
        taken=float(np.mean([one.taken for one in tries])),
        doubted=float(np.mean([one.doubted for one in tries])),
        paid=found.price.paid,
        rungs=sorted(rungs),
        sanctioned=bool(rungs - {"not_counted", "human_review"}),
        strategy=found.best.fields(),
    )


def _message(goal: str, market: str, paid: CheatingPrice) -> Message:
    if paid.yuan is None:
        return Message(code="redteam_no_gain", values={"market": f"market_{market}", "unit": f"redteam_unit_{goal}"})
    return Message(
        code="redteam_price_said",
        values={
            "market": f"market_{market}",
            "unit": f"redteam_unit_{goal}",
            "yuan": paid.yuan,
            "raw": paid.raw_yuan,
            "times": paid.times,
        },
    )


def _looped(market: str, loop: LoopPrice) -> Message:
    name = {"market": f"market_{market}"}
    if loop.raw_yuan is None or loop.yuan is None or loop.times is None:
        return Message(code="redteam_loop_none", values={**name, "recall": loop.recall})
    return Message(
        code="redteam_loop", values={**name, **loop.model_dump(include={"yuan", "raw_yuan", "times", "recall"})}
    )


def _framing(market: str, frame: Frame) -> Message:
    values = {"market": f"market_{market}", "yuan": frame.yuan, "boost": frame.boost_yuan}
    if frame.yuan is None:
        return Message(code="redteam_frame_none", values={"market": values["market"]})
    if frame.boost_yuan is None:
        return Message(code="redteam_frame_alone", values={"market": values["market"], "yuan": frame.yuan})
    return Message(code="redteam_frame_dearer" if frame.dearer else "redteam_frame_cheaper", values=values)


def finite(value: float) -> float | None:
    """A price, or None where no money buys any: JSON has no infinity."""
    return value if math.isfinite(value) else None
