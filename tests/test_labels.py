"""``--labels``: files as people write them, whom each label speaks for, and what an audit says it learned."""

from __future__ import annotations

import gzip
import json
from functools import lru_cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import plaudit
from plaudit.app.cli import main
from plaudit.detectors import Context, all_detectors
from plaudit.detectors.runner import run_detectors
from plaudit.errors import InputError
from plaudit.ingest import read_events
from plaudit.ingest.labels import read_labels
from plaudit.model import Findings
from plaudit.report import render_html, to_json
from plaudit.report.words import LANGUAGES, Words
from plaudit.result import Labels, ResultDocument
from tests.worlds import audited, world

WORLD = ("small", 60_000, 1)
HEADER = "subject_kind,subject_id,label,reason,source\n"


def _write(folder: Path, text: str | bytes, name: str = "labels.csv") -> str:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return str(path)


def _table(rows: list[tuple[str, str, str]], **more: str) -> pa.Table:
    columns = dict(zip(("subject_kind", "subject_id", "label"), map(list, zip(*rows, strict=True)), strict=True))
    return pa.table({**columns, **{name: [value] * len(rows) for name, value in more.items()}})


# --- reading


ROWS = [
    {"subject_kind": "event", "subject_id": "e1", "label": "inauthentic", "reason": "sold", "source": "support"},
    {"subject_kind": "actor", "subject_id": "a1", "label": "genuine", "reason": "", "source": "survey"},
]


def _forms(folder: Path) -> list[Any]:
    frame = pd.DataFrame(ROWS)
    text = frame.to_csv(index=False)
    pq.write_table(pa.Table.from_pandas(frame), folder / "labels.parquet")
    return [
        _write(folder, text),
        _write(folder, "\ufeff" + text, "bom.csv"),
        _write(folder, frame.to_csv(index=False, sep="\t"), "labels.tsv"),
        _write(folder, gzip.compress(text.encode(), mtime=0), "labels.csv.gz"),
        _write(folder, "".join(json.dumps(row) + "\n" for row in reversed(ROWS)), "labels.jsonl"),
        str(folder / "labels.parquet"),
        folder / "labels.csv",
        frame,
        pa.Table.from_pandas(frame),
        _write(
            folder,
            "对象类型,对象ID,标签,原因,来源\n账号,a1,真实,,survey\n事件,e1,刷赞,sold,support\n",
            "zh.csv",
        ),
        _write(folder, "Kind;ID;Verdict;Why;By\nlike;e1;Bought;sold;support\nuser;a1;Organic;;survey\n", "alias.csv"),
    ]


