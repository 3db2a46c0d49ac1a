"""Genuine crowds that look coordinated and are not bought: each function plants one or several of one kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from plaudit.model import DAY_MS, HOUR_MS, MINUTE_MS, Floats, Ints
from plaudit.testing.simulator.draw import choose, week_bin
from plaudit.testing.simulator.state import Build, likes


def _times(b: Build, at_a_million: float) -> int:
    """How many crowds of a kind: at least one, fewer in small logs, times the ``crowds`` knob."""
    return max(1, round(at_a_million * min(1.0, b.scale * 1.4) * b.knobs.crowds))


def _authored(b: Build, count: int, low: int, high: int) -> Ints:
    """``count`` targets born in a window that become the work of one new author, by time of birth."""
    theirs = b.targets(count, low, high, power=0.3)
    b.author[theirs] = b.regulars(1)[0]
    return theirs[np.argsort(b.born[theirs], kind="stable")]


def _lasting(b: Build, low: float = 0.05, high: float = 0.9) -> tuple[int, int]:
    return int(low * b.span), int(high * b.span)


def viral_hour(b: Build) -> None:
    """A front-page burst on one target: thousands of likes within hours, half of them from newcomers."""
    for _ in range(_times(b, 2)):
        target = int(b.targets(1, *_lasting(b), power=0.6)[0])
        n = int(b.sized(4000, 500) * b.rng.uniform(0.7, 1.3))
        begin = b.lively_moment(int(b.born[target]), min(int(b.born[target]) + 3 * DAY_MS, b.span - 6 * HOUR_MS))
        rise = b.rng.gamma(2.0, 12.0 * MINUTE_MS, n)
        fade = np.where(b.rng.random(n) < 0.75, b.rng.exponential(35.0 * MINUTE_MS, n), b.rng.exponential(5e7, n))
        people = b.crowd(n, b.rng.uniform(0.35, 0.6), at=begin)
        at = begin + (rise + fade).astype(np.int64)
        b.add(likes("viral_hour", people, target, at[: people.size], group=b.group("viral_hour")))


def front_page(b: Build) -> None:
    """Days on which visitors of a list of twenty targets like several of them in one sitting; some come daily."""
    for _ in range(_times(b, 1)):
        group = b.group("front_page")
        visitors, last_day = b.sized(300, 60), int(b.span // DAY_MS) - 1
        days = np.sort(b.rng.permutation(np.arange(1, last_day))[: 3 + min(4, int(b.scale * 4))])
        daily = b.regulars(visitors // 3, at=b.span // 2)
        for day in days.tolist():
            listed = b.targets(20, day * DAY_MS - 18 * HOUR_MS, day * DAY_MS + 2 * HOUR_MS, power=0.6)
            if listed.size < 4:
                continue
            came = daily[b.rng.random(daily.size) < 0.7]
            people = np.concatenate([came, b.crowd(visitors - came.size, 0.25, at=day * DAY_MS)])
            each = np.minimum(1 + b.rng.poisson(3.0, people.size), listed.size)
            row = np.repeat(np.arange(people.size), each)
            place = choose(b.rng, np.asarray(1.0 / np.arange(2.0, listed.size + 2.0), np.float64), row.size)
            sitting = b.hour_of_day(day, 12.0) + (b.rng.gamma(2.0, 75.0 * MINUTE_MS, people.size)).astype(np.int64)
            at = sitting[row] + b.rng.exponential(4.0 * MINUTE_MS, row.size).astype(np.int64)
            b.add(likes("front_page", people[row], listed[place], np.maximum(at, b.born[listed[place]]), group=group))


def binge(b: Build) -> None:
    """One visitor discovers an author and likes thirty old targets within minutes."""
    for _ in range(_times(b, 10)):
        count = min(30, max(10, b.n_targets // 25))
        theirs = _authored(b, count, -b.span, int(0.5 * b.span))
        for _ in range(int(b.rng.integers(2, 6))):
            group = b.group("binge")
            begin = b.lively_moment(int(0.55 * b.span), int(0.95 * b.span))
            who = b.crowd(1, 0.3)
            at = begin + np.cumsum(b.rng.exponential(14_000.0, theirs.size)).astype(np.int64)
            b.add(likes("binge", who[0], b.rng.permutation(theirs), at, group=group))


def fan_club(b: Build) -> None:
    """Fans who like nearly every target of one author within minutes to hours after publication."""
    for _ in range(_times(b, 3)):
        theirs = _authored(b, b.sized(32, 12), 0, int(0.97 * b.span))
        fans = b.regulars(int(b.sized(250, 80) * b.rng.uniform(0.6, 1.5)), niche=int(b.target_niche[theirs[0]]))
        eager = b.rng.beta(9.0, 1.6, fans.size)
        promptness = np.exp(b.rng.normal(np.log(70.0 * MINUTE_MS), 0.8, fans.size))
        who, what = np.repeat(np.arange(fans.size), theirs.size), np.tile(theirs, fans.size)
        keep = b.rng.random(who.size) < eager[who]
        who, what = who[keep], what[keep]
        at = b.born[what] + _when_awake(b, b.born[what], promptness[who])
        b.add(likes("fan_club", fans[who], what, at, group=b.group("fan_club")))


def _when_awake(b: Build, born: Ints, scale: Floats) -> Ints:
    """Lags of about ``scale`` ms, postponed by some hours when the moment falls into the population's night."""
    table = b.general_rhythm()
    lag = (b.rng.exponential(1.0, born.size) * scale + 20_000).astype(np.int64)
    for _ in range(8):
        asleep = b.rng.random(born.size) * 0.6 > table[week_bin(np.maximum(0, born + lag))]
        lag = lag + asleep * (b.rng.random(born.size) * 2 * HOUR_MS).astype(np.int64)
    return lag


