"""Measure the quantities of a case on a solved game.

One-period quantities share one computation: the start distribution is pushed to the point of the
period where payoffs are collected, which gives the joint distribution of states and moves there, and
every probability, expectation and condition is a sum over it. What is compiled is compiled once a game
and takes laws, strategies and distributions as arguments, so a further parameter vector costs
milliseconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import jax.numpy as jnp
import numpy as np

from tightrope.argument.conditions import at_terminal, is_about, while_live
from tightrope.argument.periods import (
    Numbers,
    hitting_probability,
    joint_at_pay,
    pay_axes,
    push_part,
    start_distribution,
)
from tightrope.case.schema import Quantity
from tightrope.game.equilibrium import Equilibrium, primitives_function
from tightrope.game.named import Named, broadcast, scalar
from tightrope.game.primitives import Primitives, evaluator
from tightrope.game.walk import Strategies

UNDEFINED_BELOW = 1e-12
"""A conditioning event less likely than this leaves a quantity undefined."""


class Undefined(ValueError):
    """A quantity that has no value here; the text says why."""


@dataclass(frozen=True)
class Measured:
    """Values of quantities at one equilibrium.

    values   quantity -> value, nan where undefined
    reasons  quantity -> why it is undefined, only for those
    """

    values: Mapping[str, float]
    reasons: Mapping[str, str] = field(default_factory=dict)


def measure(
    equilibrium: Equilibrium,
    *,
    over: Mapping[str, Numbers] | None = None,
    quantities: Mapping[str, Quantity] | None = None,
) -> Measured:
    """Values of quantities (default: all of the case's) at an equilibrium.

    over  name -> distribution over live states, shape (*states), for each name that a quantity's `over`
          mentions; `start` comes from the case where it is not given

    A quantity is nan, with a reason, when its conditioning event has probability below 1e-12, when its
    distribution was not given, or when it asks for what has no meaning. Forced moves (`do`) stay forced
    in every period that the quantity looks at, `after` included. One-period quantities and values hold
    given that the game has not ended. `given` is read where payoffs are collected; with `value` and
    `reaches` it is read at the start and may mention states only. Raises `NotCertified` on an
    equilibrium without a good certificate.
    """
    equilibrium.require()
    game = equilibrium.game
    asked = game.case.quantities if quantities is None else quantities
    given = {"start": start_distribution(game)} | dict(over or {})
    at = _At(equilibrium, {name: np.asarray(states, dtype=float) for name, states in given.items()})
    values: dict[str, float] = {}
    reasons: dict[str, str] = {}
    for name, quantity in asked.items():
        try:
            values[name] = at.value(quantity)
        except Undefined as reason:
            values[name] = float("nan")
            reasons[name] = str(reason)
    return Measured(values, reasons)


class _At:
    """What quantities share at one equilibrium: laws, strategies, pushed distributions."""

    def __init__(self, equilibrium: Equilibrium, over: Mapping[str, Numbers]) -> None:
        self.game = equilibrium.game
        self.equilibrium = equilibrium
        self.over = over
        self.axes = pay_axes(self.game)
        self.numbers: Primitives = primitives_function(self.game)(jnp.asarray(equilibrium.theta))
        self.strategies: Strategies = {
            move: Named(jnp.asarray(table.values), tuple(str(d) for d in table.dims))
            for move, table in equilibrium.strategies.items()
        }
        self.evaluate = evaluator(self.game, jnp.asarray(equilibrium.theta))
        self.joints: dict[Any, Numbers] = {}
        self.marginals: dict[Any, Numbers] = {}

    def value(self, quantity: Quantity) -> float:
        if quantity.value is not None:
            return self.lifetime(quantity)
        if quantity.reaches is not None:
            return self.hitting(quantity)
        if quantity.rises is not None:
            return self.rising(quantity)
        return self.in_period(quantity)

    def forced(self, do: Mapping[str, str]) -> Strategies:
        """Strategies with some moves put on one action; axes are kept, so nothing is compiled anew."""
        changed = dict(self.strategies)
        for move, action in do.items():
            table = changed[move]
            shape = [1] * len(table.axes)
            shape[table.axes.index(move)] = -1
            point = np.array([float(name == action) for name in self.game.levels[move]]).reshape(shape)
            changed[move] = Named(jnp.broadcast_to(jnp.asarray(point), table.data.shape), table.axes)
        return changed

    def start(self, quantity: Quantity) -> tuple[Numbers, dict[str, float]]:
        """The distribution of live states that the quantity looks at, and what has ended before."""
        if quantity.over not in self.over:
            raise Undefined(f"no distribution of states was given for `{quantity.over}`")
        live = self.over[quantity.over]
        for variable, level in quantity.set.items():
            axis = self.game.states.index(variable)
            index = [slice(None)] * live.ndim
            index[axis] = slice(at := self.game.levels[variable].index(level), at + 1)
            moved = np.zeros_like(live)
            moved[tuple(index)] = live.sum(axis=axis, keepdims=True)
            live = moved
        ended = dict.fromkeys(self.game.terminals, 0.0)
        if quantity.after:
            strategies, run = self.forced(quantity.do), push_part(self.game)
            kept = jnp.ones([self.game.sizes[name] for name in self.axes])
            state = jnp.asarray(live)
            for _ in range(quantity.after):
                state, gone = run(self.numbers, strategies, state, kept)
                ended = {name: ended[name] + float(gone[name]) for name in ended}
            live = np.asarray(state)
        return live, ended

    def table(self, expression: Any, *, node: Any = None) -> Named:
        """An expression as a small named array at this parameter vector."""
        return self.evaluate(self.game.node(expression) if node is None else node)

    def over_axes(self, x: Named, names: tuple[str, ...]) -> Numbers:
        return np.asarray(broadcast(x, names, self.game.sizes).data)

    def full(self, x: Named) -> Numbers:
        return self.over_axes(x, self.axes)

    def in_period(self, quantity: Quantity) -> float:
        expression = quantity.probability if quantity.probability is not None else quantity.expectation
        if expression is None:
            raise Undefined("the quantity measures nothing")
        key = (
            quantity.over,
            tuple(sorted(quantity.set.items())),
            tuple(sorted(quantity.do.items())),
            quantity.after,
        )
        if key not in self.joints:
            live, _ = self.start(quantity)
            joint = joint_at_pay(self.game)(self.numbers, self.forced(quantity.do), jnp.asarray(live))
            self.joints[key] = np.asarray(joint)
        what = self.table(expression)
        given = scalar(1.0) if quantity.given is None else self.table(quantity.given)
        # Only the axes that are asked for: the joint distribution is large, and most quantities are not.
        names = tuple(name for name in self.axes if name in what.axes or name in given.axes)
        joint = self.marginal(key, names)
        weight = joint if quantity.given is None else joint * (self.over_axes(given, names) != 0)
        worth = self.over_axes(what, names)
        if quantity.probability is not None:
            worth = (worth != 0).astype(float)
        return _ratio(float(np.sum(weight * worth)), float(np.sum(weight)), quantity)

    def marginal(self, key: Any, names: tuple[str, ...]) -> Numbers:
        """A joint distribution summed over all axes but these."""
        found = self.marginals.get((key, names))
        if found is None:
            others = tuple(n for n, name in enumerate(self.axes) if name not in names)
            found = self.marginals[key, names] = self.joints[key].sum(axis=others)
        return found

    def rising(self, quantity: Quantity) -> float:
        variable = str(quantity.rises)
        live, _ = self.start(quantity)
        axis, levels = self.game.states.index(variable), self.game.levels[variable]
        kept = np.ones([self.game.sizes[name] for name in self.axes])
        if quantity.given is not None:
            kept = (self.full(self.table(quantity.given)) != 0).astype(float)
        strategies, run = self.forced(quantity.do), push_part(self.game)
        risen = whole = 0.0
        for number in range(len(levels)):
            part = np.zeros_like(live)
            index = [slice(None)] * live.ndim
            index[axis] = slice(number, number + 1)
            part[tuple(index)] = live[tuple(index)]
            if not part.any():
                continue
            moved, gone = run(self.numbers, strategies, jnp.asarray(part), jnp.asarray(kept))
            along = np.asarray(moved).sum(axis=tuple(k for k in range(live.ndim) if k != axis))
            risen += float(along[number + 1 :].sum())
            whole += float(along.sum()) + sum(float(mass) for mass in gone.values())
            for name, mass in gone.items():
                level = self.game.case.terminals[name].counts_as.get(variable)
                risen += float(mass) if level is not None and levels.index(level) > number else 0.0
        return _ratio(risen, whole, quantity)

    def conditioned(self, quantity: Quantity, live: Numbers) -> Numbers:
        """Start states on which `given` holds."""
        if quantity.given is None:
            return live
        table = self.table(quantity.given)
        if not set(table.axes) <= set(self.game.states):
            raise Undefined("`given` may mention states only here, as they stand at the start")
        return np.where(np.asarray(broadcast(table, self.game.states, self.game.sizes).data) != 0, live, 0.0)

    def hitting(self, quantity: Quantity) -> float:
        assert quantity.reaches is not None
        live, ended = self.start(quantity)
        live = self.conditioned(quantity, live)
        game = self.game
        node = is_about(quantity.reaches, game)
        inside = broadcast(self.table(None, node=while_live(node, game)), game.states, game.sizes).data != 0
        at_end = {name: at_terminal(node, name, game, self.equilibrium.theta) for name in game.terminals}
        gone = {name: jnp.asarray(value) for name, value in at_end.items()}
        hit = hitting_probability(game)(
            self.numbers, self.forced(quantity.do), inside, gone, jnp.asarray(quantity.within)
        )
        past = {} if quantity.given is not None else ended
        mass = float(np.sum(live * np.asarray(hit))) + sum(past[name] * at_end[name] for name in past)
        return _ratio(mass, float(live.sum()) + sum(past.values()), quantity)

    def lifetime(self, quantity: Quantity) -> float:
        if quantity.do:
            raise Undefined("a lifetime value is one of equilibrium play; forced moves have none here")
        live = self.conditioned(quantity, self.start(quantity)[0])
        worth = self.equilibrium.values.sel(player=quantity.value).values
        if quantity.minus_terminal is not None:
            end = self.numbers.terminal[quantity.minus_terminal][str(quantity.value)]
            if not set(end.axes) <= set(self.game.states):
                raise Undefined(f"the payoff of `{quantity.minus_terminal}` depends on moves")
            worth = worth - np.asarray(broadcast(end, self.game.states, self.game.sizes).data)
        return _ratio(float(np.sum(live * worth)), float(live.sum()), quantity)


def _ratio(part: float, whole: float, quantity: Quantity) -> float:
    if whole < UNDEFINED_BELOW:
        given = f"`{quantity.given}`" if quantity.given is not None else "being alive"
        raise Undefined(f"the condition ({given}) has probability {whole:.1e}")
    return part / whole
