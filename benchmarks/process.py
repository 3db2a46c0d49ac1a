"""Running a command as a process of its own: what it took, and an end when it takes too much."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.common import CACHE, ROOT, SOURCE, code_digest

_MAXRSS = 1 if sys.platform == "darwin" else 1024
"""Bytes in one unit of ``ru_maxrss``."""
_LOOK_EVERY = 0.05
"""Seconds between two looks at a process under a limit."""


@dataclass(frozen=True)
class Cost:
    """What one process took: seconds on the wall, seconds of all cores (user and system), peak memory in bytes."""

    wall: float
    cpu: float
    peak: float


@dataclass(frozen=True)
class Limit:
    """What a process may take: seconds on the wall, resident bytes."""

    seconds: float
    peak: float


class Unfinished(Exception):
    """A process was ended because it went over its limit; the text says over which."""


def run(command: Sequence[str], cache: Path = CACHE, limit: Limit | None = None) -> Cost:
    """Run ``command`` as a process and measure it; its output is shown only when it fails.

    Args:
        command: what to run.
        cache: folder for compiled modules and the output.
        limit: end the process when it goes over this.

    Raises:
        SystemExit: the process failed.
        Unfinished: the process went over ``limit``.
    """
    log = cache / "last.log"
    cache.mkdir(parents=True, exist_ok=True)
    over, most = "", 0.0
    with log.open("wb") as output:
        began = time.perf_counter()
        process = subprocess.Popen(command, stdout=output, stderr=output, cwd=ROOT, env=_environment())
        while True:
            ended, status, used = os.wait4(process.pid, os.WNOHANG if limit and not over else 0)
            if ended or limit is None:
                break
            most = max(most, _resident(process.pid))
            over = f"over {limit.peak / 1e9:g} GB" if most > limit.peak else ""
            if time.perf_counter() - began > limit.seconds:
                over = f"over {limit.seconds:g} s"
            if over:
                process.kill()
            else:
                time.sleep(_LOOK_EVERY)
        wall = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if over:
        raise Unfinished(over)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)}\nfailed:\n{log.read_text(errors='replace')}")
    # What the system reports at the end begins at the size of the process that started this one; looking does not.
    return Cost(wall, used.ru_utime + used.ru_stime, most or float(used.ru_maxrss * _MAXRSS))


def _resident(pid: int) -> float:
    """Most resident bytes of a process so far (now, where the system keeps no record); 0 when it has just ended."""
    status = Path(f"/proc/{pid}/status")
    try:
        if Path("/proc/self").exists():
            kib = [line.split()[1] for line in status.read_text().splitlines() if line.startswith("VmHWM:")]
            return 1024.0 * float(kib[0]) if kib else 0.0
        told = subprocess.run(["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True, check=False)
        return 1024.0 * float(told.stdout.strip() or 0)
    except OSError:
        return 0.0


def _environment() -> dict[str, str]:
    """Ours, with compiled modules and kernels kept from the warm-up on, as an installed package keeps them."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    path = os.pathsep.join([str(SOURCE.parent), *filter(None, [os.environ.get("PYTHONPATH")])])
    return {**kept, "PYTHONPATH": path, "PYTHONPYCACHEPREFIX": str(CACHE / "pycache")}


def world(events: int, seed: int, cache: Path, scenario: str = "million") -> Path:
    """The log of ``events`` events, simulated once for each state of the simulator."""
    made = code_digest(SOURCE / "testing" / "simulator")
    folder = cache / f"{scenario}-{events}-{seed}-{made}"
    if not (folder / "events.parquet").is_file():
        part = folder.with_suffix(".part")
        shutil.rmtree(part, ignore_errors=True)
        # A process of its own: a child's peak memory would otherwise begin at ours.
        size = ("--events", str(events), "--seed", str(seed), "--out", str(part))
        run([sys.executable, "-m", "plaudit", "simulate", scenario, *size], cache)
        part.rename(folder)
    return folder / "events.parquet"
