"""What the sweeps turn, knob by knob, and what is measured at each value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from benchmarks.common import listed
from plaudit.testing.simulator import Knobs, ScenarioSpec, scenarios

_LONG = {"span_days": 35.0}
"""A log long enough for deliveries of three weeks."""


@dataclass(frozen=True)
class Sweep:
    """One knob and the values it takes.

    Attributes:
        name: what the table and the picture call it.
        knob: a knob of :class:`plaudit.testing.simulator.Knobs`.
        values: what it is set to, in order.
        attacks: what is sold in these worlds, in equal parts; nothing where the question is about the innocent.
        unit: of the values.
        fixed: other knobs, the same at every value.
        along: knobs that grow with the value, as multiples of it (a ring cannot serve an order larger than itself).
        per_event: the largest value a world can hold, per event (a pool cannot outgrow the people there are).
    """

    name: str
    knob: str
    values: tuple[float, ...]
    attacks: tuple[str, ...]
    unit: str = ""
    fixed: Mapping[str, float] = field(default_factory=dict)
    along: Mapping[str, float] = field(default_factory=dict)
    per_event: float = float("inf")

    def knobs(self, value: float) -> dict[str, float]:
        """Every knob that is set where this one is set to ``value``."""
        return {**self.fixed, **{name: factor * value for name, factor in self.along.items()}, self.knob: value}

    def world(self) -> ScenarioSpec:
        """All genuine crowds, and the attacks of this sweep."""
        attacks = dict.fromkeys(self.attacks, 1.0)
        return replace(scenarios()["traps"], name=f"sweep_{listed(self.attacks)}", attacks=attacks, knobs=Knobs())


_HOURS = (0.1, 1, 6, 24, 72, 168, 504)
_POOLS = (500, 1_000, 3_000, 10_000, 50_000)
_SIZES = (20, 50, 100, 300, 1_000, 2_000)
_PARTS = (0, 0.25, 0.5, 0.75, 1)
_FOUR = ("naive_ring", "staggered_ring", "crowd_order", "throwaway")
_RING, _CROWD, _ONCE = _FOUR[:1], _FOUR[2:3], _FOUR[3:]

SWEEPS: tuple[Sweep, ...] = (
    Sweep("ring: length of a delivery", "delivery_hours", _HOURS, _RING, "h", _LONG),
    Sweep("crowd orders: length of a delivery", "delivery_hours", _HOURS, _CROWD, "h", _LONG),
    Sweep("throwaway: length of a delivery", "delivery_hours", _HOURS, _ONCE, "h", _LONG),
    Sweep("staggered ring: camouflage per bought like", "camouflage", (0, 1, 2, 5, 10, 20), _FOUR[1:2]),
    Sweep("crowd orders: size of the pool", "pool", _POOLS, _CROWD, "accounts", per_event=0.1),
    Sweep("ring: size of the ring", "pool", _POOLS, _RING, "accounts", per_event=0.1),
    Sweep("ring: likes of one order", "order_size", _SIZES, _RING, "likes", along={"pool": 1.5}, per_event=0.01),
    Sweep("crowd orders: likes of one order", "order_size", _SIZES, _CROWD, "likes", per_event=0.01),
    Sweep("throwaway: likes of one order", "order_size", _SIZES, _ONCE, "likes", per_event=0.01),
    Sweep("warmed-up ring: likes of its own per account", "warm", (0, 5, 12, 40, 100), ("warm_ring",)),
    Sweep("ring: members replaced from order to order", "rotate", (0, 0.1, 0.25, 0.5, 0.75, 1), _RING),
    Sweep("rings: members shared with the next ring", "shared", _PARTS, _RING, fixed={"pool": 40}),
    Sweep("ring: moments copied from the target (perfect brush)", "brush", _PARTS, _RING),
    Sweep("crowd orders: moments copied from the target", "brush", _PARTS, _CROWD),
    Sweep("ring: orders on the most liked targets", "viral", _PARTS, _RING),
    Sweep("four attacks: share of the log bought", "share_bought", (0.001, 0.003, 0.01, 0.03, 0.1, 0.2, 0.4), _FOUR,
          fixed={"camouflage": 1}),
    Sweep("four attacks: error of the clocks", "clock_skew_s", (0, 1, 10, 60, 600, 3600), _FOUR, "s"),
    Sweep("four attacks: hours lost", "missing_hours", (0, 6, 24, 72, 144), _FOUR, "h"),
    Sweep("nothing bought: honest feed bots", "feed_bots", (0, 5, 20, 100, 300), (), fixed={"share_bought": 0}),
)  # fmt: skip


@dataclass(frozen=True)
class Point:
    """One value of one knob, over all seeds; shares are 0..1, ``None`` where there was nothing to measure.

    Attributes:
        sweep, value: what was turned, and to what.
        discounted, caught: shares of the bought likes discounted; discounted or undetermined.
        genuine, held: shares of the genuine likes discounted; undetermined.
        covered, attacked: shares of all and of attacked targets whose 90 % interval holds the true count.
    """

    sweep: Sweep
    value: float
    discounted: float | None
    caught: float | None
    genuine: float | None
    held: float | None
    covered: float | None
    attacked: float | None
