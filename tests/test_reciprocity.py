"""Engagement pods are found as groups of their own class; friends, classes, offices and fan clubs are not."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pyarrow as pa
import pytest
from scipy import stats

from plaudit.app.assemble import case_of
from plaudit.detectors import Context
from plaudit.detectors.reciprocity import DETECTOR
from plaudit.detectors.reciprocity.dyads import author_of_likes, circles, reciprocation, support_between_authors
from plaudit.model import DAY_MS, HOUR_MS, EventLog, Findings, Ints
from plaudit.report.words import Words
from plaudit.testing import cases
from tests.worlds import START_MS, Draft, audited, log_of, quiet, scored, world

SEEDS = (0, 1, 2)


def _judged(log: EventLog) -> tuple[Ints, np.ndarray, np.ndarray]:
    support = support_between_authors(log, author_of_likes(log))
    judged = reciprocation(support, circles(support, 1 / 3, 0))
    return judged.actor, judged.partners, judged.log_p


def _found(log: EventLog, seed: int = 0) -> tuple[Findings, list[Ints]]:
    findings = DETECTOR.find(log, Context(log, seed))
    return findings, [np.unique(log.actor[cases.exhibits(findings, row)]) for row in range(len(findings))]


def _life(seed: int) -> Draft:
    """Ordinary people of whom a few hundred publish."""
    return quiet(seed, targets=600, actors=3000, likes=20_000)


def _circle(
    draft: Draft, people: Ints, works: Ints, keen: float, seed: int, *, publish: float = 1.0, late: bool = False
) -> Draft:
    """``people`` become the authors of ``works`` (the first part of them that publishes) and like ``keen`` of these."""
    rng = np.random.default_rng([seed, people.size, works.size])
    assert draft.author is not None
    author = draft.author.copy()
    author[works] = people[np.arange(works.size) % max(1, round(publish * people.size))]
    who, what = np.tile(people, works.size), np.repeat(works, people.size)
    keep = (rng.random(who.size) < keen) & (author[what] != who)
    who, what = who[keep], what[keep]
    lag = rng.integers(0, (5 * DAY_MS if late else 4 * HOUR_MS), who.size)
    moment = np.minimum(draft.born_ms[what] + lag, draft.end_ms)
    return replace(draft.plus(who, what, moment), author=author)


# --- the graph and its null


def test_the_graph_counts_likes_between_authors_and_not_ones_own() -> None:
    # Actors 0 and 1 like each other's targets (0's are 0 and 1, 1's is 2), 2 likes both and is liked by nobody.
    log = log_of([1, 1, 0, 2, 2, 0], [0, 1, 2, 0, 2, 0], START_MS + np.arange(6), author=np.array([0, 0, 1]))
    author = author_of_likes(log)
    assert (author == -1).sum() == 1, "a like of one's own says nothing"
    support = support_between_authors(log, author)
    assert list(zip(support.giver.tolist(), support.receiver.tolist(), support.weight.tolist(), strict=True)) == [
        (0, 1, 1),
        (1, 0, 2),
    ]
    assert support.mutual.all()
    assert (support.given.tolist(), support.received.tolist(), support.likes) == ([1, 2, 2], [3, 2, 0], 5)
    assert support.authors.tolist() == [0, 1]


def test_one_mutual_dyad_is_never_surprising() -> None:
    log = log_of([1, 0], [0, 1], START_MS + np.arange(2), author=np.array([0, 1]))
    actor, partners, log_p = _judged(log)
    assert (actor.tolist(), partners.tolist(), log_p.tolist()) == ([0, 1], [1, 1], [0.0, 0.0])
    nobody = replace(log, author=np.array([-1, -1], np.int32))
    assert len(DETECTOR.find(nobody, Context(nobody))) == 0


def _exchangeable(seed: int, kind: str) -> EventLog:
    if kind == "tastes":
        # Five tastes: people like and publish within theirs four times in five.
        rng = np.random.default_rng([seed, 61])
        taste, zeal = np.arange(400) % 5, rng.gamma(1.0, 1.0, 400) + 0.1
        author = rng.integers(0, 400, 300)
        who = rng.choice(400, 6000, p=zeal / zeal.sum())
        own = [np.flatnonzero(taste[author] == k) for k in range(5)]
        near = np.array([own[taste[a]][rng.integers(0, own[taste[a]].size)] for a in who.tolist()])
        what = np.where(rng.random(6000) < 0.8, near, rng.integers(0, 300, 6000))
        return log_of(who, what, START_MS + rng.integers(0, 20 * DAY_MS, 6000), author=author)
    return quiet(seed, targets=300, actors=250, likes=5000, uneven=kind == "uneven").log(context=True)


@pytest.mark.parametrize("kind", ["ordinary", "uneven", "tastes"])
def test_an_actors_p_value_is_never_smaller_than_it_says(kind: str) -> None:
    picked, every, authors = [], [], 0
    for seed in range(100):
        log = _exchangeable(seed, kind)
        actor, _, log_p = _judged(log)
        assert actor.size, "people who publish and like at random do like each other now and then"
        picked.append(float(np.exp(log_p[seed * 7 % actor.size])))
        every.append(np.exp(log_p))
        support = support_between_authors(log, author_of_likes(log))
        authors += support.authors.size
        assert len(DETECTOR.find(log, Context(log))) == 0
    assert stats.kstest(picked, "uniform", alternative="greater").pvalue > 1e-4
    p = np.concatenate(every)
    for level in (0.05, 0.01, 0.001):
        assert (p <= level).sum() <= stats.binom.isf(1e-4, authors, level)


# --- pods by hand, and those who are none


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("size", "keen"), [(20, 0.9), (30, 0.7), (50, 0.5)])
def test_a_pod_is_found_whole_and_only_its_mutual_likes_are_shown(size: int, keen: float, seed: int) -> None:
    people = np.arange(100, 100 + size)
    log = _circle(_life(seed), people, np.arange(size + size // 2), keen, seed).log(context=True)
    findings, members = _found(log)
    assert len(findings) == 1 and findings.q_value[0] <= 1e-6
    assert np.isin(people, members[0]).mean() >= 0.9 and np.isin(members[0], people).mean() >= 0.9
    shown = cases.exhibits(findings, 0)
    assert log.author is not None
    assert np.isin(log.author[log.target[shown]], members[0]).all()
    assert (log.author[log.target[shown]] != log.actor[shown]).all()
    assert findings.statistic[0] == shown.size > 3 * findings.expectation[0]
    assert findings.certainty[0] == 0.5, "friends could look the same: at most even odds"


@pytest.mark.parametrize("seed", SEEDS)
def test_pods_are_told_apart_from_each_other_and_from_their_members_friends(seed: int) -> None:
    draft = _life(seed)
    first, second = np.arange(100, 125), np.arange(200, 230)
    draft = _circle(draft, first, np.arange(40), 0.8, seed)
    draft = _circle(draft, second, np.arange(40, 85), 0.8, seed)
    works = 100
    for k in range(6):
        # Circles of six friends, one of them a member of a pod.
        friends = np.append(np.arange(300 + 5 * k, 305 + 5 * k), first[k])
        draft = _circle(draft, friends, np.arange(works, works + 9), 0.5, seed)
        works += 9
    _, members = _found(draft.log(context=True))
    assert len(members) == 2
    for pod in (first, second):
        best = max(members, key=lambda group: np.isin(pod, group).sum())
        assert np.isin(pod, best).mean() >= 0.9 and np.isin(best, pod).mean() >= 0.9


@pytest.mark.parametrize("seed", SEEDS)
def test_circles_of_friends_are_no_pods(seed: int) -> None:
    draft = _life(seed)
    for k in range(10):
        draft = _circle(draft, np.arange(100 + 8 * k, 108 + 8 * k), np.arange(10 * k, 10 * k + 10), 0.7, seed)
    assert not _found(draft.log(context=True))[1]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("publish", "keen"), [(0.2, 0.7), (0.4, 0.35), (1.0, 0.2)])
def test_a_class_is_no_pod(publish: float, keen: float, seed: int) -> None:
    draft = _circle(_life(seed), np.arange(100, 130), np.arange(45), keen, seed, publish=publish, late=True)
    assert not _found(draft.log(context=True))[1]


@pytest.mark.parametrize("seed", SEEDS)
def test_employees_and_a_fan_club_with_active_members_are_no_pods(seed: int) -> None:
    staff, fans = np.arange(100, 140), np.arange(200, 280)
    draft = _circle(_life(seed), staff, np.arange(30), 0.7, seed, publish=1 / 40)
    draft = _circle(draft, fans, np.arange(30, 60), 0.85, seed, publish=1 / 80)
    # Some fans publish too; the star likes them back, and they each other now and then.
    draft = _circle(draft, fans[:20], np.arange(60, 85), 0.15, seed)
    author = draft.author
    assert author is not None
    works = np.flatnonzero(np.isin(author, fans[1:20]))
    draft = draft.plus(fans[0], works, draft.born_ms[works] + HOUR_MS)
    assert not _found(draft.log(context=True))[1]


@pytest.mark.parametrize("pods", (1, 2, 3, 4))
@pytest.mark.parametrize("seed", SEEDS)
def test_a_handful_of_pods_are_not_their_own_measure(seed: int, pods: int) -> None:
    # Hardly anybody else publishes, so there are no other circles to measure them by.
    draft, rng = quiet(seed, targets=200, actors=3000, likes=6000), np.random.default_rng([seed, 79])
    people = rng.permutation(3000)[: 30 * pods].reshape(pods, 30)
    works = rng.permutation(200)[: 45 * pods].reshape(pods, 45)
    for members, theirs in zip(people, works, strict=True):
        draft = _circle(draft, members, theirs, 0.7, seed)
    findings, found = _found(draft.log(context=True))
    assert len(findings) == pods
    assert all(max(np.intersect1d(members, group).size for group in found) >= 27 for members in people)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_pod_that_is_most_of_who_publishes_is_not_its_own_measure(seed: int) -> None:
    draft = quiet(seed, targets=60, actors=500, likes=4000)
    people = np.arange(100, 130)
    _, members = _found(_circle(draft, people, np.arange(40), 0.8, seed).log(context=True))
    assert len(members) == 1 and np.isin(people, members[0]).mean() >= 0.8


# --- planted and recovered


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("scenario", "events"), [("pod", 20_000), ("mixed", 20_000), ("pod", 50_000)])
def test_planted_pods_are_recovered(scenario: str, events: int, seed: int) -> None:
    case = cases.case_of(world(scenario, events, seed).events, world(scenario, events, seed).truth)
    findings, members = _found(case.log)
    planted = sorted(set(case.group[case.label == "pod"]))
    assert len(members) == len(planted) == 1
    pod = np.unique(case.log.actor[case.label == "pod"])
    assert np.isin(pod, members[0]).mean() >= 0.9 and np.isin(members[0], pod).mean() >= 0.8
    shown = cases.exhibits(findings, 0)
    assert np.isin(np.flatnonzero(case.label == "pod"), shown).mean() >= 0.8


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("scenario", ["traps", "small", "clean", "null"])
def test_where_there_is_no_pod_none_is_found(scenario: str, seed: int) -> None:
    case = cases.case_of(world(scenario, 50_000, seed).events, world(scenario, 50_000, seed).truth)
    assert len(DETECTOR.find(case.log, Context(case.log, seed))) == 0


# --- the whole flow


@lru_cache(maxsize=1)
def _pod_group() -> dict[str, object]:
    groups = audited("pod", 20_000, 0).tables["groups"].to_pylist()
    mine = [group for group in groups if group["detector"] == "reciprocity"]
    assert len(mine) == 1
    return dict(mine[0])


def test_likes_inside_a_pod_are_undetermined_and_its_organic_likes_kept() -> None:
    found = scored("pod", 20_000, 0)
    assert found["neutral_by_label"]["pod"]["undetermined"] >= 0.85
    assert found["neutral_by_label"]["pod"]["discounted"] == 0.0
    done = audited("pod", 20_000, 0)
    likes, members = done.tables["likes"], _pod_group()["members"]
    assert isinstance(members, list)
    truth = dict(zip(*(world("pod", 20_000, 0).truth[name].to_pylist() for name in ("event_id", "label")), strict=True))
    own = [
        status
        for actor, event, status in zip(
            *(likes[name].cast(pa.string()).to_pylist() for name in ("actor_id", "event_id", "status")), strict=True
        )
        if actor in set(members) and truth[event] != "pod"
    ]
    assert len(own) > 200 and own.count("verified") >= 0.85 * len(own) and "discounted" not in own
    (pod,) = found["groups"]["planted"]
    assert pod["recall"] >= 0.9 and pod["precision"] >= 0.85


def test_the_class_of_a_group_is_worded_with_the_innocent_first() -> None:
    done = audited("pod", 20_000, 0)
    (view,) = [group for group in done.document.groups if group.detector == "reciprocity"]
    assert view.posterior <= 0.5
    assert [message.code for message in view.innocent] == ["friends", "class_or_team", "small_community"]
    assert Words.of("zh").name("detector_name", view.detector) == "互赞群"
    assert Words.of("en").name("detector_name", view.detector) == "Engagement pod (mutual likes)"
    column = done.tables["likes"]["group_id"].cast(pa.string()).to_pylist()
    rows = np.flatnonzero(np.array([name == view.group_id for name in column]))
    verdict = done.document.verdict
    case = case_of(done.tables, "group", view.group_id, rows, verdict.prior, verdict.caps)
    assert case.status == "undetermined" and case.innocent[0].code == "friends"
    assert case.exonerating[0].code == "likes_not_returned"
    for lang in ("en", "zh"):
        words = Words.of(lang)
        assert "{" not in words.say(case.exonerating[0])
        assert words.name("family", "reciprocity") != "reciprocity"
