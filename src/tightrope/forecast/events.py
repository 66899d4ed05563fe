"""The events that dated questions ask about. How they are written is `tightrope.forecast.grammar`.

A state *on* a date is that of the period that starts next (`tightrope.case.calendar`). Levels of a variable
that never falls count as reached once passed. Whoever answers from a game must add the terminals that count
as one of the levels.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from tightrope.case.calendar import PeriodLength
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


@dataclass(frozen=True)
class All:
    """Every part happens."""

    parts: tuple[Event, ...]


@dataclass(frozen=True)
class Some:
    """At least one part happens."""

    parts: tuple[Event, ...]


@dataclass(frozen=True)
class Not:
    """The part does not happen."""

    part: Event


@dataclass(frozen=True)
class Given:
    """`event`, where `condition` is taken to happen too: P(event and condition) / P(condition)."""

    event: Event
    condition: Event


Single = Reaches | At | AnyMove | CountMove | EnteredTerminal | NoTerminal
Compound = All | Some | Not | Given
Event = Single | Compound | Unanswerable


def leaves(event: Event) -> Iterator[Single | Unanswerable]:
    """The single events that an event is made of, from left to right, repetitions included.

    >>> merger, calm = EnteredTerminal(("merged",), "2030Q1"), At("streets", ("calm",), "2030Q1")
    >>> [type(leaf).__name__ for leaf in leaves(Given(Some((merger, Not(calm))), calm))]
    ['EnteredTerminal', 'At', 'At']
    """
    match event:
        case All(parts) | Some(parts):
            for part in parts:
                yield from leaves(part)
        case Not(part):
            yield from leaves(part)
        case Given(wanted, condition):
            yield from leaves(wanted)
            yield from leaves(condition)
        case _:
            yield event


def opposite(event: Event) -> Event:
    """The event that happens whenever this one does not; two negations cancel."""
    match event:
        case Not(part):
            return part
        case EnteredTerminal(terminals, by):
            return NoTerminal(terminals, by)
        case NoTerminal(terminals, by):
            return EnteredTerminal(terminals, by)
        case _:
            return Not(event)


@dataclass(frozen=True)
class Names:
    """What questions may mention: a case's variables, moves and terminals, and its period length.

    groups    a name in words -> terminals; `regime fall` stands for every terminal named `successor...`
    mappings  what is not coded, in small letters -> the event expression that the case reads it as
    """

    length: PeriodLength
    states: Mapping[str, tuple[str, ...]]
    rising: frozenset[str] = frozenset()
    moves: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    terminals: tuple[str, ...] = ()
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    mappings: Mapping[str, str] = field(default_factory=dict)


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
        mappings={plain_words(name): mapping.reads for name, mapping in case.mappings.items()},
    )


def plain_words(text: str) -> str:
    """A name as it is compared: small letters, one space between words."""
    return " ".join(text.casefold().split())
