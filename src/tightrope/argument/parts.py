"""The two sums of which every quantity is the ratio, traced by JAX into one program for all of them.

A quantity of one period is carried back from the point where payoffs are collected, as a small array
over what its expression mentions, and weighed with the start states at the end. All quantities are asked
for first, then what they need is carried together: arrays over the same names as one batch, and each
sum that several quantities share only once. A program of few walks is what compiles quickly.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from tightrope.argument.conditions import is_about, while_live
from tightrope.argument.periods import carried, from_pay, hitting_probability, passed
from tightrope.argument.price_gap import NoPrice, player_of, rate_node
from tightrope.case.schema import Quantity
from tightrope.game.compile import Game
from tightrope.game.named import Named, broadcast, multiply, scalar
from tightrope.game.primitives import Primitives, evaluator
from tightrope.game.walk import Strategies

Ended = Mapping[str, Mapping[str, float]]
"""Condition as written -> terminal -> 1 where it holds once that terminal has been entered, else 0."""
Sums = tuple[Array, Array]
"""(part, whole): a quantity is part / whole, and undefined where the whole is zero."""
Forced = tuple[tuple[str, str], ...]
"""(move, action) pairs that are forced."""


class Undefined(ValueError):
    """A quantity that has no value here; the text says why."""


class Parts:
    """What the quantities of one solved game share. Ask for each, `carry`, then read their sums."""

    def __init__(
        self,
        game: Game,
        *,
        theta: Array,
        numbers: Primitives,
        strategies: Strategies,
        values: Array,
        over: Mapping[str, Array],
        ended: Ended,
        unrolled: bool = False,
    ) -> None:
        """Values: (player, *states); over: name -> (*states) distribution of start states.

        unrolled  periods are counted as the program is written, so that it can be differentiated backwards
        """
        self.unrolled = unrolled
        self.game, self.numbers, self.strategies = game, numbers, strategies
        self.values, self.over, self.ended = values, over, ended
        self.table = evaluator(game, theta)
        self.paid: dict[tuple[Forced, tuple[str, ...]], dict[Hashable, Array]] = {}
        self.later: dict[Hashable, tuple[Forced, Any]] = {}
        self.reached: dict[Hashable, tuple[Forced, Any]] = {}
        self.known: dict[Hashable, Any] = {}

    def ask(self, quantity: Quantity) -> Callable[[], Sums]:
        """Note what a quantity needs; its sums are there to be read once all has been carried.

        Raises Undefined for what has no meaning whatever the numbers.
        """
        if quantity.price_gap is not None:
            return self.least_gap(quantity)
        if quantity.value is not None:
            return self.lifetime(quantity)
        if quantity.reaches is not None:
            return self.hitting(quantity)
        if quantity.rises is not None:
            return self.rising(quantity)
        return self.in_period(quantity)

    def carry(self) -> None:
        """Carry everything that was asked for."""
        for (do, axes), wanted in self.paid.items():
            strategies, run = self.forced(do), from_pay(self.game)

            def back(data: Array, axes: tuple[str, ...] = axes, run: Any = run, s: Any = strategies) -> Array:
                found: Array = run(self.numbers, s, Named(data, axes))
                return found

            self.known |= dict(zip(wanted, jax.vmap(back)(jnp.stack(list(wanted.values()))), strict=True))
        if self.unrolled:
            self.known |= self._one_by_one(self.later, passed(self.game, unrolled=True))
            self.known |= self._one_by_one(self.reached, hitting_probability(self.game, unrolled=True))
        else:
            self.known |= self._each(self.later, passed(self.game))
            self.known |= self._each(self.reached, hitting_probability(self.game))

    def _one_by_one(self, wanted: Mapping[Hashable, tuple[Forced, Any]], run: Any) -> dict[Hashable, Any]:
        return {key: run(self.numbers, self.forced(do), *given) for key, (do, given) in wanted.items()}

    def _each(self, wanted: Mapping[Hashable, tuple[Forced, Any]], run: Any) -> dict[Hashable, Any]:
        """`run` at each (forced moves, arguments), one after another in one loop: it is compiled once."""
        if not wanted:
            return {}
        ways = list(dict.fromkeys(do for do, _ in wanted.values()))
        tables = jax.tree.map(lambda *leaves: jnp.stack(leaves), *(self.forced(do) for do in ways))
        which = jnp.asarray([ways.index(do) for do, _ in wanted.values()])
        arguments = jax.tree.map(lambda *leaves: jnp.stack(leaves), *(given for _, given in wanted.values()))

        def one(turn: tuple[Array, Any]) -> Any:
            number, given = turn
            return run(self.numbers, jax.tree.map(lambda leaf: leaf[number], tables), *given)

        found = jax.lax.map(one, (which, arguments))
        return {key: jax.tree.map(lambda leaf, k=k: leaf[k], found) for k, key in enumerate(wanted)}

    def forced(self, do: Forced) -> Strategies:
        """Strategies with some moves put on one action; axes are kept, so nothing is compiled anew."""
        changed = dict(self.strategies)
        for move, action in do:
            table = changed[move]
            shape = [1] * len(table.axes)
            shape[table.axes.index(move)] = -1
            point = np.array([float(name == action) for name in self.game.levels[move]]).reshape(shape)
            changed[move] = Named(jnp.broadcast_to(jnp.asarray(point), table.data.shape), table.axes)
        return changed

    def start(self, quantity: Quantity) -> Callable[[], tuple[Array, dict[str, Array]]]:
        """The distribution of live states that the quantity looks at, and what has ended before."""
        if quantity.over not in self.over:
            raise Undefined(f"no distribution of states was given for `{quantity.over}`")
        live = self.over[quantity.over]
        for variable, level in quantity.set.items():
            live = _put(live, self.game.states.index(variable), self.game.levels[variable].index(level))
        if not quantity.after:
            ended = {name: jnp.zeros(()) for name in self.game.terminals}
            return lambda: (live, ended)
        do = _forced(quantity)
        key = ("after", quantity.over, tuple(sorted(quantity.set.items())), quantity.after, do)
        periods = quantity.after if self.unrolled else jnp.asarray(quantity.after)
        self.later[key] = (do, (live, periods))
        return lambda: self.known[key]

    def where(self, quantity: Quantity) -> Named:
        """1 where `given` holds, over what it mentions."""
        return scalar(1.0) if quantity.given is None else _truth(self.table(self.game.node(quantity.given)))

    def in_period(self, quantity: Quantity) -> Callable[[], Sums]:
        """A probability or an expectation where payoffs are collected, given that the game goes on."""
        expression = quantity.probability if quantity.probability is not None else quantity.expectation
        if expression is None:
            raise Undefined("the quantity measures nothing")
        start = self.start(quantity)
        where, what = self.where(quantity), self.table(self.game.node(expression))
        if quantity.probability is not None:
            what = _truth(what)
        do, given = _forced(quantity), str(quantity.given or "")
        kind = "probability" if quantity.probability is not None else "expectation"
        part, whole = (kind, str(expression), given, do), ("at pay", given, do)
        for key, x in ((part, multiply(self.game.order, what, where)), (whole, where)):
            self.paid.setdefault((do, x.axes), {})[key] = x.data
        return lambda: self._weighed(start()[0], part, whole)

    def _weighed(self, live: Array, part: Hashable, whole: Hashable) -> Sums:
        return jnp.sum(live * self.known[part]), jnp.sum(live * self.known[whole])

    def rising(self, quantity: Quantity) -> Callable[[], Sums]:
        """Whether a variable stands higher at the end of the period; an end counts as its terminal says."""
        start = self.start(quantity)
        variable, do, given = str(quantity.rises), _forced(quantity), str(quantity.given or "")
        part, whole = ("rises", variable, given, do), ("period", given, do)
        if part not in self.known:
            self.known[part] = self._risen(quantity, variable)
        if whole not in self.known:
            ends = {name: jnp.ones(()) for name in self.game.terminals}
            self.known[whole] = self._carried(quantity, scalar(1.0), ends, self.where(quantity))
        return lambda: self._weighed(start()[0], part, whole)

    def _risen(self, quantity: Quantity, variable: str) -> Array:
        where = self.where(quantity)  # outside of what is mapped: the evaluator keeps what it has valued
        axis, levels = self.game.states.index(variable), self.game.levels[variable]
        ends = {name: terminal.counts_as.get(variable) for name, terminal in self.game.case.terminals.items()}
        counted = {name: -1 if level is None else levels.index(level) for name, level in ends.items()}

        def above(number: Array) -> Array:
            higher = Named((jnp.arange(len(levels)) > number).astype(jnp.float64), (variable,))
            gone = {name: jnp.asarray(place > number, dtype=jnp.float64) for name, place in counted.items()}
            return jnp.take(self._carried(quantity, higher, gone, where), number, axis=axis)

        return jnp.moveaxis(jax.lax.map(above, jnp.arange(len(levels))), 0, axis)

    def _carried(self, quantity: Quantity, f: Named, ended: dict[str, Array], where: Named) -> Array:
        strategies = self.forced(_forced(quantity))
        found: Array = carried(self.game)(self.numbers, strategies, f, ended, where)
        return found

    def conditions(self, quantity: Quantity) -> Array:
        """(*states) 1 where `given` holds at the start."""
        where = self.where(quantity)
        if not set(where.axes) <= set(self.game.states):
            raise Undefined("`given` may mention states only here, as they stand at the start")
        return broadcast(where, self.game.states, self.game.sizes).data

    def hitting(self, quantity: Quantity) -> Callable[[], Sums]:
        """Whether a condition holds at the start of some period, the first included."""
        assert quantity.reaches is not None
        start, given = self.start(quantity), self.conditions(quantity)
        game, text, do = self.game, str(quantity.reaches), _forced(quantity)
        at_end = {name: jnp.asarray(self.ended[text][name], dtype=jnp.float64) for name in game.terminals}
        key = ("reaches", text, quantity.within, do)
        node = while_live(is_about(quantity.reaches, game), game)
        inside = broadcast(self.table(node), game.states, game.sizes).data != 0
        periods = quantity.within if self.unrolled else jnp.asarray(quantity.within)
        self.reached[key] = (do, (inside, at_end, periods))

        def read() -> Sums:
            live, before = start()
            live = live * given
            past = {} if quantity.given is not None else before
            gone = sum((past[name] * at_end[name] for name in past), jnp.zeros(()))
            return jnp.sum(live * self.known[key]) + gone, jnp.sum(live) + sum(past.values(), jnp.zeros(()))

        return read

    def lifetime(self, quantity: Quantity) -> Callable[[], Sums]:
        """A player's value of the game, less its value of an end where one is named."""
        if quantity.do:
            raise Undefined("a lifetime value is one of equilibrium play; forced moves have none here")
        start, given = self.start(quantity), self.conditions(quantity)
        worth = self.values[self.game.players.index(str(quantity.value))]
        if quantity.minus_terminal is not None:
            worth = worth - self.worth_of_end(quantity.minus_terminal, str(quantity.value))

        def read() -> Sums:
            live = start()[0] * given
            return jnp.sum(live * worth), jnp.sum(live)

        return read

    def least_gap(self, quantity: Quantity) -> Callable[[], Sums]:
        """The least price gap of an end over the states in which `given` holds; nan where a rate is no price.

        What the client would take at least, at its rate, less what the patron would pay at most: as
        `price_gap` has it state by state.
        """
        where = self.where(quantity)
        if not set(where.axes) <= set(self.game.states):
            raise Undefined("`given` may mention states only in a price gap")
        end, game = str(quantity.price_gap), self.game
        loss = {}
        for role, named in (("patron", quantity.patron), ("client", quantity.client)):
            try:
                player = player_of(game, role, named or "")
            except NoPrice as error:
                raise Undefined(str(error)) from None
            loss[role] = self.values[game.players.index(player)] - self.worth_of_end(end, player)
        rate = self.table(rate_node(game, str(quantity.rate or 1)))
        there = broadcast(where, game.states, game.sizes).data != 0
        each = broadcast(rate, game.states, game.sizes).data
        gap = jnp.where(there, each * loss["client"] + loss["patron"], jnp.inf)
        least = jnp.where(jnp.all(each > 0), jnp.min(gap), jnp.nan)
        some = jnp.any(there).astype(jnp.float64)
        return lambda: (jnp.where(some > 0, least, 0.0), some)

    def worth_of_end(self, terminal: str, player: str) -> Array:
        """(*states) what entering a terminal is worth to a player."""
        end = self.numbers.terminal[terminal][player]
        if not set(end.axes) <= set(self.game.states):
            raise Undefined(f"the payoff of `{terminal}` depends on moves")
        return broadcast(end, self.game.states, self.game.sizes).data


def _forced(quantity: Quantity) -> Forced:
    return tuple(sorted(quantity.do.items()))


def _put(live: Array, axis: int, place: int) -> Array:
    """A distribution with all of its mass on one level of one variable."""
    index: list[Any] = [slice(None)] * live.ndim
    index[axis] = slice(place, place + 1)
    return jnp.zeros_like(live).at[tuple(index)].set(live.sum(axis=axis, keepdims=True))


def _truth(x: Named) -> Named:
    """1 where a number is not zero, else 0."""
    return Named((x.data != 0).astype(jnp.float64), x.axes)
