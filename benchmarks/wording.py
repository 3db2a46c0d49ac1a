"""What the same words prove on real comments: false alarms on genuine sections, precision where spam is labelled.

Bilibili and Polis comments are presumed genuine: whatever is flagged there is a false alarm. ``youtube_spam`` has
labels but no likes, so only words, authors and moments speak. The choices of the detector were made with these sections
in view (decision 17): these are no blind figures.
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
from numpy.typing import NDArray

from benchmarks.common import Mark, circumstances, markdown, marks_table, parser, percent, tell
from benchmarks.real import data_folder
from plaudit.detectors.near_duplicate import DETECTOR
from plaudit.detectors.spec import SectionContext
from plaudit.model import Bools, Comments, Counter, Ints, Posts, Section, Snapshots

NOISE, PRECISION = 0.5, 90.0
"""Marks in percent: genuine comments flagged at most; members of groups that are spam at least."""
SIGNIFICANT = 0.05
FILES = ("bilibili_comments", "polis_comments", "youtube_spam")


@dataclass(frozen=True)
class Run:
    """One section, asked. Shares are 0..1, ``None`` where there was nothing to measure.

    Attributes:
        name, comments: what was asked about.
        repeated: share of comments that stand in a group of two speakers or more.
        groups: groups the detector reports; ``flagged_groups`` those at q <= 0.05.
        flagged: share of comments in the latter; ``sure`` share in those at certainty 1.
        precision, recall: of spam, among members of all reported groups.
        flagged_precision, flagged_recall: among members of groups at q <= 0.05.
        seconds: time taken.
    """

    name: str
    comments: int
    repeated: float
    groups: int
    flagged_groups: int
    flagged: float
    sure: float
    precision: float | None
    recall: float | None
    flagged_precision: float | None
    flagged_recall: float | None
    seconds: float

    def row(self) -> list[str]:
        """Cells of the table."""
        return [
            self.name,
            f"{self.comments:,}",
            percent(self.repeated),
            str(self.groups),
            str(self.flagged_groups),
            percent(self.flagged, 2),
            percent(self.sure, 2),
            percent(self.precision),
            percent(self.recall),
            percent(self.flagged_precision),
            percent(self.flagged_recall),
            f"{self.seconds:.1f} s",
        ]


HEADERS = (
    "section", "comments", "in near-duplicates", "groups reported", "q ≤ 0.05", "comments flagged", "at certainty 1",
    "spam among reported", "of all spam", "spam among flagged", "of all spam", "time",
)  # fmt: skip


def section_of(
    text: pa.Array,
    post: pa.Array,
    *,
    likes: Ints | None = None,
    created_ms: Ints | None = None,
    author: pa.Array = None,
) -> tuple[Section, Ints]:
    """A section of plain columns, and the order its comments were put in."""
    names, number = np.unique(np.asarray(post.to_pylist()), return_inverse=True)
    order = np.argsort(number, kind="stable").astype(np.int64)
    n, none = len(order), np.full(len(order), -1, np.int32)
    moment = np.full(n, -1, np.int64)
    flag = np.full(n, -1, np.int8)
    who, writer = np.zeros(0), none
    if author is not None:
        who, found = np.unique(np.asarray(author.to_pylist()), return_inverse=True)
        writer = found[order].astype(np.int32)
    key = pa.array([str(k) for k in range(len(who))], pa.string())
    comments = Comments(
        id=pa.array([str(k) for k in order], pa.string()),
        post=number[order].astype(np.int32),
        parent=none,
        author=writer,
        author_key=key,
        author_name=key,
        author_is_id=np.ones(len(who), dtype=bool),
        text=text.take(pa.array(order)).cast(pa.string()),
        likes=Counter.absent(n) if likes is None else Counter.exactly(likes[order]),
        replies=Counter.absent(n),
        created_ms=moment if created_ms is None else created_ms[order],
        observed_ms=moment,
        region=none,
        regions=(),
        position=none,
        pinned=flag,
        elected=flag,
        author_liked=flag,
        by_owner=flag,
        hidden=flag,
    )
    p = len(names)
    posts = Posts(
        id=pa.array([str(name) for name in names], pa.string()),
        platform=pa.array(["generic"] * p, pa.string()),
        account=np.arange(p, dtype=np.int32),
        title=pa.array([""] * p, pa.string()),
        published_ms=np.full(p, -1, np.int64),
        totals={},
        rates={},
    )
    empty = np.zeros(0, np.int64)
    shots = Snapshots(np.zeros(0, np.int32), empty, Counter.absent(0), Counter.absent(0), np.zeros(0, np.int32))
    return Section(posts, comments, shots), order


def measure(name: str, section: Section, spam: Bools | None = None) -> Run:
    """Ask the detector about one section; ``spam`` labels its comments where labels exist."""
    start = time.perf_counter()
    told = DETECTOR.find(section, SectionContext(section))
    taken = time.perf_counter() - start
    n, posts = len(section.comments), len(section.posts)
    group = np.repeat(np.arange(len(told)), np.diff(told.exhibits.offsets))
    row = told.exhibits.row - posts
    significant = told.q_value <= SIGNIFICANT
    seen, flagged, sure = (np.zeros(n, dtype=bool) for _ in range(3))
    seen[row] = True
    flagged[row[significant[group]]] = True
    sure[row[(significant & (told.certainty == 1))[group]]] = True
    found = [_of_spam(members, spam) for members in (seen, flagged)]
    return Run(
        name,
        n,
        told.notes["repeated_share"],
        len(told),
        int(significant.sum()),
        float(flagged.mean()),
        float(sure.mean()),
        *found[0],
        *found[1],
        taken,
    )


def _of_spam(members: NDArray[np.bool_], spam: Bools | None) -> tuple[float | None, float | None]:
    if spam is None:
        return None, None
    return float(spam[members].mean()) if members.any() else None, float(members[spam].mean())


def _milliseconds(column: pa.ChunkedArray) -> Ints:
    return np.asarray(pc.fill_null(column.cast(pa.timestamp("ms")).cast(pa.int64()), -1), dtype=np.int64)


def _published(column: pa.ChunkedArray) -> Ints:
    """ISO times with or without a fraction; what is missing is unknown."""
    whole = pc.utf8_slice_codeunits(pc.fill_null(column, ""), 0, 19)
    moment = pc.strptime(whole, format="%Y-%m-%dT%H:%M:%S", unit="ms", error_is_null=True)
    return np.asarray(pc.fill_null(moment.cast(pa.int64()), -1), dtype=np.int64)


def runs(data: Path) -> list[Run]:
    """All sections of ``data``: each as a whole, and by video where there are few."""
    out = []

    def note(run: Run) -> None:
        out.append(run)
        print("  ".join(run.row()), file=sys.stderr, flush=True)

    table = pq.read_table(data / "bilibili_comments.parquet")
    likes, moments = np.asarray(table["like"], dtype=np.int64), _milliseconds(table["ts"])
    words = table["text"].combine_chunks()
    note(measure("bilibili_comments", section_of(words, table["video"], likes=likes, created_ms=moments)[0]))
    note(measure("bilibili_comments, likes hidden", section_of(words, table["video"], created_ms=moments)[0]))
    table = pq.read_table(data / "polis_comments.parquet")
    likes, moments = np.asarray(table["agrees"], dtype=np.int64), np.asarray(table["created_ms"], dtype=np.int64)
    words = table["text"].combine_chunks()
    note(measure("polis_comments", section_of(words, table["conversation"], likes=likes, created_ms=moments)[0]))
    whole = pq.read_table(data / "youtube_spam.parquet")
    videos = sorted(set(whole["video"].to_pylist()))
    for name in ("", *videos):
        table = whole.filter(pc.equal(whole["video"], name)) if name else whole
        section, order = section_of(
            table["text"].combine_chunks(),
            table["video"],
            created_ms=_published(table["published"]),
            author=table["author"],
        )
        spam = np.asarray(table["is_spam"], dtype=np.int64)[order] == 1
        note(measure(f"youtube_spam{', ' if name else ''}{name}", section, spam))
    return out


def marks(found: Sequence[Run]) -> list[Mark]:
    """The marks of these runs."""
    out = []
    for run in found:
        if run.name in ("bilibili_comments", "polis_comments"):
            out.append(Mark(f"{run.name}: comments flagged", 100 * run.flagged, NOISE))
        if run.name == "youtube_spam":
            for what, share in (("reported groups", run.precision), ("groups at q ≤ 0.05", run.flagged_precision)):
                out.append(Mark(f"{run.name}: spam among members of {what}", 100 * (share or 0.0), PRECISION, True))
    return out


def main(argv: Sequence[str] | None = None) -> int:
    """Run and print; ``--write`` also puts the tables into the document."""
    options = parser(__doc__)
    options.add_argument("--data", type=Path, default=data_folder(), help="folder of the data, or set PLAUDIT_DATA")
    given = options.parse_args(argv)
    lacking = [f"{name}.parquet" for name in FILES if not (given.data / f"{name}.parquet").is_file()]
    if lacking:
        print(
            f"Nothing measured: {given.data} lacks {', '.join(lacking)}; name the folder with --data or PLAUDIT_DATA."
        )
        return 0
    head = circumstances(given.date, "python -m benchmarks.wording")
    found = runs(given.data)
    text = "\n\n".join([head, marks_table(marks(found)), markdown(HEADERS, [run.row() for run in found])])
    return tell(given, "wording", text)


if __name__ == "__main__":
    raise SystemExit(main())
