"""Time the reference case and write benchmarks/RESULTS.md."""

from __future__ import annotations

import datetime
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.timing import Row, Timing, machine, shown, timed
from tests.game.slow import Slow
from tests.record.small import everything_case
from tightrope.game import Game, compile_game, first_passage, solve
from tightrope.game.equilibrium import prepared, prepared_sweep, primitives_function
from tightrope.game.layout import start
from tightrope.record.filter import Evidence
from tightrope.record.likelihood import filter_record, value_and_gradient
from tightrope.workflow.material import load_material

ROOT = Path(__file__).parent.parent
CASE = ROOT / "cases" / "russia-belarus"
RESULTS = Path(__file__).parent / "RESULTS.md"
TOLERANCE = 1e-9
MOST_SWEEPS = 5_000


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


def solving(game: Game) -> Iterator[Row]:
    """(a) the solver beside plain value iteration with the same sweep."""
    numbers = primitives_function(game)(jnp.asarray(game.theta()))
    given = jax.jit(lambda x: prepared(game, x))(numbers)
    plain = plain_iteration(game)
    slow = timed(lambda: plain(given, start(game)), repeats=5)
    _, residual, taken = plain(given, start(game))
    walked = solve(game, tolerance=TOLERANCE).require().certificate
    walk = timed(lambda: solve(game, tolerance=TOLERANCE).z, repeats=3)
    note = f"{walked.method}, {walked.iterations} sweeps and the like, residual {walked.residual:.0e}"
    yield Row("solve to 1e-9 along the principal branch, certificate included", walk, 0.15, note)
    found = solve(game, branch="direct", tolerance=TOLERANCE).require()
    done = found.certificate
    quick = timed(lambda: solve(game, branch="direct", tolerance=TOLERANCE).z, repeats=9)
    note = f"{done.method}, {done.iterations} sweeps and steps, residual {done.residual:.0e}"
    yield Row("the same from zero values, not walked", quick, 0.15, note)
    note = (
        f"{int(taken)} sweeps, residual {float(residual):.0e}; the solver takes "
        f"{quick.median / slow.median:.2f} of it (quickest runs: {quick.quickest / slow.quickest:.2f})"
    )
    yield Row("the same by plain value iteration, same sweep", slow, None, note)
    near = game.theta() * 1.01
    warm = timed(lambda: solve(game, warm=found.z, theta=near, tolerance=TOLERANCE).z, repeats=5)
    again = solve(game, warm=found.z, theta=near, tolerance=TOLERANCE).require().certificate
    note = f"{again.iterations} sweeps and steps; parameters all 1 % higher"
    yield Row("solve to 1e-9 from a neighbour's solution", warm, 0.05, note)


def watching(game: Game) -> Iterator[Row]:
    """(f) a rare event exactly, beside what simulation would need for 10 % relative error."""
    found = solve(game, branch="direct", tolerance=TOLERANCE).require()
    state = {
        name: levels if isinstance(levels, str) else next(iter(levels))
        for name, levels in game.case.start.items()
    }
    names = list(game.terminals)
    exact = timed(lambda: first_passage(found, terminals=names[:1], periods=40).values, repeats=5)
    chance = float(first_passage(found, terminals=names[:1], periods=40).sel(state).sum())
    note = f"{names[0]} within 40 periods from the start: {chance:.3g}; for a relative error of 10 % "
    note += f"simulation needs about {100 * (1 - chance) / chance:,.0f} paths"
    yield Row("first passage by date, from every state", exact, None, note)


def sweeping(game: Game) -> Iterator[Row]:
    """(b) one sweep beside the slow coding, per state."""
    states = int(np.prod(game.shape))
    large = sweep_time(game, repeats=15)
    yield Row(f"one sweep, {states:,} states", large, None, f"{shown(large.median / states)} a state")
    case = everything_case()
    small = compile_game(case)
    count = int(np.prod(small.shape))
    slow = Slow(case, dict(zip(small.parameters, small.theta(), strict=True)))
    values = {slow.key(point): dict.fromkeys(small.players, 0.0) for point in slow.starts()}
    plainly = timed(lambda: slow.sweep(values) and None, repeats=15)
    quickly = sweep_time(small, repeats=200)
    ratio = plainly.quickest / quickly.quickest
    times = f"{ratio:,.0f} times as long (quickest runs)"
    note = f"{shown(quickly.median / count)} a state; the slow coding takes {times}"
    yield Row(f"one sweep of a small game, {count} states", quickly, None, note)
    yield Row(
        "the same in the slow coding (plain Python)",
        plainly,
        None,
        f"{shown(plainly.median / count)} a state",
    )


def recording(game: Game, evidence: Evidence) -> Iterator[Row]:
    """(c) the filter and (d) the likelihood with its gradient."""
    found = solve(game, tolerance=TOLERANCE).require()
    seconds = timed(lambda: filter_record(evidence, found.theta, found.z), repeats=15)
    rows = len(evidence.periods)
    yield Row(f"filter of {rows} quarters, strategies given by z", seconds, 0.05, "primitives included")
    cold = timed(lambda: value_and_gradient(evidence, found.theta, tolerance=TOLERANCE)[1], repeats=5)
    note = f"{len(game.parameters)} parameters; walk along the principal branch included"
    yield Row("log-likelihood of the record with its gradient", cold, 0.2, note)
    near = found.theta * 1.001
    warm = timed(lambda: value_and_gradient(evidence, near, warm=found.z, tolerance=TOLERANCE)[1], repeats=5)
    note = "started at the solution for parameters 0.1 % away, as a search does"
    yield Row("the same from a neighbour's solution", warm, None, note)


def helping() -> Iterator[Row]:
    """(e) how long a newcomer waits for help."""
    seconds = timed(
        lambda: (
            subprocess.run([sys.executable, "-m", "tightrope", "--help"], check=True, capture_output=True)
            and None
        ),
        repeats=5,
    )
    yield Row("tightrope --help, a new process", seconds, 0.5, "")


def table(rows: list[Row]) -> str:
    """The results as a Markdown page."""
    today = datetime.datetime.now(tz=datetime.UTC).date().isoformat()
    lines = [
        "# Timings",
        "",
        f"Written by `python -m benchmarks` on {today}: {machine()}.",
        "Each call is made once before it is timed, so compiling is left out. Targets are for two quiet",
        "cores and are held against the median; a high load average makes every time longer, ratios less so.",
        "",
        "| what | median | quickest | target | note |",
        "|---|---|---|---|---|",
    ]
    for row in rows:
        target = "" if row.target is None else f"{shown(row.target)}, {_verdict(row)}"
        lines.append(
            f"| {row.what} | {shown(row.time.median)} | {shown(row.time.quickest)} | {target} | {row.note} |"
        )
    return "\n".join(lines) + "\n"


def _verdict(row: Row) -> str:
    assert row.target is not None
    return "met" if row.time.median <= row.target else "missed"


def main() -> None:
    """Run everything, print the page and write it."""
    material = load_material(CASE)
    game = material.game
    rows: list[Row] = []
    parts = (solving(game), sweeping(game), recording(game, material.evidence), watching(game), helping())
    for part in parts:
        for row in part:
            rows.append(row)
            print(f"{row.what}: {shown(row.time.median)} {row.note}", file=sys.stderr)
    page = table(rows)
    print(page)
    RESULTS.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
