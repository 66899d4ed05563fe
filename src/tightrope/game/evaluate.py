"""Expressions to named arrays: the value of an expression at every level of what it mentions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from tightrope.case import syntax as s
from tightrope.game.named import Named, Order, combine, scalar

_BINARY = {"+": jnp.add, "-": jnp.subtract, "*": jnp.multiply, "/": jnp.divide, "**": jnp.power}
_COMPARE = {
    "==": jnp.equal,
    "!=": jnp.not_equal,
    "<": jnp.less,
    "<=": jnp.less_equal,
    ">": jnp.greater,
    ">=": jnp.greater_equal,
}


def _truth(x: Array) -> Array:
    return (x != 0).astype(jnp.float64)


@dataclass
class Evaluator:
    """Evaluates resolved expressions for one parameter vector.

    theta     (parameters,) values in the order of `index`
    tables    name -> constant named array
    defines   name -> resolved node; each is evaluated once and remembered
    """

    order: Order
    levels: Mapping[str, int]
    index: Mapping[str, int]
    tables: Mapping[str, tuple[np.ndarray, tuple[str, ...]]]
    defines: Mapping[str, s.Node]
    theta: Array
    memory: dict[str, Named] = field(default_factory=dict)

    def __call__(self, node: s.Node) -> Named:
        """The named array of `node`; its axes are the variables that it mentions."""
        match node:
            case s.Number(value):
                return scalar(value)
            case s.Parameter(name):
                return Named(self.theta[self.index[name]], ())
            case s.Variable(name):
                return Named(jnp.arange(self.levels[name], dtype=jnp.float64), (name,))
            case s.TableValue(name):
                data, axes = self.tables[name]
                return Named(jnp.asarray(data), axes)
            case s.Defined(name):
                if name not in self.memory:
                    self.memory[name] = self(self.defines[name])
                return self.memory[name]
            case s.Negate(operand):
                return self._apply(jnp.negative, operand)
            case s.Binary("**", left, s.Number(power)) if power == int(power):
                return self._apply(lambda x: jnp.asarray(x) ** int(power), left)
            case s.Binary(operator, left, right):
                return self._apply(_BINARY[operator], left, right)
            case s.Compare(operator, left, right):
                return self._apply(lambda a, b: _COMPARE[operator](a, b).astype(jnp.float64), left, right)
            case s.Logic("and", operands):
                return self._apply(lambda *xs: _all([_truth(x) for x in xs]), *operands)
            case s.Logic("or", operands):
                return self._apply(lambda *xs: 1.0 - _all([1.0 - _truth(x) for x in xs]), *operands)
            case s.Not(operand):
                return self._apply(lambda x: 1.0 - _truth(x), operand)
            case s.Call(function, arguments):
                return self._apply(_FUNCTIONS[function], *arguments)
            case _:
                raise TypeError(f"{node!r} was not resolved")

    def _apply(self, function: object, *nodes: s.Node) -> Named:
        return combine(self.order, function, *(self(node) for node in nodes))  # type: ignore[arg-type]


def _all(xs: list[Array]) -> Array:
    result = xs[0]
    for x in xs[1:]:
        result = result * x
    return result


def _fold(function: object) -> object:
    def folded(*xs: Array) -> Array:
        result = xs[0]
        for x in xs[1:]:
            result = function(result, x)  # type: ignore[operator]
        return result

    return folded


_FUNCTIONS: dict[str, object] = {
    "where": lambda test, a, b: jnp.where(test != 0, a, b),
    "min": _fold(jnp.minimum),
    "max": _fold(jnp.maximum),
    "exp": jnp.exp,
    "log": jnp.log,
    "sqrt": jnp.sqrt,
    "logistic": jax.nn.sigmoid,
    "clip": lambda x, low, high: jnp.minimum(jnp.maximum(x, low), high),
}
