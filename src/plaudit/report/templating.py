"""One place where templates become pages: the same rules for all, and compiled once for all runs."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, FileSystemBytecodeCache, PackageLoader, StrictUndefined, Template
from jinja2.bccache import Bucket

from plaudit.report.waterfall import facts_of
from plaudit.report.words import Words


class _Beside(FileSystemBytecodeCache):
    """Compiled templates in ``__pycache__`` beside their sources, as Python keeps modules; none where that is refused.

    Compiling them takes longer than filling them in. What is kept is taken only for the very same source.
    """

    def load_bytecode(self, bucket: Bucket) -> None:
        with suppress(OSError):
            super().load_bytecode(bucket)

    def dump_bytecode(self, bucket: Bucket) -> None:
        with suppress(OSError):
            Path(self.directory).mkdir(exist_ok=True)
            super().dump_bytecode(bucket)


def template(name: str) -> Template:
    """A template of this folder; everything filled in is escaped, nothing may be missing."""
    return _environment().get_template(name)


@cache
def _environment() -> Environment:
    folder = files("plaudit.report").joinpath("templates")
    made = Environment(
        loader=PackageLoader("plaudit.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        bytecode_cache=_Beside(str(folder / "__pycache__"), "%s.jinja") if isinstance(folder, Path) else None,
    )
    made.filters["say_with"] = lambda message, words: words.say(message)
    made.filters["in_brackets"] = lambda text, words: f"（{text}）" if words.lang == "zh" else f" ({text})"
    made.filters["reasons"] = _reasons
    made.filters["facts_of"] = facts_of
    made.filters["title_case"] = lambda text: text[:1].upper() + text[1:]
    return made


def _reasons(finding_ids: Sequence[str], words: Words) -> str:
    """Findings by the name of their detector, with the ids that tables and ``plaudit explain`` know them by."""
    ids: dict[str, list[str]] = {}
    for one in finding_ids:
        detector, dash, _ = one.rpartition("-")
        name = words.name("detector_name", detector)
        ids.setdefault(name if dash and name != detector else "", []).append(one)
    plain = ids.pop("", [])
    left, comma, right = ("（", "、", "）") if words.lang == "zh" else (" (", ", ", ")")
    return words.listing([*(f"{name}{left}{comma.join(some)}{right}" for name, some in ids.items()), *plain])
