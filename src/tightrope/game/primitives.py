"""The primitives of a game at a parameter vector: payoffs, precisions, laws of nature, terminals.

`primitives(game, theta)` is pure JAX: it can be traced, differentiated and mapped.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import Array

from tightrope.case.parse import Expression
from tightrope.case.schema import Law, Link
from tightrope.game.compile import Game
from tightrope.game.evaluate import Evaluator
from tightrope.game.forms import forms
from tightrope.game.named import Named, add, combine, multiply, scalar
from tightrope.game.plan import WORLD, Change, Choice, Exit, after


class ExitLaw(NamedTuple):
    """Probability of leaving, and the shares of the terminals given leaving."""

    probability: Named
    shares: dict[str, Named]


class Primitives(NamedTuple):
    """All numbers that one sweep needs. Dictionaries are keyed by names or step numbers.

    discount    player -> scalar
    terms       (player, term) -> payoff per period
    precision   move -> 1/payoff
    available   move -> 0/1 by action, only for moves with conditions
    kernels     step -> view -> probability over axes (…, x, x')
    exits       step -> view -> ExitLaw
    terminal    terminal -> player -> value on entering
    """

    discount: dict[str, Array]
    terms: dict[tuple[str, str], Named]
    precision: dict[str, Named]
    available: dict[str, Named]
    kernels: dict[int, dict[str, Named]]
    exits: dict[int, dict[str, ExitLaw]]
    terminal: dict[str, dict[str, Named]]


def evaluator(game: Game, theta: Array) -> Evaluator:
    """An evaluator of the game's expressions at `theta`, shape (parameters,)."""
    index = {name: number for number, name in enumerate(game.parameters)}
    sizes = {name: len(levels) for name, levels in game.levels.items()}
    return Evaluator(game.order, sizes, index, game.tables, game.defines, jnp.asarray(theta))


def primitives(game: Game, theta: Array) -> Primitives:
    """Evaluate every primitive of the game at `theta`, shape (parameters,)."""
    ev = evaluator(game, theta)
    case = game.case
    precision = {}
    available = {}
    kernels: dict[int, dict[str, Named]] = {}
    exits: dict[int, dict[str, ExitLaw]] = {}
    for number, step in enumerate(game.plan.steps):
        match step:
            case Choice(moves):
                for move in moves:
                    precision[move.move] = ev(game.node(move.precision))
                    if move.available:
                        rows = [
                            ev(game.node(move.available[a])) if a in move.available else scalar(1.0)
                            for a in move.actions
                        ]
                        available[move.move] = _stack(game, rows, move.move)
            case Change(_, variable, law, views):
                kernels[number] = {
                    view: replace(_kernel(game, ev, variable, seen), form=forms(game)[number, view])
                    for view, seen in {WORLD: law, **views}.items()
                }
            case Exit(_, law, views):
                exits[number] = {WORLD: _exit(game, ev, law)} | {
                    player: _exit(game, ev, view) for player, view in views.items()
                }
    return Primitives(
        discount={name: ev(game.node(player.discount)).data for name, player in case.players.items()},
        terms={(term.player, term.name): ev(term.node) for term in game.plan.terms},
        precision=precision,
        available=available,
        kernels=kernels,
        exits=exits,
        terminal={
            name: {
                player: ev(game.node(terminal.payoffs[player])) if player in terminal.payoffs else scalar(0.0)
                for player in game.players
            }
            for name, terminal in case.terminals.items()
        },
    )


def _stack(game: Game, rows: list[Named], name: str) -> Named:
    """Join named arrays along a new axis `name`, one row per level."""
    total = scalar(0.0)
    for number, row in enumerate(rows):
        indicator = Named(jnp.zeros(len(rows)).at[number].set(1.0), (name,))
        total = add(game.order, total, multiply(game.order, row, indicator))
    return total


def _link(game: Game, ev: Evaluator, link: Link) -> tuple[str, Named]:
    """The kind of a link and its inner expression."""
    for kind in ("logit", "hazard", "prob"):
        expression = getattr(link, kind)
        if expression is not None:
            return kind, ev(game.node(expression))
    raise ValueError("a link needs one of logit, hazard, prob")


def _probability(game: Game, kind: str, inner: Named) -> Named:
    if kind == "logit":
        return combine(game.order, jax.nn.sigmoid, inner)
    if kind == "hazard":
        return combine(game.order, lambda x: -jnp.expm1(-jnp.maximum(x, 0.0)), inner)
    return inner


def _kernel(game: Game, ev: Evaluator, variable: str, law: Law) -> Named:
    """Transition probabilities of one nature move, axes (…, x, x')."""
    if law.steps is not None:
        return _step_kernel(game, ev, variable, law)
    if law.weights is not None:
        return _weight_kernel(game, ev, variable, law.weights)
    if law.set is None:
        raise ValueError(f"nature's move on {variable} has no law")
    order, size, levels = game.order, game.sizes[variable], game.levels[variable]
    kernel = Named(jnp.eye(size), (variable, after(variable)))
    for setting in reversed(law.set):
        target = Named(jnp.zeros(size).at[levels.index(setting.to)].set(1.0), (after(variable),))
        test = ev(game.node(setting.when))
        kernel = combine(order, lambda t, a, b: jnp.where(t != 0, a, b), test, target, kernel)
    return kernel


def _shift(size: int, by: int) -> Array:
    return jnp.eye(size, k=by)


def _step_kernel(game: Game, ev: Evaluator, variable: str, law: Law) -> Named:
    """One level down or up. The direction that leaves the ladder has rate (or weight) zero."""
    assert law.steps is not None
    order, size = game.order, game.sizes[variable]
    kinds: list[str] = []
    inner: dict[str, Named] = {}
    for direction, link in (("down", law.steps.down), ("up", law.steps.up)):
        if link is not None:
            kind, value = _link(game, ev, link)
            kinds.append(kind)
            inner[direction] = value
    kind = kinds[0]
    room = {
        "down": Named(jnp.ones(size).at[0].set(0.0), (variable,)),
        "up": Named(jnp.ones(size).at[-1].set(0.0), (variable,)),
    }
    zero = Named(jnp.zeros(size), (variable,))
    if kind == "prob":
        chance = {d: multiply(order, inner[d], room[d]) if d in inner else zero for d in room}
    elif kind == "logit":
        chance = _logit_steps(game, inner, room)
    else:
        rate = {
            d: multiply(order, combine(order, lambda x: jnp.maximum(x, 0.0), inner[d]), possible)
            if d in inner
            else zero
            for d, possible in room.items()
        }
        # (1 - exp(-w)) / w with its limit 1 at w = 0, safe for gradients
        scale = combine(
            order,
            lambda w: jnp.where(w > 1e-12, -jnp.expm1(-w) / jnp.where(w > 1e-12, w, 1.0), 1.0 - 0.5 * w),
            add(order, rate["down"], rate["up"]),
        )
        chance = {d: multiply(order, rate[d], scale) for d in room}
    stay = combine(order, lambda d, u: 1.0 - d - u, chance["down"], chance["up"])
    axes = (variable, after(variable))
    kernel = multiply(order, stay, Named(_shift(size, 0), axes))
    kernel = add(order, kernel, multiply(order, chance["down"], Named(_shift(size, -1), axes)))
    return add(order, kernel, multiply(order, chance["up"], Named(_shift(size, 1), axes)))


def _logit_steps(game: Game, inner: dict[str, Named], room: dict[str, Named]) -> dict[str, Named]:
    """Probabilities of down and up with log-weights `inner` against staying, which has log-weight 0."""
    order = game.order
    nothing = scalar(-jnp.inf)
    down, up = (
        combine(order, lambda x, r: jnp.where(r > 0, x, -jnp.inf), inner.get(d, nothing), room[d])
        for d in ("down", "up")
    )
    # The largest of the three weights is taken out, so that no exponential overflows.
    top = combine(order, lambda d, u: jax.lax.stop_gradient(jnp.maximum(jnp.maximum(d, u), 0.0)), down, up)
    weights = {
        d: combine(order, lambda x, t: jnp.exp(x - t), x, top) for d, x in (("down", down), ("up", up))
    }
    whole = combine(order, lambda d, u, t: d + u + jnp.exp(-t), weights["down"], weights["up"], top)
    return {d: combine(order, jnp.divide, weight, whole) for d, weight in weights.items()}


def _weight_kernel(game: Game, ev: Evaluator, variable: str, weights: dict[str, Expression]) -> Named:
    """Non-negative weights over levels, or over down, stay and up, normalised where legal."""
    order, size, levels = game.order, game.sizes[variable], game.levels[variable]
    axes = (variable, after(variable))
    kernel = scalar(0.0)
    for key, expression in weights.items():
        weight = ev(game.node(expression))
        if key in ("down", "stay", "up") and key not in levels:
            pattern = Named(_shift(size, {"down": -1, "stay": 0, "up": 1}[key]), axes)
        else:
            pattern = Named(jnp.zeros((size, size)).at[:, levels.index(key)].set(1.0), axes)
        kernel = add(order, kernel, multiply(order, weight, pattern))
    return _normalise(game, kernel, after(variable))


def _normalise(game: Game, x: Named, name: str) -> Named:
    axis = x.axes.index(name)
    return Named(x.data / jnp.sum(x.data, axis=axis, keepdims=True), x.axes)


def _exit(game: Game, ev: Evaluator, law: Law) -> ExitLaw:
    """Probability of an exit and its shares by terminal."""
    if law.exit is None or not law.to:
        raise ValueError("an exit needs a probability and a terminal")
    kind, inner = _link(game, ev, law.exit)
    shares = {terminal: ev(game.node(weight)) for terminal, weight in law.to.items()}
    whole = scalar(0.0)
    for share in shares.values():
        whole = add(game.order, whole, share)
    return ExitLaw(
        _probability(game, kind, inner),
        {name: combine(game.order, jnp.divide, share, whole) for name, share in shares.items()},
    )
