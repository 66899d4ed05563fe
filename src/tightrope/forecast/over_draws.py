"""Something computed at each parameter draw that has a certified equilibrium; the others are counted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import jax.numpy as jnp
import numpy as np

from tightrope.executor import in_threads
from tightrope.game.compile import Game
from tightrope.game.equilibrium import primitives_function, solve, strategies_function
from tightrope.game.primitives import Primitives
from tightrope.game.walk import Strategies

Found = TypeVar("Found")


@dataclass(frozen=True, eq=False)
class Solved:
    """A game solved at one parameter draw: its numbers, strategies, fixed point and residual."""

    numbers: Primitives
    strategies: Strategies
    z: np.ndarray
    residual: float


def solve_draw(game: Game, theta: np.ndarray, *, warm: np.ndarray | None = None) -> Solved | None:
    """Solve at a draw, from a neighbouring fixed point if there is one; None without a certificate."""
    found = solve(game, theta, warm=warm)
    if not found.certificate.good and warm is not None:
        found = solve(game, theta, branch="direct")
    if not found.certificate.good:
        return None
    numbers = primitives_function(game)(jnp.asarray(theta))
    strategies, _ = strategies_function(game, found.convention)(jnp.asarray(found.z), numbers)
    return Solved(numbers, strategies, found.z, found.certificate.residual)


def over_draws(
    follow: Callable[[np.ndarray], Found | None],
    thetas: np.ndarray,
    *,
    workers: int = 1,
    on_progress: Callable[[int, int], None] | None = None,
) -> list[Found]:
    """What `follow` gives at each draw (draws, parameters), in order, without the draws at which it is None.

    workers  draws followed side by side

    Raises ValueError when none is left.
    """
    done = in_threads(
        follow,
        list(thetas),
        workers=workers,
        on_done=None if on_progress is None else lambda number: on_progress(number, len(thetas)),
    )
    certified = [one for one in done if one is not None]
    if not certified:
        raise none_certified(len(thetas))
    return certified


def none_certified(draws: int) -> ValueError:
    """What is raised where no draw has a certified equilibrium."""
    return ValueError(f"none of {draws} parameter draws reached a certified equilibrium")
