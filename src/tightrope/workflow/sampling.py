"""`tightrope fit --engine nuts`: chains along gradients around a fit, side by side, kept piece by piece."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from tightrope.case.schema import PriorClass
from tightrope.fit.laplace import Laplace
from tightrope.fit.leaps import places
from tightrope.fit.nuts import Trajectories, nuts_chain
from tightrope.fit.posterior import Fit
from tightrope.fit.priors import PriorSet, prior_set
from tightrope.fit.roaming import FLOCK
from tightrope.fit.store import fit_from
from tightrope.fit.surrogate_chains import surrogate_chain, teach
from tightrope.fit.target import Target
from tightrope.fit.teaching import Learned
from tightrope.fit.trajectories import Report, informed, sampled_fit
from tightrope.game.prepared import chains_at
from tightrope.runs import digest
from tightrope.workflow import steps
from tightrope.workflow.coding import Coding
from tightrope.workflow.elsewhere import keeper, material_of
from tightrope.workflow.material import Material
from tightrope.workflow.session import Session
from tightrope.workflow.text import known_names

OnStep = Callable[[int, int], None] | None
FREE, EVERY = 10, "all"
OTHERS = ("sampled", "drawn", "held")
QUICK = (2, 60, 60)
OUTER, TRIES = 7, 50
"""What sets the random numbers of draws of others apart, and draws looked at before giving up."""


class BadSampling(ValueError):
    """A way to sample that does not exist; says what does."""


class NoChain(RuntimeError):
    """A chain that could not be made."""


@dataclass(frozen=True)
class Wanted:
    """How to sample.

    free    names of the parameters to follow gradients in, or how many, chosen by how much the fit learned
            of each; `all`: every free one; empty: ten
    others  what becomes of the others: `sampled` by slices, `drawn` from their priors, or `held` at the mode
    outer   how many draws of the others, each with chains of its own; 0: one
    chains, warmup, draws  0: four chains of 500 draws after 300; in a quick run two of 60 after 60
    """

    free: str = ""
    others: str = "sampled"
    outer: int = 0
    chains: int = 0
    warmup: int = 0
    draws: int = 0

    def __post_init__(self) -> None:
        if self.others not in OTHERS:
            raise BadSampling(f"--others {self.others}: it may be {', '.join(OTHERS[:-1])} or {OTHERS[-1]}")
        if self.outer and self.others != "drawn":
            raise BadSampling("--outer counts draws of the other parameters: it belongs to --others drawn")
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
    starts: np.ndarray | None = None


Work = Callable[[Material, Job, OnStep], Any]


def chains_fit(session: Session, wanted: Wanted, *, surrogate: bool = False) -> tuple[Fit, Report]:
    """The fit whose posterior is that of chains along gradients, or by a surrogate, and how these went.

    Raises NoChain if one could not be made, NoRecord for a case without a record.
    """
    material = session.material
    evidence = material.evidence
    base = base_fit(session)
    plan = replace(_plan(session, base, wanted), surrogate=surrogate)
    if surrogate and wanted.others == "sampled":
        if len(plan.sampled) < len(base.priors):
            raise BadSampling(
                "--engine surrogate moves some parameters and no others: say --others drawn, or held, "
                "or --free all"
            )
        plan = replace(plan, others="held")
    around = {
        "around": digest(
            {"mean": base.laplace.mean.tolist(), "covariance": base.laplace.covariance.tolist()}
        ),
        "fit": session.fit_inputs(evidence, session.amount.fit),
    }
    jobs = []
    for number in range(max(1, wanted.outer)):
        own = replace(plan, outer=number)
        laplace, z = _place(session, base, own)
        key = digest(around | {"wanted": asdict(own)})
        jobs += [
            Job(
                str(material.folder.resolve()), material.coding, base.priors.prior_class, laplace, z, own,
                session.seed, chain, str((session.run.folder / "chunks").resolve()), key, _starts(base),
            )
            for chain in range(plan.chains)
        ]  # fmt: skip
    taught = []
    if surrogate:
        firsts = [job for job in jobs if job.chain == 0]
        taught = _gathered(session, firsts, _teach, teach_job, "surrogate")
    made = _gathered(session, jobs, _sample, sample_job, "chain")
    fit, told = sampled_fit(base, made, wanted=plan, outer=max(1, wanted.outer))
    return fit, replace(told, taught=tuple(taught))


def _gathered(
    session: Session, jobs: list[Job], here: Work, there: Callable[[Job, int], Any], what: str
) -> list[Any]:
    """The jobs' results in their order, made here with progress or side by side. Raises NoChain."""

    def shown(job: Job, _: int) -> Any:
        label = f"{what} {job.wanted.outer + 1}.{job.chain + 1}"
        return here(session.material, job, lambda done, of: session.progress(label, done, of))

    parts: dict[int, Any] = {}
    for result in session.spread(shown, there, jobs):
        if not result.ok or result.value is None:
            raise NoChain(f"{what} {result.index + 1}: {result.error.strip().splitlines()[-1]}")
        parts[result.index] = result.value
        session.progress(f"{what}s", len(parts), len(jobs))
    return [parts[k] for k in sorted(parts)]


