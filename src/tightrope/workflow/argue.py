"""The argument's claims judged: at the reference, at the fit, under ablations and over draws."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from tightrope.argument.ablations import NONE_OFF, Matrix
from tightrope.argument.claims import ClaimResult, judge_claims
from tightrope.argument.fared import Fared, fare
from tightrope.argument.needs import Search
from tightrope.case.schema import PRIOR_CLASSES
from tightrope.report import sections as report
from tightrope.workflow.drawn import Place, posterior_fared, prior_taken
from tightrope.workflow.matrices import ablated_draws, matrix_at, responses, sets_at
from tightrope.workflow.session import Session

Kind = Literal["argument", "agnostic", "posterior"]


@dataclass(frozen=True)
class Effort:
    """How much is computed beyond what a run's report has.

    draws           certified draws of each class of priors, and posterior draws; 0: as many as a run's
    sets            sets of up to so many ablations are tried on claims that no smaller one breaks
    ablation_draws  posterior draws in which each mechanism is switched off
    """

    draws: int = 0
    sets: int = 1
    ablation_draws: int = 0


@dataclass(frozen=True, eq=False)
class Judged:
    """All that was found about the claims of a case.

    results   claim -> its columns and flags
    matrices  place -> claims × ablations there; the fit is absent where it has no certificate or no record
    fared     kind of draws -> how the claims fare there
    ratios    parameter -> posterior over prior sd; empty without a fit
    searches  place -> the smallest sets that break each claim; empty where none were looked for
    broken    (claim, setting) over posterior draws, as `broken_over_draws` gives it; None where not computed
    """

    results: Mapping[str, ClaimResult]
    matrices: Mapping[Place, Matrix]
    fared: Mapping[Kind, Fared]
    ratios: Mapping[str, float]
    searches: Mapping[Place, Search]
    broken: pd.DataFrame | None = None


def judged(session: Session, effort: Effort | None = None) -> Judged | report.NotComputed:
    """Judge the claims, or say why not."""
    case, asked = session.material.case, effort or Effort()
    if not case.claims:
        return report.NotComputed("The case makes no claims.")
    if not session.reference.certificate.good:
        return report.NotComputed("The equilibrium at the reference is not certified.")
    matrices: dict[Place, Matrix] = {"reference": matrix_at(session, "reference")}
    fitted = session.material.coded is not None and session.at_fit.certificate.good
    if fitted:
        matrices["fit"] = matrix_at(session, "fit")
    fared: dict[Kind, Fared] = {}
    for name in PRIOR_CLASSES:
        taken = prior_taken(session, name, asked.draws) if asked.draws else session.certified[name]
        fared[name] = fare(taken.drawn, case)
    ratios: dict[str, float] = {}
    if fitted:
        fared["posterior"] = posterior_fared(session, asked.draws or session.amount.past)
        spread = (float(x) for x in session.fit.spread)
        ratios = dict(zip(session.fit.priors.names, spread, strict=True))
    results = judge_claims(
        case,
        coded=session.material.coded,
        matrix=matrices["reference"],
        fit=matrices["fit"].cells[NONE_OFF] if fitted else None,
        argument=fared["argument"].shares(),
        agnostic=fared["agnostic"].shares(),
        ratios=ratios,
        responses=responses(session) if fitted else None,
    )
    searches: dict[Place, Search] = {}
    if asked.sets > 1:
        searches = {at: sets_at(session, at, found, most=asked.sets) for at, found in matrices.items()}
    table = None
    if asked.ablation_draws and fitted:
        whole = posterior_fared(session, asked.ablation_draws)
        table = ablated_draws(session, whole, asked.ablation_draws)
    return Judged(results, matrices, fared, ratios, searches, table)
