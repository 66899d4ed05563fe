"""Timing a call, and describing the machine without naming it."""

from __future__ import annotations

import os
import platform
import statistics
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import jax


class Timing(NamedTuple):
    """Seconds of several calls.

    median, quickest  on the clock
    cpu               of the processor, all threads, in the call that took the fewest. Other work on the
                      machine lengthens it less
    """

    median: float
    quickest: float
    cpu: float


def timed(call: Callable[[], Any], *, repeats: int) -> Timing:
    """Times of a call, after a first one that compiles and is not counted."""
    jax.block_until_ready(call())
    taken, busy = [], []
    for _ in range(repeats):
        begun, worked = time.perf_counter(), time.process_time()
        jax.block_until_ready(call())
        taken.append(time.perf_counter() - begun)
        busy.append(time.process_time() - worked)
    return Timing(statistics.median(taken), min(taken), min(busy))


def machine() -> str:
    """Cores, versions and load, in one sentence."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return (
        f"{cores} cores ({platform.machine()}), Python {platform.python_version()}, JAX {jax.__version__}, "
        f"load average {load()} over 1, 5 and 15 minutes"
    )


def load() -> str:
    """How many processes wanted a core, over the last 1, 5 and 15 minutes."""
    return ", ".join(f"{x:.1f}" for x in os.getloadavg()) if hasattr(os, "getloadavg") else "unknown"


def shown(seconds: float) -> str:
    """A time with three significant digits, in the unit that suits it."""
    for unit, scale in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= scale:
            return f"{seconds / scale:.3g} {unit}"
    return f"{seconds / 1e-9:.3g} ns"
