"""The value of a resolved expression at one point, in plain Python.

Made for checks and for counting rows of a record; games are evaluated on whole
arrays by the game room, which shares no code with this.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from tightrope.case import syntax as s

Entries = Mapping[tuple[int, ...], float]


@dataclass(frozen=True)
class Point:
    """What the names stand for at one point.

    variables   state or move -> index of its level
    parameters  name -> value
    tables      name -> (variables that index it, entries)
    defines     name -> resolved node
    """

    variables: Mapping[str, int]
    parameters: Mapping[str, float] = field(default_factory=dict)
    tables: Mapping[str, tuple[tuple[str, ...], Entries]] = field(default_factory=dict)
    defines: Mapping[str, s.Node] = field(default_factory=dict)


def value_of(node: s.Node, point: Point) -> float:
    """The value at a point. Conditions give 1 or 0.

    Raises ArithmeticError or ValueError where the expression has no finite value,
    KeyError for a name that the point does not hold.
    """
    value = _value(node, point, {})
    if not math.isfinite(value):
        raise OverflowError("the expression has no finite value here")
    return value


def _value(node: s.Node, point: Point, known: dict[str, float]) -> float:
    match node:
        case s.Number(value):
            return value
        case s.Parameter(name):
            return point.parameters[name]
        case s.Variable(name):
            return float(point.variables[name])
        case s.TableValue(name):
            by, entries = point.tables[name]
            return entries[tuple(point.variables[variable] for variable in by)]
        case s.Defined(name):
            if name not in known:
                known[name] = _value(point.defines[name], point, known)
            return known[name]
        case s.Name(name):
            raise KeyError(name)
        case s.Negate(operand):
            return -_value(operand, point, known)
        case s.Not(operand):
            return float(_value(operand, point, known) == 0)
        case s.Binary(operator, left, right):
            return _arithmetic(operator, _value(left, point, known), _value(right, point, known))
        case s.Compare(operator, left, right):
            return _comparison(operator, _value(left, point, known), _value(right, point, known))
        case s.Logic("and", operands):
            return float(all(_value(operand, point, known) != 0 for operand in operands))
        case s.Logic(_, operands):
            return float(any(_value(operand, point, known) != 0 for operand in operands))
        case s.Call("where", (test, yes, no)):
            return _value(yes if _value(test, point, known) != 0 else no, point, known)
        case s.Call(function, arguments):
            return _call(function, [_value(argument, point, known) for argument in arguments])


def _arithmetic(operator: str, left: float, right: float) -> float:
    match operator:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case "/":
            return left / right
        case _:
            return math.pow(left, right)


def _comparison(operator: str, left: float, right: float) -> float:
    match operator:
        case "==":
            return float(left == right)
        case "!=":
            return float(left != right)
        case "<":
            return float(left < right)
        case "<=":
            return float(left <= right)
        case ">":
            return float(left > right)
        case _:
            return float(left >= right)


def _call(function: str, values: list[float]) -> float:
    match function:
        case "min":
            return min(values)
        case "max":
            return max(values)
        case "exp":
            return math.exp(values[0])
        case "log":
            return math.log(values[0])
        case "sqrt":
            return math.sqrt(values[0])
        case "logistic":
            return 1.0 / (1.0 + math.exp(-values[0])) if values[0] > -700 else 0.0
        case "clip":
            return min(max(values[0], values[1]), values[2])
        case _:
            raise KeyError(function)
