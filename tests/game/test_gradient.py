"""The implicit gradient of the fixed point against central differences, solved to 1e-12.

The record's likelihood has its own such test in tests/record.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.game.chase import chase
from tests.record.small import compiled_once, seen_case
from tightrope.game.compile import Game
from tightrope.game.equilibrium import solve_root, strategies_at
from tightrope.game.layout import layout, start

TIGHT = 1e-12
SEEN = seen_case()


def scalar_of(game: Game, convention: Any) -> Any:
    """Compiled: (theta, z0) -> a fixed random combination of values and strategies, and its gradients."""
    generator = np.random.default_rng(5)
    on_z = jnp.asarray(generator.normal(size=layout(game).length))

    def value(theta: Any, z0: Any) -> Any:
        root, numbers = solve_root(game, theta, z0, convention=convention, tolerance=TIGHT)
        strategies = strategies_at(game, root.z, numbers, convention)
        picked = sum(jnp.sum(x.data[..., 0] * jnp.cos(3.0 * x.data[..., -1])) for x in strategies.values())
        return on_z @ root.z + picked, root.residual

    return jax.jit(jax.value_and_grad(value, argnums=(0, 1), has_aux=True))


@pytest.mark.parametrize(
    "which", ["simultaneous agent", pytest.param("sequential ev1", marks=pytest.mark.long)]
)
def test_gradient_of_the_fixed_point(which: str) -> None:
    """To 1e-6 relative in every parameter (fourth-order differences); zero in the starting point."""
    together = which.startswith("simultaneous")
    game = chase() if together else compiled_once(SEEN)
    look = scalar_of(game, "agent" if together else "ev1")
    theta = game.theta(
        {"bias": 1.5, "delta": 0.8, "lam": 2.5, "lam2": 2.5, "view": 1.0} if together else {"quit": 0.15}
    )
    z0 = start(game)
    (_, residual), (gradient, by_start) = look(jnp.asarray(theta), z0)
    assert float(residual) <= TIGHT
    assert np.all(np.asarray(by_start) == 0)

    def at(k: int, by: float) -> float:
        moved = theta.copy()
        moved[k] += by
        (value, residual), _ = look(jnp.asarray(moved), z0)
        assert float(residual) <= TIGHT
        return float(value)

    step = 2e-3
    for k, name in enumerate(game.parameters):
        if name == "idle":  # no number depends on it
            assert float(gradient[k]) == pytest.approx(0.0, abs=1e-12)
            continue
        near = (at(k, step) - at(k, -step)) / (2 * step)
        far = (at(k, 2 * step) - at(k, -2 * step)) / (4 * step)
        assert abs(float(gradient[k])) > 2e-3, name
        assert float(gradient[k]) == pytest.approx((4 * near - far) / 3, rel=1e-6), name
