"""Block by block: a game in which some variables never fall, solved from their top levels down.

What such variables have reached is never undone, so the states at one level of each of them are a block: from
there play leads into itself and into higher blocks, never into lower ones. Each block is a fixed point of its
own once the higher ones are known (state recursion; Iskhakov, Rust & Schjerning 2016). A sweep of a block
carries, of each rising variable, the block's own level and those that a period may lead to.

Which variables rise is read off the laws at hand, not off the case: laws changed from outside may let them
fall, and then there are no blocks.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import product
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array

from tightrope.game.certificate import Convention
from tightrope.game.chains import Chains, mean_chains, no_chains
from tightrope.game.compile import Game
from tightrope.game.fixed_point import Root
from tightrope.game.layout import layout
from tightrope.game.named import Named, expand
from tightrope.game.ordering import sweep_plan
from tightrope.game.plan import Change, Choice, Exit, after
from tightrope.game.prepared import Prepared, Unitless, ready_function, unitless_sweep
from tightrope.game.primitives import ExitLaw, Primitives
from tightrope.game.seeking import Programs, programs, seek
from tightrope.game.sweep import backward
from tightrope.game.walk import Functions, Strategies, stretches

Widths = dict[str, int]
"""Rising variable -> how many levels of it may have been reached, its own included."""


class Block(NamedTuple):
    """What a sweep of one block needs; the window holds values of what a period leads to."""

    prepared: Prepared
    units: Array
    chains: Chains
    window: Array


@dataclass(frozen=True)
class Cut:
    """How a game falls into blocks.

    rising  variables that never fall and along which it is cut
    widths  for each position of the sweep's plan, -1 first, how far they may have risen by then
    """

    rising: tuple[str, ...]
    widths: tuple[tuple[int, ...], ...]

    def at(self, position: int) -> Widths:
        """Widths right after step `position`."""
        return dict(zip(self.rising, self.widths[position + 1], strict=True))


def cut(game: Game, numbers: Primitives) -> Cut:
    """The rising variables of these laws.

    A variable that moves before players move at once is not among them: strategies at higher levels would be
    unknowns of two blocks.
    """
    plan = sweep_plan(game)
    together = [n for n, s in enumerate(plan.steps) if isinstance(s, Choice) and len(s.moves) > 1]
    rises: dict[int, int] = {}
    rising = dict.fromkeys(game.states, True)
    for number, step in enumerate(plan.steps):
        if isinstance(step, Change):
            steps = [_rise(law) for law in numbers.kernels[plan.number(number)].values()]
            if any(s is None for s in steps) or any(number < other for other in together):
                rising[step.variable] = False
            rises[number] = max((s for s in steps if s is not None), default=0)
    names = tuple(name for name in game.states if rising[name])
    widths: list[dict[str, int]] = [dict.fromkeys(names, 1)]
    for number, step in enumerate(plan.steps):
        now = dict(widths[-1])
        if isinstance(step, Change) and step.variable in now:
            now[step.variable] += rises[number]
        widths.append(now)
    return Cut(names, tuple(tuple(now[name] for name in names) for now in widths))


def _rise(law: Named) -> int | None:
    """The most levels by which a law may raise its variable; None where it may lower it, or nobody knows."""
    allowed = law.form.allowed if law.form is not None else None
    if allowed is None or any(k < level for level, row in enumerate(allowed) for k in row):
        return None
    return max(k - level for level, row in enumerate(allowed) for k in row)


def _taken(x: Named, levels: Mapping[str, Array], widths: Widths) -> Named:
    """`x` at the levels of a block and as many above it; beyond the top, the top again."""
    data = x.data
    for place, name in enumerate(x.axes):
        if name in widths:
            data = jnp.take(data, levels[name] + jnp.arange(widths[name]), axis=place, mode="clip")
    return Named(data, x.axes, x.form)


def _law_taken(law: Named, variable: str, levels: Mapping[str, Array], before: Widths, now: Widths) -> Named:
    """A law at the levels of a block: from those reached before it to those reached after it."""
    law = _taken(law, levels, before)
    if variable not in now:
        return law
    place = law.axes.index(after(variable))
    # Nothing leads beyond the top level, where the block's window goes on with what does not exist.
    data = jnp.take(
        law.data, levels[variable] + jnp.arange(now[variable]), axis=place, mode="fill", fill_value=0.0
    )
    return Named(data, law.axes)


class _Pieces(NamedTuple):
    """Compiled for one way of cutting: programs of a search, and the ways into a block and out of it."""

    search: Programs
    enter: Callable[[Unitless, Array, Array], tuple[Block, Array]]
    leave: Callable[[Array, Array, Array], Array]
    chains: Callable[[Block, Array], Chains]


@lru_cache(maxsize=16)
def _pieces(game: Game, convention: Convention, tolerance: float, how: Cut) -> _Pieces:
    plan, players, rising = sweep_plan(game), len(game.players), frozenset(how.rising)
    small = tuple(1 if name in rising else size for name, size in zip(game.states, game.shape, strict=True))
    count = players * math.prod(small)
    mixed = layout(game).mixed
    first = tuple(slice(0, 1) if name in rising else slice(None) for name in game.states)

    def narrow(axes: tuple[str, ...], shape: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(1 if name in rising else size for name, size in zip(axes, shape, strict=True))

    def back(y: Array, block: Block) -> tuple[Functions, Strategies]:
        own = (y[:count] * block.units[:count]).reshape(players, *small)
        window = block.window.at[(slice(None), *first)].set(own)
        values = {player: Named(window[k], game.states) for k, player in enumerate(game.players)}
        guess, at = {}, count
        for name, axes, shape in mixed:
            size = math.prod(narrow(axes, shape))
            guess[name] = Named(y[at : at + size].reshape(narrow(axes, shape)), axes)
            at += size
        numbers, between = block.prepared
        return backward(game, values, numbers, convention=convention, guess=guess, between=between)

    def sweep(y: Array, block: Block) -> Array:
        new, strategies = back(y, block)
        parts = [jnp.broadcast_to(expand(new[p], game.states), small).reshape(-1) for p in game.players]
        for name, axes, shape in mixed:
            whole = jnp.broadcast_to(expand(strategies[name], axes), narrow(axes, shape))
            parts.append(whole.reshape(-1))
        return jnp.concatenate(parts) / block.units

    @jax.jit
    def enter(given: Unitless, y: Array, place: Array) -> tuple[Block, Array]:
        levels = dict(zip(how.rising, place, strict=True))
        whole = layout(game).values
        size = math.prod(whole)
        window = (y[:size] * given.units[:size]).reshape(whole)
        for k, name in enumerate(game.states):
            if name in rising:
                span = levels[name] + jnp.arange(how.at(len(plan.steps) - 1)[name])
                window = jnp.take(window, span, axis=k + 1, mode="fill", fill_value=0.0)
        own = window[(slice(None), *first)].reshape(-1) / given.units[0]
        parts, at = [own], size
        for _, axes, shape in mixed:
            table = Named(y[at : at + math.prod(shape)].reshape(shape), axes)
            parts.append(_taken(table, levels, dict.fromkeys(rising, 1)).data.reshape(-1))
            at += math.prod(shape)
        units = jnp.concatenate([jnp.broadcast_to(given.units[0], (count,)), *map(jnp.ones_like, parts[1:])])
        block = Block(
            _cut_out(game, given.prepared, how, levels), units, no_chains(game, held=rising), window
        )
        return block, jnp.concatenate(parts)

    @jax.jit
    def leave(y: Array, own: Array, place: Array) -> Array:
        levels = dict(zip(how.rising, place, strict=True))
        tables = [(("", *game.states), layout(game).values), *((axes, shape) for _, axes, shape in mixed)]
        parts, at, here = [], 0, 0
        for axes, shape in tables:
            size, less = math.prod(shape), math.prod(narrow(axes, shape))
            part = own[here : here + less].reshape(narrow(axes, shape))
            begin = [levels.get(name, jnp.asarray(0)) for name in axes]
            table = jax.lax.dynamic_update_slice(y[at : at + size].reshape(shape), part, begin)
            parts.append(table.reshape(-1))
            at, here = at + size, here + less
        return jnp.concatenate(parts)

    @jax.jit
    def chains(block: Block, y: Array) -> Chains:
        strategies = back(y, block)[1]
        one = partial(_first, rising)
        numbers = block.prepared.numbers
        kernels = {n: {v: one(law) for v, law in laws.items()} for n, laws in numbers.kernels.items()}
        exits = {
            n: {v: law._replace(probability=one(law.probability)) for v, law in laws.items()}
            for n, laws in numbers.exits.items()
        }
        return mean_chains(
            game,
            numbers._replace(kernels=kernels, exits=exits),
            {m: one(x) for m, x in strategies.items()},
            held=rising,
        )

    return _Pieces(programs(sweep, tolerance), enter, leave, chains)


def _cut_out(game: Game, prepared: Prepared, how: Cut, levels: Mapping[str, Array]) -> Prepared:
    """All that a block's sweep needs, at its levels and those above that a period may lead to."""
    plan, (numbers, between) = sweep_plan(game), prepared
    kernels: dict[int, dict[str, Named]] = {}
    exits: dict[int, dict[str, ExitLaw]] = {}
    precision, available = dict(numbers.precision), dict(numbers.available)
    for step, item in enumerate(plan.steps):
        number, before = plan.number(step), how.at(step - 1)
        match item:
            case Change(_, variable, _, _):
                kernels[number] = {
                    view: _law_taken(law, variable, levels, before, how.at(step))
                    for view, law in numbers.kernels[number].items()
                }
            case Exit():
                exits[number] = {
                    view: ExitLaw(_taken(law.probability, levels, before), {})
                    for view, law in numbers.exits[number].items()
                }
            case Choice(moves):
                for move in moves:
                    precision[move.move] = _taken(precision[move.move], levels, before)
                    if move.move in available:
                        available[move.move] = _taken(available[move.move], levels, before)
    maps = {
        last: {
            player: (_taken(a, levels, how.at(first)), _taken(c, levels, how.at(first)))
            for player, (a, c) in between[last].items()
        }
        for last, first in stretches(plan)
        if last in between
    }
    cut_out = numbers._replace(
        kernels=kernels, exits=exits, precision=precision, available=available, terms={}, terminal={}
    )
    return Prepared(cut_out, maps)


