"""The best strategy once more where likes draw likes: pages are sorted, readers follow, and places last or do not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from plaudit.testing.loop import (
    RANKERS,
    Ground,
    LoopSpec,
    Order,
    Run,
    compare,
    events,
    found,
    pick_orders,
    play,
)
from plaudit.testing.loop import Defence as Told
from plaudit.testing.redteam.attempt import Defence
from plaudit.testing.redteam.prices import MARKETS, unit_price
from plaudit.testing.redteam.strategy import Strategy

ORDERS = 24
DELAY_H = 6.0
"""Hours from a like to its discount, as a platform that audits a few times a day has it."""
SPEC = LoopSpec()


@dataclass(frozen=True)
class Circuit:
    """What a strategy did in a closed loop.

    Attributes:
        yuan: what all orders cost.
        raw_places: mean places per visit the served comments gained where boards are sorted by raw likes.
        honest_places: the same under the honest rank told what the defence finds.
        recall: share of bought likes the defence found in the loop's own log, undetermined ones by half;
            ``false_alarm``: share of genuine ones, counted alike.
    """

    yuan: float
    raw_places: float
    honest_places: float
    recall: float
    false_alarm: float


def in_the_loop(market: str, strategy: Strategy, defence: Defence, *, seed: int) -> Circuit:
    """Place two dozen orders of ``strategy`` in a closed loop, ask the defence about its log, and play again so told.

    Batch, duration and beginning are the strategy's; hands are those of the loop (a seller's pool at its usual reuse),
    so cover and bought accounts play no part and are not charged.
    """
    ground = found(SPEC, seed)
    short = MARKETS[market].kind.hours[0]
    begin = 0.5 + 12.0 * strategy.start
    picked = pick_orders(
        ground, market, count=ORDERS, seed=seed, likes=strategy.batch, start_h=(begin, begin + 0.1), wanted="weak"
    )
    orders = [Order(o.comment, o.likes, o.kind, o.start_h, max(strategy.hours, short)) for o in picked]
    clean, attacked = play(ground), play(ground, orders=orders)
    recall, false_alarm = _found(attacked, defence)
    told = Told(recall, min(false_alarm, 1.0), DELAY_H)
    honest = RANKERS["honest rank"]
    calm = play(ground, ranker=honest, defence=told)
    guarded = play(ground, ranker=honest, orders=orders, defence=told)
    return Circuit(
        yuan=sum(order.likes for order in orders) * unit_price(MARKETS[market], strategy),
        raw_places=_gained(ground, attacked, clean, orders),
        honest_places=_gained(ground, guarded, calm, orders),
        recall=recall,
        false_alarm=false_alarm,
    )


def _gained(ground: Ground, attacked: Run, clean: Run, orders: list[Order]) -> float:
    targets = np.unique([order.comment for order in orders]) if orders else np.zeros(0, np.int64)
    return float(compare(attacked, clean).gained[targets].sum())


def _found(run: Run, defence: Defence) -> tuple[float, float]:
    """Share of bought and of genuine likes that the defence takes out of the count; undetermined ones by half."""
    log = events(run).select(["actor", "target", "at", "kind"])
    ids = pa.array([f"e{number:08d}" for number in range(log.num_rows)])
    answer = defence(log.append_column("event_id", ids), [])
    # The log is by time, publications first among equals: the same order once more, to know who was bought.
    size = run.ground.n_comments
    order = np.argsort(np.concatenate([run.ground.comment_born_ms, run.at_ms]), kind="stable")
    bought, like = np.append(np.zeros(size, np.bool_), run.bought)[order], order >= size
    row = np.asarray(pc.index_in(answer.event, value_set=ids), np.int64)
    weight = np.zeros(log.num_rows)
    weight[row] = answer.discounted + 0.5 * answer.undetermined
    return float(weight[bought].mean()) if bought.any() else 0.0, float(weight[like & ~bought].mean())
