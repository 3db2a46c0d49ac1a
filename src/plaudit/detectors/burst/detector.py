"""The ``burst`` detector: each target's best window, against its rhythm and against what targets here do.

A calibrated scan (see :mod:`plaudit.kernels.scan`) on the target's own coordinate, read against the spread that
targets of the same size show in this log (empirical null, Efron 2004): a platform where every post has its share has
wide spread. That spread is an estimate too, so the tail is Student's: few targets tell less of what is usual. A burst
says *when*, never *who*: a viral hour is one too, so it convicts nobody by itself.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from plaudit.detectors.rhythm import MIN_POINTS
from plaudit.detectors.spec import Context, DetectorSpec
from plaudit.kernels.tails import log_q_values
from plaudit.model import EventLog, Exhibits, Family, Findings, SubjectKind, ranges

SPEC = DetectorSpec(
    id="burst",
    version="1",
    question="Did the target's likes crowd together more than its own rhythm and this log's habits explain?",
    family=Family.TIMING,
    min_likes=50,
    parameters={"min_points": float(MIN_POINTS)},
    innocent=("share_by_influencer", "press_pickup", "front_page", "push_notification", "product_launch", "lottery"),
    evasions=("spread_delivery", "mimic_age_curve"),
    beside=True,
)


@dataclass(frozen=True)
class Burst:
    """See the module."""

    spec: DetectorSpec = SPEC

    def find(self, log: EventLog, context: Context) -> Findings:
        """One finding per target with enough likes: likes in its densest window, against the likes expected there."""
        rhythm = context.rhythm
        lead = rhythm.episodes.take(rhythm.episodes.lead)
        log_p = rhythm.empirical_log_p(lead.z, lead.points)
        expected = np.minimum(lead.expected, lead.likes)
        return Findings(
            detector=self.spec.id,
            version=self.spec.version,
            family=self.spec.family,
            subject_kind=SubjectKind.TARGET,
            subject=lead.target,
            statistic=lead.likes.astype(np.float64),
            expectation=expected,
            p_value=np.exp(log_p),
            q_value=np.exp(log_q_values(log_p, len(lead))),
            support=lead.points,
            start_ms=log.at_ms[lead.first],
            end_ms=log.at_ms[lead.last],
            exhibits=Exhibits(
                np.concatenate([[0], np.cumsum(lead.likes)]).astype(np.int64),
                ranges(lead.first, lead.likes),
                np.repeat(np.clip(1 - expected / np.maximum(lead.likes, 1), 0.01, 1.0), lead.likes),
            ),
            certainty=np.full(len(lead), 0.5),
            candidates=len(lead),
        )


DETECTOR = Burst()
