"""Exact propagation: distributions pushed forward, and events followed along the way.

A *track* is a sub-distribution over states: the part of it in which an event has not
happened yet. An event about states absorbs its mass when a period opens; an event
about moves absorbs (or counts) it when the move is made. All tracks of a forecast
are pushed together through one period after another; nothing is simulated.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from tightrope.case.calendar import parse_period
from tightrope.compiled.kept import kept
from tightrope.forecast.events import AnyMove, At, CountMove, EnteredTerminal, Event, NoTerminal, Reaches
from tightrope.forecast.laws import Laws, above, floors, laws_of
from tightrope.game.compile import Game
from tightrope.game.named import Named, broadcast
from tightrope.game.walk import expectation


@dataclass(frozen=True)
class Layout:
    """Which tracks follow which event.

    periods   how many periods are pushed
    state     events followed by one absorbing track each
    counted   events about moves, each with as many tracks as it counts up to
    """

    first: str
    periods: int
    state: tuple[Reaches, ...]
    counted: tuple[CountMove, ...]


@dataclass(frozen=True, eq=False)
class Paths:
    """What a propagation leaves behind, by opening period (0 is the first unknown period).

    marginal  variable -> (periods + 1, levels) probability of being live and at that level
    ended     terminal -> (periods + 1,) probability of having ended there
    missed    event -> (periods + 1,) probability that it has not happened yet
    """

    marginal: Mapping[str, np.ndarray]
    ended: Mapping[str, np.ndarray]
    missed: Mapping[Event, np.ndarray]


def plan_tracks(events: Sequence[Event], *, first: str) -> Layout:
    """Lay out tracks for events, the first unknown period being `first`."""
    start = parse_period(first)
    last = 0
    state: list[Reaches] = []
    counted: list[CountMove] = []
    for event in events:
        match event:
            case Reaches(last=end):
                state.append(event)
                last = max(last, parse_period(end) - start)
            case AnyMove(move, action, begin, end):
                counted.append(CountMove(move, action, 1, begin, end))
                last = max(last, parse_period(end) - start + 1)
            case CountMove(last=end):
                counted.append(event)
                last = max(last, parse_period(end) - start + 1)
            case At(on=end) | EnteredTerminal(by=end) | NoTerminal(by=end):
                last = max(last, parse_period(end) - start)
            case _:
                raise ValueError(f"no track can follow {event!r}")
    return Layout(first, last, tuple(dict.fromkeys(state)), tuple(dict.fromkeys(counted)))


def _masks(game: Game, layout: Layout, shape: tuple[int, ...], floor: Mapping[str, int]) -> dict[str, Any]:
    """Constant arrays that say which track loses what when.

    A counted event's track is pushed twice: without the move's action, and whatever the move.
    """
    start = parse_period(layout.first)
    spread = [(e, k) for e in layout.counted for k in range(e.at_least)]
    tracks = 1 + len(layout.state) + 2 * len(spread)
    keep = np.ones((tracks, *shape))
    active = np.zeros((layout.periods + 1, tracks), dtype=bool)
    for number, reached in enumerate(layout.state, start=1):
        axis = game.states.index(reached.variable)
        levels = game.levels[reached.variable][floor.get(reached.variable, 0) :]
        inside = np.array([level in reached.levels for level in levels], dtype=float)
        keep[number] = 1.0 - inside.reshape([-1 if k == axis else 1 for k in range(len(shape))])
        for opening in range(parse_period(reached.first) - start, parse_period(reached.last) - start + 1):
            if opening >= 0:
                active[opening, number] = True
    weights = {m: np.ones((layout.periods, tracks, len(game.levels[m]))) for m in game.moves}
    base = 1 + len(layout.state)
    for number, (event, _) in enumerate(spread):
        others = np.array([float(action != event.action) for action in game.levels[event.move]])
        for period in range(layout.periods):
            now = start + period
            inside_span = parse_period(event.first) <= now <= parse_period(event.last)
            weights[event.move][period, base + number] = others if inside_span else 1.0
    carry = np.zeros((len(spread), len(spread)))
    for number, (event, k) in enumerate(spread):
        if k > 0:
            carry[number, spread.index((event, k - 1))] = 1.0
    return {"keep": keep, "active": active, "weights": weights, "carry": carry, "spread": spread}


@lru_cache(maxsize=32)
def _runner(game: Game, shape: tuple[int, ...], plain: int, counted: int) -> Any:
    """Compiled propagation of 1 + states tracks and twice `counted` ones (without the action, and in all)."""
    sizes = dict(zip(game.states, shape, strict=True))

    def push(laws: Laws, live: Array, weights: dict[str, Array]) -> tuple[Array, dict[str, Array]]:
        def linear(f: Array, ended: dict[str, Array]) -> Array:
            result = expectation(
                game,
                Named(f, game.states),
                kernels=laws.kernels.__getitem__,
                exits=laws.exits.__getitem__,
                strategies=laws.strategies,
                terminals=ended,
                weights={m: Named(w, (m,)) for m, w in weights.items()},
            )
            return broadcast(result, game.states, sizes).data

        zero = {name: jnp.zeros(()) for name in game.terminals}
        return jax.linear_transpose(linear, jnp.zeros(shape), zero)(live)  # type: ignore[no-any-return]

    def run(laws: Laws, start: Array, masks: dict[str, Any]) -> Any:
        keep, carry = masks["keep"], masks["carry"]
        axes = tuple(range(1, len(shape) + 1))

        def observe(live: Array, active: Array) -> tuple[Array, Any]:
            held = jnp.where(active.reshape(-1, *([1] * len(shape))), live * keep[: live.shape[0]], live)
            base = held[0]
            marginal = {
                name: jnp.sum(base, axis=tuple(k for k in range(len(shape)) if k != number))
                for number, name in enumerate(game.states)
            }
            return held, (marginal, jnp.sum(held, axis=axes))

        def period(state: tuple[Array, dict[str, Array]], row: Any) -> Any:
            live, ended = state
            weights, active = row
            both = jnp.concatenate([live, live[plain:]])
            moved, left = jax.vmap(lambda x, w: push(laws, x, w))(both, weights)
            still = moved[: plain + counted]
            # By difference, not by a weight on the action: what ends before the move never made it.
            counts = moved[plain + counted :] - still[plain:]
            if counted:
                still = still.at[plain:].add(jnp.tensordot(carry, counts, axes=1))
            gone = {}
            for name in game.terminals:
                out = left[name][: plain + counted]
                if counted:
                    # mass that ends in the very period of its last counted move has had its event
                    out = out.at[plain:].add(carry @ (left[name][plain + counted :] - out[plain:]))
                gone[name] = ended[name] + out
            held, seen = observe(still, active)
            return (held, gone), (*seen, gone)

        live = jnp.broadcast_to(start, (plain + counted, *shape))
        first = jnp.arange(plain + counted)
        # a count starts at zero: only the first of an event's tracks holds mass
        live = jnp.where((masks["starts"][first] > 0).reshape(-1, *([1] * len(shape))), live, 0.0)
        held, seen = observe(live, masks["active"][0][: plain + counted])
        none = {name: jnp.zeros(plain + counted) for name in game.terminals}
        _, path = jax.lax.scan(
            period, (held, none), (masks["weights"], masks["active"][1:, : plain + counted])
        )
        return (*seen, none), path

    return kept(run, of=[game, shape, plain, counted])


def propagate(
    game: Game, laws: Laws, start: np.ndarray, events: Sequence[Event], *, first: str, periods: int = 0
) -> Paths:
    """Push a distribution forward and follow events.

    start    (*states) distribution when period `first` opens (sums to one)
    events   answerable events; at least `periods` periods are pushed in any case
    """
    layout = plan_tracks(events, first=first)
    layout = Layout(first, max(layout.periods, periods, 1), layout.state, layout.counted)
    floor = floors(game, start)
    small = start[tuple(slice(floor.get(name, 0), None) for name in game.states)]
    masks = _masks(game, layout, small.shape, floor)
    spread = masks.pop("spread")
    plain = 1 + len(layout.state)
    masks["starts"] = np.array([1.0] * plain + [float(k == 0) for _, k in spread])
    run = _runner(game, small.shape, plain, len(spread))
    begun, path = run(above(laws, floor), jnp.asarray(small), jax.tree_util.tree_map(jnp.asarray, masks))
    marginal, sums, ended = jax.tree_util.tree_map(
        lambda a, b: np.concatenate([np.asarray(a)[None], np.asarray(b)]), begun, path
    )
    full = {}
    for name in game.states:
        table = np.zeros((layout.periods + 1, len(game.levels[name])))
        table[:, floor.get(name, 0) :] = marginal[name]
        full[name] = table
    missed: dict[Event, np.ndarray] = {}
    for number, reached in enumerate(layout.state, start=1):
        counts_as = _counting(game, reached.variable, reached.levels)
        lost = sum((ended[t][:, number] for t in game.terminals if t not in counts_as), np.zeros(len(sums)))
        missed[reached] = sums[:, number] + lost
    for event in layout.counted:
        rows = [plain + k for k, (e, _) in enumerate(spread) if e == event]
        missed[event] = sum(
            (sums[:, k] + sum(ended[t][:, k] for t in game.terminals) for k in rows), np.zeros(len(sums))
        )
    return Paths(full, {t: ended[t][:, 0] for t in game.terminals}, missed)


def _counting(game: Game, variable: str, levels: Sequence[str]) -> list[str]:
    """Terminals that count as one of the levels of a variable."""
    return [
        name for name, terminal in game.case.terminals.items() if terminal.counts_as.get(variable) in levels
    ]


def probability(game: Game, paths: Paths, event: Event, *, first: str) -> float:
    """The probability of an event, read off a propagation that followed it.

    Raises ValueError for an event that is over before period `first` opens: the record answers it.
    """
    start = parse_period(first)

    def opening(period: str, later: int = 0) -> int:
        row = parse_period(period) - start
        if row < 0:
            raise ValueError(f"{event!r} is over before {first}: the record answers it, not a forecast")
        return row + later

    match event:
        case Reaches(last=end):
            value = 1.0 - paths.missed[event][opening(end)]
        case AnyMove(move, action, begin, end):
            value = 1.0 - paths.missed[CountMove(move, action, 1, begin, end)][opening(end, 1)]
        case CountMove(last=end):
            value = 1.0 - paths.missed[event][opening(end, 1)]
        case At(variable, levels, on):
            row = opening(on)
            inside = [game.levels[variable].index(level) for level in levels]
            value = paths.marginal[variable][row][inside].sum()
            value += sum(paths.ended[t][row] for t in _counting(game, variable, levels))
        case EnteredTerminal(terminals, by):
            value = sum(paths.ended[t][opening(by)] for t in terminals)
        case NoTerminal(terminals, by):
            value = 1.0 - sum(paths.ended[t][opening(by)] for t in terminals)
        case _:
            raise ValueError(f"{event!r} has no probability here")
    return float(min(max(value, 0.0), 1.0))


__all__ = ["Laws", "Layout", "Paths", "above", "floors", "laws_of", "plan_tracks", "probability", "propagate"]
