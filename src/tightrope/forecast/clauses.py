"""Single events of a question, read word by word: the clauses of `tightrope.forecast.grammar`."""

from __future__ import annotations

import difflib
import operator
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date

from tightrope.case.calendar import parse_period, state_period
from tightrope.forecast.events import (
    All,
    AnyMove,
    At,
    CountMove,
    EnteredTerminal,
    Event,
    Names,
    Not,
    QuestionError,
    Reaches,
    opposite,
)

_SIGNS: dict[str, Callable[[int, int], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
JOINS = ("and", "or", "given")
_STARTS = ("any", "no", "count", "terminal", "not")
_EXAMPLES = (
    "`union reaches currency`",
    "`west == open at deadline`",
    "`any squeeze in 2021Q3..2024Q2`",
    "`count(hedge) >= 2 in 2021Q3..2025Q2`",
    "`terminal merged`",
    "`no terminal regime fall`",
    "`event: what is not coded`",
    "any of these joined by `and`, `or`, `not`, `given` and parentheses",
)
_TOKEN = re.compile(r"\s*([^\W\d]\w*|\d[\w-]*|\.\.|[=!<>]=|\S)")


class SubKind(Exception):
    """The words ask for less than a move: which concession, with what signed."""


@dataclass(frozen=True)
class _Token:
    text: str
    at: int

    @property
    def word(self) -> bool:
        return self.text[:1].isalpha() or self.text[:1] == "_"


class Clauses:
    """The words of one expression, and how each single event is read off them."""

    def __init__(self, text: str, names: Names, asked: date, deadline: date) -> None:
        self.text, self.names, self.asked, self.deadline = text, names, asked, deadline
        self.tokens = [_Token(m.group(1), m.start(1)) for m in _TOKEN.finditer(text)]
        self.next = 0

    def single(self) -> Event:
        """Read one single event. Raises QuestionError, or SubKind for less than a coded move."""
        first = self.peek()
        if first.text == "event" and self.peek(1).text == ":":
            raise self.fail("`event:` stands alone; join what its mapping says instead")
        if self.take("terminal"):
            return self._terminal()
        if first.text == "no" and self.peek(1).text == "terminal":
            self.next += 2
            return opposite(self._terminal())
        if self.take("any"):
            return self._move()
        if self.take("no"):
            return opposite(self._move())
        if first.text == "count" and self.peek(1).text == "(":
            self.next += 2
            return self._count()
        if not first.word:
            raise self.fail("expected an event")
        self.next += 1
        if self.take("reaches"):
            return self._reaches(first)
        sign = self.peek().text
        if sign in _SIGNS:
            self.next += 1
            levels = self._levels(first, sign, self.peek())
            self.next += 1
            return At(first.text, levels, self._day())
        guess = (first.text, [*_STARTS, *self.names.states])
        if first.text in self.names.states:
            guess = (self.peek().text, ["reaches", *_SIGNS])
        raise self.fail(f"expected `reaches` or a comparison after `{first.text}`", guess=guess)

    def _reaches(self, variable: _Token) -> Event:
        sign = ">=" if variable.text in self.names.rising else "=="
        levels = self._levels(variable, sign, self.peek())
        self.next += 1
        if self.take("in"):
            return Reaches(variable.text, levels, *self._span())
        by = self._by()
        return Reaches(variable.text, levels, str(state_period(self.asked, self.names.length)), by)

    def _terminal(self) -> Event:
        words: list[_Token] = []
        while self.peek().word and self.peek().text not in (*JOINS, "by"):
            words.append(self.peek())
            self.next += 1
        name = " ".join(token.text for token in words)
        if name in self.names.groups:
            return EnteredTerminal(self.names.groups[name], self._by())
        if name in self.names.terminals:
            return EnteredTerminal((name,), self._by())
        known = [*self.names.terminals, *self.names.groups]
        raise self.wrong(f"unknown terminal `{name}`{near(name, known)}", words[0] if words else self.peek())

    def _move(self) -> Event:
        move, action = self._action()
        if self.peek().text == "(":
            raise SubKind
        self.want("in", why="a move needs a span, such as `in 2021Q3..2024Q2`")
        first, last = self._span()
        if self.peek().text == "with":
            raise SubKind
        return AnyMove(move, action, first, last)

    def _count(self) -> Event:
        move, action = self._action()
        self.want(")")
        sign, number = self.peek(), self.peek(1)
        if sign.text not in _SIGNS:
            raise self.fail("expected a comparison after `count(...)`")
        if not number.text.isdecimal() or len(number.text) > 4:
            self.next += 1
            raise self.fail("expected a whole number of periods")
        self.next += 2
        self.want("in", why="a count needs a span, such as `in 2021Q3..2024Q2`")
        span, n = self._span(), int(number.text)
        at_least = {k: CountMove(move, action, k, *span) for k in (n, n + 1)}
        match sign.text:
            case ">=":
                return at_least[n]
            case ">":
                return at_least[n + 1]
            case "<":
                return Not(at_least[n])
            case "<=":
                return Not(at_least[n + 1])
        exactly = All((at_least[n], Not(at_least[n + 1])))
        return exactly if sign.text == "==" else Not(exactly)

    # --- parts of single events --------------------------------------------------------------------

    def _action(self) -> tuple[str, str]:
        token = self.peek()
        text = token.text
        self.next += 1
        if self.peek().text == "." and self.peek(1).word:
            move, action = text, self.peek(1).text
            self.next += 2
            if move not in self.names.moves:
                raise self.wrong(f"unknown move `{move}`{near(move, self.names.moves)}", token)
            if action not in self.names.moves[move]:
                hint = near(action, self.names.moves[move])
                raise self.wrong(f"`{move}` has no action `{action}`{hint}", self.tokens[self.next - 1])
            return move, action
        owners = [m for m, actions in self.names.moves.items() if text in actions]
        if len(owners) == 1:
            return owners[0], text
        if owners:
            raise self.wrong(f"{' and '.join(owners)} have `{text}`; write `{owners[0]}.{text}`", token)
        hint = near(text, [a for actions in self.names.moves.values() for a in actions])
        raise self.wrong(f"unknown action `{text}`{hint}", token)

    def _levels(self, variable: _Token, sign: str, level: _Token) -> tuple[str, ...]:
        states = self.names.states
        if variable.text not in states:
            raise self.wrong(f"unknown variable `{variable.text}`{near(variable.text, states)}", variable)
        order = states[variable.text]
        if level.text not in order:
            raise self.wrong(f"`{variable.text}` has no level `{level.text}`{near(level.text, order)}", level)
        at = order.index(level.text)
        found = tuple(name for i, name in enumerate(order) if _SIGNS[sign](i, at))
        if not found:
            raise self.wrong(f"no level of `{variable.text}` is {sign} {level.text}", level)
        return found

    def _day(self) -> str:
        """The period whose opening state is meant by `at deadline`, `at 2028Q1` or `at 2028-01-01`."""
        self.want("at", why="a comparison needs a day: `at deadline`, `at 2028Q1` or `at 2028-01-01`")
        return self._opening("deadline")

    def _by(self) -> str:
        """The same for `by ...`; without it the deadline."""
        return self._opening("deadline") if self.take("by") else self._deadline_opening()

    def _deadline_opening(self) -> str:
        return str(state_period(self.deadline, self.names.length))

    def _opening(self, word: str) -> str:
        if self.take(word):
            return self._deadline_opening()
        token = self.peek()
        self.next += 1
        try:
            if token.text.count("-") == 2:
                return str(state_period(date.fromisoformat(token.text), self.names.length))
            return str(parse_period(token.text, self.names.length))
        except ValueError as error:
            raise self.wrong(str(error), token) from None

    def _span(self) -> tuple[str, str]:
        start = end = self.peek()
        self.next += 1
        if self.take(".."):
            end = self.peek()
            self.next += 1
        try:
            first, last = (parse_period(t.text, self.names.length) for t in (start, end))
        except ValueError as error:
            raise self.wrong(str(error), start) from None
        if last < first:
            raise self.wrong(f"{start.text}..{end.text} runs backwards", start)
        return str(first), str(last)

    # --- words --------------------------------------------------------------------------------------

    def peek(self, ahead: int = 0) -> _Token:
        """The next word, or one further ahead; an empty one at the end."""
        place = self.next + ahead
        return self.tokens[place] if place < len(self.tokens) else _Token("", len(self.text))

    def take(self, text: str) -> bool:
        """Step over the next word if it is this one."""
        found = self.peek().text == text
        self.next += found
        return found

    def want(self, text: str, *, why: str = "") -> None:
        """Step over the next word, which must be this one."""
        if not self.take(text):
            raise self.fail(why or f"expected `{text}`", guess=(self.peek().text, [text]))

    def fail(self, why: str, *, guess: tuple[str, Iterable[str]] | None = None) -> QuestionError:
        """What to raise for an expression that keeps to no form."""
        shown = self.text if len(self.text) <= 200 else self.text[:200] + "..."
        hint = near(*guess) if guess else ""
        why += hint + self._place(self.peek())
        forms = ", ".join(_EXAMPLES)
        return QuestionError([f"event_expression: cannot read `{shown}`: {why}; forms: {forms}"])

    def wrong(self, what: str, token: _Token) -> QuestionError:
        """What to raise for a name, level or period that does not exist."""
        return QuestionError([f"event_expression: {what}{self._place(token)}"])

    def _place(self, token: _Token) -> str:
        return f" (character {token.at + 1})" if token.text else " (at the end)"


def near(name: str, known: Iterable[str]) -> str:
    """`; did you mean X?` for the nearest known name, or nothing."""
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f"; did you mean `{close[0]}`?" if close else ""
