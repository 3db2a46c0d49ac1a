"""``make demo``: plant a small world, audit it as anyone would, and say how right the audit was.

The audit sees only ``world/events.parquet``; the truth lies apart and is read only to score.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import pyarrow.parquet as pq

from plaudit.app import terminal
from plaudit.app.cli import main as plaudit

EVENTS = 50_000
SEED = 1


def main(argv: Sequence[str] | None = None) -> int:
    """Run the demonstration into the folder ``argv[0]`` (``demo`` by default); returns an exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    root = Path(arguments[0] if arguments else "demo")
    world, audit = root / "world", root / "audit"
    commands = (
        ["simulate", "small", "--events", str(EVENTS), "--seed", str(SEED), "--out", str(world)],
        ["audit", str(world / "events.parquet"), "--out", str(audit)],
    )
    for command in commands:
        terminal.say(f"\n$ plaudit {' '.join(command)}")
        sys.stdout.flush()
        code = plaudit(command)
        if code != terminal.EXIT_OK:
            return code
    return terminal.run(lambda: _score(world, audit))


def _score(world: Path, audit: Path) -> None:
    from plaudit.testing.scoring import format_score, score

    truth, likes, targets = (
        pq.read_table(path)
        for path in (world / "truth" / "truth.parquet", audit / "likes.parquet", audit / "targets.parquet")
    )
    terminal.say("\nHow right that was, against what was planted:\n")
    terminal.show(format_score(score(truth, likes, targets)))
    terminal.say(f"\nOpen {audit / 'report.html'} in a browser. What was planted: {world / 'truth'}.")


if __name__ == "__main__":
    raise SystemExit(main())
