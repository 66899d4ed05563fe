"""What each expression of a case depends on, definitions and tables expanded.

Definitions are resolved once, in an order in which none comes before what it
uses; those that turn in a circle or hang too deep on each other are set aside
and named, so that nobody who walks an expression later can get lost in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tightrope.case import syntax as s
from tightrope.case.parse import ExpressionError
from tightrope.case.resolve import Scope, resolve_all
from tightrope.case.schema import Case

MAX_EXPANDED_HEIGHT = 150


@dataclass(frozen=True, slots=True)
class Mention:
    """The variables and parameters an expression depends on, and its height with definitions expanded."""

    variables: frozenset[str]
    parameters: frozenset[str]
    height: int


@dataclass(frozen=True)
class Mentions:
    """The definitions of a case, resolved.

    defines   name -> resolved node, only of sound definitions
    known     name -> what it depends on, only of sound definitions
    faults    name -> names that do not resolve
    circles   name -> the circle of definitions that it is part of
    deep      name -> height, where it exceeds MAX_EXPANDED_HEIGHT
    """

    scope: Scope
    tables: Mapping[str, tuple[str, ...]]
    defines: dict[str, s.Node] = field(default_factory=dict)
    known: dict[str, Mention] = field(default_factory=dict)
    faults: dict[str, list[ExpressionError]] = field(default_factory=dict)
    circles: dict[str, tuple[str, ...]] = field(default_factory=dict)
    deep: dict[str, int] = field(default_factory=dict)

    def of(self, node: s.Node) -> Mention | None:
        """What a resolved node depends on; None if a definition that it uses is not sound."""
        variables: set[str] = set()
        parameters: set[str] = set()
        tallest = 0
        waiting = [(node, 1)]
        while waiting:
            here, level = waiting.pop()
            tallest = max(tallest, level)
            match here:
                case s.Variable(name):
                    variables.add(name)
                case s.Parameter(name):
                    parameters.add(name)
                case s.TableValue(name):
                    variables.update(self.tables.get(name, ()))
                case s.Defined(name):
                    if name not in self.known:
                        return None
                    inner = self.known[name]
                    variables |= inner.variables
                    parameters |= inner.parameters
                    tallest = max(tallest, level + inner.height)
                case s.Name():
                    return None
                case _:
                    waiting.extend((child, level + 1) for child in s.children(here))
        return Mention(frozenset(variables), frozenset(parameters), tallest)


def mentions_of(case: Case, scope: Scope) -> Mentions:
    """Resolve a case's definitions and find what each depends on. Never raises."""
    found = Mentions(scope, {name: table.by for name, table in case.tables.items()})
    uses: dict[str, set[str]] = {}
    nodes: dict[str, s.Node] = {}
    for name, expression in case.define.items():
        node, faults = resolve_all(expression.node, scope)
        if faults:
            found.faults[name] = faults
        nodes[name] = node
        uses[name] = {part.name for part in s.walk(node) if isinstance(part, s.Defined)}
    waiting = dict(uses)
    while waiting:
        ready = [name for name, others in waiting.items() if not others & waiting.keys()]
        if not ready:
            break
        for name in ready:
            del waiting[name]
            if name in found.faults:
                continue
            mention = found.of(nodes[name])
            if mention is None:
                continue
            if mention.height > MAX_EXPANDED_HEIGHT:
                found.deep[name] = mention.height
                continue
            found.defines[name] = nodes[name]
            found.known[name] = mention
    for name in waiting:
        circle = _circle(name, waiting)
        if circle:
            found.circles[name] = circle
    return found


def _circle(start: str, uses: Mapping[str, set[str]]) -> tuple[str, ...]:
    """The shortest way from a definition back to itself, or nothing."""
    before: dict[str, str] = {}
    rank = [start]
    while rank:
        following: list[str] = []
        for name in rank:
            for other in sorted(uses[name] & uses.keys()):
                if other == start:
                    path = [name]
                    while path[-1] != start:
                        path.append(before[path[-1]])
                    return (*reversed(path), start)
                if other not in before:
                    before[other] = name
                    following.append(other)
        rank = following
    return ()
