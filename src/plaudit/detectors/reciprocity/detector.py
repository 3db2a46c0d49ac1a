"""The ``reciprocity`` detector: groups whose members like each other's targets as if it were owed (互赞群).

Real accounts agree to like what the others publish. Each is judged first: does it have more mutual dyads (it likes
theirs, they like its) than its own activity, its popularity and the friendships of this log explain? Those that do are
gathered by their mutual dyads, and a group keeps whoever exchanges likes with a good part of it. A circle of friends is
smaller, and friends pick what they like.

What such a group looks like, a class or a team whose members all publish and all applaud looks like too; so a finding
never carries more than even odds, and only likes *between* members are its exhibits: what members like elsewhere, and
what others like of theirs, is nobody's business here.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from plaudit.detectors.reciprocity.dyads import (
    Reciprocation,
    Support,
    author_of_likes,
    circles,
    reciprocation,
    support_between_authors,
)
from plaudit.detectors.spec import Context, DetectorSpec
from plaudit.kernels.tails import log_q_values
from plaudit.model import EventLog, Exhibits, Family, Findings, Floats, Ints, SubjectKind

SPEC = DetectorSpec(
    id="reciprocity",
    version="1",
    question="Do authors like each other's targets more than their activity and this log's own give and take explain?",
    family=Family.RECIPROCITY,
    requires=("author",),
    min_likes=200,
    parameters={"actor_fdr": 0.01, "member_p": 0.05, "least_members": 10.0, "least_exchange": 1 / 3},
    innocent=("friends", "class_or_team", "small_community"),
    evasions=("partial_exchange", "one_way_exchange", "small_pods"),
)

EVEN_ODDS = 0.5
"""Certainty of every finding: friends who all publish and all applaud would look the same."""


@dataclass(frozen=True)
class Reciprocity:
    """See the module."""

    spec: DetectorSpec = SPEC

    def find(self, log: EventLog, context: Context) -> Findings:
        """One finding per group: likes between its members, against what members and outsiders do otherwise."""
        author = author_of_likes(log)
        support = support_between_authors(log, author)
        communities = circles(support, SPEC.parameters["least_exchange"], context.seed)
        judged = reciprocation(support, communities)
        groups = _groups(support, judged, communities)
        return _findings(self.spec, log, author, support, judged, groups)


def _groups(support: Support, judged: Reciprocation, communities: list[Ints]) -> list[Ints]:
    """Communities of those who exchange with the rest, where enough members stand out among *all* authors.

    Beside those who do, whoever is unusual by itself may belong.
    """
    size, least = support.given.shape[0], SPEC.parameters["least_members"]
    stands_out, unusual = np.zeros(size, dtype=bool), np.zeros(size, dtype=bool)
    stands_out[judged.actor[judged.log_q < np.log(SPEC.parameters["actor_fdr"])]] = True
    unusual[judged.actor[judged.log_p < np.log(SPEC.parameters["member_p"])]] = True
    likely = [part[unusual[part]] for part in communities]
    likely = [part for part in likely if stands_out[part].sum() >= least]
    label = _labels(likely, size)
    inside = np.flatnonzero((label[support.giver] >= 0) & (label[support.giver] == label[support.receiver]))
    inside = inside[np.argsort(label[support.giver[inside]], kind="stable")]
    bounds = np.searchsorted(label[support.giver[inside]], np.arange(len(likely) + 1))
    pruned = [
        _prune(part, support.giver[inside[a:b]], support.receiver[inside[a:b]])
        for part, (a, b) in zip(likely, pairwise(bounds), strict=True)
    ]
    return [part for part in pruned if stands_out[part].sum() >= least]


def _labels(groups: list[Ints], size: int) -> Ints:
    """Number of the group each actor is in, ``int64[size]``, -1 for none."""
    label = np.full(size, -1, dtype=np.int64)
    for number, group in enumerate(groups):
        label[group] = number
    return label


def _prune(members: Ints, giver: Ints, receiver: Ints) -> Ints:
    """Members that, on the average of both directions, exchange likes with a good part of the others."""
    while members.shape[0] > 1:
        inside = np.isin(giver, members) & np.isin(receiver, members)
        giver, receiver = giver[inside], receiver[inside]
        ends = np.searchsorted(members, np.concatenate([giver, receiver]))
        exchange = np.bincount(ends, minlength=members.shape[0]) / 2
        if exchange.min() >= SPEC.parameters["least_exchange"] * (members.shape[0] - 1):
            break
        # The weakest go first: whom they diluted may stay.
        members = members[exchange > exchange.min()]
    return members


def _findings(
    spec: DetectorSpec, log: EventLog, author: Ints, support: Support, judged: Reciprocation, groups: list[Ints]
) -> Findings:
    label, size = _labels(groups, log.n_actors), len(groups)
    giver, receiver = label[log.actor], np.where(author >= 0, label[author], -1)
    rows = np.flatnonzero((giver >= 0) & (giver == receiver))
    rows = rows[np.argsort(giver[rows], kind="stable")]
    home = giver[rows]
    offsets = np.searchsorted(home, np.arange(size + 1)).astype(np.int64)
    inside = np.bincount(log.actor[rows], minlength=log.n_actors)
    ordinary = _ordinary(support, label, inside, size)
    share = np.clip(1.0 - ordinary / np.maximum(inside, 1), 0.01, 1.0)
    # A dyad speaks at both of its ends, so two members' words count as one.
    log_p = np.array(
        [float(judged.log_q[np.searchsorted(judged.actor, group)].sum()) / 2 for group in groups], dtype=np.float64
    )
    spans = [log.at_ms[rows[a:b]] for a, b in pairwise(offsets)]
    return Findings(
        detector=spec.id,
        version=spec.version,
        family=spec.family,
        subject_kind=SubjectKind.GROUP,
        subject=np.arange(size, dtype=np.int64),
        statistic=np.diff(offsets).astype(np.float64),
        expectation=np.bincount(label[label >= 0], ordinary[label >= 0], minlength=size).astype(np.float64),
        p_value=np.exp(log_p),
        q_value=np.exp(log_q_values(log_p, size)),
        support=np.diff(offsets),
        start_ms=np.array([at.min() for at in spans], dtype=np.int64),
        end_ms=np.array([at.max() for at in spans], dtype=np.int64),
        exhibits=Exhibits(offsets, rows, share[log.actor[rows]]),
        certainty=np.full(size, EVEN_ODDS),
        candidates=max(int(support.authors.shape[0]), size),
    )


def _ordinary(support: Support, label: Ints, inside: Ints, size: int) -> Floats:
    """Likes each member would give inside anyway: its other likes, spread as *outsiders* spread theirs.

    A group must not explain itself, so its own likes are left out on both sides.

    Returns:
        ``float64[n_actors]``, 0 for whoever is in no group.
    """
    home, member = label[label >= 0], np.flatnonzero(label >= 0)
    own = np.bincount(home, inside[member], size)
    from_outside = np.bincount(home, support.received[member], size) - own
    by_outsiders = support.likes - np.bincount(home, support.given[member], size)
    out = np.zeros(label.shape[0])
    out[member] = (support.given[member] - inside[member]) * (from_outside / np.maximum(by_outsiders, 1))[home]
    return out


DETECTOR = Reciprocity()
