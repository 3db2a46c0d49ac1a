"""The other worlds are made: their wiring and their arithmetic, never their figures."""

from __future__ import annotations

import numpy as np
import pytest
from benchmarks.other_worlds import further
from benchmarks.other_worlds.__main__ import main, measure, section, world
from benchmarks.other_worlds.ground import DAY, GROUNDS
from benchmarks.other_worlds.planted import ATTACKS


@pytest.mark.parametrize("ground", list(GROUNDS))
def test_a_world_is_a_log_in_order_and_the_same_again(ground: str):
    made = world(ground, 21, 5, 20_000, True)
    assert made.equals(world(ground, 21, 5, 20_000, True))
    assert not made.equals(world(ground, 21, 6, 20_000, True))
    at = made["at"].cast("int64").to_numpy()
    assert np.all(np.diff(at) >= 0) and at[-1] - at[0] < 21 * DAY
    pairs = set(zip(made["actor"].to_pylist(), made["target"].to_pylist(), strict=True))
    assert len(pairs) == made.num_rows, "one like per actor and target"
    labels = set(made["label"].to_pylist())
    assert set(ATTACKS) <= labels and {"organic", "lesson", "letter", "chat group"} <= labels
    assert not set(ATTACKS) & set(world(ground, 21, 5, 20_000, False)["label"].to_pylist())


def test_a_run_is_scored_and_told(tmp_path, capsys):
    run = measure("interests", 14, 3, 15_000, True)
    assert 0.0 < run.bought < 0.6 and run.precision is not None and 0.0 <= run.precision <= 1.0
    assert sum(likes for _, _, likes in run.by_label.values()) == run.likes
    text = section([run], "head")
    assert "naive ring" in text and "chat group discounted, worst world" in text
    page = tmp_path / "page.md"
    page.write_text("<!-- other-worlds:begin -->\n<!-- other-worlds:end -->\n")
    assert (
        main(["--likes", "12000", "--days", "14", "--seeds", "3", "--plants", "first", "--write", "--docs", str(page)])
        == 0
    )
    assert "| interests" in page.read_text() and "| interests" in capsys.readouterr().out


@pytest.mark.parametrize("ground", list(GROUNDS))
def test_the_second_set_plants_every_crowd_and_attack(ground: str):
    made = world(ground, 21, 5, 20_000, True, "second")
    assert made.equals(world(ground, 21, 5, 20_000, True, "second"))
    labels = set(made["label"].to_pylist())
    crowds = {"viewers", "challenge", "newsroom", "busy chat", "reposter", "guild", "pupils", "exposed", "notified"}
    assert labels >= set(further.ATTACKS) | crowds | {"organic", "another time zone"}
    assert not set(ATTACKS) & labels
    assert not set(further.ATTACKS) & set(world(ground, 21, 5, 20_000, False, "second")["label"].to_pylist())


def test_chat_groups_that_share_every_day_are_never_discounted():
    run = measure("feeds", 21, 4, 20_000, False, "second")
    for name, (discounted, _, likes) in run.by_label.items():
        assert discounted <= 0.005, (name, likes)
    assert run.by_label["busy chat"][1] > 0.5, "undetermined: a ring would look the same"
