"""The road of exports from files to written results."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

import plaudit
from plaudit.app.cli import main
from plaudit.app.outdir import check_apart
from plaudit.app.section_messages import measured_sight, sight
from plaudit.app.section_texts import excerpt
from plaudit.errors import InputError, ResultError
from plaudit.model import SCHEMAS, SECTION_TABLES, Tier
from plaudit.report.words import messages
from plaudit.result import OTHER, merged
from plaudit.testing.sections import BOUGHT_LABELS, TRAP_LABELS, simulate_section, write_section
from tests.test_exports_formats import FIXTURES

NICKNAME = "云上的小刺猬"


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small section whose counters were read forty times: orders planted beside innocent crowds."""
    folder = tmp_path_factory.mktemp("world")
    world = simulate_section("comments", comments=800, seed=3, tier=Tier.CURVE, overrides={"polls": 40, "posts": 12})
    write_section(world, folder, "csv")
    return folder / "export"


@pytest.fixture(scope="module")
def audited(exports: Path) -> plaudit.Audit:
    return plaudit.audit(exports)


@pytest.fixture(scope="module")
def written(audited: plaudit.Audit, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("out")
    audited.write(folder, "zh")
    return folder


def table(path: Path, rows: list[dict[str, Any]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as handle:
        writer = csv.DictWriter(handle, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def snapshot(path: Path, likes: int = 9) -> Path:
    return table(
        path,
        [
            {
                "post_id": f"p{k % 2}",
                "comment_id": f"c{k}",
                "author": NICKNAME if k == 3 else f"读者甲{k}",
                "text": f"第{k}条，@{NICKNAME} 和{NICKNAME}都说好，电话13800138000",
                "likes": likes + k,
                "created_at": f"2024-05-01T10:{k:02d}:00Z",
                "observed_at": "2024-05-02T10:00:00Z",
            }
            for k in range(20)
        ],
    )


def test_what_each_tier_sees_is_what_was_measured() -> None:
    measured = measured_sight()
    assert set(measured["bought"]) == set(BOUGHT_LABELS) and set(measured["genuine"]) == {"organic", *TRAP_LABELS}
    assert "benchmarks.sections" in measured["measured"]
    rows = {(one.attack, one.tier): one for one in sight()}
    assert len(rows) == 3 * len(BOUGHT_LABELS)
    for attack, seen in measured["bought"].items():
        for tier, recall in seen.items():
            told = rows[attack, tier]
            assert told.recall == recall and 0 <= recall <= 1
            assert told.sees == ("yes" if recall >= 2 / 3 else "partly" if recall >= 0.05 else "no")
        assert rows[attack, "T2"].recall is None
    # A fact of the data, not of the simulator: counters read once hold no time.
    assert rows["straight_line", "T0"].sees == "no" and rows["straight_line", "T1"].sees == "yes"


def test_a_folder_of_exports_becomes_a_section_with_every_part(audited: plaudit.Audit) -> None:
    document, part = audited.document, audited.document.section
    assert part is not None and document.tier == part.tier == "T1"
    assert set(audited.tables) == set(SECTION_TABLES)
    assert part.basis.comments + part.basis.replies == 800 == audited.tables["comments"].num_rows
    assert part.basis.curves > 0 and part.basis.fingerprint and part.basis.sources
    assert document.total.shown == part.total.shown == part.on_posts.shown + part.on_comments.shown
    assert {run.detector for run in document.detectors} >= {"curve", "quality_gap", "near_duplicate"}
    assert part.highlights and all(view.depth and 0 <= view.depth.index <= 100 for view in part.highlights)
    assert part.figures and part.can_say and part.cannot_say and part.compliance and part.sight
    assert document.input.files == [] and document.method.seed == 0


def test_planted_steps_stay_in_question_and_crowds_do_not(audited: plaudit.Audit) -> None:
    part = audited.document.section
    assert part is not None and part.total.undetermined > 0
    shown = {finding.detector for finding in part.findings}
    assert "curve" in shown
    curve = next(f for f in part.findings if f.detector == "curve")
    assert curve.curve is not None and curve.curve.at_ms == sorted(curve.curve.at_ms) and curve.innocent
    for view in part.comments:
        assert view.count.discounted + view.count.undetermined > 0
        assert view.case is not None and view.case.exonerating
        # The waterfall adds up to the posterior.
        total = sum(step.weight for step in view.case.steps)
        assert 1 / (1 + np.exp(-total)) == pytest.approx(view.case.posterior, abs=1e-6)


def test_every_count_adds_up(audited: plaudit.Audit) -> None:
    part = audited.document.section
    assert part is not None
    counts = [part.total, part.on_posts, part.on_comments, *(view.count for view in part.comments)]
    counts += [count for view in part.posts for count in (view.own, view.on_comments)]
    for count in counts:
        assert count.shown == count.verified + count.discounted + count.undetermined
        assert 0 <= count.authentic_low <= count.authentic <= count.authentic_high <= count.shown
    for name in ("comments", "posts"):
        rows = audited.tables[name]
        told = sum(np.asarray(rows[column]) for column in ("verified", "discounted", "undetermined"))
        assert (told == np.nan_to_num(np.asarray(rows["likes_low"].fill_null(0)))).all()
    whole = audited.tables["targets"]
    assert int(np.asarray(whole["shown"]).sum()) == part.total.shown


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_view_is_worded_in_both_languages(audited: plaudit.Audit, lang: str) -> None:
    page = plaudit.render_html(audited.document, lang)
    part = audited.document.section
    assert part is not None
    assert page.startswith("<!doctype html>") and part.basis.fingerprint[:8] in page
    said = [*part.can_say, *part.cannot_say, *part.special, *part.compliance, *part.basis.missing, part.basis.selection]
    said += [message for finding in part.findings for message in (*finding.innocent, *finding.exonerating)]
    said += [message for view in part.comments for message in view.counter] + [part.headline]
    known = messages(lang)
    assert {message.code for message in said} <= set(known)
    words = [f"rating_{part.rating}", f"level_{part.level}", *(f"sees_{one.sees}" for one in part.sight)]
    assert set(words) <= set(known)


def test_the_same_input_gives_the_same_bytes(exports: Path, written: Path, tmp_path: Path) -> None:
    plaudit.audit(exports).write(tmp_path, "zh")
    names = {path.name for path in written.iterdir()}
    reports = {"result.json", "report.html", "report.xlsx", "manifest.json"}
    assert names == {*(f"{name}.parquet" for name in SECTION_TABLES), *reports}
    assert all((written / name).read_bytes() == (tmp_path / name).read_bytes() for name in names)


def test_written_tables_have_their_schemas_and_the_manifest_names_every_source(written: Path, exports: Path) -> None:
    for name in SECTION_TABLES:
        assert pq.read_schema(written / f"{name}.parquet").equals(SCHEMAS[name]), name
    manifest = json.loads((written / "manifest.json").read_text("utf-8"))
    assert {Path(one["name"]).name for one in manifest["inputs"]} == {p.name for p in exports.rglob("*") if p.is_file()}
    assert set(manifest["outputs"]) == {path.name for path in written.iterdir()} - {"manifest.json"}


def test_nobody_is_named_unless_revealed(tmp_path: Path) -> None:
    path = snapshot(tmp_path / "a.csv")
    with path.open("a", encoding="utf-8") as more:
        more.write(f"p1,c99,{NICKNAME},电话13800138000,minus one,2024-05-01T11:00:00Z,2024-05-02T10:00:00Z\n")
    hidden, shown = plaudit.audit(path), plaudit.audit(path, reveal=True)
    for audit, told in ((hidden, False), (shown, True)):
        (rejected,) = audit.tables["quarantine"].to_pylist()
        assert rejected["reason"] == "likes is no count"
        assert ("13800138000" in (rejected["content"] or "")) == told
        out = tmp_path / str(told)
        audit.write(out, "zh")
        texts = (out / "result.json").read_text("utf-8") + (out / "report.html").read_text("utf-8")
        assert (NICKNAME in texts) == told and ("13800138000" in texts) == told
        comments = audit.tables["comments"]
        assert (comments["text"].null_count == 0) == told and (comments["author_name"].null_count == 0) == told
        assert comments["author_key"].null_count == 0
        assert audit.document.section is not None and audit.document.section.revealed == told


def test_a_snapshot_is_t0_and_discounts_nothing(tmp_path: Path) -> None:
    audit = plaudit.audit(snapshot(tmp_path / "a.csv"))
    part = audit.document.section
    assert part is not None and part.tier == "T0" and part.total.discounted == 0
    assert "one_reading" in {message.code for message in audit.document.unseen}
    assert "cannot_discount" in {message.code for message in part.cannot_say}


def test_a_log_beside_exports_gives_one_document_with_both(tmp_path: Path) -> None:
    snapshot(tmp_path / "comments.csv")
    table(
        tmp_path / "log.csv",
        [{"actor": f"a{k}", "target": f"c{k % 5}", "at": f"2024-05-01T{k % 24:02d}:00:00Z"} for k in range(60)],
    )
    audit = plaudit.audit(tmp_path)
    document = audit.document
    assert document.tier == "T2" and document.section is not None and document.input.likes == 60
    assert set(audit.tables) == set(SCHEMAS)
    assert {"orders", "quality_gap"} <= {run.detector for run in document.detectors}
    ids = audit.tables["targets"]["target_id"].to_pylist()
    assert len(ids) == len(set(ids)) == 20
    assert plaudit.render_html(document, "zh")
    out = tmp_path / "out"
    audit.write(out)
    manifest = json.loads((out / "manifest.json").read_text("utf-8"))
    assert len(manifest["inputs"]) == 2


def test_outcomes_beside_comments_are_audited_for_value(tmp_path: Path) -> None:
    snapshot(tmp_path / "comments.csv")
    table(
        tmp_path / "orders.csv",
        [{"actor": f"读者甲{k}", "at": "2024-05-03T10:00:00Z", "kind": "purchase", "value": 10} for k in range(8)],
    )
    document = plaudit.audit(tmp_path).document
    assert document.value is not None and document.value.outcomes == 8


def test_labels_need_a_log(tmp_path: Path) -> None:
    snapshot(tmp_path / "a.csv")
    labels = table(tmp_path / "labels.csv", [{"subject_kind": "event", "subject_id": "1", "label": "genuine"}])
    with pytest.raises(InputError, match="no event log was given"):
        plaudit.audit(tmp_path / "a.csv", labels=labels)


def test_only_outcomes_carry_no_likes(tmp_path: Path) -> None:
    table(tmp_path / "o.csv", [{"actor": "a", "at": "2024-05-03T10:00:00Z", "kind": "purchase", "value": 1}] * 3)
    with pytest.raises(InputError, match="only outcomes were given"):
        plaudit.audit(tmp_path)


def test_explain_tells_the_case_of_a_comment_and_of_a_post(audited: plaudit.Audit, written: Path) -> None:
    part = audited.document.section
    assert part is not None
    view = part.comments[0]
    case = plaudit.explain(written, "comment", view.comment_id)
    assert case == view.case
    post = plaudit.explain(written, "post", part.posts[0].post_id)
    assert post.subject_kind == "post"
    with pytest.raises(InputError, match="knows no comment 'nobody'"):
        plaudit.explain(written, "comment", "nobody")
    with pytest.raises(InputError, match="ask for --comment or --post"):
        plaudit.explain(written, "target", "T1")
    with pytest.raises(ResultError):
        plaudit.explain(written / "nowhere", "comment", "1")


def test_a_log_audit_has_no_comments_to_explain(tmp_path: Path) -> None:
    plaudit.audit(plaudit.simulate("clean", events=2_000, seed=1).events).write(tmp_path)
    with pytest.raises(InputError, match="is an audit of an event log"):
        plaudit.explain(tmp_path, "comment", "c1")


def test_validate_says_what_exports_can_show(exports: Path, tmp_path: Path) -> None:
    found = plaudit.validate(exports)
    assert found.basis is not None and found.tier == "T1"
    assert next(run for run in found.detectors if run.detector == "curve").outcome == "measured"
    bare = plaudit.validate(snapshot(tmp_path / "a.csv"))
    assert next(run for run in bare.detectors if run.detector == "curve").outcome == "not_applicable"
    assert "one_reading" in {message.code for message in bare.messages}


def test_the_command_line_goes_the_whole_road(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, out = snapshot(tmp_path / "a.csv"), tmp_path / "out"
    assert main(["audit", str(source), "--out", str(out), "--lang", "zh", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["tier"] == "T0" and told["section"]["sources"] == {str(source): "comments"}
    assert main(["audit", str(source), "--out", str(out), "--lang", "zh"]) == 0
    assert "评级" in capsys.readouterr().out
    assert main(["explain", str(out), "--comment", "c3"]) == 0
    assert main(["validate", str(source), "--lang", "zh"]) == 0
    assert "留言" in capsys.readouterr().out
    assert main(["audit", str(source), "--out", str(out), "--quiet"]) == 0
    assert capsys.readouterr().out == ""
    command = json.loads((out / "manifest.json").read_text("utf-8"))["command"]
    assert command == f"plaudit audit {source} --seed 0 --out DIR"


def test_a_key_decides_the_pseudonyms(tmp_path: Path) -> None:
    source, key = snapshot(tmp_path / "a.csv"), tmp_path / "key"
    key.write_bytes(b"k" * 32)
    assert main(["audit", str(source), "--out", str(tmp_path / "o"), "--key", str(key), "-q"]) == 0
    with_key = pq.read_table(tmp_path / "o" / "comments.parquet")["author_key"]
    assert not with_key.equals(plaudit.audit(source).tables["comments"]["author_key"])
    assert with_key.equals(plaudit.audit(source, key=b"k" * 32).tables["comments"]["author_key"])
    assert "k" * 32 not in (tmp_path / "o" / "manifest.json").read_text("utf-8")


def test_results_never_lie_inside_what_is_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    snapshot(tmp_path / "a.csv")
    assert main(["audit", str(tmp_path), "--out", str(tmp_path / "out")]) == 2
    assert "name a folder outside it" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
    check_apart(tmp_path / "out", [str(tmp_path / "a.csv")])


def test_a_failed_audit_leaves_nothing_behind(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken = tmp_path / "a.json"
    broken.write_text("[" * 60 + "]" * 60, "utf-8")
    assert main(["audit", str(broken), "--out", str(tmp_path / "out"), "-q"]) == 2
    assert "60 levels inside each other" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("回复 小明: 谢谢", "回复 …: 谢谢"),
        ("谢谢@小明 真好", "谢谢@… 真好"),
        ("加我 138 0013 8000 或 a.b@c.com", "加我 … 或 …"),
        ("看 https://x.y/z?a=1 吧", "看 … 吧"),
        ("两\n行  字", "两 行 字"),
        ("长" * 90, "长" * 59 + "…"),
    ],
)
def test_excerpts_are_short_and_name_nobody(text: str, shown: str) -> None:
    assert excerpt(text) == shown


@pytest.mark.parametrize(
    ("cells", "names"),
    [
        ({"a": 9, "b": 7}, {"a": "a", "b": "b"}),
        ({"a": 9, "b": 3, "c": 2}, {"a": "a", "b": OTHER, "c": OTHER}),
        # A lone small cell could be had by subtraction: the next one joins it.
        ({"a": 9, "b": 7, "c": 2}, {"a": "a", "b": OTHER, "c": OTHER}),
        ({"a": 3}, {"a": OTHER}),
        ({"a": 9, "b": 0}, {"a": "a"}),
    ],
)
def test_small_cells_are_merged(cells: dict[str, int], names: dict[str, str]) -> None:
    assert merged(cells) == names


def test_files_left_out_are_named_and_what_they_hold_only_where_it_may_be(tmp_path: Path) -> None:
    folder = tmp_path / "held"
    folder.mkdir()
    shutil.copy(FIXTURES / "comments.csv", folder)
    (folder / "staff.csv").write_text("李小明,13800000000\n王大力,13900000000\n", encoding="utf-8")
    (folder / "notes.txt").write_text("问李小明\n", encoding="utf-8")
    for lang in ("en", "zh"):
        out = tmp_path / lang
        assert main(["audit", str(folder), "--out", str(out), "--lang", lang, "--quiet"]) == 0
        written = [(out / name).read_text("utf-8") for name in ("report.html", "result.json", "manifest.json")]
        assert all("staff.csv" in text and "notes.txt" in text and "李小明" not in text for text in written)
    told = [one["reason"] for one in json.loads(written[2])["left_out"]]
    assert told == ["one_column", "unknown_table"]
    assert main(["audit", str(folder), "--out", str(tmp_path / "out"), "--reveal", "--quiet"]) == 0
    assert "李小明" in (tmp_path / "out" / "result.json").read_text("utf-8")
