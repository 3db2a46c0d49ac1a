"""What an audit writes: a stable contract, the same bytes for the same input, and true accounts of itself."""

from __future__ import annotations

import hashlib
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from threadpoolctl import threadpool_info, threadpool_limits

import plaudit
from plaudit.app.judge import Audit
from plaudit.app.pipeline import audit
from plaudit.model import LOG_TABLES, SCHEMA_VERSION, SCHEMAS
from plaudit.result import ResultDocument
from plaudit.testing import strategies
from tests.worlds import audited, world

EVENTS = 20_000
FILES = {*(f"{name}.parquet" for name in LOG_TABLES), "result.json", "report.html", "manifest.json"}


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo world as a file."""
    path = tmp_path_factory.mktemp("outputs") / "events.parquet"
    pq.write_table(world("small", EVENTS, 1).events, path)
    return path


@pytest.fixture(scope="module")
def by_path(log: Path) -> Audit:
    """Its audit."""
    return audit(log, time_format="ms")


@pytest.fixture(scope="module")
def folder(log: Path, by_path: Audit) -> Path:
    """Its audit, written."""
    out = log.parent / "one"
    by_path.write(out)
    return out


@pytest.fixture(scope="module")
def again(log: Path) -> Audit:
    """The audit of the same file another time, its path told as text, where the matrix library has two threads."""
    with threadpool_limits(limits=2, user_api="blas") as limited:
        assert all(one["num_threads"] == 2 for one in threadpool_info() if one["user_api"] == "blas"), limited
        return plaudit.audit(str(log), time_format="ms")


def _tables(done: Audit) -> dict[str, pa.Table]:
    return {name: table for name, table in done.tables.items() if name != "quarantine"}


def test_two_audits_of_one_log_are_the_same_bytes(log: Path, folder: Path, again: Audit) -> None:
    other = log.parent / "two"
    again.write(other)
    assert {entry.name for entry in folder.iterdir()} == {entry.name for entry in other.iterdir()} == FILES
    for name in FILES:
        assert (folder / name).read_bytes() == (other / name).read_bytes(), name


def test_the_order_of_rows_changes_no_table() -> None:
    events = world("small", EVENTS, 1).events
    shuffled = events.take(pa.array(np.random.default_rng(3).permutation(events.num_rows)))
    one, two = audited("small", EVENTS, 1), audit(shuffled, time_format="ms")
    for name, table in _tables(one).items():
        assert table.equals(two.tables[name]), name


def test_another_seed_changes_intervals_at_most() -> None:
    events = world("small", EVENTS, 1).events
    one, two = audited("small", EVENTS, 1), audit(events, time_format="ms", seed=5)
    a, b = one.tables["targets"], two.tables["targets"]
    assert a.select(["target_id", "shown"]).equals(b.select(["target_id", "shown"]))
    close = np.abs(a["authentic_low"].to_numpy() - b["authentic_low"].to_numpy()) <= 2 + 0.15 * a["shown"].to_numpy()
    assert close.mean() > 0.95
    assert two.document.method.seed == 5


def test_the_source_may_be_a_path_or_any_frame(by_path: Audit, again: Audit) -> None:
    events = world("small", EVENTS, 1).events
    frames: dict[str, Any] = {"pandas": events.to_pandas(), "polars": pl.DataFrame(events)}
    assert isinstance(frames["pandas"], pd.DataFrame)
    audits = {kind: plaudit.audit(frame, time_format="ms") for kind, frame in frames.items()}
    for kind, done in {**audits, "arrow": audited("small", EVENTS, 1), "path as text": again}.items():
        for name, table in _tables(by_path).items():
            assert table.equals(done.tables[name]), (kind, name)


def test_every_table_has_the_schema_it_promises(folder: Path) -> None:
    for name, schema in ((name, SCHEMAS[name]) for name in LOG_TABLES):
        assert audited("small", EVENTS, 1).tables[name].schema.equals(schema), name
        written = pq.read_schema(folder / f"{name}.parquet")
        assert written.names == schema.names, name
        for ours, theirs in zip(schema, written, strict=True):
            assert ours.nullable == theirs.nullable, (name, ours.name)
            assert _plain(ours.type) == _plain(theirs.type), (name, ours.name)


def _plain(kind: pa.DataType) -> str:
    """A type with dictionaries read as their values: how a file stores words is no promise."""
    if pa.types.is_dictionary(kind):
        return str(kind.value_type)
    if pa.types.is_list(kind):
        return f"list<{_plain(kind.value_type)}>"
    return str(kind)


def test_the_manifest_tells_the_truth_about_every_file(log: Path, folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    assert manifest["schema_version"] == SCHEMA_VERSION
    assert manifest["plaudit_version"] == plaudit.__version__
    assert set(manifest["outputs"]) == FILES - {"manifest.json"}
    for name, told in manifest["outputs"].items():
        assert told["sha256"] == hashlib.sha256((folder / name).read_bytes()).hexdigest(), name
        if name.endswith(".parquet"):
            assert told["rows"] == pq.read_metadata(folder / name).num_rows, name
    (source,) = manifest["inputs"]
    assert source["sha256"] == hashlib.sha256(log.read_bytes()).hexdigest()
    assert source["bytes"] == log.stat().st_size and source["rows"] == EVENTS
    assert manifest["seed"] == 0
    assert set(manifest["detectors"]) == {"lockstep", "orders", "burst", "throwaway", "shared_context", "reciprocity"}


def test_the_document_comes_back_from_its_file(folder: Path) -> None:
    document = ResultDocument.model_validate_json((folder / "result.json").read_bytes())
    assert document.total.shown == pq.read_metadata(folder / "likes.parquet").num_rows
    assert document.tier == "T2"


def _adds_up(done: Audit) -> None:
    """Counts agree between all tables and the document."""
    likes, targets, actors = (done.tables[name] for name in ("likes", "targets", "actors"))
    status = likes["status"].cast(pa.string())
    for name in ("verified", "discounted", "undetermined"):
        count = pc.sum(pc.equal(status, name)).as_py() or 0
        assert pc.sum(targets[name]).as_py() == pc.sum(actors[name]).as_py() == count
        assert getattr(done.document.total, name) == count
    shown = targets["shown"].to_numpy()
    parts = sum(targets[name].to_numpy() for name in ("verified", "discounted", "undetermined"))
    assert np.array_equal(shown, parts) and shown.sum() == likes.num_rows
    low, middle, high = (targets[n].to_numpy() for n in ("authentic_low", "authentic", "authentic_high"))
    assert (low >= -1e-9).all() and (low <= middle + 1e-9).all()
    assert (middle <= high + 1e-9).all() and (high <= shown + 1e-9).all()
    p = likes["p_inauthentic"].to_numpy()
    assert ((p >= 0) & (p <= 1)).all()
    assert pc.count_distinct(likes["event_id"]).as_py() == likes.num_rows
    read = done.document.input
    assert read.rows == read.rejected + read.duplicates + read.other_kinds + read.taken_back + read.likes
    for case in done.document.cases:
        odds = sum(step.weight for step in case.steps)
        assert odds == pytest.approx(math.log(max(case.posterior, 1e-12)) - math.log1p(-min(case.posterior, 1 - 1e-12)))


@pytest.mark.parametrize("scenario", ["small", "traps", "null"])
def test_counts_agree_everywhere(scenario: str) -> None:
    _adds_up(audited(scenario, EVENTS, 1))


def test_reasons_and_groups_name_what_exists() -> None:
    tables = audited("small", EVENTS, 1).tables
    findings = set(tables["findings"]["finding_id"].to_pylist())
    groups = tables["groups"].to_pylist()
    assert {r for row in tables["likes"]["reasons"].to_pylist() for r in row} <= findings
    named = tables["likes"]["group_id"].cast(pa.string())
    assert {g for g in named.to_pylist() if g} == {group["group_id"] for group in groups}
    likes = tables["likes"].append_column("g", named)
    for group in groups:
        mine = likes.filter(pc.fill_null(pc.equal(likes["g"], group["group_id"]), False))
        assert mine.num_rows == group["likes"]
        assert sorted(set(mine["actor_id"].to_pylist())) == group["members"]
        assert sorted(set(mine["target_id"].to_pylist())) == group["targets"]
        assert (group["start_ms"], group["end_ms"]) == (min(mine["at_ms"].to_pylist()), max(mine["at_ms"].to_pylist()))
        assert set(group["reasons"]) <= findings and 0 <= group["posterior"] <= 1
    events = set(tables["likes"]["event_id"].to_pylist())
    assert {e for row in tables["findings"]["exhibits"].to_pylist() for e in row} <= events


def test_validate_says_what_could_be_seen_and_what_not() -> None:
    events = world("small", EVENTS, 1).events
    full = plaudit.validate(events, time_format="ms")
    assert all(run.outcome == "measured" for run in full.detectors)
    bare = plaudit.validate(events.drop_columns(["device", "ip", "author"]), time_format="ms")
    outcomes = {run.detector: run.outcome for run in bare.detectors}
    assert outcomes.pop("shared_context") == outcomes.pop("reciprocity") == "not_applicable"
    assert set(outcomes.values()) == {"measured"}
    assert {m.code for m in bare.messages} != {m.code for m in full.messages}
    assert full.input == audited("small", EVENTS, 1).document.input


def _one(n: int) -> pa.Table:
    return pa.table(
        {"actor": [f"a{k}" for k in range(n)], "target": ["t"] * n, "at": pa.array(np.arange(n) + 1_760_000_000_000)}
    )


@pytest.mark.parametrize("n", [1, 2, 3, 30])
def test_a_tiny_log_is_audited_and_nobody_is_accused(n: int, tmp_path: Path) -> None:
    done = audit(_one(n), time_format="ms")
    _adds_up(done)
    assert done.document.total.verified == n and done.document.total.authentic == n
    done.write(tmp_path / "out", lang="zh")
    assert {entry.name for entry in (tmp_path / "out").iterdir()} == FILES


def test_a_log_without_a_standing_like_is_one_clear_sentence() -> None:
    taken_back = pa.table(
        {
            "actor": ["a", "a"],
            "target": ["t", "t"],
            "at": pa.array([1_760_000_000_000, 1_760_000_005_000]),
            "kind": ["like", "unlike"],
        }
    )
    for source in (_one(0), taken_back):
        with pytest.raises(plaudit.InputError) as told:
            audit(source, time_format="ms")
        assert "\n" not in str(told.value) and len(str(told.value)) > 20


@settings(max_examples=12, suppress_health_check=list(HealthCheck))
@given(strategies.event_tables())
def test_awkward_logs_add_up_and_do_not_depend_on_row_order(table: pa.Table) -> None:
    one = audit(table, time_format="ms")
    _adds_up(one)
    two = audit(table.take(pa.array(np.arange(table.num_rows)[::-1])), time_format="ms")
    for name, mine in _tables(one).items():
        assert mine.equals(two.tables[name]), name
