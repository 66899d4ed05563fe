"""Learn a surrogate in many parameters along chains that already use it.

In seventy dimensions a surrogate is wrong nearly everywhere, and its own posterior lies where it is most
wrong. So a flock of chains begins around a mode. Each round every member makes a few proposals by the
surrogate of all that was seen, which the exact density accepts or refuses as in `surrogate_chains`. Then it
is taught by one value and gradient a member: where the member stands if all were refused, for that is where
the surrogate says too little; else at the last proposal. Trajectories are short at first and grow as
proposals are accepted. The flock spreads over the posterior while the surrogate learns it, and learning ends
when long trajectories are accepted from points that it was not taught.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from tightrope.fit.broad import learned_broadly
from tightrope.fit.laplace import Laplace
from tightrope.fit.leaps import places
from tightrope.fit.pieces import Keep
from tightrope.fit.surrogate import Numbers, Seen, surrogate_data, surrogate_from
from tightrope.fit.target import Target
from tightrope.fit.teaching import LONGEST, Learned, programs

FLOCK, MOVES, ROUNDS, FEWEST = 12, 5, 16, 10
"""Members, proposals of each in a round, rounds at most, and rounds at least."""
SCATTER = 0.15
"""Prior sds by which members begin apart."""
FALLEN = 60.0
"""A member does not begin so many nats below the mode."""
ENOUGH = 0.6
"""Learning ends when so large a share of the longest trajectories is accepted, over two rounds."""
LONGER, SHORTER = 0.45, 0.2
"""Acceptance above which trajectories are doubled, and below which they are halved."""
LARGEST = 0.3
"""The largest step, in posterior sds."""
WIDE = 1.0
"""Chains begin at draws of the surrogate's posterior, so many times as far from its middle."""

Progress = Callable[[int, int], None] | None


def learn_along(
    target: Target,
    around: Laplace,
    *,
    sampled: tuple[str, ...],
    seed: int,
    keep: Keep,
    starts: Numbers | None = None,
    on_step: Progress = None,
) -> Learned:
    """A surrogate of the log-likelihood in the sampled parameters, learned by a flock of chains.

    target  the exact density near one fixed point
    around  its mean is where the other parameters stand
    keep    called as keep(name, compute) for each round, and for the surrogate
    starts  (n, all parameters) where members begin, in turn: draws of an approximate posterior, if there are
            any; else near the mean, which takes far longer where the posterior is not near its mode

    Its errors are, by round, the median distance from what the surrogate said of proposals, in nats.
    Raises RuntimeError where hardly a point around the mean is certified.
    """
    data = keep("surrogate", partial(_learn, target, around, sampled, seed, keep, starts, on_step))
    return Learned(
        surrogate_from(data["surrogate"]), data["size"], data["seen"], data["failed"], tuple(data["errors"]),
        longest=data["longest"], turns=1, wide=WIDE,
    )  # fmt: skip


def _learn(
    target: Target,
    around: Laplace,
    sampled: tuple[str, ...],
    seed: int,
    keep: Keep,
    starts: Numbers | None,
    on_step: Progress,
) -> dict[str, Any]:
    inside, _ = places(target.priors, sampled)
    now = keep("flock-0", partial(_begin, target, around.mean, inside, seed, starts, on_step))
    rounds = [now]
    while len(rounds) <= ROUNDS and not _settled(rounds):
        work = partial(_round, target, around.mean, inside, rounds, seed, on_step)
        rounds.append(keep(f"flock-{len(rounds)}", work))
    seen = _seen(rounds, len(inside))
    return {
        "surrogate": surrogate_data(learned_broadly(seen, room=_room())),
        "size": rounds[-1]["size"],
        "longest": rounds[-1]["longest"],
        "seen": len(seen.values),
        "failed": sum(part["failed"] for part in rounds),
        "errors": [part["error"] for part in rounds[1:]],
    }


def _settled(rounds: list[dict[str, Any]]) -> bool:
    last = rounds[-2:]
    long = all(part["used"] == LONGEST for part in last)
    return len(rounds) > FEWEST and long and float(np.mean([part["accepted"] for part in last])) >= ENOUGH


