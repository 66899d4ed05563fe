"""The nouns of the expression language: an expression is a small tree of these.

Expressions are data. They hold numbers, names, arithmetic, comparisons, logic
and a closed list of functions; there is nothing in the tree that could import,
loop or call anything else. `parse` builds the tree from text; `resolve` turns
each bare `Name` into what it stands for in a case.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

FUNCTIONS: dict[str, tuple[int, int]] = {
    "where": (3, 3),
    "min": (2, 8),
    "max": (2, 8),
    "exp": (1, 1),
    "log": (1, 1),
    "sqrt": (1, 1),
    "logistic": (1, 1),
    "clip": (3, 3),
}
"""Functions an expression may call, with the fewest and most arguments of each."""

BinaryOperator = Literal["+", "-", "*", "/", "**"]
CompareOperator = Literal["==", "!=", "<", "<=", ">", ">="]


@dataclass(frozen=True, slots=True)
class Number:
    """A literal number (or, after resolving, the index of a level)."""

    value: float


@dataclass(frozen=True, slots=True)
class Name:
    """A bare name, before it is resolved. `column` counts from 0 in the text."""

    id: str
    column: int = 0


@dataclass(frozen=True, slots=True)
class Parameter:
    """A resolved name: the value of a parameter."""

    name: str


@dataclass(frozen=True, slots=True)
class Variable:
    """A resolved name: the level (or action) index of a state variable or move."""

    name: str


@dataclass(frozen=True, slots=True)
class TableValue:
    """A resolved name: a table read at the current levels of its variables."""

    name: str


@dataclass(frozen=True, slots=True)
class Defined:
    """A resolved name: a sub-expression from the case's `define` section."""

    name: str


@dataclass(frozen=True, slots=True)
class Negate:
    """Arithmetic minus."""

    operand: Node


@dataclass(frozen=True, slots=True)
class Binary:
    """Arithmetic on two operands."""

    operator: BinaryOperator
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Compare:
    """A comparison; its value is 1 where it holds and 0 elsewhere."""

    operator: CompareOperator
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Logic:
    """`and` or `or` over two or more operands; values are 0 or 1."""

    operator: Literal["and", "or"]
    operands: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """Logical negation; the value is 0 or 1."""

    operand: Node


@dataclass(frozen=True, slots=True)
class Call:
    """One of `FUNCTIONS` applied to its arguments."""

    function: str
    arguments: tuple[Node, ...]


Node = (
    Number
    | Name
    | Parameter
    | Variable
    | TableValue
    | Defined
    | Negate
    | Binary
    | Compare
    | Logic
    | Not
    | Call
)


def children(node: Node) -> tuple[Node, ...]:
    """The direct sub-expressions of a node."""
    match node:
        case Negate(operand) | Not(operand):
            return (operand,)
        case Binary(_, left, right) | Compare(_, left, right):
            return (left, right)
        case Logic(_, operands):
            return operands
        case Call(_, arguments):
            return arguments
        case _:
            return ()


def walk(node: Node) -> Iterator[Node]:
    """A node and everything below it, in the order of the text. Does not recurse."""
    waiting = [node]
    while waiting:
        here = waiting.pop()
        yield here
        waiting.extend(reversed(children(here)))


def height(node: Node) -> int:
    """How many nodes the longest way down passes through (1 for a leaf). Does not recurse."""
    tallest = 0
    waiting = [(node, 1)]
    while waiting:
        here, level = waiting.pop()
        tallest = max(tallest, level)
        waiting.extend((child, level + 1) for child in children(here))
    return tallest
