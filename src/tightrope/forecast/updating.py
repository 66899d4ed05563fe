"""New rows of a record: what they make of the draws and of each forecast, one observation at a time.

Each draw is weighted by the likelihood of the new rows given the old ones (importance sampling from the old
posterior to the new), and within each draw the questions are conditioned on the same rows, exactly. Both are
done after each observation in the order of the game's period, so the change of a forecast is a sum of the
steps in between, to the last digit. Another order would give other parts and the same sum.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np

from tightrope.case.calendar import parse_period
from tightrope.forecast.automaton import CannotFollow
from tightrope.forecast.compound import Tables, ahead, cut, through_row
from tightrope.forecast.events import All
from tightrope.forecast.joined import Joined
from tightrope.forecast.laws import above, floors, laws_of
from tightrope.forecast.origin import next_opening
from tightrope.forecast.over_draws import Solved, over_draws, solve_draw
from tightrope.forecast.questions import Question
from tightrope.forecast.updated import Step, Updated
from tightrope.game.compile import Game
from tightrope.record.coding import MISSING, CodedRecord
from tightrope.record.filter import Evidence, row_to_grid
from tightrope.record.likelihood import filter_record

GOES_ON = "goes on"
_ALWAYS = "always"


class ImpossibleRows(ValueError):
    """New rows to which no draw gives any chance."""


def update(
    evidence: Evidence,
    thetas: np.ndarray,
    rows: CodedRecord,
    questions: Sequence[Question],
    *,
    warm: np.ndarray | None = None,
    workers: int = 1,
    on_progress: Callable[[int, int], None] | None = None,
) -> Updated:
    """Weigh draws and move forecasts by rows that follow a record's end.

    thetas     (draws, parameters) equally weighted draws from the posterior given the record in `evidence`
    rows       the new rows, the first of them the period after the record's last
    questions  asked at the record's end
    workers    draws followed side by side

    Raises ValueError when no draw certifies or the rows do not follow, ImpossibleRows when no draw gives
    them a chance.
    """
    game = evidence.game
    first = str(parse_period(evidence.periods[-1]) + 1)
    if rows.periods[0] != first:
        raise ValueError(f"the new rows begin in {rows.periods[0]}; {first} is due")
    joined, alone, refused = Joined(), Joined(), dict[str, str]()
    for q in questions:
        try:
            joined.add(game, q.id, q.event, first=first)
        except CannotFollow as error:
            refused[q.id] = str(error)
    for plan in (joined, alone):
        plan.add(game, _ALWAYS, All(()), first=first)
    tables, unit = joined.tables(game, len(rows)), alone.tables(game, len(rows))
    assert tables is not None
    assert unit is not None
    steps, seen = _steps(game, rows)

    def follow(theta: np.ndarray) -> tuple[float, list[float], list[np.ndarray]] | None:
        found = solve_draw(game, theta, warm=warm)
        if found is None:
            return None
        return found.residual, *_one_draw(evidence, theta, found, tables, unit, seen)

    certified = over_draws(follow, thetas, workers=workers, on_progress=on_progress)
    failed, worst = len(thetas) - len(certified), max(residual for residual, _, _ in certified)
    logs, values = [log for _, log, _ in certified], [value for _, _, value in certified]
    log_weights = np.array(logs).T
    impossible = np.flatnonzero(~np.isfinite(log_weights).any(axis=1))
    if len(impossible):
        step = steps[impossible[0] - 1]
        raise ImpossibleRows(f"{step.period}: no draw gives {step.name} {step.seen} any chance")
    return _gathered(joined, steps, log_weights, np.array(values).swapaxes(0, 1), refused, failed, worst)


def _gathered(
    joined: Joined,
    steps: tuple[Step, ...],
    log_weights: np.ndarray,
    values: np.ndarray,
    refused: dict[str, str],
    failed: int,
    worst: float,
) -> Updated:
    """Conditions divided out, and questions dropped whose condition the rows rule out."""
    w = np.exp(log_weights - log_weights.max(axis=1, keepdims=True))
    read = [joined.read(table, shares) for table, shares in zip(values, w, strict=True)]
    for _, _, unlikely in read:
        refused |= unlikely
    ids = tuple(q for q in joined.places if q != _ALWAYS and q not in refused)
    shape = (*values.shape[:2], len(ids))
    taken = [np.array([found[i] for i in ids]).reshape(len(ids), -1).T for found, _, _ in read]
    one = np.ones(values.shape[1])
    shares = [np.array([c.get(i, one) for i in ids]).reshape(len(ids), -1).T for _, c, _ in read]
    return Updated(
        steps=steps,
        ids=ids,
        log_weights=log_weights,
        values=np.array(taken).reshape(shape),
        shares=np.array(shares).reshape(shape),
        refused=refused,
        failed=failed,
        worst=worst,
    )


def _steps(game: Game, rows: CodedRecord) -> tuple[tuple[Step, ...], list[list[dict[str, np.ndarray]]]]:
    """The observations in order, and by row the weights known after each; the first says only `goes on`."""
    steps: list[Step] = []
    seen: list[list[dict[str, np.ndarray]]] = []
    names = [name for name in (*game.states, *game.moves) if name in rows.weights]
    for k, period in enumerate(rows.periods):
        known = {name: np.ones(len(game.levels[name])) for name in names}
        steps.append(Step(period, GOES_ON, ""))
        seen.append([dict(known)])
        for name in names:
            weights, printed = rows.weights[name][k], int(rows.printed[name][k])
            if printed == MISSING or weights.max() == weights.min():
                continue
            known[name] = np.asarray(weights, dtype=float)
            steps.append(Step(period, name, rows.levels[name][printed]))
            seen[-1].append(dict(known))
    return tuple(steps), seen


def _one_draw(
    evidence: Evidence,
    theta: np.ndarray,
    found: Solved,
    tables: Tables,
    unit: Tables,
    seen: list[list[dict[str, np.ndarray]]],
) -> tuple[list[float], list[np.ndarray]]:
    """Log-likelihoods, and probabilities of the events, before and after each observation."""
    game = evidence.game
    filtered = filter_record(evidence, theta, found.z)
    start = next_opening(evidence, filtered, found.numbers, found.strategies)
    floor = floors(game, start)
    small = cut(game, start, floor)
    laws = above(laws_of(found.numbers, found.strategies), floor)

    def total(value: Any, begin: np.ndarray) -> np.ndarray:
        return np.asarray(np.tensordot(np.asarray(value)[begin], small, axes=small.ndim))

    later = {len(seen): ahead(game, laws, small.shape, tables, floor, opening=len(seen))}
    for opening in range(len(seen) - 1, -1, -1):
        then = (opening + 1, later[opening + 1])
        later[opening] = ahead(game, laws, small.shape, tables, floor, opening=opening, then=then)
    logs, values = [0.0], [total(later[0], tables.begin)]
    lasted = _lasted(evidence, filtered, found, unit)
    before: list[dict[str, np.ndarray]] = []
    for k, known in enumerate(seen):
        for now in known:
            value, chance = later[k + 1], jnp.ones((1, *small.shape))
            for period, row in reversed(list(enumerate([*before, now]))):
                value = through_row(game, laws, value, tables, floor, period=period, seen=row)
                chance = through_row(
                    game, laws, chance, unit, floor, period=period, seen=row, survive=period < k
                )
            joint = total(value, tables.begin)
            with np.errstate(divide="ignore", invalid="ignore"):
                logs.append(float(np.log(lasted * total(chance, unit.begin)[0])))
                values.append(np.nan_to_num(joint / joint[-1]))
        before.append(known[-1])
    return logs, values


def _lasted(evidence: Evidence, filtered: Any, found: Solved, unit: Tables) -> float:
    """Probability that the game goes on from the old record's last move to the next opening."""
    game, support = evidence.game, evidence.support
    row = support.rows - 1
    last = row_to_grid(evidence, np.asarray(filtered.states[row]), row)
    seen = {name: np.ones(len(game.levels[name])) for name in game.moves}
    for move in game.moves:
        table = np.zeros(len(game.levels[move]))
        np.maximum.at(table, support.levels[move][-1], support.weights[move][-1])
        seen[move] = table
    laws = laws_of(found.numbers, found.strategies)
    one = jnp.ones((1, *game.shape))
    passed = [
        float(
            np.sum(last * np.asarray(through_row(game, laws, one, unit, {}, period=0, seen=seen, survive=s)))
        )
        for s in (True, False)
    ]
    return passed[0] / passed[1]
