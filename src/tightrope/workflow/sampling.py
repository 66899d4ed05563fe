"""`tightrope fit --engine nuts`: chains along gradients around a fit, side by side, kept piece by piece."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from tightrope import executor
from tightrope.case.schema import PriorClass
from tightrope.fit.chains import mixing
from tightrope.fit.laplace import Laplace
from tightrope.fit.leaps import places
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


def nuts_fit(session: Session, wanted: Wanted) -> tuple[Fit, Report]:
    """The fit whose posterior is that of chains along gradients, and how these went.

    Raises NoChain if one could not be made, NoRecord for a case without a record.
    """
    material = session.material
    evidence = material.evidence
    base = base_fit(session)
    plan = _plan(session, base, wanted)
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
                session.seed, chain, str((session.run.folder / "chunks").resolve()), key,
            )
            for chain in range(plan.chains)
        ]  # fmt: skip
    parts: dict[int, Any] = {}
    for result in _results(session, jobs):
        if not result.ok or result.value is None:
            raise NoChain(f"chain {result.index + 1}: {result.error.strip().splitlines()[-1]}")
        parts[result.index] = result.value
        session.progress("chains", len(parts), len(jobs))
    made = [parts[k] for k in sorted(parts)]
    return sampled_fit(base, made, wanted=plan, outer=max(1, wanted.outer))


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
    # Chains given one draw of the others must meet; those given another need not meet them.
    sets = told.sets or (found,)
    return {
        "sampled": list(told.sampled),
        "others": told.others,
        "outer": len(sets),
        "chains": chains,
        "draws": draws // len(sets),
        "largest_rhat": float(np.max([one.rhat for one in sets])),
        "least_bulk": float(np.min([one.bulk for one in sets])),
        "least_tail": float(np.min([one.tail for one in sets])),
        "sampled_rhat": float(np.max([one.rhat[inside] for one in sets])),
        "sampled_bulk": float(np.min([one.bulk[inside] for one in sets])),
        "mixed": all(one.good for one in sets),
        "usable": all(one.usable for one in sets),
        "between": None
        if told.between is None
        else dict(zip(told.sampled, told.between.tolist(), strict=True)),
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
    others = {
        "sampled": "sampled by slices",
        "drawn": f"drawn from their priors, {told['outer']} times",
        "held": "held at the mode",
    }[told["others"]]
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
        *_between(told["between"]),
    ]


def _between(shares: Mapping[str, float] | None) -> list[str]:
    """How much of each variance is due to what the others were drawn to be."""
    if shares is None:
        return []
    rows = (f"{name} {100 * share:.0f} %" for name, share in sorted(shares.items(), key=lambda x: -x[1]))
    return ["of each variance, between draws of the other parameters: " + ", ".join(rows)]
