"""Simulated records: play a solved game forward and write down what a perfect coder would see."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from tightrope.case.calendar import parse_period
from tightrope.game.compile import Game
from tightrope.game.named import Named
from tightrope.game.plan import WORLD, Change, Choice, Exit, after
from tightrope.game.primitives import Primitives
from tightrope.record.coding import CodedRecord
from tightrope.record.filter import last_choice


def simulate(
    game: Game,
    numbers: Primitives,
    strategies: Mapping[str, Named],
    *,
    periods: int,
    seed: int,
    first: str | None = None,
    start: np.ndarray | None = None,
    keep_last: bool = False,
) -> CodedRecord:
    """One path of at most `periods` periods as a fully coded record (latent variables left out).

    first  the first period; by default the case's
    start  distribution over states, (*states), as it opens; by default the case's

    The path stops before the period in which the game ends. Weights are one on what
    happened and zero elsewhere; moves and observed states are all coded.

    keep_last  keep the period in which the game ends where all its moves had been made by then. A
               likelihood counts survival up to a row's last move, so that the law of a record of a given
               length is the likelihood's only with this
    """
    final = last_choice(game)
    generator = np.random.default_rng(seed)
    state = _begin(game, start, generator)
    seen: dict[str, list[int]] = {name: [] for name in (*game.states, *game.moves)}
    for _ in range(periods):
        row = dict(state)
        now = dict(state)
        ended = whole = False
        for number, step in enumerate(game.plan.steps):
            if isinstance(step, Choice):
                drawn = {m.move: _draw(strategies[m.move], m.move, now, generator) for m in step.moves}
                now |= drawn
                row |= drawn
            elif isinstance(step, Change):
                kernel = numbers.kernels[number][WORLD]
                now[step.variable] = _draw(kernel, after(step.variable), now, generator)
            elif isinstance(step, Exit):
                law = numbers.exits[number][WORLD]
                if generator.uniform() < float(_at(law.probability, now)):
                    ended, whole = True, number > final
                    break
        for name, values in seen.items():
            values.append(row.get(name, 0))
        if ended:
            if not (whole and keep_last):
                for values in seen.values():
                    values.pop()
            break
        state = {name: now[name] for name in game.states}
    rows = len(next(iter(seen.values())))
    opening = parse_period(first or game.case.calendar.first)
    shown = [name for name in seen if name in game.moves or not game.case.states[name].latent]
    weights = {}
    for name in shown:
        table = np.zeros((rows, len(game.levels[name])))
        table[np.arange(rows), seen[name]] = 1.0
        weights[name] = table
    return CodedRecord(
        periods=tuple(str(opening + k) for k in range(rows)),
        levels={name: game.levels[name] for name in shown},
        weights=weights,
        printed={name: np.array(seen[name], dtype=np.int64) for name in shown},
        events=((),) * rows,
        notes=("",) * rows,
        confidence=("high",) * rows,
    )


def _begin(game: Game, start: np.ndarray | None, generator: np.random.Generator) -> dict[str, int]:
    if start is None:
        return {name: _start(game, name, generator) for name in game.states}
    weights = np.asarray(start, dtype=float).ravel()
    drawn = np.unravel_index(int(generator.choice(weights.size, p=weights / weights.sum())), game.shape)
    return dict(zip(game.states, map(int, drawn), strict=True))


def _start(game: Game, name: str, generator: np.random.Generator) -> int:
    given = game.case.start[name]
    if isinstance(given, str):
        return game.levels[name].index(given)
    weights = np.array([float(given.get(level, 0.0)) for level in game.levels[name]])
    return int(generator.choice(len(weights), p=weights / weights.sum()))


def _at(x: Named, now: Mapping[str, int]) -> np.ndarray:
    return np.asarray(x.data)[tuple(now[name] if name in now else slice(None) for name in x.axes)]


def _draw(x: Named, axis: str, now: Mapping[str, int], generator: np.random.Generator) -> int:
    others = {name: level for name, level in now.items() if name != axis}
    p = _at(x, others)
    return int(generator.choice(len(p), p=p / p.sum()))
