"""Named arrays: a JAX array whose axes carry the names of variables.

Arithmetic aligns by name and broadcasts, so a number that does not mention a
variable never grows its axis. Axes always stand in one canonical order, which
makes alignment a matter of inserting axes of length one, never of transposing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jax import Array

from tightrope.game import kernels


@dataclass(frozen=True)
class Order:
    """The canonical order of axis names. A name with a prime is the variable after a nature move."""

    rank: Mapping[str, int]

    def sort(self, names: set[str]) -> tuple[str, ...]:
        """Names in canonical order."""
        return tuple(sorted(names, key=self.rank.__getitem__))


@jax.tree_util.register_pytree_node_class
@dataclass(frozen=True, eq=False)
class Named:
    """An array with one name per axis, in canonical order."""

    data: Array
    axes: tuple[str, ...]

    def tree_flatten(self) -> tuple[tuple[Array], tuple[str, ...]]:
        """Children and static part, for JAX."""
        return (self.data,), self.axes

    @classmethod
    def tree_unflatten(cls, axes: tuple[str, ...], children: tuple[Array]) -> Named:
        """Inverse of `tree_flatten`."""
        return cls(children[0], axes)


def scalar(value: float | Array) -> Named:
    """A number without axes."""
    return Named(jnp.asarray(value, dtype=jnp.float64), ())


def expand(x: Named, axes: tuple[str, ...]) -> Array:
    """The data of `x` with axes of length one inserted so that it broadcasts along `axes`."""
    shape = []
    position = 0
    for name in axes:
        if position < len(x.axes) and x.axes[position] == name:
            shape.append(x.data.shape[position])
            position += 1
        else:
            shape.append(1)
    if position != len(x.axes):
        raise ValueError(f"axes {x.axes} do not fit into {axes}")
    return x.data.reshape(shape)


def combine(order: Order, function: Callable[..., Array], *operands: Named) -> Named:
    """Apply an elementwise function after aligning the operands by name."""
    axes = order.sort(set().union(*(x.axes for x in operands)))
    return Named(function(*(expand(x, axes) for x in operands)), axes)


def multiply(order: Order, a: Named, b: Named) -> Named:
    """Product, aligned by name."""
    return combine(order, jnp.multiply, a, b)


def add(order: Order, a: Named, b: Named) -> Named:
    """Sum, aligned by name."""
    return combine(order, jnp.add, a, b)


def total(x: Named, name: str) -> Named:
    """Sum over one axis."""
    axis = x.axes.index(name)
    return Named(jnp.sum(x.data, axis=axis), x.axes[:axis] + x.axes[axis + 1 :])


def grouped(
    order: Order, *operands: Named, keep: str | None = None
) -> tuple[list[Array], tuple[str, ...], tuple[int, ...], int]:
    """Operands ready to broadcast, with axes that occur together merged into one long axis.

    Axes in a period are short (two to six levels) and a loop over a short axis is slow, so
    a run of neighbours that each operand has or lacks as a whole is handled as one. `keep`
    stays on its own. Returns the arrays, the union of axes, its shape, and the place of
    `keep` in the merged arrays (-1 without one).
    """
    axes = order.sort(set().union(*(x.axes for x in operands)))
    sizes = {name: size for x in operands for name, size in zip(x.axes, x.data.shape, strict=True)}
    present = [tuple(name in x.axes for x in operands) for name in axes]
    groups: list[list[int]] = []
    for number, name in enumerate(axes):
        apart = keep is not None and keep in (name, axes[number - 1])
        if number and not apart and present[number] == present[number - 1]:
            groups[-1].append(number)
        else:
            groups.append([number])
    arrays = []
    for which, x in enumerate(operands):
        shape = [
            math.prod(sizes[axes[number]] for number in group) if present[group[0]][which] else 1
            for group in groups
        ]
        arrays.append(x.data.reshape(shape))
    place = next((n for n, group in enumerate(groups) if axes[group[0]] == keep), -1)
    return arrays, axes, tuple(sizes[name] for name in axes), place


def scale_shift(order: Order, a: Named, f: Named, c: Named) -> Named:
    """a·f + c, aligned by name."""
    arrays, axes, shape, _ = grouped(order, a, f, c)
    return Named(kernels.scale_shift(*arrays).reshape(shape), axes)


def sum_product(order: Order, a: Named, b: Named, name: str) -> Named:
    """Sum over `name` of a·b, aligned by name."""
    arrays, axes, shape, place = grouped(order, a, b, keep=name)
    where = axes.index(name)
    result = kernels.contract(*arrays, place=place)
    return Named(result.reshape(shape[:where] + shape[where + 1 :]), axes[:where] + axes[where + 1 :])


def rename(order: Order, x: Named, old: str, new: str) -> Named:
    """The same numbers with one axis under another name, moved to its canonical place."""
    if old not in x.axes:
        return x
    names = tuple(new if name == old else name for name in x.axes)
    axes = order.sort(set(names))
    if axes == names:
        return Named(x.data, axes)
    return Named(jnp.transpose(x.data, [names.index(name) for name in axes]), axes)


def broadcast(x: Named, axes: tuple[str, ...], sizes: Mapping[str, int]) -> Named:
    """`x` with every axis in `axes` present at full length."""
    return Named(jnp.broadcast_to(expand(x, axes), tuple(sizes[name] for name in axes)), axes)
