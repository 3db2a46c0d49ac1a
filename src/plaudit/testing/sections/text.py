"""Comments as text: sentences from grammars, filled slot by slot for all comments at once."""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from plaudit.model import Ints
from plaudit.testing.sections.words import Vocabulary
from plaudit.testing.simulator.draw import Rng

KINDS: tuple[str, ...] = ("experience", "opinion", "question", "joke", "praise", "slogan")
"""Kinds of genuine comment, in the order of their codes."""

APPEAL = np.array([0.9, 0.35, 0.1, 0.7, -0.5, -0.9])
"""How much a kind of comment is liked, in nats beside its kin: first-person experience most, slogans least."""

_SLOT = re.compile(r"\{(\w+)\}")
_SYNONYMS = re.compile(r"\[([^\]]+)\]")


def sentences(rng: Rng, words: Vocabulary, kind: str, topic: Ints) -> pa.StringArray:
    """One sentence of ``kind`` for each entry, about the topic of its post.

    Args:
        topic: row of ``words.topics`` per sentence, ``int64[k]``.

    Returns:
        ``string[k]``.
    """
    patterns = words.patterns[kind]
    which = rng.integers(0, len(patterns), topic.size)
    out: list[pa.Array] = []
    rows: list[Ints] = []
    for number, pattern in enumerate(patterns):
        mine = np.flatnonzero(which == number)
        if mine.size:
            out.append(_fill(rng, words, pattern, topic[mine]))
            rows.append(mine)
    if not out:
        return pa.array([], pa.string())
    return _joined(out).take(pa.array(np.argsort(np.concatenate(rows), kind="stable")))


def slogans(rng: Rng, words: Vocabulary, size: int) -> pa.StringArray:
    """Short comments many people write: few phrases carry most of them (Zipf, exponent 0.9), some with a flourish."""
    weights = 1.0 / np.arange(1, len(words.slogans) + 1) ** 0.9
    chosen = rng.choice(len(words.slogans), size=size, p=weights / weights.sum())
    tail = np.where(rng.random(size) < 0.25, rng.integers(0, len(words.tails), size), 0)
    return _glued([pa.array(words.slogans).take(pa.array(chosen)), pa.array(words.tails).take(pa.array(tail))], size)


def texts(rng: Rng, words: Vocabulary, kind: Ints, topic: Ints) -> pa.StringArray:
    """Text of each comment by its kind (code of :data:`KINDS`) and topic, ``string[k]``."""
    out: list[pa.Array] = []
    rows: list[Ints] = []
    for code, name in enumerate(KINDS):
        mine = np.flatnonzero(kind == code)
        if mine.size:
            out.append(slogans(rng, words, mine.size) if name == "slogan" else sentences(rng, words, name, topic[mine]))
            rows.append(mine)
    if not out:
        return pa.array([], pa.string())
    return _joined(out).take(pa.array(np.argsort(np.concatenate(rows), kind="stable")))


def pasted(rng: Rng, words: Vocabulary, text: str, size: int) -> pa.StringArray:
    """``size`` copies of one text with the small changes that copying by hand or by script makes."""
    head = np.where(rng.random(size) < 0.1, rng.integers(0, len(words.tails), size), 0)
    tail = rng.integers(0, len(words.tails), size)
    tails = pa.array(words.tails)
    return _glued([tails.take(pa.array(head)), pa.array([text] * size), tails.take(pa.array(tail))], size)


def templated(rng: Rng, words: Vocabulary, skeleton: str, noun: str, size: int) -> pa.StringArray:
    """``size`` fillings of one bought template: synonyms in brackets drawn at random, the noun of the post fixed."""
    parts: list[pa.Array] = []
    end = 0
    filled = skeleton.replace("{noun}", noun)
    for slot in _SYNONYMS.finditer(filled):
        parts.append(pa.array([filled[end : slot.start()]] * size))
        choices = pa.array(slot.group(1).split("|"))
        parts.append(choices.take(pa.array(rng.integers(0, len(choices), size))))
        end = slot.end()
    parts.append(pa.array([filled[end:]] * size))
    return _glued(parts, size)


def _fill(rng: Rng, words: Vocabulary, pattern: str, topic: Ints) -> pa.StringArray:
    size, parts, end = topic.size, [], 0
    for slot in _SLOT.finditer(pattern):
        if slot.start() > end:
            parts.append(pa.array([pattern[end : slot.start()]]).take(pa.array(np.zeros(size, np.int64))))
        if slot.group(1) == "noun":
            nouns = pa.array([noun for topic_words in words.topics for noun in topic_words])
            lengths = np.array([len(topic_words) for topic_words in words.topics])
            first = np.cumsum(lengths) - lengths
            drawn = first[topic] + (rng.random(size) * lengths[topic]).astype(np.int64)
        else:
            nouns = pa.array(words.slots[slot.group(1)])
            drawn = rng.integers(0, len(nouns), size)
        parts.append(nouns.take(pa.array(drawn)))
        end = slot.end()
    if end < len(pattern):
        parts.append(pa.array([pattern[end:]]).take(pa.array(np.zeros(size, np.int64))))
    return _glued(parts, size)


def _glued(parts: list[pa.Array], size: int) -> pa.StringArray:
    if not size:
        return pa.array([], pa.string())
    return pc.binary_join_element_wise(*parts, "")


def _joined(arrays: list[pa.Array]) -> pa.StringArray:
    return pa.concat_arrays(arrays)
