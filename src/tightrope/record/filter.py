"""The forward filter of a record and its exact likelihood, strategies given.

One step of the filter is the transpose of the walk of a period (see the game
room), with the row's observation weights inside it at each move and restricted to
the row's coded support. Codes are virtual evidence (Pearl 1988): the likelihood is
the probability of the history summed over everything the codes leave open, each
history weighted by its codes. That the game did not end before a row's last move is
part of the evidence; what happens after the last row's last move is not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from tightrope.game.compile import Game
from tightrope.game.named import Named, broadcast, scalar
from tightrope.game.plan import WORLD, Change, Choice, Exit
from tightrope.game.primitives import ExitLaw, Primitives
from tightrope.game.walk import Strategies, expectation
from tightrope.record.coding import CodedRecord
from tightrope.record.support import Support, build_support, flat_index


class Filtered(NamedTuple):
    """What one pass over the record gives.

    log_probability  (rows,) log probability of each row's codes given all rows before
    states           (rows, *start_shape) P(start state | rows before, this row's states)
    """

    log_probability: Array
    states: Array


class _Parts(NamedTuple):
    """World kernels, exit laws and strategies, in a fixed order, as plain arrays."""

    kernels: dict[int, Named]
    exits: dict[int, ExitLaw]
    strategies: dict[str, Named]


@dataclass(frozen=True, eq=False)
class Evidence:
    """A record prepared for one game: supports, weights and gather indices, all constant.

    `arrays` holds what the traced filter takes as arguments, so that big index
    arrays are never folded into the compiled program. They may hold more rows than
    the record (see `prepare`); `trim` takes those off what the filter gives.
    """

    game: Game
    periods: tuple[str, ...]
    support: Support
    arrays: Mapping[str, Any]


ALONE = "alone "
"""Marks gather indices for a row seen by itself, the next row's states unknown."""


def last_choice(game: Game) -> int:
    """The number of the period's last step at which a player moves; -1 without any."""
    return max((n for n, step in enumerate(game.plan.steps) if isinstance(step, Choice)), default=-1)


def _parts(game: Game, numbers: Primitives, strategies: Strategies) -> _Parts:
    return _Parts(
        {step: laws[WORLD] for step, laws in numbers.kernels.items()},
        {step: laws[WORLD] for step, laws in numbers.exits.items()},
        dict(strategies),
    )


def _map_parts(game: Game, parts: _Parts, function: Any) -> _Parts:
    """Apply `function(named, position, key)` to every named array."""
    positions = {move.move: game.plan.position_of(move.move) for move in game.plan.moves()}
    return _Parts(
        {step: function(k, step, f"kernel {step}") for step, k in parts.kernels.items()},
        {
            step: ExitLaw(
                function(law.probability, step, f"exit {step}"),
                {t: function(share, step, f"share {step} {t}") for t, share in law.shares.items()},
            )
            for step, law in parts.exits.items()
        },
        {m: function(s, positions[m], f"move {m}") for m, s in parts.strategies.items()},
    )


def prepare(
    game: Game, coded: CodedRecord, numbers: Primitives, strategies: Strategies, *, bucket: int = 1
) -> Evidence:
    """Prepare a record for filtering. `numbers` and `strategies` serve only for their axes.

    bucket  the arrays are lengthened to a multiple of so many rows, which say nothing: records of
            different lengths then share one compiled program
    """
    support = build_support(game, coded)
    gathers: dict[str, np.ndarray] = {}
    final = last_choice(game)

    def note(x: Named, position: int, key: str) -> Named:
        if x.axes:
            gathers[key] = flat_index(support, x.axes, position).astype(np.int32)
            alone = flat_index(support, x.axes, position, ahead=False).astype(np.int32)
            if position <= final and not np.array_equal(alone, gathers[key]):
                gathers[ALONE + key] = alone
        return x

    _map_parts(game, _parts(game, numbers, strategies), note)
    start = np.ones(support.start_shape)
    for number, name in enumerate(game.states):
        shape = [1] * len(game.states)
        shape[number] = -1
        start = start * _start_weights(game, name)[support.levels[name][0]].reshape(shape)
    arrays = {
        "gathers": gathers,
        "state_weights": {name: support.weights[name] for name in game.states},
        "move_weights": {name: support.weights[name] for name in game.moves},
    }
    more = -support.rows % bucket
    whole: dict[str, Any] = {name: _lengthen(tables, more) for name, tables in arrays.items()}
    whole |= {"start": start, "live": np.arange(support.rows + more) < support.rows}
    return Evidence(game, coded.periods, support, jax.tree_util.tree_map(jnp.asarray, whole))


def _lengthen(tables: Mapping[str, np.ndarray], rows: int) -> dict[str, np.ndarray]:
    """The last row of each table repeated."""
    return {key: np.concatenate([x, np.repeat(x[-1:], rows, axis=0)]) for key, x in tables.items()}


def _start_weights(game: Game, name: str) -> np.ndarray:
    given = game.case.start[name]
    levels = game.levels[name]
    if isinstance(given, str):
        return np.array([1.0 if level == given else 0.0 for level in levels])
    weights = np.array([float(given.get(level, 0.0)) for level in levels])
    return np.asarray(weights / weights.sum())


def run_filter(
    game: Game, arrays: Mapping[str, Any], numbers: Primitives, strategies: Strategies
) -> Filtered:
    """Filter a record (arrays from `prepare`). Traceable and differentiable.

    Rows that only lengthen the arrays have log probability zero and states that mean nothing.
    """
    gathers = arrays["gathers"]

    state_weights, move_weights = arrays["state_weights"], arrays["move_weights"]
    rows_count = state_weights[game.states[0]].shape[0]

    def restrict(x: Named, key: str, mark: str) -> Named:
        if not x.axes:
            return Named(jnp.broadcast_to(x.data, (rows_count,)), ())
        return Named(x.data.reshape(-1)[gathers.get(mark + key, gathers[key])], x.axes)

    whole = _parts(game, numbers, strategies)
    parts = _map_parts(game, whole, lambda x, _, key: restrict(x, key, ""))
    alone = _map_parts(game, whole, lambda x, _, key: restrict(x, key, ALONE))
    shape = tuple(state_weights[name].shape[1] for name in game.states)
    final, certain = last_choice(game), ExitLaw(scalar(0.0), {})

    def walk(f: Named, row: tuple[_Parts, dict[str, Array]], *, until: int) -> Named:
        """Sum over the period's histories that do not end before step `until`."""
        here, seen = row
        return expectation(
            game,
            f,
            kernels=here.kernels.__getitem__,
            exits=lambda step: here.exits[step] if step < until else certain,
            strategies=here.strategies,
            terminals=dict.fromkeys(game.terminals, 0.0),
            weights={name: Named(weight, (name,)) for name, weight in seen.items()},
        )

    sizes = dict(zip(game.states, shape, strict=True))

    def moves_probability(row: tuple[_Parts, dict[str, Array]]) -> Array:
        """Probability of the row's moves from each start state, the next row's states unknown."""
        return broadcast(walk(scalar(1.0), row, until=final), game.states, sizes).data

    def prior_weight(weights: dict[str, Array]) -> Array:
        total = jnp.ones(shape)
        for number, name in enumerate(game.states):
            total = total * weights[name].reshape([-1 if k == number else 1 for k in range(len(shape))])
        return total

    def step(belief: Array, row: tuple[_Parts, dict[str, Array], Array, Array, Array]) -> tuple[Array, Any]:
        here, seen, weight, likelihood, live = row
        # Probability one in a row that is not there, lest its derivative be zero times infinity.
        weighted = jnp.where(live, belief * weight, start)
        seen_states = jnp.where(live, jnp.sum(weighted), 1.0)
        filtered = weighted / jnp.where(seen_states > 0, seen_states, 1.0)
        seen_moves = jnp.where(live, jnp.sum(filtered * likelihood), 1.0)
        log_probability = jnp.log(seen_states) + jnp.log(seen_moves)

        def linear(f: Array) -> Array:
            result = walk(Named(f, game.states), (here, seen), until=len(game.plan.steps))
            return broadcast(result, game.states, sizes).data

        (moved,) = jax.linear_transpose(linear, jnp.zeros(shape))(filtered)
        # `moved` is joint with the row's moves; dividing by their probability leaves what the next row
        # has still to explain (survival to its start included).
        # An impossible row leaves nothing behind: minus infinity from there on, never nan.
        return moved / jnp.where(seen_moves > 0, seen_moves, 1.0), (log_probability, filtered)

    likelihoods = jax.vmap(moves_probability)((alone, move_weights))
    weights = jax.vmap(prior_weight)(state_weights)
    start, rows = arrays["start"], (parts, move_weights, weights, likelihoods, arrays["live"])
    _, (log_probability, filtered) = jax.lax.scan(step, start, rows)
    return Filtered(log_probability, filtered)


def trim(evidence: Evidence, filtered: Filtered) -> Filtered:
    """What the filter gives for the record's own rows."""
    return Filtered(*(part[: evidence.support.rows] for part in filtered))


def to_grid(evidence: Evidence, states: np.ndarray) -> np.ndarray:
    """Filtered states on the whole grid: (rows, *start_shape) to (rows, *states)."""
    return np.stack([row_to_grid(evidence, states[row], row) for row in range(evidence.support.rows)])


def row_to_grid(evidence: Evidence, states: np.ndarray, row: int) -> np.ndarray:
    """One row of the same: (*start_shape) to (*states)."""
    game, support = evidence.game, evidence.support
    result = np.zeros(game.shape)
    index = np.ix_(*(support.levels[name][row] for name in game.states))
    np.add.at(result, index, np.asarray(states))
    return result


__all__ = [
    "Change", "Evidence", "Exit", "Filtered", "prepare", "row_to_grid", "run_filter", "to_grid", "trim",
]  # fmt: skip
