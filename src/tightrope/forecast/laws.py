"""All that moves a distribution, and the part of the grid on which it can still move."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import jax
import numpy as np

from tightrope.game.compile import Game
from tightrope.game.named import Named
from tightrope.game.plan import WORLD
from tightrope.game.primitives import ExitLaw, Primitives
from tightrope.game.walk import Strategies


class Laws(NamedTuple):
    """The world's laws of nature and everybody's strategies: all that moves a distribution."""

    kernels: dict[int, Named]
    exits: dict[int, ExitLaw]
    strategies: dict[str, Named]


def laws_of(numbers: Primitives, strategies: Strategies) -> Laws:
    """The world's laws from the primitives and strategies of a solved game."""
    return Laws(
        {step: laws[WORLD] for step, laws in numbers.kernels.items()},
        {step: laws[WORLD] for step, laws in numbers.exits.items()},
        dict(strategies),
    )


def floors(game: Game, live: np.ndarray) -> dict[str, int]:
    """The lowest level with any probability, for each variable that never falls."""
    found = {}
    for axis, name in enumerate(game.states):
        if game.case.states[name].direction == "up":
            others = tuple(k for k in range(live.ndim) if k != axis)
            found[name] = int(np.flatnonzero(live.sum(axis=others) > 0)[0])
    return found


def above(laws: Laws, floor: Mapping[str, int]) -> Laws:
    """The same laws on the part of the grid that can still be reached. Later years need far less of it."""
    return Laws(
        {k: cut_down(v, floor) for k, v in laws.kernels.items()},
        {
            k: ExitLaw(
                cut_down(law.probability, floor), {t: cut_down(s, floor) for t, s in law.shares.items()}
            )
            for k, law in laws.exits.items()
        },
        {k: cut_down(v, floor) for k, v in laws.strategies.items()},
    )


def cut_down(x: Named, floor: Mapping[str, int]) -> Named:
    """An array on the part of the grid that can still be reached."""
    data = x.data
    for axis, name in enumerate(x.axes):
        low = floor.get(name.removesuffix("'"), 0)
        if low:
            data = jax.lax.slice_in_dim(data, low, data.shape[axis], axis=axis)
    return Named(data, x.axes)
