"""How well monthly totals alone tell the months of a campaign: ``curve``'s interval scores beside the simplest rules.

The label is StarScout's own output, which saw who starred and when; what is judged here saw one number a month. So the
label is *circular* (another program's opinion, not the truth), and says so. Targets are halved by the hash of their
name. The model was chosen on the first half, with one exception: with a plain mean for what an ordinary interval
brings, the second half had been seen once (91.5 % of the best rule's wrong pairs over all months) before the mean was
made robust. So the second half is nearly, not wholly, unseen.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from scipy import stats

from benchmarks.common import Mark, circumstances, markdown, marks_table, parser, percent, tell
from benchmarks.real import data_folder
from plaudit.detectors.curve import interval_scores
from plaudit.detectors.spec import SectionContext
from plaudit.model import Bools, Comments, Counter, Floats, Ints, Posts, Section, Snapshots, ranges

FILE = "star_months_a.parquet"
OURS = "curve.interval_scores"
HALVES = ("design", "held out")
NAMED = ("share of the peak month", "z-score of increments")
"""The simple rules everybody names first; :func:`rules` holds five more, one of them stronger."""
FEWER = 0.75
"""Mark: the pairs put in the wrong order are at most this share of what the strongest simple rule puts wrong."""
DRAWS = 200
ALARMS = (0.01, 0.02, 0.05)
"""Shares of the months without a campaign that may be raised with the campaigns."""


@dataclass(frozen=True)
class Months:
    """Months of targets, in the order of (target, month); arrays have one entry per month.

    Attributes:
        target: dense, ``int64[m]``; ``names`` by number.
        start_ms, end_ms: of the month. stars: gained in it. total: at its end. campaign: the label.
    """

    names: tuple[str, ...]
    target: Ints
    start_ms: Ints
    end_ms: Ints
    stars: Ints
    total: Ints
    campaign: Bools

    def half(self) -> Ints:
        """0 or 1 per month, by the hash of the target's name."""
        side = [hashlib.sha256(name.encode()).digest()[0] % 2 for name in self.names]
        return np.array(side, dtype=np.int64)[self.target]

    def take(self, rows: Ints) -> Months:
        """These months, their targets numbered anew."""
        kept, target = np.unique(self.target[rows], return_inverse=True)
        return Months(
            tuple(self.names[k] for k in kept),
            target.astype(np.int64),
            self.start_ms[rows],
            self.end_ms[rows],
            self.stars[rows],
            self.total[rows],
            self.campaign[rows],
        )

    def section(self) -> Section:
        """Each target a post that is read at the end of every month, and once before its first."""
        first = np.flatnonzero(np.append(True, np.diff(self.target) != 0))
        owner = np.insert(self.target, first, self.target[first])
        at = np.insert(self.end_ms, first, self.start_ms[first])
        likes = np.insert(self.total, first, self.total[first] - self.stars[first])
        size = len(self.names)
        held = np.full(owner.shape[0], -1)
        return Section(
            posts=Posts(
                id=pa.array(self.names, pa.string()),
                platform=pa.array(["generic"] * size, pa.string()),
                account=np.zeros(size, np.int32),
                title=pa.array([""] * size, pa.string()),
                published_ms=self.start_ms[first],
                totals={},
                rates={},
            ),
            comments=_no_comments(),
            snapshots=Snapshots(
                owner.astype(np.int32), at, Counter.exactly(likes), Counter.exactly(held), held.astype(np.int32)
            ),
            accounts=("stars",),
        )


def _no_comments() -> Comments:
    ints, small, flags = np.zeros(0, np.int64), np.zeros(0, np.int32), np.zeros(0, np.int8)
    words, none = pa.array([], pa.string()), Counter.absent(0)
    return Comments(
        words, small, small, small, words, words, np.zeros(0, np.bool_), words, none, none, ints, ints, small, (),
        small, flags, flags, flags, flags, flags,
    )  # fmt: skip


