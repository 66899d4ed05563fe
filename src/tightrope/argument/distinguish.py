"""What would tell two readings of an argument apart: future observations by what they are expected to teach.

Both readings are solved and stand at the record's end, each with its own view of where things are. An event
that has probability p under the one and q under the other moves the log-odds between them by ln(p/q) nats if
it happens and by ln((1-p)/(1-q)) if it does not. With even odds beforehand, looking is expected to teach

    I = H((p + q)/2) - (H(p) + H(q))/2,   H(x) = -x ln x - (1-x) ln(1-x)

the mutual information between the reading and the observation (Lindley 1956), at most ln 2 = 0.69 nats.
All probabilities are exact.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from scipy.special import entr

from tightrope.case.calendar import parse_period
from tightrope.forecast.compound import probabilities
from tightrope.forecast.events import AnyMove, At, CountMove, EnteredTerminal, Event, Reaches
from tightrope.forecast.joined import Joined
from tightrope.forecast.laws import laws_of
from tightrope.forecast.origin import next_opening
from tightrope.game.compile import Game
from tightrope.game.equilibrium import Equilibrium, primitives_function, strategies_function
from tightrope.game.forward import pull
from tightrope.game.named import Named
from tightrope.game.primitives import Primitives
from tightrope.game.walk import Strategies
from tightrope.record.filter import Evidence
from tightrope.record.likelihood import filter_record

MOST_TIMES = 4
"""Counts of a move are asked up to this many times."""
LEAST = 1e-12
"""A probability is not taken to be nearer to zero or one than this: nats stay finite."""


@dataclass(frozen=True, eq=False)
class Side:
    """One reading, solved, with its distribution, (*states), when the first unknown period opens."""

    name: str
    found: Equilibrium
    start: np.ndarray


@dataclass(frozen=True)
class Observation:
    """An event that could be seen, and what seeing it would say.

    text            the event, as `tightrope ask --event` takes it but for answers (`a under b in ...`)
    first, other    its probability under the two readings
    """

    text: str
    first: float
    other: float

    @property
    def if_seen(self) -> float:
        """Nats that the first reading gains on the other if it happens."""
        return _log(self.first) - _log(self.other)

    @property
    def if_not(self) -> float:
        """The same if it does not happen."""
        return _log(1.0 - self.first) - _log(1.0 - self.other)

    @property
    def information(self) -> float:
        """Expected information in nats, at even odds between the two readings beforehand."""
        return float(information(self.first, self.other))


def information(p: np.ndarray | float, q: np.ndarray | float) -> np.ndarray:
    """Mutual information, in nats, between an event and which of two even readings is right (Lindley 1956).

    p, q  the event's probability under each

    >>> float(information(1.0, 0.0).round(6))
    0.693147
    >>> float(information(0.3, 0.3))
    0.0
    """
    both = np.stack([np.asarray(p, dtype=float), np.asarray(q, dtype=float)])

    def h(x: np.ndarray) -> np.ndarray:
        return np.asarray(entr(x) + entr(1.0 - x))

    return np.asarray(np.maximum(h(both.mean(axis=0)) - h(both).mean(axis=0), 0.0))


def _log(p: float) -> float:
    return float(np.log(max(p, LEAST)))


def stand(evidence: Evidence, name: str, found: Equilibrium) -> Side:
    """A solved reading at the record's end. Raises NotCertified without a good certificate."""
    numbers, strategies = played(found.require())
    filtered = filter_record(evidence, found.theta, found.z)
    return Side(name, found, next_opening(evidence, filtered, numbers, strategies))


def candidates(game: Game, *, first: str, periods: int) -> Iterator[tuple[str, Event]]:
    """Events that the case's own variables can show within so many periods, each with its text.

    States that are observed: reached by the deadline, or there at it. Moves: made at all, made several times.
    Terminals: entered by the deadline.
    """
    span, last, end = _span(first, periods)
    for name, state in game.case.states.items():
        if state.latent:
            continue
        for level in game.levels[name]:
            yield f"{name} == {level} at {end}", At(name, (level,), end)
            yield f"{name} reaches {level} in {span}", Reaches(name, _reached(game, name, level), first, last)
    for move in game.moves:
        for action in game.levels[move]:
            yield f"any {move}.{action} in {span}", AnyMove(move, action, first, last)
            for k in range(2, min(MOST_TIMES, periods) + 1):
                yield f"count({move}.{action}) >= {k} in {span}", CountMove(move, action, k, first, last)
    for terminal in game.terminals:
        yield f"terminal {terminal} by {end}", EnteredTerminal((terminal,), end)


