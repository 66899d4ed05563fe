"""Read a case file as text with marks: plain dicts, lists and strings, and where each stands.

The file is read from YAML's stream of events, never from built objects, so that
every scalar stays the text that was written and nothing in the file can name a
type. Caps are checked while the events arrive; the reader itself does not recurse.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml import events as e
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from tightrope.case.errors import CaseError, Problem

MAX_BYTES = 2_000_000
MAX_DEPTH = 30
MAX_NODES = 50_000
MAX_ANCHORS = 50

Where = tuple[str | int, ...]

_LINE_END = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in a file, counted from 1. `style` is that of a scalar: `'`, `"`, `|`, `>`, `&` or nothing."""

    line: int
    column: int
    style: str = ""


@dataclass(frozen=True)
class Source:
    """A case file as read: its text, its plain data, and the mark of every value and key.

    Paths are tuples of keys and positions, such as `("period", 3, "steps", "up")`.
    """

    path: str
    lines: tuple[str, ...]
    data: Mapping[str, Any]
    values: Mapping[Where, Mark] = field(default_factory=dict)
    keys: Mapping[Where, Mark] = field(default_factory=dict)

    def mark(self, where: Where, *, key: bool = False) -> Mark:
        """The mark of a value (or of its key); of the nearest enclosing one if it is not in the file."""
        here = tuple(where)
        if key and here in self.keys:
            return self.keys[here]
        while here not in self.values and here:
            here = here[:-1]
        return self.values.get(here, Mark(1, 1))

    def problem(
        self, where: Where, message: str, hint: str = "", *, key: bool = False, character: int | None = None
    ) -> Problem:
        """A problem at a value, or at its key, or at a character (from 0) of a one-line scalar."""
        mark = self.mark(where, key=key)
        line, column = mark.line, mark.column
        if character is not None and not key and tuple(where) in self.values:
            line, column = self._inside(mark, self.at(where), character)
        return Problem(self.path, line, column, dotted(where), message, hint, self.line_text(line))

    def at(self, where: Where) -> Any:
        """The plain value at a path. Raises KeyError or IndexError if there is none."""
        value: Any = self.data
        for part in where:
            value = value[part]
        return value

    def line_text(self, line: int) -> str:
        """The text of a line, counted from 1; empty if there is no such line."""
        return self.lines[line - 1] if 0 < line <= len(self.lines) else ""

    def _inside(self, mark: Mark, text: Any, character: int) -> tuple[int, int]:
        """Line and column of a character (from 0) of a scalar's stripped text.

        Folding changes only blanks, so the k-th letter that is not blank in the text
        is the k-th in the file. Escapes break that; then the scalar's start must do.
        """
        if mark.style == "&":
            return mark.line, mark.column
        text = str(text).strip()
        wanted = sum(not letter.isspace() for letter in text[:character])
        if character >= len(text):
            wanted -= 1
        line, at = mark.line, mark.column - 1 + (mark.style in ("'", '"'))
        if mark.style in ("|", ">"):
            line, at = line + 1, 0
        seen = 0
        while line <= len(self.lines):
            for place, letter in enumerate(self.lines[line - 1][at:], at):
                if letter == "\\" and mark.style == '"':
                    return mark.line, mark.column
                if not letter.isspace():
                    if seen == wanted:
                        return line, place + 1 + (character >= len(text))
                    seen += 1
            line, at = line + 1, 0
        return mark.line, mark.column


def dotted(where: Where) -> str:
    """`("period", 3, "nature")` as `period[3].nature`."""
    text = ""
    for part in where:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


def read_source(path: Path) -> Source:
    """Read a case file. Raises CaseError (one problem) where it is not plain, small, single-document YAML."""
    name = str(path)
    try:
        with path.open("rb") as handle:
            raw = handle.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise CaseError([Problem(name, 0, 0, "", "there is no such file")]) from None
    except OSError as error:
        raise CaseError([Problem(name, 0, 0, "", f"cannot be read: {error.strerror}")]) from None
    return source_from_bytes(raw, path=name)


