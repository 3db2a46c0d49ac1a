"""Where the time of one audit goes: wall and processor seconds of each stage, in one process."""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.common import markdown

_BEGAN = time.perf_counter(), time.process_time()


@dataclass
class Stopwatch:
    """A :class:`plaudit.progress.Progress` that notes when each stage, and each step of ``detect``, was over."""

    names: list[str] = field(default_factory=lambda: ["start"])
    wall: list[float] = field(default_factory=lambda: [_BEGAN[0]])
    cpu: list[float] = field(default_factory=lambda: [_BEGAN[1]])

    def stage(self, name: str) -> None:
        """The stage before is over and ``name`` begins."""
        self.names.append(name)
        self.wall.append(time.perf_counter())
        self.cpu.append(time.process_time())

    def advance(self, done: int, total: int) -> None:
        """Steps are told apart where they are detectors."""
        if self.names[-1].startswith("detect") and done < total:
            self.stage(f"detect, after {done} of {total}")

    def table(self) -> str:
        """Seconds of each stage, and of all."""
        self.stage("all")
        rows = [
            [name, f"{self.wall[at + 1] - self.wall[at]:.2f}", f"{self.cpu[at + 1] - self.cpu[at]:.2f}"]
            for at, name in enumerate(self.names[:-1])
        ]
        rows.append(["all", f"{self.wall[-1] - self.wall[0]:.2f}", f"{self.cpu[-1] - self.cpu[0]:.2f}"])
        return markdown(("stage", "wall, s", "processor, s"), rows)


def main(argv: Sequence[str] | None = None) -> int:
    """Audit one log and print the table. ``start`` is what importing the pipeline takes."""
    options = argparse.ArgumentParser(prog="python -m benchmarks.stages", description=__doc__.split("\n")[0])
    options.add_argument("log", type=Path, help="the log to audit")
    given = options.parse_args(argv)
    from plaudit.app import pipeline

    watch = Stopwatch()
    with tempfile.TemporaryDirectory() as out:
        pipeline.audit(given.log, progress=watch).write(out, progress=watch)
        print(watch.table())
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
