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
from tightrope.case.resolve import MOST_FAULTS, Scope, resolve_all
from tightrope.case.schema import Case

MAX_EXPANDED_HEIGHT = 150
_MOST_CIRCLES = 20
_MANY_FAULTS = 200


@dataclass(frozen=True, slots=True)
class Mention:
    """What an expression depends on; its height and its number of parts with definitions written out."""

    variables: frozenset[str]
    parameters: frozenset[str]
    height: int
    size: int = 1


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
        tallest = size = 0
        waiting = [(node, 1)]
        while waiting:
            here, level = waiting.pop()
            tallest = max(tallest, level)
            size += 1
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
                    size += inner.size
                case s.Name():
                    return None
                case _:
                    waiting.extend((child, level + 1) for child in s.children(here))
        return Mention(frozenset(variables), frozenset(parameters), tallest, size)


def mentions_of(case: Case, scope: Scope) -> Mentions:
    """Resolve a case's definitions and find what each depends on. Never raises."""
    found = Mentions(scope, {name: table.by for name, table in case.tables.items()})
    nodes: dict[str, s.Node] = {}
    users: dict[str, list[str]] = {name: [] for name in case.define}
    uses: dict[str, set[str]] = {}
    for name, expression in case.define.items():
        # Near matches cost time; a case with so many faults gets one for each definition.
        few = sum(map(len, found.faults.values())) < _MANY_FAULTS
        nodes[name], faults = resolve_all(expression.node, scope, most=MOST_FAULTS if few else 1)
        if faults:
            found.faults[name] = faults
        uses[name] = {part.name for part in s.walk(nodes[name]) if isinstance(part, s.Defined)}
        for other in uses[name]:
            users[other].append(name)
    # Kahn's order: a definition comes up once all that it uses have.
    open_uses = {name: len(others) for name, others in uses.items()}
    ready = [name for name, count in open_uses.items() if count == 0]
    for name in ready:
        _settle(found, name, nodes[name])
        for user in users[name]:
            open_uses[user] -= 1
            if open_uses[user] == 0:
                ready.append(user)
    waiting = {name: uses[name] for name, count in open_uses.items() if count > 0}
    for name in waiting:
        circle = _circle(name, waiting)
        if circle:
            found.circles[name] = circle
        if len(found.circles) >= _MOST_CIRCLES:
            break
    return found


def _settle(found: Mentions, name: str, node: s.Node) -> None:
    """Note what a definition depends on, if it and all that it uses are sound."""
    mention = found.of(node) if name not in found.faults else None
    if mention is None:
        return
    if mention.height > MAX_EXPANDED_HEIGHT:
        found.deep[name] = mention.height
        return
    found.defines[name] = node
    found.known[name] = mention


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
