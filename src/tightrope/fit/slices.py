"""Posterior draws by elliptical slice sampling (Murray, Adams & MacKay 2010), BlackJAX's, on our density.

The sampler wants a normal reference measure; the Laplace approximation is one, and the
density relative to it is what is sampled (Nishihara, Murray & Adams 2014). It needs no
gradient and no tuning, and jumps in the density, where one branch of equilibria ends and
another takes over, cost it nothing but a shorter step.

The density is that of the normal scores: exact log-likelihood of the record, equilibrium
included, minus |v|²/2. A point without a certificate has density zero. Each evaluation
solves from one given fixed point, so the density is a function of the point alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from tightrope.fit.chains import Chains
from tightrope.fit.laplace import Laplace
from tightrope.fit.pieces import Keep, in_pieces, joined
from tightrope.fit.priors import PriorSet
from tightrope.fit.traceable import theta_function
from tightrope.game.compile import Game
from tightrope.game.equilibrium import TOLERANCE
from tightrope.record.filter import Evidence
from tightrope.record.likelihood import log_likelihood

CHUNK = 20


@dataclass(frozen=True)
class Sampling:
    """How much to sample: chains, draws of each that are dropped, and draws that are kept."""

    chains: int = 2
    warmup: int = 100
    draws: int = 400


@lru_cache(maxsize=8)
def _compiled(game: Game, priors: PriorSet) -> tuple[Any, Any]:
    """Compiled density and step. The record, the start of solves and the reference are arguments."""
    from blackjax.mcmc import elliptical_slice

    theta = theta_function(game.case, priors)

    def density(scores: Array, arrays: Mapping[str, Any], z: Array, mean: Array, root: Array) -> Array:
        """Log posterior less the reference's log density, up to a constant; -inf without a certificate."""
        found = log_likelihood(game, arrays, theta(scores), z)
        standard = jax.scipy.linalg.solve_triangular(root, scores - mean, lower=True)
        value = found.value - 0.5 * jnp.vdot(scores, scores) + 0.5 * jnp.vdot(standard, standard)
        certified = (found.residual <= TOLERANCE) & jnp.isfinite(value)
        return jnp.where(certified, value, -jnp.inf)

    def step(key: Array, state: Any, arrays: Mapping[str, Any], z: Array, mean: Array, root: Array) -> Any:
        kernel = elliptical_slice.build_kernel(root @ root.T, mean)
        return kernel(key, state, lambda scores: density(scores, arrays, z, mean, root))

    return jax.jit(density), jax.jit(step)


def sample(
    evidence: Evidence,
    priors: PriorSet,
    *,
    around: Laplace,
    z: np.ndarray,
    sampling: Sampling,
    seed: int,
    chain: int,
    keep: Keep,
    on_step: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """One chain, as plain data for `gather_chains`.

    around  the reference measure; the chain starts at a draw from it that has a certificate
    z       (n,) the fixed point that every solve starts from
    keep    called as keep(name, compute) for each chunk of draws; a run folder stores chunks
    """
    density, step = _compiled(evidence.game, priors)
    root = np.linalg.cholesky(around.covariance)
    arguments = (evidence.arrays, jnp.asarray(z), jnp.asarray(around.mean), jnp.asarray(root))

    def start() -> dict[str, Any]:
        generator = np.random.default_rng([seed, chain])
        for shrink in (1.0, 1.0, 1.0, 0.7, 0.5, 0.3, 0.0):
            point = around.mean + shrink * root @ generator.normal(size=len(around.mean))
            value = float(density(jnp.asarray(point), *arguments))
            if np.isfinite(value):
                return {"at": point.tolist(), "density": value}
        raise RuntimeError("no certified point to start a chain from")

    kept = in_pieces(
        partial(_advance, step, arguments), name=f"chain-{chain}", start=start,
        total=sampling.warmup + sampling.draws, length=CHUNK, seed=seed, chain=chain, keep=keep,
        on_step=on_step,
    )  # fmt: skip
    found = joined(kept, ("scores", "density"), dropped=sampling.warmup)
    scores, relative = np.array(found["scores"]), np.array(found["density"])
    standard = np.linalg.solve(root, (scores - around.mean).T)
    likelihood = relative + 0.5 * (scores**2).sum(axis=1) - 0.5 * (standard**2).sum(axis=0)
    return {
        "scores": found["scores"],
        "log_likelihood": likelihood.tolist(),
        "evaluations": sum(part["evaluations"] for part in kept),
    }


def _advance(
    step: Any, arguments: tuple[Any, ...], state: Mapping[str, Any], draws: Iterator[tuple[int, Array]]
) -> dict[str, Any]:
    from blackjax.mcmc.elliptical_slice import EllipSliceState

    now = EllipSliceState(jnp.asarray(state["at"]), jnp.asarray(state["density"]))
    scores, density, evaluations = [], [], 0
    for _, key in draws:
        now, info = step(key, now, *arguments)
        scores.append(np.asarray(now.position).tolist())
        density.append(float(now.logdensity))
        evaluations += int(info.subiter)
    last = {"at": scores[-1], "density": density[-1]}
    return {"scores": scores, "density": density, "evaluations": evaluations, "state": last}


def gather_chains(parts: list[dict[str, Any]]) -> Chains:
    """Chains of equal length, put together."""
    return Chains(
        np.array([part["scores"] for part in parts]),
        np.array([part["log_likelihood"] for part in parts]),
        sum(int(part["evaluations"]) for part in parts),
    )
