"""The walk: one coding of a period, from which every operator of the package comes.

Walking the moves of a period backwards turns functions of the state at its end
into functions of the state at its start. Nature replaces a function by its
expectation, an exit mixes in a terminal's value, a player's move mixes over
actions. Solving, forecasting and the record's likelihood differ only in which
functions they carry, where strategies come from and what is multiplied in on the
way: they are three uses of `walk_back`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Protocol, TypeVar

import jax.numpy as jnp
from jax import Array

from tightrope.game.choice import logit, mix, surplus
from tightrope.game.compile import Game
from tightrope.game.named import (
    Named,
    add,
    combine,
    multiply,
    rename,
    scalar,
    scale_shift,
    sum_product,
    total,
)
from tightrope.game.plan import WORLD, Change, Choice, Exit, Plan, after
from tightrope.game.primitives import ExitLaw, Primitives

T = TypeVar("T")
Functions = dict[str, Named]
"""View (a player's name, or the world) -> function of the state as it stands."""
Strategies = dict[str, Named]
"""Move -> probability of each action, over the action and whatever the mover's payoff depends on."""


Affine = dict[int, dict[str, tuple[Named, Named]]]
"""Position -> player -> (a, c): what the exits and payoffs from there on do to a value f, a·f + c."""


class Terminal(Protocol):
    """The value of a carried function at a terminal."""

    def __call__(self, name: str, /, view: str) -> Named: ...


def walk_back(
    game: Game,
    functions: Functions,
    *,
    kernel: Callable[[int, str], Named],
    stretch: Callable[[int, int, Functions], Functions],
    choose: Callable[[int, Choice, Functions], Functions],
) -> Functions:
    """Carry functions of the end-of-period state back to the start of the period.

    kernel   (step, view) -> transition probabilities over (…, x, x')
    stretch  (last, first, functions): positions between two steps that change a state or
             are moves, and the exits between them, last to first (see `through`)
    choose   mixes over the actions of a step's moves
    """
    steps = game.plan.steps
    for last, first in stretches(game.plan):
        functions = stretch(last, first, functions)
        step = steps[first] if first >= 0 else None
        if isinstance(step, Change):
            functions = {v: _expect(game, f, kernel(first, v), step.variable) for v, f in functions.items()}
        elif isinstance(step, Choice):
            functions = choose(first, step, functions)
    return functions


def stretches(plan: Plan) -> list[tuple[int, int]]:
    """The positions of a period in runs, last run first; between positions of a run stand only exits."""
    runs = []
    last = len(plan.steps) - 1
    for position in range(last, -2, -1):
        if position < 0 or not isinstance(plan.steps[position], Exit):
            runs.append((last, position))
            last = position - 1
    return runs


def through(
    game: Game,
    last: int,
    first: int,
    functions: Functions,
    *,
    exit_law: Callable[[int, str], ExitLaw],
    terminal: Terminal,
    visit: Callable[[int, Functions], Functions],
) -> Functions:
    """Carry functions back over positions last, …, first and the exits between them.

    exit_law  (step, view) -> probability of the exit and its shares
    terminal  (terminal, view) -> the function's value there
    visit     applied at each position
    """
    for position in range(last, first, -1):
        functions = visit(position, functions)
        functions = {
            view: _leave(game, f, exit_law(position, view), partial(terminal, view=view))
            for view, f in functions.items()
        }
    return visit(first, functions)


def _seen_by(player: str, laws: Mapping[str, T]) -> T:
    """A law in a player's eyes: its own view where it has one, else the world's."""
    return laws[player] if player in laws else laws[WORLD]


def _expect(game: Game, f: Named, kernel: Named, variable: str) -> Named:
    if variable not in f.axes:
        return f
    primed = after(variable)
    return sum_product(game.order, kernel, rename(game.order, f, variable, primed), primed)


def _leave(game: Game, f: Named, law: ExitLaw, value: Callable[[str], Named]) -> Named:
    order = game.order
    gone = scalar(0.0)
    for name, share in law.shares.items():
        gone = add(order, gone, multiply(order, share, value(name)))
    return combine(order, lambda p, stay, leave: stay + p * (leave - stay), law.probability, f, gone)


def affine(game: Game, numbers: Primitives) -> Affine:
    """Exits, discount and payoffs of each stretch of a period as one map f -> a·f + c.

    Nothing here depends on values, so a solver computes it once and not at every sweep.
    """
    plan = game.plan
    exit_law = partial(_law_seen_by, numbers)

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
    for last, first in stretches(plan):
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


def _law_seen_by(numbers: Primitives, step: int, player: str) -> ExitLaw:
    return _seen_by(player, numbers.exits[step])


def backward(
    game: Game,
    values: Mapping[str, Named],
    numbers: Primitives,
    *,
    convention: str = "agent",
    guess: Mapping[str, Named] | None = None,
    between: Affine | None = None,
) -> tuple[Functions, Strategies]:
    """One sweep: players' values at the next period's start to values and strategies at this one's.

    values      player -> value over states
    convention  `agent`: the mover's value is its expected payoff; `ev1`: the log-sum
    guess       strategies of simultaneous moves to respond to (uniform where missing)
    between     exits and payoffs, from `affine` (computed here when not given)
    """
    maps = affine(game, numbers) if between is None else between
    strategies: Strategies = {}

    def stretch(last: int, first: int, functions: Functions) -> Functions:
        return {p: scale_shift(game.order, a, functions[p], c) for p, (a, c) in maps[last].items()}

    def choose(position: int, step: Choice, functions: Functions) -> Functions:
        if len(step.moves) == 1:
            (move,) = step.moves
            own = functions[move.player]
            precision, available = numbers.precision[move.move], numbers.available.get(move.move)
            strategy = logit(game, own, precision, available, move.move)
            strategies[move.move] = strategy
            mixed = {p: mix(game, f, strategy, move.move) for p, f in functions.items()}
            if convention == "ev1":
                mixed[move.player] = surplus(game, own, precision, available, move.move)
            return mixed
        return _simultaneous(game, step, functions, numbers, guess or {}, strategies, convention)

    result = walk_back(
        game,
        dict(values),
        kernel=lambda step, player: _seen_by(player, numbers.kernels[step]),
        stretch=stretch,
        choose=choose,
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
        precision, available = numbers.precision[move.move], numbers.available.get(move.move)
        strategies[move.move] = logit(game, value, precision, available, move.move)
        if convention == "ev1":
            gain = surplus(game, value, precision, available, move.move)
            mean = mix(game, value, known[move.move], move.move)
            extra = combine(game.order, jnp.subtract, gain, mean)
            result[move.player] = add(game.order, result[move.player], extra)
    return result


def expectation(
    game: Game,
    f: Named,
    *,
    kernels: Callable[[int], Named],
    exits: Callable[[int], ExitLaw],
    strategies: Mapping[str, Named],
    terminals: Mapping[str, Array | float],
    weights: Mapping[str, Named] | None = None,
    inserts: Mapping[int, Named] | None = None,
) -> Named:
    """Expectation of `f` (end of period) given the state at the start, strategies held fixed.

    Undiscounted, payoff-free, in the world's view. With `weights` (move -> factor by
    action, and by whatever it depends on) or `inserts` (position -> factor in the
    states and moves as they stand there) it is the sum of probability times those
    factors: observation weights make it the record's filter, indicators make it
    the probability of an event. It is linear in (f, terminals), and its transpose
    pushes distributions forward.
    """
    weights = weights or {}
    inserts = inserts or {}

    def choose(position: int, step: Choice, functions: Functions) -> Functions:
        value = functions[WORLD]
        for move in step.moves:
            strategy = strategies[move.move]
            if move.move in weights:
                strategy = multiply(game.order, strategy, weights[move.move])
                if move.move not in value.axes:
                    value = multiply(game.order, total(strategy, move.move), value)
                    continue
            value = mix(game, value, strategy, move.move)
        return {WORLD: value}

    def visit(position: int, functions: Functions) -> Functions:
        if position in inserts:
            return {WORLD: multiply(game.order, functions[WORLD], inserts[position])}
        return functions

    result = walk_back(
        game,
        {WORLD: f},
        kernel=lambda step, view: kernels(step),
        stretch=partial(
            through,
            game,
            exit_law=lambda step, view: exits(step),
            terminal=lambda name, view: scalar(terminals[name]),
            visit=visit,
        ),
        choose=choose,
    )
    return result[WORLD]


__all__ = ["Plan", "backward", "expectation", "walk_back"]
