"""The page: one HTML text that needs nothing from outside itself.

Scripts are one Vega bundle, packed, and one short file of our own that unpacks it and the charts'
specifications, which lie packed beside it. A content security policy names both by their hash and forbids
every address, so that neither a hostile case nor a mistake can load anything.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from importlib.resources import files
from typing import Any

from tightrope.report.blocks import Figure, Section
from tightrope.report.sections import NotComputed, Report
from tightrope.report.views.boxes import boxes_view
from tightrope.report.views.choice import choice_view
from tightrope.report.views.claims import claims_view
from tightrope.report.views.closing import diagnostics_view, provenance_view, watch_view
from tightrope.report.views.evidence import evidence_view
from tightrope.report.views.fans import fans_view
from tightrope.report.views.headline import headline_view
from tightrope.report.views.hindcasts import hindcasts_view
from tightrope.report.views.judgement import judgement_view
from tightrope.report.views.ledger import ledger_view
from tightrope.report.views.matrix import matrix_view
from tightrope.report.views.parameters import parameters_view
from tightrope.report.views.plane import plane_view
from tightrope.report.views.policy import policy_view
from tightrope.report.views.price import price_view
from tightrope.report.views.questions import questions_view
from tightrope.report.views.timeline import timeline_view

VIEWS: Mapping[str, tuple[str, Callable[[Any], Section]]] = {
    "judgement": ("Judgement", judgement_view),
    "fans": ("The feared outcome over time", fans_view),
    "plane": ("The balancing act", plane_view),
    "timeline": ("The record and what surprised the model", timeline_view),
    "evidence": ("Which reading the record favours", evidence_view),
    "claims": ("Claims of the argument", claims_view),
    "matrix": ("What each claim needs", matrix_view),
    "policy": ("What the players do where", policy_view),
    "choice": ("Why this choice", choice_view),
    "price": ("The price of an end", price_view),
    "boxes": ("Under which conditions it would happen", boxes_view),
    "questions": ("Past questions and scores", questions_view),
    "hindcasts": ("Hindcasts: forecasts from past origins", hindcasts_view),
    "ledger": ("The ledger of public predictions", ledger_view),
    "headline": ("A headline as evidence", headline_view),
    "parameters": ("What the record says about the parameters", parameters_view),
    "diagnostics": ("Diagnostics", diagnostics_view),
    "provenance": ("Provenance", provenance_view),
    "watch": ("What to watch next", watch_view),
}
"""Sections in reading order: field of the report, heading, view."""

MARKS = {
    "assumed": ("ass.", "assumed: chosen, with a reason"),
    "calibrated": ("cal.", "calibrated: set so that the argument holds"),
    "estimated": ("est.", "estimated: moved by the record"),
}


def sections_of(report: Report, *, only: Collection[str] = ()) -> tuple[Section, ...]:
    """Every section of the page in reading order; those not computed carry the reason.

    only  fields wanted; empty: all
    """
    result = []
    for field, (heading, view) in VIEWS.items():
        if only and field not in only:
            continue
        part = getattr(report, field)
        if isinstance(part, NotComputed):
            result.append(Section(field, heading, missing=part.why))
        else:
            result.append(view(part))
    return tuple(result)


def render_report(report: Report, *, only: Collection[str] = ()) -> str:
    """The report as one HTML document, the same bytes for the same report.

    only  fields of the report whose sections are wanted; empty: all

    It opens offline: no script, style, font, image or data comes from outside. Text, tables and static
    charts are there without JavaScript; with it, charts gain tooltips and tables a download.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined

    from tightrope.report.drawing import packed, packed_bundle, vega_bundle

    environment = Environment(
        loader=PackageLoader("tightrope.report", "template"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    sections = tuple(_drawn(section) for section in sections_of(report, only=only))
    charts = {b.id: b.spec for section in sections for b in section.blocks if isinstance(b, Figure)}
    script = _part("page.js") if charts else ""
    return (
        environment.get_template("page.html.jinja")
        .render(
            report=report,
            sections=sections,
            marks=MARKS,
            style=_part("page.css"),
            script=script,
            packed=packed_bundle() if charts else "",
            charts=packed(chart_json(charts)) if charts else "",
            policy=content_policy((vega_bundle(), script) if charts else ()),
            kind=lambda block: type(block).__name__,
        )
        .lstrip()
    )


def chart_json(charts: Mapping[str, Any]) -> str:
    """Specifications by the id of their figure, as JSON. Missing numbers become null.

    Raises ValueError for numbers that JSON does not have (infinity).
    """
    return json.dumps(_without_nan(charts), ensure_ascii=True, separators=(",", ":"), allow_nan=False)


def content_policy(scripts: tuple[str, ...]) -> str:
    """The content security policy of a page with these scripts and no others."""
    hashes = " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'" for text in scripts
    )
    script = f"script-src {hashes}" if hashes else "script-src 'none'"
    rest = "style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
    return f"default-src 'none'; {script}; {rest}"


def _drawn(section: Section) -> Section:
    """The section with a static drawing in each of its figures."""
    from tightrope.report.drawing import static_svg

    return replace(
        section,
        blocks=tuple(
            replace(block, svg=static_svg(block.spec, name=block.id)) if isinstance(block, Figure) else block
            for block in section.blocks
        ),
    )


def _part(name: str) -> str:
    return files("tightrope.report").joinpath("template", name).read_text(encoding="utf-8")


def _without_nan(value: Any) -> Any:
    """JSON has no nan: it becomes null, which Vega takes for missing."""
    if isinstance(value, Mapping):
        return {str(k): _without_nan(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without_nan(v) for v in value]
    if isinstance(value, float) and value != value:
        return None
    return value
