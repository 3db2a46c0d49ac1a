"""Exports that are broken, cut off, too deep, of two minds, or no exports: one clear sentence, nothing lost."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plaudit.ingest import Kind, read_events, read_exports, recognise
from plaudit.ingest.exports.opening import completed, depth_of
from tests.test_exports_formats import FIXTURES, a_file
from tests.test_exports_traps import GOOD, HEAD, S, refused

WHOLE = (FIXTURES / "bilibili.json").read_bytes()


@pytest.mark.parametrize(
    ("name", "content", "match"),
    [
        ("c.csv", b"", "is empty"),
        ("c.json", b" \n", "is empty"),
        ("c.csv", HEAD.encode(), "a header and no rows"),
        ("c.json", b"[]", "JSON of no kind Plaudit knows; found no objects"),
        ("c.json", b'{"a": 1, "b": [1, 2]}', r"found keys 'a', 'b'; comments need columns such as comment_id"),
        ("c.json", WHOLE[: len(WHOLE) // 2], "not valid JSON as a whole: it may be cut off"),
        ("c.json.gz", gzip.compress(WHOLE, 0, mtime=0)[:900], "ends early or is damaged|cut off"),
        ("c.json.gz", b"\x1f\x8b" + b"junk" * 50, "ends early or is damaged"),
        ("c.json", b"[" * 60 + b"]" * 60, "60 levels inside each other"),
        ("c.json", b'{"a":' * 5000 + b"1" + b"}" * 5000, "5000 levels"),
        ("c.jsonl", b'{"x": 1}\n{"a": ' + b"[" * 90 + b"]" * 90 + b"}\n", "91 levels"),
        ("c.json", b"comment_id,text", "named JSON and does not begin like it"),
        ("c.xlsx", (FIXTURES / "wechat_articles.xlsx").read_bytes()[:3000], "truncated or damaged Excel workbook"),
        ("c.xlsx", b"PK\x03\x04" + bytes(90), "truncated or damaged Excel workbook"),
        ("c.parquet", b"PAR1" + bytes(90), "truncated or damaged Parquet"),
        ("c.csv", bytes(range(256)) * 64, "is binary"),
        ("c.csv", b"\xff\xfe" + GOOD.encode("utf-16-le")[:-1], "begins in UTF-16 and goes on in something else"),
        ("c.csv", GOOD.encode("utf-16-le"), "is binary, not a log: .* text as UTF-8"),
        ("c.csv", (HEAD + "1,p,caf\xe9 cr\xe8me,1,\n").encode("latin-1"), "line 2 is not UTF-8"),
        ("c.csv", (HEAD + "1,p,這個餐廳的東西真難吃,1,\n").encode("big5"), "is not UTF-8"),
        ("c.csv", b"text\na\nb\n", r"one column \('text'\)"),
        ("c.csv", b"a,b\n1,2\n", "no table Plaudit knows; found 'a', 'b'"),
        ("c.csv", b"text,text,likes\na,b,1\n", "several columns named 'text'"),
        ("c.csv", b"user_id,comment_id,timestamp,text\nu,c,1714500000,t\n", "could be an event log or comments"),
    ],
)  # fmt: skip
def test_one_clear_sentence(tmp_path: Path, name: str, content: bytes, match: str):
    assert name in refused(a_file(tmp_path, content, name), match)
    refused(tmp_path, match)  # the same inside a folder: where nothing can be read that is said


UNRELATED = {
    "empty.csv": (b"", "empty", ""),
    "blank.json": (b" \n", "empty", ""),
    "head.csv": (HEAD.encode(), "no_rows", "'comment_id', 'post_id', 'text', 'likes', 'created_at'"),
    "names.csv": (b"name\nAda\nBob\n", "one_column", "'name'"),
    "none.json": (b"[]", "unknown_json", ""),
    "package.json": (b'{"name": "site", "version": "1.0"}', "unknown_json", "'name', 'version'"),
    "session.json": (b'{"base_resp": {"ret": -3, "err_msg": "no session"}}', "unknown_json", "'base_resp'"),
    "weather.csv": (b"day,rain\n1,2\n", "unknown_table", "'day', 'rain'"),
    "cover.png": (b"\x89PNG", "not_data", ""),
    "b.txt": (bytes(range(256)), "unreadable", ""),
}


def test_what_is_unrelated_is_left_out_and_named(tmp_path: Path):
    for name, (content, _, _) in UNRELATED.items():
        a_file(tmp_path, content, name)
    refused(tmp_path, r"holds nothing Plaudit recognises")
    good = a_file(tmp_path, GOOD, "comments.csv")
    read = read_exports(tmp_path)
    assert len(read.section.comments) == 20 and [file.name for file in read.summary.files] == [str(good)]
    left = {Path(one.name).name: (one.reason, one.found) for one in read.summary.left_out}
    assert left == {name: (reason, found) for name, (_, reason, found) in UNRELATED.items()}
    assert [one.name for one in read.summary.left_out] == sorted(one.name for one in read.summary.left_out)
    for name in UNRELATED:  # who names a file wants it read
        refused([good, tmp_path / name], name) if name != "b.txt" else None


@pytest.mark.parametrize(
    ("name", "content", "match"),
    [
        ("cut.json", WHOLE[: len(WHOLE) // 2], "may be cut off"),
        ("cut.parquet", b"PAR1" + bytes(90), "truncated or damaged"),
        ("both.csv", b"user_id,comment_id,timestamp,text\nu,c,1714500000,t\n", "could be an event log or comments"),
        ("both.json", b'[{"user_id": "u", "comment_id": "c", "timestamp": 1714500000, "text": "t"}]', "could be"),
        ("half.csv", "栏目,阅读数,点赞\n一,100,3\n".encode(), "is nearly a table Plaudit knows"),
        ("half.json", b'[{"customer": "a", "openid": "b", "amount": 3}]', "is nearly a table Plaudit knows"),
        ("web.json", b"<html>sign in</html>", "does not begin like it"),
    ],
)  # fmt: skip
def test_what_may_be_half_of_something_stops_a_folder(tmp_path: Path, name: str, content: bytes, match: str):
    a_file(tmp_path, GOOD, "comments.csv")
    assert name in refused(a_file(tmp_path, content, name).parent, match)


def test_folders_and_names(tmp_path: Path):
    refused(tmp_path, "is an empty folder")
    a_file(tmp_path, b"\x89PNG", "a.png")
    refused(tmp_path, r"holds nothing Plaudit recognises \(a.png\)")
    a_file(tmp_path, "hello", "b.txt")
    refused(tmp_path, r"holds nothing Plaudit recognises \(a.png, b.txt\)")
    refused(tmp_path / "none.csv", "does not exist")
    refused([], "no source was given")
    refused("https://example.org/c.json", "reads no network")


def test_what_spreadsheets_write_is_read(tmp_path: Path):
    text = "comment_id,text,likes,created_at\n1,这个饭店的东西真好吃，下次还来,3,1714500000\n"
    table = text.replace(",", "\t")
    for name, codec, content in (
        ("c.csv", "GB18030", text.encode("gb18030")),
        ("c.csv.gz", "GB18030", gzip.compress(text.encode("gb18030"), mtime=0)),
        ("c.txt", "UTF-16", table.encode("utf-16")),
        ("c.csv.gz", "UTF-16", gzip.compress(b"\xfe\xff" + text.encode("utf-16-be"), mtime=0)),
    ):
        read = read_exports(a_file(tmp_path, content, name))
        assert read.section.comments.text.to_pylist() == ["这个饭店的东西真好吃，下次还来"]
        assert f"read as {codec}" in read.summary.files[0].notes


def test_broken_lines_are_set_apart(tmp_path: Path):
    good = [json.dumps({"comment_id": str(i), "text": "t", "likes": i}) for i in range(20)]
    path = a_file(tmp_path, "\n".join([*good[:3], '{"comment_id": ', "7", *good[3:]]), "c.jsonl")
    read = read_exports(path)
    assert [(one["row"], one["reason"]) for one in read.quarantine.to_pylist()] == [
        *((4, "not valid JSON"), (5, "not valid JSON")),
    ]
    assert (read.summary.rows, len(read.section.comments)) == (22, 20)


def test_two_platforms_at_once_is_said(tmp_path: Path):
    both = {"id": 1, "text": "t", "created_at": S, "timestamp": S, "like_count": 1, "source": ""}
    refused(a_file(tmp_path, [both], "c.json"), "could be comments from weibo or instagram")


def test_event_logs_stay_event_logs(tmp_path: Path):
    path = a_file(tmp_path, f"actor,target,at\na,x,{S}\n", "d/log.csv")
    a_file(tmp_path, GOOD, "d/c.csv")
    assert recognise(path) is Kind.EVENTS
    read = read_exports(tmp_path / "d")
    assert read.events == (path,) and read_events(path).log.n == 1 and len(read.section.comments) == 20
    alone = read_exports(path)
    assert len(alone.section.comments) == len(alone.section.posts) == 0


@given(
    st.recursive(
        st.none() | st.text('[]{}",\\a', max_size=6),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=3), inner),
    )
)
def test_depth_and_completion_of_json(value: Any):
    def plain(one: Any) -> int:
        inner = one.values() if isinstance(one, dict) else one if isinstance(one, list) else None
        return 0 if inner is None else 1 + max(map(plain, inner), default=0)

    text = json.dumps(value, ensure_ascii=False)
    assert depth_of(text) == plain(value)
    if isinstance(value, dict | list):
        for cut in range(1, len(text) + 1):
            part = completed(text[:cut])
            assert part == "" or type(json.loads(part)) is type(value)
