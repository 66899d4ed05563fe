"""The game's answers to dated questions as of an origin, with parameter uncertainty.

For each parameter draw the game is solved, the record known at the origin filtered,
and the distribution pushed forward exactly; a draw without a certificate is counted
and left out. The printed probability is the mean over draws, mixed linearly with an
outside view, because the model is wrong in ways that its own parameters don't span.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp
import numpy as np

from tightrope.case.calendar import parse_period
from tightrope.executor import in_threads
from tightrope.forecast.origin import next_opening
from tightrope.forecast.questions import Question
from tightrope.forecast.tracks import Paths, laws_of, probability, propagate
from tightrope.game.equilibrium import primitives_function, solve, strategies_function
from tightrope.record.filter import Evidence
from tightrope.record.likelihood import filter_record

EPSILON_PRIOR = (1.0, 9.0)
"""Beta prior of the weight on the outside view: mean one in ten, below one in four with 92 per cent."""


def epsilon() -> float:
    """The weight of the outside view: the mean of its prior. It is stated, never learned."""
    a, b = EPSILON_PRIOR
    return a / (a + b)


@dataclass(frozen=True, eq=False)
class Answers:
    """Probabilities by draw.

    known          the last period known at the origin
    ids            questions answered, in order
    probabilities  (certified draws, questions)
    openings       names of the opening periods of the paths, the first unknown one first
    ended          terminal -> (certified draws, openings) probability of having ended there
    marginal       variable -> (certified draws, openings, levels)
    failed         draws without a certificate
    worst          largest residual among certified draws
    """

    known: str
    ids: tuple[str, ...]
    probabilities: np.ndarray
    openings: tuple[str, ...]
    ended: dict[str, np.ndarray]
    marginal: dict[str, np.ndarray]
    failed: int
    worst: float


def answer(
    evidence: Evidence,
    thetas: np.ndarray,
    questions: Sequence[Question],
    *,
    warm: np.ndarray | None = None,
    periods: int = 0,
    workers: int = 1,
    on_progress: Callable[[int, int], None] | None = None,
) -> Answers:
    """Answer questions from the end of a prepared record.

    thetas   (draws, parameters) whole parameter vectors
    warm     a neighbouring fixed point to start each solve from
    periods  push at least so many periods, for the paths
    workers  draws followed side by side

    Raises ValueError when no draw certifies.
    """
    game = evidence.game
    known = evidence.periods[-1]
    first = str(parse_period(known) + 1)
    asked = [q for q in questions if q.answerable]
    events = [q.event for q in asked]

    def follow(theta: np.ndarray) -> tuple[float, Paths] | None:
        """The residual and the paths at one draw; None without a certificate."""
        found = solve(game, theta, warm=warm)
        if not found.certificate.good and warm is not None:
            found = solve(game, theta, branch="direct")
        if not found.certificate.good:
            return None
        z = jnp.asarray(found.z)
        numbers = primitives_function(game)(jnp.asarray(theta))
        strategies, _ = strategies_function(game, found.convention)(z, numbers)
        filtered = filter_record(evidence, theta, found.z)
        live = next_opening(evidence, filtered, numbers, strategies)
        paths = propagate(game, laws_of(numbers, strategies), live, events, first=first, periods=periods)
        return found.certificate.residual, paths

    done = in_threads(
        follow,
        list(thetas),
        workers=workers,
        on_done=None if on_progress is None else lambda number: on_progress(number, len(thetas)),
    )
    certified = [one for one in done if one is not None]
    if not certified:
        raise ValueError(f"none of {len(thetas)} parameter draws reached a certified equilibrium")
    followed = [paths for _, paths in certified]
    rows = [[probability(game, paths, event, first=first) for event in events] for paths in followed]
    length = max((len(values) for values in followed[0].ended.values()), default=0)
    return Answers(
        known=known,
        ids=tuple(q.id for q in asked),
        probabilities=np.array(rows).reshape(len(rows), len(asked)),
        openings=tuple(str(parse_period(first) + k) for k in range(length)),
        ended={name: np.array([paths.ended[name] for paths in followed]) for name in game.terminals},
        marginal={name: np.array([paths.marginal[name] for paths in followed]) for name in game.states},
        failed=len(done) - len(certified),
        worst=max(residual for residual, _ in certified),
    )


@dataclass(frozen=True)
class Floored:
    """A printed forecast: the model's mean, the outside view, their linear mixture and its 90 % interval."""

    model: float
    outside: float
    probability: float
    lower: float
    upper: float


def floor(draws: np.ndarray, outside: float, *, weight: float | None = None) -> Floored:
    """Mix a question's draws, shape (draws,), with an outside view: (1 - ε)·model + ε·outside."""
    e = epsilon() if weight is None else weight
    mixed = (1.0 - e) * np.asarray(draws) + e * outside
    return Floored(
        model=float(np.mean(draws)),
        outside=float(outside),
        probability=float(np.mean(mixed)),
        lower=float(np.quantile(mixed, 0.05)),
        upper=float(np.quantile(mixed, 0.95)),
    )


def as_data(answers: Answers) -> dict[str, Any]:
    """Plain data, for a run's chunk."""
    return {
        "known": answers.known,
        "ids": list(answers.ids),
        "probabilities": answers.probabilities.tolist(),
        "openings": list(answers.openings),
        "ended": {k: v.tolist() for k, v in answers.ended.items()},
        "marginal": {k: v.tolist() for k, v in answers.marginal.items()},
        "failed": answers.failed,
        "worst": answers.worst,
    }


def from_data(data: dict[str, Any]) -> Answers:
    """Inverse of `as_data`."""
    return Answers(
        known=data["known"],
        ids=tuple(data["ids"]),
        probabilities=np.array(data["probabilities"]).reshape(len(data["probabilities"]), len(data["ids"])),
        openings=tuple(data["openings"]),
        ended={k: np.array(v) for k, v in data["ended"].items()},
        marginal={k: np.array(v) for k, v in data["marginal"].items()},
        failed=int(data["failed"]),
        worst=float(data["worst"]),
    )
