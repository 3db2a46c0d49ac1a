"""What cheating costs: exact prices, worlds that stay whole, attackers who adapt, and framing that is counted."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from benchmarks import redteam as benchmark
from rich.console import Console

from plaudit.app import cheating
from plaudit.app.cli import main
from plaudit.errors import InputError
from plaudit.report.redteam import redteam_html, redteam_view
from plaudit.report.words import Words
from plaudit.result.redteam import RedTeam
from plaudit.testing import redteam
from plaudit.testing.loop import LoopSpec
from plaudit.testing.redteam import (
    GOALS,
    MARKETS,
    Answer,
    Arena,
    Boards,
    Outcome,
    Stage,
    Strategy,
    attack,
    bill,
    circuit,
    front,
    multiple,
    naive,
    price,
    search,
    stage,
    unit_price,
)
from plaudit.testing.redteam.stage import ORDERED, OTHERS


@pytest.fixture(scope="module")
def ground() -> Stage:
    return stage(12_000, 1)


@pytest.fixture(scope="module")
def other() -> Stage:
    return stage(12_000, 2)


class Toy:
    """A defence that takes a share of bought likes out, and perhaps genuine ones of whoever received any."""

    def __init__(self, ground: Stage | None, finds: float = 0.0, blames: bool = False) -> None:
        self.known = None if ground is None else ground.events["event_id"].combine_chunks()
        self.finds, self.blames = finds, blames

    def __call__(self, events: pa.Table, boards: Boards) -> Answer:
        likes = events.filter(pc.equal(events["kind"], "like"))
        ids = likes["event_id"].combine_chunks()
        bought = np.zeros(len(ids), np.bool_) if self.known is None else ~np.asarray(pc.is_in(ids, self.known))
        target = likes["target"].combine_chunks().dictionary_encode()
        code, names = np.asarray(target.indices, np.int64), target.dictionary.to_pylist()
        flagged = bought & (np.arange(bought.size) % 100 < 100 * self.finds)
        hit = np.bincount(code[bought], minlength=len(names)) > 0
        if self.blames:
            flagged = hit[code]
        left = np.bincount(code[~flagged], minlength=len(names)).astype(float)
        count = dict(zip(names, left.tolist(), strict=True))
        return Answer(
            authentic=count,
            places=[_order([count.get(one, 0.0) for one in board]) for board in boards],
            event=ids,
            discounted=flagged,
            undetermined=np.zeros(bought.size, np.bool_),
            suspicion=flagged.astype(float),
            rungs={names[row]: ["suspend"] for row in np.flatnonzero(hit).tolist()} if self.blames else {},
        )


def _order(likes: list[float]) -> np.ndarray:
    place = np.empty(len(likes), np.int64)
    place[np.argsort(-np.array(likes), kind="stable")] = np.arange(1, len(likes) + 1)
    return place


def _outcome(yuan: float, gain: float) -> Outcome:
    return Outcome(naive("machine"), yuan, 1, gain, gain, gain, gain, 100, 0, 0, 0, 0, 0.0, ())


def test_a_bill_is_exact() -> None:
    machine, crowd = MARKETS["machine"], MARKETS["crowd"]
    plain = Strategy(batch=100, posts=3, hours=machine.kind.hours[0], shape="step")
    assert unit_price(machine, plain) == 0.005 and bill(machine, plain).yuan == pytest.approx(1.5)
    # Half of the logarithmic way from the fastest to the slowest usual delivery is half of the way in price.
    short, long = crowd.kind.hours
    assert unit_price(crowd, replace(plain, hours=(short * long) ** 0.5)) == pytest.approx((0.05 * 0.5) ** 0.5)
    for dearest in (replace(plain, hours=999.0), replace(plain, brush=1.0)):
        assert unit_price(machine, dearest) == pytest.approx(0.02)
        assert unit_price(crowd, dearest) == pytest.approx(0.5)
    own = Strategy(batch=10, posts=4, accounts="fresh", reuse=2.0, camouflage=2.0, warm=3.0, hours=100.0)
    told = bill(machine, own)
    assert own.accounts_needed == 20
    assert (told.likes, told.cover, told.accounts) == pytest.approx((40 * 0.005, (80 + 60) * 0.005, 20 * 55.0))
    assert bill(machine, replace(own, reuse=1.0, accounts="aged")).accounts == 40 * 300.0
    assert bill(machine, replace(own, reuse=4.0, accounts="verified")).accounts == 10 * 150.0
    with pytest.raises(InputError, match="workers"):
        bill(crowd, own)
    pooled = Strategy(batch=20, posts=2, spread=3.0, camouflage=1.0, warm=1.0, hours=0.1, shape="step")
    assert bill(crowd, pooled).yuan == pytest.approx((40 + 40 + 60) * 0.05)


def test_a_strategy_out_of_bounds_is_refused() -> None:
    odd: tuple[dict[str, Any], ...] = ({"batch": 0}, {"start": 1.5}, {"reuse": 3.0}, {"shape": "o"}, {"accounts": "my"})
    for wrong in odd:
        with pytest.raises(InputError):
            Strategy(**{"batch": 10, **wrong})
    with pytest.raises(InputError):
        stage(100, 1)


def test_a_stage_holds_nothing_bought_and_an_attack_changes_nothing_genuine(ground: Stage) -> None:
    assert ground.boards.shape[1] == 12 and np.unique(ground.boards).size == ground.boards.size
    assert (np.diff(ground.likes[ground.boards], axis=1) <= 0).all()
    strategy = Strategy(batch=40, posts=3, camouflage=1.0, warm=2.0, brush=0.3, local=0.5, spread=1.5)
    for market in MARKETS:
        made = attack(ground, market, MARKETS[market], strategy, draw=5, sight="platform")
        assert made.events.slice(0, ground.events.num_rows).equals(ground.events.combine_chunks())
        again = attack(ground, market, MARKETS[market], strategy, draw=5, sight="platform")
        assert made.events.equals(again.events)
        likes = made.events.filter(pc.equal(made.events["kind"], "like"))
        added = made.events.slice(ground.events.num_rows)
        assert len(pc.unique(made.events["event_id"])) == made.events.num_rows
        pairs = added.group_by(["actor", "target"]).aggregate([("at", "count")])
        assert pairs.num_rows == added.num_rows and likes.num_rows > added.num_rows
        at = added["at"].to_numpy()
        assert ground.start_ms <= at.min() and at.max() <= ground.end_ms
        assert made.delivered.sum() == (made.origin == ORDERED).sum()
        assert (made.delivered <= 40).all() and made.delivered.sum() > 0.8 * 40 * made.served.size
        # The seller's other customers are served as often as usual, whole orders at a time.
        usual = MARKETS[market].kind.reuse * strategy.accounts_needed * made.copies
        assert 0.4 * usual <= (made.origin == OTHERS).sum() <= usual
        alone = attack(ground, market, MARKETS[market], strategy, draw=5, sight="slice")
        assert not (alone.origin == OTHERS).any()
        # What is served stands in the lower half, a rival's in the upper; the seller's other trade on no such board.
        place = np.argmax(ground.boards[made.board] == made.served[:, None], axis=1)
        assert (place >= 6).all()
        rival = attack(ground, market, MARKETS[market], strategy, draw=5, sight="slice", rival=True)
        assert (np.argmax(ground.boards[rival.board] == rival.served[:, None], axis=1) < 6).all()
    with pytest.raises(InputError):
        attack(ground, "machine", MARKETS["machine"], strategy, draw=1, sight="all")


def test_own_accounts_serve_as_often_as_was_paid_for(ground: Stage) -> None:
    market = MARKETS["machine"]
    for reuse in (1.0, 2.0, 4.0):
        strategy = Strategy(batch=20, posts=4, accounts="fresh", reuse=reuse)
        made = attack(ground, "machine", market, strategy, draw=1, sight="platform")
        rows = made.events.filter(pa.array(made.origin == ORDERED))
        assert len(pc.unique(rows["actor"])) == strategy.accounts_needed == 80 / reuse
        assert not (made.origin == OTHERS).any()


def test_against_a_blind_defence_cheating_costs_what_raw_counts_cost(ground: Stage) -> None:
    market, strategy = MARKETS["machine"], naive("machine")
    blind = Arena(ground, Toy(ground)).play("machine", market, strategy, draw=1, sight="slice")
    assert blind.honest_likes == blind.raw_likes == pytest.approx(blind.delivered * 0.525)
    assert blind.honest_places == blind.raw_places > 0
    assert (blind.harmed, blind.taken, blind.lost, blind.rungs) == (0, 0, 0.0, ())
    assert multiple([blind], GOALS["places"], [blind], GOALS["raw_places"], 0) == (1.0, 1.0, 1.0)
    sharp = Arena(ground, Toy(ground, finds=1.0)).play("machine", market, strategy, draw=1, sight="slice")
    assert sharp.honest_likes == sharp.honest_places == 0 and sharp.raw_places == blind.raw_places
    assert multiple([sharp], GOALS["places"], [blind], GOALS["raw_places"], 0)[0] == float("inf")
    half = Arena(ground, Toy(ground, finds=0.5)).play("machine", market, strategy, draw=1, sight="slice")
    assert half.honest_likes == pytest.approx(0.5 * blind.honest_likes, rel=0.15)
    lines = Arena(ground, Toy(ground, finds=0.5)).lines("machine", market, strategy, draw=1, sight="slice", at=(0.5,))
    assert lines[0][0] == pytest.approx(0.5, abs=0.1) and lines[0][1] == 0.0


def test_a_price_of_framing_is_not_called_less_than_one_that_does_not_exist() -> None:
    frame: Any = SimpleNamespace(yuan=16.3, boost_yuan=None, dearer=False)
    told = cheating._framing("machine", frame)
    assert told.code == "redteam_frame_alone" and told.values["yuan"] == 16.3
    for lang in ("en", "zh"):
        assert "16.3" in Words.of(lang).say(told) and "–" not in Words.of(lang).say(told)
    frame.boost_yuan = 20.0
    assert cheating._framing("machine", frame).code == "redteam_frame_cheaper"


def test_framing_is_counted_like_by_like(ground: Stage) -> None:
    arena, strategy = Arena(ground, Toy(ground, blames=True)), Strategy(batch=10, posts=4)
    tried = arena.play("machine", MARKETS["machine"], strategy, draw=3, sight="slice", rival=True)
    made = attack(ground, "machine", MARKETS["machine"], strategy, draw=3, sight="slice", rival=True)
    victims = int(ground.likes[np.unique(made.served)].sum())
    # Accounts that take a like back are told as two events; what stands is at most what was given.
    assert tried.taken == tried.harmed and 0.95 * victims <= tried.taken <= 1.05 * victims
    assert tried.lost == pytest.approx(tried.taken, rel=0.05) and tried.rungs == ("suspend",)
    own = arena.play("machine", MARKETS["machine"], strategy, draw=3, sight="slice")
    assert own.honest_likes < 0 and own.honest_places < 0


def test_prices_and_fronts_are_exact() -> None:
    tries = [_outcome(10.0, 2.0), _outcome(30.0, 8.0)]
    found = price(tries, GOALS["likes"], 0)
    assert (found.yuan, found.gain, found.paid, found.tries) == (4.0, 5.0, 20.0, 2)
    assert found.low == 3.75 and found.high == 5.0
    assert price([_outcome(10.0, -1.0)], GOALS["likes"], 0).yuan == float("inf")
    ends = multiple(tries, GOALS["likes"], [_outcome(1.0, 2.0)], GOALS["raw_likes"], 0)
    assert ends == (8.0, 7.5, 10.0)
    points = [_outcome(5.0, 1.0), _outcome(1.0, 0.0), _outcome(2.0, 1.0), _outcome(9.0, 3.0), _outcome(8.0, 2.0)]
    assert [one.yuan for one in front(points, GOALS["likes"])] == [2.0, 8.0, 9.0]
    assert front([_outcome(1.0, -2.0)], GOALS["likes"]) == ()


def test_a_search_repeats_by_seed_and_is_never_worse_than_the_naive_start(ground: Stage, other: Stage) -> None:
    arenas, held = [Arena(ground, Toy(ground, finds=0.7))], [Arena(other, Toy(other, finds=0.7))]
    told: list[tuple[int, int]] = []

    def note(done: int, whole: int) -> None:
        told.append((done, whole))

    def look(seed: int, goal: str = "places") -> redteam.Found:
        return search(arenas, held, "machine", goal, trials=12, seed=seed, told=note)

    first, again, else_ = look(1), look(1), look(2)
    assert first.best == again.best and first.price == again.price and first.trials == again.trials
    assert [one.strategy for one in first.trials] != [one.strategy for one in else_.trials]
    assert first.trials[0].strategy == naive("machine")
    assert told[0] == (1, 18) and told[11] == (12, 18) and (18, 18) in told
    for found, goal in ((first, "places"), (look(3, "likes"), "likes")):
        assert found.price.yuan <= found.start.yuan
        assert found.price == price(found.checked, GOALS[goal], 1 if goal == "places" else 3)
        assert list(found.front) == sorted(found.front, key=lambda one: one.yuan)
    assert min(one.strategy.batch for one in first.trials) >= 50
    # A quarter of the tries is drawn before anything is followed: small orders and accounts of one's own among them.
    small = search(arenas, held, "machine", "raw_likes", trials=48, seed=1, least=0.1)
    assert min(one.strategy.batch for one in small.trials) < 50
    assert len({one.strategy.accounts for one in small.trials}) > 1
    odd: tuple[dict[str, Any], ...] = ({"market": "moon"}, {"goal": "fame"}, {"trials": 0}, {"seed": -1}, {"least": 0})
    for wrong in odd:
        with pytest.raises(InputError):
            search(arenas, held, **{"market": "machine", "goal": "places", "trials": 1, "seed": 0, **wrong})


def test_without_optuna_it_says_what_to_install(ground: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    arena = Arena(ground, None)
    with pytest.raises(InputError, match=r"plaudit\[redteam\]"):
        search([arena], [arena], "machine", "raw_places", trials=1, seed=0)


@pytest.fixture(scope="module")
def audited() -> Arena:
    return Arena(stage(20_000, 1), cheating.audit_defence())


@pytest.mark.slow
def test_a_naive_order_is_worthless_against_the_audit(audited: Arena) -> None:
    market, strategy = MARKETS["machine"], naive("machine")
    tried = audited.play("machine", market, strategy, draw=1, sight="platform")
    assert tried.delivered == 400 and tried.raw_places >= 15
    assert tried.honest_likes <= 0.05 * tried.raw_likes
    assert tried.honest_places <= 0.2 * tried.raw_places
    assert tried.harmed + tried.wronged <= 0.001 * tried.genuine


@pytest.mark.slow
def test_framing_brings_no_sanction_from_the_audit(audited: Arena) -> None:
    market, strategy = MARKETS["machine"], naive("machine")
    tried = audited.play("machine", market, strategy, draw=2, sight="platform", rival=True)
    assert set(tried.rungs) <= {"not_counted", "human_review"}
    assert tried.taken + tried.doubted <= 0.1 * tried.delivered
    assert tried.lost <= 0.1 * tried.delivered


@pytest.fixture
def toys(monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole verb, with a defence that takes no time."""
    monkeypatch.setattr(cheating, "audit_defence", lambda seed=0: Toy(None))
    monkeypatch.setattr(circuit, "SPEC", LoopSpec(visits=3_000, posts=5))


