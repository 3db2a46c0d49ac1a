"""Two runs of one world: what the purchase did, like by like and place by place."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from plaudit.errors import InputError
from plaudit.model import HOUR_MS, Bools, EventLog, Floats, Ints
from plaudit.testing.loop.ground import Ground
from plaudit.testing.loop.play import Run


@dataclass(frozen=True)
class Effect:
    """What bought likes did to a world.

    Attributes:
        induced: per like of the attacked run, ``bool[n]``: genuine, and not given in the clean run.
        bought_count, induced_count, organic_count, lost_count: per comment. Lost are genuine likes of the clean run
            that the attack kept away; ``genuine = organic + induced``.
        gained: mean places gained per visit (positive) or lost through the attack, per comment.
        yuan: what all orders cost.
    """

    induced: Bools
    bought_count: Ints
    induced_count: Ints
    organic_count: Ints
    lost_count: Ints
    gained: Floats
    yuan: float

    @property
    def net_induced(self) -> Ints:
        """Genuine likes more than without the attack, per comment; negative for those who were pushed down."""
        return self.induced_count - self.lost_count


def compare(attacked: Run, clean: Run) -> Effect:
    """What the orders of ``attacked`` changed; ``clean`` is the same ground and ranker without them.

    Raises:
        InputError: the runs are not of one ground, or the clean one holds orders.
    """
    ground = attacked.ground
    if clean.ground is not ground or clean.orders:
        raise InputError("Compare a run with one of the same ground and no orders.")
    width = np.int64(max(ground.n_comments, 1))
    mine = attacked.actor.astype(np.int64) * width + attacked.comment
    other = clean.actor.astype(np.int64) * width + clean.comment
    induced = ~attacked.bought & ~np.isin(mine, other)
    lost = ~np.isin(other, mine[~attacked.bought])
    size = ground.n_comments
    induced_count = np.bincount(attacked.comment[induced], minlength=size)
    return Effect(
        induced=induced,
        bought_count=attacked.purchased.copy(),
        induced_count=induced_count,
        organic_count=attacked.genuine - induced_count,
        lost_count=np.bincount(clean.comment[lost], minlength=size),
        gained=np.nan_to_num(clean.mean_place - attacked.mean_place),
        yuan=float(sum(order.yuan for order in attacked.orders)),
    )


def places_per_100_yuan(effect: Effect, attacked: Run) -> float:
    """Mean places the bought comments gained for 100元."""
    targets = np.unique([order.comment for order in attacked.orders])
    return float(effect.gained[targets].sum() / effect.yuan * 100.0) if effect.yuan > 0 else 0.0


def newcomers_share(run: Run, late_h: float = 6.0) -> float:
    """How fairly late comments are read: attention at their mean place over attention at their due place; 1 is due.

    Late is who appears ``late_h`` hours after the post or later. The due place is the one by true quality among all
    comments of the post; each late comment that could be read counts the same.
    """
    ground = run.ground
    late = (ground.comment_born_ms - ground.post_born_ms[ground.comment_post]) >= late_h * HOUR_MS
    able = late & ~np.isnan(run.mean_place)
    if not able.any():
        return 1.0
    due = due_places(ground)
    weight = max(ground.spec.position, 1e-9)
    return float(np.mean(run.mean_place[able] ** -weight) / np.mean(due[able] ** -weight))


def due_places(ground: Ground) -> Floats:
    """Place of each comment by true quality among all of its post, from 1."""
    order = np.lexsort((-ground.quality, ground.comment_post))
    first = np.searchsorted(ground.comment_post[order], ground.comment_post[order])
    place = np.zeros(ground.n_comments)
    place[order] = np.arange(ground.n_comments) - first + 1
    return place


def events(run: Run, *, views: bool = False) -> pa.Table:
    """The log ``plaudit.audit`` reads: ``actor, target, at, kind, parent, author`` by time.

    Kinds are ``publish`` (of each comment), ``like`` and, with ``views``, ``view`` (needs a run with views). Names do
    not tell who was bought.

    Raises:
        InputError: views are asked for and were not kept.
    """
    ground = run.ground
    if views and not run.seen_ms.shape[0]:
        raise InputError("This run kept no views: play it with views=True.")
    rng = np.random.default_rng([ground.seed, 73])
    people = int(max(ground.n_actors, run.actor.max(initial=0) + 1))
    names = rng.permutation(people)
    parts = [
        (ground.comment_born_ms, ground.comment_author, np.arange(ground.n_comments), "publish"),
        (run.at_ms, run.actor, run.comment, "like"),
    ]
    if views:
        parts.append((run.seen_ms, run.seen_actor, run.seen_comment, "view"))
    at = np.concatenate([part[0] for part in parts])
    order = np.argsort(at, kind="stable")
    actor = names[np.concatenate([part[1] for part in parts])[order]]
    target = np.concatenate([part[2] for part in parts])[order]
    kind = np.repeat(np.arange(len(parts)), [part[0].shape[0] for part in parts])[order]
    label = pa.array([f"c{number}" for number in range(ground.n_comments)])
    posts = pa.array([f"p{number}" for number in range(ground.spec.posts)])
    actors = pa.array([f"a{number}" for number in range(people)])
    return pa.table(
        {
            "actor": actors.take(pa.array(actor)),
            "target": label.take(pa.array(target)),
            "at": pa.array(at[order]),
            "kind": pa.array([part[3] for part in parts]).take(pa.array(kind)),
            "parent": posts.take(pa.array(ground.comment_post[target])),
            "author": actors.take(pa.array(names[ground.comment_author[target]])),
        }
    )


def standing(run: Run) -> tuple[EventLog, Bools]:
    """The likes as ingest would hand them on, and which of them were bought, ``bool[n]``; numbers are the run's own."""
    ground = run.ground
    rows = np.lexsort((run.actor, run.at_ms, run.comment))
    log = EventLog(
        actor=run.actor[rows],
        target=run.comment[rows],
        at_ms=run.at_ms[rows],
        n_actors=int(max(ground.n_actors, run.actor.max(initial=0) + 1)),
        n_targets=ground.n_comments,
        born_ms=ground.comment_born_ms,
        born_known=np.ones(ground.n_comments, np.bool_),
        start_ms=int(min(ground.comment_born_ms.min(), run.at_ms.min(initial=ground.end_ms))),
        end_ms=int(max(ground.comment_born_ms.max(), run.at_ms.max(initial=0))),
        author=ground.comment_author,
        parent=ground.comment_post,
    )
    return log, run.bought[rows]


def truth(run: Run, effect: Effect) -> pa.Table:
    """What is true per comment: ``target, parent, quality, bought, induced, lost, organic, places_gained``."""
    ground = run.ground
    return pa.table(
        {
            "target": [f"c{number}" for number in range(ground.n_comments)],
            "parent": [f"p{number}" for number in ground.comment_post.tolist()],
            "quality": ground.quality,
            "bought": effect.bought_count,
            "induced": effect.induced_count,
            "lost": effect.lost_count,
            "organic": effect.organic_count,
            "places_gained": effect.gained,
        }
    )
