"""Where a state stands on two axes, and where play takes it from there.

An axis is a function of some state variables. From each combination of their levels the expected place
after so many periods is found by pulling the axes back through the law of motion, all strategies held at
the equilibrium and nature in the world's view; the other variables are averaged out by a given law of
states, as everywhere in the house (they are set, not conditioned on: `do`).
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from tightrope.case.parse import Expression
from tightrope.game.compile import Game
from tightrope.game.equilibrium import Equilibrium, primitives_function
from tightrope.game.forward import pull
from tightrope.game.named import Named, broadcast
from tightrope.game.primitives import Primitives, evaluator
from tightrope.game.roots import strategies_function
from tightrope.game.walk import Strategies

PLACES = 9
"""Decimal places to which two combinations of levels stand at one point."""


@dataclass(frozen=True)
class Drift:
    """From one point of the plane, averaged over the combinations of levels that stand there.

    at      (x, y) the point
    moves   (dx, dy) expected movement, given that the game goes on
    ends    probability that it has ended by then
    levels  the combinations, each as variable -> level
    """

    at: tuple[float, float]
    moves: tuple[float, float]
    ends: float
    levels: tuple[Mapping[str, str], ...]


def axis_values(game: Game, axis: Expression) -> Named:
    """The values of an axis over the levels of the state variables that it mentions."""
    return evaluator(game, jnp.asarray(game.theta()))(game.node(axis))


def placed(values: Named, levels: Mapping[str, int]) -> float:
    """Where a state stands on an axis; `levels` names at least the variables that the axis mentions."""
    return round(float(values.data[tuple(levels[name] for name in values.axes)]), PLACES)


def points(game: Game, across: Named, up: Named) -> dict[tuple[float, float], list[dict[str, int]]]:
    """Every point of the plane, left to right, with the combinations of levels that stand there."""
    names = variables(game, across, up)
    found: dict[tuple[float, float], list[dict[str, int]]] = {}
    for place in itertools.product(*(range(game.sizes[name]) for name in names)):
        levels = dict(zip(names, place, strict=True))
        found.setdefault((placed(across, levels), placed(up, levels)), []).append(levels)
    return dict(sorted(found.items()))


def variables(game: Game, across: Named, up: Named) -> tuple[str, ...]:
    """The state variables that the axes mention, in the game's order."""
    return tuple(name for name in game.states if name in {*across.axes, *up.axes})


def drift(
    found: Equilibrium, *, across: Expression, up: Expression, over: np.ndarray, periods: int
) -> tuple[Drift, ...]:
    """The expected movement within so many periods from every point of the plane, left to right.

    over  (*states) the law of the variables that no axis mentions

    Raises NotCertified where the equilibrium's certificate is not good.
    """
    game = found.require().game
    numbers = primitives_function(game)(jnp.asarray(found.theta))
    strategies, _ = strategies_function(game, found.convention)(jnp.asarray(found.z), numbers)
    axes = (axis_values(game, across), axis_values(game, up))
    whole = jnp.stack([broadcast(axis, game.states, game.sizes).data for axis in axes])
    functions = jnp.concatenate([jnp.ones((1, *game.shape)), whole])
    later = np.asarray(_pulled(game)(numbers, strategies, functions, periods))
    named = tuple(game.states.index(name) for name in variables(game, *axes))
    weight = np.asarray(over).sum(axis=named, keepdims=True)
    others = tuple(k + 1 for k in range(len(game.states)) if k not in named)
    mean = (later * (weight / weight.sum())).sum(axis=others)
    return tuple(_drift(at, levels, mean, game) for at, levels in points(game, *axes).items())


def _drift(at: tuple[float, float], levels: list[dict[str, int]], mean: np.ndarray, game: Game) -> Drift:
    """`mean` (3, *levels of the axes' variables): being alive, and each axis where that is so."""
    alive, x, y = (np.array([table[tuple(here.values())] for here in levels]) for table in mean)
    named = tuple({name: game.levels[name][level] for name, level in here.items()} for here in levels)
    moves = (float(np.mean(x / alive)) - at[0], float(np.mean(y / alive)) - at[1])
    return Drift(at, moves, 1.0 - float(np.mean(alive)), named)


@lru_cache(maxsize=16)
def _pulled(game: Game) -> Any:
    """Compiled: functions of the state (function, *states), each as expected so many periods before.

    What has ended counts as nought.
    """
    gone = dict.fromkeys(game.terminals, 0.0)

    @jax.jit
    def run(numbers: Primitives, strategies: Strategies, functions: Array, periods: Array) -> Array:
        back = jax.vmap(lambda f: pull(game, numbers, strategies, f, gone))
        moved: Array = jax.lax.fori_loop(0, periods, lambda _, f: back(f), functions)  # type: ignore[no-untyped-call]
        return moved

    return run


__all__ = ["Drift", "axis_values", "drift", "placed", "points", "variables"]
