"""Where a change of values goes in the long run, roughly: each variable as a chain of its own.

A sweep spreads a change of values over states and discounts it. Averaged over actions and over all other
variables, nature's laws make of each variable a small chain, and of all of them a product of chains whose
resolvent (I - βP)⁻¹ costs next to nothing: along each axis to the chain's eigenvectors, a division, and back
(the fast diagonalisation of Lynch, Rice & Thomas 1964). Applied to a gap T(z) - z it is a guess at the whole
way to the fixed point, where the gap itself is one sweep's worth of it. It only steers: what a solver
accepts is judged by the gap.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jax import Array

from tightrope.game.compile import Game
from tightrope.game.forms import one_way
from tightrope.game.named import Named, fine, multiply, total
from tightrope.game.plan import Change, Choice, Exit, after
from tightrope.game.primitives import Primitives
from tightrope.game.walk import Strategies, seen_by

GROUP = 32
"""Neighbouring axes are taken together as long as they have at most so many levels between them."""
LEAST_SHARE = 1e-8
APART = 0.2


class Chains(NamedTuple):
    """The product of chains, in the eigenvectors of each group of axes.

    there  per group (players, g, g): from values to coordinates
    back   per group (players, g, g): from coordinates to values
    weight (players, g1, g2, …): what the resolvent multiplies each coordinate by
    """

    there: tuple[Array, ...]
    back: tuple[Array, ...]
    weight: Array


def groups(sizes: Sequence[int]) -> list[tuple[int, ...]]:
    """Axes of these sizes in runs of at most `GROUP` levels."""
    runs: list[list[int]] = []
    for place, size in enumerate(sizes):
        if runs and math.prod(sizes[k] for k in runs[-1]) * size <= GROUP:
            runs[-1].append(place)
        else:
            runs.append([place])
    return [tuple(run) for run in runs]


def no_chains(game: Game, *, held: frozenset[str] = frozenset()) -> Chains:
    """Chains that leave a gap as it is; `held` as in `mean_chains`."""
    shape = [1 if name in held else len(game.levels[name]) for name in game.states]
    sizes = [math.prod(shape[k] for k in run) for run in groups(shape)]
    same = tuple(jnp.tile(jnp.eye(size), (len(game.players), 1, 1)) for size in sizes)
    return Chains(same, same, jnp.ones((len(game.players), *sizes)))


def mean_chains(
    game: Game, numbers: Primitives, strategies: Strategies, *, held: frozenset[str] = frozenset()
) -> Chains:
    """The chains under these strategies, each player's in its own view. Traceable.

    held  variables of which `numbers` and `strategies` hold one level only (the first place of each axis), at
          which values are wanted: to leave it is to leave for what is known
    """
    states = {name: 1 if name in held else len(game.levels[name]) for name in game.states}
    chances = {name: _action_chances(game, strategies, name) for name in ("", *states)}
    spectra: list[list[tuple[Array, Array, Array]]] = []
    kept = []
    for player in game.players:
        chains = {name: jnp.eye(size) for name, size in states.items()}
        keep = numbers.discount[player]
        for number, step in enumerate(game.plan.steps):
            if isinstance(step, Change):
                name = step.variable
                size = states[name]
                law = seen_by(player, numbers.kernels[number])
                law = _averaged(game, law, chances[name], (name, after(name)))
                chains[name] = chains[name] @ _square(law, name, size)
            elif isinstance(step, Exit):
                leave = _averaged(game, seen_by(player, numbers.exits[number]).probability, chances[""], ())
                keep = keep * (1.0 - leave.data)
        ways = one_way(game)
        spectra.append(
            [_spectrum(chain, 0 if name in held else ways.get(name, 0)) for name, chain in chains.items()]
        )
        kept.append(keep)
    runs = groups(list(states.values()))
    there = tuple(jnp.stack([_kron([own[k][2] for k in run]) for own in spectra]) for run in runs)
    back = tuple(jnp.stack([_kron([own[k][1] for k in run]) for own in spectra]) for run in runs)
    weight = []
    for own, keep in zip(spectra, kept, strict=True):
        whole = jnp.asarray(keep)
        for run in runs:
            whole = jnp.multiply.outer(whole, _outer([own[k][0] for k in run]))
        weight.append(1.0 / (1.0 - whole))
    return Chains(there, back, jnp.stack(weight))


def _square(law: Named, name: str, size: int) -> Array:
    """The first `size` levels of a law averaged to (x, x'); without x, the same from each level."""
    if name not in law.axes:
        return jnp.broadcast_to(law.data[:size], (size, size))
    return law.data[:size, :size]


def spread(chains: Chains, gap: Array) -> Array:
    """The resolvent applied to a gap, shape (n,); strategies of simultaneous moves are left as they are."""
    shape = chains.weight.shape
    size = int(np.prod(shape))
    x = gap[:size].reshape(shape)
    for k, matrix in enumerate(chains.there):
        x = _along(matrix, x, k + 1)
    x = x * chains.weight
    for k, matrix in enumerate(chains.back):
        x = _along(matrix, x, k + 1)
    return jnp.concatenate([x.reshape(-1), gap[size:]])


def _along(matrix: Array, x: Array, place: int) -> Array:
    """Each player's matrix applied along one axis."""
    names = list(range(x.ndim))
    result = [x.ndim if n == place else n for n in names]
    return jnp.einsum(matrix, [0, x.ndim, place], x, names, result)


def _action_chances(game: Game, strategies: Strategies, state: str) -> dict[str, Named]:
    """Each move's mean chance of each action by level of one variable; over earlier moves at theirs."""
    found: dict[str, Named] = {}
    for step in game.plan.steps:
        if isinstance(step, Choice):
            found |= {m.move: _averaged(game, strategies[m.move], found, (m.move, state)) for m in step.moves}
    return found


def _averaged(game: Game, x: Named, chances: Mapping[str, Named], keep: tuple[str, ...]) -> Named:
    """The mean of `x` over all axes but those kept: by `chances` for moves, evenly for states."""
    x = fine(x)
    for name in x.axes:
        if name not in keep and name not in chances:
            place = x.axes.index(name)
            x = Named(jnp.mean(x.data, axis=place), x.axes[:place] + x.axes[place + 1 :])
    for name in reversed(x.axes):
        if name not in keep:
            x = total(multiply(game.order, x, chances[name]), name)
    return x


def _spectrum(chain: Array, way: int) -> tuple[Array, Array, Array]:
    """Eigenvalues, eigenvectors and their inverse of a chain like this one that has real ones.

    way  1: the variable only rises; -1: it only falls; 0: neither. Then the nearest reversible chain is
         taken. In the others equal rates would leave too few eigenvectors, so they are set apart a little.
    """
    if way:
        values, vectors = _climbing(chain if way > 0 else chain[::-1, ::-1])
        if way < 0:
            values, vectors = values[::-1], vectors[::-1, ::-1]
        return values, vectors, jnp.linalg.inv(vectors)
    far = chain
    for _ in range(8):
        far = far @ far
    share = jnp.maximum(jnp.mean(far, axis=0), LEAST_SHARE)
    root = jnp.sqrt(share)
    even = root[:, None] * chain / root
    values, vectors = jnp.linalg.eigh(0.5 * (even + even.T))
    return jnp.clip(values, -1.0, 1.0), vectors / root[:, None], vectors.T * root


def _climbing(chain: Array) -> tuple[Array, Array]:
    """Eigenvalues and eigenvectors of an upper triangular chain, its eigenvalues set apart a little."""
    size = chain.shape[0]
    rate = jnp.mean(1.0 - jnp.diagonal(chain))
    values = jnp.diagonal(chain) - APART * rate * jnp.arange(size - 1, -1, -1)
    least = 0.1 * APART * rate + 1e-9
    rows = [jnp.eye(size)[size - 1]]
    for level in range(size - 2, -1, -1):
        gap = values - values[level]
        gap = jnp.where(jnp.abs(gap) < least, least, gap)
        row = chain[level, level + 1 :] @ jnp.stack(rows[::-1]) / gap
        rows.append(jnp.where(jnp.arange(size) > level, row, jnp.eye(size)[level]))
    return values, jnp.stack(rows[::-1])


def _kron(matrices: list[Array]) -> Array:
    result = matrices[0]
    for matrix in matrices[1:]:
        result = jnp.kron(result, matrix)
    return result


def _outer(vectors: list[Array]) -> Array:
    result = vectors[0]
    for vector in vectors[1:]:
        result = jnp.multiply.outer(result, vector).reshape(-1)
    return result
