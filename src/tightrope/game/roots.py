"""Find the fixed point of a game's sweep, by any way, and say which branch it lies on.

Values are counted in the unit that the precisions give (`layout.units`): a residual of 1e-9 is
a change of log-odds by that much or less, whatever unit payoffs are written in.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Any, Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from tightrope.game.anderson import SWEEPS, Mixing, begin, mix
from tightrope.game.certificate import Branch
from tightrope.game.chains import Chains, mean_chains, no_chains, spread
from tightrope.game.choice import deviation_gain
from tightrope.game.compile import Game
from tightrope.game.continuation import Trace, correctors, trace
from tightrope.game.fixed_point import Method, Root, by_newton, fixed_point, solve_fixed_point
from tightrope.game.layout import pack, start, units, unpack
from tightrope.game.named import Named
from tightrope.game.primitives import Primitives, primitives
from tightrope.game.sweep import Affine, affine, backward
from tightrope.game.walk import Strategies

Convention = Literal["agent", "ev1"]
TOLERANCE = 1e-9
FIRST_SWEEPS = 20
"""Sweeps from zero values before play is looked at for where values go."""
LEG = 100
"""Sweeps after which it is looked at again."""


class Prepared(NamedTuple):
    """All that a sweep needs besides values, computed once at a parameter vector."""

    numbers: Primitives
    between: Affine


def prepared(game: Game, numbers: Primitives) -> Prepared:
    """Add what does not depend on values to the primitives."""
    return Prepared(numbers, affine(game, numbers))


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
    return jax.jit(lambda numbers: unitless(game, numbers))


@lru_cache(maxsize=64)
def chains_function(game: Game, convention: Convention) -> Any:
    """`(z, Primitives) -> Chains`, those of play where values are z."""
    look = look_function(game, convention)
    means = jax.jit(lambda numbers, strategies: mean_chains(game, numbers, strategies))
    return lambda z, numbers: means(numbers, look(z, numbers)[0])


def guess_ahead(given: Unitless, gap: Array) -> Array:
    """How far the fixed point may be from a gap, by the chains."""
    return spread(given.chains, gap)


@lru_cache(maxsize=64)
def unitless_sweep(game: Game, convention: Convention) -> Any:
    """T(y, Unitless): one sweep on y = z / units."""
    sweep = prepared_sweep(game, convention)
    return lambda y, given: sweep(y * given.units, given.prepared) / given.units


def strategies_at(game: Game, z: Array, numbers: Primitives, convention: Convention) -> Strategies:
    """Choice probabilities at every move when values are z. Traceable."""
    values, mixed = unpack(game, z)
    return backward(game, values, numbers, convention=convention, guess=mixed)[1]


def solve_root(
    game: Game, theta: Array, z0: Array, *, convention: Convention = "agent", tolerance: float = TOLERANCE
) -> tuple[Root, Primitives]:
    """The fixed point at theta, differentiable in theta. For use inside other JAX functions."""
    numbers = primitives(game, theta)
    given = unitless(game, numbers)
    root = fixed_point(unitless_sweep(game, convention), z0 / given.units, given, tolerance)
    return root._replace(z=root.z * given.units), numbers


@lru_cache(maxsize=64)
def primitives_function(game: Game) -> Any:
    """Compiled `theta -> Primitives`. The pieces of a solve are compiled apart: it is far quicker."""
    return jax.jit(lambda theta: primitives(game, theta))


@lru_cache(maxsize=64)
def root_function(game: Game, convention: Convention, tolerance: float, method: Method = "automatic") -> Any:
    """`(Primitives, z0, near) -> Root`. Not traceable by JAX.

    near  whether z0 is a neighbour's solution, so that play there says where values go from the first sweep

    Newton is a program of its own, most of what there is to compile, and many games never ask for it.
    """
    sweep = unitless_sweep(game, convention)
    chains_at = chains_function(game, convention)

    @jax.jit
    def alone(given: Unitless, y0: Array) -> Root:
        return solve_fixed_point(sweep, y0, given, tolerance=tolerance, method=method)

    @jax.jit
    def mixing(given: Unitless, state: Mixing, most: Array) -> Mixing:
        return mix(sweep, state, given, tolerance=tolerance, most=most, guess=guess_ahead)

    @jax.jit
    def newton(given: Unitless, root: Root) -> Root:
        return by_newton(sweep, root, given, tolerance=tolerance, guess=guess_ahead)

    def run(numbers: Primitives, z0: Array, near: bool = False) -> Root:
        given = ready_function(game)(numbers)
        y0 = z0 / given.units
        if method in ("sweeps", "newton"):
            root: Root = alone(given, y0)
            return root._replace(z=root.z * given.units)
        state = begin(y0)
        if not near:
            state = mixing(given, state, FIRST_SWEEPS)
        while float(state.best_residual) > tolerance and int(state.taken) < SWEEPS:
            given = given._replace(chains=chains_at(state.best * given.units, numbers))
            state = mixing(given, state, min(SWEEPS, int(state.taken) + LEG))
        zero = jnp.asarray(0)
        root = Root(state.best, state.best_residual, state.taken, zero, jnp.asarray(False))
        if method == "automatic" and float(root.residual) > tolerance:
            root = newton(given, root)
        return root._replace(z=root.z * given.units)

    return run


@lru_cache(maxsize=64)
def strategies_function(game: Game, convention: Convention) -> Any:
    """Compiled `(z, Primitives) -> strategies, values' image`."""

    @jax.jit
    def run(z: Array, numbers: Primitives) -> tuple[Strategies, Array]:
        values, mixed = unpack(game, z)
        new, strategies = backward(game, values, numbers, convention=convention, guess=mixed)
        return strategies, pack(game, new, strategies)

    return run


@lru_cache(maxsize=64)
def look_function(game: Game, convention: Convention) -> Any:
    """Compiled `(z, Primitives) -> strategies, values' image, largest gain from a one-shot deviation`."""

    @jax.jit
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

    return run


@lru_cache(maxsize=64)
def branch_function(game: Game, convention: Convention) -> Any:
    """`(Primitives, tolerance, crossings) -> Trace`: the principal branch. Not traceable by JAX."""
    sweep = unitless_sweep(game, convention)
    ready = jax.jit(lambda numbers: unitless(game, numbers))

    def scaled(y: Array, given: Unitless, share: Array) -> Array:
        numbers, between = given.prepared
        precision = {m: Named(p.data * share, p.axes) for m, p in numbers.precision.items()}
        slowed = Prepared(numbers._replace(precision=precision), between)
        image: Array = sweep(y, Unitless(slowed, given.units, given.chains))
        return image

    ways = correctors(scaled)

    def run(numbers: Primitives, tolerance: float, crossings: int = 1) -> Trace:
        given = ready(numbers)
        easy = start(game) / given.units
        walk = trace(ways, given, easy, tolerance=tolerance, crossings=crossings)
        root = walk.root._replace(z=walk.root.z * given.units)
        return replace(walk, root=root, later=tuple(z * given.units for z in walk.later))

    return run


def find_root(
    game: Game,
    numbers: Primitives,
    *,
    convention: Convention = "agent",
    tolerance: float = TOLERANCE,
    warm: Array | np.ndarray | None = None,
    branch: Branch = "principal",
    method: Method = "automatic",
) -> tuple[Root, str, Branch, tuple[float, ...]]:
    """The fixed point, the method that found it, its branch, and where the principal branch turned.

    Where the principal branch is lost on the way, the direct way is tried instead and the
    branch that comes back is `direct`.
    """
    find = root_function(game, convention, tolerance, method)
    note = ""
    if branch == "principal":
        walk = branch_function(game, convention)(numbers, tolerance)
        if walk.arrived:
            return walk.root, f"pseudo-arclength, {walk.steps} steps", "principal", walk.turns
        note = f", principal branch followed up to {walk.reached:.2f}"
        branch = "direct"
    near = branch == "warm" and warm is not None
    root = find(numbers, jnp.asarray(warm) if near else start(game), near)
    ways = {"automatic": "anderson" if int(root.steps) == 0 else "anderson, newton-krylov"}
    return root, ways.get(method, method) + note, branch, ()
