"""The page's own files, held in memory, each under one fixed address."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from tightrope.report.drawing import vega_bundle

JAVASCRIPT, STYLE, HTML = "text/javascript", "text/css", "text/html"
SCRIPTS = ("app", "api", "blocks", "levers", "jobs", "editor")


@dataclass(frozen=True)
class Page:
    """A file of the page: its media type and its content, made once."""

    kind: str
    content: Callable[[], str]


def _own(name: str) -> Callable[[], str]:
    return cache(lambda: files("tightrope.app").joinpath("static", name).read_text(encoding="utf-8"))


def _report_style() -> str:
    return files("tightrope.report").joinpath("template", "page.css").read_text(encoding="utf-8")


PAGES: Mapping[str, Page] = {
    "/": Page(HTML, _own("index.html")),
    "/static/report.css": Page(STYLE, cache(_report_style)),
    "/static/app.css": Page(STYLE, _own("app.css")),
    "/static/icon.svg": Page("image/svg+xml", _own("icon.svg")),
    "/static/vega.js": Page(JAVASCRIPT, vega_bundle),
    **{f"/static/{name}.js": Page(JAVASCRIPT, _own(f"{name}.js")) for name in SCRIPTS},
}
