"""What chains along gradients came to: a fit like every other, and what says whether to trust it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from tightrope.fit.located import Located, located
from tightrope.fit.leaps import places
from tightrope.fit.nuts import Trajectories
from tightrope.fit.posterior import Fit
from tightrope.fit.slices import gather_chains


@dataclass(frozen=True, eq=False)
class Report:
    """How chains along gradients went, warm-up included unless it says draws.

    sampled, others   parameters sampled along gradients, and what became of the others (`Trajectories`)
    divergent         draws whose trajectory lost its energy or met a point without a certificate
    deepest           draws whose trajectory was cut off at its greatest length
    failed            (points, parameters) normal scores of points without a certificate
    gradients         evaluations of the density with its gradient
    evaluations       of the density in all, slices included
    step_sizes        of each chain
    accepted          mean acceptance rate of the draws
    where             what sets the failed points apart from the draws
    """

    sampled: tuple[str, ...]
    others: str
    divergent: int
    deepest: int
    failed: np.ndarray
    gradients: int
    evaluations: int
    step_sizes: tuple[float, ...]
    accepted: float
    where: tuple[Located, ...]


def report(parts: Sequence[Mapping[str, Any]], names: Sequence[str], wanted: Trajectories) -> Report:
    """What the chains (from `nuts_chain`) say of themselves; `names` of all columns of their scores."""
    longest = 2**wanted.doublings - 1
    steps = np.concatenate([part["steps"] for part in parts])
    failed = np.array([x for part in parts for x in part["failed"]]).reshape(-1, len(names))
    drawn = np.concatenate([part["scores"] for part in parts])
    return Report(
        wanted.sampled,
        wanted.others,
        int(sum(sum(part["divergent"]) for part in parts)),
        int((steps >= longest).sum()),
        failed,
        int(sum(part["gradients"] for part in parts)),
        int(sum(part["evaluations"] for part in parts)),
        tuple(float(part["step_size"]) for part in parts),
        float(np.mean(np.concatenate([part["accepted"] for part in parts]))),
        located(failed, drawn, names),
    )


def sampled_fit(base: Fit, parts: Sequence[Mapping[str, Any]], *, wanted: Trajectories) -> tuple[Fit, Report]:
    """A fit whose posterior is these chains', and how they went.

    base  the fit around whose mode they were run: it gives modes, curvature and weighted draws

    Where the others are held, the fit is that of the sampled parameters alone: its priors, modes and
    curvature are theirs, given the others at the mode.
    """
    told = report(parts, base.priors.names, wanted)
    chains = gather_chains([dict(part) for part in parts])
    if wanted.others == "sampled":
        return replace(base, chains=chains), told
    inside, _ = places(base.priors, wanted.sampled)
    precision = np.linalg.inv(base.laplace.covariance)[np.ix_(inside, inside)]
    fit = replace(
        base,
        priors=replace(
            base.priors,
            names=tuple(base.priors.names[k] for k in inside),
            priors=tuple(base.priors.priors[k] for k in inside),
        ),
        positions=tuple(base.positions[k] for k in inside),
        modes=tuple(replace(mode, scores=mode.scores[inside]) for mode in base.modes),
        laplace=replace(base.laplace, mean=base.laplace.mean[inside], covariance=np.linalg.inv(precision)),
        draws=replace(base.draws, scores=base.draws.scores[:, inside]),
        chains=replace(chains, scores=chains.scores[:, :, inside]),
    )
    return fit, told


def informed(fit: Fit, count: int) -> tuple[str, ...]:
    """The `count` parameters whose posterior is narrowest beside their prior, in the fit's own order."""
    order = np.argsort(fit.spread, kind="stable")[:count]
    return tuple(fit.priors.names[k] for k in sorted(int(k) for k in order))
