"""Text to expression tree: a small operator-precedence parser (Pratt 1973) over a closed grammar.

Nothing in the grammar can import, call what is not listed, loop, or take more
than a bounded amount of time or memory: length, number of tokens, depth and
exponents are capped, each refused by name. The height of the finished tree is
capped too, so that whoever walks it may recurse.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

from tightrope.case import syntax as s
from tightrope.case.errors import near_or_list

MAX_LENGTH = 4_000
MAX_TOKENS = 600
MAX_DEPTH = 40
MAX_HEIGHT = 100
MAX_EXPONENT = 16

_TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:[0-9]++(?:\.[0-9]*+)?|\.[0-9]++)(?:[eE][+-]?[0-9]++)?)"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*+)"
    r"|(?P<symbol>\*\*|==|!=|<=|>=|[-+*/()<>,]))"
)
_COMPARE = ("==", "!=", "<=", ">=", "<", ">")
_BINDING = {"or": 1, "and": 2, "compare": 4, "+": 5, "-": 5, "*": 6, "/": 6, "**": 8}
_NOT, _MINUS = 3, 7
_MEANT = {
    "=": "compare with ==",
    "!": "write `not`, or != to compare",
    "&": "write `and`",
    "|": "write `or`",
    "^": "powers are written **",
    "[": "a table is named without an index",
    ".": "there are no attributes",
    "'": "there are no strings",
    '"': "there are no strings",
}


class ExpressionError(ValueError):
    """An expression that does not parse or resolve. `column` counts from 0 in its text."""

    def __init__(self, message: str, column: int = 0, hint: str = "") -> None:
        super().__init__(f"{message}{f'; {hint}' if hint else ''} (at character {column + 1})")
        self.message = message
        self.column = column
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Expression:
    """An expression as written, and its tree."""

    text: str
    node: s.Node

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    column: int


def _tokens(text: str) -> list[_Token]:
    if len(text) > MAX_LENGTH:
        raise ExpressionError(f"the expression is longer than {MAX_LENGTH:,} characters")
    found: list[_Token] = []
    end = len(text.rstrip())
    position = 0
    while position < end:
        match = _TOKEN.match(text, position)
        if match is None:
            column = position + len(text[position:]) - len(text[position:].lstrip())
            what = text[column]
            raise ExpressionError(f"{what!r} has no place in an expression", column, _MEANT.get(what, ""))
        kind = str(match.lastgroup)
        if kind == "number" and text[match.end() : match.end() + 1].isidentifier():
            raise ExpressionError(
                f"{match.group(kind)} runs into a name; write the * between them", match.end()
            )
        found.append(_Token(kind, match.group(kind), match.start(kind)))
        position = match.end()
        if len(found) > MAX_TOKENS:
            raise ExpressionError(f"the expression has more than {MAX_TOKENS} parts", position)
    found.append(_Token("end", "", end))
    return found


class _Parser:
    """One pass over the tokens. `depth` bounds recursion."""

    def __init__(self, text: str) -> None:
        self.tokens = _tokens(text)
        self.position = 0

    @property
    def here(self) -> _Token:
        return self.tokens[self.position]

    def advance(self) -> _Token:
        token = self.here
        self.position += 1
        return token

    def expect(self, text: str) -> None:
        if self.here.text != text:
            found = f"{self.here.text[:64]!r}" if self.here.text else "the end"
            raise ExpressionError(f"expected {text!r}, found {found}", self.here.column)
        self.advance()

    def expression(self, least: int, depth: int) -> s.Node:
        if depth > MAX_DEPTH:
            raise ExpressionError(f"the expression is nested deeper than {MAX_DEPTH}", self.here.column)
        left = self.prefix(least, depth)
        compared = False
        while True:
            token = self.here
            operator = token.text
            if token.kind == "name" and operator not in ("and", "or"):
                break
            kind = "compare" if operator in _COMPARE else operator
            binding = _BINDING.get(kind, 0)
            if binding < least or binding == 0:
                break
            if kind == "compare" and compared:
                raise ExpressionError("comparisons cannot be chained", token.column, "join them with `and`")
            self.advance()
            if operator == "**":
                left = s.Binary("**", left, self.exponent(depth))
                continue
            right = self.expression(binding + 1, depth + 1)
            if kind == "compare":
                compared = True
                left = s.Compare(operator, left, right)  # type: ignore[arg-type]
            elif operator in ("and", "or"):
                same = isinstance(left, s.Logic) and left.operator == operator
                operands = left.operands if same else (left,)  # type: ignore[union-attr]
                left = s.Logic(operator, (*operands, right))  # type: ignore[arg-type]
            else:
                left = s.Binary(operator, left, right)  # type: ignore[arg-type]
        return left

    def exponent(self, depth: int) -> s.Node:
        column = self.here.column
        sign = 1.0
        if self.here.text == "-":
            self.advance()
            sign = -1.0
        token = self.advance()
        if token.kind != "number":
            raise ExpressionError("an exponent must be a written number", column)
        value = sign * float(token.text)
        if abs(value) > MAX_EXPONENT:
            raise ExpressionError(f"an exponent may not exceed {MAX_EXPONENT}", column)
        if self.here.text == "**":
            raise ExpressionError("powers cannot be chained", self.here.column, "use parentheses")
        return s.Number(value)

    def prefix(self, least: int, depth: int) -> s.Node:
        token = self.advance()
        if token.kind == "number":
            value = float(token.text)
            if not math.isfinite(value):
                raise ExpressionError(f"{token.text[:20]} is too large a number", token.column)
            return s.Number(value)
        if token.text == "-":
            return s.Negate(self.expression(_MINUS, depth + 1))
        if token.text == "+":
            return self.expression(_MINUS, depth + 1)
        if token.text == "(":
            inner = self.expression(1, depth + 1)
            self.expect(")")
            return inner
        if token.kind == "name":
            if token.text == "not":
                if least > _NOT:
                    raise ExpressionError("put parentheses around `not …` here", token.column)
                return s.Not(self.expression(_NOT, depth + 1))
            if token.text in ("and", "or"):
                raise ExpressionError(f"{token.text!r} needs something on its left", token.column)
            if self.here.text == "(":
                return self.call(token, depth)
            return s.Name(token.text, token.column)
        if token.kind == "end":
            self.position -= 1
            raise ExpressionError("the expression ends too early", token.column)
        raise ExpressionError(f"{token.text!r} cannot start a value", token.column)

    def call(self, name: _Token, depth: int) -> s.Node:
        if name.text not in s.FUNCTIONS:
            hint = near_or_list(name.text, s.FUNCTIONS)
            raise ExpressionError(f"{name.text[:64]!r} is not a function", name.column, hint)
        self.expect("(")
        arguments: list[s.Node] = []
        if self.here.text != ")":
            arguments.append(self.expression(1, depth + 1))
            while self.here.text == ",":
                self.advance()
                arguments.append(self.expression(1, depth + 1))
        self.expect(")")
        fewest, most = s.FUNCTIONS[name.text]
        if not fewest <= len(arguments) <= most:
            count = str(fewest) if fewest == most else f"{fewest} to {most}"
            raise ExpressionError(f"{name.text} takes {count} arguments, not {len(arguments)}", name.column)
        return s.Call(name.text, tuple(arguments))


def parse(text: str) -> s.Node:
    """The tree of an expression. Raises ExpressionError with the column of the first fault."""
    parser = _Parser(text)
    node = parser.expression(1, 0)
    if parser.here.kind != "end":
        raise ExpressionError(f"{parser.here.text[:64]!r} was not expected here", parser.here.column)
    if s.height(node) > MAX_HEIGHT:
        raise ExpressionError(
            f"more than {MAX_HEIGHT} operations hang on each other", 0, "split it with `define`"
        )
    return node


def to_expression(value: Any) -> Expression:
    """An `Expression` from text or a number (for use as a pydantic validator). Raises ValueError."""
    if isinstance(value, Expression):
        return value
    if not isinstance(value, (str, int, float)):
        raise ExpressionError("an expression is written as text or a number")
    text = str(int(value)) if isinstance(value, bool) else str(value).strip()
    if not text:
        raise ExpressionError("the expression is empty")
    return Expression(text, parse(text))
