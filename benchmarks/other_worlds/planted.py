"""What is planted into the other worlds: attacks as sold, and innocent crowds that look like them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from benchmarks.other_worlds.ground import DAY, HOUR, MINUTE, Floats, Ints, World


def some(w: World, count: int) -> Ints:
    return w.rng.choice(w.people, min(count, w.people.size // 3), replace=False)


def order(w: World, people: Ints, target: int, size: int, start: float, length: float, label: str) -> None:
    """Any ``size`` of the people within ``length`` ms, evenly."""
    who = w.rng.choice(people, min(size, people.size), replace=False)
    w.add(who, target, start + w.rng.random(who.size) * length, label)


def answer(w: World, people: Ints, target: int, size: int, start: float, length: float, label: str) -> None:
    """Any ``size`` of the people, most at once, fewer and fewer later."""
    who = w.rng.choice(people, min(size, people.size), replace=False)
    w.add(who, target, start + np.minimum(w.rng.exponential(length / 3.0, who.size), 2.0 * length), label)


def after(w: World, target: int, low: float, high: float) -> float:
    return float(w.born[target] + w.rng.uniform(low, high) * HOUR)


def _ring(w: World, label: str, accounts: int, own: float, targets: Ints, size: int, hours: tuple[float, float],
          late: float) -> None:  # fmt: skip
    ring = w.accounts(accounts)
    w.live(ring, own, "own likes of a ring")
    for target in targets.tolist():
        length = w.rng.uniform(*hours) * HOUR
        order(w, ring, target, size, after(w, target, 0.5, late), length, label)


def naive_ring(w: World) -> None:
    """150 accounts, 14 orders of 70 within 5 to 40 minutes, two likes of their own."""
    _ring(w, "naive ring", 150, 2.0, w.liked(14), 70, (0.08, 0.7), 72.0)


def joe_job(w: World) -> None:
    """120 accounts on up to twelve posts of one author."""
    author = w.author[w.liked(1, 30)[0]]
    _ring(w, "joe-job", 120, 3.0, np.flatnonzero(w.author == author)[:12], 70, (0.1, 2.0), 60.0)


def viral_attack(w: World) -> None:
    """200 accounts on 14 of the most liked posts within the hour."""
    most = np.argsort(-w.likes, kind="stable")[:60]
    most = most[w.born[most] < 0.8 * w.span]
    _ring(w, "on viral posts", 200, 3.0, w.rng.choice(most, 14, replace=False), 90, (0.1, 1.0), 30.0)


def staggered_ring(w: World) -> None:
    """200 accounts, orders of 90 over one to three days, five likes of camouflage for each."""
    _ring(w, "staggered ring", 200, 36.0, w.liked(16), 90, (24.0, 72.0), 100.0)


def small_ring(w: World) -> None:
    """Forty accounts, 25 orders of 25 to 40 within hours, six likes of their own: forty friends would look the same."""
    _ring(w, "small ring", 40, 6.0, w.liked(25, 3), 32, (0.3, 8.0), 90.0)


def corner_ring(w: World) -> None:
    """160 accounts on 18 targets that nobody else likes, from publication on."""
    _ring(w, "nobody else's targets", 160, 1.0, w.targets(18), 80, (0.2, 20.0), 30.0)


def _pool(w: World, label: str, workers: Ints, orders: int, low: int, high: int) -> None:
    for target in w.liked(orders).tolist():
        size, length = int(w.rng.integers(low, high)), w.rng.uniform(0.5, 12.0) * HOUR
        answer(w, workers, target, size, after(w, target, 3.0, 160.0), length, label)


def crowd(w: World) -> None:
    """800 workers, most of them readers, 35 orders of 40 to 150."""
    hired = w.accounts(300)
    w.live(hired, 4.0, "own likes of workers")
    _pool(w, "crowd orders", np.concatenate([some(w, 500), hired]), 35, 40, 150)


def large_pool(w: World) -> None:
    """4,000 workers, 30 orders of 60 to 200: two orders share four people."""
    hired = w.accounts(4000)
    w.live(hired, 5.0, "own likes of workers")
    _pool(w, "large pool", hired, 30, 60, 200)


def throwaway(w: World) -> None:
    """Fifteen orders of 40 to 160 accounts used once, over hours to days."""
    for target in w.liked(15, 15).tolist():
        who = w.accounts(int(w.rng.integers(40, 160)))
        start, length = after(w, target, 2.0, 60.0), w.rng.uniform(2.0, 60.0) * HOUR
        w.add(who, target, start + w.rng.random(who.size) * length, "throw-away")


def _burst(w: World, label: str, target: int, readers: int, newcomers: int, at: Callable[[int], Floats]) -> None:
    who = np.concatenate([some(w, readers), w.accounts(newcomers)])
    w.add(who, target, at(who.size), label)


def crowds_of_an_hour(w: World) -> None:
    """Viral hours, lotteries, launches, and friends called in to vote: once each, half or all of them newcomers."""
    rng = w.rng
    for target in w.liked(3, 40).tolist():
        start = after(w, target, 4.0, 40.0)
        _burst(w, "viral hour", target, 300, 300, lambda n, s=start: s + rng.gamma(2.0, 0.5 * HOUR, n))  # type: ignore[misc]
    for target in w.targets(3).tolist():
        born = float(w.born[target])
        _burst(w, "lottery", target, 175, 175, lambda n, b=born: b + rng.random(n) * 40.0 * HOUR)  # type: ignore[misc]
    for target in w.targets(2).tolist():
        born = float(w.born[target])
        _burst(w, "launch", target, 490, 210, lambda n, b=born: b + rng.gamma(1.0, 1.2 * HOUR, n))  # type: ignore[misc]
    for target in w.liked(5, 5).tolist():
        start = after(w, target, 5.0, 60.0)
        _burst(w, "called to vote", target, 0, int(rng.integers(25, 90)),
               lambda n, s=start: s + rng.gamma(1.5, 1.5 * HOUR, n))  # type: ignore[misc]  # fmt: skip


def fans(w: World) -> None:
    """A club of 150 and one of 2,000 that answer their authors at once."""
    for size, posts, low, high in ((150, 30, 60, 130), (2000, 25, 100, 400)):
        club = some(w, size)
        for target in w.targets(posts).tolist():
            length = (2.0 if size < 1000 else 5.0) * HOUR
            answer(w, club, target, int(w.rng.integers(low, high)), w.born[target] + 30_000.0, length, "fan club")


def chats(w: World) -> None:
    """Six chat groups of 30 to 150: up to one post a day, answered by 15 to 50 % within hours."""
    for _ in range(6):
        group = some(w, int(w.rng.integers(30, 150)))
        for target in w.liked(int(w.rng.integers(6, max(7, min(30, w.days)))), 3).tolist():
            size = max(4, int(group.size * w.rng.uniform(0.15, 0.5)))
            answer(w, group, target, size, after(w, target, 0.5, 60.0), 2.0 * HOUR, "chat group")


def leader(w: World) -> None:
    """2,500 followers of somebody who shares twelve posts of others."""
    followers = some(w, 2500)
    for target in w.liked(12, 3).tolist():
        size = int(w.rng.integers(60, 180))
        answer(w, followers, target, size, after(w, target, 2.0, 120.0), 4.0 * HOUR, "leader's share")


def lessons(w: World) -> None:
    """A class of 45 once a week, and a school of 700 twice: posts nobody liked before, by the timetable."""
    for size, own, per_week, posts, there in ((45, 6.0, 1, 4, 1.0), (700, 5.0, 2, 2, 0.35)):
        pupils = w.accounts(size)
        w.live(pupils, own, "organic")
        for lesson in range(w.days // 7 * per_week):
            begin = (lesson // per_week * 7 + 1 + 2 * (lesson % per_week)) * DAY + 9.0 * HOUR
            for target in w.targets(posts).tolist():
                w.born[target] = begin - w.rng.uniform(0.0, 3.0) * HOUR
                present = pupils[w.rng.random(size) < there]
                w.add(present, target, begin + w.rng.random(present.size) * 45.0 * MINUTE, "lesson")


def colleagues(w: World) -> None:
    """Seventy colleagues who like the company's posts on the day; others like these, too."""
    staff = w.accounts(70)
    w.live(staff, 12.0, "organic")
    for number, target in enumerate(w.targets(40).tolist()):
        w.born[target] = (number % w.days) * DAY + (9.0 + 3.0 * w.rng.random()) * HOUR
        came = staff[w.rng.random(70) < 0.7]
        w.add(
            came,
            target,
            w.born[target] + np.minimum(w.rng.exponential(2.0 * HOUR, came.size), 8.0 * HOUR),
            "colleagues",
        )
        others = some(w, min(int(w.rng.pareto(1.3) * 15 + 5), 400))
        w.add(others, target, w.born[target] + w.rng.lognormal(np.log(6.0 * HOUR), 1.2, others.size), "organic")


