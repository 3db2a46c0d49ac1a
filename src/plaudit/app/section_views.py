"""Findings, posts and comments of a section as the report shows them: few, and each with what speaks against it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from plaudit.app.cases import build_case, exonerating, innocent
from plaudit.app.section_figures import target_count
from plaudit.app.section_texts import Excerpts, excerpt
from plaudit.model import STATUSES, UNBOUNDED, UNKNOWN, Bools, Family, Findings, Ints, Section, SubjectKind
from plaudit.result import (
    OTHER,
    SMALL,
    Case,
    Cell,
    CommentView,
    CurvePoints,
    Depth,
    Message,
    PostView,
    SectionCount,
    SectionFinding,
    SectionTarget,
    merged,
)
from plaudit.tally import SectionTally
from plaudit.verdict import SectionVerdicts
from plaudit.verdict.section import LEVELS

_FLAGS = ("pinned", "elected", "author_liked", "by_owner", "hidden")
LISTED = 12
"""Targets a finding names, those with most likes."""

_POINTS = 120


@dataclass(frozen=True)
class Scene:
    """What the views are made from.

    Attributes:
        ids: id of every finding; ``targets`` of every target, posts first; ``excerpts`` of the comments to show.
        rows: rows of the table ``findings`` by id, without exhibits, of the findings that weigh anything.
        depth: recognition depth by comment row, of the comments to show.
    """

    section: Section
    findings: Sequence[Findings]
    verdicts: SectionVerdicts
    tally: SectionTally
    ids: Sequence[str]
    targets: pa.Array
    rows: Mapping[str, Mapping[str, object]]
    excerpts: Excerpts
    depth: Mapping[int, Depth]
    reveal: bool
    starts: Ints = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "starts", np.cumsum([0, *(len(f) for f in self.findings)]))

    def home(self, number: int) -> tuple[Findings, int]:
        """The detector's answers that hold a finding, and its place there."""
        at = int(np.searchsorted(self.starts, number, side="right")) - 1
        return self.findings[at], number - int(self.starts[at])

    def id_of(self, target: int) -> str:
        """Id of a target."""
        return str(self.targets[target].as_py())

    def words_of(self, target: int) -> str:
        """Excerpt of a comment, title of a post."""
        posts = len(self.section.posts)
        if target >= posts:
            return self.excerpts.of(target - posts)
        return excerpt(self.section.posts.title[target].as_py() or "", reveal=self.reveal)


def comment_view(scene: Scene, row: int, regions: Mapping[int, str]) -> CommentView:
    """One comment; ``regions`` names those that are held by enough comments to be told."""
    held, posts = scene.section.comments, len(scene.section.posts)
    target = row + posts
    flags = ["reply"] if held.parent[row] >= 0 else []
    flags += [name for name in _FLAGS if int(getattr(held, name)[row]) == 1]
    author = int(held.author[row])
    names = held.author_name if scene.reveal else held.author_key
    depth = scene.depth.get(row)
    return CommentView(
        comment_id=scene.id_of(target),
        post_id=scene.id_of(int(held.post[row])),
        author="" if author < 0 else str(names[author].as_py()),
        excerpt=scene.words_of(target),
        created_ms=_known(held.created_ms[row]),
        region=regions.get(int(held.region[row]), ""),
        position=_known(held.position[row]),
        flags=flags,
        count=target_count(scene.tally, scene.section, target),
        level=LEVELS[int(scene.verdicts.level[target])],
        case=target_case(scene, target),
        counter=_counter(flags, int(held.replies.low[row]), depth),
        depth=depth,
    )


def post_view(scene: Scene, post: int, on_comments: SectionCount, deep: Depth | None) -> PostView:
    """One post; ``on_comments`` is the count of its comments, ``deep`` their depth."""
    posts = scene.section.posts
    reads = posts.totals.get("reads", posts.totals.get("readers"))
    low, high = (UNKNOWN, UNKNOWN) if reads is None else (int(reads.low[post]), int(reads.high[post]))
    return PostView(
        post_id=scene.id_of(post),
        title=scene.words_of(post),
        platform=str(posts.platform[post].as_py()),
        published_ms=_known(posts.published_ms[post]),
        own=target_count(scene.tally, scene.section, post),
        comments=int((scene.section.comments.post == post).sum()),
        on_comments=on_comments,
        reads=_known(low),
        reads_high=None if high == UNBOUNDED else _known(high),
        level=LEVELS[int(scene.verdicts.level[post])],
        case=target_case(scene, post),
        depth=deep,
    )


