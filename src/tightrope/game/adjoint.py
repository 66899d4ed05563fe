"""Gradients through a solution: one adjoint system, then back to the parameters.

A number L depends on the primitives x of a game and on the solution z = T(z; x) that they lead to. By
the implicit function theorem its slope in x is ∂L/∂x + uᵀ ∂T/∂x, where (I - ∂T/∂z)ᵀ u = ∂L/∂z. The
system is solved by GMRES (Saad & Schultz 1986) on transposed sweeps. SciPy's GMRES asks for them one by
one, so that the transposed sweep is compiled once for whatever is differentiated; inside a program it would
stand there once for each place that calls it, and compiling it costs more than solving.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from scipy.sparse.linalg import LinearOperator, gmres

from tightrope.game.compile import Game
from tightrope.game.primitives import Primitives, primitives
from tightrope.game.roots import Convention, sweep_function

TOLERANCE = 1e-11
WORST = 1e-6
"""A system left with a larger part of its right side than this is not solved: the gradient is nan."""
KRYLOV, ROUNDS = 40, 8


@lru_cache(maxsize=64)
def total_gradient(game: Game, convention: Convention) -> Any:
    """`(theta, primitives, z, ∂L/∂primitives, ∂L/∂z) -> dL/dtheta`, shape (parameters,). Not traceable.

    z is a solution; nan where the adjoint system is not solved, as at a fold.
    """
    sweep = sweep_function(game, convention)
    linear = jax.jit(lambda numbers, z: jax.vjp(sweep, z, numbers)[1])
    transposed = jax.jit(lambda pull, u: u - pull(u)[0])

    @jax.jit
    def back(theta: Array, pull: Any, u: Array, direct: Primitives) -> Array:
        whole = jax.tree_util.tree_map(jnp.add, direct, pull(u)[1])
        return jax.vjp(lambda t: primitives(game, t), theta)[1](whole)[0]  # type: ignore[no-any-return]

    def run(theta: Array, numbers: Primitives, z: Array, direct: Primitives, by_z: Array) -> np.ndarray:
        pull = linear(numbers, z)
        u = solve_adjoint(lambda u: np.array(transposed(pull, u)), np.asarray(by_z))
        return np.asarray(back(theta, pull, jnp.asarray(u), direct))

    return run


def solve_adjoint(apply: Any, right: np.ndarray) -> np.ndarray:
    """U with apply(u) = right, shape (n,), by GMRES to 1e-11 of the right side; nan where it is not found."""
    operator = LinearOperator(2 * right.shape, matvec=apply, dtype=right.dtype)
    u, failed = gmres(operator, right, rtol=TOLERANCE, atol=0.0, restart=KRYLOV, maxiter=ROUNDS)
    if failed and not np.linalg.norm(right - apply(u)) <= WORST * np.linalg.norm(right):
        return np.full(right.shape, np.nan)
    return np.asarray(u)
