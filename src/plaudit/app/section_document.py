"""The part of the result document that speaks of a section: what of its audit is worth showing, computed once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa

from plaudit.app.assemble import bearing_rows
from plaudit.app.section_figures import key_figures, open_above, summed, whole_count
from plaudit.app.section_messages import can_say, cannot_say, compliance, headline, sight, special
from plaudit.app.section_texts import Excerpts
from plaudit.app.section_views import LISTED, Scene, comment_view, finding_view, post_view, suspect, told_regions
from plaudit.model import Family, Findings, Floats, Ints, Outcome, Section, SubjectKind, ranges
from plaudit.policy import rate
from plaudit.result import (
    Basis,
    CommentView,
    Depth,
    DepthPart,
    GapPoint,
    PostView,
    RankMove,
    SectionCount,
    SectionFinding,
    SectionPart,
    SectionWeights,
)
from plaudit.tally import SectionTally
from plaudit.tally.depth import Depth as Depths
from plaudit.tally.depth import SectionDepth
from plaudit.tally.depth_parts import PARTS
from plaudit.verdict import DISCOUNT_AT, UNDETERMINED_AT, SectionVerdicts
from plaudit.verdict.section import LEVELS

SHOWN_FINDINGS, SHOWN_PER_DETECTOR = 40, 12
SHOWN_POSTS, SHOWN_COMMENTS, SHOWN_MOVES, SHOWN_GAPS = 20, 20, 40, 200
_BOARD = 10
"""Places of a board that readers look at: moves are listed where they touch these."""


def depth_of(deep: Depths, row: int) -> Depth | None:
    """The depth of one subject as the document holds it; None where there is none."""
    if not np.isfinite(deep.index[row]):
        return None
    most = 100.0 / len(PARTS)
    return Depth(
        index=float(deep.index[row]),
        low=float(deep.low[row]),
        high=float(deep.high[row]),
        parts=[
            DepthPart(code=code, points=float(deep.parts[row, k]), most=most, known=float(deep.known[row, k]))
            for k, code in enumerate(PARTS)
        ],
    )


def section_part(
    section: Section,
    findings: Sequence[Findings],
    verdicts: SectionVerdicts,
    tally: SectionTally,
    tables: Mapping[str, pa.Table],
    ids: Sequence[str],
    targets: pa.Array,
    basis: Basis,
    deep: SectionDepth,
    highlights: Ints,
    reveal: bool,
) -> SectionPart:
    """Put the part together from what the flow computed."""
    posts = len(section.posts)
    numbers = _shown_findings(findings, verdicts)
    comment_rows = _comments_to_show(section, verdicts, tally)
    moves, moved = _moves(section, tally)
    post_rows, total_posts = _posts_to_show(section, verdicts, tally)
    named = np.concatenate([comment_rows, highlights, moves[:, 0], _exhibited(findings, numbers, tally) - posts])
    named = named[named >= 0].astype(np.int64)
    bearing = np.unique(verdicts.finding[_near(verdicts, np.concatenate([comment_rows + posts, highlights + posts]))])
    bearing = np.union1d(np.union1d(bearing, numbers), verdicts.finding[_near(verdicts, post_rows)]).astype(np.int64)
    rows = bearing_rows(tables["findings"], [ids[k] for k in bearing.tolist()])
    scene = Scene(
        section=section,
        findings=findings,
        verdicts=verdicts,
        tally=tally,
        ids=ids,
        targets=targets,
        rows={str(row["finding_id"]): row for row in rows},
        excerpts=Excerpts(section, named, reveal),
        depth={k: d for k in np.unique(named).tolist() for d in [depth_of(deep.comments, k)] if d is not None},
        reveal=reveal,
    )
    regions = told_regions(section)
    views = [comment_view(scene, row, regions) for row in comment_rows.tolist()]
    measured = sum(f.outcome is Outcome.MEASURED for f in findings)
    level = LEVELS[int(verdicts.level.max(initial=0))]
    weighty = int((verdicts.weight > 0).sum())
    rating = rate(tally.total, measured, weighty)
    on_posts = whole_count(tally.posts, section.likes.take(np.arange(posts)))
    on_comments = whole_count(tally.comments, section.comments.likes)
    total = whole_count(tally.total, section.likes)
    found: list[SectionFinding] = [finding_view(scene, number) for number in numbers.tolist()]
    return SectionPart(
        tier=section.tier.value,
        basis=basis,
        rating=rating,
        level=level,
        headline=headline(rating, total, section, weighty, tally.sight),
        total=total,
        on_posts=on_posts,
        on_comments=on_comments,
        can_say=can_say(section, total, findings, verdicts),
        cannot_say=cannot_say(section, total, tally),
        weights=SectionWeights(
            prior=verdicts.prior,
            prior_low=verdicts.prior_low,
            prior_high=verdicts.prior_high,
            caps=dict(verdicts.caps),
            discount_at=DISCOUNT_AT,
            undetermined_at=UNDETERMINED_AT,
        ),
        figures=key_figures(section, tally),
        findings=found,
        findings_omitted=weighty - len(found),
        posts=[_post(scene, row, depth_of(deep.posts, row)) for row in post_rows.tolist()],
        posts_omitted=total_posts - post_rows.shape[0],
        comments=views,
        comments_omitted=int(suspect(tally)[posts:].sum()) - len(views),
        ranks=[_move(scene, *row) for row in moves.tolist()],
        ranks_moved=moved,
        special=special(section),
        depth=depth_of(deep.whole, 0),
        highlights=_highlights(scene, highlights, regions),
        sight=sight(),
        compliance=compliance(reveal),
        revealed=reveal,
        gaps=_gaps(section, findings, verdicts, targets),
    )


def _gaps(
    section: Section, findings: Sequence[Findings], verdicts: SectionVerdicts, targets: pa.Array
) -> list[GapPoint]:
    """Likes against what explains them, of the quality family: marked ones first, then the most surprising."""
    out: list[tuple[bool, float, GapPoint]] = []
    start = 0
    for part in findings:
        marked = verdicts.weight[start : start + len(part)] > 0
        start += len(part)
        if part.family is not Family.QUALITY or len(part) == 0:
            continue
        post = part.subject_kind is SubjectKind.POST
        subject = part.subject if post else part.subject + len(section.posts)
        order = np.lexsort((part.p_value, ~marked))[:SHOWN_GAPS]
        out += [
            (
                not marked[k],
                float(part.p_value[k]),
                GapPoint(
                    target_id=str(targets[int(subject[k])].as_py()),
                    kind="post" if post else "comment",
                    observed=float(part.statistic[k]),
                    expected=float(part.expectation[k]),
                    marked=bool(marked[k]),
                ),
            )
            for k in order.tolist()
        ]
    return [point for _, _, point in sorted(out, key=lambda one: (one[0], one[1], one[2].target_id))]


def _shown_findings(findings: Sequence[Findings], verdicts: SectionVerdicts) -> Ints:
    """Findings to list: of every detector its heaviest, heaviest first."""
    kept, start = [], 0
    for part in findings:
        weight = verdicts.weight[start : start + len(part)]
        own = np.flatnonzero(weight > 0)
        order = np.lexsort((own, part.p_value[own], -weight[own] * part.certainty[own]))
        kept.append(start + own[order][:SHOWN_PER_DETECTOR])
        start += len(part)
    numbers = np.concatenate([*kept, np.zeros(0, np.int64)]).astype(np.int64)
    certainty = np.concatenate([*(f.certainty for f in findings), np.zeros(0)])
    order = np.lexsort((numbers, -verdicts.weight[numbers] * certainty[numbers]))
    return np.asarray(numbers[order][:SHOWN_FINDINGS], dtype=np.int64)


def _exhibited(findings: Sequence[Findings], numbers: Ints, tally: SectionTally) -> Ints:
    """Targets the listed findings name."""
    starts = np.cumsum([0, *(len(f) for f in findings)])
    out = [np.zeros(0, np.int64)]
    for number in numbers.tolist():
        at = int(np.searchsorted(starts, number, side="right")) - 1
        shown, own = findings[at].exhibits, number - int(starts[at])
        held = shown.row[int(shown.offsets[own]) : int(shown.offsets[own + 1])]
        out.append(held[np.lexsort((held, -tally.shown[held]))][:LISTED])
    return np.concatenate(out)


def _comments_to_show(section: Section, verdicts: SectionVerdicts, tally: SectionTally) -> Ints:
    """Comments with likes in question, most first."""
    posts = len(section.posts)
    rows = np.flatnonzero(suspect(tally)[posts:])
    trouble = (tally.discounted + tally.undetermined)[posts:][rows]
    order = np.lexsort((rows, -verdicts.p[posts:][rows], -trouble))
    return np.asarray(rows[order][:SHOWN_COMMENTS], dtype=np.int64)


def _posts_to_show(section: Section, verdicts: SectionVerdicts, tally: SectionTally) -> tuple[Ints, int]:
    """Posts by what is in question on and under them, then by what is shown."""
    posts = len(section.posts)
    post = section.comments.post
    trouble = tally.discounted + tally.undetermined
    shown = tally.shown[:posts] + np.bincount(post, tally.shown[posts:], minlength=posts)
    doubt = trouble[:posts] + np.bincount(post, trouble[posts:], minlength=posts)
    order = np.lexsort((np.arange(posts), -shown, -doubt))
    return order[:SHOWN_POSTS].astype(np.int64), posts


def _post(scene: Scene, post: int, deep: Depth | None) -> PostView:
    section, tally = scene.section, scene.tally
    rows = np.flatnonzero(section.comments.post == post) + len(section.posts)
    likes = section.likes.take(rows)
    shown = int(tally.shown[rows].sum())
    authentic = float(tally.authentic[rows].sum())
    _, high, counters, censored = summed(likes)
    # The comments of one post err together as far as anyone knows: the ends are added, not their squares.
    count = SectionCount(
        shown=shown,
        verified=int(tally.verified[rows].sum()),
        discounted=int(tally.discounted[rows].sum()),
        undetermined=int(tally.undetermined[rows].sum()),
        authentic=authentic,
        authentic_low=float(tally.low[rows].sum()),
        authentic_high=float(tally.high[rows].sum()),
        shown_high=high,
        authentic_most=open_above(shown, float(tally.high[rows].sum()), high),
        counters=counters,
        censored=censored,
        suspect=shown - authentic,
    )
    return post_view(scene, post, count, deep)


def _moves(section: Section, tally: SectionTally) -> tuple[np.ndarray, int]:
    """Comments that change places under their post: rows of ``(comment, rank shown, rank authentic)``, and how many."""
    posts = len(section.posts)
    # Replies are not on the board.
    board = np.flatnonzero((section.comments.parent < 0) & tally.known[posts:])
    post = section.comments.post[board].astype(np.int64)
    shown, authentic = tally.shown[posts:][board], tally.authentic[posts:][board]
    before = _ranks(post, shown.astype(np.float64), board)
    after = _ranks(post, authentic, board)
    moved = before != after
    seen = np.flatnonzero(moved & (np.minimum(before, after) <= _BOARD))
    doubt = tally.discounted[posts:][board] + tally.undetermined[posts:][board]
    worst = np.bincount(post, doubt, minlength=posts)
    order = np.lexsort((after[seen], post[seen], -worst[post[seen]]))
    kept = seen[order][:SHOWN_MOVES]
    return np.column_stack([board[kept], before[kept], after[kept]]).astype(np.int64), int(moved.sum())


def _ranks(post: Ints, likes: Floats, row: Ints) -> Ints:
    """Place among the comments of the same post, from 1, most likes first; the export's order where equal."""
    order = np.lexsort((row, -likes, post))
    first = np.r_[0, np.flatnonzero(np.diff(post[order])) + 1] if post.shape[0] else np.zeros(0, np.int64)
    length = np.diff(np.r_[first, post.shape[0]])
    out = np.empty(post.shape[0], np.int64)
    out[order] = np.arange(post.shape[0]) - np.repeat(first, length) + 1
    return out


def _move(scene: Scene, row: int, before: int, after: int) -> RankMove:
    target = row + len(scene.section.posts)
    return RankMove(
        comment_id=scene.id_of(target),
        post_id=scene.id_of(int(scene.section.comments.post[row])),
        excerpt=scene.words_of(target),
        shown=int(scene.tally.shown[target]),
        authentic=float(scene.tally.authentic[target]),
        rank_shown=before,
        rank_authentic=after,
        places=before - after,
    )


def _highlights(scene: Scene, rows: Ints, regions: Mapping[int, str]) -> list[CommentView]:
    return [comment_view(scene, row, regions) for row in rows.tolist()]


def _near(verdicts: SectionVerdicts, targets: Ints) -> Ints:
    offsets = verdicts.finding_offsets
    return ranges(offsets[targets], offsets[targets + 1] - offsets[targets])
