"""Rare events by date: the exact answer beside what simulation takes for 10 per cent relative error."""

from __future__ import annotations

import sys
import time

import jax.numpy as jnp
import numpy as np

from benchmarks.page import Section
from benchmarks.simulation import Simulator
from benchmarks.timing import shown, timed
from tightrope.game import Game, first_passage, solve
from tightrope.game.roots import primitives_function

START = {
    "union": "loose", "defence": "allied", "exports": "diversified", "regime": "secure", "west": "open",
    "confrontation": "low", "belief": "low", "owed": "even",
}  # fmt: skip
WANTED = (1e-3, 1e-6, 1e-9)
MOST_PERIODS = 60
PATHS = 20_000
ERROR = 0.1


def rare(game: Game) -> Section:
    """Union at its highest rung, with a defence that is integrated and a regime in crisis, by dates."""
    found = solve(game, branch="direct").require()
    target = {"union": game.levels["union"][-1], "defence": game.levels["defence"][-1], "regime": "crisis"}
    levels = {name: [level] for name, level in target.items()}
    by_date = np.asarray(
        first_passage(found, levels=levels, periods=MOST_PERIODS).sel(START).cumsum("period")
    )
    simulator = Simulator(found, primitives_function(game)(jnp.asarray(found.theta)))
    rows = []
    for wanted in WANTED:
        with np.errstate(divide="ignore"):
            periods = int(np.argmin(np.abs(np.log(by_date) - np.log(wanted))))
        chance = float(by_date[periods])
        exact = timed(lambda n=periods: first_passage(found, levels=levels, periods=n).values, repeats=5)
        begun = time.process_time()
        hits = simulator.hits(START, target, paths=PATHS, periods=periods, seed=0)
        each = (time.process_time() - begun) / PATHS
        needed = (1.0 - chance) / chance / ERROR**2
        seen = "-"
        if chance * PATHS * 50 > 100:
            # Frequent enough to see whether the two agree.
            many = 50 * PATHS
            hits = sum(simulator.hits(START, target, paths=PATHS, periods=periods, seed=k) for k in range(50))
            z = (hits - many * chance) / np.sqrt(many * chance * (1.0 - chance))
            seen = f"{hits:,} of {many:,} paths, {z:+.1f} standard errors off"
        ratio = needed * each / exact.cpu
        rows.append(
            (f"{periods}", f"{chance:.3g}", shown(exact.cpu), f"{needed:.2g}", _long(needed * each),
             f"{ratio:,.0f}" if ratio < 1e6 else f"{ratio:.1e}", seen)
        )  # fmt: skip
        print(f"rare event of {chance:.1e}: {ratio:.2g} times", file=sys.stderr)
    return Section(
        title="Rare events by date",
        words=(
            "Reference case, from a loose union under a secure regime: the chance that within so many "
            f"quarters the union stands at {target['union']}, defence at {target['defence']} and the "
            "regime in crisis, at once. *Exact* is `first_passage`, which gives it for every state and "
            "every date up to that one; simulation is of this one start, in numpy over many paths at "
            "once, its time for a relative error of 10 per cent worked out from the time of a path. "
            "Processor time, one thread."
        ),
        header=("quarters", "probability", "exact", "paths needed", "simulation", "ratio", "the two agree"),
        rows=rows,
    )


def _long(seconds: float) -> str:
    for unit, scale in (("years", 365.25 * 86_400), ("days", 86_400), ("hours", 3_600)):
        if seconds > 2 * scale:
            return f"{seconds / scale:,.3g} {unit}"
    return shown(seconds)
