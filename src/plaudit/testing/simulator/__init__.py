"""Logs with planted truth: genuine life, genuine crowds, and what is sold. Seeded, no clock."""

from plaudit.testing.simulator.spec import (
    BOUGHT_LABELS,
    CROWD_LABELS,
    LABELS,
    NEUTRAL_LABELS,
    Knobs,
    ScenarioSpec,
    scenarios,
)
from plaudit.testing.simulator.world import World, simulate, write

__all__ = [
    "BOUGHT_LABELS",
    "CROWD_LABELS",
    "LABELS",
    "NEUTRAL_LABELS",
    "Knobs",
    "ScenarioSpec",
    "World",
    "scenarios",
    "simulate",
    "write",
]
