"""Bundles of comment exports: the same numbers without the words, with them, and beside an event log."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import plaudit
from plaudit.app.bundle import archive, bundle, sections, verify
from plaudit.app.bundle.events import parquet
from plaudit.app.bundle.packed import unpack
from plaudit.app.cli import main
from plaudit.errors import InputError
from plaudit.ingest.exports import read_exports
from plaudit.model import Tier
from plaudit.testing.sections import simulate_section, write_section
from plaudit.testing.simulator import simulate

KEY = bytes(range(32))


@pytest.fixture(scope="module")
def audited(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Saved responses of planted and innocent comments, beside their audit with nicknames and texts."""
    root = tmp_path_factory.mktemp("sections")
    world = simulate_section("comments", comments=500, seed=3, tier=Tier.CURVE, overrides={"polls": 20, "posts": 8})
    write_section(world, root, "wechat", readings=3)
    plaudit.audit(str(root / "export"), seed=2, reveal=True).write(root / "audit")
    return root


@pytest.fixture(scope="module")
def made(audited: Path) -> Path:
    """Its bundle without texts."""
    return bundle(audited / "audit", audited / "a.plaudit", KEY).path


def _members(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as file:
        return {name: file.read(name) for name in file.namelist()}


def _table(data: bytes) -> pa.Table:
    return pq.read_table(io.BytesIO(data))


def _owned(path: Path, members: dict[str, bytes]) -> Path:
    """A bundle whose manifest owns up to changed members, as somebody would make it who wants to deceive."""
    told = json.loads(members[archive.MANIFEST])
    about = {key: value for key, value in told.items() if key not in ("members", "format", "format_version")}
    archive.write(path, {name: data for name, data in members.items() if name != archive.MANIFEST}, about)
    return path


def test_every_number_is_the_audits_own_and_every_detector_was_asked(audited: Path, made: Path) -> None:
    found = verify(made)
    assert found.verdict == "confirmed" and all(check.passed for check in found.checks)
    assert [check.message.code for check in found.checks if check.name == "texts"] == ["verify_figures"]
    members = _members(made)
    theirs, ours = (
        json.loads(text) for text in ((audited / "audit" / "result.json").read_bytes(), members["result/result.json"])
    )
    assert ours["total"] == theirs["total"] and ours["section"]["depth"] == theirs["section"]["depth"]
    for one, two in zip(ours["detectors"], theirs["detectors"], strict=True):
        assert one == two and one["detector"] != "error"
    asked = {run["detector"]: run["outcome"] for run in ours["detectors"]}
    assert asked["near_duplicate"] == asked["quality_gap"] == "measured"
    for name in ("comments", "posts", "targets", "snapshots", "findings"):
        one, two = pq.read_table(audited / "audit" / f"{name}.parquet"), _table(members[f"result/{name}.parquet"])
        numbers = [
            field.name for field in one.schema if pa.types.is_integer(field.type) or pa.types.is_floating(field.type)
        ]
        assert len(numbers) >= 3 and one.select(numbers).equals(two.select(numbers)), name


def test_the_same_bytes_every_time_and_other_names_under_another_key(audited: Path, made: Path) -> None:
    again = bundle(audited / "audit", audited / "again.plaudit", KEY, source=str(audited / "export"))
    assert again.path.read_bytes() == made.read_bytes()
    other = bundle(audited / "audit", audited / "other.plaudit", bytes(32))
    one, two = (_table(_members(path)[sections.COMMENTS]) for path in (made, other.path))
    assert not set(one["comment_id"].to_pylist()) & set(two["comment_id"].to_pylist())
    assert one.drop_columns(["comment_id"]).equals(two.drop_columns(["comment_id"]))


def test_no_text_name_region_id_or_file_is_inside(audited: Path, made: Path) -> None:
    read = read_exports(str(audited / "export")).section
    words = {text for text in read.comments.text.to_pylist() if text and len(text) > 3}
    words |= {*read.comments.id.to_pylist(), *read.posts.id.to_pylist(), *read.comments.author_key.to_pylist()}
    words |= {name for name in read.comments.author_name.to_pylist() if len(name) > 1}
    words |= {*read.comments.regions, *read.accounts, *(title for title in read.posts.title.to_pylist() if title)}
    words |= {path.name for path in (audited / "export").rglob("*") if path.is_file()} | {KEY.hex()}
    held: set[str] = set()
    for name, data in _members(made).items():
        if name.endswith(".json"):
            held |= _strings(json.loads(data))
            continue
        for column in _table(data).columns:
            values = column.combine_chunks()
            if pa.types.is_list(values.type):
                values = values.flatten()
            if pa.types.is_dictionary(values.type):
                values = values.dictionary_decode()
            if pa.types.is_string(values.type):
                held |= set(values.drop_null().to_pylist())
    assert len(words) > 1000 and not words & held
    assert not [text for text in held if ".json" in text and not text.startswith(("result", "input", "MANIFEST"))]


def _strings(value: object) -> set[str]:
    if isinstance(value, dict):
        return {text for part in (*value.keys(), *value.values()) for text in _strings(part)}
    if isinstance(value, list):
        return {text for part in value for text in _strings(part)}
    return {value} if isinstance(value, str) else set()


def test_with_texts_what_they_say_is_read_again(audited: Path, made: Path, tmp_path: Path) -> None:
    done = bundle(audited / "audit", tmp_path / "t.plaudit", KEY, with_texts=True)
    found = verify(done.path, commitment=done.commitment)
    assert found.verdict == "confirmed"
    assert [check.message.code for check in found.checks if check.name == "texts"] == ["verify_texts"]
    members = _members(done.path)
    assert sections.WORDS not in members
    assert set(_table(members[sections.COMMENTS])["text"].to_pylist()) > {
        text for text in read_exports(str(audited / "export")).section.comments.text.to_pylist()[:50] if text
    }
    # Other words give other numbers: verifying reads them, it does not take anybody's word for them.
    table = _table(members[sections.COMMENTS])
    at = table.column_names.index("text")
    same = pa.array(["这家店的味道真的太好了我每周都来一次强烈推荐给大家"] * table.num_rows)
    changed = {**members, sections.COMMENTS: parquet(table.set_column(at, "text", same))}
    assert verify(_owned(tmp_path / "x", changed)).verdict == "differs"


@pytest.mark.parametrize(
    ("member", "column", "place"),
    [(sections.READINGS, "likes_low", 30), (sections.COMMENTS, "likes_low", 5), (sections.WORDS, "letters", 7)],
)
def test_one_figure_changed_is_found(made: Path, tmp_path: Path, member: str, column: str, place: int) -> None:
    members = _members(made)
    table = _table(members[member])
    values = np.asarray(table[column]).copy()
    values[place] += -values[place] if column == "likes_low" else 40
    changed = {**members, member: parquet(table.set_column(table.column_names.index(column), column, pa.array(values)))}
    with zipfile.ZipFile(tmp_path / "x", "w") as file:
        for name, data in changed.items():
            file.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), data)
    found = verify(tmp_path / "x")
    assert found.verdict == "changed"
    assert [check.message.values for check in found.checks if not check.passed] == [{"names": [member], "count": 1}]
    owned = _owned(tmp_path / "y", changed)
    assert verify(owned).verdict == "differs"
    noted = archive.open_bundle(made).commitment
    assert verify(owned, commitment=noted).verdict == "changed"


