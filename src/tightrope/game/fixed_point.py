"""The equilibrium as a fixed point z = T(z; θ): plain sweeps, Anderson mixing, Newton without a matrix.

z holds the players' values over states and, for simultaneous moves, strategies.
Plain sweeps are sure-footed but slow (they contract at the rate of the discount
factor). Mixing the last few of them (Anderson 1965; Walker & Ni 2011) is quick
once replies have nearly settled, and lost before that; so rounds of the one and
of the other take turns. What cycles under both goes to Newton on the full
derivative, the replies' included, from the best point seen; its linear systems
are solved by GMRES on derivative-vector products, so memory stays linear in the
number of states (Saad & Schultz 1986; Knoll & Keyes 2004).

Gradients in θ follow from the implicit function theorem: one adjoint system.
"""

from __future__ import annotations

from functools import partial
from typing import Any, Literal, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array
from jax.scipy.sparse.linalg import gmres

from tightrope.game.anderson import Guess, Map, begin, mix

Method = Literal["automatic", "sweeps", "anderson", "newton", "blocks"]

PLAIN_SWEEPS = 20_000
WAIT = 300
SETTLING_SWEEPS = 20
NEWTON_STEPS = 20
NEWTON_ALONE = 100
FAILED_STEPS = 3
KRYLOV = 40
ADJOINT = 1e-11


class Root(NamedTuple):
    """A candidate fixed point.

    z         shape (n,)
    residual  sup norm of T(z) - z
    sweeps    mixed sweeps taken
    steps     Newton steps taken
    stalled   Newton stopped because the residual no longer fell
    """

    z: Array
    residual: Array
    sweeps: Array
    steps: Array
    stalled: Array


def _sup(x: Array) -> Array:
    return jnp.max(jnp.abs(x))


_Newton = tuple[Array, Array, Array, Array]
_Trial = tuple[Array, Array, Array]


def _newton_krylov(
    function: Map,
    z0: Array,
    residual: Array,
    theta: Any,
    tolerance: Array | float,
    most: int,
    guess: Guess | None,
) -> _Newton:
    """At most this many Newton steps from z0: the point, its residual, steps taken, steps that failed."""

    def newton(state: _Newton) -> _Newton:
        z, residual, steps, failed = state
        image, derivative = jax.linearize(lambda x: function(x, theta), z)
        gap = image - z
        forcing = jnp.clip(0.1 * tolerance / jnp.maximum(residual, 1e-300), 1e-8, 1e-3)

        def spread(v: Array) -> Array:
            ahead: Array = v if guess is None else guess(theta, v)
            return ahead

        def system(v: Array) -> Array:
            x = spread(v)
            moved: Array = derivative(x)
            return x - moved

        direction, _ = gmres(  # type: ignore[no-untyped-call]
            system, gap, tol=forcing, atol=0.0, restart=KRYLOV, maxiter=3, solve_method="incremental"
        )
        direction = spread(direction)

        def shorten(trial: _Trial) -> _Trial:
            t = 0.5 * trial[0]
            x = z + t * direction
            g = function(x, theta) - x
            return t, x, _sup(g)

        # Starts at twice the full step so that the loop body holds the only evaluation: each copy of
        # the sweep in the program costs a second of compiling.
        _, x, r = jax.lax.while_loop(
            lambda trial: ~(trial[2] < (1.0 - 1e-4 * trial[0]) * residual) & (trial[0] > 0.04),
            shorten,
            (jnp.asarray(2.0), z, jnp.asarray(jnp.inf)),
        )

        def settle() -> tuple[Array, Array]:
            image, y = jax.lax.fori_loop(
                0, SETTLING_SWEEPS, lambda _, pair: (function(pair[0], theta), pair[0]), (z, z)
            )
            return y, _sup(image - y)

        better = r < residual
        x, r = jax.lax.cond(better, lambda: (x, r), settle)
        return x, r, steps + 1, failed + jnp.where(better, 0, 1)

    state = (z0, residual, jnp.asarray(0), jnp.asarray(0))
    return jax.lax.while_loop(
        lambda s: (s[1] > tolerance) & (s[2] < most) & (s[3] < FAILED_STEPS) & jnp.isfinite(s[1]),
        newton,
        state,
    )


_Sweeping = tuple[Array, Array, Array, Array, Array]


def _sweeps(function: Map, z0: Array, theta: Any, tolerance: Array | float) -> Root:
    """Plain sweeps until the residual is small, or has not fallen for WAIT sweeps: replies go in circles."""

    def step(state: _Sweeping) -> _Sweeping:
        z, _, lowest, since, taken = state
        image = function(z, theta)
        # The gap belongs to z, which is kept once it is small enough.
        residual = _sup(image - z)
        since = jnp.where(residual < lowest, 0, since + 1)
        kept = jnp.where(residual > tolerance, image, z)
        return kept, residual, jnp.minimum(residual, lowest), since, taken + 1

    zero, infinite = jnp.asarray(0), jnp.asarray(jnp.inf)
    z, residual, _, since, taken = jax.lax.while_loop(
        lambda s: (s[1] > tolerance) & (s[3] < WAIT) & (s[4] < PLAIN_SWEEPS),
        step,
        (z0, infinite, infinite, zero, zero),
    )
    return Root(z, residual, taken, zero, since >= WAIT)


