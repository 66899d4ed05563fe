"""Reading a rendered page back: its elements, tables and scripts."""

from __future__ import annotations

import base64
import json
import zlib
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

VOID = {"meta", "br", "img", "link", "input", "hr", "source", "base", "embed"}


@dataclass
class Element:
    tag: str
    attributes: dict[str, str]
    text: str = ""
    inside: list[Element] = field(default_factory=list)

    def all(self, tag: str) -> list[Element]:
        found = [self] if self.tag == tag else []
        for child in self.inside:
            found += child.all(tag)
        return found

    def every(self) -> list[Element]:
        return [self, *(e for child in self.inside for e in child.every())]

    def words(self) -> str:
        return "".join(e.text for e in self.every())

    def by_id(self, name: str) -> Element:
        return next(e for e in self.every() if e.attributes.get("id") == name)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.top = Element("document", {})
        self.open = [self.top]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.open[-1].inside.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open[-1].inside.append(Element(tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        assert self.open[-1].tag == tag, f"</{tag}> closes <{self.open[-1].tag}>"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        # Text is kept as an element of its own, so that words come out in order.
        self.open[-1].inside.append(Element("#text", {}, data))


def read(html: str) -> Element:
    """The page as a tree. Fails where a tag is closed in the wrong order or left open."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    assert len(reader.open) == 1, f"left open: {[e.tag for e in reader.open[1:]]}"
    return reader.top


def rows(table: Element) -> list[list[str]]:
    """A table's cells as text, header row first, spaces made plain."""
    return [
        [" ".join(cell.words().split()) for cell in row.inside if cell.tag in ("th", "td")]
        for row in table.all("tr")
    ]


def unpacked(page: Element) -> dict[str, str]:
    """What lies packed in the page, by id."""
    return {
        e.attributes["id"]: zlib.decompress(base64.b64decode(e.words())).decode()
        for e in page.all("script")
        if e.attributes.get("type") == "application/zlib"
    }


def charts(page: Element) -> dict[str, Any]:
    """The chart specifications of a page by the id of their figure."""
    found: dict[str, Any] = json.loads(unpacked(page).get("charts", "{}"))
    return found


def scripts(page: Element) -> list[str]:
    """The scripts that a browser would run."""
    library = [text for name, text in unpacked(page).items() if name == "vega"]
    return library + [e.words() for e in page.all("script") if "type" not in e.attributes]


def prose(page: Element) -> str:
    """All words outside scripts; the charts' specifications count."""
    words = page.words()
    for element in page.all("script"):
        words = words.replace(element.words(), "")
    return words + json.dumps(charts(page), ensure_ascii=False)
