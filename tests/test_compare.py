"""Side by side: small ones do not win by luck, real differences are found, intervals cover."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import plaudit
from plaudit.app.cli import main
from plaudit.app.compare import compare_audits
from plaudit.errors import InputError, ResultError
from plaudit.model import Tier
from plaudit.report.compare import comparison_html
from plaudit.tally.compare import Side, compare
from plaudit.tally.compare_rates import Depths, Reads, compare_depth, compare_reads
from plaudit.tally.proportions import fisher, holm, newcombe, wilson
from plaudit.testing.sections import simulate_section, write_section
from plaudit.testing.simulator import simulate


def side(name: str, rng: np.random.Generator, targets: int, rate: float, clustering: float = 0.1) -> Side:
    """A unit whose targets differ among themselves as the model says."""
    shown = rng.poisson(60, targets) + 1
    size = (1 - clustering) / clustering
    authentic = rng.binomial(shown, rng.beta(rate * size, (1 - rate) * size, targets)).astype(float)
    total, slack = authentic.sum(), 0.01 * shown.sum()
    return Side(name, shown, authentic, max(0.0, total - slack), min(float(shown.sum()), total + slack))


def test_a_small_unit_does_not_win_by_luck() -> None:
    rng = np.random.default_rng(1)
    big = [side(f"big{n}", rng, 150, 0.9) for n in range(3)]
    shown = np.array([60, 60])
    lucky = Side("lucky", shown, shown.astype(float), 119.0, 120.0)
    found = compare([*big, lucky], "dir")
    unit = {one.name: one for one in found.units}
    assert unit["lucky"].share == 1.0 > max(unit[one.name].share for one in big)
    assert unit["lucky"].rate < 0.99 and unit["lucky"].best < 0.95
    assert unit["lucky"].rate_high - unit["lucky"].rate_low > unit["big0"].rate_high - unit["big0"].rate_low
    assert unit["lucky"].weight < 30 < unit["big0"].weight < unit["big0"].shown
    assert found.messages[0].code != "compare_best"


def test_units_that_differ_are_told_apart_and_intervals_cover() -> None:
    truth = {"a": 0.95, "b": 0.6, "c": 0.8}
    covered = right = 0
    for seed in range(25):
        rng = np.random.default_rng(100 + seed)
        found = compare([side(name, rng, 40, rate) for name, rate in truth.items()], "dir", seed)
        right += found.units[0].name == "a" and found.messages[0].code == "compare_best"
        covered += sum(unit.rate_low <= truth[unit.name] <= unit.rate_high for unit in found.units)
        assert {(pair.first, pair.second) for pair in found.pairs} == {("a", "c"), ("a", "b"), ("c", "b")}
    # 75 intervals of 90 %: fewer than 58 would happen once in ten thousand times.
    assert right >= 24 and covered >= 58


def test_units_that_do_not_differ_are_not_told_apart() -> None:
    said = []
    for seed in range(25):
        rng = np.random.default_rng(seed)
        found = compare([side(f"s{n}", rng, targets, 0.9) for n, targets in enumerate((3, 40, 200))], "dir", seed)
        said.append(found.messages[0].code)
    assert said.count("compare_none") >= 20


def test_one_target_each_says_next_to_nothing() -> None:
    sides = [
        Side(name, np.array([100]), np.array([share]), share - 1, share + 1)
        for name, share in (("a", 99.0), ("b", 60.0))
    ]
    found = compare(sides, "campaign")
    assert found.messages[0].code == "compare_none"
    assert found.messages[1].code == "compare_lone" and found.messages[1].values == {"names": ["a", "b"]}
    assert found.pairs[0].low < 0 < found.pairs[0].high


@given(
    st.lists(st.lists(st.tuples(st.integers(1, 500), st.floats(0, 1)), min_size=1, max_size=6), min_size=2, max_size=4),
    st.integers(0, 5),
)
@settings(max_examples=20, deadline=None)
def test_chances_add_up_whatever_is_compared(units: list[list[tuple[int, float]]], seed: int) -> None:
    sides = []
    for number, targets in enumerate(units):
        shown = np.array([n for n, _ in targets])
        authentic = np.array([n * share for n, share in targets])
        sides.append(Side(f"u{number}", shown, authentic, 0.9 * authentic.sum(), float(shown.sum())))
    found = compare(sides, "dir", seed)
    ranks = np.array([unit.ranks for unit in found.units])
    assert np.allclose(ranks.sum(axis=0), 1) and np.allclose(ranks.sum(axis=1), 1)
    assert found == compare(sides, "dir", seed)
    rates = [unit.rate for unit in found.units]
    assert rates == sorted(rates, reverse=True)
    for unit in found.units:
        assert 0 <= unit.rate_low <= unit.rate_high <= 1 and 0 <= unit.share_low <= unit.share <= unit.share_high <= 1
        assert unit.best == unit.ranks[0] and 0 < unit.weight <= unit.shown + 1e-6


@given(st.integers(0, 60), st.integers(0, 60), st.integers(0, 60), st.integers(0, 60))
@settings(max_examples=100, deadline=None)
def test_intervals_of_proportions_hold_together(a: int, more: int, b: int, other: int) -> None:
    one, two = (a, a + more), (b, b + other)
    low, high = wilson(*one)
    assert 0 <= low <= (a / (a + more) if a + more else 0.5) <= high <= 1
    turned = wilson(more, a + more)
    assert low == pytest.approx(1 - turned[1]) and high == pytest.approx(1 - turned[0])
    difference, below, above = newcombe(one, two)
    back = newcombe(two, one)
    assert below - 1e-12 <= difference <= above + 1e-12
    assert back[0] == pytest.approx(-difference)
    if a + more and b + other:
        assert back[1] == pytest.approx(-above) and 0 <= fisher(one, two) <= 1 + 1e-9


def test_wilson_and_newcombe_are_the_published_ones() -> None:
    # Newcombe 1998, table II: 56/70 less 48/80, 95 %: 0.2000 (0.0524 to 0.3339).
    assert newcombe((56, 70), (48, 80), 0.95) == pytest.approx((0.2, 0.0524, 0.3339), abs=5e-4)
    assert wilson(81, 263, 0.95) == pytest.approx((0.2553, 0.3662), abs=5e-4)
    assert holm(np.array([0.01, 0.04, 0.03])).tolist() == pytest.approx([0.03, 0.06, 0.06])


@pytest.fixture(scope="module")
def audits(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """A clean log and one with orders."""
    root = tmp_path_factory.mktemp("compare")
    for name, scenario in (("clean", "clean"), ("bought", "small")):
        plaudit.audit(simulate(scenario, events=8_000, seed=1).events).write(root / name)
    return [root / "clean", root / "bought"]


def test_folders_side_by_side(audits: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = [str(one) for one in audits]
    out = tmp_path / "side"
    for lang, title in (("en", "Side by side"), ("zh", "并排比较")):
        assert main(["compare", *words, "--out", str(out), "--lang", lang]) == 0
        assert capsys.readouterr().out.strip()
        page = (out / "compare.html").read_text("utf-8")
        assert title in page and "<script" not in page and "http" not in page
    assert main(["compare", *words, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told == json.loads((out / "compare.json").read_text("utf-8"))
    assert [unit["name"] for unit in told["units"]] == ["clean", "bought"]


def test_campaigns_come_from_a_table(audits: list[Path], tmp_path: Path) -> None:
    ids = pq.read_table(audits[0] / "targets.parquet")["target_id"].to_pylist()
    lines = [f"{name},<b>{'red' if n % 3 else 'blue'}</b>" for n, name in enumerate(ids)]
    (tmp_path / "c.csv").write_text("\n".join(["target_id,campaign", *lines, "unknown,green"]), "utf-8")
    found = compare_audits(audits[:1], by="campaign", targets=tmp_path / "c.csv")
    assert {unit.name for unit in found.units} == {"<b>red</b>", "<b>blue</b>"}
    assert sum(unit.targets for unit in found.units) == len(ids)
    assert "<b>red" not in comparison_html(found, "en")
    (tmp_path / "twice.csv").write_text(f"target_id,campaign\n{ids[0]},a\n{ids[0]},b\n", "utf-8")
    with pytest.raises(InputError, match="two of campaign"):
        compare_audits(audits[:1], by="campaign", targets=tmp_path / "twice.csv")


def test_what_cannot_be_compared_is_one_sentence(audits: list[Path], tmp_path: Path) -> None:
    with pytest.raises(InputError, match="two are needed"):
        compare_audits(audits[:1])
    with pytest.raises(InputError, match="named twice"):
        compare_audits([audits[0], audits[0]])
    with pytest.raises(InputError, match="--targets"):
        compare_audits(audits, by="account")
    with pytest.raises(ResultError, match="not a complete audit"):
        compare_audits([audits[0], tmp_path])


def reads_of(name: str, rng: np.random.Generator, posts: int, rate: float) -> Reads:
    """A side whose posts differ among themselves (a coefficient of variation of one half)."""
    reads = rng.lognormal(8, 0.8, posts).round()
    return Reads(name, rng.poisson(reads * rate * rng.gamma(4, 1 / 4, posts)).astype(float), reads, 0.0, 0)


def test_likes_per_read_cover_the_truth_and_few_posts_do_not_win_by_luck() -> None:
    truth = {"a": 0.03, "b": 0.015, "c": 0.02}
    covered = first = lucky_wins = 0
    for seed in range(8):
        rng = np.random.default_rng(seed)
        found = compare_reads([reads_of(name, rng, 25, rate) for name, rate in truth.items()], rng)
        assert found is not None
        first += found.units[0].name == "a"
        covered += sum(unit.low <= truth[unit.name] <= unit.high for unit in found.units)
        # One post, read 150 times, with three times the likes of the others.
        lucky = Reads("lucky", np.array([9.0]), np.array([150.0]), 0.0, 0)
        found = compare_reads([*(reads_of(f"big{k}", rng, 60, 0.02) for k in range(3)), lucky], rng)
        assert found is not None
        unit = next(unit for unit in found.units if unit.name == "lucky")
        assert unit.observed == pytest.approx(0.06) and unit.value < 0.035 and unit.high > unit.value > unit.low
        lucky_wins += unit.best >= 0.95
    # 24 intervals of 90 %: fewer than 16 would happen once in ten thousand times.
    assert first >= 7 and covered >= 16 and lucky_wins == 0


def test_what_the_count_leaves_open_widens_likes_per_read() -> None:
    rng = np.random.default_rng(1)
    sides = [reads_of("a", rng, 40, 0.02), reads_of("b", rng, 40, 0.02)]
    open_ = [replace(side, open=0.3 * float(side.likes.sum())) for side in sides]
    sure, unsure = (compare_reads(one, np.random.default_rng(2)) for one in (sides, open_))
    assert sure is not None and unsure is not None
    for one, two in zip(sure.units, unsure.units, strict=True):
        assert two.high - two.low > 1.5 * (one.high - one.low)
    assert compare_reads(sides[:1], rng) is None
    assert compare_reads([sides[0], Reads("none", np.zeros(0), np.zeros(0), 0.0, 7)], rng) is None


def test_depth_shrinks_what_few_comments_say() -> None:
    rng = np.random.default_rng(1)
    sides = [Depths(f"s{k}", 40.0 + k, 1.0, 500) for k in range(3)]
    found = compare_depth([*sides, Depths("few", 80.0, 25.0, 3)], rng)
    assert found is not None
    unit = {one.name: one for one in found.units}
    assert unit["few"].observed == 80 and unit["few"].value < 60 and unit["few"].best < 0.95
    assert abs(unit["s2"].value - 42) < 1
    assert compare_depth(sides[:1], rng) is None


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An audit of comments under six posts of two accounts, with reads."""
    root = tmp_path_factory.mktemp("compared")
    folder = root / "held"
    world = simulate_section("comments", comments=200, seed=5, tier=Tier.SNAPSHOT, overrides={"posts": 6})
    write_section(world, root, "csv")
    (root / "export").rename(folder)
    rows = pa_csv.read_csv(folder / "totals.csv")
    names = pa.array([f"shop{k % 2}" for k in range(rows.num_rows)])
    pa_csv.write_csv(rows.append_column("account", names), folder / "totals.csv")
    plaudit.audit(folder).write(root / "audit")
    return root / "audit"


