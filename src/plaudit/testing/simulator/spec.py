"""What worlds exist, and the knobs they have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from plaudit.errors import InputError
from plaudit.testing.knobs import overridden

MIN_EVENTS = 2_000
MAX_EVENTS = 50_000_000

BOUGHT_LABELS: tuple[str, ...] = (
    "naive_ring",
    "staggered_ring",
    "crowd_order",
    "throwaway",
    "joe_job",
    "perfect_brush",
    "warm_ring",
    "viral_attack",
)
"""Labels of likes that were bought."""

NEUTRAL_LABELS: tuple[str, ...] = ("camouflage", "pod")
"""Labels of likes that are neither bought nor plainly genuine; scores leave them out."""

CROWD_LABELS: tuple[str, ...] = (
    "viral_hour",
    "front_page",
    "binge",
    "fan_club",
    "lottery",
    "called_to_vote",
    "nat_class",
    "launch",
    "employees",
    "group_share",
)
"""Labels of genuine crowds that look coordinated and are not bought."""

LABELS: tuple[str, ...] = ("organic", "feed_bot", *CROWD_LABELS, *NEUTRAL_LABELS, *BOUGHT_LABELS)
"""Every label, in the order of the internal codes."""


@dataclass(frozen=True)
class Knobs:
    """Numbers that ``simulate(..., overrides=...)`` may replace. ``0`` means "let the world choose" where so marked.

    Attributes:
        share_bought: share of all events that was bought, over all attacks of the scenario, 0..0.6.
        pool: accounts behind one ring or one worker pool; 0 chooses.
        order_size: mean likes of one order; 0 chooses.
        delivery_hours: duration of every delivery in hours; 0 chooses per attack.
        camouflage: camouflage likes per bought like of the staggered and perfect-brush rings.
        warm: camouflage likes per account, spread over the account's life, of warmed-up rings.
        rotate: share of a ring's members replaced from one order to the next, 0..1.
        shared: share of a ring's members that also serve the next ring, 0..1.
        brush: share of the likes of every order whose moments copy the target's own age curve, 0..1.
        viral: share of orders placed on the most liked targets, 0..1.
        top_up: share of orders that get a second, smaller delivery days later, 0..1.
        crowds: factor on the number of genuine crowds.
        span_days: length of the log; 0 chooses by the number of events.
        unlikes: share of genuine likes taken back.
        dropped: share of bought likes taken back within the log.
        newcomers: mean share of likes by accounts that appear once.
        clock_skew_s: standard deviation of an error added to each device's clock, in seconds.
        missing_hours: hours of the log that were lost, at random.
        feed_bots: honest automatic accounts that like every new target of a niche; -1 chooses.
        publications: 1 adds a ``publish`` event by its author for every target born within the log.
        context: 1 keeps the ``device``, ``ip`` and ``author`` columns, 0 omits them.
        board: targets of one page, those that appeared about the same time, in a column ``parent``; 0 omits it.
    """

    share_bought: float = 0.03
    pool: float = 0
    order_size: float = 0
    delivery_hours: float = 0
    camouflage: float = 5
    warm: float = 12
    rotate: float = 0
    shared: float = 0
    brush: float = 0
    viral: float = 0.05
    top_up: float = 0.15
    crowds: float = 1
    span_days: float = 0
    unlikes: float = 0.004
    dropped: float = 0.01
    newcomers: float = 0.042
    clock_skew_s: float = 0
    missing_hours: float = 0
    feed_bots: float = -1
    publications: float = 0
    context: float = 1
    board: float = 0

    def overridden(self, overrides: Mapping[str, float] | None) -> Knobs:
        """The knobs with some replaced.

        Raises:
            InputError: an override has an unknown name or a value out of range.
        """
        return overridden(self, overrides, "The simulator", lowest={"feed_bots": -1.0}, highest=_HIGHEST)


_HIGHEST: Mapping[str, float] = {
    "share_bought": 0.6,
    "rotate": 1,
    "shared": 1,
    "brush": 1,
    "viral": 1,
    "top_up": 1,
    "unlikes": 0.3,
    "dropped": 0.9,
    "newcomers": 0.6,
    "context": 1,
    "publications": 1,
    "camouflage": 50,
    "warm": 200,
    "span_days": 400,
}


@dataclass(frozen=True)
class ScenarioSpec:
    """One kind of world.

    Attributes:
        name: what to call it in ``simulate``.
        summary: one sentence about what is planted.
        attacks: attack labels with their relative share of the bought likes.
        crowds: genuine crowds planted, by label.
        exchangeable: the null world: one age curve, actors independent of targets, nothing planted.
        overlap: crowds and attacks may meet on the same targets and share accounts.
        pods: an engagement pod (mutual likes of real accounts) is planted.
        knobs: its numbers.
    """

    name: str
    summary: str
    attacks: Mapping[str, float] = field(default_factory=dict)
    crowds: tuple[str, ...] = ()
    exchangeable: bool = False
    overlap: bool = False
    pods: bool = False
    knobs: Knobs = field(default_factory=Knobs)


def _even(*labels: str) -> Mapping[str, float]:
    return MappingProxyType(dict.fromkeys(labels, 1.0))


_FOUR = ("naive_ring", "staggered_ring", "crowd_order", "throwaway")


def _single(name: str, label: str, summary: str) -> ScenarioSpec:
    return ScenarioSpec(name, summary, attacks=_even(label))


_ALL = (
    ScenarioSpec(
        "small",
        "The demo world: four attacks beside a viral hour, a fan club, a lottery and a class behind one address.",
        attacks=_even(*_FOUR),
        crowds=("viral_hour", "fan_club", "lottery", "nat_class"),
        knobs=Knobs(share_bought=0.08, camouflage=3),
    ),
    ScenarioSpec(
        "million",
        "Four equal attacks (naive ring, staggered ring with camouflage, crowd orders, throw-away drip), all crowds.",
        attacks=_even(*_FOUR),
        crowds=CROWD_LABELS,
    ),
    ScenarioSpec(
        "mixed",
        "Every attack, an engagement pod and every genuine crowd at once, meeting on the same targets and accounts.",
        attacks=_even(*BOUGHT_LABELS),
        crowds=CROWD_LABELS,
        overlap=True,
        pods=True,
        knobs=Knobs(share_bought=0.05, viral=0.15, shared=0.15, rotate=0.1),
    ),
    ScenarioSpec("traps", "Only genuine crowds; nothing was bought.", crowds=CROWD_LABELS, knobs=Knobs(share_bought=0)),
    ScenarioSpec("clean", "The background alone; nothing was bought.", knobs=Knobs(share_bought=0)),
    ScenarioSpec(
        "null",
        "Exactly exchangeable: every like drawn from one age curve and rhythm, its actor independent of its target.",
        exchangeable=True,
        knobs=Knobs(share_bought=0, unlikes=0, feed_bots=0),
    ),
    _single("naive_ring", "naive_ring", "Rings of the same accounts, each order delivered within an hour."),
    _single("staggered_ring", "staggered_ring", "Rings that deliver over three days, five camouflage likes per like."),
    _single("crowd_orders", "crowd_order", "Orders served by real people from one worker pool."),
    _single("throwaway", "throwaway", "Orders served by accounts used once, dripping over days."),
    _single("joe_job", "joe_job", "A ring that buys likes for a rival's targets beside its clients' orders."),
    _single("perfect_brush", "perfect_brush", "A ring whose deliveries copy each target's own age curve."),
    _single("warm_ring", "warm_ring", "Rings of accounts that lived an ordinary life for weeks before serving."),
    _single("viral_attack", "viral_attack", "Ring orders placed on the most liked targets at their liveliest."),
    ScenarioSpec("pod", "Engagement pods: real accounts liking each other's targets.", pods=True, knobs=Knobs(0.0)),
)


def scenarios() -> Mapping[str, ScenarioSpec]:
    """The worlds ``simulate`` knows, by name."""
    return MappingProxyType({spec.name: spec for spec in _ALL})


def scenario_named(name: str | ScenarioSpec) -> ScenarioSpec:
    """One world by name; a world of one's own is returned as it is.

    Raises:
        InputError: there is no such scenario.
    """
    if isinstance(name, ScenarioSpec):
        return name
    known = scenarios()
    if name not in known:
        raise InputError(f"There is no scenario {name!r}; choose one of {', '.join(known)}.")
    return known[name]
