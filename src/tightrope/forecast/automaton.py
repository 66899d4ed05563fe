"""An event as a deterministic automaton that reads a path of the game as it unfolds.

A *watch* counts, up to a cap, how often one thing was seen: a variable at some levels when a period opens, or
an action when a move is made. The tuple of all watches' counts is the automaton's state; the event is a
boolean function of the last one (Baier & Katoen 2008, chapter 10, for the method). Only tuples that can be
reached are kept, and tuples with which the event is settled whatever follows are one.

Mass that ends in a terminal keeps its counts, but for variables as one of whose levels the terminal counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from tightrope.case.calendar import parse_period
from tightrope.forecast.events import (
    All,
    AnyMove,
    At,
    CountMove,
    EnteredTerminal,
    Event,
    Given,
    Not,
    NoTerminal,
    Reaches,
    Some,
    Unanswerable,
    leaves,
)

MOST = 512
"""Product states of one event; above that it is refused."""

Cell = tuple[int, ...]


class CannotFollow(ValueError):
    """An event that no automaton can follow from here; the message says why."""


@dataclass(frozen=True)
class Watch:
    """Count how often `name` has one of `values`, in periods `first` to `last` (0 is the first unknown one).

    opening  whether a variable is looked at as the period opens, else a move as it is made
    """

    name: str
    values: tuple[str, ...]
    first: int
    last: int
    opening: bool


@dataclass(frozen=True)
class Automaton:
    """A compiled event.

    watches  what is counted, and up to how much
    cells    the reachable states: one count a watch; the first is where a path begins
    periods  how many periods must pass before the event is settled
    """

    event: Event
    start: str
    watches: Mapping[Watch, int]
    terminals: Mapping[str, Mapping[str, str]]
    cells: tuple[Cell, ...]
    periods: int

    @cached_property
    def index(self) -> dict[Cell, int]:
        """Cell -> its number."""
        return {cell: number for number, cell in enumerate(self.cells)}

    def after(self, name: str, value: str, period: int) -> np.ndarray:
        """Number of the state after `name` was seen at `value` in a period, by number before: (cells,)."""
        stay = np.arange(len(self.cells), dtype=np.int32)
        if not any(w.name == name and w.first <= period <= w.last for w in self.watches):
            return stay
        moved = []
        for number, cell in enumerate(self.cells):
            seen = seen_by(self.watches, cell, name, value, period)
            settled = _settled(self.event, self.watches, seen, self.start)
            # A cell that no path can be in so early may lead outside; where it leads does not matter.
            moved.append(self.index.get(settled, number))
        return np.array(moved, dtype=np.int32)

    def verdict(self) -> np.ndarray:
        """Whether the event has happened where the game still goes on at the end: (cells,) of 0 and 1."""
        return np.array([float(self._holds(cell, None, self.periods)) for cell in self.cells])

    def ended(self, terminal: str, period: int) -> np.ndarray:
        """Whether the event happens once the game has ended in `terminal` during `period`: (cells,)."""
        counts = self.terminals[terminal]
        found = []
        for cell in self.cells:
            now = list(cell)
            for number, (watch, cap) in enumerate(self.watches.items()):
                lasts = max(watch.first, period + 1) <= watch.last
                if cell[0] >= 0 and watch.opening and lasts and counts.get(watch.name) in watch.values:
                    now[number] = cap
            found.append(float(self._holds(tuple(now), terminal, period)))
        return np.array(found)

    def _holds(self, cell: Cell, terminal: str | None, period: int) -> bool:
        held = _value(self.event, dict(zip(self.watches, cell, strict=True)), self.start, terminal, period)
        assert held is not None
        return held


def compile_event(
    event: Event,
    *,
    levels: Mapping[str, Sequence[str]],
    terminals: Mapping[str, Mapping[str, str]],
    first: str,
    most: int = MOST,
) -> Automaton:
    """Compile an event for paths that begin when period `first` opens.

    levels     state variable or move -> its levels or actions; states first, then moves as they are made
    terminals  terminal -> variable -> the level as which it counts afterwards

    Raises CannotFollow for an event of which a part lies before `first` (the record answers that part), one
    that is not coded, a condition (`Given` is the ratio of two events), or more than `most` product states.
    """
    watches: dict[Watch, int] = {}
    periods = 1
    for leaf in leaves(event):
        if isinstance(leaf, Unanswerable):
            raise CannotFollow(leaf.reason)
        if isinstance(leaf, EnteredTerminal | NoTerminal):
            ahead = parse_period(leaf.by) - parse_period(first)
            if ahead < 0:
                raise CannotFollow(f"a part of it is over before {first}: the record answers that")
            periods = max(periods, ahead)
            continue
        watch, enough = watch_of(leaf, first)
        if watch.first < 0:
            raise CannotFollow(f"a part of it begins before {first}: the record answers that")
        watches[watch] = max(enough, watches.get(watch, 0))
        periods = max(periods, watch.last + (0 if watch.opening else 1))
    _no_condition(event)
    begin = _settled(event, watches, (0,) * len(watches), first)
    cells = _reachable(event, watches, begin, levels, first, periods, most)
    return Automaton(event, first, watches, terminals, cells, periods)


@lru_cache(maxsize=4096)
def watch_of(leaf: Reaches | At | AnyMove | CountMove, first: str) -> tuple[Watch, int]:
    """What a single event watches, and from which count on it has happened."""
    start = parse_period(first)
    match leaf:
        case Reaches(variable, levels, begin, end):
            return Watch(variable, levels, parse_period(begin) - start, parse_period(end) - start, True), 1
        case At(variable, levels, on):
            return Watch(variable, levels, parse_period(on) - start, parse_period(on) - start, True), 1
        case AnyMove(move, action, begin, end):
            enough = 1
        case CountMove(move, action, enough, begin, end):
            pass
    return Watch(move, (action,), parse_period(begin) - start, parse_period(end) - start, False), enough


def seen_by(watches: Mapping[Watch, int], cell: Cell, name: str, value: str, period: int) -> Cell:
    """The counts after `name` was seen at `value` in a period."""
    if cell and cell[0] < 0:  # settled
        return cell
    return tuple(
        min(count + 1, cap)
        if watch.name == name and value in watch.values and watch.first <= period <= watch.last
        else count
        for count, (watch, cap) in zip(cell, watches.items(), strict=True)
    )


def _settled(event: Event, watches: Mapping[Watch, int], cell: Cell, first: str) -> Cell:
    """The cell itself, or the one cell for all in which the event can no longer change."""
    held = _value(event, dict(zip(watches, cell, strict=True)), first, None, None)
    if held is None:
        return cell
    # Counts only rise, so a settled cell stays settled: minus one marks `yes`, minus two `no`.
    return (-1 if held else -2,) * len(cell) if cell else cell


def _value(
    event: Event, counts: Mapping[Watch, int], first: str, terminal: str | None, period: int | None
) -> bool | None:
    """Whether the event holds at counts; without a period: None while it may still change.

    terminal  where the game ended in `period`; None if it goes on
    """
    if -1 in counts.values() or -2 in counts.values():
        return -1 in counts.values()
    match event:
        case Not(part):
            inner = _value(part, counts, first, terminal, period)
            return None if inner is None else not inner
        case All(parts) | Some(parts):
            values = [_value(part, counts, first, terminal, period) for part in parts]
            decisive = isinstance(event, Some)
            if decisive in values:
                return decisive
            return None if None in values else not decisive
        case EnteredTerminal(names, by) | NoTerminal(names, by):
            if period is None:
                return None
            inside = terminal in names and period + 1 <= parse_period(by) - parse_period(first)
            return inside is isinstance(event, EnteredTerminal)
        case Reaches() | At() | AnyMove() | CountMove():
            watch, enough = watch_of(event, first)
            if counts[watch] >= enough:
                return True
            return None if period is None else False
    raise CannotFollow(f"no automaton can follow {event!r}")


def holds_at_end(event: Event, counts: Mapping[Watch, int], first: str) -> bool:
    """Whether an event of moves and states has happened, by the last counts of its watches."""
    return bool(_value(event, counts, first, None, 0))


def _no_condition(event: Event) -> None:
    match event:
        case Given():
            raise CannotFollow("a condition is a ratio of two events, not an event")
        case All(parts) | Some(parts):
            for part in parts:
                _no_condition(part)
        case Not(part):
            _no_condition(part)


def _reachable(
    event: Event,
    watches: Mapping[Watch, int],
    begin: Cell,
    levels: Mapping[str, Sequence[str]],
    first: str,
    periods: int,
    most: int,
) -> tuple[Cell, ...]:
    """Every cell that some path can be in, the first one first."""
    found = {begin: None}
    now: Iterable[Cell] = [begin]
    for period in range(periods + 1):
        active = {w.name for w in watches if w.first <= period <= w.last}
        for name in (n for n in levels if n in active):
            now = dict.fromkeys(
                _settled(event, watches, seen_by(watches, cell, name, value, period), first)
                for cell in now
                for value in levels[name]
            )
            found |= dict.fromkeys(now)
            if len(found) > most:
                raise CannotFollow(
                    f"it needs more than {most} product states; ask for fewer counts or parts at once"
                )
    return tuple(found)
