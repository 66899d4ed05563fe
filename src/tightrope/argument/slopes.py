"""How a quantity of the case moves with each parameter, the players' answers included.

A quantity is a ratio of two sums over what play leads to (`parts`); its slope in the parameters goes through
its own expression, the primitives and the solution, the last by the implicit function theorem
(`game.adjoint`): one adjoint system, no second solve.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from tightrope.argument.parts import Parts, Undefined
from tightrope.argument.periods import Numbers, start_distribution
from tightrope.argument.quantities import UNDEFINED_BELOW, ended_conditions
from tightrope.case.schema import Quantity
from tightrope.game.adjoint import total_gradient
from tightrope.game.equilibrium import Equilibrium
from tightrope.game.layout import unpack
from tightrope.game.primitives import Primitives
from tightrope.game.roots import primitives_function, strategies_at


@dataclass(frozen=True, eq=False)
class Slopes:
    """A quantity at a solved point.

    value     the quantity
    gradient  (parameters,) its derivative in each parameter, in the order of `game.parameters`
    """

    value: float
    gradient: np.ndarray


def quantity_slopes(
    found: Equilibrium, quantity: Quantity, *, over: Mapping[str, Numbers] | None = None
) -> Slopes:
    """A quantity's value and its derivative in every parameter, from the distributions that it starts from.

    over  as `measure` takes it; start states are held where they are

    nan throughout where the adjoint system is not solved, as at a fold. Raises Undefined where the quantity
    has no value here, and NotCertified.
    """
    game = found.require().game
    starts = {"start": jnp.asarray(start_distribution(game))} | {
        name: jnp.asarray(states, dtype=float) for name, states in (over or {}).items()
    }
    ended = ended_conditions(game, {"": quantity}, found.theta)

    def ratio(theta: Array, numbers: Primitives, z: Array) -> tuple[Array, Array]:
        values, _ = unpack(game, z)
        table = jnp.stack([jnp.broadcast_to(values[p].data, game.shape) for p in game.players])
        strategies = strategies_at(game, z, numbers, found.convention)
        parts = Parts(
            game, theta=theta, numbers=numbers, strategies=strategies, values=table, over=starts,
            ended=ended, unrolled=True,
        )  # fmt: skip
        read = parts.ask(quantity)
        parts.carry()
        part, whole = read()
        return part / whole, whole

    theta, z = jnp.asarray(found.theta), jnp.asarray(found.z)
    numbers = primitives_function(game)(theta)
    look = jax.jit(jax.value_and_grad(ratio, argnums=(0, 1, 2), has_aux=True))
    (value, whole), (direct, by_numbers, by_z) = look(theta, numbers, z)
    if not float(whole) > UNDEFINED_BELOW:
        raise Undefined(f"its condition has probability {float(whole):.1e}")
    gradient = np.asarray(direct) + total_gradient(game, found.convention)(
        theta, numbers, z, by_numbers, by_z
    )
    return Slopes(float(value), gradient)


__all__ = ["Slopes", "quantity_slopes"]
