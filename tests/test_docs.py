"""The pages say what is so: numbers, links, commands, columns, code."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import subprocess
import sys
import types
from pathlib import Path
from typing import Any

import pyarrow.csv as pa_csv
import pytest
from pydantic import BaseModel

import plaudit
from plaudit import result
from plaudit.app.cli import app
from plaudit.app.section_messages import measured_sight
from plaudit.detectors import BUILT_IN
from plaudit.model import SCHEMAS, Status
from plaudit.testing.checks import CHECKS, check_detector
from tests.conftest import ROOT

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("**/*.md")])
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("*.md"))
LINK = re.compile(r"\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def _id(page: Path) -> str:
    return str(page.relative_to(ROOT))


def _module(path: Path, name: str) -> types.ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up by name
    spec.loader.exec_module(module)
    return module


def _blocks(page: str, *languages: str) -> list[str]:
    text = (ROOT / page).read_text(encoding="utf-8")
    return [code for language, code in FENCE.findall(text) if language in languages]


def _anchor(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def _prose(page: Path) -> str:
    return FENCE.sub("", page.read_text(encoding="utf-8"))


@pytest.mark.parametrize("page", PAGES, ids=_id)
def test_links_resolve(page: Path) -> None:
    for link in LINK.findall(_prose(page)):
        if re.match(r"https?://|mailto:", link):
            continue
        path, _, anchor = link.partition("#")
        there = (page.parent / path).resolve() if path else page
        assert there.exists(), f"{_id(page)} links to {link}, which does not exist"
        if anchor:
            headings = re.findall(r"^#+ (.+)$", _prose(there), re.MULTILINE)
            assert anchor in {_anchor(heading) for heading in headings}, f"{_id(page)}: no heading for {link}"


@pytest.mark.parametrize("page", PAGES, ids=_id)
def test_pages_name_no_package_index(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert not re.search(r"pypi|pythonhosted|conda\.|index-url|find-links", text, re.IGNORECASE)


@pytest.mark.parametrize("page", PAGES, ids=_id)
def test_pages_suspect_and_never_convict(page: Path) -> None:
    text = page.read_text(encoding="utf-8").lower()
    assert not re.search(r"\bfake likes? (is|are)\b|\bfraudster|\bguilty (user|account)|实锤|造假确认", text)


def test_every_page_and_decision_is_linked() -> None:
    index = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    linked = {((ROOT / "docs") / link.partition("#")[0]).resolve() for link in LINK.findall(index)}
    for page in [*(ROOT / "docs").glob("*.md"), *DECISIONS]:
        assert page.name == "README.md" or page.resolve() in linked, f"docs/README.md does not link {page.name}"


@pytest.mark.parametrize("page", DECISIONS, ids=lambda page: page.stem)
def test_a_decision_is_short_numbered_and_says_why(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    number = int(page.name[:4])
    assert text.startswith(f"# {number}. ")
    # Numbers are handed out before they are used: one may be missing, none may be twice.
    assert [int(other.name[:4]) for other in DECISIONS].count(number) == 1
    assert all(f"**{part}" in text for part in ("Decision.", "Why", "Instead of."))
    assert len(text.splitlines()) <= 50


@pytest.fixture(scope="module")
def facts() -> dict[str, str]:
    told: dict[str, str] = _module(ROOT / "examples" / "tiny_story.py", "examples_tiny_story").facts()
    return told


def test_numbers_of_the_story_are_what_the_code_gives(facts: dict[str, str]) -> None:
    numbers = _module(ROOT / "docs" / "make_numbers.py", "docs_make_numbers")
    marked = 0
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for mark in numbers.MARK.finditer(text):
            assert mark["value"] == facts[mark["name"]], f"{_id(page)}: {mark['name']}; run docs/make_numbers.py"
        found = len(numbers.MARK.findall(text))
        assert found == text.count("<!--="), f"{_id(page)}: a mark without a number before it"
        marked += found
    assert marked > 60
    # What the sentences around the numbers claim.
    value = {name: _number(text) for name, text in facts.items()}
    for name in ("few", "many"):
        v = {key: value[f"{name}_{key}"] for key in ("shown", "verified", "discounted", "undetermined", "low", "high")}
        assert v["shown"] == v["verified"] + v["discounted"] + v["undetermined"]
        assert v["low"] <= value["read"] <= v["high"]
    assert value["few_shown"] - value["read"] == value["ring"]
    assert value["few_undetermined"] >= 0.8 * value["ring"] > value["few_discounted"] == 0
    assert value["many_discounted"] >= 0.8 * value["ring"]
    assert value["many_free_discounted"] <= 0.002 * value["many_genuine"]
    assert value["many_high"] - value["many_low"] < value["few_high"] - value["few_low"]
    assert facts["few_rung_code"] == "`human_review`" and facts["many_rung_code"] == "`not_counted`"
    assert value["few_lockstep"] == 0 and value["few_throwaway"] == 0 and value["few_both"] == value["ring"]


def _number(text: str) -> float:
    try:
        return float(text.replace(",", "").replace("−", "-"))
    except ValueError:
        return float("nan")


def test_the_steps_of_the_story_add_up(facts: dict[str, str]) -> None:
    steps = [_number(facts[f"few_{name}"]) for name in ("prior_nats", "audience", "timing", "passer_by")]
    assert abs(sum(steps) - _number(facts["few_total"])) < 0.21


def test_outputs_name_every_column_and_only_those() -> None:
    text = (ROOT / "docs" / "outputs.md").read_text(encoding="utf-8")
    for name, schema in SCHEMAS.items():
        section = _section(text, f"## {name}")
        assert re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE) == schema.names, name
        for field in schema:
            line = next(line for line in section.splitlines() if line.startswith(f"| `{field.name}` |"))
            nullable = field.nullable and not str(field.type).startswith("list")
            assert ("may be null" in line) == nullable, f"{name}.{field.name}"


def test_outputs_name_every_field_of_the_document_and_the_manifest(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "outputs.md").read_text(encoding="utf-8")
    models = [
        value
        for value in vars(result).values()
        if isinstance(value, type)
        and issubclass(value, BaseModel)
        and value.__module__.startswith(f"{result.__name__}.")
        and not value.__name__.startswith("_")
    ]
    assert len(models) >= 15
    for model in models:
        section = _section(text, f"### {model.__name__}")
        assert re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE) == list(model.model_fields), model.__name__
    plaudit.audit(plaudit.simulate("clean", events=2_000, seed=1).events).write(tmp_path)
    manifest = json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8"))
    keys = re.findall(r"^\| `(\w+)` \|", _section(text, "## manifest.json"), re.MULTILINE)
    assert sorted(keys) == sorted(manifest)
    listed = set(re.findall(r"^\| \[?`([\w.]+)`\]?", _section(text, "# Outputs"), re.MULTILINE))
    # The workbook belongs to comment exports; tests/test_section_pipeline.py sees it written.
    written = {path.name for path in tmp_path.iterdir()} | {"report.xlsx"}
    assert listed == {f"{name}.parquet" for name in SCHEMAS} | written


def _section(text: str, heading: str) -> str:
    """The lines under a heading up to the next heading of any level."""
    assert f"\n{heading}\n" in f"\n{text}", f"outputs.md has no section {heading!r}"
    return re.split(r"^#+ ", f"\n{text}".split(f"\n{heading}\n", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]


def test_concepts_name_every_detector_and_status() -> None:
    text = (ROOT / "docs" / "concepts.md").read_text(encoding="utf-8")
    for word in (*(f"`{detector.spec.id}`" for detector in BUILT_IN), *(f"**{status}**" for status in Status)):
        assert word in text, word


def test_the_plug_in_of_the_architecture_page_passes_the_battery(tmp_path: Path) -> None:
    code = _blocks("docs/architecture.md", "python")
    path = tmp_path / "crowded_device.py"
    path.write_text(code[0], encoding="utf-8")
    detector = _module(path, "crowded_device").DETECTOR
    assert list(check_detector(detector, events=20_000)) == list(CHECKS)
    assert "check_detector(DETECTOR)" in code[1]


@pytest.mark.parametrize("page", PAGES, ids=_id)
def test_commands_on_the_pages_exist(page: Path) -> None:
    import typer

    group: Any = typer.main.get_command(app)
    text = page.read_text(encoding="utf-8")
    lines = [line for language, code in FENCE.findall(text) if language in ("sh", "") for line in code.splitlines()]
    lines += re.findall(r"`(plaudit [^`]+)`", text)
    for line in lines:
        words = line.partition("#")[0].split()
        if words[:1] != ["plaudit"] or len(words) < 2 or words[1].startswith("-") or words[1] in ("VERB", "..."):
            continue
        assert words[1] in group.commands, f"{_id(page)}: there is no command {line!r}"
        known = {option for parameter in group.commands[words[1]].params for option in parameter.opts} | {"--help"}
        used = {option.rstrip("\\") for word in words[2:] for option in re.findall(r"^--[a-z-]+", word)}
        assert used <= known, f"{_id(page)}: {line!r} uses {sorted(used - known)}"


def test_make_targets_on_the_pages_exist() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    for page in PAGES:
        for target in re.findall(r"[`\n]make ([a-z]+)\b", page.read_text(encoding="utf-8")):
            assert target in targets, f"{_id(page)}: make {target}"


def test_code_of_the_readme_runs(tmp_path: Path) -> None:
    world = plaudit.simulate("small", events=4_000, seed=1).events.select(["actor", "target", "at"])
    pa_csv.write_csv(world, tmp_path / "likes.csv")
    (code,) = _blocks("README.md", "python")
    path = os.pathsep.join([str(ROOT / "src"), os.environ.get("PYTHONPATH", "")])
    ran = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert "authentic_low" in ran.stdout and (tmp_path / "audit" / "report.html").is_file()


def test_pictures_are_there_and_small() -> None:
    for lang in ("en", "zh"):
        picture = ROOT / "docs" / "images" / f"report-{lang}.png"
        assert picture.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n" and picture.stat().st_size < 400_000


def test_the_readme_says_what_each_tier_sees_as_measured() -> None:
    rows = {
        "copy-paste comments": ("copy_paste",),
        "one template filled": ("template",),
        "commenters hired in one region": ("purchased_region",),
        "author ring": ("author_ring",),
        "step, straight line": ("step", "straight_line", "second_day", "wave", "drop_top_up", "round_stop"),
        "likes that follow the day's rhythm": ("rented_rhythm",),
        "dull comments boosted": ("dull_boost", "likes_without_reads"),
    }
    measured = measured_sight()["bought"]
    assert {attack for attacks in rows.values() for attack in attacks} == set(measured)
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for start, attacks in rows.items():
        line = next(line for line in text.splitlines() if line.startswith(f"| {start}"))
        for cell, tier in zip(line.strip("| ").split(" | ")[1:], ("T0", "T1"), strict=True):
            shares = sorted({round(100 * measured[attack][tier]) for attack in attacks})
            assert cell.removesuffix(" %").split("–") == [
                str(share) for share in dict.fromkeys((shares[0], shares[-1]))
            ]
