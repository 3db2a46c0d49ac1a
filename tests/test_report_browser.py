"""The report in a real browser: nothing is fetched, nothing is logged, every chart is drawn, a phone can read it."""

from __future__ import annotations

import re
import shutil
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.test_report_documents import ALL, rendered

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Dialog, Page

WIDTHS = {"desktop": 1200, "phone": 390}
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


def _skip(reason: str) -> None:
    # A warning as well, so that it is seen in the summary of a run that does not list skips.
    warnings.warn(f"THE REPORT WAS NOT LOOKED AT IN A BROWSER: {reason}", stacklevel=2)
    pytest.skip(f"THE REPORT WAS NOT LOOKED AT IN A BROWSER: {reason}")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        _skip("playwright is not installed (it is among the development requirements)")
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        _skip("there is no chromium on this machine (Debian: apt-get install chromium)")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield launched
        launched.close()


class Opened:
    """A page of the report, with what it logged and what it asked for."""

    def __init__(self, browser: Browser, path: Path, width: int) -> None:
        self.messages: list[str] = []
        self.requests: list[str] = []
        self.page: Page = browser.new_page(viewport={"width": width, "height": 900})
        self.page.on("console", lambda message: self.messages.append(message.text))
        self.page.on("pageerror", lambda error: self.messages.append(str(error)))
        self.page.on("dialog", self._dialog)
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.goto(path.as_uri())

    def _dialog(self, dialog: Dialog) -> None:
        self.messages.append("a dialog opened")
        dialog.dismiss()


@pytest.fixture(scope="module", params=[(name, lang) for name in ALL for lang in ("en", "zh")], ids="-".join)
def report(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    name, lang = request.param
    path = tmp_path_factory.mktemp("report") / "report.html"
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

    boxes = page.locator(".picture svg:visible")
    sizes = [boxes.nth(index).bounding_box() for index in range(boxes.count())]
    assert all(size is not None and size["width"] > 150 and size["height"] > 30 for size in sizes)
    assert len(sizes) == {"sample": 1 + 8 + 5, "clean": 1, "empty": 0, "single": 3}[name]
    for size in sizes:
        assert size is not None and size["x"] >= 0 and size["x"] + size["width"] <= width
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_charts_take_the_colours_of_the_page(browser: Browser, tmp_path: Path, scheme: str) -> None:
    path = tmp_path / "report.html"
    path.write_text(rendered("sample", "en"), encoding="utf-8")
    page = browser.new_page(
        viewport={"width": 1200, "height": 900}, color_scheme="dark" if scheme == "dark" else "light"
    )
    page.goto(path.as_uri())
    fills = page.evaluate(
        "[...document.querySelectorAll('figure svg [fill^=\"var(\"]')].map((node) => getComputedStyle(node).fill)"
    )
    assert len(set(fills)) >= 4
    assert "rgb(0, 0, 0)" not in fills and all(fill.startswith("rgb") for fill in fills)
    page.close()


def test_the_pointer_reads_a_curve(browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_text(rendered("sample", "en"), encoding="utf-8")
    opened = Opened(browser, path, 1200)
    picture = opened.page.locator("figure[data-curve] .picture.wide").first
    picture.scroll_into_view_if_needed()
    box = picture.bounding_box()
    assert box is not None
    opened.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    line = opened.page.locator(".readout").first.inner_text()
    assert line.startswith("2026-03-1") and "verified" in line and "discounted" in line
    assert opened.messages == []
    opened.page.close()


def test_the_page_prints(browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_text(rendered("sample", "zh"), encoding="utf-8")
    opened = Opened(browser, path, 1200)
    assert len(opened.page.pdf(format="A4", print_background=True)) > 50_000
    opened.page.close()


@pytest.mark.parametrize("name", ["compare", "redteam"])
def test_wide_tables_of_pages_of_their_own_scroll_inside_a_phone(browser: Browser, tmp_path: Path, name: str) -> None:
    from plaudit.report.templating import template

    source = template(f"{name}.html.j2").filename
    assert source is not None
    style = re.search(r"<style>.*?</style>", Path(source).read_text("utf-8"), re.S)
    assert style is not None
    cells = "".join(f"<td>{'m' * 12}</td>" for _ in range(7))
    path = tmp_path / "page.html"
    table = f'<div class="scroll"><table><tr>{cells}</tr></table></div>'
    path.write_text(f'<section class="plaudit-{name}">{style.group(0)}{table}</section>', encoding="utf-8")
    page = Opened(browser, path, WIDTHS["phone"]).page
    assert page.evaluate("document.documentElement.scrollWidth") <= WIDTHS["phone"]
    page.close()
    # What the pages hold stands in such a box.
    text = Path(source).read_text("utf-8")
    assert text.count("<table>") == text.count('<div class="scroll"><table>') == text.count("</table></div>") > 0
