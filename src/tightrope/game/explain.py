"""Why a player values a state, or prefers an action, as it does: the exact split by payoff term.

With everybody's strategies held at the equilibrium, values are linear in payoffs. So each term of
a player's payoff, and each terminal, has a value of its own, found from one linear system, and
these parts add up to the value. The log-odds between two actions are precision times a difference
of such values and split with them. What an action is worth splits once more, into what falls in
this period and what comes after it. In the convention `ev1` the option value of unseen shocks is a
part too (Rust 1987).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.scipy.sparse.linalg import gmres

from tightrope.game.choice import mix
from tightrope.game.compile import Game
from tightrope.game.equilibrium import Equilibrium
from tightrope.game.named import Named, add, broadcast, combine, total
from tightrope.game.plan import Choice
from tightrope.game.primitives import Primitives
from tightrope.game.roots import primitives_function, strategies_function
from tightrope.game.walk import Functions, Strategies, seen_by, through, walk_back

if TYPE_CHECKING:
    import xarray as xr

SURPLUS = "surplus"
"""The part that the log-sum of `ev1` adds: entropy of the mixture over precision."""

KRYLOV, ROUNDS = 50, 20


@dataclass(frozen=True)
class Explanation:
    """Values and action values by part.

    values   player -> (part, *states); parts are its payoff terms, `at TERMINAL`, and `surplus`
    actions  move -> (part, *axes) the mover's expected payoff by action
    now      move -> (part, *axes) what of `actions` is paid in the period of the move, after it; a
             terminal's worth comes after the period in which the game ends, so none of it is
    odds     move -> (part, *axes) log-odds of each action, up to a number that is the same for all
             actions: precision times `actions`; nan where an action is closed
    """

    values: Mapping[str, xr.DataArray]
    actions: Mapping[str, xr.DataArray]
    now: Mapping[str, xr.DataArray]
    odds: Mapping[str, xr.DataArray]

    def log_odds(self, move: str, action: str, against: str) -> xr.DataArray:
        """Log-odds ln σ(action)/σ(against) by part; they sum to it. Raises KeyError for unknown names."""
        table = self.odds[move]
        return table.sel({move: action}, drop=True) - table.sel({move: against}, drop=True)


def parts_of(game: Game, player: str, convention: str) -> tuple[str, ...]:
    """Names of the parts of a player's values."""
    terms = [term.name for term in game.plan.terms if term.player == player]
    ends = [f"at {name}" for name in game.terminals]
    return (*terms, *ends, *([SURPLUS] if convention == "ev1" else []))


def explain(found: Equilibrium) -> Explanation:
    """Split an equilibrium's values and action values by payoff term.

    The sum over parts equals the value to the solver's tolerance over 1 - discount.
    Raises NotCertified when the equilibrium's certificate is not good.
    """
    game = found.require().game
    numbers = primitives_function(game)(jnp.asarray(found.theta))
    strategies, _ = strategies_function(game, found.convention)(jnp.asarray(found.z), numbers)
    values, actions, now, odds = {}, {}, {}, {}
    for player in game.players:
        names = parts_of(game, player, found.convention)
        split, by_action, at_once = _split(game, player, found.convention)(numbers, strategies)
        values[player] = _table(game, names, Named(split, game.states), player)
        for move, parts in by_action.items():
            actions[move] = _table(game, names, parts, move)
            now[move] = _table(game, names, at_once[move], move)
            odds[move] = actions[move] * _table(game, None, numbers.precision[move], move)
            if move in numbers.available:
                odds[move] = odds[move].where(_table(game, None, numbers.available[move], move) != 0)
    return Explanation(values, actions, now, odds)


def _table(game: Game, parts: tuple[str, ...] | None, x: Named, name: str) -> xr.DataArray:
    """Labels for a named array, with an axis of parts in front where there are some."""
    import xarray as xr

    coords = {axis: list(game.levels[axis]) for axis in x.axes}
    if parts is None:
        return xr.DataArray(np.asarray(x.data), dims=x.axes, coords=coords, name=name)
    return xr.DataArray(
        np.asarray(x.data), dims=("part", *x.axes), coords={"part": list(parts)} | coords, name=name
    )