def test_the_verb_prints_json_and_writes_the_same(
    toys: None, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    ask = ["redteam", "--market", "crowd", "--trials", "3", "--events", "12000", "--seed", "4"]
    assert main([*ask, "--json", "--out", str(tmp_path / "a")]) == 0
    told = capsys.readouterr()
    answer = RedTeam.model_validate_json(told.out)
    assert json.loads(told.out) == json.loads((tmp_path / "a" / "redteam.json").read_text("utf-8"))
    cost = answer.markets[0]
    assert (answer.sight, answer.seed, [one.market for one in answer.markets]) == ("platform", 4, ["crowd"])
    # A blind defence: nothing is dearer than by raw counts beyond what three tries leave to luck.
    assert cost.likes.times is not None and 0.5 < cost.likes.times < 2
    assert cost.likes.yuan is not None and cost.likes.naive_yuan is not None
    assert cost.likes.yuan <= cost.likes.naive_yuan and cost.kept == 0.875
    assert cost.frame.yuan is None and cost.frame.dearer and not cost.frame.sanctioned
    assert cost.loop.recall == 0.0 and [line.bought for line in cost.lines] == [0.0] * 5
    assert main([*ask, "--quiet", "--out", str(tmp_path / "b")]) == 0
    assert capsys.readouterr().out == ""
    for name in ("redteam.json", "redteam.html"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    for lang, title in (("en", "What cheating costs"), ("zh", "造假成本")):
        console = Console(width=200, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
        console.print(redteam_view(answer, lang))
        text, page = console.export_text(), redteam_html(answer, lang)
        for place in (text, page):
            assert title in place and "redteam_" not in place and "market_crowd" not in place
        assert "<svg" in page and "http" not in page.replace("http://www.w3.org/2000/svg", "")
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="is a file"):
        cheating.write(answer, tmp_path / "file", "en")


def test_the_benchmark_writes_marks_and_asks_peers(toys: None, tmp_path: Path) -> None:
    page, keep = tmp_path / "page.md", tmp_path / "keep"
    page.write_text("<!-- redteam:begin -->\n<!-- redteam:end -->\n")
    ask = "--events 12000 --trials 2 --seeds 1 --markets crowd --sights platform --no-small --peers low_activity"
    words = [*ask.split(), "--peer-trials", "1", "--keep", str(keep), "--docs", str(page), "--write", "--date", "x"]
    assert benchmark.main(words) == 0
    text, made = page.read_text("utf-8"), sorted(path.name for path in keep.iterdir())
    assert "a place over raw counts, crowd, platform" in text and "low-activity" in text
    assert len(made) == 2 and made[0].startswith("peer-low_activity-crowd")
    assert benchmark.main(words) == 0 and page.read_text("utf-8") == text


def test_a_peer_is_judged_at_its_best_and_names_what_it_takes(ground: Stage) -> None:
    defence = benchmark.peer_defence("low_activity", ground)
    arena = Arena(ground, defence)
    tried = arena.play("machine", MARKETS["machine"], naive("machine"), draw=1, sight="platform")
    # Accounts of a pool that was seen a dozen times are not one-off accounts: what it takes is genuine, too.
    assert 0 <= tried.honest_likes <= tried.raw_likes and tried.harmed >= 0
    boards = [[ground.targets[t] for t in board] for board in ground.boards.tolist()]
    calm = defence(ground.events, boards)
    assert not calm.discounted.any()
    assert [place.tolist() for place in calm.places] == [list(range(1, 13))] * len(boards)


def test_the_verb_refuses_what_it_cannot_do(capsys: pytest.CaptureFixture[str]) -> None:
    for wrong in (["--market", "moon"], ["--trials", "0"], ["--events", "500"], ["--sight", "half"], ["--least", "0"]):
        assert main(["redteam", *wrong]) == 2
        assert capsys.readouterr().err
