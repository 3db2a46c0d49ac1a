"""The texts of the report: a code and its figures in, a sentence of one language out.

``messages/<lang>.json`` maps each code to a template. Inside it ``{name}`` or ``{name:form}`` stands for a value and
``{name|one|many}`` for the word that agrees with its number. Forms: ``n`` whole number, ``d`` decimal, ``s`` signed,
``pct`` share, ``time`` UTC milliseconds, ``span`` length in milliseconds, ``id`` an id of the log, ``detector`` a
detector's name, ``word`` a code or plain text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from plaudit.errors import InputError
from plaudit.report import figures
from plaudit.result import Message

LANGUAGES: Mapping[str, int] = {"en": 0, "zh": 480}
"""Languages of the report and the time zone each takes unless told, in minutes east of UTC."""

_SLOT = re.compile(r"\{(\w+)(?::(\w+)|\|([^|{}]*)\|([^|{}]*))?\}")
_SPANS = (("day", 86_400_000), ("hour", 3_600_000), ("minute", 60_000), ("second", 1000))

_PARTS = "texts|likes|created|authors|regions|positions|reads|totals|curves"
# The reasons detectors share; a plug-in's own reason stands as it is.
_REASONS = (
    (re.compile(r"needs (?P<needed>\d+) likes, has (?P<has>\d+)"), "reason_few_likes"),
    (re.compile(r"needs (?P<needed>\d+) comments, has (?P<has>\d+)"), "reason_few_comments"),
    (re.compile(r"needs (?P<needed>\d+) comments with likes, has (?P<has>\d+)"), "reason_few_liked"),
    (re.compile(r"needs (?P<needed>\d+) curves of one kind to compare with each other"), "reason_few_curves"),
    (re.compile(r"needs (?P<needed>\d+) posts of one account with likes and reads"), "reason_few_posts"),
    (re.compile(rf"needs (?P<parts>(?:{_PARTS})(?: and (?:{_PARTS}))*)"), "reason_parts"),
    (re.compile(r"needs (?P<columns>[a-z_|]+(?: and [a-z_|]+)*)"), "reason_columns"),
)


@cache
def messages(lang: str) -> Mapping[str, str]:
    """All templates of ``lang`` by code.

    Raises:
        InputError: ``lang`` is not one of :data:`LANGUAGES`.
    """
    if lang not in LANGUAGES:
        raise InputError(f"There is no report in language {lang!r}; choose one of {', '.join(LANGUAGES)}.")
    text = files("plaudit.report").joinpath("messages", f"{lang}.json").read_text(encoding="utf-8")
    loaded: dict[str, str] = json.loads(text)
    return loaded


def placeholders(template: str) -> set[str]:
    """Names of the values a template needs."""
    return {match.group(1) for match in _SLOT.finditer(template)}


@dataclass(frozen=True)
class Words:
    """One language in one time zone."""

    lang: str
    offset_minutes: int

    @staticmethod
    def of(lang: str, tz_offset_minutes: int | None = None) -> Words:
        """Words of ``lang``; the time zone is the language's own unless given.

        Raises:
            InputError: unknown language, or an offset of more than 18 hours.
        """
        messages(lang)
        offset = LANGUAGES[lang] if tz_offset_minutes is None else tz_offset_minutes
        if not -1080 <= offset <= 1080:
            raise InputError(f"A time zone {offset} minutes from UTC does not exist; give minutes from -1080 to 1080.")
        return Words(lang, offset)

    def __call__(self, code: str, **values: Any) -> str:
        """The sentence of ``code``; a code this version does not know is shown as it is, with its figures."""
        template = messages(self.lang).get(code)
        if template is None:
            tail = ", ".join(f"{key} = {self._form(value, '')}" for key, value in sorted(values.items()))
            return figures.visible(code) + (f" ({tail})" if tail else "")

        def fill(match: re.Match[str]) -> str:
            name, form, one, many = match.groups()
            value = values.get(name)
            if one is not None:
                return str(one if value == 1 else many)
            return self._form(value, form or "")

        return _SLOT.sub(fill, template)

    def ui(self, code: str, **values: Any) -> str:
        """A text of the report's own furniture."""
        return self("ui_" + code, **values)

    def say(self, message: Message) -> str:
        """A message of the result document."""
        return self(message.code, **message.values)

    def name(self, kind: str, code: str) -> str:
        """The name of a status, outcome, rung, family …; a code from a plug-in is shown as it is."""
        return messages(self.lang).get(f"{kind}_{code}", figures.visible(code))

    def question(self, detector: str, fallback: str) -> str:
        """A detector's question in this language, or as the detector itself puts it."""
        return messages(self.lang).get(f"detector_question_{detector}", figures.visible(fallback))

    def word(self, text: str) -> str:
        """Text that is a code where a code fits (a reason, an explanation), or else stands for itself."""
        known = messages(self.lang)
        for key in (text, f"detector_name_{text}"):
            if key in known and not placeholders(known[key]):
                return known[key]
        for pattern, code in _REASONS:
            if found := pattern.fullmatch(text):
                if code == "reason_parts":
                    return self(code, parts=[f"part_{part}" for part in found["parts"].split(" and ")])
                either = self("reason_or")
                return self(code, **{key: part.replace("|", either) for key, part in found.groupdict().items()})
        return figures.visible(text)

    def listing(self, texts: Iterable[str]) -> str:
        """Several texts in one line."""
        return ("；" if self.lang == "zh" else "; ").join(self.word(text) for text in texts)

    def percent(self, share: float) -> str:
        """A share as this language writes it."""
        return figures.percent(share, "" if self.lang == "zh" else "\N{NO-BREAK SPACE}")

    def clock(self, at_ms: float, pattern: str = "%Y-%m-%d %H:%M") -> str:
        """Wall time in the report's time zone."""
        return figures.clock(at_ms, self.offset_minutes, pattern)

    def span(self, length_ms: float) -> str:
        """A length of time in its largest whole unit; one unit is named without its number, as in "per hour"."""
        for unit, unit_ms in _SPANS:
            if length_ms >= unit_ms and length_ms % unit_ms == 0:
                text = self(f"ui_unit_{unit}", count=length_ms // unit_ms)
                return text.removeprefix("1 ") if length_ms == unit_ms and self.lang == "en" else text
        return self("ui_unit_second", count=length_ms / 1000)

    def zone(self) -> str:
        """Name of the report's time zone."""
        return figures.zone_name(self.offset_minutes)

    def _form(self, value: Any, form: str) -> str:
        if value is None:
            return self.ui("no_end") if form == "top" else figures.DASH
        if isinstance(value, str):
            if form == "detector":
                return self.name("detector_name", value)
            # A whole sentence may stand inside another; one full stop is enough.
            return self.word(value).rstrip(".。") if form == "word" else figures.short(value, 48)
        if isinstance(value, (list, tuple)):
            return self.listing(str(part) for part in value)
        try:
            number = float(value)
        except (TypeError, ValueError):
            return figures.visible(str(value))
        writers: dict[str, Callable[[float], str]] = {
            "n": figures.count,
            "top": figures.count,
            "d": figures.decimal,
            "s": figures.signed,
            "pct": self.percent,
        }
        writers |= {"time": self.clock, "span": self.span}
        return writers.get(form, figures.decimal)(number)