@pytest.mark.parametrize(
    ("member", "column", "value"),
    [
        (sections.COMMENTS, "post", 99),
        (sections.COMMENTS, "parent", 10**6),
        (sections.COMMENTS, "likes_high", -5),
        (sections.COMMENTS, "pinned", 3),
        (sections.READINGS, "target", 10**6),
        (sections.WORDS, "group", 10**6),
    ],
)
def test_input_that_is_no_audits_is_one_sentence(
    made: Path, tmp_path: Path, member: str, column: str, value: int
) -> None:
    members = _members(made)
    table = _table(members[member])
    at = table.column_names.index(column)
    values = np.asarray(table[column]).astype(np.int64)
    values[-1] = value
    changed = {**members, member: parquet(table.set_column(at, column, pa.array(values)))}
    with pytest.raises(InputError, match="its input is not an audit's"):
        verify(_owned(tmp_path / "x", changed))


def test_a_kind_nobody_knows_or_another_kind_is_refused(made: Path, tmp_path: Path) -> None:
    members = _members(made)
    for kind, pattern in (("photographs", "cannot run again"), ("both", "")):
        told = json.loads(members[archive.MANIFEST])
        told["kind"] = kind
        path = _owned(tmp_path / kind, {**members, archive.MANIFEST: archive.to_bytes(told)})
        if pattern:
            with pytest.raises(InputError, match=pattern):
                verify(path)
        else:
            assert verify(path).verdict == "changed"


