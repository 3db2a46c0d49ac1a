"""What a well-formed log becomes: ids, order, standing likes, births, formats."""

import gzip
import io
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from plaudit.errors import InputError
from plaudit.ingest import Ingested, read_events
from plaudit.model import SCHEMAS

T0 = 1_700_000_000_000
FIXTURES = Path(__file__).parent / "fixtures" / "ingest"


def likes(read: Ingested) -> list[tuple[str, str, int]]:
    actors, targets = read.actor_ids.to_pylist(), read.target_ids.to_pylist()
    log = read.log
    return [(actors[a], targets[t], int(ms) - T0) for a, t, ms in zip(log.actor, log.target, log.at_ms, strict=True)]


def balanced(read: Ingested) -> Ingested:
    s = read.summary
    assert s.rows == s.rejected + s.duplicates + s.other_kinds + s.taken_back + s.likes == sum(f.rows for f in s.files)
    assert s.likes == read.log.n == len(read.event_ids) == len(set(read.event_ids.to_pylist()))
    assert s.rejected == read.quarantine.num_rows == sum(s.rejected_reasons.values())
    assert read.quarantine.schema == SCHEMAS["quarantine"]
    return read


def events(*rows: tuple[str, str, int] | tuple[str, str, int, str], **columns: list[str | None]) -> pa.Table:
    table = {
        "actor": [row[0] for row in rows],
        "target": [row[1] for row in rows],
        "at": pa.array([T0 + row[2] for row in rows], pa.int64()),
    }
    if len(rows[0]) > 3:
        table["kind"] = [row[-1] for row in rows]
    return pa.table({**table, **columns})


def test_dense_ids_follow_bytewise_order_and_rows_follow_target_time_actor():
    read = balanced(read_events(events(("b", "y", 5), ("é", "x", 3), ("Z", "x", 3), ("a", "x", 9), ("b", "x", 1))))
    assert read.actor_ids.to_pylist() == ["Z", "a", "b", "é"]
    assert read.target_ids.to_pylist() == ["x", "y"]
    assert likes(read) == [("b", "x", 1), ("Z", "x", 3), ("é", "x", 3), ("a", "x", 9), ("b", "y", 5)]
    assert [str(one.dtype) for one in (read.log.actor, read.log.target, read.log.at_ms)] == ["int32", "int32", "int64"]
    assert (read.log.start_ms, read.log.end_ms) == (T0 + 1, T0 + 9)
    assert read.log.device is None and read.log.ip is None and read.log.author is None


def test_a_like_after_an_unlike_stands_at_the_later_time():
    read = balanced(read_events(events(("a", "x", 1, "like"), ("a", "x", 2, "unlike"), ("a", "x", 3, "like"))))
    assert likes(read) == [("a", "x", 3)]
    assert (read.summary.taken_back, read.summary.duplicates, read.summary.other_kinds) == (2, 0, 0)


def test_the_first_of_repeated_likes_stands_and_an_idle_unlike_is_another_kind():
    read = balanced(
        read_events(
            events(
                ("a", "x", 1, "unlike"),
                ("a", "x", 2, "Like"),
                ("a", "x", 3, "like"),
                ("b", "x", 4, "like"),
                ("b", "x", 5, "unlike"),
                ("b", "x", 6, "unlike"),
                ("b", "x", 6, "unlike"),
            )
        )
    )
    assert likes(read) == [("a", "x", 2)]
    assert (read.summary.taken_back, read.summary.duplicates, read.summary.other_kinds) == (2, 2, 2)
    assert read.summary.kinds == {"like": 3, "unlike": 4}


def test_a_like_and_an_unlike_at_one_instant_cancel():
    read = balanced(read_events(events(("a", "x", 1, "unlike"), ("a", "x", 1, "like"), ("b", "x", 1, "like"))))
    assert likes(read) == [("b", "x", 1)]