def _span(first: str, periods: int) -> tuple[str, str, str]:
    begin = parse_period(first)
    last = str(begin + (periods - 1))
    return f"{first}..{last}", last, str(begin + periods)


def _reached(game: Game, name: str, level: str) -> tuple[str, ...]:
    """The level, and those above it of a variable that never falls: as the question language reads it."""
    levels = game.levels[name]
    rising = game.case.states[name].direction == "up"
    return levels[levels.index(level) :] if rising else (level,)


def answers(sides: Sequence[Side], *, first: str, periods: int) -> list[Observation]:
    """One player's action in the same period as an earlier one of another, at least once: every such pair."""
    one, other = sides
    game = one.found.game
    span, _, _ = _span(first, periods)
    solved = [played(side.found) for side in (one, other)]
    found = []
    for early, late in _pairs(game):
        run = _never(game, early, late)
        for k, asked in enumerate(game.levels[early]):
            for n, reply in enumerate(game.levels[late]):
                both = np.zeros((len(game.levels[early]), len(game.levels[late])))
                both[k, n] = 1.0
                chances = [
                    1.0
                    - float(run(*numbers, jnp.asarray(1.0 - both), jnp.asarray(side.start), periods=periods))
                    for side, numbers in zip((one, other), solved, strict=True)
                ]
                text = f"{late}.{reply} under {early}.{asked} in {span}"
                found.append(Observation(text, *(min(max(p, 0.0), 1.0) for p in chances)))
    return found


def _pairs(game: Game) -> Iterator[tuple[str, str]]:
    """Pairs of moves of two players, the earlier one first; simultaneous ones are no answers."""
    moves = game.plan.moves()
    for k, late in enumerate(moves):
        for early in moves[:k]:
            apart = game.plan.position_of(early.move) < game.plan.position_of(late.move)
            if early.player != late.player and apart:
                yield early.move, late.move


def played(found: Equilibrium) -> tuple[Primitives, Strategies]:
    """The primitives and strategies of an equilibrium as arrays with named axes."""
    numbers = primitives_function(found.game)(jnp.asarray(found.theta))
    strategies, _ = strategies_function(found.game, found.convention)(jnp.asarray(found.z), numbers)
    return numbers, strategies


@lru_cache(maxsize=32)
def _never(game: Game, early: str, late: str) -> Any:
    """Compiled: the chance that no period meets a zero of a factor over both moves; an end meets none."""
    position = game.plan.position_of(late)
    over = dict.fromkeys(game.terminals, 1.0)

    @partial(jax.jit, static_argnames="periods")
    def run(
        numbers: Primitives, strategies: Strategies, factor: Array, start: Array, *, periods: int
    ) -> Array:
        axes = game.order.sort({early, late})
        spared = Named(factor if axes == (early, late) else factor.T, axes)

        def back(_: int, f: Array) -> Array:
            return pull(game, numbers, strategies, f, over, inserts={position: spared})

        return jnp.sum(start * jax.lax.fori_loop(0, periods, back, jnp.ones(game.shape)))

    return run


def observations(
    sides: Sequence[Side], events: Sequence[tuple[str, Event]], *, first: str
) -> list[Observation]:
    """Each event's probability under two readings of one game, in the order given.

    Raises `forecast.automaton.CannotFollow` for an event that no automaton follows.
    """
    one, other = sides
    game = one.found.game
    joined = Joined()
    for text, event in events:
        joined.add(game, text, event, first=first)
    tables = joined.tables(game)
    if tables is None:
        return []
    chances = []
    for side in (one, other):
        values = probabilities(game, laws_of(*played(side.found)), side.start, tables)
        chances.append(joined.read(values[None])[0])
    return [Observation(text, float(chances[0][text][0]), float(chances[1][text][0])) for text, _ in events]
