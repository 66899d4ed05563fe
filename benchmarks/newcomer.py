"""How long a new process takes to its first equilibrium, with and without programs compiled before."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time

from benchmarks.page import Section, verdict
from benchmarks.timing import shown, timed

EMPTY, WARM = 15.0, 3.0


def _run(cache: str, branch: str) -> tuple[float, float, dict[str, list[float]]]:
    """Seconds on the clock and of the processor for the whole process, and what each part took."""
    begun, before = time.perf_counter(), os.times()
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.first", branch],
        env={**os.environ, "TIGHTROPE_CACHE": cache}, check=True, capture_output=True, text=True,
    )  # fmt: skip
    after = os.times()
    busy = after.children_user + after.children_system - before.children_user - before.children_system
    return time.perf_counter() - begun, busy, json.loads(done.stdout.splitlines()[-1])["marks"]


def newcomer() -> Section:
    """An empty cache, then a warm one; and how long one waits for help."""
    rows = []
    with tempfile.TemporaryDirectory() as cache:
        for branch in ("direct", "principal"):
            for what, target in (
                ("empty" if branch == "direct" else "direct solve's", EMPTY),
                ("warm", WARM),
            ):
                runs = [_run(cache, branch) for _ in range(1 if what != "warm" else 3)]
                clock, busy, marks = min(runs)
                parts = "; ".join(
                    f"{name} {shown(marks[name][1] - (marks[last][1] if last else 0.0))}"
                    for last, name in (("", "import"), ("import", "case"), ("case", "solve"))
                )
                told = f"{shown(target)}, {verdict(clock, target)}"
                rows.append((branch, what, shown(clock), shown(busy), told, parts))
                print(f"first solve, {branch}, cache {what}: {shown(clock)}", file=sys.stderr)
    helped = timed(
        lambda: (
            subprocess.run([sys.executable, "-m", "tightrope", "--help"], check=True, capture_output=True)
            and None
        ),
        repeats=5,
    )
    rows.append(
        ("`tightrope --help`", "-", shown(helped.median), "-", f"500 ms, {verdict(helped.median, 0.5)}", "")
    )
    return Section(
        title="First solve in a new process",
        words=(
            "Reference case, the whole process on the clock, from starting Python to a certified "
            "equilibrium; processor times of its parts beside it. The cache is that of compiled programs: "
            "empty, or as an earlier process left it. Best of three where it is warm."
        ),
        header=("solve", "cache", "clock", "processor", "target (clock)", "processor, by part"),
        rows=rows,
    )
