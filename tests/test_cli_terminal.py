"""How the command line speaks and where it writes, without any audit behind it."""

from __future__ import annotations

import errno
import io
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from rich.console import Console

from plaudit.app import options, outdir, terminal
from plaudit.app.terminal import Bars
from plaudit.errors import InputError, ResultError


def _raise(error: BaseException) -> None:
    raise error


@pytest.mark.parametrize(
    ("error", "code", "sentence"),
    [
        (InputError("likes.csv is empty."), 2, "plaudit: likes.csv is empty.\n"),
        (ResultError("DIR holds no audit."), 2, "plaudit: DIR holds no audit.\n"),
        (FileNotFoundError(errno.ENOENT, "No such file", "x.csv"), 2, "plaudit: cannot use x.csv: no such file.\n"),
        (KeyboardInterrupt(), 130, "plaudit: interrupted; nothing was written.\n"),
        (SystemExit(130), 130, "plaudit: interrupted; nothing was written.\n"),
        (SystemExit(None), 0, ""),
        (SystemExit(2), 2, ""),
        (InputError("a\nb\x1b[31m"), 2, "plaudit: a b\\x1b[31m\n"),
    ],
)
def test_an_end_becomes_a_code_and_one_sentence(
    error: BaseException, code: int, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert terminal.run(lambda: _raise(error)) == code
    assert capsys.readouterr().err == sentence


def test_a_defect_asks_to_be_reported(capsys: pytest.CaptureFixture[str]) -> None:
    assert terminal.run(lambda: _raise(ValueError("odd"))) == 1
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert "ValueError: odd" in told
    assert "PLAUDIT_DEBUG=1" in told
    assert terminal.run(lambda: _raise(MemoryError())) == 1
    assert "--memory-limit" in capsys.readouterr().err


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device", "/out/.x.partial"),
        OSError(errno.EDQUOT, "Disk quota exceeded"),
        OSError("Error writing bytes to file. Detail: [errno 28] No space left on device"),
    ],
)
def test_a_full_disk_is_no_defect(error: OSError, capsys: pytest.CaptureFixture[str]) -> None:
    assert terminal.run(lambda: _raise(error)) == 2
    told = capsys.readouterr().err
    assert told.startswith("plaudit: the disk is full: ") and told.count("\n") == 1 and "TMPDIR" in told


def test_debug_lets_the_traceback_through(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLAUDIT_DEBUG", "1")
    with pytest.raises(ValueError, match="odd"):
        terminal.run(lambda: _raise(ValueError("odd")))


def test_a_reader_that_goes_away_is_no_error(root: Path) -> None:
    program = (
        "from plaudit.app import terminal\n"
        "def work():\n    for i in range(200000): terminal.say('x' * 50)\n"
        "raise SystemExit(terminal.run(work))"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(root / "src")},
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        told = process.stderr.read()
        assert process.wait() == 141
    assert told == b""


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_stopping_a_run_leaves_nothing_behind(root: Path, tmp_path: Path, number: signal.Signals, code: int) -> None:
    program = (
        "import sys, threading\n"
        "from pathlib import Path\n"
        "from plaudit.app import outdir, terminal\n"
        "def work():\n"
        "    with outdir.staged(Path(sys.argv[1]), outdir.AUDIT) as stage:\n"
        "        (stage / 'result.json').write_text('half')\n"
        "        print('ready', flush=True)\n"
        "        threading.Event().wait(60)\n"
        "raise SystemExit(terminal.run(work))"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path / "out")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(root / "src")},
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.send_signal(number)
        assert process.stderr.read() == b"plaudit: interrupted; nothing was written.\n"
        assert process.wait() == code
    assert list(tmp_path.iterdir()) == []


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def _console(stream: io.StringIO, *, is_terminal: bool) -> Console:
    return Console(file=stream, force_terminal=is_terminal, width=80, _environ={"TERM": "xterm"})


def test_no_bar_where_there_is_no_terminal() -> None:
    stream = io.StringIO()
    with Bars(after_s=0.0, console=_console(stream, is_terminal=False)) as bars:
        bars.stage("read")
        bars.advance(1, 2)
        assert not bars.enabled
        assert not bars.visible
    assert stream.getvalue() == ""


def test_no_bar_before_its_time_and_none_when_told_to_be_quiet() -> None:
    for enabled, after in ((True, 3600.0), (False, 0.0)):
        stream = _Terminal()
        with Bars(enabled=enabled, after_s=after, console=_console(stream, is_terminal=True)) as bars:
            bars.stage("read")
            assert not bars.visible
        assert stream.getvalue() == ""


def test_a_bar_appears_by_itself_while_a_stage_is_silent() -> None:
    stream = _Terminal()
    with Bars(after_s=0.0, console=_console(stream, is_terminal=True)) as bars:
        bars.stage("detect: [burst]")
        for _ in range(200):
            if bars.visible:
                break
            threading.Event().wait(0.05)
        assert bars.visible
        bars.advance(3, 4)
    assert "detect: [burst]" in stream.getvalue()
    assert not bars.visible


