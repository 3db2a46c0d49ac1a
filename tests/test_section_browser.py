"""The report of comment exports in a real browser: offline, on a phone, and on paper."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from plaudit.report.section_page import CHAPTERS
from tests.section_reports import page as rendered
from tests.test_report_browser import WIDTHS, Opened, browser

if TYPE_CHECKING:
    from playwright.sync_api import Browser

__all__ = ["browser"]  # a fixture is used by being here

PAPER = {"width": 794 - 106, "height": 1123 - 125}
"""What the margins leave of A4, in CSS pixels."""

CUT = """() => {
  const out = [];
  for (const node of document.querySelectorAll('.card.tall, figure, .waterfall, .sight, svg, tr')) {
    if (node.getBoundingClientRect().height > %d) out.push(node.className || node.tagName);
  }
  return out;
}"""

WIDE = """() => [...document.querySelectorAll('main *, header *')]
  .filter((node) => !node.closest('svg') && node.getBoundingClientRect().right > innerWidth + 1)
  .map((node) => node.tagName + '.' + node.className)"""


@pytest.fixture(
    scope="module", params=[("curves", "zh"), ("curves", "en"), ("clean", "zh"), ("hand", "en")], ids="-".join
)
def report(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    name, lang = request.param
    path = tmp_path_factory.mktemp("section") / "report.html"
    path.write_text(rendered(name, lang), encoding="utf-8")
    return name, path


@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
def test_the_page_opens_offline_and_fits(browser: Browser, report: tuple[str, Path], width: int) -> None:
    name, path = report
    opened = Opened(browser, path, width)
    page = opened.page
    assert opened.messages == []
    assert [url for url in opened.requests if url != path.as_uri() and not url.startswith("data:")] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(WIDE) == []
    boxes = page.locator(".picture svg:visible, .hundred svg:visible")
    sizes = [boxes.nth(index).bounding_box() for index in range(boxes.count())]
    assert len(sizes) >= {"curves": 3, "clean": 1, "hand": 0}[name]
    assert all(size is not None and size["width"] > 150 and size["height"] > 30 for size in sizes)
    fills = page.evaluate(
        "[...document.querySelectorAll('svg [fill^=\"var(\"], svg circle')].map((node) => getComputedStyle(node).fill)"
    )
    assert "rgb(0, 0, 0)" not in fills
    page.close()


def test_the_first_screen_says_it_all(browser: Browser, report: tuple[str, Path]) -> None:
    name, path = report
    opened = Opened(browser, path, 1200)
    # Where no question could be asked there is no estimate to draw.
    pictures = () if name == "hand" else (".hundred svg", ".hero .bar")
    for selector in ("h1", ".headline", ".grades", *pictures):
        box = opened.page.locator(selector).first.bounding_box()
        assert box is not None and box["y"] + box["height"] < 900, selector
    opened.page.close()


def test_the_page_prints_on_whole_pages(browser: Browser, report: tuple[str, Path]) -> None:
    """Page count, the first page by itself, nothing wider or higher than a page, nothing fetched."""
    name, path = report
    opened = Opened(browser, path, 1200)
    page = opened.page
    paper = page.pdf(prefer_css_page_size=True, print_background=True)
    pages = len(re.findall(rb"/Type\s*/Page\b", paper))
    low, high = {"curves": (7, 19), "clean": (5, 9), "hand": (4, 9)}[name]
    assert low <= pages <= high
    sizes = {
        tuple(round(float(part)) for part in box.split()[2:]) for box in re.findall(rb"/MediaBox\s*\[([^\]]+)\]", paper)
    }
    assert sizes == {(595, 842)}
    page.set_viewport_size({"width": PAPER["width"], "height": PAPER["height"]})
    page.emulate_media(media="print")
    assert page.evaluate("document.documentElement.scrollWidth") <= PAPER["width"] + 1
    assert page.evaluate(WIDE) == []
    # What may not be broken fits on a page, so no table row and no chart is cut.
    assert page.evaluate(CUT % PAPER["height"]) == []
    # The cover, the summary and the contents fit the first page; the second chapter opens the second.
    contents = page.locator("nav.chapters").bounding_box()
    assert contents is not None and contents["y"] + contents["height"] <= PAPER["height"]
    assert page.evaluate("getComputedStyle(document.querySelector('.leaf')).breakBefore") == "page"
    assert page.locator("h2:visible").count() == len(CHAPTERS)
    assert [url for url in opened.requests if url != path.as_uri() and not url.startswith("data:")] == []
    page.close()
