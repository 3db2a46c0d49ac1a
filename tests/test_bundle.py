"""Bundles: the same numbers under other names, byte for byte, and no change goes unnoticed."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import plaudit
from plaudit.app.bundle import archive, bundle, content, events, verify
from plaudit.app.bundle.pseudonyms import pseudonyms, read_key, suffix
from plaudit.app.cli import main
from plaudit.errors import InputError, ResultError
from plaudit.ingest import read_events
from plaudit.testing.simulator import simulate

KEY = bytes(range(32))


@pytest.fixture(scope="module")
def audited(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log with planted rings, devices and authors, beside its audit."""
    root = tmp_path_factory.mktemp("bundle")
    pq.write_table(simulate("small", events=12_000, seed=1).events, root / "events.parquet")
    plaudit.audit(str(root / "events.parquet"), seed=3).write(root / "audit")
    return root


@pytest.fixture(scope="module")
def made(audited: Path) -> tuple[Path, str]:
    """Its bundle and commitment."""
    done = bundle(audited / "audit", audited / "a.plaudit", KEY)
    return done.path, done.commitment


def _members(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as file:
        return {name: file.read(name) for name in file.namelist()}


def _zip(path: Path, members: dict[str, bytes], compress: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", compress) as file:
        for name, data in members.items():
            file.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), data, compress)
    return path


def _rehashed(members: dict[str, bytes]) -> dict[str, bytes]:
    """Members with a manifest that owns up to them: what somebody would do who wants to deceive."""
    told = json.loads(members[archive.MANIFEST])
    told["members"] = {
        name: {"sha256": archive.sha256_of(data), "bytes": len(data)}
        for name, data in members.items()
        if name != archive.MANIFEST
    }
    return {**members, archive.MANIFEST: archive.to_bytes(told)}


def _edited(data: bytes, change: Callable[[pa.Table], pa.Table]) -> bytes:
    return events.parquet(change(pq.read_table(io.BytesIO(data))))


def _codes(path: Path, **options: Any) -> tuple[str, dict[str, list[Any]]]:
    found = verify(path, **options)
    failed: dict[str, list[Any]] = {}
    for check in found.checks:
        if not check.passed:
            failed.setdefault(check.message.code, []).append(check.message.values)
    return found.verdict, failed


def test_a_bundle_is_confirmed_and_the_same_bytes_every_time(audited: Path, made: tuple[Path, str]) -> None:
    path, commitment = made
    found = verify(path, commitment=commitment)
    assert found.verdict == "confirmed" and found.confirmed and all(check.passed for check in found.checks)
    again = bundle(audited / "audit", audited / "again.plaudit", KEY, source=str(audited / "events.parquet"))
    assert again.path.read_bytes() == path.read_bytes() and again.commitment == commitment
    other = bundle(audited / "audit", audited / "other.plaudit", bytes(32))
    assert other.commitment != commitment and verify(other.path).confirmed


def test_every_number_is_the_audits_own(audited: Path, made: tuple[Path, str]) -> None:
    members = _members(made[0])
    document = json.loads((audited / "audit" / "result.json").read_text("utf-8"))
    ours = json.loads(members["result/result.json"])
    assert ours["total"] == document["total"] and ours["headline"] == document["headline"]
    for name in ("targets", "actors", "likes"):
        one = pq.read_table(audited / "audit" / f"{name}.parquet")
        two = pq.read_table(io.BytesIO(members[f"result/{name}.parquet"]))
        numbers = [field.name for field in one.schema if not field.name.endswith(("_id", "_ids", "reasons"))]
        assert len(numbers) >= 3
        assert one.select(numbers).equals(two.select(numbers)), name


def test_no_id_file_name_device_or_key_is_inside(audited: Path, made: tuple[Path, str]) -> None:
    log = pq.read_table(audited / "events.parquet")
    texts: set[str] = {str(audited / "events.parquet"), "events.parquet", KEY.hex()}
    for name in ("actor", "target", "device", "ip", "author", "event_id"):
        if name in log.column_names:
            texts |= set(log.column(name).cast(pa.string()).drop_null().to_pylist())
    held: set[str] = set()
    for name, data in _members(made[0]).items():
        if not name.endswith(".parquet"):
            text = data.decode()
            assert KEY.hex() not in text and "events.parquet" not in text
            held |= set(_strings(json.loads(text)))
            continue
        for column in pq.read_table(io.BytesIO(data)).columns:
            values = column.combine_chunks()
            if pa.types.is_list(values.type):
                values = values.flatten()
            if pa.types.is_dictionary(values.type):
                values = values.dictionary_decode()
            if pa.types.is_string(values.type):
                held |= set(values.drop_null().to_pylist())
    assert len(texts) > 1000 and not texts & held


