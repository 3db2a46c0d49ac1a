"""Campaigns, suppliers or authors side by side."""

from __future__ import annotations

from pydantic import Field

from plaudit.result.base import Frozen, Message


class Unit(Frozen):
    """One of those compared.

    ``share`` is what was counted here, with the 90 % interval of the count. ``rate`` is what may be expected of this
    unit again: drawn towards the others as far as its own targets cannot carry it.
    """

    name: str
    targets: int
    shown: int
    authentic: float
    share: float
    share_low: float
    share_high: float
    weight: float
    """Likes its share is worth as evidence, once likes of one target are not taken for independent."""
    rate: float
    rate_low: float
    rate_high: float
    best: float
    """Chance that its rate is the highest."""
    ranks: list[float]
    """Chance of each place, the first place first."""


class Pair(Frozen):
    """Two rates, the first less the second, with a 90 % interval; ``above`` is the chance that it is positive."""

    first: str
    second: str
    difference: float
    low: float
    high: float
    above: float


class Measured(Frozen):
    """One side by one measure: ``observed`` is what was counted, ``value`` what may be expected of it again (90 %)."""

    name: str
    parts: int
    """Posts, or comments, it rests on."""
    exposure: float | None
    """Reads of those posts; null where the measure has no such thing."""
    observed: float
    value: float
    low: float
    high: float
    best: float
    """Chance that it is the highest."""


class Measure(Frozen):
    """Sides by something beside the authentic share, highest expected first.

    ``code``: ``likes_per_read`` (authentic likes per read of the posts that show both exactly) or ``depth``
    (recognition depth, 0 to 100).
    """

    code: str
    units: list[Measured]
    pooling: float
    """How far a side of middling size is drawn to the mean, 0 to 1."""
    left_out: int
    """Posts whose likes or reads are absent or censored."""


class Comparison(Frozen):
    """The answer of ``plaudit compare``: units by expected rate, highest first."""

    schema_version: str
    plaudit_version: str
    by: str
    units: list[Unit]
    pairs: list[Pair]
    mean: float
    """Rate of the population the units are drawn from."""
    clustering: float
    """Correlation of likes inside one target, 0 (independent) to 1 (a target is all one thing)."""
    pooling: float
    """How far a unit of middling size is drawn to the mean, 0 (not at all) to 1 (all the way)."""
    seed: int
    messages: list[Message]
    measures: list[Measure] = Field(default_factory=list)
    """Of audits of exports: likes per read, recognition depth, as far as they are known of two sides at least."""
