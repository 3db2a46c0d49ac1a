"""Simulated sections as files somebody would hold: read back, they say what the section says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from openpyxl import load_workbook

from plaudit.app.cli import main
from plaudit.errors import InputError
from plaudit.ingest import read_exports
from plaudit.model import Tier
from plaudit.testing.sections import LAYOUTS, SectionWorld, simulate_section, write_section
from plaudit.testing.sections.files import post_keys, target_names


@pytest.fixture(scope="module")
def world() -> SectionWorld:
    return simulate_section("comments", comments=400, seed=2, overrides={"censor_reads": 10_000, "polls": 30})


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("tier", [Tier.SNAPSHOT, Tier.CURVE])
def test_the_same_world_gives_the_same_files(tmp_path: Path, layout: str, tier: Tier) -> None:
    made = simulate_section("comments", comments=300, seed=1, tier=tier)
    written = write_section(made, tmp_path / "a", layout)
    write_section(made, tmp_path / "b", layout)
    assert contents(tmp_path / "a") == contents(tmp_path / "b")
    assert {str(path.relative_to(tmp_path / "a")) for path in written} == set(contents(tmp_path / "a"))
    truth = pq.read_table(tmp_path / "a" / "truth" / "truth.parquet")
    assert truth.drop(["target_id"]).equals(made.truth.drop(["target_id"]))
    assert (
        truth["target_id"].to_pylist() == target_names(made, layout)
        and len(set(target_names(made, layout))) == truth.num_rows
    )
    assert json.loads((tmp_path / "a" / "truth" / "world.json").read_text(encoding="utf-8")) == made.description
    assert ("export/curves.csv" in contents(tmp_path / "a")) is (tier is Tier.CURVE)


def test_wechat_responses_hold_what_readers_saw(world: SectionWorld, tmp_path: Path) -> None:
    write_section(world, tmp_path, "wechat", readings=3)
    section = world.section
    c, keys = section.comments, post_keys(world, "wechat")
    likes = dict(zip(c.id.to_pylist(), c.likes.low.tolist(), strict=True))
    last: dict[str, dict[str, Any]] = {}
    names = sorted((tmp_path / "export" / "comments").iterdir())
    assert len(names) == 3 * len(section.posts)
    for path in names:
        body = json.loads(path.read_text(encoding="utf-8"))
        last[body["url"]] = body
        shown = [one["like_num"] for one in body["elected_comment"] if not one["is_top"]]
        assert shown == sorted(shown, reverse=True)
    assert set(last) == set(keys)
    found = {}
    for post, key in enumerate(keys):
        assert last[key]["title"] == section.posts.title[post].as_py()
        for one in last[key]["elected_comment"]:
            found[one["content_id"]] = one["like_num"]
            row = c.id.to_pylist().index(one["content_id"])
            assert one["create_time"] == c.created_ms[row] // 1000 and one["content"] == c.text[row].as_py()
            assert one["reply_new"]["reply_total_cnt"] == c.replies.low[row] == len(one["reply_new"]["reply_list"])
    tops = {c.id[row].as_py() for row in np.flatnonzero(c.parent < 0)}
    assert set(found) == tops and all(found[name] == likes[name] for name in tops)
    book = load_workbook(next((tmp_path / "export").glob("articles_*.xlsx"))).worksheets[0]
    rows = list(book.iter_rows(values_only=True))
    assert len(rows[0]) == 16 and len(rows) == 1 + len(section.posts)
    reads = world.posts["reads"].to_pylist()
    assert [row[3] for row in rows[1:]] == ["1万+" if seen >= 10_000 else seen for seen in reads]


def test_bilibili_responses_nest_answers_and_pin_on_top(world: SectionWorld, tmp_path: Path) -> None:
    write_section(world, tmp_path, "bilibili", readings=1)
    c = world.section.comments
    seen, pinned = {}, set()
    for path in sorted((tmp_path / "export" / "comments").iterdir()):
        data = json.loads(path.read_text(encoding="utf-8"))["data"]
        pinned |= {one["rpid_str"] for one in data["top_replies"]}
        for one in [*data["top_replies"], *data["replies"]]:
            for body in (one, *one["replies"]):
                assert str(body["rpid"]) == body["rpid_str"]
                seen[body["rpid_str"]] = (body["like"], body["content"]["message"], body["root"])
    assert set(seen) == set(c.id.to_pylist())
    for row, name in enumerate(c.id.to_pylist()):
        parent = c.id[int(c.parent[row])].as_py() if c.parent[row] >= 0 else "0"
        assert seen[name] == (c.likes.low[row], c.text[row].as_py(), int(parent))
    assert pinned == {c.id[row].as_py() for row in np.flatnonzero(c.pinned == 1)} and pinned


def test_plain_tables_hold_everything(world: SectionWorld, tmp_path: Path) -> None:
    write_section(world, tmp_path, "csv")
    section = world.section
    comments = pd.read_csv(tmp_path / "export" / "comments.csv", dtype=str, keep_default_na=False)
    assert comments.comment_id.tolist() == section.comments.id.to_pylist()
    assert comments.likes.astype(int).tolist() == section.comments.likes.low.tolist()
    parent = [section.comments.id[p].as_py() if p >= 0 else "" for p in section.comments.parent.tolist()]
    assert comments.parent_id.tolist() == parent
    created = pd.to_datetime(comments.created_at).astype("datetime64[ms, UTC]").astype("int64")
    assert created.tolist() == section.comments.created_ms.tolist()
    curves = pd.read_csv(tmp_path / "export" / "curves.csv", dtype=str, keep_default_na=False)
    assert len(curves) == len(section.snapshots)
    assert curves.likes.astype(int).tolist() == section.snapshots.likes.low.tolist()
    totals = pd.read_csv(tmp_path / "export" / "totals.csv", dtype=str)
    assert totals.post_id.tolist() == section.posts.id.to_pylist() and "1万+" in set(totals.reads)


def test_the_command_line_writes_a_section(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "world"
    asked = ["simulate", "comments", "--events", "300", "--seed", "1", "--out", str(out)]
    assert main([*asked, "--layout", "csv", "--tier", "T0"]) == 0
    assert "300 comments" in capsys.readouterr().out
    assert {path.name for path in (out / "export").iterdir()} == {"comments.csv", "totals.csv"}
    assert main([*asked, "--layout", "bilibili", "--set", "english=1"]) == 0
    assert (out / "export" / "comments").is_dir() and not (out / "export" / "comments.csv").exists()
    assert main(["simulate", "--list"]) == 0
    assert "section_mixed" in capsys.readouterr().out
    assert main([*asked, "--set", "nothing=1"]) == 2


@pytest.mark.parametrize("layout", LAYOUTS)
def test_what_is_written_can_be_read_back(tmp_path: Path, layout: str) -> None:
    platform = {"wechat": 0.0, "bilibili": 1.0, "csv": 2.0}[layout]
    made = simulate_section("comments", comments=200, seed=3, overrides={"platform": platform, "polls": 12, "posts": 8})
    write_section(made, tmp_path, layout, readings=2)
    read, held = read_exports(tmp_path / "export").section, made.section
    assert read.tier is Tier.CURVE and len(read.posts) == len(held.posts) and len(read.comments) == len(held.comments)
    names = target_names(made, layout)[len(held.posts) :]
    likes = dict(zip(names, held.comments.likes.low.tolist(), strict=True))
    assert dict(zip(read.comments.id.to_pylist(), read.comments.likes.low.tolist(), strict=True)) == likes
    assert read.posts.totals["likes"].low.tolist() == held.posts.totals["likes"].low.tolist()
    for flag in ("pinned", "by_owner"):
        mine, theirs = (np.sum(getattr(section.comments, flag) > 0) for section in (held, read))
        assert mine == theirs
    assert read.comments.n_authors == held.comments.n_authors


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("tier", [Tier.SNAPSHOT, Tier.CURVE])
def test_what_is_written_can_be_audited_as_it_stands(tmp_path: Path, layout: str, tier: Tier) -> None:
    """Curves, totals, responses and sheets of one moment each: nothing contradicts, nothing counts twice."""
    made = simulate_section("comments", comments=200, seed=4, tier=tier, overrides={"polls": 10, "posts": 6})
    write_section(made, tmp_path, layout, readings=2)
    out = tmp_path / "out"
    assert main(["audit", str(tmp_path / "export"), "--out", str(out), "--quiet"]) == 0
    document = json.loads((out / "result.json").read_text(encoding="utf-8"))
    targets = pq.read_table(out / "targets.parquet")
    assert document["tier"] == document["section"]["tier"] == tier.value
    shown = int(made.section.likes.low.clip(0).sum())
    assert document["section"]["total"]["shown"] == shown == sum(targets["shown"].to_pylist())
    parts = ("verified", "discounted", "undetermined")
    assert sum(sum(targets[name].to_pylist()) for name in parts) == shown
    assert pq.read_table(out / "comments.parquet").num_rows == 200


def test_an_unknown_layout_is_told(world: SectionWorld, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="wechat, bilibili, csv"):
        write_section(world, tmp_path, "parquet")
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="choose a folder"):
        write_section(world, tmp_path / "file", "csv")
