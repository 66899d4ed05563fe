"""Learn a surrogate where its own posterior lies: exact values and gradients there, round by round."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from tightrope.fit.laplace import Laplace
from tightrope.fit.leaps import places
from tightrope.fit.pieces import Keep
from tightrope.fit.surrogate import (
    Numbers,
    Seen,
    Surrogate,
    guessed,
    learned,
    surrogate_data,
    surrogate_from,
)
from tightrope.fit.target import Target

FIRST, MORE, ROUNDS = 40, 30, 12
"""Points seen at first, in each later round, and later rounds at most."""
CLOSE = 0.4
"""A surrogate off by so few nats where its own posterior lies is learned enough."""
LONGEST = 12
"""The most steps of one trajectory."""
TUNED, ACCEPT, EXPLORED = 6, 0.8, 400
"""Turns that set the step size, the acceptance they aim at, and draws by which a surrogate is explored."""


@dataclass(frozen=True, eq=False)
class Learned:
    """A surrogate, a step size for trajectories on it, and how it was learned.

    seen    exact values and gradients that it was taught
    failed  points without a certificate besides
    errors  by round: what it said too much or too little of points it had not seen, in nats: the median
            distance from the median, times 1.48, which is the sd of a normal and hangs on no outlier
    longest, turns  the most steps of a trajectory, and trajectories of a proposal
    short   the most steps in every other proposal, by the toss of a coin; 0: in none
    wide    chains begin at draws that are so many times as far from the middle as the posterior's
    """

    surrogate: Surrogate
    size: float
    seen: int
    failed: int
    errors: tuple[float, ...]
    longest: int = LONGEST
    turns: int = 3
    short: int = 0
    wide: float = 2.0

    @cached_property
    def root(self) -> Numbers:
        """What takes trajectories' coordinates to scores, (parameters, parameters)."""
        return np.asarray(np.linalg.inv(np.asarray(self.surrogate.white)))


@lru_cache(maxsize=4)
def runner() -> Any:
    """Compiled trajectories on a surrogate's posterior, many of them in a row.

    Coordinates are u with s = centre + root @ u, in which steps have one size in every direction.
    """
    from blackjax.mcmc import hmc

    kernel = hmc.build_kernel()

    def posterior(found: Surrogate, root: Array, u: Array) -> Array:
        s = found.centre + root @ u
        return guessed(found, s) - 0.5 * jnp.vdot(s, s)

    def step(
        key: Array, u: Array, found: Surrogate, root: Array, size: Array, longest: Array
    ) -> tuple[Array, Array]:
        density = partial(posterior, found, root)
        length, moving = jax.random.split(key)
        steps = jax.random.randint(length, (), 1, longest + 1)
        now, info = kernel(
            moving, hmc.init(u, density), density, size, jnp.ones(len(u)), num_integration_steps=steps
        )
        return now.position, info.acceptance_rate

    @partial(jax.jit, static_argnames="count")
    def run(
        key: Array, u: Array, found: Surrogate, root: Array, size: Array, longest: Array, *, count: int
    ) -> Any:
        def one(u: Array, key: Array) -> Any:
            u, rate = step(key, u, found, root, size, longest)
            return u, (u, rate)

        return jax.lax.scan(one, u, jax.random.split(key, count))

    return run


def _explored(found: Surrogate, root: Numbers, *, key: Array, size: float) -> tuple[Numbers, float]:
    """Draws (draws, parameters) of a surrogate's posterior in its own coordinates, and a step size for it."""
    run = runner()
    u, shape, longest = jnp.zeros(len(root)), jnp.asarray(root), jnp.asarray(LONGEST)
    for number in range(TUNED):
        own = jax.random.fold_in(key, number)
        u, (_, rates) = run(own, u, found, shape, jnp.asarray(size), longest, count=40)
        size *= float(np.exp(np.mean(np.asarray(rates)) - ACCEPT))
    own = jax.random.fold_in(key, TUNED)
    _, (draws, _) = run(own, u, found, shape, jnp.asarray(size), longest, count=EXPLORED)
    return np.asarray(draws), size


