"""A solve prepared: primitives and what else does not depend on values, and sweeps on the flat vector z.

Values are counted in the unit that the precisions give (`layout.units`): a residual of 1e-9 is
a change of log-odds by that much or less, whatever unit payoffs are written in.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from tightrope.compiled.kept import kept
from tightrope.game.certificate import Convention
from tightrope.game.chains import Chains, mean_chains, no_chains
from tightrope.game.choice import deviation_gain
from tightrope.game.compile import Game
from tightrope.game.layout import pack, units, unpack
from tightrope.game.named import Named
from tightrope.game.primitives import Primitives, primitives
from tightrope.game.sweep import Affine, affine, backward, coarsened
from tightrope.game.walk import Strategies


@lru_cache(maxsize=64)
def primitives_function(game: Game) -> Any:
    """Compiled `theta -> Primitives`. The pieces of a solve are compiled apart: it is far quicker."""
    return kept(lambda theta: primitives(game, theta), of=[game])


class Prepared(NamedTuple):
    """All that a sweep needs besides values, computed once at a parameter vector."""

    numbers: Primitives
    between: Affine


def prepared(game: Game, numbers: Primitives) -> Prepared:
    """Add what does not depend on values to the primitives."""
    return Prepared(coarsened(numbers), affine(game, numbers))


@lru_cache(maxsize=64)
def prepared_sweep(game: Game, convention: Convention) -> Any:
    """T(z, Prepared): one sweep of the backward operator on the flat vector z."""

    def sweep(z: Array, given: Prepared) -> Array:
        values, mixed = unpack(game, z)
        new, strategies = backward(
            game, values, given.numbers, convention=convention, guess=mixed, between=given.between
        )
        return pack(game, new, strategies)

    return sweep


@lru_cache(maxsize=64)
def sweep_function(game: Game, convention: Convention) -> Any:
    """T(z, Primitives): the same sweep, for a caller that takes one or a few."""
    sweep = prepared_sweep(game, convention)
    return lambda z, numbers: sweep(z, prepared(game, numbers))


class Unitless(NamedTuple):
    """What a sweep in log-odds units needs, y = z / units, and the chains that guess ahead of it."""

    prepared: Prepared
    units: Array
    chains: Chains


def unitless(game: Game, numbers: Primitives) -> Unitless:
    """Prepare a parameter vector's primitives for sweeps in log-odds units. The chains guess nothing yet."""
    return Unitless(prepared(game, numbers), jax.lax.stop_gradient(units(game, numbers)), no_chains(game))


@lru_cache(maxsize=64)
def ready_function(game: Game) -> Any:
    """Compiled `Primitives -> Unitless`."""
    return kept(lambda numbers: unitless(game, numbers), of=[game])


@lru_cache(maxsize=64)
def unitless_sweep(game: Game, convention: Convention) -> Any:
    """T(y, Unitless): one sweep on y = z / units."""
    sweep = prepared_sweep(game, convention)
    return lambda y, given: sweep(y * given.units, given.prepared) / given.units


def strategies_at(game: Game, z: Array, numbers: Primitives, convention: Convention) -> Strategies:
    """Choice probabilities at every move when values are z. Traceable."""
    values, mixed = unpack(game, z)
    return backward(game, values, numbers, convention=convention, guess=mixed)[1]


@lru_cache(maxsize=64)
def strategies_function(game: Game, convention: Convention) -> Any:
    """Compiled `(z, Primitives) -> strategies, values' image`."""

    def run(z: Array, numbers: Primitives) -> tuple[Strategies, Array]:
        values, mixed = unpack(game, z)
        new, strategies = backward(game, values, numbers, convention=convention, guess=mixed)
        return strategies, pack(game, new, strategies)

    return kept(run, of=[game, convention])


@lru_cache(maxsize=64)
def look_function(game: Game, convention: Convention) -> Any:
    """Compiled `(z, Primitives) -> strategies, values' image, largest gain from a one-shot deviation`."""

    def run(z: Array, numbers: Primitives) -> tuple[Strategies, Array, Array]:
        values, mixed = unpack(game, z)
        seen: dict[str, Named] = {}
        new, strategies = backward(
            game, values, numbers, convention=convention, guess=mixed, action_values=seen
        )
        gains = [
            jnp.max(
                deviation_gain(game, seen[move], strategies[move], numbers.available.get(move), move).data
            )
            for move in strategies
        ]
        gain = jnp.max(jnp.stack(gains)) if gains else jnp.asarray(0.0)
        return strategies, pack(game, new, strategies), gain

    return kept(run, of=[game, convention])


@lru_cache(maxsize=64)
def chains_function(game: Game, convention: Convention) -> Any:
    """`(z, Primitives) -> Chains`, those of play where values are z."""
    look = look_function(game, convention)
    means = kept(lambda numbers, strategies: mean_chains(game, numbers, strategies), of=[game])
    return lambda z, numbers: means(numbers, look(z, numbers)[0])


def chains_at(game: Game, theta: np.ndarray, z: np.ndarray, *, convention: Convention = "agent") -> Chains:
    """Those at a solved parameter vector (parameters,) and its fixed point (n,)."""
    numbers = primitives_function(game)(jnp.asarray(theta))
    found: Chains = chains_function(game, convention)(jnp.asarray(z), numbers)
    return found
