"""Bought likes on their way: which accounts bring them, and when."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from plaudit.errors import InputError
from plaudit.model import HOUR_MS, Floats, Ints, Ints32
from plaudit.testing.loop.ground import HOURLY, ZONE_MS, Ground
from plaudit.testing.loop.spec import KINDS, Order


def deliveries(ground: Ground, orders: Sequence[Order]) -> tuple[Ints, Ints32, Ints32, Ints32]:
    """Moment, comment, account (from ``ground.n_actors``) and order of every bought like, by time.

    Machine likes come evenly, crowds in bursts that thin out, rented accounts in the rhythm of the day. All orders of
    one kind are served from one pool, nobody twice on a comment.

    Raises:
        InputError: an order names no comment of this world.
    """
    at: list[Ints] = []
    comment: list[Ints32] = []
    actor: list[Ints32] = []
    number: list[Ints32] = []
    pools = _pools(ground.n_actors, orders)
    for which, order in enumerate(orders):
        if not 0 <= order.comment < ground.n_comments:
            raise InputError(f"There is no comment {order.comment}: this world has {ground.n_comments}.")
        rng = np.random.default_rng([ground.seed, which, order.comment, order.likes])
        begin = int(ground.comment_born_ms[order.comment]) + int(order.start_h * HOUR_MS)
        moments = np.sort(begin + (shares(rng, order, begin) * order.duration_h * HOUR_MS).astype(np.int64))
        kept = moments < ground.end_ms
        at.append(moments[kept])
        actor.append(rng.permutation(pools[order.kind])[: order.likes][kept].astype(np.int32))
        comment.append(np.full(int(kept.sum()), order.comment, np.int32))
        number.append(np.full(int(kept.sum()), which, np.int32))
    if not at:
        return np.zeros(0, np.int64), *(np.zeros(0, np.int32) for _ in range(3))  # type: ignore[return-value]
    joined = np.concatenate(at), np.concatenate(comment), np.concatenate(actor), np.concatenate(number)
    # An account that two orders send to one comment likes it once.
    _, first = np.unique(joined[2].astype(np.int64) * ground.n_comments + joined[1], return_index=True)
    rows = first[np.lexsort((joined[2][first], joined[0][first]))]
    return joined[0][rows], joined[1][rows], joined[2][rows], joined[3][rows]


def shares(rng: np.random.Generator, order: Order, begin_ms: int) -> Floats:
    """When in the delivery, 0..1, each like of the order comes."""
    n = order.likes
    if order.kind == "machine":
        return rng.random(n)
    if order.kind == "crowd":
        # A message to the group, a rush that thins out, and another one.
        bursts = rng.random(max(n // 25, 1)) * 0.8
        return np.minimum(rng.choice(bursts, n) + rng.exponential(0.06, n), 1.0)
    fine = np.linspace(0.0, 1.0, 400)
    local = ((begin_ms + ZONE_MS + fine * order.duration_h * HOUR_MS) // HOUR_MS % 24).astype(np.int64)
    cumulated = np.cumsum(HOURLY[local])
    return np.asarray(np.interp(rng.random(n) * cumulated[-1], cumulated, fine), np.float64)


def _pools(first: int, orders: Sequence[Order]) -> dict[str, Ints]:
    """Accounts of each kind: as many as its orders need at the usual reuse, never fewer than the largest order."""
    out: dict[str, Ints] = {}
    for kind in KINDS:
        sizes = [order.likes for order in orders if order.kind == kind]
        if sizes:
            size = max(int(np.ceil(sum(sizes) / KINDS[kind].reuse)), int(np.ceil(1.15 * max(sizes))))
            out[kind] = np.arange(first, first + size)
            first += size
    return out