def _first(names: frozenset[str], x: Named) -> Named:
    """`x` at the first place along these axes."""
    for place, name in enumerate(x.axes):
        if name in names:
            x = Named(jax.lax.slice_in_dim(x.data, 0, 1, axis=place), x.axes)
    return x


@lru_cache(maxsize=16)
def block_function(game: Game, convention: Convention, tolerance: float) -> Any:
    """`(Primitives, z0, near) -> Root`, the game solved block by block. Not traceable by JAX.

    near  as in `seeking.seek`. Raises nothing: where no variable rises, the whole game is one block.
    """
    whole = jax.jit(unitless_sweep(game, convention))

    def run(numbers: Primitives, z0: Array, near: bool = False) -> Root:
        given = ready_function(game)(numbers)
        y = z0 / given.units
        how = cut(game, numbers)
        pieces = _pieces(game, convention, tolerance, how)
        sweeps, steps, stalled = 0, 0, False
        for place in product(*(range(len(game.levels[name]))[::-1] for name in how.rising)):
            levels = jnp.array(place, dtype=int)
            block, own = pieces.enter(given, y, levels)
            above = _next_up(game, how, place)
            if not near and above is not None:
                own = pieces.enter(given, y, jnp.array(above, dtype=int))[1]
            root = seek(
                pieces.search, block, own, partial(pieces.chains, block), tolerance=tolerance,
                near=near or above is not None,
            )  # fmt: skip
            y = pieces.leave(y, root.z, levels)
            sweeps, steps = sweeps + int(root.sweeps), steps + int(root.steps)
            stalled = stalled or bool(root.stalled)
        residual = jnp.max(jnp.abs(whole(y, given) - y))
        return Root(y * given.units, residual, jnp.asarray(sweeps), jnp.asarray(steps), jnp.asarray(stalled))

    return run


def _next_up(game: Game, how: Cut, place: tuple[int, ...]) -> tuple[int, ...] | None:
    """A block one level up, solved before this one; None for the top."""
    for k, name in enumerate(how.rising):
        if place[k] + 1 < len(game.levels[name]):
            return (*place[:k], place[k] + 1, *place[k + 1 :])
    return None