def read_months(path: Path) -> Months:
    """The months of the file."""
    table = pq.read_table(path).sort_by([("target", "ascending"), ("month", "ascending")])
    names, target = np.unique(np.array(table["target"].to_pylist(), object), return_inverse=True)
    month = table["month"].to_pylist()
    stars, total = (table[name].to_numpy().astype(np.int64) for name in ("stars", "stars_total"))
    return Months(
        tuple(names.tolist()),
        target.astype(np.int64),
        np.array([_month_ms(text, 0) for text in month], np.int64),
        np.array([_month_ms(text, 1) for text in month], np.int64),
        stars,
        total,
        np.array(table["campaign"].to_pylist(), np.bool_),
    )


def _month_ms(text: str, later: int) -> int:
    months = 12 * int(text[:4]) + int(text[5:7]) - 1 + later
    return int(datetime(months // 12, months % 12 + 1, 1, tzinfo=UTC).timestamp() * 1000)


def rules(months: Months) -> Mapping[str, Floats]:
    """Simple rules by name; each scores every month from the stars of its target alone."""
    size = len(months.names)
    k, home = months.stars.astype(np.float64), months.target
    count = np.bincount(home, minlength=size)[home]
    whole = np.bincount(home, k, size)[home]
    peak = np.zeros(size)
    np.maximum.at(peak, home, k)
    mean = whole / count
    spread = np.sqrt(np.maximum(np.bincount(home, k**2, size)[home] / count - mean**2, 0.0))
    others = (whole - k) / np.maximum(count - 1, 1)
    return {
        "stars of the month": k,
        "share of the peak month": k / np.maximum(peak[home], 1.0),
        "share of all stars": k / np.maximum(whole, 1.0),
        "share of stars so far": k / np.maximum(months.total, 1),
        "z-score of increments": (k - mean) / np.maximum(spread, 1.0),
        "z-score against the other months": (k - others) / np.sqrt(others + 1.0),
        "times the mean of the other months": (k + 1.0) / (others + 1.0),
    }


def auc(score: Floats, label: Bools) -> float:
    """Chance that a labelled month scores above another one, ties for half; NaN without both kinds."""
    ours = int(label.sum())
    if ours == 0 or ours == label.shape[0]:
        return float("nan")
    rank = stats.rankdata(score)
    return float((rank[label].sum() - ours * (ours + 1) / 2) / (ours * (label.shape[0] - ours)))


def precision(score: Floats, label: Bools) -> float:
    """Average precision."""
    hit = label[np.argsort(-score, kind="stable")]
    return float((np.cumsum(hit) / np.arange(1, hit.shape[0] + 1))[hit].mean())


def recall(score: Floats, label: Bools, alarms: float) -> float:
    """Share of labelled months above all but ``alarms`` of the others."""
    others = np.sort(score[~label])[::-1]
    return float((score[label] > others[int(others.shape[0] * alarms)]).mean())


@dataclass(frozen=True)
class Row:
    """One method on one set of months: ``half``, ``months`` (which), ``method``, ``auc``, average precision, recall at
    each of :data:`ALARMS`, and our wrong pairs over those of the method, with 90 % of bootstraps over targets.
    """

    half: str
    months: str
    method: str
    auc: float
    precision: float
    recall: tuple[float, ...]
    wrong: float
    low: float
    high: float


def measure(months: Months) -> list[Row]:
    """All methods on both halves and on everything, over all months and over those of targets with two or more."""
    out = []
    side = months.half()
    for name, rows in ((HALVES[0], side == 0), (HALVES[1], side == 1), ("both", side >= 0)):
        part = months.take(np.flatnonzero(rows))
        section = part.section()
        scored = interval_scores(section, SectionContext(section))
        if not np.array_equal(scored.end_ms, part.end_ms):
            raise AssertionError("Scores and months are out of step.")
        several = np.bincount(part.target)[part.target] >= 2
        for which, chosen in (("all", np.ones(several.shape[0], np.bool_)), ("of 2 or more", several)):
            scores = {OURS: scored.score, **rules(part)}
            share = {method: ratio for method, ratio in zip(scores, _over(part, scores, chosen), strict=True)}
            for method, score in scores.items():
                mine, label = score[chosen], part.campaign[chosen]
                told = auc(mine, label), precision(mine, label), tuple(recall(mine, label, most) for most in ALARMS)
                out.append(Row(name, which, method, *told, *share[method]))
    return out


def _over(months: Months, scores: Mapping[str, Floats], chosen: Bools) -> list[tuple[float, float, float]]:
    """Our wrong pairs over each method's, and the ends of 90 % of bootstraps that draw whole targets."""
    rng = np.random.default_rng(1)
    first = np.searchsorted(months.target, np.arange(len(months.names) + 1))

    def wrong(rows: Ints) -> Floats:
        return np.array([1.0 - auc(score[rows], months.campaign[rows]) for score in scores.values()])

    drawn = []
    for _ in range(DRAWS):
        taken = rng.integers(0, len(months.names), len(months.names))
        rows = ranges(first[taken], first[taken + 1] - first[taken])
        drawn.append(wrong(rows[chosen[rows]]))
    whole, many = wrong(np.flatnonzero(chosen)), np.array(drawn)
    low, high = np.nanquantile(many[:, :1] / np.maximum(many, 1e-12), [0.05, 0.95], axis=0)
    return list(zip((whole[0] / np.maximum(whole, 1e-12)).tolist(), low.tolist(), high.tolist(), strict=True))


def strongest(rows: Sequence[Row], half: str, months: str, among: Sequence[str] = ()) -> Row:
    """The best of the simple rules there, whichever it is, or of some of them."""
    there = (r for r in rows if (r.half, r.months) == (half, months) and r.method != OURS)
    return max((r for r in there if not among or r.method in among), key=lambda r: r.auc)


def marks(rows: Sequence[Row]) -> list[Mark]:
    """Pairs in the wrong order, as a share of those of the strongest rule: of the named ones, and of all, held out."""
    out = []
    for which in dict.fromkeys(row.months for row in rows):
        named, best = (strongest(rows, HALVES[1], which, among) for among in (NAMED, ()))
        what = f"held out, months {which}: wrong pairs against"
        out.append(Mark(f"{what} “{named.method}” (circular label)", 100 * named.wrong, 100 * FEWER))
        out.append(Mark(f"{what} “{named.method}”, upper end of 90 %", 100 * named.high, 100 * FEWER))
        out.append(Mark(f"{what} the best of seven, “{best.method}”", 100 * best.wrong, 100 * FEWER))
        out.append(Mark(f"{what} the best of seven, upper end of 90 %", 100 * best.high, 100.0))
    return out


def section(rows: Sequence[Row], head: str) -> str:
    """What stands between the marks of the document."""
    columns = list(dict.fromkeys((row.half, row.months) for row in rows))
    methods = list(dict.fromkeys(row.method for row in rows))
    cell = {(row.half, row.months, row.method): f"{row.auc:.4f}" for row in rows}
    table = [[method, *(cell[(*column, method)] for column in columns)] for method in methods]
    headers = ("AUC for campaign months", *(f"{half}, {which}" for half, which in columns))
    note = "Circular label: another program's opinion, not the truth."
    hard = [row for row in rows if (row.half, row.months) == (HALVES[1], columns[1][1])]
    detail = [
        [
            row.method,
            f"{row.precision:.3f}",
            *(percent(share) for share in row.recall),
            "–" if row.method == OURS else f"{row.wrong:.2f} ({row.low:.2f}–{row.high:.2f})",
        ]
        for row in hard
    ]
    heads = ("held out, months of 2 or more", "average precision", *(f"found at {most:.0%} alarms" for most in ALARMS))
    heads += ("our wrong pairs over its (90 %)",)
    parts = [head, note, marks_table(marks(rows)), markdown(headers, table), markdown(heads, detail)]
    return "\n\n".join(parts)


def main(argv: Sequence[str] | None = None) -> int:
    """Run and print; ``--write`` also puts the tables into the document."""
    options = parser(__doc__)
    options.add_argument("--data", type=Path, default=data_folder(), help="folder of the data, or set PLAUDIT_DATA")
    given = options.parse_args(argv)
    path = given.data / FILE
    if not path.is_file():
        print(f"Nothing measured: {given.data} lacks {FILE}; name the folder with --data or PLAUDIT_DATA.")
        return 0
    head = circumstances(given.date, "python -m benchmarks.curves")
    text = section(measure(read_months(path)), head)
    return tell(given, "curves", text)


if __name__ == "__main__":
    sys.exit(main())
