"""One page of paper: always one, nothing beyond its margins, and the report's own numbers on it."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, replace
from html import escape
from typing import Any

import pandas as pd
import pytest

from tests.report import synthetic
from tests.report.pages import Element, read
from tightrope.report import sections as s
from tightrope.report.brief import Brief, brief_from, brief_of
from tightrope.report.brief_page import BOTTOM, HIGH, MARGIN, SIZES, WIDE, brief_pdf, brief_svg
from tightrope.report.measure import MORE, Ruler
from tightrope.report.views.fans import fan_title

PAGE = re.compile(rb"/Type\s*/Page\b")
HOSTILE = "</text></svg><script>alert(1)</script>&amp;\x00\x0b"


@pytest.fixture(scope="module")
def brief() -> Brief:
    return brief_of(synthetic.report())


@pytest.fixture(scope="module")
def drawing(brief: Brief) -> Element:
    return read(brief_svg(brief))


def words(drawing: Element) -> str:
    return " ".join(e.words() for e in drawing.all("text")).replace("\u00a0", " ")


def own_texts(svg: Element) -> list[Element]:
    """The page's own text, without what stands in its chart."""
    (page,) = [e for e in svg.inside if e.tag == "svg"]
    return [e for part in page.inside if part.tag != "svg" for e in part.all("text")]


def test_it_is_one_page_of_a4_with_its_font_inside(brief: Brief) -> None:
    made = brief_pdf(brief)
    assert made.startswith(b"%PDF-")
    assert len(PAGE.findall(made)) == 1
    (box,) = re.findall(rb"/MediaBox\s*\[([^\]]*)\]", made)
    assert [float(x) for x in box.split()] == pytest.approx([0, 0, WIDE, HIGH], abs=0.1)
    assert (pytest.approx(210, abs=0.1), pytest.approx(297, abs=0.1)) == (WIDE / 72 * 25.4, HIGH / 72 * 25.4)
    assert made.count(b"LiberationSans") >= 2  # plain and bold
    assert len(made) < 200_000


