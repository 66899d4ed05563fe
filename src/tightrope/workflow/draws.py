"""Draws, likelihood and forecasts of a run as labelled arrays, under ArviZ's group and dimension names."""

from __future__ import annotations

from typing import Any

import numpy as np

from tightrope.case.schema import PriorClass
from tightrope.fit.posterior import resample
from tightrope.forecast.answers import Answers
from tightrope.workflow.session import Session


def groups(session: Session) -> dict[str, Any]:
    """Groups of `run.nc`, xarray Datasets by name.

    prior, prior_argument   (chain, draw): every parameter at draws from the agnostic and the
                            argument-centred priors; `certified`: whether the game solved there
    posterior               (chain, draw): every parameter at equally weighted posterior draws
    log_likelihood          (at, period): nats of each coded period at the reference and the mode
    forecasts/live          (chain, draw, question): probabilities, before the outside view is mixed in
    forecasts/past-PERIOD   the same for the questions asked when PERIOD was the last one known

    Groups that the case or the run does not have are left out.
    """
    import xarray as xr

    made: dict[str, Any] = {}
    groups: tuple[tuple[PriorClass, str], ...] = (("agnostic", "prior"), ("argument", "prior_argument"))
    for name, group in groups:
        found = session.certified[name]
        made[group] = _parameters(session, found.thetas).assign(
            certified=(("chain", "draw"), found.drawn.good[None])
        )
    if session.material.coded is None:
        return made
    fit = session.fit
    made["posterior"] = _parameters(
        session, resample(fit, size=max(session.amount.live, session.amount.past), seed=session.seed)
    ).assign_attrs(
        prior_class=fit.priors.prior_class,
        source=fit.source,
        effective=float(fit.draws.effective),
        pareto_shape=float(fit.draws.shape),
    )
    rows: dict[str, list[float]] = {}
    if session.reference.certificate.good:
        rows["reference"] = session.history_at_reference["log_probability"]
    if session.at_fit.certificate.good:
        rows["mode"] = session.history_at_fit["log_probability"]
    if rows:
        made["log_likelihood"] = xr.Dataset(
            {"record": (("at", "period"), np.array(list(rows.values())))},
            coords={"at": list(rows), "period": list(session.material.coded.periods)},
            attrs={"units": "nats"},
        )
    if session.live is not None:
        made["forecasts/live"] = _answers(session.live)
    for known, answers in session.past.items():
        made[f"forecasts/past-{known}"] = _answers(answers)
    return made


def _parameters(session: Session, thetas: np.ndarray) -> Any:
    import xarray as xr

    names = session.material.game.parameters
    return xr.Dataset(
        {_free(name): (("chain", "draw"), thetas[None, :, k]) for k, name in enumerate(names)},
        coords={"chain": [0], "draw": np.arange(len(thetas))},
    )


def _free(name: str) -> str:
    """A parameter's name, changed only where the file needs it for something else."""
    return f"{name}_" if name in ("chain", "draw", "certified") else name


def _answers(answers: Answers) -> Any:
    import xarray as xr

    return xr.Dataset(
        {"probability": (("chain", "draw", "question"), answers.probabilities[None])},
        coords={"chain": [0], "draw": np.arange(len(answers.probabilities)), "question": list(answers.ids)},
        attrs={"known_until": answers.known, "uncertified_draws": answers.failed},
    )
