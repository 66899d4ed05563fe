"""The outcome that an argument fears, as a quantity: reached by a horizon, from where the record ends.

A case that has a quantity called `feared` says itself what it is. Else it is what the first live question
asks about, which heads the report too, by that question's deadline.
"""

from __future__ import annotations

from collections.abc import Collection

from tightrope.argument.conditions import is_about
from tightrope.case import syntax as s
from tightrope.case.calendar import parse_period
from tightrope.case.errors import near_or_list
from tightrope.case.schema import Quantity
from tightrope.forecast.events import EnteredTerminal, Reaches
from tightrope.workflow.material import Material
from tightrope.workflow.steps import periods_named

FEARED = "feared"
_SAID = {"end": "the record's end", "record": "the record's average", "start": "the case's start"}


class OutcomeError(ValueError):
    """An outcome that the case does not have or that cannot be read; the message says what to write."""


def quantities_of(
    material: Material, *, reaches: str = "", within: int = 0, start: str = ""
) -> dict[str, Quantity]:
    """The case's quantities, and `feared` where the case or the arguments say what that is.

    reaches  condition on states and terminals, in the case's words; empty: the default
    within   periods until the horizon; 0: the deadline of the first live question
    start    states from which it is reached: `end`, `record`, `start` or a period that the case's own
             quantities look at; empty: `end`, without a record `start`

    Raises OutcomeError for a start or horizon that makes no sense, ExpressionError for a condition that does
    not parse or names what is not there.
    """
    found = dict(material.case.quantities)
    asked = bool(reaches or within or start)
    if FEARED in found and not asked:
        return found
    over = start or ("end" if material.coded is not None else "start")
    _check_start(material, over)
    condition, by = _default(material)
    condition = reaches or condition
    if not condition:
        if asked:
            raise OutcomeError("no live question says what is feared; write --reaches CONDITION")
        return found
    periods = within or _until(material, by, over)
    if periods < 1:
        raise OutcomeError("write --within N, the number of periods until the horizon")
    quantity = Quantity.model_validate(
        {
            "about": f"{condition} within {periods} periods of {_SAID.get(over, over)}.",
            "reaches": condition,
            "within": periods,
            "over": over,
        }
    )
    _check_condition(material, quantity)
    return {**found, FEARED: quantity}


def _default(material: Material) -> tuple[str, str]:
    """Condition and last period of the first live question; empty where it is not of that kind."""
    if not material.live:
        return "", ""
    match material.live[0].event:
        case EnteredTerminal(terminals, by):
            return " or ".join(terminals), by
        case Reaches(variable, levels, _, last):
            ends = [
                name
                for name, terminal in material.case.terminals.items()
                if terminal.counts_as.get(variable) in levels
            ]
            return " or ".join([*(f"{variable} == {level}" for level in levels), *ends]), last
        case _:
            return "", ""


def _until(material: Material, by: str, over: str) -> int:
    """Periods from the record's end to a period; 0 where that says nothing."""
    if not by or over != "end" or material.coded is None:
        return 0
    return parse_period(by) - parse_period(material.coded.periods[-1])


def _check_start(material: Material, over: str) -> None:
    known: Collection[str] = ("start",)
    if material.coded is not None:
        known = ("end", "record", "start", *periods_named(material))
    if over not in known:
        raise OutcomeError(f"--from {over}: {near_or_list(over, known)}")


def _check_condition(material: Material, quantity: Quantity) -> None:
    """Refuse moves: what is reached is a state or a terminal."""
    assert quantity.reaches is not None
    game = material.game
    node = is_about(quantity.reaches, game)
    used = {part.name for part in s.walk(node) if isinstance(part, s.Variable)}
    for name in sorted(used - set(game.states) - set(game.terminals)):
        raise OutcomeError(f"{name} is a move, and --reaches is about states and terminals")
