"""A scenario laid out over periods: which steps are in force when, who knows of them, and since when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tightrope.case.calendar import parse_period
from tightrope.case.doing import Do, HoldState
from tightrope.case.doing_parse import LONGEST
from tightrope.game.compile import Game


class CannotDo(ValueError):
    """A scenario that cannot be carried out on this case; the message says why."""


@dataclass(frozen=True)
class Timeline:
    """What is done, by period: 0 is the first to come.

    active  steps in force in each period up to the last change
    ever    steps in force in all periods after that
    aware   players who know of it
    since   the period from which they know
    """

    active: tuple[tuple[Do, ...], ...]
    ever: tuple[Do, ...]
    aware: frozenset[str]
    since: int

    def at(self, period: int) -> tuple[Do, ...]:
        """The steps in force in a period."""
        return self.active[period] if period < len(self.active) else self.ever

    def together(self) -> tuple[tuple[Do, ...], ...]:
        """Every set of steps that is in force at one time."""
        return tuple(dict.fromkeys((*self.active, self.ever)))


def lay_out(
    game: Game, dos: Sequence[Do], *, first: str, aware: Sequence[str], known_from: str = ""
) -> Timeline:
    """Lay steps out over periods from `first`, the first to come.

    Raises CannotDo for a step in the past, one that is known only after it is done, one without an end that
    some players only know of, and a state that never falls and is put lower than before.
    """
    start = parse_period(first)

    def ahead(period: str, what: str) -> int:
        number = parse_period(period, start.length) - start
        if number < 0:
            raise CannotDo(f"{what} {period}: that is over; {first} is the first period to come")
        if number > LONGEST:
            raise CannotDo(f"{what} {period}: that is more than {LONGEST} periods ahead")
        return number

    spans = []
    for do in dos:
        begin = ahead(do.span.first, f"{do.name} in") if do.span.first else 0
        end = ahead(do.span.last, f"{do.name} until") if do.span.last else None
        spans.append((do, begin, end))
    length = max((begin + 1 if end is None else end + 1 for _, begin, end in spans), default=0)
    active = tuple(
        tuple(do for do, begin, end in spans if begin <= k and (end is None or k <= end))
        for k in range(length)
    )
    ever = tuple(do for do, _, end in spans if end is None)
    since = ahead(known_from, "known from") if known_from else 0
    if aware and since >= length and not ever:
        raise CannotDo(f"known from {known_from}, when all of it is over: then it is not announced")
    if ever and aware and set(aware) != set(game.players):
        raise CannotDo(
            f"{ever[0].name} without an end, known to some players only: say when it ends, or let all know"
        )
    _never_lower(game, active)
    return Timeline(active, ever, frozenset(aware), since)


def _never_lower(game: Game, active: Sequence[tuple[Do, ...]]) -> None:
    """Refuse to put a state that never falls lower than it was put before."""
    highest: dict[str, str] = {}
    for dos in active:
        for do in dos:
            if not isinstance(do, HoldState) or game.case.states[do.name].direction != "up":
                continue
            order = game.levels[do.name]
            before = highest.get(do.name, do.level)
            if order.index(do.level) < order.index(before):
                raise CannotDo(f"{do.name} never falls: it cannot be {do.level} after it was {before}")
            highest[do.name] = do.level
