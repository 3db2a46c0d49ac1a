"""What goes wrong with exports: each trap has one answer. Moments, counters, ids, zones, people, broken files."""

from __future__ import annotations

import hashlib
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from plaudit.errors import InputError
from plaudit.ingest import read_exports
from plaudit.ingest.exports.counters import counter_of, counters
from plaudit.ingest.exports.judge import amounts
from plaudit.ingest.exports.moments import local_to_utc, stamps_in
from plaudit.ingest.exports.naming import post_of
from plaudit.ingest.exports.people import derived_key, pseudonym
from plaudit.ingest.exports.regions import region_of
from plaudit.model import SCHEMAS, UNBOUNDED, Tier
from tests.test_exports_formats import FIXTURES, a_file, rows

S = 1_714_500_000_000
HEAD = "comment_id,post_id,text,likes,created_at\n"
GOOD = HEAD + "".join(f"{i},p,text {i},{i},{S // 1000 + i}\n" for i in range(20))


def refused(source: Any, match: str, **options: Any) -> str:
    with pytest.raises(InputError, match=match) as caught:
        read_exports(source, **options)
    sentence = str(caught.value)
    assert "\n" not in sentence and sentence.endswith((".", "?")), sentence
    return sentence


def wechat(likes: int, created: int = S // 1000, **more: Any) -> dict[str, Any]:
    one = {"id": 1, "content_id": "900", "content": "好", "nick_name": "甲", "create_time": created, "like_num": likes}
    return {"base_resp": {"ret": 0}, "elected_comment": [one], "elected_comment_total_cnt": 1, **more}


# --- counters -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "interval"),
    [
        ("37", (37, 37)),
        ("1,234", (1234, 1234)),
        ("12.0", (12, 12)),
        ("１２", (12, 12)),
        ("10万+", (100_000, UNBOUNDED)),
        ("999+", (999, UNBOUNDED)),
        ("1万", (10_000, 19_999)),
        ("1.2万", (11_500, 12_999)),
        ("1.2w", (11_500, 12_999)),
        ("1.0亿", (100_000_000, 109_999_999)),
        ("3.4M", (3_350_000, 3_499_999)),
        ("", (-1, -1)),
        ("-", (-1, -1)),
        *((word, None) for word in ("-3", "NaN", "nan", "true", "12.5", "1,23", "1.23456万", "inf", "1e3", "9" * 19)),
    ],
)
def test_counters_are_what_they_say(word: str, interval: tuple[int, int] | None):
    assert counter_of(word) == interval


@given(st.integers(10_000, 10**9), st.integers(0, 2), st.booleans())
def test_a_shortened_counter_holds_the_true_one(true: int, decimals: int, cut: bool):
    step = 10 ** (4 - decimals)
    shown = true // step if cut else (true + step // 2) // step
    interval = counter_of(f"{shown / 10**decimals:.{decimals}f}万")
    assert interval is not None and interval[0] <= true <= interval[1]


def test_a_column_of_counters_says_what_each_word_says():
    words = ["5", "1.2万", None, "x", "999+", "5", ""]
    counter, bad = counters(pa.chunked_array([pa.array(words[:3]), pa.array(words[3:])]))
    expected = [counter_of(word or "") for word in words]
    assert bad.tolist() == [one is None for one in expected]
    assert list(zip(counter.low.tolist(), counter.high.tolist(), strict=True)) == [one or (-1, -1) for one in expected]


@pytest.mark.parametrize("likes", ["-3", "NaN", "true", "many", "4.5"])
def test_likes_that_are_no_count_are_set_apart(tmp_path: Path, likes: str):
    read = read_exports(a_file(tmp_path, GOOD + f"x,p,t,{likes},{S // 1000}\n", "c.csv"))
    assert read.quarantine.schema.equals(SCHEMAS["quarantine"])
    (bad,) = read.quarantine.to_pylist()
    assert (bad["row"], bad["reason"]) == (22, "likes is no count") and f"likes={likes}" in bad["content"]
    assert len(read.section.comments) == 20 and read.summary.rejected_reasons == {"likes is no count": 1}


