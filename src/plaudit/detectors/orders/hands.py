"""Which suspects are one hand's work: a ring that moves on to other accounts falls into pieces.

A ring swaps members between orders, or works with a slice of its accounts that moves on; two orders far apart then
share hardly anybody, and a community search leaves pieces, each seen too seldom to be told from a class or an office.
Pieces that are strange in themselves and share a fifth of the smaller one's people are put together again, the most
alike first. Two rings that merely share members share fewer; friends who are in several groups are not strange.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from plaudit.detectors.circle import sittings
from plaudit.detectors.links import SAME_PART, same_people
from plaudit.detectors.orders.cohort import people_behind
from plaudit.detectors.orders.habit import Timing
from plaudit.detectors.spec import Context
from plaudit.model import EventLog, Floats, Ints

LIKELY_SHARE = 0.5
"""Chance to be the cohort's from which a like is taken for its work."""


@dataclass(frozen=True)
class Suspect:
    """A cohort whose likes and timing speak for an order book.

    Attributes:
        rows, share: its likes, rows of the log, and the chance of each to be the cohort's.
        there: all likes of its returning actors on its targets, rows of the log.
        members: its returning actors; ``pool`` people behind it.
        when: how its likes keep to its habits.
    """

    rows: Ints
    share: Floats
    there: Ints
    members: Ints
    pool: float
    when: Timing

    @property
    def likely(self) -> Ints:
        """The likes that are more likely its own than a passer-by's, rows of the log."""
        return self.rows[self.share > LIKELY_SHARE]


def hands(log: EventLog, context: Context, suspects: Sequence[Suspect], strange: Sequence[bool]) -> Ints:
    """Suspects under one hand, ``int64[suspects]``: numbers from 0, the same for the same hand.

    Two hands are joined while they share a fifth of the smaller one's people, and twice as many as what these like
    elsewhere puts there, beyond chance (Poisson); the most alike first, and whoever was joined counts as one since.
    """
    number = np.flatnonzero(strange)
    joined, hand = [suspects[place] for place in number.tolist()], np.arange(len(suspects))
    while len(joined) > 1:
        alike = _alike(log, context, joined)
        a, b = np.unravel_index(int(np.argmax(alike)), alike.shape)
        if alike[a, b] < SAME_PART:
            break
        hand[hand == hand[number[b]]] = hand[number[a]]
        joined[a] = together(log, [joined[a], joined[b]])
        del joined[b]
        number = np.delete(number, b)
    return np.asarray(np.unique(hand, return_inverse=True)[1], dtype=np.int64)


def _alike(log: EventLog, context: Context, suspects: Sequence[Suspect]) -> Floats:
    """Part of the smaller one's people whom two suspects share, ``float64[s, s]``, above the diagonal.

    0 where activity puts half of them there, or chance would have it so.
    """
    i, j, part = same_people(log, context.activity, [one.likely for one in suspects])
    out = np.zeros((len(suspects), len(suspects)))
    out[i, j] = part
    return out


def together(log: EventLog, pieces: Sequence[Suspect]) -> Suspect:
    """Several suspects as one: what they did is counted once."""
    if len(pieces) == 1:
        return pieces[0]
    rows, place = np.unique(np.concatenate([one.rows for one in pieces]), return_inverse=True)
    share = np.zeros(rows.shape[0])
    np.maximum.at(share, place, np.concatenate([one.share for one in pieces]))
    pool, members = people_behind(log.actor[rows[share > LIKELY_SHARE]].astype(np.int64))
    met = sittings(np.sort(np.concatenate([one.when.sittings for one in pieces])))
    # Two pieces may have met in one sitting; no more stand out than there were.
    surprises = [one.when.surprises for one in pieces]
    when = replace(
        pieces[0].when,
        surprises=max(*surprises, min(sum(surprises), met.shape[0])),
        opened=all(one.when.opened for one in pieces),
        otherwise=any(one.when.otherwise for one in pieces),
        sittings=met,
    )
    return Suspect(rows, share, np.unique(np.concatenate([one.there for one in pieces])), members, pool, when)
