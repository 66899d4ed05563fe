"""Links of every page resolve, anchors and pictures are there, and every page is reached from README."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token
from ruamel.yaml import YAML

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = [
    *(
        ROOT / name
        for name in ("README.md", "CHANGELOG.md", "benchmarks/RESULTS.md", "benchmarks/RESULTS-fit.md")
    ),
    *sorted(DOCS.rglob("*.md")),
    *sorted(DOCS.rglob("*.ipynb")),
    *sorted((ROOT / "cases").rglob("*.md")),
]


@cache
def tokens(page: Path) -> tuple[Token, ...]:
    """Every token of a page, those inside others too; of a notebook, of its cells of text."""
    text = page.read_text(encoding="utf-8")
    if page.suffix == ".ipynb":
        cells = json.loads(text)["cells"]
        text = "\n\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")
    flat: list[Token] = []
    for token in MarkdownIt("commonmark").enable("table").parse(text):
        flat += [token, *(token.children or [])]
    return tuple(flat)


def targets(page: Path) -> list[str]:
    """What a page links to or shows, by its own words, outside addresses left out."""
    found = [str(t.attrGet("href" if t.type == "link_open" else "src") or "") for t in tokens(page)]
    return [target for target in found if target and not re.match(r"[a-z]+:", target)]


@cache
def anchors(page: Path) -> frozenset[str]:
    """The anchors of a page's headings, as code hosts make them: lower case, hyphens, no punctuation."""
    made: dict[str, int] = {}
    found = set()
    for before, token in zip(tokens(page), tokens(page)[1:], strict=False):
        if before.type != "heading_open":
            continue
        words = "".join(c.content for c in token.children or [] if c.type in ("text", "code_inline"))
        slug = re.sub(r"[^\w\- ]", "", words.lower()).strip().replace(" ", "-")
        again = made.get(slug, 0)
        made[slug] = again + 1
        found.add(f"{slug}-{again}" if again else slug)
    return frozenset(found)


def broken(page: Path) -> list[str]:
    """Targets of a page at which nothing is, or to whose anchor no heading answers."""
    wrong = []
    for target in targets(page):
        path, _, anchor = target.partition("#")
        place = (page.parent / path).resolve() if path else page
        if not place.exists() or not place.is_relative_to(ROOT):
            wrong.append(f"{target}: nothing is there")
        elif anchor and anchor not in anchors(place):
            wrong.append(f"{target}: no such heading")
    return wrong


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_leads_somewhere(page: Path) -> None:
    assert broken(page) == []


def test_a_broken_link_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules[__name__], "ROOT", tmp_path)
    page = tmp_path / "page.md"
    page.write_text(
        "# One `two`, three!\n\n[a](#one-two-three) [b](#one) [c](gone.md) ![d](gone.png) "
        "[e](https://example.org) [f](page.md#one-two-three)\n\n`[g](gone.md)`\n\n```\n[h](gone.md)\n```\n"
    )
    assert [fault.split(":")[0] for fault in broken(page)] == ["#one", "gone.md", "gone.png"]


def reached() -> set[Path]:
    """Pages that links lead to from README, one after another."""
    ahead, met = [ROOT / "README.md"], {ROOT / "README.md"}
    while ahead:
        page = ahead.pop()
        for target in targets(page):
            place = (page.parent / target.partition("#")[0]).resolve()
            if place in PAGES and place not in met:
                met.add(place)
                ahead.append(place)
    return met


def test_every_page_and_picture_is_reached_from_the_readme() -> None:
    aside = {page for page in PAGES if page.name in ("NOTES.md", "SOURCES.md")}  # beside data, named by it
    assert [p.relative_to(ROOT).as_posix() for p in PAGES if p not in reached() | aside] == []
    shown = {(page.parent / target).resolve() for page in PAGES for target in targets(page)}
    assert [path.name for path in sorted((DOCS / "images").iterdir()) if path not in shown] == []


def test_the_site_keeps_to_the_order_of_the_readme() -> None:
    config = YAML(typ="safe").load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))
    order: list[str] = []

    def walk(entries: list[dict[str, object]]) -> None:
        for entry in entries:
            for value in entry.values():
                walk(value) if isinstance(value, list) else order.append(str(value))

    walk(config["nav"])
    text = (ROOT / "README.md").read_text(encoding="utf-8").split("## Reading on", 1)[1]
    listed = [t.removeprefix("docs/") for t in re.findall(r"\]\(([^)#:]+\.md)\)", text)]
    assert order == ["index.md", *listed]


@pytest.mark.long
def test_the_site_is_built_without_a_complaint_and_needs_no_network(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr
    for page in DOCS.glob("*.md"):
        made = (tmp_path / page.name).with_suffix(".html").read_text(encoding="utf-8")
        loaded = re.findall(r"<(?:script|img|iframe)[^>]* src=\"([^\"]+)|<link[^>]* href=\"([^\"]+)", made)
        assert [a or b for a, b in loaded if re.match(r"https?:|//", a or b)] == [], page.name
    equations = (tmp_path / "what-if.html").read_text(encoding="utf-8")
    assert equations.count("<math") > 20
    assert "$$" not in equations
    assert "</math>" not in "".join(re.findall(r"<pre>.*?</pre>", equations, re.DOTALL))
    assert (tmp_path / "examples" / "selm" / "case.yaml").is_file()