@pytest.mark.parametrize("likes", [True, -1, float("nan"), 1.5])
def test_likes_in_json_and_parquet_that_are_no_count(tmp_path: Path, likes: Any):
    found = wechat(3)
    found["elected_comment"] = [{**found["elected_comment"][0], "content_id": str(i)} for i in range(9)]
    found["elected_comment"].append({**found["elected_comment"][0], "content_id": "bad", "like_num": likes})
    read = read_exports(a_file(tmp_path, json.dumps(found), "c.json"))
    assert [one["reason"] for one in read.quarantine.to_pylist()] == ["likes is no count"]
    if isinstance(likes, float):
        ids = [str(i) for i in range(9)]
        pq.write_table(pa.table({"comment_id": ids, "text": ids, "likes": [1.0] * 8 + [likes]}), tmp_path / "c.parquet")
        assert read_exports(tmp_path / "c.parquet").summary.rejected == 1


def test_more_than_a_fifth_rejected_is_an_error_unless_allowed(tmp_path: Path):
    path = a_file(tmp_path, GOOD + "x,p,t,-1,\n" * 6, "c.csv")
    refused(path, r"6 of 26 rows are rejected: likes is no count \(6\); the first is .* row 22 .*--allow-rejects")
    assert read_exports(path, allow_rejects=True).summary.rejected == 6
    refused(a_file(tmp_path, HEAD + "1,p,t,-1,\n", "d.csv"), "1 of 1 rows are rejected", allow_rejects=True)


# --- ids ------------------------------------------------------------------------------------------------------------


def test_ids_keep_their_sixty_four_bits(tmp_path: Path):
    ids = [2**53 + 1, 2**62 + 1, 2**63 - 1]
    lines = "\n".join(f'{{"comment_id": {one}, "text": "t", "likes": 1}}' for one in ids)
    assert set(rows(read_exports(a_file(tmp_path, lines, "c.jsonl")).section)) == {str(one) for one in ids}
    pq.write_table(pa.table({"comment_id": [2.0**60], "text": ["t"], "likes": [1]}), tmp_path / "c.parquet")
    refused(tmp_path / "c.parquet", "floating-point numbers that are no exact ids")
    book = Workbook()
    assert book.active is not None
    book.active.append(["comment_id", "text", "likes"])
    book.active.append([2**60, "t", 1])
    book.save(tmp_path / "c.xlsx")
    refused(tmp_path / "c.xlsx", "row 2: column 'comment_id' holds .* 15 digits only")


def test_an_id_under_two_posts_or_platforms_is_told_apart(tmp_path: Path):
    text = "comment_id,post_id,platform,text,likes\n1,p,,a,1\n1,q,,b,2\n2,p,weibo,c,3\n"
    section = read_exports(a_file(tmp_path, text, "c.csv")).section
    assert sorted(section.posts.id.to_pylist()) == ["generic:p", "q", "weibo:p"]
    assert set(section.comments.id.to_pylist()) == {"generic:p/1", "q/1", "2"}


def test_comments_without_ids_are_the_same_in_every_export(tmp_path: Path):
    head = "文章链接,评论昵称,评论内容,评论点赞数,留言时间\n"
    for minute, likes in ((10, 5), (20, 8)):
        line = f"https://mp.weixin.qq.com/s/K,甲,好,{likes},2024-05-01 12:00:00\n"
        a_file(tmp_path, head + line, f"t/2024-05-01T13-{minute}.csv")
    section = read_exports(tmp_path / "t").section
    assert len(section.comments) == 1 and section.snapshots.likes.low.tolist() == [5, 8]


def test_links_of_one_article_are_one_post():
    long = "http://mp.weixin.qq.com/s?__biz=MzA5&mid=22&idx=1&sn=a&scene=27#wechat_redirect"
    assert post_of(long) == "MzA5:22:1" == post_of(long.replace("scene=27", "chksm=9"))
    assert (post_of("https://mp.weixin.qq.com/s/KEY?x=1"), post_of("plain"), post_of("https://a.b/c#d")) == (
        *("KEY", "plain"),
        "https://a.b/c",
    )


