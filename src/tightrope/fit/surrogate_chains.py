"""Chains of exact posterior draws whose proposals come from a surrogate (Liu 2001; Rasmussen 2003).

A proposal is a run of Hamiltonian trajectories (BlackJAX's) on the surrogate's posterior, which is reversible
for it. It is accepted by the exact densities,

    min(1, p(y) q(x) / (p(x) q(y))),   p exact, q by the surrogate,

so that the chain's draws are the exact posterior's whatever the surrogate is worth; a bad one only costs
refusals. A draw costs one solve and no gradient. The surrogate is learned before the chains begin.
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

from tightrope.fit.laplace import Laplace
from tightrope.fit.leaps import places
from tightrope.fit.nuts import TOLD, Trajectories
from tightrope.fit.pieces import Keep, in_pieces, joined
from tightrope.fit.roaming import learn_along
from tightrope.fit.surrogate import Numbers
from tightrope.fit.surrogate_posterior import SurrogatePosterior
from tightrope.fit.target import Target
from tightrope.fit.teaching import EXPLORED, Learned, learn, runner

CHUNK = 20
MANY = 20
"""In more parameters a surrogate is learned along chains."""


def teach(
    target: Target,
    around: Laplace,
    *,
    sampled: tuple[str, ...],
    seed: int,
    keep: Keep,
    starts: Numbers | None = None,
    on_step: Callable[[int, int], None] | None = None,
) -> Learned:
    """A surrogate in a few parameters (`teaching.learn`) or in many (`roaming.learn_along`)."""
    if len(sampled) <= MANY:
        return learn(target, around, sampled=sampled, seed=seed, keep=keep, on_step=on_step)
    return learn_along(target, around, sampled=sampled, seed=seed, keep=keep, starts=starts, on_step=on_step)


def surrogate_chain(
    target: Target,
    around: Laplace,
    *,
    taught: Learned,
    wanted: Trajectories,
    seed: int,
    chain: int,
    keep: Keep,
    rows: bool = False,
    on_step: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """One chain, as plain data for `gather_chains` and `trajectories.report`.

    rows  whether to keep each draw's log-likelihood by row as well

    It begins where the surrogate's posterior, made wider, puts it. Raises RuntimeError where no such point is
    certified.
    """
    inside, _ = places(target.priors, wanted.sampled)
    told = (*TOLD, "rows") if rows else TOLD
    given = _Given(target, inside, taught, around.mean, seed, chain, told)
    total = wanted.warmup + wanted.draws
    kept = in_pieces(
        partial(_advance, given), name=f"surrogate-{chain}", start=partial(_start, given), total=total,
        length=CHUNK, seed=seed, chain=chain, keep=keep, on_step=on_step,
    )  # fmt: skip
    return joined(kept, told, dropped=wanted.warmup) | {
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
    told: tuple[str, ...]


def _start(given: _Given) -> dict[str, Any]:
    run = runner()
    found, root = given.taught.surrogate, given.taught.root
    key = jax.random.fold_in(jax.random.key(given.seed), 2000 + given.chain)
    size = jnp.asarray(given.taught.size)
    longest, begin = jnp.asarray(given.taught.longest), jnp.zeros(len(given.inside))
    _, (draws, _) = run(key, begin, found, jnp.asarray(root), size, longest, count=EXPLORED)
    middle = np.asarray(draws).mean(axis=0)
    for u in np.asarray(draws)[::-7]:
        v = np.array(given.whole)
        v[given.inside] = np.asarray(found.centre) + root @ (middle + given.taught.wide * (u - middle))
        value, by_row = given.target.value(v)
        if np.isfinite(value):
            rows = np.asarray(by_row).tolist() if "rows" in given.told else []
            return {"at": v.tolist(), "log_likelihood": value, "rows": rows}
    raise RuntimeError("no certified point to start a chain from")


def _advance(given: _Given, state: Mapping[str, Any], draws: Iterator[tuple[int, Array]]) -> dict[str, Any]:
    inside, surrogate = given.inside, SurrogatePosterior(given.taught)
    rows = list(state.get("rows", []))
    v, value = np.array(state["at"]), float(state["log_likelihood"])
    above = surrogate.above(v[inside], value)

    def whole(s: Numbers) -> Numbers:
        new = np.array(v)
        new[inside] = s
        return new

    kept: dict[str, Any] = {name: [] for name in (*given.told, "failed")}
    for _, both in draws:
        key, other = jax.random.split(both)
        found = surrogate.tried(v[inside], above, lambda s: given.target.value(whole(s)), key=key)
        if found.failed:
            kept["failed"].append(whole(found.point).tolist())
        if float(jax.random.uniform(other)) < found.chance:
            v, value, above = whole(found.point), found.value, found.above
            rows = np.asarray(found.by_row).tolist() if "rows" in kept else []
        kept["scores"].append(v.tolist())
        kept["log_likelihood"].append(value)
        kept["divergent"].append(found.failed)
        kept["steps"].append(1)
        kept["accepted"].append(found.chance)
        if "rows" in kept:
            kept["rows"].append(rows)
    return kept | {"state": {"at": v.tolist(), "log_likelihood": value, "rows": rows}, "from": state["at"]}
