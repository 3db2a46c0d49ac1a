"""Every format of tiers T0 and T1, from a fixture written by hand to the nouns."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from plaudit.ingest import ExportRead, Kind, read_exports, recognise
from plaudit.model import UNBOUNDED, Section, Tier
from tests.conftest import ROOT
from tests.exports_expected import ARTICLE, EXPECTED, comment

FIXTURES = ROOT / "tests" / "fixtures" / "exports"


def rows(section: Section) -> dict[str, dict[str, Any]]:
    """Comment id -> what the section says of it, in words."""
    c, ids = section.comments, section.comments.id.to_pylist()
    return {
        ids[at]: {
            "post": section.posts.id[int(c.post[at])].as_py(),
            "parent": ids[c.parent[at]] if c.parent[at] >= 0 else None,
            "author": c.author_name[int(c.author[at])].as_py() if c.author[at] >= 0 else None,
            "text": c.text[at].as_py(),
            "likes": (int(c.likes.low[at]), int(c.likes.high[at])),
            "replies": int(c.replies.low[at]),
            "created": int(c.created_ms[at]),
            "observed": int(c.observed_ms[at]),
            "region": c.regions[c.region[at]] if c.region[at] >= 0 else None,
            "position": int(c.position[at]),
            "flags": tuple(int(f[at]) for f in (c.pinned, c.elected, c.author_liked, c.by_owner, c.hidden)),
        }
        for at in range(len(c))
    }


def a_file(folder: Path, content: Any, name: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        path.write_text(content if isinstance(content, str) else json.dumps(content, ensure_ascii=False), "utf-8")
    return path


@pytest.mark.parametrize("name", EXPECTED)
def test_every_comment_as_it_was_written(name: str):
    kind, expected = EXPECTED[name]
    assert recognise(FIXTURES / name) is kind
    read = read_exports(FIXTURES / name)
    assert rows(read.section) == expected
    assert (read.quarantine.num_rows, read.outcomes, read.events) == (0, None, ())
    assert read.summary.files[0].kind is kind and read.summary.files[0].rows >= len(expected)


JSON_NAMES = [name for name in EXPECTED if name.endswith(".json")]


@pytest.mark.parametrize("name", JSON_NAMES)
@pytest.mark.parametrize("form", ["lines of responses", "a list of responses", "wrapped", "renamed"])
def test_a_response_may_be_kept_in_other_ways(tmp_path: Path, name: str, form: str):
    whole = json.loads((FIXTURES / name).read_text("utf-8"))
    stem = Path(name).stem
    if form == "lines of responses":
        path = a_file(tmp_path, "\n".join([json.dumps(whole)] * 2), f"{stem}.jsonl")
    elif form == "a list of responses":
        path = a_file(tmp_path, [whole], f"{stem}.json")
    elif form == "wrapped":
        path = a_file(tmp_path, {**{k: v for k, v in whole.items() if k != "data"}, "response": whole}, f"{stem}.json")
    else:
        path = a_file(tmp_path, (FIXTURES / name).read_bytes(), f"{stem}.csv.txt")
        path = path.rename(tmp_path / f"{stem}.txt")
    assert recognise(path) is EXPECTED[name][0]
    said = rows(read_exports(path).section)
    assert {(one["text"], one["likes"], one["created"]) for one in said.values()} == {
        (one["text"], one["likes"], one["created"]) for one in EXPECTED[name][1].values()
    }
    assert set(said) == set(EXPECTED[name][1])


@pytest.mark.parametrize(
    "name", ["bilibili.json", "weibo.json", "douyin.json", "xiaohongshu.json", "wechat_current.json"]
)
def test_a_bare_list_of_comments_will_do(tmp_path: Path, name: str):
    whole = json.loads((FIXTURES / name).read_text("utf-8"))
    inner = whole.get("data", whole)
    found = next(inner[key] for key in ("replies", "data", "comments", "elected_comment") if inner.get(key))
    as_list = read_exports(a_file(tmp_path, found, "one.json"))
    as_lines = read_exports(a_file(tmp_path, "\n".join(map(json.dumps, [*found, *found])), "two.jsonl"))
    assert as_list.summary.files[0].kind is as_lines.summary.files[0].kind is EXPECTED[name][0]
    assert set(rows(as_list.section)) == set(rows(as_lines.section)) <= set(EXPECTED[name][1])
    assert as_lines.summary.repeated == len(as_list.section.comments)


def test_community_table_keeps_line_breaks_order_and_the_article():
    read = read_exports(FIXTURES / "wechat_articles_comments.csv")
    assert read.summary.files[0].kind is Kind.WECHAT_TABLE
    first, second = rows(read.section).values()
    assert first["text"] == "说得对，\n支持" and first["position"] == 0 and first["region"] == "广东"
    assert second["likes"] == (11_500, 12_999) and second["region"] == "美国" and second["position"] == 1
    posts = read.section.posts
    assert (posts.id.to_pylist(), posts.title.to_pylist()) == (["KEY1"], ["春天的菜市场"])
    # Beijing: the table is documented to be.
    assert first["created"] == 1_714_537_800_000
    assert posts.published_ms.tolist() == [1_714_406_400_000]
    assert read.summary.files[0].notes == ("times without a zone read as Asia/Shanghai",)


def test_channels_recommendations_are_not_likes():
    read = read_exports(FIXTURES / "channels.csv")
    posts = read.section.posts
    assert (read.summary.files[0].kind, posts.platform.to_pylist()) == (Kind.CHANNELS, ["channels"] * 2)
    assert posts.totals["recommends"].low.tolist() == [67, 0]
    assert posts.totals["likes"].low.tolist() == [890, 1]
    assert (posts.totals["plays"].low.tolist(), posts.totals["plays"].high.tolist()) == (
        [12_345, 100_000],
        [12_345, UNBOUNDED],
    )
    assert posts.rates["finish"].tolist() == [0.0441, 0.0]


def test_the_workbook_of_articles():
    read = read_exports(FIXTURES / "wechat_articles.xlsx")
    posts = read.section.posts
    assert read.summary.files[0].kind is Kind.WECHAT_ARTICLES
    assert posts.id.to_pylist() == [ARTICLE, "MzA5:2247483651:1"]
    assert {name: one.low.tolist() for name, one in posts.totals.items()} == {
        "reads": [4567, 120],
        "readers": [3456, 100],
        "shares": [150, 1],
        "sharers": [120, 1],
        "follows": [33, 0],
        "delivered": [20_000, 20_000],
    }
    np.testing.assert_allclose(posts.rates["finish"], [0.456, 0.5])
    np.testing.assert_allclose(posts.rates["open"], [0.1, 0.005])
    assert posts.published_ms.tolist() == [1_714_406_400_000, 1_715_011_200_000]


def test_articles_totals_tell_thumbs_from_hearts():
    totals = read_exports(FIXTURES / "totals.csv").section.posts.totals
    assert totals["likes"].low.tolist() == [1024, 10]  # old_like_num, 点赞
    assert totals["wow"].low.tolist() == [300, 2]  # like_num, 在看
    assert totals["reads"].high.tolist() == [UNBOUNDED, 4321]


def test_curves():
    section = read_exports(FIXTURES / "curve.csv").section
    shots = section.snapshots
    assert section.tier is Tier.CURVE and section.posts.id.to_pylist() == ["9007199254742993", "b"]
    assert shots.target.tolist() == [0, 0, 1]
    assert shots.observed_ms.tolist() == [1_714_536_000_000, 1_714_536_060_000, 1_714_536_000_000]
    assert (shots.likes.low.tolist(), shots.reads.high.tolist()) == ([5, 8, 1], [100, 12_999, UNBOUNDED])


def test_outcomes_find_the_people_who_commented(tmp_path: Path):
    alone = read_exports(FIXTURES / "outcomes.csv")
    assert alone.outcomes is not None and len(alone.section.comments) == 0
    assert alone.outcomes.kind.to_pylist() == ["purchase", "repurchase", "follow"]
    assert alone.outcomes.currency.to_pylist() == ["CNY", "CNY", ""]
    np.testing.assert_array_equal(alone.outcomes.value, [1299.0, 99.0, np.nan])
    both = read_exports([FIXTURES / "outcomes.csv", FIXTURES / "wechat_current.json"])
    assert both.outcomes is not None
    keys = dict(
        zip(both.section.comments.author_name.to_pylist(), both.section.comments.author_key.to_pylist(), strict=True)
    )
    assert both.outcomes.actor_id.to_pylist()[:2] == [keys["甲"], keys["乙"]]
    log = a_file(tmp_path, "actor,target,at\noA1,x,1714500000\n", "likes.csv")
    beside = read_exports([FIXTURES / "outcomes.csv", log])
    assert beside.outcomes is not None and beside.outcomes.actor_id.to_pylist() == ["oA1", "oB2", "oX9"]
    assert beside.events == (log,)


@pytest.mark.parametrize(
    "text", ["actor,target,at\na,b,1714500000\n", "user_id,comment_id,timestamp\nu,c,1714500000\n"]
)
def test_event_logs_are_left_to_read_events(tmp_path: Path, text: str):
    assert recognise(a_file(tmp_path, text, "log.csv")) is Kind.EVENTS


@pytest.mark.parametrize("name", sorted(path.name for path in (ROOT / "tests/fixtures/ingest").iterdir()))
def test_known_event_logs_are_event_logs(name: str):
    assert recognise(ROOT / "tests/fixtures/ingest" / name) is Kind.EVENTS


def everything(read: ExportRead) -> tuple[Any, ...]:
    section = read.section
    return (
        rows(section),
        section.posts.id.to_pylist(),
        section.snapshots.target.tolist(),
        section.snapshots.likes.low.tolist(),
        section.comments.author_key.to_pylist(),
        read.summary.repeated,
    )


def test_a_folder_of_everything_is_one_section_whatever_the_order(tmp_path: Path):
    for path in FIXTURES.iterdir():
        shutil.copy(path, tmp_path / path.name)
    a_file(tmp_path, b"\x89PNG\r\n", "cover.png")
    a_file(tmp_path, "ask Li about June", "notes.txt")
    read = read_exports(tmp_path)
    again = read_exports(
        sorted((path for path in tmp_path.iterdir() if path.suffix not in (".png", ".txt")), reverse=True)
    )
    assert everything(read) == everything(again)
    left = [(Path(one.name).name, one.reason) for one in read.summary.left_out]
    assert left == [("cover.png", "not_data"), ("notes.txt", "one_column")]
    assert {file.kind for file in read.summary.files} == {*Kind} - {Kind.EVENTS}
    platforms = set(read.section.posts.platform.to_pylist())
    assert platforms == {
        "wechat",
        "channels",
        "bilibili",
        "weibo",
        "douyin",
        "xiaohongshu",
        "youtube",
        "instagram",
        "generic",
    }


def test_parquet_says_what_csv_says(tmp_path: Path):
    table = pa.table(
        {
            "comment_id": pa.array([2**62 + 1, 2**62 + 3], pa.int64()),
            "post_id": ["p", "p"],
            "text": pa.array(["a", "b"]).dictionary_encode(),
            "likes": pa.array([3.0, None], pa.float64()),
            "created_at": pa.array([1_714_500_000_123, 1_714_500_001_000], pa.timestamp("ms", "Asia/Shanghai")),
        }
    )
    pq.write_table(table, tmp_path / "c.parquet")
    said = rows(read_exports(tmp_path / "c.parquet").section)
    assert said == {
        str(2**62 + 1): comment("p", None, "a", 3, 1_714_500_000_123),
        str(2**62 + 3): comment("p", None, "b", -1, 1_714_500_001_000),
    }
