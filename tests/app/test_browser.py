"""The page in a browser (Chromium, if there is one): levers, links, editor, jobs, access, the report.

A test fails on any message in the browser's console: the page's policy forbids what it does not need, and a
breach is said there.
"""

from __future__ import annotations

import re
import shutil
import threading
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.report import synthetic
from tightrope.app.desk import Desk
from tightrope.app.server import create_app
from tightrope.app.start import address, hosts_of, listen
from tightrope.report.page import render_report

pytestmark = pytest.mark.long

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
if CHROMIUM is None:
    pytest.skip("no Chromium is on the path", allow_module_level=True)
WAIT = 20_000


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as p:
        found = p.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield found
        found.close()


@pytest.fixture(scope="module")
def where(desk: Desk, client: TestClient) -> Iterator[str]:
    """A real server over the same desk; its address with the token."""
    import uvicorn

    with listen(0) as opened:
        port = opened.getsockname()[1]
        app = create_app(desk, hosts=hosts_of(port))
        # Without its start and end: the desk is the client's, whose end closes it.
        config = uvicorn.Config(app, log_level="warning", lifespan="off", ws="none")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [opened]}, daemon=True)
        thread.start()
        yield address(port, desk.token)
        server.should_exit = True
        thread.join(10)


@pytest.fixture(scope="module")
def opened(browser: Any, where: str) -> Iterator[tuple[Any, list[str]]]:
    """The page, opened once, and what was complained of or asked of others since."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, accept_downloads=True)
    found = context.new_page()
    said: list[str] = []
    found.on("console", lambda message: said.append(message.text))
    found.on("pageerror", lambda error: said.append(str(error)))
    origin = where.split("#")[0]
    found.on("request", lambda r: said.append(r.url) if not r.url.startswith((origin, "blob:")) else None)
    found.goto(where)
    drawn(found)
    yield found, said
    context.close()


@pytest.fixture
def page(opened: tuple[Any, list[str]]) -> Iterator[Any]:
    """The page of levers with nothing pulled or held."""
    found, said = opened
    found.locator("#tab-levers").click()
    if found.locator("#drop").is_visible():
        found.locator("#drop").click()
    if found.evaluate("location.hash.length > '#base=reference'.length"):
        found.locator("#reset").click()
    drawn(found)
    yield found
    assert said == []


def until(page: Any, true: str) -> None:
    """Wait for an expression. Asked from here: the page's policy keeps text from being evaluated there."""
    end = time.monotonic() + WAIT / 1000
    while not page.evaluate(true):
        assert time.monotonic() < end, true
        time.sleep(0.03)


def drawn(page: Any) -> None:
    """Wait until the slower parts are there too, of the levers as they stand."""
    page.wait_for_selector("#part-policy figure svg", timeout=WAIT)
    until(page, "!document.getElementById('results').hasAttribute('aria-busy')")


def column(page: Any, number: int) -> list[str]:
    """A column of the table of live questions, as text."""
    cells = page.locator(f"#questions tbody tr td:nth-child({number})")
    return [text.replace("\u00a0", " ") for text in cells.all_inner_texts()]


def told(client: TestClient, page: Any, **more: Any) -> dict[str, Any]:
    """What the API says of the set of levers that stands in the address."""
    words = page.evaluate("location.hash.slice(1)")
    link = words.split("&beside=")[0]
    levers = client.post("/api/link", json={"link": link}).json()
    return dict(client.post("/api/answer", json={"levers": levers, **more}).json())


def shown(answer: dict[str, Any], number: int) -> list[str]:
    table = next(b for b in answer["blocks"] if b["id"] == "questions")
    return [row[number]["lines"][0]["text"].replace("\u00a0", " ") for row in table["rows"]]


def test_a_lever_pulled_by_keyboard_changes_the_numbers_to_what_the_api_says(
    page: Any, client: TestClient
) -> None:
    before = column(page, 3)
    page.locator("#p-threat_rises").focus()
    for key in ("End", "ArrowLeft", "ArrowLeft"):
        page.keyboard.press(key)
    until(page, "location.hash.includes('p.threat_rises')")
    drawn(page)
    until(page, "document.querySelectorAll('#questions thead th').length === 7")
    after = column(page, 3)
    assert after != before
    answer = told(client, page)
    assert after == shown(answer, 2)
    assert column(page, 4) == before
    residual = answer["certificate"]["residual"]
    assert page.locator("#certificate").get_attribute("class") == "certificate good"
    assert f"{residual:.1e}".replace("e-0", "e-") in page.locator("#residual").inner_text()
    title = next(b for b in answer["blocks"] if b["id"] == "feared")["title"]
    assert page.locator("#feared-title").inner_text() == title
    until(page, "document.querySelector('#summary').textContent.length > 0")
    assert title in page.locator("#summary").inner_text()
    assert page.locator("#summary").get_attribute("role") == "status"