def source_from_bytes(raw: bytes, *, path: str = "case.yaml") -> Source:
    """The same from bytes in memory; `path` is what problems print."""
    if len(raw) > MAX_BYTES:
        raise CaseError([Problem(path, 0, 0, "", f"the file is larger than {MAX_BYTES:,} bytes")])
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = raw[: error.start]
        line = before.count(b"\n") + 1
        column = error.start - (before.rfind(b"\n") + 1) + 1
        raise CaseError([Problem(path, line, column, "", "the file is not UTF-8 text")]) from None
    lines = tuple(_LINE_END.split(text))
    try:
        return _Reader(path, lines).read(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        message = str(error.problem or error.context or "this is not YAML")
        source = lines[line - 1] if 0 < line <= len(lines) else ""
        raise CaseError([Problem(path, line, column, "", f"not YAML: {message}", "", source)]) from None
    except YAMLError as error:
        first = str(error).splitlines()[0] if str(error) else "this is not YAML"
        raise CaseError([Problem(path, 0, 0, "", f"not YAML: {first}")]) from None
    except (ValueError, OverflowError) as error:
        if isinstance(error, CaseError):
            raise
        # Escapes such as "\Uffffffff" make the scanner fail with a plain ValueError.
        raise CaseError([Problem(path, 0, 0, "", f"not YAML: {error}")]) from None


@dataclass(slots=True)
class _Node:
    """A YAML node: `children` alternate key, value in a mapping; `size`, `height` count aliases in full."""

    kind: str
    mark: Mark
    value: str = ""
    children: list[_Node] = field(default_factory=list)
    size: int = 1
    height: int = 1
    open: bool = True


class _Reader:
    """Builds the tree from events, checking caps and refusing what a case does not need."""

    def __init__(self, path: str, lines: tuple[str, ...]) -> None:
        self.path = path
        self.lines = lines
        self.anchors: dict[str, _Node] = {}
        self.nodes = 0

    def refuse(self, mark: Mark, message: str, hint: str = "") -> CaseError:
        source = self.lines[mark.line - 1] if 0 < mark.line <= len(self.lines) else ""
        return CaseError([Problem(self.path, mark.line, mark.column, "", message, hint, source)])

    def read(self, text: str) -> Source:
        root = self.tree(YAML(typ="safe", pure=True).parse(text))
        if root is None or (root.kind == "scalar" and not root.value.strip()):
            raise self.refuse(Mark(1, 1), "the file is empty", "a case starts with `case: its-name`")
        if root.kind != "mapping":
            raise self.refuse(root.mark, "a case file is a mapping of names, such as `title: …`")
        values: dict[Where, Mark] = {}
        keys: dict[Where, Mark] = {}
        data = self.plain(root, values, keys)
        return Source(self.path, self.lines, data, values, keys)

    def tree(self, events: Iterator[Any]) -> _Node | None:
        root: _Node | None = None
        documents = 0
        stack: list[_Node] = []
        for event in events:
            mark = _mark(event)
            if isinstance(event, e.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise self.refuse(mark, "the file holds several documents", "a case file holds one")
                if event.tags:
                    raise self.refuse(mark, "%TAG directives are refused: a case is plain text")
            elif isinstance(event, (e.ScalarEvent, e.SequenceStartEvent, e.MappingStartEvent)):
                if event.tag is not None and str(event.tag) != "None":
                    raise self.refuse(mark, f"tag {event.tag} is refused: a case is plain text")
                node = self.node(event, mark)
                self.attach(node, stack)
                root = root or node
                if node.kind != "scalar":
                    stack.append(node)
            elif isinstance(event, e.AliasEvent):
                self.attach(self.alias(event, mark), stack)
            elif isinstance(event, (e.SequenceEndEvent, e.MappingEndEvent)):
                done = stack.pop()
                done.open = False
                if stack:
                    stack[-1].size += done.size
                    stack[-1].height = max(stack[-1].height, done.height + 1)
                    self.cap(done.mark, stack)
        return root

    def node(self, event: Any, mark: Mark) -> _Node:
        kind = {e.ScalarEvent: "scalar", e.SequenceStartEvent: "sequence"}.get(type(event), "mapping")
        if kind == "scalar" and _CONTROL.search(event.value):
            raise self.refuse(mark, "the text holds a control character")
        node = _Node(kind, mark, value=event.value if kind == "scalar" else "", open=kind != "scalar")
        if event.anchor is not None:
            if event.anchor in self.anchors:
                raise self.refuse(mark, f"anchor &{event.anchor} is defined twice")
            if len(self.anchors) >= MAX_ANCHORS:
                raise self.refuse(mark, f"the file has more than {MAX_ANCHORS} anchors")
            self.anchors[event.anchor] = node
        return node

    def alias(self, event: Any, mark: Mark) -> _Node:
        target = self.anchors.get(event.anchor)
        if target is None:
            raise self.refuse(mark, f"alias *{event.anchor} stands before its anchor, or has none")
        if target.open:
            raise self.refuse(mark, f"alias *{event.anchor} stands inside what it repeats")
        return target

    def attach(self, node: _Node, stack: list[_Node]) -> None:
        self.nodes += node.size
        if self.nodes > MAX_NODES:
            raise self.refuse(
                node.mark, f"the file holds more than {MAX_NODES:,} values, aliases counted in full"
            )
        if len(stack) + node.height > MAX_DEPTH:
            raise self.refuse(node.mark, f"the file is nested deeper than {MAX_DEPTH}")
        if not stack:
            return
        parent = stack[-1]
        if parent.kind == "mapping" and len(parent.children) % 2 == 0:
            if node.kind != "scalar":
                raise self.refuse(node.mark, "a key must be one word of text")
            if node.value == "<<":
                raise self.refuse(node.mark, "merge keys (<<) are refused: write the keys out")
        parent.children.append(node)
        if not node.open:
            parent.size += node.size
            parent.height = max(parent.height, node.height + 1)

    def cap(self, mark: Mark, stack: list[_Node]) -> None:
        if len(stack) - 1 + stack[-1].height > MAX_DEPTH:
            raise self.refuse(mark, f"the file is nested deeper than {MAX_DEPTH}")

    def plain(self, root: _Node, values: dict[Where, Mark], keys: dict[Where, Mark]) -> dict[str, Any]:
        """The tree as dicts, lists and strings (bounded by the caps on nodes and depth), marks filled in."""
        repeated: list[Problem] = []

        def build(node: _Node, where: Where) -> Any:
            values[where] = node.mark
            if node.kind == "scalar":
                return node.value
            if node.kind == "sequence":
                return [build(child, (*where, number)) for number, child in enumerate(node.children)]
            found: dict[str, Any] = {}
            for key, value in zip(node.children[::2], node.children[1::2], strict=True):
                here = (*where, key.value)
                if key.value in found:
                    repeated.extend(
                        self.refuse(key.mark, f"key {key.value!r} is written twice",
                                    f"first on line {keys[here].line}").problems
                    )  # fmt: skip
                    continue
                keys[here] = key.mark
                found[key.value] = build(value, here)
            return found

        data = build(root, ())
        if repeated:
            raise CaseError(repeated)
        assert isinstance(data, dict)
        return data


def _mark(event: Any) -> Mark:
    start = event.start_mark
    style = event.style or "" if isinstance(event, e.ScalarEvent) else ""
    # The mark of an anchored scalar is that of its anchor.
    style = "&" if getattr(event, "anchor", None) else style
    return Mark(start.line + 1, start.column + 1, style)
