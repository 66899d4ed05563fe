"""What a scenario does: steps as nouns, and whether two of them speak of one thing at one time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tightrope.case.calendar import parse_period
from tightrope.case.parse import Expression


@dataclass(frozen=True)
class Span:
    """Periods from `first` to `last`, both included; without `first` from the first to come, without `last`
    for ever.
    """

    first: str | None = None
    last: str | None = None


@dataclass(frozen=True)
class SetParameter:
    """A parameter takes a value, or is multiplied by it."""

    name: str
    value: float
    times: bool
    span: Span


@dataclass(frozen=True)
class PlayMove:
    """A move takes an action (or, with `closed`, does not), where a condition on states holds."""

    name: str
    action: str
    closed: bool
    condition: Expression | None
    span: Span


@dataclass(frozen=True)
class HoldState:
    """A state is put at a level as the span's first period opens and stays there; `once`: and goes on."""

    name: str
    level: str
    once: bool
    span: Span


@dataclass(frozen=True)
class EndGame:
    """The game ends in a terminal at the end of the period."""

    name: str
    span: Span


Do = SetParameter | PlayMove | HoldState | EndGame


def overlaps(one: Do, other: Do) -> bool:
    """Whether two steps speak of one thing at the same time, so that one would undo the other.

    Two actions of one move may be closed at once; two policies may stand beside each other by conditions.
    The game ends once, whichever way.
    """
    if type(one) is not type(other):
        return False
    if isinstance(one, EndGame):
        return True
    if one.name != other.name:
        return False
    if isinstance(one, PlayMove) and isinstance(other, PlayMove):
        apart = one.condition is not None and other.condition is not None
        if apart or (one.closed and other.closed):
            return False
    return _begins(one.span) <= _ends(other.span) and _begins(other.span) <= _ends(one.span)


def clash(do: Do, earlier: Iterable[Do]) -> str:
    """Why a step cannot stand beside earlier ones; nothing where it can."""
    if not any(overlaps(do, other) for other in earlier):
        return ""
    if isinstance(do, EndGame):
        return "an earlier step ends the game already"
    return f"an earlier step says something else of {do.name} at that time"


def _begins(span: Span) -> float:
    return parse_period(span.first).number if span.first else float("-inf")


def _ends(span: Span) -> float:
    return parse_period(span.last).number if span.last else float("inf")
