"""Conditions on states and terminals, as `reaches` has them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tightrope.case import syntax as s
from tightrope.case.evaluate import Point, value_of
from tightrope.case.parse import Expression
from tightrope.case.resolve import Scope, resolve
from tightrope.game.compile import Game


def is_about(expression: Expression, game: Game) -> s.Node:
    """The condition resolved, a terminal's name standing for `has been entered`; definitions written out."""
    scope = Scope.of(game.case, extra=dict.fromkeys(game.terminals, ("no", "yes")))
    node = resolve(expression.node, scope)

    def written_out(here: s.Node) -> s.Node:
        return rebuilt(game.defines[here.name], written_out) if isinstance(here, s.Defined) else here

    return rebuilt(node, written_out)


def while_live(node: s.Node, game: Game) -> s.Node:
    """The condition while the game goes on: no terminal has been entered."""

    def out(here: s.Node) -> s.Node:
        return s.Number(0.0) if isinstance(here, s.Variable) and here.name in game.terminals else here

    return rebuilt(node, out)


def at_terminal(node: s.Node, terminal: str, game: Game, theta: np.ndarray) -> float:
    """Whether the condition holds once a terminal has been entered, 1 or 0.

    States count as the terminal declares (`counts_as`); a state it does not declare has no level there, and
    a comparison with it is false.
    """
    counts = game.case.terminals[terminal].counts_as
    known = {name: game.levels[name].index(level) for name, level in counts.items() if name in game.states}
    names = known | {other: int(other == terminal) for other in game.terminals}

    def out(here: s.Node) -> s.Node:
        if isinstance(here, s.Compare | s.TableValue):
            parts = list(s.walk(here))
            bare = {part.name for part in parts if isinstance(part, s.Variable)} - names.keys()
            for part in parts:
                if isinstance(part, s.TableValue):
                    bare |= set(game.case.tables[part.name].by) - names.keys()
            if bare:
                return s.Number(0.0)
        return s.Number(0.0) if isinstance(here, s.Variable) and here.name not in names else here

    parameters = dict(zip(game.parameters, (float(x) for x in theta), strict=True))
    tables = {name: (axes, dict(np.ndenumerate(data))) for name, (data, axes) in game.tables.items()}
    point = Point(variables=names, parameters=parameters, tables=tables)
    return float(value_of(rebuilt(node, out, first=True), point) != 0)


def rebuilt(node: s.Node, change: Callable[[s.Node], s.Node], *, first: bool = False) -> s.Node:
    """A tree with `change` applied to every node, to the parts before the whole (or the whole `first`)."""
    if first:
        changed = change(node)
        if changed is not node:
            return changed

    def go(part: s.Node) -> s.Node:
        return rebuilt(part, change, first=first)

    match node:
        case s.Negate(operand):
            node = s.Negate(go(operand))
        case s.Not(operand):
            node = s.Not(go(operand))
        case s.Binary(operator, left, right):
            node = s.Binary(operator, go(left), go(right))
        case s.Compare(relation, left, right):
            node = s.Compare(relation, go(left), go(right))
        case s.Logic(word, operands):
            node = s.Logic(word, tuple(go(operand) for operand in operands))
        case s.Call(function, arguments):
            node = s.Call(function, tuple(go(argument) for argument in arguments))
    return node if first else change(node)
