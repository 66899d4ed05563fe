"""Does a claim hold, and by how much: checks on the values of quantities.

A check is a comparison, or comparisons joined by `and`, `or`, `not`. Its margin is how far the values
stand from the other side: for `a > b` it is a - b, for `and` the smallest margin of the parts, for `or`
the largest, for `not` the negative. Values that differ by less than `TIE` are equal, so that a mechanism
which is switched off is not seen at work in rounding. A part with an undefined value is undefined, and so
is the whole unless the other parts settle it (Kleene 1952).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from tightrope.argument.quantities import Measured
from tightrope.case import syntax as s
from tightrope.case.evaluate import Point, value_of
from tightrope.case.parse import Expression
from tightrope.case.resolve import Scope, resolve

Status = Literal["holds", "fails", "undefined", "not certified"]
TIE = 1e-9


@dataclass(frozen=True)
class Verdict:
    """What became of a check.

    margin   distance to the threshold, in the units of the quantities: positive where the claim holds;
             nan where undefined
    parts    margin of each comparison, in the order of the text
    reason   why it is undefined
    """

    status: Status
    margin: float
    parts: tuple[float, ...] = ()
    reason: str = ""

    @property
    def holds(self) -> bool:
        """Whether the claim holds."""
        return self.status == "holds"


NOT_CERTIFIED = Verdict("not certified", math.nan, (), "the game has no certified equilibrium here")


def mentioned(check: Expression) -> tuple[str, ...]:
    """Names in a check, in the order of the text, each once."""
    return tuple(dict.fromkeys(part.id for part in s.walk(check.node) if isinstance(part, s.Name)))


def judge(check: Expression, measured: Measured) -> Verdict:
    """Evaluate a check on measured quantities. Raises ExpressionError for a name that was not measured."""
    node = _resolved(check, frozenset(measured.values))
    point = Point(variables={}, parameters=measured.values)
    found: list[float] = []
    truth, margin = _truth(node, point, found)
    if truth is None:
        missing = [name for name in mentioned(check) if math.isnan(measured.values[name])]
        reason = "; ".join(f"{name}: {measured.reasons.get(name, 'no value')}" for name in missing)
        return Verdict("undefined", math.nan, tuple(found), reason)
    return Verdict("holds" if truth else "fails", margin, tuple(found))


@lru_cache(maxsize=4096)
def _resolved(check: Expression, names: frozenset[str]) -> s.Node:
    return resolve(check.node, Scope(variables={}, quantities=names))


def _truth(node: s.Node, point: Point, found: list[float]) -> tuple[bool | None, float]:
    match node:
        case s.Compare(operator, left, right):
            gap = _number(left, point) - _number(right, point)
            margin = {">": gap, ">=": gap, "<": -gap, "<=": -gap, "==": -abs(gap), "!=": abs(gap)}[operator]
            found.append(margin)
            if math.isnan(margin):
                return None, margin
            return (margin > TIE if operator in (">", "<", "!=") else margin >= -TIE), margin
        case s.Not(operand):
            truth, margin = _truth(operand, point, found)
            return (None if truth is None else not truth), -margin
        case s.Logic(word, operands):
            parts = [_truth(operand, point, found) for operand in operands]
            settled = word == "or"
            choose = max if settled else min
            sure = [margin for truth, margin in parts if truth is settled]
            if sure:
                return settled, choose(sure)
            if any(truth is None for truth, _ in parts):
                return None, math.nan
            return not settled, choose(margin for _, margin in parts)
        case _:
            value = _number(node, point)
            return (None if math.isnan(value) else value != 0), value


def _number(node: s.Node, point: Point) -> float:
    """The value of an arithmetic expression, nan where it has none."""
    names = {part.name for part in s.walk(node) if isinstance(part, s.Parameter)}
    if any(math.isnan(point.parameters[name]) for name in names):
        return math.nan
    try:
        return value_of(node, point)
    except (ArithmeticError, ValueError):
        return math.nan
