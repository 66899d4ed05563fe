"""What a scenario does, written in one line: parsed against a case's names, with a place for every fault.

    west = open in 2026Q1..2027Q4        a state held at a level, from the opening of the first period on
    west = open at 2026Q1                put there once, as the period opens; its law goes on from there
    russia = squeeze from 2026Q3 for 4   a move is played so, whatever its player would choose
    russia != aid from 2026Q1            an action is closed; its player chooses among the others
    russia = aid in 2026Q1 if regime == crisis      a policy: only where a condition on states holds
    west_opens = 0.2 from 2026 for 2 years          a parameter has another value; `*= 2` multiplies it
    terminal merged in 2027Q1            the game ends so at the end of the period

A bare year stands for its first period where a span begins and for its last where it ends. Without a time,
and after `from` without an end, it holds for ever.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NoReturn

from tightrope.case.calendar import PeriodLength, parse_period
from tightrope.case.doing import Do, EndGame, HoldState, PlayMove, SetParameter, Span
from tightrope.case.errors import near_or_list
from tightrope.case.parse import ExpressionError, to_expression
from tightrope.case.resolve import levels_of, moves_of
from tightrope.case.schema import Case

PER_YEAR: Mapping[PeriodLength, int] = {"quarter": 4, "half-year": 2, "year": 1}
LONGEST = 400
"""Periods that a scenario may last, or begin after the record."""

_TOKEN = re.compile(
    r"\s*(\.\.|\*=|!=|==|=|[A-Za-z_]\w*(?:-\w+)?|[0-9]{4}[QH][0-9]+"
    r"|[-+]?[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?|\S)"
)


class StepError(ValueError):
    """A step of a scenario that cannot be read or names what is not there. `character` counts from 0."""

    def __init__(self, message: str, hint: str = "", character: int = 0) -> None:
        super().__init__(f"{message}{f'; {hint}' if hint else ''} (character {character + 1})")
        self.message, self.hint, self.character = message, hint, character


def parse_do(text: str, case: Case) -> Do:
    """One step of a scenario. Raises StepError with place and near match.

    Names, levels, actions and times are looked up; what a condition mentions is for `scenarios.read_do`.
    """
    return _Parser(text, case).whole()


@dataclass(frozen=True)
class _Word:
    text: str
    at: int


class _Parser:
    """One pass over the words of a step."""

    def __init__(self, text: str, case: Case) -> None:
        cut = re.search(r"\bif\b", text)
        self.case, self.levels = case, levels_of(case)
        self.moves = {move.move for move in moves_of(case)}
        self.length = case.calendar.period
        self.head = text if cut is None else text[: cut.start()]
        self.tail = None if cut is None else (text[cut.end() :], cut.end())
        self.words = [_Word(m.group(1), m.start(1)) for m in _TOKEN.finditer(self.head)]
        self.next = 0

    def whole(self) -> Do:
        """The step, read to its end."""
        subject = self.take()
        if subject.text == "terminal":
            found: Do = self.ending()
        elif subject.text in self.case.parameters:
            found = self.parameter(subject.text)
        elif subject.text in self.moves:
            found = self.move(subject.text)
        elif subject.text in self.case.states:
            found = self.state(subject.text)
        else:
            known = [*self.case.states, *self.moves, *self.case.parameters, "terminal"]
            what = (
                f"{subject.text[:60]!r} is no state, move or parameter" if subject.text else "nothing is done"
            )
            self.fail(what, subject, known)
        if self.next < len(self.words):
            extra = self.words[self.next]
            self.fail(f"did not expect {extra.text[:60]!r}", extra, ("in", "from", "at", "for", "to", "if"))
        if self.tail is not None and not isinstance(found, PlayMove):
            raise StepError("`if` goes with a move only", "", self.tail[1] - 2)
        return found

    def parameter(self, name: str) -> SetParameter:
        sign, number = self.sign("=", "*="), self.take()
        try:
            value = float(number.text)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            self.fail(f"{number.text[:60]!r} is not a number", number)
        return SetParameter(name, value, sign == "*=", self.span())

    def move(self, name: str) -> PlayMove:
        sign, action = self.sign("=", "!="), self.take()
        self.known(action, self.levels[name], f"{name} has no action")
        condition = None
        span = self.span()
        if self.tail is not None:
            text, offset = self.tail
            try:
                condition = to_expression(text)  # which strips it
            except ExpressionError as error:
                blanks = len(text) - len(text.lstrip())
                raise StepError(error.message, error.hint, offset + blanks + error.column) from None
        return PlayMove(name, action.text, sign == "!=", condition, span)

    def state(self, name: str) -> HoldState:
        self.sign("=")
        level = self.take()
        self.known(level, self.levels[name], f"{name} has no level")
        once = self.peek().text == "at"
        return HoldState(name, level.text, once, self.span())

    def ending(self) -> EndGame:
        name = self.take()
        self.known(name, self.case.terminals, "there is no terminal")
        when = self.peek()
        span = self.span()
        if span.first is None or span.first != span.last:
            self.fail("the game ends in one period: `in 2027Q1`", when)
        return EndGame(name.text, span)

    def span(self) -> Span:
        """When: `in A..B`, `in A`, `at A`, `from A`, `from A to B`, `from A for N`, or nothing."""
        word = self.peek()
        if word.text in ("in", "at"):
            self.next += 1
            first = self.period(last=False)
            back = self.next
            if word.text == "in" and self.peek().text == "..":
                self.next += 1
            else:
                self.next = back - 1  # the one period again, as the span's end
            last = self.period(last=word.text == "in")
            return self.forwards(first, last, word)
        if word.text != "from":
            return Span()
        self.next += 1
        first = self.period(last=False)
        if self.peek().text in ("to", ".."):
            self.next += 1
            return self.forwards(first, self.period(last=True), word)
        if self.peek().text == "for":
            self.next += 1
            number = self.take()
            if not number.text.isdecimal() or not 1 <= int(number.text) <= LONGEST:
                self.fail(f"{number.text[:60]!r} is not a whole number of periods", number)
            periods = int(number.text) * self.unit()
            return Span(first, str(parse_period(first) + periods - 1))
        return Span(first, None)

    def unit(self) -> int:
        """Periods in the unit that follows a number; without one it counts periods."""
        word = self.peek()
        if not word.text or not word.text[0].isalpha():
            return 1
        self.next += 1
        units = {"period": 1, "year": PER_YEAR[self.length], self.length: 1}
        name = word.text.removesuffix("s")
        if name not in units:
            self.fail(f"{word.text[:60]!r} is no unit of time here", word, [f"{u}s" for u in units])
        return units[name]

    def period(self, *, last: bool) -> str:
        word = self.take()
        text = word.text
        if self.length != "year" and re.fullmatch(r"[0-9]{4}", text):
            letter = {"quarter": "Q", "half-year": "H"}[self.length]
            text += f"{letter}{PER_YEAR[self.length] if last else 1}"
        try:
            return str(parse_period(text, self.length))
        except ValueError as error:
            self.fail(str(error), word)

    def forwards(self, first: str, last: str, word: _Word) -> Span:
        ahead = parse_period(last) - parse_period(first)
        if ahead < 0:
            self.fail(f"{first}..{last} runs backwards", word)
        if ahead >= LONGEST:
            self.fail(f"{first}..{last} is longer than {LONGEST} periods", word)
        return Span(first, last)

    def sign(self, *allowed: str) -> str:
        word = self.take()
        text = "=" if word.text == "==" else word.text
        if text not in allowed:
            shown = f"found {word.text[:60]!r}" if word.text else "found the end"
            self.fail(f"expected {' or '.join(allowed)}, {shown}", word)
        return text

    def known(self, word: _Word, names: Iterable[str], what: str) -> None:
        if word.text not in names:
            self.fail(f"{what} {word.text[:60]!r}", word, names)

    def peek(self) -> _Word:
        return self.words[self.next] if self.next < len(self.words) else _Word("", len(self.head.rstrip()))

    def take(self) -> _Word:
        word = self.peek()
        self.next += 1
        return word

    def fail(self, what: str, word: _Word, known: Iterable[str] = ()) -> NoReturn:
        names = list(known)
        raise StepError(what, near_or_list(word.text, names) if names and word.text else "", word.at)
