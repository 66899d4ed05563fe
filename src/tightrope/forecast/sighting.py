"""An observable seen in a coming period, as evidence inside the model.

The case says how likely the observable is in a period, given states and moves as they stand where payoffs
are collected. For each draw the period is weighed by that probability, exactly, jointly with each question:
P(event and seen), and P(seen) alone. So the sighting moves a forecast in two ways, held together: by which
states and moves it speaks for, and by which draws expected it most. A game that ended before that point of
the period was not seen; parameters that only an observable mentions were never learned from the record.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from tightrope.case.calendar import parse_period
from tightrope.forecast.automaton import CannotFollow
from tightrope.forecast.compound import Tables, ahead, cut, through_sighting
from tightrope.forecast.events import All
from tightrope.forecast.joined import Joined
from tightrope.forecast.laws import above, floors, laws_of
from tightrope.forecast.origin import next_opening
from tightrope.forecast.over_draws import Solved, over_draws, solve_draw
from tightrope.forecast.questions import Question
from tightrope.game.compile import Game
from tightrope.game.named import combine
from tightrope.game.primitives import evaluator
from tightrope.record.filter import Evidence
from tightrope.record.likelihood import filter_record

_ALWAYS = "always"


class CannotSee(ValueError):
    """An observable or a period that cannot be seen in the model."""


@dataclass(frozen=True, eq=False)
class Sighting:
    """Forecasts without the sighting and given it, by certified draw.

    ids            questions followed
    chance         (draws,) probability of the sighting
    before, after  (draws, questions) probability of each event, and given the sighting
    shares_before, shares_after  (draws, questions) probability of each question's condition, else one
    refused        question -> why it is not followed
    failed         draws without a certificate
    worst          largest residual among the certified
    """

    ids: tuple[str, ...]
    chance: np.ndarray
    before: np.ndarray
    after: np.ndarray
    shares_before: np.ndarray
    shares_after: np.ndarray
    refused: Mapping[str, str]
    failed: int
    worst: float

    @property
    def weights(self) -> np.ndarray:
        """What each draw counts for after the sighting, summing to one, (draws,)."""
        return np.asarray(self.chance / self.chance.sum())

    @property
    def effective(self) -> float:
        """Effective draws after it (Kish 1965)."""
        return float(1.0 / (self.weights**2).sum())

    @property
    def forecasts(self) -> tuple[np.ndarray, np.ndarray]:
        """Means over draws before and after, (questions,) each."""
        weights = self.weights[:, None] * self.shares_after
        return (
            np.asarray((self.shares_before * self.before).sum(axis=0) / self.shares_before.sum(axis=0)),
            np.asarray((weights * self.after).sum(axis=0) / weights.sum(axis=0)),
        )

    def as_data(self) -> dict[str, Any]:
        """Plain data, for a run's chunk."""
        tables = ("chance", "before", "after", "shares_before", "shares_after")
        return {
            "ids": list(self.ids),
            **{name: getattr(self, name).tolist() for name in tables},
            "refused": dict(self.refused),
            "failed": self.failed,
            "worst": self.worst,
        }

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Sighting:
        """Inverse of `as_data`."""
        shape = (len(data["chance"]), len(data["ids"]))
        return cls(
            ids=tuple(data["ids"]),
            chance=np.array(data["chance"]),
            before=np.array(data["before"]).reshape(shape),
            after=np.array(data["after"]).reshape(shape),
            shares_before=np.array(data["shares_before"]).reshape(shape),
            shares_after=np.array(data["shares_after"]).reshape(shape),
            refused=data["refused"],
            failed=int(data["failed"]),
            worst=float(data["worst"]),
        )


@lru_cache(maxsize=16)
def chance_of(game: Game, observable: str) -> Any:
    """Compiled: theta -> probability of an observable by the states and moves that it mentions.

    Raises CannotSee for one that is no event.
    """
    noun = game.case.observables[observable]
    if noun.bernoulli is None:
        raise CannotSee(f"{observable} is a level that goes up and down, not an event that is seen or not")
    node = game.node(noun.bernoulli)

    @jax.jit
    def chance(theta: jax.Array) -> Any:
        return combine(game.order, jax.nn.sigmoid, evaluator(game, theta)(node))

    return chance


