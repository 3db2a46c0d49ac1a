"""The vocabulary comments are made of: word-level slots, so two genuine comments rarely share most of a sentence."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True)
class Vocabulary:
    """Words of one language by slot, and the sentences they fill.

    Attributes:
        slots: choices by slot name; ``noun`` is drawn from the topic of the post instead.
        topics: nouns by topic of a post.
        patterns: sentences by kind of comment, titles and nicknames; ``{slot}`` is filled by an independent draw.
        slogans: short comments that many people write innocently, most common first.
        regions: region words with their share of people.
        tails: what copying adds to tell two pastes apart.
        skeletons: bought templates: synonyms stand in brackets, separated by ``|``.
        joiner: what stands between two sentences.
        giveaway, cheer: what the rules of a lottery and a fan club have everybody write.
    """

    slots: Mapping[str, tuple[str, ...]]
    topics: tuple[tuple[str, ...], ...]
    patterns: Mapping[str, tuple[str, ...]]
    slogans: tuple[str, ...]
    regions: tuple[tuple[str, float], ...]
    tails: tuple[str, ...]
    skeletons: tuple[str, ...]
    joiner: str
    giveaway: str
    cheer: str


@cache
def vocabulary(language: str) -> Vocabulary:
    """The words of ``zh`` or ``en``."""
    held = json.loads(files(__package__).joinpath(f"words_{language}.json").read_text(encoding="utf-8"))
    return Vocabulary(
        slots={name: tuple(words) for name, words in held["slots"].items()},
        topics=tuple(tuple(nouns) for nouns in held["topics"]),
        patterns={kind: tuple(sentences) for kind, sentences in held["patterns"].items()},
        slogans=tuple(held["slogans"]),
        regions=tuple((word, float(share)) for word, share in held["regions"]),
        tails=tuple(held["tails"]),
        skeletons=tuple(held["skeletons"]),
        joiner=held["joiner"],
        giveaway=held["giveaway"],
        cheer=held["cheer"],
    )
