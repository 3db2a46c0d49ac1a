"""People who know each other: when would a class, an office or a chat group look just like a ring?

They too gather on target after target, at moments no publication explains: somebody shares a link, some groups several
a day. What sets an order book apart is that it needs more people than know each other, who come back again and again,
or is served by accounts that are nobody's: people of this log who come back like other things, too. Where none of this
can be said, a ring is one of several things that would look the same, and no like is discounted.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.special import ndtr

from plaudit.model import HOUR_MS, Ints

CIRCLE = 500
"""People a chat group can hold (WeChat's limit)."""

CIRCLE_CERTAINTY = 1.0 / 3.0
"""Chance of a ring where friends sharing posts, or people of one place (a class, an office), would look the same, as
far as nothing else is known of a log."""

HABIT_CERTAINTY = 1.0 / 8.0
"""The same where a habit of their own explains when they come: a lesson, a shift, a weekly letter, a digest. Odds of
one to two for anybody, and of a quarter of that who would copy a timetable: in doubt, whatever else speaks."""

_WORTH = 3.0  # groups that the chance above counts for
_LEAST = 0.2  # likes of such a group stay undetermined, whatever a log holds besides

CIRCLE_MEETS = 10
"""Separate surprising gatherings up to which acquaintances who are less alive or slower than people of the log, or an
audience larger than a circle, would look the same."""

SITTINGS_APART_MS = 3 * HOUR_MS
"""Moments less than this apart are one sitting: one lesson, one evening."""

COME_BACK = 2.0
"""Likes of each, on average, below which a crowd larger than a circle is an audience: a leader's, a letter's."""

_WEEK_MS = 168 * HOUR_MS
_SLOT_MS = HOUR_MS
_REGULAR = 2.0 / 3.0
_LEVEL = 0.01
_ENOUGH = 5
_CLEARLY = 1e-4  # others' counts hold what they like in groups of their own


@dataclass(frozen=True)
class Gathered:
    """A group that gathers, as far as it matters for whether people who know each other would do the same.

    Attributes:
        pool: people behind the gatherings.
        meetings: separate sittings at which they gathered to a surprising degree.
        outside: likes each returning member gave to anything else, ``int64[m]``.
        each: likes they gave there on average.
        listed: True when they work down lists: more shared targets in one sitting than people of this log like, or
            targets that all appeared at the moment they came.
        openers: True when nothing else gives them away than targets that appeared at the moment they came.
        digest: True when most of their likes come in a sitting in which they like something else, too.
        slow: True when friends would have answered a share faster.
        timetable: True when they meet by the hours of a week (:func:`by_timetable`).
        sent: True when they come in equal numbers and at an even pace, as what is delivered does.
    """

    pool: float
    meetings: int
    outside: Ints
    each: float = np.inf
    listed: bool = False
    openers: bool = False
    digest: bool = False
    slow: bool = False
    timetable: bool = False
    sent: bool = False

    def with_life(self, outside: Ints) -> Gathered:
        """The same group, of whose likes so many went elsewhere."""
        return replace(self, outside=outside)

    @property
    def dedicated(self) -> bool:
        """Whether its typical member likes nothing else at all: then half the meetings suffice."""
        return bool(self.outside.shape[0] > 0 and float(np.median(self.outside)) == 0.0)


def may_be_circle(group: Gathered, people: Ints) -> bool:
    """True when people who know each other, sharing posts with no order behind it, would look the same.

    So would, whatever their number, those who come by habit (:func:`by_habit`).

    Args:
        group: who gathered, and how often.
        people: how many actors of the log gave 0, 1, 2, ... likes, ``int64[k]``.
    """
    if by_habit(group):
        return True
    if group.dedicated:
        return group.pool <= CIRCLE and not group.listed and group.meetings < CIRCLE_MEETS / 2
    strange = less_alive(group.outside, people)
    oddities = int(group.slow) + int(strange) + int(group.sent)
    if group.slow or strange:
        # Each may be the habit of some class or office; of hardly any both.
        return group.pool <= CIRCLE and group.meetings < CIRCLE_MEETS / oddities
    if group.sent:
        return group.meetings < CIRCLE_MEETS
    return group.pool <= CIRCLE or group.meetings < CIRCLE_MEETS or group.each < COME_BACK


def by_habit(group: Gathered) -> bool:
    """True when something innocent explains *when* they come: the hours of a week, a digest, or that a post is new.

    Readers of one digest, whoever comes by a timetable, and whoever likes new posts first: a post that nobody liked
    before appears when they come.
    """
    return group.timetable or ((group.openers or group.digest) and not group.dedicated)


def chance_of_ring(sure: int, doubtful: int) -> float:
    """Chance that a group which people who know each other would match is a ring.

    No more than indifference has it (:data:`CIRCLE_CERTAINTY`, counted as three groups): rings beyond doubt are those
    that give themselves away, and how many give nothing away they do not say. In a log that shows few of the first kind
    beside many groups in doubt, it is less.

    Args:
        sure: rings of this log beyond doubt.
        doubtful: groups in doubt.
    """
    share = (min(sure, doubtful) + _WORTH * CIRCLE_CERTAINTY) / (doubtful + _WORTH)
    return min(max(share, _LEAST), CIRCLE_CERTAINTY)


def less_alive(outside: Ints, people: Ints) -> bool:
    """True when members who like anything else at all like less of it than people of this log do.

    Members without any other like are left out, as people without one are not in the log: friends may be silent
    otherwise. Mid-ranks of the others among all actors, one voice each (Mann & Whitney 1947), one-sided at one in ten
    thousand: what others like is counted whole, groups of their own included.

    Args:
        outside: likes of each member elsewhere, ``int64[m]``.
        people: how many actors of the log gave 0, 1, 2, ... likes, ``int64[k]``.
    """
    some = people[1:].astype(np.float64)
    total, own = float(some.sum()), outside[outside > 0]
    if own.shape[0] < _ENOUGH or total <= 0:
        return False
    part = some / total
    rank = np.append(np.cumsum(part) - 0.5 * part, 1.0)[np.minimum(own - 1, part.shape[0])]
    spread = np.sqrt(max((1.0 - float((part**3).sum())) / 12.0, 1e-12) / own.shape[0])
    return bool(ndtr((float(rank.mean()) - 0.5) / spread) < _CLEARLY)


def sittings(moments: Ints) -> Ints:
    """The moments (ascending, ms) at least a sitting after the one counted before."""
    kept, last = [], -(1 << 62)
    for moment in moments.tolist():
        if moment - last >= SITTINGS_APART_MS:
            kept.append(moment)
            last = moment
    return np.array(kept, dtype=np.int64)


def by_timetable(moments: Ints) -> bool:
    """True when two sittings of three come back at the same hour of another week, and chance would not have it so.

    Lessons, shifts and weekly calls do; orders come when somebody pays.

    Args:
        moments: sittings, ascending, UTC milliseconds.
    """
    n = moments.shape[0]
    if n < 3:
        return False
    apart = np.abs(moments[:, None] - moments[None, :])
    phase = (apart + _SLOT_MS) % _WEEK_MS
    again = ((phase <= 2 * _SLOT_MS) & (apart >= _WEEK_MS - _SLOT_MS)).any(axis=1)
    chance = -np.expm1(-(n - 1) * 2.0 * (2 * _SLOT_MS / _WEEK_MS))
    seen = int(again.sum())
    return bool(seen >= _REGULAR * n and _log_at_least(seen, n, chance) < np.log(_LEVEL))


def _log_at_least(seen: int, n: int, chance: float) -> float:
    """``ln`` of the chance of ``seen`` or more of ``n``; halved, since sittings that recur come in pairs."""
    part = seen / n
    if part <= chance:
        return 0.0
    # Chernoff's bound on half as many independent trials.
    rest = (1.0 - part) * np.log((1.0 - part) / (1.0 - chance)) if part < 1.0 else 0.0
    return float(-(n / 2.0) * (part * np.log(part / chance) + rest))
