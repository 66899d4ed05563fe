"""What all checks share: the case with its marks, its names, and a list of what is wrong."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

from tightrope.case import syntax as s
from tightrope.case.errors import Problem, near_or_list
from tightrope.case.evaluate import Entries, Point
from tightrope.case.load import CaseFolder
from tightrope.case.marks import Where
from tightrope.case.mentions import MAX_EXPANDED_HEIGHT, Mention, Mentions, mentions_of
from tightrope.case.parse import Expression
from tightrope.case.resolve import Scope, levels_of, resolve_all
from tightrope.case.tables import table_entries, table_faults

MAX_POINTS = 2_000_000
MAX_TRIED = 20_000
MAX_PROBLEMS = 1_000
_MOST_EVALUATED = 5_000_000


class TooManyProblems(Exception):
    """Raised once a case has MAX_PROBLEMS of them; `check_case` then stops looking."""


class Checker:
    """Collects problems of one case. Raises nothing but TooManyProblems on a case whose form is sound."""

    def __init__(self, folder: CaseFolder) -> None:
        self.folder = folder
        self.case = folder.case
        self.source = folder.marks
        self.levels: dict[str, tuple[str, ...]] = levels_of(folder.case)
        self.scope = Scope.of(folder.case)
        self.mentions: Mentions = mentions_of(folder.case, self.scope)
        self.problems: list[Problem] = []
        self.budget = _MOST_EVALUATED

    def say(
        self, where: Where, message: str, hint: str = "", *, key: bool = False, character: int | None = None
    ) -> None:
        """Note a problem at a place of the case file."""
        self.problems.append(self.source.problem(where, message, hint, key=key, character=character))
        if len(self.problems) >= MAX_PROBLEMS:
            raise TooManyProblems

    def known(self, where: Where, name: str, names: Iterable[str], what: str, *, key: bool = False) -> bool:
        """Whether `name` is one of `names`; if not, say that it is no `what`, with a near match."""
        listed = list(names)
        if name in listed:
            return True
        self.say(where, f"{name!r} is not {what}", near_or_list(name, listed), key=key)
        return False

    def level(self, where: Where, variable: str, level: str, *, key: bool = False) -> bool:
        """Whether a state or move has this level; if not, say so."""
        levels = self.levels[variable]
        if level in levels:
            return True
        message = f"{variable} has no level {level!r}"
        self.say(where, message, near_or_list(level, levels), key=key)
        return False

    def resolved(
        self, where: Where, expression: Expression, scope: Scope | None = None
    ) -> tuple[s.Node, Mention] | None:
        """An expression resolved and what it depends on; None, every fault noted, if it is not sound."""
        node, faults = resolve_all(expression.node, scope or self.scope)
        for fault in faults:
            self.say(where, fault.message, fault.hint, character=fault.column)
        mention = self.mentions.of(node) if not faults else None
        if mention is None:
            return None  # a definition that it uses is faulty, which is said at that definition
        if mention.height > MAX_EXPANDED_HEIGHT:
            self.say(
                where,
                f"with its definitions written out, {mention.height} operations hang on each other; "
                f"at most {MAX_EXPANDED_HEIGHT} may",
            )
            return None
        points = math.prod(len(self.levels.get(name, (0, 1))) for name in mention.variables)
        if points > MAX_POINTS:
            names = ", ".join(sorted(mention.variables))
            self.say(
                where,
                f"the expression varies over {points:,} points ({names}); at most {MAX_POINTS:,} are allowed",
            )
            return None
        return node, mention

    def quiet(self, expression: Expression) -> s.Node | None:
        """An expression resolved, or None if it is not sound; nothing is noted."""
        node, faults = resolve_all(expression.node, self.scope)
        return None if faults or self.mentions.of(node) is None else node

    def character_of(self, expression: Expression, variable: str, scope: Scope | None = None) -> int | None:
        """Where in the text of an expression the first name stands that depends on a variable."""
        for part in s.walk(expression.node):
            if isinstance(part, s.Name):
                node, faults = resolve_all(part, scope or self.scope)
                mention = None if faults else self.mentions.of(node)
                if mention is not None and variable in mention.variables:
                    return part.column
        return None

    @cached_property
    def sound_tables(self) -> Mapping[str, tuple[tuple[str, ...], Entries]]:
        """Tables without faults, with their entries."""
        return {
            name: (table.by, table_entries(table, self.levels))
            for name, table in self.case.tables.items()
            if not table_faults(table, self.levels)
        }

    def points(self, mentions: Iterable[Mention | None], *always: str) -> Iterator[Point]:
        """Every point over the variables mentioned; none if a parameter is involved or they are too many."""
        names = set(always)
        size = 0
        for mention in mentions:
            if mention is None or mention.parameters:
                return
            names |= mention.variables
            size += mention.size
        ordered = [name for name in self.levels if name in names]
        count = math.prod(len(self.levels[name]) for name in ordered)
        # A budget over the whole case, so that many long conditions cannot add up to minutes.
        if count > MAX_TRIED or count * size > self.budget:
            return
        self.budget -= count * size
        for indices in itertools.product(*(range(len(self.levels[name])) for name in ordered)):
            yield Point(
                dict(zip(ordered, indices, strict=True)), {}, self.sound_tables, self.mentions.defines
            )

    def described(self, point: Point) -> str:
        """A point in words: `regime is crisis, west is open`."""
        parts = [f"{name} is {self.levels[name][index]}" for name, index in point.variables.items()]
        return ", ".join(parts) or "always"