@lru_cache(maxsize=64)
def _split(game: Game, player: str, convention: str) -> Any:
    """Compiled `(Primitives, strategies) -> (values by part, move -> action values, and their part now)`."""
    names = parts_of(game, player, convention)
    # Identifiers hold no space, so that no payoff term can be taken for a terminal's part.
    paid_now = np.array([float(not name.startswith("at ")) for name in names])
    walk = partial(_walk, game, player, names)

    @jax.jit
    def run(numbers: Primitives, strategies: Strategies) -> tuple[Array, dict[str, Named], dict[str, Named]]:
        every = jnp.eye(len(names))
        sweep = jax.vmap(lambda w, f: walk(w, f, numbers, strategies)[0])
        zero = jnp.zeros((len(names), *game.shape))
        paid, moved = jax.linearize(lambda f: sweep(every, f), zero)  # type: ignore[no-untyped-call]
        solution, _ = gmres(  # type: ignore[no-untyped-call]
            lambda f: f - moved(f),
            paid,
            tol=1e-14,
            atol=0.0,
            restart=KRYLOV,
            maxiter=ROUNDS,
            solve_method="incremental",
        )
        # With nothing to come and no terminal paid, the same walk leaves what falls in this period.
        weights = jnp.concatenate([every, jnp.diag(paid_now)])
        ahead = jnp.concatenate([solution, zero])
        both = jax.vmap(lambda w, f: walk(w, f, numbers, strategies)[1])(weights, ahead)
        size = len(names)
        by_action = {move: Named(x.data[:size], x.axes) for move, x in both.items()}
        at_once = {move: Named(x.data[size:], x.axes) for move, x in both.items()}
        return solution, by_action, at_once

    return run


def _walk(
    game: Game,
    player: str,
    names: tuple[str, ...],
    weights: Array,
    f: Array,
    numbers: Primitives,
    strategies: Strategies,
) -> tuple[Array, dict[str, Named]]:
    """One period back for one player's values: payoffs weighted by part, everybody's strategies given.

    Returns the new values and, by move of this player, what each action is worth.
    """
    order, plan = game.order, game.plan
    weight = {name: weights[number] for number, name in enumerate(names)}
    seen: dict[str, Named] = {}

    def visit(position: int, functions: Functions) -> Functions:
        value = functions[player]
        if position == plan.pay:
            value = Named(value.data * numbers.discount[player], value.axes)
        for term in plan.terms:
            if (term.player, term.position) == (player, position):
                paid = numbers.terms[player, term.name]
                value = add(order, value, Named(paid.data * weight[term.name], paid.axes))
        return {player: value}

    def terminal(name: str, /, view: str) -> Named:
        worth = numbers.terminal[name][view]
        return Named(worth.data * weight[f"at {name}"], worth.axes)

    def choose(position: int, step: Choice, functions: Functions) -> Functions:
        value = functions[player]
        for move in step.moves:
            if move.player == player:
                own = value
                for other in step.moves:
                    if other is not move:
                        own = mix(game, own, strategies[other.move], other.move)
                if move.move not in own.axes:
                    own = add(order, own, Named(jnp.zeros(game.sizes[move.move]), (move.move,)))
                seen[move.move] = own
        for move in step.moves:
            value = mix(game, value, strategies[move.move], move.move)
            if move.player == player and SURPLUS in weight:
                mixture = strategies[move.move]
                chaos = total(
                    Named(-jax.scipy.special.xlogy(mixture.data, mixture.data), mixture.axes), move.move
                )
                extra = combine(order, jnp.divide, chaos, numbers.precision[move.move])
                value = add(order, value, Named(extra.data * weight[SURPLUS], extra.axes))
        return {player: value}

    result = walk_back(
        game,
        {player: Named(f, game.states)},
        kernel=lambda step, view: seen_by(view, numbers.kernels[step]),
        stretch=partial(
            through,
            game,
            exit_law=lambda step, view: seen_by(view, numbers.exits[step]),
            terminal=terminal,
            visit=visit,
        ),
        choose=choose,
    )
    return broadcast(result[player], game.states, game.sizes).data, seen
