"""What detectors answer and what the verdict makes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from plaudit.model.words import Family, Floats, Ints, Ints32, Outcome, Status, SubjectKind


@dataclass(frozen=True)
class Exhibits:
    """What each finding rests on, as CSR: rows of finding ``f`` are ``row[offsets[f]:offsets[f + 1]]``.

    In a log the rows are likes; in a section, where likes have no names, they are targets.

    Attributes:
        offsets: ``int64[findings + 1]``.
        row: likes of the :class:`EventLog`, or targets of the :class:`~plaudit.model.section.Section`, ``int64[m]``.
        share: ``float64[m]`` in (0, 1]: the chance that this like belongs to what the finding counted rather than to
            the ordinary likes the null expects in the same place, *given* that the finding is not an accident. Of a
            target: the chance that it belongs to what the finding speaks of.
        excess, excess_low, excess_high: sections only, ``float64[m]``: likes of that target the null does not
            explain, with a 90 % interval; ``None`` where the finding says nothing about how many.
    """

    offsets: Ints
    row: Ints
    share: Floats
    excess: Floats | None = None
    excess_low: Floats | None = None
    excess_high: Floats | None = None

    @staticmethod
    def empty(findings: int = 0) -> Exhibits:
        """No exhibits for ``findings`` findings."""
        return Exhibits(np.zeros(findings + 1, np.int64), np.zeros(0, np.int64), np.zeros(0, np.float64))


@dataclass(frozen=True)
class Findings:
    """One detector's answers, column-wise. No threshold, no probability of guilt, no advice.

    All arrays have one entry per finding. ``subject`` is a dense target, actor, post or comment, or a running group
    number; ``support`` the number of likes (in a section: of comments or snapshots) the finding rests on. ``p_value``
    is the chance, under the detector's null model, of a statistic at least this large; ``q_value`` controls the
    false-discovery rate over *all* candidates the detector looked at, not only those it reports. ``certainty`` says
    how far the null has shut out the innocent explanations the detector knows: 1.0, or less where something innocent
    would look exactly the same: 0.5 (even odds) for one such thing, a third for two, and what the log says of either
    where it says something. ``shape`` names the kind of each
    finding where the detector tells several apart (``step``, ``wave``...), one message code per finding; empty
    otherwise.
    """

    detector: str
    version: str
    family: Family
    subject_kind: SubjectKind
    subject: Ints
    statistic: Floats
    expectation: Floats
    p_value: Floats
    q_value: Floats
    support: Ints
    start_ms: Ints
    end_ms: Ints
    exhibits: Exhibits
    certainty: Floats
    candidates: int = 0
    outcome: Outcome = Outcome.MEASURED
    reason: str = ""
    notes: Mapping[str, float] = field(default_factory=dict)
    shape: tuple[str, ...] = ()

    def __len__(self) -> int:
        return int(self.subject.shape[0])


@dataclass(frozen=True)
class Groups:
    """Sets of likes that coordinated evidence holds together. Arrays have one entry per group.

    Attributes:
        finding: the finding that names the group (numbers count through all findings of all detectors, in order).
        offsets, like: CSR of the likes of each group.
        posterior: chance that the group was bought or traded.
    """

    finding: Ints
    offsets: Ints
    like: Ints
    posterior: Floats

    def __len__(self) -> int:
        return int(self.finding.shape[0])


@dataclass(frozen=True)
class Verdicts:
    """Weight of evidence joined into one opinion per like.

    Attributes:
        p_inauthentic: posterior per like, ``float64[n]``.
        status: ``int8[n]``, index into ``STATUSES``.
        group: row of ``groups`` each like belongs to, ``int32[n]``, -1 for none.
        finding_offsets, finding: CSR of the findings that bear on each like (numbers as in :class:`Groups`).
        evident: likes that any finding bears on, ``int64[k]``, ascending: of most likes nothing is said, and a table of
            all of them would be as large as the log itself.
        evident_weight: nats each family gives each of these, ``float32[families, k]``, in the order of :class:`Family`.
        share: chance that the like belongs to what its deciding finding counted, times that finding's certainty.
        deciding: the finding whose share was used, ``int32[n]``, -1 for none.
        weight: per finding, nats after calibration and before the cap, ``float64[all findings]``.
        prior: the estimated share of bought likes before any evidence, with its bounds.
        caps: nats each family can carry.
    """

    p_inauthentic: Floats
    status: NDArray[np.int8]
    group: Ints32
    finding_offsets: Ints
    finding: Ints32
    evident: Ints
    evident_weight: NDArray[np.float32]
    share: Floats
    deciding: Ints32
    weight: Floats
    prior: float
    prior_low: float
    prior_high: float
    caps: Mapping[str, float]
    groups: Groups

    def weight_of(self, rows: Ints) -> NDArray[np.float32]:
        """Nats each family gives each of these likes, ``float32[families, rows]``; 0 where nothing is said."""
        out = np.zeros((self.evident_weight.shape[0], rows.shape[0]), np.float32)
        place = np.searchsorted(self.evident, rows)
        told = np.flatnonzero(np.append(self.evident, -1)[place] == rows)
        out[:, told] = self.evident_weight[:, place[told]]
        return out

    @property
    def family_weight(self) -> NDArray[np.float32]:
        """Nats each family gives each like, ``float32[families, n]``: of a large log, larger than the log."""
        return self.weight_of(np.arange(self.p_inauthentic.shape[0]))


STATUSES: tuple[Status, ...] = (Status.VERIFIED, Status.DISCOUNTED, Status.UNDETERMINED)
