"""The steps of a run, each a function from material to plain data that a run folder can keep."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import lru_cache, partial
from threading import Event
from typing import Any

import jax.numpy as jnp
import numpy as np

from tightrope.case.schema import PRIOR_CLASSES, PriorClass
from tightrope.executor import in_threads
from tightrope.fit.pieces import Keep
from tightrope.fit.posterior import Effort, Fit, Progress, fit_record, resample
from tightrope.fit.priors import draw, full_theta, prior_set
from tightrope.fit.store import fit_data
from tightrope.forecast.answers import answer, as_data
from tightrope.forecast.questions import Question, known_until
from tightrope.game.certificate import Branch
from tightrope.game.equilibrium import TOLERANCE, Equilibrium, solve
from tightrope.record.filter import Evidence, to_grid
from tightrope.record.likelihood import filter_record, value_only
from tightrope.workflow.material import Material

Counter = Callable[[int, int], None]
FIT_CLASS: PriorClass = "agnostic"
"""Fits, forecasts and hindcasts use the agnostic priors: constants tuned to a reading are not free."""


def reference(material: Material, *, restarts: int, seed: int) -> Equilibrium:
    """The equilibrium at the reference values, its restarts compared."""
    return solve(material.game, restarts=restarts, seed=seed)


def history(
    evidence: Evidence, theta: np.ndarray, z: np.ndarray, *, periods: Collection[str] = ()
) -> dict[str, Any]:
    """The record seen from a solved game: log probability by period, and filtered states.

    Keys: periods; log_probability (nats); states: name -> distribution over the grid of
    states, flat: `record` (average over periods), `end` (the last) and each of `periods`.
    """
    filtered = filter_record(evidence, theta, jnp.asarray(z))  # type: ignore[arg-type]
    grid = to_grid(evidence, np.asarray(filtered.states))
    states = {"record": grid.mean(axis=0), "end": grid[-1]}
    states |= {p: grid[evidence.periods.index(p)] for p in periods if p in evidence.periods}
    return {
        "periods": list(evidence.periods),
        "log_probability": np.asarray(filtered.log_probability).tolist(),
        "states": {name: table.ravel().tolist() for name, table in states.items()},
    }


def distributions(material: Material, seen: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """The filtered distributions of a history, by name, on the grid of states."""
    return {name: np.array(flat).reshape(material.game.shape) for name, flat in seen["states"].items()}


def periods_named(material: Material) -> tuple[str, ...]:
    """Periods over whose states some quantity of the case averages."""
    names = {q.over for q in material.case.quantities.values()} - {"record", "end", "start"}
    return tuple(sorted(names))


def prior_draws(material: Material, prior_class: PriorClass, *, size: int, seed: int) -> np.ndarray:
    """Prior draws as whole parameter vectors, shape (size, parameters)."""
    priors = prior_set(material.case, prior_class)
    drawn = draw(priors, size=size, seed=seed + PRIOR_CLASSES.index(prior_class))
    return np.array([full_theta(material.case, priors, row) for row in drawn])


class _Ended(RuntimeError):
    """What a climb or a chain beside a failed or interrupted one ends with; nobody sees it."""


def fit(
    evidence: Evidence,
    *,
    effort: Effort,
    seed: int,
    keep: Keep,
    on_progress: Progress | None = None,
    begin: Sequence[tuple[str, np.ndarray]] = (),
    workers: int = 1,
) -> dict[str, Any]:
    """Fit a prepared record under the agnostic priors, as plain data. `workers`: threads, side by side."""
    ended = Event()

    def watched(label: str, done: int, total: int) -> None:
        if ended.is_set():
            raise _Ended
        if on_progress is not None:
            on_progress(label, done, total)

    return fit_data(
        fit_record(
            evidence,
            prior_class=FIT_CLASS,
            effort=effort,
            seed=seed,
            keep=keep,
            on_progress=watched,
            begin=begin,
            each=partial(in_threads, workers=workers, first_alone=False, on_failure=ended.set),
        )
    )


SAME = 1e-6
"""Two codes agree on a fit when the log-likelihood at its mode differs by less than this, in nats."""


@lru_cache(maxsize=64)
def at_mode(evidence: Evidence, fitted: Fit) -> np.ndarray | None:
    """The fixed point at a fit's mode that gives its log-likelihood; None if this code finds none.

    The direct solve is tried before the principal branch is followed: where both lead to the same
    equilibrium, as the likelihood shows, it takes a fraction of the time.
    """
    return _at_mode(evidence, tuple(fitted.theta.tolist()), fitted.log_likelihood)


@lru_cache(maxsize=64)
def _at_mode(evidence: Evidence, theta: tuple[float, ...], log_likelihood: float) -> np.ndarray | None:
    """Once a fit: verifying it and forecasting from it ask for the same point."""
    branches: tuple[Branch, ...] = ("direct", "principal")
    for branch in branches:
        found = value_only(evidence, np.array(theta), branch=branch)
        certified = float(found.residual) <= TOLERANCE
        if certified and abs(float(found.value) - log_likelihood) < SAME:
            return np.asarray(found.z)
    return None


def verified(evidence: Evidence, fitted: Fit) -> bool:
    """Whether solving and filtering at a stored fit's mode gives its log-likelihood again."""
    return at_mode(evidence, fitted) is not None


