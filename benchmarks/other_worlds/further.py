"""A second set of plants: crowds with a habit, a call or a feed in common, and attacks made to be overlooked."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from benchmarks.other_worlds.ground import DAY, HOUR, MINUTE, World, lags, waking
from benchmarks.other_worlds.planted import after, answer, order, some


def viewers(w: World) -> None:
    """600 viewers of a show on three evenings a week, 200 of them there for nothing else: three clips an evening."""
    public = np.concatenate([some(w, 400), w.accounts(200)])
    for evening in range(w.days // 7 * 3):
        begin = (evening // 3 * 7 + (1, 3, 5)[evening % 3]) * DAY + 20.0 * HOUR
        for clip, target in enumerate(w.targets(3).tolist()):
            w.born[target] = begin + clip * 15.0 * MINUTE
            came = public[w.rng.random(public.size) < 0.25]
            w.add(came, target, w.born[target] + w.rng.gamma(2.0, 5.0 * MINUTE, came.size), "viewers")


def challenge(w: World) -> None:
    """400 take part in a challenge of ten days and look through each other's 120 entries, a dozen in one sitting."""
    taking_part = some(w, 400)
    begin = w.rng.uniform(0.1, 0.5) * w.span
    entries = w.targets(120)
    w.born[entries] = np.sort(begin + w.rng.random(entries.size) * 8.0 * DAY)
    for who in taking_part.tolist():
        for at in (begin + w.rng.random(3) * 10.0 * DAY).tolist():
            seen = entries[w.born[entries] < at][-40:]
            seen = w.rng.permutation(seen)[:12]
            w.add(np.full(seen.size, who), seen, at + np.arange(seen.size) * 20_000.0, "challenge")