def _strings(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for part in (*value.keys(), *value.values()) for text in _strings(part)]
    if isinstance(value, list):
        return [text for part in value for text in _strings(part)]
    return [value] if isinstance(value, str) else []


def test_renaming_keeps_every_number() -> None:
    log = simulate("small", events=6_000, seed=2).events
    read = read_events(log)
    hidden = events.masked(read, KEY)
    for ids in (hidden.actor_ids, hidden.target_ids, hidden.event_ids):
        names = ids.to_pylist()
        assert names == sorted(names) and len(set(names)) == len(names)
    assert hidden.log is read.log
    # Read as a log of its own, the pseudonyms come out under the same dense numbers.
    renamed = {
        "actor": hidden.actor_ids.take(pa.array(read.log.actor)),
        "target": hidden.target_ids.take(pa.array(read.log.target)),
        "at": pa.array(read.log.at_ms),
    }
    back = read_events(pa.table(renamed))
    kept = np.unique(read.log.actor)
    assert np.array_equal(kept[back.log.actor], read.log.actor) and np.array_equal(back.log.at_ms, read.log.at_ms)


@given(st.lists(st.text(max_size=12), min_size=1, max_size=40, unique=True))
@settings(max_examples=60, deadline=None)
def test_pseudonyms_keep_the_order_and_tell_kinds_apart(texts: list[str]) -> None:
    ids = pa.array(sorted(texts, key=lambda text: text.encode()), pa.string())
    names = pseudonyms(KEY, "actor", ids).to_pylist()
    assert names == sorted(names) and len(set(names)) == len(texts)
    assert names == pseudonyms(KEY, "actor", ids).to_pylist()
    text = ids[0].as_py()
    assert suffix(KEY, "actor", text) != suffix(KEY, "target", text) != suffix(bytes(32), "target", text)


def test_one_like_changed_is_found_and_named(made: tuple[Path, str], tmp_path: Path) -> None:
    members = _members(made[0])

    def later(table: pa.Table) -> pa.Table:
        at = table["at_ms"].to_numpy().copy()
        offsets = np.flatnonzero(np.diff(np.asarray(table["target"])) > 0)
        at[offsets[0]] += 1  # the last like of a target, one millisecond later
        return table.set_column(2, "at_ms", pa.array(at))

    changed = {**members, events.LIKES: _edited(members[events.LIKES], later)}
    verdict, failed = _codes(_zip(tmp_path / "x", changed))
    assert verdict == "changed" and failed == {"verify_hash_other": [{"names": [events.LIKES], "count": 1}]}
    # Even where the manifest is made to fit: the numbers and the commitment are others.
    owned = _zip(tmp_path / "y", _rehashed(changed))
    verdict, failed = _codes(owned)
    assert verdict == "differs" and "likes.parquet" in {one["table"] for one in failed["verify_table_other"]}
    verdict, failed = _codes(owned, commitment=made[1])
    assert verdict == "changed" and "verify_commitment_other" in failed


def test_one_table_changed_is_found_and_named(made: tuple[Path, str], tmp_path: Path) -> None:
    members, name = _members(made[0]), "result/targets.parquet"

    def kinder(table: pa.Table) -> pa.Table:
        place = table.column_names.index("authentic")
        values = table["authentic"].to_numpy().copy()
        values[3] += 1
        return table.set_column(place, table.schema.field(place), pa.array(values))

    changed = {**members, name: _edited(members[name], kinder)}
    assert _codes(_zip(tmp_path / "x", changed))[1] == {"verify_hash_other": [{"names": [name], "count": 1}]}
    verdict, failed = _codes(_zip(tmp_path / "y", _rehashed(changed)))
    assert verdict == "differs" and [one["table"] for one in failed["verify_table_own"]] == ["targets.parquet"]
    told = json.loads(changed[archive.MANIFEST])
    told["results"]["targets"]["content"] = content.digest(pq.read_table(io.BytesIO(changed[name])))
    changed[archive.MANIFEST] = archive.to_bytes(told)
    verdict, failed = _codes(_zip(tmp_path / "z", _rehashed(changed)))
    (one,) = failed["verify_table_other"]
    assert verdict == "differs" and (one["column"], one["first"], one["count"]) == ("authentic", 3, 1)