def test_an_event_id_counts_once_and_the_earliest_row_stands():
    table = events(("a", "x", 9), ("a", "x", 1), ("b", "x", 2), event_id=["e1", "e1", None])
    read = balanced(read_events(table))
    assert likes(read) == [("a", "x", 1), ("b", "x", 2)]
    assert read.event_ids[0].as_py() == "e1" and len(read.event_ids[1].as_py()) == 20
    assert read.summary.duplicates == 1


def test_an_unlike_may_carry_the_event_id_of_its_like():
    table = events(("a", "x", 1, "like"), ("a", "x", 2, "unlike"), ("b", "x", 2, "like"), event_id=["e1", "e1", "e2"])
    assert likes(balanced(read_events(table))) == [("b", "x", 2)]


def test_births_come_from_publications_and_else_from_the_first_event():
    table = events(
        ("w", "x", 0, "publish"),
        ("a", "x", 5, "like"),
        ("w", "y", 7, "view"),
        ("a", "y", 8, "like"),
        ("w", "channel", 2, "comment"),
        ("a", "c1", 6, "like"),
        ("a", "z", 3, "like"),
        ("w", "z", 4, "publish"),
        event_id=["p1", "e1", "e2", "e3", "c1", "e5", "e6", "p2"],
    )
    read = balanced(read_events(table))
    born = dict(
        zip(read.target_ids.to_pylist(), zip(read.log.born_ms - T0, read.log.born_known, strict=True), strict=True)
    )
    assert born["x"] == (0, True)
    assert born["y"] == (7, False)
    assert born["c1"] == (2, True)
    assert born["channel"] == (2, False)
    assert born["z"] == (3, False)  # what is liked before it is published was there before


def test_device_address_and_author_are_dense_and_minus_one_where_absent():
    table = events(("a", "x", 1), ("b", "x", 2), device=["d2", None], ip=["", "10.0.0.1"], author=["w", "w"])
    read = balanced(read_events(table))
    assert read.log.device is not None and read.log.device.tolist() == [0, -1]
    assert read.log.ip is not None and read.log.ip.tolist() == [-1, 0]
    assert read.log.author is not None and read.actor_ids[int(read.log.author[0])].as_py() == "w"
    assert (read.summary.actors, read.log.n_actors) == (2, 3)


@pytest.mark.parametrize("suffix", ["csv", "tsv", "jsonl", "json", "parquet", "csv.gz", "jsonl.zst"])
def test_every_format_keeps_big_numbers_and_leading_zeros(tmp_path: Path, suffix: str):
    big, rows = "9223372036854775807", [("9223372036854775807", "007", T0), ("00042", "7", T0 + 1)]
    path = tmp_path / f"log.{suffix}"
    sign = "\t" if suffix == "tsv" else ","
    table = sign.join(["user_id", "item_id", "timestamp"]) + "\n"
    table += "".join(f"{a}{sign}{t}{sign}{at}\n" for a, t, at in rows)
    objects = [{"user_id": a, "item_id": t, "timestamp": at} for a, t, at in rows]
    numbers = [f'{{"user_id": {big}, "item_id": "007", "timestamp": {T0}}}', json.dumps(objects[1])]
    if suffix == "parquet":
        pq.write_table(pa.Table.from_pylist(objects), path)
    elif suffix == "csv.gz":
        path.write_bytes(gzip.compress(table.encode(), mtime=0))
    elif suffix == "jsonl.zst":
        path.write_bytes(pa.compress("\n".join(numbers).encode(), "zstd", asbytes=True))
    elif suffix == "jsonl":
        path.write_text("\n".join(numbers) + "\n\n")
    elif suffix == "json":
        path.write_text("[" + ",\n".join(numbers) + "]")
    else:
        path.write_text("\ufeff" + table, encoding="utf-8")
    read = balanced(read_events(path))
    assert likes(read) == [(big, "007", 0), ("00042", "7", 1)]
    assert read.summary.time_format == "ms"
    assert read.summary.columns == {"actor": "user_id", "at": "timestamp", "target": "item_id"}
    assert read.summary.files[0].bytes == path.stat().st_size


