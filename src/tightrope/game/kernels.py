"""The few loops over large arrays that all the time goes into, each compiled on its own.

Left to itself, XLA on a CPU folds a whole period into a few programs that compute
the same numbers many times over in tangled loops. A call that may not be inlined
is a wall between two such programs; large arrays are worth the wall, small ones
(the record's filter) are not.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce, wraps
from inspect import signature
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array
from jax.experimental.xla_metadata import set_xla_metadata

WALL = 2_000
"""Arrays with at least this many numbers are computed behind a wall."""

WRITTEN_OUT = 8
"""An axis of at most this length is written out where a sum over it, here or in the transpose, is slow."""

LONG = 16
"""An axis longer than this is summed over by the library's product of matrices: written out, it would take
long to compile. Levels of a case's variables are fewer; games given as arrays have such axes."""


def _apart(function: Callable[..., Array]) -> Callable[..., Array]:
    """`function` of arrays and static keywords, behind a wall where the arrays are large."""
    names = [name for name, x in signature(function).parameters.items() if x.kind is x.KEYWORD_ONLY]
    compiled: Callable[..., Array] = jax.jit(function, static_argnames=names)
    wall: Any = set_xla_metadata

    @wraps(function)
    def call(*arrays: Array, **static: Any) -> Array:
        if max(x.size for x in arrays) < WALL:
            return function(*arrays, **static)
        with wall(inlineable="false"):
            return compiled(*arrays, **static)

    return call


def _slices(x: Array, place: int, size: int) -> list[Array]:
    """The slices of `x` along one axis, or one of them `size` times where that axis is missing.

    Split at once, and not picked one by one: the transpose is then one joining of parts.
    """
    parts = jax.lax.split(x, [1] * x.shape[place], axis=place)
    parts = [jnp.squeeze(part, axis=place) for part in parts]
    return parts * size if x.shape[place] == 1 else parts


Picks = tuple[tuple[int, tuple[tuple[int, ...], ...]], ...]
"""Axes along which operands are read each in its own way: axis, and by operand its place for each of ours."""


def _picked(picks: Picks, arrays: tuple[Array, ...], function: Callable[..., Array]) -> Array:
    """`function` of the operands, place by place along axes that they do not share as they are."""
    if not picks:
        return function(*arrays)
    (axis, reads), rest = picks[0], picks[1:]
    parts = [jax.lax.split(x, [1] * x.shape[axis], axis=axis) for x in arrays]
    each = [
        [own[0] if len(own) == 1 else own[read[k]] for own, read in zip(parts, reads, strict=True)]
        for k in range(len(reads[0]))
    ]
    return jnp.concatenate([_picked(rest, tuple(some), function) for some in each], axis=axis)


@_apart
def contract(
    x: Array,
    y: Array,
    *,
    place: int,
    picks: Picks = (),
    origin: int | None = None,
    allowed: tuple[tuple[int, ...], ...] | None = None,
) -> Array:
    """Sum of x·y over the axis `place`, term by term; x and y broadcast against each other.

    A short axis of x that y lacks is written out too: in the transpose it becomes a sum.

    origin, allowed  an axis of x that y lacks, and for each of its places the terms that may be other than
                     zero; the rest are left out
    """
    assert all(axis < place for axis, _ in picks)
    return _picked(picks, (x, y), lambda a, b: _contract(a, b, place, origin, allowed, None))


def _contract(
    x: Array,
    y: Array,
    place: int,
    origin: int | None,
    allowed: tuple[tuple[int, ...], ...] | None,
    terms: tuple[int, ...] | None,
) -> Array:
    for axis, (here, there) in enumerate(zip(x.shape, y.shape, strict=True)):
        if axis == place or there != 1 or here == 1:
            continue
        if axis == origin and allowed is not None:
            split = jax.lax.split(x, [1] * here, axis=axis)
            parts = [
                _contract(part, y, place, origin, None, some)
                for part, some in zip(split, allowed, strict=True)
            ]
        elif here <= WRITTEN_OUT:
            split = jax.lax.split(x, [1] * here, axis=axis)
            parts = [_contract(part, y, place, origin, allowed, terms) for part in split]
        else:
            continue
        return jnp.concatenate(parts, axis=axis - (axis > place))
    size = max(x.shape[place], y.shape[place])
    if size > LONG:
        return _product(x, y, place)
    both = list(zip(_slices(x, place, size), _slices(y, place, size), strict=True))
    return reduce(jnp.add, [a * b for a, b in (both if terms is None else [both[k] for k in terms])])


def _product(x: Array, y: Array, place: int) -> Array:
    """The same sum by `einsum`, over whichever axes each of the two has."""
    names = [[n for n, size in enumerate(part.shape) if size > 1] for part in (x, y)]
    kept = [n for n in sorted({*names[0], *names[1]}) if n != place]
    shape = [max(a, b) for n, (a, b) in enumerate(zip(x.shape, y.shape, strict=True)) if n != place]
    # A side that lacks the axis is the same at each of its places: the other's sum times it.
    result = jnp.einsum(jnp.squeeze(x, _single(x)), names[0], jnp.squeeze(y, _single(y)), names[1], kept)
    return result.reshape(shape)


def _single(x: Array) -> tuple[int, ...]:
    return tuple(n for n, size in enumerate(x.shape) if size == 1)


@_apart
def scale_shift(a: Array, f: Array, c: Array, *, picks: Picks = ()) -> Array:
    """a·f + c."""
    return _picked(picks, (a, f, c), lambda a, f, c: a * f + c)


@_apart
def _weights(odds: Array, *, place: int) -> Array:
    top = _slices(odds, place, odds.shape[place])
    return jnp.exp(odds - jnp.expand_dims(reduce(jnp.maximum, top), place))


@_apart
def _normalise(weights: Array, *, place: int) -> Array:
    parts = _slices(weights, place, weights.shape[place])
    return weights / jnp.expand_dims(reduce(jnp.add, parts), place)


def softmax(odds: Array, *, place: int) -> Array:
    """exp(odds), normalised along the axis `place`; two walls, or each exponential is taken many times."""
    return _normalise(_weights(odds, place=place), place=place)
