"""The events that dated questions ask about, and the grammar in which a question file writes them.

    union reaches currency            some opening state from the asking to the deadline is at that level
    west == open at deadline          also != < <= > >=, by the order of the levels
    any squeeze in 2021Q3..2024Q2     some move in the span; `any framing.yes in ...` where names clash
    count(hedge) >= 2 in 2021Q3..2025Q2
    terminal merged                   entered by the deadline; `terminal regime fall` names a group
    no terminal regime fall
    event: TEXT                       not coded, so no game can answer it; nor can a sub-kind of a move,
                                      `any concede_peripheral (recognition) in ...`

A state *on* a date is that of the period that starts next (`tightrope.case.calendar`). Levels of a variable
that never falls count as reached once passed. Whoever answers from a game must add the terminals that count
as one of the levels.
"""

from __future__ import annotations

import difflib
import operator
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from tightrope.case.calendar import PeriodLength, parse_period, state_period
from tightrope.case.schema import Case, PlayerMove, Together


class QuestionError(ValueError):
    """Questions that cannot be read; `problems` lists everything wrong."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


@dataclass(frozen=True)
class Reaches:
    """The variable's opening state is one of `levels` in some period from `first` to `last`."""

    variable: str
    levels: tuple[str, ...]
    first: str
    last: str


@dataclass(frozen=True)
class At:
    """The variable's opening state in period `on` is one of `levels`."""

    variable: str
    levels: tuple[str, ...]
    on: str


@dataclass(frozen=True)
class AnyMove:
    """The move takes `action` in some period from `first` to `last`, both included."""

    move: str
    action: str
    first: str
    last: str


@dataclass(frozen=True)
class CountMove:
    """The move takes `action` in at least `at_least` periods from `first` to `last`."""

    move: str
    action: str
    at_least: int
    first: str
    last: str


@dataclass(frozen=True)
class EnteredTerminal:
    """One of the terminals has been entered when period `by` opens."""

    terminals: tuple[str, ...]
    by: str


@dataclass(frozen=True)
class NoTerminal:
    """None of the terminals has been entered when period `by` opens."""

    terminals: tuple[str, ...]
    by: str


@dataclass(frozen=True)
class Unanswerable:
    """The question needs something that the record's variables do not say."""

    reason: str


Event = Reaches | At | AnyMove | CountMove | EnteredTerminal | NoTerminal | Unanswerable


@dataclass(frozen=True)
class Names:
    """What questions may mention: a case's variables, moves and terminals, and its period length.

    groups  a name in words -> terminals; `regime fall` stands for every terminal named `successor...`
    """

    length: PeriodLength
    states: Mapping[str, tuple[str, ...]]
    rising: frozenset[str] = frozenset()
    moves: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    terminals: tuple[str, ...] = ()
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def names_of(case: Case) -> Names:
    """The names that questions on a case may mention."""
    moves: dict[str, tuple[str, ...]] = {}
    for item in case.period:
        for move in item.together if isinstance(item, Together) else (item,):
            if isinstance(move, PlayerMove):
                moves[move.move] = move.actions
    fallen = tuple(t for t in case.terminals if t.startswith("successor"))
    return Names(
        length=case.calendar.period,
        states={name: v.levels for name, v in case.states.items() if not v.latent},
        rising=frozenset(name for name, v in case.states.items() if v.direction == "up"),
        moves=moves,
        terminals=tuple(case.terminals),
        groups={"regime fall": fallen} if fallen else {},
    )


_SPAN = r"in\s+(?P<first>[^\s.]+)(?:\.\.(?P<last>[^\s.]+))?"
_ACTION = r"(?P<action>\w+(?:\.\w+)?)"
_FORMS = (
    ("reaches", re.compile(r"(?P<variable>\w+)\s+reaches\s+(?P<level>\w+)")),
    ("at", re.compile(r"(?P<variable>\w+)\s*(?P<sign>==|!=|<=|>=|<|>)\s*(?P<level>\w+)\s+at\s+deadline")),
    ("any", re.compile(rf"any\s+{_ACTION}\s+{_SPAN}")),
    ("count", re.compile(rf"count\(\s*{_ACTION}\s*\)\s*>=\s*(?P<n>\d+)\s+{_SPAN}")),
    ("terminal", re.compile(r"(?P<no>no\s+)?terminal\s+(?P<name>\w[\w ]*)")),
)


