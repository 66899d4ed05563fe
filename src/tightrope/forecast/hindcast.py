"""The game's predictive distributions as of an origin, by period ahead, with parameter uncertainty.

For each parameter draw the game is solved, the record known at the origin filtered, and the distribution
pushed forward exactly. One derivative a period gives everything: the probability of *anything* happening is
multilinear in the value of each end state, of each terminal and in a weight on each action, so its
derivatives at one are the probabilities of the states, of the terminals and of the actions.

Nothing here sees a row after the origin: all that is read is the evidence handed over.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from tightrope.compiled.kept import kept
from tightrope.forecast.origin import next_opening
from tightrope.forecast.over_draws import none_certified, solve_draw
from tightrope.forecast.targets import Target
from tightrope.game.compile import Game
from tightrope.game.forward import pull
from tightrope.game.named import Named
from tightrope.game.primitives import Primitives
from tightrope.game.walk import Strategies
from tightrope.record.filter import Evidence
from tightrope.record.likelihood import filter_record


@dataclass(frozen=True, eq=False)
class Ahead:
    """Means over parameter draws; row k speaks of the (k+1)-th period after `known`.

    known   the last period known
    states  variable -> (periods, levels) probability that the game goes on and opens the period there
    moves   move -> (periods, actions) probability that it goes on to the move and the action is taken
    ended   terminal -> (periods,) probability of having ended there by the period's end
    draws   certified draws behind the means
    failed  draws without a certificate, left out
    worst   largest residual among the certified
    """

    known: str
    states: dict[str, np.ndarray]
    moves: dict[str, np.ndarray]
    ended: dict[str, np.ndarray]
    draws: int
    failed: int
    worst: float


@lru_cache(maxsize=16)
def _runner(game: Game, periods: int) -> Any:
    axes = {name: tuple(k for k in range(len(game.shape)) if k != n) for n, name in enumerate(game.states)}

    def run(numbers: Primitives, strategies: Strategies, start: Array) -> Any:
        def anything(f: Array, ended: dict[str, Array], weights: dict[str, Array], live: Array) -> Array:
            named = {move: Named(w, (move,)) for move, w in weights.items()}
            return jnp.sum(live * pull(game, numbers, strategies, f, ended, weights=named))

        slopes = jax.grad(anything, argnums=(0, 1, 2))
        one = jnp.ones(())
        ones = {move: jnp.ones(len(game.levels[move])) for move in game.moves}

        def period(state: tuple[Array, dict[str, Array]], _: None) -> Any:
            live, gone = state
            moved, left, made = slopes(jnp.ones(game.shape), dict.fromkeys(game.terminals, one), ones, live)
            gone = {name: gone[name] + left[name] for name in game.terminals}
            here = {name: jnp.sum(live, axis=other) for name, other in axes.items()}
            return (moved, gone), (here, made, gone)

        nowhere = {name: jnp.zeros(()) for name in game.terminals}
        _, seen = jax.lax.scan(period, (start, nowhere), None, length=periods)
        return seen

    return kept(run, of=[game, periods])


def push_ahead(
    game: Game, numbers: Primitives, strategies: Strategies, start: np.ndarray, *, periods: int
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray], dict[str, np.ndarray]]:
    """States, moves and terminals of `Ahead` for one solved game, from a distribution over states."""
    seen = _runner(game, periods)(numbers, strategies, jnp.asarray(start))
    here, made, gone = jax.tree_util.tree_map(np.asarray, seen)
    return here, made, gone


def look_ahead(
    evidence: Evidence,
    thetas: np.ndarray,
    *,
    periods: int,
    warm: np.ndarray | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> Ahead:
    """Forecast from the end of a prepared record.

    thetas   (draws, parameters) whole parameter vectors
    periods  how many periods ahead
    warm     a neighbouring fixed point to start each solve from

    Raises ValueError when no draw certifies.
    """
    game = evidence.game
    total: Any = None
    failed, worst = 0, 0.0
    for number, theta in enumerate(thetas):
        found = solve_draw(game, theta, warm=warm)
        if on_progress is not None:
            on_progress(number + 1, len(thetas))
        if found is None:
            failed += 1
            continue
        worst = max(worst, found.residual)
        filtered = filter_record(evidence, theta, found.z)
        start = next_opening(evidence, filtered, found.numbers, found.strategies)
        ahead = push_ahead(game, found.numbers, found.strategies, start, periods=periods)
        total = ahead if total is None else jax.tree_util.tree_map(np.add, total, ahead)
    draws = len(thetas) - failed
    if not draws:
        raise none_certified(len(thetas))
    states, moves, ended = jax.tree_util.tree_map(lambda x: x / draws, total)
    return Ahead(evidence.periods[-1], states, moves, ended, draws, failed, worst)


def law_ahead(ahead: Ahead, target: Target, horizon: int) -> np.ndarray:
    """Distribution of a target so many periods ahead, (levels,); states and moves if the game goes on.

    The condition is put on the mean over draws and not on each draw: a draw that would have ended the game
    counts for less, as Bayes' rule has it.
    """
    if target.kind == "ends":
        p = float(ahead.ended[target.name][horizon - 1])
        return np.array([1.0 - p, p])
    table = (ahead.states if target.kind == "states" else ahead.moves)[target.name][horizon - 1]
    table = np.maximum(table, 0.0)
    return np.asarray(table / table.sum())


def ahead_data(ahead: Ahead) -> dict[str, Any]:
    """Plain data, for a run's chunk."""
    return {
        "known": ahead.known,
        **{
            part: {name: values.tolist() for name, values in getattr(ahead, part).items()}
            for part in ("states", "moves", "ended")
        },
        "draws": ahead.draws,
        "failed": ahead.failed,
        "worst": ahead.worst,
    }


def ahead_from(data: dict[str, Any]) -> Ahead:
    """Inverse of `ahead_data`."""
    states, moves, ended = (
        {name: np.array(values) for name, values in data[part].items()}
        for part in ("states", "moves", "ended")
    )
    counts = int(data["draws"]), int(data["failed"]), float(data["worst"])
    return Ahead(data["known"], states, moves, ended, *counts)