def learn(
    target: Target,
    around: Laplace,
    *,
    sampled: tuple[str, ...],
    seed: int,
    keep: Keep,
    on_step: Callable[[int, int], None] | None = None,
) -> Learned:
    """A surrogate of the log-likelihood in the sampled parameters, learned where its own posterior lies.

    target  the exact density near one fixed point
    around  the approximation of the whole posterior; its mean is where the other parameters stand
    keep    called as keep(name, compute) for each round of exact values and gradients, and for the surrogate

    Raises RuntimeError where hardly a point is certified.
    """
    data = keep("surrogate", partial(_learn, target, around, sampled, seed, keep, on_step))
    return Learned(
        surrogate_from(data["surrogate"]), data["size"], data["seen"], data["failed"], tuple(data["errors"])
    )


def _learn(
    target: Target,
    around: Laplace,
    sampled: tuple[str, ...],
    seed: int,
    keep: Keep,
    on_step: Callable[[int, int], None] | None,
) -> dict[str, Any]:
    inside, _ = places(target.priors, sampled)
    covariance = np.linalg.inv(np.linalg.inv(around.covariance)[np.ix_(inside, inside)])
    centre: Numbers = around.mean[inside]
    root: Numbers = np.linalg.cholesky(covariance)
    generator = np.random.default_rng([seed, 1])
    wanted = centre + generator.normal(size=(FIRST, len(inside))) @ root.T
    room, size, failed = FIRST + ROUNDS * MORE, 0.3, 0
    errors: list[float] = []
    seen: Seen | None = None
    found: Surrogate | None = None
    for number in range(ROUNDS + 1):
        work = partial(_look, target, around.mean, inside, wanted, number, on_step)
        fresh, missing = _seen(keep(f"seen-{number}", work), len(inside))
        failed += missing
        if found is not None and len(fresh.values):
            off = fresh.values - np.array([float(guessed(found, jnp.asarray(s))) for s in fresh.points])
            errors.append(float(1.48 * np.median(np.abs(off - np.median(off)))))
        seen = fresh if seen is None else seen + fresh
        if len(seen.values) < len(inside):
            raise RuntimeError("too few certified points to learn a surrogate from")
        found = learned(seen, centre=centre, root=root, room=room)
        key = jax.random.fold_in(jax.random.key(seed), 1000 + number)
        draws, size = _explored(found, root, key=key, size=size)
        if errors and errors[-1] < CLOSE:
            break
        s = centre + draws @ root.T
        centre, root = s.mean(axis=0), np.linalg.cholesky(np.cov(s.T) + 1e-6 * np.eye(len(inside)))
        wanted = s[np.linspace(0, len(s) - 1, MORE).astype(int)]
    assert seen is not None
    assert found is not None
    return {
        "surrogate": surrogate_data(found), "size": size, "seen": len(seen.values), "failed": failed,
        "errors": errors,
    }  # fmt: skip


def _look(
    target: Target,
    whole: Numbers,
    inside: Numbers,
    wanted: Numbers,
    number: int,
    on_step: Callable[[int, int], None] | None,
) -> list[Any]:
    """Exact log-likelihood and gradient at each point; none without a certificate."""
    found = []
    for place, s in enumerate(wanted):
        v = np.array(whole)
        v[inside] = s
        value, gradient, _ = target.likelihood(v)
        good = np.isfinite(value) and np.isfinite(gradient).all()
        found.append([s.tolist(), value, gradient[inside].tolist()] if good else None)
        if on_step is not None:
            on_step(FIRST + (number - 1) * MORE + place + 1 if number else place + 1, FIRST + ROUNDS * MORE)
    return found


def _seen(data: list[Any], size: int) -> tuple[Seen, int]:
    good = [row for row in data if row is not None]
    points, values, gradients = zip(*good, strict=True) if good else ((), (), ())
    seen = Seen(np.array(points).reshape(-1, size), np.array(values), np.array(gradients).reshape(-1, size))
    return seen, len(data) - len(good)
