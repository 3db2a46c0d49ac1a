"""The walls of the house: one-way imports, small modules, nothing written that does not belong."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

MODULES = sorted((Path(__file__).resolve().parent.parent / "src" / "plaudit").rglob("*.py"))
LINT = (
    "import sys; from importlinter.cli import lint_imports; "
    "sys.exit(lint_imports(config_filename=sys.argv[1], no_cache=True))"
)


def _lint(config: Path, package: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", LINT, str(config)],
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(package), "PATH": "/usr/bin:/bin", "COLUMNS": "200", "PYTHONIOENCODING": "utf-8"},
        check=False,
    )


def test_imports_go_one_way(root: Path) -> None:
    done = _lint(root / "pyproject.toml", root / "src")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("room", "line"),
    [
        ("kernels", "import plaudit.detectors.spec"),
        ("detectors", "import plaudit.verdict"),
        ("report", "import plaudit.ingest"),
        ("verdict", "import plaudit.testing"),
        ("testing", "import plaudit.app"),
        ("detectors", "import duckdb"),
        ("result", "import plaudit.engine"),
    ],
)
def test_a_wall_that_is_broken_is_noticed(root: Path, tmp_path: Path, room: str, line: str) -> None:
    house = tmp_path / "plaudit"
    rooms = (
        *("app", "report", "policy", "tally", "verdict", "detectors", "ingest", "kernels", "relations", "engine"),
        *("testing", "detectors/spec", "result", "progress", "errors", "model"),
    )
    for name in rooms:
        (house / name).mkdir(parents=True, exist_ok=True)
        (house / name / "__init__.py").write_text("")
    (house / "__init__.py").write_text("import plaudit.app\n")
    assert _lint(root / "pyproject.toml", tmp_path).returncode == 0
    (house / room / "__init__.py").write_text(line + "\n")
    assert _lint(root / "pyproject.toml", tmp_path).returncode == 1


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.parent.name + "/" + path.name)
def test_a_module_stays_under_400_lines(module: Path) -> None:
    assert len(module.read_text(encoding="utf-8").splitlines()) < 400


CLOCKS = (
    r"\btime\.(time|time_ns|monotonic|perf_counter)\(",
    r"\b(datetime|date)\.(now|utcnow|today)\(",
    r"\bnow\(\)",
    r"\bcurrent_(timestamp|date|time)\b",
)
UNSEEDED = (
    r"(?<![.\w])random\.(random|choice|choices|shuffle|sample|randint|uniform|gauss)\(",
    r"\bdefault_rng\(\)",
    r"\buuid[14]\(",
)


@pytest.mark.parametrize("told", [*CLOCKS, *UNSEEDED])
def test_no_clock_and_no_unseeded_randomness(root: Path, told: str) -> None:
    # as_of and seed are parameters: the same input must give the same bytes.
    for path in sorted((root / "src").rglob("*")):
        if path.suffix in (".py", ".sql"):
            lines = path.read_text(encoding="utf-8").splitlines()
            code = "\n".join(re.split("#|--", line)[0] for line in lines)
            found = re.search(told, code, re.IGNORECASE | re.MULTILINE)
            assert found is None, f"{path}: {found}"
