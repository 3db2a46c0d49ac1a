"""The road as a stranger walks it: simulate, validate, audit, explain, through the command line and nothing else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from plaudit.app import outdir
from plaudit.app.cli import main
from plaudit.model import LOG_TABLES, SCHEMAS

EVENTS = 12_000
WRITTEN = {*(f"{name}.parquet" for name in LOG_TABLES), "result.json", "report.html", "manifest.json"}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small planted world."""
    out = tmp_path_factory.mktemp("flow") / "world"
    assert main(["simulate", "small", "--events", str(EVENTS), "--seed", "1", "--out", str(out), "--quiet"]) == 0
    return out


@pytest.fixture(scope="module")
def audited(world: Path) -> Path:
    """Its audit."""
    out = world.parent / "audit"
    assert main(["audit", str(world / "events.parquet"), "--out", str(out), "--quiet"]) == 0
    return out


def _run(
    root: Path, *arguments: str, stdin: bytes = b"", cwd: Path | None = None
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "plaudit", *arguments],
        input=stdin,
        capture_output=True,
        check=False,
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(root / "src")},
    )


def test_simulate_writes_the_log_and_its_truth_apart(world: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert pq.read_metadata(world / "events.parquet").num_rows == EVENTS
    assert pq.read_metadata(world / "truth" / "truth.parquet").num_rows == EVENTS
    assert {entry.name for entry in world.iterdir()} == {"events.parquet", "truth"}
    assert main(["simulate", "--list"]) == 0
    assert "small" in capsys.readouterr().out
    assert main(["simulate", "nowhere", "--out", str(world)]) == 2
    assert "small" in capsys.readouterr().err
    assert main(["simulate", "small", "--set", "nothing=1", "--events", "5000", "--out", str(world)]) == 2
    assert capsys.readouterr().err.startswith("plaudit: ")
    assert (world / "events.parquet").exists()


def test_audit_writes_the_contract_and_nothing_else(audited: Path) -> None:
    assert {entry.name for entry in audited.iterdir()} == WRITTEN
    assert outdir.AUDIT.entries >= WRITTEN
    for name in LOG_TABLES:
        assert pq.read_schema(audited / f"{name}.parquet").names == SCHEMAS[name].names


def test_audit_prints_a_summary_and_where_things_are(
    world: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "audit"
    assert main(["audit", str(world / "events.parquet"), "--out", str(out)]) == 0
    told = capsys.readouterr()
    assert str(out / "report.html") in told.out
    assert told.err == ""
    assert "\x1b" not in told.out


def test_json_is_one_object_and_nothing_else(root: Path, world: Path, tmp_path: Path) -> None:
    done = _run(root, "audit", str(world / "events.parquet"), "--out", "audit", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stderr == b""
    told: dict[str, Any] = json.loads(done.stdout)
    assert told["out"] == "audit"
    total = told["total"]
    assert total["shown"] == total["verified"] + total["discounted"] + total["undetermined"]
    page = (root / "docs" / "cli.md").read_text(encoding="utf-8")
    assert all(f"`{key}`" in page for key in (*told, *total))
    read = told["input"]
    assert (
        read["rows"] == read["rejected"] + read["duplicates"] + read["other_kinds"] + read["taken_back"] + read["likes"]
    )


def test_the_same_log_gives_the_same_bytes_wherever_it_goes(world: Path, audited: Path, tmp_path: Path) -> None:
    out = tmp_path / "elsewhere"
    assert main(["audit", str(world / "events.parquet"), "--out", str(out), "--quiet"]) == 0
    for entry in sorted(audited.iterdir()):
        assert entry.read_bytes() == (out / entry.name).read_bytes(), entry.name


def test_auditing_again_replaces_the_whole(world: Path, tmp_path: Path) -> None:
    out = tmp_path / "audit"
    for lang in ("en", "zh"):
        assert main(["audit", str(world / "events.parquet"), "--out", str(out), "--quiet", "--lang", lang]) == 0
        assert {entry.name for entry in out.iterdir()} == WRITTEN
    assert {entry.name for entry in tmp_path.iterdir()} == {"audit"}


def test_explain_every_kind_of_subject(audited: Path, capsys: pytest.CaptureFixture[str]) -> None:
    likes = pq.read_table(audited / "likes.parquet").slice(0, 1).to_pylist()[0]
    subjects = {"--event": likes["event_id"], "--actor": likes["actor_id"], "--target": likes["target_id"]}
    groups = pq.read_table(audited / "groups.parquet", columns=["group_id"]).to_pylist()
    assert groups, "the planted rings form groups"
    subjects["--group"] = groups[0]["group_id"]
    for option, subject in subjects.items():
        for lang in ("en", "zh"):
            assert main(["explain", str(audited), option, subject, "--lang", lang]) == 0
            assert capsys.readouterr().out.strip()
        assert main(["explain", str(audited), option, subject, "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["subject_id"] == subject


def test_explain_says_what_is_wrong(audited: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for argv in (
        ["explain", str(audited), "--target", "no such target"],
        ["explain", str(tmp_path), "--target", "t1"],
        ["explain", str(tmp_path / "missing"), "--target", "t1"],
    ):
        assert main(argv) == 2
        told = capsys.readouterr()
        assert told.out == ""
        assert told.err.startswith("plaudit: ")
        assert told.err.count("\n") == 1


def test_validate_says_what_could_be_seen(world: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for lang in ("en", "zh"):
        assert main(["validate", str(world / "events.parquet"), "--lang", lang]) == 0
        assert capsys.readouterr().out.strip()
    assert main(["validate", str(world / "events.parquet"), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["input"]["rows"] == EVENTS
    assert {run["detector"] for run in told["detectors"]} >= {"lockstep", "orders", "burst", "throwaway"}


def test_detectors_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["detectors", "--json"]) == 0
    specs = json.loads(capsys.readouterr().out)
    assert [spec["id"] for spec in specs] == [
        "lockstep",
        "orders",
        "burst",
        "throwaway",
        "shared_context",
        "reciprocity",
        "near_duplicate",
        "author_ring",
        "quality_gap",
        "region",
        "curve",
        "ratio",
    ]
    assert [spec["of"] for spec in specs] == ["log"] * 6 + ["exports"] * 6
    for lang in ("en", "zh"):
        assert main(["detectors", "--lang", lang]) == 0
        told = capsys.readouterr().out
        assert all(spec["id"] in told for spec in specs)
        # Nothing is cut off, and no question is English in a Chinese list.
        assert "…" not in told and ("Do the same" in told) == (lang == "en")


def test_a_log_through_a_pipe(root: Path, tmp_path: Path) -> None:
    rows = "".join(f"a{i % 211},t{i % 13},{1_760_000_000 + 997 * i}\n" for i in range(1500))
    done = _run(
        root, "audit", "-", "--out", "audit", "--json", stdin=("actor,target,at\n" + rows).encode(), cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["input"]["rows"] == 1500


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty.csv", b""),
        ("header.csv", b"actor,target,at\n"),
        ("junk.parquet", bytes(range(256)) * 8),
        ("cut.csv.gz", b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\x4b\x4c\x2e"),
        ("columns.csv", b"x,y,z\n1,2,3\n"),
    ],
)
def test_bad_input_is_one_sentence_and_writes_nothing(
    name: str, content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / name).write_bytes(content)
    for argv in (["audit", str(tmp_path / name), "--out", str(tmp_path / "out")], ["validate", str(tmp_path / name)]):
        assert main(argv) == 2
        told = capsys.readouterr()
        assert told.out == ""
        assert told.err.startswith("plaudit: ")
        assert told.err.count("\n") == 1
        assert name in told.err
    assert {entry.name for entry in tmp_path.iterdir()} == {name}


def test_help_and_completion_do_not_wait_for_the_engine(
    alone: Callable[[str], subprocess.CompletedProcess[str]],
) -> None:
    program = (
        "import sys, plaudit.app.cli\n"
        "heavy = {'duckdb', 'numba', 'scipy', 'altair', 'vl_convert', 'igraph', 'pyarrow'} & set(sys.modules)\n"
        "sys.exit(f'imported too early: {sorted(heavy)}' if heavy else 0)"
    )
    done = alone(program)
    assert done.returncode == 0, done.stderr
