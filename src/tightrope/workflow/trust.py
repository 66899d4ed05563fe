"""Parameters before and after the record, diagnostics, and provenance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from tightrope.fit.chains import mixing
from tightrope.fit.posterior import Fit, parameter_table
from tightrope.fit.priors import distribution
from tightrope.report.sections import Diagnostics, NotComputed, Parameters, Provenance
from tightrope.runs import versions
from tightrope.workflow import steps
from tightrope.workflow.drawn import PIECES
from tightrope.workflow.session import Session


def parameters(session: Session) -> Parameters | NotComputed:
    """Each parameter's prior beside its posterior."""
    if session.material.coded is None:
        return NotComputed("The case has no record to fit.")
    rows = []
    for row in parameter_table(session.material.case, session.fit):
        parameter = session.material.case.parameters[row["name"]]
        known: dict[str, float] = {}
        if not parameter.fixed:
            prior = distribution(parameter.prior[steps.FIT_CLASS])
            known = {
                "prior_lower": float(prior.ppf(0.05)),
                "prior_median": float(prior.median()),
                "prior_upper": float(prior.ppf(0.95)),
            }
        rows.append(
            {
                "name": row["name"],
                "reference": row["reference"],
                "prior": row["prior"],
                **known,
                "mode": row["mode"],
                "lower": row["lower"],
                "upper": row["upper"],
                "sd_ratio": row["spread"],
                "mark": row["provenance"],
                "note": row["note"],
                "why": row["why"],
            }
        )
    return Parameters(parameters=pd.DataFrame(rows), prior_class=steps.FIT_CLASS)


def _chains(fit: Fit) -> list[dict[str, Any]]:
    if fit.chains is None:
        return []
    found = mixing(fit.chains)
    chains, draws, _ = fit.chains.scores.shape
    return [
        {
            "name": "chains by elliptical slice sampling",
            "value": f"{chains} of {draws} draws; {found}",
            "good": found.good,
            "note": "R-hat below 1.01 and 400 effective draws are asked for (Vehtari et al. 2021)",
        }
    ]


def diagnostics(session: Session) -> Diagnostics:
    """Certificates, draws and climbs: whether the numbers can be trusted as numbers."""
    checks: list[dict[str, Any]] = [_certificate("equilibrium at the reference", session.reference)]
    starts = None
    if session.material.coded is not None:
        fit, draws = session.fit, session.fit.draws
        checks += [
            _certificate("equilibrium at the posterior mode", session.at_fit),
            {
                "name": "log-likelihood of the record at the reference",
                "value": _at_reference(session),
                "good": None,
                "note": None,
            },
            {
                "name": "log-likelihood of the record at the posterior mode",
                "value": f"{fit.log_likelihood:.1f} nats",
                "good": None,
                "note": None,
            },
            {
                "name": "effective sample size of the weighted draws",
                "value": f"{draws.effective:.0f} of {len(draws.log_weights)}",
                "good": bool(draws.effective >= 20),
                "note": "Kish",
            },
            {
                "name": "Pareto shape of the weights",
                "value": f"{draws.shape:.2f}",
                "good": bool(draws.shape <= 0.7),
                "note": "above 0.7 the weights are refused",
            },
            {
                "name": "posterior used",
                "value": fit.source,
                "good": None,
                "note": None,
            },
            *_chains(fit),
            {
                "name": "evaluations without a certificate during the fit",
                "value": f"{fit.failures} of {fit.calls}",
                "good": bool(fit.failures <= 0.1 * fit.calls),
                "note": None,
            },
        ]
        starts = pd.DataFrame(
            [
                {
                    "start": mode.start,
                    "log_posterior": mode.log_posterior,
                    "log_likelihood": mode.log_posterior + 0.5 * float(mode.scores @ mode.scores),
                    "steps": mode.calls,
                    "ended": f"{mode.status}; largest gradient {mode.gradient_norm:.2g} per prior sd",
                }
                for mode in fit.modes
            ]
        )
    solved = [
        {"prior_class": name, "draws": len(found.thetas), "certified": int(found.drawn.good.sum())}
        for name, found in session.certified.items()
    ]
    return Diagnostics(
        checks=pd.DataFrame(checks),
        starts=starts,
        solved=pd.DataFrame(solved),
        warnings=tuple(session.warnings),
    )


def _at_reference(session: Session) -> str:
    if not session.reference.certificate.good:
        return "not certified"
    return f"{sum(session.history_at_reference['log_probability']):.1f} nats"


def _certificate(name: str, found: Any) -> dict[str, Any]:
    return {
        "name": name,
        "value": str(found.certificate),
        "good": bool(found.certificate.good),
        "note": f"choice probabilities move by {found.certificate.strategy_residual:.0e} in one more sweep",
    }


def provenance(session: Session, *, argv: Sequence[str], made_on: str) -> Provenance:
    """Hash, seed, versions, sources and timings."""
    return Provenance(
        case_hash=session.material.source.hash,
        seed=session.seed,
        command=" ".join(argv),
        made_on=made_on,
        versions=pd.DataFrame([{"package": k, "version": v} for k, v in versions().items()]),
        sources=_sources(session),
        timings=pd.DataFrame(_timings(session), columns=["step", "seconds", "note"]),
    )


def _timings(session: Session) -> list[dict[str, Any]]:
    """Seconds of each step; the pieces in which draws are solved are one row together."""
    rows: list[dict[str, Any]] = []
    pieces = [entry for name, entry in session.run.timings.items() if name.startswith(PIECES)]
    for name, entry in session.run.timings.items():
        if not name.startswith(PIECES):
            rows.append({"step": name, "seconds": entry["seconds"], "note": entry["origin"]})
    if pieces:
        origins = sorted({entry["origin"] for entry in pieces})
        seconds = sum(entry["seconds"] for entry in pieces)
        note = f"{len(pieces)} pieces, {' and '.join(origins)}"
        rows.append({"step": "draws solved and measured", "seconds": seconds, "note": note})
    return rows


def _sources(session: Session) -> pd.DataFrame:
    """What the tables of the case's SOURCES.md say of each file or series."""
    rows: list[dict[str, Any]] = []
    path = session.material.folder / "SOURCES.md"
    header: list[str] = []
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else []:
        cells = [cell.strip().replace("`", "") for cell in line.strip().strip("|").split("|")]
        if not line.startswith("|"):
            header = []
        elif not header:
            header = [cell.lower() for cell in cells]
        elif set(line) - set("|-: ") and len(cells) == len(header) > 1:
            row = dict(zip(header, cells, strict=True))
            rows.append(
                {
                    "file": cells[0],
                    "source": row.get("source", cells[1]),
                    "licence": row.get("licence", "own coding, the licence of this repository"),
                    "url": None,
                }
            )
    return pd.DataFrame(rows, columns=["file", "source", "licence", "url"])