def test_exports_side_by_side(exports: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    posts = pq.read_table(exports / "posts.parquet").to_pylist()
    found = compare_audits([exports], by="post")
    assert {unit.name for unit in found.units} == {post["post_id"] for post in posts}
    comments = {post["post_id"]: post["comments"] + 1 for post in posts}
    assert all(unit.targets <= comments[unit.name] for unit in found.units)
    measure = {one.code: one for one in found.measures}
    reads = {unit.name: unit for unit in measure["likes_per_read"].units}
    for post in posts:
        assert reads[post["post_id"]].observed == pytest.approx(post["authentic"] / post["reads_low"])
    assert all(0 <= unit.low <= unit.value <= unit.high <= 100 for unit in measure["depth"].units)
    by_account = compare_audits([exports], by="account")
    assert {unit.name for unit in by_account.units} == {"shop0", "shop1"}
    assert {unit.parts for unit in by_account.measures[0].units} == {3}
    # Of people no depth and no rate is told.
    assert compare_audits([exports], by="author").measures == []
    table = tmp_path / "c.csv"
    table.write_text(
        "\n".join(["target_id,campaign", *(f"{p['post_id']},k{n % 2}" for n, p in enumerate(posts))]), "utf-8"
    )
    campaign = compare_audits([exports], by="campaign", targets=table)
    assert sum(unit.shown for unit in campaign.units) == sum(unit.shown for unit in found.units)
    assert [one.code for one in campaign.measures] == ["likes_per_read", "depth"]
    for lang in ("en", "zh"):
        assert main(["compare", str(exports), "--by", "post", "--lang", lang]) == 0
        assert "compare_" not in capsys.readouterr().out
        page = comparison_html(found, lang)
        assert "compare_" not in page and page.count("<table>") == 4


def test_exports_beside_a_log_compare_by_share_alone(exports: Path, audits: list[Path]) -> None:
    found = compare_audits([exports, audits[0]])
    assert len(found.units) == 2 and found.measures == []
