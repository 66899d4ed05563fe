"""What an effective draw costs by each way of sampling, beside emcee on the same density: RESULTS-fit.md.

`python -m benchmarks.posterior` writes the section of the small game, with `reference` after it what a value
and a gradient cost on the reference case, with `ten` what emcee costs there in ten parameters. emcee
(Foreman-Mackey et al. 2013) is fetched into a folder that is thrown away; it is no dependency.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.page import Section, put
from benchmarks.timing import load, machine, shown
from tightrope.case.new import scaffold
from tightrope.fit.chains import Chains, mixing
from tightrope.fit.leaps import places
from tightrope.fit.nuts import Trajectories, nuts_chain
from tightrope.fit.posterior import Effort, Fit, compute_now, fit_record
from tightrope.fit.priors import prior_set
from tightrope.fit.slices import Sampling, gather_chains, sample
from tightrope.fit.store import fit_from
from tightrope.fit.surrogate_chains import surrogate_chain
from tightrope.fit.target import Target
from tightrope.fit.teaching import learn
from tightrope.fit.traceable import theta_function
from tightrope.fit.trajectories import informed
from tightrope.game import solve
from tightrope.game.equilibrium import TOLERANCE, primitives_function, strategies_function
from tightrope.record.filter import Evidence
from tightrope.record.likelihood import log_likelihood, prepare_record
from tightrope.record.simulate import simulate
from tightrope.workflow.material import load_material
from tightrope.workflow.sampling import OUTER
from tightrope.workflow.session import SHIPPED

PAGE = Path(__file__).parent / "RESULTS-fit.md"
REFERENCE = Path(__file__).parent.parent / "cases" / "russia-belarus"
EMCEE = "3.1.6"
PERIODS, SEED = 118, 3
TITLE = """# Fits: costs and checks

Sections with a date in their first line are written by `python -m benchmarks.posterior [small] [reference]`,
the others say what made them.
"""
SMALL, LARGE = (
    "Cost of an effective draw on a small game",
    "Cost of a value and a gradient on the reference case",
)
STRETCH, EVOLUTION = "emcee, stretch", "emcee, differential evolution"
WAYS = ("way", "chains of draws", "R-hat", "effective", "values a draw", "gradients a draw", "time a draw")
TEN, STEPS = "emcee in ten parameters of the reference case", 100
ARGUMENT = (
    "sovereignty", "support_worth", "pain_union", "coercion_union", "western_worth", "ally_confrontation",
    "v_merged_russia", "loss_west", "fall_support", "belief_framing",
)  # fmt: skip
"""What the argument hangs on: one parameter or two for each mechanism that a rival reading denies."""
ORDER = (SMALL, LARGE, "Ten parameters of the reference case", TEN)
"""Sections in the order of the page; the third is written by hand, as are those that follow."""


@dataclass(frozen=True)
class Ran:
    """One way of sampling: density values, values with a gradient, processor seconds, draws."""

    name: str
    values: int
    gradients: int
    seconds: float
    scores: np.ndarray


def small() -> tuple[Evidence, Fit, np.ndarray]:
    """The template game, a record simulated from its reference values, and its fit."""
    with tempfile.TemporaryDirectory() as folder:
        scaffold(Path(folder) / "small", name="small")
        material = load_material(Path(folder) / "small")
    game = material.game
    solved = solve(game).require()
    numbers = primitives_function(game)(jnp.asarray(solved.theta))
    strategies, _ = strategies_function(game, "agent")(solved.z, numbers)
    for seed in range(SEED, 10_000):
        record = simulate(game, numbers, strategies, periods=PERIODS, seed=seed, keep_last=True)
        if len(record) == PERIODS:
            break
    evidence = prepare_record(game, record)
    fit = fit_record(evidence, prior_class="agnostic", effort=Effort(1, 60, 20, central=False), seed=1)
    z = Target(evidence, fit.priors).near(fit.modes[0].scores).z
    assert z is not None
    return evidence, fit, z


def timed(call: Callable[[], Any]) -> tuple[Any, float]:
    """The second call's result and its processor time: the first compiles."""
    call()
    began = process_time()
    return call(), process_time() - began


def slices(evidence: Evidence, fit: Fit, z: np.ndarray, *, draws: int) -> Ran:
    """Elliptical slices around the Laplace approximation."""

    def run() -> Chains:
        wanted = Sampling(2, 100, draws)
        return gather_chains(
            [
                sample(evidence, fit.priors, around=fit.laplace, z=z, sampling=wanted, seed=1, chain=k,
                       keep=compute_now)
                for k in range(2)
            ]
        )  # fmt: skip

    chains, seconds = timed(run)
    return Ran("elliptical slices", chains.evaluations, 0, seconds, chains.scores)


