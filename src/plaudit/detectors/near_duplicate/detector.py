"""The ``near_duplicate`` detector: the same words from many authors, and more likes than their kin get.

People repeat each other innocently: slogans, lyrics, check-ins, jokes. So a group of near-duplicates has to stand out
three times. Its words must say too much to be hit upon twice by chance (information under the section's own language).
It must be larger than groups of such words are here (the section's own habit of repeating). And its comments must be
liked beyond their kin: comments under the same post, as old and as long. Where the export shows no likes, coming in a
bunch stands in. A duplicate alone is at most even odds.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy import stats

from plaudit.detectors.kin import circles_of_kin, likes_unexplained
from plaudit.detectors.near_duplicate.liked import log_liked
from plaudit.detectors.near_duplicate.wording import Wording, members_of, read_wording
from plaudit.detectors.spec import DetectorSpec, SectionContext
from plaudit.kernels.tails import log_q_values
from plaudit.model import Comments, Exhibits, Family, Findings, Floats, Ints, Section, SubjectKind

SPEC = DetectorSpec(
    id="near_duplicate",
    version="1",
    question="Do more authors write the same words than this section's readers copy, and get likes their kin do not?",
    family=Family.WORDING,
    requires=("texts",),
    min_likes=20,
    parameters={"min_authors": 5.0},
    innocent=("shared_slogan", "asked_phrase", "quoted_words", "copied_joke"),
    evasions=("own_words_each", "likes_without_comments"),
    beside=True,
)

_SURE = 0.05
_PACE = 0.5
"""Chance of coming so close together below which a group is a bunch rather than a slogan at the section's pace."""
_WIDE = 50
"""Posts a group spans above which the whole section's pace is its pace."""


@dataclass(frozen=True)
class NearDuplicate:
    """See the module."""

    spec: DetectorSpec = SPEC

    def find(self, section: Section, context: SectionContext) -> Findings:
        """One finding per group of at least ``min_authors`` speakers whose words are not common by chance."""
        comments = section.comments
        figures = context.figures
        wording = read_wording(section.posts, comments) if figures is None else figures.wording
        log_chance = wording.log_chance()
        habit, expected = wording.log_habit()
        enough = (wording.voices >= self.spec.parameters["min_authors"]) & (wording.repeats() < 1)
        groups = np.flatnonzero(enough & (log_chance <= np.log(_SURE))).astype(np.int64)
        offsets, rows = members_of(groups, wording.alike.group, wording.told)
        size = np.diff(offsets)
        of = np.repeat(groups, size)
        circles = circles_of_kin(comments, wording.tokens)
        liked, known = log_liked(circles, offsets, rows)
        bunched, timed = _log_bunched(comments, offsets, rows)
        log_p = _joined(log_chance[groups], habit[groups], liked, known, bunched, timed)
        excess, low, high = likes_unexplained(
            rows,
            wording.alike.group,
            of,
            comments.likes.low,
            circles[0].block,
            comments.likes.known & (comments.pinned != 1),
        )
        sure = known & (liked <= np.log(_SURE)) & (habit[groups] <= np.log(_SURE))
        sure &= ~timed | (bunched < np.log(_PACE))
        sure &= _all_named(comments, offsets, rows)
        order = np.lexsort((groups, log_p))
        picked = _in_order(offsets, order)
        beyond = np.maximum(1 - expected[groups] / wording.voices[groups], 0.05)
        share = np.repeat(beyond, size) * (0.5 + 0.5 * wording.alike.similarity[rows])
        start, end = _span(comments, offsets, rows)
        likes_known = bool(comments.likes.known.any())
        return Findings(
            detector=self.spec.id,
            version=self.spec.version,
            family=self.spec.family,
            subject_kind=SubjectKind.GROUP,
            subject=np.arange(groups.shape[0]),
            statistic=wording.voices[groups][order].astype(np.float64),
            expectation=expected[groups][order],
            p_value=np.exp(log_p)[order],
            q_value=np.exp(log_q_values(log_p, int(enough.sum())))[order],
            support=size[order].astype(np.int64),
            start_ms=start[order],
            end_ms=end[order],
            exhibits=Exhibits(
                np.concatenate([[0], np.cumsum(size[order])]).astype(np.int64),
                section.target_of_comment(rows[picked]),
                share[picked],
                excess[picked] if likes_known else None,
                low[picked] if likes_known else None,
                high[picked] if likes_known else None,
            ),
            certainty=np.where(sure, 1.0, 0.5)[order],
            candidates=int(enough.sum()),
            notes=_notes(wording, comments),
        )


