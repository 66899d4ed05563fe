"""The few kinds of thing a page is made of. A section is a heading and a list of them.

Text stays plain here; the template escapes every character of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Line:
    """One line of a cell or of prose: text, perhaps a link, a mark or badges, perhaps set back (`quiet`)."""

    text: str
    href: str = ""
    mark: str = ""
    badges: tuple[str, ...] = ()
    quiet: bool = False
    strong: bool = False


@dataclass(frozen=True)
class Cell:
    """A cell of a table. `state` names a class: good, bad, unsure."""

    lines: tuple[Line, ...]
    numeric: bool = False
    state: str = ""


@dataclass(frozen=True)
class Table:
    """A table with a caption; a row's first cell is its header. `stack`: rows become cards on a phone."""

    id: str
    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    stack: bool = False


@dataclass(frozen=True)
class Figure:
    """A chart: titled by its finding, described in words, with its data as a table below.

    more    further tables of its data, where one table can't hold it
    fluid   where above zero the chart may be narrowed to the screen, less so many pixels for what stands
            beside its plot
    """

    id: str
    title: str
    alt: str
    spec: Mapping[str, Any]
    data: Table
    svg: str = ""
    more: tuple[Table, ...] = ()
    fluid: int = 0
    note: str = ""


@dataclass(frozen=True)
class Prose:
    """Paragraphs, each of a few lines set after one another."""

    lines: tuple[Line, ...]
    role: str = ""


@dataclass(frozen=True)
class Bullets:
    """A list; `kind` is plain, warning or numbered."""

    title: str
    items: tuple[tuple[Line, ...], ...]
    kind: str = "plain"


Block = Table | Figure | Prose | Bullets


@dataclass(frozen=True)
class Section:
    """A section of the page. `missing` says why there is nothing in it."""

    id: str
    heading: str
    intro: str = ""
    blocks: tuple[Block, ...] = ()
    missing: str = ""


def cell(text: str, *, mark: str = "", numeric: bool = False, state: str = "", quiet: bool = False) -> Cell:
    """A cell of one line."""
    return Cell((Line(text, mark=mark, quiet=quiet),), numeric=numeric, state=state)


def prose(text: str, *, role: str = "") -> Prose:
    """A paragraph of plain text."""
    return Prose((Line(text),), role=role)


def bullets(title: str, items: Sequence[str], *, kind: str = "plain") -> Bullets:
    """A list of plain sentences."""
    return Bullets(title, tuple((Line(item),) for item in items), kind=kind)


def safe_link(url: str | None) -> str:
    """The address if it is an http or https one with a host, else nothing: a case may say anything.

    >>> safe_link("https://example.org/a"), safe_link("javascript:alert(1)"), safe_link("//x")
    ('https://example.org/a', '', '')
    """
    if not url:
        return ""
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return ""
    return url.strip() if parts.scheme.lower() in ("http", "https") and parts.netloc else ""
