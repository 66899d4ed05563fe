"""The grammar in which questions say what they ask: parsed, never evaluated.

    union reaches currency            some opening state from the asking to the deadline is at that level
    union reaches currency in 2027Q1..2028Q4   some opening of these periods; `by 2028-12-31`: up to that day
    west == open at deadline          also != < <= > >=, by the order of the levels; `at 2028Q1`, `at 2028-01-01`
    any squeeze in 2021Q3..2024Q2     some move in the span; `any framing.yes in ...` where names clash
    no squeeze in 2021Q3..2024Q2
    count(hedge) >= 2 in 2021Q3..2025Q2   also <= == != < >
    terminal merged                   entered by the deadline, or `by 2028-12-31`; `terminal regime fall`: a group
    no terminal regime fall
    not A,  A and B,  A or B,  (A)    `not` binds first, then `and`, then `or`
    A given B                         once, outside parentheses: the chance of A where B happens too
    event: TEXT                       not coded: read as the case's `mappings` say, or not answered; nor is a
                                      sub-kind of a move, `any concede_peripheral (recognition) in ...`

Capitals matter. An expression has at most `MOST_LETTERS` characters and `DEEPEST` parentheses or negations
inside each other.
"""

from __future__ import annotations

import difflib
import operator
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import NoReturn

from tightrope.case.calendar import parse_period, state_period
from tightrope.forecast.events import (
    All,
    AnyMove,
    At,
    CountMove,
    EnteredTerminal,
    Event,
    Given,
    Names,
    Not,
    NoTerminal,
    QuestionError,
    Reaches,
    Some,
    Unanswerable,
    opposite,
    plain_words,
)

MOST_LETTERS = 2_000
DEEPEST = 24

