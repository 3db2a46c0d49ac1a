"""Memory given back, and a log that this machine cannot hold."""

from __future__ import annotations

import gc
import weakref
from pathlib import Path

import pyarrow as pa
import pytest

from plaudit.app import pipeline
from plaudit.errors import InputError
from plaudit.kernels import room
from tests.worlds import quiet


def test_memory_is_given_back_or_nothing_happens() -> None:
    room.give_back(0)
    room.give_back(1 << 40)


def test_what_only_a_circle_of_references_keeps_is_let_go_of() -> None:
    class Held:
        circle: object = None

    held = Held()
    held.circle = held
    there = weakref.ref(held)
    gc.disable()
    try:
        del held
        assert there() is not None
        room.give_back(1 << 40)
        assert there() is None
    finally:
        gc.enable()


def test_a_log_the_machine_cannot_hold_is_known_beforehand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = tmp_path / "meminfo"
    told.write_text("MemTotal:  16000000 kB\nMemAvailable:  4000000 kB\nSwapFree:  1000000 kB\nHugePages_Total: 0\n")
    monkeypatch.setattr(room, "_MEMINFO", told)
    assert room.shortage(50_000_000) == (50_000_000 * room.LEAST_PER_LIKE, 5_120_000_000)
    assert room.shortage(40_000_000) is None
    told.write_text("nothing anybody knows")
    assert room.shortage(50_000_000) is None
    monkeypatch.setattr(room, "_MEMINFO", tmp_path / "missing")
    assert room.shortage(50_000_000) is None


def test_an_audit_without_the_memory_for_it_says_so_in_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    log = quiet(1, targets=40, actors=200, likes=800).log()
    rows = {"actor": log.actor, "target": log.target, "at": log.at_ms}
    monkeypatch.setattr(pipeline, "shortage", lambda likes: (6_000_000_000, 4_000_000_000) if likes else None)
    with pytest.raises(InputError, match=r"likes take 6.0 GB of memory .* 4.0 GB left: audit the log in parts"):
        pipeline.audit(pa.table(rows), time_format="ms")
