"""Work stays bounded where logs are lopsided: counted in pairs looked at, not in seconds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from plaudit.app.pipeline import audit
from plaudit.detectors import BUILT_IN, Context
from plaudit.detectors.lockstep import detector as lockstep
from plaudit.detectors.orders import web
from plaudit.kernels import coaction, overlap
from plaudit.model import DAY_MS, HOUR_MS, EventLog, Outcome
from tests.worlds import START_MS, log_of, quiet, table_of


def _one_target() -> EventLog:
    """200,000 actors like one target within an hour; life goes on elsewhere."""
    rng = np.random.default_rng(1)
    world = quiet(1)
    at = START_MS + 10 * DAY_MS + np.sort(rng.integers(0, HOUR_MS, 200_000))
    return world.plus(world.actors + np.arange(at.size), 3, at).log()


def _one_actor() -> EventLog:
    """One actor likes 200,000 targets; a few people like some of them too."""
    rng = np.random.default_rng(2)
    at = START_MS + np.sort(rng.integers(0, 30 * DAY_MS, 200_000))
    few = rng.choice(200_000, 6000, replace=False)
    who = np.concatenate([np.zeros(200_000, np.int64), rng.integers(1, 400, few.size)])
    return log_of(who, np.concatenate([np.arange(200_000), few]), np.concatenate([at, at[few] + 120_000]))


def _block() -> EventLog:
    """2,000 actors like the same 300 targets: more pairs of likes than anybody should look at."""
    rng = np.random.default_rng(3)
    who, what = np.tile(np.arange(2000), 300), np.repeat(np.arange(300), 2000)
    at = START_MS + what * (DAY_MS // 12) + rng.integers(0, 2 * DAY_MS, who.size)
    return log_of(who, what, at)


def _busy_many() -> EventLog:
    """60 actors like the same 4,000 targets within the minute, in twos and threes: many pairs of very busy actors."""
    rng = np.random.default_rng(4)
    what = np.repeat(np.arange(4000), 60)
    at = START_MS + what * (DAY_MS // 200) + rng.integers(0, HOUR_MS, what.size)
    return log_of(np.tile(np.arange(60), 4000), what, at)


WORLDS = {"one_target": _one_target, "one_actor": _one_actor, "block": _block, "busy_many": _busy_many}


class _Count:
    """Counts what the pair kernels are asked to look at."""

    def __init__(self) -> None:
        self.meetings = 0
        self.memberships = 0
        self.told = 0
        self.steps = 0

    def repeated_pairs(self, target: Any, at: Any, actor: Any, usable: Any, window: int, *rest: int) -> Any:
        self.meetings += int(coaction.crowd(target[usable], at[usable], window).sum()) // 2
        return coaction.repeated_pairs(target, at, actor, usable, window, *rest)

    def shared_actors(self, *arguments: Any) -> Any:
        offsets, actor, stop, first = arguments[0], arguments[1], arguments[9], arguments[10]
        per_actor = np.diff(arguments[3]).astype(np.int64)
        self.memberships += int(per_actor[actor[offsets[first] : offsets[stop]]].sum())
        found = self.shared(*arguments)
        self.told += int(found[0].shape[0])
        return found

    def chance_meetings(self, first: Any, second: Any, offsets: Any, *rest: Any) -> Any:
        activity = np.diff(offsets)
        self.steps += int(np.minimum(activity[first], activity[second]).sum())
        return coaction.chance_meetings(first, second, offsets, *rest)

    shared: Any = None


@pytest.fixture
def looked_at(monkeypatch: pytest.MonkeyPatch) -> Iterator[_Count]:
    counted = _Count()
    counted.shared = overlap.shared_actors
    monkeypatch.setattr(lockstep, "repeated_pairs", counted.repeated_pairs)
    monkeypatch.setattr(web, "shared_actors", counted.shared_actors)
    monkeypatch.setattr(lockstep, "chance_meetings", counted.chance_meetings)
    yield counted


@pytest.mark.parametrize("world", list(WORLDS))
def test_pairs_looked_at_are_bounded_by_the_number_of_likes(world: str, looked_at: _Count) -> None:
    log = WORLDS[world]()
    context = Context(log, 0)
    for detector in BUILT_IN:
        if detector.spec.requires:
            continue
        findings = detector.find(log, context)
        assert findings.outcome is Outcome.MEASURED
    assert looked_at.meetings <= 40 * max(log.n, 1000)
    # Two passes over the overlaps, each at most the likes times the memberships an actor keeps.
    assert looked_at.memberships <= 2 * 400 * log.n
    assert looked_at.told <= looked_at.memberships
    assert looked_at.steps <= 40 * max(log.n, 100_000)


def test_an_audit_of_a_lopsided_log_ends_with_exact_counts() -> None:
    done = audit(table_of(_one_target()), time_format="ms")
    targets = done.tables["targets"]
    shown = targets["shown"].to_numpy()
    split = sum(targets[name].to_numpy() for name in ("verified", "discounted", "undetermined"))
    assert np.array_equal(shown, split) and shown.max() > 200_000
