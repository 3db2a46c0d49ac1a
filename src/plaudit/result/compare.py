"""Campaigns, suppliers or authors side by side."""

from __future__ import annotations

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