def gradients(evidence: Evidence, fit: Fit, z: np.ndarray, *, draws: int) -> Ran:
    """The no-U-turn sampler in all parameters, warm-up counted."""
    wanted = Trajectories(fit.priors.names, chains=2, warmup=200, draws=draws)

    def run() -> list[dict[str, Any]]:
        return [
            nuts_chain(evidence, fit.priors, around=fit.laplace, z=z, wanted=wanted, seed=1, chain=k,
                       keep=compute_now)
            for k in range(2)
        ]  # fmt: skip

    parts, seconds = timed(run)
    scores = np.array([part["scores"] for part in parts])
    return Ran("no-U-turn", 0, sum(part["gradients"] for part in parts), seconds, scores)


def ensemble(
    evidence: Evidence,
    fit: Fit,
    z: np.ndarray,
    *,
    steps: int,
    walkers: int = 32,
) -> list[Ran]:
    """emcee with its default move and with differential evolution, begun at draws of the approximation."""
    theta = theta_function(evidence.game.case, fit.priors)

    @jax.jit
    def density(v: Any, arrays: Any, z: Any) -> Any:
        found = log_likelihood(evidence.game, arrays, theta(v), z)
        value = found.value - 0.5 * jnp.vdot(v, v)
        return jnp.where((found.residual <= TOLERANCE) & jnp.isfinite(value), value, -jnp.inf)

    neighbour = jnp.asarray(z)
    normal = (fit.laplace.mean, fit.laplace.covariance)
    points = np.random.default_rng(1).multivariate_normal(*normal, size=walkers)
    return walked(lambda v: float(density(v, evidence.arrays, neighbour)), points, steps=steps)