def parse_event(text: str, *, names: Names, asked: date, deadline: date) -> Event:
    """Parse an event expression against a case's names. Raises `QuestionError` with a near match.

    >>> names = Names(length="quarter", states={"union": ("loose", "treaty", "market")},
    ...               rising=frozenset({"union"}))
    >>> dates = {"asked": date(1999, 12, 31), "deadline": date(2000, 12, 31)}
    >>> parse_event("union reaches treaty", names=names, **dates)
    Reaches(variable='union', levels=('treaty', 'market'), first='2000Q1', last='2001Q1')
    """
    text = text.strip()
    if text.startswith("event:"):
        return Unanswerable(f"an event that is not coded: {text.removeprefix('event:').strip()}")
    by = str(state_period(deadline, names.length))
    for form, pattern in _FORMS:
        match = pattern.match(text)
        if match is None:
            continue
        rest = text[match.end() :].strip()
        if rest:
            break
        got = match.groupdict()
        if form == "reaches":
            sign = ">=" if got["variable"] in names.rising else "=="
            levels = _levels(got["variable"], sign, got["level"], names)
            return Reaches(got["variable"], levels, str(state_period(asked, names.length)), by)
        if form == "at":
            return At(got["variable"], _levels(got["variable"], got["sign"], got["level"], names), by)
        if form == "terminal":
            terminals = _terminals(got["name"].strip(), names)
            return NoTerminal(terminals, by) if got["no"] else EnteredTerminal(terminals, by)
        move, action = _action(got["action"], names)
        first, last = _span(got["first"], got["last"] or got["first"], names.length)
        if form == "any":
            return AnyMove(move, action, first, last)
        return CountMove(move, action, int(got["n"]), first, last)
    if re.match(r"any\s", text) and re.search(r"\([^)]*\)|\bwith\b", text):
        return Unanswerable(f"a sub-kind of a move that is not coded: {text}")
    raise QuestionError([f"event_expression: cannot read `{text}`; forms: {', '.join(_EXAMPLES)}"])


_SIGNS: dict[str, Callable[[int, int], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}

_EXAMPLES = (
    "`union reaches currency`",
    "`west == open at deadline`",
    "`any squeeze in 2021Q3..2024Q2`",
    "`count(hedge) >= 2 in 2021Q3..2025Q2`",
    "`terminal merged`",
    "`no terminal regime fall`",
    "`event: what is not coded`",
)


def _levels(variable: str, sign: str, level: str, names: Names) -> tuple[str, ...]:
    if variable not in names.states:
        raise QuestionError(
            [f"event_expression: unknown variable `{variable}`{_near(variable, names.states)}"]
        )
    order = names.states[variable]
    if level not in order:
        raise QuestionError([f"event_expression: `{variable}` has no level `{level}`{_near(level, order)}"])
    at = order.index(level)
    found = tuple(name for i, name in enumerate(order) if _SIGNS[sign](i, at))
    if not found:
        raise QuestionError([f"event_expression: no level of `{variable}` is {sign} {level}"])
    return found


def _terminals(name: str, names: Names) -> tuple[str, ...]:
    if name in names.groups:
        return names.groups[name]
    if name in names.terminals:
        return (name,)
    near = _near(name, [*names.terminals, *names.groups])
    raise QuestionError([f"event_expression: unknown terminal `{name}`{near}"])


def _action(text: str, names: Names) -> tuple[str, str]:
    move, dot, action = text.rpartition(".")
    if dot:
        if move not in names.moves:
            raise QuestionError([f"event_expression: unknown move `{move}`{_near(move, names.moves)}"])
        if action not in names.moves[move]:
            near = _near(action, names.moves[move])
            raise QuestionError([f"event_expression: `{move}` has no action `{action}`{near}"])
        return move, action
    owners = [m for m, actions in names.moves.items() if text in actions]
    if len(owners) == 1:
        return owners[0], text
    if owners:
        both = " and ".join(owners)
        raise QuestionError([f"event_expression: {both} have `{text}`; write `{owners[0]}.{text}`"])
    near = _near(text, [a for actions in names.moves.values() for a in actions])
    raise QuestionError([f"event_expression: unknown action `{text}`{near}"])


def _span(first: str, last: str, length: PeriodLength) -> tuple[str, str]:
    try:
        start, end = parse_period(first, length), parse_period(last, length)
    except ValueError as error:
        raise QuestionError([f"event_expression: {error}"]) from None
    if end < start:
        raise QuestionError([f"event_expression: {first}..{last} runs backwards"])
    return str(start), str(end)


def _near(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f"; did you mean `{close[0]}`?" if close else ""