def _fill(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    return folder


def _names(folder: Path) -> set[str]:
    return {entry.name for entry in folder.iterdir()}


def test_a_new_folder_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    out = tmp_path / "a" / "b"
    with pytest.raises(InputError), outdir.staged(out, outdir.AUDIT) as stage:
        _fill(stage, "result.json")
        raise InputError("no")
    assert not out.exists()
    assert _names(out.parent) == set()
    with outdir.staged(out, outdir.AUDIT) as stage:
        _fill(stage, "result.json", "manifest.json")
        assert not out.exists()
    assert _names(out) == {"result.json", "manifest.json"}
    assert _names(out.parent) == {"b"}


def test_an_earlier_audit_is_replaced_as_a_whole(tmp_path: Path) -> None:
    out = _fill(tmp_path / "out", "manifest.json", "groups.parquet")
    with outdir.staged(out, outdir.AUDIT) as stage:
        _fill(stage, "likes.parquet", "manifest.json")
        assert _names(out) == {"manifest.json", "groups.parquet"}
    assert _names(out) == {"likes.parquet", "manifest.json"}
    assert _names(tmp_path) == {"out"}


def test_a_folder_of_others_is_refused_and_with_force_kept(tmp_path: Path) -> None:
    out = _fill(tmp_path / "out", "thesis.txt", "photo.jpg", "manifest.json", "groups.parquet")
    with pytest.raises(InputError, match=r"photo\.jpg and 1 more.*--force"):
        outdir.check(out, outdir.AUDIT)
    with outdir.staged(out, outdir.AUDIT, force=True) as stage:
        _fill(stage, "likes.parquet", "manifest.json")
    assert _names(out) == {"thesis.txt", "photo.jpg", "likes.parquet", "manifest.json"}


def test_files_with_our_names_but_no_mark_are_not_an_earlier_audit(tmp_path: Path) -> None:
    out = _fill(tmp_path / "out", "report.html")
    with pytest.raises(InputError, match="not an earlier audit"):
        outdir.check(out, outdir.AUDIT)
    outdir.check(out, outdir.AUDIT, force=True)
    outdir.check(_fill(tmp_path / "w", "events.csv", "truth/world.json"), outdir.WORLD)
    with pytest.raises(InputError, match="not an earlier simulation"):
        outdir.check(_fill(tmp_path / "v", "events.csv"), outdir.WORLD)


def test_the_current_folder_can_be_the_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("likes.parquet", "groups.parquet"):
        with outdir.staged(Path("."), outdir.AUDIT) as stage:
            _fill(stage, name, "manifest.json")
        assert _names(tmp_path) == {name, "manifest.json"}


def test_a_link_to_a_folder_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with outdir.staged(tmp_path / "link", outdir.AUDIT) as stage:
        _fill(stage, "manifest.json")
    assert (tmp_path / "link").is_symlink()
    assert _names(tmp_path / "real") == {"manifest.json"}


def test_a_file_in_the_way_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="is a file; name a folder"):
        outdir.check(tmp_path / "file", outdir.AUDIT)
    with pytest.raises(InputError, match="cannot be made because"):
        outdir.check(tmp_path / "file" / "deeper", outdir.AUDIT)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_place_without_permission_is_told(tmp_path: Path) -> None:
    (tmp_path / "shut").mkdir(mode=0o555)
    with pytest.raises(InputError, match="no permission"):
        outdir.check(tmp_path / "shut" / "out", outdir.AUDIT)


def test_pairs_and_numbers() -> None:
    assert options.pairs(["actor=a b", " at = t=x "], "--map") == {"actor": "a b", "at": "t=x"}
    assert options.pairs(None, "--map") == {}
    assert options.numbers(["pool=2e3"], "--set") == {"pool": 2000.0}
    for bad in (["actor"], ["=x"], ["actor="], ["a=1", "a=2"]):
        with pytest.raises(typer.BadParameter):
            options.pairs(bad, "--map")
    for bad in (["a=x"], ["a=nan"], ["a=inf"]):
        with pytest.raises(typer.BadParameter):
            options.numbers(bad, "--set")


@pytest.mark.parametrize(
    ("text", "at_ms"),
    [
        ("1970-01-01", 0),
        ("1970-01-02T00:00:00Z", 86_400_000),
        ("1970-01-01T08:00:00.125+08:00", 125),
        ("1969-12-31T23:59:59.999Z", -1),
    ],
)
def test_instants(text: str, at_ms: int) -> None:
    assert options.instant_ms(text, "--as-of") == at_ms


def test_what_is_no_instant_or_size() -> None:
    with pytest.raises(typer.BadParameter, match="ISO 8601"):
        options.instant_ms("yesterday", "--as-of")
    assert options.instant_ms(None, "--as-of") is None
    assert options.size("2 GB", "--memory-limit") == "2GB"
    assert options.size(None, "--memory-limit") is None
    for bad in ("2", "GB", "-1GB", "2 apples"):
        with pytest.raises(typer.BadParameter):
            options.size(bad, "--memory-limit")


def test_the_reproduction_command_says_what_decides_and_nothing_else() -> None:
    command = options.reproduction(
        ["my likes.csv"],
        mapping={"target": "t", "actor": "a"},
        time_format="s",
        allow_rejects=True,
        seed=3,
        as_of="2026-01-01",
        lang="zh",
    )
    assert command == (
        "plaudit audit 'my likes.csv' --map actor=a --map target=t --time-format s --allow-rejects --as-of 2026-01-01 "
        "--lang zh --seed 3 --out DIR"
    )


def test_a_command_of_its_own_loads_no_pandas(alone: Callable[[str], subprocess.CompletedProcess[str]]) -> None:
    program = (
        "import sys\nfrom plaudit.app import terminal\n"
        "def work():\n    import pyarrow\n    pyarrow.array([1])\n    assert 'pandas' not in sys.modules\n"
        "raise SystemExit(terminal.run(work, alone=True))"
    )
    done = alone(program)
    assert done.returncode == 0, done.stderr
