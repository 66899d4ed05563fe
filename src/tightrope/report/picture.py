"""A section's chart as a file of its own: a drawing with its finding for a title, or a page."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from importlib import import_module
from typing import Any

from tightrope.report.blocks import Figure
from tightrope.report.charts.theme import INK
from tightrope.report.drawing import VEGA_LITE
from tightrope.report.page import render_report
from tightrope.report.sections import Report

LINE = 92
"""Letters in a line of the title."""


def drawn_alone(figure: Figure, kind: str) -> bytes:
    """A figure as the bytes of an `.svg` or `.png` file, its title and note inside, on white.

    No address is fetched. Raises ValueError for another kind.
    """
    vl_convert = import_module("vl_convert")
    spec = titled(figure)
    given: dict[str, Any] = {"vl_version": VEGA_LITE, "allowed_base_urls": []}
    if kind == ".svg":
        return str(vl_convert.vegalite_to_svg(spec, **given)).encode()
    if kind == ".png":
        return bytes(vl_convert.vegalite_to_png(spec, scale=2, **given))
    raise ValueError(f"a drawing is .svg or .png, not {kind}")


def titled(figure: Figure) -> dict[str, Any]:
    """The figure's specification with title, note and background for a reader who sees nothing else."""
    spec: Mapping[str, Any] = figure.spec
    return {
        **spec,
        "title": {
            "text": textwrap.wrap(figure.title, LINE),
            "subtitle": textwrap.wrap(figure.note, LINE + 20),
            "anchor": "start",
            "color": INK,
            "subtitleColor": INK,
            "offset": 12,
        },
        "padding": 12,
        "config": {**spec["config"], "background": "#ffffff"},
    }


def page_alone(report: Report, field: str) -> bytes:
    """One section as a page that needs nothing from outside itself."""
    return render_report(report, only=(field,)).encode()
