"""What turns Vega into SVG, here or in a process of its own beside the audit.

The drawing engine takes most of a second to start and lets nothing else run meanwhile, so an audit that will end in a
report starts it at once, on the other core. Where no process may be started, or it ends early, this one draws.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import IO, Any

_LENGTH = 8
_DRAWS = f"""
import signal, sys
signal.signal(signal.SIGINT, signal.SIG_IGN)
import vl_convert
vl_convert.vega_to_svg({{"marks": []}})
while len(head := sys.stdin.buffer.read({_LENGTH})) == {_LENGTH}:
    drawn = vl_convert.vega_to_svg(sys.stdin.buffer.read(int.from_bytes(head, "big")).decode()).encode()
    sys.stdout.buffer.write(len(drawn).to_bytes({_LENGTH}, "big") + drawn)
    sys.stdout.buffer.flush()
"""
_ONE_AT_A_TIME = threading.Lock()
_beside: subprocess.Popen[bytes] | None = None


@contextmanager
def drawing_beside() -> Iterator[None]:
    """Inside the block pictures are drawn by another process, which starts now and ends with the block."""
    global _beside
    started = None
    with suppress(OSError, ValueError):
        started = subprocess.Popen(
            [sys.executable, "-c", _DRAWS], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
    before, _beside = _beside, started
    try:
        yield
    finally:
        _beside = before
        if started is not None:
            _end(started)


def svg_of(vega: Mapping[str, Any]) -> str:
    """The SVG of a Vega specification, by whoever draws; both draw the same.

    Raises:
        ValueError: the engine cannot draw it.
    """
    global _beside
    with _ONE_AT_A_TIME:
        if _beside is not None:
            try:
                return _asked(_beside, json.dumps(vega))
            except (OSError, EOFError):
                _end(_beside)
                _beside = None
    import vl_convert

    svg: str = vl_convert.vega_to_svg(dict(vega))
    return svg


def _asked(other: subprocess.Popen[bytes], vega: str) -> str:
    assert other.stdin is not None and other.stdout is not None
    asked = vega.encode()
    other.stdin.write(len(asked).to_bytes(_LENGTH, "big") + asked)
    other.stdin.flush()
    return _exactly(other.stdout, int.from_bytes(_exactly(other.stdout, _LENGTH), "big")).decode()


def _exactly(stream: IO[bytes], size: int) -> bytes:
    read = stream.read(size)
    if len(read) < size:
        raise EOFError
    return read


def _end(other: subprocess.Popen[bytes]) -> None:
    """Let it go: without a question it ends by itself, and one that is still starting need not be waited for."""
    for stream in (other.stdin, other.stdout):
        with suppress(OSError):
            if stream is not None:
                stream.close()
    other.kill()
    other.wait()
