"""Why this action, here: every option's worth by payoff term, now and later, and the odds between two.

A *point* is where a mover decides: the states as they then stand, and the moves that it may have
seen. Everything is read off an explanation (`game.explain`), so the parts add up exactly.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import jax.numpy as jnp
import numpy as np
import xarray as xr

from tightrope.case.errors import near_or_list
from tightrope.case.schema import PlayerMove
from tightrope.game.compile import Game
from tightrope.game.equilibrium import Equilibrium, primitives_function
from tightrope.game.explain import Explanation
from tightrope.game.plan import Choice

Point = Mapping[str, str]
"""State variable or earlier move -> its level or action."""
NOW, LATER = "now", "later"


class UnknownPoint(ValueError):
    """A state, level, move or action that the case does not have; the message says what it has."""


@dataclass(frozen=True)
class Reason:
    """One mover at one point.

    probability  (action) of each action there; zero where it is closed
    worth        (action, part, when) the mover's expected discounted payoff from this period on, by
                 payoff term, terminal (`at TERMINAL`) and, under `ev1`, surplus; `when` is now (this
                 period) or later
    precision    by which differences of worth become log-odds
    """

    move: str
    player: str
    point: Point
    probability: xr.DataArray
    worth: xr.DataArray
    precision: float

    @property
    def likeliest(self) -> str:
        """The action taken most often here."""
        return str(self.probability["action"].values[int(np.argmax(self.probability.values))])

    @property
    def runner_up(self) -> str:
        """The action taken most often but one."""
        order = np.argsort(-self.probability.values, kind="stable")
        return str(self.probability["action"].values[int(order[1])])

    def log_odds(self, action: str, against: str) -> xr.DataArray:
        """The log-odds ln σ(action)/σ(against) by (part, when); they sum to it.

        Raises UnknownPoint for an action that the move does not have, or that is closed here.
        """
        for name in (action, against):
            known = [str(a) for a in self.probability["action"].values]
            if name not in known:
                raise UnknownPoint(f"{self.move} has no action {name!r}; {near_or_list(name, known)}")
            if not float(self.probability.sel(action=name)) > 0:
                raise UnknownPoint(f"{self.move} cannot be {name} here, so there are no odds to split")
        return self.precision * (
            self.worth.sel(action=action, drop=True) - self.worth.sel(action=against, drop=True)
        )


def moves_before(game: Game, move: str) -> tuple[str, ...]:
    """The moves of a period that are made before `move`; those made at the same time are not."""
    position = game.plan.position_of(move)
    earlier = (step for step in game.plan.steps[:position] if isinstance(step, Choice))
    return tuple(m.move for step in earlier for m in step.moves)


def starting_levels(game: Game) -> dict[str, str]:
    """The likeliest level of each state variable at the case's start."""
    found = {}
    for name in game.states:
        given = game.case.start[name]
        found[name] = given if isinstance(given, str) else max(given, key=lambda k: float(given[k]))
    return found


def check_point(game: Game, given: Point) -> None:
    """Raise UnknownPoint for a name or a level that the game does not have, with a near match."""
    for name, level in given.items():
        if name not in game.levels:
            raise UnknownPoint(
                f"{name!r} is no state variable and no move; {near_or_list(name, game.levels)}"
            )
        if level not in game.levels[name]:
            raise UnknownPoint(f"{name} is never {level!r}; {near_or_list(level, game.levels[name])}")


def point_at(found: Equilibrium, move: str, given: Point) -> dict[str, str]:
    """A whole point for a move: what is given, else the case's start and the likeliest earlier moves.

    Moves that come later or at the same time are left out. Raises UnknownPoint for an unknown name.
    """
    game = found.game
    check_point(game, given)
    point = starting_levels(game)
    point |= {name: level for name, level in given.items() if name in game.states}
    for earlier in moves_before(game, move):
        if earlier in given:
            point[earlier] = given[earlier]
            continue
        odds = _at(found.strategies[earlier], point)
        point[earlier] = str(odds[earlier].values[int(np.argmax(odds.values))])
    return point


def _at(table: xr.DataArray, point: Point) -> xr.DataArray:
    """A table at a point. Moves made together, which a point leaves out, may not be among its axes."""
    return table.sel({str(name): point[str(name)] for name in table.dims if name in point}, drop=True)


def reason(found: Equilibrium, explanation: Explanation, move: str, given: Point) -> Reason:
    """What each action of `move` is worth to its mover at a point, and how likely each is.

    given  levels and earlier moves; the others as in `point_at`

    Raises UnknownPoint for an unknown name and NotCertified without a good certificate.
    """
    game = found.require().game
    if move not in game.moves:
        raise UnknownPoint(f"{move!r} is no move; {near_or_list(move, game.moves)}")
    mover = _mover(game, move)
    point = point_at(found, move, given)
    here = {name: level for name, level in point.items() if name != move}
    whole = _at(explanation.actions[move], here).rename({move: "action"})
    now = _at(explanation.now[move], here).rename({move: "action"})
    settled = _settled(found, mover, here, whole)
    worth = xr.concat([now + settled, whole - now], xr.DataArray([NOW, LATER], dims="when", name="when"))
    probability = _at(found.strategies[move], here).rename({move: "action"})
    precision = primitives_function(game)(jnp.asarray(found.theta)).precision[move]
    index = tuple(game.levels[axis].index(here[axis]) for axis in precision.axes)
    return Reason(
        move,
        mover.player,
        here,
        probability.rename("probability"),
        worth.transpose("action", "part", "when").rename("worth"),
        float(precision.data[index]),
    )


def _mover(game: Game, move: str) -> PlayerMove:
    return next(m for m in game.plan.moves() if m.move == move)


def _settled(found: Equilibrium, mover: PlayerMove, here: Point, like: xr.DataArray) -> xr.DataArray:
    """Terms of this period that the walk collects before the move, because the move cannot change them.

    They are the same for every action; with them an option's worth is all that the mover has from
    this period on. After the moment of payment the period's terms are past.
    """
    game = found.game
    position = game.plan.position_of(mover.move)
    settled = xr.zeros_like(like["part"], dtype=float)
    if position > game.plan.pay:
        return settled
    numbers = primitives_function(game)(jnp.asarray(found.theta))
    for term in game.plan.terms:
        if term.player == mover.player and term.position < position:
            paid = numbers.terms[term.player, term.name]
            index = tuple(game.levels[axis].index(here[axis]) for axis in paid.axes)
            settled.loc[{"part": term.name}] = float(paid.data[index])
    return settled


__all__ = [
    "LATER",
    "NOW",
    "Point",
    "Reason",
    "UnknownPoint",
    "check_point",
    "moves_before",
    "point_at",
    "reason",
    "starting_levels",
]