# --- moments --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "moments"),
    [
        ("2024-05-01T12-30", [1_714_566_600_000]),
        ("20240501_1230", [1_714_566_600_000]),
        ("2024-05-01 12.30.05", [1_714_566_605_000]),
        ("20240501T123000+0800", [1_714_537_800_000]),
        ("20240501T043000Z", [1_714_537_800_000]),
        ("2024年5月1日12时30分", [1_714_566_600_000]),
        ("comments_1714537800", [1_714_537_800_000]),
        ("1714537800123", [1_714_537_800_123]),
        ("a_2247483650_1714537800", [1_714_537_800_000]),  # the first is an article's id
        ("2024-05-01 at 9.30.05\u202fPM", [1_714_599_005_000]),  # as macOS writes it
        ("2024-05-01 12-30 AM", [1_714_523_400_000]),
        ("2024-05-01 下午9.30.05", [1_714_599_005_000]),
        ("2024-05-01", [1_714_607_999_999]),  # the end of that day
        ("20240501_20240502", [1_714_607_999_999, 1_714_694_399_999]),
        ("article 12345", []),
    ],
)
def test_names_carry_moments(name: str, moments: list[int]):
    assert [one.ms for one in stamps_in(name)] == moments


@pytest.mark.parametrize(
    ("written", "ms"),
    [
        ("1714537800", 1_714_537_800_000),
        ("1714537800123", 1_714_537_800_123),
        ("1714537800123456", 1_714_537_800_123),
        ("1714537800.5", 1_714_537_800_500),
        ("2024-05-01T04:30:00Z", 1_714_537_800_000),
        ("2024-05-01 12:30:00+0800", 1_714_537_800_000),
        ("2024/5/1 4:30", 1_714_537_800_000),
        ("2024年5月1日 04:30", 1_714_537_800_000),
        ("20240501 0430", 1_714_537_800_000),
        ("Wed, 01 May 2024 12:30:00 +0800", 1_714_537_800_000),
        ("Wed May 01 12:30:00 +0800 2024", 1_714_537_800_000),
        ("", -1),
        ("0", -1),
    ],
)
def test_times_are_read_however_they_are_written(tmp_path: Path, written: str, ms: int):
    path = a_file(tmp_path, f'{HEAD}1,p,t,1,"{written}"\n', "c.csv")
    assert read_exports(path).section.comments.created_ms.tolist() == [ms]


def test_times_without_a_zone(tmp_path: Path):
    path = a_file(tmp_path, HEAD + "1,p,t,1,2024-05-01 12:30\n", "c.csv")
    plain = read_exports(path)
    assert plain.section.comments.created_ms.tolist() == [1_714_566_600_000]
    assert plain.summary.files[0].notes == ("times without a zone read as UTC",)
    for zone in ("Asia/Shanghai", "+08:00"):
        assert read_exports(path, time_zone=zone).section.comments.created_ms.tolist() == [1_714_537_800_000]
    refused(path, "time zone 'Mars/Olympus' is not known", time_zone="Mars/Olympus")
    mixed = a_file(tmp_path, HEAD + "1,p,t,1,2024-05-01 12:30\n2,p,t,1,1714537800\n", "d.csv")
    refused(mixed, r"some of its times \(created_at\) name their zone and some do not .*--time-zone")
    assert (
        read_exports(mixed, time_zone="Asia/Shanghai").section.comments.created_ms.tolist() == [1_714_537_800_000] * 2
    )


def test_an_hour_told_twice_is_the_first():
    ms = np.array([1_730_597_400_000], np.int64)  # 2024-11-03 01:30 on the wall in New York
    assert local_to_utc(ms, "America/New_York").tolist() == [1_730_597_400_000 + 4 * 3_600_000]


def test_times_that_cannot_be_read_or_lie_elsewhere_are_set_apart(tmp_path: Path):
    path = a_file(tmp_path, GOOD + "a,p,t,1,soon\nb,p,t,1,12345\nc,p,t,1,1850-01-01\n", "c.csv")
    assert [one["reason"] for one in read_exports(path).quarantine.to_pylist()] == [
        "time cannot be read",
        "time is outside 1990-2100",
        "time is outside 1990-2100",
    ]


