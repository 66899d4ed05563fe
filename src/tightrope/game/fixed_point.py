"""The equilibrium as a fixed point z = T(z; θ): sweeps, then Newton's method without a matrix.

z holds the players' values over states and, for simultaneous moves, strategies.
Value iteration contracts slowly (its rate is the discount factor) and can cycle,
because each side's reply moves; Newton on the full derivative, the replies'
included, does not. The linear systems are solved by GMRES on derivative-vector
products, so memory stays linear in the number of states (Saad & Schultz 1986;
Knoll & Keyes 2004 for the Newton-Krylov method).

Gradients in θ follow from the implicit function theorem: one adjoint system.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array
from jax.scipy.sparse.linalg import gmres

Map = Callable[[Array, Any], Array]

SWEEPS = 20
NEWTON_STEPS = 60
KRYLOV = 40


class Root(NamedTuple):
    """A candidate fixed point: z, its sup-norm residual, Newton steps, and whether it stalled."""

    z: Array
    residual: Array
    steps: Array
    stalled: Array


def solve_fixed_point(function: Map, z0: Array, theta: Any, *, tolerance: float) -> Root:
    """Solve z = function(z, theta) from z0, shape (n,). Traceable; not differentiable (see below)."""

    def sup(x: Array) -> Array:
        return jnp.max(jnp.abs(x))

    def sweep(_: int, z: Array) -> Array:
        return function(z, theta)

    def newton(state: tuple[Array, Array, Array, Array, Array]) -> tuple[Array, ...]:
        z, gap, residual, steps, bad = state
        _, derivative = jax.linearize(lambda x: function(x, theta), z)
        forcing = jnp.clip(0.1 * tolerance / jnp.maximum(residual, 1e-300), 1e-8, 1e-3)
        direction, _ = gmres(
            lambda v: v - derivative(v),
            gap,
            tol=forcing,
            atol=0.0,
            restart=KRYLOV,
            maxiter=6,
            solve_method="incremental",
        )

        def shorten(trial: tuple[Array, ...]) -> tuple[Array, ...]:
            t = trial[0] * 0.5
            x = z + t * direction
            g = function(x, theta) - x
            return t, x, g, sup(g)

        x = z + direction
        g = function(x, theta) - x
        _, x, g, r = jax.lax.while_loop(
            lambda trial: ~(trial[3] < (1.0 - 1e-4 * trial[0]) * residual) & (trial[0] > 0.02),
            shorten,
            (jnp.asarray(1.0), x, g, sup(g)),
        )
        better = r < residual

        def settle(_: None) -> tuple[Array, Array, Array]:
            y = jax.lax.fori_loop(0, SWEEPS, sweep, z)
            h = function(y, theta) - y
            return y, h, sup(h)

        x, g, r = jax.lax.cond(better, lambda _: (x, g, r), settle, None)
        return x, g, r, steps + 1, bad + jnp.where(better, 0, 1)

    z = jax.lax.fori_loop(0, SWEEPS, sweep, z0)
    gap = function(z, theta) - z
    state = (z, gap, sup(gap), jnp.asarray(0), jnp.asarray(0))
    z, gap, residual, steps, bad = jax.lax.while_loop(
        lambda s: (s[2] > tolerance) & (s[3] < NEWTON_STEPS) & (s[4] < 8) & jnp.isfinite(s[2]),
        newton,
        state,
    )
    return Root(z, residual, steps, bad >= 8)


@partial(jax.custom_vjp, nondiff_argnums=(0, 3))
def fixed_point(function: Map, z0: Array, theta: Any, tolerance: float) -> Root:
    """`solve_fixed_point` with gradients in theta by the implicit function theorem.

    Reverse mode solves (I - ∂T/∂z)ᵀ u = ∂L/∂z once and returns uᵀ ∂T/∂θ; the
    gradient in the starting point is zero, as it should be at a root.
    """
    return solve_fixed_point(function, z0, theta, tolerance=tolerance)


def _forward(function: Map, z0: Array, theta: Any, tolerance: float) -> tuple[Root, tuple[Array, Any]]:
    root = solve_fixed_point(function, z0, theta, tolerance=tolerance)
    return root, (root.z, theta)


def _reverse(
    function: Map, tolerance: float, saved: tuple[Array, Any], cotangent: Root
) -> tuple[Array, Any]:
    z, theta = saved
    _, pull = jax.vjp(function, z, theta)
    adjoint, _ = gmres(
        lambda u: u - pull(u)[0],
        cotangent.z,
        tol=1e-11,
        atol=0.0,
        restart=KRYLOV,
        maxiter=8,
        solve_method="incremental",
    )
    return jnp.zeros_like(z), pull(adjoint)[1]


fixed_point.defvjp(_forward, _reverse)
