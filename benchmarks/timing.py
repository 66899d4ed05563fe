"""Timing a call, and describing the machine without naming it."""

from __future__ import annotations

import os
import platform
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import jax


class Timing(NamedTuple):
    """Wall-clock seconds of several calls."""

    median: float
    quickest: float


@dataclass(frozen=True)
class Row:
    """One line of the results: what was timed, how long it took, the target in seconds, and a note."""

    what: str
    time: Timing
    target: float | None
    note: str


def timed(call: Callable[[], Any], *, repeats: int) -> Timing:
    """Wall-clock times of a call, after a first one that compiles and is not counted."""
    jax.block_until_ready(call())
    taken = []
    for _ in range(repeats):
        begun = time.perf_counter()
        jax.block_until_ready(call())
        taken.append(time.perf_counter() - begun)
    return Timing(statistics.median(taken), min(taken))


def machine() -> str:
    """Cores, versions and load, in one sentence."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    load = ", ".join(f"{x:.1f}" for x in os.getloadavg()) if hasattr(os, "getloadavg") else "unknown"
    return (
        f"{cores} cores ({platform.machine()}), Python {platform.python_version()}, JAX {jax.__version__}, "
        f"load average {load} (over 1, 5 and 15 minutes)"
    )


def shown(seconds: float) -> str:
    """A time with three significant digits, in the unit that suits it."""
    for unit, scale in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= scale:
            return f"{seconds / scale:.3g} {unit}"
    return f"{seconds / 1e-9:.3g} ns"
