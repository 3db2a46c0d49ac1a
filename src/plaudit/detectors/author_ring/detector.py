"""The ``author_ring`` detector: the same authors under post after post, moving together.

Loyal readers meet often, so meeting proves nothing by itself. Two witnesses are needed. *Who*: pairs of authors meet
under more posts than their own activity and the crowds of those posts explain. *When*: they come early together and
late together, post by post, beyond each one's own habit of coming early or late; a permutation of each member's own
moments is the null, so a fan who is always first stays innocent. Friends in a chat group also come together: even
odds, unless the order is the same throughout, which people who answer a message do not keep.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from plaudit.detectors.author_ring.pairs import Pairs, Visits, meeting_pairs, visits_of
from plaudit.detectors.kin import blocks_of_kin, likes_unexplained
from plaudit.detectors.links import cluster, log_p_all_false
from plaudit.detectors.spec import DetectorSpec, SectionContext
from plaudit.kernels.beside import each
from plaudit.kernels.tails import log_q_values
from plaudit.kernels.together import concordance, p_together
from plaudit.model import Comments, Exhibits, Family, Findings, Floats, Ints, Section, SubjectKind, ranges

SPEC = DetectorSpec(
    id="author_ring",
    version="1",
    question="Do the same authors come back together under post after post, beyond what loyal readers do?",
    family=Family.AUDIENCE,
    requires=("authors",),
    min_likes=50,
    parameters={"min_posts": 3.0, "min_members": 3.0, "draws": 20_000.0, "draws_together": 2_000_000.0},
    innocent=("fan_core", "employees_reading", "class_reading", "check_in"),
    evasions=("fresh_accounts_each", "shuffled_delivery"),
)

_SURE = 0.05
_UNKNOWN = (np.nan, np.nan)
_DENSE = 0.5
_FEWEST_DRAWS = 1_000
_ONE_ORDER = 0.8
"""Kendall's W from which an order is one order: nine in ten pairs stand the same way round from post to post. Habits of
quick and slow readers alone stay well below."""


@dataclass(frozen=True)
class _Group:
    """Readers that meet, with what was measured of them."""

    readers: Ints
    visits: Ints
    moments: Floats
    log_met: float
    shared: float
    expected: float


@dataclass(frozen=True)
class AuthorRing:
    """See the module."""

    spec: DetectorSpec = SPEC

    def find(self, section: Section, context: SectionContext) -> Findings:
        """One finding per community of authors who meet beyond chance."""
        comments = section.comments
        visits = visits_of(section.posts, comments)
        least = int(self.spec.parameters["min_posts"])
        pairs = meeting_pairs(visits, least, _SURE)
        linked = np.flatnonzero(pairs.log_q <= np.log(_SURE))
        found = cluster(
            visits.author.shape[0],
            pairs.left[linked],
            pairs.right[linked],
            np.ones(linked.shape[0]),
            context.seed,
            least_density=_DENSE,
        )
        moment = _moments(comments, visits)
        found = [readers for readers in found if readers.shape[0] >= self.spec.parameters["min_members"]]
        inside = _links_inside(found, visits, pairs, linked)
        groups = [_measured(*one, visits, pairs, moment) for one in zip(found, inside, strict=True)]
        # Where many communities are tested, their own number makes up for a coarser chance of each.
        draws = int(self.spec.parameters["draws"])
        draws = max(_FEWEST_DRAWS, min(draws, int(self.spec.parameters["draws_together"]) // max(len(groups), 1)))
        told = each(
            lambda g: p_together(g.moments, draws, context.seed + 1) if _testable(g.moments) else _UNKNOWN, groups
        )
        when = np.array(told, dtype=np.float64).reshape(-1, 2)
        close = np.minimum(1.0, 2 * when.min(axis=1))  # NaN where moments are not known
        ordered = when[:, 1]
        agreed = np.array([concordance(g.moments) for g in groups])
        met = np.array([g.log_met for g in groups])
        timed = ~np.isnan(close)
        log_close = np.log(np.where(timed, close, 1.0))
        log_p = np.where(timed, np.maximum(met, log_close), met)
        log_q = np.where(timed, np.maximum(met, log_q_values(log_close, len(groups))), met)
        known = np.array([bool(comments.author_is_id[visits.author[g.readers]].all()) for g in groups], dtype=bool)
        sure = timed & known & (ordered <= _SURE) & (log_q <= np.log(_SURE)) & (np.nan_to_num(agreed) >= _ONE_ORDER)
        order = np.lexsort((np.array([int(g.readers[0]) for g in groups], np.int64), log_p))
        chosen = [groups[k] for k in order]
        exhibits, start, end = _exhibits(section, visits, chosen)
        return Findings(
            detector=self.spec.id,
            version=self.spec.version,
            family=self.spec.family,
            subject_kind=SubjectKind.GROUP,
            subject=np.arange(len(groups)),
            statistic=np.array([g.shared for g in chosen]),
            expectation=np.array([g.expected for g in chosen]),
            p_value=np.exp(log_p)[order],
            q_value=np.exp(log_q)[order],
            support=np.diff(exhibits.offsets).astype(np.int64),
            start_ms=start,
            end_ms=end,
            exhibits=exhibits,
            certainty=np.where(sure, 1.0, 0.5)[order],
            candidates=pairs.tried,
            notes={"pairs_beyond_chance": float(linked.shape[0])},
        )


def _testable(moments: Floats) -> bool:
    """At least three members with three moments each: fewer permutations than that say nothing."""
    return bool(((~np.isnan(moments)).sum(axis=1) >= 3).sum() >= 3)


def _moments(comments: Comments, visits: Visits) -> Floats:
    """When each visit fell among the comments of its post: the log odds of its rank, NaN where its time is unknown."""
    dated = np.flatnonzero(comments.created_ms >= 0)
    order = dated[np.lexsort((dated, comments.created_ms[dated], comments.post[dated]))]
    ordered = comments.post[order]
    head = np.searchsorted(ordered, ordered)
    size = np.bincount(ordered, minlength=1)[ordered] if order.shape[0] else ordered
    share = np.full(len(comments), np.nan)
    share[order] = (np.arange(order.shape[0]) - head + 0.5) / np.maximum(size, 1)
    at = share[visits.row]
    return np.asarray(np.log(at) - np.log1p(-at), dtype=np.float64)


def _links_inside(found: list[Ints], visits: Visits, pairs: Pairs, linked: Ints) -> list[Ints]:
    """The links within each community."""
    home = np.full(visits.author.shape[0], -1, np.int64)
    for number, readers in enumerate(found):
        home[readers] = number
    own = linked[(home[pairs.left[linked]] == home[pairs.right[linked]]) & (home[pairs.left[linked]] >= 0)]
    own = own[np.argsort(home[pairs.left[own]], kind="stable")]
    return np.split(own, np.searchsorted(home[pairs.left[own]], np.arange(1, len(found)))) if found else []


def _measured(readers: Ints, inside: Ints, visits: Visits, pairs: Pairs, moment: Floats) -> _Group:
    """The visits of a community to posts where at least two of it met, and how sure the meeting is."""
    offsets = visits.offsets
    rows = ranges(offsets[readers], np.diff(offsets)[readers])
    there = np.bincount(visits.post[rows], minlength=visits.weight.shape[0])
    rows = rows[there[visits.post[rows]] >= 2]
    posts, column = np.unique(visits.post[rows], return_inverse=True)
    line = np.searchsorted(readers, visits.reader[rows])
    moments = np.full((readers.shape[0], posts.shape[0]), np.nan)
    moments[line, column] = moment[rows]
    return _Group(
        readers,
        rows,
        moments,
        log_p_all_false(pairs.left[inside], pairs.right[inside], pairs.log_q[inside]),
        float(pairs.shared[inside].mean()) if inside.shape[0] else 0.0,
        float(pairs.expected[inside].mean()) if inside.shape[0] else 0.0,
    )


def _exhibits(section: Section, visits: Visits, groups: list[_Group]) -> tuple[Exhibits, Ints, Ints]:
    comments = section.comments
    sizes = np.array([g.visits.shape[0] for g in groups], np.int64)
    offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    rows = visits.row[np.concatenate([g.visits for g in groups] or [np.zeros(0, np.int64)])]
    of = np.repeat(np.arange(len(groups)), sizes)
    group = np.full(len(comments), -1, np.int64)
    group[rows] = of
    beyond = [max(1 - g.expected / g.shared, 0.05) if g.shared > 0 else 0.05 for g in groups]
    kin = blocks_of_kin(comments, np.zeros(len(comments), np.int64))
    usable = comments.likes.known & (comments.pinned != 1)
    told = likes_unexplained(rows, group, of, comments.likes.low, kin.block, usable)
    held = bool(comments.likes.known.any())
    start, end = np.full(len(groups), -1, np.int64), np.full(len(groups), -1, np.int64)
    for g in range(len(groups)):
        dated = comments.created_ms[rows[offsets[g] : offsets[g + 1]]]
        dated = dated[dated >= 0]
        if dated.shape[0]:
            start[g], end[g] = dated.min(), dated.max()
    exhibits = Exhibits(
        offsets,
        section.target_of_comment(rows),
        np.array(beyond)[of] if groups else np.zeros(0),
        *(told if held else (None, None, None)),
    )
    return exhibits, start, end


DETECTOR = AuthorRing()