def newsroom(w: World) -> None:
    """Forty of a paper, on duty in shifts, who like what it publishes four times a day; readers like it, too."""
    staff = w.accounts(40)
    w.live(staff, 15.0, "organic")
    for number, target in enumerate(w.targets(4 * w.days).tolist()):
        w.born[target] = (number // 4) * DAY + (6.0 + 4.0 * (number % 4) + 2.0 * w.rng.random()) * HOUR
        duty = staff[w.rng.random(staff.size) < 0.4]
        w.add(duty, target, w.born[target] + w.rng.exponential(40.0 * MINUTE, duty.size), "newsroom")
        readers = some(w, int(w.rng.integers(2, 40)))
        w.add(readers, target, waking(w.rng, w.born[target] + lags(w.rng, readers.size)), "organic")


def busy_chats(w: World) -> None:
    """Three groups (a parish of 60, alumni of 120, a neighbourhood of 200) that share two or three posts a day."""
    for size, daily in ((60, 2), (120, 3), (200, 2)):
        group = some(w, size)
        for target in w.liked(min(daily * w.days, w.likes.size // 4), 3).tolist():
            count = max(4, int(group.size * w.rng.uniform(0.1, 0.4)))
            answer(w, group, target, count, after(w, target, 0.5, 60.0), 2.0 * HOUR, "busy chat")


def reposters(w: World) -> None:
    """Ten programs that like what a feed brings: 300 posts each, seconds after publication, some of them the same."""
    feed = w.liked(400, 1)
    for robot in w.accounts(10).tolist():
        read = w.rng.choice(feed, min(300, feed.size), replace=False)
        w.add(np.full(read.size, robot), read, w.born[read] + w.rng.uniform(2_000.0, 40_000.0, read.size), "reposter")


def guild(w: World) -> None:
    """120 players whose daily task is to like the guild's post, from four in the morning on; half do nothing else."""
    players = w.accounts(120)
    w.live(players[:60], 8.0, "organic")
    for day, target in enumerate(w.targets(w.days).tolist()):
        w.born[target] = day * DAY + 4.0 * HOUR
        came = players[w.rng.random(players.size) < 0.6]
        w.add(came, target, w.born[target] + w.rng.exponential(6.0 * HOUR, came.size), "guild")


def pupils(w: World) -> None:
    """300 pupils told every school day, in the first lesson, to like what their school posted since; few like more."""
    class_ = w.accounts(300)
    w.live(class_, 1.5, "organic")
    for day in range(w.days):
        if day % 7 >= 5:
            continue
        target = int(w.targets(1)[0])
        w.born[target] = day * DAY - w.rng.uniform(2.0, 14.0) * HOUR
        came = class_[w.rng.random(class_.size) < 0.3]
        w.add(came, target, day * DAY + 8.0 * HOUR + w.rng.random(came.size) * 30.0 * MINUTE, "pupils")


def exposed(w: World) -> None:
    """500 readers whose feed, by experiment, has the same older post on top for hours, fifty times; they read on."""
    readers, shown = some(w, 500), w.liked(50, 5)
    begin = np.sort(w.rng.random(shown.size)) * 0.9 * w.span
    shown = shown[np.argsort(w.born[shown], kind="stable")]
    begin = np.maximum(begin, w.born[shown] + 5.0 * HOUR)
    every = np.flatnonzero(w.likes > 0)
    for target, start in zip(shown.tolist(), begin.tolist(), strict=True):
        here = readers[w.rng.random(readers.size) < 0.12]
        at = start + w.rng.random(here.size) * 8.0 * HOUR
        w.add(here, target, at, "exposed")
        fresh = every[(w.born[every] < start) & (w.born[every] > start - 5.0 * DAY)]
        if fresh.size:
            visit = np.repeat(np.arange(here.size), w.rng.poisson(1.5, here.size))
            what = w.rng.choice(fresh, visit.size, p=w.likes[fresh] / w.likes[fresh].sum())
            w.add(here[visit], what, at[visit] + w.rng.exponential(4.0 * MINUTE, visit.size), "organic")


def notified(w: World) -> None:
    """1,500 followers of somebody whose posts are announced ten minutes to three hours late."""
    followers = some(w, 1500)
    for target in w.targets(30).tolist():
        begin = w.born[target] + w.rng.uniform(10.0, 180.0) * MINUTE
        answer(w, followers, target, int(w.rng.integers(60, 240)), begin, 2.0 * HOUR, "notified")


def elsewhere(w: World) -> None:
    """2,000 people of another time zone, awake half a day apart, with forty posts of their own and everybody's best."""
    people = w.accounts(2000)
    best = np.argsort(-w.likes, kind="stable")[:300]
    own = w.targets(40)
    for what, each in ((best, 3.0), (own, 2.0)):
        who = np.repeat(people, w.rng.poisson(each, people.size))
        target = w.rng.choice(what, who.size)
        at = w.born[target] + lags(w.rng, who.size)
        # Awake from 3 to 13 hours UTC: what falls outside waits for the morning.
        hour = (at / HOUR) % 24.0
        wait = np.where((hour >= 3.0) & (hour < 13.0), 0.0, (3.0 - hour) % 24.0)
        at = at + (wait + (wait > 0) * w.rng.exponential(1.5, who.size)) * HOUR
        w.add(who, target, at, "another time zone")


def drip(w: World) -> None:
    """600 workers, 20 orders of 60 dripped over three weeks: whoever is next in turn."""
    hired = w.accounts(600)
    w.live(hired, 4.0, "own likes of workers")
    for number, target in enumerate(w.liked(20, 30).tolist()):
        who = np.roll(hired, -number * 60)[:120]
        order(w, who, target, 60, after(w, target, 1.0, 24.0), min(21.0 * DAY, 0.5 * w.span), "drip")


def small_orders(w: World) -> None:
    """300 workers with a life of their own, sixty orders of ten to thirty within six hours."""
    hired = np.concatenate([some(w, 150), w.accounts(150)])
    w.live(hired[-150:], 6.0, "own likes of workers")
    for target in w.liked(60).tolist():
        length = w.rng.uniform(0.3, 6.0) * HOUR
        order(w, hired, target, int(w.rng.integers(10, 30)), after(w, target, 2.0, 100.0), length, "small orders")


def rented(w: World) -> None:
    """400 readers rent their accounts out: 25 orders of 60 within three hours."""
    lent = some(w, 400)
    for target in w.liked(25).tolist():
        length = w.rng.uniform(0.5, 3.0) * HOUR
        order(w, lent, target, 60, after(w, target, 2.0, 100.0), length, "rented accounts")


def copied_age(w: World) -> None:
    """200 accounts, 20 orders of 80 whose ages are drawn from those of genuine likes."""
    ring = w.accounts(200)
    w.live(ring, 4.0, "own likes of a ring")
    for target in w.liked(20).tolist():
        who = w.rng.choice(ring, 80, replace=False)
        w.add(who, target, waking(w.rng, w.born[target] + lags(w.rng, who.size)), "copied age curve")


def rotating_ring(w: World) -> None:
    """900 accounts of which a slice of 200 is in use, moving on with every order of 90."""
    ring = w.accounts(900)
    w.live(ring, 2.0, "own likes of a ring")
    for number, target in enumerate(w.liked(24).tolist()):
        slice_ = ring[(number * 25) % 700 :][:200]
        order(w, slice_, target, 90, after(w, target, 1.0, 90.0), w.rng.uniform(0.2, 5.0) * HOUR, "rotating ring")


ATTACKS: Mapping[str, Callable[[World], None]] = {
    "drip": drip,
    "small orders": small_orders,
    "rented accounts": rented,
    "copied age curve": copied_age,
    "rotating ring": rotating_ring,
}
"""How each is planted, by the label of its likes."""

CROWDS: tuple[Callable[[World], None], ...] = (
    viewers,
    challenge,
    newsroom,
    busy_chats,
    reposters,
    guild,
    pupils,
    exposed,
    notified,
    elsewhere,
)
"""Innocent crowds."""