def test_comments_from_the_future_are_set_apart(tmp_path: Path):
    at = S + 10_000_000
    later = f"x,p,t,1,{(at + 120_000) // 1000}\n"
    read = read_exports(a_file(tmp_path, GOOD + later, f"c_{at // 1000}.csv"))
    assert [one["reason"] for one in read.quarantine.to_pylist()] == ["comment is later than its observation"]
    # An export without a moment beside one that has a moment: a day's grace.
    a_file(tmp_path, GOOD.replace(",p,", ",q,") + f"y,q,t,1,{(at + 90_000_000) // 1000}\n", "other.csv")
    read = read_exports(tmp_path)
    assert read.summary.rejected_reasons == {
        "comment is later than its observation": 1,
        "comment is later than the latest observation by more than a day": 1,
    }
    # A number that most comments come after is no moment.
    bare = a_file(tmp_path, GOOD, "sub/video_1600000000.csv")
    assert read_exports(bare).summary.rejected == 0


# --- repeated exports -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "names",
    [
        ("2024-05-02T12-30.json", "2024-05-02T12-40.json"),
        ("a_20240502_1230.json", "a_20240502_1240.json"),
        ("comments_1714624200.json", "comments_1714624800.json"),
        ("2024-05-02T12-30/c.json", "2024-05-02T12-40/c.json"),
        ("2024-05-02/1230/x 12-30.json", "2024-05-02/1240/x 12-40.json"),
    ],
)
def test_repeated_exports_become_a_curve(tmp_path: Path, names: tuple[str, str]):
    a_file(tmp_path, wechat(9), f"d/{names[1]}")
    a_file(tmp_path, wechat(5), f"d/{names[0]}")
    read = read_exports(tmp_path / "d")
    section = read.section
    assert section.tier is Tier.CURVE and len(section.comments) == len(section.posts) == 1
    zone = 0 if "1714624200" in names[0] else 8 * 3_600_000
    start = 1_714_624_200_000 if zone == 0 else 1_714_653_000_000 - zone
    assert section.snapshots.observed_ms.tolist() == [start, start + 600_000]
    assert section.snapshots.likes.low.tolist() == [5, 9]
    assert section.comments.likes.low.tolist() == [9] and section.comments.observed_ms.tolist() == [start + 600_000]


def test_a_field_says_when(tmp_path: Path):
    a_file(tmp_path, wechat(9, observed_at="2024-05-02T12:40:00+08:00"), "d/b.json")
    a_file(tmp_path, wechat(5, observed_at=1_714_624_200), "d/c.json")
    assert read_exports(tmp_path / "d").section.snapshots.likes.low.tolist() == [5, 9]
    text = "comment_id,text,likes,observed_at\n1,t,9,1714624800\n1,t,5,1714624200\n"
    section = read_exports(a_file(tmp_path, text, "long.csv")).section
    assert (section.snapshots.likes.low.tolist(), section.comments.likes.low.tolist()) == ([5, 9], [9])


def test_the_same_comments_twice_without_a_moment_are_an_error(tmp_path: Path):
    a_file(tmp_path, wechat(5), "d/one.json")
    a_file(tmp_path, wechat(9), "d/two.json")
    refused(
        tmp_path / "d", r"'900' shows different counts in .*one.json and .*two.json.*name the files after the moment"
    )
    (tmp_path / "d/two.json").rename(tmp_path / "d/two 2024-05-02T12-30.json")
    refused(tmp_path / "d", "different counts")
    a_file(tmp_path, wechat(9), "d/one.json")  # now it says the same again
    assert read_exports(tmp_path / "d").summary.repeated == 1
    a_file(tmp_path, wechat(7), "e/x 20240501 20240502.json")
    a_file(tmp_path, wechat(9), "e/y 20240502 20240503.json")
    refused(tmp_path / "e", "different counts")
    assert "several moments" in read_exports(tmp_path / "e" / "x 20240501 20240502.json").summary.files[0].notes[0]


def test_pages_that_repeat_what_is_pinned_are_no_conflict(tmp_path: Path):
    one = wechat(5)
    two = wechat(5)
    two["elected_comment"].append({**two["elected_comment"][0], "content_id": "901", "id": 2})
    a_file(tmp_path, one, "d/post page1.json")
    a_file(tmp_path, two, "d/post page2.json")
    read = read_exports(tmp_path / "d")
    assert read.section.comments.position.tolist() == [0, 1] and read.section.posts.id.to_pylist() == ["post"]
    assert read.summary.repeated == 1


