"""A whole run, and what may be had of it alone: the solution, the scores, the hindcasts."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Unpack

from tightrope.case.bundled import refuse_writing
from tightrope.outcome import FAILED, FINE, Outcome
from tightrope.runs.files import write_atomically
from tightrope.workflow import printing
from tightrope.workflow.opening import Options, session_of


def run_case(case: Path | str, **options: Unpack[Options]) -> Outcome:
    """Everything: solve, fit, test the claims, answer, score, and leave `report.html` and `run.nc`."""
    from tightrope.report.page import render_report
    from tightrope.workflow import assemble, brief

    with session_of(case, **options) as session:
        progress, argv = session.progress, options.get("argv", ())
        made_on = datetime.now(UTC).date().isoformat()
        report = assemble.report(session, argv=argv, made_on=made_on)
        progress("writing the report", 0, None)
        page = session.run.folder / "report.html"
        write_atomically(page, render_report(report).encode())
        brief.leave_brief(session, report)
        certificates = {"reference": session.reference.certificate.as_dict()}
        if session.material.coded is not None:
            certificates["fit"] = session.at_fit.certificate.as_dict()
        session.run.finish(
            assemble.groups(session, report),
            certificates=certificates,
            extra={"warnings": session.warnings, "seed": session.seed},
        )
        data = printing.run_data(session, report, page)
        return Outcome(FINE if session.reference.certificate.good else FAILED, data, printing.run_text(data))


def solve_case(case: Path | str, **options: Unpack[Options]) -> Outcome:
    """Solve at the reference values."""
    with session_of(case, **options) as session:
        data = printing.solve_data(session)
        good = session.reference.certificate.good
        return Outcome(FINE if good else FAILED, data, printing.solve_text(data))


def score_case(case: Path | str, **options: Unpack[Options]) -> Outcome:
    """Score past forecasts beside the baselines, and the ledger."""
    with session_of(case, **options) as session:
        data = printing.score_data(session)
        return Outcome(FINE, data, printing.score_text(data))


def hindcast_case(
    case: Path | str, *, origins: str = "", ship: bool = False, **options: Unpack[Options]
) -> Outcome:
    """Forecast from past origins beside every rival; exit code 1 if an origin is missing.

    origins  years as `2000..2024`; empty: all that the record allows
    ship     put the forecasts into the case's folder, where quick runs find them
    """
    from tightrope.workflow import hindcast, hindcast_text
    from tightrope.workflow.contest import contest
    from tightrope.workflow.origins import read_origins

    if ship:
        refuse_writing(case)
    with session_of(case, **options) as session:
        wanted = read_origins(session.material, origins)
        made = hindcast.hindcasts(session, wanted, compute=session.amount.origins)
        if ship:
            hindcast.ship(session, made)
        if not made.ahead:
            why = "; ".join(f"{known}: {text}" for known, text in made.failed.items())
            return Outcome(
                FAILED, {"origins": [], "failed": dict(made.failed)}, f"No hindcast is there. {why}"
            )
        found = contest(session.material, made, seed=session.seed)
        data = hindcast_text.data_of(session, made, found)
        return Outcome(FAILED if made.failed else FINE, data, hindcast_text.text_of(data))
