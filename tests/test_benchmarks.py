"""The benchmarks run: on tiny logs, for their wiring and their arithmetic, never for their figures."""

import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from benchmarks import plant, real, speed
from benchmarks.common import (
    ROOT,
    Mark,
    average,
    circumstances,
    code_digest,
    markdown,
    numbers,
    percent,
    put_between,
    short,
    spread,
)
from benchmarks.process import Cost, Limit, Unfinished, run

HOUR = 3_600_000


def likes(actors, targets, at) -> plant.Likes:
    return plant.Likes(np.array(actors, object), np.array(targets, object), np.array(at, np.int64))


@pytest.fixture
def background() -> plant.Likes:
    """Forty actors and three targets with 40 likes each, one after the other in time; a fourth with three."""
    actor = [f"a{k % 40}" for k in range(123)]
    return likes(actor, ["t0"] * 40 + ["t1"] * 40 + ["t2"] * 40 + ["t3"] * 3, np.arange(123) * HOUR)


@pytest.fixture
def ring() -> plant.Likes:
    at = np.concatenate([np.arange(5), 10 * HOUR + np.arange(5)]) + 10**12
    return likes([f"r{k % 5}" for k in range(10)], ["x"] * 5 + ["y"] * 5, at)


# --- arithmetic shared by all ---


def test_a_mark_says_whether_and_by_how_much():
    assert Mark("likes", 93.75, 90, True).row() == ["likes", "≥ 90 %", "93.8 %", "met"]
    assert Mark("likes", 73.5, 90, True).row()[-1] == "missed by 16.5 %"
    assert Mark("time", 40.25, 15, unit="s").row()[1:] == ["≤ 15 s", "40.2 s", "missed by 25.2 s"]
    assert Mark("time", 15, 15, unit="s").met


def test_a_share_that_is_not_nothing_never_reads_as_nothing():
    assert [percent(0.0), percent(0.0004), percent(0.5), percent(None)] == ["0.0 %", "< 0.1 %", "50.0 %", "–"]
    assert percent(0.00004, 2) == "< 0.01 %"


def test_sizes_are_read_and_written_as_people_do():
    assert numbers("100k, 1M,7") == [100_000, 1_000_000, 7]
    assert [short(n) for n in (500, 20_000, 1_000_000, 2_500_000)] == ["0.5 k", "20 k", "1 M", "2.5 M"]


def test_means_show_the_worst_where_it_reads_differently():
    assert spread([0.5, None, 0.7], min, percent) == "60.0 % (50.0 %)"
    assert spread([0.5, 0.5], max, percent) == "50.0 %" and spread([None], max, percent) == "–"
    assert average([1.0, 2.0, None], str) == "1.5" and average([], str) == "–"


def test_a_table_is_padded_and_bars_are_escaped():
    assert markdown(("a|b", "n"), [["x", "10"]]).splitlines() == ["| a\\|b |  n |", "| ---- | -: |", "| x    | 10 |"]


