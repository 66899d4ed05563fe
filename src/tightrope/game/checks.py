"""Checks that need numbers: is every law, precision and payoff legal at draws of the parameters?

Nothing is solved. Each expression of the game is valued at all levels of what it
mentions, and each kernel and exit is built, at every draw; only the extremes are kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from tightrope.case.marks import Where
from tightrope.case.schema import Pay
from tightrope.case.sites import Role, sites
from tightrope.game.compile import Game
from tightrope.game.named import Named, add, combine, scalar, total
from tightrope.game.plan import WORLD, Change, Choice, after
from tightrope.game.primitives import ExitLaw, Primitives, evaluator, primitives

CHUNK = 50
ROUNDING = 1e-9


@dataclass(frozen=True)
class NumberFault:
    """One thing that goes wrong at some draws.

    where  its path in the case file (for `marks.problem`)
    name   the step, move, player or payoff term
    what   what is wrong, in words
    worst  the value furthest from what is allowed (nan or infinite where no number came out)
    draws  at how many draws it happens
    """

    where: Where
    name: str
    what: str
    worst: float
    draws: int


@dataclass(frozen=True, eq=False)
class NumberChecks:
    """What the draws showed.

    draws          how many were looked at
    faults         in the order of the case file; empty if all is legal
    payoff_ranges  (player, term) -> lowest and highest finite value, per period, in payoff units
    extremes       (draws, rules, 3) lowest and highest finite value, and what was not finite
    rules          what each was held to
    """

    draws: int
    faults: tuple[NumberFault, ...]
    payoff_ranges: dict[tuple[str, str], tuple[float, float]]
    extremes: np.ndarray = field(repr=False)
    rules: tuple[_Rule, ...] = field(repr=False)

    def among(self, rows: slice) -> tuple[NumberFault, ...]:
        """The faults of some of the draws alone."""
        return tuple(_faults(self.rules, self.extremes[rows]))


@dataclass(frozen=True)
class _Rule:
    """What a measured number must be: finite and within [low, high] (without an end if `open_`)."""

    where: Where
    name: str
    what: str
    low: float = -np.inf
    high: float = np.inf
    open_: bool = False
    derived: bool = False
    payoff: tuple[str, str] | None = None


_ROLES: dict[Role, tuple[str, float, float]] = {
    "prob": ("a probability leaves [0, 1]", 0.0, 1.0),
    "hazard": ("a rate is below zero", 0.0, np.inf),
    "logit": ("log-odds are not a finite number", -np.inf, np.inf),
    "weight": ("a weight is below zero", 0.0, np.inf),
    "share": ("a weight is below zero", 0.0, np.inf),
    "when": ("a condition is not a number", -np.inf, np.inf),
    "available": ("a condition is not a number", -np.inf, np.inf),
    "precision": ("a precision is not above zero", 0.0, np.inf),
    "rate": ("what a unit costs is not above zero", 0.0, np.inf),
    "discount": ("a discount factor leaves [0, 1)", 0.0, 1.0),
    "payoff": ("a payoff is not a finite number", -np.inf, np.inf),
    "terminal": ("a terminal's payoff is not a finite number", -np.inf, np.inf),
}


def check_numbers(game: Game, thetas: np.ndarray) -> NumberChecks:
    """Look at all numbers of a game at each row of `thetas`, shape (draws, parameters).

    Asks for: raw probabilities in [0, 1]; rates and weights not below zero; weights of a law
    not all zero; distributions that sum to one; `direction: up` that never falls; precisions
    above zero; discount factors in [0, 1); an action open in every state; payoffs and
    terminal values finite. Raises ValueError for thetas of the wrong shape.
    """
    vectors = np.asarray(thetas, dtype=float)
    if vectors.ndim != 2 or vectors.shape[1] != len(game.parameters) or not len(vectors):
        raise ValueError(f"draws must have shape (draws, {len(game.parameters)}); got {vectors.shape}")
    rules: list[_Rule] = []

    def extremes(theta: Array) -> Array:
        rules.clear()
        rows = []
        for rule, data in _measured(game, theta):
            rules.append(rule)
            finite = jnp.isfinite(data)
            broken = jnp.where(jnp.all(finite), 0.0, jnp.sum(jnp.where(finite, 0.0, data)))
            rows.append(jnp.stack([jnp.min(data, initial=jnp.inf, where=finite),
                                   jnp.max(data, initial=-jnp.inf, where=finite), broken]))  # fmt: skip
        return jnp.stack(rows)

    look = jax.jit(jax.vmap(extremes))
    size = min(CHUNK, len(vectors))
    found = []
    for first in range(0, len(vectors), size):
        part = vectors[first : first + size]
        padded = np.concatenate([part, np.repeat(part[-1:], size - len(part), axis=0)])
        found.append(np.asarray(look(jnp.asarray(padded)))[: len(part)])
    numbers = np.concatenate(found)
    return NumberChecks(
        draws=len(vectors),
        faults=tuple(_faults(rules, numbers)),
        payoff_ranges={
            rule.payoff: (float(numbers[:, place, 0].min()) + 0.0, float(numbers[:, place, 1].max()) + 0.0)
            for place, rule in enumerate(rules)
            if rule.payoff
        },
        extremes=numbers,
        rules=tuple(rules),
    )


def _faults(rules: Sequence[_Rule], numbers: np.ndarray) -> Iterator[NumberFault]:
    """Faults in order. A kernel that an illegal expression spoils is not named beside it."""
    named: set[tuple[object, ...]] = set()
    for place, rule in enumerate(rules):
        fault = _judge(rule, numbers[:, place])
        law = rule.where[: 4 if "viewpoints" in rule.where else 2]
        if fault and not (rule.derived and {law, law[:2]} & named):
            named.add(law)
            yield fault


def _judge(rule: _Rule, extremes: np.ndarray) -> NumberFault | None:
    """The fault of one rule, from (draws, 3): lowest and highest finite value, and what was not finite."""
    low, high, broken = extremes.T
    odd = ~np.isfinite(broken)
    slack = ROUNDING if rule.derived else 0.0
    below = (low <= rule.low) if rule.open_ else (low < rule.low - slack)
    above = high > rule.high + slack
    if rule.what.startswith("a discount"):
        above = high >= rule.high
    bad = odd | below | above
    if not bad.any():
        return None
    if odd.any():
        worst = float(broken[odd][0])
    else:
        sides = [float(low.min())] * bool(below.any()) + [float(high.max())] * bool(above.any())
        worst = max(sides, key=lambda x: max(rule.low - x, x - rule.high))
    return NumberFault(rule.where, rule.name, rule.what, worst, int(bad.sum()))


def _measured(game: Game, theta: Array) -> Iterator[tuple[_Rule, Array]]:
    """Every number to look at, with its rule, in the order of the case file."""
    ev = evaluator(game, theta)
    for site in sites(game.case):
        if site.role not in _ROLES:
            continue
        what, low, high = _ROLES[site.role]
        term = (str(site.where[1]), str(site.where[2])) if site.role == "payoff" else None
        rule = _Rule(site.where, site.owner, what, low, high, site.role in ("precision", "rate"), payoff=term)
        yield rule, ev(game.node(site.expression)).data
    numbers = primitives(game, theta)
    places = [n for n, item in enumerate(game.case.period) if not isinstance(item, Pay)]
    for number, (step, place) in enumerate(zip(game.plan.steps, places, strict=True)):
        where: Where = ("period", place)
        if isinstance(step, Choice):
            yield from _choices(step, numbers, where)
            continue
        laws = numbers.kernels[number] if isinstance(step, Change) else numbers.exits[number]
        for view, law in laws.items():
            path = where if view == WORLD else (*where, "viewpoints", view)
            name = f"nature's move {step.name}" + ("" if view == WORLD else f" as {view} sees it")
            if isinstance(step, Change) and isinstance(law, Named):
                form = (step.law if view == WORLD else step.views[view]).weights
                yield from _kernel(game, step.variable, law, path, name, weighted=form is not None)
            elif isinstance(law, ExitLaw):
                yield from _exit(game, law, path, name)


def _choices(step: Choice, numbers: Primitives, where: Where) -> Iterator[tuple[_Rule, Array]]:
    for place, move in enumerate(step.moves):
        if move.move in numbers.available:
            path = where if len(step.moves) == 1 else (*where, "together", place)
            open_to = numbers.available[move.move]
            count = total(Named((open_to.data != 0).astype(jnp.float64), open_to.axes), move.move)
            rule = _Rule((*path, "available"), f"move {move.move}", "no action is open somewhere", low=1.0)
            yield rule, count.data


def _kernel(
    game: Game, here: str, kernel: Named, where: Where, name: str, *, weighted: bool
) -> Iterator[tuple[_Rule, Array]]:
    there = after(here)
    what = "the weights are all zero or no numbers" if weighted else "a chance of a level leaves [0, 1]"
    yield _Rule(where, name, what, 0.0, 1.0, derived=True), kernel.data
    yield _Rule(where, name, "chances do not sum to one", 1.0, 1.0, derived=True), total(kernel, there).data
    if game.case.states[here].direction == "up":
        size = game.sizes[here]
        below = Named(jnp.tril(jnp.ones((size, size)), k=-1), (here, there))
        falls = combine(game.order, lambda chance, mark: jnp.where(mark > 0, chance, 0.0), kernel, below)
        what = f"{here} is declared never to fall, and falls"
        yield _Rule(where, name, what, high=0.0, derived=True), falls.data


def _exit(game: Game, law: ExitLaw, where: Where, name: str) -> Iterator[tuple[_Rule, Array]]:
    what = "the chance of an exit leaves [0, 1]"
    yield _Rule((*where, "exit"), name, what, 0.0, 1.0, derived=True), law.probability.data
    whole = scalar(0.0)
    for share in law.shares.values():
        whole = add(game.order, whole, share)
    what = "the weights of terminals are all zero or no numbers"
    yield _Rule((*where, "to"), name, what, 1.0, 1.0, derived=True), whole.data
