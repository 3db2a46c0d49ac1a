"""The ``curve`` detector: counters read over time, against this account's own curves, or against reads where known.

Four tests a curve: its best window (``spread.py``), likes in quiet hours, likes that fell, and a dead stop at a round
number (``sides.py``). They share one level; the false-discovery rate runs over all curves. What the windows hold beyond
their due is the excess. A curve says *that* likes came out of step, never why: without reads a share by somebody with
followers looks the same, and the certainty is even odds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from plaudit.detectors.curve.exposure import exposure_of
from plaudit.detectors.curve.intervals import Curves, curves_of, kinds
from plaudit.detectors.curve.parts import Account, Part, judge
from plaudit.detectors.curve.shapes import SHAPES
from plaudit.detectors.spec import DetectorSpec, SectionContext
from plaudit.kernels.tails import log_q_values
from plaudit.model import Bools, Exhibits, Family, Findings, Floats, Outcome, Section, SubjectKind

SPEC = DetectorSpec(
    id="curve",
    version="1",
    question="Did the counter rise, run on, stop or fall in a way this account's other curves do not?",
    family=Family.TIMING,
    requires=("curves",),
    parameters={"min_curves": 5.0, "min_likes": 5.0, "min_window_likes": 3.0},
    innocent=(
        *("share_by_influencer", "shared_into_group", "push_notification", "pinned_by_owner"),
        *("press_pickup", "lottery", "festival"),
    ),
    evasions=("follow_the_rhythm", "buy_reads_too", "spread_delivery"),
    beside=True,
)

_WORTH_NAMING = np.log(0.2)
"""Curves at or below this false-discovery rate are taken apart window by window; the others keep their best one."""


@dataclass(frozen=True)
class Curve:
    """See the module."""

    spec: DetectorSpec = SPEC

    def find(self, section: Section, context: SectionContext) -> Findings:
        """One finding per curve that can be judged, its shape named. Posts and comments are judged apart, and so
        are curves with reads and without.
        """
        least, fewest = (int(self.spec.parameters[name]) for name in ("min_window_likes", "min_curves"))
        everything = curves_of(section)
        fit = explainable(section, everything) & (everything.total >= self.spec.parameters["min_likes"])
        parts = []
        for kind in kinds(everything):
            if kind.shape[0] >= fewest:
                # Curves nothing is said of still teach what is ordinary.
                curves, told = everything.take(kind), np.flatnonzero(fit[kind])
                exposure = exposure_of(curves)
                if told.shape[0] >= fewest:
                    parts.append(judge(curves.take(told), exposure.take(curves.rows(told)), least, context.seed))
        return self._findings(parts, least)

    def _findings(self, parts: list[Part], least: int) -> Findings:
        """All curves of all parts, in the order of their targets."""
        empty = np.zeros(0)
        target = np.concatenate([empty.astype(np.int64), *(part.curves.target for part in parts)])
        log_p = np.concatenate([empty, *(part.log_p for part in parts)])
        size = target.shape[0]
        log_q = log_q_values(log_p, size)
        loud, accounts, start = log_q <= _WORTH_NAMING, list[Account](), 0
        for part in parts:
            accounts.append(part.account(loud[start : start + len(part.curves)], least))
            start += len(part.curves)
        order = np.argsort(target, kind="stable")

        def joined(name: str) -> Floats:
            whole = np.concatenate([empty, *(getattr(told, name) for told in accounts)])
            return np.asarray(whole[order], dtype=np.float64)

        def at(name: str) -> Floats:
            rows = zip(parts, accounts, strict=True)
            whole = np.concatenate([empty, *(part.curves.at_ms[getattr(told, name)] for part, told in rows)])
            return np.asarray(whole[order], dtype=np.float64)

        words = [word for told in accounts for word in told.words]
        named = tuple(words[row] for row in order)
        gained, expected = joined("gained"), joined("expected")
        support = np.concatenate([empty, *(np.diff(part.curves.offsets) for part in parts)])[order]
        fewest = int(self.spec.parameters["min_curves"])
        return Findings(
            detector=self.spec.id,
            version=self.spec.version,
            family=self.spec.family,
            subject_kind=SubjectKind.TARGET,
            subject=target[order],
            statistic=gained,
            expectation=expected,
            p_value=np.exp(log_p[order]),
            q_value=np.exp(log_q[order]),
            support=support.astype(np.int64),
            start_ms=at("first").astype(np.int64),
            end_ms=at("last").astype(np.int64),
            exhibits=Exhibits(
                np.arange(size + 1),
                target[order],
                np.ones(size),
                np.maximum(gained - expected - joined("fallen"), 0.0),
                np.maximum(gained - joined("high") - joined("fallen"), 0.0),
                np.maximum(gained - joined("low"), 0.0),
            ),
            certainty=np.where(joined("certain") > 0, 1.0, 0.5),
            candidates=size,
            outcome=Outcome.MEASURED if size else Outcome.NOT_ENOUGH_DATA,
            reason="" if size else f"needs {fewest} curves of one kind to compare with each other",
            notes={word: float(named.count(word)) for word in SHAPES if word in named},
            shape=named,
        )


def explainable(section: Section, curves: Curves) -> Bools:
    """Curves of targets nobody lifted. A comment elected among unelected ones is shown to more people from a moment no
    export holds, and so is a pinned one unless its places were read: of these nothing is said.
    """
    comments, first = section.comments, len(section.posts)
    elected, pinned = (np.zeros(section.n_targets, dtype=bool) for _ in range(2))
    pinned[first:] = comments.pinned == 1
    asked = comments.elected >= 0
    if asked.any() and float((comments.elected[asked] == 1).mean()) < 0.5:
        elected[first:] = comments.elected == 1
    placed = np.bincount(curves.curve, curves.place > 0, len(curves)) > 0
    return np.asarray(~elected[curves.target] & (~pinned[curves.target] | placed))


DETECTOR = Curve()
