"""Learn a surrogate in many parameters along chains that already use it.

In seventy dimensions a surrogate is wrong nearly everywhere, and its own posterior lies where it is most
wrong. So a flock of chains begins around a mode. Each round every member makes a few proposals by the
surrogate of all that was seen, which the exact density accepts or refuses as in `surrogate_chains`. Then it
is taught by one value and gradient a member: where the member stands if all were refused, for that is where
the surrogate says too little; else at the last proposal. Trajectories are short at first and grow as
proposals are accepted. The flock spreads over the posterior while the surrogate learns it, and its rounds end
when long trajectories are accepted from points that it was not taught. A member that stays far behind takes
another's place.

A flock goes by short ways and never sees a peak that the surrogate has in a place where nobody was. So draws
of the surrogate's own posterior are looked at last, and teach it where too many of them are far too high.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import jax
import numpy as np

from tightrope.fit.broad import learned_broadly
from tightrope.fit.laplace import Laplace
from tightrope.fit.leaps import places
from tightrope.fit.pieces import Keep
from tightrope.fit.surrogate import Numbers, Seen, surrogate_data, surrogate_from
from tightrope.fit.surrogate_posterior import SurrogatePosterior
from tightrope.fit.target import Target
from tightrope.fit.teaching import LONGEST, Learned

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
BEHIND, PATIENCE = 20.0, 2
"""A member so many nats below the flock's median begins the next round elsewhere, after so many rounds."""
WRONG, FEW, CHECKS, LONG = 12.0, 0.25, 6, 600
"""Own draws are looked at until at most this share of them is said to be so many nats too high, at most so
often; those looked at are taken from so many."""
SHORT = 3
"""The most steps of every other proposal of the chains. Where the surrogate says ten nats too little, long
ways lead to places that the exact density refuses, and a chain without others stays for a hundred draws."""
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
    keep    called as keep(name, compute) for each round, each look at own draws, and for the surrogate
    starts  (n, all parameters) where members begin, in turn: draws of an approximate posterior, if there are
            any; else near the mean, which takes far longer where the posterior is not near its mode

    Its errors are, by round, the median distance from what the surrogate said of proposals, in nats.
    Raises RuntimeError where hardly a point around the mean is certified.
    """
    data = keep("surrogate", partial(_learn, target, around, sampled, seed, keep, starts, on_step))
    return Learned(
        surrogate_from(data["surrogate"]), data["size"], data["seen"], data["failed"], tuple(data["errors"]),
        longest=data["longest"], turns=1, short=SHORT, wide=WIDE,
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
    parts, size, longest = list(rounds), rounds[-1]["size"], rounds[-1]["longest"]
    for check in range(CHECKS):
        seen = _seen(parts, len(inside))
        found = learned_broadly(seen, room=_room())
        frozen = Learned(found, size, len(seen.values), 0, (), longest=longest, turns=1)
        own = keep(f"own-{check}", partial(_own, target, around.mean, inside, frozen, [seed, 10, check]))
        # The last look teaches nothing: what it taught would not have been looked at.
        if check == CHECKS - 1 or sum(off < -WRONG for off in own["off"]) <= FEW * FLOCK:
            break
        parts.append(own)
    return {
        "surrogate": surrogate_data(found),
        "size": size,
        "longest": longest,
        "seen": len(seen.values),
        "failed": sum(part["failed"] for part in parts),
        "errors": [part["error"] for part in rounds[1:]],
    }


def _own(target: Target, whole: Numbers, inside: Numbers, frozen: Learned, seed: list[int]) -> dict[str, Any]:
    """Exact values and gradients at draws of the surrogate's own posterior, and what it said too little."""
    surrogate = SurrogatePosterior(frozen)
    seen, off = [], []
    for s in surrogate.draws(LONG, seed=seed)[:: LONG // FLOCK]:
        value, gradient = _looked(target, _whole(whole, inside, s), inside)
        if gradient is not None:
            seen.append([s.tolist(), value, gradient.tolist()])
            off.append(surrogate.above(s, value))
    return {"seen": seen, "off": off, "failed": FLOCK - len(seen)}


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
    """Proposals of each member by what all rounds before have seen, and one lesson from each."""
    number, now = len(rounds), rounds[-1]
    found = learned_broadly(_seen(rounds, len(inside)), room=_room())
    frozen = Learned(found, now["size"], 0, 0, (), longest=now["longest"], turns=1)
    base = jax.random.fold_in(jax.random.key(seed), 3000 + number)
    taught = _points(rounds)
    seen, flock = [], []
    walk = _Walk(target, whole, inside, SurrogatePosterior(frozen))
    fresh: list[float] = []
    for member, (at, value) in enumerate(_gathered(now["flock"], number, seed)):
        known = tuple(at) in taught
        s, value, last, chances = walk.moves(np.array(at), value, jax.random.fold_in(base, member))
        stuck = s.tolist() == at
        # A surrogate is exact where it was taught: what it proposes from there says nothing of it elsewhere.
        taken = next((k + 1 for k, (_, moved) in enumerate(chances) if moved), MOVES)
        fresh += [chance for chance, _ in (chances[taken:] if known else chances)]
        flock.append([s.tolist(), value])
        lesson = s if stuck and not known else last
        there, gradient = _looked(target, _whole(whole, inside, lesson), inside)
        if gradient is not None:
            seen.append([lesson.tolist(), there, gradient.tolist()])
        if on_step is not None:
            on_step(number * FLOCK + member + 1, FLOCK * (ROUNDS + 1))
    accepted, longest = float(np.mean(fresh)) if fresh else 0.0, now["longest"]
    if accepted > LONGER:
        longest = min(2 * longest, LONGEST)
    elif accepted < SHORTER:
        longest = max(longest // 2, 1)
    size = float(np.clip(now["size"] * np.exp(np.mean(walk.rates) - 0.85), 0.02, LARGEST))
    return {
        "seen": seen, "flock": flock, "failed": walk.failed, "size": size, "longest": longest,
        "used": now["longest"], "accepted": accepted,
        "error": float(np.median(walk.errors)) if walk.errors else float("inf"),
    }  # fmt: skip


def _gathered(flock: list[list[Any]], number: int, seed: int) -> list[list[Any]]:
    """Where members begin a round: those far behind at the place of one that is not."""
    values = np.array([value for _, value in flock])
    behind = values < np.median(values) - BEHIND
    if number <= PATIENCE or not behind.any():
        return flock
    places = np.flatnonzero(~behind)
    taken = np.random.default_rng([seed, 11, number]).choice(places, size=len(flock))
    return [flock[taken[k]] if behind[k] else flock[k] for k in range(len(flock))]


@dataclass(eq=False)
class _Walk:
    """What the members of one round share: a frozen surrogate, and a tally of what it was worth."""

    target: Target
    whole: Numbers
    inside: Numbers
    surrogate: SurrogatePosterior
    rates: list[float] = field(default_factory=list)
    errors: list[float] = field(default_factory=list)
    failed: int = 0

    def moves(
        self, s: Numbers, value: float, key: jax.Array
    ) -> tuple[Numbers, float, Numbers, list[tuple[float, bool]]]:
        """Where a member then stands, its log-likelihood, the last proposal; chances, and what was taken."""
        above, last = self.surrogate.above(s, value), s
        chances = []
        for turn in range(MOVES):
            moving, deciding = jax.random.split(jax.random.fold_in(key, turn))
            found = self.surrogate.tried(s, above, self._exact, key=moving)
            self.rates.append(found.rate)
            if found.failed:
                self.failed += 1
            else:
                self.errors.append(abs(found.above - above))
            taken = float(jax.random.uniform(deciding)) < found.chance
            chances.append((found.chance, taken))
            last = found.point
            if taken:
                s, value, above = found.point, found.value, found.above
        return s, value, last, chances

    def _exact(self, s: Numbers) -> tuple[float, Any]:
        return self.target.value(_whole(self.whole, self.inside, s))


def _whole(whole: Numbers, inside: Numbers, s: Numbers) -> Numbers:
    """All scores, with these of the sampled parameters."""
    v = np.array(whole)
    v[inside] = s
    return v


def _points(rounds: list[dict[str, Any]]) -> set[tuple[float, ...]]:
    return {tuple(row[0]) for part in rounds for row in part["seen"]}


def _room() -> int:
    """For all that can be seen: a member may begin in four steps, sees one point a round and one a check."""
    return FLOCK * (ROUNDS + 4 + CHECKS)


def _looked(target: Target, v: Numbers, inside: Numbers) -> tuple[float, Numbers | None]:
    """Exact log-likelihood and its gradient in the sampled parameters; none without a certificate."""
    value, gradient, _ = target.likelihood(v)
    good = np.isfinite(value) and np.isfinite(gradient).all()
    return float(value), gradient[inside] if good else None


def _seen(rounds: list[dict[str, Any]], size: int) -> Seen:
    rows = [row for part in rounds for row in part["seen"]]
    points, values, gradients = zip(*rows, strict=True)
    return Seen(np.array(points).reshape(-1, size), np.array(values), np.array(gradients).reshape(-1, size))