def target_case(scene: Scene, target: int) -> Case | None:
    """The evidence on a target step by step; None where none bears on it."""
    verdicts, tally = scene.verdicts, scene.tally
    offsets = verdicts.finding_offsets
    bearing = verdicts.finding[int(offsets[target]) : int(offsets[target + 1])]
    if bearing.shape[0] == 0 or verdicts.p[target] <= 0:
        return None
    status = STATUSES[int(verdicts.status[target])]
    return build_case(
        SubjectKind.POST.value if target < len(scene.section.posts) else SubjectKind.COMMENT.value,
        scene.id_of(target),
        {"p_inauthentic": float(verdicts.p[target]), "status": status.value},
        [scene.rows[scene.ids[number]] for number in bearing.tolist()],
        prior=verdicts.prior,
        caps=verdicts.caps,
        likes=int(tally.shown[target]),
        expected=float(tally.shown[target] - tally.authentic[target]),
    )


def finding_view(scene: Scene, number: int) -> SectionFinding:
    """One finding with what it rests on."""
    part, own = scene.home(number)
    section, verdicts = scene.section, scene.verdicts
    rows = np.arange(int(part.exhibits.offsets[own]), int(part.exhibits.offsets[own + 1]))
    held = part.exhibits.row[rows]
    order = np.lexsort((held, -scene.tally.shown[held]))[:LISTED]
    excess = [
        None if column is None else column[rows]
        for column in (part.exhibits.excess, part.exhibits.excess_low, part.exhibits.excess_high)
    ]
    comments = held[held >= len(section.posts)] - len(section.posts)
    author = section.comments.author[comments]
    timed = int(part.end_ms[own]) > int(part.start_ms[own]) >= 0
    first = scene.rows[scene.ids[number]]
    drawn = int(held[order[0]]) if part.family is Family.TIMING and order.shape[0] else None
    return SectionFinding(
        finding_id=scene.ids[number],
        detector=part.detector,
        family=part.family.value,
        shape=_shape(part, own),
        subject_kind=part.subject_kind.value,
        subject_id=str(first["subject_id"]),
        statistic=float(part.statistic[own]),
        expectation=float(part.expectation[own]),
        p_value=float(part.p_value[own]),
        q_value=float(part.q_value[own]),
        support=int(part.support[own]),
        weight=float(verdicts.weight[number]),
        certainty=float(part.certainty[own]),
        level=LEVELS[int(verdicts.finding_level[number])],
        start_ms=int(part.start_ms[own]) if timed else None,
        end_ms=int(part.end_ms[own]) if timed else None,
        targets=[_target(scene, part, int(rows[k]), int(held[k])) for k in order.tolist()],
        targets_total=int(np.unique(held).shape[0]),
        likes=int(scene.tally.shown[np.unique(held)].sum()),
        excess=_sum(excess[0]),
        # Targets of one finding err together as far as anyone knows: the ends are added, not their squares.
        excess_low=_sum(excess[1]),
        excess_high=_sum(excess[2]),
        authors=int(np.unique(author[author >= 0]).shape[0]),
        curve=None if drawn is None else curve_points(scene, drawn, int(part.start_ms[own]), int(part.end_ms[own])),
        regions=_regions(section, comments, scene.tally, float(part.expectation[own]))
        if part.family is Family.CONTEXT
        else [],
        innocent=[*_fell(_shape(part, own)), *innocent([part.detector])],
        exonerating=exonerating(first),
    )