def test_integer_ids_in_tables_stay_exact_and_rounded_ids_are_refused():
    big = 2**53 + 1
    table = pa.table({"actor": [big, 2**63 - 1], "target": [1, 2], "at": [T0, T0]})
    assert balanced(read_events(table)).actor_ids.to_pylist() == [str(big), str(2**63 - 1)]
    small = pa.table({"actor": [1.0, 2.0, 3.0, None, 5.0, 6.0], "target": ["x"] * 6, "at": [T0] * 6})
    assert balanced(read_events(small)).actor_ids.to_pylist() == ["1", "2", "3", "5", "6"]
    with pytest.raises(InputError, match="floating-point"):
        read_events(pa.table({"actor": [float(2**60)], "target": ["x"], "at": [T0]}))


def test_pandas_polars_and_arrow_read_alike():
    table = events(("b", "y", 5), ("a", "x", 3), device=["d1", None])
    frame = table.to_pandas()
    reads = [read_events(one) for one in (table, frame, frame.iloc[::-1].iloc[::-1], pl.from_arrow(table))]
    assert all(likes(one) == likes(reads[0]) for one in reads)
    assert len({one.summary.files[0].sha256 for one in reads}) == 1
    moments = pd.DataFrame({"actor": ["a"], "target": ["x"], "at": pd.to_datetime([T0], unit="ms", utc=True)})
    read = read_events(moments)
    assert (likes(read), read.summary.time_format) == ([("a", "x", 0)], "timestamp")
    moments["at"] = moments["at"].dt.tz_convert("Asia/Shanghai").astype("datetime64[ns, Asia/Shanghai]")
    assert likes(read_events(moments)) == likes(read)
    chopped = pa.concat_tables([table.slice(0, 1), table.slice(1)])
    assert read_events(chopped).summary.files[0].sha256 == reads[0].summary.files[0].sha256


def test_odd_columns_of_frames_are_read_or_refused_in_a_sentence():
    frame = pd.DataFrame({"actor": [1.0, 2.0, 1.0], "target": ["x", "x", "y"], "at": [T0, T0 + 1, T0 + 2]})
    plain = likes(read_events(frame))
    assert likes(read_events(frame.astype({"actor": "category"}))) == plain
    words = pl.DataFrame({"actor": ["1", "2", "1"], "target": ["x", "x", "y"], "at": [T0, T0 + 1, T0 + 2]})
    assert likes(read_events(words.with_columns(pl.col("actor", "target").cast(pl.Categorical)))) == plain
    assert likes(read_events(words.with_columns(pl.col("target").cast(pl.Enum(["x", "y"]))))) == plain
    with pytest.raises(InputError, match=r"'actor' holds values of several types; make it text first, such as frame"):
        read_events(frame.assign(actor=["a", 2, b"c"]))
    with pytest.raises(InputError, match="a Series is neither a path nor a table"):
        read_events(frame["actor"])


@pytest.mark.parametrize("as_file", [True, False])
def test_a_name_that_two_columns_share_is_refused_only_where_it_is_needed(tmp_path: Path, as_file: bool):
    def source(name: str) -> Any:
        values = [["u", "v"], ["n", "m"], ["n", "m"], ["x", "x"], [T0, T0 + 1]]
        table = pa.table([pa.array(one) for one in values], names=["actor", name, "note", "target", "at"])
        if not as_file:
            return table
        pq.write_table(table, tmp_path / "log.parquet")
        return tmp_path / "log.parquet"

    with pytest.raises(InputError, match="several columns named 'actor': rename all but one"):
        read_events(source("actor"))
    assert likes(read_events(source("note"))) == [("u", "x", 0), ("v", "x", 1)]


