"""Rare events without simulation: when a feared state is first reached, and the likeliest way there.

First-passage probabilities are sums of products of non-negative numbers, so that one of 1e-9 is
as exact, digit for digit, as one of 0.1 (Kemeny and Snell 1960). The likeliest path replaces each
sum by a maximum (Viterbi 1967). Both walk the period's moves and form no matrix over states; the
world's view of nature holds, strategies are the equilibrium's.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache, reduce
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from tightrope.game.equilibrium import Equilibrium
from tightrope.game.forward import pull
from tightrope.game.named import Named, combine, multiply, rename, scalar
from tightrope.game.plan import WORLD, Change, Choice, Exit, after
from tightrope.game.primitives import Primitives
from tightrope.game.roots import Convention, primitives_function, strategies_function

if TYPE_CHECKING:
    import xarray as xr


@dataclass(frozen=True)
class Path:
    """One way from a state to a feared outcome, move by move.

    periods      by period, what happened, in order: (move, action), (variable that nature changed, its
                 new level) or (exit, the terminal entered or `no`)
    probability  of exactly this course of events
    """

    periods: tuple[tuple[tuple[str, str], ...], ...]
    probability: float


def first_passage(
    found: Equilibrium,
    *,
    levels: Mapping[str, Collection[str]] | None = None,
    terminals: Collection[str] = (),
    periods: int,
) -> xr.DataArray:
    """P(first there at the start of period t | state now), shape (period, *states), t = 0, ..., periods.

    levels     state variable -> levels that are feared; all named variables must stand so
    terminals  terminals that are feared too

    Its cumulative sum over `period` is the probability by date; divided by its total it is the
    hitting time given a hit. Raises KeyError for an unknown name, ValueError for an empty target,
    NotCertified where the equilibrium's certificate is not good.
    """
    game = found.require().game
    inside, ended = _target(found, levels, terminals)
    numbers = primitives_function(game)(jnp.asarray(found.theta))
    strategies, _ = strategies_function(game, found.convention)(jnp.asarray(found.z), numbers)
    table = _passage(found, periods)(numbers, strategies, inside, ended)
    import xarray as xr

    coords = {"period": np.arange(periods + 1)} | {s: list(game.levels[s]) for s in game.states}
    return xr.DataArray(np.asarray(table), dims=("period", *game.states), coords=coords, name="first_passage")


def time_given_hit(first: xr.DataArray) -> tuple[xr.DataArray, xr.DataArray]:
    """From `first_passage`: P(time = t | reached within its periods), and the mean of that.

    Both are nan where the target is never reached.
    """
    whole = first.sum("period")
    given = first / whole.where(whole > 0)
    return given, (given * given["period"]).sum("period", skipna=False)


def _target(
    found: Equilibrium, levels: Mapping[str, Collection[str]] | None, terminals: Collection[str]
) -> tuple[Array, dict[str, Array]]:
    game = found.game
    inside = np.full(game.shape, bool(levels))
    for name, allowed in (levels or {}).items():
        if name not in game.states or not set(allowed) <= set(game.levels[name]):
            raise KeyError(f"{name}: {sorted(allowed)} is not a state variable with such levels")
        mask = np.array([level in allowed for level in game.levels[name]])
        inside &= mask.reshape([-1 if name == s else 1 for s in game.states])
    unknown = set(terminals) - set(game.terminals)
    if unknown:
        raise KeyError(f"no terminal {sorted(unknown)}; there are {list(game.terminals)}")
    if not levels and not terminals:
        raise ValueError("name the levels or the terminals that are feared")
    ended = {name: jnp.asarray(float(name in terminals)) for name in game.terminals}
    return jnp.asarray(inside, dtype=float), ended


def _passage(found: Equilibrium, periods: int) -> Any:
    return _compiled(found.game, found.convention, periods)


@lru_cache(maxsize=16)
def _compiled(game: Any, convention: Convention, periods: int) -> Any:
    @jax.jit
    def run(
        numbers: Primitives, strategies: dict[str, Named], inside: Array, ended: dict[str, Array]
    ) -> Array:
        def step(carry: tuple[Array, Array], _: None) -> tuple[tuple[Array, Array], Array]:
            f, fresh = carry
            gone = {name: value * fresh for name, value in ended.items()}
            moved = (1.0 - inside) * pull(game, numbers, strategies, f, gone)
            return (moved, jnp.asarray(0.0)), moved

        # A terminal counts as reached once, in the period in which the game ends there.
        _, later = jax.lax.scan(step, (inside, jnp.asarray(1.0)), None, length=periods)
        return jnp.concatenate([inside[None], later])

    return run


def likeliest_path(
    found: Equilibrium,
    start: Mapping[str, str],
    *,
    levels: Mapping[str, Collection[str]] | None = None,
    terminals: Collection[str] = (),
    periods: int,
) -> Path:
    """The single most probable course of events from `start` to the target within `periods` periods.

    start  state variable -> level, every variable named. `levels` and `terminals` as in `first_passage`

    Raises ValueError where no path leads there in time; KeyError for an unknown name.
    """
    game = found.require().game
    inside, ended = _target(found, levels, terminals)
    here = {name: game.levels[name].index(start[name]) for name in game.states}
    numbers = primitives_function(game)(jnp.asarray(found.theta))
    strategies, _ = strategies_function(game, found.convention)(jnp.asarray(found.z), numbers)
    best = [inside]
    for t in range(periods):
        gone = {name: value * float(t == 0) for name, value in ended.items()}
        moments = _best_back(found, numbers, strategies, best[-1], gone)
        whole = jnp.broadcast_to(_aligned(moments[0].f, game.states), game.shape)
        best.append((1.0 - inside) * whole)
    place = tuple(here.values())
    chances = [float(b[place]) for b in best]
    length = int(np.argmax(chances))
    if not chances[length] > 0.0:
        raise ValueError(f"no path of positive probability leads there within {periods} periods")
    told = []
    for left in range(length, 0, -1):
        gone = {name: value * float(left == 1) for name, value in ended.items()}
        events, here = _follow(found, _best_back(found, numbers, strategies, best[left - 1], gone), here)
        told.append(tuple(events))
    return Path(tuple(told), chances[length])


@dataclass(frozen=True)
class _Moment:
    """Before a step: the best probability from here on, and that of each of the step's outcomes."""

    f: Named
    name: str
    kind: str
    outcomes: Named | dict[str, Named]


