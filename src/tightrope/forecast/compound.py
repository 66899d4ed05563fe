"""Exact probabilities of compound events: automata carried through the game's period.

The automata of all events asked at once stand side by side on one more axis of the walk. Going backwards from
the deadline, the function "the event happens" is replaced by its expectation, period by period; at each move
and each opening the automaton's step is put in where it is taken. The result, summed with the distribution
at the start, is the probability: the transpose of pushing every automaton's distribution forward, and no less
exact. Rows of a record may be read on the way, as weights on levels and actions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from tightrope.forecast.automaton import Automaton
from tightrope.forecast.laws import Laws, above, cut_down, floors
from tightrope.game.choice import mix
from tightrope.game.compile import Game
from tightrope.game.named import Named, Order, broadcast, multiply, scalar, total
from tightrope.game.plan import WORLD, Choice
from tightrope.game.primitives import ExitLaw
from tightrope.game.walk import Functions, through, walk_back

AXIS = "the automaton"
"""The name of the extra axis; no state or move can be called so."""

Weights = Mapping[str, np.ndarray]
"""State or move -> weight of each level or action in one row of a record."""


@dataclass(frozen=True, eq=False)
class Tables:
    """What the automata of several events do, as constant arrays.

    moves     move -> (periods, actions, cells): the cell after the action
    openings  state -> (periods + 1, levels, cells): the cell after the level was seen
    ended     terminal -> (periods, cells): whether the event happens if the game ends there and then
    verdict   (cells,) whether it has happened if the game goes on
    begin     (events,) the cell in which each event's automaton begins
    """

    periods: int
    moves: Mapping[str, np.ndarray]
    openings: Mapping[str, np.ndarray]
    ended: Mapping[str, np.ndarray]
    verdict: np.ndarray
    begin: np.ndarray


def tabulate(game: Game, automata: Sequence[Automaton], *, periods: int = 0) -> Tables:
    """Lay automata side by side. At least `periods` periods are covered."""
    length = max([periods, 1, *(a.periods for a in automata)])
    begin = np.cumsum([0, *(len(a.cells) for a in automata)])
    watched = {w.name for a in automata for w in a.watches}

    def steps(name: str, rows: int) -> np.ndarray:
        return np.array(
            [
                [
                    np.concatenate([a.after(name, v, p) + b for a, b in zip(automata, begin, strict=False)])
                    for v in game.levels[name]
                ]
                for p in range(rows)
            ]
        )

    return Tables(
        periods=length,
        moves={m: steps(m, length) for m in game.moves if m in watched},
        openings={s: steps(s, length + 1) for s in game.states if s in watched},
        ended={
            t: np.array([np.concatenate([a.ended(t, p) for a in automata]) for p in range(length)])
            for t in game.terminals
        },
        verdict=np.concatenate([a.verdict() for a in automata]),
        begin=begin[:-1],
    )


def probabilities(game: Game, laws: Laws, start: np.ndarray, tables: Tables) -> np.ndarray:
    """The probability of each event, (events,), from a distribution (*states) at the first opening."""
    floor = floors(game, start)
    small = cut(game, start, floor)
    value = ahead(game, above(laws, floor), small.shape, tables, floor, opening=0)
    return np.asarray(np.tensordot(np.asarray(value)[tables.begin], small, axes=small.ndim))


def ahead(
    game: Game,
    laws: Laws,
    shape: tuple[int, ...],
    tables: Tables,
    floor: Mapping[str, int],
    *,
    opening: int,
    then: tuple[int, Array] | None = None,
    survive: bool = False,
) -> Array:
    """Probability of the events from each cell and state as an opening comes, (cells, *shape).

    laws, shape  cut down to the levels above `floor` (`laws.above`)
    then         a later opening and the same of it, to go on from; by default from the deadline
    survive      jointly with the game's going on until then
    """
    moves, openings, ended = _arrays(game, tables, floor)
    if survive:
        ended = {t: jnp.zeros(e.shape, dtype=e.dtype) for t, e in ended.items()}
    at_end, back, *_ = _programs(game, shape)
    if then is None:
        last = {s: t[-1] for s, t in openings.items()}
        then = (tables.periods, at_end(jnp.asarray(tables.verdict), last))
    later, value = then
    rows = (
        {m: t[opening:later] for m, t in moves.items()},
        {s: t[opening:later] for s, t in openings.items()},
        {t: e[opening:later] for t, e in ended.items()},
    )
    return back(laws, value, rows) if later > opening else value


def through_row(
    game: Game,
    laws: Laws,
    value: Array,
    tables: Tables,
    floor: Mapping[str, int],
    *,
    period: int,
    seen: Weights,
    survive: bool = True,
) -> Array:
    """Carry a function back through one period of which a record's row was read: (cells, *shape) to the same.

    value    of the row's end, jointly with all that is known of later rows
    seen     weights of levels at the opening and of actions; what is not coded is left out
    survive  whether the game is known to go on to the next opening; else to the last move only
    """
    moves, openings, _ = _arrays(game, tables, floor)
    row = ({m: t[period] for m, t in moves.items()}, {s: t[period] for s, t in openings.items()})
    weights = {
        name: jnp.asarray(w[floor.get(name, 0) :] if name in game.states else w) for name, w in seen.items()
    }
    shape = value.shape[1:]
    return _programs(game, shape)[2](laws, value, *row, weights, survive=survive)  # type: ignore[no-any-return]


def through_sighting(
    game: Game,
    laws: Laws,
    value: Array,
    tables: Tables,
    floor: Mapping[str, int],
    *,
    period: int,
    factor: Named,
) -> Array:
    """Carry a function back through a period in which something was seen: (cells, *shape) to the same.

    value   of the period's end
    factor  probability of the sighting by states and moves as they stand where payoffs are collected; a
            game that ended before that was not seen
    """
    moves, openings, ended = _arrays(game, tables, floor)
    here = tuple({name: table[period] for name, table in part.items()} for part in (moves, openings, ended))
    sighted = _programs(game, value.shape[1:])[3]
    return sighted(laws, value, here, cut_down(factor, floor))  # type: ignore[no-any-return]


def cut(game: Game, start: np.ndarray, floor: Mapping[str, int]) -> np.ndarray:
    """A distribution on the part of the grid that can be reached."""
    return start[tuple(slice(floor.get(name, 0), None) for name in game.states)]


def _arrays(game: Game, tables: Tables, floor: Mapping[str, int]) -> tuple[Any, Any, Any]:
    openings = {s: jnp.asarray(t[:, floor.get(s, 0) :]) for s, t in tables.openings.items()}
    moves = {m: jnp.asarray(t) for m, t in tables.moves.items()}
    return moves, openings, {t: jnp.asarray(e) for t, e in tables.ended.items()}


def _step(f: Named, order: Order, name: str, table: Array) -> Named:
    """f(cell after the step) as a function of the cell before it. table (values of `name`, cells)."""
    axes = order.sort({*f.axes, name})
    place = axes.index(name)
    if name in f.axes:
        by_value = jnp.moveaxis(f.data, place, 0)
    else:
        by_value = jnp.broadcast_to(f.data, (table.shape[0], *f.data.shape))
    moved = jax.vmap(lambda x, to: x[to])(by_value, table)
    return Named(jnp.moveaxis(moved, 0, place), axes)


@lru_cache(maxsize=32)
def _programs(game: Game, shape: tuple[int, ...]) -> tuple[Any, Any, Any, Any]:
    """Compiled when first used: the deadline; periods on the way back from it; one period of which a row was
    read; one in which something was seen.
    """
    wide = replace(game, order=Order({AXIS: -1, **game.order.rank}))
    axes = (AXIS, *game.states)
    final = max((n for n, step in enumerate(game.plan.steps) if isinstance(step, Choice)), default=-1)

    def fill(f: Named, cells: int) -> Array:
        sizes = dict(zip(axes, (cells, *shape), strict=True))
        return broadcast(f, axes, sizes).data

    def look(f: Named, openings: Mapping[str, Array]) -> Named:
        for name, table in openings.items():
            f = _step(f, wide.order, name, table)
        return f

    def walk(
        laws: Laws,
        value: Array,
        moves: Mapping[str, Array],
        ended: Mapping[str, Named],
        seen: Mapping[str, Array],
        until: int,
        factor: Named | None = None,
    ) -> Named:
        def visit(position: int, functions: Functions) -> Functions:
            f = functions[WORLD]
            if factor is not None and position == game.plan.pay:
                f = multiply(wide.order, f, factor)
            step = game.plan.steps[position] if position >= 0 else None
            for move in step.moves if isinstance(step, Choice) else ():
                if move.move in moves:
                    f = _step(f, wide.order, move.move, moves[move.move])
            return {WORLD: f}

        def choose(position: int, step: Choice, functions: Functions) -> Functions:
            f = functions[WORLD]
            for move in step.moves:
                strategy = laws.strategies[move.move]
                if move.move in seen:
                    strategy = multiply(wide.order, strategy, Named(seen[move.move], (move.move,)))
                    if move.move not in f.axes:
                        f = multiply(wide.order, total(strategy, move.move), f)
                        continue
                f = mix(wide, f, strategy, move.move)
            return {WORLD: f}

        def leaving(step: int) -> ExitLaw:
            if step >= until:
                return ExitLaw(scalar(0.0), {})
            early = factor is not None and step <= game.plan.pay
            # Without shares what leaves is worth nothing.
            return ExitLaw(laws.exits[step].probability, {}) if early else laws.exits[step]

        found = walk_back(
            wide,
            {WORLD: Named(value, axes)},
            kernel=lambda step, view: laws.kernels[step],
            stretch=partial(
                through,
                wide,
                exit_law=lambda step, view: leaving(step),
                terminal=lambda name, view: ended[name],
                visit=visit,
            ),
            choose=choose,
        )
        return found[WORLD]

    def at_end(verdict: Array, last: Mapping[str, Array]) -> Array:
        return fill(look(Named(verdict, (AXIS,)), last), verdict.shape[0])

    def back(laws: Laws, value: Array, rows: Any) -> Array:
        def period(value: Array, row: Any) -> tuple[Array, None]:
            moves, openings, ended = row
            gone = {t: Named(e, (AXIS,)) for t, e in ended.items()}
            f = walk(laws, value, moves, gone, {}, len(game.plan.steps))
            return fill(look(f, openings), value.shape[0]), None

        return jax.lax.scan(period, value, rows, reverse=True)[0]

    def read(
        laws: Laws,
        value: Array,
        moves: Mapping[str, Array],
        openings: Mapping[str, Array],
        seen: Mapping[str, Array],
        *,
        survive: bool,
    ) -> Array:
        over = dict.fromkeys(game.terminals, scalar(0.0))
        until = len(game.plan.steps) if survive else final
        by_move = {name: w for name, w in seen.items() if name in game.moves}
        f = look(walk(laws, value, moves, over, by_move, until), openings)
        for name, w in seen.items():
            if name in game.states:
                f = multiply(wide.order, f, Named(w, (name,)))
        return fill(f, value.shape[0])

    def sighted(laws: Laws, value: Array, here: Any, factor: Named) -> Array:
        moves, openings, ended = here
        gone = {t: Named(e, (AXIS,)) for t, e in ended.items()}
        f = walk(laws, value, moves, gone, {}, len(game.plan.steps), factor)
        return fill(look(f, openings), value.shape[0])

    reading = jax.jit(read, static_argnames="survive")
    return jax.jit(at_end), jax.jit(back), reading, jax.jit(sighted)
