"""How the command line speaks: sentences for errors, exit codes, progress bars, output that survives ``| head``."""

from __future__ import annotations

import errno
import gc
import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from types import FrameType, TracebackType
from typing import Any, NoReturn

from rich.console import Console, RenderableType
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeElapsedColumn

from plaudit.errors import PlauditError

EXIT_OK = 0
EXIT_DEFECT = 1
EXIT_INPUT = 2
EXIT_INTERRUPTED = 130
EXIT_CLOSED = 141
EXIT_TERMINATED = 143

EXIT_CODES = {
    EXIT_OK: "done",
    EXIT_DEFECT: "a defect of Plaudit, or not enough memory; of verify: not confirmed",
    EXIT_INPUT: "something given cannot be used: an option, a source, a folder, a full disk",
    EXIT_INTERRUPTED: "interrupted (Ctrl-C)",
    EXIT_CLOSED: "the reader of the output went away (plaudit ... | head)",
    EXIT_TERMINATED: "told to stop (SIGTERM)",
}
"""What each exit code means; documented in ``docs/cli.md`` and in ``plaudit --help``."""

SHOW_AFTER_S = 2.0
"""Seconds of work before a bar appears: what is over by then needs none."""


class _LeftOut(MetaPathFinder):
    """Says that modules of these names are not installed."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = frozenset(names)

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> None:
        if fullname in self.names:
            raise ModuleNotFoundError(f"No module named {fullname!r}", name=fullname)


def leave_out(*names: str) -> None:
    """Keep this process from loading modules that others load wherever they are installed.

    Arrow looks for pandas when it makes its first array, and loading it takes as long as all else a small audit loads;
    no frame can come in through a command line.
    """
    sys.meta_path.insert(0, _LeftOut(names))


def one_line(text: str) -> str:
    """``text`` as one printable line: ids and file names may carry line breaks or terminal escape codes."""
    joined = " ".join(text.split())
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in joined)


def complain(sentence: str) -> None:
    """Say one sentence on stderr."""
    print(f"plaudit: {one_line(sentence)}", file=sys.stderr)


def show(renderable: RenderableType) -> None:
    """Print a Rich renderable on stdout; plain text when stdout is no terminal."""
    Console(file=sys.stdout).print(renderable)


def width() -> int:
    """Columns of the terminal on stdout (80 when it is none)."""
    return Console(file=sys.stdout).width


def say(text: str) -> None:
    """Print text on stdout exactly as it is, free of markup."""
    print(text)


def say_json(value: Any) -> None:
    """Print ``value`` as JSON on stdout: sorted keys, no NaN."""
    print(json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True, allow_nan=False))


class Bars:
    """A :class:`plaudit.progress.Progress` that draws one bar on stderr.

    Only on a terminal, and only once the work has lasted ``after_s`` seconds. Use it as a context manager.
    """

    def __init__(self, *, enabled: bool = True, after_s: float = SHOW_AFTER_S, console: Console | None = None) -> None:
        self._console = console or Console(file=sys.stderr)
        self.enabled = enabled and self._console.is_terminal and not self._console.is_dumb_terminal
        self._after_s = after_s
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None
        self._bars: Progress | None = None
        self._task: TaskID | None = None
        self._name = ""
        self._done = 0
        self._total: int | None = None
        self._closed = False

    def __enter__(self) -> Bars:
        if self.enabled:
            # A timer, because a stage may compute for minutes without calling back.
            self._timer = threading.Timer(self._after_s, self._appear)
            self._timer.daemon = True
            self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            self._closed = True
            if self._timer is not None:
                self._timer.cancel()
            if self._bars is not None:
                self._bars.stop()

    def stage(self, name: str) -> None:
        """A new stage begins."""
        with self._lock:
            self._name, self._done, self._total = name, 0, None
            self._draw()

    def advance(self, done: int, total: int) -> None:
        """``done`` of ``total`` steps of the stage are over."""
        with self._lock:
            self._done, self._total = done, total
            self._draw()

    @property
    def visible(self) -> bool:
        """Whether a bar stands on the terminal now."""
        return self._bars is not None and not self._closed

    def _appear(self) -> None:
        with self._lock:
            if self._closed:
                return
            self._bars = Progress(
                TextColumn("{task.description}", markup=False),
                BarColumn(),
                TaskProgressColumn(),
                TimeElapsedColumn(),
                console=self._console,
                transient=True,
            )
            self._task = self._bars.add_task(self._name or "start", total=None)
            self._bars.start()
            self._draw()

    def _draw(self) -> None:
        if self._bars is not None and self._task is not None and not self._closed:
            self._bars.update(self._task, description=self._name, completed=self._done, total=self._total)


def run(command: Callable[[], None], *, alone: bool = False) -> int:
    """Run a command line and turn whatever ends it into an exit code and, where needed, one sentence on stderr.

    ``PLAUDIT_DEBUG=1`` lets the traceback of a failure through. ``alone``: nothing else happens in this process.
    """
    if alone:
        leave_out("pandas")
        # Arrays go by their reference counts; looking for cycles among the objects of a large log finds none.
        gc.set_threshold(200_000, 20, 20)
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show Chinese gets question marks, not a crash.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    try:
        with _stoppable():
            command()
            sys.stdout.flush()
    except SystemExit as stop:
        code = _code_of(stop)
        if code in (EXIT_INTERRUPTED, EXIT_TERMINATED):
            complain("interrupted; nothing was written.")
        return _flushed(code)
    except KeyboardInterrupt:
        complain("interrupted; nothing was written.")
        return EXIT_INTERRUPTED
    except Exception as error:
        if os.environ.get("PLAUDIT_DEBUG", "") not in ("", "0"):
            raise
        return _explained(error)
    return EXIT_OK


@contextmanager
def _stoppable() -> Iterator[None]:
    """Let SIGTERM unwind the stack as Ctrl-C does, so that half-written folders are removed."""
    if threading.current_thread() is not threading.main_thread() or signal.getsignal(signal.SIGTERM) != signal.SIG_DFL:
        yield
        return
    signal.signal(signal.SIGTERM, _stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _stop(number: int, frame: FrameType | None) -> NoReturn:
    raise SystemExit(EXIT_TERMINATED)


def _explained(error: Exception) -> int:
    if type(error).__name__ == "InterruptException":  # how the query engine tells of Ctrl-C
        complain("interrupted; nothing was written.")
        return EXIT_INTERRUPTED
    if isinstance(error, PlauditError):
        complain(str(error))
        return EXIT_INPUT
    if isinstance(error, OSError) and error.errno == errno.EPIPE:
        return _closed()
    if _disk_full(error):
        complain("the disk is full: free some space, name another --out, or let TMPDIR name a folder with room.")
        return EXIT_INPUT
    if isinstance(error, OSError) and error.filename is not None:
        complain(f"cannot use {os.fspath(_text(error.filename))}: {(error.strerror or 'input/output error').lower()}.")
        return EXIT_INPUT
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryException":
        complain("not enough memory: try a larger --memory-limit, a smaller log, or a machine with more.")
        return EXIT_DEFECT
    complain(
        f"this should not have happened ({type(error).__name__}: {error}); please report it with the output of the "
        "same command run with PLAUDIT_DEBUG=1 set."
    )
    return EXIT_DEFECT


def _disk_full(error: Exception) -> bool:
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return True
    # Arrow and the query engine name no number, only the words.
    told = str(error).lower()
    return "no space left on device" in told or "disk quota exceeded" in told


def _text(name: str | bytes | int) -> str:
    return os.fsdecode(name) if isinstance(name, str | bytes) else str(name)


def _code_of(stop: SystemExit) -> int:
    if stop.code is None:
        return EXIT_OK
    return stop.code if isinstance(stop.code, int) else EXIT_DEFECT


def _flushed(code: int) -> int:
    try:
        sys.stdout.flush()
    except OSError as error:
        if error.errno != errno.EPIPE:
            raise
        return _closed()
    return code


def _closed() -> int:
    # The interpreter flushes stdout once more on its way out; give it somewhere to write.
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError):
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115 - stays open until the interpreter ends
    return EXIT_CLOSED
