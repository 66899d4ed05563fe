"""Play in a game that changes from period to period: backward induction from a stationary continuation.

A *stage* is one period with numbers of its own. Players who know what is coming choose against it; the
strategies of those who do not are given. With one mover at a time the result always exists and is unique.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from tightrope.game.changed import put_at
from tightrope.game.compile import Game
from tightrope.game.layout import layout, pack, start
from tightrope.game.named import Named, broadcast
from tightrope.game.primitives import Primitives
from tightrope.game.roots import TOLERANCE, Convention, root_function
from tightrope.game.sweep import backward
from tightrope.game.walk import Strategies


class CannotUnfold(ValueError):
    """A changing game that backward induction cannot solve; the message says why."""


@dataclass(frozen=True, eq=False)
class Stage:
    """One period of a changing game.

    numbers  its payoffs, laws, precisions and open actions
    put      state -> level at which it is put as the period opens
    ends     a terminal in which the game ends at the end of the period
    fixed    strategies of moves whose players do not know of it
    """

    numbers: Primitives
    put: Mapping[str, str] = field(default_factory=dict)
    ends: str = ""
    fixed: Mapping[str, Named] = field(default_factory=dict)


def settle(
    game: Game, numbers: Primitives, *, warm: np.ndarray, convention: Convention = "agent"
) -> tuple[np.ndarray, float]:
    """The stationary equilibrium at changed numbers, from a neighbour: fixed point and residual in log-odds.

    Tried from zero values too where that does not certify. A residual above `TOLERANCE` is no equilibrium.
    """
    find = root_function(game, convention, TOLERANCE)
    root = find(numbers, jnp.asarray(warm))
    if not float(root.residual) <= TOLERANCE:
        root = find(numbers, start(game))
    return np.asarray(root.z), float(root.residual)


@lru_cache(maxsize=32)
def _step(game: Game, convention: Convention) -> Any:
    @jax.jit
    def step(table: Array, numbers: Primitives, fixed: dict[str, Named]) -> tuple[Array, Strategies]:
        values = {p: Named(table[k], game.states) for k, p in enumerate(game.players)}
        new, strategies = backward(game, values, numbers, convention=convention, fixed=fixed)
        return pack(game, new, {}).reshape(table.shape), strategies

    return step


def unfold(
    game: Game, z: np.ndarray, stages: Sequence[Stage], *, convention: Convention = "agent"
) -> tuple[Strategies, ...]:
    """Strategies of each stage, by backward induction from the continuation `z` after the last.

    z  a stationary game's fixed point: values as the first period after the stages opens. If a state is to
       be put somewhere then, say so by a stage more.

    Raises CannotUnfold for a game with simultaneous moves, where the answer need not be unique.
    """
    if layout(game).mixed:
        raise CannotUnfold("with simultaneous moves, play in a changing game need not be unique")
    table = jnp.asarray(z).reshape(layout(game).values)
    found: list[Strategies] = []
    for stage in reversed(stages):
        if stage.ends:
            table = _ended(game, stage)
        table, strategies = _step(game, convention)(table, stage.numbers, dict(stage.fixed))
        table = put_at(game, table, stage.put)
        found.append(strategies)
    return tuple(reversed(found))


def _ended(game: Game, stage: Stage) -> Array:
    """What the terminal is worth to each player, (players, *states)."""
    worth = [stage.numbers.terminal[stage.ends][player] for player in game.players]
    for x in worth:
        if not set(x.axes) <= set(game.states):
            raise CannotUnfold(
                f"what {stage.ends} is worth depends on moves, so nobody can expect it beforehand"
            )
    return jnp.stack([broadcast(x, game.states, game.sizes).data for x in worth])
