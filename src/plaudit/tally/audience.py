"""What commenters and readers went on to do, where nobody who liked is known: rates with intervals, and no cause.

Commenters are people outcomes can be joined to. Readers are known only by the totals of each article (阅读完成率,
阅读后关注人数): a share of all of them, whether or not they liked. Articles differ more than chance inside one article,
so the interval is that of a ratio of sums over articles (Cochran 1977, chapter 6), on the logit scale, and never
narrower than Wilson's.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import expit, logit, stdtrit

from plaudit.model import Bools, Floats, Outcomes, Posts
from plaudit.result import Message, Rate, ValuePart
from plaudit.result.cells import SMALL
from plaudit.tally.described import KINDS, WINDOW_MS, WINDOWS, Engagement, acts_of, doers, of_small_cells, rates_of
from plaudit.tally.proportions import LEVEL, wilson
from plaudit.tally.value import Spent, cost_alone, costs_of

COMMENTERS = "commenters"
_READERS = (("readers", "readers"), ("reads", "reads"), ("plays", "reads"))
"""Totals that say how many there were, best first, and what the group is called."""


def commenters(voices: Engagement, outcomes: Outcomes, window_ms: int = WINDOW_MS) -> ValuePart:
    """What authors of comments did after their first comment in question.

    Args:
        voices: comments, one row each; the owner's own are nobody's business and left out beforehand.
        outcomes: what people did, named as the authors are.
        window_ms: length of the first window.

    Returns:
        A part that holds the rates with what has to be said beside them.
    """
    known = voices.focal & (voices.person >= 0) & (voices.at_ms >= 0)
    there, at_ms = voices.person[known].astype(np.int64), voices.at_ms[known]
    person, own = doers(outcomes, voices.ids, there)
    messages = [Message(code="value_commenters")]
    rates: list[Rate] = []
    first, last = (int(outcomes.at_ms.min()), int(outcomes.at_ms.max())) if len(outcomes) else (None, None)
    if first is None or last is None:
        messages.append(Message(code="value_no_outcomes"))
    elif not own.any():
        messages.append(Message(code="value_no_author", values={"outcomes": len(outcomes)}))
    else:
        messages.append(Message(code="value_tracking", values={"first": first, "last": last}))
        index_ms = np.full(len(voices.ids), np.iinfo(np.int64).max)
        np.minimum.at(index_ms, there, at_ms)
        group = np.where(index_ms < np.iinfo(np.int64).max, 0, -1)
        told = np.asarray(outcomes.kind.to_pylist())
        for kind in (kind for kind in KINDS if (told[own] == kind).any()):
            done = acts_of(person, outcomes.at_ms, own & (told == kind))
            for window in WINDOWS:
                found = rates_of(kind, window, done, (COMMENTERS,), group, index_ms, (first, last), window_ms)
                rates += found.values()
        if not rates:
            after = int((index_ms[group == 0] + window_ms > last + 1).sum())
            messages.append(Message(code="value_no_after", values={"people": after, "window": window_ms}))
        messages += of_small_cells(rates)
    return ValuePart(
        outcomes=len(outcomes),
        matched=int(own.sum()),
        people=int(np.unique(person[own]).shape[0]),
        first_ms=first,
        last_ms=last,
        window_ms=window_ms,
        rates=rates,
        contrasts=[],
        costs=[],
        messages=messages,
    )


def readers(posts: Posts, focal: Bools) -> list[Rate]:
    """Shares of readers who read to the end, and who followed, by the totals of the articles.

    Args:
        posts: what the export holds.
        focal: posts asked about, ``bool[p]``.
    """
    out: list[Rate] = []
    for total, name in _READERS:
        held = posts.totals.get(total)
        if held is None:
            continue
        exact = focal & held.exact & (held.low > 0)
        people = np.where(exact, held.low, 0).astype(np.float64)
        finish = posts.rates.get("finish")
        follows = posts.totals.get("follows")
        acts = {
            "read_finish": None if finish is None else np.where(exact, finish, np.nan) * people,
            "follow": None if follows is None else np.where(exact & follows.exact, follows.low, np.nan),
        }
        for kind, done in acts.items():
            if done is not None and all(rate.kind != kind for rate in out):
                out += _share(kind, name, done, people)
    return sorted(out, key=lambda rate: KINDS.index(rate.kind))


def section_value(
    mine: ValuePart | None, of_readers: Sequence[Rate], spent: Spent | None, incentive: bool = False
) -> ValuePart:
    """The value audit of a section: commenters, readers, costs, and the refusal of a cause.

    Args:
        mine: of the commenters; None where no outcomes were given.
        of_readers: by the totals of the articles.
        spent: cost of the campaign.
        incentive: whether likes or comments were rewarded.
    """
    messages = [] if mine is None else list(mine.messages)
    if of_readers:
        messages.append(Message(code="value_readers"))
    messages.append(Message(code="value_refused_section"))
    if incentive:
        messages.append(Message(code="value_refused_reward"))
    messages.append(Message(code="value_no_cause"))
    if mine is not None:
        messages.append(Message(code="value_note_liking"))
    whole = mine or cost_alone(None)
    return whole.model_copy(
        update={"rates": [*whole.rates, *of_readers], "costs": costs_of(spent), "messages": messages}
    )


def beside_log(value: ValuePart | None, mine: ValuePart | None, of_readers: Sequence[Rate]) -> ValuePart | None:
    """The value audit of a log with what the exports beside it add: commenters and readers."""
    if value is None:
        return section_value(mine, of_readers, None) if of_readers else None
    extra = (
        [] if mine is None else [one for one in mine.messages if one.code in ("value_commenters", "value_no_author")]
    )
    if of_readers:
        extra.append(Message(code="value_readers"))
    rates = [*value.rates, *([] if mine is None else mine.rates), *of_readers]
    return value.model_copy(update={"rates": rates, "messages": [*value.messages, *extra]})


def _share(kind: str, group: str, acts: Floats, people: Floats) -> list[Rate]:
    told = np.isfinite(acts) & (people > 0) & (acts <= people)
    n, a = people[told], acts[told]
    whole = float(n.sum())
    if whole < SMALL:
        return []
    share = float(a.sum()) / whole
    low, high = wilson(round(float(a.sum())), round(whole))
    if n.shape[0] > 1 and 0 < share < 1:
        m = n.shape[0]
        error = float(np.sqrt(m / (m - 1) * ((a - share * n) ** 2).sum())) / whole
        half = float(stdtrit(m - 1, 0.5 + LEVEL / 2)) * error / (share * (1 - share))
        low = min(low, float(expit(logit(share) - half)))
        high = max(high, float(expit(logit(share) + half)))
    return [
        Rate(
            group=group,
            kind=kind,
            window="whole",
            people=round(whole),
            acts=round(float(a.sum())),
            rate=share,
            low=min(low, share),
            high=max(high, share),
        )
    ]
