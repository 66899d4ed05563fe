"""Solve a game: the Markov logit quantal response equilibrium and its certificate.

The solution concept is the agent form of McKelvey & Palfrey (1998) in stationary
Markov strategies: at every move, in every state, an action's probability is logit
in its expected payoff given everybody's strategies, the mover's own later moves
included. Each mover weighs chances by its own view of nature.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from tightrope.game.certificate import Branch, Certificate, NotCertified, Status
from tightrope.game.compile import Game
from tightrope.game.fixed_point import Method, Root
from tightrope.game.layout import layout, pack, random_start, start
from tightrope.game.named import Named
from tightrope.game.primitives import primitives
from tightrope.game.roots import (
    TOLERANCE,
    Convention,
    find_root,
    look_function,
    prepared,
    prepared_sweep,
    primitives_function,
    root_function,
    solve_root,
    strategies_at,
    strategies_function,
    sweep_function,
)
from tightrope.game.walk import Strategies

if TYPE_CHECKING:
    import xarray as xr


@dataclass(frozen=True, eq=False)
class Equilibrium:
    """A solved game at one parameter vector.

    values      (player, *states) expected discounted payoffs at the start of a period
    strategies  move -> labelled probabilities; axes that a move does not depend on are absent
    theta       (parameters,) the parameter vector
    z           the raw fixed point, a warm start for a neighbour
    """

    game: Game
    theta: np.ndarray
    convention: Convention
    z: np.ndarray
    values: xr.DataArray
    strategies: Mapping[str, xr.DataArray]
    certificate: Certificate

    def require(self) -> Equilibrium:
        """This equilibrium, or NotCertified when its certificate is not good."""
        if not self.certificate.good:
            raise NotCertified(self.certificate)
        return self


def named_strategies(found: Equilibrium) -> Strategies:
    """Its strategies as arrays that the operators take: move -> probability over the axes that it has."""
    return {
        move: Named(jnp.asarray(table.values), tuple(str(axis) for axis in table.dims))
        for move, table in found.strategies.items()
    }


@jax.jit
def _largest_gap(one: Strategies, other: Strategies) -> Array:
    """The largest difference in any choice probability."""
    return jnp.max(jnp.stack([jnp.max(jnp.abs(one[m].data - other[m].data)) for m in one]))


@lru_cache(maxsize=64)
def _solver(game: Game, convention: Convention, tolerance: float, method: Method) -> Any:
    look = look_function(game, convention)

    def run(
        theta: Array, warm: Array | None, branch: Branch
    ) -> tuple[Root, Strategies, float, float, str, Branch, tuple[float, ...]]:
        numbers = primitives_function(game)(theta)
        root, way, found, turns = find_root(
            game,
            numbers,
            convention=convention,
            tolerance=tolerance,
            warm=warm,
            branch=branch,
            method=method,
        )
        strategies, image, gain = look(root.z, numbers)
        again, *_ = look(image, numbers)
        change = float(_largest_gap(strategies, again)) if strategies else 0.0
        return root, strategies, change, float(gain), way, found, turns

    return run


def solve(
    game: Game,
    theta: np.ndarray | None = None,
    *,
    convention: Convention = "agent",
    tolerance: float = TOLERANCE,
    warm: np.ndarray | None = None,
    branch: Branch | None = None,
    method: Method = "automatic",
    restarts: int = 0,
    seed: int = 0,
) -> Equilibrium:
    """The stationary equilibrium at `theta` (default: the reference values).

    branch    `principal` (the default): the first crossing of the game's precisions on the
              branch that begins at uniform play; `direct`: what is found from zero values,
              five to fifteen times as quick; `warm`: what is found from `warm` (the default
              where one is given)
    warm      a neighbouring solution's `z` to start from
    method    of a direct or warm solve: `sweeps`, `anderson`, `newton`, or `automatic` (mixing, then
              Newton where that stalls); see `fixed_point`
    restarts  further random starts; the certificate says how closely they agree

    tolerance is of the residual in log-odds (see `Certificate`), so that the unit in which payoffs are
    written does not matter.

    The result always comes with a certificate, which names the branch; `Equilibrium.require`
    refuses a bad one.
    """
    vector = np.asarray(game.theta() if theta is None else theta, dtype=float)
    run = _solver(game, convention, tolerance, method)
    usual: Branch = "principal" if method == "automatic" else "direct"
    wanted: Branch = branch or (usual if warm is None else "warm")
    if wanted == "principal" and method != "automatic":
        raise ValueError(f"the principal branch is walked and not solved by {method}; leave `method` out")
    if wanted == "warm" and warm is None:
        raise ValueError("a warm start needs a fixed point to start from")
    root, strategies, change, gain, method, found, turns = run(
        jnp.asarray(vector), None if warm is None else jnp.asarray(warm), wanted
    )
    agreement = float("nan")
    if restarts:
        scale = max(1.0, float(np.max(np.abs(np.asarray(root.z)))))
        gaps = []
        for number in range(restarts):
            begin = random_start(game, scale=scale, seed=seed + number)
            other, elsewhere, *_ = run(jnp.asarray(vector), begin, "warm")
            if float(other.residual) <= tolerance:
                gaps.append(
                    max(float(jnp.max(jnp.abs(elsewhere[m].data - strategies[m].data))) for m in strategies)
                )
        agreement = max(gaps) if gaps else float("nan")
    certificate = Certificate(
        status=_status(root, tolerance),
        residual=float(root.residual),
        strategy_residual=change,
        tolerance=tolerance,
        iterations=int(root.sweeps) + int(root.steps),
        method=method,
        branch=found,
        turns=turns,
        restarts=restarts,
        agreement=agreement,
        deviation=gain,
    )
    return _label(game, vector, convention, np.asarray(root.z), strategies, certificate)


def _status(root: Root, tolerance: float) -> Status:
    residual = float(root.residual)
    if residual <= tolerance:
        return "converged"
    if np.isfinite(residual) and bool(root.stalled):
        return "cycling"
    return "not converged"


def _label(
    game: Game,
    theta: np.ndarray,
    convention: Convention,
    z: np.ndarray,
    strategies: Mapping[str, Named],
    certificate: Certificate,
) -> Equilibrium:
    shape = layout(game).values
    table = _frame(game, "values", ("player", *game.states)).copy(
        deep=False, data=np.asarray(z)[: int(np.prod(shape))].reshape(shape)
    )
    labelled = {
        move: _frame(game, move, probability.axes).copy(deep=False, data=np.asarray(probability.data))
        for move, probability in strategies.items()
    }
    return Equilibrium(game, theta, convention, z, table, labelled, certificate)


@lru_cache(maxsize=256)
def _frame(game: Game, name: str, axes: tuple[str, ...]) -> xr.DataArray:
    """An empty labelled table over these axes; making its labels anew takes longer than a sweep."""
    import xarray as xr

    labels = {axis: list(game.players if axis == "player" else game.levels[axis]) for axis in axes}
    blank = np.broadcast_to(np.nan, [len(labels[axis]) for axis in axes])
    return xr.DataArray(blank, dims=axes, coords=labels, name=name)


@lru_cache(maxsize=64)
def _finite(game: Game, convention: Convention) -> Any:
    @jax.jit
    def run(theta: Array, periods: Array, z0: Array) -> tuple[Array, Strategies]:
        given = prepared(game, primitives(game, theta))
        sweep = prepared_sweep(game, convention)
        before = jax.lax.fori_loop(0, periods - 1, lambda _, z: sweep(z, given), z0)
        return sweep(before, given), strategies_at(game, before, given.numbers, convention)

    return run


def solve_finite(
    game: Game,
    theta: np.ndarray | None = None,
    *,
    periods: int,
    final: Mapping[str, float] | None = None,
    convention: Convention = "agent",
) -> Equilibrium:
    """Backward induction over `periods` periods: values and strategies of the first one.

    final  value of every live state after the last period, by player (default zero)

    Always exists; unique for sequential moves, so simultaneous moves are refused here.
    """
    if layout(game).mixed:
        raise ValueError(
            "backward induction over simultaneous moves is not unique; solve the stationary game"
        )
    if periods < 1:
        raise ValueError("a finite horizon needs at least one period")
    vector = np.asarray(game.theta() if theta is None else theta, dtype=float)
    values = {p: Named(jnp.full(game.shape, (final or {}).get(p, 0.0)), game.states) for p in game.players}
    z, strategies = _finite(game, convention)(
        jnp.asarray(vector), jnp.asarray(periods), pack(game, values, {})
    )
    certificate = Certificate("finite horizon", 0.0, 0.0, 0.0, periods, "backward induction")
    return _label(game, vector, convention, np.asarray(z), strategies, certificate)


__all__ = [
    "TOLERANCE",
    "Convention",
    "Equilibrium",
    "find_root",
    "named_strategies",
    "prepared",
    "prepared_sweep",
    "primitives_function",
    "root_function",
    "solve",
    "solve_finite",
    "solve_root",
    "start",
    "strategies_at",
    "strategies_function",
    "sweep_function",
]