def test_a_member_added_or_missing_or_a_byte_turned_is_named(made: tuple[Path, str], tmp_path: Path) -> None:
    members = _members(made[0])
    _, failed = _codes(_zip(tmp_path / "more", {**members, "input/extra.parquet": b"x"}))
    assert failed == {"verify_member_added": [{"names": ["input/extra.parquet"], "count": 1}]}
    less = {name: data for name, data in members.items() if name != events.SUMMARY}
    _, failed = _codes(_zip(tmp_path / "less", less))
    assert failed == {"verify_member_missing": [{"names": [events.SUMMARY], "count": 1}]}
    raw = bytearray(made[0].read_bytes())
    with zipfile.ZipFile(made[0]) as file:
        entry = file.getinfo("result/result.json")
        raw[entry.header_offset + 30 + len(entry.filename) + 100] ^= 1
    (tmp_path / "turned").write_bytes(raw)
    assert _codes(tmp_path / "turned")[1] == {"verify_hash_other": [{"names": ["result/result.json"], "count": 1}]}


def test_another_version_is_said_plainly_and_tried_all_the_same(made: tuple[Path, str], tmp_path: Path) -> None:
    members = _members(made[0])
    told = json.loads(members[archive.MANIFEST])
    told["plaudit_version"] = "0.0.9"
    found = verify(_zip(tmp_path / "x", {**members, archive.MANIFEST: archive.to_bytes(told)}))
    version = next(check for check in found.checks if check.name == "version")
    assert found.confirmed and not version.passed
    assert version.message.values == {"made": "0.0.9", "here": plaudit.__version__}
    told["seed"] = 99
    assert (
        verify(_zip(tmp_path / "y", {**members, archive.MANIFEST: archive.to_bytes(told)})).verdict == "other_version"
    )


