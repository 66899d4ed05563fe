"""The whole report from a session, and the groups of its `run.nc`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

import numpy as np
import pandas as pd

from tightrope.fit.chains import mixing
from tightrope.report.sections import TABLES, NotComputed, Report
from tightrope.workflow import (
    ahead,
    claims,
    draws,
    headline_report,
    hindcast_report,
    judgement,
    past,
    pictures,
    priced,
    scoring,
    seen,
    shown,
    trust,
)
from tightrope.workflow.session import Session


def report(session: Session, *, argv: Sequence[str], made_on: str) -> Report:
    """Compute whatever is still missing and put the report together.

    The judgement is made last: its warnings gather what the other sections found.
    """
    case = session.material.case
    with ahead.answering(session):
        argued, matrix = claims.sections(session)
    questions = scoring.questions(session)
    parts: dict[str, Any] = {
        "fans": judgement.fans(session),
        "plane": pictures.plane(session),
        "timeline": past.timeline(session),
        "evidence": shown.evidence(session),
        "claims": argued,
        "matrix": matrix,
        "policy": past.policy(session),
        "choice": priced.choice(session),
        "price": priced.price(session),
        "boxes": shown.boxes(session),
        "questions": questions,
        "hindcasts": hindcast_report.section(session),
        "ledger": scoring.ledger(session),
        "headline": headline_report.section(session),
        "parameters": trust.parameters(session),
        "watch": judgement.watch(session),
    }
    _warn_of_certificates(session)
    shown.warn_of_rivals(session, parts["evidence"])
    parts["judgement"] = judgement.judgement(session)
    parts["diagnostics"] = trust.diagnostics(session)
    parts["provenance"] = trust.provenance(session, argv=argv, made_on=made_on)
    return Report(title=case.title, case=case.case, about=case.about, **parts)


def _warn_of_certificates(session: Session) -> None:
    if not session.reference.certificate.good:
        session.warn(
            "The equilibrium at the reference values is not certified; nothing that rests on it is shown."
        )
    if session.material.coded is not None and session.fit.modes[0].status != "converged":
        mode = session.fit.modes[0]
        rest = "" if session.fit.chains is not None else "; forecasts may move when it is fitted further"
        session.warn(
            f"The mode at which claims and policies are shown is no maximum ({mode.status.rstrip(': ')}; "
            f"largest gradient {mode.gradient_norm:.1f} per prior sd){rest}."
        )
    if session.material.coded is not None:
        _warn_of_posterior(session)
    share = session.certified["argument"].share
    if share < 0.95:
        session.warn(f"Only {100 * share:.0f} % of argument-centred prior draws solve to a certificate.")


def _warn_of_posterior(session: Session) -> None:
    fit = session.fit
    if fit.source == "Laplace approximation":
        session.warn(
            "The posterior is a normal approximation around one mode that importance weights did not "
            "confirm: means of rare events and the ends of intervals are rough."
        )
    elif fit.chains is not None and not mixing(fit.chains).good:
        session.warn(
            f"The chains behind the posterior have not mixed ({mixing(fit.chains)}; 1.01 and 400 are asked "
            "for): probabilities and intervals are rough, and a parameter on which the chains disagree is "
            "not called estimated."
        )


def groups(session: Session, found: Report) -> dict[str, Any]:
    """The groups of `run.nc` by name: draws, and each table of the report (`matrix/cells`)."""
    import xarray as xr

    made: dict[str, Any] = draws.groups(session)
    for part in fields(found):
        section = getattr(found, part.name)
        if isinstance(section, (str, NotComputed)):
            continue
        pieces = pieces_of(section)
        for number, piece in enumerate(pieces):
            for name, table in _tables(piece).items():
                suffix = f"-{number}" if len(pieces) > 1 else ""
                made[f"{part.name}/{name}{suffix}"] = xr.Dataset(
                    {str(c): ("row", _column(table[c])) for c in table.columns}
                )
    table = seen.observables(session)
    if len(table):
        made["observables"] = xr.Dataset({str(c): ("row", _column(table[c])) for c in table.columns})
    return made


def pieces_of(section: Any) -> tuple[Any, ...]:
    """A section's parts, each with tables of its own: several fans or boxes, or the section itself."""
    several = [getattr(section, f.name) for f in fields(section)]
    return several[0] if len(several) == 1 and isinstance(several[0], tuple) else (section,)


def _tables(section: Any) -> Mapping[str, pd.DataFrame]:
    return {
        field.name: getattr(section, field.name)
        for field in fields(section)
        if field.name in TABLES and isinstance(getattr(section, field.name), pd.DataFrame)
    }


def _column(values: pd.Series) -> np.ndarray:
    """A column as numbers where all its values are (None as nan), else as text."""
    if all(v is None or isinstance(v, (bool, int, float)) for v in values):
        return np.array([np.nan if v is None else float(v) for v in values])
    return np.array(["" if v is None else str(v) for v in values], dtype=object).astype(str)
