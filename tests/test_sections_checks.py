"""The battery for sections passes an honest detector and catches each kind of dishonest one; scores count rightly."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from scipy import stats

from plaudit.detectors.spec import DetectorSpec, SectionContext
from plaudit.errors import InputError
from plaudit.model import Exhibits, Family, Findings, Outcome, Section, SubjectKind, Tier
from plaudit.testing.sections import LabelScore, cases, checks, pooled, score_section, what_each_tier_sees
from plaudit.testing.sections.scoring import average_precision_of

COMMENTS = 1_500
SPEC = DetectorSpec(
    id="same_words",
    version="1",
    question="Does one post hold the same long comment more often than any text here is repeated?",
    family=Family.WORDING,
    requires=("texts",),
    min_likes=1,
    innocent=("slogan",),
    evasions=("own_words",),
)


def answer(spec: DetectorSpec, rows: list[np.ndarray], p: np.ndarray, candidates: int) -> Findings:
    n = p.size
    order = np.argsort(p, kind="stable")
    q = np.empty(n)
    scaled = p[order] * max(candidates, 1) / np.arange(1, n + 1)
    q[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    sizes = np.array([row.size for row in rows], np.int64)
    zeros = np.zeros(n, np.int64)
    return Findings(
        detector=spec.id,
        version=spec.version,
        family=spec.family,
        subject_kind=SubjectKind.GROUP,
        subject=np.arange(n),
        statistic=sizes.astype(np.float64),
        expectation=np.ones(n),
        p_value=p,
        q_value=q,
        support=sizes,
        start_ms=zeros,
        end_ms=zeros,
        exhibits=Exhibits(
            np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
            np.concatenate([*rows, np.zeros(0, np.int64)]).astype(np.int64),
            np.ones(int(sizes.sum())),
        ),
        certainty=np.ones(n),
        candidates=candidates,
    )


@dataclass
class SameWords:
    """Counts comments of a post whose first twelve letters agree; a stem may recur at this section's own rate."""

    spec: DetectorSpec = SPEC
    fault: str = ""
    calls: count = field(default_factory=count)  # type: ignore[type-arg]

    def find(self, section: Section, context: SectionContext) -> Findings:
        posts, c = len(section.posts), section.comments
        stems = np.array(["".join(ch for ch in text if ch.isalpha())[:12] for text in c.text.to_pylist()], object)
        long = np.flatnonzero([len(stem) >= 12 for stem in stems])
        key = np.array([f"{c.post[row]}/{stems[row]}" for row in long], object)
        names, of = np.unique(key.astype(str), return_inverse=True)
        sizes = np.bincount(of, minlength=names.size)
        big = np.flatnonzero(sizes > 1)
        # Two in a post may be chance; what happens once in a section sets the rate.
        p = stats.poisson.sf(sizes[big] - 2, 0.05)
        rows = [np.sort(posts + long[of == k]) for k in big.tolist()]
        found = answer(self.spec, rows, p, max(1, names.size))
        match self.fault:
            case "random":
                found = replace(found, statistic=found.statistic + next(self.calls))
            case "order":
                found = replace(found, statistic=np.array([row[0] for row in rows], np.float64))
            case "names":
                first = [c.author[row[0] - posts] if c.n_authors else 0 for row in rows]
                found = replace(found, statistic=np.array(first, np.float64))
            case "outside":
                found = replace(found, exhibits=replace(found.exhibits, row=found.exhibits.row + section.n_targets))
            case "writes":
                c.likes.low[:1] += 1
            case "fragile":
                assert section.comments.region.max(initial=-1) >= 0, "no region"
            case "eager":
                everybody = [np.array([posts + row]) for row in range(len(c))]
                found = answer(self.spec, everybody, np.full(len(c), 1e-9), len(c))
            case "loud":
                rows = [np.array([posts + row]) for row in np.flatnonzero(c.pinned == 1).tolist()] + rows
                found = answer(self.spec, rows, np.r_[np.full(len(rows) - big.size, 1e-300), p], max(1, names.size))
            case "blind":
                found = answer(self.spec, [], np.zeros(0), 1)
            case "half":
                found = replace(found, outcome=Outcome.NOT_ENOUGH_DATA)
            case "excess":
                half = np.ones(found.exhibits.row.size)
                found = replace(
                    found, exhibits=replace(found.exhibits, excess=half, excess_low=half + 1, excess_high=half)
                )
        return found


def test_an_honest_detector_passes() -> None:
    checks.check_section_detector(SameWords(), comments=COMMENTS)


@pytest.mark.parametrize(
    ("fault", "check", "said"),
    [
        ("random", "determinism", "differs from run to run"),
        ("writes", "determinism", "changes the section's column likes"),
        ("order", "order", "the order of comments"),
        ("names", "renaming", "the names of authors"),
        ("outside", "schema", "no target of the section"),
        ("excess", "schema", "outside its own interval"),
        ("half", "schema", "not_enough_data with findings"),
        ("fragile", "poor_exports", "fails on a section"),
        ("eager", "null_calibrated", "more than the"),
        ("eager", "innocent_crowds", "where nothing was bought"),
        ("loud", "planted", "ranks above what was bought"),
        ("blind", "planted", "finds nothing"),
    ],
)
def test_a_dishonest_detector_is_caught(fault: str, check: str, said: str) -> None:
    others = [name for name in checks.CHECKS if name != check]
    if fault == "writes":
        cases.world.cache_clear()
    with pytest.raises(AssertionError, match=said):
        checks.check_section_detector(SameWords(fault=fault), comments=COMMENTS, skip=others)
    if fault == "writes":
        cases.world.cache_clear()


