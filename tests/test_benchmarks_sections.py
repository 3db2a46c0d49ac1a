"""The table "what each tier can see": tiers side by side, crowds apart from attacks, shares of the right things."""

from __future__ import annotations

from benchmarks.sections import Run, measure, report

from plaudit.model import Tier
from plaudit.testing.sections import LabelScore


def run(tier: Tier, scores: list[LabelScore], silent: str = "") -> Run:
    return Run("section_mixed", 3_000, 1, tier, 1.5, scores, 0.5, 0.0, silent)


def test_the_report_puts_tiers_side_by_side() -> None:
    step = LabelScore("step", True, 10, 0, 0, 0, 4, 1_000, 0, 50, 0, 0)
    seen = LabelScore("step", True, 10, 9, 8, 7, 4, 1_000, 870, 50, 0, 0)
    lottery = LabelScore("lottery", False, 200, 2, 1, 0, 200, 0, 0, 400, 4, 0)
    text = report([run(Tier.SNAPSHOT, [step, lottery], "curve: needs curves"), run(Tier.CURVE, [seen, lottery])])
    lines = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("|")
    ]
    by_name = {cells[0]: cells[1:] for cells in lines}
    assert by_name["step"] == ["10", "0.0 %", "0.0 %", "0.0 %", "0.0 %", "90.0 %", "80.0 %", "70.0 %", "87.0 %"]
    assert by_name["lottery"] == ["200", *["1.0 %", "0.5 %", "0.0 %", "1.0 %"] * 2]
    worlds = [cells for cells in lines if cells[0] == "mixed"]
    assert [cells[2] for cells in worlds] == ["T0", "T1"] and worlds[1][4] == "87.0 %" and worlds[1][5] == "0.50 %"
    assert "T0: curve: needs curves" in text


def test_a_section_is_measured_whole() -> None:
    one = measure("section_clean", 400, 1, Tier.SNAPSHOT)
    counted = {score.label: score for score in one.scores}
    assert set(counted) == {"organic"} and counted["organic"].targets > 400 and counted["organic"].discounted == 0
    assert one.average_precision is None and one.seconds > 0
