"""What each tier can see of comments and curves: simulated sections, recall by attack, false alarms by crowd.

python -m benchmarks.sections --write
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from benchmarks.common import (
    SOURCE,
    average,
    circumstances,
    listed,
    markdown,
    numbers,
    parser,
    percent,
    put_between,
    short,
)
from plaudit.app.section import answer
from plaudit.model import STATUSES, Findings, Tier
from plaudit.tally.section import SectionTally
from plaudit.testing.sections import (
    LabelScore,
    SectionWorld,
    pooled,
    score_section,
    simulate_section,
    what_each_tier_sees,
)
from plaudit.testing.sections.scoring import average_precision_of
from plaudit.testing.wellformed import SIGNIFICANT
from plaudit.verdict.section import SectionVerdicts

COMMENTS, SEEDS = (3_000,), (1, 2, 3)
SIGHT = SOURCE / "app" / "section_sight.json"
"""What reports show of it."""
WORLDS = ("section_mixed", "section_traps", "section_clean", "section_null")
TIERS = (Tier.SNAPSHOT, Tier.CURVE)


@dataclass(frozen=True)
class Run:
    """One audited section; ``holds``: the interval of everything together holds, ``over``: its estimate over truth."""

    scenario: str
    comments: int
    seed: int
    tier: Tier
    seconds: float
    scores: list[LabelScore]
    average_precision: float | None
    flagged: float
    silent: str
    holds: bool = True
    over: float = 1.0


def measure(scenario: str, comments: int, seed: int, tier: Tier) -> Run:
    """Simulate, audit and score one section."""
    world = simulate_section(scenario, comments=comments, seed=seed, tier=tier)
    began = time.perf_counter()
    found = answer(world.section, seed=seed)
    findings, verdicts, tally = found.findings, found.verdicts, found.tally
    judged = judged_by(world, findings, verdicts, tally)
    seconds = time.perf_counter() - began
    genuine = int(world.truth["genuine_likes"].to_numpy().sum())
    return Run(
        scenario,
        comments,
        seed,
        tier,
        seconds,
        score_section(world.truth, judged),
        average_precision_of(world.truth, verdicts.p),
        float(np.mean(verdicts.status != 0)),
        listed(f"{f.detector}: {f.reason}" for f in findings if f.reason),
        bool(tally.total.low <= genuine <= tally.total.high),
        tally.total.authentic / max(genuine, 1),
    )


def judged_by(
    world: SectionWorld, findings: Sequence[Findings], verdicts: SectionVerdicts, tally: SectionTally
) -> pa.Table:
    """What the audit says of each target, as :func:`score_section` wants it."""
    named = np.zeros(world.section.n_targets, np.bool_)
    for found in findings:
        of = np.repeat(np.arange(len(found)), np.diff(found.exhibits.offsets))
        named[found.exhibits.row[found.q_value[of] <= SIGNIFICANT]] = True
    words = np.array([status.value for status in STATUSES], object)
    return pa.table(
        {
            "named": named,
            "status": pa.array(words[verdicts.status], pa.string()),
            "discounted": tally.discounted,
            "undetermined": tally.undetermined,
            "authentic_low": tally.low,
            "authentic_high": tally.high,
        }
    )


def tier_table(runs: Sequence[Run]) -> str:
    """What each tier can see: attacks first, then innocent crowds and everybody else, pooled over the runs."""
    seen = {tier: pooled([run.scores for run in runs if run.tier is tier]) for tier in TIERS}
    rows = what_each_tier_sees(seen)
    heads = [f"{tier.value} {what}" for tier in TIERS for what in ("named", "suspected", "discounted", "likes")]

    def cells(row: dict[str, object]) -> list[str]:
        what = "found" if row["bought"] else "lost"
        shares = [row[f"{tier.value}_{name}"] for tier in TIERS for name in ("named", "suspected", "discounted", what)]
        return [str(row["label"]).replace("_", " "), f"{row['targets']:,}", *(percent(share) for share in shares)]  # type: ignore[arg-type]

    parts = []
    for bought, title in ((True, "bought"), (False, "genuine")):
        own = [cells(row) for row in rows if row["bought"] is bought]
        if own:
            parts.append(markdown((title, "targets", *heads), own, left=1))
    return "\n\n".join(parts)


def world_table(runs: Sequence[Run]) -> str:
    """One line per world, size and tier, averaged over seeds."""
    keys = list(dict.fromkeys((run.scenario, run.comments, run.tier) for run in runs))
    rows = []
    for scenario, comments, tier in keys:
        mine = [run for run in runs if (run.scenario, run.comments, run.tier) == (scenario, comments, tier)]
        together = pooled([run.scores for run in mine])
        hit = sum((one for one in together if one.bought and one.bought_likes), LabelScore("", True))
        rest = sum((one for one in together if not one.bought), LabelScore("", False))
        rows.append(
            [
                scenario.removeprefix("section_"),
                short(comments),
                tier.value,
                average((run.average_precision for run in mine), lambda value: f"{value:.3f}"),
                percent(hit.share("bought_found")),
                percent(rest.share("suspected"), 2),
                percent(rest.share("genuine_lost"), 2),
                percent(rest.share("genuine_open"), 2),
                percent(hit.share("covered")),
                percent(hit.share("covered_suspected")),
                percent(rest.share("covered")),
                f"{sum(run.holds for run in mine)} of {len(mine)}",
                average((run.over for run in mine), lambda value: f"{value:.2f}"),
                f"{max(run.seconds for run in mine):.1f} s",
            ]
        )
    heads = ["world", "comments", "tier", "average precision", "bought likes found", "genuine targets suspected"]
    heads += [
        "genuine likes lost",
        "left open",
        "interval holds, attacked",
        "of these in question",
        "interval holds, genuine",
    ]
    heads += ["total holds", "total over truth", "slowest"]
    return markdown(heads, rows, left=1)


def mixed_of(runs: Sequence[Run]) -> list[Run]:
    """The runs that say what a tier sees: worlds in which attacks and crowds meet."""
    return [run for run in runs if run.scenario in ("section_mixed", "section_traps")]


def seen_by_label(runs: Sequence[Run]) -> dict[str, dict[str, dict[str, float]]]:
    """By attack the share of bought likes not counted as verified, by crowd the share of targets left in question."""
    out: dict[str, dict[str, dict[str, float]]] = {"bought": {}, "genuine": {}}
    for tier in TIERS:
        for score in pooled([run.scores for run in mixed_of(runs) if run.tier is tier]):
            share = score.share("bought_found" if score.bought else "suspected")
            row = out["bought" if score.bought else "genuine"].setdefault(score.label, {})
            row[tier.value] = round(share or 0.0, 4)
    return out


def sight_of(runs: Sequence[Run], head: str) -> str:
    """The resource every report shows, with how it was measured."""
    return json.dumps({"measured": head, **seen_by_label(runs)}, indent=1, ensure_ascii=False) + "\n"


def short_table(runs: Sequence[Run]) -> str:
    """What each tier can see, as short as the front page wants it."""
    seen = seen_by_label(runs)
    heads = [f"{tier.value}" for tier in TIERS]
    parts = []
    for kind, title in (("bought", "bought likes found"), ("genuine", "innocent targets left in question")):
        rows = [
            [label.replace("_", " "), *(percent(row.get(tier.value), 0) for tier in TIERS)]
            for label, row in seen[kind].items()
        ]
        parts.append(markdown((title, *heads), rows, left=1))
    return "\n\n".join(parts)


def report(runs: Sequence[Run]) -> str:
    """Both tables, and which detectors had nothing to say."""
    mixed = mixed_of(runs)
    parts = [world_table(runs)]
    if mixed:
        parts.append(f"### What each tier can see\n\n{tier_table(mixed)}")
    silent = sorted({f"{run.tier.value}: {run.silent}" for run in runs if run.silent})
    if silent:
        parts.append("Not asked: " + "; ".join(silent) + ".")
    return "\n\n".join(parts)


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print; ``--write`` also puts the tables into the document."""
    options = parser(__doc__)
    options.add_argument("--scenarios", default=listed(WORLDS), help="worlds to make")
    options.add_argument("--comments", type=numbers, default=list(COMMENTS), help="comments of each world")
    options.add_argument("--seeds", type=numbers, default=list(SEEDS), help="seeds of the worlds")
    options.add_argument("--sight", type=Path, default=SIGHT, help="the resource of reports --write changes")
    given = options.parse_args(argv)
    names = [part for part in given.scenarios.split(",") if part]
    command = f"python -m benchmarks.sections --comments {listed(given.comments)} --seeds {listed(given.seeds)}"
    command += f" --scenarios '{given.scenarios}'" if names != list(WORLDS) else ""
    # Noted first: the code may be edited while a long run goes on with what it has loaded.
    head = circumstances(given.date, command)
    runs = []
    for name in names:
        for comments in given.comments:
            for seed in given.seeds:
                for tier in TIERS:
                    runs.append(measure(name, comments, seed, tier))
                    last = runs[-1]
                    print(
                        f"{name} {comments} seed {seed} {tier.value}: {last.seconds:.1f} s", file=sys.stderr, flush=True
                    )
    text = f"{head}\n\n{report(runs)}"
    print(text)
    if given.write:
        put_between(given.docs, "sections", text)
        if mixed_of(runs):
            given.sight.write_text(sight_of(runs, head), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
