"""Product games in the case language, from ten thousand to a million states: time, memory, cost a state."""

from __future__ import annotations

import json
import math
import resource
import subprocess
import sys

from benchmarks.page import Section, verdict
from benchmarks.product_games import SIZES, product_game
from benchmarks.timing import shown, timed
from tightrope.game import solve

TARGETS = {"10^4": 0.1, "10^5": 1.5, "10^6": 25.0}
MEMORY_GB = 6.0
FLAT = 2.0


def measure(size: str) -> dict[str, float | str]:
    """Time, memory and certificate of one size, in this process."""
    levels = SIZES[size]
    game = product_game(levels)
    found = solve(game, branch="direct").require().certificate
    time = timed(lambda: solve(game, branch="direct").z, repeats=3 if size == "10^6" else 5)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "states": math.prod(levels),
        "median": time.median,
        "quickest": time.quickest,
        "cpu": time.cpu,
        # Kilobytes, but bytes on macOS.
        "gigabytes": peak / (1e9 if sys.platform == "darwin" else 1e6),
        "sweeps": found.iterations,
        "residual": found.residual,
        "method": found.method,
    }


def products() -> Section:
    """Each size in a process of its own, so that memory is its own."""
    rows = []
    each = []
    for size, target in TARGETS.items():
        command = [sys.executable, "-m", "benchmarks.products", size]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        found = json.loads(done.stdout.splitlines()[-1])
        each.append(found["cpu"] / found["states"])
        memory = f"{found['gigabytes']:.2f} GB"
        if size == "10^6":
            memory += f" (6 GB, {verdict(found['gigabytes'], MEMORY_GB)})"
        rows.append(
            (
                f"{found['states']:,}", str(SIZES[size]).strip("()"), shown(found["median"]),
                shown(found["quickest"]), shown(found["cpu"]),
                f"{shown(target)}, {verdict(found['median'], target)}", shown(each[-1]), memory,
                f"{found['sweeps']}, residual {found['residual']:.0e}",
            )
        )  # fmt: skip
        print(f"product game of {size}: {shown(found['median'])}, {memory}", file=sys.stderr)
    spread = max(each) / min(each)
    return Section(
        title="Product games",
        words=(
            "Ladders climbed and descended under a patron's and a client's three actions each, written in "
            "the case language (benchmarks/product_games.py); precision 2, discount 0.95, residual 1e-9 "
            "in log-odds, solved from zero values, certificate and labels included, warm; each size in a "
            "process of its own. Targets are held against the median on the clock."
        ),
        header=("states", "levels", "clock, median", "clock, quickest", "processor", "target",
                "processor a state", "memory", "sweeps"),
        rows=rows,
        after=f"Processor time a state differs by a factor of {spread:.1f} (target: at most "
        f"{FLAT:.0f}, {verdict(spread, FLAT)}).",
    )  # fmt: skip


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1])))
