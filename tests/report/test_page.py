from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import fields, replace
from itertools import pairwise

import altair as alt
import pandas as pd
import pytest

from tests.report import synthetic
from tests.report.pages import Element, charts, prose, read, rows, scripts
from tightrope.report import sections as s
from tightrope.report.page import VIEWS, chart_json, render_report, sections_of

LOADING = {
    "script": ("src",), "img": ("src", "srcset"), "link": ("href",), "iframe": ("src",), "embed": ("src",),
    "source": ("src", "srcset"), "video": ("src", "poster"), "audio": ("src",), "object": ("data",),
    "image": ("href", "xlink:href"), "use": ("href", "xlink:href"), "base": ("href",), "form": ("action",),
    "input": ("src",), "track": ("src",),
}  # fmt: skip


def test_nothing_is_loaded_from_outside(page: Element) -> None:
    for element in page.every():
        for name in LOADING.get(element.tag, ()):
            assert name not in element.attributes, (element.tag, element.attributes)
        style = element.attributes.get("style", "") + (element.words() if element.tag == "style" else "")
        assert "@import" not in style
        for value in [style, *element.attributes.values()]:
            assert re.findall(r"url\((?!#)", value) == []
        assert element.attributes.get("http-equiv", "").lower() != "refresh"
    for spec in charts(page).values():
        assert re.findall(r"""['"]url['"]""", str(spec)) == []


def test_policy_names_each_script_by_hash_and_allows_nothing_else(page: Element) -> None:
    (policy,) = [e.attributes["content"] for e in page.all("meta") if "http-equiv" in e.attributes]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"
    made = {
        "'sha256-" + base64.b64encode(hashlib.sha256(t.encode()).digest()).decode() + "'"
        for t in scripts(page)
    }
    assert len(made) == 2
    assert set(rules["script-src"].split()) == made
    assert "http" not in policy


def test_page_is_small_enough_to_send(html: str) -> None:
    assert 300_000 < len(html.encode()) < 1_600_000


def test_same_report_same_bytes(html: str) -> None:
    assert render_report(synthetic.report()) == html


def test_specs_are_valid_vega_lite_with_the_pages_colours(page: Element) -> None:
    found = charts(page)
    assert list(found) == [figure.attributes["id"] for figure in page.all("figure")]
    assert len(found) == 29
    for spec in found.values():
        assert spec["description"]
        assert spec["config"]["background"] == "transparent"
    # altair validates each chart as it is made, the shared frame comes after: one stands for all.
    alt.LayerChart.from_dict(found["fan-1"], validate=True)


def test_each_figure_has_title_description_drawing_and_data(page: Element) -> None:
    for figure in page.all("figure"):
        assert figure.all("h3")[0].words().strip().endswith(".")
        (drawing,) = [e for e in figure.every() if e.attributes.get("role") == "img"]
        assert len(drawing.attributes["aria-label"]) > 20
        assert len(drawing.all("svg")) == 1
        assert drawing.all("path")
        assert figure.all("details")
        for details in figure.all("details"):
            (table,) = details.all("table")
            assert len(rows(table)) > 1
            assert table.all("caption")[0].words()


def test_structure_serves_screen_readers(page: Element) -> None:
    assert page.all("html")[0].attributes["lang"] == "en"
    for landmark in ("header", "nav", "main", "footer"):
        assert len(page.all(landmark)) == 1
    assert len(page.all("h1")) == 1
    ids = [e.attributes["id"] for e in page.every() if "id" in e.attributes]
    assert len(ids) == len(set(ids))
    for element in page.every():
        for name in ("aria-labelledby",):
            if name in element.attributes:
                assert element.attributes[name] in ids
        if element.tag == "a" and element.attributes["href"].startswith("#"):
            assert element.attributes["href"][1:] in ids
        if element.tag == "a" and element.attributes["href"].startswith("http"):
            assert "noopener" in element.attributes["rel"]
    for table in page.all("table"):
        assert table.all("caption")
        assert all(th.attributes.get("scope") in ("col", "row") for th in table.all("th"))
        width = {len(row) for row in rows(table)}
        assert len(width) == 1
    levels = [int(e.tag[1]) for e in page.every() if re.fullmatch("h[1-6]", e.tag)]
    assert all(b <= a + 1 for a, b in pairwise(levels))