def _begin(
    target: Target,
    whole: Numbers,
    inside: Numbers,
    seed: int,
    starts: Numbers | None,
    on_step: Progress,
) -> dict[str, Any]:
    """Where members begin: at draws or near the mean, each moved nearer until certified and not too deep."""
    generator = np.random.default_rng([seed, 8])
    base, _ = target.value(whole)
    floor = base - 0.5 * float(whole @ whole) - FALLEN
    flock: list[list[Any]] = []
    seen: list[list[Any]] = []
    failed = 0
    for member in range(FLOCK):
        away = SCATTER * generator.normal(size=len(inside))
        if starts is not None:
            away = starts[member * len(starts) // FLOCK][inside] - whole[inside]
        for shrink in (1.0, 0.5, 0.25, 0.0):
            v = np.array(whole)
            v[inside] += shrink * away
            value, gradient = _looked(target, v, inside)
            if gradient is None:
                failed += 1
                continue
            seen.append([v[inside].tolist(), value, gradient.tolist()])
            if value - 0.5 * float(v @ v) > floor:
                flock.append([v[inside].tolist(), value])
                break
        if on_step is not None:
            on_step(member + 1, FLOCK * (ROUNDS + 1))
    if len(flock) < FLOCK // 2:
        raise RuntimeError("too few certified points to learn a surrogate from")
    return {
        "seen": seen, "flock": flock, "failed": failed, "size": 0.1, "longest": 4, "used": 0,
        "accepted": 0.0, "error": 0.0,
    }  # fmt: skip


def _round(
    target: Target,
    whole: Numbers,
    inside: Numbers,
    rounds: list[dict[str, Any]],
    seed: int,
    on_step: Progress,
) -> dict[str, Any]:
    """One proposal of each member by what all rounds before have seen."""
    run, posterior = programs()
    number, now = len(rounds), rounds[-1]
    found = learned_broadly(_seen(rounds, len(inside)), room=_room())
    white, centre = np.asarray(found.white), np.asarray(found.centre)
    root = jnp.asarray(np.linalg.inv(white))
    base = jax.random.fold_in(jax.random.key(seed), 3000 + number)
    seen, flock, failed = [], [], 0
    chances: list[float] = []
    rates: list[float] = []
    errors: list[float] = []
    taught = _points(rounds)
    for member, (at, value) in enumerate(now["flock"]):
        s, u = np.array(at), jnp.asarray(white @ (np.array(at) - centre))
        guess = float(posterior(found, root, u))
        new, stuck = s, True
        for turn in range(MOVES):
            key, other = jax.random.split(jax.random.fold_in(jax.random.fold_in(base, member), turn))
            y, (_, rate) = run(
                key, u, found, root, jnp.asarray(now["size"]), jnp.asarray(now["longest"]), count=1
            )
            rates.append(float(rate[0]))
            new = centre + np.asarray(root) @ np.asarray(y)
            there, _ = target.value(_whole(whole, inside, new))
            chance = 0.0
            if np.isfinite(there):
                said = float(posterior(found, root, y))
                off = there - value - 0.5 * float(new @ new - s @ s) - (said - guess)
                errors.append(abs(off))
                chance = float(np.exp(min(0.0, off)))
            else:
                failed += 1
            if tuple(s.tolist()) not in taught:
                chances.append(chance)
            if float(jax.random.uniform(other)) < chance:
                s, u, value, guess, stuck = new, y, there, said, False
        flock.append([s.tolist(), value])
        at_last = s if stuck and tuple(s.tolist()) not in taught else new
        there, gradient = _looked(target, _whole(whole, inside, at_last), inside)
        if gradient is not None:
            seen.append([at_last.tolist(), there, gradient.tolist()])
        if on_step is not None:
            on_step(number * FLOCK + member + 1, FLOCK * (ROUNDS + 1))
    accepted, longest = float(np.mean(chances)) if chances else 0.0, now["longest"]
    if accepted > LONGER:
        longest = min(2 * longest, LONGEST)
    elif accepted < SHORTER:
        longest = max(longest // 2, 1)
    size = float(np.clip(now["size"] * np.exp(np.mean(rates) - 0.85), 0.02, LARGEST))
    return {
        "seen": seen, "flock": flock, "failed": failed, "size": size, "longest": longest,
        "used": now["longest"], "accepted": accepted,
        "error": float(np.median(errors)) if errors else float("inf"),
    }  # fmt: skip


def _whole(whole: Numbers, inside: Numbers, s: Numbers) -> Numbers:
    """All scores, with these of the sampled parameters."""
    v = np.array(whole)
    v[inside] = s
    return v


def _points(rounds: list[dict[str, Any]]) -> set[tuple[float, ...]]:
    return {tuple(row[0]) for part in rounds for row in part["seen"]}


def _room() -> int:
    return FLOCK * (ROUNDS + 1)


def _looked(target: Target, v: Numbers, inside: Numbers) -> tuple[float, Numbers | None]:
    """Exact log-likelihood and its gradient in the sampled parameters; none without a certificate."""
    value, gradient, _ = target.likelihood(v)
    good = np.isfinite(value) and np.isfinite(gradient).all()
    return float(value), gradient[inside] if good else None


def _seen(rounds: list[dict[str, Any]], size: int) -> Seen:
    rows = [row for part in rounds for row in part["seen"]]
    points, values, gradients = zip(*rows, strict=True)
    return Seen(np.array(points).reshape(-1, size), np.array(values), np.array(gradients).reshape(-1, size))