def many(n: int) -> pd.DataFrame:
    live = synthetic.judgement().live
    long = (
        "Will Brin have given up its last export route that does not run through Alda, by some court's word, "
    )
    return pd.concat([live] * (n // len(live) + 1)).head(n).assign(question=long * 2)


@pytest.mark.parametrize("rows", [0, 1, 12, pytest.param(60, marks=pytest.mark.long)])
def test_nothing_leaves_the_page_however_much_there_is(rows: int) -> None:
    judgement = synthetic.judgement(
        live=many(rows), warnings=("A warning that goes on. " * 30,) * 9, confidence="Low. " * 200
    )
    report = synthetic.report(judgement=judgement, title="A title of great length " * 20)
    svg = read(brief_svg(brief_of(report)))
    ruler = Ruler()
    for text in own_texts(svg):
        size, bold = float(text.attributes["font-size"]), text.attributes.get("font-weight") == "bold"
        x, y = float(text.attributes["x"]), float(text.attributes["y"])
        wide = ruler.width(text.words(), size=size, bold=bold)
        left = x - wide if text.attributes.get("text-anchor") == "end" else x
        assert left >= MARGIN - 0.5, text.words()
        assert left + wide <= WIDE - MARGIN + 0.5, text.words()
        assert 0 < y <= BOTTOM + 0.01
        assert size >= 7 * SIZES[-1] * 0.8
    shown = re.findall(r"\bL\d\d\b", words(svg))
    left = re.search(r"(\d+) more questions? (is|are) in the report", words(svg))
    assert len(shown) + (int(left.group(1)) if left else 0) == rows
    assert (rows == 60) == (left is not None)


def test_the_numbers_are_those_of_the_report(brief: Brief, drawing: Element) -> None:
    said = words(drawing)
    report = synthetic.report()
    assert isinstance(report.judgement, s.Judgement)
    assert isinstance(report.fans, s.Fans)
    for row in brief.rows:
        assert row.probability.replace("\u00a0", " ") in said
    first = brief.rows[0]
    assert (first.probability, first.interval) == ("0.2\u00a0%", "0.2–0.3\u00a0%")
    assert brief.fan_title == fan_title(report.fans.fans[0])
    assert brief.judgement.startswith("Will Brin have stopped being a separate state")
    assert "less than 1 %" in said
    assert "asked on 1 July 2025, knowing the record to the end of 2025Q2" in said
    assert "case hash 3f2a9c1e; seed 1; made on 2025-07-02; 2 sources" in said
    for mark in ("assumed", "calibrated", "estimated"):
        assert mark in said
    assert len(brief.findings) == 4
    assert dict(brief.findings)[next(t for t, _ in brief.findings if t.startswith("No price"))] == "estimated"


def test_what_is_not_certified_has_no_number() -> None:
    live = synthetic.judgement().live.assign(certified=False)
    report = synthetic.report(
        judgement=synthetic.judgement(live=live),
        fans=s.Fans(fans=(synthetic.fan("it came", 0.0456, certified=False),)),
        price=synthetic.price(certified=False),
    )
    made = brief_of(report)
    assert {row.probability for row in made.rows} == {"not certified"}
    assert {row.interval for row in made.rows} == {""}
    assert made.fan == ()
    assert "not certified" in made.fan_title
    assert not any(text.startswith("No price") for text, _ in made.findings)


def test_a_report_of_nothing_says_why_and_is_still_a_page() -> None:
    bare = s.Report(title="Bare", case="bare", judgement=s.NotComputed("The case has no live questions."))
    made = brief_of(bare)
    assert made.judgement == "The case has no live questions."
    assert len(PAGE.findall(brief_pdf(made))) == 1


def test_it_comes_back_from_json_as_it_was(brief: Brief) -> None:
    again = brief_from(json.loads(json.dumps(asdict(brief))))
    assert again == brief
    assert brief_svg(again) == brief_svg(brief)


def test_hostile_text_stays_text(brief: Brief) -> None:
    rows = tuple(replace(row, question=row.question + HOSTILE, id=HOSTILE) for row in brief.rows)
    given: dict[str, Any] = {
        n: getattr(brief, n) + HOSTILE for n in ("title", "case", "judgement", "confidence")
    }
    made = replace(brief, rows=rows, findings=((HOSTILE, ""),), limits=(HOSTILE,), **given)
    svg = brief_svg(made)
    assert "<script" not in svg
    assert escape("</text></svg><script>alert(1)</script>")[:30] in svg
    assert len(PAGE.findall(brief_pdf(made))) == 1


def test_widths_are_those_of_the_font() -> None:
    """Liberation Sans has the widths of Helvetica, published in its metrics: thousandths of the size."""
    ruler = Ruler()
    for text, width in {"W": 944, "i": 222, "m": 833, "0": 556, "%": 889, "–": 556}.items():
        assert ruler.width(text, size=1000) == pytest.approx(width, abs=1)
    for text, width in {"W": 944, "i": 278, "a": 556}.items():
        assert ruler.width(text, size=1000, bold=True) == pytest.approx(width, abs=1)
    assert ruler.width("i i", size=1000) == pytest.approx(2 * 222 + 278, abs=2)


def test_lines_end_where_the_room_does_and_say_where_text_is_missing() -> None:
    ruler = Ruler()
    text = "one two three 13\u00a0% of all four five six seven eight nine ten"
    lines = ruler.lines(text, room=60, size=10)
    assert " ".join(lines) == text
    assert all(ruler.width(line, size=10) <= 60 for line in lines)
    assert any("13\u00a0%" in line for line in lines)
    cut = ruler.lines(text, room=60, size=10, most=2)
    assert len(cut) == 2
    assert cut[0] == lines[0]
    assert cut[1].endswith(MORE)
    assert ruler.width(cut[1], size=10) <= 60
    (wide,) = ruler.lines("x" * 300, room=60, size=10)
    assert wide.endswith(MORE)
    assert ruler.width(wide, size=10) <= 60
    assert ruler.lines("", room=60, size=10) == ()