def test_names_of_columns_in_chinese_and_in_nested_records(tmp_path: Path):
    path = tmp_path / "log.csv"
    path.write_text(f"点赞者,留言编号,创建时间,IP地址\na,x,{T0},10.0.0.1\n")
    assert likes(read_events(path)) == [("a", "x", 0)]
    path.write_text(f"用户\uff29\uff24,帖子ID,操作时间\na,x,{T0}\n")
    assert likes(read_events(path)) == [("a", "x", 0)]
    nested = {"user": {"id": "a", "name": "n"}, "comment": {"id": "x", "author": {"id": "w"}}, "timestamp": T0}
    lines = tmp_path / "log.jsonl"
    lines.write_text(json.dumps(nested) + "\n")
    read = read_events(lines)
    assert (likes(read), "event_id" in read.summary.columns) == ([("a", "x", 0)], False)
    wrapped = {"data": {"id": "e1", "user_id": "a", "post_id": "x", "created_at": T0}}
    lines.write_text(json.dumps(wrapped) + "\n")
    assert read_events(lines).summary.columns["event_id"] == "data.id"


@pytest.mark.parametrize("path", ["likes", "rows", "results", "data.list", "data.records"])
def test_a_list_inside_an_answer_is_found(tmp_path: Path, path: str):
    holder: Any = [{"actor": "a", "target": "x", "at": T0}, {"actor": "b", "target": "x", "at": T0 + 1}]
    for name in reversed(path.split(".")):
        holder = {"total": 2, name: holder}
    for indent in (None, 1):
        (tmp_path / "log.json").write_text(json.dumps(holder, indent=indent))
        assert read_events(tmp_path / "log.json").log.n == 2


def test_the_line_in_which_spreadsheets_say_their_separator_is_no_header(tmp_path: Path):
    path = tmp_path / "log.csv"
    path.write_text(f"sep=;\nactor;target;at\na;x;{T0}\n")
    assert likes(read_events(path)) == [("a", "x", 0)]


def test_several_files_a_glob_and_standard_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "a.csv").write_text(f"user,post_id,ts\na,x,{T0}\n")
    (tmp_path / "b.csv").write_text(f"account,item,time,ip\nb,x,{T0 // 1000},10.0.0.1\n")
    read = balanced(read_events(str(tmp_path / "*.csv")))
    assert likes(read) == [("a", "x", 0), ("b", "x", 0)]
    assert read.summary.columns["actor"] == "user | account" and "b.csv: s" in read.summary.time_format
    assert likes(read_events([tmp_path / "b.csv", tmp_path / "a.csv"])) == likes(read)
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO((tmp_path / "a.csv").read_bytes())))
    read = read_events("-")
    assert (likes(read), read.summary.files[0].name) == ([("a", "x", 0)], "-")


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        (["2023-11-14T22:13:20Z", "2023-11-14T22:13:20.001Z"], "iso"),
        (["2023-11-15T06:13:20+08:00", "2023-11-14T23:13:20.001+0100"], "iso"),
        (["2023-11-14 22:13:20", "2023-11-14 22:13:20.001"], "iso, no zone: read as UTC"),
        (["20231114T221320Z", "20231114T221320.001Z"], "iso"),
        (["2023-11-14t22:13:20z", "2023-11-14T22:13:20,001Z"], "iso"),
        (["20231115T061320+0800", "20231114T221320.001"], "iso, no zone: read as UTC"),
        (["1700000000", "1700000000.001"], "s"),
        (["1700000000000", "1700000000001"], "ms"),
        (["1700000000000000", "1700000000001999"], "us"),
    ],
)
def test_times_are_told_apart_and_recorded(tmp_path: Path, texts: list[str], said: str):
    path = tmp_path / "log.csv"
    path.write_text("actor,target,at\n" + "".join(f'a{i},x,"{text}"\n' for i, text in enumerate(texts)))
    read = balanced(read_events(path))
    assert likes(read) == [("a0", "x", 0), ("a1", "x", 1)]
    assert read.summary.time_format == said


def test_mixed_times_are_an_error_unless_few_or_settled(tmp_path: Path):
    path = tmp_path / "log.csv"
    rows = [f"a{i},x,{T0 + i}" for i in range(8)]
    path.write_text("\n".join(["actor,target,at", *rows, "b,x,1700000000", "c,x,2023-11-14T22:13:20Z"]))
    with pytest.raises(
        InputError, match=r"mixes epoch milliseconds \(8\) and ISO 8601 \(1\) and epoch seconds \(1\).*ms"
    ):
        read_events(path)
    with pytest.raises(InputError, match="or leave the time format to be told from the values"):
        read_events(path, time_format="us")
    read = balanced(read_events(path, time_format="ms"))
    assert read.log.n == 8
    assert read.summary.rejected_reasons == {"time is in another format than its column": 2}
    assert read.quarantine.column("row").to_pylist() == [10, 11]


