"""The form of a law of nature: what it can do, and what it cannot tell apart, whatever the parameters.

A sweep need not add up levels that a law never leads to, nor carry two actions apart where the laws to come
treat them alike. Both are read off a law's expressions once, by working out as much of each as an action
alone decides.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache

import numpy as np

from tightrope.case import syntax as s
from tightrope.case.parse import Expression
from tightrope.case.schema import Law, Link
from tightrope.game.compile import Game
from tightrope.game.named import Form
from tightrope.game.plan import WORLD, Change


@lru_cache(maxsize=64)
def forms(game: Game) -> dict[tuple[int, str], Form]:
    """(step, view) -> the form of nature's law there; the world's view is among them."""
    return {
        (number, view): form_of(game, law, step.variable) if game.arranged else Form()
        for number, step in enumerate(game.plan.steps)
        if isinstance(step, Change)
        for view, law in {WORLD: step.law, **step.views}.items()
    }


@lru_cache(maxsize=64)
def one_way(game: Game) -> dict[str, int]:
    """Variables that in every view only rise (1) or only fall (-1), by the form of their laws."""
    masks: dict[str, list[np.ndarray]] = {name: [] for name in game.states}
    for step in game.plan.steps:
        if isinstance(step, Change):
            masks[step.variable] += [
                reach(game, law, step.variable) for law in (step.law, *step.views.values())
            ]
    up = {name for name, seen in masks.items() if not any(np.tril(mask, -1).any() for mask in seen)}
    down = {name for name, seen in masks.items() if not any(np.triu(mask, 1).any() for mask in seen)}
    return {name: 1 for name in game.states if name in up} | dict.fromkeys(down - up, -1)


def form_of(game: Game, law: Law, variable: str) -> Form:
    """The form of a law that changes a variable."""
    reached = reach(game, law, variable)
    allowed = tuple(tuple(int(k) for k in np.flatnonzero(row)) for row in reached)
    nodes = [game.node(expression) for expression in law_expressions(law)]
    return Form(
        None if reached.all() else allowed,
        tuple((move, alike) for move in game.moves if (alike := _alike(game, nodes, move)) is not None),
    )


def reach(game: Game, law: Law, variable: str) -> np.ndarray:
    """(levels, levels) whether the law may lead from one level to another."""
    levels = game.levels[variable]
    size = len(levels)
    found = np.zeros((size, size), dtype=bool)
    shifts = {"down": -1, "stay": 0, "up": 1}
    if law.steps is not None:
        ways = {"stay": True, "down": law.steps.down is not None, "up": law.steps.up is not None}
        for way, there in ways.items():
            if there:
                found |= np.eye(size, k=shifts[way], dtype=bool)
        return found
    for key, weight in (law.weights or {}).items():
        if weight.node == s.Number(0.0):
            continue
        if key in shifts and key not in levels:
            found |= np.eye(size, k=shifts[key], dtype=bool)
        else:
            found[:, levels.index(key)] = True
    if law.set is not None:
        found |= np.eye(size, dtype=bool)
        for setting in law.set:
            found[:, levels.index(setting.to)] = True
    return found


def law_expressions(law: Law) -> Iterator[Expression]:
    """Every expression of a law, of a change or of an exit."""

    def link(x: Link | None) -> Iterator[Expression]:
        if x is not None:
            yield from (e for e in (x.logit, x.hazard, x.prob) if e is not None)

    if law.steps is not None:
        yield from link(law.steps.down)
        yield from link(law.steps.up)
    yield from (law.weights or {}).values()
    yield from (setting.when for setting in law.set or ())
    yield from link(law.exit)
    yield from (law.to or {}).values()


def _alike(game: Game, nodes: list[s.Node], move: str) -> tuple[int, ...] | None:
    """Action -> class, numbered in order of first action; None where no two actions are alike."""
    seen: dict[object, int] = {}
    count = len(game.levels[move])
    classes = [
        seen.setdefault(tuple(_given(game, node, move, float(action), {}) for node in nodes), len(seen))
        for action in range(count)
    ]
    return tuple(classes) if len(seen) < count else None


def _given(game: Game, node: s.Node, move: str, action: float, known: dict[str, s.Node]) -> s.Node:
    """What is left of a resolved node once a move's action is known."""

    def go(x: s.Node) -> s.Node:
        return _given(game, x, move, action, known)

    match node:
        case s.Variable(name):
            return s.Number(action) if name == move else node
        case s.Defined(name):
            if name not in known:
                known[name] = go(game.defines[name])
            return known[name]
        case s.TableValue(name):
            data, axes = game.tables[name]
            if move in axes:
                data = np.take(data, int(action), axis=axes.index(move))
                axes = tuple(axis for axis in axes if axis != move)
            entries = tuple(data.ravel().tolist())
            # Of a table only the rest counts: its name here spells it out.
            return s.Name(repr((axes, entries))) if axes else s.Number(entries[0])
        case s.Negate(operand):
            return _folded(replace(node, operand=go(operand)))
        case s.Not(operand):
            return _folded(replace(node, operand=go(operand)))
        case s.Binary(_, left, right) | s.Compare(_, left, right):
            return _folded(replace(node, left=go(left), right=go(right)))
        case s.Logic(_, operands):
            return _folded(replace(node, operands=tuple(go(x) for x in operands)))
        case s.Call(_, arguments):
            return _folded(replace(node, arguments=tuple(go(x) for x in arguments)))
        case _:
            return node


def _number(x: object) -> float | None:
    return x.value if isinstance(x, s.Number) else None


def _folded(node: s.Node) -> s.Node:
    """A node whose operands are worked out, itself worked out where they decide it."""
    match node:
        case s.Negate(s.Number(value)):
            return s.Number(-value)
        case s.Not(s.Number(value)):
            return s.Number(float(value == 0))
        case s.Compare(operator, s.Number(a), s.Number(b)):
            return s.Number(float(_COMPARE[operator](a, b)))
        case s.Binary(operator, left, right):
            return _arithmetic(node, operator, left, right)
        case s.Logic("and", operands) if any(_number(x) == 0 for x in operands):
            return s.Number(0.0)
        case s.Logic("or", operands) if any(_number(x) not in (None, 0.0) for x in operands):
            return s.Number(1.0)
        case s.Logic(operator, operands):
            # What cannot decide it any more, a true part of `and` or a false one of `or`, goes.
            rest = tuple(x for x in operands if _number(x) is None)
            return s.Logic(operator, rest) if rest else s.Number(float(operator == "and"))
        case s.Call("where", (s.Number(test), yes, no)):
            return yes if test != 0 else no
    return node


_COMPARE = {
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


def _arithmetic(node: s.Binary, operator: str, left: s.Node, right: s.Node) -> s.Node:
    a, b = _number(left), _number(right)
    if operator == "*" and (a == 0 or b == 0):
        return s.Number(0.0)
    if operator == "*" and a == 1:
        return right
    if operator in ("*", "/") and b == 1:
        return left
    if operator == "+" and a == 0:
        return right
    if operator in ("+", "-") and b == 0:
        return left
    if a is not None and b is not None:
        match operator:
            case "+":
                return s.Number(a + b)
            case "-":
                return s.Number(a - b)
            case "*":
                return s.Number(a * b)
            case "/" if b != 0 and math.isfinite(a / b):
                return s.Number(a / b)
    return node
