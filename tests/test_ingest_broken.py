"""Broken input: one clear sentence, nothing half-read, memory bounded."""

import gzip
import json
import tracemalloc
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from plaudit.app.pipeline import audit
from plaudit.errors import InputError
from plaudit.ingest import read_events, text

T0 = 1_700_000_000_000
GOOD = "actor,target,at\n" + "".join(f"a{i},x,{T0 + i}\n" for i in range(20))


def refused(source: object, match: str, **options: Any) -> str:
    with pytest.raises(InputError, match=match) as caught:
        read_events(source, **options)
    # People come through the audit, which first asks what kind of file it is.
    with pytest.raises(InputError) as audited:
        audit(source, **options)
    for sentence in (str(caught.value), str(audited.value)):
        assert "\n" not in sentence and "Traceback" not in sentence and sentence.endswith((".", "?")), sentence
    return str(caught.value)


def a_file(folder: Path, content: bytes | str, name: str = "log.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize(
    ("name", "content", "match"),
    [
        ("log.csv", b"", "is empty"),
        ("log.csv", b"\n \n", "is empty"),
        ("log.csv.gz", gzip.compress(b"", mtime=0), "is empty"),
        ("log.csv", "actor,target,at\n", "a header and no rows"),
        ("log.csv", "actor,target,at", "a header and no rows"),
        ("log.jsonl", "{}\n", "no readable JSON objects"),
        ("log.json", "[]", "holds no JSON objects"),
        ("log.json", '[{"actor": "a", ', "may be cut off"),
        ("log.json", '{"actor": "a",\n "target"', "may be cut off"),
        ("log.jsonl", "actor,target,at\n", "named JSON and does not begin like it"),
        ("log.csv", bytes(range(256)) * 64, "is binary"),
        ("log.xlsx", b"PK\x03\x04" + bytes(60), "Excel workbook; unpack it, or save the sheet as CSV"),
        ("log.pkl", b"\x80\x04\x95" + bytes(60), "binary|not UTF-8|NUL"),
        ("log.csv.gz", gzip.compress(GOOD.encode() * 2000, 0, mtime=0)[:9000], "ends early or is damaged"),
        ("log.csv.gz", b"\x1f\x8b" + b"junk" * 50, "ends early or is damaged"),
        ("log.csv.zst", pa.compress(GOOD.encode() * 20000, "zstd", asbytes=True)[:300], "ends early or is damaged"),
        ("log.parquet.gz", gzip.compress(b"PAR1" + bytes(90), mtime=0), "Parquet|NUL"),
        ("log.csv", GOOD.encode("utf-16"), "UTF-16; save it again as UTF-8"),
        ("log.csv", GOOD.encode("utf-16-le"), "NUL bytes|binary"),
        ("log.csv", f"actor,target,at,text\na,x,{T0},很好的文章\n".encode("gb18030"), "GBK/GB18030.*iconv -f GB18030"),
        ("log.csv", f"actor,target,at,text\na,x,{T0},caf\xe9 cr\xe8me\n".encode("latin-1"), "line 2 is not UTF-8"),
        ("log.csv", GOOD + f"a\0,x,{T0}\n", "line 22 holds NUL bytes"),
        ("log.csv", "actor\na\nb\n", r"one column \('actor'\)"),
        ("log.csv", "user,login,target,at\na,b,c,1\n", r"'user', 'login' could each be the actor;.*--map actor=user\."),
        ("log.csv", "actor,actor,target,at\na,b,c,1\n", r"several columns named 'actor': rename all but one"),
        ("log.csv", "who,target,at\na,b,1\n", r"recognised as actor; found 'who', 'target', 'at'; .*--map actor=COL"),
        ("log.csv", f"actor,target,at\na,x,{T0},\nb,x,{T0},\n", r"all 2 rows are rejected \(row has another number"),
        ("log.csv", "actor,target,at\na,x,soon\nb,x,later\n", r"2 of 2 rows are rejected: time cannot be read \(2\)"),
        ("log.csv", "actor,target,at\na,x,soon\nb,x,later\n", r"with times in ISO 8601, such as 2024-05-01T09:30"),
        ("log.csv", "actor,target,at\na,x,20240501093000\n", r"1 of 1 rows are rejected: time is outside 1990-2100"),
        ("log.csv", f"actor,target,at\na,x,{T0},\nb,x,{T0},\n", r"the first is .*log.csv row 2 \('a,x,.*its header"),
        ("log.csv", f"actor,target,at\na,x,{T0 * 10**6}\n", "epoch nanoseconds; divide it by 1,000,000"),
        ("log.csv", f'actor,target,at,text\na,x,{T0},"open\n' + f"b,x,{T0},t\n" * 9, "quote mark"),
        ("log.csv", f'actor,target,at,text\na,x,{T0},"open\n' + f"b,x,{T0},t\n" * 900_000, "quote mark"),
        ("log.csv", f"actor,target,at,kind\na,x,{T0},like\na,x,{T0 + 1},unlike\n", "no like that stands"),
    ],
)  # fmt: skip
def test_one_clear_sentence(tmp_path: Path, name: str, content: bytes | str, match: str):
    sentence = refused(a_file(tmp_path, content, name), match)
    assert name in sentence


