"""Make the screenshots of the README: audit the worlds of both demos, open the reports in Chromium, crop.

    python docs/make_images.py [--chromium PATH]

Needs the development requirements (playwright) and Chromium; the pictures go to ``docs/images/``.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

import plaudit
from plaudit.app.demo import EVENTS, SEED
from plaudit.model import Tier
from plaudit.testing.sections import simulate_section, write_section

IMAGES = Path(__file__).resolve().parent / "images"
WIDTH, SCALE = 1080, 1.25
COMMENTS, SECTION_SEED = 2_000, 5
LIMIT = 400_000
"""Bytes a picture may have."""

SHORTEN = """
nav, .small-curves, .small-curves + p, figure .hint, section:not(:has(#count, #curve, #groups)),
section:has(#groups) > p { display: none !important; }
section:has(#groups) > article ~ article { display: none !important; }
section { margin-top: 26px !important; }
"""
"""What a README has room for: summary, curve and the largest group. Nothing is added, only left out."""

SHORTEN_SECTION = """
nav, .pair.says, section.first > p.small, section:not(:has(#conclusion, #anomalies)) { display: none !important; }
.finding ~ .finding, .finding ~ p { display: none !important; }
section { margin-top: 22px !important; }
"""
"""The first page and the heaviest finding."""


def main() -> None:
    """Write ``report-en.png``, ``report-zh.png``, ``section-en.png`` and ``section-zh.png``."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--chromium", default=shutil.which("chromium") or shutil.which("chromium-browser"))
    path = parser.parse_args().chromium
    if path is None:
        raise SystemExit("There is no chromium here: install it, or name it with --chromium PATH.")
    world = plaudit.simulate("small", events=EVENTS, seed=SEED)
    done = plaudit.audit(world.events, command="plaudit audit demo/world/events.parquet --out demo/audit")
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        for lang in ("en", "zh"):
            page_file = Path(folder) / f"report-{lang}.html"
            page_file.write_text(plaudit.render_html(done.document, lang), encoding="utf-8")
            page = browser.new_page(
                viewport={"width": WIDTH, "height": 900}, device_scale_factor=SCALE, color_scheme="light"
            )
            page.goto(page_file.as_uri())
            picture = IMAGES / f"report-{lang}.png"
            page.add_style_tag(content=SHORTEN)
            card = page.locator("section:has(#groups) > article").first.bounding_box()
            assert card is not None
            height = card["y"] + card["height"] + 30
            page.screenshot(path=picture, full_page=True, clip={"x": 0, "y": 0, "width": WIDTH, "height": height})
            page.close()
            weigh(picture)
        exports = Path(folder) / "world"
        write_section(simulate_section("comments", comments=COMMENTS, seed=SECTION_SEED, tier=Tier.CURVE), exports)
        section = plaudit.audit(exports / "export", command="plaudit audit export --out audit --lang zh")
        for lang, until in (("zh", "nav.chapters"), ("en", ".finding")):
            page_file = Path(folder) / f"section-{lang}.html"
            page_file.write_text(plaudit.render_html(section.document, lang), encoding="utf-8")
            page = browser.new_page(
                viewport={"width": WIDTH, "height": 900}, device_scale_factor=SCALE, color_scheme="light"
            )
            page.goto(page_file.as_uri())
            if lang == "en":
                page.add_style_tag(content=SHORTEN_SECTION)
            box = page.locator(until).first.bounding_box()
            assert box is not None
            height = box["y"] + (box["height"] + 20 if lang == "en" else 0)
            picture = IMAGES / f"section-{lang}.png"
            page.screenshot(path=picture, full_page=True, clip={"x": 0, "y": 0, "width": WIDTH, "height": height})
            page.close()
            weigh(picture)
        browser.close()


def weigh(picture: Path) -> None:
    """Say how large a picture is.

    Raises:
        SystemExit: too large for a README.
    """
    size = picture.stat().st_size
    print(f"{picture}: {size // 1000} kB")
    if size > LIMIT:
        raise SystemExit(f"{picture} is larger than {LIMIT // 1000} kB: lower SCALE.")


if __name__ == "__main__":
    main()