def test_text_goes_between_its_marks_and_nowhere_else(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- real:begin -->\nold\n<!-- real:end -->\nafter\n", encoding="utf-8")
    for _ in range(2):
        put_between(page, "real", "new")
    assert page.read_text("utf-8") == "before\n<!-- real:begin -->\nnew\n<!-- real:end -->\nafter\n"
    with pytest.raises(ValueError, match="lacks the lines"):
        put_between(page, "speed", "new")


def test_the_code_is_named_by_its_content(tmp_path):
    (tmp_path / "a.py").write_text("1")
    first = code_digest(tmp_path)
    (tmp_path / "a.py").write_text("2")
    assert len(first) == 12 and code_digest(tmp_path) != first
    assert "cores" in circumstances("2026-01-01", "x") and "2026-01-01" in circumstances("2026-01-01", "x")


def test_the_document_has_a_place_for_every_table():
    text = (ROOT / "docs" / "benchmarks.md").read_text("utf-8")
    for name in ("real", "accuracy", "sweeps", "speed"):
        assert text.index(f"<!-- {name}:begin -->") < text.index(f"<!-- {name}:end -->")


# --- planting ---


def test_a_shift_keeps_the_ring_whole_and_inside(ring):
    moved = plant.shifted(ring, 0, 20 * HOUR, np.random.default_rng(1))
    assert (np.diff(moved.at) == np.diff(ring.at)).all() and moved.at.min() >= 0 and moved.at.max() <= 20 * HOUR
    with pytest.raises(ValueError, match="compress"):
        plant.shifted(ring, 0, HOUR, np.random.default_rng(1))


def test_squeezing_keeps_the_pace_inside_an_order(ring):
    moved = plant.compressed(ring, 0, HOUR, np.random.default_rng(1))
    assert (np.diff(moved.at[:5]) <= 1).all() and moved.at.min() >= 0 and moved.at.max() <= HOUR
    assert moved.at[5] - moved.at[0] == pytest.approx(0.9 * HOUR, rel=0.01)


def test_orders_land_on_popular_targets_that_are_alive(background, ring):
    at = np.concatenate([np.full(5, 45 * HOUR), np.full(5, 90 * HOUR)])
    placed, strays = plant.on_existing_targets(
        background, plant.Likes(ring.actor, ring.target, at), np.random.default_rng(1)
    )
    assert placed.target.tolist() == ["t1"] * 5 + ["t2"] * 5 and strays == 0
    late = plant.Likes(ring.actor, ring.target, at + 100 * HOUR)
    placed, strays = plant.on_existing_targets(background, late, np.random.default_rng(1))
    assert strays == 10 and set(placed.target) <= {"t0", "t1", "t2"}


@pytest.mark.parametrize("place", real.PLACES)
@pytest.mark.parametrize("squeeze", [False, True])
def test_a_planted_log_keeps_the_background_and_names_what_was_planted(background, ring, place, squeeze):
    made = plant.plant(background, ring, real.PLACES[place], seed=3, squeeze=squeeze)
    frame = made.events.to_pandas()
    sold = frame.event_id.isin(made.injected.to_pylist())
    assert sold.sum() == 10 and frame["at"].is_monotonic_increasing and frame.event_id.is_unique
    genuine = frame[~sold].sort_values("at")
    assert genuine.actor.tolist() == background.actor.tolist() and genuine["at"].tolist() == background.at.tolist()
    assert not set(frame[sold].actor) & set(background.actor)
    assert bool(set(frame[sold].target) & set(background.target)) == (place == "existing targets")
    assert made.events.equals(plant.plant(background, ring, real.PLACES[place], seed=3, squeeze=squeeze).events)


# --- the three commands ---


def test_real_says_so_when_there_is_no_data(tmp_path, capsys):
    assert real.main(["--data", str(tmp_path)]) == 0
    assert "Nothing measured" in capsys.readouterr().out


def test_real_runs_on_a_folder_of_logs(tmp_path, monkeypatch, capsys):
    rng = np.random.default_rng(5)

    def write(name: str, actors: int, targets: int, rows: int, prefix: str) -> None:
        pq.write_table(
            pa.table(
                {
                    "actor": [f"{prefix}{k}" for k in rng.integers(0, actors, rows)],
                    "target": [f"{prefix}t{k}" for k in rng.integers(0, targets, rows)],
                    "at_ms": np.sort(rng.integers(0, 30 * 24 * HOUR, rows)) + 1_600_000_000_000,
                    "vote": np.where(rng.random(rows) < 0.9, 1, -1),
                }
            ),
            tmp_path / f"{name}.parquet",
        )

    for name in real.UNTOUCHED:
        write(name, 300, 20, 1500, "g")
    for name in real.SOLD:
        write(name, 40, 3, 130, "s")
    page = tmp_path / "page.md"
    page.write_text("<!-- real:begin -->\n<!-- real:end -->\n", encoding="utf-8")
    monkeypatch.setenv("PLAUDIT_DATA", str(tmp_path))
    assert real.main(["--seeds", "1", "--write", "--docs", str(page), "--date", "2026-01-02"]) == 0
    text = page.read_text("utf-8")
    assert text.count("untouched: genuine likes discounted") == 3 and "2026-01-02" in text
    assert "ghost_stars_a → existing targets: planted likes discounted, worst seed" in text
    assert text.split("-->\n")[1].startswith("2026") and text.replace("\n<!-- real:end -->\n", "").endswith("|")


def test_a_process_is_measured_and_a_failure_is_shown(tmp_path):
    cost = run([sys.executable, "-c", "print(sum(range(10**6)))"], tmp_path)
    assert cost.wall > 0 and cost.cpu > 0 and cost.peak > 1e6
    with pytest.raises(SystemExit, match="no such thing"):
        run([sys.executable, "-c", "raise ValueError('no such thing')"], tmp_path)


def test_a_process_over_its_limit_is_ended(tmp_path):
    wide = Limit(seconds=60, peak=4e9)
    cost = run([sys.executable, "-c", "x = bytearray(10**8); import time; time.sleep(0.3)"], tmp_path, wide)
    assert 1e8 < cost.peak < 1e9
    with pytest.raises(Unfinished, match=r"over 0.2 s"):
        run([sys.executable, "-c", "import time; time.sleep(60)"], tmp_path, Limit(seconds=0.2, peak=4e9))
    greedy = "x = bytearray(4 * 10**8); import time; time.sleep(60)"
    with pytest.raises(Unfinished, match=r"over 0.1 GB"):
        run([sys.executable, "-c", greedy], tmp_path, Limit(seconds=60, peak=1e8))
    with pytest.raises(SystemExit, match="no such thing"):
        run([sys.executable, "-c", "raise ValueError('no such thing')"], tmp_path, wide)


def test_exponents_are_those_of_the_figures():
    sizes = [10**5, 10**6, 10**7]
    assert speed.slope(sizes, [n**1.5 for n in sizes]) == pytest.approx(1.5)
    assert 1.06 < speed.n_log_n(sizes) < 1.08
    linear = {n: Cost(2 + n / 1e5, 2 + n / 1e5, 1e9) for n in sizes}
    table, marks = speed.scaling(linear, Cost(2, 2, 1e8))
    assert [round(mark.figure, 6) for mark in marks] == [1, 1, 1] and all(mark.met for mark in marks)
    assert "10.0 |" in table and speed.scaling({10**5: linear[10**5]}, Cost(2, 2, 1e8))[1] == []


@pytest.mark.slow
def test_speed_measures_whole_processes(tmp_path, capsys):
    arguments = ["--events", "2k", "--runs", "1", "--no-scaling", "--cache", str(tmp_path / "cache")]
    assert speed.main(arguments) == 0
    text = capsys.readouterr().out
    assert "audit of 2 k events, wall, median" in text and "count by target" in text