def _log_bunched(comments: Comments, offsets: Ints, rows: Ints) -> tuple[Floats, np.ndarray]:
    """``ln P`` that the middle four fifths of each group come so close together, counted in comments of its posts.

    Under the null a group's moments are a draw from the moments of all comments of its posts; the distance of two of
    its order statistics is then a beta variable, exactly.
    """
    groups = offsets.shape[0] - 1
    share, apart, of = np.ones(groups), np.ones(groups), np.ones(groups)
    timed = np.zeros(groups, dtype=bool)
    dated = np.flatnonzero(comments.created_ms >= 0)
    if dated.shape[0] < 2:
        return np.zeros(groups), timed
    order = dated[np.lexsort((comments.created_ms[dated], comments.post[dated]))]
    moments = comments.created_ms[order]
    ends = np.concatenate([[0], np.cumsum(np.bincount(comments.post[order]))]).astype(np.int64)
    whole = np.sort(moments)
    for g in range(groups):
        mine = rows[offsets[g] : offsets[g + 1]]
        mine = mine[comments.created_ms[mine] >= 0]
        k = mine.shape[0]
        if k < 3:
            continue
        posts = np.unique(comments.post[mine])
        pool = whole
        if posts.shape[0] <= _WIDE:
            pool = np.sort(np.concatenate([moments[ends[p] : ends[p + 1]] for p in posts]))
        trim = k // 10
        own = np.sort(comments.created_ms[mine])
        # From the first comment of the earlier moment to the last of the later: a tie never counts as closeness.
        first = np.searchsorted(pool, own[trim], side="left")
        last = np.searchsorted(pool, own[k - 1 - trim], side="right")
        share[g], apart[g], of[g] = min((last - first) / pool.shape[0], 1.0), k - 1 - 2 * trim, k
        timed[g] = True
    return np.where(timed, stats.beta.logcdf(share, apart, of + 1 - apart), 0.0), timed


def _joined(
    chance: Floats, habit: Floats, liked: Floats, known: np.ndarray, bunched: Floats, timed: np.ndarray
) -> Floats:
    """One p-value of all that has to stand out, valid whichever of it does not.

    Where likes are known: wording and likes by Fisher's method if the wording stands out at 0.05, else wording alone,
    and never below likes alone. Uniform parts give ``P(p <= x) <= x`` on both sides of 0.05. Where they are not, coming
    in a bunch is a weaker witness (whatever happens in the world bunches slogans too): the larger of the two. Beside
    likes, it may add its weight: the bound by likes alone keeps the whole honest.
    """
    two = stats.chi2.logsf(-2 * (habit + liked), 4)
    three = stats.chi2.logsf(-2 * (habit + liked + np.where(timed, bunched, 0.0)), 6)
    both = np.where(habit <= np.log(_SURE), np.where(timed, three, two), habit)
    log_p = np.where(known, np.maximum(both, liked), np.maximum(habit, np.where(timed, bunched, -np.inf)))
    return np.asarray(np.maximum(log_p, chance), dtype=np.float64)


def _all_named(comments: Comments, offsets: Ints, rows: Ints) -> np.ndarray:
    """Groups in which at least half of the comments have a known author: without names, one person may be a crowd."""
    return np.asarray(_sums((comments.author[rows] >= 0).astype(np.float64), offsets) * 2 >= np.diff(offsets))


def _sums(values: Floats, offsets: Ints) -> Floats:
    total = np.concatenate([[0.0], np.cumsum(values)])
    return np.asarray(total[offsets[1:]] - total[offsets[:-1]], dtype=np.float64)


def _in_order(offsets: Ints, order: Ints) -> Ints:
    """Entries of a CSR whose rows are taken in ``order``."""
    return np.concatenate([np.arange(offsets[g], offsets[g + 1]) for g in order] or [np.zeros(0, np.int64)])


def _span(comments: Comments, offsets: Ints, rows: Ints) -> tuple[Ints, Ints]:
    moments = [comments.created_ms[rows[a:b]] for a, b in pairwise(offsets)]
    dated = [m[m >= 0] for m in moments]
    start = np.array([int(m.min()) if m.shape[0] else -1 for m in dated], np.int64)
    return start, np.array([int(m.max()) if m.shape[0] else -1 for m in dated], np.int64)


def _notes(wording: Wording, comments: Comments) -> dict[str, float]:
    grouped = wording.voices[wording.alike.group[wording.told]] >= 2
    return {
        "repeated_share": float(grouped.sum() / max(len(comments), 1)),
        "groups": float((wording.voices >= 2).sum()),
    }


DETECTOR = NearDuplicate()
