"""The argument's claims in three columns, and claims by ablations: tables for the report."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd

from tightrope.argument.ablations import ALL_OFF, NONE_OFF, Cell, Matrix, ablate, over_draws, shares_of
from tightrope.argument.checks import Verdict, mentioned
from tightrope.argument.claims import ClaimResult, judge_claims
from tightrope.argument.quantities import Measured, measure
from tightrope.case.schema import Quantity
from tightrope.executor import in_threads
from tightrope.fit.posterior import resample
from tightrope.fit.priors import full_theta, scores, values
from tightrope.game.certificate import Certificate
from tightrope.game.equilibrium import Equilibrium, solve
from tightrope.report import sections as report
from tightrope.workflow import steps
from tightrope.workflow.session import Session

RESPONSE_STEPS = (0.1, -0.1)
"""Responses are taken over a tenth of a prior sd: upwards, or downwards where play upwards is not certified.

A longer step costs three times as many sweeps and crosses folds near the fit."""


def sections(
    session: Session,
) -> tuple[report.Claims | report.NotComputed, report.Matrix | report.NotComputed]:
    """The claims and the matrix, computed or found."""
    case = session.material.case
    if not case.claims:
        why = report.NotComputed("The case makes no claims.")
        return why, why
    if not session.reference.certificate.good:
        why = report.NotComputed("The equilibrium at the reference is not certified.")
        return why, why
    at_reference = _matrix(session, "reference")
    fitted = session.material.coded is not None and session.at_fit.certificate.good
    at_fit = _matrix(session, "fit") if fitted else None
    drawn = {name: shares_of(_statuses(session, name)) for name in ("argument", "agnostic")}
    posterior = shares_of(_statuses(session, "posterior")) if fitted else None
    ratios = (
        dict(zip(session.fit.priors.names, (float(x) for x in session.fit.spread), strict=True))
        if fitted
        else None
    )
    results = judge_claims(
        case,
        coded=session.material.coded,
        matrix=at_reference,
        fit=at_fit.cells[NONE_OFF] if at_fit is not None else None,
        argument=drawn["argument"],
        agnostic=drawn["agnostic"],
        ratios=ratios,
        responses=_responses(session) if fitted else None,
    )
    return (
        _claims(session, results, at_reference, at_fit, posterior, ratios or {}),
        _cells(session, {"reference": at_reference} | ({"fit": at_fit} if at_fit is not None else {})),
    )


def _states(session: Session, at: str) -> dict[str, np.ndarray]:
    """The record's filtered states as seen from the reference or the fit; none without a record."""
    if session.material.coded is None:
        return {}
    seen = session.history_at_reference if at == "reference" else session.history_at_fit
    return steps.distributions(session.material, seen)


def _matrix(session: Session, at: str) -> Matrix:
    found: Equilibrium = session.reference if at == "reference" else session.at_fit

    def compute() -> dict[str, Any]:
        matrix = ablate(
            session.material.game,
            found.theta,
            over=_states(session, at),
            warm=found.z,
            workers=session.workers,
            progress=lambda done, of, _: session.progress(f"ablations at the {at}", done, of),
        )
        return {name: _cell_data(cell) for name, cell in matrix.cells.items()}

    data = session.run.chunk(f"matrix-{at}", compute, inputs={"theta": found.theta.tolist()})
    return Matrix({name: _cell_from(cell) for name, cell in data.items()})


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


def _statuses(session: Session, which: str) -> pd.DataFrame:
    """How each claim fares in draws of one kind: argument, agnostic or posterior."""
    material = session.material
    if which == "posterior":
        size = session.amount.past
        thetas = resample(session.fit, size=size, seed=session.seed)
        at, warm = "fit", session.at_fit.z
    else:
        found = session.certified[which]
        thetas, size = found["thetas"][found["good"]], found["n"]
        at, warm = "reference", session.reference.z

    def compute() -> dict[str, Any]:
        table = over_draws(
            material.game,
            thetas,
            over=_states(session, at),
            warm=warm,
            workers=session.workers,
            progress=lambda done, of, _: session.progress(f"claims in {which} draws", done, of),
        )
        return {claim: list(row) for claim, row in table.T.items()}

    data = session.run.chunk(f"claims-{which}", compute, inputs={"draws": size, "thetas": thetas})
    table = pd.DataFrame.from_dict(data, orient="index").rename_axis("claim")
    missing = size - table.shape[1]
    for k in range(missing):
        table[f"uncertified {k}"] = "not certified"
    return table


def _responses(session: Session) -> pd.DataFrame:
    """Quantity × parameter: change per prior sd at the fit. No column without a certified step."""
    fit, found = session.fit, session.at_fit

    def compute() -> dict[str, Any]:
        over = _states(session, "fit")
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


