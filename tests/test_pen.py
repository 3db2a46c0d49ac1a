"""Pictures come out the same whoever draws, and come out when the other process does not."""

from __future__ import annotations

import sys

import pytest

from plaudit.report import pen
from plaudit.report.pen import drawing_beside, svg_of

SPEC = {"width": 20, "height": 10, "marks": [{"type": "text", "encode": {"enter": {"text": {"value": "点赞 ✓"}}}}]}


def test_another_process_draws_what_this_one_would() -> None:
    own = svg_of(SPEC)
    assert "点赞 ✓" in own
    with drawing_beside():
        other = pen._beside
        assert other is not None and [svg_of(SPEC), svg_of(SPEC)] == [own, own]
        assert other.poll() is None and pen._beside is other
    assert pen._beside is None and other.poll() is not None


def test_a_process_that_dies_is_replaced_by_this_one() -> None:
    with drawing_beside():
        other = pen._beside
        assert other is not None
        other.kill()
        other.wait()
        assert svg_of(SPEC) == svg_of(SPEC) and pen._beside is None


@pytest.mark.parametrize("program", ["", "/nowhere/python", "/bin/false"])
def test_where_no_process_may_be_started_this_one_draws(program: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", program)
    with drawing_beside():
        assert "点赞" in svg_of(SPEC)


def test_blocks_may_be_nested_and_a_failing_block_leaves_nothing_behind() -> None:
    with drawing_beside():
        outer = pen._beside
        with pytest.raises(RuntimeError), drawing_beside():
            inner = pen._beside
            raise RuntimeError
        assert pen._beside is outer and inner is not outer and inner is not None and inner.poll() is not None
    assert outer is not None and outer.poll() is not None
