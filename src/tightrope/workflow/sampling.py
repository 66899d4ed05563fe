"""`tightrope fit --engine nuts`: chains along gradients around a fit, side by side, kept piece by piece."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from tightrope import executor
from tightrope.case.schema import PriorClass
from tightrope.fit.chains import mixing
from tightrope.fit.laplace import Laplace
from tightrope.fit.nuts import Trajectories, nuts_chain
from tightrope.fit.posterior import Fit
from tightrope.fit.priors import PriorSet, prior_set
from tightrope.fit.store import fit_from
from tightrope.fit.target import Target
from tightrope.fit.trajectories import Report, informed, sampled_fit
from tightrope.game.prepared import chains_at
from tightrope.runs import digest
from tightrope.workflow import steps
from tightrope.workflow.coding import Coding
from tightrope.workflow.elsewhere import keeper, material_of
from tightrope.workflow.material import Material
from tightrope.workflow.session import Session
from tightrope.workflow.text import known_names

FREE, EVERY = 10, "all"
OTHERS = ("sampled", "held")
QUICK = (2, 60, 60)


class BadSampling(ValueError):
    """A way to sample that does not exist; says what does."""


class NoChain(RuntimeError):
    """A chain that could not be made."""


@dataclass(frozen=True)
class Wanted:
    """How to sample.

    free    names of the parameters to follow gradients in, or how many, chosen by how much the fit learned
            of each; `all`: every free one; empty: ten
    others  what becomes of the others: `sampled` by slices, or `held` at the mode
    chains, warmup, draws  0: four chains of 500 draws after 300; in a quick run two of 60 after 60
    """

    free: str = ""
    others: str = "sampled"
    chains: int = 0
    warmup: int = 0
    draws: int = 0

    def __post_init__(self) -> None:
        if self.others not in OTHERS:
            raise BadSampling(f"--others {self.others}: it may be {' or '.join(OTHERS)}")
        if self.chains == 1 or 0 < self.draws < 4:
            raise BadSampling("chains are compared with each other: at least two, of four draws each")


@dataclass(frozen=True, eq=False)
class Job:
    """All that a process needs for one chain."""

    case: str
    coding: Coding
    prior: PriorClass
    around: Laplace
    z: np.ndarray
    wanted: Trajectories
    seed: int
    chain: int
    chunks: str
    key: str


def nuts_fit(session: Session, wanted: Wanted) -> tuple[Fit, Report]:
    """The fit whose posterior is that of chains along gradients, and how these went.

    Raises NoChain if one could not be made, NoRecord for a case without a record.
    """
    material = session.material
    evidence = material.evidence
    base = around(session)
    plan = _plan(session, base, wanted)
    z = steps.at_mode(evidence, base)
    if z is None:
        z = Target(evidence, base.priors).near(base.modes[0].scores).z
    assert z is not None
    inputs = {
        "around": digest(
            {"mean": base.laplace.mean.tolist(), "covariance": base.laplace.covariance.tolist()}
        ),
        "fit": session.fit_inputs(evidence, session.amount.fit),
        "wanted": asdict(plan),
    }
    jobs = [
        Job(
            str(material.folder.resolve()), material.coding, base.priors.prior_class, base.laplace, z, plan,
            session.seed, chain, str((session.run.folder / "chunks").resolve()), digest(inputs),
        )
        for chain in range(plan.chains)
    ]  # fmt: skip
    parts: dict[int, Any] = {}
    for result in _results(session, jobs):
        if not result.ok or result.value is None:
            raise NoChain(f"chain {result.index + 1}: {result.error.strip().splitlines()[-1]}")
        parts[result.index] = result.value
        session.progress("chains", len(parts), len(jobs))
    return sampled_fit(base, [parts[k] for k in sorted(parts)], wanted=plan)


def around(session: Session) -> Fit:
    """The fit that is there already, else one without chains: they would be made for nothing."""
    if session.has_fit:
        return session.fit
    effort = replace(session.amount.fit, sampling=None)
    return fit_from(session.fit_data("fit-around", session.material.evidence, effort))


def _plan(session: Session, base: Fit, wanted: Wanted) -> Trajectories:
    quick = session.amount.past < 100
    chains, warmup, draws = QUICK if quick else (4, 300, 500)
    known = base.priors.names
    if wanted.free == EVERY:
        names = known
    elif not wanted.free or wanted.free.isdecimal():
        names = informed(base, min(int(wanted.free or FREE), len(known)))
    else:
        given = [name.strip() for name in wanted.free.split(",") if name.strip()]
        chosen = known_names("free parameter", given, known)
        names = tuple(name for name in known if name in chosen)
    if not names:
        raise BadSampling("--free: at least one parameter")
    return Trajectories(
        names, wanted.others, wanted.chains or chains, wanted.warmup or warmup, wanted.draws or draws
    )


def _results(session: Session, jobs: list[Job]) -> Iterator[executor.Result[dict[str, Any]]]:
    """Each chain as it is done: here with progress, or side by side."""

    def here(job: Job, _: int) -> dict[str, Any]:
        label = f"chain {job.chain + 1} along gradients"
        return _sample(session.material, job, lambda done, of: session.progress(label, done, of))

    yield from session.spread(here, sample_job, jobs)


def sample_job(job: Job, _: int) -> dict[str, Any]:
    """One chain in a process of its own, with the run's seed."""
    return _sample(material_of(job.case, job.coding), job, None)


