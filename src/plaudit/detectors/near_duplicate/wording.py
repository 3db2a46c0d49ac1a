"""Who says the same, who was asked to, and how far that goes beyond how this section repeats itself."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from plaudit.kernels.tails import log_poisson_tail
from plaudit.kernels.text import Alike, Shingles, Tokens, near_duplicates, phrase_model, shingles, tokenise
from plaudit.model import Bools, Comments, Floats, Ints, Posts, ranges

PRIOR_GROUPS, PRIOR_LOG_SIZE = 8.0, 4.0
"""What is known of repetition before a section is read: as much as eight groups whose sizes fall with index 2.
Two Bilibili videos, forty public consultations and five YouTube sections have indices from 1.7 to 3."""
ASKED = 0.5
"""Share of a comment's shingles, said first by the title, the owner or a pin, from which it was asked for."""
CERTAIN = 0.75
"""Part of a text's information that counts: a few thousand comments know less of what people say than people do, so
the model overstates how unlikely a common phrase is."""
SET_PHRASE = 4
"""Tokens up to which a text is a set phrase, one word of the language rather than a wording: an idiom, a greeting,
"love this song". Its parts say nothing about how many people have it ready."""
_PAIR = 1.5
"""Sizes are whole numbers from 2; the continuous law they are read against starts half a step below."""


@dataclass(frozen=True)
class Wording:
    """Groups of near-duplicate comments and what the null says of them.

    Attributes:
        alike: groups of all comments.
        told: comments that speak for a group: not the owner's, not quoting the parent, not asked for, ``bool[c]``.
        voice: who speaks, ``int64[c]``: the author, or the comment itself where authors are unknown.
        voices: distinct speakers of each group, ``int64[groups]``.
        nats: information the members share, ``float64[groups]``.
        lines: distinct speakers of the section.
        tokens: tokens of each comment, emoji left out, ``int64[c]``.
    """

    alike: Alike
    told: Bools
    voice: Ints
    voices: Ints
    nats: Floats
    lines: int
    tokens: Ints

    def repeats(self) -> Floats:
        """How many of the section's speakers hit on the words of each group by themselves, expected."""
        return np.asarray(self.lines * np.exp(-self.nats), dtype=np.float64)

    def log_chance(self) -> Floats:
        """``ln P`` that as many of the section's speakers hit on these words by themselves."""
        return log_poisson_tail(self.voices - 1, self.repeats())

    def log_habit(self) -> tuple[Floats, Floats]:
        """``ln P`` of a group at least this large, as people here repeat one another, and the size expected.

        Sizes of innocent groups have a heavy tail: log sizes above what chance explains are exponential. The rate is
        this section's own, from the other groups that say at least half as much (long texts are judged by long
        texts), with a prior worth eight groups; integrating the rate out leaves a Lomax tail, wide where little is
        known. Groups of one speaker say nothing about repetition and are left out.
        """
        log_p, expected = np.zeros(self.voices.shape[0]), np.full(self.voices.shape[0], _PAIR)
        repeated = np.flatnonzero(self.voices >= 2)
        nats = self.nats[repeated]
        base = np.maximum(_PAIR, 1 + self.repeats()[repeated])
        beyond = np.maximum(np.log(self.voices[repeated] / base), 0.0)
        order = np.argsort(nats, kind="stable")
        # Summed from the end, in the order of information: the same bytes whatever the numbering of groups.
        after = np.concatenate([np.cumsum(beyond[order][::-1])[::-1], [0.0]])
        start = np.searchsorted(nats[order], nats / 2)
        shape = PRIOR_GROUPS + repeated.shape[0] - start - 1
        scale = PRIOR_LOG_SIZE + np.maximum(after[start] - beyond, 0.0)
        log_p[repeated] = -shape * np.log1p(beyond / scale)
        rate = np.maximum(shape / scale, 1.5)
        expected[repeated] = base * rate / (rate - 1)
        return log_p, expected


