"""The grammar in which questions say what they ask: parsed, never evaluated.

    union reaches currency            some opening state from the asking to the deadline is at that level
    union reaches currency in 2027Q1..2028Q4     some opening of these periods; `by 2028-12-31`: until then
    west == open at deadline          also != < <= > >=, by the order of the levels
    west == open at 2028Q1            the state that opens a period; `at 2028-01-01`: on a day
    any squeeze in 2021Q3..2024Q2     some move in the span; `any framing.yes in ...` where names clash
    no squeeze in 2021Q3..2024Q2
    count(hedge) >= 2 in 2021Q3..2025Q2          also <= == != < >
    terminal merged                   entered by the deadline, or `by 2028-12-31`
    no terminal regime fall           `regime fall` is a group of terminals
    not A,  A and B,  A or B,  (A)    `not` binds first, then `and`, then `or`
    A given B                         once, outside parentheses: the chance of A where B happens too
    event: TEXT                       not coded: read as the case's `mappings` say, or not answered; nor is a
                                      sub-kind of a move, `any concede_peripheral (recognition) in ...`

Capitals matter. An expression has at most `MOST_LETTERS` characters and `DEEPEST` parentheses or negations
inside each other. Single events are read by `tightrope.forecast.clauses`.
"""

from __future__ import annotations

from datetime import date

from tightrope.forecast.clauses import JOINS, Clauses, SubKind, near
from tightrope.forecast.events import (
    All,
    Event,
    Given,
    Names,
    QuestionError,
    Some,
    Unanswerable,
    opposite,
    plain_words,
)

MOST_LETTERS = 2_000
DEEPEST = 24


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
    except SubKind:
        return Unanswerable(f"a sub-kind of a move that is not coded: {text}")


def _mapped(what: str, names: Names, asked: date, deadline: date) -> Event:
    """The event that the case reads a name as, or the reason why there is none."""
    reads = names.mappings.get(plain_words(what))
    if reads is None:
        hint = near(plain_words(what), names.mappings)
        return Unanswerable(f"an event that is not coded: {what}{hint}")
    return parse_event(reads, names=names, asked=asked, deadline=deadline)


class _Parser(Clauses):
    """Recursive descent over what joins single events."""

    depth = 0

    def whole(self) -> Event:
        """A whole expression, a condition included."""
        event = self.either()
        if self.take("given"):
            event = Given(event, self.either())
        if self.peek().text == "given":
            raise self.fail("`given` may stand once")
        if self.next < len(self.tokens):
            raise self.fail(f"did not expect `{self.peek().text}`", guess=(self.peek().text, JOINS))
        return event

    def either(self) -> Event:
        """Parts joined by `or`."""
        parts = [self.both()]
        while self.take("or"):
            parts.append(self.both())
        return parts[0] if len(parts) == 1 else Some(tuple(parts))

    def both(self) -> Event:
        """Parts joined by `and`."""
        parts = [self.one()]
        while self.take("and"):
            parts.append(self.one())
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def one(self) -> Event:
        """A single event, a negated one, or one in parentheses."""
        self.depth += 1
        if self.depth > DEEPEST:
            raise self.fail(f"more than {DEEPEST} parentheses or negations inside each other")
        if self.take("not"):
            event = opposite(self.one())
        elif self.take("("):
            event = self.either()
            if self.peek().text == "given":
                raise self.fail("`given` stands outside parentheses")
            self.want(")")
        else:
            event = self.single()
        self.depth -= 1
        return event