def _sample(material: Material, job: Job, on_step: Callable[[int, int], None] | None) -> dict[str, Any]:
    priors: PriorSet = prior_set(material.case, job.prior)
    evidence = material.evidence
    theta = Target(evidence, priors).theta(job.around.mean)
    return nuts_chain(
        evidence,
        priors,
        around=job.around,
        z=job.z,
        ahead=chains_at(evidence.game, theta, job.z),
        wanted=job.wanted,
        seed=job.seed,
        chain=job.chain,
        keep=keeper(Path(job.chunks), "fit", job.key),
        on_step=on_step,
    )


def report_data(fit: Fit, told: Report) -> dict[str, Any]:
    """How the chains went, as plain data."""
    assert fit.chains is not None
    found = mixing(fit.chains)
    by_name = dict(zip(fit.priors.names, range(len(fit.priors)), strict=True))
    inside = [by_name[name] for name in told.sampled]
    chains, draws, _ = fit.chains.scores.shape
    return {
        "sampled": list(told.sampled),
        "others": told.others,
        "chains": chains,
        "draws": draws,
        "largest_rhat": float(np.max(found.rhat)),
        "least_bulk": float(np.min(found.bulk)),
        "least_tail": float(np.min(found.tail)),
        "sampled_rhat": float(np.max(found.rhat[inside])),
        "sampled_bulk": float(np.min(found.bulk[inside])),
        "mixed": found.good,
        "usable": found.usable,
        "divergent": told.divergent,
        "deepest": told.deepest,
        "failed_solves": len(told.failed),
        "failed_where": [str(x) for x in told.where],
        "gradients": told.gradients,
        "evaluations": told.evaluations,
        "step_sizes": list(told.step_sizes),
        "accepted": told.accepted,
    }


def report_text(told: dict[str, Any]) -> list[str]:
    """The same for a reader."""
    others = "sampled by slices" if told["others"] == "sampled" else "held at the mode"
    names = ", ".join(told["sampled"])
    verdict = "mixed" if told["mixed"] else "not mixed, 1.01 and 400 are asked for"
    where = ": " + "; ".join(told["failed_where"]) if told["failed_where"] else ""
    return [
        f"{told['chains']} chains of {told['draws']} draws along gradients in {len(told['sampled'])} "
        f"parameters ({names}); the others {others}",
        f"largest R-hat {told['largest_rhat']:.3f}, smallest effective sizes {told['least_bulk']:.0f} (bulk) "
        f"and {told['least_tail']:.0f} (tails); of those along gradients {told['sampled_rhat']:.3f} and "
        f"{told['sampled_bulk']:.0f} (bulk): {verdict}",
        f"{told['divergent']} divergent draws, {told['deepest']} trajectories cut at their greatest length, "
        f"{told['failed_solves']} solves without a certificate{where}",
        f"{told['gradients']} gradients in {told['evaluations']} evaluations; acceptance "
        f"{told['accepted']:.2f}, step sizes {', '.join(f'{x:.2g}' for x in told['step_sizes'])}",
    ]
