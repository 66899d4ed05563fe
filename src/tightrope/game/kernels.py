"""The few loops over large arrays that all the time goes into, each compiled on its own.

Left to itself, XLA on a CPU folds a whole period into a few programs that compute
the same numbers many times over in tangled loops. A call that may not be inlined
is a wall between two such programs; large arrays are worth the wall, small ones
(the record's filter) are not.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from inspect import signature
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array
from jax.experimental.xla_metadata import set_xla_metadata

WALL = 2_000
"""Arrays with at least this many numbers are computed behind a wall."""


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


@_apart
def contract(x: Array, y: Array, *, place: int) -> Array:
    """Sum of x·y over the axis `place`, term by term; x and y broadcast against each other."""
    size = max(x.shape[place], y.shape[place])
    terms = [a * b for a, b in zip(_slices(x, place, size), _slices(y, place, size), strict=True)]
    return sum(terms[1:], start=terms[0])


@_apart
def scale_shift(a: Array, f: Array, c: Array) -> Array:
    """a·f + c."""
    return a * f + c


@_apart
def softmax(odds: Array, *, place: int) -> Array:
    """exp(odds), normalised along the axis `place`."""
    parts = _slices(odds, place, odds.shape[place])
    top = parts[0]
    for part in parts[1:]:
        top = jnp.maximum(top, part)
    weights = [jnp.exp(part - top) for part in parts]
    whole = sum(weights[1:], start=weights[0])
    return jnp.stack([weight / whole for weight in weights], axis=place)