def test_sections_come_in_reading_order(page: Element) -> None:
    assert [e.attributes["id"] for e in page.all("section")] == list(VIEWS)
    assert list(VIEWS) == [f.name for f in fields(s.Report) if f.name not in ("title", "case", "about")]


def test_looks_for_dark_screens_print_and_phones(page: Element) -> None:
    style = page.all("style")[0].words()
    for rule in ("prefers-color-scheme: dark", "@media print", "max-width: 46rem", "prefers-reduced-motion"):
        assert rule in style
    drawings = " ".join(str(e.attributes) for e in page.every() if e.tag in ("text", "line"))
    assert "var(--ink)" in drawings
    assert "var(--grid)" in drawings
    assert not re.search("#1f2733|#dde1e6", drawings)


def test_data_tables_equal_the_data(page: Element, report: s.Report) -> None:
    assert isinstance(report.fans, s.Fans)
    paths = report.fans.fans[1].paths
    shown = rows(page.by_id("fan-2-data"))
    assert shown[0] == list(paths.columns)
    assert len(shown) == len(paths) + 1
    for row, given in zip(shown[1:], paths.to_dict("records"), strict=True):
        assert row[0] == given["date"]
        assert [float(x.replace("−", "-")) for x in row[1:]] == pytest.approx(
            [given[name] for name in paths.columns[1:]], rel=1e-3
        )


def test_matrix_table_equals_the_data(page: Element, report: s.Report) -> None:
    assert isinstance(report.matrix, s.Matrix)
    shown = rows(page.by_id("matrix-chart-data"))
    at = {name: k for k, name in enumerate(shown[0])}
    by_claim = {row[0]: row for row in shown[1:]}
    for cell in report.matrix.cells.to_dict("records"):
        text = by_claim[cell["claim"]][at[cell["ablation"]]]
        words = text.replace(" (named)", "").split(" / ")
        assert words[0 if cell["at"] == "reference" else -1] == cell["result"]
        assert ("(named)" in text) == cell["named"]


def test_live_table_prints_the_floored_probability_with_word_and_mark(
    page: Element, report: s.Report
) -> None:
    shown = rows(page.by_id("live"))
    assert len(shown) == 13
    assert shown[1][2:] == [
        "0.2 %",
        "0.2–0.3 %",
        "less than 1 %",
        "0.2 %",
        "0.4 % reference class",
        "0.3 %",
        "estimated",
    ]
    assert shown[8][7] == "–"
    said = page.by_id("judgement").words()
    assert "L01, L02, L03, L04, L05, L06, L07, L09, L10, L12: game 0.50, Markov chain 0.50." in said
    assert "L08: none: it joins a terminal." in said
    assert shown[11][2:6] == ["not certified"] * 4
    assert shown[11][7] == "not certified"


def test_the_chart_holds_the_data_that_the_table_shows(page: Element, report: s.Report) -> None:
    assert isinstance(report.judgement, s.Judgement)
    (data,) = charts(page)["live-chart"]["datasets"].values()
    certified = report.judgement.live[report.judgement.live["certified"].astype(bool)]
    assert [row["id"] for row in data] == certified["id"].tolist()
    assert [row["probability"] for row in data] == pytest.approx(certified["probability"].tolist())


def test_uncertified_numbers_are_nowhere_on_the_page() -> None:
    sure = synthetic.judgement().live.iloc[:1]
    unsure = sure.assign(
        id="L99",
        probability=0.7654321,
        model=0.7676767,
        lower=0.7111111,
        upper=0.8222222,
        pooled=0.7444444,
        certified=False,
    )
    report = s.Report(
        title="t",
        case="c",
        judgement=synthetic.judgement(live=pd.concat([sure, unsure])),
        fans=s.Fans(fans=(synthetic.fan("it came", 0.0456, certified=False),)),
        timeline=synthetic.timeline(certified=False),
    )
    page = read(render_report(report))
    words = prose(page).replace("\u00a0", " ")
    for number in (
        "0.765",
        "0.767",
        "0.711",
        "0.822",
        "0.744",
        "74 %",
        "77 %",
        "71–82",
        "14.2",
        "0.0456",
        "4.6 %",
    ):
        assert number not in words, number
    assert words.count("not certified") >= 6


