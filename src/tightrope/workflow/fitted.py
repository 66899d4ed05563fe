"""What `tightrope fit` prints: modes, diagnostics and what each parameter learned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tightrope.fit.posterior import parameter_table
from tightrope.workflow.session import Session
from tightrope.workflow.text import blocks, notes, plain, table


def fit_data(session: Session) -> dict[str, Any]:
    """Modes, diagnostics and the parameter table."""
    fit = session.fit
    return {
        "case": session.material.case.case,
        "prior_class": fit.priors.prior_class,
        "log_likelihood": fit.log_likelihood,
        "certificate": session.at_fit.certificate.as_dict(),
        "effective_draws": fit.draws.effective,
        "pareto_shape": fit.draws.shape,
        "posterior": fit.source,
        "modes": [
            {"start": m.start, "log_posterior": m.log_posterior, "status": m.status, "calls": m.calls}
            for m in fit.modes
        ],
        "failures": fit.failures,
        "calls": fit.calls,
        "parameters": [
            {k: plain(v) for k, v in row.items()} for row in parameter_table(session.material.case, fit)
        ],
        "warnings": list(session.warnings),
    }


def fit_text(data: Mapping[str, Any], chains: Sequence[str] = ()) -> str:
    """The same for a reader: informed parameters first. `chains`: what is to be said of chains."""
    lines = [
        f"log-likelihood {data['log_likelihood']:.2f} at the posterior mode ({data['prior_class']} priors); "
        f"posterior from the {data['posterior']}",
        f"{data['failures']} of {data['calls']} evaluations had no certificate",
        *chains,
        "",
    ]
    free = [row for row in data["parameters"] if row["spread"] is not None]
    rows = [
        {
            "parameter": row["name"],
            "reference": f"{row['reference']:.4g}",
            "mode": f"{row['mode']:.4g}",
            "90 % interval": f"{row['lower']:.4g} to {row['upper']:.4g}",
            "sd / prior sd": f"{row['spread']:.2f}",
            "": row["provenance"] if not row["note"] else f"{row['provenance']}; {row['note']}",
        }
        for row in sorted(free, key=lambda row: row["spread"])
    ]
    lines.append(table(rows, ["parameter", "reference", "mode", "90 % interval", "sd / prior sd", ""]))
    return blocks(lines, notes(data))
