"""The ``orders`` detector: the same people, again and again, at the order's time.

Sources: target-target projection with a bipartite configuration null (Saracco et al. 2017) made empirical in Efron's way
(2004); recurrence of a cohort across delivery bursts; leave-one-out response curves. See ``docs/concepts.md``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from plaudit.detectors.counts import OverlapNull, fit_overlap_null
from plaudit.detectors.links import cluster, disjoint_log_p
from plaudit.detectors.orders.cohort import Cohort, grow, may_be_circle, merge, mixture, prune, recount, siblings, stragglers
from plaudit.detectors.orders.gatherings import APART_MS, EVER_MS, SITTING_MS, Gatherings, gather, overlaps
from plaudit.detectors.orders.habit import judge_timing
from plaudit.detectors.spec import Context, DetectorSpec
from plaudit.kernels.tails import central_match, log_p_of_score, log_q_values
from plaudit.model import EventLog, Exhibits, Family, Findings, Floats, Ints, SubjectKind

SPEC = DetectorSpec(
    id="orders",
    version="1",
    question="Do the same actors gather on target after target, at moments their own habits do not explain?",
    family=Family.AUDIENCE,
    min_likes=200,
    parameters={"apart_ms": 43_200_000.0, "link_fdr": 0.01},
    innocent=("fan_club", "group_chat_share", "front_page", "office_network"),
    evasions=("larger_pool", "rotate_members", "mimic_age_curve", "spread_delivery"),
)


@dataclass(frozen=True)
class Found:
    """One cohort, judged: ``ln p``, actors shared and expected over its pairs, its likes and their shares."""

    cohort: Cohort
    log_p: float
    shared: float
    expected: float
    rows: Ints
    share: Floats
    certainty: float


@dataclass(frozen=True)
class Orders:
    """See the module."""

    spec: DetectorSpec = SPEC

    def find(self, log: EventLog, context: Context) -> Findings:
        """One finding per cohort: shared actors over its pairs of gatherings, against what activity expects."""
        episodes = context.rhythm.episodes
        episodes = episodes.take(episodes.leaf & (episodes.likes >= 3))
        g = gather(log, episodes, context.activity)
        i, j, shared = overlaps(g, log.n_actors, APART_MS, EVER_MS)
        x = g.chance()
        mean = np.maximum(x[i] * x[j], 1e-9)
        null = fit_overlap_null(shared, mean)
        log_p = null.log_p(shared, mean)
        link = self._links(g, i, j, shared, mean, log_p, null)
        seeds = cluster(len(g), i[link], j[link], -log_p[link] + 1e-3, context.seed)
        return self._judge(log, context, g, seeds, (i, j, shared, mean, log_p))

    @staticmethod
    def _links(
        g: Gatherings, i: Ints, j: Ints, shared: Ints, mean: Floats, log_p: Floats, null: OverlapNull
    ) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """Pairs that stand out by themselves, and weaker ones between gatherings that stand out as a whole."""
        strong = log_q_values(log_p, log_p.shape[0]) < np.log(SPEC.parameters["link_fdr"])
        expected, variance = null.moments(mean)
        total = np.bincount(i, shared, len(g)) + np.bincount(j, shared, len(g))
        centre = np.bincount(i, expected, len(g)) + np.bincount(j, expected, len(g))
        spread = np.bincount(i, variance, len(g)) + np.bincount(j, variance, len(g))
        z = (total - centre) / np.sqrt(np.maximum(spread, 1.0))
        location, scale = central_match(z[centre > 0])
        node = log_q_values(log_p_of_score((z - location) / scale), len(g)) < np.log(SPEC.parameters["link_fdr"])
        weak = node[i] & node[j] & (log_p < np.log(0.05)) & (shared >= 2)
        return np.asarray(strong | weak)

    def _judge(
        self,
        log: EventLog,
        context: Context,
        g: Gatherings,
        seeds: list[Ints],
        pairs: tuple[Ints, Ints, Ints, Floats, Floats],
    ) -> Findings:
        i, j, shared, mean, log_p = pairs
        taken = np.zeros(len(g), dtype=np.int64)
        for seed in seeds:
            taken[seed] = 1
        cohorts: list[Cohort] = []
        for seed in seeds:
            cohorts.append(grow(g, seed, taken))
            taken[cohorts[-1].gatherings] = 1
        found: list[Found] = []
        sitting = overlaps(g, log.n_actors, 0, SITTING_MS) if cohorts else (i[:0], i[:0], i[:0])
        clean = [Cohort(kept, cohort.actors) for cohort in cohorts if (kept := prune(g, cohort.gatherings)).shape[0] >= 2]
        for cohort in merge(g, clean, i, j, shared, mean):
            more = siblings(g, cohort.gatherings, sitting, taken)
            taken[more] = 1
            cohort = grow(g, np.sort(np.concatenate([cohort.gatherings, more])), taken)
            cohort = recount(g, prune(g, cohort.gatherings))
            taken[cohort.gatherings] = 1
            if np.unique(g.episodes.target[cohort.gatherings]).shape[0] < 3 or cohort.actors.shape[0] < 3:
                continue
            inside = np.zeros(len(g), dtype=bool)
            inside[cohort.gatherings] = True
            within = inside[i] & inside[j]
            who = disjoint_log_p(i[within], j[within], log_p[within], float(np.log(max(i.shape[0], 1))))
            if shared[within].sum() < 2.0 * mean[within].sum():
                # Most of what these gatherings share, activity alone explains: a busy crowd, not a returning one.
                who = 0.0
            core = np.zeros(log.n_actors, dtype=bool)
            core[cohort.actors] = True
            on = np.zeros(log.n_targets, dtype=bool)
            on[g.episodes.target[cohort.gatherings]] = True
            when = judge_timing(log, context.rhythm, np.flatnonzero(core[log.actor] & on[log.target]))
            entry, share, _ = mixture(g, cohort.gatherings)
            late, late_share = stragglers(log, g, cohort, context.activity)
            # A log cannot tell a chat group that shares posts from one that trades likes: even odds, hence no discount.
            circle = may_be_circle(g, cohort, shared[within], i[within], j[within], when.surprises)
            certainty = 0.5 if circle and not when.opened else 1.0
            found.append(
                Found(
                    cohort,
                    max(min(who, 0.0), when.log_p),
                    float(shared[within].sum()),
                    float(mean[within].sum()),
                    np.concatenate([g.row[entry], late]),
                    np.concatenate([share, late_share]),
                    certainty,
                )
            )
        return _assemble(self.spec, log, found, max(len(seeds), 1))


def _assemble(spec: DetectorSpec, log: EventLog, found: list[Found], candidates: int) -> Findings:
    log_p = np.array([item.log_p for item in found])
    empty_i, empty_f = np.zeros(0, np.int64), np.zeros(0)
    return Findings(
        detector=spec.id,
        version=spec.version,
        family=spec.family,
        subject_kind=SubjectKind.GROUP,
        subject=np.arange(len(found)),
        statistic=np.array([item.shared for item in found]),
        expectation=np.array([item.expected for item in found]),
        p_value=np.exp(log_p),
        q_value=np.exp(log_q_values(log_p, candidates)),
        support=np.array([len(item.cohort.gatherings) for item in found], dtype=np.int64),
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