def curve_points(scene: Scene, target: int, start_ms: int, end_ms: int) -> CurvePoints | None:
    """The counter of a target as read: all readings where they are few, else evenly thinned, dense in the window."""
    shots, offsets = scene.section.snapshots, scene.section.curve_offsets
    rows = np.arange(int(offsets[target]), int(offsets[target + 1]))
    # Totals may know the reads of that moment and not the likes: no reading of the counter, and not a zero.
    rows = rows[shots.likes.low[rows] != UNKNOWN]
    if rows.shape[0] < 2:
        return None
    at = shots.observed_ms[rows]
    if rows.shape[0] > _POINTS:
        inside = np.flatnonzero((at >= start_ms) & (at <= end_ms))
        keep = [np.linspace(0, rows.shape[0] - 1, _POINTS // 2), _evenly(inside, _POINTS // 2)]
        chosen = rows[np.unique(np.rint(np.concatenate(keep)).astype(np.int64))]
    else:
        chosen = rows
    high = shots.likes.high[chosen]
    return CurvePoints(
        target_id=scene.id_of(target),
        at_ms=shots.observed_ms[chosen].tolist(),
        likes=shots.likes.low[chosen].tolist(),
        likes_high=[None if h == UNBOUNDED else h for h in high.tolist()],
        reads=[_known(r) for r in shots.reads.low[chosen].tolist()],
        omitted=int(rows.shape[0] - chosen.shape[0]),
    )


def told_regions(section: Section) -> dict[int, str]:
    """Regions held by enough comments to be named beside one of them."""
    held = section.comments
    known = held.region[held.region >= 0]
    counts = np.bincount(known, minlength=len(held.regions))
    names = merged({name: int(count) for name, count in zip(held.regions, counts.tolist(), strict=True)})
    return {at: name for at, name in enumerate(held.regions) if names.get(name, OTHER) != OTHER}


def _regions(section: Section, comments: Ints, tally: SectionTally, due: float) -> list[Cell]:
    """Where the comments under the posts of a finding are from, beside where this many would be; small cells merged.

    All comments of these posts, not the finding's alone: those were chosen for their region, which comes first. Where
    the rest is too few to be told, it stands alone, beside the ``due`` number of the finding.
    """
    held, posts = section.comments, len(section.posts)
    here = np.flatnonzero(np.isin(held.post, held.post[comments]) & (held.region >= 0))
    everywhere = np.bincount(held.region[held.region >= 0], minlength=len(held.regions))
    counts = np.bincount(held.region[here], minlength=len(held.regions))
    likes = np.bincount(held.region[here], tally.shown[here + posts], minlength=len(held.regions))
    expected = everywhere / max(int(everywhere.sum()), 1) * here.shape[0]
    names = merged({name: int(n) for name, n in zip(held.regions, counts.tolist(), strict=True)})
    crowded = np.bincount(held.region[comments][held.region[comments] >= 0], minlength=len(held.regions))
    own = held.regions[int(np.argmax(crowded))] if len(held.regions) else ""
    if names.get(own, OTHER) == OTHER:
        alone = np.unique(comments[held.region[comments] == int(np.argmax(crowded))])
        name = own if alone.shape[0] >= SMALL else OTHER
        return [Cell(name=name, comments=alone.shape[0], expected=due, likes=int(tally.shown[alone + posts].sum()))]
    cells: dict[str, list[float]] = {}
    for at, name in enumerate(held.regions):
        cell = cells.setdefault(names.get(name, OTHER), [0.0, 0.0, 0.0])
        for place, value in enumerate((counts[at], expected[at], likes[at])):
            cell[place] += float(value)
    ranked = sorted(cells.items(), key=lambda item: (item[0] == OTHER, item[0] != own, -item[1][0], item[0]))
    return [Cell(name=name, comments=round(n), expected=e, likes=round(m)) for name, (n, e, m) in ranked if n or e]


def _target(scene: Scene, part: Findings, row: int, target: int) -> SectionTarget:
    shown = part.exhibits

    def told(column: np.ndarray | None) -> float | None:
        return None if column is None or not np.isfinite(column[row]) else float(column[row])

    return SectionTarget(
        target_id=scene.id_of(target),
        kind="post" if target < len(scene.section.posts) else "comment",
        excerpt=scene.words_of(target),
        likes=int(scene.tally.shown[target]),
        share=float(shown.share[row]),
        excess=told(shown.excess),
        excess_low=told(shown.excess_low),
        excess_high=told(shown.excess_high),
    )


def _shape(part: Findings, own: int) -> str:
    """The detector's own word for the kind of a finding, where it has one."""
    return part.shape[own] if part.shape else ""


def _fell(shape: str) -> list[Message]:
    """Innocent explanations of likes that went, before those of likes that came."""
    if shape not in ("drop", "top_up"):
        return []
    return [
        Message(code="platform_cleanup"),
        Message(code="taken_back_by_readers"),
        Message(code="stale_reading"),
    ]


def _counter(flags: Sequence[str], replies: int, depth: Depth | None) -> list[Message]:
    """What speaks for a comment, whatever was found about it."""
    out = []
    if "pinned" in flags:
        out.append(Message(code="counter_pinned"))
    if "elected" in flags:
        out.append(Message(code="counter_elected"))
    if "author_liked" in flags:
        out.append(Message(code="counter_author_liked"))
    if replies > 0:
        out.append(Message(code="counter_replies", values={"replies": replies}))
    if depth is not None and depth.low >= 50.0:
        out.append(Message(code="counter_depth", values={"index": depth.index}))
    return out


def _sum(column: np.ndarray | None) -> float | None:
    return None if column is None or not np.isfinite(column).any() else float(np.nansum(column))


def _known(value: int | np.integer) -> int | None:
    return None if value < 0 else int(value)


def _evenly(rows: Ints, most: int) -> np.ndarray:
    return rows if rows.shape[0] <= most else rows[np.rint(np.linspace(0, rows.shape[0] - 1, most)).astype(np.int64)]


def suspect(tally: SectionTally) -> Bools:
    """Targets of which some likes stay in question."""
    return np.asarray(tally.discounted + tally.undetermined > 0)
