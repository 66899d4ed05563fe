"""The game's answers to dated questions as of an origin, with parameter uncertainty.

For each parameter draw the game is solved, the record known at the origin filtered,
and the distribution pushed forward exactly; a draw without a certificate is counted
and left out. The printed probability is the mean over draws, mixed linearly with an
outside view, because the model is wrong in ways that its own parameters don't span.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tightrope.case.calendar import parse_period
from tightrope.forecast.automaton import CannotFollow
from tightrope.forecast.compound import probabilities
from tightrope.forecast.events import Compound, Single
from tightrope.forecast.joined import Joined
from tightrope.forecast.origin import next_opening
from tightrope.forecast.over_draws import Solved, over_draws, solve_draw
from tightrope.forecast.questions import Question
from tightrope.forecast.tracks import Paths, laws_of, probability, propagate
from tightrope.game.compile import Game
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
    conditions     question with a condition -> (certified draws,) probability of the condition
    refused        question that no automaton can follow, or whose condition hardly ever happens -> why
    """

    known: str
    ids: tuple[str, ...]
    probabilities: np.ndarray
    openings: tuple[str, ...]
    ended: dict[str, np.ndarray]
    marginal: dict[str, np.ndarray]
    failed: int
    worst: float
    conditions: dict[str, np.ndarray] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)

    def of(self, question: str) -> np.ndarray:
        """Probabilities of one question, (certified draws,)."""
        return np.asarray(self.probabilities[:, self.ids.index(question)])


def answer(
    evidence: Evidence,
    thetas: np.ndarray,
    questions: Sequence[Question],
    *,
    warm: np.ndarray | None = None,
    periods: int = 0,
    workers: int = 1,
    on_progress: Callable[[int, int], None] | None = None,
    change: Callable[[np.ndarray], np.ndarray] | None = None,
    solved: Solved | None = None,
) -> Answers:
    """Answer questions from the end of a prepared record.

    thetas   (draws, parameters) whole parameter vectors
    warm     a neighbouring fixed point to start each solve from
    periods  push at least so many periods, for the paths
    change   another start made of the one that the record leaves, both (*states)
    solved   the solution at the one row of `thetas`, where there is one already
    workers  draws followed side by side

    Raises ValueError when no draw certifies.
    """
    game = evidence.game
    known = evidence.periods[-1]
    first = str(parse_period(known) + 1)
    asked, joined, refused = _sorted_out(game, questions, first)
    events = [q.event for q in asked]
    tables = joined.tables(game, periods)

    def follow(theta: np.ndarray) -> tuple[float, Paths, np.ndarray] | None:
        """The residual, the paths and the joined events at one draw; None without a certificate."""
        found = solved if solved is not None else solve_draw(game, theta, warm=warm)
        if found is None:
            return None
        filtered = filter_record(evidence, theta, found.z)
        live = next_opening(evidence, filtered, found.numbers, found.strategies)
        if change is not None:
            live = change(live)
        laws = laws_of(found.numbers, found.strategies)
        paths = propagate(game, laws, live, events, first=first, periods=periods)
        values = probabilities(game, laws, live, tables) if tables is not None else np.zeros(0)
        return found.residual, paths, values

    certified = over_draws(follow, thetas, workers=workers, on_progress=on_progress)
    followed = [paths for _, paths, _ in certified]
    rows = [[probability(game, paths, event, first=first) for event in events] for paths in followed]
    length = max((len(values) for values in followed[0].ended.values()), default=0)
    values = [values for _, _, values in certified]
    given, conditions, unlikely = joined.read(np.array(values))
    columns = dict(zip((q.id for q in asked), np.array(rows).reshape(len(rows), len(asked)).T, strict=True))
    columns |= given
    refused |= unlikely
    ids = tuple(q.id for q in questions if q.id in columns)
    return Answers(
        known=known,
        ids=ids,
        probabilities=np.array([columns[i] for i in ids]).reshape(len(ids), len(rows)).T,
        openings=tuple(str(parse_period(first) + k) for k in range(length)),
        ended={name: np.array([paths.ended[name] for paths in followed]) for name in game.terminals},
        marginal={name: np.array([paths.marginal[name] for paths in followed]) for name in game.states},
        failed=len(thetas) - len(certified),
        worst=max(residual for residual, _, _ in certified),
        conditions=conditions,
        refused=refused,
    )


def _sorted_out(
    game: Game, questions: Sequence[Question], first: str
) -> tuple[list[Question], Joined, dict[str, str]]:
    """Questions that tracks follow, those that automata do, and why some are followed by neither."""
    asked = [q for q in questions if isinstance(q.event, Single)]
    joined, refused = Joined(), dict[str, str]()
    for q in questions:
        if isinstance(q.event, Compound):
            try:
                joined.add(game, q.id, q.event, first=first)
            except CannotFollow as error:
                refused[q.id] = str(error)
    return asked, joined, refused


@dataclass(frozen=True)
class Floored:
    """A printed forecast: the model's mean, the outside view, their linear mixture and its 90 % interval.

    Without an outside view (nan) the model stands alone.
    """

    model: float
    outside: float
    probability: float
    lower: float
    upper: float


def floor(
    draws: np.ndarray, outside: float, *, weight: float | None = None, shares: np.ndarray | None = None
) -> Floored:
    """Mix a question's draws, shape (draws,), with an outside view: (1 - ε)·model + ε·outside.

    outside  nan where there is none; then the model is not mixed
    shares   what each draw counts, up to a factor (a condition's probability); by default all alike
    """
    e = epsilon() if weight is None else weight
    w = np.ones(len(draws)) if shares is None else np.asarray(shares)
    model = float(np.sum(w * np.where(w > 0, draws, 0.0)) / np.sum(w))
    mixed, mean = np.asarray(draws, dtype=float), model
    if np.isfinite(outside):
        mixed, mean = (1.0 - e) * mixed + e * outside, (1.0 - e) * model + e * outside
    if shares is None:
        lower, upper = np.quantile(mixed, 0.05), np.quantile(mixed, 0.95)
    else:
        lower, upper = (weighted_quantile(mixed, w, level) for level in (0.05, 0.95))
    return Floored(
        model=model,
        outside=float(outside),
        probability=mean,
        lower=float(lower),
        upper=float(upper),
    )


def weighted_quantile(values: np.ndarray, weights: np.ndarray, level: float) -> float:
    """The least value up to which at least `level` of the weight lies."""
    order = np.argsort(values)
    edges = np.cumsum(weights[order]) / np.sum(weights)
    return float(values[order][min(int(np.searchsorted(edges, level)), len(values) - 1)])


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
        "conditions": {k: v.tolist() for k, v in answers.conditions.items()},
        "refused": dict(answers.refused),
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
        conditions={k: np.array(v) for k, v in data.get("conditions", {}).items()},
        refused=dict(data.get("refused", {})),
    )
