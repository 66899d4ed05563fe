"""The pictures of docs/images, taken anew with Chromium: `python -m pages.pictures RUN [CASE]`.

RUN   a finished run: every section of its report, the first screen for the README, and its brief
CASE  the case to serve for the pictures of the page on this machine (half a minute until it is ready)

Pictures are JPEG, each as fine as fits into `MOST` or `LARGE` bytes. Needs Playwright (`make setup-dev`) and
a Chromium on the path.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.report_load import chromium
from pages import DOCS

IMAGES = DOCS / "images"
MOST, LARGE = 68_000, 98_000
"""Bytes of a picture, and of one that is full of small type."""
WIDE, HIGH = 1080, 600
"""Pixels of the screen, and the most of a section that is shown."""
LEVERS = "base=reference&override=ablations.cheap_merger&put.regime=crisis"
MISSPELT = ("belarus == hedge", "belarus == hegde")
WAIT = 120_000

Taken = Callable[..., bytes]


def kept(name: str, take: Taken, *, most: int = MOST) -> Path:
    """A picture in docs/images, as fine as fits."""
    for quality in range(90, 20, -8):
        made = take(type="jpeg", quality=quality)
        if len(made) <= most:
            break
    path = IMAGES / f"{name}.jpg"
    path.write_bytes(made)
    sys.stdout.write(f"{path.relative_to(DOCS)} {len(made):,} bytes\n")
    return path


def sections(browser: Any, report: Path) -> None:
    """Each section of a report as it stands on the screen, its charts alive, and the first screen."""
    page = browser.new_context(offline=True, viewport={"width": WIDE, "height": HIGH}).new_page()
    page.goto(report.resolve().as_uri())
    for section in page.locator("main > section").all():
        name = section.get_attribute("id")
        figures = section.locator("figure.chart")
        for k in range(figures.count()):
            figures.nth(k).scroll_into_view_if_needed()
            page.locator(f"#{figures.nth(k).get_attribute('id')}.alive").wait_for(timeout=WAIT)
        box = section.bounding_box()
        page.evaluate("y => window.scrollBy(0, y)", box["y"])
        box = section.bounding_box()
        clip = {"x": 0, "y": box["y"], "width": WIDE, "height": min(box["height"], HIGH)}
        kept(f"report-{name}", lambda clip=clip, **how: page.screenshot(clip=clip, **how))
    page.evaluate("window.scrollTo(0, 0)")
    kept("report", lambda **how: page.screenshot(**how))


def sheet(run: Path) -> None:
    """The brief of a run."""
    from importlib import import_module

    from tightrope.report.brief_page import brief_svg
    from tightrope.workflow.brief import held

    drawn = brief_svg(held(run)).replace("<svg ", '<svg style="background:#ffffff" ', 1)

    def take(type: str, quality: int) -> bytes:
        return bytes(import_module("vl_convert").svg_to_jpeg(drawn, scale=1.2, quality=quality))

    kept("brief", take, most=LARGE)


@contextmanager
def serving(case: Path) -> Iterator[str]:
    """`tightrope serve` in a process of its own; its address."""
    command = [sys.executable, "-m", "tightrope", "serve", str(case)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait(20)


def local_page(browser: Any, case: Path) -> None:
    """Levers pulled, and an error in the editor."""
    with serving(case) as address:
        page = browser.new_context(viewport={"width": 1180, "height": 900}).new_page()
        page.goto(address)
        page.wait_for_selector("#part-policy figure svg", timeout=5 * WAIT)
        page.evaluate("link => { location.hash = link; }", LEVERS)
        page.get_by_text("The principal branch").wait_for(timeout=5 * WAIT)
        while page.evaluate("document.getElementById('results').hasAttribute('aria-busy')"):
            time.sleep(0.2)
        page.evaluate("window.scrollTo(0, 0)")
        kept("app-levers", lambda **how: page.screenshot(**how), most=LARGE)
        page.get_by_role("tab", name="Case editor").click()
        text = page.get_by_label("Text of case.yaml")
        text.fill(text.input_value().replace(*MISSPELT, 1))
        page.locator("#problems li").first.wait_for(timeout=WAIT)
        page.locator("#problems li").first.get_by_role("button").click()
        kept("app-editor", lambda **how: page.screenshot(**how), most=LARGE)


def main() -> None:
    """Take them."""
    from playwright.sync_api import sync_playwright

    if len(sys.argv) < 2:
        raise SystemExit(
            "say which run: python -m pages.pictures runs/russia-belarus-... [cases/russia-belarus]"
        )
    run = Path(sys.argv[1])
    IMAGES.mkdir(exist_ok=True)
    with sync_playwright() as p:
        browser = p.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        sections(browser, run / "report.html")
        if len(sys.argv) > 2:
            local_page(browser, Path(sys.argv[2]))
        browser.close()
    sheet(run)


if __name__ == "__main__":
    main()