def test_two_counts_of_one_day_are_asked_about(tmp_path: Path):
    for at, name in enumerate(("20240501/a.json", "20240501/b.json", "20240502/a.json")):
        (tmp_path / "day" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "day" / name).write_text(json.dumps(wechat(5 + at)), "utf-8")
    refused(tmp_path / "day", r"counts in \S*a.json and \S*b.json, and nothing says at what time of that day")
    (tmp_path / "day" / "20240501/b.json").write_text(json.dumps(wechat(5)), "utf-8")
    assert read_exports(tmp_path / "day").section.tier is Tier.CURVE
    # A clock time in a folder between is one, too.
    for at, clock in enumerate(("09-00", "09-30")):
        (tmp_path / "clock/20240501" / clock).mkdir(parents=True)
        (tmp_path / "clock/20240501" / clock / "a.json").write_text(json.dumps(wechat(5 + at)), "utf-8")
    assert np.diff(read_exports(tmp_path / "clock").section.snapshots.observed_ms).tolist() == [30 * 60_000]


def test_two_counts_of_one_moment_are_an_interval(tmp_path: Path):
    read = read_exports(a_file(tmp_path, GOOD + f"3,p,text 3,8,{S // 1000 + 3}\n", "c.csv"))
    at = read.section.comments.id.to_pylist().index("3")
    assert (read.section.comments.likes.low[at], read.section.comments.likes.high[at]) == (3, 8)
    assert read.summary.conflicting == 2 and "2 rows show different counts" in read.summary.notes[0]


def test_a_reply_to_nobody_keeps_its_post(tmp_path: Path):
    text = "comment_id,post_id,parent_id,text,likes\n1,p,,a,1\n2,p,1,b,1\n3,p,77,c,1\n"
    read = read_exports(a_file(tmp_path, text, "c.csv"))
    assert read.section.comments.parent.tolist() == [-1, 0, -1] and read.summary.orphans == 1


def test_a_curve_of_comments_joins_them(tmp_path: Path):
    a_file(tmp_path, GOOD, "d/c.csv")
    a_file(tmp_path, f"target_id,observed_at,likes\n3,{S // 1000 + 900},3\n3,{S // 1000 + 960},11\n", "d/curve.csv")
    read = read_exports(tmp_path / "d")
    at = read.section.comments.id.to_pylist().index("3")
    assert len(read.section.posts) == 1 and read.section.comments.likes.low[at] == 11
    assert read.section.snapshots.target.tolist() == [1 + at] * 2
    a_file(tmp_path, f"target_id,observed_at,likes\np,{S // 1000 + 900},40\n", "d/posts.csv")
    assert read_exports(tmp_path / "d").section.posts.totals["likes"].low.tolist() == [40]


def test_a_file_named_after_an_article_is_about_it(tmp_path: Path):
    a_file(tmp_path, wechat(5), "d/春天的菜市场_2024-05-02T12-30.json")
    a_file(tmp_path, (FIXTURES / "wechat_articles.xlsx").read_bytes(), "d/x.xlsx")
    section = read_exports(tmp_path / "d").section
    assert section.posts.id[int(section.comments.post[0])].as_py() == "MzA5:2247483650:1"
    assert section.posts.totals["reads"].low[int(section.comments.post[0])] == 4567


# --- people and places ----------------------------------------------------------------------------------------------


def test_nicknames_are_not_ids(tmp_path: Path):
    text = "comment_id,post_id,user_id,nickname,text,likes\n1,p,u1,甲,a,1\n2,p,u2,甲,b,1\n3,p,,甲,c,1\n4,p,,,d,1\n"
    c = read_exports(a_file(tmp_path, text, "c.csv")).section.comments
    assert c.n_authors == 3 and sorted(c.author_is_id.tolist()) == [False, True, True]
    assert c.author_name.to_pylist() == ["甲"] * 3 and len(set(c.author.tolist()[:3])) == 3 and c.author[3] == -1


