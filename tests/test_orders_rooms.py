"""The rooms of ``orders``: company, communities, pools and lens, each on a world made by hand."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from plaudit.detectors import Context
from plaudit.detectors.orders import DETECTOR
from plaudit.detectors.orders.cohort import Cohort, merge, recount
from plaudit.detectors.orders.communities import ties
from plaudit.detectors.orders.company import Company, compare
from plaudit.detectors.orders.detector import Found, Witness, _heard_again, _silenced
from plaudit.detectors.orders.gatherings import EVER_MS, Gatherings, gather
from plaudit.detectors.orders.habit import Timing, judge_timing
from plaudit.detectors.orders.lens import look, one_pool
from plaudit.detectors.orders.web import Pairs, Web, spin
from plaudit.detectors.rhythm import Episodes
from plaudit.model import DAY_MS, HOUR_MS, MINUTE_MS, EventLog, Floats, Ints
from plaudit.testing.loop import LoopSpec, found, pick_orders, play, standing
from tests.worlds import START_MS, quiet

SEEDS = (0, 1, 2)
TARGETS, MEMBERS = 14, 40


def _windows(log: EventLog, first: Ints, last: Ints) -> Episodes:
    likes = last - first + 1
    none = np.zeros(first.shape[0])
    never = np.zeros(first.shape[0], dtype=bool)
    points = np.diff(log.target_offsets())[log.target[first]]
    return Episodes(log.target[first].astype(np.int64), first, last, likes, none, none, points, never, never)


def _served(seed: int, delay_ms: Ints, length_ms: int) -> tuple[EventLog, Ints]:
    """A lively log in which the same forty people come to fourteen targets so long after publication; their rows."""
    world, rng = quiet(seed, targets=500, actors=4000, likes=40_000), np.random.default_rng([seed, 31])
    popular = np.argsort(-np.bincount(world.target, minlength=world.born_ms.shape[0]), kind="stable")[:300]
    born = world.born_ms[popular]
    # Published by day, when readers are awake.
    awake = np.isin((born // HOUR_MS) % 24, np.arange(9, 18))
    young = popular[(born > START_MS) & (born < world.end_ms - 8 * DAY_MS) & awake]
    served = rng.choice(young, TARGETS, replace=False)
    people = world.actors + np.arange(MEMBERS)
    # They like other things as well, like anybody.
    own = rng.integers(0, world.actor.size, MEMBERS * 25)
    world = world.plus(np.repeat(people, 25), world.target[own], world.at_ms[own] + rng.integers(0, HOUR_MS, own.size))
    at = np.repeat(world.born_ms[served] + delay_ms, MEMBERS) + rng.integers(0, length_ms, TARGETS * MEMBERS)
    log = world.plus(np.tile(people, TARGETS), np.repeat(served, MEMBERS), at).log()
    return log, np.flatnonzero(np.isin(log.actor, people) & np.isin(log.target, served))


def _scores(log: EventLog, rows: Ints) -> Floats:
    """Company scores of a cohort whose windows are the stretches in which its people came."""
    targets, where = np.unique(log.target[rows], return_inverse=True)
    first = np.array([rows[where == k][0] for k in range(targets.shape[0])])
    last = np.array([rows[where == k][-1] for k in range(targets.shape[0])])
    context = Context(log, 0)
    g = gather(log, _windows(log, first, last), context.activity)
    return compare(log, context, g, np.arange(len(g)), -np.inf).score


@pytest.mark.parametrize("seed", SEEDS)
def test_company_tells_late_comers_from_those_who_answer_first(seed: int) -> None:
    rng = np.random.default_rng([seed, 7])
    late = _scores(*_served(seed, rng.integers(2 * DAY_MS, 5 * DAY_MS, TARGETS), 3 * HOUR_MS))
    fans = _scores(*_served(seed, np.zeros(TARGETS, np.int64), 2 * HOUR_MS))
    assert late.size >= TARGETS - 2 and fans.size >= TARGETS - 2
    assert np.quantile(late, 0.67) > 2.0, "nobody else came then"
    assert np.median(fans) < 1.5, "answering sooner than others, every time, is a habit"


def _gathered(seed: int, regulars: int, some: int, newcomers: int) -> EventLog:
    """Sixteen targets of some dozen likes; to each come so many of the regulars, and newcomers, within two hours."""
    world, rng = quiet(seed, targets=4000, actors=8000, likes=60_000), np.random.default_rng([seed, 41])
    likes = np.bincount(world.target, minlength=4000)
    fit = np.flatnonzero((likes >= 8) & (likes <= 18) & (world.born_ms < world.end_ms - 6 * DAY_MS))
    people = rng.choice(8000, regulars, replace=False)
    for number, target in enumerate(rng.choice(fit, 16, replace=False).tolist()):
        new = 8000 + number * newcomers + np.arange(newcomers)
        who = np.concatenate([rng.choice(people, some, replace=False), new])
        moment = world.born_ms[target] + rng.integers(DAY_MS, 5 * DAY_MS)
        world = world.plus(who, np.full(who.size, target), moment + rng.integers(0, 2 * HOUR_MS, who.size))
    return world.log()


def _company_of_crowds(log: EventLog) -> Company:
    """The company of the sixteen largest gatherings of a log."""
    context = Context(log, 0)
    episodes = context.rhythm.episodes
    episodes = episodes.take(episodes.leaf & (episodes.likes >= 3))
    g = gather(log, episodes, context.activity)
    return compare(log, context, g, np.sort(np.argsort(-g.size, kind="stable")[:16]), -np.inf)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_large_pool_is_no_company_of_its_own(seed: int) -> None:
    # Most of a pool come once or twice and are not told from passers-by: that they came together explains nothing.
    pool = _company_of_crowds(_gathered(seed, 650, 120, 0))
    assert pool.thin and int(pool.telling.sum()) <= 5
    # Strangers in as large a number do explain it: they came for reasons of their own.
    page = _company_of_crowds(_gathered(seed, 250, 120, 80))
    assert not page.thin and int(page.telling.sum()) >= 12


@pytest.mark.parametrize("seed", SEEDS)
def test_readers_of_a_digest_come_together_and_accuse_nobody(seed: int) -> None:
    # A digest: the same readers come to several targets in the same two hours, week after week.
    world, rng = quiet(seed, targets=500, actors=4000, likes=40_000, days=28), np.random.default_rng([seed, 37])
    people = world.actors + np.arange(200)
    who, what, at = [], [], []
    for issue in range(12):
        moment = START_MS + (4 + 2 * issue) * DAY_MS
        known = np.flatnonzero((world.born_ms < moment - DAY_MS) & (np.bincount(world.target, minlength=500) > 30))
        readers = rng.choice(people, 120, replace=False)
        for target in rng.choice(known, 4, replace=False):
            some = rng.choice(readers, 40, replace=False)
            who.append(some)
            what.append(np.full(40, target))
            at.append(moment + rng.integers(0, 2 * HOUR_MS, 40))
    own = rng.integers(0, world.actor.size, 200 * 10)
    log = (
        world.plus(np.repeat(people, 10), world.target[own], world.at_ms[own] + MINUTE_MS)
        .plus(np.concatenate(who), np.concatenate(what), np.concatenate(at))
        .log()
    )
    found = DETECTOR.find(log, Context(log, 0))
    assert not ((found.q_value <= 0.05) & (found.certainty > 0.5)).any()


def _pool(rng: np.random.Generator, people: Ints, windows: int, size: int) -> list[Ints]:
    return [rng.choice(people, size, replace=False) for _ in range(windows)]


def _gatherings(crowds: list[Ints], activity: int) -> Gatherings:
    """Gatherings of the given people, days apart, in a log of a million likes."""
    size = np.array([crowd.size for crowd in crowds])
    offsets = np.concatenate([[0], np.cumsum(size)]).astype(np.int64)
    where = np.repeat(np.arange(len(crowds)), size)
    none, never = np.zeros(len(crowds)), np.zeros(len(crowds), dtype=bool)
    first = offsets[:-1].copy()
    episodes = Episodes(np.arange(len(crowds)), first, offsets[1:] - 1, size, none, none, size, never, never)
    actor = np.concatenate(crowds).astype(np.int64)
    people = int(actor.max()) + 1
    return Gatherings(
        episodes, offsets, np.arange(actor.size), where, actor, where * DAY_MS, np.full(people, activity), 1_000_000
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_windows_of_friends_among_the_workers_are_left_out(seed: int) -> None:
    rng = np.random.default_rng([seed, 41])
    workers = np.arange(120)
    friends = workers[:12]
    crowds = _pool(rng, workers, 20, 40) + _pool(rng, workers, 8, 40) + _pool(rng, friends, 8, 9)
    g = _gatherings(crowds, 20)
    found_by = np.arange(len(crowds)) < 20
    kept = one_pool(g, found_by, np.ones(120, dtype=bool))
    assert kept[:28].all(), "further orders of the same pool stay"
    assert kept[28:].mean() <= 0.25, "always the same few are another circle"


@pytest.mark.parametrize("seed", SEEDS)
def test_pieces_of_one_pool_are_joined_and_one_shared_window_joins_nothing(seed: int) -> None:
    rng = np.random.default_rng([seed, 43])
    ring, fans = np.arange(100), 100 + np.arange(100)
    mixed = [np.concatenate([rng.choice(ring, 30, replace=False), rng.choice(fans, 30, replace=False)])]
    crowds = _pool(rng, ring, 16, 40) + _pool(rng, fans, 12, 40) + mixed
    g = _gatherings(crowds, 20)
    web = spin(g, 200, 1, EVER_MS)
    parts = [np.arange(8), np.arange(8, 16), np.r_[np.arange(16, 28), 28]]
    joined = merge(g, [recount(g, part) for part in parts], web)
    assert sorted(cohort.gatherings.size for cohort in joined) == [13, 16]
    assert merge(g, [], web) == []


@pytest.mark.parametrize("seed", SEEDS)
def test_a_ring_that_hides_in_an_interest_is_a_community_of_its_own(seed: int) -> None:
    world, rng = quiet(seed, targets=700, actors=5000, likes=30_000), np.random.default_rng([seed, 47])
    crowd, ring = world.actors + np.arange(900), world.actors + 900 + np.arange(60)
    lovers = np.concatenate([crowd, ring])
    live = np.flatnonzero((world.born_ms > START_MS) & (world.born_ms < world.end_ms - 6 * DAY_MS))
    topic = rng.choice(live, 60, replace=False)
    served = topic[:14]
    who, what, at = [], [], []
    for target in topic:
        some = rng.choice(lovers, 90, replace=False)
        who.append(some)
        what.append(np.full(90, target))
        at.append(world.born_ms[target] + (rng.random(90) ** 2 * 6 * HOUR_MS).astype(np.int64))
    for target in served:
        some = rng.choice(ring, 40, replace=False)
        who.append(some)
        what.append(np.full(40, target))
        at.append(world.born_ms[target] + 2 * DAY_MS + rng.integers(0, HOUR_MS, 40))
    log = world.plus(np.concatenate(who), np.concatenate(what), np.concatenate(at)).log()
    context = Context(log, 0)
    episodes = context.rhythm.episodes
    episodes = episodes.take(episodes.leaf & (episodes.likes >= 3))
    g = gather(log, episodes, context.activity)
    found = ties(log, context, g, float(np.log(0.01))).communities
    mine = (
        np.array(
            [np.isin(log.actor[a : b + 1], ring).mean() for a, b in zip(episodes.first, episodes.last, strict=True)]
        )
        > 0.6
    )
    best = max(found, key=lambda members: mine[members].sum())
    assert mine.sum() >= 12
    assert mine[best].sum() >= 0.6 * mine.sum() and mine[best].mean() >= 0.8


@pytest.mark.parametrize("seed", SEEDS)
def test_the_lens_finds_an_order_on_a_lively_target_and_leaves_own_likes_alone(seed: int) -> None:
    rng = np.random.default_rng([seed, 53])
    log, rows = _served(seed, rng.integers(DAY_MS, 5 * DAY_MS, TARGETS), HOUR_MS)
    people = np.unique(log.actor[rows])
    targets = np.unique(log.target[rows])
    context = Context(log, 0)
    # Found by all orders but the last two.
    known = rows[np.isin(log.target[rows], targets[:-2])]
    where = log.target[known]
    first = known[np.r_[True, where[1:] != where[:-1]]]
    last = known[np.r_[where[1:] != where[:-1], True]]
    g = gather(log, _windows(log, first, last), context.activity)
    found, share = look(log, context, g, Cohort(np.arange(len(g)), people.astype(np.int64)))
    caught = np.zeros(log.n, dtype=bool)
    caught[found[share > 0.9]] = True
    hidden = rows[np.isin(log.target[rows], targets[-2:])]
    assert caught[hidden].mean() > 0.9
    assert np.isin(log.actor[found[share > 0.5]], people).all()
    theirs = np.setdiff1d(np.flatnonzero(np.isin(log.actor, people)), rows)
    assert caught[theirs].mean() < 0.02


@pytest.mark.parametrize("seed", SEEDS)
def test_a_pool_too_large_for_pairs_recurs_among_late_bursts(seed: int) -> None:
    world, rng = quiet(seed, targets=900, actors=20_000, likes=60_000), np.random.default_rng([seed, 59])
    workers = rng.permutation(20_000)[:4000]
    live = np.flatnonzero((world.born_ms > START_MS) & (world.born_ms < world.end_ms - 6 * DAY_MS))
    served = rng.choice(live, 70, replace=False)
    who = np.concatenate([rng.choice(workers, 60, replace=False) for _ in served])
    begin = world.born_ms[served] + rng.integers(2 * DAY_MS, 5 * DAY_MS, served.size)
    at = np.repeat(begin, 60) + rng.integers(0, 3 * HOUR_MS, who.size)
    # Ordinary life has late bursts of its own: somebody shares a post, and readers come together.
    shared = rng.choice(np.setdiff1d(live, served), 160, replace=False)
    again = np.repeat(world.born_ms[shared] + rng.integers(2 * DAY_MS, 5 * DAY_MS, 160), 50)
    readers = rng.choice(world.actor, again.size)
    world = world.plus(readers, np.repeat(shared, 50), again + rng.integers(0, 3 * HOUR_MS, again.size))
    log = world.plus(who, np.repeat(served, 60), at).log()
    paid = np.zeros(log.n, dtype=bool)
    key = log.actor.astype(np.int64) * log.n_targets + log.target
    paid[np.isin(key, who * log.n_targets + np.repeat(served, 60))] = True
    context = Context(log, 0)
    episodes = context.rhythm.episodes
    episodes = episodes.take(episodes.leaf & (episodes.likes >= 3))
    g = gather(log, episodes, context.activity)
    held = ties(log, context, g, float(np.log(0.01)))
    assert sum(pool.size for pool, _ in held.pools) >= 40
    found = DETECTOR.find(log, context)
    share = np.zeros(log.n)
    for row in np.flatnonzero(found.q_value <= 0.05):
        part = slice(int(found.exhibits.offsets[row]), int(found.exhibits.offsets[row + 1]))
        share[found.exhibits.row[part]] = found.exhibits.share[part]
    assert (share[paid] > 0.5).mean() > 0.5
    assert (share[~paid] > 0.5).mean() < 0.02
    # A newsletter with one link an issue would look the same: nobody is discounted for it.
    assert not ((found.q_value <= 0.05) & (found.certainty > 0.5)).any()


@pytest.mark.parametrize(
    ("kind", "seed", "count"), [("machine", 3, 75), ("machine", 1, 24), ("crowd", 3, 75), ("crowd", 1, 24)]
)
def test_few_others_among_bought_likes_explain_nothing(kind: str, seed: int, count: int) -> None:
    """Orders for comments nobody else likes, each at the same age: only a handful of others could tell when."""
    ground = found(LoopSpec(), seed=seed)
    log, bought = standing(play(ground, orders=pick_orders(ground, kind, count=count, seed=seed)))
    told = DETECTOR.find(log, Context(log, 0))
    weighty = np.flatnonzero(told.q_value <= 0.05)
    reached = np.zeros(log.n, dtype=bool)
    for row in weighty:
        part = slice(told.exhibits.offsets[row], told.exhibits.offsets[row + 1])
        reached[told.exhibits.row[part][told.exhibits.share[part] > 0.5]] = True
    assert reached[bought].mean() > 0.9
    assert reached[~bought].mean() < 0.005


@pytest.mark.parametrize("seed", SEEDS)
def test_a_piece_that_leans_is_heard_as_what_it_grows_into(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    # Five of a ring's twenty windows; what these say by themselves leaves room for chance.
    rng, people = np.random.default_rng([seed, 61]), np.arange(40)
    g = _gatherings([*_pool(rng, people, 20, 30), *_pool(rng, np.arange(40, 2000), 60, 30)], 25)
    log, web = quiet(seed, targets=5, actors=50, likes=100).log(), Web.__new__(Web)
    asked: list[int] = []

    def says(log_p_by_size: Callable[[int], float]) -> Cohort | None:
        def witness(_log: object, _context: object, _g: object, cohort: Cohort, _web: object) -> Witness:
            asked.append(cohort.gatherings.shape[0])
            when = Timing(log_p_by_size(cohort.gatherings.shape[0]), 9, False)
            none = np.zeros(0, np.int64)
            return Witness(-50.0, 1.0, 0.1, when, Pairs(none, none, none, np.zeros(0), np.zeros(0)), none)

        monkeypatch.setattr("plaudit.detectors.orders.detector._witness", witness)
        return _heard_again(log, Context(log, 0), g, recount(g, np.arange(5)), web, taken)

    taken = np.zeros(len(g), dtype=np.int64)
    whole = says(lambda size: -30.0 if size > 15 else -1.0)
    assert whole is not None and set(range(18)) <= set(whole.gatherings.tolist())
    assert whole.gatherings.max() < 20, "nobody else's window"
    assert says(lambda size: -1.0) is None and not taken.any(), "who stays silent takes nothing from others"
    assert min(asked) > 15, "the grown is asked, not the piece once more"


@pytest.mark.parametrize(("scores", "told"), [((6.0, 4.0), True), ((6.0, 0.5), False), ((6.0,), False), ((), False)])
def test_two_targets_with_others_to_compare_with_must_agree(
    scores: tuple[float, ...], told: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    log, rows = _served(0, np.arange(TARGETS) * 7 * HOUR_MS, HOUR_MS)
    context, targets = Context(log, 0), np.unique(log.target[rows])
    first = np.array([rows[log.target[rows] == one][0] for one in targets])
    last = np.array([rows[log.target[rows] == one][-1] for one in targets])
    g = gather(log, _windows(log, first, last), context.activity)
    size = len(scores)
    company = Company(
        np.array(scores), START_MS + np.arange(size) * DAY_MS, np.ones(size, dtype=bool), alone=False, thin=False
    )
    monkeypatch.setattr("plaudit.detectors.orders.habit.compare", lambda *_: company)
    when = judge_timing(log, context, g, np.arange(len(g)), rows, rows)
    assert when.apart == told


def _merged_plain(g: Gatherings, parts: list[Ints], web: Web) -> list[list[int]]:
    """What :func:`merge` says, by definition: every median told anew from every pair, for every two cohorts."""
    shared = np.zeros((len(g), len(g)))
    i, j, both, _ = web.of(np.arange(len(web)))
    shared[i, j] = shared[j, i] = both
    parts = [np.asarray(part) for part in parts]

    def typical(a: Ints, b: Ints) -> float:
        x = g.chance
        chance = [x[m] * (x[b].sum() - (x[m] if m in b else 0.0)) for m in a]
        return float(np.median(shared[a][:, b].sum(axis=1) / np.maximum(chance, 0.5)))

    def gain(a: Ints, b: Ints) -> float:
        own = np.sqrt(typical(a, a) * typical(b, b))
        return float(min(typical(a, b), typical(b, a)) / max(own / 3.0, 3.0))

    while len(parts) > 1:
        gains = {(a, b): gain(parts[a], parts[b]) for a in range(len(parts)) for b in range(a + 1, len(parts))}
        a, b = max(gains, key=lambda both: gains[both])
        if gains[a, b] < 1.0:
            break
        parts[a] = np.sort(np.concatenate([parts[a], parts[b]]))
        del parts[b]
    return sorted(part.tolist() for part in parts)


@pytest.mark.parametrize("seed", range(8))
def test_pools_are_joined_as_their_definition_says(seed: int) -> None:
    rng = np.random.default_rng([seed, 47])
    pools = [np.arange(start, start + 60) for start in (0, 40, 150, 250)]
    crowds = [crowd for people in pools for crowd in _pool(rng, people, 9, 25)] + _pool(rng, np.arange(310), 6, 25)
    g = _gatherings(crowds, 20)
    web = spin(g, 310, 1, EVER_MS)
    parts = np.split(np.arange(36), np.sort(rng.choice(np.arange(2, 34, 2), 9, replace=False)))
    parts += [np.arange(36, 38), np.arange(38, 41)]  # one gathering belongs to none
    joined = merge(g, [recount(g, part) for part in parts], web)
    assert sorted(cohort.gatherings.tolist() for cohort in joined) == _merged_plain(g, parts, web)
    assert 1 < len(joined) < len(parts)


@pytest.mark.parametrize(
    ("found_at", "grown_at", "judged"),
    [(-20.0, -3.5, 1), (-20.0, -12.0, 0), (-20.0, 0.0, 1), (-3.5, -3.2, 0), (-3.5, 0.0, 1), (0.0, 0.0, 0)],
)
def test_who_would_be_heard_is_not_silenced_by_a_whole_that_would_not(found_at: float, grown_at: float, judged: int):
    log, rows = _served(0, np.arange(TARGETS) * 7 * HOUR_MS, HOUR_MS)
    context, targets = Context(log, 0), np.unique(log.target[rows])
    first = np.array([rows[log.target[rows] == one][0] for one in targets])
    last = np.array([rows[log.target[rows] == one][-1] for one in targets])
    g = gather(log, _windows(log, first, last), context.activity)
    cohort, none = recount(g, np.arange(len(g))), np.zeros(0, np.int64)

    def speaks(log_p: float) -> Witness:
        return Witness(-50.0, 9.0, 1.0, Timing(log_p, 12, False), Pairs(none, none, none, none, none), rows)

    every = g.row[g.entries(cohort.gatherings)].astype(np.int64)
    grown = Found(cohort.gatherings, speaks(grown_at), every, np.full(every.shape[0], 0.9), 1.0)
    assert len(_silenced(log, context, g, [(cohort, speaks(found_at))], [grown], 20)) == judged
