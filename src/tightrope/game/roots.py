"""Find the fixed point of a game's sweep, by any way, and say which branch it lies on."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import Array

from tightrope.compiled.kept import kept
from tightrope.game.blocks import block_function
from tightrope.game.certificate import Branch, Convention
from tightrope.game.chains import Chains
from tightrope.game.compile import Game
from tightrope.game.continuation import Trace, correctors, trace
from tightrope.game.fixed_point import ADJOINT, Method, Root, fixed_point, solve_fixed_point
from tightrope.game.layout import start
from tightrope.game.named import Named
from tightrope.game.prepared import (
    Prepared,
    Unitless,
    chains_function,
    look_function,
    prepared,
    prepared_sweep,
    primitives_function,
    ready_function,
    strategies_at,
    strategies_function,
    sweep_function,
    unitless,
    unitless_sweep,
)
from tightrope.game.primitives import Primitives, primitives
from tightrope.game.seeking import guess_ahead, programs, seek

TOLERANCE = 1e-9


def solve_root(
    game: Game,
    theta: Array,
    z0: Array,
    *,
    convention: Convention = "agent",
    tolerance: float = TOLERANCE,
    chains: Chains | None = None,
    adjoint: float = ADJOINT,
) -> tuple[Root, Primitives]:
    """The fixed point at theta, differentiable in theta. For use inside other JAX functions.

    chains   where play at a neighbour sends values (`chains_function`): they steer the solve and the gradient
    adjoint  accuracy of the gradient's linear system, as a share of its right side
    """
    numbers = primitives(game, theta)
    given = unitless(game, numbers)
    if chains is not None:
        given = given._replace(chains=chains)
    guess = None if chains is None else guess_ahead
    root = fixed_point(unitless_sweep(game, convention), z0 / given.units, given, tolerance, guess, adjoint)
    return root._replace(z=root.z * given.units), numbers


@lru_cache(maxsize=64)
def root_function(game: Game, convention: Convention, tolerance: float, method: Method = "automatic") -> Any:
    """`(Primitives, z0, near) -> Root`. Not traceable by JAX.

    near  whether z0 is a neighbour's solution, so that play there says where values go from the first sweep
    """
    if method == "blocks":
        return block_function(game, convention, tolerance)
    sweep = unitless_sweep(game, convention)
    told = [game, convention]
    pieces = programs(sweep, tolerance, of=told)
    chains_at = chains_function(game, convention)

    def by_one(given: Unitless, y0: Array) -> Root:
        return solve_fixed_point(sweep, y0, given, tolerance=tolerance, method=method)

    alone = kept(by_one, of=[*told, tolerance, method])

    def run(numbers: Primitives, z0: Array, near: bool = False) -> Root:
        given = ready_function(game)(numbers)
        y0 = z0 / given.units
        if method in ("sweeps", "newton"):
            root: Root = alone(given, y0)
        else:
            root = seek(
                pieces, given, y0, lambda y: chains_at(y * given.units, numbers),
                tolerance=tolerance, near=near, newton=method == "automatic",
            )  # fmt: skip
        return root._replace(z=root.z * given.units)

    return run


@lru_cache(maxsize=64)
def branch_function(game: Game, convention: Convention) -> Any:
    """`(Primitives, tolerance, crossings) -> Trace`: the principal branch. Not traceable by JAX."""
    sweep = unitless_sweep(game, convention)

    def scaled(y: Array, given: Unitless, share: Array) -> Array:
        numbers, between = given.prepared
        precision = {m: Named(p.data * share, p.axes) for m, p in numbers.precision.items()}
        slowed = Prepared(numbers._replace(precision=precision), between)
        image: Array = sweep(y, given._replace(prepared=slowed))
        return image

    ways = correctors(scaled, guess_ahead, of=[game, convention])
    chains_at = chains_function(game, convention)

    def run(numbers: Primitives, tolerance: float, crossings: int = 1) -> Trace:
        given = ready_function(game)(numbers)
        easy = start(game) / given.units

        def refresh(given: Unitless, y: Array, share: float) -> Unitless:
            slower = numbers._replace(
                precision={m: Named(p.data * share, p.axes) for m, p in numbers.precision.items()}
            )
            return given._replace(chains=chains_at(y * given.units, slower))

        walk = trace(ways, given, easy, tolerance=tolerance, crossings=crossings, refresh=refresh)
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


__all__ = [
    "TOLERANCE",
    "Convention",
    "Prepared",
    "branch_function",
    "find_root",
    "look_function",
    "prepared",
    "prepared_sweep",
    "primitives_function",
    "root_function",
    "solve_root",
    "strategies_at",
    "strategies_function",
    "sweep_function",
]
