"""What a detector is: a frozen spec and one function from a log to findings.

A detector asks one question, compares a statistic with what *this* log's targets and actors would do by themselves, and
answers with p-values. It cannot threshold, know prevalence, print, fetch, read the clock or see other detectors'
findings. The runner, not the detector, says ``not_applicable``, ``not_enough_data`` and ``error``, by what the spec
asks for. One thing only the detector can know: that what the spec asks for is there and its null still cannot be
estimated (five comments with likes among thousands, curves that all end the day they begin). It then answers with no
finding, ``not_enough_data`` and the reason, as the runner would.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

import numpy as np

from plaudit.detectors.rhythm import Rhythm, estimate_rhythm
from plaudit.kernels.clock import Births
from plaudit.kernels.grouping import grouped
from plaudit.kernels.specifics import Specifics, specifics
from plaudit.model import DAY_MS, HOUR_MS, EventLog, Family, Findings, Ints, Ints32, Section, ranges

if TYPE_CHECKING:
    from plaudit.detectors.near_duplicate.wording import Wording


@dataclass(frozen=True)
class DetectorSpec:
    """What a detector declares about itself.

    Attributes:
        id: name in code, tables, command line and report.
        version: raised whenever the same log could get another answer.
        question: the yes/no question it asks of a subject, in plain words.
        family: which cap its evidence shares.
        requires: what it cannot do without: optional columns of a log (``device``, ``ip``, ``author``) or parts of a
            section (see :meth:`plaudit.model.Section.has`); a ``|`` inside one entry means "any of these".
        min_likes: likes the log (in a section: comments, or posts where there are no comments) needs before the null
            can be estimated.
        parameters: tunable values by name, with units in the name (``window_ms``).
        innocent: message codes of known innocent explanations, most common first.
        evasions: message codes of known ways around it, with what evading costs the buyer.
        beside: whether it may run beside another detector, in a thread: arrays and kernels only, no graph library.
    """

    id: str
    version: str
    question: str
    family: Family
    requires: tuple[str, ...] = ()
    min_likes: int = 1
    parameters: Mapping[str, float] = field(default_factory=dict)
    innocent: tuple[str, ...] = ()
    evasions: tuple[str, ...] = ()
    beside: bool = False


@dataclass(frozen=True)
class Context:
    """What a detector may know beside the log: a seed, and shared derived facts computed once for all detectors."""

    log: EventLog
    seed: int = 0

    @cached_property
    def rhythm(self) -> Rhythm:
        """Clock, response curve, coordinates and episodes of the log."""
        return estimate_rhythm(self.log)

    @cached_property
    def by_actor(self) -> tuple[Ints, Ints32]:
        """Rows of the log by actor: ``(offsets int64[n_actors + 1], row int32[n])``, rows ascending inside an actor."""
        return grouped(self.log.actor, self.log.n_actors)

    def likes_of(self, actors: Ints) -> Ints:
        """Rows of all likes of these actors."""
        offsets, row = self.by_actor
        return row[ranges(offsets[actors], self.activity[actors])].astype(np.int64)

    def likes_on(self, actors: Ints, targets: Ints) -> Ints:
        """Rows of all likes of these actors on these targets, ascending."""
        there = np.zeros(self.log.n_targets, dtype=bool)
        there[targets] = True
        likes = self.likes_of(actors)
        return np.sort(likes[there[self.log.target[likes]]])

    @cached_property
    def births(self) -> Births:
        """When the log's targets were born."""
        return Births(np.sort(self.log.born_ms))

    @property
    def days(self) -> float:
        """Length of the log in days."""
        return (self.log.end_ms - self.log.start_ms) / DAY_MS

    @cached_property
    def hour(self) -> Ints32:
        """Hour of the log in which each like fell, ``int32[n]``."""
        return np.asarray((self.log.at_ms - self.log.start_ms) // HOUR_MS, dtype=np.int32)

    @cached_property
    def per_hour(self) -> Ints:
        """Likes in each hour of the log, ``int64[hours]``."""
        return np.bincount(self.hour, minlength=int((self.log.end_ms - self.log.start_ms) // HOUR_MS) + 1)

    def per_sitting(self, rows: Ints) -> Ints:
        """Likes of each actor in each hour of the log among ``rows``, one entry per actor and hour with any."""
        key = self.log.actor[rows].astype(np.int64) * self.per_hour.shape[0] + self.hour[rows]
        return np.asarray(np.unique(key, return_counts=True)[1], dtype=np.int64)

    @cached_property
    def long_sitting(self) -> float:
        """Likes in an hour that 99 of 100 sittings of this log do not exceed."""
        sizes = self.per_sitting(np.arange(self.log.n))
        return float(np.quantile(sizes, 0.99)) if sizes.shape[0] else 1.0

    @cached_property
    def activity(self) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        """Likes of each actor, ``int64[n_actors]``."""
        return np.bincount(self.log.actor, minlength=self.log.n_actors).astype(np.int64)


class Detector(Protocol):
    """A folder under ``detectors/`` exports one of these as ``DETECTOR``; others arrive by entry point."""

    @property
    def spec(self) -> DetectorSpec:
        """The frozen declaration."""

    def find(self, log: EventLog, context: Context) -> Findings:
        """Answer the question for every subject that shows anything; pure and deterministic."""


@dataclass(frozen=True)
class TextFigures:
    """All that anything here ever reads of the words of a section, as figures: what a bundle holds in their place."""

    specifics: Specifics
    wording: Wording


@dataclass(frozen=True)
class SectionContext:
    """What a section detector may know beside the section: a seed, and facts derived once for all detectors.

    ``figures`` stand for the texts where those were left behind; they are read from the texts otherwise. ``told`` is
    what the texts tell, where somebody has read them already.
    """

    section: Section
    seed: int = 0
    figures: TextFigures | None = None
    told: Specifics | None = None

    @cached_property
    def specifics(self) -> Specifics:
        """What the text of each comment tells, of each comment of the section."""
        if self.told is not None:
            return self.told
        return specifics(self.section.comments.text) if self.figures is None else self.figures.specifics


class SectionDetector(Protocol):
    """A detector of what owners hold (T0, T1): posts, comments and curves, where likes have no names."""

    @property
    def spec(self) -> DetectorSpec:
        """The frozen declaration."""

    def find(self, section: Section, context: SectionContext) -> Findings:
        """Answer the question for every subject that shows anything; pure and deterministic.

        Exhibits are targets of the section, with the likes the null does not explain where the detector can say. Where
        the null cannot be estimated after all: no finding, ``not_enough_data`` and a reason.
        """
