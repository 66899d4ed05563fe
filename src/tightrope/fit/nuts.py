"""Posterior draws by the no-U-turn sampler (Hoffman & Gelman 2014), BlackJAX's, on our density.

About ten parameters are sampled along gradients. The others are either sampled too, by elliptical slices with
the Laplace approximation given the ten as reference (a Gibbs sampler of the whole posterior), or stand where
they are put: at the mode, or at a draw from their priors that an outer loop has made.

With more than a couple of dozen sampled parameters, they are sampled in the coordinates in which the Laplace
approximation is a standard normal, and only a scale of each is learned there.

A point without a certificate has density zero. A trajectory that meets one ends there and counts as
divergent; the point is kept, so that it can be said where in parameter space the solver fails.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from tightrope.fit.adaptation import Warming, begin, learn, schedule, settled, warming_data, warming_from
from tightrope.fit.laplace import Laplace
from tightrope.fit.leaps import Near, compiled, places
from tightrope.fit.pieces import Keep, in_pieces, joined
from tightrope.fit.priors import PriorSet
from tightrope.game.chains import Chains
from tightrope.record.filter import Evidence

CHUNK = 10
STARTS = 50
DENSE = 24
"""Up to so many parameters, the warm-up learns all their covariances."""
TOLD = ("scores", "log_likelihood", "divergent", "steps", "accepted")
"""What is said of each draw of a chain."""


@dataclass(frozen=True)
class Trajectories:
    """How much to sample.

    sampled    names of the parameters that are sampled along gradients
    others     what becomes of the others: `sampled` by slices, `held` at the mode, `drawn` from their priors
    outer      which draw of the others, where these are drawn
    chains, warmup, draws  draws of each chain that are dropped, and that are kept
    doublings  a trajectory has at most two to this power steps
    accept     acceptance rate that the step size is tuned to
    surrogate  whether proposals come from a surrogate and not from the density's own gradients
    """

    sampled: tuple[str, ...]
    others: str = "sampled"
    outer: int = 0
    chains: int = 4
    warmup: int = 300
    draws: int = 500
    doublings: int = 5
    accept: float = 0.8
    surrogate: bool = False


@dataclass(frozen=True)
class _Given:
    """What stays the same over a chain."""

    programs: Any
    arrays: Mapping[str, Any]
    near: Near
    shape: Array
    inside: np.ndarray
    outside: np.ndarray
    around: Laplace
    wanted: Trajectories
    slope: Array
    root: Array
    seed: int
    chain: int

    @property
    def dense(self) -> bool:
        """Whether the metric is a full covariance."""
        return len(self.inside) <= DENSE

    @property
    def inner(self) -> np.ndarray:
        """Covariance of the sampled parameters by the approximation: given the others where these stand."""
        inside = np.ix_(self.inside, self.inside)
        if self.wanted.others == "sampled":
            return np.asarray(self.around.covariance[inside])
        return np.asarray(np.linalg.inv(np.linalg.inv(self.around.covariance)[inside]))

    def coordinates(self, whole: np.ndarray) -> tuple[Array, Array]:
        """The sampled parameters in their own coordinates, and the others."""
        u = np.linalg.solve(np.asarray(self.shape), whole[self.inside])
        return jnp.asarray(u), jnp.asarray(whole[self.outside])


def nuts_chain(
    evidence: Evidence,
    priors: PriorSet,
    *,
    around: Laplace,
    z: np.ndarray,
    ahead: Chains | None = None,
    wanted: Trajectories,
    seed: int,
    chain: int,
    keep: Keep,
    on_step: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """One chain, as plain data for `gather_chains` and `trajectories.report`.

    around  the Laplace approximation of the posterior of all `priors`: a first metric, and the reference of
            slices. Its mean is where parameters stand that are held or drawn
    z       (n,) the fixed point that every solve starts from
    ahead   where play there sends values: solves and gradients are quicker with them
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
    programs = compiled(evidence.game, priors, wanted.sampled, wanted.doublings)
    shape = np.eye(len(inside))
    if len(inside) > DENSE:
        shape = np.linalg.cholesky(covariance[np.ix_(inside, inside)])
    given = _Given(
        programs, evidence.arrays, (jnp.asarray(z), ahead), jnp.asarray(shape), inside, outside, around,
        wanted, jnp.asarray(slope), jnp.asarray(root), seed, chain,
    )  # fmt: skip
    kept = in_pieces(
        partial(_advance, given), name=f"nuts-{chain}", start=partial(_start, given),
        total=wanted.warmup + wanted.draws, length=CHUNK, seed=seed, chain=chain, keep=keep, on_step=on_step,
    )  # fmt: skip
    return joined(kept, TOLD, dropped=wanted.warmup) | {
        "failed": [x for part in kept for x in part["failed"]],
        "evaluations": sum(sum(part["steps"]) + sum(part["slices"]) for part in kept),
        "gradients": sum(sum(part["steps"]) for part in kept),
        "step_size": kept[-1]["state"]["step_size"] if kept else None,
        "start": kept[0]["from"] if kept else None,
    }


