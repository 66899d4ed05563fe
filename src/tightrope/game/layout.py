"""How a game's unknowns lie in one flat vector z: values, then strategies of simultaneous moves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from tightrope.game.compile import Game
from tightrope.game.named import Named, broadcast
from tightrope.game.plan import Choice
from tightrope.game.primitives import Primitives, primitives
from tightrope.game.sweep import backward


@dataclass(frozen=True)
class Layout:
    """How z is laid out: values first, then strategies of simultaneous moves."""

    values: tuple[int, ...]
    mixed: tuple[tuple[str, tuple[str, ...], tuple[int, ...]], ...]

    @property
    def length(self) -> int:
        """Length of z."""
        return int(np.prod(self.values)) + sum(int(np.prod(shape)) for _, _, shape in self.mixed)


@lru_cache(maxsize=64)
def layout(game: Game) -> Layout:
    """Shapes of everything in z, found by tracing one sweep without computing it."""
    names = [m.move for step in game.plan.steps if isinstance(step, Choice) for m in step.moves
             if len(step.moves) > 1]  # fmt: skip
    shape = (len(game.players), *game.shape)
    if not names:
        return Layout(shape, ())
    found: dict[str, tuple[str, ...]] = {}

    def probe(theta: Array) -> Array:
        values = {p: Named(jnp.zeros(game.shape), game.states) for p in game.players}
        strategies = backward(game, values, primitives(game, theta))[1]
        for step in game.plan.steps:
            if isinstance(step, Choice) and len(step.moves) > 1:
                together = {m.move for m in step.moves}
                context = set().union(*(strategies[m].axes for m in together)) - together
                for m in together:
                    found[m] = game.order.sort(context | {m})
        return theta

    jax.eval_shape(probe, jnp.zeros(len(game.parameters)))
    mixed = tuple((m, found[m], tuple(game.sizes[a] for a in found[m])) for m in names)
    return Layout(shape, mixed)


def unpack(game: Game, z: Array) -> tuple[dict[str, Named], dict[str, Named]]:
    """Values by player and strategies of simultaneous moves, from the flat vector z."""
    plan = layout(game)
    size = int(np.prod(plan.values))
    block = z[:size].reshape(plan.values)
    values = {player: Named(block[number], game.states) for number, player in enumerate(game.players)}
    mixed = {}
    for name, axes, shape in plan.mixed:
        length = int(np.prod(shape))
        mixed[name] = Named(z[size : size + length].reshape(shape), axes)
        size += length
    return values, mixed


def pack(game: Game, values: Mapping[str, Named], mixed: Mapping[str, Named]) -> Array:
    """Inverse of `unpack`."""
    sizes = game.sizes
    parts = [broadcast(values[p], game.states, sizes).data.reshape(-1) for p in game.players]
    parts += [broadcast(mixed[name], axes, sizes).data.reshape(-1) for name, axes, _ in layout(game).mixed]
    return jnp.concatenate(parts)


def start(game: Game) -> Array:
    """The default starting point: zero values, uniform strategies of simultaneous moves."""
    return jnp.asarray(_start(game))


@lru_cache(maxsize=64)
def _start(game: Game) -> np.ndarray:
    plan = layout(game)
    parts = [np.zeros(int(np.prod(plan.values)))]
    parts += [np.full(int(np.prod(shape)), 1.0 / game.sizes[name]) for name, _, shape in plan.mixed]
    return np.concatenate(parts)


def random_start(game: Game, *, scale: float, seed: int) -> Array:
    """A random starting point: normal values of the given scale, any strategies at simultaneous moves."""
    plan = layout(game)
    generator = np.random.default_rng(seed)
    parts = [generator.normal(size=int(np.prod(plan.values))) * scale]
    for name, axes, shape in plan.mixed:
        weights = generator.exponential(size=shape)
        parts.append((weights / weights.sum(axes.index(name), keepdims=True)).reshape(-1))
    return jnp.asarray(np.concatenate(parts))


def payoff_unit(numbers: Primitives) -> Array:
    """One over the largest precision of any move: the payoff that moves log-odds by one there.

    Precision has units 1/payoff, so this is the scale on which values matter. Where all
    precisions are zero payoffs move nothing, and the unit is one.
    """
    largest = jnp.max(jnp.stack([jnp.max(jnp.abs(p.data)) for p in numbers.precision.values()] or [0.0]))
    return 1.0 / jnp.where(largest > 0.0, largest, 1.0)


def units(game: Game, numbers: Primitives) -> Array:
    """The unit of each entry of z, shape (n,): payoffs for values, one for probabilities."""
    plan = layout(game)
    size = int(np.prod(plan.values))
    return jnp.where(jnp.arange(plan.length) < size, payoff_unit(numbers), 1.0)
