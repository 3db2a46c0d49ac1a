"""One try of one strategy against one defence: what it cost, what it gained, whom it harmed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from plaudit.model import Bools, Floats, Ints
from plaudit.testing.redteam.prices import Market, bill
from plaudit.testing.redteam.stage import BOARD, ORDERED, Attack, Stage, attack
from plaudit.testing.redteam.strategy import Strategy

Boards = Sequence[Sequence[str]]
"""Names of the targets that compete for places, board by board."""


@dataclass(frozen=True)
class Answer:
    """What a defence says of a log.

    Attributes:
        authentic: honest count by target; targets that are missing have none.
        places: place of each target on each board asked about, from 1.
        event: ids of the likes that stand; ``discounted``, ``undetermined``: of each, ``bool[n]``.
        suspicion: of each, the number a line is drawn on, ``float64[n]``: higher is more suspected.
        rungs: decisions by target, beyond taking likes out of the count or not.
    """

    authentic: Mapping[str, float]
    places: Sequence[Ints]
    event: pa.Array
    discounted: Bools
    undetermined: Bools
    suspicion: Floats
    rungs: Mapping[str, Sequence[str]]


Defence = Callable[[pa.Table, Boards], Answer]
"""The running defence: a log (``event_id, actor, target, at, kind``) and boards in, an answer out. Deterministic."""


@dataclass(frozen=True)
class Outcome:
    """What came of one try; sums over the served posts of all copies.

    Attributes:
        strategy: what was tried; ``yuan``: what it cost.
        delivered: bought likes that arrived.
        raw_likes, honest_likes: gain of the shown and of the honest count, as still there after 30 days.
        raw_places, honest_places: places gained by shown likes and by the defence's rank; a loss is negative.
        genuine: genuine likes in the log; ``harmed``: of these, discounted with the attack and not without it;
            ``wronged``: discounted without any attack.
        taken, doubted: genuine likes of the served posts discounted, left undetermined, beyond those without attack.
        lost: fall of the honest count of the served posts below what it was, where it fell.
        rungs: decisions about served posts that stand with the attack only.
    """

    strategy: Strategy
    yuan: float
    delivered: int
    raw_likes: float
    honest_likes: float
    raw_places: float
    honest_places: float
    genuine: int
    harmed: int
    wronged: int
    taken: int
    doubted: int
    lost: float
    rungs: tuple[str, ...]


class Arena:
    """One stage and one defence; what the defence says of the stage in peace is asked once."""

    def __init__(self, ground: Stage, defence: Defence | None) -> None:
        self.ground, self.defence = ground, defence
        self._names: Boards = [[ground.targets[t] for t in board] for board in ground.boards.tolist()]
        self._peace = defence(ground.events, self._names) if defence is not None else None

    def play(
        self, market_name: str, market: Market, strategy: Strategy, *, draw: int, sight: str, rival: bool = False
    ) -> Outcome:
        """Try ``strategy``; see :func:`plaudit.testing.redteam.stage.attack`. Without a defence only raw gains."""
        tried = attack(self.ground, market_name, market, strategy, draw=draw, sight=sight, rival=rival)
        yuan = tried.copies * bill(market, strategy).yuan
        kept = market.kept_usual
        raw_places = self._raw_places(tried)
        seen = _Seen(kept * float(tried.delivered.sum()), raw_places, 0, 0, 0, 0, 0.0, ())
        if self.defence is not None and self._peace is not None:
            seen = self._seen(tried, self._peace, self.defence, kept)
        return Outcome(
            strategy=strategy,
            yuan=yuan,
            delivered=int(tried.delivered.sum()),
            raw_likes=kept * float(tried.delivered.sum()),
            honest_likes=seen.likes,
            raw_places=raw_places,
            honest_places=seen.places,
            genuine=int(self.ground.at_ms.shape[0]),
            harmed=seen.harmed,
            wronged=seen.wronged,
            taken=seen.taken,
            doubted=seen.doubted,
            lost=seen.lost,
            rungs=seen.rungs,
        )

    def lines(
        self, market_name: str, market: Market, strategy: Strategy, *, draw: int, sight: str, at: Sequence[float]
    ) -> list[tuple[float, float]]:
        """Were the line drawn at each of ``at``: the share of bought and of genuine likes at or above it.

        Bought are the likes of the strategy's own orders; genuine are all of the world.
        """
        if self.defence is None:
            return [(0.0, 0.0) for _ in at]
        tried = attack(self.ground, market_name, market, strategy, draw=draw, sight=sight)
        answer = self.defence(tried.events, [])
        ids = tried.events["event_id"].combine_chunks()
        like = np.asarray(pc.equal(tried.events["kind"].combine_chunks(), "like"))
        out = []
        for line in at:
            over = _of(answer.event, answer.suspicion >= line, ids)
            shares = (over[like & (tried.origin == origin)] for origin in (ORDERED, 0))
            bought, genuine = (float(share.mean()) if share.size else 0.0 for share in shares)
            out.append((bought, genuine))
        return out

    def _raw_places(self, tried: Attack) -> float:
        likes = self.ground.likes.copy()
        before = _places(likes[self.ground.boards])
        likes[tried.served] += tried.delivered
        after = _places(likes[self.ground.boards])
        column = _columns(self.ground, tried)
        return float((before[tried.board, column] - after[tried.board, column]).sum())

    def _seen(self, tried: Attack, peace: Answer, defence: Defence, kept: float) -> _Seen:
        used, row = np.unique(tried.board, return_inverse=True)
        answer = defence(tried.events, [self._names[board] for board in used.tolist()])
        column = _columns(self.ground, tried)
        places = sum(
            int(peace.places[board][c]) - int(answer.places[r][c])
            for board, r, c in zip(tried.board.tolist(), row.tolist(), column.tolist(), strict=True)
        )
        names = [self.ground.targets[t] for t in tried.served.tolist()]
        change = np.array([answer.authentic.get(n, 0.0) - peace.authentic.get(n, 0.0) for n in names])
        # Genuine likes are told by their ids; both answers list them in an order of their own.
        genuine = tried.events["event_id"].combine_chunks().filter(pa.array(tried.origin == 0))
        on = pc.is_in(tried.events["target"].combine_chunks(), value_set=pa.array(names))
        own = tried.events["event_id"].combine_chunks().filter(
            pc.and_(on, pa.array(tried.origin == 0)))  # fmt: skip
        was, now = _of(peace.event, peace.discounted, genuine), _of(answer.event, answer.discounted, genuine)
        taken = _of(answer.event, answer.discounted, own).sum() - _of(peace.event, peace.discounted, own).sum()
        doubted = _of(answer.event, answer.undetermined, own).sum() - _of(peace.event, peace.undetermined, own).sum()
        rungs = {rung for n in names for rung in answer.rungs.get(n, ()) if rung not in peace.rungs.get(n, ())}
        return _Seen(
            likes=kept * float(change.sum()),
            places=float(places),
            harmed=int((now & ~was).sum()),
            wronged=int(was.sum()),
            taken=int(taken),
            doubted=int(doubted),
            lost=float(np.maximum(-change, 0.0).sum()),
            rungs=tuple(sorted(rungs)),
        )


@dataclass(frozen=True)
class _Seen:
    likes: float
    places: float
    harmed: int
    wronged: int
    taken: int
    doubted: int
    lost: float
    rungs: tuple[str, ...]


def _columns(ground: Stage, tried: Attack) -> Ints:
    return np.asarray(np.argmax(ground.boards[tried.board] == tried.served[:, None], axis=1), np.int64)


def _places(likes: Ints | Floats) -> Ints:
    """Places on each board by likes, ``int64[boards, BOARD]``, from 1; ties keep the order the board has."""
    order = np.argsort(-likes, axis=1, kind="stable")
    out = np.empty(likes.shape, np.int64)
    np.put_along_axis(out, order, np.broadcast_to(np.arange(1, BOARD + 1), likes.shape), axis=1)
    return out


def _of(event: pa.Array, flag: Bools, ids: pa.Array) -> Bools:
    """``flag`` of the likes ``ids``; False where one does not stand."""
    row = pc.index_in(ids, value_set=event.filter(pa.array(flag)))
    return np.asarray(pc.is_valid(row))