@pytest.mark.parametrize(
    "change",
    [{"id": "Same Words"}, {"question": "Same."}, {"requires": ("device",)}, {"innocent": ()}, {"evasions": ()}],
)
def test_an_incomplete_declaration_is_caught(change: dict[str, Any]) -> None:
    with pytest.raises(AssertionError):
        checks.check_schema(SameWords(replace(SPEC, **change)), comments=COMMENTS)


def test_a_check_that_does_not_exist_is_told() -> None:
    with pytest.raises(ValueError, match="no check 'nothing'"):
        checks.check_section_detector(SameWords(), skip=["nothing"])


def test_order_and_names_change_nothing_about_the_section() -> None:
    section = cases.world("section_clean", 400, 1).section
    other, old = cases.reordered(cases.without_places(section), np.random.default_rng(0))
    posts = len(section.posts)
    assert (section.likes.low[old] == other.likes.low).all() and not (old[posts:] == np.arange(posts, old.size)).all()
    back = other.comments
    assert [section.comments.text[i].as_py() for i in (old[posts:] - posts).tolist()] == back.text.to_pylist()
    replies = np.flatnonzero(back.parent >= 0)
    assert (old[posts + back.parent[replies]] - posts == section.comments.parent[old[posts + replies] - posts]).all()
    a, z = other.curve_offsets[posts : posts + 2]
    first = old[posts]
    b, y = section.curve_offsets[first : first + 2]
    assert np.array_equal(other.snapshots.likes.low[a:z], section.snapshots.likes.low[b:y])
    named = cases.renamed(section, np.random.default_rng(1))
    assert named.comments.author.max() == section.comments.author.max()
    pairs = set(zip(section.comments.author.tolist(), named.comments.author.tolist(), strict=True))
    assert len(pairs) == np.unique(section.comments.author).size


def judged(n: int, **columns: object) -> pa.Table:
    plain: dict[str, object] = {
        "named": [False] * n,
        "status": ["verified"] * n,
        "discounted": [0] * n,
        "undetermined": [0] * n,
        "authentic_low": [0.0] * n,
        "authentic_high": [1e9] * n,
    }
    return pa.table({**plain, **columns})


TRUTH = pa.table(
    {
        "label": ["organic", "organic", "pinned", "step", "step", "copy_paste", "copy_paste"],
        "bought_comment": [False] * 5 + [True] * 2,
        "bought_likes": [0, 0, 0, 100, 50, 0, 20],
        "genuine_likes": [10, 30, 60, 10, 20, 3, 2],
    }
)


def test_scores_count_targets_and_likes() -> None:
    table = judged(
        7,
        named=[False, True, False, True, False, True, True],
        status=["verified", "discounted", "undetermined", "discounted", "verified", "verified", "undetermined"],
        discounted=[0, 6, 0, 105, 0, 0, 0],
        undetermined=[0, 0, 12, 5, 0, 0, 15],
        authentic_high=[10.0, 24.0, 60.0, 5.0, 1e9, 1e9, 1e9],
    )
    by_label = {score.label: score for score in score_section(TRUTH, table)}
    assert by_label["organic"] == LabelScore("organic", False, 2, 1, 1, 1, 1, 0, 0, 40, 6, 0, 0)
    assert by_label["pinned"] == LabelScore("pinned", False, 1, 0, 1, 0, 1, 0, 0, 60, 0, 12, 1)
    assert by_label["step"] == LabelScore("step", True, 2, 1, 1, 1, 1, 150, 100, 30, 5, 5, 0)
    assert by_label["copy_paste"] == LabelScore("copy_paste", True, 2, 2, 1, 0, 2, 20, 15, 5, 0, 0, 1)
    assert by_label["step"].share("bought_found") == pytest.approx(2 / 3) and by_label["organic"].share("named") == 0.5
    twice = {score.label: score for score in pooled([list(by_label.values())] * 2)}
    assert twice["step"].targets == 4 and twice["step"].share("suspected") == by_label["step"].share("suspected")
    rows = what_each_tier_sees({Tier.SNAPSHOT: list(by_label.values()), Tier.CURVE: [by_label["step"]]})
    assert [row["label"] for row in rows] == ["organic", "pinned", "step", "copy_paste"]
    assert rows[2]["T1_found"] == rows[2]["T0_found"] == pytest.approx(2 / 3) and "T1_found" not in rows[0]


def test_average_precision_is_one_when_the_bought_come_first() -> None:
    assert average_precision_of(TRUTH, np.array([0, 0, 0, 0.9, 0.8, 0, 0.7])) == 1.0


def test_tables_that_do_not_fit_are_told() -> None:
    with pytest.raises(InputError, match="'judged' to score lacks the column 'named'"):
        score_section(TRUTH, judged(7).drop(["named"]))
    with pytest.raises(InputError, match="7 targets"):
        score_section(TRUTH, judged(6))