def _starts(base: Fit) -> np.ndarray | None:
    """Where a surrogate in many parameters begins to be learned: draws of the fit's chains, if it has any."""
    if base.chains is None:
        return None
    flat = base.chains.flat
    return np.asarray(flat[np.linspace(0, len(flat) - 1, FLOCK).astype(int)])


def base_fit(session: Session) -> Fit:
    """The fit that is there already, else one without chains: they would be made for nothing."""
    if session.has_fit:
        return session.fit
    effort = replace(session.amount.fit, sampling=None)
    return fit_from(session.fit_data("fit-around", session.material.evidence, effort))


def _place(session: Session, base: Fit, plan: Trajectories) -> tuple[Laplace, np.ndarray]:
    """Where the others stand, as the mean of the approximation, and the fixed point there."""
    evidence = session.material.evidence
    target = Target(evidence, base.priors)
    if plan.others != "drawn":
        z = steps.at_mode(evidence, base)
        if z is None:
            z = target.near(base.modes[0].scores).z
        assert z is not None
        return base.laplace, z
    _, outside = places(base.priors, plan.sampled)
    generator = np.random.default_rng([session.seed, OUTER, plan.outer])
    session.progress("drawing the other parameters", plan.outer + 1, None)
    for _ in range(TRIES):
        whole = np.array(base.laplace.mean)
        whole[outside] = generator.normal(size=len(whole))[outside]
        local = target.near(whole)
        if local.z is not None and np.isfinite(local.value(whole)[0]):
            return replace(base.laplace, mean=whole), local.z
    raise NoChain(f"none of {TRIES} draws of the other parameters is certified")


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
        names,
        others=wanted.others,
        chains=wanted.chains or chains,
        warmup=wanted.warmup or warmup,
        draws=wanted.draws or draws,
    )


def sample_job(job: Job, _: int) -> dict[str, Any]:
    """One chain in a process of its own, with the run's seed."""
    return _sample(material_of(job.case, job.coding), job, None)


def teach_job(job: Job, _: int) -> Learned:
    """What a surrogate of one draw of the others learns, in a process of its own."""
    return _teach(material_of(job.case, job.coding), job, None)


def _teach(material: Material, job: Job, on_step: OnStep) -> Learned:
    priors: PriorSet = prior_set(material.case, job.prior)
    return teach(
        Target(material.evidence, priors, z=job.z),
        job.around,
        sampled=job.wanted.sampled,
        seed=job.seed,
        keep=keeper(Path(job.chunks), "fit", job.key),
        starts=job.starts,
        on_step=on_step,
    )


def _sample(material: Material, job: Job, on_step: OnStep) -> dict[str, Any]:
    priors: PriorSet = prior_set(material.case, job.prior)
    evidence = material.evidence
    if job.wanted.surrogate:
        return surrogate_chain(
            Target(evidence, priors, z=job.z),
            job.around,
            taught=_teach(material, job, None),
            wanted=job.wanted,
            seed=job.seed,
            chain=job.chain,
            keep=keeper(Path(job.chunks), "fit", job.key),
            on_step=on_step,
        )
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
