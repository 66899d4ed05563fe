"""`tightrope sensitivity`: a tornado, Sobol indices over priors, given-data indices over the posterior."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from tightrope.argument.extra import require
from tightrope.argument.interest import SAME
from tightrope.argument.sample import TooFew, given_draws, one_at_a_time, saltelli
from tightrope.argument.sensitivity import given_data, sobol, tornado
from tightrope.case.schema import PRIOR_CLASSES, PriorClass, Quantity
from tightrope.fit.posterior import resample
from tightrope.fit.priors import prior_set
from tightrope.workflow.drawn import drawn
from tightrope.workflow.feared import OutcomeError, quantities_of
from tightrope.workflow.session import Session
from tightrope.workflow.text import known_names, records

PARTS = ("tornado", "sobol", "given")


@dataclass(frozen=True)
class Wanted:
    """What is asked.

    quantity    of the case, or `feared`
    parameters  that Sobol's design varies, all others at the reference; empty: the `top` of the tornado
    base        rows of the Sobol sequence, a power of two
    second      whether interactions of two are wanted, for twice the solves
    draws       posterior draws behind the given-data indices
    parts       of `PARTS`
    """

    quantity: str
    parameters: tuple[str, ...] = ()
    top: int = 6
    base: int = 64
    second: bool = False
    draws: int = 400
    prior: PriorClass = "agnostic"
    parts: tuple[str, ...] = PARTS

    def __post_init__(self) -> None:
        if self.prior not in PRIOR_CLASSES:
            raise OutcomeError(f"--prior {self.prior}: it may be {' or '.join(PRIOR_CLASSES)}")
        if self.base < 2 or self.base & (self.base - 1):
            raise OutcomeError(f"--base {self.base}: write a power of two, such as 64")
        known_names("part", list(self.parts), PARTS)


def sensitivity_data(session: Session, wanted: Wanted) -> dict[str, Any]:
    """Every part that was asked for; a part that cannot be computed says `why`.

    Raises MissingExtra before anything is solved, NotCertified where the reference is not certified.
    """
    if set(wanted.parts) - {"tornado"}:
        require("SALib", library="SALib", what="sensitivity analysis")
    material = session.material
    quantities = quantities_of(material)
    known_names("quantity", [wanted.quantity], quantities)
    priors = prior_set(material.case, wanted.prior)
    known_names("free parameter", list(wanted.parameters), priors.names)
    session.reference.require()
    data: dict[str, Any] = {
        "quantity": wanted.quantity,
        "about": quantities[wanted.quantity].about,
        "prior": wanted.prior,
        "seed": session.seed,
        "warnings": list(session.warnings),
    }
    choose = not wanted.parameters and "sobol" in wanted.parts
    if "tornado" in wanted.parts or choose:
        data["tornado"] = _tornado(session, wanted, quantities)
    if "sobol" in wanted.parts:
        rows = data.get("tornado", {}).get("rows", [])
        swung = [row["parameter"] for row in rows if abs(row["swing"] or 0.0) > SAME]
        chosen = wanted.parameters or tuple(swung[: wanted.top])
        data["sobol"] = _sobol(session, wanted, quantities, chosen)
    if "given" in wanted.parts:
        data["given"] = _given(session, wanted, quantities)
    return data


def _tornado(session: Session, wanted: Wanted, quantities: dict[str, Quantity]) -> dict[str, Any]:
    material = session.material
    priors = prior_set(material.case, wanted.prior)
    at = np.array([material.case.parameters[name].value for name in priors.names])
    design = one_at_a_time(priors, at)
    thetas = design.thetas(material.game.theta(), material.game.parameters)
    found = drawn(session, "one parameter at a time", thetas, quantities=quantities, warm=session.reference.z)
    result = tornado(found.sample(design, wanted.quantity))
    base = result.base if result.base == result.base else None
    rows = records(result.table.reset_index())
    for row in rows:
        row["why"] = material.case.parameters[row["parameter"]].why
    return {"base": base, "points": result.sample.counts, "rows": rows}


def _sobol(
    session: Session, wanted: Wanted, quantities: dict[str, Quantity], chosen: tuple[str, ...]
) -> dict[str, Any]:
    if not chosen:
        return {"why": "no parameter moves the quantity by itself; name some with --parameters"}
    material = session.material
    priors = prior_set(material.case, wanted.prior, only=chosen)
    design = saltelli(priors, base=wanted.base, seed=session.seed, second=wanted.second)
    thetas = design.thetas(material.game.theta(), material.game.parameters)
    found = drawn(session, "Saltelli's design", thetas, quantities=quantities)
    sample = found.sample(design, wanted.quantity)
    data: dict[str, Any] = {"parameters": list(priors.names), "points": sample.counts, "base": wanted.base}
    try:
        result = sobol(sample, seed=session.seed)
    except TooFew as error:
        return data | {"why": str(error)}
    return data | {
        "blocks": result.blocks,
        "dropped": result.dropped,
        "dropped_share": result.dropped_share,
        "variance": result.variance,
        "rows": records(result.table.reset_index()),
        "interactions": records(result.interactions.reset_index()),
    }


def _given(session: Session, wanted: Wanted, quantities: dict[str, Quantity]) -> dict[str, Any]:
    if session.material.coded is None:
        return {"why": "the case has no record, so there is no posterior to draw from"}
    if not session.has_fit:
        return {"why": "no fit is at hand; `tightrope fit` with the same options makes one"}
    fit = session.fit
    thetas = resample(fit, size=wanted.draws, seed=session.seed)
    design = given_draws(fit.priors, thetas[:, list(fit.positions)])
    found = drawn(session, "posterior draws", thetas, quantities=quantities, warm=session.at_fit.require().z)
    sample = found.sample(design, wanted.quantity)
    try:
        result = given_data(
            sample,
            seed=session.seed,
            progress=lambda done, of: session.progress("given-data indices", done, of),
        )
    except TooFew as error:
        return {"points": sample.counts, "why": str(error)}
    return {
        "points": sample.counts,
        "source": fit.source,
        "floor": result.floor,
        "rows": records(result.table.reset_index()),
    }
