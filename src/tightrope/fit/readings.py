"""A reading of a case, weighed: a named override whose parameters are fixed, all others free.

A reading changes parameter values only, so every reading of a case shares its compiled game.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tightrope.case.prior import Prior
from tightrope.case.schema import Case, PriorClass
from tightrope.fit.laplace import Laplace, as_plain, curvature, laplace_from
from tightrope.fit.mode import climb
from tightrope.fit.pieces import Keep
from tightrope.fit.priors import PriorSet, prior_set
from tightrope.fit.smc import Tempering
from tightrope.fit.surrogate_chains import MANY
from tightrope.fit.switches import ratios, ratios_data, switches
from tightrope.fit.target import Target
from tightrope.fit.weighing import Progress, Weighing, weigh, weighed_data
from tightrope.fit.weighing_broad import weigh_broadly
from tightrope.game.equilibrium import TOLERANCE
from tightrope.record.filter import Evidence
from tightrope.record.likelihood import value_only

Array = NDArray[Any]

WORTH = 12.0
"""A mode so many nats below the best one is not given a part of the proposal."""
APART = 0.5
"""Two ends of climbs are one mode if no score differs by more than this many prior sds."""
SHARE_PIECE = 10


@dataclass(frozen=True)
class Reading:
    """Parameters that a reading fixes, by name; `scale` multiplies the spread of every other prior."""

    fixed: Mapping[str, float] = field(default_factory=dict)
    prior_class: PriorClass = "agnostic"
    scale: float = 1.0


@dataclass(frozen=True)
class Effort:
    """How hard to try.

    climbs, steps  starts to climb from, with about so many evaluations each
    share          prior draws for the certified share
    stages         importance sampling in stages, which many free parameters ask for
    """

    climbs: int = 3
    steps: int = 80
    stages: Tempering = field(default_factory=lambda: Tempering(particles=200, moves=3, repeats=3))
    weighing: Weighing = field(default_factory=Weighing)
    share: int = 200


def free_parameters(case: Case, reading: Reading) -> PriorSet:
    """What stays free under a reading, with its priors. Fixed ones lose their prior, and nothing else."""
    whole = prior_set(case, reading.prior_class)
    kept = [n for n in whole.names if n not in reading.fixed]
    found = prior_set(case, reading.prior_class, only=kept)
    return PriorSet(found.prior_class, found.names, tuple(scaled(p, reading.scale) for p in found.priors))


def scaled(prior: Prior, by: float) -> Prior:
    """The prior with its spread multiplied and its middle kept, where its family has a spread of its own.

    Half-normal and exponential priors begin at zero, so their scale is their spread. Uniform and beta priors
    end where the parameter ends and stay as they are.

    >>> str(scaled(Prior("lognormal", (0.5, 0.4)), 2.0))
    'lognormal(median=0.5, sigma=0.8)'
    """
    first, *rest = prior.arguments
    match prior.family:
        case "normal" | "lognormal":
            return Prior(prior.family, (first, rest[0] * by))
        case "halfnormal" | "exponential":
            return Prior(prior.family, (first * by,))
        case _:
            return prior


def weigh_reading(
    evidence: Evidence,
    reading: Reading,
    *,
    starts: Sequence[tuple[str, Mapping[str, float]]],
    draws: Sequence[Mapping[str, float]] = (),
    effort: Effort,
    seed: int,
    keep: Keep,
    on_progress: Progress | None = None,
) -> dict[str, Any]:
    """Modes, both estimates of the evidence, certified share and posterior draws of a reading, as plain data.

    starts  names and normal scores by parameter of points to climb from, before prior medians and draws
    draws   normal scores by parameter of an approximate posterior of the case, if there is one: where the
            learning of a surrogate begins

    Keys: those of `weighed_data`; names (free parameters); modes (start, scores, log_posterior, status);
    certified, prior_draws (how many of how many prior draws are certified); switches (Savage-Dickey ratios of
    the mechanisms that it leaves free); fixed; calls.
    Raises RuntimeError where no start reaches a certified point.
    """
    case = evidence.game.case
    priors = free_parameters(case, reading)
    target = Target(evidence, priors, fixed=dict(reading.fixed))
    about = on_progress or (lambda label, done, of: None)
    points = _starts(case, priors, starts, effort.climbs, seed)
    climbs = [
        keep(f"climb-{number}", partial(_climb, target, name, point, effort.steps, about))
        for number, (name, point) in enumerate(points)
    ]
    climbs = [c for c in climbs if c["log_posterior"] is not None]
    if not climbs:
        raise RuntimeError("no start reached a certified equilibrium in which the record is possible")
    climbs.sort(key=lambda c: -float(c["log_posterior"]))
    best = np.array(climbs[0]["scores"])
    # One density for everything: that of the solves which start at the best mode's own fixed point.
    local = target.near(best)
    ends = [np.array(c["scores"]) for c in _distinct(climbs)]
    known = [keep(f"height-{number}", partial(_height, local, at)) for number, at in enumerate(ends)]
    if known[0] is None:
        raise RuntimeError("the best mode is not certified when solved from its own fixed point")
    worth = [k for k, height in enumerate(known) if height is not None and height >= known[0] - WORTH]
    heights = [known[k] for k in worth]
    if len(priors) > MANY:
        # A flock that begins at draws of the fit would never see another mode.
        others = [dict(zip(priors.names, ends[k].tolist(), strict=True)) for k in worth[1:]]
        weighed = weigh_broadly(
            local, best, draws=[*others, *draws] if draws else (), weighing=effort.weighing,
            stages=effort.stages, seed=seed, keep=keep, on_progress=on_progress,
        )  # fmt: skip
    else:
        modes = [
            laplace_from(keep(f"curvature-{k}", partial(_curvature, local, ends[k], about))) for k in worth
        ]
        weighed = weigh(
            local, modes, heights, weighing=effort.weighing, seed=seed, keep=keep, on_progress=on_progress
        )
    certified = _share(local, prior_points(case, priors, size=effort.share, seed=seed), keep, about)
    off = switches(priors)
    return weighed_data(weighed) | {
        "switches": ratios_data(ratios(priors, weighed.scores, off)) if off else [],
        "names": list(priors.names),
        "fixed": dict(reading.fixed),
        "modes": [{k: c[k] for k in ("start", "scores", "log_posterior", "status")} for c in climbs],
        "heights": heights,
        "certified": int(sum(certified)),
        "prior_draws": len(certified),
        "calls": sum(c["calls"] for c in climbs),
    }


def prior_points(case: Case, priors: PriorSet, *, size: int, seed: int) -> Array:
    """Normal scores of prior draws (size, free parameters).

    A parameter that two readings share has the same scores in both: their certified shares then differ by
    what they fix, not by luck.
    """
    names = [name for name, parameter in case.parameters.items() if not parameter.fixed]
    table = np.random.default_rng([seed, 4]).normal(size=(size, len(names)))
    return np.asarray(table[:, [names.index(name) for name in priors.names]])


def _starts(
    case: Case, priors: PriorSet, given: Sequence[tuple[str, Mapping[str, float]]], count: int, seed: int
) -> list[tuple[str, Array]]:
    found = [(name, np.clip([scores.get(n, 0.0) for n in priors.names], -4.0, 4.0)) for name, scores in given]
    found.append(("prior medians", np.zeros(len(priors))))
    draws = np.clip(prior_points(case, priors, size=count, seed=seed + 1), -2.0, 2.0)
    found += [(f"prior draw {k + 1}", point) for k, point in enumerate(draws)]
    return found[: max(1, count)]


def _climb(target: Target, name: str, point: Array, steps: int, about: Progress) -> dict[str, Any]:
    found = climb(
        target, point, name=name, steps=steps,
        on_step=lambda count, value: about(f"climbing from {name} ({value:.1f})", count, steps),
    )  # fmt: skip
    certain = bool(np.isfinite(found.log_posterior))
    return {
        "start": name, "scores": found.scores.tolist(),
        "log_posterior": found.log_posterior if certain else None,
        "status": found.status, "calls": found.calls, "failures": found.failures,
    }  # fmt: skip


def _distinct(climbs: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    kept: list[dict[str, Any]] = []
    for found in climbs:
        at = np.array(found["scores"])
        near = any(np.max(np.abs(at - np.array(k["scores"]))) < APART for k in kept)
        if not near and float(found["log_posterior"]) > float(climbs[0]["log_posterior"]) - WORTH:
            kept.append(found)
    return kept


def _height(local: Target, at: Array) -> float | None:
    value, _ = local.value(at)
    return float(value) - 0.5 * float(at @ at) if np.isfinite(value) else None


def _curvature(local: Target, at: Array, about: Progress) -> dict[str, Any]:
    found: Laplace = curvature(
        local, at, central=False, on_step=lambda done, of: about("curvature", done, of)
    )
    return as_plain(found)


def _share(local: Target, points: Array, keep: Keep, about: Progress) -> list[bool]:
    """Which prior draws are certified."""
    found: list[bool] = []
    for piece, some in enumerate(np.array_split(points, range(SHARE_PIECE, len(points), SHARE_PIECE))):
        found += keep(f"share-{piece}", partial(_certified, local, some))
        about("certified share", len(found), len(points))
    return found


def _certified(local: Target, points: Array) -> list[bool]:
    """Whether each point has a certificate. A record that is impossible there is another matter."""
    residuals = [
        float(value_only(local.evidence, local.theta(v), warm=local.z, tolerance=local.tolerance).residual)
        for v in points
    ]
    return [residual <= TOLERANCE for residual in residuals]
