"""A world while it is being built: who lives there, what was published, and the likes planted so far.

Accounts 0..n_regular-1 are people with a life; later numbers are accounts that appear once (``fresh``). Times are
milliseconds since the log began.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from plaudit.model import DAY_MS, HOUR_MS, Bools, Floats, Ints
from plaudit.testing.simulator.draw import ZONES, Rng, choose, choose_distinct, week_bin, zone_rhythms
from plaudit.testing.simulator.spec import LABELS, Knobs, ScenarioSpec

LABEL_CODE = {label: code for code, label in enumerate(LABELS)}

SHARED_DEVICE = 1 << 40
CARRIER_IP = 1 << 41
PLACE_IP = 1 << 42

Small = NDArray[np.int32]


@dataclass
class Likes:
    """Columns of planted or organic likes; every array has one entry per like. -1 means "none" or "the usual one"."""

    actor: Ints
    target: Ints
    at: Ints
    label: NDArray[np.int8]
    group: Small
    order: Small
    device: Ints
    ip: Ints

    def __len__(self) -> int:
        return int(self.actor.size)

    def take(self, rows: Ints | Bools) -> Likes:
        """Some of the likes."""
        return Likes(*(getattr(self, name)[rows] for name in _COLUMNS))

    @staticmethod
    def concat(parts: list[Likes]) -> Likes:
        """All likes of ``parts``, in order."""
        return Likes(*(np.concatenate([getattr(p, name) for p in parts]) for name in _COLUMNS))


_COLUMNS = ("actor", "target", "at", "label", "group", "order", "device", "ip")


def likes(
    label: str,
    actor: ArrayLike,
    target: ArrayLike,
    at: ArrayLike,
    *,
    group: int = -1,
    order: int = -1,
    device: ArrayLike = -1,
    ip: ArrayLike = -1,
) -> Likes:
    """Likes of one label; scalars are repeated to the length of ``at``."""
    n = np.asarray(at).size

    def column(value: ArrayLike, kind: Any) -> NDArray[Any]:
        return np.broadcast_to(np.asarray(value, kind), (n,)).copy()

    return Likes(
        column(actor, np.int64),
        column(target, np.int64),
        column(at, np.int64),
        column(LABEL_CODE[label], np.int8),
        column(group, np.int32),
        column(order, np.int32),
        column(device, np.int64),
        column(ip, np.int64),
    )


@dataclass
class Order:
    """One bought delivery."""

    target: int
    label: str
    group: int
    unit_price: float


@dataclass
class Build:
    """Everything known about a world while planting; see :func:`found`."""

    rng: Rng
    spec: ScenarioSpec
    knobs: Knobs
    events: int
    span: int
    niches: int
    topics: int
    n_regular: int
    n_targets: int
    niche_of: Small
    zone_of: NDArray[np.int8]
    weight: Floats
    joined: Ints
    left: Ints
    niche_zone: Floats
    niche_size: Floats
    rhythm: Floats
    born: Ints
    target_niche: Small
    popularity: Floats
    author: Ints
    organic_count: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    organic: Likes | None = None
    planted: list[Likes] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    orders: list[Order] = field(default_factory=list)
    used: Bools = field(default_factory=lambda: np.zeros(0, np.bool_))
    lost_hours: Bools = field(default_factory=lambda: np.zeros(0, np.bool_))
    pod_members: list[Ints] = field(default_factory=list)
    lotteries: list[tuple[Ints, int]] = field(default_factory=list)
    fresh_total: int = 0
    _places: int = 0
    _devices: int = 0

    @property
    def scale(self) -> float:
        """How large crowds are beside those of a log of a million events."""
        return float(np.clip((self.events / 1e6) ** 0.5, 0.12, 2.0))

    def sized(self, at_a_million: float, least: float) -> int:
        """A size that shrinks and grows with the log, never below ``least`` (less in tiny logs)."""
        return int(max(self.few(least), round(at_a_million * self.scale)))

    def few(self, size: float) -> int:
        """A size that is what it is in ordinary logs and shrinks in those below 30,000 events."""
        shrunk: float = size * float(np.clip(self.events / 30_000, 0.0, 1.0)) ** 0.7
        return max(6, round(shrunk))

    def group(self, label: str) -> int:
        """A new group, named ``label/number``."""
        number = 1 + sum(name.startswith(label + "/") for name in self.groups)
        self.groups.append(f"{label}/{number}")
        return len(self.groups) - 1

    def order(self, target: int, label: str, group: int, unit_price: float) -> int:
        """A new order; its window and size are read off the likes that remain at the end."""
        self.orders.append(Order(target, label, group, unit_price))
        return len(self.orders) - 1

    def fresh(self, n: int) -> Ints:
        """``n`` new accounts that never acted before."""
        first = self.n_regular + self.fresh_total
        self.fresh_total += n
        return np.arange(first, first + n, dtype=np.int64)

    def place(self, n: int = 1) -> Ints:
        """``n`` new network addresses (an office, a proxy, a classroom)."""
        first = PLACE_IP + self._places
        self._places += n
        return np.arange(first, first + n, dtype=np.int64)

    def shared_devices(self, n: int) -> Ints:
        """``n`` new devices that several accounts may use."""
        first = SHARED_DEVICE + self._devices
        self._devices += n
        return np.arange(first, first + n, dtype=np.int64)

    def regulars(self, n: int, *, at: int | None = None, niche: int = -1, power: float = 0.5) -> Ints:
        """``n`` different people with a life: active ones likelier (weight ** ``power``), there ``at``, of a niche."""
        weights = self.weight**power
        if at is not None:
            weights = weights * ((self.joined <= at) & (self.left > at))
        if niche >= 0:
            near = (self.niche_of % self.topics) == (niche % self.topics)
            weights = weights * np.where(self.niche_of == niche, 30.0, np.where(near, 6.0, 1.0))
        return choose_distinct(self.rng, weights, n)

    def crowd(self, n: int, newcomers: float, *, at: int | None = None, niche: int = -1) -> Ints:
        """``n`` visitors of whom about a share ``newcomers`` was never seen before."""
        new = int(self.rng.binomial(n, newcomers))
        people = np.concatenate([self.regulars(n - new, at=at, niche=niche), self.fresh(new)])
        return self.rng.permutation(people)

    def general_rhythm(self) -> Floats:
        """Liveliness of the whole population by week bin."""
        return np.asarray(np.array([share for *_, share in ZONES]) @ self.rhythm, np.float64)

    def lively_moment(self, low: int, high: int, quantile: float = 0.5) -> int:
        """A moment in ``[low, high)`` at which the population is livelier than usual."""
        table = self.general_rhythm()
        tries = self.rng.integers(low, max(low + 1, high), 64)
        good = tries[table[week_bin(tries)] >= np.quantile(table, quantile)]
        return int(good[0] if good.size else tries[0])

    def hour_of_day(self, day: int, local_hour: float) -> int:
        """The moment when it is ``local_hour`` on day ``day`` in the most common zone."""
        return int(day * DAY_MS + (local_hour - ZONES[0][0]) * HOUR_MS)

    def targets(self, n: int, low: int, high: int, *, power: float = 0.5, reserve: bool = True) -> Ints:
        """Up to ``n`` different targets born in ``[low, high)``, liked ones likelier; taken once unless worlds mix."""
        liked = np.asarray((self.organic_count + 0.3) ** power, np.float64)
        weights = liked * ((self.born >= low) & (self.born < high))
        # Mixed worlds: what already draws a crowd draws the next one too.
        weights = weights * (np.where(self.used, 5.0, 1.0) if self.spec.overlap else ~self.used)
        picked = choose_distinct(self.rng, weights, n)
        if reserve:
            self.used[picked] = True
        return self.rng.permutation(picked)

    def add(self, batch: Likes) -> None:
        """Plant likes; those outside the log's window and in hours that were lost are left out."""
        self.planted.append(batch.take(self.seen(batch.at)))

    def seen(self, at: Ints) -> Bools:
        """Moments the log covers."""
        inside: Bools = (at >= 0) & (at < self.span)
        if self.lost_hours.any():
            inside &= ~self.lost_hours[(at // HOUR_MS).clip(0, self.lost_hours.size - 1)]
        return inside


def _span_days(events: int) -> float:
    return float(np.clip(30.0 * (events / 1e6) ** 0.35, 10.0, 60.0))


def found(spec: ScenarioSpec, knobs: Knobs, events: int, rng: Rng) -> Build:
    """People, niches and targets of a new world; nothing has been liked yet."""
    span = int((knobs.span_days or _span_days(events)) * DAY_MS)
    niches = 1 if spec.exchangeable else int(np.clip(events / 4_000, 8, 600))
    topics = max(1, niches // 6)
    n_regular = max(300, events // 10)
    n_targets = max(60, events // 60)
    niche_size = rng.pareto(1.6, niches) + 0.4
    niche_size /= niche_size.sum()
    niche_of = choose(rng, niche_size, n_regular).astype(np.int32)
    shares = np.array([share for *_, share in ZONES])
    niche_zone = rng.dirichlet(shares * 9.0, niches)
    zone_of = (rng.random(n_regular)[:, None] > np.cumsum(niche_zone, axis=1)[niche_of, :-1]).sum(axis=1)
    weight = np.exp(rng.normal(0.0, 1.1, n_regular)) * (1.0 + rng.pareto(2.2, n_regular))
    if spec.exchangeable:
        # Few repeats of a pair, so that dropping them leaves actors and targets independent.
        weight = np.minimum(weight, 10.0 * weight.mean())
    weight = np.minimum(weight, max(0.0008 * float(weight.sum()), float(np.quantile(weight, 0.9995))))
    joined = np.where(rng.random(n_regular) < 0.7, 0, rng.integers(0, span, n_regular)).astype(np.int64)
    stays = np.where(rng.random(n_regular) < 0.75, 4.0 * span, rng.exponential(0.4 * span, n_regular))
    born = rng.integers(-span // 3, span, n_targets)
    popularity = np.exp(rng.normal(0.0, 1.15, n_targets)) * (1.0 + rng.pareto(1.7, n_targets))
    popularity = np.minimum(popularity, (0.003 if spec.exchangeable else 0.008) * popularity.sum())
    authors = rng.permutation(n_regular)[: max(20, n_targets // 8)]
    lost = np.zeros(int(span // HOUR_MS) + 1, np.bool_)
    lost[rng.permutation(lost.size - 1)[: int(min(knobs.missing_hours, lost.size // 2))]] = True
    return Build(
        rng=rng,
        spec=spec,
        knobs=knobs,
        events=events,
        span=span,
        niches=niches,
        topics=topics,
        n_regular=n_regular,
        n_targets=n_targets,
        niche_of=niche_of,
        zone_of=zone_of.astype(np.int8),
        weight=weight,
        joined=joined,
        left=(joined + HOUR_MS + stays).astype(np.int64),
        niche_zone=niche_zone,
        niche_size=np.bincount(niche_of, weights=weight, minlength=niches).astype(np.float64),
        rhythm=zone_rhythms(),
        born=born,
        target_niche=choose(rng, niche_size**0.8, n_targets).astype(np.int32),
        popularity=popularity,
        author=authors[choose(rng, rng.pareto(1.3, authors.size) + 0.2, n_targets)],
        used=np.zeros(n_targets, np.bool_),
        lost_hours=lost,
    )
