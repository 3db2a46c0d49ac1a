"""The ``region`` detector: commenters from one region crowded under a post, among its most liked, or within moments.

Three looks at every post, each exact for small numbers: against the account's other posts (``base``), and inside the
post against its own comments (``within``), where a local topic explains itself. A post is as surprising as its most
surprising look, which pays for having looked thrice. A reunion, a regional holiday or a carrier's gateway looks like an
order placed in one province, so a finding never carries more than even odds; and it says nothing about any person.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from plaudit.detectors.region.base import LEAST, Crowds, crowded_posts
from plaudit.detectors.region.voices import Voices, voices
from plaudit.detectors.region.within import crowded_moments, crowded_top
from plaudit.detectors.spec import DetectorSpec, SectionContext
from plaudit.kernels.tails import log_q_values
from plaudit.model import Exhibits, Family, Findings, Floats, Ints, Section, SubjectKind

SPEC = DetectorSpec(
    id="region",
    version="1",
    question="Do a post's commenters come from one region more than the account's own posts and comments explain?",
    family=Family.CONTEXT,
    requires=("regions",),
    min_likes=30,
    parameters={"shown_p": 0.05},
    innocent=("local_event", "local_topic", "local_group_chat", "diaspora", "carrier_gateway"),
    evasions=("regions_mixed",),
    beside=True,
)


@dataclass(frozen=True)
class Region:
    """See the module."""

    spec: DetectorSpec = SPEC

    def find(self, section: Section, context: SectionContext) -> Findings:
        """One finding per post with a crowded region: its voices there, against the number expected."""
        heard = voices(section)
        tested = int((np.bincount(heard.post, minlength=heard.posts) >= LEAST).sum())
        looks = [(part, scope) for scope, parts in enumerate(_looks(heard)) for part in parts]
        log_p = np.zeros((len(looks), heard.posts))
        entry = np.full((len(looks), heard.posts), -1, dtype=np.int64)
        for k, (part, scope) in enumerate(looks):
            paid = np.log(len(_SCOPES)) + np.log(sum(1 for _, other in looks if other == scope))
            log_p[k, part.post] = np.minimum(part.log_p + paid, 0.0)
            entry[k, part.post] = np.arange(part.post.shape[0])
        look = np.argmin(log_p, axis=0)
        whole = log_p[look, np.arange(heard.posts)]
        post = np.flatnonzero(whole <= np.log(self.spec.parameters["shown_p"]))
        chosen = [(looks[look[p]][0], int(entry[look[p], p])) for p in post]
        rows = [heard.row[part.voices_of(k, heard)] for part, k in chosen]
        seen = np.array([part.seen[k] for part, k in chosen], dtype=np.int64)
        expected = np.array([part.expected[k] for part, k in chosen], dtype=np.float64)
        every = np.concatenate(rows) if rows else np.zeros(0, np.int64)
        created = section.comments.created_ms
        share = np.clip(1.0 - expected / np.maximum(seen, 1), 0.01, 1.0)
        return Findings(
            detector=self.spec.id,
            version=self.spec.version,
            family=self.spec.family,
            subject_kind=SubjectKind.POST,
            subject=post.astype(np.int64),
            statistic=seen.astype(np.float64),
            expectation=expected,
            p_value=np.exp(whole[post]),
            q_value=np.exp(log_q_values(whole[post], tested)),
            support=seen,
            start_ms=_ends(np.min, rows, created),
            end_ms=_ends(np.max, rows, created),
            exhibits=Exhibits(
                np.concatenate([[0], np.cumsum(seen)]).astype(np.int64),
                section.target_of_comment(every),
                np.repeat(share, seen),
            ),
            certainty=np.full(post.shape[0], 0.5),
            candidates=tested,
        )


_SCOPES = ("post", "most liked", "moments")


def _looks(heard: Voices) -> tuple[list[Crowds], list[Crowds], list[Crowds]]:
    """What each of ``_SCOPES`` shows."""
    return [crowded_posts(heard)], [crowded_top(heard)], crowded_moments(heard)


def _ends(pick: Callable[[Ints], Floats], rows: list[Ints], created: Ints) -> Ints:
    """First or last moment of each group of comments; -1 where none is known."""
    known = [created[group][created[group] >= 0] for group in rows]
    return np.array([int(pick(times)) if times.shape[0] else -1 for times in known], dtype=np.int64)


DETECTOR = Region()
