"""Weigh a density in many parameters, by a surrogate of it.

Around a mode in seventy dimensions a Laplace approximation is a poor proposal, worst where the mode is an
edge, and chains by slices hardly move. A surrogate is learned along the posterior instead (`roaming`). The
mass of its posterior is known without a solve. Importance sampling leads draws of it to the exact posterior
in stages (`staged`); bridge sampling compares them with draws of exact chains whose proposals it makes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from tightrope.fit.evidence import NEGLIGIBLE, NO_MASS, Estimate, bridge, bridge_error
from tightrope.fit.laplace import Laplace
from tightrope.fit.nuts import Trajectories
from tightrope.fit.pieces import Keep
from tightrope.fit.smc import Tempering
from tightrope.fit.staged import staged
from tightrope.fit.surrogate_chains import surrogate_chain, teach
from tightrope.fit.surrogate_posterior import SurrogatePosterior
from tightrope.fit.target import Target
from tightrope.fit.weighing import Progress, Weighed, Weighing, gathered, halves, likelihoods

CHEAPER = 4
"""A draw of such a chain costs one solve; one by slices about so many. As many more are made."""
COUNT = 2000
"""Draws of either kind for the mass of the surrogate's posterior."""
TIMES, MOST = 4, 16
"""Estimates of it, at least; and at most, where they differ."""


def weigh_broadly(
    target: Target,
    mode: np.ndarray,
    *,
    draws: Sequence[Mapping[str, float]],
    weighing: Weighing,
    stages: Tempering,
    seed: int,
    keep: Keep,
    on_progress: Progress | None = None,
) -> Weighed:
    """Both estimates of the evidence, as `weigh` gives them.

    target  the exact density near one fixed point
    mode    (parameters,) its normal scores
    draws   normal scores by parameter of an approximate posterior, where the surrogate's flock begins; none:
            at the mode. Parameters that they lack stand at the mode.
    stages  how hard importance sampling tries

    Raises RuntimeError where hardly a point around the mode is certified.
    """
    about = on_progress or (lambda label, done, of: None)
    names = target.priors.names
    around = Laplace(mode, np.eye(len(mode)), 1.0)
    starts = np.array([[row.get(n, m) for n, m in zip(names, mode, strict=True)] for row in draws])
    taught = teach(
        target, around, sampled=names, seed=seed, keep=keep, starts=starts if len(starts) else None,
        on_step=partial(about, "learning a surrogate"),
    )  # fmt: skip
    wanted = Trajectories(
        names, others="held", chains=weighing.chains, warmup=CHEAPER * weighing.warmup,
        draws=CHEAPER * weighing.kept, surrogate=True,
    )  # fmt: skip
    surrogate = SurrogatePosterior(taught)
    mass, error = _mass(surrogate, seed, keep)
    importance = staged(
        target, surrogate, mass=mass, tempering=stages, seed=seed, keep=keep, on_progress=on_progress
    )
    chains = []
    for chain in range(wanted.chains):
        made = surrogate_chain(
            target, around, taught=taught, wanted=wanted, seed=seed, chain=chain, keep=keep, rows=True,
            on_step=partial(about, f"chain {chain + 1}"),
        )  # fmt: skip
        chains.append(
            {name: made[name] for name in ("scores", "log_likelihood", "evaluations")}
            | {"rows": np.mean(made["rows"], axis=0), "failures": len(made["failed"])}
        )
    found = gathered(chains)
    above = found.likelihood - surrogate.said(found.scores.reshape(-1, len(names))).reshape(
        found.likelihood.shape
    )
    bridges, errors, evaluations, failures = [], [], found.evaluations, found.failures
    for repeat in range(weighing.repeats):
        points = surrogate.draws(weighing.proposals, seed=[seed, 3, repeat])
        name = f"bridge-{weighing.proposals}-{repeat}"
        below = likelihoods(target, points, name, keep, about) - surrogate.said(points)
        evaluations, failures = evaluations + len(below), failures + int((~np.isfinite(below)).sum())
        half = halves(above, repeat)[1].reshape(-1)
        size = 0.5 * found.typical
        bridged = bridge(half, below, effective=size)
        bridges.append(mass + bridged)
        errors.append(bridge_error(half, below, effective=size, log_evidence=bridged))
    weighed = found.weighed(importance, bridges, errors, evaluations=evaluations, failures=failures)
    if error <= NEGLIGIBLE:
        return weighed
    return replace(
        weighed,
        importance=_doubted(weighed.importance, error),
        bridge=_doubted(weighed.bridge, error),
    )


def _doubted(estimate: Estimate, error: float) -> Estimate:
    """An estimate that rests on a mass with this standard error: a flaw besides those that it has."""
    flaw = f"{NO_MASS} (standard error {error:.2f} nats)"
    return replace(estimate, flaw="; ".join(f for f in (estimate.flaw, flaw) if f))


def _mass(surrogate: SurrogatePosterior, seed: int, keep: Keep) -> tuple[float, float]:
    """Log mass of the surrogate's posterior and its standard error, by more estimates where they differ."""
    masses: list[float] = []
    error = np.inf
    while len(masses) < TIMES or (error > NEGLIGIBLE and len(masses) < MOST):
        work = partial(surrogate.log_mass, count=COUNT, seed=[seed, 9, len(masses)])
        masses.append(float(keep(f"mass-{len(masses)}", work)))
        error = float(np.std(masses, ddof=1) / np.sqrt(len(masses))) if len(masses) > 1 else np.inf
    return float(np.mean(masses)), error
