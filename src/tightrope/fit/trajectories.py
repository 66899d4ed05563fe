"""What chains along gradients came to: a fit like every other, and what says whether to trust it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from tightrope.fit.chains import Chains, Mixing, mixing
from tightrope.fit.leaps import places
from tightrope.fit.located import Located, located
from tightrope.fit.nuts import Trajectories
from tightrope.fit.posterior import Fit
from tightrope.fit.slices import gather_chains
from tightrope.fit.teaching import Learned


@dataclass(frozen=True, eq=False)
class Report:
    """How chains along gradients went, warm-up included unless it says draws.

    sampled, others   parameters sampled along gradients, and what became of the others (`Trajectories`, or
                      `none` where there are none)
    divergent         draws whose trajectory lost its energy or met a point without a certificate
    deepest           draws whose trajectory was cut off at its greatest length
    failed            (points, parameters) normal scores of points without a certificate
    gradients         evaluations of the density with its gradient
    evaluations       of the density in all, slices included
    step_sizes        of each chain
    accepted          mean acceptance rate of the draws
    where             what sets the failed points apart from the draws
    sets              for each draw of the others: how its own chains mixed
    taught            for each draw of the others: the surrogate behind proposals, if one was
    between           (sampled,) share of each variance that lies between draws of the others
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
    sets: tuple[Mixing, ...] = ()
    between: np.ndarray | None = None
    taught: tuple[Learned, ...] = ()


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


def sampled_fit(
    base: Fit, parts: Sequence[Mapping[str, Any]], *, wanted: Trajectories, outer: int = 1
) -> tuple[Fit, Report]:
    """A fit whose posterior is these chains', and how they went.

    base   the fit around whose mode they were run: it gives modes, curvature and weighted draws
    outer  draws of the others, where these are drawn; each one's chains follow each other in `parts`

    Where the others are held or drawn, the fit is that of the sampled parameters alone: its priors, modes and
    curvature are theirs, given the others. Draws of others count alike: the record has no say in them.
    """
    told = report(parts, base.priors.names, wanted)
    chains = gather_chains([dict(part) for part in parts])
    if wanted.others == "sampled":
        return replace(base, chains=chains), told
    inside, _ = places(base.priors, wanted.sampled)
    sets = _sets(chains, inside, outer)
    told = replace(told, sets=tuple(mixing(one) for one in sets), between=_between(sets))
    if len(inside) == len(base.priors):
        told = replace(told, others="none")
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
        chains=_together(sets, chains.evaluations),
        others=wanted.others,
    )
    return fit, told


def _sets(chains: Chains, inside: np.ndarray, outer: int) -> list[Chains]:
    """The chains of each draw of the others, of the sampled parameters alone."""
    scores = np.split(chains.scores[:, :, inside], outer)
    likelihoods = np.split(chains.log_likelihood, outer)
    return [Chains(s, value, 0) for s, value in zip(scores, likelihoods, strict=True)]


def _together(sets: Sequence[Chains], evaluations: int) -> Chains:
    """All draws in as many chains as one set has, sets taking turns, so that any stretch holds all sets."""
    scores = np.stack([one.scores for one in sets], axis=2)
    value = np.stack([one.log_likelihood for one in sets], axis=2)
    chains, size = scores.shape[0], scores.shape[-1]
    return Chains(scores.reshape(chains, -1, size), value.reshape(chains, -1), evaluations)


def _between(sets: Sequence[Chains]) -> np.ndarray | None:
    """Variance of the sets' means over that of all draws; none of a single set."""
    if len(sets) < 2:
        return None
    means = np.array([one.flat.mean(axis=0) for one in sets])
    return np.asarray(means.var(axis=0) / np.concatenate([one.flat for one in sets]).var(axis=0))


def informed(fit: Fit, count: int) -> tuple[str, ...]:
    """The `count` parameters whose posterior is narrowest beside their prior, in the fit's own order."""
    order = np.argsort(fit.spread, kind="stable")[:count]
    return tuple(fit.priors.names[k] for k in sorted(int(k) for k in order))