def forecasts(
    evidence: Evidence,
    fitted: Fit,
    questions: Sequence[Question],
    *,
    draws: int,
    seed: int,
    periods: int = 0,
    workers: int = 1,
    on_progress: Counter | None = None,
) -> dict[str, Any]:
    """Answers from the end of a record under posterior draws, as plain data."""
    thetas = resample(fitted, size=draws, seed=seed)
    warm = at_mode(evidence, fitted)
    found = answer(
        evidence, thetas, questions, warm=warm, periods=periods, workers=workers, on_progress=on_progress
    )
    return as_data(found)


def by_origin(material: Material) -> dict[str, tuple[Question, ...]]:
    """Answerable past questions by the last period known when they were asked."""
    length = material.case.calendar.period
    found: dict[str, list[Question]] = {}
    for question in material.questions:
        if question.answerable:
            found.setdefault(known_until(question.open_time, length=length), []).append(question)
    return {known: tuple(found[known]) for known in sorted(found)}


def policy(found: Equilibrium, seen: dict[str, Any], material: Material) -> list[dict[str, Any]]:
    """Choice probabilities by mover and by the level of each seen state, averaged over the record's states.

    One row a move, variable, level and action: probability, and the weight of that level in the record.
    """
    from tightrope.game.named import Named, broadcast

    game = material.game
    weight = distributions(material, seen)["record"]
    rows = []
    reach = weight
    for move in game.plan.moves():
        table = found.strategies[move.move]
        # average out earlier moves at their own probabilities, then states at the record's weights
        probability = table
        for earlier in game.moves:
            if earlier != move.move and earlier in probability.dims:
                probability = (probability * found.strategies[earlier]).sum(earlier)
        dims = tuple(n for n in (move.move, *game.states) if n in probability.dims)
        named = Named(jnp.asarray(probability.transpose(*dims).values), dims)
        full = np.asarray(broadcast(named, (move.move, *game.states), game.sizes).data)
        for axis, name in enumerate(game.states):
            others = tuple(k for k in range(len(game.states)) if k != axis)
            mass = reach.sum(axis=others)
            mean = (full * reach).sum(axis=tuple(k + 1 for k in others)) / np.maximum(mass, 1e-300)
            for level, label in enumerate(game.levels[name]):
                for action, label_action in enumerate(move.actions):
                    rows.append(
                        {
                            "move": move.move,
                            "player": move.player,
                            "variable": name,
                            "level": label,
                            "action": label_action,
                            "probability": float(mean[action, level]) if mass[level] > 1e-9 else None,
                            "weight": float(mass[level]),
                        }
                    )
    return rows