def _claims(
    session: Session,
    results: Mapping[str, ClaimResult],
    at_reference: Matrix,
    at_fit: Matrix | None,
    posterior: pd.DataFrame | None,
    ratios: Mapping[str, float],
) -> report.Claims:
    rows, shares = [], []
    for name, result in results.items():
        claim = result.claim
        rows.append(
            {
                "id": name,
                "kind": claim.kind,
                "text": claim.text,
                "check": None if claim.check is None else claim.check.text,
                "reference": _status(result.reference),
                "fit": _status(result.fit, tested=result.reference is not None),
                "share_fit": _share(posterior, name, "share"),
                "share_argument": result.argument_share,
                "share_agnostic": result.agnostic_share,
                "draws_fit": _certified(posterior, name),
                "flags": ", ".join(flag.replace(" ", "_") for flag in result.flags),
                "named": ", ".join(claim.breaks),
                "needs": ", ".join(result.broken_by),
                "untestable": claim.untestable,
                "threshold": claim.threshold,
                "later": claim.later,
            }
        )
        shares += [_share_row(name, seen) for seen in result.record]
    return report.Claims(
        claims=pd.DataFrame(rows),
        shares=pd.DataFrame(
            shares, columns=["claim", "what", "k", "n", "lower", "upper", "expect", "agrees"]
        ),
        quantities=pd.DataFrame(_quantities(session, results, at_reference, at_fit, ratios)),
        fit_about=f"posterior mode under {steps.FIT_CLASS} priors",
    )


def _status(verdict: Verdict | None, *, tested: bool = True) -> str:
    if verdict is not None:
        return verdict.status
    return "not certified" if tested and verdict is None else "untestable"


def _share(table: pd.DataFrame | None, name: str, column: str) -> float | None:
    if table is None or name not in table.index:
        return None
    return float(table.loc[name, column])


def _certified(table: pd.DataFrame | None, name: str) -> int | None:
    if table is None or name not in table.index:
        return None
    return int(table.loc[name, ["holds", "fails", "undefined"]].sum())


def _share_row(name: str, seen: Any) -> dict[str, Any]:
    what = seen.what if not seen.of else f"{seen.what}, of quarters with {seen.of}"
    if seen.versus and seen.against is not None:
        what += f"; against {seen.against.k} of {seen.against.n} with {seen.versus}"
    return {
        "claim": name,
        "what": what,
        "k": seen.frequency.k,
        "n": seen.frequency.n,
        "lower": seen.frequency.low,
        "upper": seen.frequency.high,
        "expect": None if seen.expected == "none" else seen.expected,
        "agrees": seen.met,
    }


def _quantities(
    session: Session,
    results: Mapping[str, ClaimResult],
    at_reference: Matrix,
    at_fit: Matrix | None,
    ratios: Mapping[str, float],
) -> list[dict[str, Any]]:
    case = session.material.case
    reference = at_reference.cells[NONE_OFF].measured
    fit = at_fit.cells[NONE_OFF].measured if at_fit is not None else None
    moved = any(ratio < 0.8 for ratio in ratios.values())
    rows = []
    for name, result in results.items():
        if result.claim.check is None:
            continue
        for quantity in mentioned(result.claim.check):
            noun: Quantity = case.quantities[quantity]
            rows.append(
                {
                    "claim": name,
                    "name": quantity,
                    "about": noun.about,
                    "unit": "value" if noun.value or noun.expectation else "probability",
                    "reference": math.nan if reference is None else reference.values[quantity],
                    "fit": math.nan if fit is None else fit.values[quantity],
                    "reference_certified": reference is not None,
                    "fit_certified": fit is not None,
                    "mark_reference": "calibrated",
                    "mark_fit": "estimated" if moved and "prior only" not in result.flags else "calibrated",
                }
            )
    return rows


def _cells(session: Session, matrices: Mapping[str, Matrix]) -> report.Matrix:
    case = session.material.case
    rows = []
    for at, matrix in matrices.items():
        whole = matrix.cells[NONE_OFF].verdicts
        for setting, cell in matrix.cells.items():
            if setting == NONE_OFF:
                continue
            for claim, verdict in cell.verdicts.items():
                result: str = verdict.status
                if result == "fails" and whole[claim].status == "holds":
                    result = "breaks"
                elif result == "holds" and whole[claim].status == "fails":
                    result = "changes"
                rows.append(
                    {
                        "claim": claim,
                        "ablation": setting,
                        "at": at,
                        "result": result,
                        "named": setting in case.claims[claim].breaks,
                    }
                )
    about = [{"ablation": name, "about": ablation.about} for name, ablation in case.ablations.items()]
    about.append({"ablation": ALL_OFF, "about": "All mechanisms off at once."})
    return report.Matrix(cells=pd.DataFrame(rows), ablations=pd.DataFrame(about))
