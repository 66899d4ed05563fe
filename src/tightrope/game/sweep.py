"""The backward operator: one sweep of a period, from players' values at its end to those at its start."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import jax.numpy as jnp

from tightrope.game.choice import logit, mix, surplus
from tightrope.game.compile import Game
from tightrope.game.named import Named, add, coarse, combine, fine, scalar, scale_shift
from tightrope.game.ordering import sweep_plan
from tightrope.game.plan import Choice, Plan
from tightrope.game.primitives import ExitLaw, Primitives
from tightrope.game.walk import Functions, Strategies, seen_by, stretches, through, walk_back

Affine = dict[int, dict[str, tuple[Named, Named]]]
"""Position -> player -> (a, c): what the exits and payoffs from there on do to a value f, a·f + c."""


def affine(game: Game, numbers: Primitives) -> Affine:
    """Exits, discount and payoffs of each stretch of a period as one map f -> a·f + c.

    Nothing here depends on values, so a solver computes it once and not at every sweep. A stretch in which
    nothing is collected and nobody leaves has no map. Positions are those of the sweep's plan.
    """
    plan = sweep_plan(game)
    exit_law = partial(_law_seen_by, numbers, plan)

    def whole(position: int, functions: Functions) -> Functions:
        functions = scaled(position, functions)
        for term in plan.terms:
            if term.position == position:
                value = numbers.terms[term.player, term.name]
                functions[term.player] = add(game.order, functions[term.player], value)
        return functions

    def scaled(position: int, functions: Functions) -> Functions:
        if position != plan.pay:
            return dict(functions)
        return {p: Named(f.data * numbers.discount[p], f.axes) for p, f in functions.items()}

    result: Affine = {}
    paying = {plan.pay, *(term.position for term in plan.terms)}
    for last, first in stretches(plan):
        if last == first and last not in paying:
            continue
        factor = through(
            game, last, first, {p: scalar(1.0) for p in game.players},
            exit_law=exit_law, terminal=lambda name, view: scalar(0.0), visit=scaled,
        )  # fmt: skip
        shift = through(
            game, last, first, {p: scalar(0.0) for p in game.players},
            exit_law=exit_law, terminal=lambda name, view: numbers.terminal[name][view], visit=whole,
        )  # fmt: skip
        result[last] = {p: (factor[p], shift[p]) for p in game.players}
    return result


def _law_seen_by(numbers: Primitives, plan: Plan, step: int, player: str) -> ExitLaw:
    return seen_by(player, numbers.exits[plan.number(step)])


def coarsened(numbers: Primitives) -> Primitives:
    """The same numbers, with one place for all actions that a law of nature treats alike."""

    def one(law: Named) -> Named:
        for move, classes in law.form.alike if law.form is not None else ():
            law = coarse(law, move, classes)
        return law

    kernels = {step: {view: one(law) for view, law in laws.items()} for step, laws in numbers.kernels.items()}
    return numbers._replace(kernels=kernels)


def backward(
    game: Game,
    values: Mapping[str, Named],
    numbers: Primitives,
    *,
    convention: str = "agent",
    guess: Mapping[str, Named] | None = None,
    between: Affine | None = None,
    action_values: dict[str, Named] | None = None,
    fixed: Mapping[str, Named] | None = None,
) -> tuple[Functions, Strategies]:
    """One sweep: players' values at the next period's start to values and strategies at this one's.

    values      player -> value over states
    convention  `agent`: the mover's value is its expected payoff; `ev1`: the log-sum
    guess       strategies of simultaneous moves to respond to (uniform where missing)
    between     exits and payoffs, from `affine` (computed here when not given)
    action_values  where given, it is filled: move -> its mover's expected payoff by action
    fixed       strategies of moves that are not chosen by their values here, such as those of a player
                who believes in another game
    """
    plan = sweep_plan(game)
    maps = affine(game, numbers) if between is None else between
    strategies: Strategies = {}

    def stretch(last: int, first: int, functions: Functions) -> Functions:
        if last not in maps:
            return functions
        return {p: scale_shift(game.order, a, functions[p], c) for p, (a, c) in maps[last].items()}

    def choose(position: int, step: Choice, functions: Functions) -> Functions:
        functions = {p: fine(f) for p, f in functions.items()}
        if len(step.moves) == 1:
            (move,) = step.moves
            if fixed is not None and move.move in fixed:
                strategies[move.move] = fixed[move.move]
                return {p: mix(game, f, fixed[move.move], move.move) for p, f in functions.items()}
            own = functions[move.player]
            precision, available = numbers.precision[move.move], numbers.available.get(move.move)
            strategy = logit(game, own, precision, available, move.move)
            strategies[move.move] = strategy
            if action_values is not None:
                action_values[move.move] = own
            mixed = {p: mix(game, f, strategy, move.move) for p, f in functions.items()}
            if convention == "ev1":
                mixed[move.player] = surplus(game, own, precision, available, move.move)
            return mixed
        return _simultaneous(
            game, step, functions, numbers, guess or {}, strategies, convention, action_values
        )

    result = walk_back(
        game,
        dict(values),
        kernel=lambda step, player: seen_by(player, numbers.kernels[plan.number(step)]),
        stretch=stretch,
        choose=choose,
        plan=plan,
    )
    return result, strategies


def _simultaneous(
    game: Game,
    step: Choice,
    functions: Functions,
    numbers: Primitives,
    guess: Mapping[str, Named],
    strategies: Strategies,
    convention: str,
    action_values: dict[str, Named] | None,
) -> Functions:
    """Respond to the guessed strategies of the others; the fixed point is found with the values."""
    names = [move.move for move in step.moves]
    uniform = {
        move.move: Named(jnp.full(len(move.actions), 1.0 / len(move.actions)), (move.move,))
        for move in step.moves
    }
    known = {name: guess.get(name, uniform[name]) for name in names}
    result = dict(functions)
    for name in names:
        result = {p: mix(game, f, known[name], name) for p, f in result.items()}
    for move in step.moves:
        value = functions[move.player]
        for other in names:
            if other != move.move:
                value = mix(game, value, known[other], other)
        if action_values is not None:
            action_values[move.move] = value
        precision, available = numbers.precision[move.move], numbers.available.get(move.move)
        strategies[move.move] = logit(game, value, precision, available, move.move)
        if convention == "ev1":
            gain = surplus(game, value, precision, available, move.move)
            mean = mix(game, value, known[move.move], move.move)
            extra = combine(game.order, jnp.subtract, gain, mean)
            result[move.player] = add(game.order, result[move.player], extra)
    return result
