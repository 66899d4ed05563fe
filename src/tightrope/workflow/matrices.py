"""Claims × ablations, computed or found: at the reference and the fit, single or in sets, and over draws."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd

from tightrope.argument.ablations import ALL_OFF, NONE_OFF, Cell, Matrix, ablate, replaced, settings
from tightrope.argument.checks import Verdict
from tightrope.argument.fared import Fared, broken_over_draws, fare
from tightrope.argument.needs import Off, Search, overrides, smallest_sets
from tightrope.argument.quantities import Measured, measure
from tightrope.executor import in_threads
from tightrope.fit.priors import full_theta, scores, values
from tightrope.game.certificate import Certificate
from tightrope.game.equilibrium import Equilibrium, solve
from tightrope.workflow.drawn import Place, drawn, posterior_draws, start_states
from tightrope.workflow.session import Session

RESPONSE_STEPS = (0.02, -0.02)
"""Responses are taken over a fiftieth of a prior sd: upwards, or downwards where that is not certified.

A longer step costs up to three times as many sweeps and crosses folds near the fit."""


def found_at(session: Session, at: Place) -> Equilibrium:
    """The equilibrium at the reference or the posterior mode."""
    return session.reference if at == "reference" else session.at_fit


def matrix_at(session: Session, at: Place) -> Matrix:
    """Claims by ablations there."""
    found = found_at(session, at)

    def compute() -> dict[str, Any]:
        matrix = ablate(
            session.material.game,
            found.theta,
            over=start_states(session, at),
            warm=found.z,
            workers=session.workers,
            progress=lambda done, of, _: session.progress(f"ablations at the {at}", done, of),
        )
        return {name: _cell_data(cell) for name, cell in matrix.cells.items()}

    data = session.run.chunk(f"matrix-{at}", compute, inputs={"theta": found.theta.tolist()})
    return Matrix({name: _cell_from(cell) for name, cell in data.items()})


def sets_at(session: Session, at: Place, matrix: Matrix, *, most: int) -> Search:
    """The smallest sets of ablations that break each claim there, of up to `most` ablations."""
    case, found = session.material.case, found_at(session, at)

    def judge(size: int, sets: Sequence[Off]) -> list[dict[str, str]]:
        game = session.material.game
        thetas = np.array([replaced(game, found.theta, overrides(case, off)) for off in sets])
        label = f"sets of {size} ablations at the {at}"
        verdicts = drawn(session, label, thetas, at=at, warm=found.z).verdicts(case)
        return [{claim: row[k].status for claim, row in verdicts.items()} for k in range(len(sets))]

    statuses = {
        setting: {claim: verdict.status for claim, verdict in cell.verdicts.items()}
        for setting, cell in matrix.cells.items()
    }
    single = {name: row for name, row in statuses.items() if name not in (NONE_OFF, ALL_OFF)}
    return smallest_sets(case, whole=statuses[NONE_OFF], single=single, judge=judge, most=most)


def ablated_draws(session: Session, whole: Fared, size: int) -> pd.DataFrame:
    """Each mechanism off in each of `size` posterior draws, as `broken_over_draws` tells it.

    whole  how the claims fare in these draws with all mechanisms on

    All solves begin at the mode's fixed point, as those of the draws themselves do.
    """
    case, game = session.material.case, session.material.game
    thetas, times = posterior_draws(session, size)
    fared = {}
    todo = {name: changed for name, changed in settings(case).items() if name != NONE_OFF}
    for number, (setting, changed) in enumerate(todo.items(), start=1):
        moved = np.array([replaced(game, theta, changed) for theta in thetas])
        label = f"posterior draws, {setting} ({number} of {len(todo)})"
        found = drawn(session, label, moved, at="fit", warm=session.at_fit.z)
        fared[setting] = fare(found, case, times=times)
    return broken_over_draws(whole, fared)


def responses(session: Session) -> pd.DataFrame:
    """Quantity × parameter: change per prior sd at the fit. No column without a certified step."""
    fit, found = session.fit, session.at_fit

    def compute() -> dict[str, Any]:
        over = start_states(session, "fit")
        base = measure(found, over=over).values
        point = scores(fit.priors, fit.theta[list(fit.positions)])
        names = fit.priors.names

        def response(k: int) -> dict[str, float] | None:
            for step in RESPONSE_STEPS:
                moved = np.array(point)
                moved[k] += step
                theta = full_theta(session.material.case, fit.priors, values(fit.priors, moved))
                there = solve(session.material.game, theta, warm=found.z)
                if there.certificate.good:
                    seen = measure(there, over=over).values
                    return {q: (seen[q] - base[q]) / step for q in base}
            return None

        columns = in_threads(
            response,
            range(len(names)),
            workers=session.workers,
            on_done=lambda done: session.progress("what each quantity answers to", done, len(names)),
        )
        return {name: column for name, column in zip(names, columns, strict=True) if column is not None}

    data = session.run.chunk("responses", compute, inputs={"theta": fit.theta.tolist()})
    return pd.DataFrame({p: {q: _number(v) for q, v in column.items()} for p, column in data.items()})


def _cell_data(cell: Cell) -> dict[str, Any]:
    return {
        "certificate": cell.certificate.as_dict(),
        "values": None if cell.measured is None else dict(cell.measured.values),
        "reasons": {} if cell.measured is None else dict(cell.measured.reasons),
        "verdicts": {name: asdict(verdict) for name, verdict in cell.verdicts.items()},
    }


def _number(value: Any) -> float:
    return math.nan if value is None else float(value)


def _cell_from(data: Mapping[str, Any]) -> Cell:
    measured = None
    if data["values"] is not None:
        measured = Measured({k: _number(v) for k, v in data["values"].items()}, data["reasons"])
    verdicts = {
        name: Verdict(v["status"], _number(v["margin"]), tuple(map(_number, v["parts"])), v["reason"])
        for name, v in data["verdicts"].items()
    }
    certificate: dict[str, Any] = {k: math.nan if v is None else v for k, v in data["certificate"].items()}
    certificate["turns"] = tuple(certificate["turns"])
    return Cell(Certificate(**certificate), measured, verdicts)
