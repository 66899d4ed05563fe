"""What a sweep costs, move by move: the axes that are alive at each, and the arithmetic it takes.

An action is alive from its move to its last mention, and every array has only the axes that it
mentions; so cost is a sum over moves. Actions that the laws to come treat alike have one place between them,
and levels that a law never leads to are not added up. Found from shapes alone: nothing is computed.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp

from tightrope.game.compile import Game
from tightrope.game.named import Named, classes_of, coarse_name, join_classes, move_of
from tightrope.game.ordering import sweep_plan
from tightrope.game.plan import Change, Choice, Exit, after
from tightrope.game.primitives import primitives
from tightrope.game.roots import Prepared, prepared
from tightrope.game.walk import seen_by, stretches


@dataclass(frozen=True)
class StepCost:
    """One step of a period.

    name    the move, or nature's
    kind    `move`, `together`, `change`, `exit`; `payoffs` for what is collected and left before the next
    axes    alive in the widest array of the step: what one player's value depends on there; an axis with
            fewer places than the move has actions says how many (`russia/2`)
    size    numbers in that array
    cost    multiplications and exponentials of the step, all players together
    """

    name: str
    kind: str
    axes: tuple[str, ...]
    size: int
    cost: int


def period_costs(game: Game) -> list[StepCost]:
    """The steps of a period with what a sweep pays at each, in the order in which it takes them, reversed."""
    given: Prepared = jax.eval_shape(
        lambda theta: prepared(game, primitives(game, theta)), jnp.zeros(len(game.parameters))
    )
    plan = sweep_plan(game)
    alive = {player: frozenset(game.states) for player in game.players}
    found: list[StepCost] = []

    def note(name: str, kind: str, arrays: Collection[frozenset[str]], cost: float | None = None) -> None:
        widest = max(arrays, key=partial(_size, game))
        axes = tuple(_told(axis) for axis in game.order.sort(set(widest)))
        whole = sum(_size(game, x) for x in arrays) if cost is None else round(cost)
        found.append(StepCost(name, kind, axes, _size(game, widest), whole))

    for last, first in stretches(plan):
        if last in given.between:
            for player, (factor, shift) in given.between[last].items():
                alive[player] = _union(alive[player], factor.axes, shift.axes)
            exits = [s.name for s in plan.steps[max(first, 0) : last + 1] if isinstance(s, Exit)]
            kind = "exits, payoffs" if exits else "payoffs"
            note(" ".join(exits), kind, list(alive.values()))
        step = plan.steps[first] if first >= 0 else None
        match step:
            case Change(name, variable, _, _):
                primed, arrays, cost = after(variable), [], 0.0
                for player, axes in alive.items():
                    if variable not in axes:
                        continue
                    law = seen_by(player, given.numbers.kernels[plan.number(first)])
                    alive[player] = _union(axes, law.axes) - {primed}
                    arrays.append(alive[player] | {primed})
                    cost += _size(game, alive[player]) * _terms(game, law, variable)
                note(name, "change", arrays or [frozenset()], cost)
            case Choice(moves):
                names = {m.move for m in moves}
                alive = {player: frozenset(map(move_of, axes)) for player, axes in alive.items()}
                arrays, wide = [], frozenset[str]()
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


def _union(*several: Collection[str]) -> frozenset[str]:
    """Axes of a product of arrays with these: of a move, the coarsest that keeps all of them apart."""
    columns: dict[str, list[tuple[int, ...] | None]] = {}
    for axes in several:
        for axis in axes:
            columns.setdefault(move_of(axis), []).append(classes_of(axis))
    found = set()
    for move, classes in columns.items():
        known = [c for c in classes if c is not None]
        found.add(move if len(known) < len(classes) else coarse_name(move, join_classes(known)))
    return frozenset(found)


def _places(game: Game, axis: str) -> int:
    classes = classes_of(axis)
    return game.sizes[axis] if classes is None else max(classes) + 1


def _size(game: Game, axes: Collection[str]) -> int:
    return math.prod(_places(game, axis) for axis in axes)


def _terms(game: Game, law: Named, variable: str) -> float:
    """Products added up for each number that comes out of a law's expectation."""
    size = game.sizes[variable]
    allowed = law.form.allowed if law.form is not None else None
    return float(size) if allowed is None else sum(map(len, allowed)) / size


def _told(axis: str) -> str:
    classes = classes_of(axis)
    return axis if classes is None else f"{move_of(axis)}/{max(classes) + 1}"
