"""The command line over the flow: what it hands on, what it prints, how it ends."""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

import plaudit.app
from plaudit._version import __version__
from plaudit.app import terminal
from plaudit.app.cli import app, main
from plaudit.errors import InputError
from plaudit.model import SCHEMAS

VERBS = (
    *("audit", "explain", "rank", "validate", "simulate", "detectors", "schema"),
    *("bundle", "verify", "compare", "redteam"),
)


class FakePipeline(ModuleType):
    """Stands for ``plaudit.app.pipeline``: remembers what it was asked and writes two files."""

    def __init__(self, error: Exception | None = None) -> None:
        super().__init__("pipeline")
        self.asked: dict[str, Any] = {}
        self.error = error

    def audit(self, source: list[str], **options: Any) -> Any:
        self.asked = {"source": source, **options}
        if self.error is not None:
            raise self.error
        return SimpleNamespace(document=None, write=self._write)

    def _write(self, out_dir: Path, lang: str, progress: object) -> None:
        (out_dir / "result.json").write_text(lang)
        (out_dir / "manifest.json").write_text("{}")


@pytest.fixture
def pipeline(monkeypatch: pytest.MonkeyPatch) -> FakePipeline:
    fake = FakePipeline()
    monkeypatch.setattr(plaudit.app, "pipeline", fake, raising=False)
    return fake


def test_version_and_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"plaudit {__version__}\n"
    assert main(["--help"]) == 0
    told = capsys.readouterr().out
    assert all(verb in told for verb in VERBS)
    assert "130 interrupted" in " ".join(told.split())
    for verb in VERBS:
        assert main([verb, "--help"]) == 0
        told = capsys.readouterr().out
        assert "Examples:" in told
        assert f"plaudit {verb}" in told


def test_every_verb_and_option_is_documented(root: Path) -> None:
    page = (root / "docs" / "cli.md").read_text(encoding="utf-8")
    assert {command.callback.__name__ for command in app.registered_commands if command.callback} == set(VERBS)
    for verb in VERBS:
        assert f"`plaudit {verb}" in page
    options = ("--out", "--map", "--time-format", "--allow-rejects", "--seed", "--as-of", "--lang", "--json", "--quiet")
    for option in (*options, "--memory-limit", "--force"):
        assert f"`{option}" in page
    for code in terminal.EXIT_CODES:
        assert f"| {code} |" in page


def test_audit_hands_on_what_it_was_told(pipeline: FakePipeline, tmp_path: Path) -> None:
    out = tmp_path / "out"
    told = ["--map", "actor=who", "--time-format", "ms", "--allow-rejects", "--seed", "7", "--as-of", "1970-01-02"]
    told += ["--labels", "l.csv"]
    assert (
        main(["audit", "a.csv", "b.csv", "--out", str(out), *told, "--lang", "zh", "--memory-limit", "1GB", "-q"]) == 0
    )
    asked = pipeline.asked
    progress = asked.pop("progress")
    assert callable(progress.stage)
    assert asked == {
        "source": ["a.csv", "b.csv"],
        "mapping": {"actor": "who"},
        "time_format": "ms",
        "allow_rejects": True,
        "seed": 7,
        "as_of_ms": 86_400_000,
        "lang": "zh",
        "command": "plaudit audit a.csv b.csv --map actor=who --time-format ms --allow-rejects --labels l.csv "
        "--as-of 1970-01-02 --lang zh --seed 7 --out DIR",
        "memory_limit": "1GB",
        "labels": "l.csv",
        "outcomes": None,
        "cost": None,
        "focus": (),
        "incentive": False,
        "reveal": False,
        "key": None,
        "time_zone": None,
    }
    assert (out / "result.json").read_text() == "zh"


