"""What is wrong with a case, said so that it can be mended: where, what, and what may have been meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_WIDTH = 100
_MOST_COMPARED = 100


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a case.

    path     file, as it should be printed
    line     counted from 1; 0 if no line can be named
    column   counted from 1; 0 if no column can be named
    where    dotted path inside the file, such as `states.regime.levels`
    message  what is wrong
    hint     what may have been meant, or what to write instead
    source   the line of the file, for the caret
    """

    path: str
    line: int
    column: int
    where: str
    message: str
    hint: str = ""
    source: str = ""

    @property
    def place(self) -> str:
        """`file:line:col`, as editors follow it."""
        parts = [self.path, *(str(number) for number in (self.line, self.column) if number)]
        return ":".join(parts)

    def format(self) -> str:
        """`file:line:col: path: message`, then the source line, a caret and the hint."""
        where = f"{_printable(self.where)}: " if self.where else ""
        lines = [f"{self.place}: {where}{_printable(self.message)}"]
        if self.source.strip():
            lines += _excerpt(self.source, self.column)
        if self.hint:
            lines.append(f"    {_printable(self.hint)}")
        return "\n".join(lines)

    def __str__(self) -> str:
        return self.format()


class CaseError(ValueError):
    """A case that cannot be used. `problems` holds everything found, in the order of the files' lines."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(sorted_problems(problems))
        super().__init__(format_problems(self.problems))


def sorted_problems(problems: Iterable[Problem]) -> list[Problem]:
    """Problems by file (in order of first mention), line and column, each once."""
    unique = list(dict.fromkeys(problems))
    files = {path: rank for rank, path in enumerate(dict.fromkeys(problem.path for problem in unique))}
    return sorted(unique, key=lambda problem: (files[problem.path], problem.line, problem.column))


def format_problems(problems: Sequence[Problem]) -> str:
    """All problems as text, with a last line that counts them."""
    count = f"{len(problems)} problem{'' if len(problems) == 1 else 's'}"
    return "\n".join([*(problem.format() for problem in problems), count])


def did_you_mean(word: str, known: Iterable[str], *, cutoff: float = 0.6) -> str:
    """`did you mean X?` for the nearest known word, or an empty string."""
    names = list(known)
    if len(names) > _MOST_COMPARED:
        names = sorted(names, key=lambda name: abs(len(name) - len(word)))[:_MOST_COMPARED]
    near = difflib.get_close_matches(word[:64], names, 1, cutoff)
    return f"did you mean {near[0]}?" if near else ""


def near_or_list(word: str, known: Iterable[str]) -> str:
    """`did you mean X?`, or the list of what there is if nothing is near and the list is short."""
    names = list(known)
    if near := did_you_mean(word, names):
        return near
    if not names:
        return "there are none"
    shown = ", ".join(names[:12])
    return f"there are {shown}{', …' if len(names) > 12 else ''}" if len(names) > 1 else f"there is {shown}"


def _printable(text: str) -> str:
    """Text without characters that could disturb a terminal."""
    return "".join(character if character.isprintable() else "·" for character in text)


def _excerpt(source: str, column: int) -> list[str]:
    """The source line, cut around the column, and a caret under it."""
    text = _printable(source.replace("\t", " ").rstrip())
    at = max(column - 1, 0)
    first = max(0, at - _WIDTH // 2) if len(text) > _WIDTH else 0
    shown = text[first : first + _WIDTH]
    before = "…" if first else ""
    after = "…" if first + _WIDTH < len(text) else ""
    lines = [f"    {before}{shown}{after}"]
    if column:
        lines.append("    " + " " * (len(before) + min(at - first, len(shown))) + "^")
    return lines
