"""A chart's specification drawn as a static SVG, for print and for readers without scripts."""

from __future__ import annotations

import base64
import re
import zlib
from collections import Counter
from collections.abc import Mapping
from functools import lru_cache
from importlib import import_module
from typing import Any

from tightrope.report.charts.theme import GRID, INK, MUTED

VEGA_LITE = "6.4"
"""The version that draws; it is the one that altair writes for."""

PAGE_COLOURS = {INK: "var(--ink)", MUTED: "var(--muted)", GRID: "var(--grid)"}
_IDLE = re.compile(
    r' (?:class|role|aria-label|aria-roledescription|aria-hidden|pointer-events)="[^"]*"'
    r'| (?:opacity|fill-opacity|stroke-width)="1"'
)
"""Attributes that say nothing to a reader of the drawing, or what holds without them."""
_EMPTY = re.compile(r'<path d="(?:M0,0h0v0h0Z)?"(?: display="none")?/>|<g(?: [^<>]*)?></g>')
_FONT = re.compile(r' font-family="[^"]*"')
_ID = re.compile(r'\bid="([^"]+)"')
_TAG = re.compile(r"<[^>]*>")
_LONG = re.compile(r"(?<=[\d])\.(\d{3,})")


def static_svg(spec: Mapping[str, Any], *, name: str) -> str:
    """The chart as SVG text for use inside a page.

    name  set before every id in it, so that several charts can share a page

    Greys of text and grid become the page's own, so that the drawing follows a dark page. The renderer
    numbers its clips from a counter of the process; they are numbered anew, so that the same chart gives
    the same text. No address is ever fetched: data come inside the specification.
    """
    vl_convert = import_module("vl_convert")
    svg: str = vl_convert.vegalite_to_svg(dict(spec), vl_version=VEGA_LITE, allowed_base_urls=[])
    for number, found in enumerate(dict.fromkeys(_ID.findall(svg))):
        new = f"{name}-{number}"
        svg = svg.replace(f'id="{found}"', f'id="{new}"').replace(f"url(#{found})", f"url(#{new})")
    for colour, page in PAGE_COLOURS.items():
        svg = re.sub(re.escape(f'"{colour}"'), f'"{page}"', svg, flags=re.IGNORECASE)
    svg = _TAG.sub(lambda tag: _LONG.sub(lambda m: "." + m.group(1)[:2], tag.group()), svg)
    return _slim(svg)


def _slim(svg: str) -> str:
    """The same picture in two thirds of the letters. Only tags are touched, never words between them."""
    svg = _TAG.sub(lambda tag: _IDLE.sub("", tag.group()), svg)
    before = ""
    while before != svg:
        before, svg = svg, _EMPTY.sub("", svg)
    fonts = Counter(found for tag in _TAG.findall(svg) for found in _FONT.findall(tag))
    if not fonts:
        return svg
    ((font, _),) = fonts.most_common(1)
    svg = _TAG.sub(lambda tag: tag.group().replace(font, ""), svg)
    return svg.replace("<svg", f"<svg{font}", 1)


@lru_cache(maxsize=1)
def vega_bundle() -> str:
    """Vega, Vega-Lite and Vega-Embed as one script, made by vl-convert, fit for a `<script>` element."""
    vl_convert = import_module("vl_convert")
    text: str = vl_convert.javascript_bundle("window.vegaEmbed=vegaEmbed;", vl_version=VEGA_LITE)
    return re.sub(r"</(script)", r"<\\/\1", text, flags=re.IGNORECASE).replace("<!--", "<\\!--")


@lru_cache(maxsize=1)
def packed_bundle() -> str:
    """The same script, packed: two fifths of its length."""
    return packed(vega_bundle())


def packed(text: str) -> str:
    """A text compressed by zlib, as base64, which the page unpacks."""
    return base64.b64encode(zlib.compress(text.encode(), 9)).decode()
