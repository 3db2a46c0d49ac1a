"""The ``ratio`` detector: likes of a post beyond what its reads and other totals bring on this account.

Each account is compared with its own history only. Censored totals are read in the innocent direction: reads of
``10万+`` may explain any number of likes, so nothing is said of such a post; likes of ``10万+`` count as that many. A
lottery, a launch or a new style make a post unlike its past too, so a finding never carries more than even odds.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from plaudit.detectors.ratio.history import bounds, leave_one_out, log_tail
from plaudit.detectors.spec import DetectorSpec, SectionContext
from plaudit.kernels.tails import log_q_values
from plaudit.model import (
    UNBOUNDED,
    Counter,
    Exhibits,
    Family,
    Findings,
    Floats,
    Ints,
    Outcome,
    Posts,
    Section,
    SubjectKind,
)

SPEC = DetectorSpec(
    id="ratio",
    version="1",
    question="Has the post more likes than its reads, comments and other totals bring on this account?",
    family=Family.QUALITY,
    requires=("totals",),
    parameters={"min_posts": 8.0},
    innocent=("lottery", "product_launch", "shared_into_group", "festival", "change_of_style"),
    evasions=("buy_reads_too", "small_batches"),
    beside=True,
)

COUNTED = ("likes", "recommends", "wow", "favorites")
"""What counts as likes: the first of these the account's posts hold."""

AUDIENCE = ("reads", "readers", "plays", "delivered")
"""Who could have liked: the first of these the account's posts hold."""

BESIDE = ("comments", "wow", "shares", "follows")
"""What else readers did."""

_HELD = 0.8
_USUAL = 5.0


@dataclass(frozen=True)
class Ratio:
    """See the module."""

    spec: DetectorSpec = SPEC

    def find(self, section: Section, context: SectionContext) -> Findings:
        """One finding per post with likes and reads, on accounts with enough of them."""
        posts, least = section.posts, int(self.spec.parameters["min_posts"])
        found: list[tuple[Ints, Floats, Floats, Floats, Floats, Floats]] = []
        for account in np.unique(posts.account):
            mine = np.flatnonzero(posts.account == account)
            counted, audience = _first(posts, COUNTED, mine, least), _first(posts, AUDIENCE, mine, least)
            if counted == "" or audience == "":
                continue
            likes, reads = posts.totals[counted], posts.totals[audience]
            fit_rows = mine[_usable(likes, reads, mine)]
            if fit_rows.shape[0] < least:
                continue
            count = likes.low[fit_rows].astype(np.float64)
            middle = (reads.low[fit_rows] + reads.high[fit_rows]) / 2
            known, slopes = _design(posts, counted, fit_rows, middle)
            fit = leave_one_out(count, known, slopes)
            # The most innocent reading of a range of reads is its upper end.
            grace = np.log((reads.high[fit_rows] + 1.0) / (middle + 1.0))
            fit = replace(fit, centre=fit.centre + grace)
            found.append((fit_rows, log_tail(count, fit), np.exp(fit.centre), *bounds(fit), count))
        if not found:
            return self._findings(posts, np.zeros(0, np.int64), *([np.zeros(0)] * 5))
        row, *columns = (np.concatenate(part) for part in zip(*found, strict=True))
        order = np.argsort(row, kind="stable")
        return self._findings(posts, row[order].astype(np.int64), *(column[order] for column in columns))

    def _findings(
        self, posts: Posts, row: Ints, log_p: Floats, centre: Floats, low: Floats, high: Floats, likes: Floats
    ) -> Findings:
        size, least = row.shape[0], int(self.spec.parameters["min_posts"])
        born = posts.published_ms[row]
        return Findings(
            detector=self.spec.id,
            version=self.spec.version,
            family=self.spec.family,
            subject_kind=SubjectKind.POST,
            subject=row,
            statistic=likes,
            expectation=centre,
            p_value=np.exp(log_p),
            q_value=np.exp(log_q_values(log_p, size)),
            support=np.ones(size, np.int64),
            start_ms=born,
            end_ms=born,
            exhibits=Exhibits(
                np.arange(size + 1),
                row,
                np.ones(size),
                np.clip(likes - centre, 0.0, likes),
                np.clip(likes - high, 0.0, likes),
                np.clip(likes - low, 0.0, likes),
            ),
            certainty=np.full(size, 0.5),
            candidates=size,
            outcome=Outcome.MEASURED if size else Outcome.NOT_ENOUGH_DATA,
            reason="" if size else f"needs {least} posts of one account with likes and reads",
        )


def _first(posts: Posts, names: tuple[str, ...], rows: Ints, least: int) -> str:
    """The first of these totals that enough of the posts show, or nothing."""
    for name in names:
        if name in posts.totals and int(posts.totals[name].known[rows].sum()) >= least:
            return name
    return ""


def _usable(likes: Counter, reads: Counter, rows: Ints) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    known = likes.known[rows] & reads.known[rows] & (reads.high[rows] < UNBOUNDED)
    return np.asarray(known & (reads.high[rows] > 0))


def _design(posts: Posts, counted: str, rows: Ints, reads: Floats) -> tuple[Floats, Floats]:
    """Columns that may explain likes (logs, centred), and the slope each has unless the posts say otherwise."""
    columns, slopes = [np.log(reads + 1.0)], [1.0]
    for name in BESIDE:
        if name == counted or name not in posts.totals:
            continue
        total = posts.totals[name].take(rows)
        held = total.known & (total.high < UNBOUNDED)
        if held.mean() >= _HELD:
            count = (total.low + np.where(held, total.high, total.low)) / 2
            usual = float(np.median((count[held] + 0.5) / (reads[held] + 1.0))) * reads
            # Small counts say little: five of them are taken as usual.
            columns.append(np.where(held, np.log((count + _USUAL) / (usual + _USUAL)), 0.0))
            slopes.append(0.0)
    finish = posts.rates.get("finish", np.full(len(posts), np.nan))[rows]
    if np.isfinite(finish).mean() >= _HELD:
        rate = np.log(np.clip(finish, 0.01, 0.99)) - np.log1p(-np.clip(finish, 0.01, 0.99))
        columns.append(np.where(np.isfinite(rate), rate, np.nanmedian(rate)))
        slopes.append(0.0)
    known = np.column_stack(columns)
    # Few posts cannot tell many explanations apart: one for every five.
    keep = max(1, min(known.shape[1], rows.shape[0] // 5))
    known = known[:, :keep]
    return known - np.median(known, axis=0), np.array(slopes[:keep])


DETECTOR = Ratio()
