"""Explaining one verdict: a waterfall that adds up, with the expectation beside each figure and a way out."""

from __future__ import annotations

import math
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

import plaudit
from plaudit.result import Case
from tests.worlds import audited

EVENTS = 50_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An audit of the demo world."""
    out = tmp_path_factory.mktemp("explain") / "audit"
    audited("small", EVENTS, 1).write(out)
    return out


def _check(case: Case, folder: Path) -> None:
    verdict = audited("small", EVENTS, 1).document.verdict
    assert [step.kind for step in case.steps][:1] == ["prior"] and case.steps[-1].kind == "passer_by"
    odds = sum(step.weight for step in case.steps)
    p = min(max(case.posterior, 1e-12), 1 - 1e-12)
    assert odds == pytest.approx(math.log(p / (1 - p)))
    assert case.steps[0].weight == pytest.approx(math.log(verdict.prior / (1 - verdict.prior)))
    evidence = [step for step in case.steps if step.kind == "evidence"]
    assert len({step.family for step in evidence}) == len(evidence), "a family speaks twice"
    known = {row["finding_id"]: row for row in pq.read_table(folder / "findings.parquet").to_pylist()}
    for step in evidence:
        assert 0 < step.weight <= verdict.caps[step.family] + 1e-9
        assert step.weight <= step.raw_weight + 1e-9
        finding = known[step.finding_id]
        assert (step.statistic, step.expectation, step.p_value) == (
            finding["statistic"],
            finding["expectation"],
            finding["p"],
        )
    # Having passed by never makes a like more suspect than its evidence.
    assert case.steps[-1].weight <= 1e-6 or not evidence
    said = [message.model_dump_json() for message in case.exonerating]
    assert said and len(set(said)) == len(said)
    assert bool(case.innocent) == bool(evidence)


@pytest.mark.parametrize("status", ["verified", "undetermined", "discounted"])
def test_an_event_of_every_status(folder: Path, status: str) -> None:
    likes = pq.read_table(folder / "likes.parquet")
    rows = likes.filter(pc.equal(likes["status"].cast(pa.string()), status))
    for number in (0, rows.num_rows // 2, rows.num_rows - 1):
        row = rows.slice(number, 1).to_pylist()[0]
        case = plaudit.explain(folder, "event", row["event_id"])
        _check(case, folder)
        assert (case.subject_kind, case.subject_id, case.status) == ("event", row["event_id"], status)
        assert case.posterior == row["p_inauthentic"] and case.likes == 1


@pytest.mark.parametrize("kind", ["actor", "target"])
def test_actors_and_targets(folder: Path, kind: str) -> None:
    likes = pq.read_table(folder / "likes.parquet")
    worst = likes.slice(pc.sort_indices(likes["p_inauthentic"])[-1].as_py(), 1).to_pylist()[0]
    subject = worst[f"{kind}_id"]
    case = plaudit.explain(folder, kind, subject)
    _check(case, folder)
    mine = likes.filter(pc.equal(likes[f"{kind}_id"].cast(pa.string()), subject))
    assert case.likes == mine.num_rows
    assert case.expected_inauthentic == pytest.approx(pc.sum(mine["p_inauthentic"]).as_py())
    # Told through the strongest of those whose status most of its likes in question have.
    typical = mine.filter(pc.equal(mine["status"].cast(pa.string()), case.status))
    assert case.posterior == pc.max(typical["p_inauthentic"]).as_py()


def test_every_group(folder: Path) -> None:
    groups = pq.read_table(folder / "groups.parquet").to_pylist()
    assert groups
    for group in groups:
        case = plaudit.explain(folder, "group", group["group_id"])
        _check(case, folder)
        assert case.likes == group["likes"]
        assert any(step.kind == "evidence" for step in case.steps)


def test_one_discounted_like_does_not_make_a_group_discounted(folder: Path) -> None:
    likes = pq.read_table(folder / "likes.parquet")
    status = likes["status"].cast(pa.string())
    mixed = 0
    for name in pq.read_table(folder / "groups.parquet")["group_id"].to_pylist():
        mine = status.filter(pc.equal(likes["group_id"], name)).to_pylist()
        cut, open_ = mine.count("discounted"), mine.count("undetermined")
        case = plaudit.explain(folder, "group", name)
        assert (case.discounted, case.undetermined) == (cut, open_)
        assert case.status == ("discounted" if cut > open_ else "undetermined")
        mixed += 0 < cut < open_
    assert mixed, "this world no longer has a group of which few likes are discounted"


def test_cases_of_the_report_are_what_explain_says(folder: Path) -> None:
    for case in audited("small", EVENTS, 1).document.cases:
        assert plaudit.explain(folder, case.subject_kind, case.subject_id) == case


def test_what_cannot_be_explained_says_so(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(plaudit.InputError, match="knows no target 'nobody'"):
        plaudit.explain(folder, "target", "nobody")
    with pytest.raises(plaudit.ResultError, match="not a complete audit"):
        plaudit.explain(tmp_path, "target", "t")
    for name in ("manifest.json", "result.json", "likes.parquet", "findings.parquet"):
        (tmp_path / name).write_text('{"schema_version": "9.0"}')
    with pytest.raises(plaudit.ResultError) as told:
        plaudit.explain(tmp_path, "target", "t")
    assert "\n" not in str(told.value)
