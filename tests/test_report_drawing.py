"""A kind of picture is compiled once; each picture is that kind with its own figures, and only those it names."""

from __future__ import annotations

import json
import re

import altair as alt
import pytest

from plaudit.report.drawing import PICTURES, Frame, Kind, Rows
from plaudit.report.pictures import CHARTS, compiled, written

FRAME = Frame(100, 50)


@pytest.fixture(scope="module")
def dots() -> Kind:
    size = alt.param(name="size", value=1)
    chart = alt.Chart(alt.NamedData("dots")).mark_point(size=size).encode(x="x:Q")
    return compiled(alt.layer(chart).add_params(size))


def test_a_kind_asks_for_its_tables_and_parameters_by_name(dots: Kind) -> None:
    assert dots.tables == {"dots"} and dots.parameters == ("size",)
    wrong: list[tuple[dict[str, Rows], dict[str, int]]]
    wrong = [({}, {"size": 1}), ({"dots": []}, {}), ({"dots": [], "more": []}, {"size": 1})]
    for tables, parameters in wrong:
        with pytest.raises(ValueError, match="takes"):
            dots.svg(FRAME, tables, parameters)


def test_a_picture_leaves_its_kind_as_it_was(dots: Kind) -> None:
    before = json.dumps(dots.vega)
    one = dots.svg(FRAME, {"dots": [{"x": 1}, {"x": 2}]}, {"size": 30})
    other = dots.svg(Frame(200, 50), {"dots": [{"x": 3}]}, {"size": 90})
    assert json.dumps(dots.vega) == before
    assert one == dots.svg(FRAME, {"dots": [{"x": 1}, {"x": 2}]}, {"size": 30}) != other
    assert [len(re.findall("<path transform", svg)) for svg in (one, other)] == [2, 1]
    assert 'width="156"' in one and 'width="256"' in other  # the plot and the room around it


@pytest.mark.parametrize("name", sorted(CHARTS))
def test_compiled_pictures_are_those_of_the_charts(name: str) -> None:
    # After a change of a chart: python -m plaudit.report.pictures
    kept = json.loads((PICTURES / f"{name}.json").read_text(encoding="utf-8"))
    assert kept == json.loads(written(compiled(CHARTS[name]())))
    assert Kind.named(name).vega == kept["vega"]