def test_what_is_not_a_readable_file(tmp_path: Path):
    refused(tmp_path, "is a directory: name the files in it")
    refused(tmp_path / "none.csv", "does not exist")
    refused(str(tmp_path / "*.csv"), "no file matches")
    refused("https://example.org/log.csv", "reads no network: download the file")
    refused("s3://bucket/log.parquet", "reads no network")
    refused([], "no source was given")
    refused(42, "neither a path nor a table")
    refused(pa.table({"actor": pa.array([], pa.string())}), "has no rows")
    path = a_file(tmp_path, GOOD)
    refused([path, path], "named twice")
    refused(path, "names no role", mapping={"user": "actor"})
    refused(path, "no column 'uid' to map actor to; found 'actor', 'target', 'at'", mapping={"actor": "uid"})
    refused(path, "time format 'minutes' is not known: choose s, ms, us, iso", time_format="minutes")
    refused(path, "write it like 4GB", memory_limit="much")
    with pytest.raises(InputError, match="does not exist"):
        read_events(path, temp_dir=tmp_path / "none")


def test_broken_parquet(tmp_path: Path):
    table = pa.table({"actor": ["a"] * 5000, "target": [str(i) for i in range(5000)], "at": [T0] * 5000})
    pq.write_table(table, tmp_path / "good.parquet")
    whole = (tmp_path / "good.parquet").read_bytes()
    refused(a_file(tmp_path, whole[: len(whole) // 2], "cut.parquet"), "truncated or damaged Parquet")
    refused(a_file(tmp_path, whole[:4] + b"\xff" * 3000 + whole[3004:], "hole.parquet"), "damaged")
    pq.write_table(table.slice(0, 0), tmp_path / "none.parquet")
    refused(tmp_path / "none.parquet", "columns and no rows")
    pq.write_table(pa.table({"actor": [["a"]], "target": ["x"], "at": [T0]}), tmp_path / "nested.parquet")
    refused(tmp_path / "nested.parquet", "lists or records")


@pytest.mark.parametrize("start", [b"", b"a,b,c,", b"1,2,3"])
def test_an_endless_first_line_is_no_header(tmp_path: Path, start: bytes):
    with pytest.raises(InputError, match="begins with a field of more than 131,072 signs"):
        audit(a_file(tmp_path, start + b"z" * (8 << 20)))


@pytest.mark.parametrize("name", ["log.csv", "log.jsonl", "log.csv.gz"])
def test_an_endless_line_is_refused_before_it_fills_memory(tmp_path: Path, name: str):
    path = tmp_path / name
    start = b'{"actor": "' if "jsonl" in name else b"actor,target,at\na,x,"
    with gzip.open(path, "wb", compresslevel=1) if name.endswith("gz") else path.open("wb") as handle:
        handle.write(start)
        for _ in range(200):
            handle.write(b"z" * (1 << 20))
    tracemalloc.start()
    before = pa.total_allocated_bytes()
    refused(path, "line longer than 4 MB")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak + pa.total_allocated_bytes() - before < 64 << 20


def test_bad_rows_are_set_apart_with_row_number_reason_and_content(tmp_path: Path):
    lines = GOOD.splitlines()
    lines[3] = "only,two"
    lines[5] = f",x,{T0}"
    lines[7] = f"a,   ,{T0}"
    lines[9] = "a,x,yesterday"
    path = a_file(tmp_path, "\n".join(lines))
    read = read_events(path)
    assert read.quarantine.to_pylist() == [
        {
            "file": str(path),
            "row": 4,
            "reason": "row has another number of fields than the header (3)",
            "content": "only,two",
        },
        {"file": str(path), "row": 6, "reason": "actor is empty", "content": f"target=x, at={T0}"},
        {"file": str(path), "row": 8, "reason": "target is empty", "content": f"actor=a, at={T0}"},
        {"file": str(path), "row": 10, "reason": "time cannot be read", "content": "actor=a, target=x, at=yesterday"},
    ]
    assert (read.summary.rows, read.summary.rejected, read.log.n) == (20, 4, 16)


def test_too_many_rejects_are_an_error_unless_allowed(tmp_path: Path):
    path = a_file(tmp_path, GOOD + "a,x,1\n" * 6)
    refused(
        path, r"6 of 26 rows are rejected: time is outside 1990-2100 \(6\); the first is .* row 22 .*--allow-rejects"
    )
    read = read_events(path, allow_rejects=True)
    assert (read.summary.rejected, read.log.n) == (6, 20)


def test_broken_json_lines_are_set_apart(tmp_path: Path):
    good = [f'{{"actor": "a{i}", "target": "x", "at": {T0 + i}}}' for i in range(20)]
    lines = [good[0], '{"actor": "b", ', "[1, 2]", "", *good[1:], '{"actor": {"odd": 1}, "target": "x", "at": 5}']
    read = read_events(a_file(tmp_path, "\n".join(lines), "log.jsonl"))
    assert read.log.n == 20
    assert [(one["row"], one["reason"]) for one in read.quarantine.to_pylist()] == [
        (2, "not valid JSON"),
        (3, "not a JSON object"),
        (24, "actor is empty"),
    ]


def test_keys_may_hold_dots_quotes_and_objects(tmp_path: Path):
    line = '{"a\'b\\"c.d": "u", "target": {"id": 7}, "user": {"id": 12345678901234567890}, "at": "1700000000"}'
    path = a_file(tmp_path, line, "log.jsonl")
    read = read_events(path)
    assert (read.actor_ids.to_pylist(), read.target_ids.to_pylist()) == (["12345678901234567890"], ["7"])
    assert read.summary.columns["actor"] == "user.id"
    assert read_events(path, mapping={"actor": "a'b\"c.d"}).actor_ids.to_pylist() == ["u"]


def test_files_may_name_columns_differently_but_not_disagree_about_kinds(tmp_path: Path):
    one = a_file(tmp_path, GOOD, "one.csv")
    two = a_file(tmp_path, f"uid;comment_id;time;kind\nu;y;{T0};like\n", "two.csv")
    refused([one, two], r"two.csv says what kind each event is and .*one.csv does not")
    assert read_events([one, two], mapping={"kind": ""}).log.n == 21


def test_an_id_that_is_no_event_id_is_noticed(tmp_path: Path):
    rows = "".join(f"{i % 2},u{i},x,{T0 + i}\n" for i in range(10))
    path = a_file(tmp_path, "id,user_id,item_id,ts\n" + rows)
    refused(
        path, "'id' was taken for the id of the event, and 10 of 10 rows share theirs .*--map event_id= if it is no"
    )
    assert read_events(path, mapping={"event_id": ""}).log.n == 10
    assert read_events(path, mapping={"event_id": "id"}).log.n == 2
    # Nor does the name alone make one: with a constant in it, the whole log would count as a single like.
    constant = a_file(tmp_path, "event_id,user_id,item_id,ts\n" + rows.replace("1,u", "0,u"), "constant.csv")
    refused(constant, "'event_id' was taken for the id of the event, and 10 of 10 rows share theirs")
    assert read_events(constant, mapping={"event_id": ""}).log.n == 10
    # What is called event_id is believed, where it tells most rows apart: a repeated one counts once.
    few = a_file(
        tmp_path,
        "event_id,user_id,item_id,ts\n0,u,x,1700000000\n0,v,x,1700000001\n"
        + "".join(f"{k},u{k},y,{1700000000 + k}\n" for k in range(1, 9)),
        "few.csv",
    )
    assert read_events(few).log.n == 9


@pytest.mark.parametrize("word", ["NULL", "null", "NaN", "nan", "None", "undefined", "<NA>", "\\N", " null "])
@pytest.mark.parametrize("kind", ["csv", "jsonl", "polars"])
def test_what_stands_for_no_value_is_no_id(tmp_path: Path, word: str, kind: str):
    rows = [{"actor": f"u{i}", "target": "x", "at": str(T0 + i), "device": word} for i in range(20)]
    rows[3]["actor"] = rows[4]["actor"] = word
    source: Any = pl.DataFrame(rows)
    if kind == "csv":
        lines = "".join(",".join(row.values()) + "\n" for row in rows)
        source = a_file(tmp_path, "actor,target,at,device\n" + lines)
    elif kind == "jsonl":
        lines = "".join(json.dumps(row) + "\n" for row in rows)
        source = a_file(tmp_path, lines, "log.jsonl")
    read = read_events(source)
    assert (read.log.n, read.summary.rejected_reasons) == (18, {"actor is empty": 2})
    assert read.log.device is None or (read.log.device == -1).all()


def test_blank_lines_around_a_header_are_no_rows(tmp_path: Path):
    read = read_events(a_file(tmp_path, f"\n\nactor,target,at\n\na,x,{T0}\n\n\nb,x,{T0}\n\n"))
    assert (read.log.n, read.summary.rows) == (2, 2)


def test_multi_line_text_is_no_defect(tmp_path: Path):
    rows = f'a,x,{T0},"two\nlines, ""quoted"""\nb,x,{T0},"5"" disc"\nc,x,{T0},plain\n'
    assert read_events(a_file(tmp_path, "actor,target,at,text\n" + rows)).log.n == 3


def test_row_numbers_step_over_bad_rows_across_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(text, "_BLOCK", 256)
    lines = ["actor,target,at"] + [f"a{i},x,{'bad' if i % 10 == 0 else T0 + i}" for i in range(200)]
    for at in range(7, 200, 13):
        lines[at] = "ragged"
    read = read_events(a_file(tmp_path, "\n".join(lines)), allow_rejects=True)
    found = {one["row"]: one["reason"] for one in read.quarantine.to_pylist()}
    assert set(found) == {number for number, line in enumerate(lines, 1) if line == "ragged" or line.endswith("bad")}