def test_a_link_brings_the_same_levers_and_numbers(page: Any, where: str) -> None:
    page.locator("#p-sovereignty").locator("xpath=../input[@type='number']").fill("1.1")
    page.keyboard.press("Enter")
    page.locator("#s-threat").select_option("put=high")
    until(page, "location.hash.includes('put.threat=high') && location.hash.includes('p.sovereignty=1.1')")
    drawn(page)
    seen, link = column(page, 3), page.evaluate("location.hash")
    page.goto("about:blank")
    page.goto(where.split("#")[0] + link)
    drawn(page)
    until(page, "location.hash.length > 1")
    assert column(page, 3) == seen
    assert page.locator("#s-threat").input_value() == "put=high"
    assert float(page.locator("#p-sovereignty").input_value()) == pytest.approx(1.1)
    assert "token" not in page.url


def test_a_held_set_stands_beside_and_can_be_swapped(page: Any, client: TestClient) -> None:
    page.locator("#s-threat").select_option("put=high")
    until(page, "location.hash.includes('put.threat=high')")
    drawn(page)
    held = column(page, 3)
    page.get_by_role("button", name="Hold to compare").click()
    page.get_by_role("button", name="Put all back").click()
    until(page, "location.hash.includes('beside=') && !location.hash.startsWith('#base=reference&put')")
    until(page, "document.querySelectorAll('#questions thead th')[3]?.textContent === 'At the held levers'")
    assert column(page, 4) == held
    here = column(page, 3)
    assert here == shown(told(client, page, beside={"put": {"threat": "high"}}), 2)
    page.get_by_role("button", name="Swap").click()
    drawn(page)
    assert column(page, 3) == held
    assert page.locator("#s-threat").input_value() == "put=high"
    assert column(page, 4) == here
    page.get_by_role("button", name="Drop").click()
    until(page, "!location.hash.includes('beside=')")


def test_levers_are_saved_as_case_data(page: Any, client: TestClient) -> None:
    page.locator("#p-union_worth").focus()
    page.keyboard.press("ArrowRight")
    until(page, "location.hash.includes('p.union_worth')")
    page.locator("#save-box summary").click()
    page.get_by_label("Name").fill("dearer")
    with page.expect_download() as download:
        page.get_by_role("button", name="Save the case with it inside").click()
    text = Path(download.value.path()).read_text(encoding="utf-8")
    assert "  dearer:\n" in text
    assert client.post("/api/case/check", json={"text": text}).json()["sound"] is True


def test_the_editor_shows_an_error_at_its_line(page: Any, client: TestClient) -> None:
    page.get_by_role("tab", name="Case editor").click()
    text = page.get_by_label("Text of case.yaml")
    whole = text.input_value()
    assert whole == client.get("/api/case").json()["text"]
    wrong = whole.replace("threat == high", "threat == hihg", 1)
    line = 1 + wrong[: wrong.index("hihg")].count("\n")
    text.fill(wrong)
    page.wait_for_selector("#problems li", timeout=WAIT)
    item = page.locator("#problems li").first
    assert f"case.yaml:{line}:" in item.inner_text()
    assert "did you mean high?" in item.inner_text()
    assert page.locator("#gutter b").all_inner_texts() == [f"{line}\n"]
    item.get_by_role("button").click()
    at = page.evaluate("document.getElementById('text').selectionStart")
    assert 1 + wrong[:at].count("\n") == line
    page.get_by_role("button", name="Back to the served case").click()
    page.get_by_role("button", name="Check now").click()
    until(page, "document.getElementById('verdict').textContent.includes('is sound')")
    assert page.locator("#problems li").count() == 0


def test_a_job_is_run_and_cancelled(page: Any, desk: Desk) -> None:
    page.get_by_role("tab", name="Jobs").click()
    page.get_by_role("button", name="Quick fit").click()
    page.wait_for_selector(".job[data-status='running'] progress", timeout=WAIT)
    name = page.locator(".job").first.get_attribute("data-job")
    page.locator(f"#cancel-{name}").click()
    page.wait_for_selector(f".job[data-job='{name}'][data-status='cancelled']", timeout=WAIT)
    until(page, "document.getElementById('job-said').textContent.includes('cancelled')")
    job = desk.jobs.get(str(name))
    assert job is not None
    assert job.status == "cancelled"


