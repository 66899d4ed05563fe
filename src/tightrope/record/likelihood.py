"""The exact log-likelihood of a record in the game's parameters, with its gradient.

The gradient runs through the equilibrium by the implicit function theorem and
through the filter by reverse-mode differentiation. Every value comes with the
solver's residual, so that nothing is built on a solution that did not converge.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from tightrope.compiled.kept import kept
from tightrope.game.adjoint import total_gradient
from tightrope.game.certificate import Branch
from tightrope.game.chains import Chains
from tightrope.game.compile import Game
from tightrope.game.equilibrium import (
    TOLERANCE,
    Convention,
    find_root,
    primitives_function,
    solve_root,
    strategies_at,
)
from tightrope.game.fixed_point import ADJOINT, Root
from tightrope.game.layout import start
from tightrope.game.primitives import Primitives, primitives
from tightrope.record.coding import CodedRecord
from tightrope.record.filter import Evidence, Filtered, prepare, run_filter, trim


class Likelihood(NamedTuple):
    """A log-likelihood and what it rests on.

    value     log probability of the record
    rows      (rows,) its parts, one a period; they sum to `value`
    z         the fixed point, a warm start for a neighbour
    residual  sup-norm residual of the equilibrium
    sweeps, steps, stalled  how the solver got there
    principal whether the fixed point is known to be the principal branch's first crossing
    """

    value: Array
    rows: Array
    z: Array
    residual: Array
    sweeps: Array
    steps: Array
    stalled: Array
    principal: Array


BUCKET = 64
"""Records are lengthened to a multiple of so many rows: past origins then share their compiled programs."""


def prepare_record(game: Game, coded: CodedRecord) -> Evidence:
    """Prepare a record for repeated likelihoods. Solves nothing."""
    numbers, strategies = _shapes(game)
    return prepare(game, coded, numbers, strategies, bucket=BUCKET)


@lru_cache(maxsize=16)
def _shapes(game: Game) -> Any:
    """The axes of a game's primitives and strategies, found by tracing them once."""

    def shapes(theta: Array) -> Any:
        numbers = primitives(game, theta)
        return numbers, strategies_at(game, start(game), numbers, "agent")

    return jax.eval_shape(shapes, jnp.asarray(game.theta()))


def log_likelihood(
    game: Game,
    arrays: Mapping[str, Any],
    theta: Array,
    z0: Array,
    *,
    convention: Convention = "agent",
    tolerance: float = TOLERANCE,
    chains: Chains | None = None,
    adjoint: float = ADJOINT,
) -> Likelihood:
    """Solve at theta (from z0) and filter the record. Traceable; differentiable in theta.

    `rows` goes on with zeros where the record's arrays were lengthened. `chains` and `adjoint` as in
    `solve_root`.
    """
    root, numbers = solve_root(
        game, theta, z0, convention=convention, tolerance=tolerance, chains=chains, adjoint=adjoint
    )
    strategies = strategies_at(game, root.z, numbers, convention)
    filtered = run_filter(game, arrays, numbers, strategies)
    return Likelihood(
        jnp.sum(filtered.log_probability),
        filtered.log_probability,
        root.z,
        root.residual,
        root.sweeps,
        root.steps,
        root.stalled,
        jnp.asarray(False),
    )


@lru_cache(maxsize=16)
def _compiled(game: Game, convention: Convention) -> Any:
    def run(theta: Array, z: Array, arrays: Mapping[str, Any]) -> Filtered:
        numbers = primitives(game, theta)
        return run_filter(game, arrays, numbers, strategies_at(game, z, numbers, convention))

    return kept(run, of=[game, convention])


def filter_record(
    evidence: Evidence, theta: np.ndarray, z: np.ndarray, *, convention: Convention = "agent"
) -> Filtered:
    """Filter a record under a solved equilibrium (its parameter vector and fixed point z)."""
    run = _compiled(evidence.game, convention)
    return trim(evidence, run(jnp.asarray(theta), jnp.asarray(z), evidence.arrays))


@lru_cache(maxsize=16)
def _slopes(game: Game, convention: Convention) -> Any:
    """Compiled `(primitives, z, arrays)` -> the likelihood with its slopes in both, strategies included."""

    def given(numbers: Primitives, z: Array, arrays: Mapping[str, Any]) -> Any:
        def value(numbers: Primitives, z: Array) -> tuple[Array, Array]:
            filtered = run_filter(game, arrays, numbers, strategies_at(game, z, numbers, convention))
            return jnp.sum(filtered.log_probability), filtered.log_probability

        return jax.value_and_grad(value, argnums=(0, 1), has_aux=True)(numbers, z)

    return kept(given, of=[game, convention])


def _root(
    game: Game,
    numbers: Primitives,
    warm: Array | np.ndarray | None,
    branch: Branch | None,
    convention: Convention,
    tolerance: float,
) -> tuple[Root, bool]:
    wanted: Branch = branch or ("principal" if warm is None else "warm")
    root, _, found, _ = find_root(
        game, numbers, convention=convention, tolerance=tolerance, warm=warm, branch=wanted
    )
    return root, found == "principal"


def _found(value: Array, rows: Array, root: Root, principal: bool) -> Likelihood:
    return Likelihood(
        value, rows, root.z, root.residual, root.sweeps, root.steps, root.stalled, jnp.asarray(principal)
    )


def value_only(
    evidence: Evidence,
    theta: np.ndarray,
    *,
    warm: Array | np.ndarray | None = None,
    branch: Branch | None = None,
    convention: Convention = "agent",
    tolerance: float = TOLERANCE,
) -> Likelihood:
    """The log-likelihood of a prepared record at theta, without its gradient.

    warm, branch  which equilibrium, as in `tightrope.game.solve`: by default the principal
                  branch's first crossing, or the neighbour of `warm` where that is given
    """
    game = evidence.game
    numbers = primitives_function(game)(jnp.asarray(theta))
    root, principal = _root(game, numbers, warm, branch, convention, tolerance)
    seen = filter_record(evidence, theta, np.asarray(root.z), convention=convention).log_probability
    return _found(jnp.sum(seen), seen, root, principal)


def value_and_gradient(
    evidence: Evidence,
    theta: np.ndarray,
    *,
    warm: Array | np.ndarray | None = None,
    branch: Branch | None = None,
    convention: Convention = "agent",
    tolerance: float = TOLERANCE,
) -> tuple[Likelihood, np.ndarray]:
    """The log-likelihood of a prepared record at theta, and its gradient, shape (parameters,).

    `warm` and `branch` as in `value_only`. The same numbers as differentiating
    `log_likelihood`, from pieces compiled apart (solve; filter; adjoint; primitives). The
    gradient is nan where the solver did not reach the tolerance: the implicit function
    theorem says nothing there.
    """
    game, arrays = evidence.game, evidence.arrays
    vector = jnp.asarray(theta)
    numbers = primitives_function(game)(vector)
    root, principal = _root(game, numbers, warm, branch, convention, tolerance)
    (value, rows), (direct, by_z) = _slopes(game, convention)(numbers, root.z, arrays)
    found = _found(value, rows[: evidence.support.rows], root, principal)
    if not float(root.residual) <= tolerance:
        return found, np.full(len(game.parameters), np.nan)
    return found, total_gradient(game, convention)(vector, numbers, root.z, direct, by_z)
