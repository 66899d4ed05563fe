"""The reference case beside plainer ways of doing the same: solves, sweeps, filter, likelihood."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.page import Section, verdict
from benchmarks.timing import Timing, shown, timed
from tests.game.slow import Slow
from tests.record.small import everything_case
from tightrope.game import Game, compile_game, solve
from tightrope.game.layout import start
from tightrope.game.roots import prepared, prepared_sweep, primitives_function
from tightrope.record.likelihood import filter_record, value_and_gradient
from tightrope.workflow.material import Material, load_material

CASE = Path(__file__).parent.parent / "cases" / "russia-belarus"
TOLERANCE = 1e-9
MOST_SWEEPS = 5_000
Line = tuple[str, Timing, float | None, str]
"""What was timed, its times, the target on the clock in seconds, a note."""


@cache
def material() -> Material:
    """The reference case, read once."""
    return load_material(CASE)


def plain_iteration(game: Game) -> Any:
    """Compiled: (Prepared, z0) -> the fixed point by plain sweeps, its residual, sweeps taken."""
    sweep = prepared_sweep(game, "agent")

    def run(given: Any, z0: Any) -> Any:
        def step(state: Any) -> Any:
            z, _, taken = state
            image = sweep(z, given)
            return image, jnp.max(jnp.abs(image - z)), taken + 1

        return jax.lax.while_loop(
            lambda s: (s[1] > TOLERANCE) & (s[2] < MOST_SWEEPS), step, (z0, jnp.asarray(jnp.inf), 0)
        )

    return jax.jit(run)


def sweep_time(game: Game, *, repeats: int) -> Timing:
    """One compiled sweep of the backward operator; what does not depend on values is computed before."""
    numbers = primitives_function(game)(jnp.asarray(game.theta()))
    given = jax.jit(lambda x: prepared(game, x))(numbers)
    sweep, z = jax.jit(prepared_sweep(game, "agent")), start(game)
    return timed(lambda: sweep(z, given), repeats=repeats)


def solving(game: Game) -> Iterator[Line]:
    """The solver beside plain value iteration with the same sweep."""
    numbers = primitives_function(game)(jnp.asarray(game.theta()))
    given = jax.jit(lambda x: prepared(game, x))(numbers)
    plain = plain_iteration(game)
    slow = timed(lambda: plain(given, start(game)), repeats=5)
    _, residual, taken = plain(given, start(game))
    walked = solve(game, tolerance=TOLERANCE).require().certificate
    walk = timed(lambda: solve(game, tolerance=TOLERANCE).z, repeats=3)
    note = f"{walked.method}, {walked.iterations} sweeps and the like, residual {walked.residual:.0e}"
    yield "solve along the principal branch (the default)", walk, 0.15, note
    found = solve(game, branch="direct", tolerance=TOLERANCE).require()
    done = found.certificate
    quick = timed(lambda: solve(game, branch="direct", tolerance=TOLERANCE).z, repeats=9)
    note = f"{done.method}, {done.iterations} sweeps and steps, residual {done.residual:.0e}"
    yield "solve from zero values (direct)", quick, 0.15, note
    cut = solve(game, method="blocks", tolerance=TOLERANCE).require().certificate
    blocks = timed(lambda: solve(game, method="blocks", tolerance=TOLERANCE).z, repeats=5)
    note = (
        f"{cut.iterations} sweeps of one block or another; {blocks.cpu / quick.cpu:.2f} of the direct solve"
    )
    yield "the same block by block", blocks, None, note
    note = (
        f"{int(taken)} sweeps, residual {float(residual):.0e}; the direct solve takes "
        f"{quick.cpu / slow.cpu:.2f} of it"
    )
    yield "the same by plain value iteration, same sweep", slow, None, note
    near = game.theta() * 1.01
    warm = timed(lambda: solve(game, warm=found.z, theta=near, tolerance=TOLERANCE).z, repeats=9)
    again = solve(game, warm=found.z, theta=near, tolerance=TOLERANCE).require().certificate
    note = f"{again.iterations} sweeps and steps; parameters all 1 % higher"
    yield "solve from a neighbour's solution", warm, 0.05, note


def sweeping(game: Game) -> Iterator[Line]:
    """One sweep as it is arranged, as it is written, and beside the slow coding."""
    states = int(np.prod(game.shape))
    large = sweep_time(game, repeats=50)
    yield f"one sweep, {states:,} states", large, None, f"{shown(large.cpu / states)} a state"
    written = sweep_time(compile_game(game.case, arranged=False), repeats=50)
    note = f"the arranged one takes {large.cpu / written.cpu:.2f} of it"
    yield "the same as the period is written", written, None, note
    case = everything_case()
    small = compile_game(case)
    count = int(np.prod(small.shape))
    slow = Slow(case, dict(zip(small.parameters, small.theta(), strict=True)))
    values = {slow.key(point): dict.fromkeys(small.players, 0.0) for point in slow.starts()}
    plainly = timed(lambda: slow.sweep(values) and None, repeats=15)
    quickly = sweep_time(small, repeats=200)
    ratio = plainly.cpu / quickly.cpu
    note = f"{shown(quickly.cpu / count)} a state; the slow coding takes {ratio:,.0f} times as long"
    yield f"one sweep of a small game, {count} states", quickly, None, note
    yield "the same in the slow coding (plain Python)", plainly, None, f"{shown(plainly.cpu / count)} a state"


def recording() -> Iterator[Line]:
    """The filter, and the likelihood with its gradient."""
    game, evidence = material().game, material().evidence
    found = solve(game, tolerance=TOLERANCE).require()
    seconds = timed(lambda: filter_record(evidence, found.theta, found.z), repeats=15)
    rows = len(evidence.periods)
    yield f"filter of {rows} quarters, strategies given by z", seconds, 0.05, "primitives included"
    count = len(game.parameters)
    cold = timed(
        lambda: value_and_gradient(evidence, found.theta, branch="direct", tolerance=TOLERANCE)[1], repeats=5
    )
    yield (
        "log-likelihood of the record with its gradient",
        cold,
        0.2,
        f"{count} parameters; solved from zero values",
    )
    walk = timed(lambda: value_and_gradient(evidence, found.theta, tolerance=TOLERANCE)[1], repeats=3)
    yield "the same, walked along the principal branch", walk, None, "the default without a neighbour"
    near = found.theta * 1.001
    warm = timed(lambda: value_and_gradient(evidence, near, warm=found.z, tolerance=TOLERANCE)[1], repeats=9)
    note = "started at the solution for parameters 0.1 % away, as a search does"
    yield "the same from a neighbour's solution", warm, 0.2, note


def reference() -> Section:
    """All of them."""
    rows = []
    game = material().game
    for part in (solving(game), sweeping(game), recording()):
        for what, time, target, note in part:
            told = "" if target is None else f"{shown(target)}, {verdict(time.median, target)}"
            rows.append((what, shown(time.median), shown(time.quickest), shown(time.cpu), told, note))
            print(f"{what}: {shown(time.median)}, processor {shown(time.cpu)}; {note}", flush=True)
    return Section(
        title="Reference case",
        words=(
            "The Russia–Belarus case at its reference values, residual 1e-9 in log-odds, certificates and "
            "labels included, warm. Targets are for two quiet cores and are held against the median on "
            "the clock."
        ),
        header=("what", "clock, median", "clock, quickest", "processor", "target", "note"),
        rows=rows,
    )
