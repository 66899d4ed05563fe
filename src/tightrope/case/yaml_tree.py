"""YAML from its stream of events, with caps met as the events arrive.

No object is ever built from the file, so every scalar stays the text that was
written and nothing in it can name a type. Nothing recurses deeper than MAX_DEPTH.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml import events as e

from tightrope.case.errors import CaseError, Problem
from tightrope.case.marks import Mark, Source, Where

MAX_DEPTH = 30
MAX_NODES = 50_000
MAX_ANCHORS = 50

_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


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


class Reader:
    """Builds a source from YAML text; refuses by name what a case does not need. Raises CaseError."""

    def __init__(self, path: str, lines: tuple[str, ...]) -> None:
        self.path = path
        self.lines = lines
        self.anchors: dict[str, _Node] = {}
        self.nodes = 0

    def _refuse(self, mark: Mark, message: str, hint: str = "") -> CaseError:
        source = self.lines[mark.line - 1] if 0 < mark.line <= len(self.lines) else ""
        return CaseError([Problem(self.path, mark.line, mark.column, "", message, hint, source)])

    def read(self, text: str) -> Source:
        """The source that a text describes."""
        root = self._tree(YAML(typ="safe", pure=True).parse(text))
        if root is None or (root.kind == "scalar" and not root.value.strip()):
            raise self._refuse(Mark(1, 1), "the file is empty", "a case starts with `case: its-name`")
        if root.kind != "mapping":
            raise self._refuse(root.mark, "a case file is a mapping of names, such as `title: …`")
        values: dict[Where, Mark] = {}
        keys: dict[Where, Mark] = {}
        data = self._plain(root, values, keys)
        return Source(self.path, self.lines, data, values, keys)

    def _tree(self, events: Iterator[Any]) -> _Node | None:
        root: _Node | None = None
        documents = 0
        stack: list[_Node] = []
        for event in events:
            mark = _mark(event)
            if isinstance(event, e.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise self._refuse(mark, "the file holds several documents", "a case file holds one")
                if event.tags:
                    raise self._refuse(mark, "%TAG directives are refused: a case is plain text")
            elif isinstance(event, (e.ScalarEvent, e.SequenceStartEvent, e.MappingStartEvent)):
                if event.tag is not None and str(event.tag) != "None":
                    raise self._refuse(mark, f"tag {event.tag} is refused: a case is plain text")
                node = self._node(event, mark)
                self._attach(node, stack)
                root = root or node
                if node.kind != "scalar":
                    stack.append(node)
            elif isinstance(event, e.AliasEvent):
                self._attach(self._alias(event, mark), stack)
            elif isinstance(event, (e.SequenceEndEvent, e.MappingEndEvent)):
                done = stack.pop()
                done.open = False
                if stack:
                    stack[-1].size += done.size
                    stack[-1].height = max(stack[-1].height, done.height + 1)
                    self._cap(done.mark, stack)
        return root

    def _node(self, event: Any, mark: Mark) -> _Node:
        kind = {e.ScalarEvent: "scalar", e.SequenceStartEvent: "sequence"}.get(type(event), "mapping")
        if kind == "scalar" and _CONTROL.search(event.value):
            raise self._refuse(mark, "the text holds a control character")
        node = _Node(kind, mark, value=event.value if kind == "scalar" else "", open=kind != "scalar")
        if event.anchor is not None:
            if event.anchor in self.anchors:
                raise self._refuse(mark, f"anchor &{event.anchor} is defined twice")
            if len(self.anchors) >= MAX_ANCHORS:
                raise self._refuse(mark, f"the file has more than {MAX_ANCHORS} anchors")
            self.anchors[event.anchor] = node
        return node

    def _alias(self, event: Any, mark: Mark) -> _Node:
        target = self.anchors.get(event.anchor)
        if target is None:
            raise self._refuse(mark, f"alias *{event.anchor} stands before its anchor, or has none")
        if target.open:
            raise self._refuse(mark, f"alias *{event.anchor} stands inside what it repeats")
        return target

    def _attach(self, node: _Node, stack: list[_Node]) -> None:
        self.nodes += node.size
        if self.nodes > MAX_NODES:
            raise self._refuse(
                node.mark, f"the file holds more than {MAX_NODES:,} values, aliases counted in full"
            )
        if len(stack) + node.height > MAX_DEPTH:
            raise self._refuse(node.mark, f"the file is nested deeper than {MAX_DEPTH}")
        if not stack:
            return
        parent = stack[-1]
        if parent.kind == "mapping" and len(parent.children) % 2 == 0:
            if node.kind != "scalar":
                raise self._refuse(node.mark, "a key must be one word of text")
            if node.value == "<<":
                raise self._refuse(node.mark, "merge keys (<<) are refused: write the keys out")
        parent.children.append(node)
        if not node.open:
            parent.size += node.size
            parent.height = max(parent.height, node.height + 1)

    def _cap(self, mark: Mark, stack: list[_Node]) -> None:
        if len(stack) - 1 + stack[-1].height > MAX_DEPTH:
            raise self._refuse(mark, f"the file is nested deeper than {MAX_DEPTH}")

    def _plain(self, root: _Node, values: dict[Where, Mark], keys: dict[Where, Mark]) -> dict[str, Any]:
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
                        self._refuse(key.mark, f"key {key.value!r} is written twice",
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
