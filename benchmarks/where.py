"""Where the time of what misses its target goes: the pieces of a solve and of a gradient, timed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.page import Section
from benchmarks.reference import material
from benchmarks.timing import shown, timed
from tightrope.game import Game, adjoint, solve
from tightrope.game.costs import period_costs
from tightrope.game.layout import start
from tightrope.game.prepared import (
    chains_function,
    look_function,
    primitives_function,
    ready_function,
    unitless_sweep,
)
from tightrope.game.seeking import programs
from tightrope.record.likelihood import value_and_gradient

Row = tuple[str, str, str]


def solving(game: Game) -> Iterator[Row]:
    """The pieces of a direct solve; what is left is Python between them and the labels."""
    theta = jnp.asarray(game.theta())
    numbers = primitives_function(game)(theta)
    given = ready_function(game)(numbers)
    found = solve(game, branch="direct").require()
    z, count = jnp.asarray(found.z), found.certificate.iterations
    whole = timed(lambda: solve(game, branch="direct").z, repeats=9).cpu
    sweep = jax.jit(unitless_sweep(game, "agent"))
    y = start(game) / given.units
    once = timed(lambda: sweep(y, given), repeats=50).cpu
    pieces = programs(unitless_sweep(game, "agent"), 0.0)
    steps = 100

    def mixing() -> Any:
        return pieces.mixing(given, pieces.before(y), jnp.asarray(steps))

    step = timed(mixing, repeats=5).cpu / steps
    yield "a direct solve", shown(whole), f"{count} steps of mixing"
    yield "one step of mixing", shown(step), f"{count * step / whole:.0%} of the solve"
    yield "of which the sweep", shown(once), f"{once / step:.0%} of the step; the rest is memory and steering"
    for what, call in (
        ("primitives and what else is computed once", lambda: ready_function(game)(numbers)),
        ("where play sends values, each hundred sweeps", lambda: chains_function(game, "agent")(z, numbers)),
        ("the certificate: strategies twice, gains", lambda: look_function(game, "agent")(z, numbers)),
    ):  # fmt: skip
        yield what, shown(timed(call, repeats=20).cpu), ""
    costs = period_costs(game)
    odds = [row.size for row in costs if row.kind in ("move", "together")]
    x = [np.random.default_rng(0).uniform(-5.0, 0.0, size=size) for size in odds]
    powers = jax.jit(lambda parts: [jnp.exp(part) for part in parts])
    given_odds = [jnp.asarray(part) for part in x]
    power = timed(lambda: powers(given_odds), repeats=50).cpu
    library = timed(lambda: [np.exp(part) for part in x] and None, repeats=50).cpu
    yield (
        "the exponentials of a sweep",
        shown(power),
        f"{sum(odds):,} of them, {power / once:.0%} of it; NumPy takes {shown(library)}",
    )
    left, work = once - power, sum(row.cost for row in costs) - sum(odds)
    yield "what is left, an operation", shown(left / work), f"{work:,} multiplications"


def differentiating() -> Iterator[Row]:
    """The pieces of a gradient from a neighbour's solution."""
    game, evidence = material().game, material().evidence
    found = solve(game, branch="direct").require()
    near = found.theta * 1.001
    calls: list[int] = []
    system = adjoint.solve_adjoint

    def counted(apply: Any, right: np.ndarray) -> np.ndarray:
        calls.append(0)

        def one(w: np.ndarray) -> Any:
            calls[-1] += 1
            return apply(w)

        return system(one, right)

    def gradient() -> Any:
        return value_and_gradient(evidence, near, warm=found.z)[1]

    adjoint.solve_adjoint = counted  # type: ignore[assignment]
    try:
        whole = timed(gradient, repeats=5).cpu
    finally:
        adjoint.solve_adjoint = system
    near_by = timed(lambda: solve(game, near, warm=found.z).z, repeats=5).cpu
    yield "value and gradient from a neighbour's solution", shown(whole), ""
    yield "of which the solve", shown(near_by), f"{near_by / whole:.0%}"
    rest = whole - near_by
    yield "of which filter, adjoint system and slopes", shown(rest), f"{calls[-1]} transposed sweeps"


def where() -> Section:
    """All of it."""
    return Section(
        title="Where the time goes",
        words="Reference case, processor times of the best call, warm.",
        header=("what", "processor", "note"),
        rows=[*solving(material().game), *differentiating()],
    )
