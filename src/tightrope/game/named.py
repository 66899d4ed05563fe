"""Named arrays: a JAX array whose axes carry the names of variables.

Arithmetic aligns by name and broadcasts, so a number that does not mention a
variable never grows its axis. Axes always stand in one canonical order, which
makes alignment a matter of inserting axes of length one, never of transposing.

Where some actions of a move are alike the axis may hold one place for each class of them; its name then
says which (`coarse_name`). Products of such arrays keep the coarsest axis that both can do with.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from tightrope.game import kernels


@dataclass(frozen=True)
class Order:
    """The canonical order of axis names. A name with a prime is the variable after a nature move."""

    rank: Mapping[str, int]

    def sort(self, names: set[str]) -> tuple[str, ...]:
        """Names in canonical order."""
        return tuple(sorted(names, key=lambda name: self.rank[move_of(name)]))


@dataclass(frozen=True)
class Form:
    """What is known of a law of nature whatever the parameters (see `forms`).

    allowed  level -> levels that the law may lead to from there; None if any
    alike    moves with actions that the law treats alike, and the class of each action
    """

    allowed: tuple[tuple[int, ...], ...] | None = None
    alike: tuple[tuple[str, tuple[int, ...]], ...] = ()


def coarse_name(move: str, classes: tuple[int, ...]) -> str:
    """The name of a move's axis with one place a class; the move's own where no two actions are alike."""
    return move if len(set(classes)) == len(classes) else f"{move}~{'.'.join(map(str, classes))}"


def move_of(axis: str) -> str:
    """The variable or move whose axis this is."""
    return axis.partition("~")[0]


def classes_of(axis: str) -> tuple[int, ...] | None:
    """Action -> its class on a coarse axis; None for an axis with a place for every action."""
    _, coarse, labels = axis.partition("~")
    return tuple(map(int, labels.split("."))) if coarse else None


def join_classes(columns: Sequence[tuple[int, ...]]) -> tuple[int, ...]:
    """The coarsest classes that keep apart what any of these does, numbered by first action."""
    seen: dict[tuple[int, ...], int] = {}
    return tuple(seen.setdefault(row, len(seen)) for row in zip(*columns, strict=True))


@jax.tree_util.register_pytree_node_class
@dataclass(frozen=True, eq=False)
class Named:
    """An array with one name per axis, in canonical order.

    form  of a law of nature, where it is known. Whatever is computed from a law has none.
    """

    data: Array
    axes: tuple[str, ...]
    form: Form | None = None

    def tree_flatten(self) -> tuple[tuple[Array], tuple[tuple[str, ...], Form | None]]:
        """Children and static part, for JAX."""
        return (self.data,), (self.axes, self.form)

    @classmethod
    def tree_unflatten(cls, static: tuple[tuple[str, ...], Form | None], children: tuple[Array]) -> Named:
        """Inverse of `tree_flatten`."""
        return cls(children[0], *static)


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


Picks = tuple[tuple[int, ...], ...]
"""For each operand, its place along an axis for each place of the result's."""


def aligned(*operands: Named) -> tuple[list[Named], dict[str, Picks]]:
    """Operands with one name for each move's axis, and how each reads off it where they are not as coarse."""
    found: dict[str, set[str]] = {}
    for x in operands:
        for axis in x.axes:
            found.setdefault(move_of(axis), set()).add(axis)
    result = list(operands)
    picks: dict[str, Picks] = {}
    for move, names in found.items():
        if len(names) == 1:
            continue
        count = next(len(c) for c in map(classes_of, names) if c is not None)
        own = {name: classes_of(name) or tuple(range(count)) for name in names}
        wanted = join_classes(list(own.values()))
        name = coarse_name(move, wanted)
        # The first action of each class of the result stands for it.
        first = [wanted.index(k) for k in range(max(wanted) + 1)]
        reads = []
        for number, x in enumerate(result):
            (mine,) = [axis for axis in x.axes if move_of(axis) == move] or [name]
            reads.append(tuple(own.get(mine, wanted)[action] for action in first))
            result[number] = Named(x.data, tuple(name if axis == mine else axis for axis in x.axes))
        picks[name] = tuple(reads)
    return result, picks