def test_every_form_of_the_file_says_the_same(tmp_path: Path) -> None:
    for form in _forms(tmp_path):
        given = read_labels(form)
        told = [(one.subject_kind, one.subject_id, one.inauthentic, one.reason, one.source) for one in given.labels]
        assert told == [("actor", "a1", False, "", "survey"), ("event", "e1", True, "sold", "support")], str(form)[:60]
        assert given.file.rows == 2 and len(given.file.sha256) == 64 and given.repeated == 0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        (HEADER, "header and no rows"),
        ("event_id\ne1\n", "one column"),
        ("subject_kind,subject_id\nevent,e1\n", "no column label; found 'subject_kind', 'subject_id'"),
        (HEADER + "event,e1,maybe,,\n", "row 2: 'maybe' is no label; write inauthentic or genuine"),
        (HEADER + "event,e1,genuine,,\ntarget,t1,genuine,,\n", "row 3: 'target' cannot be labelled: whoever received"),
        (HEADER + "crowd,e1,genuine,,\n", "row 2: 'crowd' cannot be labelled; write event, actor or group"),
        (HEADER + "actor,  ,genuine,,\n", "row 2 names no actor"),
        (HEADER + "event,e1,genuine,,\nevent,e1,inauthentic,,\n", "row 3 contradicts row 2 about the event 'e1'"),
        (HEADER + "event,e1,genuine,,\nevent,e2\n", "row 3: the row has another number of fields"),
        (HEADER + "group,G1,genuine,,\n", "row 2 labels the group 'G1' and not the audit"),
        ('{"subject_kind": "event"\n', "row 1 is no JSON object"),
        ("[1]\n", "row 1 is no JSON object"),
        (b"PAR1 and no more", "damaged Parquet"),
        (b"PK\x03\x04rest", "Excel"),
        ("subject_kind,subject_id,label\n事件,e1,真实\n".encode("gb18030"), "UTF-8"),
        ("label,label,subject_id,subject_kind\na,b,c,d\n", "several columns named 'label'"),
    ],
)
def test_a_broken_file_is_one_sentence_with_the_remedy(text: str | bytes, said: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as error:
        read_labels(_write(tmp_path, text))
    assert said in str(error.value) and "labels.csv" in str(error.value)
    assert "\n" not in str(error.value).strip()


def test_what_is_no_labels_file_is_refused(tmp_path: Path) -> None:
    _write(tmp_path, HEADER + "event,e1,genuine,,\n", "a.csv")
    _write(tmp_path, HEADER + "event,e1,genuine,,\n", "b.csv")
    for source, said in (
        ("-", "standard input"),
        (str(tmp_path / "none.csv"), "does not exist"),
        (str(tmp_path / "*.csv"), "one file"),
        (42, "neither a path nor a table"),
    ):
        with pytest.raises(InputError, match=said):
            read_labels(source)


def test_a_row_said_twice_counts_once() -> None:
    given = read_labels(_table([("event", "e1", "genuine"), ("like", "e1", "organic")]))
    assert (len(given.labels), given.repeated, given.file.rows) == (1, 1, 2)


# --- an audit with labels


@lru_cache(maxsize=1)
def _findings() -> list[Findings]:
    read = read_events(world(*WORLD).events, time_format="ms")
    return run_detectors(all_detectors(), read.log, Context(read.log, 0), lambda done: None)


def _audit(labels: pa.Table) -> plaudit.Audit:
    """The audit with labels. What detectors find does not depend on them and is found once for all tests."""
    with patch("plaudit.verdict.reach.run_detectors", lambda *given: _findings()):
        return plaudit.audit(world(*WORLD).events, time_format="ms", labels=labels)


def _lesson(done: plaudit.Audit) -> Labels:
    assert done.document.labels is not None
    return done.document.labels


@lru_cache(maxsize=1)
def _likes() -> pd.DataFrame:
    return audited(*WORLD).tables["likes"].to_pandas()


@lru_cache(maxsize=1)
def _one_off() -> dict[str, list[str]]:
    """Event ids by target of the likes about which ``throwaway`` alone speaks."""
    likes = _likes()
    only = likes[[len(r) > 0 and all(one.startswith("throwaway") for one in r) for r in likes["reasons"]]]
    return {str(target): part["event_id"].tolist() for target, part in only.groupby("target_id", sort=True)}


def _says(targets: list[str], label: str) -> pa.Table:
    return _table([("event", one, label) for target in targets for one in _one_off()[target]], source="campaign desk")


@lru_cache(maxsize=1)
def _taught() -> plaudit.Audit:
    """The audit by somebody who knows most one-off accounts for genuine."""
    return _audit(_says(list(_one_off())[:-2], "genuine"))


def test_labels_that_know_better_change_what_nobody_labelled() -> None:
    # Somebody knows that the one-off accounts of this log came with a campaign of its own: nothing was bought there.
    targets = list(_one_off())
    assert len(targets) >= 10
    held, done = targets[-2:], _taught()
    lesson = _lesson(done)
    assert lesson.applied and lesson.outcome.code == "labels_applied", lesson.outcome
    assert lesson.loss_before is not None and lesson.loss_after is not None and lesson.loss_error is not None
    assert lesson.loss_before - lesson.loss_after > lesson.loss_error
    (learned,) = [one for one in lesson.weights if one.family == "account"]
    assert learned.groups >= 8 and learned.multiplier < 0.9
    before, after = _likes(), done.tables["likes"].to_pandas()
    assert before["event_id"].tolist() == after["event_id"].tolist()
    rows = before["event_id"].isin([one for target in held for one in _one_off()[target]])
    assert (after.loc[rows, "p_inauthentic"] < before.loc[rows, "p_inauthentic"]).all()
    moved = (before["status"].astype(str) + "_to_" + after["status"].astype(str))[
        before["status"].astype(str) != after["status"].astype(str)
    ]
    assert moved.value_counts().to_dict() == lesson.changes
    assert lesson.outcome.values["lighter"] == len(moved) and lesson.outcome.values["heavier"] == 0
    assert done.document.method.audit_id != audited(*WORLD).document.method.audit_id
    targets_table = done.tables["targets"].to_pandas()
    parts = targets_table[["verified", "discounted", "undetermined"]].sum(axis=1)
    assert (targets_table["shown"] == parts).all()
    # The count follows: nothing comes back through the excess in which no like can be named.
    shown = targets_table.set_index("target_id").loc[held]
    earlier = audited(*WORLD).tables["targets"].to_pandas().set_index("target_id").loc[held]
    assert (shown["authentic"] > earlier["authentic"]).all()
    named = after.groupby("target_id")["p_inauthentic"].sum().loc[held]
    assert (shown["authentic"] > 0.98 * shown["shown"] - named).all(), "no more is missing than likes are named for"
    assert (shown["authentic"] > 0.9 * shown["shown"]).all()
    for case in done.document.cases:
        assert sum(step.weight for step in case.steps) == pytest.approx(np.log(case.posterior / (1 - case.posterior)))


@pytest.mark.parametrize("label", ["genuine", "inauthentic"])
def test_labels_of_what_nothing_was_found_on_change_nothing(label: str) -> None:
    silent = _likes().loc[[len(one) == 0 for one in _likes()["reasons"]], "event_id"].tolist()[:500]
    done = _audit(_table([("event", one, label) for one in silent]))
    lesson = _lesson(done)
    assert lesson.outcome.code == "labels_silent" and not lesson.applied and lesson.changes == {}
    assert lesson.missed == (500 if label == "inauthentic" else 0)
    assert lesson.likes == 500 and lesson.likes_with_evidence == 0
    for name, table in audited(*WORLD).tables.items():
        assert done.tables[name].equals(table), name
    assert done.document.method.audit_id == audited(*WORLD).document.method.audit_id


def test_a_few_labels_change_nothing_and_everything_is_accounted_for() -> None:
    target = next(iter(_one_off()))
    some = _one_off()[target][:2]
    rows = [("event", some[0], "genuine"), ("event", some[1], "genuine"), ("event", "nobody", "genuine")]
    done = _audit(_table([*rows, ("actor", "no such actor", "inauthentic")], reason="asked", source="desk"))
    lesson = _lesson(done)
    assert lesson.outcome.code == "labels_few" and not lesson.applied
    assert (lesson.labels, lesson.matched, lesson.unmatched, lesson.stale) == (4, 2, 2, 0)
    assert [one.model_dump() for one in lesson.counts] == [
        {"subject_kind": "actor", "label": "inauthentic", "source": "desk", "labels": 1, "matched": 0},
        {"subject_kind": "event", "label": "genuine", "source": "desk", "labels": 3, "matched": 2},
    ]
    assert {one.reason for one in lesson.entries} == {"asked"}
    assert done.tables["likes"].equals(audited(*WORLD).tables["likes"])


def test_an_actor_label_speaks_for_likes_inside_findings_and_for_no_other() -> None:
    likes = _likes()
    suspect = np.array([len(one) > 0 for one in likes["reasons"]])
    inside = likes[suspect].groupby("actor_id").size()
    outside = likes[~suspect].groupby("actor_id").size()
    both = sorted(set(inside.index) & set(outside.index))
    assert len(both) >= 50
    done = _audit(_table([("actor", actor, "inauthentic") for actor in both]))
    lesson = _lesson(done)
    assert {one.subject_id: one.likes for one in lesson.entries} == inside[both[: len(lesson.entries)]].to_dict()
    assert all(one.likes == one.with_evidence for one in lesson.entries)
    assert lesson.likes == int(inside[both].sum())
    assert "labels_of_actors" in {note.code for note in lesson.notes}
    after = done.tables["likes"].to_pandas()
    assert (after.loc[~suspect, "status"].astype(str) == "verified").all()
    assert (after.loc[~suspect, "p_inauthentic"] == 0).all()


def test_the_narrower_label_speaks() -> None:
    base = audited(*WORLD)
    group = base.document.groups[0]
    likes = _likes()
    own = likes[likes["group_id"].astype(str) == group.group_id]
    spared, actor = own["event_id"].iloc[0], own["actor_id"].iloc[1]
    rows = [("group", group.group_id, "inauthentic"), ("event", spared, "genuine"), ("actor", actor, "genuine")]
    lesson = _lesson(_audit(_table(rows, audit=base.document.method.audit_id)))
    told = {one.subject_kind: one.likes for one in lesson.entries}
    assert told["group"] == len(own) - 1 and told["event"] == 1
    bears = np.array([len(one) > 0 for one in likes["reasons"]])
    in_findings = likes[(likes["actor_id"] == actor).to_numpy() & bears]
    assert told["actor"] == len(in_findings[in_findings["group_id"].astype(str) != group.group_id])


def test_groups_of_another_audit_are_not_used() -> None:
    group = audited(*WORLD).document.groups[0].group_id
    event = _likes()["event_id"].iloc[0]
    lesson = _lesson(_audit(_table([("group", group, "genuine"), ("event", event, "genuine")], audit="0" * 16)))
    assert (lesson.matched, lesson.stale, lesson.unmatched) == (1, 1, 0)
    assert "labels_stale" in {note.code for note in lesson.notes}
    with pytest.raises(InputError, match="groups of another audit"):
        _audit(_table([("group", group, "genuine")], audit="0" * 16))


def test_labels_of_another_log_are_refused() -> None:
    with pytest.raises(InputError, match="none of its 1 labels names an event, actor or group of this log"):
        _audit(_table([("event", "of another log", "genuine")]))


def test_same_labels_same_bytes_in_any_order_of_rows(tmp_path: Path) -> None:
    targets = list(_one_off())[:-2]
    labels = _says(targets, "genuine")
    again = plaudit.audit(world(*WORLD).events, time_format="ms", labels=labels)
    assert to_json(again.document) == to_json(_taught().document)
    turned = labels.take(pa.array(np.random.default_rng(1).permutation(labels.num_rows)))
    other = _audit(turned)
    assert _lesson(other).model_copy(update={"file": _lesson(again).file}) == _lesson(again)
    for name, table in again.tables.items():
        assert other.tables[name].equals(table), name


def test_the_account_is_told_in_both_languages_and_comes_back_from_its_file() -> None:
    done = _taught()
    assert ResultDocument.model_validate_json(to_json(done.document)) == done.document
    for lang in LANGUAGES:
        words = Words.of(lang)
        assert words.say(_lesson(done).outcome) in render_html(done.document, lang)
        assert words.ui("labels") not in render_html(audited(*WORLD).document, lang)


def test_the_command_line_takes_labels(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    events, log = tmp_path / "events.parquet", world("small", 12_000, 1).events
    pq.write_table(log, events)
    rows = "".join(f"event,{event},genuine,seen,desk\n" for event in log["event_id"].to_pylist()[:3])
    labels = _write(tmp_path, HEADER + rows, "my labels.csv")
    command = ["audit", str(events), "--time-format", "ms", "--labels", labels, "--out"]
    assert main([*command, str(tmp_path / "one"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["labels"]["code"] in ("labels_few", "labels_silent")
    assert main([*command, str(tmp_path / "two")]) == 0
    assert "Learning from labels" in capsys.readouterr().out
    one, two = (json.loads((tmp_path / name / "manifest.json").read_text("utf-8")) for name in ("one", "two"))
    assert one == two
    assert one["inputs"][1]["role"] == "labels" and one["inputs"][1]["name"] == labels
    assert one["parameters"]["labels"] == one["inputs"][1]["sha256"]
    assert f"--labels '{labels}'" in one["command"]
    assert main([*command[:-3], "--labels", str(tmp_path / "none.csv"), "--out", str(tmp_path / "three")]) == 2
    assert "does not exist" in capsys.readouterr().err and not (tmp_path / "three").exists()
