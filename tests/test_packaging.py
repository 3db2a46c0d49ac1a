"""What a stranger installs: pinned files that name no index, and a wheel that works in a clean environment."""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
import subprocess
import sys
import tomllib
import venv
import zipfile
from pathlib import Path
from typing import Any

import pytest

from plaudit._version import __version__

PINS = ("requirements.txt", "requirements-build.txt", "requirements-dev.txt")


def _project(root: Path) -> dict[str, Any]:
    return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))


def _pins(path: Path) -> dict[str, set[str]]:
    """Package → versions pinned in a requirements file (several where platforms differ)."""
    found: dict[str, set[str]] = {}
    for name, version in re.findall(r"^([a-z0-9._-]+)==([^\s;\\]+)", path.read_text(encoding="utf-8"), re.MULTILINE):
        found.setdefault(name, set()).add(version)
    return found


@pytest.mark.parametrize("name", PINS)
def test_pins_name_no_index_and_hash_everything(root: Path, name: str) -> None:
    text = (root / name).read_text(encoding="utf-8")
    assert not re.search(
        r"://|^\s*-|@\s|\.(org|com|net|io|cn)\b|\bindex\b|\bfind-links\b", text.replace("--hash", "hash")
    )
    for block in re.split(r"\n(?=[a-z0-9])", text.strip()):
        assert re.match(r"[a-z0-9._-]+==\S+", block), block
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", block), block


def test_pins_agree_and_cover_what_is_declared(root: Path) -> None:
    run, build, dev = (_pins(root / name) for name in PINS)
    for name, versions in {**build, **run}.items():
        assert dev[name] == versions, name
    project = _project(root)
    plain = [re.match(r"[a-z0-9._-]+", text) for text in project["project"]["dependencies"]]
    assert {match.group() for match in plain if match} <= set(run)
    groups = project["dependency-groups"]
    tools = [re.match(r"[a-z0-9._-]+", text) for text in groups["dev"] if isinstance(text, str)]
    assert {match.group() for match in tools if match} <= set(dev)


def test_every_dependency_has_both_bounds(root: Path) -> None:
    for text in _project(root)["project"]["dependencies"]:
        assert re.fullmatch(r"[a-z0-9._-]+>=[\d.]+,<\d+(\.\d+)?", text), text


def test_lock_files_that_name_an_index_are_not_ours(root: Path) -> None:
    ignored = (root / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert {"uv.lock", "pylock*", "/.venv/", "/demo/"} <= set(ignored)


def test_ci_runs_make_test(root: Path) -> None:
    script = root / ".ci" / "run"
    assert script.stat().st_mode & stat.S_IXUSR
    subprocess.run(["sh", "-n", str(script)], check=True)
    assert "make test" in script.read_text(encoding="utf-8")


def test_make_says_what_is_missing(root: Path, tmp_path: Path) -> None:
    make = shutil.which("make")
    if make is None:
        pytest.skip("there is no make here")
    none = subprocess.run(
        [make, "-C", str(root), "demo", "PYTHON=", f"VENV={tmp_path / 'v'}"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert none.returncode != 0
    assert "Plaudit needs Python 3.11" in none.stderr
    old = tmp_path / "old-python"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    refused = subprocess.run(
        [make, "-C", str(root), "demo", f"PYTHON={old}", f"VENV={tmp_path / 'v'}"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert refused.returncode != 0
    assert "Plaudit needs Python 3.11" in refused.stderr
    assert not (tmp_path / "v").exists()


def test_make_finds_a_python_that_is_new_enough(root: Path, tmp_path: Path) -> None:
    make = shutil.which("make")
    if make is None:
        pytest.skip("there is no make here")
    planned = subprocess.run(
        [make, "-n", "-C", str(root), "demo", f"VENV={tmp_path / 'v'}"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"},
    )
    assert planned.returncode == 0, planned.stderr
    assert re.search(r"Making \S+ with python3", planned.stdout), planned.stdout
    assert "plaudit.app.demo" in planned.stdout


@pytest.fixture(scope="module")
def wheel(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built without network."""
    folder = tmp_path_factory.mktemp("wheel")
    built = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stdout + built.stderr
    (found,) = folder.glob("*.whl")
    return found


def test_the_wheel_holds_the_whole_package_and_only_it(root: Path, wheel: Path) -> None:
    source = root / "src" / "plaudit"
    wanted = {
        str(path.relative_to(root / "src"))
        for path in source.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        info = f"plaudit-{__version__}.dist-info"
        metadata = archive.read(f"{info}/METADATA").decode("utf-8")
    assert {name for name in names if name.startswith("plaudit/")} == wanted
    assert {name.split("/")[0] for name in names} == {"plaudit", info}
    assert "plaudit/py.typed" in names
    assert any(name.endswith(".sql") for name in names)
    assert f"{info}/licenses/LICENSE" in names
    assert "License-Expression: Apache-2.0" in metadata
    assert "Requires-Python: >=3.11" in metadata
    assert "Provides-Extra: testing" in metadata and "Provides-Extra: spark" in metadata


def _install(python: Path, *arguments: str) -> None:
    # uv is only faster; pip alone must do: ours, into that environment, which needs none of its own.
    uv = shutil.which("uv")
    if uv:
        command = [uv, "pip", "install", "--quiet", "--python", str(python)]
    else:
        command = [sys.executable, "-m", "pip", "--python", str(python), "--quiet", "--disable-pip-version-check"]
        command += ["--no-input", "install", "--no-compile"]
    done = subprocess.run([*command, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
def test_the_wheel_works_in_a_clean_environment(root: Path, wheel: Path, tmp_path: Path) -> None:
    place = tmp_path / "env"
    venv.create(place, symlinks=True)
    python, plaudit = place / "bin" / "python", place / "bin" / "plaudit"
    _install(python, "--require-hashes", "-r", str(root / "requirements.txt"))
    _install(python, "--no-deps", str(wheel))
    clean = {name: text for name, text in os.environ.items() if not name.startswith("PYTHON")}

    def run(*arguments: str) -> str:
        done = subprocess.run(
            [str(plaudit), *arguments], capture_output=True, text=True, check=False, cwd=tmp_path, env=clean
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert done.stderr == ""
        return done.stdout

    assert run("--version").split() == ["plaudit", __version__]
    rows = "".join(
        f"actor{i * 7919 % 400},target{i * 104729 % 31},{1_760_000_000 + i * 613 + i * i % 977}\n" for i in range(1000)
    )
    (tmp_path / "likes.csv").write_text("actor,target,at\n" + rows, encoding="utf-8")
    told = json.loads(run("audit", "likes.csv", "--out", "audit", "--json"))
    assert told["input"]["rows"] == 1000
    total = told["total"]
    assert total["shown"] == total["verified"] + total["discounted"] + total["undetermined"]
    assert (tmp_path / "audit" / "report.html").stat().st_size > 1000
    assert told["plaudit_version"] == __version__
