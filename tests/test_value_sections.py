"""The value audit of exports: outcomes meet authors of comments, totals speak of readers, and nothing is caused."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from scipy import stats

import plaudit
from plaudit.app.cli import main
from plaudit.errors import InputError
from plaudit.model import Counter, Posts
from plaudit.result import Rate, ValuePart
from plaudit.tally.audience import readers

PEOPLE, BUYERS = 40, 10
ENDS = ("2024-04-01T00:00:00Z", "2024-07-01T00:00:00Z")


def _table(path: Path, rows: list[dict[str, Any]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as handle:
        writer = csv.DictWriter(handle, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


@pytest.fixture
def held(tmp_path: Path) -> Path:
    """Forty people comment on four posts; totals of the posts beside them."""
    folder = tmp_path / "held"
    folder.mkdir()
    rows = [
        {
            "content_id": f"p{k % 4}",
            "comment_id": f"c{k}",
            "author_id": f"u{k}",
            "text": f"第{k}次来，{k * 37}号座位的灯坏了",
            "like_count": k % 6,
            "created_at": f"2024-05-{1 + k % 3:02d}T{k % 24:02d}:00:00Z",
        }
        for k in range(PEOPLE)
    ]
    _table(folder / "comments.csv", rows)
    totals = [
        {"post_id": f"p{k}", "likes": 90 + k, "readers": 1000, "follows": 10 * (k + 1), "finish": f"{40 + 10 * k}%"}
        for k in range(4)
    ]
    _table(folder / "totals.csv", totals)
    return folder


@pytest.fixture
def orders(tmp_path: Path) -> Path:
    """Ten of the forty buy two days after; strangers mark the stretch in which orders were recorded."""
    rows = [{"actor": f"u{k}", "at": "2024-05-05T10:00:00Z", "kind": "purchase", "value": 10} for k in range(BUYERS)]
    ends = [{"actor": "stranger", "at": at, "kind": "purchase", "value": 1} for at in ENDS]
    return _table(tmp_path / "orders.csv", [*rows, *ends])


def _rates(part: ValuePart | None) -> dict[tuple[str, str, str], Rate]:
    assert part is not None
    return {(rate.group, rate.kind, rate.window): rate for rate in part.rates}


def _codes(part: ValuePart | None) -> set[str]:
    assert part is not None
    return {message.code for message in part.messages}


@pytest.mark.parametrize("apart", [True, False])
def test_outcomes_meet_authors_named_apart_or_found_beside(held: Path, orders: Path, apart: bool) -> None:
    if apart:
        part = plaudit.audit(held, outcomes=orders, cost="400 CNY").document.value
    else:
        orders.rename(held / "orders.csv")
        part = plaudit.audit(held).document.value
    rate = _rates(part)["commenters", "purchase", "first"]
    assert (rate.people, rate.acts) == (PEOPLE, BUYERS) and rate.low < 0.25 < rate.high
    assert _rates(part)["commenters", "purchase", "later"].acts == 0
    assert part is not None and part.matched == part.people == BUYERS
    # Nobody is compared with anybody, and the refusal stands in plain words.
    assert part.contrasts == [] and {"value_refused_section", "value_no_cause", "value_commenters"} <= _codes(part)
    if apart:
        cost = {one.code: one for one in part.costs}
        assert cost["per_authentic"].value >= cost["per_shown"].value > 0
    for lang in ("en", "zh"):
        page = plaudit.render_html(plaudit.audit(held, outcomes=orders if apart else None).document, lang)
        assert "value_" not in page and "u3" not in page


def test_outcomes_by_pseudonym_under_a_shared_key(held: Path, orders: Path) -> None:
    key = b"shared between two " * 2
    keys = plaudit.audit(held, key=key).tables["comments"]
    named = dict(zip(keys["comment_id"].to_pylist(), keys["author_key"].to_pylist(), strict=True))
    rows = [{"actor": named[f"c{k}"], "at": "2024-05-05T10:00:00Z", "kind": "follow"} for k in range(6)]
    ends = [{"actor": "x", "at": at, "kind": "purchase"} for at in ENDS]
    _table(orders, [*rows, *ends])
    assert (
        _rates(plaudit.audit(held, key=key, outcomes=orders).document.value)["commenters", "follow", "first"].acts == 6
    )
    other = plaudit.audit(held, key=b"another key of another", outcomes=orders).document.value
    assert "value_no_author" in _codes(other) and other is not None and other.matched == 0
    orders.rename(held / "orders.csv")
    assert _rates(plaudit.audit(held, key=key).document.value)["commenters", "follow", "first"].acts == 6


def test_a_focus_is_posts_with_their_comments(held: Path, orders: Path) -> None:
    whole = plaudit.audit(held, outcomes=orders, cost="400").document
    one = plaudit.audit(held, outcomes=orders, cost="400", focus=["p1"]).document
    assert _rates(one.value)["commenters", "purchase", "first"].people == PEOPLE // 4
    assert one.value is not None and whole.value is not None
    assert one.value.costs[0].value > whole.value.costs[0].value
    likes = 91 + sum(k % 6 for k in range(1, PEOPLE, 4))
    assert one.value.costs[0].value == pytest.approx(400 / likes)
    with pytest.raises(InputError, match="--focus nowhere"):
        plaudit.audit(held, outcomes=orders, focus=["p1", "nowhere"])


def test_the_command_line_keeps_what_was_asked(
    held: Path, orders: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert (
        main(["audit", str(held), "--outcomes", str(orders), "--cost", "¥300", "--incentive", "--out", str(out)]) == 0
    )
    assert "authors of comments" in capsys.readouterr().out
    manifest = json.loads((out / "manifest.json").read_text("utf-8"))
    assert [one["name"] for one in manifest["inputs"] if one.get("role") == "outcomes"] == [str(orders)]
    assert manifest["parameters"]["value"]["incentive"] is True
    value = json.loads((out / "result.json").read_text("utf-8"))["value"]
    assert "value_refused_reward" in {message["code"] for message in value["messages"]}


def test_totals_alone_speak_of_readers(held: Path) -> None:
    rates = _rates(plaudit.audit(held).document.value)
    follow, finish = rates["readers", "follow", "whole"], rates["readers", "read_finish", "whole"]
    assert (follow.people, follow.acts) == (4000, 100) and follow.rate == pytest.approx(0.025)
    assert finish.rate == pytest.approx(0.55) and finish.low < 0.45 and finish.high > 0.65


def test_a_log_beside_exports_has_both(held: Path, orders: Path) -> None:
    rows = [
        {"actor": f"u{k % 30}", "target": f"t{k % 7}", "at": f"2024-05-02T{k % 24:02d}:{k % 60:02d}:00Z"}
        for k in range(90)
    ]
    _table(held / "log.csv", rows)
    rates = _rates(plaudit.audit(held, outcomes=orders).document.value)
    assert rates["verified", "purchase", "first"].people == 30
    assert rates["commenters", "purchase", "first"].acts == BUYERS
    assert ("readers", "follow", "whole") in rates


def test_the_interval_is_as_wide_as_articles_differ() -> None:
    rng = np.random.default_rng(4)
    covered = 0
    for _ in range(200):
        size = 12
        people = rng.integers(300, 4000, size)
        acts = rng.binomial(people, rng.beta(6, 194, size))
        told = readers(_posts(people, acts), np.ones(size, bool))
        covered += told[0].low <= 0.03 <= told[0].high
    # 200 intervals of 90 %: fewer than 162 would happen once in ten thousand times.
    assert covered >= stats.binom.ppf(1e-4, 200, 0.9)


def _posts(people: np.ndarray, acts: np.ndarray) -> Posts:
    names = pa.array([f"p{k}" for k in range(people.shape[0])])
    size = people.shape[0]
    totals = {"readers": Counter.exactly(people.astype(np.int64)), "follows": Counter.exactly(acts.astype(np.int64))}
    return Posts(names, names, np.zeros(size, np.int32), names, np.zeros(size, np.int64), totals, {})


def test_a_cost_is_asked_of_outcomes_in_the_folder_or_of_none(held: Path, orders: Path, tmp_path: Path) -> None:
    alone = plaudit.audit(held, cost="400").document.value
    named = plaudit.audit(held, outcomes=orders, cost="400").document.value
    assert alone is not None and named is not None and alone.costs == named.costs
    assert "value_readers" in {message.code for message in alone.messages}
    folder = tmp_path / "folder"
    shutil.copytree(held, folder)
    shutil.copy(orders, folder / "orders.csv")
    found = plaudit.audit(folder, cost="400").document.value
    assert found is not None and found.costs == named.costs and _rates(found) == _rates(named)
    (folder / "orders.csv").unlink()
    for table in folder.rglob("*"):
        if table.is_file() and "total" in table.name:
            table.unlink()
    bare = plaudit.audit(folder, cost="400").document.value
    assert bare is not None and [message.code for message in bare.messages] == ["value_cost_alone"]
