"""Chains of exact posterior draws whose proposals come from a surrogate (Liu 2001; Rasmussen 2003).

A proposal is a run of Hamiltonian trajectories (BlackJAX's) on the surrogate's posterior, which is reversible
for it. It is accepted by the exact densities,

    min(1, p(y) q(x) / (p(x) q(y))),   p exact, q by the surrogate,

so that the chain's draws are the exact posterior's whatever the surrogate is worth; a bad one only costs
refusals. A draw costs one solve and no gradient. The surrogate is learned before the chains begin.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from tightrope.fit.laplace import Laplace
from tightrope.fit.leaps import places
from tightrope.fit.nuts import Trajectories
from tightrope.fit.slices import Keep
from tightrope.fit.surrogate import Numbers
from tightrope.fit.target import Target
from tightrope.fit.teaching import EXPLORED, Learned, programs

CHUNK = 20
STEPS = 3
"""Trajectories of a proposal."""
WIDE = 2.0
"""Chains begin at draws that are so many times as far from the middle as the posterior's."""


def surrogate_chain(
    target: Target,
    around: Laplace,
    *,
    taught: Learned,
    wanted: Trajectories,
    seed: int,
    chain: int,
    keep: Keep,
    on_step: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """One chain, as plain data for `gather_chains` and `trajectories.report`.

    It begins where the surrogate's posterior, made twice as wide, puts it. Raises RuntimeError where no such
    point is certified.
    """
    inside, _ = places(target.priors, wanted.sampled)
    given = _Given(target, inside, taught, around.mean, seed, chain)
    state = keep(f"surrogate-{chain}-start", partial(_start, given))
    kept: list[dict[str, Any]] = []
    total = wanted.warmup + wanted.draws
    for number, done in enumerate(range(0, total, CHUNK)):
        work = partial(_advance, given, state, done, min(done + CHUNK, total), total, on_step)
        kept.append(keep(f"surrogate-{chain}-{number}", work))
        state = kept[-1]["state"]
    names = ("scores", "log_likelihood", "divergent", "steps", "accepted")
    told: dict[str, Any] = {name: [x for part in kept for x in part[name]][wanted.warmup :] for name in names}
    return told | {
        "failed": [x for part in kept for x in part["failed"]],
        "evaluations": total,
        "gradients": 0,
        "step_size": taught.size,
        "start": kept[0]["from"] if kept else None,
    }


@dataclass(frozen=True, eq=False)
class _Given:
    """What stays the same over a chain."""

    target: Target
    inside: Numbers
    taught: Learned
    whole: Numbers
    seed: int
    chain: int


def _start(given: _Given) -> dict[str, Any]:
    run, _ = programs()
    found, root = given.taught.surrogate, given.taught.root
    key = jax.random.fold_in(jax.random.key(given.seed), 2000 + given.chain)
    size = jnp.asarray(given.taught.size)
    _, (draws, _) = run(key, jnp.zeros(len(given.inside)), found, jnp.asarray(root), size, count=EXPLORED)
    middle = np.asarray(draws).mean(axis=0)
    for u in np.asarray(draws)[::-7]:
        v = np.array(given.whole)
        v[given.inside] = np.asarray(found.centre) + root @ (middle + WIDE * (u - middle))
        value, _ = given.target.value(v)
        if np.isfinite(value):
            return {"at": v.tolist(), "log_likelihood": value}
    raise RuntimeError("no certified point to start a chain from")


def _advance(
    given: _Given,
    state: dict[str, Any],
    first: int,
    last: int,
    total: int,
    on_step: Callable[[int, int], None] | None,
) -> dict[str, Any]:
    """Draws `first` to `last`. Each has a key of its own, so chunks can be cut anywhere."""
    run, posterior = programs()
    target, inside, found, root = given.target, given.inside, given.taught.surrogate, given.taught.root
    white, centre, seed, chain = np.asarray(found.white), np.asarray(found.centre), given.seed, given.chain
    size, shape = jnp.asarray(given.taught.size), jnp.asarray(root)
    v, value = np.array(state["at"]), float(state["log_likelihood"])
    base = jax.random.fold_in(jax.random.key(seed), chain)
    kept: dict[str, Any] = {
        name: [] for name in ("scores", "log_likelihood", "divergent", "steps", "accepted", "failed")
    }
    for k in range(first, last):
        key, other = jax.random.split(jax.random.fold_in(base, k))
        u = jnp.asarray(white @ (v[inside] - centre))
        y, _ = run(key, u, found, shape, size, count=STEPS)
        new = np.array(v)
        new[inside] = centre + root @ np.asarray(y)
        there, _ = target.value(new)
        chance = 0.0
        if np.isfinite(there):
            exact = there - value - 0.5 * float(new[inside] @ new[inside] - v[inside] @ v[inside])
            guess = float(posterior(found, shape, y)) - float(posterior(found, shape, u))
            chance = float(np.exp(min(0.0, exact - guess)))
        else:
            kept["failed"].append(new.tolist())
        if float(jax.random.uniform(other)) < chance:
            v, value = new, there
        kept["scores"].append(v.tolist())
        kept["log_likelihood"].append(value)
        kept["divergent"].append(not np.isfinite(there))
        kept["steps"].append(1)
        kept["accepted"].append(chance)
        if on_step is not None:
            on_step(k + 1, total)
    return kept | {"state": {"at": v.tolist(), "log_likelihood": value}, "from": state["at"]}