def test_what_is_no_bundle_is_one_sentence(made: tuple[Path, str], tmp_path: Path) -> None:
    members = _members(made[0])
    whole = made[0].read_bytes()
    cases: dict[str, bytes] = {
        "empty": b"",
        "text": b"hello" * 100,
        "cut": whole[:-40],
        "half": whole[: len(whole) // 2],
    }
    for name, data in cases.items():
        (tmp_path / name).write_bytes(data)
        with pytest.raises(InputError, match=r"no bundle that can be verified: .*; ask for the file again\."):
            verify(tmp_path / name)
    for name in ("../../etc/cron", "/etc/passwd", "a/../../b", "C:/x", "\\\\host\\x", "a//b"):
        with pytest.raises(InputError, match="named like a place outside"):
            verify(_zip(tmp_path / "slip", {**members, name: b"x"}))
    with pytest.raises(InputError, match="compressed"):
        verify(_zip(tmp_path / "bomb", {**members, "input/zeros": bytes(1 << 22)}, zipfile.ZIP_DEFLATED))
    for manifest in (b"[]", b"{}", b"\xff", b"[" * 100_000, b'{"format": "plaudit-bundle"}'):
        with pytest.raises(InputError, match="MANIFEST"):
            verify(_zip(tmp_path / "odd", {**members, archive.MANIFEST: manifest}))
    with pytest.raises(InputError, match="later format"):
        told = {**json.loads(members[archive.MANIFEST]), "format_version": 99}
        verify(_zip(tmp_path / "later", {**members, archive.MANIFEST: archive.to_bytes(told)}))
    for name in (events.LIKES, events.SUMMARY, events.TARGETS):
        with pytest.raises(InputError, match="no bundle that can be verified"):
            verify(_zip(tmp_path / "junk", _rehashed({**members, name: b"junk"})))
    with pytest.raises(InputError, match="names what is not there"):
        far = _edited(members[events.LIKES], lambda t: t.set_column(0, "actor", pa.array([10**6] * t.num_rows)))
        verify(_zip(tmp_path / "far", _rehashed({**members, events.LIKES: far})))
    with pytest.raises(InputError, match="does not exist"):
        verify(tmp_path / "missing")
    with pytest.raises(InputError, match="--commitment"):
        verify(made[0], commitment="not hex")


def test_more_than_a_bundle_may_hold_is_refused(
    made: tuple[Path, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "MOST_BYTES", 1000)
    with pytest.raises(InputError, match="larger than a bundle may be"):
        verify(made[0])


def test_the_source_must_be_the_one_that_was_audited(audited: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.parquet"
    pq.write_table(pq.read_table(audited / "events.parquet").slice(0, 11_000), other)
    with pytest.raises(InputError, match=r"--source"):
        bundle(audited / "audit", tmp_path / "x.plaudit", KEY, source=str(other))
    with pytest.raises(ResultError, match="audit"):
        bundle(tmp_path, tmp_path / "x.plaudit", KEY)
    assert not (tmp_path / "x.plaudit").exists()


def test_a_folder_changed_after_the_audit_is_not_bundled(audited: Path, tmp_path: Path) -> None:
    copy = tmp_path / "audit"
    copy.mkdir()
    for entry in (audited / "audit").iterdir():
        (copy / entry.name).write_bytes(entry.read_bytes())
    table = pq.read_table(copy / "targets.parquet")
    pq.write_table(table.slice(1), copy / "targets.parquet")
    with pytest.raises(ResultError, match=r"targets\.parquet was changed after the audit"):
        bundle(copy, tmp_path / "x.plaudit", KEY)


def test_rows_that_were_rejected_and_labels_travel_without_their_words(tmp_path: Path) -> None:
    events_table = simulate("small", events=8_000, seed=4).events
    rows = events_table.select(["actor", "target", "at"]).to_pylist()
    with (tmp_path / "likes.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["actor", "target", "at"])
        writer.writerows([[row["actor"], row["target"], row["at"]] for row in rows])
        writer.writerow(["Zhang San secret", "t1", "never"])
    actors = sorted({row["actor"] for row in rows})[:40]
    lines = [
        f"actor,{actor},{'genuine' if n % 2 else 'inauthentic'},Li Si said so,Wang" for n, actor in enumerate(actors)
    ]
    lines.append("actor,Zhao Liu,genuine,,")
    (tmp_path / "labels.csv").write_text("\n".join(["subject_kind,subject_id,label,reason,source", *lines]), "utf-8")
    plaudit.audit(str(tmp_path / "likes.csv"), labels=str(tmp_path / "labels.csv")).write(tmp_path / "audit")
    done = bundle(tmp_path / "audit", tmp_path / "x.plaudit", KEY)
    assert verify(done.path).confirmed
    content_ = b"".join(_members(done.path).values())
    for secret in (b"Zhang", b"Li Si", b"Wang", b"Zhao", b"likes.csv", b"labels.csv"):
        assert secret not in content_, secret
    assert json.loads(_members(done.path)["result/result.json"])["input"]["rejected"] == 1


def test_digests_are_of_content_not_of_encoding() -> None:
    plain = pa.table({"a": pa.array(["x", None, "y"]), "b": pa.array([1.5, None, -0.0]), "c": [[1], [], [2, 3]]})
    coded = plain.set_column(0, "a", plain["a"].dictionary_encode())
    parted = pa.concat_tables([coded.slice(0, 1), coded.slice(1)])
    assert content.digest(plain) == content.digest(coded) == content.digest(parted.combine_chunks())
    assert content.difference(plain, parted) is None
    for column, values in {"a": ["x", "", "y"], "b": [1.5, 0.0, -0.0], "c": [[1], [2], [3]]}.items():
        place = plain.column_names.index(column)
        other = plain.set_column(place, column, pa.array(values, plain.schema.field(place).type))
        assert content.digest(other) != content.digest(plain)
        found = content.difference(plain, other)
        assert found is not None and found[0] == column
    near = plain.set_column(1, "b", pa.array([1.5 * (1 + 1e-13), None, 0.0]))
    assert content.digest(near) != content.digest(plain) and content.difference(plain, near) is None


@given(st.lists(st.tuples(st.text(max_size=4), st.text(max_size=4)), max_size=8), st.integers(0, 8))
@settings(max_examples=60, deadline=None)
def test_moving_a_letter_between_rows_changes_the_digest(rows: list[tuple[str, str]], cut: int) -> None:
    table = pa.table(
        {"a": pa.array([r[0] for r in rows], pa.string()), "b": pa.array([r[1] for r in rows], pa.string())}
    )
    joined = pa.table(
        {"a": pa.array([r[0] + r[1] for r in rows], pa.string()), "b": pa.array([""] * len(rows), pa.string())}
    )
    assert (content.digest(table) == content.digest(joined)) == all(r[1] == "" for r in rows)
    assert content.digest(pa.concat_tables([table.slice(0, cut), table.slice(cut)])) == content.digest(table)


def test_the_command_line_from_audit_to_verdict(
    audited: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "c.plaudit"
    assert main(["bundle", str(audited / "audit"), "--out", str(out), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["same_numbers"] == "exact" and Path(told["key"]).stat().st_mode & 0o077 == 0
    assert len(read_key(Path(told["key"]))) == 32
    assert main(["bundle", str(audited / "audit"), "--out", str(out)]) == 2
    assert main(["verify", str(out), "--commitment", told["commitment"]]) == 0
    assert "CONFIRMED" in capsys.readouterr().out
    assert main(["verify", str(out), "--commitment", "0" * 64, "--lang", "zh"]) == 1
    assert "未确认" in capsys.readouterr().out
    assert main(["verify", str(tmp_path / "none")]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    again = tmp_path / "again.plaudit"
    assert main(["bundle", str(audited / "audit"), "--out", str(again), "--key", told["key"], "--quiet"]) == 0
    assert again.read_bytes() == out.read_bytes()
    (tmp_path / "nokey").write_text("hello")
    assert main(["bundle", str(audited / "audit"), "--out", str(tmp_path / "z"), "--key", str(tmp_path / "nokey")]) == 2