def _start(given: _Given) -> dict[str, Any]:
    """A certified draw from the priors; what is held stands where the approximation has it."""
    generator = np.random.default_rng([given.seed, given.chain])
    size = len(given.inside) + len(given.outside)
    for _ in range(STARTS):
        whole = generator.normal(size=size)
        if given.wanted.others != "sampled":
            whole[given.outside] = given.around.mean[given.outside]
        u, r = given.coordinates(whole)
        if np.isfinite(float(given.programs[0](u, r, given.arrays, given.near, given.shape).logdensity)):
            guess = given.inner if given.dense else np.ones(len(given.inside))
            return _state(whole, begin(guess, target=given.wanted.accept))
    raise RuntimeError(f"none of {STARTS} draws from the priors is a certified point to start a chain from")


def _state(whole: np.ndarray, warming: Warming) -> dict[str, Any]:
    return {
        "at": whole.tolist(),
        "warming": warming_data(warming),
        "step_size": float(warming.step_size),
    }


def _advance(given: _Given, state: Mapping[str, Any], draws: Iterator[tuple[int, Array]]) -> dict[str, Any]:
    start, move, slice_others = given.programs
    wanted, arrays, near, shape = given.wanted, given.arrays, given.near, given.shape
    whole = np.array(state["at"])
    size = len(given.inside)
    warming = warming_from(state["warming"], size=size, target=wanted.accept, dense=given.dense)
    learning = learn(wanted.accept, given.dense)
    plan = schedule(wanted.warmup)
    u, r = given.coordinates(whole)
    now = start(u, r, arrays, near, shape)
    mean_s, mean_r = given.around.mean[given.inside], given.around.mean[given.outside]
    kept: dict[str, list[Any]] = {name: [] for name in (*TOLD, "slices", "failed")}
    for k, both in draws:
        key, other = jax.random.split(both)
        tried = 0
        if wanted.others == "sampled" and len(r):
            s = shape @ now.position
            mean = mean_r + given.slope @ (s - mean_s)
            r, _, tries = slice_others(other, s, r, arrays, near, mean, given.root)
            tried = int(tries)
            now = start(now.position, r, arrays, near, shape)
        now, info = move(key, now, r, arrays, near, shape, warming.step_size, warming.inverse_mass)
        if k < wanted.warmup:
            learns, ends = plan[k]
            warming = learning(
                warming, jnp.asarray(bool(learns)), jnp.asarray(ends), now.position, info.acceptance_rate
            )
            if k + 1 == wanted.warmup:
                warming = settled(warming, target=wanted.accept)
        whole[given.inside], whole[given.outside] = np.asarray(shape @ now.position), np.asarray(r)
        kept["scores"].append(whole.tolist())
        s = whole[given.inside]
        kept["log_likelihood"].append(float(now.logdensity) + 0.5 * float(s @ s))
        kept["divergent"].append(bool(info.is_divergent))
        kept["steps"].append(int(info.num_integration_steps))
        kept["slices"].append(tried)
        kept["accepted"].append(float(info.acceptance_rate))
        kept["failed"] += _failed(info, whole, given)
    return kept | {"state": _state(whole, warming), "from": state["at"]}


def _failed(info: Any, whole: np.ndarray, given: _Given) -> list[list[float]]:
    """The point without a certificate, or of no probability, where a trajectory ended: at most one each."""
    found = []
    for end in (info.trajectory_leftmost_state, info.trajectory_rightmost_state):
        if not np.isfinite(float(end.logdensity)):
            point = np.array(whole)
            point[given.inside] = np.asarray(given.shape @ end.position)
            found.append(point.tolist())
    return found[:1]