def coarse(x: Named, move: str, classes: tuple[int, ...]) -> Named:
    """`x`, which treats actions of one class alike, with one place a class."""
    if move not in x.axes:
        return x
    first = [classes.index(k) for k in range(max(classes) + 1)]
    axis = x.axes.index(move)
    name = coarse_name(move, classes)
    axes = tuple(name if other == move else other for other in x.axes)
    return Named(jnp.take(x.data, np.array(first), axis=axis), axes, x.form)


def fine(x: Named) -> Named:
    """`x` with a place for every action along each of its axes."""
    for axis, name in enumerate(x.axes):
        if (classes := classes_of(name)) is not None:
            parts = jax.lax.split(x.data, [1] * x.data.shape[axis], axis=axis)
            axes = tuple(move_of(name) if k == axis else other for k, other in enumerate(x.axes))
            x = Named(jnp.concatenate([parts[k] for k in classes], axis=axis), axes)
    return x


@dataclass(frozen=True)
class Grouped:
    """Operands ready to broadcast.

    arrays  with axes that occur together merged into one long axis
    axes    the union of axes, with `shape`
    places  name -> its axis in the arrays, for those that stay on their own
    picks   (axis in the arrays, how each operand reads off it), see `aligned`
    """

    arrays: list[Array]
    axes: tuple[str, ...]
    shape: tuple[int, ...]
    places: dict[str, int]
    picks: tuple[tuple[int, Picks], ...]


def grouped(order: Order, *operands: Named, keep: tuple[str, ...] = ()) -> Grouped:
    """Operands ready to broadcast, with axes that occur together merged into one long axis.

    Axes in a period are short (two to six levels) and a loop over a short axis is slow, so
    a run of neighbours that each operand has or lacks as a whole is handled as one. Names in
    `keep` stay on their own.
    """
    same, reads = aligned(*operands)
    axes = order.sort(set().union(*(x.axes for x in same)))
    own = [dict(zip(x.axes, x.data.shape, strict=True)) for x in same]
    sizes = {name: size for each in own for name, size in each.items()}
    sizes |= {name: len(picks[0]) for name, picks in reads.items()}
    alone = {*keep, *reads}
    present = [tuple(name in x.axes for x in same) for name in axes]
    groups: list[list[int]] = []
    for number, name in enumerate(axes):
        apart = number and alone & {name, axes[number - 1]}
        if number and not apart and present[number] == present[number - 1]:
            groups[-1].append(number)
        else:
            groups.append([number])
    arrays = []
    for each, x in zip(own, same, strict=True):
        shape = [math.prod(each.get(axes[number], 1) for number in group) for group in groups]
        arrays.append(x.data.reshape(shape))
    places = {axes[group[0]]: n for n, group in enumerate(groups) if axes[group[0]] in alone}
    return Grouped(
        arrays,
        axes,
        tuple(sizes[name] for name in axes),
        places,
        tuple((places[name], picks) for name, picks in reads.items()),
    )


def scale_shift(order: Order, a: Named, f: Named, c: Named) -> Named:
    """a·f + c, aligned by name."""
    g = grouped(order, a, f, c)
    return Named(kernels.scale_shift(*g.arrays, picks=g.picks).reshape(g.shape), g.axes)


def sum_product(order: Order, a: Named, b: Named, name: str) -> Named:
    """Sum over `name` of a·b, aligned by name."""
    g = grouped(order, a, b, keep=(name,))
    return _contracted(g, name, kernels.contract(*g.arrays, place=g.places[name], picks=g.picks))


def expect(order: Order, law: Named, f: Named, here: str, there: str) -> Named:
    """The expectation of `f`, a function of `there`, under a law from `here`."""
    allowed = law.form.allowed if law.form is not None else None
    if allowed is None or here in f.axes:
        return sum_product(order, law, f, there)
    g = grouped(order, law, f, keep=(here, there))
    result = kernels.contract(
        *g.arrays, place=g.places[there], picks=g.picks, origin=g.places[here], allowed=allowed
    )
    return _contracted(g, there, result)


def _contracted(g: Grouped, name: str, result: Array) -> Named:
    where = g.axes.index(name)
    shape = g.shape[:where] + g.shape[where + 1 :]
    return Named(result.reshape(shape), g.axes[:where] + g.axes[where + 1 :])


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
