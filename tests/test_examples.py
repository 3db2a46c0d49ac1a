"""The examples run as they are told to."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.conftest import ROOT


def _run(script: str, *arguments: str, cwd: Path) -> str:
    path = os.pathsep.join([str(ROOT / "src"), os.environ.get("PYTHONPATH", "")])
    ran = subprocess.run(
        [sys.executable, str(ROOT / "examples" / script), *arguments],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def test_the_notebook(tmp_path: Path) -> None:
    said = _run("audit_notebook.py", "out", cwd=tmp_path)
    out = tmp_path / "out"
    assert "together" in said and "genuine" in said and "verified" in said
    assert (out / "targets.svg").read_text(encoding="utf-8").startswith("<svg")
    assert {path.name for path in out.glob("*.parquet")} >= {"likes.parquet", "targets.parquet", "groups.parquet"}
    text = (ROOT / "examples" / "audit_notebook.py").read_text(encoding="utf-8")
    assert text.count("# %%") >= 12
