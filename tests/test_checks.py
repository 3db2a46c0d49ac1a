"""The battery passes an honest detector and catches each kind of dishonest one."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import count

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from scipy import stats

from plaudit.detectors.spec import Context, DetectorSpec
from plaudit.errors import InputError
from plaudit.ingest import read_events
from plaudit.model import EventLog, Exhibits, Family, Findings, SubjectKind, ranges
from plaudit.testing import cases, checks, strategies
from plaudit.testing.logs import log_from_table, named_log
from plaudit.testing.simulator import simulate

EVENTS = 20_000
SPEC = DetectorSpec(
    id="shared_device",
    version="1",
    question="Do more accounts share one device than devices here are shared?",
    family=Family.CONTEXT,
    requires=("device",),
    min_likes=10,
    innocent=("family_device",),
    evasions=("one_device_each",),
)


def _q(p: np.ndarray, candidates: int) -> np.ndarray:
    order = np.argsort(p, kind="stable")
    scaled = p[order] * candidates / np.arange(1, p.size + 1)
    q = np.empty(p.size)
    q[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    return q


@dataclass(frozen=True)
class SharedDevice:
    """Tiny and right: accounts per device against a Poisson whose mean the middle of the log gives."""

    spec: DetectorSpec = SPEC

    def find(self, log: EventLog, context: Context) -> Findings:
        assert log.device is not None
        order = np.lexsort((np.arange(log.n), log.device))
        order = order[log.device[order] >= 0]
        devices, first, size = np.unique(log.device[order], return_index=True, return_counts=True)
        pairs = np.unique(log.device[order].astype(np.int64) * log.n_actors + log.actor[order])
        accounts = np.unique(pairs // log.n_actors, return_counts=True)[1]
        expected = max(0.02, float(np.quantile(accounts - 1, 0.9)))
        p_all = stats.poisson.sf(accounts - 2, expected)
        shared = np.flatnonzero(accounts > 1)
        like = order[ranges(first[shared], size[shared])]
        extra = np.repeat(1 - 1 / accounts[shared], size[shared])
        starts = [log.at_ms[order[f : f + s]] for f, s in zip(first[shared], size[shared], strict=True)]
        return Findings(
            detector=self.spec.id,
            version=self.spec.version,
            family=self.spec.family,
            subject_kind=SubjectKind.GROUP,
            subject=np.arange(shared.size),
            statistic=accounts[shared].astype(np.float64),
            expectation=np.full(shared.size, 1 + expected),
            p_value=p_all[shared],
            q_value=_q(p_all[shared], devices.size),
            support=size[shared].astype(np.int64),
            certainty=np.ones(shared.size),
            start_ms=np.array([s.min() for s in starts], np.int64),
            end_ms=np.array([s.max() for s in starts], np.int64),
            exhibits=Exhibits(np.concatenate([[0], np.cumsum(size[shared])]).astype(np.int64), like, extra),
            candidates=int(devices.size),
        )


@dataclass(frozen=True)
class Twisted:
    """The honest detector with its findings twisted by ``twist(findings, log)``."""

    twist: Callable[[Findings, EventLog], Findings]
    spec: DetectorSpec = SPEC

    def find(self, log: EventLog, context: Context) -> Findings:
        return self.twist(SharedDevice().find(log, context), log)


def test_an_honest_detector_passes_everything():
    became = checks.check_detector(SharedDevice(), seeds=(0, 1), events=EVENTS)
    assert list(became) == list(checks.CHECKS)
    assert {became[name] for name in became if name != "engines_agree"} == {checks.PASSED}


def test_skip_leaves_out_and_knows_the_names():
    ran = checks.check_detector(SharedDevice(), events=EVENTS, skip=("planted_ring", "removal", "more_is_more"))
    assert "removal" not in ran and ran["schema"] == checks.PASSED
    with pytest.raises(ValueError, match="no check 'speling'"):
        checks.check_detector(SharedDevice(), skip=("speling",))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"id": "Shared Device"}, "small_letters"),
        ({"version": ""}, "version is empty"),
        ({"question": "Shared."}, "end with"),
        ({"min_likes": 0}, "min_likes"),
        ({"parameters": {"window_ms": float("nan")}}, "no finite number"),
        ({"requires": ("phone",)}, "requires 'phone'"),
        ({"innocent": ()}, "innocent explanation"),
        ({"evasions": ()}, "way around"),
    ],
)
def test_a_careless_declaration_is_caught(change, sentence):
    with pytest.raises(AssertionError, match=sentence):
        checks.check_spec(replace(SPEC, **change))


def _exhibits(findings: Findings, **change: object) -> Findings:
    return replace(findings, exhibits=replace(findings.exhibits, **change))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("twist", "sentence"),
    [
        (lambda f, log: replace(f, detector="other"), "another detector"),
        (lambda f, log: replace(f, statistic=f.statistic.astype(np.float32)), "statistic must be float64"),
        (lambda f, log: replace(f, support=f.support[:-1]), "support must be int64"),
        (lambda f, log: replace(f, statistic=f.statistic * np.nan), "NaN"),
        (lambda f, log: replace(f, q_value=f.p_value - 1), "q_value must lie"),
        (lambda f, log: replace(f, q_value=f.p_value / 2), "smaller than its p-value"),
        (lambda f, log: replace(f, q_value=np.linspace(1, 0.999, len(f))), "order of p-values"),
        (lambda f, log: replace(f, certainty=f.certainty + 1), "certainty must lie"),
        (lambda f, log: replace(f, candidates=0), "more findings than candidates"),
        (lambda f, log: replace(f, start_ms=f.end_ms + 1), "ends before it starts"),
        (lambda f, log: replace(f, subject=f.subject - 1, subject_kind=SubjectKind.TARGET), "is no target"),
        (lambda f, log: replace(f, exhibits=Exhibits.empty(len(f))), "has no exhibits"),
        (lambda f, log: replace(f, exhibits=Exhibits.empty(len(f) + 1)), "offsets from 0"),
        (lambda f, log: _exhibits(f, row=f.exhibits.row + log.n), "no like of the log"),
        (lambda f, log: _exhibits(f, share=f.exhibits.share * 0), "shares of exhibits"),
        (lambda f, log: _exhibits(f, row=np.zeros_like(f.exhibits.row)), "same like twice"),
    ],
)
def test_malformed_findings_are_caught(twist, sentence):
    with pytest.raises(AssertionError, match=sentence):
        checks.check_schema(Twisted(twist), events=EVENTS)


def test_a_detector_that_fails_on_little_data_is_caught():
    def fragile(findings: Findings, log: EventLog) -> Findings:
        if log.n_targets == 1:
            raise ZeroDivisionError("nothing to divide by")
        return findings

    with pytest.raises(AssertionError, match="ZeroDivisionError"):
        checks.check_tiny_logs(Twisted(fragile))


def test_a_moody_detector_is_caught():
    moods = count(1)
    moody = Twisted(lambda f, log: replace(f, statistic=f.statistic + next(moods)))
    with pytest.raises(AssertionError, match="statistic differs from run to run"):
        checks.check_determinism(moody, events=EVENTS)


def test_a_detector_that_writes_into_the_log_is_caught():
    def scribble(findings: Findings, log: EventLog) -> Findings:
        log.at_ms[0] += 1
        return findings

    with pytest.raises(AssertionError, match="changes the log's column at_ms"):
        checks.check_determinism(Twisted(scribble), events=EVENTS, seed=7)


def test_a_detector_that_reads_meaning_into_names_is_caught():
    odd = Twisted(lambda f, log: replace(f, statistic=f.statistic + log.actor[f.exhibits.row[f.exhibits.offsets[:-1]]]))
    with pytest.raises(AssertionError, match="findings depend on names"):
        checks.check_renaming(odd, events=EVENTS)


@dataclass
class _Fickle:
    """Answers otherwise the second time: as if it had read the input in another order."""

    spec: DetectorSpec = SPEC
    asked: list[int] = field(default_factory=list)

    def find(self, log: EventLog, context: Context) -> Findings:
        self.asked.append(1)
        found = SharedDevice().find(log, context)
        return replace(found, support=found.support + len(self.asked))


def test_a_detector_that_depends_on_row_order_is_caught():
    with pytest.raises(AssertionError, match="depend on the order of rows"):
        checks.check_row_order(_Fickle(), events=EVENTS)


@dataclass(frozen=True)
class CriesWolf:
    """Finds every well-liked target guilty."""

    spec: DetectorSpec = field(default_factory=lambda: replace(SPEC, id="wolf", requires=()))

    def find(self, log: EventLog, context: Context) -> Findings:
        offsets = log.target_offsets()
        size = np.diff(offsets)
        loved = np.flatnonzero(size > 20)
        p = 1e-6 / size[loved]
        return Findings(
            detector=self.spec.id,
            version=self.spec.version,
            family=self.spec.family,
            subject_kind=SubjectKind.TARGET,
            subject=loved,
            statistic=size[loved].astype(np.float64),
            expectation=np.ones(loved.size),
            p_value=p,
            q_value=_q(p, size.size),
            support=size[loved],
            certainty=np.ones(loved.size),
            start_ms=log.at_ms[offsets[loved]],
            end_ms=log.at_ms[offsets[loved + 1] - 1],
            exhibits=Exhibits(
                np.concatenate([[0], np.cumsum(size[loved])]).astype(np.int64),
                ranges(offsets[loved], size[loved]),
                np.ones(int(size[loved].sum())),
            ),
            candidates=int(size.size),
        )


def test_crying_wolf_is_caught_in_a_world_where_nothing_happens():
    checks.check_schema(CriesWolf(), events=EVENTS)
    with pytest.raises(AssertionError, match="null world"):
        checks.check_null_calibrated(CriesWolf(), events=EVENTS)


def test_crying_wolf_is_caught_on_genuine_crowds():
    with pytest.raises(AssertionError, match="genuine crowds"):
        checks.check_genuine_spikes(CriesWolf(), events=EVENTS)


def test_a_doubt_that_is_declared_is_no_false_alarm():
    doubtful = Twisted(lambda f, log: f)
    checks.check_genuine_spikes(doubtful, events=EVENTS)

    class Doubts(CriesWolf):
        def find(self, log: EventLog, context: Context) -> Findings:
            found = super().find(log, context)
            return replace(found, certainty=np.full(len(found), 0.5))

    checks.check_genuine_spikes(Doubts(), events=EVENTS)


def test_ranking_a_crowd_above_the_ring_is_caught():
    with pytest.raises(AssertionError, match=r"ranks above|finds nothing"):
        checks.check_planted_ring(CriesWolf(), events=EVENTS, finds=("naive_ring", "throwaway", "crowd_order"))


def test_finding_nothing_is_caught():
    blind = Twisted(lambda f, log: replace(f, p_value=np.ones(len(f)), q_value=np.ones(len(f))))
    with pytest.raises(AssertionError, match="finds nothing"):
        checks.check_planted_ring(blind, events=EVENTS)


def test_a_statistic_that_falls_with_evidence_is_caught():
    shy = Twisted(lambda f, log: replace(f, statistic=f.statistic / log.n))
    with pytest.raises(AssertionError, match="lowered the statistic"):
        checks.check_more_is_more(shy, events=EVENTS)


def test_exhibits_that_are_not_the_evidence_are_caught():
    with pytest.raises(AssertionError, match="still found"):
        checks.check_removal(_Half(), events=EVENTS)


@dataclass(frozen=True)
class _Half:
    """Shows every second like of what it found."""

    spec: DetectorSpec = SPEC

    def find(self, log: EventLog, context: Context) -> Findings:
        found = SharedDevice().find(log, context)
        size = np.diff(found.exhibits.offsets)
        keep = (np.arange(found.exhibits.row.size) - np.repeat(found.exhibits.offsets[:-1], size)) % 2 == 0
        offsets = np.concatenate([[0], np.cumsum((size + 1) // 2)]).astype(np.int64)
        return replace(found, exhibits=Exhibits(offsets, found.exhibits.row[keep], found.exhibits.share[keep]))


def test_more_of_the_same_adds_members_on_served_targets():
    case = cases.world("small", EVENTS, 0)
    ring = np.flatnonzero(case.label == "naive_ring")
    log, old = cases.more_of_the_same(case.log, ring, np.random.default_rng(0))
    added = old < 0
    assert log.n - case.log.n == added.sum() > 0
    assert np.isin(log.actor[added], case.log.actor[ring]).all()
    assert np.isin(log.target[added], case.log.target[ring]).all()
    assert np.array_equal(log.actor[~added], case.log.actor[old[~added]])
    pairs = log.actor.astype(np.int64) * log.n_targets + log.target
    assert np.unique(pairs).size == log.n


def _same_log(one: EventLog, two: EventLog) -> None:
    for name in EventLog.__dataclass_fields__:
        a, b = getattr(one, name), getattr(two, name)
        assert (a is None) == (b is None), name
        assert a is None or (np.array_equal(a, b) and np.asarray(a).dtype == np.asarray(b).dtype), name


def test_log_from_table_agrees_with_ingest_on_a_world():
    table = simulate("small", events=EVENTS, seed=3, overrides={"unlikes": 0.1}).events
    mine, theirs = named_log(table), read_events(table, time_format="ms")
    _same_log(mine.log, theirs.log)
    assert mine.event_ids.equals(theirs.event_ids.cast(pa.string()))
    assert mine.actor_ids.equals(theirs.actor_ids.cast(pa.string()))
    assert mine.target_ids.equals(theirs.target_ids.cast(pa.string()))


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(strategies.event_tables())
def test_log_from_table_agrees_with_ingest_on_awkward_tables(table):
    mine, theirs = named_log(table), read_events(table, time_format="ms")
    _same_log(mine.log, theirs.log)
    assert mine.event_ids.equals(theirs.event_ids.cast(pa.string()))


def test_log_from_table_says_what_is_missing():
    with pytest.raises(InputError, match="needs the column 'actor'"):
        log_from_table(pa.table({"event_id": ["1"], "target": ["t"], "at": [0]}))
    with pytest.raises(InputError, match="No like stands"):
        log_from_table(pa.table({"event_id": ["1"], "actor": ["a"], "target": ["t"], "at": [0], "kind": ["view"]}))
