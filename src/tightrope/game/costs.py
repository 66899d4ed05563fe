"""What a sweep costs, move by move: the axes that are alive at each, and the arithmetic it takes.

An action is alive from its move to its last mention, and every array has only the axes that it
mentions; so cost is a sum over moves. Found from shapes alone: nothing is computed.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass

import jax
import jax.numpy as jnp

from tightrope.game.compile import Game
from tightrope.game.plan import Change, Choice, Exit, after
from tightrope.game.primitives import primitives
from tightrope.game.roots import Prepared, prepared
from tightrope.game.walk import seen_by, stretches


@dataclass(frozen=True)
class StepCost:
    """One step of a period.

    name    the move, or nature's
    kind    `move`, `together`, `change`, `exit`; `payoffs` for what is collected and left before the next
    axes    alive in the widest array of the step: what one player's value depends on there
    size    numbers in that array
    cost    multiplications and exponentials of the step, all players together
    """

    name: str
    kind: str
    axes: tuple[str, ...]
    size: int
    cost: int


def period_costs(game: Game) -> list[StepCost]:
    """The steps of a period in the order in which they happen, with what a sweep pays at each."""
    given: Prepared = jax.eval_shape(
        lambda theta: prepared(game, primitives(game, theta)), jnp.zeros(len(game.parameters))
    )
    sizes = game.sizes
    alive = {player: set(game.states) for player in game.players}
    found: list[StepCost] = []

    def size(axes: Collection[str]) -> int:
        return math.prod(sizes[name] for name in axes)

    def note(name: str, kind: str, arrays: Collection[Collection[str]]) -> None:
        widest = max(arrays, key=size)
        axes = game.order.sort(set(widest))
        found.append(StepCost(name, kind, axes, size(axes), sum(size(x) for x in arrays)))

    for last, first in stretches(game.plan):
        for player, (factor, shift) in given.between[last].items():
            alive[player] |= {*factor.axes, *shift.axes}
        exits = [s.name for s in game.plan.steps[max(first, 0) : last + 1] if isinstance(s, Exit)]
        note(" ".join(exits), "exits, payoffs" if exits else "payoffs", list(alive.values()))
        step = game.plan.steps[first] if first >= 0 else None
        match step:
            case Change(name, variable, _, _):
                primed = after(variable)
                arrays = []
                for player, axes in alive.items():
                    if variable not in axes:
                        continue
                    kernel = set(seen_by(player, given.numbers.kernels[first]).axes)
                    arrays.append((axes - {variable}) | {primed} | kernel)
                    alive[player] = arrays[-1] - {primed}
                note(name, "change", arrays or [set()])
            case Choice(moves):
                arrays = []
                names = {m.move for m in moves}
                wide: set[str] = set()
                for move in moves:
                    available = given.numbers.available.get(move.move)
                    own = alive[move.player] - names | {move.move}
                    own |= set(given.numbers.precision[move.move].axes)
                    own |= set(available.axes) if available is not None else set()
                    arrays.append(own)
                    wide |= own
                for player, axes in alive.items():
                    if axes & names:
                        arrays.append(axes | wide)
                        alive[player] = arrays[-1] - names
                note(" ".join(m.move for m in moves), "together" if len(moves) > 1 else "move", arrays)
    return found[::-1]
