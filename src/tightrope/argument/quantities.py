"""Measure the quantities of a case on a solved game, or on many with one compiled program.

`parts` has the sums themselves; here they are given a game's numbers and turned into values with
reasons. What is compiled takes laws, strategies and distributions as arguments, so that a further
parameter vector costs milliseconds.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from tightrope.argument.conditions import at_terminal, is_about
from tightrope.argument.parts import Ended, Parts, Undefined
from tightrope.argument.periods import Numbers, start_distribution
from tightrope.case import syntax as s
from tightrope.case.parse import to_expression
from tightrope.case.schema import Quantity
from tightrope.compiled.kept import kept
from tightrope.game.compile import Game
from tightrope.game.equilibrium import Equilibrium, named_strategies, primitives_function
from tightrope.game.primitives import Primitives
from tightrope.game.walk import Strategies

UNDEFINED_BELOW = 1e-12
"""A conditioning event less likely than this leaves a quantity undefined."""


@dataclass(frozen=True)
class Measured:
    """Values of quantities at one equilibrium.

    values   quantity -> value, nan where undefined
    reasons  quantity -> why it is undefined, only for those
    """

    values: Mapping[str, float]
    reasons: Mapping[str, str] = field(default_factory=dict)


def measure(
    equilibrium: Equilibrium,
    *,
    over: Mapping[str, Numbers] | None = None,
    quantities: Mapping[str, Quantity] | None = None,
) -> Measured:
    """Values of quantities (default: all of the case's) at an equilibrium.

    over      name -> distribution over live states, shape (*states), for each name that a quantity's
              `over` mentions; `start` comes from the case where it is not given

    The quantities are compiled together, once a game, so that those of a further equilibrium cost
    milliseconds.
    A quantity is nan, with a reason, when its conditioning event has probability below 1e-12, when its
    distribution was not given, or when it asks for what has no meaning. A price gap has none where no
    state meets its condition, or its rate is not positive. Forced moves (`do`) stay forced
    in every period that the quantity looks at, `after` included. One-period quantities and values hold
    given that the game has not ended. `given` is read where payoffs are collected; with `value` and
    `reaches` it is read at the start and may mention states only. Raises `NotCertified` on an
    equilibrium without a good certificate.
    """
    equilibrium.require()
    game = equilibrium.game
    asked = game.case.quantities if quantities is None else quantities
    starts = {name: jnp.asarray(states, dtype=float) for name, states in (over or {}).items()}
    starts = {"start": _first_states(game)} | starts
    theta = jnp.asarray(equilibrium.theta)
    numbers: Primitives = primitives_function(game)(theta)
    strategies = named_strategies(equilibrium)
    values = jnp.asarray(equilibrium.values.values)
    ended = ended_conditions(game, asked, equilibrium.theta)
    sums, reasons = _program(game, _Asked.of(asked))(theta, numbers, strategies, values, starts, ended)
    return _measured(asked, sums, reasons)


@lru_cache(maxsize=16)
def _first_states(game: Game) -> Array:
    return jnp.asarray(start_distribution(game))


@dataclass(frozen=True)
class _Asked:
    """Quantities that know each other again by what they say."""

    written: tuple[tuple[str, str], ...]
    quantities: Mapping[str, Quantity] = field(compare=False)

    @classmethod
    def of(cls, quantities: Mapping[str, Quantity]) -> _Asked:
        return cls(tuple((name, q.model_dump_json()) for name, q in quantities.items()), dict(quantities))


@jax.tree_util.register_static
@dataclass(frozen=True)
class _Reasons:
    """Why quantities have no value whatever the numbers: what a compiled program says, not what it does."""

    by_quantity: tuple[tuple[str, str], ...]


@lru_cache(maxsize=64)
def _program(game: Game, asked: _Asked) -> Any:
    """All of these quantities in one compiled program."""

    def run(
        theta: Array,
        numbers: Primitives,
        strategies: Strategies,
        values: Array,
        over: dict[str, Array],
        ended: Ended,
    ) -> tuple[Array, _Reasons]:
        parts = Parts(
            game, theta=theta, numbers=numbers, strategies=strategies, values=values, over=over, ended=ended
        )
        asks, reasons = [], {}
        for name, quantity in asked.quantities.items():
            try:
                asks.append(parts.ask(quantity))
            except Undefined as reason:
                reasons[name] = str(reason)
        parts.carry()
        sums = jnp.array([read() for read in asks]) if asks else jnp.zeros((0, 2))
        return sums, _Reasons(tuple(reasons.items()))

    compiled = kept(run, of=[game, asked])

    def program(*given: Any) -> tuple[dict[str, tuple[float, float]], dict[str, str]]:
        found, why = compiled(*given)
        sums, reasons = np.asarray(found).tolist(), dict(why.by_quantity)
        names = [name for name in asked.quantities if name not in reasons]
        return {name: (part, whole) for name, (part, whole) in zip(names, sums, strict=True)}, reasons

    return program


def _measured(
    asked: Mapping[str, Quantity], sums: Mapping[str, tuple[float, float]], reasons: Mapping[str, str]
) -> Measured:
    values: dict[str, float] = {}
    why: dict[str, str] = {}
    for name, quantity in asked.items():
        values[name] = math.nan
        if name in reasons:
            why[name] = reasons[name]
            continue
        part, whole = sums[name]
        if quantity.price_gap is not None and not (whole > 0 and math.isfinite(part)):
            no_rate = f"the rate `{quantity.rate}` is not positive in every state"
            why[name] = no_rate if whole > 0 else f"no state has `{quantity.given}`"
        elif whole < UNDEFINED_BELOW:
            given = f"`{quantity.given}`" if quantity.given is not None else "being alive"
            why[name] = f"the condition ({given}) has probability {whole:.1e}"
        else:
            values[name] = part / whole
    return Measured(values, why)


def ended_conditions(game: Game, quantities: Mapping[str, Quantity], theta: np.ndarray) -> Ended:
    """Where each condition that is to be reached holds at once, because the game has ended."""
    found: dict[str, dict[str, float]] = {}
    for quantity in quantities.values():
        text = str(quantity.reaches or "")
        if text and text not in found:
            fixed = _ended_whatever(game, text)
            found[text] = _ended_at(game, text, theta) if fixed is None else fixed
    return found


@lru_cache(maxsize=256)
def _ended_whatever(game: Game, text: str) -> dict[str, float] | None:
    """The same where the condition mentions no parameter, found once; None where it does."""
    if any(isinstance(part, s.Parameter) for part in s.walk(is_about(to_expression(text), game))):
        return None
    return _ended_at(game, text, game.theta())


def _ended_at(game: Game, text: str, theta: np.ndarray) -> dict[str, float]:
    node = is_about(to_expression(text), game)
    return {name: at_terminal(node, name, game, theta) for name in game.terminals}
