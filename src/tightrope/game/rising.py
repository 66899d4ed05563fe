"""What a law can do by its form alone, whatever the parameters: which levels it reaches from which."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from tightrope.case import syntax as s
from tightrope.case.parse import Expression
from tightrope.case.schema import Law
from tightrope.game.compile import Game
from tightrope.game.plan import Change


def reach(game: Game, law: Law, variable: str) -> np.ndarray:
    """(levels, levels) whether the law may lead from one level to another."""
    levels = game.levels[variable]
    size = len(levels)
    same = np.eye(size, dtype=bool)
    if law.steps is not None:
        down = law.steps.down is not None
        up = law.steps.up is not None
        return same | (down & np.eye(size, k=-1, dtype=bool)) | (up & np.eye(size, k=1, dtype=bool))
    found = np.zeros((size, size), dtype=bool)
    if law.weights is not None:
        for key, weight in law.weights.items():
            if _nought(weight):
                continue
            if key in ("down", "stay", "up") and key not in levels:
                found |= np.eye(size, k={"down": -1, "stay": 0, "up": 1}[key], dtype=bool)
            else:
                found[:, levels.index(key)] = True
        return found
    for setting in law.set or ():
        if not _nought(setting.when):
            found[:, levels.index(setting.to)] = True
    return found | same


def _nought(expression: Expression) -> bool:
    return isinstance(expression.node, s.Number) and expression.node.value == 0


@lru_cache(maxsize=64)
def reaches(game: Game) -> dict[int, dict[str, np.ndarray]]:
    """Step -> view -> which levels nature's move may lead to from which; the world's view is in it."""
    from tightrope.game.plan import WORLD

    return {
        number: {WORLD: reach(game, step.law, step.variable)}
        | {player: reach(game, view, step.variable) for player, view in step.views.items()}
        for number, step in enumerate(game.plan.steps)
        if isinstance(step, Change)
    }


@lru_cache(maxsize=64)
def one_way(game: Game) -> dict[str, int]:
    """Variables that by the form of their laws, in every view, only rise (1) or only fall (-1)."""
    masks: dict[str, list[np.ndarray]] = {name: [] for name in game.states}
    for number, views in reaches(game).items():
        step = game.plan.steps[number]
        assert isinstance(step, Change)
        masks[step.variable] += views.values()
    up = {name for name, seen in masks.items() if not any(np.tril(mask, -1).any() for mask in seen)}
    down = {name for name, seen in masks.items() if not any(np.triu(mask, 1).any() for mask in seen)}
    return {name: 1 for name in game.states if name in up} | dict.fromkeys(down - up, -1)
