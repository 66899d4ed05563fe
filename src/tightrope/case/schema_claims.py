"""Nouns of the argument: claims, the quantities that they check, and frequencies in the record."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from tightrope.case.noun import ExpressionField, Identifier, Noun


class Quantity(Noun):
    """A number the solved game implies.

    Exactly one of the first group says what is measured; the second group says
    where. Expressions in `probability`, `expectation` and `given` are read at the
    point of the period where payoffs are collected, so they may mention states
    (as they then stand) and every earlier move.

    probability   P(expression) in one period
    expectation   E[expression] in one period
    rises         P(variable stands higher at the end of the period than at its start)
    reaches       P(condition on states holds at the start of some period, or a
                  terminal of that name has been entered) within `within` periods
    value         a player's lifetime value
    minus_terminal  subtract the player's value of that terminal (with `value`)
    price_gap     the least price gap of entering a terminal now, over the states in which `given` holds
                  (all of them without one): what the client would take at least, less what the patron
                  would pay at most, in the patron's payoff; above 0 no price suits both in any of them
    rate          what a unit of the client's payoff costs the patron, in parameters and states (default 1)
    patron, client  players, where the case does not have one of each role

    given         condition on this (observe): P(. | given)
    set           put state variables at a level first (do)
    do            force moves to an action (do)
    after         let this many periods pass first
    over          the distribution of start states: `record` (default: the record's
                  filtered states), `end` (the record's last), `start`, or a period name
    """

    about: str = ""
    probability: ExpressionField | None = None
    expectation: ExpressionField | None = None
    rises: Identifier | None = None
    reaches: ExpressionField | None = None
    value: Identifier | None = None
    minus_terminal: Identifier | None = None
    price_gap: Identifier | None = None
    rate: ExpressionField | None = None
    patron: Identifier | None = None
    client: Identifier | None = None
    given: ExpressionField | None = None
    set: dict[Identifier, Identifier] = Field(default={})
    do: dict[Identifier, Identifier] = Field(default={})
    after: int = Field(default=0, ge=0, le=400)
    within: int = Field(default=0, ge=0, le=400)
    over: str = "record"


class RecordShare(Noun):
    """A frequency in the coded record: share of rows with `share` among those with `of`.

    Names are the case's variables; `next_NAME` is a state variable one row later.
    `versus` is a second condition whose share is compared with the first.
    """

    share: ExpressionField
    of: ExpressionField | None = None
    versus: ExpressionField | None = None
    expect: Literal["higher", "lower", "zero", "majority", "minority", "none"] = "none"
    since: str | None = None
    until: str | None = None


class Claim(Noun):
    """A sentence of the argument: a check on quantities, and what the record shows."""

    text: str
    kind: str = "inference"
    check: ExpressionField | None = None
    breaks: tuple[Identifier, ...] = ()
    threshold: str | None = None
    record: tuple[RecordShare, ...] = ()
    untestable: str | None = None
    later: str = ""
