"""What is sold: each function plants about ``budget`` bought likes of one kind of attack.

Prices, sizes and durations follow what sellers publish (see the table in ``docs/concepts.md``): machine deliveries of
minutes, crowd orders of hours in waking time, rented accounts over days. Orders begin at any moment of a target's
life: half on young targets, half on old ones.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from plaudit.model import DAY_MS, HOUR_MS, MINUTE_MS, Bools, Floats, Ints
from plaudit.testing.simulator.background import genuine_moments, sample_background
from plaudit.testing.simulator.draw import Rng, log_uniform, with_rhythm
from plaudit.testing.simulator.state import Build, likes


def _sizes(b: Build, budget: int, low: float, high: float) -> Ints:
    """Order sizes that add up to about ``budget``; around ``order_size`` when that knob is set."""
    if b.knobs.order_size > 0:
        low, high = 0.7 * b.knobs.order_size, 1.4 * b.knobs.order_size
    draws = log_uniform(b.rng, low, high, max(2, int(budget / low) + 1))
    count = max(1, int(np.searchsorted(np.cumsum(draws), budget)))
    sizes: Ints = np.maximum(3, np.round(draws[:count] * budget / draws[:count].sum())).astype(np.int64)
    return sizes


def _duration(b: Build, low: float, high: float) -> int:
    """One delivery's length in ms, log-uniform between hours ``low`` and ``high`` unless ``delivery_hours`` is set."""
    hours = b.knobs.delivery_hours or float(log_uniform(b.rng, low, high, 1)[0])
    return max(MINUTE_MS, min(int(hours * HOUR_MS), int(0.9 * b.span)))