def read_wording(posts: Posts, comments: Comments) -> Wording:
    """Group the comments and count who speaks in each group."""
    tokens = tokenise(comments.text).wording()
    length = np.diff(tokens.offsets)
    alike = near_duplicates(tokens)
    groups = alike.medoid.shape[0]
    unknown = comments.author < 0
    voice = np.where(unknown, comments.n_authors + np.arange(len(comments)), comments.author).astype(np.int64)
    told = (alike.group >= 0) & (comments.by_owner != 1) & ~_quoting(comments, alike.group)
    crowded = np.zeros(groups + 1, dtype=bool)
    crowded[:-1] = np.bincount(alike.group[told], minlength=groups) >= 2
    repeating = np.flatnonzero(told & crowded[alike.group])
    told[repeating[_asked_for(posts, comments, tokens, repeating)]] = False
    rows = np.flatnonzero(told)
    pair = np.unique(alike.group[rows] * np.int64(voice.max(initial=0) + 1) + voice[rows])
    voices = np.bincount(pair // np.int64(voice.max(initial=0) + 1), minlength=groups)
    held = np.bincount(alike.group[rows], alike.similarity[rows], minlength=groups)
    shared = held / np.maximum(np.bincount(alike.group[rows], minlength=groups), 1)
    return Wording(
        alike,
        told,
        voice,
        voices.astype(np.int64),
        np.where(length[alike.medoid] > SET_PHRASE, CERTAIN * shared * _information(tokens, alike), 0.0),
        int(np.unique(voice[rows]).shape[0]),
        length,
    )


def _information(tokens: Tokens, alike: Alike) -> Floats:
    worded = alike.group >= 0
    # One comment per distinct text: copies teach the model nothing, and reading them costs.
    _, first = np.unique(alike.distinct[worded], return_index=True)
    rows = np.flatnonzero(worded)[first]
    model = phrase_model(tokens.take(rows), alike.group[rows])
    return model.information(tokens.take(alike.medoid))


def _quoting(comments: Comments, group: Ints) -> Bools:
    """Replies that repeat the comment they answer."""
    parent = comments.parent.astype(np.int64)
    return np.asarray((parent >= 0) & (group[np.maximum(parent, 0)] == group) if len(comments) else parent >= 0)


def _asked_for(posts: Posts, comments: Comments, tokens: Tokens, rows: Ints) -> Bools:
    """Which of these comments say what the post, its owner or a pinned comment said: check-ins, lotteries, quotes."""
    said_rows = np.flatnonzero((comments.by_owner == 1) | (comments.pinned == 1))
    titles = shingles(tokenise(posts.title).wording())
    said = shingles(tokens.take(said_rows))
    asked = np.unique(
        np.concatenate(
            [
                _placed(titles, np.arange(len(posts))),
                _placed(said, comments.post[said_rows].astype(np.int64)),
            ]
        )
    )
    mine = shingles(tokens.take(rows))
    heard = _placed(mine, comments.post[rows].astype(np.int64))
    if asked.shape[0] == 0 or rows.shape[0] == 0:
        return np.zeros(rows.shape[0], dtype=bool)
    known = asked[np.minimum(np.searchsorted(asked, heard), asked.shape[0] - 1)] == heard
    counts = np.diff(mine.offsets)
    home = np.repeat(np.arange(rows.shape[0]), counts)
    share = np.bincount(home, known, minlength=rows.shape[0]) / np.maximum(counts, 1)
    return np.asarray(share >= ASKED)


def _placed(sets: Shingles, post: Ints) -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
    """Names of (post, shingle)."""
    salt = np.repeat(post.astype(np.uint64) + np.uint64(1), np.diff(sets.offsets)) * np.uint64(0x9E3779B97F4A7C15)
    return np.asarray(sets.hash ^ salt, dtype=np.uint64)


def members_of(groups: Ints, group: Ints, told: Bools) -> tuple[Ints, Ints]:
    """Comments that speak for each of ``groups``: ``(offsets, row)``, rows ascending inside a group."""
    rows = np.flatnonzero(told)
    order = rows[np.argsort(group[rows], kind="stable")]
    first = np.searchsorted(group[order], groups)
    counts = np.searchsorted(group[order], groups, side="right") - first
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64), order[ranges(first, counts)].astype(np.int64)
