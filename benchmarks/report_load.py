"""How large a report is and how fast it opens offline: `python -m benchmarks.report_load REPORT [TIMES]`.

Opens the file in Chromium (Playwright, which `make setup-dev` installs) with the network off, so many times
in a fresh profile, and prints the time until all text and tables stand with their static drawings, until the
first chart that is looked at has come alive, and until all have after scrolling through; what was asked of
the network (nothing), and what the browser complained of.
"""

from __future__ import annotations

import shutil
import statistics
import sys
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

TARGET = 2.0
"""Seconds until the page can be read."""


def chromium() -> str:
    """A Chromium on the path. Raises SystemExit without one."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return found
    raise SystemExit("no Chromium is on the path")


def opened(browser: Any, report: Path) -> dict[str, Any]:
    """One opening: seconds until it can be read, until the first chart lives, until all do; what was said."""
    context = browser.new_context(offline=True, viewport={"width": 1280, "height": 900})
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.on("request", lambda r: said.append(r.url) if not r.url.startswith(("file:", "blob:")) else None)
    began = time.perf_counter()
    page.goto(report.resolve().as_uri(), wait_until="load")
    read = time.perf_counter() - began
    figures = page.locator("figure.chart")
    figures.first.scroll_into_view_if_needed()
    page.locator("figure.chart.alive").first.wait_for(timeout=60_000)
    alive = time.perf_counter() - began
    count = figures.count()
    for k in range(count):
        figures.nth(k).scroll_into_view_if_needed()
    # Asked from here: the page's policy keeps text from being evaluated there.
    while page.locator("figure.chart.alive").count() < count and time.perf_counter() - began < 60:
        time.sleep(0.05)
    whole = time.perf_counter() - began
    context.close()
    return {"read": read, "alive": alive, "whole": whole, "charts": count, "said": said}


def main() -> None:
    """Print what was measured; exit code 1 if the target was missed or the network was asked."""
    if len(sys.argv) < 2:
        raise SystemExit("say which report: python -m benchmarks.report_load runs/.../report.html")
    report, times = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 5
    with sync_playwright() as p:
        browser = p.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        found = [opened(browser, report) for _ in range(times)]
        browser.close()
    print(f"{report.stat().st_size / 1e6:.2f} MB, {found[0]['charts']} charts, opened {times} times offline")
    said_of = {"read": "text, tables, drawings", "alive": "first chart alive", "whole": "every chart alive"}
    for name, words in said_of.items():
        seconds = [one[name] for one in found]
        print(f"{words}: median {statistics.median(seconds):.2f} s, worst {max(seconds):.2f} s")
    said = sorted({text for one in found for text in one["said"]})
    print("asked of the network or complained of: " + ("; ".join(said) or "nothing"))
    raise SystemExit(bool(said) or statistics.median(one["read"] for one in found) > TARGET)


if __name__ == "__main__":
    main()
