"""A compiled game changed from outside: states held or put, actions closed, strategies cut down."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

import jax.numpy as jnp
from jax import Array

from tightrope.game.compile import Game
from tightrope.game.named import Form, Named, combine, multiply, total
from tightrope.game.plan import Change
from tightrope.game.primitives import Primitives
from tightrope.game.walk import Strategies


class NeverFalls(ValueError):
    """A state that never falls is to be put below where it stands."""


def held(game: Game, numbers: Primitives, variables: Collection[str]) -> Primitives:
    """The same numbers with nature's moves on some states suspended, in everybody's view."""
    kernels = dict(numbers.kernels)
    for number, step in enumerate(game.plan.steps):
        if isinstance(step, Change) and step.variable in variables:
            size = game.sizes[step.variable]
            stay = Named(jnp.eye(size), (step.variable, step.variable + "'"))
            # Spread over the axes that were there, so that nothing is compiled anew.
            kernels[number] = {
                view: replace(
                    combine(game.order, lambda k, e: jnp.zeros_like(k) + e, kernel, stay),
                    form=_form_if_still(kernel.form),
                )
                for view, kernel in numbers.kernels[number].items()
            }
    return numbers._replace(kernels=kernels)


def _form_if_still(form: Form | None) -> Form | None:
    """A law's form, if it is also that of never moving."""
    if form is None or form.allowed is None:
        return form
    return form if all(level in row for level, row in enumerate(form.allowed)) else None


def closed(game: Game, numbers: Primitives, allowed: Mapping[str, Named]) -> Primitives:
    """The same numbers with actions closed: move -> 0 or 1 by action and by what a policy depends on."""
    available = dict(numbers.available)
    for move, table in allowed.items():
        before = available.get(move)
        available[move] = table if before is None else multiply(game.order, before, table)
    return numbers._replace(available=available)


def restricted(game: Game, strategies: Strategies, allowed: Mapping[str, Named]) -> Strategies:
    """Strategies with some actions closed, the rest in proportion: for logit choice that is choosing anew.

    Where a strategy gives none of the allowed actions any chance, they get equal ones.
    """
    found = dict(strategies)
    for move, table in allowed.items():
        kept = multiply(game.order, strategies[move], table)
        mass, open_ = total(kept, move), total(table, move)
        even = combine(game.order, jnp.divide, table, open_)
        found[move] = combine(
            game.order,
            lambda k, m, e: jnp.where(m > 0, k / jnp.where(m > 0, m, 1.0), e),
            kept,
            mass,
            even,
        )
    return found


def put_at(
    game: Game, values: Array, put: Mapping[str, str], *, lowest: Mapping[str, int] | None = None
) -> Array:
    """A function of states, (…, *states), as it is once some of them are put at a level.

    lowest  state -> number of the first level on the grid
    """
    ahead = values.ndim - len(game.states)
    for name, level in put.items():
        axis = ahead + game.states.index(name)
        number = game.levels[name].index(level) - (lowest or {}).get(name, 0)
        if number < 0:
            raise NeverFalls(f"{name} never falls, and is above {level} already")
        values = jnp.broadcast_to(jnp.take(values, jnp.array([number]), axis=axis), values.shape)
    return values
