"""The ``quality_gap`` detector: likes that text, place, age, flags, replies and readers do not explain.

A regression on *this* export says what a comment's likes would be (``expectation``), the comments of other posts how
far a comment may stand above that by itself (``judge``). Both are read in the innocent direction: place and replies,
which likes themselves bring, are granted as explanations; concrete first-person experience counts for the comment; a
censored counter counts with its low end. What remains may still be a joke that no list of words can measure, so a
finding never carries more than even odds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from plaudit.detectors.quality_gap.expectation import expectations
from plaudit.detectors.quality_gap.judge import Judgement, judge, more_innocent
from plaudit.detectors.spec import DetectorSpec, SectionContext
from plaudit.kernels.tails import log_q_values
from plaudit.model import Exhibits, Family, Findings, Floats, Ints, Outcome, Section, SubjectKind

SPEC = DetectorSpec(
    id="quality_gap",
    version="1",
    question="Has a comment more likes than text, place, age, flags, replies and readers explain on this export?",
    family=Family.QUALITY,
    requires=("texts", "likes"),
    min_likes=120,
    parameters={"shown_p": 0.01},
    innocent=("unmeasured_wit", "known_commenter", "comment_shared_elsewhere", "shown_first_for_long", "lottery"),
    evasions=("boost_good_comments", "small_batches"),
    beside=True,
)


@dataclass(frozen=True)
class QualityGap:
    """See the module."""

    spec: DetectorSpec = SPEC

    def find(self, section: Section, context: SectionContext) -> Findings:
        """One finding per comment whose likes stand out: its likes, against what it would have."""
        row = np.flatnonzero(section.comments.likes.known)
        if row.shape[0] < self.spec.min_likes:
            reason = f"needs {self.spec.min_likes} comments with likes, has {row.shape[0]}"
            return self._findings(section, row, None, Outcome.NOT_ENOUGH_DATA, reason)
        post = section.comments.post[row].astype(np.int64)
        readings = [judge(made, post) for made in expectations(section, context.specifics)]
        return self._findings(section, row, more_innocent(readings), Outcome.MEASURED, "")

    def _findings(
        self, section: Section, judged_row: Ints, judged: Judgement | None, outcome: Outcome, reason: str
    ) -> Findings:
        comments = section.comments
        if judged is None:
            judged_row, judged = np.zeros(0, np.int64), Judgement(np.zeros(0), np.zeros(0), np.zeros(0), np.zeros(0))
        tested = judged_row.shape[0]
        shown = np.flatnonzero(judged.log_p <= np.log(self.spec.parameters["shown_p"]))
        row, log_p = judged_row[shown], judged.log_p[shown]
        likes = comments.likes.low[row].astype(np.float64)

        def above(usual: Floats) -> Floats:
            return np.clip(likes - usual[shown], 0.0, likes)

        return Findings(
            detector=self.spec.id,
            version=self.spec.version,
            family=self.spec.family,
            subject_kind=SubjectKind.COMMENT,
            subject=row.astype(np.int64),
            statistic=likes,
            expectation=judged.usual[shown],
            p_value=np.exp(log_p),
            q_value=np.exp(log_q_values(log_p, tested)),
            support=np.ones(shown.shape[0], dtype=np.int64),
            start_ms=comments.created_ms[row],
            end_ms=np.maximum(comments.observed_ms[row], comments.created_ms[row]),
            exhibits=Exhibits(
                np.arange(shown.shape[0] + 1, dtype=np.int64),
                section.target_of_comment(row),
                np.ones(shown.shape[0]),
                excess=above(judged.usual),
                excess_low=above(judged.usual_high),
                excess_high=above(judged.usual_low),
            ),
            certainty=np.full(shown.shape[0], 0.5),
            candidates=tested,
            outcome=outcome,
            reason=reason,
        )


DETECTOR = QualityGap()