def lottery(b: Build) -> None:
    """A draw that asks for a like: hundreds of accounts, many new, like one to three required targets in two days."""
    for _ in range(_times(b, 2)):
        first = int(b.lively_moment(*_lasting(b, 0.05, 0.75)))
        required = b.targets(int(b.rng.integers(1, 4)), first - DAY_MS, first, power=0.4)
        if not required.size:
            required = b.targets(1, -b.span, first)
        n = int(b.sized(1200, 300) * b.rng.uniform(0.7, 1.5))
        people = b.crowd(n, b.rng.uniform(0.35, 0.65), at=first)
        rush = b.rng.random(people.size) < 0.2
        part = np.where(rush, 1.0 - b.rng.exponential(0.04, people.size), b.rng.exponential(0.3, people.size))
        begin = first + _when_awake(b, np.full(people.size, first, np.int64), part.clip(0, 1) * 46.0 * HOUR_MS)
        group = b.group("lottery")
        b.lotteries.append((required, first))
        for target in required.tolist():
            begin = begin + b.rng.exponential(25_000.0, people.size).astype(np.int64)
            obeys = b.rng.random(people.size) < 0.93
            b.add(likes("lottery", people[obeys], target, begin[obeys], group=group))


def called_to_vote(b: Build) -> None:
    """Friends called in: new accounts, one like each, one target, one evening."""
    for _ in range(_times(b, 5)):
        day = int(b.rng.integers(1, max(2, b.span // DAY_MS - 1)))
        evening = b.hour_of_day(day, 18.5)
        target = int(b.targets(1, max(-b.span, evening - 6 * DAY_MS), evening, power=0.2)[0])
        n = int(b.rng.integers(b.few(40), b.few(40) + b.sized(160, 60)))
        at = evening + (b.rng.beta(1.6, 2.4, n) * 5 * HOUR_MS).astype(np.int64)
        at = at + b.rng.normal(0, 6.0 * MINUTE_MS, n).astype(np.int64)
        b.add(likes("called_to_vote", b.fresh(n), target, at, group=b.group("called_to_vote")))


def nat_class(b: Build) -> None:
    """Pupils behind one address like the same targets inside a lesson, week after week."""
    for _ in range(_times(b, 4)):
        group, address = b.group("nat_class"), b.place()[0]
        pupils = b.regulars(b.few(int(b.rng.integers(30, 61))), power=0.2)
        weekday, hour = int(b.rng.integers(0, 5)), float(b.rng.choice([8.0, 9.0, 10.0, 14.0, 15.0]))
        for day in range(weekday, int(b.span // DAY_MS), 7):
            lesson = b.hour_of_day(day, hour)
            shown = b.targets(int(b.rng.integers(2, 6)), max(-b.span, lesson - 20 * DAY_MS), lesson, power=0.3)
            for i, target in enumerate(shown.tolist()):
                present = pupils[b.rng.random(pupils.size) < 0.85]
                begin = lesson + int((5 + 8 * i) * MINUTE_MS)
                at = begin + b.rng.gamma(2.0, 1.2 * MINUTE_MS, present.size).astype(np.int64)
                b.add(likes("nat_class", present, target, at, group=group, ip=address))


def launch(b: Build) -> None:
    """A product announced at a full hour: steep start, a day of attention, some newcomers."""
    for _ in range(_times(b, 2)):
        theirs = _authored(b, 3, *_lasting(b))
        if not theirs.size:
            continue
        begin = b.hour_of_day(int(b.born[theirs[0]] // DAY_MS), 20.0)
        b.born[theirs] = np.minimum(begin, b.born[theirs])
        people = b.crowd(b.sized(2000, 250), 0.25, at=max(0, begin))
        group = b.group("launch")
        came = begin + np.minimum(b.rng.gamma(0.6, 5.0 * HOUR_MS, people.size), 30.0 * HOUR_MS).astype(np.int64)
        for target in theirs.tolist():
            likes_it = b.rng.random(people.size) < b.rng.uniform(0.25, 0.8)
            at = came[likes_it] + b.rng.exponential(2.0 * MINUTE_MS, int(likes_it.sum())).astype(np.int64)
            b.add(likes("launch", people[likes_it], target, at, group=group))


def employees(b: Build) -> None:
    """Forty colleagues who like the company's targets in office hours, behind the office's address."""
    for _ in range(_times(b, 2)):
        theirs = _authored(b, b.sized(30, 10), 0, int(0.96 * b.span))
        staff, address = b.regulars(b.few(40), power=0.2), b.place()[0]
        zeal = b.rng.beta(3.0, 2.2, staff.size)
        who, what = np.repeat(np.arange(staff.size), theirs.size), np.tile(theirs, staff.size)
        keep = b.rng.random(who.size) < zeal[who]
        who, what = who[keep], what[keep]
        # The first office day whose morning comes after publication; weekends wait for Monday.
        day = (b.born[what] - b.hour_of_day(0, 14.0)) // DAY_MS + 1
        day = day + np.choose(np.clip(day % 7 - 4, 0, 2), [0, 2, 1])
        at = day * DAY_MS + b.hour_of_day(0, 9.0) + (b.rng.beta(1.3, 1.8, who.size) * 9 * HOUR_MS).astype(np.int64)
        at = np.maximum(at, b.born[what] + MINUTE_MS)
        b.add(likes("employees", staff[who], what, at, group=b.group("employees"), ip=address))


def group_share(b: Build) -> None:
    """A chat group of two hundred: each shared target gets 15 to 40 of them within two hours, now and then."""
    for _ in range(_times(b, 2)):
        members, group = b.regulars(200, power=0.4), b.group("group_share")
        keen = b.rng.gamma(0.8, 1.0, members.size) + 0.05
        for _ in range(b.sized(14, 6)):
            begin = b.lively_moment(*_lasting(b, 0.02, 0.97))
            shared = b.targets(1, max(-b.span, begin - 12 * DAY_MS), begin, power=0.4)
            n = b.few(int(b.rng.integers(15, 41)))
            keys = b.rng.exponential(size=members.size) / keen
            readers = members[np.argpartition(keys, n)[:n]]
            at = begin + (b.rng.beta(1.1, 2.6, n) * 2 * HOUR_MS).astype(np.int64)
            b.add(likes("group_share", readers, shared[0] if shared.size else 0, at, group=group))


CROWDS: Mapping[str, Callable[[Build], None]] = {
    "viral_hour": viral_hour,
    "front_page": front_page,
    "binge": binge,
    "fan_club": fan_club,
    "lottery": lottery,
    "called_to_vote": called_to_vote,
    "nat_class": nat_class,
    "launch": launch,
    "employees": employees,
    "group_share": group_share,
}
"""How each genuine crowd is planted."""
