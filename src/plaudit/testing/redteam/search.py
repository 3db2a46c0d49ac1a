"""Attackers that adapt: strategies are tried against the running defence and the next ones follow what paid."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from plaudit.errors import InputError
from plaudit.model import Floats
from plaudit.testing.redteam.attempt import Arena, Outcome
from plaudit.testing.redteam.prices import MARKETS
from plaudit.testing.redteam.strategy import OWNED, SHAPES, Strategy, naive, plain

if TYPE_CHECKING:
    import optuna

MOST_POSTS = 12
_BOOT, _LEVEL = 2000, 0.9

Goal = Callable[[Outcome], float]
"""What an attacker wants of a try, before it is divided by what the try cost."""
GOALS: dict[str, Goal] = {
    "likes": lambda one: one.honest_likes,
    "places": lambda one: one.honest_places,
    "raw_likes": lambda one: one.raw_likes,
    "raw_places": lambda one: one.raw_places,
    "taken": lambda one: one.taken + 0.5 * one.doubted,
    "lost": lambda one: one.lost,
}
"""``taken``: genuine likes of a rival made not to count, doubted ones by half, as the honest rank counts them."""


@dataclass(frozen=True)
class Price:
    """元 for one unit of a goal, with a 90 % interval; infinite where no money buys any.

    Attributes:
        yuan, low, high: by the bootstrap over tries.
        gain: mean gain of a try; ``paid``: mean 元 of one.
        tries: how many.
    """

    yuan: float
    low: float
    high: float
    gain: float
    paid: float
    tries: int


@dataclass(frozen=True)
class Found:
    """What a search came to.

    Attributes:
        goal: key of :data:`GOALS`.
        best: the strategy that paid best in worlds it was not searched in; ``price``: what it paid there.
        start: price of the naive strategy in the same worlds.
        checked: tries of ``best`` in those worlds.
        front: tries of the search that nobody beat in both money and gain, cheapest first.
        trials: tries of the search.
    """

    goal: str
    best: Strategy
    price: Price
    start: Price
    checked: tuple[Outcome, ...]
    front: tuple[Outcome, ...]
    trials: tuple[Outcome, ...]


def suggest(trial: optuna.Trial, market_name: str, least: float = 1.0) -> Strategy:
    """The next point of the space; every market has its own bounds, see :func:`search` for ``least``."""
    market = MARKETS[market_name]
    few, most = max(1, round(least * market.kind.batch[0])), min(market.kind.batch[1], market.pool[1])
    batch = trial.suggest_int("batch", few, most, log=True)
    posts = trial.suggest_int("posts", 1, MOST_POSTS, log=True)
    reuse = trial.suggest_float("reuse", 0.0, 1.0)
    spread = trial.suggest_float("spread", 1.0, 6.0, log=True)
    local = trial.suggest_float("local", 0.0, 1.0) if market.local else 0.0
    return Strategy(
        batch=batch,
        posts=posts,
        hours=trial.suggest_float("hours", market.kind.hours[0], 168.0, log=True),
        shape=trial.suggest_categorical("shape", SHAPES),
        start=trial.suggest_float("start", 0.0, 1.0),
        brush=trial.suggest_float("brush", 0.0, 1.0),
        accounts=trial.suggest_categorical("accounts", ("seller", *OWNED)) if market.own else "seller",
        spread=max(1.0, min(spread, market.pool[1] / batch)),
        reuse=1.0 + reuse * (posts - 1),
        local=local,
        camouflage=_rounded(trial.suggest_float("camouflage", 0.0, 6.0)),
        warm=_rounded(trial.suggest_float("warm", 0.0, 12.0)),
    )


def _rounded(value: float) -> float:
    """Whether there is any at all is a question of its own: the lowest sixth is none."""
    return value if value > 1.0 else 0.0


def _point(market_name: str, strategy: Strategy) -> dict[str, float | int | str]:
    """A strategy as the parameters of the space, to begin with."""
    market = MARKETS[market_name]
    told: dict[str, float | int | str] = {
        name: getattr(strategy, name)
        for name in ("batch", "posts", "hours", "shape", "start", "brush", "spread", "camouflage", "warm")
    }
    told["reuse"] = (strategy.reuse - 1.0) / max(1, strategy.posts - 1)
    if market.local:
        told["local"] = strategy.local
    if market.own:
        told["accounts"] = strategy.accounts
    return told


def search(
    arenas: Sequence[Arena],
    held_out: Sequence[Arena],
    market: str,
    goal: str,
    *,
    trials: int,
    seed: int,
    sight: str = "platform",
    rival: bool = False,
    least: float = 1.0,
    finalists: int = 2,
    replicates: int = 2,
    told: Callable[[int, int], None] | None = None,
) -> Found:
    """Look for the strategy with the largest gain per 元; deterministic for a seed.

    The search is a tree-structured Parzen estimator (Bergstra et al. 2011) that begins with the naive strategy and the
    cheapest offers. What
    looked best there may have been lucky: the leading strategies and the naive one are tried again on other posts of
    worlds the search has not seen, and these tries alone give the prices.

    Args:
        arenas: worlds to search in, in turn; ``held_out``: worlds to check in.
        market: key of :data:`~plaudit.testing.redteam.MARKETS`.
        goal: key of :data:`GOALS`.
        trials: how many strategies are tried, the naive one included.
        seed: of the sampler and of all draws.
        sight: what the log covers, see :data:`~plaudit.testing.redteam.SIGHTS`.
        rival: serve innocent rivals' posts instead of one's own.
        least: smallest order, as a share of the smallest that is usually sold.
        finalists: strategies checked beside the naive one.
        replicates: tries of each in each held-out world.
        told: called with tries done and all tries.

    Raises:
        InputError: Optuna is not installed, or market, goal, trials or seed cannot be used.
    """
    if market not in MARKETS or goal not in GOALS:
        raise InputError(f"A red team buys on {', '.join(MARKETS)} and wants {', '.join(GOALS)}, not {market}: {goal}.")
    if trials < 1 or seed < 0 or not 0 < least <= 1:
        raise InputError("A search takes at least 1 trial, a seed of at least 0, and orders of up to the usual size.")
    wanted, begin = GOALS[goal], naive(market)
    whole = trials + (finalists + 1) * replicates * len(held_out)
    outcomes: list[Outcome] = []

    def tried(trial: optuna.Trial) -> float:
        strategy = suggest(trial, market, least)
        arena = arenas[trial.number % len(arenas)]
        outcomes.append(arena.play(market, MARKETS[market], strategy, draw=trial.number + 1, sight=sight, rival=rival))
        if told is not None:
            told(len(outcomes), whole)
        return _pays(wanted, outcomes[-1])

    _study(seed, trials, [_point(market, one) for one in (begin, *plain(market))], tried)
    ranked = sorted(range(len(outcomes)), key=lambda row: (-_pays(wanted, outcomes[row]), row))
    finals = list(dict.fromkeys([begin, *(outcomes[row].strategy for row in ranked)]))[: finalists + 1]
    checked: list[tuple[Outcome, ...]] = []
    for strategy in finals:
        checked.append(
            tuple(
                arena.play(market, MARKETS[market], strategy, draw=100_000 + draw, sight=sight, rival=rival)
                for arena in held_out
                for draw in range(replicates)
            )
        )
        if told is not None:
            told(trials + len(checked) * replicates * len(held_out), whole)
    prices = [price(tries, wanted, seed) for tries in checked]
    # Where nothing pays, what loses least of its money is called best.
    best = min(range(len(finals)), key=lambda row: (prices[row].yuan, -prices[row].gain / prices[row].paid, row))
    return Found(
        goal=goal,
        best=finals[best],
        price=prices[best],
        start=prices[0],
        checked=checked[best],
        front=front(outcomes, wanted),
        trials=tuple(outcomes),
    )


def _pays(wanted: Goal, one: Outcome) -> float:
    return wanted(one) / one.yuan if one.yuan > 0 else 0.0


def _study(
    seed: int, trials: int, begin: Sequence[dict[str, float | int | str]], tried: Callable[[optuna.Trial], float]
) -> None:
    try:
        import optuna
    except ImportError:
        raise InputError(
            "A red team needs the package optuna, which is not installed: pip install 'plaudit[redteam]'."
        ) from None
    loud = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        sampler = optuna.samplers.TPESampler(seed=seed, n_startup_trials=max(5, trials // 4))
        study = optuna.create_study(direction="maximize", sampler=sampler)
        for point in begin:
            study.enqueue_trial(point)
        study.optimize(tried, n_trials=trials)
    finally:
        optuna.logging.set_verbosity(loud)


def front(outcomes: Sequence[Outcome], wanted: Goal) -> tuple[Outcome, ...]:
    """Tries with a gain that no cheaper try had, cheapest first: the Pareto front of money and gain per buyer."""
    best, out = 0.0, []
    for one in sorted(outcomes, key=lambda each: (each.yuan, -wanted(each))):
        if wanted(one) > best:
            best = wanted(one)
            out.append(one)
    return tuple(out)


def price(tries: Sequence[Outcome], wanted: Goal, seed: int) -> Price:
    """元 per unit over several tries: all money over all gain, with a 90 % interval by the bootstrap over tries."""
    paid = np.array([one.yuan for one in tries])
    gain = np.array([wanted(one) for one in tries])
    rng = np.random.default_rng([seed, 83])
    pick = rng.integers(0, paid.size, (_BOOT, paid.size))
    drawn = _ratio(paid[pick].sum(axis=1), gain[pick].sum(axis=1))
    low, high = np.quantile(drawn, [(1 - _LEVEL) / 2, (1 + _LEVEL) / 2], method="nearest")
    whole = float(_ratio(paid.sum(keepdims=True), gain.sum(keepdims=True))[0])
    return Price(whole, float(low), float(high), float(gain.mean()), float(paid.mean()), paid.size)


def multiple(
    attacked: Sequence[Outcome], wanted: Goal, raw: Sequence[Outcome], raw_wanted: Goal, seed: int
) -> tuple[float, float, float]:
    """How many times dearer a unit is than by raw counts, with a 90 % interval: both sides are drawn anew.

    Infinite where no money buys any; 1.0 is no defence at all.
    """
    rng = np.random.default_rng([seed, 84])
    sides = []
    for tries, goal in ((attacked, wanted), (raw, raw_wanted)):
        paid, gain = np.array([one.yuan for one in tries]), np.array([goal(one) for one in tries])
        pick = np.vstack([np.arange(paid.size), rng.integers(0, paid.size, (_BOOT, paid.size))])
        sides.append(_ratio(paid[pick].sum(axis=1), gain[pick].sum(axis=1)))
    times = sides[0] / np.where(np.isfinite(sides[1]), sides[1], 1.0)
    times[~np.isfinite(sides[1])] = np.inf
    low, high = np.quantile(times[1:], [(1 - _LEVEL) / 2, (1 + _LEVEL) / 2], method="nearest")
    return float(times[0]), float(low), float(high)


def _ratio(paid: Floats, gain: Floats) -> Floats:
    return np.asarray(np.divide(paid, gain, out=np.full(gain.shape, np.inf), where=gain > 1e-9), np.float64)
