"""What a period does to functions and to distributions, and hitting probabilities, compiled once a game.

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


def _until_pay(game: Game, numbers: Primitives, step: int) -> ExitLaw:
    return numbers.exits[step][WORLD] if step <= game.plan.pay else ExitLaw(scalar(0.0), {})


@lru_cache(maxsize=16)
def from_pay(game: Game) -> Any:
    """Compiled (laws, strategies, x) -> (*states) expectation of x where payoffs are collected.

    x is an array over whatever it mentions of states and moves there; a game that has ended before counts
    as zero.
    """

    @jax.jit
    def run(numbers: Primitives, strategies: Strategies, x: Named) -> Array:
        result = expectation(
            game,
            scalar(1.0),
            kernels=lambda step: numbers.kernels[step][WORLD],
            exits=lambda step: _until_pay(game, numbers, step),
            strategies=strategies,
            terminals=dict.fromkeys(game.terminals, 0.0),
            inserts={game.plan.pay: x},
        )
        return broadcast(result, game.states, game.sizes).data

    return run


@lru_cache(maxsize=16)
def carried(game: Game) -> Any:
    """Compiled (laws, strategies, f, ended, x) -> (*states) expectation of x·f.

    f      over states at the end of the period
    ended  terminal -> value there
    x      over states and moves where payoffs are collected
    """

    @jax.jit
    def run(
        numbers: Primitives, strategies: Strategies, f: Named, ended: dict[str, Array], x: Named
    ) -> Array:
        result = expectation(
            game,
            f,
            kernels=lambda step: numbers.kernels[step][WORLD],
            exits=lambda step: numbers.exits[step][WORLD],
            strategies=strategies,
            terminals=ended,
            inserts={game.plan.pay: x},
        )
        return broadcast(result, game.states, game.sizes).data

    return run


@lru_cache(maxsize=16)
def passed(game: Game, *, unrolled: bool = False) -> Any:
    """(laws, strategies, live, periods) -> live states and ends after so many periods.

    Compiled, unless `unrolled`: then the number of periods is a whole number, known when the program is
    written, and the program can be differentiated backwards.
    """

    def run(
        numbers: Primitives, strategies: Strategies, live: Array, periods: Any
    ) -> tuple[Array, dict[str, Array]]:
        gone = {name: jnp.zeros(()) for name in game.terminals}

        def step(_: Array, now: tuple[Array, dict[str, Array]]) -> tuple[Array, dict[str, Array]]:
            return push(game, numbers, strategies, *now)

        loop = _known_loop if unrolled else jax.lax.fori_loop
        found: tuple[Array, dict[str, Array]] = loop(0, periods, step, (live, gone))
        return found

    return run if unrolled else jax.jit(run)


def _known_loop(first: int, last: int, step: Any, state: Any) -> Any:
    """A loop of known length; what a step needs backwards is computed again there, and not kept."""
    again = jax.checkpoint(lambda now, k: (step(k, now), None))
    return jax.lax.scan(again, state, jnp.arange(first, last))[0]


@lru_cache(maxsize=16)
def hitting_probability(game: Game, *, unrolled: bool = False) -> Any:
    """Hitting probability of a set within a number of periods, for every start state; see `passed`."""

    def run(
        numbers: Primitives, strategies: Strategies, inside: Array, ended: dict[str, Array], periods: Any
    ) -> Array:
        def step(_: Array, hit: Array) -> Array:
            return jnp.where(inside, 1.0, pull(game, numbers, strategies, hit, ended))

        loop = _known_loop if unrolled else jax.lax.fori_loop
        found: Array = loop(0, periods, step, inside.astype(jnp.float64))
        return found

    return run if unrolled else jax.jit(run)
