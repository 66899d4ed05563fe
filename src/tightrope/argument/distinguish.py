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
from tightrope.record.coding import CodedRecord
from tightrope.record.filter import Evidence
from tightrope.record.likelihood import filter_record

MOST_TIMES = 4
"""Counts of a move are asked up to this many times."""
LEAST = 1e-12
"""A probability is not taken to be nearer to zero or one than this: nats stay finite."""


@dataclass(frozen=True, eq=False)
class Side:
    """One reading, solved, at the end of the record as its own case codes it.

    start  distribution, (*states), when the first unknown period opens
    """

    name: str
    found: Equilibrium
    evidence: Evidence
    coded: CodedRecord
    start: np.ndarray

    @property
    def game(self) -> Game:
        """The game that is solved."""
        return self.found.game


class CannotCompare(ValueError):
    """Two readings that see nothing in common, or not at the same time."""


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


def stand(evidence: Evidence, coded: CodedRecord, name: str, found: Equilibrium) -> Side:
    """A solved reading at the record's end.

    coded  the record that `evidence` was prepared from

    Raises NotCertified without a good certificate, CannotCompare where the record cannot have happened.
    """
    numbers, strategies = played(found.require())
    filtered = filter_record(evidence, found.theta, found.z)
    start = next_opening(evidence, filtered, numbers, strategies)
    if not np.isfinite(start).all():
        raise CannotCompare(f"{name} gives the record a probability of zero, so it stands nowhere at its end")
    return Side(name, found, evidence, coded, start)


def first_period(sides: Sequence[Side]) -> str:
    """The first period that neither reading knows. Raises CannotCompare where records end apart."""
    ends = {side.evidence.periods[-1] for side in sides}
    if len(ends) > 1:
        raise CannotCompare(f"the records end in different periods: {' and '.join(sorted(ends))}")
    return str(parse_period(ends.pop()) + 1)


def shared(sides: Sequence[Side]) -> tuple[str, ...]:
    """Names of states, moves and terminals that mean the same in both games, in the order of the first.

    Raises CannotCompare without any that can be seen.
    """
    one, other = (side.game for side in sides)
    names = [n for n in (*one.states, *one.moves) if other.levels.get(n) == one.levels[n]]
    names = [n for n in names if (n in one.moves) == (n in other.moves)]
    if not any(n in one.moves or not one.case.states[n].latent for n in names):
        raise CannotCompare("the two cases have no state and no move in common, by name and levels")
    return (*names, *(t for t in one.terminals if t in other.terminals))


def candidates(sides: Sequence[Side], *, first: str, periods: int) -> Iterator[tuple[str, Event]]:
    """Events that what both games have in common can show within so many periods, each with its text.

    States that are observed: reached by the deadline, or there at it. Moves: made at all, made several times.
    Terminals: entered by the deadline.
    """
    game, common = sides[0].game, shared(sides)
    span, last, end = _span(first, periods)
    for name, state in game.case.states.items():
        if state.latent or name not in common:
            continue
        for level in game.levels[name]:
            yield f"{name} == {level} at {end}", At(name, (level,), end)
            yield f"{name} reaches {level} in {span}", Reaches(name, _reached(game, name, level), first, last)
    for move in (m for m in game.moves if m in common):
        for action in game.levels[move]:
            yield f"any {move}.{action} in {span}", AnyMove(move, action, first, last)
            for k in range(2, min(MOST_TIMES, periods) + 1):
                yield f"count({move}.{action}) >= {k} in {span}", CountMove(move, action, k, first, last)
    for terminal in (t for t in game.terminals if t in common):
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
    span, _, _ = _span(first, periods)
    one, common = sides[0].game, shared(sides)
    solved = [played(side.found) for side in sides]
    pairs = [list(_pairs(side.game)) for side in sides]
    found = []
    for early, late in (p for p in pairs[0] if p in pairs[1] and set(p) <= set(common)):
        for k, asked in enumerate(one.levels[early]):
            for n, reply in enumerate(one.levels[late]):
                spared = np.ones((len(one.levels[early]), len(one.levels[late])))
                spared[k, n] = 0.0
                chances = []
                for side, numbers in zip(sides, solved, strict=True):
                    run = _never(side.game, early, late)
                    never = run(*numbers, jnp.asarray(spared), jnp.asarray(side.start), periods=periods)
                    chances.append(min(max(1.0 - float(never), 0.0), 1.0))
                found.append(Observation(f"{late}.{reply} under {early}.{asked} in {span}", *chances))
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
    """Each event's probability under two readings, in the order given.

    Raises `forecast.automaton.CannotFollow` for an event that no automaton follows.
    """
    chances = []
    for side in sides:
        joined = Joined()
        for text, event in events:
            joined.add(side.game, text, event, first=first)
        tables = joined.tables(side.game)
        if tables is None:
            return []
        values = probabilities(side.game, laws_of(*played(side.found)), side.start, tables)
        chances.append(joined.read(values[None])[0])
    return [Observation(text, float(chances[0][text][0]), float(chances[1][text][0])) for text, _ in events]
