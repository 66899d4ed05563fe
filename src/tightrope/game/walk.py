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

from jax import Array

from tightrope.game.choice import mix
from tightrope.game.compile import Game
from tightrope.game.named import (
    Named,
    add,
    combine,
    expect,
    multiply,
    rename,
    scalar,
    total,
)
from tightrope.game.plan import WORLD, Change, Choice, Exit, Plan, after
from tightrope.game.primitives import ExitLaw

T = TypeVar("T")
Functions = dict[str, Named]
"""View (a player's name, or the world) -> function of the state as it stands."""
Strategies = dict[str, Named]
"""Move -> probability of each action, over the action and whatever the mover's payoff depends on."""


class Terminal(Protocol):
    """The value of a carried function at a terminal."""

    def __call__(self, name: str, /, view: str) -> Named:
        """The value at terminal `name` in a view."""
        ...


def walk_back(
    game: Game,
    functions: Functions,
    *,
    kernel: Callable[[int, str], Named],
    stretch: Callable[[int, int, Functions], Functions],
    choose: Callable[[int, Choice, Functions], Functions],
    plan: Plan | None = None,
) -> Functions:
    """Carry functions of the end-of-period state back to the start of the period.

    kernel   (step, view) -> transition probabilities over (…, x, x')
    stretch  (last, first, functions): positions between two steps that change a state or
             are moves, and the exits between them, last to first (see `through`)
    choose   mixes over the actions of a step's moves
    plan     another order of the same steps (see `ordering`); numbers of steps are those of the order walked
    """
    plan = plan or game.plan
    for last, first in stretches(plan):
        functions = stretch(last, first, functions)
        step = plan.steps[first] if first >= 0 else None
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


def seen_by(player: str, laws: Mapping[str, T]) -> T:
    """A law in a player's eyes: its own view where it has one, else the world's."""
    return laws[player] if player in laws else laws[WORLD]


def _expect(game: Game, f: Named, kernel: Named, variable: str) -> Named:
    if variable not in f.axes:
        return f
    primed = after(variable)
    return expect(game.order, kernel, rename(game.order, f, variable, primed), variable, primed)


def _leave(game: Game, f: Named, law: ExitLaw, value: Callable[[str], Named]) -> Named:
    order = game.order
    gone = scalar(0.0)
    for name, share in law.shares.items():
        gone = add(order, gone, multiply(order, share, value(name)))
    return combine(order, lambda p, stay, leave: stay + p * (leave - stay), law.probability, f, gone)


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
