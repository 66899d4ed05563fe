"""What steps of a scenario do to a game while they are in force: to its numbers, actions, states and end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import jax.numpy as jnp
import numpy as np

from tightrope.argument.timeline import CannotDo
from tightrope.case.doing import Do, EndGame, HoldState, PlayMove, SetParameter
from tightrope.game.changed import closed, held
from tightrope.game.compile import Game
from tightrope.game.equilibrium import primitives_function
from tightrope.game.named import Named, broadcast, combine, multiply, scalar, total
from tightrope.game.primitives import Primitives, evaluator


def changed_theta(game: Game, theta: np.ndarray, dos: Sequence[Do]) -> np.ndarray:
    """The parameter vector with the steps' parameters set."""
    found = np.array(theta, dtype=float)
    for do in dos:
        if isinstance(do, SetParameter):
            place = game.parameters.index(do.name)
            found[place] = found[place] * do.value if do.times else do.value
    return found


def put_by(dos: Sequence[Do]) -> dict[str, str]:
    """States and the levels at which they are put as the period opens."""
    return {do.name: do.level for do in dos if isinstance(do, HoldState)}


def ending(dos: Sequence[Do]) -> str:
    """The terminal in which the game is made to end in the period, or nothing."""
    return next((do.name for do in dos if isinstance(do, EndGame)), "")


def in_force(
    game: Game, theta: np.ndarray, dos: Sequence[Do], plain: Primitives
) -> tuple[Primitives, dict[str, Named]]:
    """The game's numbers while steps are in force, and what is left open: move -> 0 or 1 by action.

    plain  the numbers without the steps
    """
    moved = changed_theta(game, theta, dos)
    numbers = plain if np.array_equal(moved, theta) else primitives_function(game)(jnp.asarray(moved))
    still = _held(dos)
    numbers = held(game, numbers, still) if still else numbers
    left = {}
    for move, table in _told(game, moved, dos).items():
        some = total(multiply(game.order, table, numbers.available.get(move, scalar(1.0))), move)
        # Where nothing would be left all stays open. `out_of_reach` has seen that play does not come there,
        # and a strategy that is not a number would spread from there all the same.
        left[move] = combine(game.order, lambda t, n: jnp.where(n > 0, t, 1.0), table, some)
    return closed(game, numbers, left) if left else numbers, left


def out_of_reach(
    game: Game, theta: np.ndarray, dos: Sequence[Do], *, lowest: Mapping[str, int] | None = None
) -> None:
    """Raise CannotDo where steps in force together leave a mover no action that the case opens to it.

    lowest  state -> number of the lowest level at which it can still be; by default all can be
    """
    numbers = primitives_function(game)(jnp.asarray(theta))
    put, floor = _held(dos), lowest or {}
    for move, table in _told(game, changed_theta(game, theta, dos), dos).items():
        free = multiply(game.order, table, numbers.available.get(move, scalar(1.0)))
        axes = game.order.sort({*free.axes, move})
        open_ = np.asarray(broadcast(free, axes, game.sizes).data).any(axis=axes.index(move))
        rest = [axis for axis in axes if axis != move]
        for point in np.argwhere(~open_):
            if any(k < floor.get(axis, 0) for axis, k in zip(rest, point, strict=True)):
                continue
            where = {axis: game.levels[axis][k] for axis, k in zip(rest, point, strict=True)}
            if any(where.get(name, level) != level for name, level in put.items()):
                continue  # not while that state is held elsewhere
            what = next(do for do in dos if do.name == move and isinstance(do, PlayMove))
            sign = "!=" if what.closed else "="
            said = ", ".join(f"{name} is {level}" for name, level in where.items()) or "always"
            raise CannotDo(
                f"{move} {sign} {what.action} is out of reach where {said}: the case leaves the mover no "
                "such choice there. Add a condition, such as `if ...`, under which it has one"
            )


def _held(dos: Sequence[Do]) -> dict[str, str]:
    return {do.name: do.level for do in dos if isinstance(do, HoldState) and not do.once}


def _told(game: Game, theta: np.ndarray, dos: Sequence[Do]) -> dict[str, Named]:
    """Move -> 0 or 1 by action, as the steps say it together."""
    found: dict[str, Named] = {}
    for do in dos:
        if not isinstance(do, PlayMove):
            continue
        one = np.array([float((action == do.action) != do.closed) for action in game.levels[do.name]])
        table = Named(jnp.asarray(one), (do.name,))
        if do.condition is not None:
            holds = evaluator(game, jnp.asarray(theta))(game.node(do.condition))
            table = combine(game.order, lambda t, c: jnp.where(c != 0, t, 1.0), table, holds)
        found[do.name] = multiply(game.order, found[do.name], table) if do.name in found else table
    return found
