"""Posterior draws by the no-U-turn sampler (Hoffman & Gelman 2014), BlackJAX's, on our density.

About ten parameters are sampled along gradients. The others are either sampled too, by elliptical slices with
the Laplace approximation given the ten as reference (a Gibbs sampler of the whole posterior), or held.

A point without a certificate has density zero. A trajectory that meets one ends there and counts as
divergent; the point is kept, so that it can be said where in parameter space the solver fails.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from tightrope.fit.adaptation import Warming, begin, learn, schedule, settled, warming_data, warming_from
from tightrope.fit.laplace import Laplace
from tightrope.fit.priors import PriorSet
from tightrope.fit.slices import Keep
from tightrope.fit.traceable import theta_function
from tightrope.game.compile import Game
from tightrope.game.equilibrium import TOLERANCE
from tightrope.record.filter import Evidence
from tightrope.record.likelihood import log_likelihood

CHUNK = 10
STARTS = 50


@dataclass(frozen=True)
class Trajectories:
    """How much to sample.

    sampled    names of the parameters that are sampled along gradients
    others     what becomes of the others: `sampled` by slices, or `held`
    chains, warmup, draws  draws of each chain that are dropped, and that are kept
    doublings  a trajectory has at most two to this power steps
    accept     acceptance rate that the step size is tuned to
    """

    sampled: tuple[str, ...]
    others: str = "sampled"
    chains: int = 4
    warmup: int = 300
    draws: int = 500
    doublings: int = 6
    accept: float = 0.9


def places(priors: PriorSet, sampled: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Where the sampled parameters and the others stand in a score vector."""
    inside = np.array([name in sampled for name in priors.names])
    return np.flatnonzero(inside), np.flatnonzero(~inside)


@lru_cache(maxsize=8)
def _compiled(game: Game, priors: PriorSet, sampled: tuple[str, ...], doublings: int) -> Any:
    """Compiled likelihood, start, step along gradients and step by slices.

    `s` are the scores of the sampled parameters, `r` those of the others; the record and the start of solves
    are arguments.
    """
    from blackjax.mcmc import elliptical_slice, nuts

    theta = theta_function(game.case, priors)
    inside, outside = places(priors, sampled)

    def likelihood(s: Array, r: Array, arrays: Mapping[str, Any], z: Array) -> Array:
        whole = jnp.zeros(len(priors)).at[inside].set(s).at[outside].set(r)
        found = log_likelihood(game, arrays, theta(whole), z)
        certified = (found.residual <= TOLERANCE) & jnp.isfinite(found.value)
        return jnp.where(certified, found.value, -jnp.inf)

    def density(r: Array, arrays: Mapping[str, Any], z: Array) -> Callable[[Array], Array]:
        def log_posterior(s: Array) -> Array:
            here = jax.lax.stop_gradient(s)
            value, slope = jax.value_and_grad(likelihood)(here, r, arrays, z)
            known = jnp.isfinite(value) & jnp.all(jnp.isfinite(slope))
            value = jnp.where(known, value, -jnp.inf)
            # Where there is no certificate there is no slope either: the sampler must not see a nan.
            slope = jnp.where(known, slope, 0.0)
            return value + jnp.vdot(jax.lax.stop_gradient(slope), s - here) - 0.5 * jnp.vdot(s, s)

        return log_posterior

    def start(s: Array, r: Array, arrays: Mapping[str, Any], z: Array) -> Any:
        return nuts.init(s, density(r, arrays, z))

    kernel = nuts.build_kernel()

    def move(key: Array, state: Any, r: Array, arrays: Any, z: Array, size: Array, mass: Array) -> Any:
        return kernel(key, state, density(r, arrays, z), size, mass, doublings)

    def slice_others(
        key: Array, s: Array, r: Array, arrays: Any, z: Array, mean: Array, root: Array
    ) -> tuple[Array, Array, Array]:
        def relative(r: Array) -> Array:
            standard = jax.scipy.linalg.solve_triangular(root, r - mean, lower=True)
            value = likelihood(s, r, arrays, z) - 0.5 * jnp.vdot(r, r) + 0.5 * jnp.vdot(standard, standard)
            return jnp.where(jnp.isnan(value), -jnp.inf, value)

        step = elliptical_slice.build_kernel(root @ root.T, mean)
        now, info = step(key, elliptical_slice.init(r, relative), relative)
        return now.position, now.logdensity, info.subiter

    return jax.jit(start), jax.jit(move), jax.jit(slice_others)


@dataclass(frozen=True)
class _Given:
    """What stays the same over a chain."""

    programs: Any
    arrays: Mapping[str, Any]
    z: Array
    inside: np.ndarray
    outside: np.ndarray
    around: Laplace
    wanted: Trajectories
    slope: Array
    root: Array
    seed: int
    chain: int


