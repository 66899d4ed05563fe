"""Distributions over states and moves within a period, and hitting probabilities, compiled once a game.

Everything here takes laws, strategies and distributions as arguments: a further parameter vector, a
forced move or another start compiles nothing anew.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from tightrope.game.compile import Game
from tightrope.game.forward import pull, push
from tightrope.game.named import Named, broadcast, scalar
from tightrope.game.plan import WORLD
from tightrope.game.primitives import ExitLaw, Primitives
from tightrope.game.walk import Strategies, expectation

Numbers = np.ndarray


def start_distribution(game: Game) -> Numbers:
    """The case's start states as a distribution, shape (*states)."""
    result = np.ones(game.shape)
    for number, name in enumerate(game.states):
        given, levels = game.case.start[name], game.levels[name]
        weights = np.array(
            [
                float(level == given) if isinstance(given, str) else float(given.get(level, 0.0))
                for level in levels
            ]
        )
        shape = [1] * len(game.states)
        shape[number] = -1
        result = result * (weights / weights.sum()).reshape(shape)
    return result


def pay_axes(game: Game) -> tuple[str, ...]:
    """Names of the states and of the moves made by the time payoffs are collected, in canonical order."""
    made = {move for move in game.moves if game.plan.position_of(move) <= game.plan.pay}
    return game.order.sort(set(game.states) | made)


def _until_pay(game: Game, numbers: Primitives, step: int) -> ExitLaw:
    return numbers.exits[step][WORLD] if step <= game.plan.pay else ExitLaw(scalar(0.0), {})


@lru_cache(maxsize=16)
def joint_at_pay(game: Game) -> Any:
    """Compiled (laws, strategies, start) -> joint distribution over `pay_axes`."""
    axes = pay_axes(game)
    shape = tuple(game.sizes[name] for name in axes)

    @jax.jit
    def run(numbers: Primitives, strategies: Strategies, start: Array) -> Array:
        def linear(x: Array) -> Array:
            result = expectation(
                game,
                scalar(1.0),
                kernels=lambda step: numbers.kernels[step][WORLD],
                exits=lambda step: _until_pay(game, numbers, step),
                strategies=strategies,
                terminals=dict.fromkeys(game.terminals, 0.0),
                inserts={game.plan.pay: Named(x, axes)},
            )
            return broadcast(result, game.states, game.sizes).data

        (joint,) = jax.linear_transpose(linear, jnp.zeros(shape))(start)
        return joint  # type: ignore[no-any-return]

    return run


@lru_cache(maxsize=16)
def push_part(game: Game) -> Any:
    """Compiled one-period push of the part of a distribution on which an indicator holds at pay."""
    axes = pay_axes(game)

    @jax.jit
    def run(
        numbers: Primitives, strategies: Strategies, live: Array, kept: Array
    ) -> tuple[Array, dict[str, Array]]:
        gone = {name: jnp.zeros(()) for name in game.terminals}
        return push(game, numbers, strategies, live, gone, inserts={game.plan.pay: Named(kept, axes)})

    return run


@lru_cache(maxsize=16)
def hitting_probability(game: Game) -> Any:
    """Compiled hitting probability of a set within a number of periods, for every start state."""

    @jax.jit
    def run(
        numbers: Primitives, strategies: Strategies, inside: Array, ended: dict[str, Array], periods: Array
    ) -> Array:
        def step(_: Array, hit: Array) -> Array:
            return jnp.where(inside, 1.0, pull(game, numbers, strategies, hit, ended))

        return jax.lax.fori_loop(0, periods, step, inside.astype(jnp.float64))  # type: ignore[no-any-return]

    return run