def test_a_role_may_be_played_by_no_column(pipeline: FakePipeline, tmp_path: Path) -> None:
    # What errors about ambiguous columns say to type.
    assert main(["audit", "a.csv", "--out", str(tmp_path / "out"), "--map", "event_id=", "--map", "kind=", "-q"]) == 0
    assert pipeline.asked["mapping"] == {"event_id": "", "kind": ""}
    assert "--map event_id= --map kind= " in pipeline.asked["command"]
    assert main(["simulate", "small", "--out", str(tmp_path / "w"), "--set", "size="]) == 2


def test_the_folder_does_not_change_the_command(pipeline: FakePipeline, tmp_path: Path) -> None:
    commands = set()
    for name in ("one", "two"):
        assert main(["audit", "a.csv", "--out", str(tmp_path / name), "--quiet"]) == 0
        commands.add(pipeline.asked["command"])
    assert commands == {"plaudit audit a.csv --seed 0 --out DIR"}


def test_bad_input_is_one_sentence_and_leaves_the_folder_alone(
    pipeline: FakePipeline, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert main(["audit", "a.csv", "--out", str(out), "--quiet"]) == 0
    before = (out / "manifest.json").stat().st_mtime_ns
    pipeline.error = InputError("a.csv is empty; nothing to audit.")
    assert main(["audit", "a.csv", "--out", str(out)]) == 2
    assert capsys.readouterr() == ("", "plaudit: a.csv is empty; nothing to audit.\n")
    assert (out / "manifest.json").stat().st_mtime_ns == before
    assert main(["audit", "a.csv", "--out", str(tmp_path / "new")]) == 2
    assert not (tmp_path / "new").exists()


def test_a_folder_that_is_not_ours_is_refused_before_any_work(
    pipeline: FakePipeline, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    assert main(["audit", "a.csv", "--out", str(tmp_path)]) == 2
    assert "thesis.txt" in capsys.readouterr().err
    assert pipeline.asked == {}
    assert main(["audit", "a.csv", "--out", str(tmp_path), "--force", "--quiet"]) == 0
    assert (tmp_path / "thesis.txt").read_text() == "mine"


@pytest.mark.parametrize(
    "argv",
    [
        ["audit"],
        ["audit", "a.csv"],
        ["audit", "a.csv", "--out", "o", "--map", "actor"],
        ["audit", "a.csv", "--out", "o", "--as-of", "soon"],
        ["audit", "a.csv", "--out", "o", "--time-format", "days"],
        ["audit", "a.csv", "--out", "o", "--seed", "-1"],
        ["audit", "a.csv", "--out", "o", "--lang", "fr"],
        ["audit", "a.csv", "--out", "o", "--memory-limit", "lots"],
        ["explain", "d"],
        ["explain", "d", "--actor", "a", "--target", "t"],
        ["schema", "nothing"],
        ["nothing"],
        ["--nothing"],
    ],
)
def test_wrong_usage_is_2_and_writes_nothing(
    argv: list[str],
    pipeline: FakePipeline,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(plaudit.app, "explain", ModuleType("explain"), raising=False)
    assert main(argv) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert "Usage: plaudit" in told.err
    assert "Traceback" not in told.err
    assert list(tmp_path.iterdir()) == []
    assert pipeline.asked == {}


def test_schema_prints_what_the_tables_hold(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema"]) == 0
    told = capsys.readouterr().out
    for name, schema in SCHEMAS.items():
        assert f"{name}.parquet" in told
        assert all(column in told for column in schema.names)
    assert main(["schema", "likes", "--json"]) == 0
    tables = json.loads(capsys.readouterr().out)["tables"]
    assert list(tables) == ["likes"]
    kinds = {column["name"]: (column["type"], column["nullable"]) for column in tables["likes"]}
    assert kinds["status"] == ("string", False)
    assert kinds["group_id"] == ("string", True)
    assert kinds["reasons"] == ("list of string", False)
    assert kinds["p_inauthentic"] == ("float64", False)


def test_completion_for_the_usual_shells(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION", "1")
    for shell in ("bash", "zsh", "fish"):
        assert main(["--show-completion", shell]) == 0
        assert "plaudit" in capsys.readouterr().out
