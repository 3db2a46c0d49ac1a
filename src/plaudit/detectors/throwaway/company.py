"""Who came with the one-offs? A viral hour, a launch or a lottery draws regular accounts along; an order brings none.

What is left to doubt when no regulars came are friends called in, who bring none either. How likely an excess is an
order is even odds over all excesses of a log, so it is less where regulars crowded in the same stretch and more where
they did not.
"""

from __future__ import annotations

import numpy as np
from scipy.special import expit, logit

from plaudit.detectors.rhythm import Episodes
from plaudit.kernels.tails import log_evidence, log_poisson_tail
from plaudit.model import Bools, EventLog, Floats, Ints, ranges

EVEN = 0.5
"""Chance that an excess of one-offs was ordered, all excesses of a log together."""

DOUBT = (0.15, 0.85)
"""Between these, whatever came along: who orders in somebody else's viral hour stays in doubt, and so do friends."""

_LEAST = 5
_MOST_LIKELY = 20.0
_STEPS = 40


def regulars_came(log: EventLog, episodes: Episodes, once: Bools) -> Floats:
    """Nats for regular accounts having crowded in the stretch around each like, ``float64[n]``; 0 outside of any.

    Regulars in a crowded stretch against those the target's other regulars predict there (Poisson).

    Args:
        once: likes by actors seen once, ``bool[n]``.
    """
    episodes = episodes.take(episodes.leaf & (episodes.likes >= _LEAST))
    regulars = np.concatenate([[0], np.cumsum(~once)])
    offsets = log.target_offsets()
    inside = regulars[episodes.last + 1] - regulars[episodes.first]
    all_there = regulars[offsets[episodes.target + 1]] - regulars[offsets[episodes.target]]
    # What the target's remaining life predicts for the stretch, per like of that life.
    rest = np.maximum(np.diff(offsets)[episodes.target] - episodes.likes, 1)
    part = np.minimum(episodes.expected / rest, _MOST_LIKELY)
    mean = np.maximum((all_there - inside + 0.5) * part, 1e-3)
    out = np.zeros(log.n)
    nats = log_evidence(np.exp(log_poisson_tail(inside, mean)))
    out[ranges(episodes.first, episodes.likes)] = np.repeat(nats, episodes.likes)
    return out


def ordered(nats: Floats, mass: Floats) -> Floats:
    """Chance of each like in excess to have been ordered, given what came along, ``float64[k]``.

    Args:
        nats: of :func:`regulars_came`.
        mass: how much of an excess each stands for: half of all of it was ordered, as far as :data:`DOUBT` allows.
    """
    low, high = DOUBT
    total = float(mass.sum())
    if total <= 0.0:
        return np.full(nats.shape[0], EVEN)
    calm = (EVEN, high)
    for _ in range(_STEPS):
        middle = sum(calm) / 2
        less = float(mass @ expit(logit(middle) - nats)) < EVEN * total
        calm = (middle, calm[1]) if less else (calm[0], middle)
    return np.asarray(np.clip(expit(logit(calm[1]) - nats), low, high), dtype=np.float64)


def by_target(chance: Floats, weight: Floats, home: Ints, targets: int) -> tuple[Floats, Floats]:
    """The chance of each target's excess as a whole, and that of each of its likes beside it, both at most one.

    Args:
        chance, weight: of each like to have been ordered if it is in excess, and to be in excess.
        home: target of each like.
    """
    held = np.bincount(home, weight, targets)
    whole = np.bincount(home, weight * chance, targets) / np.maximum(held, 1e-12)
    whole = np.where(held > 0, whole, EVEN)
    return whole, np.minimum(chance / whole[home], 1.0)