def test_axe_finds_nothing_in_any_view_by_day_or_night(page: Any) -> None:
    axe = pytest.importorskip("axe_playwright_python", reason="axe is not installed")
    page.emulate_media(reduced_motion="reduce")
    page.locator("#p-support_worth").focus()
    page.keyboard.press("ArrowRight")
    drawn(page)
    # by the debugger, so that the page's policy stays as it is
    page.evaluate((Path(axe.__file__).parent / "axe.min.js").read_text(encoding="utf-8"))
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        for view in ("editor", "jobs", "levers"):
            page.locator(f"#tab-{view}").click()
            found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
            told = [(v["id"], [n["target"] for n in v["nodes"]][:4], v["help"]) for v in found["violations"]]
            assert told == [], (view, scheme)
    page.emulate_media(color_scheme="light")


def test_the_keyboard_reaches_everything_and_shows_where_it_is(page: Any) -> None:
    page.reload()
    drawn(page)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the results"
    reached = set()
    for _ in range(120):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement === document.body"):
            break  # round once
        reached.add(page.evaluate("document.activeElement.id"))
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline != "none", page.evaluate("document.activeElement.outerHTML.slice(0, 200)")
    assert {"tab-levers", "reset", "hold", "base", "s-threat", "find", "p-support_worth"} <= reached
    page.locator("#tab-levers").focus()
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.id") == "tab-editor"
    assert page.locator("#view-editor").is_visible()
    levels = page.evaluate("Array.from(document.querySelectorAll('h1,h2,h3,h4'), h => Number(h.tagName[1]))")
    assert levels[0] == 1
    assert all(b - a <= 1 for a, b in pairwise(levels))


def test_without_the_token_the_page_says_what_to_do(browser: Any, where: str) -> None:
    context = browser.new_context()
    opened = context.new_page()
    opened.goto(where.split("#")[0])
    until(opened, "document.getElementById('notice').textContent.includes('token')")
    opened.goto(where.split("#")[0] + "#token=wrong")
    opened.reload()
    until(opened, "document.getElementById('notice').textContent.includes('tightrope serve')")
    context.close()


def test_the_report_opens_with_the_network_blocked(browser: Any, tmp_path: Path) -> None:
    """From a file, offline: text at once, charts drawn, no request made, nothing complained of."""
    path = tmp_path / "report.html"
    path.write_text(render_report(synthetic.report()), encoding="utf-8")
    context = browser.new_context(offline=True, viewport={"width": 1280, "height": 900})
    opened = context.new_page()
    asked: list[str] = []
    said: list[str] = []
    opened.on("request", lambda request: asked.append(request.url))
    opened.on("console", lambda message: said.append(message.text))
    opened.on("pageerror", lambda error: said.append(str(error)))
    began = time.monotonic()
    opened.goto(path.as_uri())
    opened.wait_for_selector("#judgement h2")
    assert time.monotonic() - began < 10
    charts = opened.locator("figure.chart")
    assert charts.count() > 5
    for chart in (charts.first, charts.last):
        chart.scroll_into_view_if_needed()
        chart.locator(".live svg.marks").first.wait_for(timeout=WAIT)
    assert asked == [path.as_uri()]
    assert said == []
    assert re.search(r"\d", opened.locator(".headline").inner_text())
    context.close()


def test_the_report_without_scripts_has_its_drawings_and_on_paper_its_tables(
    browser: Any, tmp_path: Path
) -> None:
    """Without scripts each static drawing stands; on A4 tables stay tables, not a phone's cards."""
    path = tmp_path / "report.html"
    path.write_text(render_report(synthetic.report()), encoding="utf-8")
    context = browser.new_context(offline=True, java_script_enabled=False)
    opened = context.new_page()
    opened.goto(path.as_uri())
    figures = opened.locator("figure.chart")
    for k in range(figures.count()):
        box = figures.nth(k).locator(".static svg").bounding_box()
        assert box is not None
        assert min(box["width"], box["height"]) > 40
    context.close()
    context = browser.new_context(offline=True)
    opened = context.new_page()
    opened.goto(path.as_uri())
    paper = opened.pdf(format="A4", margin=dict.fromkeys(("top", "bottom", "left", "right"), "12mm"))
    assert 5 < len(re.findall(rb"/Type\s*/Page\b", paper)) < 45
    opened.emulate_media(media="print")
    assert opened.locator("#live thead").bounding_box()["width"] > 300
    assert not opened.locator("details").first.is_visible()
    context.close()
