"""Write the numbers of the tiny story into the pages: every ``value<!--=name-->`` gets the value the code gives today.

    python docs/make_numbers.py

Run it after a change that moves a number, and read what it changed: a sentence around a number may no longer be true.
``tests/test_docs.py`` compares pages and code.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MARK = re.compile(r"(?P<value>[^\s*|(\[<>]+)(?P<bold>\*{0,2})<!--=(?P<name>\w+)-->")


def filled(text: str, facts: Mapping[str, str]) -> str:
    """The text with every marked number replaced; raises ``KeyError`` for a name no fact has."""
    return MARK.sub(lambda m: f"{facts[m['name']]}{m['bold']}<!--={m['name']}-->", text)


def main() -> None:
    """Rewrite every page that holds marks."""
    sys.path.insert(0, str(ROOT))
    from examples.tiny_story import facts

    values = facts()
    for page in sorted((ROOT / "docs").glob("**/*.md")):
        before = page.read_text(encoding="utf-8")
        after = filled(before, values)
        if after != before:
            page.write_text(after, encoding="utf-8")
            print(f"{page.relative_to(ROOT)}: numbers renewed")


if __name__ == "__main__":
    main()
