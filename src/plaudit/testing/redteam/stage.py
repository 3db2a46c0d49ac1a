"""Where an attack is tried: a world of genuine life only, its boards, and the same world with bought likes in it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from plaudit.errors import InputError
from plaudit.model import DAY_MS, HOUR_MS, MINUTE_MS, Floats, Ints, offsets_of
from plaudit.testing.redteam.prices import Market
from plaudit.testing.redteam.strategy import Strategy, naive
from plaudit.testing.simulator import simulate
from plaudit.testing.simulator.draw import EPOCH_MS, ZONES, Rng, choose_distinct, with_rhythm, zone_rhythms

BOARD = 12
"""Posts that compete for places on one board."""
SIGHTS = ("platform", "slice")
"""What the log covers: all a seller does here (its accounts show up in its other customers' orders), or a slice."""
LEAST_EVENTS = 10_000
_WARM_DAYS = {"fresh": 2.0, "verified": 5.0, "aged": 400.0, "seller": 400.0}
_OTHERS = _FLOOD = 0.1
"""The seller's other trade takes at most this share of the log, and several buyers together no more."""
ORDERED, COVER, OTHERS = 1, 2, 3
"""Why a like that is not genuine is there: bought for a served post, cover for it, other customers of the seller."""


@dataclass(frozen=True)
class Stage:
    """A world in which nothing was bought, and boards of its posts.

    Attributes:
        events: ``event_id, actor, target, at, kind``: no device, network or author, which an attacker may hide.
        actors, targets: their names; numbers below are rows here.
        actor, target, at_ms: the likes, ``[n]``, sorted by target and time.
        offsets: CSR of the likes by target.
        born_ms: of each target.
        boards: numbers of the targets of each board, ``int64[boards, BOARD]``, most likes first.
        start_ms, end_ms: the window of the log.
        seed: what it was made from.
    """

    events: pa.Table
    actors: list[str]
    targets: list[str]
    actor: Ints
    target: Ints
    at_ms: Ints
    offsets: Ints
    born_ms: Ints
    boards: Ints
    start_ms: int
    end_ms: int
    seed: int

    @property
    def likes(self) -> Ints:
        """Genuine likes of each target."""
        return np.diff(self.offsets)


@dataclass(frozen=True)
class Attack:
    """A stage with bought likes in it.

    Attributes:
        events: the stage's events and the bought ones.
        served: numbers of the targets served, ``int64[orders]``; ``board``: row of the board each stands on.
        delivered: bought likes that arrived on each.
        copies: how many independent buyers follow the strategy at once.
        origin: why each row of ``events`` is there: 0 genuine, else :data:`ORDERED`, :data:`COVER`, :data:`OTHERS`.
    """

    events: pa.Table
    served: Ints
    board: Ints
    delivered: Ints
    copies: int
    origin: Ints


def stage(events: int, seed: int) -> Stage:
    """A world with all genuine crowds of the simulator (viral hours, lotteries, fan clubs ...) and nothing bought.

    Raises:
        InputError: fewer than :data:`LEAST_EVENTS` events, or a seed below 0.
    """
    if events < LEAST_EVENTS:
        raise InputError(f"A red team needs a world of at least {LEAST_EVENTS:,} events, not {events:,}.")
    world = simulate("traps", events=events, seed=seed, overrides={"context": 0, "publications": 1})
    table = world.events
    kind, at = table["kind"].to_numpy(zero_copy_only=False), table["at"].to_numpy()
    actor_code, target_code = (table[name].combine_chunks().dictionary_encode() for name in ("actor", "target"))
    actor, target = (np.asarray(code.indices, np.int64) for code in (actor_code, target_code))
    names = target_code.dictionary.to_pylist()
    born = np.full(len(names), int(at.min()), np.int64)
    published = kind == "publish"
    born[target[published]] = at[published]
    rows = np.flatnonzero(kind == "like")
    rows = rows[np.lexsort((at[rows], target[rows]))]
    offsets = offsets_of(target[rows], len(names))
    count, end = np.diff(offsets), int(at.max())
    rng = np.random.default_rng([seed, 81])
    # Whoever buys is seen for a day at least, and stands on a board with others like it in age.
    able = rng.permutation(np.flatnonzero((count >= 3) & (born < end - DAY_MS)))
    boards = able[: able.size // BOARD * BOARD].reshape(-1, BOARD)
    if boards.shape[0] < 4:
        raise InputError(f"A world of {events:,} events has too few posts for boards; ask for more events.")
    boards = np.take_along_axis(boards, np.argsort(-count[boards], axis=1, kind="stable"), axis=1)
    return Stage(
        events=table.select(["event_id", "actor", "target", "at", "kind"]),
        actors=actor_code.dictionary.to_pylist(),
        targets=names,
        actor=actor[rows],
        target=target[rows],
        at_ms=at[rows],
        offsets=offsets,
        born_ms=born,
        boards=boards,
        start_ms=int(at.min()),
        end_ms=end,
        seed=seed,
    )


def attack(
    ground: Stage, market_name: str, market: Market, strategy: Strategy, *, draw: int, sight: str, rival: bool = False
) -> Attack:
    """Inject a strategy; the same arguments give the same bytes.

    Args:
        ground: the world.
        market_name, market: where it is bought.
        strategy: how.
        draw: which posts are served, and every random moment.
        sight: one of :data:`SIGHTS`.
        rival: serve the most liked half of boards (an innocent rival) instead of the least liked (one's own).

    Raises:
        InputError: no such sight.
    """
    if sight not in SIGHTS:
        raise InputError(f"A log covers {' or '.join(SIGHTS)}, not {sight!r}.")
    rng = np.random.default_rng([ground.seed, draw, 82])
    # One post says little: buyers of few posts are tried several at once, each with hands of its own.
    likes = strategy.bought * (1.0 + strategy.camouflage) + strategy.warm * strategy.accounts_needed
    copies = max(1, min(4 // strategy.posts, int(_FLOOD * ground.events.num_rows / likes)))
    served, board = _served(ground, rng, copies * strategy.posts, rival)
    kept = _Planted(ground, rng, market_name, market)
    for copy in range(copies):
        mine = served[copy * strategy.posts : (copy + 1) * strategy.posts]
        kept.campaign(strategy, mine, sight, np.setdiff1d(ground.boards[board], served), served)
    return kept.told(served, board, copies)


def _served(ground: Stage, rng: Rng, wanted: int, rival: bool) -> tuple[Ints, Ints]:
    """Targets for the orders: one of each board, of its lower half (upper for a rival), boards again only when out."""
    half = BOARD // 2
    columns = np.stack([rng.permutation(half) for _ in range(ground.boards.shape[0])]) + (0 if rival else half)
    order = np.argsort(rng.random(ground.boards.shape[0]))
    board = np.tile(order, half)[:wanted]
    turn = np.arange(board.size) // order.size
    return ground.boards[board, columns[board, turn]], board


class _Planted:
    """Likes planted so far, as lists of arrays."""

    def __init__(self, ground: Stage, rng: Rng, market_name: str, market: Market) -> None:
        self.ground, self.rng, self.market, self.name = ground, rng, market, market_name
        self.parts: list[tuple[Ints, Ints, Ints, int]] = []
        self.fresh = len(ground.actors)
        self.active = np.bincount(ground.actor, minlength=len(ground.actors)).astype(np.float64)
        self.rhythm: Floats = np.asarray(np.array([share for *_, share in ZONES]) @ zone_rhythms())

    def campaign(self, strategy: Strategy, posts: Ints, sight: str, near: Ints, served: Ints) -> None:
        """One buyer's orders, their cover, and what else the seller's hands do in this log."""
        hands = self._hands(strategy)
        first = self.ground.end_ms
        for number, post in enumerate(posts.tolist()):
            if strategy.owned:
                mine = hands[(number * strategy.batch + np.arange(strategy.batch)) % hands.size]
            else:
                mine = self.rng.permutation(hands)[: strategy.batch]
            at = self._moments(post, mine.size, strategy.hours, strategy.shape, strategy.start)
            copied = np.flatnonzero(self.rng.random(at.size) < strategy.brush)
            at[copied] = self._copied(post, copied.size)
            first = min(first, int(at.min()))
            self.parts.append((mine, np.full(mine.size, post), at, ORDERED))
        self._cover(hands[self.rng.integers(0, hands.size, round(strategy.camouflage * strategy.bought))],
                    self.ground.start_ms, self.ground.end_ms)  # fmt: skip
        since = max(self.ground.start_ms, first - int(_WARM_DAYS[strategy.accounts] * DAY_MS))
        self._cover(np.repeat(hands, self.rng.poisson(strategy.warm, hands.size)), since, first)
        if sight == "platform" and not strategy.owned:
            self._others(hands, near, served)

    def _hands(self, strategy: Strategy) -> Ints:
        """Accounts that work, new names but for the locals."""
        n = strategy.accounts_needed
        known = int(self.rng.binomial(n, strategy.local)) if self.market.local else 0
        locals_ = choose_distinct(self.rng, self.active**0.25 * (self.active > 0), known)
        fresh = np.arange(self.fresh, self.fresh + n - locals_.size)
        self.fresh += fresh.size
        return self.rng.permutation(np.concatenate([locals_, fresh]))

    def _moments(self, post: int, n: int, hours: float, shape: str, start: float) -> Ints:
        born, end = max(int(self.ground.born_ms[post]), self.ground.start_ms), self.ground.end_ms
        length = max(MINUTE_MS, min(int(hours * HOUR_MS), end - born))
        begin = born + int(start * max(0, end - length - born))
        part = self.rng.random(n)
        if shape == "rhythm":
            since = np.full(n, begin - EPOCH_MS, np.int64)
            return EPOCH_MS + with_rhythm(self.rng, since, np.full(n, length, np.int64), self.rhythm)
        if shape == "step":
            part = part**2.5
        elif shape == "waves":
            part = (self.rng.integers(0, 4, n) + 0.5 * part) / 4.0
        return begin + (part * length).astype(np.int64)

    def _copied(self, post: int, n: int) -> Ints:
        """Moments near genuine likes of the post itself: the best a copy of its curve can be."""
        low, high = self.ground.offsets[post : post + 2]
        about = self.ground.at_ms[self.rng.integers(low, high, n)]
        return np.minimum(about + self.rng.exponential(30 * MINUTE_MS, n).astype(np.int64), self.ground.end_ms)

    def _cover(self, who: Ints, since: int, until: int) -> None:
        """Likes as anybody's: on what is liked, when it is liked."""
        rows = np.flatnonzero((self.ground.at_ms >= since) & (self.ground.at_ms <= until))
        if who.size and rows.size:
            row = rows[self.rng.integers(0, rows.size, who.size)]
            late = self.rng.exponential(20 * MINUTE_MS, who.size).astype(np.int64)
            at = np.minimum(self.ground.at_ms[row] + late, until)
            self.parts.append((who, self.ground.target[row], at, COVER))

    def _others(self, hands: Ints, near: Ints, served: Ints) -> None:
        """Orders of the seller's other customers, who do not go away: delivered as usual, on no watched board."""
        usual = naive(self.name)
        size = min(usual.batch, hands.size)
        room = _OTHERS * self.ground.events.num_rows
        likes = min(self.market.kind.reuse * hands.size, room)
        free = np.setdiff1d(np.flatnonzero(self.ground.likes > 0), np.concatenate([near, served]))
        count = min(int(likes / size), free.size)
        for post in self.rng.permutation(free)[: max(count, 0)].tolist():
            mine = self.rng.permutation(hands)[:size]
            at = self._moments(post, size, usual.hours, usual.shape, float(self.rng.random()))
            self.parts.append((mine, np.full(size, post), at, OTHERS))

    def told(self, served: Ints, board: Ints, copies: int) -> Attack:
        """One table, one like per account and post; what an account would like anyway stays genuine."""
        ground, width = self.ground, len(self.ground.targets)
        actor, target, at = (np.concatenate([part[k] for part in self.parts]) for k in range(3))
        origin = np.concatenate([np.full(part[0].size, part[3]) for part in self.parts])
        _, first = np.unique(np.concatenate([ground.actor, actor]) * width + np.concatenate([ground.target, target]),
                             return_index=True)  # fmt: skip
        rows = np.sort(first[first >= ground.actor.size]) - ground.actor.size
        actor, target, at, origin = actor[rows], target[rows], at[rows], origin[rows]
        names = pa.array([*ground.actors, *(f"a9{self.fresh - number:07d}" for number in range(
            len(ground.actors), self.fresh))])  # fmt: skip
        added = pa.table(
            {
                "event_id": pa.array([f"e9{number:08d}" for number in self.rng.permutation(rows.size).tolist()]),
                "actor": names.take(pa.array(actor)),
                "target": pa.array(ground.targets).take(pa.array(target)),
                "at": pa.array(at),
                "kind": pa.array(["like"]).take(pa.array(np.zeros(rows.size, np.int64))),
            }
        )
        whole = pa.concat_tables([ground.events, added]).combine_chunks()
        ours = np.bincount(target[origin == ORDERED], minlength=width)
        return Attack(
            events=whole,
            served=served,
            board=board,
            delivered=ours[served],
            copies=copies,
            origin=np.concatenate([np.zeros(ground.events.num_rows, np.int64), origin]),
        )