def _placed(b: Build, orders: int, hours: float, viral: bool = False) -> Ints:
    """Targets for orders of up to ``hours``: most have likes of their own, a few hardly any; viral ones by knob."""
    latest = int(max(0.5 * b.span, 0.97 * b.span - (b.knobs.delivery_hours or hours) * HOUR_MS))
    on_viral = orders if viral else int(b.rng.binomial(orders, b.knobs.viral))
    liveliest = np.argsort(-b.organic_count, kind="stable")[: max(on_viral + 5, b.n_targets // 100)]
    first = b.rng.permutation(liveliest[b.born[liveliest] < latest])[:on_viral]
    rest = b.targets(orders - first.size, -b.span, latest, power=0.35)
    placed = np.concatenate([first, rest])
    if not placed.size:
        placed = b.rng.integers(0, b.n_targets, 1)
    return b.rng.permutation(np.resize(placed, orders))


def _start(b: Build, target: int, length: int, waking: bool) -> int:
    """When an order begins: half in the first day of the target's life, half at any later moment."""
    born, last = max(0, int(b.born[target])), b.span - length
    if last <= born:
        return born
    young = b.born[target] >= -DAY_MS and b.rng.random() < 0.5
    low, high = (born, born + DAY_MS) if young else (born + min(DAY_MS, max(0, last - born) // 2), last)
    low, high = min(low, last - 1), min(max(high, low + 1), last)
    return b.lively_moment(low, high) if waking else int(b.rng.integers(low, max(low + 1, high)))


def _shape(rng: Rng, n: int, start: int, length: int) -> Ints:
    """Moments of a machine delivery: a step that fades, a straight line, or waves."""
    style = rng.random()
    if style < 0.4:
        part = rng.random(n) ** 2.5
    elif style < 0.8:
        part = (np.arange(n) + rng.random(n)) / n
    else:
        part = (rng.integers(0, 4, n) + 0.5 * rng.random(n)) / 4.0
    return start + (part * length).astype(np.int64)


def _brushed(b: Build, target: int, at: Ints) -> Ints:
    """Moments of a delivery, a share of them (knob ``brush``) moved onto the target's own age curve."""
    if b.knobs.brush > 0:
        copied = np.flatnonzero(b.rng.random(at.size) < b.knobs.brush)
        at[copied] = genuine_moments(b, target, copied.size)
    return at


def _deliver(b: Build, label: str, group: int, price: tuple[float, float], target: int, actors: Ints, at: Ints,
             device: Ints | int = -1, ip: Ints | int = -1) -> None:  # fmt: skip
    order = b.order(target, label, group, float(b.rng.uniform(*price)))
    b.add(likes(label, actors, target, at, group=group, order=order, device=device, ip=ip))


class _Ring:
    """Machine or rented accounts under one hand, with their few devices and addresses."""

    def __init__(self, b: Build, size: int, kept: Ints | None = None) -> None:
        self.b = b
        old = kept if kept is not None else np.zeros(0, np.int64)
        self.members = np.concatenate([old, b.fresh(max(0, size - old.size))])
        self.devices = b.shared_devices(max(1, size // 12))
        self.addresses = b.place(max(2, size // 6))

    def rotate(self) -> None:
        """Replace a share of the members by new accounts."""
        swap = self.b.rng.random(self.members.size) < self.b.knobs.rotate
        if swap.any():
            self.members = np.concatenate([self.members[~swap], self.b.fresh(int(swap.sum()))])

    def pick(self, n: int) -> Ints:
        """``n`` different members; the ring grows when an order is larger than it."""
        if n > self.members.size:
            self.members = np.concatenate([self.members, self.b.fresh(n - self.members.size)])
        return self.b.rng.permutation(self.members)[:n]

    def others(self, busy: Ints, n: int) -> Ints:
        """``n`` members that did not serve yet; new ones where there are too few."""
        free = self.b.rng.permutation(np.setdiff1d(self.members, busy))[:n]
        return np.concatenate([free, self.b.fresh(n - free.size)])

    def devices_of(self, actors: Ints) -> Ints:
        """The phone of the farm each account lives on."""
        return np.asarray(self.devices[actors % self.devices.size], np.int64)

    def addresses_of(self, actors: Ints) -> Ints:
        """A proxy of the ring's own list for each like."""
        return np.asarray(self.addresses[self.b.rng.integers(0, self.addresses.size, actors.size)], np.int64)


def _rings(b: Build, budget: int, low: int, high: int, reuse: int) -> list[tuple[_Ring, int]]:
    """Rings with their share of the budget: each member serves about ``reuse`` orders."""
    size = int(b.knobs.pool) or int(np.clip(budget / reuse, low, high))
    count = max(1, round(budget / (1.3 * reuse * size)))
    rings: list[tuple[_Ring, int]] = []
    for number in range(count):
        kept = rings[-1][0].members[: int(b.knobs.shared * size)] if rings and b.knobs.shared else None
        rings.append((_Ring(b, size, kept), budget * (number + 1) // count - budget * number // count))
    return rings


def _camouflage(b: Build, group: int, ring: _Ring, members: Ints, total: int) -> None:
    """Likes on what everybody likes, so that the ring looks like everybody."""
    if total <= 0:
        return
    target, at = sample_background(b, total, 0, b.span, power=1.2)
    actors = members[b.rng.integers(0, members.size, total)]
    b.add(likes("camouflage", actors, target, at, group=group, device=ring.devices_of(actors),
                ip=ring.addresses_of(actors)))  # fmt: skip


def _ring_orders(b: Build, budget: int, label: str, *, rings: tuple[int, int], sizes: tuple[float, float],
                 hours: tuple[float, float], shape: str, price: tuple[float, float], camouflage: float = 0.0,
                 warm: float = 0.0, viral: bool = False, rival: float = 0.0) -> None:  # fmt: skip
    """Orders served by rings; the shape of a delivery is ``machine``, ``rhythm`` or ``age`` (copies the target)."""
    for ring, share in _rings(b, budget, *rings, reuse=30 if label == "naive_ring" else 12):
        group = b.group(label)
        # Half of the farms go down their list of accounts in the same order every time.
        scripted = shape == "machine" and b.rng.random() < 0.5
        served = []
        wanted = np.minimum(_sizes(b, share, *sizes), max(3, int(0.95 * ring.members.size)))
        short = share - int(wanted.sum())
        if short > 0:
            wanted = np.concatenate([wanted, np.full(max(1, short // int(wanted.mean())), int(wanted.mean()))])
        places = _placed(b, wanted.size, hours[1], viral)
        rivals = _rival_targets(b, int(np.ceil(rival * wanted.size)))
        for i, (target, n) in enumerate(zip(places.tolist(), wanted.tolist(), strict=True)):
            kind = label
            if rival:
                kind = "joe_job" if i < rivals.size else "naive_ring"
                target = int(rivals[i]) if i < rivals.size else target
            ring.rotate()
            actors = ring.pick(n)
            length = _duration(b, *hours)
            start = _start(b, target, length, waking=shape == "rhythm")
            if viral:
                start = max(int(b.born[target]), min(int(genuine_moments(b, target, 1)[0]), b.span - length))
            if shape == "age":
                at = genuine_moments(b, target, actors.size)
            elif shape == "rhythm":
                window = np.full(actors.size, length, np.int64)
                at = with_rhythm(b.rng, np.full(actors.size, start, np.int64), window, b.general_rhythm())
            else:
                at = _shape(b.rng, actors.size, start, length)
            at = _brushed(b, target, at)
            if scripted:
                actors, at = np.sort(actors), np.sort(at)
            _deliver(b, kind, group, price, target, actors, at, ring.devices_of(actors), ring.addresses_of(actors))
            served.append(actors)
            if b.rng.random() < b.knobs.top_up and b.events >= 10_000:
                again = ring.others(actors, max(3, actors.size // 3))
                later = start + length + int(b.rng.uniform(1, 5) * DAY_MS)
                at = _shape(b.rng, again.size, later, length)
                fits = bool(at.max() < b.span)
                if fits:
                    _deliver(b, kind, group, price, target, again, at, ring.devices_of(again), ring.addresses_of(again))
        members = np.unique(np.concatenate(served))
        for required, begin in b.lotteries if b.spec.overlap else ():
            # Idle accounts of a ring enter lotteries on their own account.
            players = members[b.rng.random(members.size) < 0.25]
            at = begin + (b.rng.random(players.size) * 2 * DAY_MS).astype(np.int64)
            b.add(likes("camouflage", players, required[0], at, group=group, device=ring.devices_of(players),
                        ip=ring.addresses_of(players)))  # fmt: skip
        _camouflage(b, group, ring, members, int(camouflage * share + warm * members.size))


def _rival_targets(b: Build, n: int) -> Ints:
    """Targets of one well-liked author who did not ask for it."""
    if not n:
        return np.zeros(0, np.int64)
    loved = np.bincount(b.author, weights=b.organic_count, minlength=b.n_regular)
    victim = int(np.argsort(-loved, kind="stable")[b.rng.integers(1, 8)])
    own = np.flatnonzero((b.author == victim) & (b.born < 0.95 * b.span))
    own = own[np.argsort(-b.organic_count[own], kind="stable")][:n]
    b.used[own] = True
    return own


def naive_ring(b: Build, budget: int) -> None:
    """The same accounts serve every order within 5 to 60 minutes."""
    _ring_orders(b, budget, "naive_ring", rings=(30, 220), sizes=(25, 200), hours=(0.09, 1.0), shape="machine",
                 price=(0.005, 0.02))  # fmt: skip


def staggered_ring(b: Build, budget: int) -> None:
    """Deliveries over three days, and camouflage likes on what is popular."""
    _ring_orders(b, budget, "staggered_ring", rings=(35, 300), sizes=(30, 250), hours=(60, 84), shape="rhythm",
                 price=(0.1, 0.6), camouflage=b.knobs.camouflage)  # fmt: skip


def perfect_brush(b: Build, budget: int) -> None:
    """Deliveries that copy each target's own curve, with camouflage."""
    _ring_orders(b, budget, "perfect_brush", rings=(35, 300), sizes=(20, 120), hours=(24, 72), shape="age",
                 price=(0.1, 0.6), camouflage=0.4 * b.knobs.camouflage)  # fmt: skip


def warm_ring(b: Build, budget: int) -> None:
    """Accounts that liked as ordinary people do for weeks, then serve orders within hours."""
    _ring_orders(b, budget, "warm_ring", rings=(35, 250), sizes=(25, 150), hours=(0.5, 6), shape="machine",
                 price=(0.1, 0.6), warm=b.knobs.warm)  # fmt: skip


def viral_attack(b: Build, budget: int) -> None:
    """Orders on the most liked targets."""
    _ring_orders(b, budget, "viral_attack", rings=(35, 250), sizes=(50, 200), hours=(0.2, 6), shape="machine",
                 price=(0.005, 0.1), viral=True)  # fmt: skip


def joe_job(b: Build, budget: int) -> None:
    """A ring that serves its clients and also buys likes for a rival, to have the rival accused."""
    _ring_orders(b, budget, "joe_job", rings=(30, 220), sizes=(25, 200), hours=(0.1, 3), shape="machine",
                 price=(0.005, 0.05), rival=0.5)  # fmt: skip


def crowd_order(b: Build, budget: int) -> None:
    """Orders worked off by real people from one pool, in bursts of waking hours; each keeps a genuine life."""
    pools = max(1, round(budget / 25_000))
    for number in range(pools):
        _worker_pool(b, budget * (number + 1) // pools - budget * number // pools)


def _worker_pool(b: Build, budget: int) -> None:
    low, high = (50.0, 200.0) if b.events >= 300_000 else (22.0, 70.0)
    sizes = _sizes(b, budget, low, high)
    if not b.knobs.order_size and sizes.size < 20:
        # A pool that is worth the name has served at least a couple of dozen orders.
        again = np.resize(sizes, 24)
        sizes = np.maximum(b.few(14), again * budget // max(1, int(again.sum())))
    pool = int(b.knobs.pool) or int(np.clip(sizes.sum() / 6.5, 80, 5000))
    workers = b.regulars(max(pool, int(sizes.max())), power=0.25)
    if b.pod_members:
        # Who trades likes in a pod is offered paid work too.
        podders = np.concatenate(b.pod_members)[: pool // 8]
        workers = np.concatenate([podders, np.setdiff1d(workers, podders)[podders.size :]])
    diligence = b.rng.gamma(1.2, 1.0, workers.size) + 0.05
    group = b.group("crowd_order")
    for target, n in zip(_placed(b, sizes.size, 12).tolist(), sizes.tolist(), strict=True):
        actors = _available(b, workers, diligence, n)
        length = _duration(b, 0.5, 12)
        start = _start(b, target, length, waking=True)
        at = _brushed(b, target, _bursts(b, actors.size, start, length))
        _deliver(b, "crowd_order", group, (0.05, 0.5), target, actors, at)


def _available(b: Build, workers: Ints, diligence: Floats, n: int) -> Ints:
    keys = b.rng.exponential(size=workers.size) / diligence
    return np.asarray(workers[np.argpartition(keys, min(n, workers.size) - 1)[:n]], np.int64)


def _bursts(b: Build, n: int, start: int, length: int) -> Ints:
    """A clustered Poisson delivery: the task is posted a few times in chat groups, each posting decays."""
    postings = np.sort(b.rng.random(1 + b.rng.poisson(2.0))) * 0.6
    postings[0] = 0.0
    base = postings[b.rng.integers(0, postings.size, n)]
    part = base + b.rng.exponential(0.12, n)
    over: Bools = part > 1.0
    part[over] = b.rng.random(int(over.sum()))
    return start + (part * length).astype(np.int64)


def throwaway(b: Build, budget: int) -> None:
    """Accounts used once, dripping over one to five days."""
    low, high = (50.0, 300.0) if b.events >= 300_000 else (30.0, 150.0)
    sizes = _sizes(b, budget, low, high)
    for target, n in zip(_placed(b, sizes.size, 120).tolist(), sizes.tolist(), strict=True):
        group = b.group("throwaway")
        length = _duration(b, 24, 120)
        start = _start(b, target, length, waking=False)
        parts = [(n, start)]
        if b.rng.random() < b.knobs.top_up:
            parts.append((max(3, n // 3), min(start + length, b.span - length)))
        addresses = b.place(max(3, n // 3))
        for count, begin in parts:
            window = np.full(count, length, np.int64)
            at = with_rhythm(b.rng, np.full(count, begin, np.int64), window, b.general_rhythm() + 0.4)
            at = _brushed(b, target, at)
            ip = addresses[b.rng.integers(0, addresses.size, count)]
            _deliver(b, "throwaway", group, (0.02, 0.1), target, b.fresh(count), at, -1, ip)


def pods(b: Build) -> None:
    """Engagement pods: real people, each an author, who like what the others publish within hours."""
    claimed = np.zeros(b.author.shape[0], dtype=bool)
    for _ in range(max(1, round(b.knobs.crowds * (3 if b.events >= 300_000 else 1)))):
        size = int(b.knobs.pool) or b.few(int(b.rng.integers(30, 30 + b.sized(70, 15))))
        members, group = b.regulars(size, at=b.span // 3, power=1.3), b.group("pod")
        b.pod_members.append(members)
        assert b.organic is not None
        # Half of what a member likes is its own choice.
        published = int(np.isin(b.organic.actor, members).sum() / size / 0.7)
        theirs = b.targets(int(np.clip(published, 10, 3 * size)), 0, int(0.97 * b.span), power=0.2)
        # What an earlier pod's member published is no other's.
        theirs = theirs[~claimed[theirs]]
        claimed[theirs] = True
        b.author[theirs] = members[np.arange(theirs.size) % size]
        seen = np.repeat(theirs, size)
        actors = np.tile(members, theirs.size)
        keep = (b.rng.random(seen.size) < 0.7) & (actors != b.author[seen])
        seen, actors = seen[keep], actors[keep]
        lag = np.exp(b.rng.normal(np.log(2.0 * HOUR_MS), 1.0, seen.size)).astype(np.int64)
        b.add(likes("pod", actors, seen, b.born[seen] + lag, group=group))


ATTACKS: Mapping[str, Callable[[Build, int], None]] = {
    "naive_ring": naive_ring,
    "staggered_ring": staggered_ring,
    "crowd_order": crowd_order,
    "throwaway": throwaway,
    "joe_job": joe_job,
    "perfect_brush": perfect_brush,
    "warm_ring": warm_ring,
    "viral_attack": viral_attack,
}
"""How each bought label is planted."""
