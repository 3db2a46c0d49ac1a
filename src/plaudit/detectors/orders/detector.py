"""The ``orders`` detector: the same people, again and again, at the order's time.

Sources: target-target projection with a bipartite configuration null (Saracco et al. 2017) made empirical in Efron's
way (2004); recurrence of a cohort across delivery bursts; leave-one-out response curves. See ``docs/concepts.md``.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plaudit.detectors.circle import CIRCLE_MEETS, HABIT_CERTAINTY, chance_of_ring
from plaudit.detectors.links import log_p_all_false
from plaudit.detectors.orders.cohort import (
    Cohort,
    clear_there,
    grow,
    merge,
    people_behind,
    prune,
    recount,
    siblings,
)
from plaudit.detectors.orders.communities import Ties, split, ties
from plaudit.detectors.orders.doubt import doubtful, long_sittings
from plaudit.detectors.orders.gatherings import SITTING_MS, Gatherings, gather
from plaudit.detectors.orders.habit import LIKELY, Timing, judge_timing
from plaudit.detectors.orders.hands import Suspect, together
from plaudit.detectors.orders.lens import look
from plaudit.detectors.orders.web import Pairs, Web, overlaps
from plaudit.detectors.spec import Context, DetectorSpec
from plaudit.kernels.beside import each
from plaudit.kernels.tails import log_q_values
from plaudit.model import EventLog, Exhibits, Family, Findings, Floats, Ints, Ints32, SubjectKind

SPEC = DetectorSpec(
    id="orders",
    version="5",
    question="Do the same actors gather on target after target, at moments their own habits do not explain?",
    family=Family.AUDIENCE,
    min_likes=200,
    parameters={"apart_ms": 43_200_000.0, "link_fdr": 0.01},
    innocent=("group_chat_share", "fan_club", "front_page", "office_network"),
    evasions=("larger_pool", "rotate_members", "mimic_age_curve", "spread_delivery"),
)

Sitting = tuple[Ints32, Ints32, NDArray[Any]]
"""Pairs of gatherings that share actors in one sitting, as :func:`plaudit.detectors.orders.web.overlaps` gives them."""

_LEANS = float(np.log(0.5))
"""``ln p`` from which a community that does not speak is heard once more, as what it grows into."""

_BEYOND = float(np.log(1e-9))
"""``ln p`` from which a smaller chance says nothing more."""


@dataclass(frozen=True)
class Witness:
    """What speaks about a cohort: ``ln p`` of who came, actors shared and expected over its pairs, and when they came.

    Attributes:
        own: the pairs inside the cohort.
        there: all likes of its returning actors on its targets, rows of the log.
    """

    log_who: float
    shared: float
    expected: float
    when: Timing
    own: Pairs
    there: Ints

    @property
    def log_p(self) -> float:
        """Both must be surprising (intersection-union test, Berger 1982)."""
        return max(self.log_who, self.when.log_p)


@dataclass(frozen=True)
class Found:
    """One cohort, judged: its witness, its likes and their shares, and how certain it is that nothing innocent matches.

    ``pool`` and ``members`` are the people behind it, where it was worth asking whether they know each other.
    """

    gatherings: Ints
    witness: Witness
    rows: Ints
    share: Floats
    certainty: float
    pool: float = 0.0
    members: Ints = field(default_factory=lambda: np.zeros(0, np.int64))

    @property
    def suspect(self) -> Suspect:
        """The cohort as it is asked whether something innocent would match it."""
        return Suspect(
            rows=self.rows,
            share=self.share,
            there=self.witness.there,
            members=self.members,
            pool=self.pool,
            when=self.witness.when,
        )


@dataclass(frozen=True)
class Orders:
    """See the module."""

    spec: DetectorSpec = SPEC

    def find(self, log: EventLog, context: Context) -> Findings:
        """One finding per cohort: shared actors over its pairs of gatherings, against what activity expects."""
        episodes = context.rhythm.episodes
        episodes = episodes.take(episodes.leaf & (episodes.likes >= 3))
        # In order of time, not of ids: nothing below may depend on what things are called.
        episodes = episodes.take(np.lexsort((episodes.likes, log.at_ms[episodes.last], log.at_ms[episodes.first])))
        g = gather(log, episodes, context.activity)
        held = ties(log, context, g, float(np.log(self.spec.parameters["link_fdr"])))
        return _assemble(self.spec, log, *_cohorts(log, context, g, held))


def _cohorts(log: EventLog, context: Context, g: Gatherings, held: Ties) -> tuple[list[Found], int]:
    """Screen the communities, grow those that pass, join pools, and judge every cohort; and how many hearings it took.

    A community search may find a piece of a ring. Whether that speaks is decided by a few targets where its comparison
    with others is fine or spoilt (its own ring's other people are among the others), so a piece that leans is heard
    once more as what it grows into. Who belongs to it was told by who came, not by when; and each second hearing is
    one more candidate to be paid for.
    """
    # A pool is judged whole: a community search may leave it in pieces too small to speak.
    web = held.web
    pieces = [recount(g, kept) for kept in each(partial(prune, g), held.communities) if kept.shape[0] >= 2]
    whole = merge(g, pieces, web)
    taken = np.zeros(len(g), dtype=np.int64)
    for cohort in whole:
        taken[cohort.gatherings] = 1
    grown: list[Cohort] = []
    leaning: list[tuple[Cohort, Witness]] = []
    found: list[Found] = []
    screened = each(lambda cohort: _witness(log, context, g, cohort, web), whole)
    for first, witness in zip(whole, screened, strict=True):
        if witness is None:
            continue
        if witness.log_p <= LIKELY:
            grown.append(grow(g, first.gatherings, taken))
            taken[grown[-1].gatherings] = 1
        elif witness.log_p <= _LEANS:
            leaning.append((first, witness))
        else:
            # Interest communities end here: growing them would cost most of the time and change nothing.
            found.append(_unspoken(g, first, witness))
    for first, witness in leaning:
        more = _heard_again(log, context, g, first, web, taken)
        if more is None:
            found.append(_unspoken(g, first, witness))
        else:
            grown.append(more)
            taken[more.gatherings] = 1
    pruned = each(lambda cohort: prune(g, cohort.gatherings), grown)
    clean = [recount(g, kept) for kept in pruned if kept.shape[0] >= 2]
    sitting = _sittings(log, g, clean)
    parts: list[Ints] = []
    for cohort in merge(g, clean, web):
        cohort = _with_siblings(g, cohort, sitting, taken)
        # Pruned of the interest they met in, two circles may turn out to have nothing else in common.
        # (Not so a list worked through in sittings: its batches share few accounts and are one order book.)
        rest = prune(g, cohort.gatherings)
        parts += [rest] if _in_batches(context, g, rest) else split(g, [rest], web, context.seed)

    known = {cohort.gatherings.tobytes(): witness for cohort, witness in zip(whole, screened, strict=True)}

    def heard(part: Ints) -> Found | None:
        cohort = recount(g, part)
        # Some come out as they were found: what was heard of them holds.
        key = cohort.gatherings.tobytes()
        witness = known[key] if key in known else _witness(log, context, g, cohort, web)
        if witness is None:
            return None
        return (_unspoken if witness.log_p > LIKELY else partial(_judged, log, context))(g, cohort, witness)

    heard_of = [one for one in each(heard, parts) if one is not None]
    candidates = max(len(held.communities) + len(held.pools) + len(leaning), 1)
    found += heard_of + _silenced(log, context, g, list(zip(whole, screened, strict=True)), heard_of, candidates)
    for members, log_each in held.pools:
        rest = members[taken[members] == 0]
        if rest.shape[0] >= 3:
            cohort = recount(g, rest)
            witness = _witness(log, context, g, cohort, web, min(log_each + float(np.log(len(g))), LIKELY))
            if witness is not None:
                # A front page lists its posts together; orders come one by one.
                if not witness.when.apart and witness.when.singly < CIRCLE_MEETS:
                    witness = replace(witness, when=Timing(0.0, witness.when.surprises, False))
                judge = _unspoken if witness.log_p > LIKELY else partial(_judged, log, context, thin=True)
                found.append(judge(g, cohort, witness))
    return _doubted(log, context, g, web, found), candidates


def _silenced(
    log: EventLog,
    context: Context,
    g: Gatherings,
    screened: list[tuple[Cohort, Witness | None]],
    found: list[Found],
    candidates: int,
) -> list[Found]:
    """Cohorts that spoke as they were found and, grown, are heard no more: judged as they were found.

    What they grew into (an interest, a front page) has its own explanation; they did not need it. Who would have been
    heard among so many ``candidates`` is not by a whole that would not.
    """
    told = np.zeros(log.n)
    for one in found:
        told[one.rows] = np.minimum(told[one.rows], one.witness.log_p)
    loud, out = LIKELY - float(np.log(candidates)), []
    for cohort, witness in screened:
        if witness is not None and witness.log_p <= LIKELY:
            rows = g.row[g.entries(cohort.gatherings)]
            if 2 * int((told[rows] <= (loud if witness.log_p <= loud else LIKELY)).sum()) < rows.shape[0]:
                out.append(_judged(log, context, g, cohort, witness))
    return out


def _witness(
    log: EventLog, context: Context, g: Gatherings, cohort: Cohort, web: Web, log_recurs: float = 0.0
) -> Witness | None:
    """Who and when; ``None`` below three targets or three returning actors.

    Who came is told by the pairs, or by recurrence where that says more (``log_recurs``).
    """
    if np.unique(g.episodes.target[cohort.gatherings]).shape[0] < 3 or cohort.actors.shape[0] < 3:
        return None
    own = web.within(cohort.gatherings)
    shared, expected = float(own.shared.sum()), float(own.mean.sum())
    who = min(0.0, log_recurs, log_p_all_false(own.i, own.j, own.log_q))
    if shared < 2.0 * expected:
        # Most of what these gatherings share, activity alone explains: a busy crowd, not a returning one.
        who = 0.0
    there = context.likes_on(cohort.actors, g.episodes.target[cohort.gatherings])
    when = Timing(0.0, 0, False)
    if who < LIKELY:
        when = judge_timing(log, context, g, cohort.gatherings, there, context.likes_of(cohort.actors), log_recurs < 0)
    return Witness(who, shared, expected, when, own, there)


def _in_batches(context: Context, g: Gatherings, members: Ints) -> bool:
    return long_sittings(context, context.likes_on(recount(g, members).actors, g.episodes.target[members]))


def _heard_again(log: EventLog, context: Context, g: Gatherings, piece: Cohort, web: Web, taken: Ints) -> Cohort | None:
    """What a piece grows into, with what others of its ring did on its targets; ``None`` where that does not speak.

    Nothing is ``taken`` by a piece that stays silent.
    """
    free = taken.copy()
    more = recount(g, prune(g, grow(g, piece.gatherings, free).gatherings))
    if more.gatherings.shape[0] < 2:
        return None
    more = _with_siblings(g, more, _sittings(log, g, [more]), free)
    again = _witness(log, context, g, recount(g, prune(g, more.gatherings)), web)
    return None if again is None or again.log_p > LIKELY else more


def _sittings(log: EventLog, g: Gatherings, cohorts: list[Cohort]) -> Sitting:
    """Where one sitting brought the same people to several targets of these cohorts."""
    served = np.concatenate([np.zeros(0, np.int64), *(cohort.gatherings for cohort in cohorts)])
    return overlaps(g, log.n_actors, 0, SITTING_MS, among=clear_there(g, served))


def _with_siblings(g: Gatherings, cohort: Cohort, sitting: Sitting, taken: Ints) -> Cohort:
    """The cohort with what others of its ring did on its targets, grown; its gatherings are ``taken`` from now on."""
    more = siblings(g, cohort.gatherings, sitting, taken)
    taken[more] = 1
    cohort = grow(g, np.sort(np.concatenate([cohort.gatherings, more])), taken)
    taken[cohort.gatherings] = 1
    return cohort


def _unspoken(g: Gatherings, cohort: Cohort, witness: Witness) -> Found:
    """Nothing to weigh: its likes are listed with the finding, none is told from a passer-by's."""
    rows = g.row[g.entries(cohort.gatherings)]
    return Found(cohort.gatherings, witness, rows, np.full(rows.shape[0], 0.5), 0.5)


def _judged(
    log: EventLog, context: Context, g: Gatherings, cohort: Cohort, witness: Witness, *, thin: bool = False
) -> Found:
    """What each like is worth, and whether a circle of friends (of a thin pool, a newsletter) would look the same."""
    rows, shares = look(log, context, g, cohort)
    pool, members = people_behind(log.actor[rows[shares > 0.5]].astype(np.int64))
    newsletter = (thin or witness.when.thin) and not witness.when.apart
    return Found(cohort.gatherings, witness, rows, shares, 0.5 if newsletter else 1.0, pool, members)


def _doubted(log: EventLog, context: Context, g: Gatherings, web: Web, found: list[Found]) -> list[Found]:
    """The same cohorts, those in doubt that something innocent would match, and one hand's pieces put together."""
    asked = [number for number, one in enumerate(found) if one.members.shape[0]]
    answer = doubtful(log, context, [found[number].suspect for number in asked])
    in_doubt = answer.doubtful
    sure = sum(found[asked[place]].certainty == 1.0 for place in np.flatnonzero(~in_doubt).tolist())
    # What a habit explains is no group of which rings would be some.
    chance = chance_of_ring(sure, int((in_doubt & ~answer.habit).sum()))
    out: list[Found | None] = list(found)
    for place in np.flatnonzero(in_doubt).tolist():
        one = found[asked[place]]
        least = HABIT_CERTAINTY if answer.habit[place] else chance
        out[asked[place]] = replace(one, certainty=min(one.certainty, least))
    many = np.flatnonzero(np.bincount(answer.hand[~in_doubt]) > 1).tolist()
    apart = [np.flatnonzero(answer.hand == number).tolist() for number in many]
    wholes = each(lambda pieces: _whole(log, context, g, web, [found[asked[place]] for place in pieces]), apart)
    for pieces, whole in zip(apart, wholes, strict=True):
        if whole is not None:
            for place in pieces[1:]:
                out[asked[place]] = None
            out[asked[pieces[0]]] = whole
    return [one for one in out if one is not None]


def _whole(log: EventLog, context: Context, g: Gatherings, web: Web, pieces: list[Found]) -> Found | None:
    """One hand's pieces as one cohort, heard anew; ``None`` where together they leave more room for chance."""
    cohort = recount(g, np.unique(np.concatenate([one.gatherings for one in pieces])))
    witness = _witness(log, context, g, cohort, web)
    if witness is None or witness.log_p > max(min(one.witness.log_p for one in pieces), _BEYOND):
        return None
    joined = together(log, [one.suspect for one in pieces])
    certainty = max(one.certainty for one in pieces)
    return Found(cohort.gatherings, witness, joined.rows, joined.share, certainty, joined.pool, joined.members)


def _assemble(spec: DetectorSpec, log: EventLog, found: list[Found], candidates: int) -> Findings:
    log_p = np.array([item.witness.log_p for item in found])
    empty_i, empty_f = np.zeros(0, np.int64), np.zeros(0)
    return Findings(
        detector=spec.id,
        version=spec.version,
        family=spec.family,
        subject_kind=SubjectKind.GROUP,
        subject=np.arange(len(found)),
        statistic=np.array([item.witness.shared for item in found]),
        expectation=np.array([item.witness.expected for item in found]),
        p_value=np.exp(log_p),
        q_value=np.exp(log_q_values(log_p, candidates)),
        support=np.array([len(item.rows) for item in found], dtype=np.int64),
        start_ms=np.array([log.at_ms[item.rows].min() for item in found], dtype=np.int64),
        end_ms=np.array([log.at_ms[item.rows].max() for item in found], dtype=np.int64),
        exhibits=Exhibits(
            np.concatenate([[0], np.cumsum([len(item.rows) for item in found])]).astype(np.int64),
            np.concatenate([*(item.rows for item in found), empty_i]).astype(np.int64),
            np.concatenate([*(item.share for item in found), empty_f]),
        ),
        certainty=np.array([item.certainty for item in found]),
        candidates=candidates,
    )


DETECTOR = Orders()