def _top(x: Named, name: str) -> Named:
    where = x.axes.index(name)
    return Named(jnp.max(x.data, axis=where), x.axes[:where] + x.axes[where + 1 :])


def _best_back(
    found: Equilibrium,
    numbers: Primitives,
    strategies: Mapping[str, Named],
    f: Array,
    ended: Mapping[str, Array],
) -> list[_Moment]:
    """The period walked back with maxima in place of sums: its moments, first one first."""
    game, order = found.game, found.game.order
    value = Named(f, game.states)
    moments: list[_Moment] = []
    for position in range(len(game.plan.steps) - 1, -1, -1):
        match game.plan.steps[position]:
            case Change(_, variable, _, _):
                primed = after(variable)
                if variable not in value.axes:
                    value = multiply(order, value, Named(jnp.ones(game.sizes[variable]), (variable,)))
                both = multiply(
                    order, numbers.kernels[position][WORLD], rename(order, value, variable, primed)
                )
                value = _top(both, primed)
                moments.append(_Moment(value, variable, "change", both))
            case Choice(moves):
                for move in reversed(moves):
                    both = multiply(order, strategies[move.move], value)
                    value = _top(both, move.move)
                    moments.append(_Moment(value, move.move, "move", both))
            case Exit(name, _, _):
                law = numbers.exits[position][WORLD]
                ways = {"no": combine(order, lambda p, x: (1.0 - p) * x, law.probability, value)}
                for terminal, share in law.shares.items():
                    leave = multiply(order, law.probability, share)
                    ways[terminal] = multiply(order, leave, scalar(ended[terminal]))
                value = reduce(lambda a, b: combine(order, jnp.maximum, a, b), ways.values())
                moments.append(_Moment(value, name, "exit", ways))
    return moments[::-1] or [_Moment(value, "", "none", {})]


def _follow(
    found: Equilibrium, moments: list[_Moment], here: Mapping[str, int]
) -> tuple[list[tuple[str, str]], dict[str, int]]:
    """Take the best outcome at each moment: what happened, and the state at the period's end."""
    game = found.game
    now = dict(here)
    events: list[tuple[str, str]] = []
    for moment in moments:
        if isinstance(moment.outcomes, dict):
            ways = {name: float(_at(x, now)) for name, x in moment.outcomes.items()}
            taken = max(ways, key=ways.__getitem__)
            events.append((moment.name, taken))
            if taken != "no":
                break
            continue
        axis = after(moment.name) if moment.kind == "change" else moment.name
        pick = int(jnp.argmax(_at(moment.outcomes, {k: v for k, v in now.items() if k != axis})))
        now[moment.name] = pick
        events.append((moment.name, game.levels[moment.name][pick]))
    return events, {name: now[name] for name in game.states}


def _at(x: Named, now: Mapping[str, int]) -> Array:
    return x.data[tuple(now.get(axis, slice(None)) for axis in x.axes)]


def _aligned(x: Named, axes: tuple[str, ...]) -> Array:
    shape: Iterator[int] = iter(x.data.shape)
    return x.data.reshape([next(shape) if axis in x.axes else 1 for axis in axes])


__all__ = ["Path", "first_passage", "likeliest_path", "time_given_hit"]
