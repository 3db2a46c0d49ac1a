"""The honest rank: formulas, rows of any kind, and a board from an audit's folder."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from scipy import stats

import plaudit
from plaudit.app.cli import main
from plaudit.app.rank import rank_directory
from plaudit.app.rank_view import WORDS, render_board
from plaudit.errors import InputError, ResultError
from plaudit.kernels.board import (
    GUEST_PLACE,
    gamma_poisson_lower,
    gamma_poisson_prior,
    gamma_quantile,
    hacker_news,
    honest_scores,
    lemmy_hot,
    wilson_lower,
)
from plaudit.model import Floats
from plaudit.result import ResultDocument
from plaudit.tally.rank import Board, rank_board
from plaudit.testing.loop import LoopSpec, events, found, pick_orders, play


def test_gamma_quantiles_are_close_to_the_exact_ones():
    shape = np.array([1.0, 2.0, 5.0, 20.0, 200.0])
    for z in (-1.645, -0.25, 0.0, 1.645):
        exact = stats.gamma.ppf(stats.norm.cdf(z), shape) / 3.0
        assert np.allclose(gamma_quantile(shape, np.full(5, 3.0), z), exact, rtol=0.03, atol=0.012)


def test_the_prior_is_the_one_behind_the_rows():
    rng = np.random.default_rng(1)
    exposures = rng.integers(50, 2_000, 20_000).astype(float)
    likes = rng.poisson(rng.gamma(2.0, 0.03, 20_000) * exposures).astype(float)
    shape, rate = gamma_poisson_prior(likes, exposures)
    assert shape == pytest.approx(2.0, rel=0.1) and shape / rate == pytest.approx(0.06, rel=0.05)
    assert gamma_poisson_prior(np.zeros(3), np.zeros(3)) == (1.0, 20.0)


def test_bounds_of_public_sites_by_hand():
    # Wilson's interval of 8 of 10 at 95 %: Brown, Cai & DasGupta 2001.
    assert wilson_lower(np.array([8.0]), np.array([2.0]), 1.96)[0] == pytest.approx(0.4902, abs=1e-4)
    assert wilson_lower(np.zeros(1), np.zeros(1))[0] == 0.0
    assert hacker_news(np.array([37.0]), np.array([0.0]))[0] == pytest.approx(36 / 2**1.8 + 1 / 2**1.8)
    assert lemmy_hot(np.array([7.0]), np.array([0.0]))[0] == pytest.approx(10_000 / 2**1.8)


def test_more_likes_never_lower_a_row_and_more_readers_never_raise_it():
    prior = (1.2, 20.0)
    base = gamma_poisson_lower(np.array([5.0]), np.array([100.0]), prior)
    assert gamma_poisson_lower(np.array([6.0]), np.array([100.0]), prior) > base
    assert gamma_poisson_lower(np.array([5.0]), np.array([200.0]), prior) < base


def test_the_guest_stands_at_its_place_and_everybody_gets_a_turn():
    likes, exposures = np.arange(20, 0, -1).astype(float) * 10, np.full(20, 500.0)
    likes[-1], exposures[-1] = 0.0, 0.0
    board = np.zeros(20, np.int32)
    prior = gamma_poisson_prior(likes, exposures)
    turns = []
    for seed in range(300):
        score = honest_scores(likes, exposures, board, prior, np.random.default_rng(seed))
        order = np.argsort(-score, kind="stable")
        assert order[: GUEST_PLACE - 1].tolist() == [0, 1, 2, 3]
        turns.append(int(order[GUEST_PLACE - 1]))
    assert turns.count(19) > 20  # nobody has seen it
    assert turns.count(18) == 0  # known to be poor


ROWS = [
    {"target": "a", "likes": 120, "discounted": 100, "exposures": 900},
    {"target": "b", "likes": 60, "discounted": None, "exposures": 500},
    {"target": "c", "likes": 3, "discounted": 0, "exposures": 10},
]


@pytest.mark.parametrize("made", [list, pa.Table.from_pylist, pd.DataFrame, pl.DataFrame])
def test_rows_of_any_kind(made):
    board = plaudit.rank(made(ROWS))
    assert board == plaudit.rank(ROWS) and board.method == "exposure" and board.parent is None
    assert [row.target for row in board.rows] == ["b", "c", "a"]
    assert [row.raw_place for row in board.rows] == [2, 3, 1]
    # With its hundred likes back, a would lead: it holds both others one place down.
    assert [row.displaced for row in board.rows] == [1, 1, -2]
    assert [(row.likes, row.counted) for row in board.rows] == [(60, 60), (3, 3), (120, 20)]
    assert all(r.score_low <= r.score_high and r.place_low <= r.place <= r.place_high for r in board.rows)
    assert all(0 <= row.stability <= 1 for row in board.rows)


def test_rows_of_a_database_as_its_driver_gives_them():
    with sqlite3.connect(":memory:") as database:
        database.row_factory = sqlite3.Row
        database.execute("CREATE TABLE comments (target, likes)")
        database.executemany("INSERT INTO comments VALUES (?, ?)", [("a", 5), ("b", 9)])
        rows = database.execute("SELECT target, likes FROM comments").fetchall()
    assert [row.target for row in plaudit.rank(rows).rows] == ["b", "a"]
    with pytest.raises(InputError, match="do not fit one table"):
        plaudit.rank([{"target": "a", "likes": 10**20}])


def test_the_formula_follows_what_is_known():
    day = [datetime(2026, 1, d, tzinfo=UTC) for d in (1, 2, 3)]
    plain = [{"target": t, "likes": n} for t, n in (("x", 9), ("y", 8), ("z", 7))]
    aged = [row | {"published": at.isoformat()} for row, at in zip(plain, day, strict=True)]
    voted = [row | {"downs": n} for row, n in zip(plain, (9, 0, 0), strict=True)]
    assert plaudit.rank(plain).method == "count"
    assert plaudit.rank(aged, as_of_ms=int(day[2].timestamp() * 1000) + 3_600_000).method == "age"
    assert plaudit.rank(voted).method == "votes"
    assert [row.target for row in plaudit.rank(plain).rows] == ["x", "y", "z"]
    # Seven likes in an hour are more than nine in two days.
    assert plaudit.rank(aged, as_of_ms=int(day[2].timestamp() * 1000) + 3_600_000).rows[0].target == "z"
    assert plaudit.rank(voted).rows[-1].target == "x"


def test_a_group_is_one_voice():
    zero = np.zeros(2)
    board = Board(np.array([50.0, 12.0]), zero, zero, np.array([45.0, 0.0]), np.array([1.0, 0.0]), zero)
    told = rank_board(board)
    assert told.counted.tolist() == [6.0, 12.0] and told.place.tolist() == [2, 1] and told.raw_place.tolist() == [1, 2]


def test_places_hold_where_rows_are_far_apart():
    far = plaudit.rank([{"target": str(k), "likes": 10 * 3**k, "exposures": 100_000} for k in range(4)])
    near = plaudit.rank([{"target": str(k), "likes": 5, "exposures": 100 + k} for k in range(12)])
    assert min(row.stability for row in far.rows) > 0.99
    assert np.mean([row.stability for row in near.rows]) < 0.6


@pytest.mark.parametrize(
    ("rows", "match"),
    [
        ([], "no rows"),
        ("abc", "list of dictionaries"),
        ([{"target": "a"}], "no column 'likes'"),
        ([{"likes": 3}], "no column 'target'"),
        ([{"target": "a", "likes": -1}], "row 1: likes is -1"),
        ([{"target": "a", "likes": None}, {"target": "b", "likes": 1}], "row 1: likes is empty"),
        ([{"target": None, "likes": 1}], "row 1: target is empty"),
        ([{"target": "a", "likes": 5, "unheard": 9}], "discounted and unheard"),
        ([{"target": "a", "likes": "many"}], "no number"),
        ([{"target": "a", "likes": 1}, {"target": "a", "likes": 2}], "several rows"),
        ([{"target": "a", "likes": 1, "discounted": 2}], "more than the likes"),
        ([{"target": "a", "likes": 1, "published": "soon"}], "is no time"),
        ([{"target": "a", "likes": 1, "exposures": 3}, {"target": "b", "likes": 1, "exposures": None}], "exposures"),
    ],
)
def test_rows_that_cannot_be_ranked_are_refused(rows, match):
    with pytest.raises(InputError, match=match):
        plaudit.rank(rows)


@pytest.fixture(scope="module")
def audited(tmp_path_factory):
    """A world whose purchase an audit finds, written to a folder; and a post with bought likes."""
    ground = found(LoopSpec(visits=60_000, posts=12, comments=25, days=14), 2)
    orders = pick_orders(ground, "crowd", count=14, seed=1, likes=120)
    folder = tmp_path_factory.mktemp("rank") / "audit"
    audit = plaudit.audit(events(play(ground, orders=orders)))
    audit.write(folder)
    targets = audit.tables["targets"].to_pandas()
    return folder, targets.groupby("parent_id").discounted.sum().idxmax(), targets


def test_a_board_from_a_folder(audited):
    folder, post, targets = audited
    board = rank_directory(folder, post)
    mine = targets[targets.parent_id == post]
    assert {row.target for row in board.rows} == set(mine.target_id) and board.method == "age"
    assert sorted(row.place for row in board.rows) == list(range(1, len(mine) + 1))
    counted = {row.target: row.counted for row in board.rows}
    for row in mine.itertuples():
        assert counted[row.target_id] <= row.shown - row.discounted + 1  # at most one voice more
    assert mine.discounted.sum() > 50
    group = board.groups[0]
    assert group.likes > 20 and sorted(group.order) == sorted(counted)
    assert group.lifted and group.pushed_down
    hit = set(mine.target_id[mine.discounted > 20])
    assert {one.target for one in group.lifted} & hit
    assert any(row.displaced > 0 for row in board.rows) and board == rank_directory(folder, post)
    # Of one formula: where nothing is in question on a board, nothing is displaced.
    calm = mine[["target_id", "shown", "born_ms"]].to_dict("records")
    assert not any(row.displaced for row in plaudit.rank(calm).rows)


def test_the_report_has_the_boards_of_the_folder(audited):
    folder, post, targets = audited
    document = ResultDocument.model_validate_json((folder / "result.json").read_text("utf-8"))
    boards = {view.board.parent: view for view in document.boards}
    assert post in boards and len(boards) + document.boards_omitted == _suspected_posts(targets)
    assert boards[post].board == rank_directory(folder, post, explore=False)
    told = [message.code for message in boards[post].messages]
    assert told[:2] == ["board_pushed", "board_firm"] and "board_group" in told
    missed = sum(row.unheard for row in boards[post].board.rows)
    spoken = [message for message in boards[post].messages if message.code == "board_unheard"]
    assert [message.values["unheard"] for message in spoken] == ([missed] if missed else [])
    pushed = [row for row in boards[post].board.rows if row.displaced > 0]
    assert boards[post].messages[0].values["pushed"] == len(pushed)
    for effect in boards[post].board.groups:
        assert {one.target for one in (*effect.pushed_down, *effect.lifted)} <= set(effect.order)


def test_a_log_without_posts_is_one_board(audited):
    folder, _, _ = audited
    likes = pq.read_table(folder / "likes.parquet", columns=["actor_id", "target_id", "at_ms"])
    document = plaudit.audit(likes, time_format="ms").document
    [view] = document.boards
    assert view.board.parent is None and len(view.board.rows) == 100
    assert {row.raw_place for row in view.board.rows} == set(range(1, 101))


def test_what_is_not_heard_is_in_the_table(audited):
    _, _, targets = audited
    assert (targets.unheard >= 0).all() and targets.unheard.sum() > 0
    assert (targets.unheard <= targets.shown - targets.discounted).all()


def test_rows_nobody_knows_have_nothing():
    n: Floats = np.array([1.0, 2.0, 3.0])
    board = Board(n, n, n, n, n, n, age_h=n).take(np.array([2, -1]))
    assert board.likes.tolist() == board.unheard.tolist() == [3.0, 0.0]
    assert board.age_h is not None and board.age_h.tolist() == [3.0, 0.0]
    unknown = Board(n, n, n, n, n, n, age_h=np.array([1.0, np.nan, 1.0]))
    assert unknown.take(np.array([0, 1])).age_h is None and unknown.take(np.array([0, 2])).age_h is not None


def _suspected_posts(targets: pd.DataFrame) -> int:
    trouble = targets.assign(open=targets.discounted + targets.undetermined).groupby("parent_id").open.sum()
    return int((trouble > 0).sum())


def test_exposures_from_a_file_decide(audited, tmp_path):
    folder, post, targets = audited
    mine = targets[targets.parent_id == post]
    path = tmp_path / "views.csv"
    mine.assign(target=mine.target_id, exposures=mine.shown * 20 + 50)[["target", "exposures"]].to_csv(
        path, index=False
    )
    assert rank_directory(folder, post, exposures=path).method == "exposure"
    mine.head(2).assign(target=mine.target_id, exposures=1)[["target", "exposures"]].to_csv(path, index=False)
    with pytest.raises(InputError, match="has no exposures of"):
        rank_directory(folder, post, exposures=path)


def test_a_folder_that_cannot_be_ranked_says_why(audited, tmp_path):
    folder, _, _ = audited
    with pytest.raises(InputError, match="knows no post 'nope'; it knows 'p0'"):
        rank_directory(folder, "nope")
    with pytest.raises(ResultError, match="not a complete audit"):
        rank_directory(tmp_path, "p0")


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_command(audited, lang, capsys):
    folder, post, _ = audited
    assert main(["rank", str(folder), "--parent", post, "--lang", lang]) == 0
    assert WORDS[lang]["age"][:10] in capsys.readouterr().out.replace("\n", " ")
    assert main(["rank", str(folder), "--parent", post, "--json", "--no-explore"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert not any(row["guest"] for row in document["rows"])
    assert document["rows"][0]["place"] == 1
    assert render_board(rank_directory(folder, post), lang)


def test_both_languages_have_every_word():
    assert WORDS["en"].keys() == WORDS["zh"].keys()


def test_what_came_too_fast_lifts_nothing_and_doubt_does_not_outweigh_what_is_certain():
    rows = [
        {"target": "burst", "likes": 100, "unheard": 80},
        {"target": "steady", "likes": 40},
        {"target": "doubted", "likes": 60, "undetermined": 50},
    ]
    board = plaudit.rank(rows)
    assert [row.target for row in board.rows] == ["steady", "burst", "doubted"]
    assert [row.counted for row in board.rows] == [40, 20, 15]
    assert [row.likes for row in board.rows] == [40, 100, 60] and board.rows[1].unheard == 80


def test_among_equals_nothing_decides_that_is_for_sale():
    zero = np.zeros(3)
    # All have ten likes that count; of the second ninety more were found to be bought, the third is the youngest.
    board = Board(np.array([10.0, 100.0, 10.0]), np.array([0.0, 90.0, 0.0]), zero, zero, zero, zero)
    assert rank_board(board).own_place.tolist() == [1, 2, 3]
    assert rank_board(board, explore=False).raw_place.tolist() == [2, 1, 3]
    seen = replace(board, exposures=np.array([100.0, 190.0, 100.0]), age_h=np.array([9.0, 9.0, 1.0]))
    told = rank_board(seen)
    assert np.ptp(told.score) == 0.0 and told.own_place.tolist() == [2, 3, 1]