def solve_fixed_point(
    function: Map,
    z0: Array,
    theta: Any,
    *,
    tolerance: float,
    method: Method = "automatic",
    guess: Guess | None = None,
) -> Root:
    """Solve z = function(z, theta) from z0, shape (n,). Traceable; not differentiable (see below).

    method  `sweeps`: plain ones; `anderson`: mixing with plain sweeps between; `newton`: Newton with
            GMRES from z0; `automatic`: mixing, then Newton from the best point seen
    guess   how far a solution may be from a gap: it steers mixing and Newton
    """
    zero = jnp.asarray(0)
    if method == "sweeps":
        return _sweeps(function, z0, theta, tolerance)
    if method == "newton":
        z, residual, sweeps = z0, _sup(function(z0, theta) - z0), zero
    else:
        state = mix(function, begin(z0), theta, tolerance=tolerance, guess=guess)
        z, residual, sweeps = state.best, state.best_residual, state.taken
    root = Root(z, residual, sweeps, zero, jnp.asarray(False))
    if method == "anderson":
        return root
    most = NEWTON_ALONE if method == "newton" else NEWTON_STEPS
    return by_newton(function, root, theta, tolerance=tolerance, most=most, guess=guess)


def by_newton(
    function: Map,
    root: Root,
    theta: Any,
    *,
    tolerance: float,
    most: int = NEWTON_STEPS,
    guess: Guess | None = None,
) -> Root:
    """At most this many Newton steps from a candidate that is not good enough yet. Traceable.

    guess  how far a solution may be from a gap: it preconditions the linear systems, from the right
    """
    z, residual, steps, failed = _newton_krylov(
        function, root.z, root.residual, theta, tolerance, most, guess
    )
    return Root(z, residual, root.sweeps, root.steps + steps, failed >= FAILED_STEPS)


@partial(jax.custom_vjp, nondiff_argnums=(0, 3, 4, 5))
def fixed_point(
    function: Map,
    z0: Array,
    theta: Any,
    tolerance: float,
    guess: Guess | None = None,
    adjoint: float = ADJOINT,
) -> Root:
    """`solve_fixed_point` with gradients in theta by the implicit function theorem.

    Reverse mode solves (I - ∂T/∂z)ᵀ u = ∂L/∂z once and returns uᵀ ∂T/∂θ; the
    gradient in the starting point is zero, as it should be at a root.

    guess    how far a solution may be from a gap, linear in the gap: it steers the solve, and its transpose
             preconditions the adjoint system
    adjoint  what may be left of the adjoint system, as a share of its right side
    """
    return solve_fixed_point(function, z0, theta, tolerance=tolerance, guess=guess)


def _forward(
    function: Map, z0: Array, theta: Any, tolerance: float, guess: Guess | None, adjoint: float
) -> tuple[Root, tuple[Array, Any]]:
    root = solve_fixed_point(function, z0, theta, tolerance=tolerance, guess=guess)
    return root, (root.z, theta)


def implicit_gradient(
    function: Map, z: Array, theta: Any, cotangent: Array, *, guess: Guess | None, adjoint: float
) -> Any:
    """∂L/∂theta through the root z = function(z, theta), given ∂L/∂z. Traceable."""
    _, pull = jax.vjp(lambda x: function(x, theta), z)

    def spread(u: Array) -> Array:
        if guess is None:
            return u
        back: Array = jax.linear_transpose(lambda gap: guess(theta, gap), u)(u)[0]
        return back

    def system(w: Array) -> Array:
        u = spread(w)
        moved: Array = pull(u)[0]
        return u - moved

    found, _ = gmres(  # type: ignore[no-untyped-call]
        system, cotangent, tol=adjoint, atol=0.0, restart=KRYLOV, maxiter=8, solve_method="incremental"
    )
    return jax.vjp(lambda x: function(z, x), theta)[1](spread(found))[0]


def _reverse(
    function: Map,
    tolerance: float,
    guess: Guess | None,
    adjoint: float,
    saved: tuple[Array, Any],
    cotangent: Root,
) -> tuple[Array, Any]:
    z, theta = saved
    pulled = implicit_gradient(function, z, theta, cotangent.z, guess=guess, adjoint=adjoint)
    return jnp.zeros_like(z), pulled


fixed_point.defvjp(_forward, _reverse)
