"""What the commands do: each function takes the case's path and keywords, and returns an `Outcome`.

See `tightrope.cli.commands` for the keywords that all of them share.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tightrope.case.errors import CaseError
from tightrope.outcome import FAILED, FINE, Outcome
from tightrope.runs import open_run
from tightrope.runs.files import write_atomically
from tightrope.workflow import printing
from tightrope.workflow.checking import DRAWS, check_draws
from tightrope.workflow.material import Material, load_material
from tightrope.workflow.session import FULL, QUICK, Notice, Progress, Session, quiet


@contextmanager
def _session(
    case: Path,
    *,
    seed: int,
    out: Path,
    quick: bool,
    workers: int,
    argv: Sequence[str],
    progress: Progress,
    notice: Notice,
) -> Iterator[Session]:
    progress("reading the case", 0, None)
    material = load_material(Path(case))
    key = {"case": material.source.hash, "seed": seed, "quick": quick}
    with open_run(out, case_name=material.case.case, key=key, argv=argv, notice=notice) as run:
        run.chunk("numbers", lambda: _sound(material, progress), inputs={"draws": DRAWS})
        yield Session(
            material, run, QUICK if quick else FULL, seed, workers, progress=progress, notice=notice
        )


def _sound(material: Material, progress: Progress) -> dict[str, Any]:
    """Raise CaseError if a law or payoff is illegal somewhere in the priors."""
    progress("valuing laws and payoffs at prior draws", 0, None)
    problems = check_draws(material.source)
    if problems:
        raise CaseError(problems)
    return {"draws": DRAWS}


def run_case(
    case: Path,
    *,
    seed: int = 0,
    out: Path = Path("runs"),
    quick: bool = False,
    workers: int = 1,
    argv: Sequence[str] = (),
    progress: Progress = quiet,
    notice: Notice = print,
) -> Outcome:
    """Everything: solve, fit, test the claims, answer, score, and leave `report.html` and `run.nc`."""
    from tightrope.report.page import render_report
    from tightrope.workflow import assemble

    with _session(
        case, seed=seed, out=out, quick=quick, workers=workers, argv=argv, progress=progress, notice=notice
    ) as session:
        made_on = datetime.now(UTC).date().isoformat()
        report = assemble.report(session, argv=argv, made_on=made_on)
        progress("writing the report", 0, None)
        page = session.run.folder / "report.html"
        write_atomically(page, render_report(report).encode())
        certificates = {"reference": session.reference.certificate.as_dict()}
        if session.material.coded is not None:
            certificates["fit"] = session.at_fit.certificate.as_dict()
        session.run.finish(
            assemble.groups(session, report),
            certificates=certificates,
            extra={"warnings": session.warnings, "seed": seed},
        )
        data = printing.run_data(session, report, page)
        return Outcome(FINE if session.reference.certificate.good else FAILED, data, printing.run_text(data))


def solve_case(case: Path, **keywords: Any) -> Outcome:
    """Solve at the reference values."""
    with _session(case, **_shared(keywords)) as session:
        data = printing.solve_data(session)
        good = session.reference.certificate.good
        return Outcome(FINE if good else FAILED, data, printing.solve_text(data))


def fit_case(case: Path, **keywords: Any) -> Outcome:
    """Fit the record; the prior beside the posterior."""
    with _session(case, **_shared(keywords)) as session:
        data = printing.fit_data(session)
        good = session.at_fit.certificate.good
        return Outcome(FINE if good else FAILED, data, printing.fit_text(data))


def ask_case(case: Path, *, questions: tuple[str, ...] = (), **keywords: Any) -> Outcome:
    """Answer live and past questions."""
    with _session(case, **_shared(keywords)) as session:
        data = printing.ask_data(session, questions)
        return Outcome(FINE, data, printing.ask_text(data))


def score_case(case: Path, **keywords: Any) -> Outcome:
    """Score past forecasts beside the baselines, and the ledger."""
    with _session(case, **_shared(keywords)) as session:
        data = printing.score_data(session)
        return Outcome(FINE, data, printing.score_text(data))


def claims_case(case: Path, *, claims: tuple[str, ...] = (), **keywords: Any) -> Outcome:
    """Test the claims; exit code 1 if one that should hold at the reference does not."""
    with _session(case, **_shared(keywords)) as session:
        data = printing.claims_data(session, claims)
        broken = any(row["reference"] == "fails" for row in data["claims"])
        return Outcome(FAILED if broken else FINE, data, printing.claims_text(data))


def _shared(keywords: dict[str, Any]) -> dict[str, Any]:
    """The keywords that every command takes, with their defaults."""
    defaults: dict[str, Any] = {
        "seed": 0,
        "out": Path("runs"),
        "quick": False,
        "workers": 1,
        "argv": (),
        "progress": quiet,
        "notice": print,
    }
    return defaults | keywords


__all__ = ["ask_case", "claims_case", "fit_case", "run_case", "score_case", "solve_case"]
