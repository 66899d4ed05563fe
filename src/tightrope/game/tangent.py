"""How a solution moves along directions of the parameters, each direction helped by those before it.

By the implicit function theorem z = T(z; θ) moves along v by ż with (I - ∂T/∂z) ż = ∂T/∂θ v. The systems
differ in their right sides alone, and what makes them slow, changes of values that last for many periods,
is the same for all. GCROT(m, k) (de Sturler 1999; Hicken & Zingg 2010) keeps the few directions that were
hardest and takes them out of the systems that follow; the chains of single variables precondition them.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from scipy.sparse.linalg import LinearOperator, gcrotmk

from tightrope.game.chains import Chains, spread
from tightrope.game.compile import Game
from tightrope.game.equilibrium import Equilibrium
from tightrope.game.roots import (
    Convention,
    Prepared,
    chains_function,
    prepared,
    prepared_sweep,
    primitives_function,
    strategies_function,
)

STEP = 1e-4
"""Half the length, in units of a direction, over which ∂T/∂θ v is a central difference."""
INNER, KEPT, ROUNDS = 20, 24, 20


class Tangents(NamedTuple):
    """Slopes of a fixed point.

    slopes     (directions, n) change of z per unit of each direction
    residuals  (directions,) what is left of each right side, as a share of it
    """

    slopes: np.ndarray
    residuals: np.ndarray


def tangents(found: Equilibrium, directions: np.ndarray, *, tolerance: float = 1e-6) -> Tangents:
    """Slopes of an equilibrium's z along directions of θ, shape (directions, parameters).

    tolerance  of the linear systems, as a share of the right side; one that is not met shows in `residuals`

    Raises NotCertified where the certificate is not good.
    """
    game, theta, z = found.require().game, found.theta, jnp.asarray(found.z)
    ready, apply, guess = _pieces(game, found.convention)
    numbers = primitives_function(game)(jnp.asarray(theta))
    given, chains = ready(numbers), chains_function(game, found.convention)(z, numbers)
    size = len(found.z)
    system = LinearOperator((size, size), matvec=lambda v: np.asarray(apply(z, given, v)), dtype=float)
    nearly = LinearOperator((size, size), matvec=lambda v: np.asarray(guess(chains, v)), dtype=float)
    kept: list[tuple[np.ndarray | None, np.ndarray]] = []
    slopes, residuals = np.zeros((len(directions), size)), np.zeros(len(directions))
    for row, direction in enumerate(np.asarray(directions, dtype=float)):
        right = _moved(game, found.convention, z, theta, direction)
        whole = float(np.linalg.norm(right))
        if whole == 0.0:
            continue
        # The kept directions are pairs of which only the second is of use at another right side.
        slopes[row], _ = gcrotmk(
            system, right, M=nearly, rtol=tolerance, atol=0.0, m=INNER, k=KEPT, maxiter=ROUNDS, CU=kept
        )
        residuals[row] = float(np.linalg.norm(right - system.matvec(slopes[row]))) / whole
    return Tangents(slopes, residuals)


@lru_cache(maxsize=16)
def _pieces(game: Game, convention: Convention) -> Any:
    """Compiled `primitives -> Prepared`, `(z, Prepared, v) -> v - ∂T/∂z v` and `(Chains, v) -> guess`."""
    sweep = prepared_sweep(game, convention)

    @jax.jit
    def apply(z: Array, given: Prepared, v: Array) -> Array:
        change: Array = jax.jvp(lambda x: sweep(x, given), (z,), (v,))[1]
        return v - change

    @jax.jit
    def guess(chains: Chains, v: Array) -> Array:
        return spread(chains, v)

    return jax.jit(lambda numbers: prepared(game, numbers)), apply, guess


def _moved(
    game: Game, convention: Convention, z: Array, theta: np.ndarray, direction: np.ndarray
) -> np.ndarray:
    """∂T/∂θ along a direction, shape (n,): parameters move what a sweep is given, smoothly and cheaply."""
    ready, swept = primitives_function(game), strategies_function(game, convention)
    ends = [
        np.asarray(swept(z, ready(jnp.asarray(theta + way * STEP * direction)))[1]) for way in (1.0, -1.0)
    ]
    return np.asarray((ends[0] - ends[1]) / (2.0 * STEP))
