"""The accuracy command: one structure of results, marks read off it, peers judged fairly; on tiny worlds only."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from benchmarks import accuracy, contest, marks, nulls, sweep_points, sweeps, tables
from benchmarks.measure import Run, Share, measure
from benchmarks.process import Limit
from benchmarks.sweep_picture import LINES, draw

from plaudit.errors import InputError
from plaudit.testing.simulator import Knobs, scenarios


@pytest.fixture(scope="module")
def mixed() -> Run:
    return measure("mixed", 8_000, 1)


@pytest.fixture(scope="module")
def million() -> Run:
    return measure("million", 8_000, 1)


def page(tmp_path: Path, *names: str) -> Path:
    path = tmp_path / "page.md"
    path.write_text("".join(f"<!-- {name}:begin -->\n<!-- {name}:end -->\n" for name in names), encoding="utf-8")
    return path


# --- one world ---


def test_a_run_knows_whose_likes_must_stay(mixed):
    assert mixed.scenario == "mixed" and mixed.events == 8_000 and mixed.standings == ()
    for share in (mixed.workers_own, mixed.pods_own, mixed.rivals_own):
        assert share is not None and share.likes > 0 and 0 <= share.discounted + share.undetermined <= 1
    assert mixed.accused == 0
    assert set(mixed.covered) == set(mixed.scored["bought_by_label"])
    assert all(n > 0 and 0 <= held <= 1 for n, held in mixed.covered.values())
    assert mixed.width >= 0 and mixed.width_attacked is not None


def test_a_world_of_ones_own_is_measured_too():
    run = measure(
        accuracy.one_order("throwaway"), 6_000, 3, {"share_bought": 30 / 6_000, "order_size": 30, "top_up": 0}
    )
    assert run.scenario == "one_throwaway" and run.overrides["order_size"] == 30
    assert 25 <= run.scored["bought"] <= 35 and run.covered["throwaway"][0] == 1
    assert run.workers_own is None and run.rivals_own is None


def test_one_order_is_one_order():
    (run,) = (r for r in accuracy.orders([40], 1, events=6_000) if r.scenario == "one_naive_ring")
    assert 36 <= run.scored["bought"] <= 44 and run.covered["naive_ring"][0] == 1
    assert accuracy.orders([40], 0) == []


# --- marks ---


def changed(run: Run, **scored) -> Run:
    return replace(run, scored={**run.scored, **scored})


def test_marks_take_the_worst_seed_and_only_what_was_measured(mixed, million):
    good, bad = changed(million, average_precision=0.99), changed(million, average_precision=0.5)
    found = {mark.what: mark for mark in marks.marks(marks.Results(runs=[good, bad, mixed]))}
    ap = found["million: average precision over likes"]
    assert ap.figure == 0.5 and not ap.met and ap.at_least
    assert "joe-job: likes neutralised (discounted)" in found and "pods: likes in one found group" in found
    assert "mixed: expected calibration error" in found and "fan club discounted, any world" in found
    assert not any("small worlds" in what or "Kolmogorov" in what or "untouched" in what for what in found)
    assert marks.marks(marks.Results()) == []


def test_headline_marks_are_about_the_largest_runs(mixed, million):
    larger = replace(changed(million, average_precision=0.9), events=9_000)
    results = marks.Results(runs=[million, mixed, larger])
    assert results.headline() == [larger]
    ap = [mark for mark in marks.marks(results) if "average precision" in mark.what]
    assert [mark.figure for mark in ap] == [0.9]


def test_a_crowd_is_judged_by_its_worst_world(million):
    crowd = million.scored["genuine_by_label"]
    hurt = {**crowd, "lottery": {**crowd["lottery"], "discounted": 0.02}}
    runs = [million, changed(million, genuine_by_label=hurt)]
    (mark,) = (m for m in marks.marks(marks.Results(runs=runs)) if m.what.startswith("lottery"))
    assert mark.figure == pytest.approx(2.0) and not mark.met


def order(size: int, bought: float, genuine: float) -> Run:
    rows = {
        "bought_by_label": {"naive_ring": {"likes": size, "discounted": bought, "undetermined": 0.0, "caught": bought}},
        "genuine_by_label": {"organic": {"likes": 1000, "discounted": genuine, "undetermined": 0.0, "caught": genuine}},
        "coverage": {"of_attacked": 1.0, "all": 1.0},
        "background_discounted": genuine,
    }
    return Run("one_naive_ring", 2000, 1, rows, None, None, None, 0, {}, 0.1, None, {"order_size": size})


def test_precision_of_small_orders_pools_worlds():
    runs = [order(50, 1.0, 0.0), order(50, 0.0, 0.0), order(50, 0.0, 0.01)]
    assert tables.precision(runs) == pytest.approx(50 / 60) and tables.precision(runs[1:2]) is None
    (row,) = tables.order_rows(runs)
    assert row[:4] == ["naive ring", "50", "3", "83.3 %"]
    found = {m.what: m for m in marks.marks(marks.Results(orders=runs))}
    assert not found["small worlds, one order of 50 likes: precision of discounted"].met
    silent = {m.what: m for m in marks.marks(marks.Results(orders=runs[1:2]))}
    assert silent["small worlds, one order of 50 likes: precision of discounted"].met


# --- tables ---


def test_calibration_pools_bins_by_likes(mixed):
    one = changed(mixed, calibration=[{"likes": 10, "p": 0.05, "bought": 0.0}, {"likes": 10, "p": 1.0, "bought": 1.0}])
    two = changed(mixed, calibration=[{"likes": 30, "p": 0.09, "bought": 0.2}])
    bins, error = tables.calibration([one, two])
    assert [n for n, *_ in bins] == [40, 10]
    assert list(bins[0][1:]) == pytest.approx([0.08, 0.15])
    assert error == pytest.approx(40 * 0.07 / 50) and tables.calibration([]) == ([], None)


def test_shares_merge_by_likes():
    whole = tables.merged([Share(10, 0.1, 0.0), None, Share(30, 0.5, 1.0)])
    assert whole is not None and whole.likes == 40
    assert [whole.discounted, whole.undetermined] == pytest.approx([0.4, 0.75])
    assert tables.merged([None]) is None


def test_groups_are_told_by_label(mixed):
    rows = tables.group_rows([mixed])
    assert {row[0] for row in rows} >= {"pod", "naive ring", "crowd order"} and len(rows[0]) == len(
        tables.GROUP_HEADERS
    )
    recall = tables.group_recall(mixed, "pod")
    assert recall is not None and 0 <= recall <= 1 and tables.group_recall(mixed, "nobody") is None


def test_null_worlds_are_judged_where_there_are_enough():
    found = nulls.measure(2)
    assert {null.detector for null in found} >= {"burst", "orders"} and all(null.ks is None for null in found)
    assert all(null.worlds == 2 and 0 <= null.loud <= 1 for null in found) and "burst" in nulls.table(found)
    small, even = nulls._smaller([0.001] * 40), nulls._smaller(list(np.linspace(0, 1, 40)))
    assert small is not None and even is not None and small < 0.01 < even


# --- peers ---


def test_the_best_threshold_is_that_of_the_best_f1_and_never_zero():
    positive = np.array([True, True, False, False, True])
    assert contest.best_threshold(np.array([3.0, 2.0, 2.0, 0.0, 0.0]), positive) == 2.0
    assert contest.best_threshold(np.zeros(5), positive) == np.inf


def test_a_method_is_judged_by_attack_crowd_and_ground():
    label = np.array(["naive_ring", "naive_ring", "fan_club", "fan_club", "organic", "camouflage"], object)
    bought, neutral = label == "naive_ring", label == "camouflage"
    value = np.array([0.9, 0.1, 0.9, 0.0, 0.0, 1.0])
    found = contest.judge("m", "p", value, value > 0.5, bought, neutral, label)
    assert found.recall == {"naive_ring": 0.5} and found.genuine == pytest.approx(1 / 3)
    assert (found.trap, found.trap_share) == ("fan_club", 0.5)
    assert found.ap == pytest.approx(0.5 * 0.5 + 0.5 * 2 / 3)


def test_peers_compete_as_processes_and_those_that_do_not_finish_say_so(monkeypatch):
    run = measure("million", 4_000, 1, peers=["low_activity", "isolation_forest"])
    ours, low, forest = run.standings
    assert ours.method == contest.OURS and ours.cost is None and ours.ap == run.scored["average_precision"]
    assert low.cost is not None and low.cost.wall > 0 and low.recall is not None and low.recall["throwaway"] >= 0
    assert forest.failed.startswith("not run") or forest.ap is not None
    slow = measure("million", 4_000, 1, peers=["low_activity"], limit=Limit(seconds=0.01, peak=4e9)).standings[1]
    assert slow.ap is None and slow.failed == "did not finish: over 0.01 s"
    text = contest.table([ours, low, slow])
    assert "(1 of 2 did not finish)" in text and contest.table([slow]).count("did not finish: over") == 1


# --- commands ---


def test_accuracy_writes_every_table_by_one_command(tmp_path, capsys):
    path = page(tmp_path, "accuracy", "real")
    arguments = "--scenarios million,mixed,clean --events 6k --sizes 4k --seeds 1 --orders 30 --order-seeds 1 --nulls 1"
    options = [*arguments.split(), "--peers", "low_activity", "--no-real", "--write", "--docs", str(path)]
    assert accuracy.main([*options, "--date", "2026-01-02"]) == 0
    text = path.read_text("utf-8")
    headings = (
        "Worlds",
        "Intervals by attack",
        "Groups, headline worlds",
        "Calibration, mixed worlds",
        "Worlds in which",
    )
    for heading in (*headings, "One order in 20 k events", "Peers on million, 6 k events, 1 seed"):
        assert f"### {heading}" in text, heading
    assert "| mark " in text and "2026-01-02" in text and "--no-real" in text and "--peers 'low_activity'" in text
    assert text.rstrip().endswith("<!-- real:begin -->\n<!-- real:end -->")


def test_every_sweep_turns_a_knob_there_is():
    for sweep in sweep_points.SWEEPS:
        for value in (sweep.values[0], sweep.values[-1]):
            assert getattr(Knobs().overridden(sweep.knobs(value)), sweep.knob) == value
        assert len(set(sweep.values)) == len(sweep.values) >= 4 and set(sweep.attacks) <= set(
            scenarios()["mixed"].attacks
        )
    assert len({sweep.name for sweep in sweep_points.SWEEPS}) == len(sweep_points.SWEEPS)
    with pytest.raises(InputError, match="no knob"):
        Knobs().overridden({"nothing": 1})


def made(*shares: float | None) -> list[sweep_points.Point]:
    sweep = sweep_points.SWEEPS[0]
    return [sweep_points.Point(sweep, k, share, share, 0.0, 0.0, 1.0, 1.0) for k, share in enumerate(shares)]


def test_evidence_ends_where_it_does_not_come_back():
    assert sweeps.ends(made(0.9, 0.4, 0.8, 0.3, 0.2))[0][1] == "from 3 h"
    assert sweeps.ends(made(0.9, 0.6))[0][1] == "not reached" and sweeps.ends(made(0.1, 0.1))[0][1] == "from 0 h"
    assert sweeps.ends(made(None, None)) == []


def test_the_picture_has_a_panel_per_sweep_and_the_same_bytes():
    points = made(0.9, 0.4)
    picture = draw(points)
    assert picture.startswith("<svg") and picture == draw(points)
    assert points[0].sweep.name in picture and all(label in picture for label in LINES)


def test_sweeps_write_table_and_picture(tmp_path, capsys):
    path = page(tmp_path, "sweeps")
    arguments = ["--events", "5k", "--seeds", "1", "--only", "rotate", "--values", "2", "--write", "--docs", str(path)]
    assert sweeps.main(arguments) == 0
    text = path.read_text("utf-8")
    assert "![" in text and "(images/sweeps.svg)" in text and text.count("members replaced") >= 3
    assert (tmp_path / "images" / "sweeps.svg").read_text("utf-8").startswith("<svg")


def test_values_too_large_for_a_log_are_left_out(capsys):
    pool = next(s for s in sweep_points.SWEEPS if s.per_event == 0.1)
    assert sweeps.turn(replace(pool, values=(50_000,)), 5_000, [1]) == []