def test_pseudonyms_are_a_keyed_mac(tmp_path: Path):
    path = a_file(tmp_path, "comment_id,user_id,text,likes\n1,u1,a,1\n", "c.csv")
    key = bytes(range(32))
    given_key = read_exports(path, key=key)
    assert given_key.section.comments.author_key.to_pylist() == [pseudonym(key, "generic", "u1", is_id=True)]
    assert given_key.summary.key_given
    for odd in (bytes(64), bytes(range(100))):
        keys = read_exports(path, key=odd).section.comments.author_key.to_pylist()
        assert keys == [pseudonym(odd, "generic", "u1", is_id=True)]
    refused(path, "at least 16", key=b"short")
    # Without a key: the same bytes give the same pseudonyms under any name, other bytes others.
    own = read_exports(path).section.comments.author_key.to_pylist()
    assert (
        own == read_exports(a_file(tmp_path, path.read_text(), "e/other.csv")).section.comments.author_key.to_pylist()
    )
    assert own == [pseudonym(derived_key([path]), "generic", "u1", is_id=True)]
    assert (
        own != read_exports(a_file(tmp_path, path.read_text() + "\n", "f.csv")).section.comments.author_key.to_pylist()
    )
    # What is published, the digest of the file, is not the key and does not give it.
    published = bytes.fromhex(read_exports(path).summary.files[0].sha256)
    assert published == hashlib.sha256(path.read_bytes()).digest()
    assert own != [pseudonym(published, "generic", "u1", is_id=True)]


@pytest.mark.parametrize(
    ("province", "country", "region"),
    [
        ("IP属地：广东", None, "广东"),
        ("来自广东", None, "广东"),
        ("广东省", "中国", "广东"),
        ("中国广东深圳", None, "广东"),
        ("新疆维吾尔自治区", None, "新疆"),
        ("臺灣", None, "台湾"),
        ("", "美国", "美国"),
        (None, "中国", "中国"),
        ("未知", None, None),
        ("来自iPhone客户端", None, None),
        ("Los Angeles, United States", None, "United States"),
    ],
)
def test_regions_are_coarse(province: str | None, country: str | None, region: str | None):
    assert region_of(province, country) == region


def test_tables_that_say_no_platform_join_the_one_post_elsewhere(tmp_path: Path):
    told, bare = ((FIXTURES / f"wechat_{name}.json").read_bytes() for name in ("current", "2018"))
    for name, content, title in (
        ("任意 2024-06-01 10-00.json", told, "春天的菜市场"),
        ("夜跑 2024-06-01 10-00.json", bare, "夜跑"),
    ):
        folder = tmp_path / title
        a_file(folder, content, name)
        a_file(folder, f"标题,阅读数,点赞\n{title},1.2万,31\n", "totals_2024-06-02T10-00.csv")
        a_file(folder, f"target_id,observed_at,likes\n{title},{S},3\n{title},{S + 3600},9\n", "curve.csv")
        posts = read_exports(folder).section.posts
        assert (posts.platform.to_pylist(), posts.title.to_pylist()) == (["wechat"], [title])
        assert posts.totals["reads"].low.tolist() == [11_500]
    # By id as well, and the other way round: plain comments about an article that another table places.
    other = tmp_path / "other"
    a_file(other, "post_id,platform,title,reads\np7,wechat,夜跑,100\n", "totals.csv")
    a_file(other, "comment_id,post_id,text,likes\n1,p7,a,1\n", "by_id.csv")
    a_file(other, "comment_id,title,text,likes\n2,夜跑,b,2\n", "by_title.csv")
    a_file(other, "title,shares\n夜跑,5\n", "more.csv")
    posts = read_exports(other).section.posts
    assert (posts.platform.to_pylist(), posts.id.to_pylist()) == (["wechat"], ["p7"])
    assert posts.totals["shares"].low.tolist() == [5] and posts.totals["reads"].low.tolist() == [100]


def test_a_name_that_two_platforms_use_is_asked_about(tmp_path: Path):
    a_file(tmp_path, "comment_id,post_id,platform,text,likes\n1,p,wechat,a,1\n2,p,weibo,b,2\n", "c.csv")
    a_file(tmp_path, "post_id,reads\np,100\n", "totals.csv")
    said = refused(tmp_path, "add a column platform")
    assert "totals.csv row 2: 'p' may be a post of wechat and weibo" in said


def test_a_decimal_comma_is_not_a_hundred_times_as_much():
    written = ["1,234.50", "¥99", "99元", "12,50", "1.234,50", "1,234,567", "12,34", "-5", None]
    assert [None if math.isnan(one) else one for one in amounts(pa.array(written)).tolist()] == [
        *(1234.5, 99.0, 99.0, None, None, 1_234_567.0, None, -5.0, None)
    ]