def test_uncertified_headline_has_no_number() -> None:
    live = synthetic.judgement().live.iloc[:1].assign(certified=False)
    given = synthetic.judgement(live=live, headline="A merger has a chance of 0.2 %.")
    (section, *_) = sections_of(synthetic.report(judgement=given))
    assert "0.2" not in str([b for b in section.blocks if getattr(b, "role", "") == "headline"])


def test_probabilities_never_print_as_impossible() -> None:
    live = synthetic.judgement().live.assign(probability=0.0, lower=0.0, upper=1.0, model=0.0, outside=0.0)
    page = read(render_report(s.Report(title="t", case="c", judgement=synthetic.judgement(live=live))))
    text = page.by_id("judgement").by_id("live").words().replace("\u00a0", " ")
    assert not re.search(r"(?<![\d.])0(\.0)? %", text)
    assert "<0.1 %" in text
    assert "<0.1–>99.9 %" in text


def test_missing_sections_say_why() -> None:
    changes = {name: s.NotComputed(f"No {name} here, by test.") for name in VIEWS}
    html = render_report(synthetic.report(**changes))
    page = read(html)
    for name in VIEWS:
        assert f"Not computed. No {name} here, by test." in " ".join(page.by_id(name).words().split())
    assert scripts(page) == []
    assert len(html) < 30_000
    assert "This run did not ask for it." in render_report(s.Report(title="t", case="c"))


HOSTILE = (
    "</script></style><script>alert(1)</script><img src=x onerror=alert(1)>\"'>"
    "<svg onload=alert(1)>&amp;{{7*7}}"
)


def _hostile(section: s.Checked) -> s.Checked:
    """The section with hostile text in every free text of it."""
    changes: dict[str, object] = {}
    for part in fields(section):
        value = getattr(section, part.name)
        if isinstance(value, pd.DataFrame):
            value = value.head(6).copy()
            for column in s.TABLES[part.name]:
                if column.kind == "text" and not column.choices:
                    value[column.name] = [v if v is None else f"{v}{HOSTILE}" for v in value[column.name]]
                    if "url" in column.name:
                        value[column.name] = "javascript:alert(1)//" + HOSTILE
            changes[part.name] = value
        elif isinstance(value, tuple):
            changes[part.name] = tuple(f"{v}{HOSTILE}" for v in value)
        elif isinstance(value, str) and not part.name.startswith("mark") and part.name != "as_of":
            changes[part.name] = value + HOSTILE
    return replace(section, **changes)  # type: ignore[arg-type]


def test_hostile_text_stays_text(page: Element, report: s.Report) -> None:
    parts = {}
    for name in VIEWS:
        part = getattr(report, name)
        if name == "fans":
            part = s.Fans(fans=tuple(_hostile(fan) for fan in part.fans))
        elif name == "boxes":
            part = s.Boxes(boxes=tuple(_hostile(box) for box in part.boxes))
        else:
            part = _hostile(part)
        parts[name] = part
    html = render_report(replace(report, title=HOSTILE, case=HOSTILE, about=HOSTILE, **parts))
    hostile = read(html)
    assert scripts(hostile) == scripts(page)
    assert len(hostile.all("script")) == 3
    assert len(hostile.all("style")) == 1
    assert not hostile.all("img")
    for element in hostile.every():
        assert not any(name.startswith("on") for name in element.attributes), element.attributes
        assert not element.attributes.get("href", "").lower().startswith("javascript")
    assert len(hostile.all("svg")) == len(hostile.all("figure"))
    assert "49" not in hostile.all("h1")[0].words()
    assert hostile.all("h1")[0].words() == HOSTILE
    assert HOSTILE in hostile.by_id("claims-table").words()
    assert HOSTILE in charts(hostile)["live-chart"]["description"]


def test_chart_data_are_json_and_nothing_else() -> None:
    assert chart_json({"a": {"b": float("nan"), "c": "\u2028"}}) == '{"a":{"b":null,"c":"\\u2028"}}'
    with pytest.raises(ValueError, match="JSON"):
        chart_json({"a": float("inf")})