_SIGNS: dict[str, Callable[[int, int], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_JOINS = ("and", "or", "given")
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


def parse_event(text: str, *, names: Names, asked: date, deadline: date) -> Event:
    """Parse an event expression against a case's names. Raises `QuestionError` with place and near match.

    >>> names = Names(length="quarter", states={"union": ("loose", "treaty", "market")},
    ...               rising=frozenset({"union"}))
    >>> dates = {"asked": date(1999, 12, 31), "deadline": date(2000, 12, 31)}
    >>> parse_event("union reaches treaty", names=names, **dates)
    Reaches(variable='union', levels=('treaty', 'market'), first='2000Q1', last='2001Q1')
    """
    text = text.strip()
    if text.startswith("event:"):
        return _mapped(text.removeprefix("event:").strip(), names, asked, deadline)
    if len(text) > MOST_LETTERS:
        raise QuestionError(
            [f"event_expression: {len(text):,} characters; at most {MOST_LETTERS:,} are read"]
        )
    try:
        return _Parser(text, names, asked, deadline).whole()
    except _SubKind:
        return Unanswerable(f"a sub-kind of a move that is not coded: {text}")


def _mapped(what: str, names: Names, asked: date, deadline: date) -> Event:
    """The event that the case reads a name as, or the reason why there is none."""
    reads = names.mappings.get(plain_words(what))
    if reads is None:
        near = _near(plain_words(what), names.mappings)
        return Unanswerable(f"an event that is not coded: {what}{near}")
    return parse_event(reads, names=names, asked=asked, deadline=deadline)


class _SubKind(Exception):
    """The words ask for less than a move: which concession, with what signed."""


@dataclass(frozen=True)
class _Token:
    text: str
    at: int

    @property
    def word(self) -> bool:
        return self.text[:1].isalpha() or self.text[:1] == "_"


class _Parser:
    """Recursive descent over the words of one expression."""

    def __init__(self, text: str, names: Names, asked: date, deadline: date) -> None:
        self.text, self.names, self.asked, self.deadline = text, names, asked, deadline
        self.tokens = [_Token(m.group(1), m.start(1)) for m in _TOKEN.finditer(text)]
        self.next, self.depth = 0, 0

    # --- what joins events -------------------------------------------------------------------

    def whole(self) -> Event:
        event = self.either()
        if self.take("given"):
            event = Given(event, self.either())
        if self.peek().text == "given":
            self.fail("`given` may stand once")
        if self.next < len(self.tokens):
            self.fail(f"did not expect `{self.peek().text}`", near=(self.peek().text, _JOINS))
        return event

    def either(self) -> Event:
        parts = [self.both()]
        while self.take("or"):
            parts.append(self.both())
        return parts[0] if len(parts) == 1 else Some(tuple(parts))

    def both(self) -> Event:
        parts = [self.one()]
        while self.take("and"):
            parts.append(self.one())
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def one(self) -> Event:
        self.depth += 1
        if self.depth > DEEPEST:
            self.fail(f"more than {DEEPEST} parentheses or negations inside each other")
        if self.take("not"):
            event = opposite(self.one())
        elif self.take("("):
            event = self.either()
            if self.peek().text == "given":
                self.fail("`given` stands outside parentheses")
            self.want(")")
        else:
            event = self.single()
        self.depth -= 1
        return event

    # --- single events -------------------------------------------------------------------------

    def single(self) -> Event:
        first = self.peek()
        if first.text == "event" and self.peek(1).text == ":":
            self.fail("`event:` stands alone; join what its mapping says instead")
        if self.take("terminal"):
            return self.terminal()
        if first.text == "no" and self.peek(1).text == "terminal":
            self.next += 2
            return opposite(self.terminal())
        if self.take("any"):
            return self.move()
        if self.take("no"):
            return opposite(self.move())
        if first.text == "count" and self.peek(1).text == "(":
            self.next += 2
            return self.count()
        if not first.word:
            self.fail("expected an event")
        self.next += 1
        if self.take("reaches"):
            return self.reaches(first)
        sign = self.peek().text
        if sign in _SIGNS:
            self.next += 1
            levels = self.levels(first, sign, self.peek())
            self.next += 1
            return At(first.text, levels, self.day())
        near = (first.text, [*_STARTS, *self.names.states])
        if first.text in self.names.states:
            near = (self.peek().text, ["reaches", *_SIGNS])
        self.fail(f"expected `reaches` or a comparison after `{first.text}`", near=near)

    def reaches(self, variable: _Token) -> Event:
        sign = ">=" if variable.text in self.names.rising else "=="
        levels = self.levels(variable, sign, self.peek())
        self.next += 1
        if self.take("in"):
            return Reaches(variable.text, levels, *self.span())
        by = self.by()
        return Reaches(variable.text, levels, str(state_period(self.asked, self.names.length)), by)

    def terminal(self) -> Event:
        words: list[_Token] = []
        while self.peek().word and self.peek().text not in (*_JOINS, "by"):
            words.append(self.peek())
            self.next += 1
        name = " ".join(token.text for token in words)
        if name in self.names.groups:
            return EnteredTerminal(self.names.groups[name], self.by())
        if name in self.names.terminals:
            return EnteredTerminal((name,), self.by())
        known = [*self.names.terminals, *self.names.groups]
        self.wrong(f"unknown terminal `{name}`{_near(name, known)}", words[0] if words else self.peek())

    def move(self) -> Event:
        move, action = self.action()
        if self.peek().text == "(":
            raise _SubKind
        self.want("in", why="a move needs a span, such as `in 2021Q3..2024Q2`")
        first, last = self.span()
        if self.peek().text == "with":
            raise _SubKind
        return AnyMove(move, action, first, last)

    def count(self) -> Event:
        move, action = self.action()
        self.want(")")
        sign, number = self.peek(), self.peek(1)
        if sign.text not in _SIGNS:
            self.fail("expected a comparison after `count(...)`")
        if not number.text.isdecimal() or len(number.text) > 4:
            self.next += 1
            self.fail("expected a whole number of periods")
        self.next += 2
        self.want("in", why="a count needs a span, such as `in 2021Q3..2024Q2`")
        span, n = self.span(), int(number.text)
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

    def action(self) -> tuple[str, str]:
        token = self.peek()
        text = token.text
        self.next += 1
        if self.peek().text == "." and self.peek(1).word:
            move, action = text, self.peek(1).text
            self.next += 2
            if move not in self.names.moves:
                self.wrong(f"unknown move `{move}`{_near(move, self.names.moves)}", token)
            if action not in self.names.moves[move]:
                near = _near(action, self.names.moves[move])
                self.wrong(f"`{move}` has no action `{action}`{near}", self.tokens[self.next - 1])
            return move, action
        owners = [m for m, actions in self.names.moves.items() if text in actions]
        if len(owners) == 1:
            return owners[0], text
        if owners:
            self.wrong(f"{' and '.join(owners)} have `{text}`; write `{owners[0]}.{text}`", token)
        near = _near(text, [a for actions in self.names.moves.values() for a in actions])
        self.wrong(f"unknown action `{text}`{near}", token)

    def levels(self, variable: _Token, sign: str, level: _Token) -> tuple[str, ...]:
        states = self.names.states
        if variable.text not in states:
            self.wrong(f"unknown variable `{variable.text}`{_near(variable.text, states)}", variable)
        order = states[variable.text]
        if level.text not in order:
            self.wrong(f"`{variable.text}` has no level `{level.text}`{_near(level.text, order)}", level)
        at = order.index(level.text)
        found = tuple(name for i, name in enumerate(order) if _SIGNS[sign](i, at))
        if not found:
            self.wrong(f"no level of `{variable.text}` is {sign} {level.text}", level)
        return found

    def day(self) -> str:
        """The period whose opening state is meant by `at deadline`, `at 2028Q1` or `at 2028-01-01`."""
        self.want("at", why="a comparison needs a day: `at deadline`, `at 2028Q1` or `at 2028-01-01`")
        return self.opening("deadline")

    def by(self) -> str:
        """The same for `by ...`; without it the deadline."""
        return self.opening("deadline") if self.take("by") else self.deadline_opening()

    def deadline_opening(self) -> str:
        return str(state_period(self.deadline, self.names.length))

    def opening(self, word: str) -> str:
        if self.take(word):
            return self.deadline_opening()
        token = self.peek()
        self.next += 1
        try:
            if token.text.count("-") == 2:
                return str(state_period(date.fromisoformat(token.text), self.names.length))
            return str(parse_period(token.text, self.names.length))
        except ValueError as error:
            self.wrong(str(error), token)

    def span(self) -> tuple[str, str]:
        start = end = self.peek()
        self.next += 1
        if self.take(".."):
            end = self.peek()
            self.next += 1
        try:
            first, last = (parse_period(t.text, self.names.length) for t in (start, end))
        except ValueError as error:
            self.wrong(str(error), start)
        if last < first:
            self.wrong(f"{start.text}..{end.text} runs backwards", start)
        return str(first), str(last)

    # --- words --------------------------------------------------------------------------------------

    def peek(self, ahead: int = 0) -> _Token:
        place = self.next + ahead
        return self.tokens[place] if place < len(self.tokens) else _Token("", len(self.text))

    def take(self, text: str) -> bool:
        found = self.peek().text == text
        self.next += found
        return found

    def want(self, text: str, *, why: str = "") -> None:
        if not self.take(text):
            self.fail(why or f"expected `{text}`", near=(self.peek().text, [text]))

    def fail(self, why: str, *, near: tuple[str, Iterable[str]] | None = None) -> NoReturn:
        """Raise for an expression that keeps to no form."""
        shown = self.text if len(self.text) <= 200 else self.text[:200] + "..."
        hint = _near(*near) if near else ""
        forms = ", ".join(_EXAMPLES)
        raise QuestionError(
            [f"event_expression: cannot read `{shown}`: {why}{hint}{self.place(self.peek())}; forms: {forms}"]
        )

    def wrong(self, what: str, token: _Token) -> NoReturn:
        """Raise for a name, level or period that does not exist."""
        raise QuestionError([f"event_expression: {what}{self.place(token)}"])

    def place(self, token: _Token) -> str:
        return f" (character {token.at + 1})" if token.text else " (at the end)"


def _near(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f"; did you mean `{close[0]}`?" if close else ""
