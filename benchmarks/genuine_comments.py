"""How often genuine comments are suspected for their likes: real sections, nothing of them known to be bought.

python -m benchmarks.genuine_comments --write

Neither section names regions, so `region` cannot be asked about them.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from benchmarks.common import Mark, circumstances, markdown, marks_table, parser, percent, tell
from benchmarks.real import data_folder
from plaudit.detectors.quality_gap import DETECTOR
from plaudit.detectors.runner import run_section_detectors
from plaudit.detectors.spec import SectionContext
from plaudit.model import Comments, Counter, Ints, Posts, Section, Snapshots

FLAGGED = 0.5
"""Mark: percent of the comments of a genuine section suspected at most."""
SIGNIFICANT = 0.05
LEVELS = (0.01, 0.001)
SOURCES = {"bilibili_comments": ("video", "like"), "polis_comments": ("conversation", "agrees")}
"""Genuine sections: the columns that hold the post and the likes."""
HEADERS = (
    "section",
    "shown first",
    "comments",
    "seconds",
    "suspected (q ≤ 0.05)",
    *(f"p ≤ {x:g}" for x in LEVELS),
    "least q",
)


@dataclass(frozen=True)
class Run:
    """One section, judged; shares are 0..1."""

    name: str
    order: str
    comments: int
    seconds: float
    suspected: float
    below: tuple[float, ...]
    least_q: float

    def row(self) -> list[str]:
        """Cells of the table of runs."""
        return [
            self.name,
            self.order,
            f"{self.comments:,}",
            f"{self.seconds:.1f}",
            percent(self.suspected, 2),
            *(percent(share, 2) for share in self.below),
            f"{self.least_q:.2f}",
        ]


def read_section(path: Path, post_column: str, likes_column: str, by_likes: bool) -> Section:
    """A file of genuine comments as a section; ``by_likes`` gives each the place an order by likes would show it at."""
    table = pq.read_table(path)
    names, post = np.unique(np.asarray(table[post_column].to_pylist()), return_inverse=True)
    likes = np.asarray(table[likes_column].to_numpy(), np.int64)
    order = np.lexsort((np.arange(post.shape[0]), -likes, post)) if by_likes else np.argsort(post, kind="stable")
    post, likes = post[order], likes[order]
    first = np.searchsorted(post, np.arange(names.shape[0]))
    n, absent, flag = post.shape[0], np.full(post.shape[0], -1, np.int32), np.full(post.shape[0], -1, np.int8)
    created = _created(table).take(pa.array(order)).to_numpy(zero_copy_only=False).astype(np.int64)
    nobody = pa.array([], pa.string())
    shots: Ints = np.zeros(0, np.int64)
    return Section(
        Posts(
            id=pa.array(names.tolist(), pa.string()),
            platform=pa.array(["generic"] * names.shape[0], pa.string()),
            account=np.full(names.shape[0], -1, np.int32),
            title=pa.array([""] * names.shape[0], pa.string()),
            published_ms=np.full(names.shape[0], -1, np.int64),
            totals={},
            rates={},
        ),
        Comments(
            id=pa.array([str(k) for k in order], pa.string()),
            post=post.astype(np.int32),
            parent=absent,
            author=absent,
            author_key=nobody,
            author_name=nobody,
            author_is_id=np.zeros(0, bool),
            text=pc.fill_null(table["text"].combine_chunks().cast(pa.string()).take(pa.array(order)), ""),
            likes=Counter.exactly(likes),
            replies=Counter.absent(n),
            created_ms=created,
            observed_ms=np.full(n, created.max(), np.int64),
            region=absent,
            regions=(),
            position=(np.arange(n) - first[post]).astype(np.int32) if by_likes else absent,
            pinned=flag,
            elected=flag,
            author_liked=flag,
            by_owner=flag,
            hidden=flag,
        ),
        Snapshots(shots.astype(np.int32), shots, Counter.absent(0), Counter.absent(0), shots.astype(np.int32)),
    )


def _created(table: pa.Table) -> pa.Array:
    if "created_ms" in table.column_names:
        return table["created_ms"].combine_chunks()
    return table["ts"].combine_chunks().cast(pa.timestamp("ms")).cast(pa.int64())


def measure(name: str, section: Section, order: str) -> Run:
    """Ask the detector about a genuine section."""
    begun = time.perf_counter()
    found = run_section_detectors([DETECTOR], section, SectionContext(section), lambda _: None)[0]
    tested = max(found.candidates, 1)
    return Run(
        name=name,
        order=order,
        comments=len(section.comments),
        seconds=time.perf_counter() - begun,
        suspected=float((found.q_value <= SIGNIFICANT).sum()) / tested,
        below=tuple(float((found.p_value <= level).sum()) / tested for level in LEVELS),
        least_q=float(found.q_value.min(initial=1.0)),
    )


def runs(data: Path) -> list[Run]:
    """Every section, with places unknown and in the order by likes."""
    out = []
    for name, columns in SOURCES.items():
        for by_likes in (False, True):
            section = read_section(data / f"{name}.parquet", *columns, by_likes)
            out.append(measure(name, section, "most liked" if by_likes else "unknown"))
            print("  ".join(out[-1].row()), file=sys.stderr, flush=True)
    return out


def marks(found: Sequence[Run]) -> list[Mark]:
    """One mark per section, by its worst order."""
    worst = {name: max(run.suspected for run in found if run.name == name) for name in SOURCES}
    return [
        Mark(f"{name}: genuine comments suspected for their likes", 100 * share, FLAGGED)
        for name, share in worst.items()
    ]


def missing(data: Path) -> list[str]:
    """Files that ``data`` would need and lacks."""
    return [f"{name}.parquet" for name in SOURCES if not (data / f"{name}.parquet").is_file()]


def main(argv: Sequence[str] | None = None) -> int:
    """Run and print; ``--write`` also puts the tables into the document."""
    options = parser(__doc__)
    options.add_argument("--data", type=Path, default=data_folder(), help="folder of the data, or set PLAUDIT_DATA")
    given = options.parse_args(argv)
    if lacking := ", ".join(missing(given.data)):
        print(f"Nothing measured: {given.data} lacks {lacking}; name the folder with --data or PLAUDIT_DATA.")
        return 0
    head = circumstances(given.date, "python -m benchmarks.genuine_comments")
    found = runs(given.data)
    text = "\n\n".join([head, marks_table(marks(found)), markdown(HEADERS, [run.row() for run in found], left=2)])
    return tell(given, "genuine_comments", text)


if __name__ == "__main__":
    raise SystemExit(main())
