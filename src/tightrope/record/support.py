"""Where a record's history can have been: each row's coded support, as index arrays.

The filter lives on these tens of points a row, never on the whole grid of states.
A variable stands in a row's support until nature first changes it, anywhere in
between when it changes more than once, and in the next row's support after its
last change of the period.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from tightrope.game.compile import Game
from tightrope.game.plan import Change, after
from tightrope.record.coding import CodedRecord


@dataclass(frozen=True, eq=False)
class Support:
    """Index sets of a record, padded to one length per variable.

    levels   variable -> (rows, k) level indices; padding repeats the first with weight zero
    weights  variable -> (rows, k) virtual evidence on those levels
    full     state variable -> all its levels, for the middle of a period
    """

    game: Game
    rows: int
    levels: Mapping[str, np.ndarray]
    weights: Mapping[str, np.ndarray]

    @property
    def start_shape(self) -> tuple[int, ...]:
        """Shape of a function over one row's start states."""
        return tuple(self.levels[name].shape[1] for name in self.game.states)

    def axis(self, name: str, position: int, *, ahead: bool = True) -> np.ndarray:
        """Level indices, shape (rows, k), of an axis as it stands at a step.

        For the step's own variable, `name` is what it was and `name'` what it becomes.
        Without `ahead` nothing of the next row is known: after its last change a
        variable may stand anywhere.
        """
        if name in self.game.moves:
            return self.levels[name]
        plain = name.removesuffix("'")
        changes = [
            number
            for number, step in enumerate(self.game.plan.steps)
            if isinstance(step, Change) and step.variable == plain
        ]
        if not changes:
            return self.levels[plain]
        done = position > changes[-1] or (name != plain and position == changes[-1])
        if done and ahead:
            return np.concatenate([self.levels[plain][1:], self.levels[plain][-1:]])
        begun = position > changes[0] or (name != plain and position == changes[0])
        if begun or done:
            return np.tile(np.arange(self.game.sizes[plain]), (self.rows, 1))
        return self.levels[plain]


def build_support(game: Game, coded: CodedRecord) -> Support:
    """The support of a coded record in a game.

    Variables that the record does not code (latent ones) keep all their levels. A
    state variable that nature never changes keeps all of them too. Raises ValueError
    when a row leaves a variable no level.
    """
    rows = len(coded.periods)
    changed = {step.variable for step in game.plan.steps if isinstance(step, Change)}
    levels: dict[str, np.ndarray] = {}
    weights: dict[str, np.ndarray] = {}
    for name in (*game.states, *game.moves):
        size = len(game.levels[name])
        table = coded.weights.get(name, np.ones((rows, size)))
        if table.shape != (rows, size):
            raise ValueError(f"the record codes {name} over {table.shape[1]} levels, the case has {size}")
        if name in game.states and name not in changed:
            levels[name] = np.tile(np.arange(size), (rows, 1))
            weights[name] = np.asarray(table, dtype=float)
            continue
        counts = (table > 0).sum(axis=1)
        if (counts == 0).any():
            raise ValueError(f"{coded.periods[int(np.argmin(counts))]}: no level of {name} is left")
        width = int(counts.max())
        index = np.zeros((rows, width), dtype=np.int64)
        weight = np.zeros((rows, width))
        for row in range(rows):
            found = np.flatnonzero(table[row] > 0)
            index[row, : len(found)] = found
            index[row, len(found) :] = found[0]
            weight[row, : len(found)] = table[row, found]
        levels[name] = index
        weights[name] = weight
    return Support(game, rows, levels, weights)


def flat_index(support: Support, axes: tuple[str, ...], position: int, *, ahead: bool = True) -> np.ndarray:
    """Flat positions in an array over `axes` of each row's sub-array, shape (rows, k1, k2, …)."""
    sizes = [support.game.sizes[name] for name in axes]
    strides = [int(np.prod(sizes[number + 1 :])) for number in range(len(sizes))]
    result = np.zeros((support.rows, *([1] * len(axes))), dtype=np.int64)
    for number, name in enumerate(axes):
        index = support.axis(name, position, ahead=ahead)
        shape = [support.rows] + [1] * len(axes)
        shape[1 + number] = index.shape[1]
        result = result + index.reshape(shape) * strides[number]
    return result


__all__ = ["Support", "after", "build_support", "flat_index"]