def letters(w: World) -> None:
    """Readers of a weekly letter of five links, and of a larger one every four days at no fixed hour."""
    for size, every, links, opened, picked in ((400, 7, 5, 0.5, 0.35), (1500, 4, 6, 0.4, 0.2)):
        readers = some(w, size)
        for issue in range(w.days // every):
            hour = 8.0 if every == 7 else w.rng.uniform(7.0, 20.0)
            sent = (issue * every + 2) * DAY + hour * HOUR
            fresh = np.flatnonzero((w.born < sent - 6.0 * HOUR) & (w.born > sent - 8.0 * DAY))
            fresh = fresh[w.likes[fresh] > 5]
            if fresh.size <= links:
                continue
            awake = readers[w.rng.random(readers.size) < opened]
            when = sent + w.rng.exponential(5.0 * HOUR, awake.size)
            for target in w.rng.choice(fresh, links, replace=False).tolist():
                use = w.rng.random(awake.size) < picked
                w.add(awake[use], target, when[use] + w.rng.exponential(3.0 * MINUTE, int(use.sum())), "letter")


ATTACKS: Mapping[str, Callable[[World], None]] = {
    "naive ring": naive_ring,
    "joe-job": joe_job,
    "on viral posts": viral_attack,
    "staggered ring": staggered_ring,
    "crowd orders": crowd,
    "large pool": large_pool,
    "throw-away": throwaway,
    "small ring": small_ring,
    "nobody else's targets": corner_ring,
}
"""How each is planted, by the label of its likes."""

CROWDS: tuple[Callable[[World], None], ...] = (crowds_of_an_hour, fans, chats, leader, lessons, colleagues, letters)
"""Innocent crowds."""

NEUTRAL = ("own likes of a ring", "own likes of workers")
"""Labels that count neither way: likes of hired accounts that nobody paid for."""
