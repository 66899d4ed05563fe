"""Nouns of what a report is to draw of one case alone."""

from __future__ import annotations

from pydantic import Field

from tightrope.case.noun import ExpressionField, Identifier, Noun


class Axis(Noun):
    """An axis of a plane: an expression in state variables that are seen, and what its two ends mean."""

    label: str = Field(min_length=1)
    of: ExpressionField
    low: str = ""
    high: str = ""


class Plane(Noun):
    """Two axes on which the record's path and the law of motion are drawn."""

    about: str = ""
    across: Axis
    up: Axis


class PriceOver(Noun):
    """The price gap of a terminal over two state variables; `rate` as `tightrope explain` has it, or 1."""

    terminal: Identifier
    across: Identifier
    down: Identifier
    rate: ExpressionField | None = None


class ChoiceAt(Noun):
    """A choice to be taken apart: a move, where the mover stands, and the action that it is set against.

    `at` gives levels of states and of earlier moves; what is left out stands as in the record's last row
    (without a record: as at the start). Without `against` it is the runner-up.
    """

    about: str = ""
    move: Identifier
    at: dict[Identifier, Identifier] = Field(default={})
    against: Identifier | None = None


class Pictures(Noun):
    """What the report is to draw of this case alone, where it is given; no number depends on it."""

    plane: Plane | None = None
    price: PriceOver | None = None
    choice: ChoiceAt | None = None
