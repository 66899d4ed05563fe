"""Many paths of a solved game at once, in plain numpy: what one would do without exact first passages."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from tightrope.game import Equilibrium
from tightrope.game.plan import WORLD, Change, Choice, Exit, after
from tightrope.game.primitives import Primitives


class Simulator:
    """Paths under an equilibrium's strategies and the world's laws, as tables of cumulative chances."""

    def __init__(self, found: Equilibrium, numbers: Primitives) -> None:
        self.game = found.game
        self.strategies = {
            move: (tuple(str(d) for d in x.dims), _cumulative(x.values, list(x.dims).index(move)))
            for move, x in found.strategies.items()
        }
        self.laws = {}
        self.exits = {}
        for number, step in enumerate(self.game.plan.steps):
            if isinstance(step, Change):
                law = numbers.kernels[number][WORLD]
                place = law.axes.index(after(step.variable))
                self.laws[number] = (law.axes, _cumulative(np.asarray(law.data), place))
            elif isinstance(step, Exit):
                leave = numbers.exits[number][WORLD].probability
                self.exits[number] = (leave.axes, np.asarray(leave.data))

    def hits(
        self, start: Mapping[str, str], target: Mapping[str, str], *, paths: int, periods: int, seed: int
    ) -> int:
        """How many of some paths from one state stand at the target's levels within so many periods."""
        game, generator = self.game, np.random.default_rng(seed)
        now = {name: np.full(paths, game.levels[name].index(start[name])) for name in game.states}
        wanted = {name: game.levels[name].index(level) for name, level in target.items()}
        hit, live = np.zeros(paths, dtype=bool), np.ones(paths, dtype=bool)
        for _ in range(periods):
            for number, step in enumerate(game.plan.steps):
                if isinstance(step, Choice):
                    chosen = {
                        m.move: _drawn(self.strategies[m.move], m.move, now, generator) for m in step.moves
                    }
                    now |= chosen
                elif isinstance(step, Change):
                    drawn = _drawn(self.laws[number], after(step.variable), now, generator)
                    now[step.variable] = np.where(live, drawn, now[step.variable])
                else:
                    axes, chance = self.exits[number]
                    live &= generator.random(paths) >= chance[tuple(now[a] for a in axes)]
            hit |= live & np.logical_and.reduce([now[name] == level for name, level in wanted.items()])
        return int(hit.sum())


def _cumulative(chances: np.ndarray, place: int) -> np.ndarray:
    """Cumulative chances, the axis of outcomes last."""
    return np.cumsum(np.moveaxis(chances, place, -1), axis=-1)


def _drawn(
    table: tuple[tuple[str, ...], np.ndarray],
    name: str,
    now: Mapping[str, np.ndarray],
    generator: np.random.Generator,
) -> np.ndarray:
    axes, cumulative = table
    rows = cumulative[tuple(now[axis] for axis in axes if axis != name)]
    drawn = generator.random(len(rows))[:, None] * rows[:, -1:]
    return (drawn >= rows[:, :-1]).sum(axis=1)
