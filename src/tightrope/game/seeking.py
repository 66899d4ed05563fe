"""From a start to a fixed point: mixing in legs, each steered by where play then sends values, then Newton.

Three programs, compiled apart: many games never need the last one, which is most of what there is to compile.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp
from jax import Array

from tightrope.compiled.kept import kept
from tightrope.game.anderson import SWEEPS, Map, Mixing, begin, mix
from tightrope.game.chains import Chains, spread
from tightrope.game.fixed_point import Root, by_newton

FIRST_SWEEPS = 20
"""Sweeps from a start that is nobody's solution, before play is looked at for where it sends values."""
LEG = 100
"""Sweeps after which it is looked at again."""


@dataclass(frozen=True)
class Programs:
    """Compiled pieces of a search for z = T(z, given); `given` has a field `chains`.

    before  z0 -> the state of mixing
    mixing  (given, state, most sweeps in all) -> state
    newton  (given, Root) -> Root
    """

    before: Callable[[Array], Mixing]
    mixing: Callable[[Any, Mixing, int], Mixing]
    newton: Callable[[Any, Root], Root]


def guess_ahead(given: Any, gap: Array) -> Array:
    """How far the fixed point may be from a gap, by the chains."""
    return spread(given.chains, gap)


def programs(function: Map, tolerance: float, *, of: Sequence[object] | None = None) -> Programs:
    """The pieces for one map; `of` says what it closes over (see `kept`)."""

    def mixing(given: Any, state: Mixing, most: Array) -> Mixing:
        return mix(function, state, given, tolerance=tolerance, most=most, guess=guess_ahead)

    def newton(given: Any, root: Root) -> Root:
        return by_newton(function, root, given, tolerance=tolerance, guess=guess_ahead)

    told = None if of is None else [*of, tolerance]
    return Programs(kept(begin, of=[]), kept(mixing, of=told, donated=(1,)), kept(newton, of=told))


def seek(
    pieces: Programs,
    given: Any,
    z0: Array,
    chains_at: Callable[[Array], Chains],
    *,
    tolerance: float,
    near: bool = False,
    newton: bool = True,
) -> Root:
    """A fixed point from z0, shape (n,). Not traceable.

    chains_at  z -> where play sends values if they are z
    near       whether z0 is a neighbour's solution: play there is then looked at before the first sweep
    newton     whether to go on by Newton where mixing does not settle
    """
    state = pieces.before(z0)
    if not near:
        state = pieces.mixing(given, state, FIRST_SWEEPS)
    while float(state.best_residual) > tolerance and int(state.taken) < SWEEPS:
        given = given._replace(chains=chains_at(state.best))
        state = pieces.mixing(given, state, min(SWEEPS, int(state.taken) + LEG))
    root = Root(state.best, state.best_residual, state.taken, jnp.asarray(0), jnp.asarray(False))
    if newton and float(root.residual) > tolerance:
        root = pieces.newton(given, root)
    return root
