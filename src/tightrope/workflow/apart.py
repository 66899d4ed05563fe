"""Work that a run hands to other processes: fits at the origins of past questions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tightrope.fit.posterior import Effort, compute_now
from tightrope.workflow import steps
from tightrope.workflow.coding import Coding
from tightrope.workflow.material import load_material
from tightrope.workflow.session import ORIGIN_EFFORT, Session


@dataclass(frozen=True)
class OriginFit:
    """A fit to the record as known at one origin: all that a process needs to make it."""

    case: str
    coding: Coding
    known: str
    effort: Effort
    seed: int


def fit_origin(job: OriginFit, _: int) -> dict[str, Any]:
    """The fit as plain data. Its seed is the run's, so that it does not matter where it is made."""
    material = load_material(Path(job.case), coding=job.coding)
    return steps.fit(material.known_at(job.known), effort=job.effort, seed=job.seed, keep=compute_now)


def fit_origins(session: Session, missing: Sequence[str]) -> None:
    """Fit at several origins at once and put the fits into the run; one that fails is left for later."""
    material = session.material
    jobs = [
        OriginFit(str(material.folder.resolve()), material.coding, known, ORIGIN_EFFORT, session.seed)
        for known in missing
    ]
    for result in session.spread(fit_origin, fit_origin, jobs, label="fits at the origins of past questions"):
        known = missing[result.index]
        if not result.ok:
            session.notice(f"the fit as of {known} failed apart and is tried again here: {result.error}")
            continue
        inputs = session.fit_inputs(material.known_at(known), ORIGIN_EFFORT)
        session.run.store(f"origin-{known}", result.value, inputs=inputs, seconds=result.seconds)
