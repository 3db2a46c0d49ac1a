"""What likers, or authors of comments, went on to do, as far as outcomes were given: description first, cause last."""

from __future__ import annotations

from plaudit.result.base import Frozen, Message


class Rate(Frozen):
    """How many of a group did something in a window after their like: ``acts`` of ``people``, with a 90 % interval.

    Groups of fewer than five people are not listed. Where fewer than five did it, or fewer than five did not, neither
    number nor share is told (null), and the interval is the one that holds whichever it was.
    """

    group: str  # "verified" | "suspect" | "mixed" | "undetermined" of likers, or "commenters" | "readers" | "reads"
    kind: str  # "read_finish" | "follow" | "purchase" | "repurchase" | "referral"
    window: str  # "first" | "later", or "whole" of article totals
    people: int
    acts: int | None
    rate: float | None
    low: float
    high: float


class Contrast(Frozen):
    """Two rates compared, with a 90 % interval. ``causal`` only where the design and all its checks support it.

    ``design``: ``groups`` (verified likers less suspect ones: a description), ``other_targets`` or ``not_yet``
    (verified likers before and after, against others over the same time: differences in differences), or
    ``before_after`` (the same people before and after, nobody to compare with).
    """

    kind: str
    window: str
    design: str
    treated: int
    controls: int
    overlap: float | None
    """Share of the treated for whom somebody comparable was found; null where nobody is compared with."""
    difference: float
    low: float
    high: float
    p_value: float
    p_adjusted: float | None
    """After Holm's correction for all effects asked for; null where the contrast is a description."""
    trend: float | None
    """The same difference between the two windows before the like, where nothing should be seen."""
    trend_low: float | None
    trend_high: float | None
    causal: bool
    message: Message


class Cost(Frozen):
    """Money per engagement, with a 90 % interval; ``high`` is null where none at all may be authentic."""

    code: str  # "per_shown" | "per_authentic"
    currency: str
    value: float
    low: float
    high: float | None


class ValuePart(Frozen):
    """What the likes were worth to the business, as far as outcomes were given."""

    outcomes: int
    matched: int
    """Outcomes of people the likes or comments know."""
    people: int
    """Of those people, how many are known."""
    first_ms: int | None
    last_ms: int | None
    """The stretch in which outcomes were recorded."""
    window_ms: int
    """Length of the ``first`` window; ``later`` are the three windows after it."""
    rates: list[Rate]
    contrasts: list[Contrast]
    costs: list[Cost]
    messages: list[Message]
    """What can be said, and the plain refusal where the design supports no causal sentence."""