def test_what_is_unpacked_is_what_was_read(made: Path, audited: Path) -> None:
    packed = unpack(archive.open_bundle(made))
    assert packed.section is not None and packed.figures is not None and packed.kind == "exports"
    mine, theirs = packed.section.section, read_exports(str(audited / "export")).section
    for part in ("posts", "comments", "snapshots"):
        for name, value in vars(getattr(theirs, part)).items():
            other = getattr(getattr(mine, part), name)
            if isinstance(value, np.ndarray):
                assert other.dtype == value.dtype and np.array_equal(other, value), (part, name)
    assert list(mine.posts.totals) == list(theirs.posts.totals)
    for name, value in theirs.posts.totals.items():
        assert np.array_equal(mine.posts.totals[name].high, value.high)
    fresh = sections.figures_of(theirs)
    assert fresh is not None
    assert np.array_equal(fresh.wording.voice, packed.figures.wording.voice)
    assert fresh.wording.lines == packed.figures.wording.lines


def test_the_source_must_be_the_one_that_was_audited(audited: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.csv"
    other.write_text("target,observed_at,likes\nA,2024-05-01T00:00:00Z,3\nA,2024-05-01T01:00:00Z,5\n", "utf-8")
    with pytest.raises(InputError, match=r"is not what .* was audited from"):
        bundle(audited / "audit", tmp_path / "b", KEY, source=str(other))
    with pytest.raises(InputError, match="is no part of what"):
        bundle(audited / "audit", tmp_path / "b", KEY, source=[str(audited / "export"), str(other)])
    assert not (tmp_path / "b").exists()


def test_a_key_of_the_audit_is_asked_for(tmp_path: Path) -> None:
    write_section(simulate_section("comments", comments=200, seed=1, tier=Tier.SNAPSHOT), tmp_path, "csv")
    plaudit.audit(str(tmp_path / "export"), key=b"a" * 20).write(tmp_path / "audit")
    with pytest.raises(InputError, match="--audit-key"):
        bundle(tmp_path / "audit", tmp_path / "b", KEY)
    done = bundle(tmp_path / "audit", tmp_path / "b", KEY, audit_key=b"a" * 20)
    assert verify(done.path).confirmed
    with pytest.raises(InputError, match="author_key"):
        bundle(tmp_path / "audit", tmp_path / "c", KEY, audit_key=b"b" * 20)


def test_exports_beside_a_log_and_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = simulate("small", events=3_000, seed=1).events
    folder = tmp_path / "held"
    folder.mkdir()
    pq.write_table(log, folder / "events.parquet")
    # Comments of the export that are targets of the log, too: one of each is enough to have to meet again.
    ids = sorted(set(log["target"].to_pylist()))[:8]
    with (folder / "comments.csv").open("w", newline="", encoding="utf-8") as handle:
        writer = csv.DictWriter(handle, ["content_id", "comment_id", "author_id", "text", "like_count", "created_at"])
        writer.writeheader()
        for k in range(40):
            name = ids[k] if k < len(ids) else f"c{k}"
            row = {"content_id": f"p{k % 3}", "comment_id": name, "author_id": f"u{k % 11}", "text": f"第{k}条 {k * 7}"}
            writer.writerow({**row, "like_count": k % 5, "created_at": f"2024-05-01T{k % 24:02d}:00:00Z"})
    out = tmp_path / "audit"
    assert main(["audit", str(folder), "--out", str(out), "--quiet"]) == 0
    assert (out / "likes.parquet").exists() and (out / "comments.parquet").exists()
    capsys.readouterr()
    made = tmp_path / "both.plaudit"
    assert main(["bundle", str(out), "--out", str(made), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert archive.open_bundle(made).manifest["kind"] == "both"
    assert main(["verify", str(made), "--commitment", told["commitment"], "--lang", "zh"]) == 0
    assert "留言原文" in capsys.readouterr().out
    held = _members(made)
    comments = set(_table(held["result/comments.parquet"])["comment_id"].to_pylist())
    targets = _table(held["result/targets.parquet"])["target_id"].to_pylist()
    assert (
        len(set(targets)) == len(targets)
        and len(comments & set(_table(held["input/targets.parquet"])["target_id"].to_pylist())) == 8
    )