def nuts_chain(
    evidence: Evidence,
    priors: PriorSet,
    *,
    around: Laplace,
    z: np.ndarray,
    wanted: Trajectories,
    seed: int,
    chain: int,
    keep: Keep,
    on_step: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """One chain, as plain data for `gather_chains` and `trajectories.report`.

    around  the Laplace approximation of the posterior of all `priors`: a first metric, and the reference of
            slices. The mean of it is where held parameters are held
    z       (n,) the fixed point that every solve starts from
    keep    called as keep(name, compute) for each chunk of draws

    The chain starts at a certified draw from the priors. Raises RuntimeError where there is none.
    """
    inside, outside = places(priors, wanted.sampled)
    covariance = around.covariance
    slope, root = np.zeros((len(outside), len(inside))), np.eye(len(outside))
    if len(outside):
        cross = covariance[np.ix_(outside, inside)]
        slope = np.linalg.solve(covariance[np.ix_(inside, inside)], cross.T).T
        root = np.linalg.cholesky(covariance[np.ix_(outside, outside)] - slope @ cross.T)
    programs = _compiled(evidence.game, priors, wanted.sampled, wanted.doublings)
    given = _Given(
        programs, evidence.arrays, jnp.asarray(z), inside, outside, around, wanted, jnp.asarray(slope),
        jnp.asarray(root), seed, chain,
    )  # fmt: skip
    state = keep(f"nuts-{chain}-start", partial(_start, given))
    total = wanted.warmup + wanted.draws
    kept: list[dict[str, Any]] = []
    for number, done in enumerate(range(0, total, CHUNK)):
        work = partial(_advance, given, state, done, min(done + CHUNK, total), total, on_step)
        kept.append(keep(f"nuts-{chain}-{number}", work))
        state = kept[-1]["state"]
    names = ("scores", "log_likelihood", "divergent", "steps", "accepted")
    found: dict[str, Any] = {
        name: [x for part in kept for x in part[name]][wanted.warmup :] for name in names
    }
    return found | {
        "failed": [x for part in kept for x in part["failed"]],
        "evaluations": sum(sum(part["steps"]) + sum(part["slices"]) for part in kept),
        "gradients": sum(sum(part["steps"]) for part in kept),
        "step_size": state["step_size"],
        "start": kept[0]["from"] if kept else None,
    }


def _start(given: _Given) -> dict[str, Any]:
    """A certified draw from the priors; what is held stands where the approximation has it."""
    generator = np.random.default_rng([given.seed, given.chain])
    size = len(given.inside) + len(given.outside)
    for _ in range(STARTS):
        whole = generator.normal(size=size)
        if given.wanted.others == "held":
            whole[given.outside] = given.around.mean[given.outside]
        s, r = jnp.asarray(whole[given.inside]), jnp.asarray(whole[given.outside])
        if np.isfinite(float(given.programs[0](s, r, given.arrays, given.z).logdensity)):
            inner = given.around.covariance[np.ix_(given.inside, given.inside)]
            warming = begin(inner, target=given.wanted.accept)
            return _state(whole, warming)
    raise RuntimeError(f"none of {STARTS} draws from the priors is a certified point to start a chain from")


def _state(whole: np.ndarray, warming: Warming) -> dict[str, Any]:
    return {
        "at": whole.tolist(),
        "warming": warming_data(warming),
        "step_size": float(warming.step_size),
    }


def _advance(
    given: _Given,
    state: dict[str, Any],
    first: int,
    last: int,
    total: int,
    on_step: Callable[[int, int], None] | None,
) -> dict[str, Any]:
    """Draws `first` to `last`. Each has a key of its own, so chunks can be cut anywhere."""
    start, move, slice_others = given.programs
    wanted, arrays, z = given.wanted, given.arrays, given.z
    whole = np.array(state["at"])
    warming = warming_from(state["warming"], size=len(given.inside), target=wanted.accept)
    plan = schedule(wanted.warmup)
    s, r = jnp.asarray(whole[given.inside]), jnp.asarray(whole[given.outside])
    now = start(s, r, arrays, z)
    base = jax.random.fold_in(jax.random.key(given.seed), given.chain)
    mean_s, mean_r = given.around.mean[given.inside], given.around.mean[given.outside]
    kept: dict[str, list[Any]] = {
        name: []
        for name in ("scores", "log_likelihood", "divergent", "steps", "slices", "accepted", "failed")
    }
    for k in range(first, last):
        key, other = jax.random.split(jax.random.fold_in(base, k))
        tried = 0
        if wanted.others == "sampled" and len(r):
            mean = mean_r + given.slope @ (now.position - mean_s)
            r, _, tries = slice_others(other, now.position, r, arrays, z, mean, given.root)
            tried = int(tries)
            now = start(now.position, r, arrays, z)
        now, info = move(key, now, r, arrays, z, warming.step_size, warming.inverse_mass)
        if k < wanted.warmup:
            learns, ends = plan[k]
            warming = learn(wanted.accept)(
                warming, jnp.asarray(bool(learns)), jnp.asarray(ends), now.position, info.acceptance_rate
            )
            if k + 1 == wanted.warmup:
                warming = settled(warming, target=wanted.accept)
        whole[given.inside], whole[given.outside] = np.asarray(now.position), np.asarray(r)
        kept["scores"].append(whole.tolist())
        kept["log_likelihood"].append(float(now.logdensity) + 0.5 * float(now.position @ now.position))
        kept["divergent"].append(bool(info.is_divergent))
        kept["steps"].append(int(info.num_integration_steps))
        kept["slices"].append(tried)
        kept["accepted"].append(float(info.acceptance_rate))
        kept["failed"] += _failed(info, whole, given.inside)
        if on_step is not None:
            on_step(k + 1, total)
    return kept | {"state": _state(whole, warming), "from": state["at"]}


def _failed(info: Any, whole: np.ndarray, inside: np.ndarray) -> list[list[float]]:
    """The point without a certificate at which a trajectory ended, if it did: at most one a trajectory."""
    found = []
    for end in (info.trajectory_leftmost_state, info.trajectory_rightmost_state):
        if not np.isfinite(float(end.logdensity)):
            point = np.array(whole)
            point[inside] = np.asarray(end.position)
            found.append(point.tolist())
    return found[:1]
