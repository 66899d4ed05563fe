"""A dated question's pooled forecast: whose weights speak for it, and the pool of what the members say.

Hindcasts learn weights apart for each kind of target (states, moves, terminals) and horizon. A question takes
those of its own kind at the horizon nearest to its last period, nearest by ratio because the horizons double.
Where none were learned, and where a question joins several kinds, the weights are equal. The linear floor
comes after the pool, as everywhere, and is never learned.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import log
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tightrope.case.calendar import Period, parse_period
from tightrope.forecast.events import (
    AnyMove,
    At,
    CountMove,
    EnteredTerminal,
    Event,
    NoTerminal,
    Reaches,
    Single,
    leaves,
)
from tightrope.forecast.pooling import floored, pool

Array = NDArray[Any]
NAMES = ("game", "Markov chain", "reference class")
"""The members of a pool, in the order of its weights; the last speaks about a merger only."""


class Cell(NamedTuple):
    """What weights are learned for: a kind of target, a horizon in periods, and how many pool."""

    kind: str
    horizon: int
    members: int


@dataclass(frozen=True, eq=False)
class Weights:
    """Pooling weights of the game, the Markov chain and perhaps the reference class.

    resolved  forecasts they were learned from; none: they are equal
    """

    weights: Array
    resolved: int


@dataclass(frozen=True)
class Pooled:
    """A pooled forecast.

    probability  after the floor
    bare         before it
    members      what each member says
    weights      what each weighs
    kind         whose weights they are: states, moves or ends; empty where they are equal for want of any
    horizon      in periods; 0 with equal weights
    resolved     forecasts that the weights were learned from
    """

    probability: float
    bare: float
    members: Mapping[str, float]
    weights: Mapping[str, float]
    kind: str
    horizon: int
    resolved: int


def kind_of(event: Event) -> str:
    """`states`, `moves` or `ends`; empty for an event that joins several kinds."""
    kinds = {_kind(leaf) for leaf in leaves(event)}
    return kinds.pop() if len(kinds) == 1 else ""


def periods_ahead(event: Event, *, known: str) -> int:
    """How many periods after `known` the last one lies that an event depends on.

    >>> periods_ahead(EnteredTerminal(("merged",), "2026Q3"), known="2025Q2")
    4
    """
    last = parse_period(known)
    return max(_last(leaf) - last for leaf in leaves(event) if isinstance(leaf, Single))


def weights_for(
    learned: Mapping[Cell, Weights], event: Event, *, known: str, members: int
) -> tuple[Cell | None, Weights]:
    """The weights that speak for an event and the cell that they were learned in; None: they are equal."""
    kind, ahead = kind_of(event), max(periods_ahead(event, known=known), 1)
    there = [cell for cell in learned if cell.kind == kind and cell.members == members]
    if not there:
        return None, Weights(np.full(members, 1.0 / members), 0)
    nearest = min(there, key=lambda cell: (abs(log(cell.horizon / ahead)), cell.horizon))
    return nearest, learned[nearest]


def pooled(
    event: Event,
    *,
    game: float,
    chain: float,
    reference: float | None,
    learned: Mapping[Cell, Weights],
    known: str,
    epsilon: float,
) -> Pooled:
    """Pool what the unfloored game, the Markov chain and the reference class say of an event, then floor it.

    reference  None where the reference class is silent; else it is the floor's outside view too
    learned    weights by cell; empty: equal weights
    known      the last period known when it was asked
    """
    given = [game, chain] if reference is None else [game, chain, reference]
    cell, found = weights_for(learned, event, known=known, members=len(given))
    laws = [np.array([1.0 - p, p]) for p in given]
    mixed = pool(laws, found.weights)
    names = NAMES[: len(given)]
    return Pooled(
        probability=float(floored(mixed, laws[-1], weight=epsilon)[1]),
        bare=float(mixed[1]),
        members=dict(zip(names, given, strict=True)),
        weights=dict(zip(names, found.weights.tolist(), strict=True)),
        kind="" if cell is None else cell.kind,
        horizon=0 if cell is None else cell.horizon,
        resolved=found.resolved,
    )


def _kind(leaf: Event) -> str:
    match leaf:
        case Reaches() | At():
            return "states"
        case AnyMove() | CountMove():
            return "moves"
        case EnteredTerminal() | NoTerminal():
            return "ends"
        case _:
            return ""


def _last(leaf: Single) -> Period:
    match leaf:
        case At(on=on):
            return parse_period(on)
        case EnteredTerminal(by=by) | NoTerminal(by=by):
            # Entered when `by` opens, so in the period before it at the latest.
            return parse_period(by) - 1
        case _:
            return parse_period(leaf.last)
