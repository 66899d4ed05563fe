"""Weigh one density: both estimates of its evidence from the modes found, and the draws behind them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tightrope.fit.chains import Chains, mixing
from tightrope.fit.ellipse import Density, Reference, advance, begin
from tightrope.fit.evidence import (
    Estimate,
    bridge,
    bridge_error,
    estimate_data,
    estimate_from,
    from_bridges,
    from_weights,
)
from tightrope.fit.laplace import Laplace
from tightrope.fit.mixtures import (
    CLOSE,
    Mixture,
    adapted,
    around_modes,
    draw,
    fitted,
    log_density,
    moments,
    without_prior,
)
from tightrope.fit.pieces import Keep

Array = NDArray[Any]
Progress = Callable[[str, int, int], None]

PIECE = 20
"""Likelihoods, or draws of a chain, in one piece of work that is kept."""
TOGETHER = 1.1
"""Above this R-hat chains still say where they started."""


@dataclass(frozen=True)
class Weighing:
    """How hard to weigh.

    repeats   of either estimator
    pilots    rounds of importance draws that only teach the proposal; none with a surrogate
    draws     importance draws a repeat; none with a surrogate, where they go in stages
    chains    chains for the bridge; warmup: draws dropped from each, kept: those that stay
    proposals draws from the bridge's proposal a repeat
    """

    repeats: int = 4
    pilots: int = 2
    draws: int = 500
    chains: int = 4
    warmup: int = 200
    kept: int = 400
    proposals: int = 400


@dataclass(frozen=True, eq=False)
class Weighed:
    """What came of it.

    importance, bridge  the two estimates
    rows                (rows,) posterior mean of the log-likelihood by row
    sample              (draws, parameters) posterior draws, thinned, and their log-likelihood
    rhat, effective     largest R-hat and least bulk effective size of the chains
    scores              (chains, draws, parameters) all draws; none in what was read back from plain data
    """

    importance: Estimate
    bridge: Estimate
    rows: Array
    sample: Array
    log_likelihood: Array
    rhat: float
    effective: float
    scores: Array


SAMPLE = 100


def weigh(
    density: Density,
    modes: Sequence[Laplace],
    heights: Sequence[float],
    *,
    weighing: Weighing,
    seed: int,
    keep: Keep,
    on_progress: Progress | None = None,
) -> Weighed:
    """Both estimates of the evidence of a density, from Laplace approximations at its modes.

    heights  log posterior at each mode, up to a common constant
    keep     called as keep(name, compute) for each piece of the work, as in `fit_record`

    Raises RuntimeError if no chain can be started.
    """
    about = on_progress or (lambda label, done, of: None)
    mixture = around_modes(modes, heights)
    modal = without_prior(mixture)
    shape = np.linalg.cholesky(moments(modal)[1])
    for pilot in range(weighing.pilots):
        name, own = f"pilot-{pilot}", [seed, 0, pilot]
        points, log_weights = _weighted(density, mixture, weighing.draws, name, own, keep, about)
        mixture = adapted(mixture, points, log_weights, shape=shape)
    blocks = []
    for repeat in range(weighing.repeats):
        name = f"weights-{repeat}"
        blocks.append(_weighted(density, mixture, weighing.draws, name, [seed, 1, repeat], keep, about)[1])
    importance = from_weights(blocks)
    chains = _chains(density, modal, weighing, seed, keep, about)
    found = gathered(chains)
    scores, likelihood = found.scores, found.likelihood
    size = 0.5 * found.typical
    estimates, errors, evaluations, failures = [], [], found.evaluations, found.failures
    for repeat in range(weighing.repeats):
        fit_on, cross = halves(scores, repeat)
        _, bridge_on = halves(likelihood, repeat)
        proposal = fitted(fit_on.reshape(-1, scores.shape[-1]), shape=shape, effective=size)
        # Unlike pieces of chains these hang on how many draws there are, so that it is in their names.
        name = f"bridge-{weighing.kept}-{weighing.proposals}-{repeat}"
        _, below = _weighted(density, proposal, weighing.proposals, name, [seed, 3, repeat], keep, about)
        at = cross.reshape(-1, scores.shape[-1])
        above = bridge_on.reshape(-1) + _log_prior(at) - log_density(proposal, at)
        evaluations, failures = evaluations + len(below), failures + int((~np.isfinite(below)).sum())
        estimates.append(bridge(above, below, effective=size))
        errors.append(bridge_error(above, below, effective=size, log_evidence=estimates[-1]))
    return found.weighed(importance, estimates, errors, evaluations=evaluations, failures=failures)


@dataclass(frozen=True, eq=False)
class Gathered:
    """Posterior draws of all chains: scores (chains, draws, parameters), their log-likelihoods, mean rows.

    typical  independent draws that they are worth, for the parameter in the middle; `effective` for the worst
    """

    scores: Array
    likelihood: Array
    rows: Array
    rhat: float
    effective: float
    typical: float
    evaluations: int
    failures: int

    def weighed(
        self,
        importance: Estimate,
        bridges: Sequence[float],
        errors: Sequence[float],
        *,
        evaluations: int,
        failures: int,
    ) -> Weighed:
        """These draws with both estimates; errors, evaluations and failures are those of bridge sampling."""
        flat, likelihood = self.scores.reshape(-1, self.scores.shape[-1]), self.likelihood.reshape(-1)
        thin = np.linspace(0, len(flat) - 1, min(SAMPLE, len(flat))).astype(int)
        bridged = from_bridges(
            bridges, evaluations=evaluations, failures=failures, effective=self.effective, rhat=self.rhat,
            usable=TOGETHER, errors=errors,
        )  # fmt: skip
        return Weighed(
            importance,
            bridged,
            self.rows,
            flat[thin],
            likelihood[thin],
            self.rhat,
            self.effective,
            self.scores,
        )


def gathered(chains: Sequence[dict[str, Any]]) -> Gathered:
    """All chains together; each has scores, log_likelihood, rows (mean by row), evaluations and failures."""
    scores = np.array([chain["scores"] for chain in chains])
    likelihood = np.array([chain["log_likelihood"] for chain in chains])
    mixed = mixing(Chains(scores, likelihood, 0))
    return Gathered(
        scores, likelihood, np.array([chain["rows"] for chain in chains]).mean(axis=0),
        float(np.max(mixed.rhat)), float(np.min(mixed.bulk)), float(np.median(mixed.bulk)),
        sum(chain["evaluations"] for chain in chains), sum(chain["failures"] for chain in chains),
    )  # fmt: skip


def halves(x: Array, repeat: int) -> tuple[Array, Array]:
    """The half of every chain that a proposal is fitted to, and the other; they change places each repeat."""
    middle = x.shape[1] // 2
    first, second = x[:, :middle], x[:, middle:]
    return (first, second) if repeat % 2 == 0 else (second, first)


def _chains(
    density: Density, mixture: Mixture, weighing: Weighing, seed: int, keep: Keep, about: Progress
) -> list[dict[str, Any]]:
    """Each chain's kept draws. It starts at a mode; its reference is fitted anew to half of its warm-up."""
    mean, covariance = moments(mixture)
    root = np.linalg.cholesky(covariance)
    total = weighing.warmup + weighing.kept
    found = []
    for chain in range(weighing.chains):
        own = [seed, 2, chain]
        mode = chain % len(mixture.means)
        near = Reference(mixture.means[mode], mixture.roots[mode], CLOSE)
        state = keep(f"chain-{chain}-start", partial(begin, density, near, at=mixture.means[mode], seed=own))
        reference = Reference(mean, root, CLOSE)
        parts: dict[str, Any] = {"scores": [], "log_likelihood": [], "rows": []}
        evaluations = failures = 0
        warm: list[list[float]] = []
        done = 0
        for piece, size in enumerate([*_pieces(weighing.warmup), *_pieces(weighing.kept)]):
            work = partial(advance, density, reference, state, draws=size, seed=own, first=done)
            made = keep(f"chain-{chain}-{piece}", work)
            state, done = made["state"], done + size
            evaluations, failures = evaluations + made["evaluations"], failures + made["failures"]
            if done <= weighing.warmup:
                warm += made["scores"]
                if done == weighing.warmup:
                    half = np.array(warm[len(warm) // 2 :])
                    better = fitted(half, shape=root, effective=len(half) / 5)
                    reference = Reference(better.means[0], better.roots[0], CLOSE)
            else:
                for name in parts:
                    parts[name] += made[name]
            about(f"chain {chain + 1}", done, total)
        by_row = np.mean(parts["rows"], axis=0)
        found.append(parts | {"rows": by_row, "evaluations": evaluations, "failures": failures})
    return found


def _weighted(
    density: Density, proposal: Mixture, size: int, name: str, seed: list[int], keep: Keep, about: Progress
) -> tuple[Array, Array]:
    """Draws from a proposal (size, parameters) and their log weights (size,), -inf without a certificate."""
    points = draw(proposal, size=size, generator=np.random.default_rng(seed))
    found = likelihoods(density, points, name, keep, about)
    return points, found + _log_prior(points) - log_density(proposal, points)


def likelihoods(density: Density, points: Array, name: str, keep: Keep, about: Progress) -> Array:
    """Log-likelihood at each of (n, parameters) points, piece by piece; -inf without a certificate."""
    found: list[float | None] = []
    for piece, some in enumerate(np.array_split(points, range(PIECE, len(points), PIECE))):
        found += keep(f"{name}-{piece}", partial(_likelihoods, density, some))
        about(name, len(found), len(points))
    return np.array([-np.inf if value is None else value for value in found])


def _likelihoods(density: Density, points: Array) -> list[float | None]:
    """Log-likelihood at each point; None without a certificate."""
    values = [float(density.value(point)[0]) for point in points]
    return [value if np.isfinite(value) else None for value in values]


def _log_prior(points: Array) -> Array:
    """Log density of the standard normal prior at points (n, parameters)."""
    return np.asarray(-0.5 * (points**2).sum(axis=1) - 0.5 * points.shape[1] * np.log(2 * np.pi))


def _pieces(total: int) -> list[int]:
    return [min(PIECE, total - done) for done in range(0, total, PIECE)]


def weighed_data(weighed: Weighed) -> dict[str, Any]:
    """Plain data."""
    return {
        "importance": estimate_data(weighed.importance),
        "bridge": estimate_data(weighed.bridge),
        "rows": weighed.rows.tolist(),
        "sample": weighed.sample.tolist(),
        "log_likelihood": weighed.log_likelihood.tolist(),
        "rhat": weighed.rhat,
        "effective": weighed.effective,
    }


def weighed_from(data: dict[str, Any]) -> Weighed:
    """Inverse of `weighed_data`."""
    return Weighed(
        estimate_from(data["importance"]), estimate_from(data["bridge"]), np.array(data["rows"]),
        np.array(data["sample"]), np.array(data["log_likelihood"]), data["rhat"], data["effective"],
        np.zeros((0, 0, len(data["sample"][0]))),
    )  # fmt: skip