def walked(
    density: Callable[[np.ndarray], float],
    points: np.ndarray,
    *,
    steps: int,
    moves: tuple[str, ...] = (STRETCH, EVOLUTION),
) -> list[Ran]:
    """emcee on a log density, its walkers begun at points (walkers, parameters)."""
    emcee = _emcee()
    calls = [0]

    def log_posterior(v: np.ndarray) -> float:
        calls[0] += 1
        return density(v)

    walkers, size = points.shape
    ways = {
        STRETCH: None,
        EVOLUTION: [(emcee.moves.DEMove(), 0.9), (emcee.moves.DEMove(gamma0=1.0), 0.1)],
    }
    found = []
    log_posterior(points.mean(axis=0))
    for name in moves:
        np.random.seed(1)  # noqa: NPY002 - emcee draws from numpy's global state
        sampler = emcee.EnsembleSampler(walkers, size, log_posterior, moves=ways[name])
        calls[0], began = 0, process_time()
        sampler.run_mcmc(points, steps)
        seconds = process_time() - began
        kept = np.moveaxis(sampler.get_chain()[steps // 5 :], 0, 1)
        found.append(Ran(name, calls[0], 0, seconds, kept))
    return found


def _emcee() -> Any:
    """The library, from where it is installed or into a folder that goes with this process."""
    try:
        import emcee
    except ImportError:
        folder = tempfile.mkdtemp(prefix="tightrope-emcee-")
        command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
        subprocess.run([*command, "--no-deps", "--target", folder, f"emcee=={EMCEE}"], check=True)
        sys.path.append(folder)
        import emcee
    return emcee


def proposed(evidence: Evidence, fit: Fit, z: np.ndarray, *, draws: int) -> Ran:
    """Chains whose proposals a surrogate in all parameters makes, learning counted."""
    target = Target(evidence, fit.priors, z=z)
    wanted = Trajectories(fit.priors.names, others="held", chains=2, warmup=50, draws=draws, surrogate=True)
    gradients = 0

    def run() -> np.ndarray:
        nonlocal gradients
        taught = learn(target, fit.laplace, sampled=wanted.sampled, seed=1, keep=compute_now)
        gradients = taught.seen + taught.failed
        parts = [
            surrogate_chain(
                target, fit.laplace, taught=taught, wanted=wanted, seed=1, chain=k, keep=compute_now
            )
            for k in range(wanted.chains)
        ]
        return np.array([part["scores"] for part in parts])

    scores, seconds = timed(run)
    return Ran("surrogate", wanted.chains * (wanted.warmup + draws), gradients, seconds, scores)


def row(ran: Ran) -> tuple[str, ...]:
    """One line of the table: what an effective draw of the worst parameter costs."""
    mixed = mixing(Chains(ran.scores, np.zeros(ran.scores.shape[:2]), 0))
    effective = float(np.min(mixed.bulk))
    chains, draws, _ = ran.scores.shape
    return (
        ran.name,
        f"{chains} of {draws}",
        f"{np.max(mixed.rhat):.3f}",
        f"{effective:.0f}",
        f"{ran.values / effective:.0f}" if ran.values else "",
        f"{ran.gradients / effective:.0f}" if ran.gradients else "",
        shown(ran.seconds / effective),
    )


def small_section() -> Section:
    """All ways on the small game."""
    evidence, fit, z = small()
    runs = [
        slices(evidence, fit, z, draws=1000),
        gradients(evidence, fit, z, draws=500),
        proposed(evidence, fit, z, draws=1000),
        *ensemble(evidence, fit, z, steps=1500),
    ]
    return Section(
        SMALL,
        f"The template case ({len(fit.priors)} free parameters, agnostic priors) and a record of {PERIODS} "
        "periods simulated from its reference values. All sample one compiled density; warm-up counts as a "
        "cost and its draws are dropped (a fifth of emcee's steps). An effective draw is one of the worst "
        "parameter (bulk; Vehtari et al. 2021); walkers count as chains. Processor time, compiling left out.",
        WAYS,
        [row(ran) for ran in runs],
    )


def reference_section() -> Section:
    """A value and a gradient near the prior medians, solved from the fixed point there."""
    material = load_material(REFERENCE)
    evidence = material.evidence
    priors = prior_set(material.case, "agnostic")
    target = Target(evidence, priors)
    local = target.near(np.zeros(len(priors)))
    generator = np.random.default_rng(0)
    points = 0.1 * generator.normal(size=(12, len(priors)))
    rows = []
    for name, call in (("value", local.value), ("value and gradient", local)):
        call(points[0])
        times = []
        for point in points[1:]:
            began, used = perf_counter(), process_time()
            call(point)
            times.append((perf_counter() - began, process_time() - used))
        clock, processor = np.median(times, axis=0)
        rows.append((name, shown(float(clock)), shown(float(processor))))
    return Section(
        LARGE,
        f"{len(priors)} free parameters, {len(evidence.periods)} quarters, a tenth of a prior sd around the "
        "prior medians, each solve from the fixed point there.",
        ("what", "clock", "processor"),
        rows,
    )


def ten_section() -> Section:
    """emcee on the two densities in ten parameters that `fit --others drawn` was seen to sample."""
    evidence = load_material(REFERENCE).evidence
    chunk = next((REFERENCE / SHIPPED).glob("fit-*.json"))
    base = fit_from(json.loads(chunk.read_text(encoding="utf-8"))["value"])
    learned = informed(base, len(ARGUMENT))
    rows = []
    for label, names in (("the argument's ten", ARGUMENT), ("the ten of which most is learned", learned)):
        density, points = given_others(evidence, base, names)
        (ran,) = walked(density, points, steps=STEPS, moves=(STRETCH,))
        rows.append(row(replace(ran, name=f"{ran.name}, {label}")))
    return Section(
        TEN,
        "The densities that `tightrope fit cases/russia-belarus --others drawn` samples in ten parameters, "
        "the other 64 at their first draw from their priors: those that the argument hangs on "
        f"({', '.join(ARGUMENT)}) and those of which the shipped fit learned most ({', '.join(learned)}). "
        "Walkers begin at draws of the Laplace approximation given the others. A fifth of the steps is "
        "dropped; so short a run counts too many effective draws.",
        WAYS,
        rows,
    )


def given_others(
    evidence: Evidence, base: Fit, names: tuple[str, ...]
) -> tuple[Callable[[np.ndarray], float], np.ndarray]:
    """The log density of a few parameters, the others drawn as `fit` does, and where walkers begin."""
    inside, outside = places(base.priors, names)
    whole = np.array(base.laplace.mean)
    whole[outside] = np.random.default_rng([0, OUTER, 0]).normal(size=len(whole))[outside]
    target = Target(evidence, base.priors).near(whole)
    given = np.linalg.inv(np.linalg.inv(base.laplace.covariance)[np.ix_(inside, inside)])
    points = np.random.default_rng(1).multivariate_normal(whole[inside], given, size=2 * len(inside) + 4)

    def density(s: np.ndarray) -> float:
        v = np.array(whole)
        v[inside] = s
        value, _ = target.value(v)
        return value - 0.5 * float(s @ s) if np.isfinite(value) else -np.inf

    return density, points


def main() -> None:
    """Write the sections asked for."""
    wanted = sys.argv[1:] or ["small"]
    made = {"small": small_section, "reference": reference_section, "ten": ten_section}
    for name in wanted:
        before = load()
        put(made[name](), before=before, machine=machine(), order=ORDER, page=PAGE, head=TITLE)
    print(PAGE.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