def test_without_a_kind_of_like_the_error_says_what_to_type():
    table = events(("a", "x", 1, "retweet"), ("b", "x", 2, "retweet"), ("a", "x", 3, "un-retweet"))
    with pytest.raises(InputError, match=r"retweet \(2\), un_retweet \(1\); say which does with --map like=retweet"):
        read_events(table)
    read = balanced(read_events(table, mapping={"like": "retweet"}))
    assert likes(read) == [("b", "x", 2)]
    read = balanced(read_events(table, mapping={"kind": ""}))
    assert likes(read) == [("a", "x", 1), ("b", "x", 2)]


def test_row_order_changes_nothing():
    rows = [("a", "x", i % 4, ("like", "unlike", "like", "view")[i % 4]) for i in range(12)]
    rows += [(f"b{i}", "y", i, "like") for i in range(6)]
    forward, backward = balanced(read_events(events(*rows))), balanced(read_events(events(*rows[::-1])))
    assert likes(forward) == likes(backward)
    assert forward.event_ids.equals(backward.event_ids)
    same = {"files": ...}
    assert forward.summary.model_dump(exclude=set(same)) == backward.summary.model_dump(exclude=set(same))


def test_activity_streams_with_undo():
    read = balanced(read_events(FIXTURES / "activities.jsonl"))
    assert [(a, t) for a, t, _ in likes(read)] == [("https://a.example/bea", "https://a.example/notes/1")]
    assert read.event_ids.to_pylist() == ["https://a.example/likes/2"]
    assert (read.summary.taken_back, read.summary.other_kinds) == (4, 3)
    assert read.log.born_known.tolist() == [False, True]  # a follow's object is a target too, and sorts first


def test_stargazers_take_their_target_from_the_file_name():
    read = balanced(read_events(FIXTURES / "octo_hello.json"))
    assert [(a, t) for a, t, _ in likes(read)] == [("ann", "octo_hello"), ("bea", "octo_hello")]
    assert read.summary.columns["target"] == "(file name)"


def test_coordination_tool_exports():
    read = balanced(read_events(FIXTURES / "coordination_network_toolkit.csv"))
    assert [(a, t) for a, t, _ in likes(read)] == [("u1", "900"), ("u2", "900")]
    assert read.summary.other_kinds == 1 and read.log.born_known.tolist() == [True]
    read = balanced(read_events(FIXTURES / "coortweet.csv"))
    assert [(a, t) for a, t, _ in likes(read)] == [("u1", "http://x"), ("u2", "http://x"), ("u2", "http://y")]
    assert read.event_ids.to_pylist() == ["c1#http://x", "c2#http://x", "c2#http://y"]


def test_cloud_events_and_segment():
    read = balanced(read_events(FIXTURES / "cloudevents.jsonl"))
    assert [(a, t) for a, t, _ in likes(read)] == [("u1", "p1")]
    assert read.summary.duplicates == 1 and read.event_ids.to_pylist() == ["/app#1"]
    read = balanced(read_events(FIXTURES / "segment.jsonl"))
    assert [(a, t) for a, t, _ in likes(read)] == [("u1", "p1")]


def test_progress_is_told(tmp_path: Path):
    told: list[tuple[str, int, int]] = []
    progress = SimpleNamespace(
        stage=lambda name: told.append((name, 0, 0)), advance=lambda done, total: told.append(("", done, total))
    )
    read_events(events(("a", "x", 1)), progress=progress, temp_dir=tmp_path, memory_limit="1GB")
    assert [name for name, _, _ in told if name] == ["read", "prepare"]
    assert all(done <= total for _, done, total in told)
    assert list(tmp_path.iterdir()) == []
