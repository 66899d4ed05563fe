"""Plain data with marks: where each value and each key of a case file stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tightrope.case.errors import Problem

Where = tuple[str | int, ...]


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
        elif not key and self.mark(where, key=True).line < line:
            # A mapping or list on lines of its own is named by its key, one line above.
            line, column = self.mark(where, key=True).line, self.mark(where, key=True).column
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