def sight(
    evidence: Evidence,
    thetas: np.ndarray,
    observable: str,
    questions: Sequence[Question],
    *,
    period: str = "",
    warm: np.ndarray | None = None,
    workers: int = 1,
    on_progress: Callable[[int, int], None] | None = None,
) -> Sighting:
    """Move forecasts by an observable's being seen once in a period after the record.

    thetas     (draws, parameters) equally weighted draws from the posterior
    period     by default the first one after the record
    questions  asked at the record's end

    Raises CannotSee for an observable or a period that does not do, ValueError when no draw certifies.
    """
    game = evidence.game
    first = parse_period(evidence.periods[-1]) + 1
    number = parse_period(period, first.length) - first if period else 0
    if number < 0:
        raise CannotSee(f"{period} is in the record, which ends in {first - 1}: {first} is the first to come")
    chance = chance_of(game, observable)
    joined, refused = Joined(), dict[str, str]()
    for q in questions:
        try:
            joined.add(game, q.id, q.event, first=str(first))
        except CannotFollow as error:
            refused[q.id] = str(error)
    joined.add(game, _ALWAYS, All(()), first=str(first))
    tables = joined.tables(game, number + 1)
    assert tables is not None

    def follow(theta: np.ndarray) -> tuple[float, np.ndarray, np.ndarray] | None:
        found = solve_draw(game, theta, warm=warm)
        if found is None:
            return None
        return found.residual, *_one_draw(evidence, theta, found, tables, number, chance(jnp.asarray(theta)))

    certified = over_draws(follow, thetas, workers=workers, on_progress=on_progress)
    before, both = (np.array([one[k] for one in certified]) for k in (1, 2))
    seen = both[:, joined.places[_ALWAYS][0]]
    if not seen.sum() > 0:
        raise CannotSee(f"no draw gives {observable} any chance in {first + number}")
    with np.errstate(divide="ignore", invalid="ignore"):
        after = np.where(seen[:, None] > 0, both / seen[:, None], 0.0)
    plain, shares_before, unlikely = joined.read(before)
    given, shares_after, unlikely_then = joined.read(after, seen)
    refused |= unlikely | unlikely_then
    ids = tuple(q.id for q in questions if q.id in plain and q.id in given)

    def columns(found: Mapping[str, np.ndarray]) -> np.ndarray:
        one = np.ones(len(certified))
        return np.array([found.get(i, one) for i in ids]).reshape(len(ids), len(certified)).T

    return Sighting(
        ids=ids,
        chance=seen,
        before=columns(plain),
        after=columns(given),
        shares_before=columns(shares_before),
        shares_after=columns(shares_after),
        refused=refused,
        failed=len(thetas) - len(certified),
        worst=max(residual for residual, _, _ in certified),
    )


def _one_draw(
    evidence: Evidence, theta: np.ndarray, found: Solved, tables: Tables, number: int, factor: Any
) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities of the automata's events, and jointly with the sighting in period `number`."""
    game = evidence.game
    start = next_opening(evidence, filter_record(evidence, theta, found.z), found.numbers, found.strategies)
    floor = floors(game, start)
    small = cut(game, start, floor)
    laws = above(laws_of(found.numbers, found.strategies), floor)

    def total(value: Any) -> np.ndarray:
        return np.asarray(np.tensordot(np.asarray(value)[tables.begin], small, axes=small.ndim))

    later = ahead(game, laws, small.shape, tables, floor, opening=number + 1)
    seen = through_sighting(game, laws, later, tables, floor, period=number, factor=factor)
    joint = ahead(game, laws, small.shape, tables, floor, opening=0, then=(number, seen), survive=True)
    then = (number + 1, later)
    return total(ahead(game, laws, small.shape, tables, floor, opening=0, then=then)), total(joint)
